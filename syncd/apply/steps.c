#include "common/store/row.h"
#include "syncd/apply/parts.h"

/*
 * Payloads say who did what, and in which order.  The store may be behind
 * them or ahead of them, or have what was read again meanwhile.  So only those
 * fields of a step count that lead on from the record's state so far, or to
 * what the record is now.
 */

static bool
same_author(const struct author *a, const struct author *b)
{
	return str_eq(a->id, b->id) && str_eq(a->via, b->via) && str_eq(a->name, b->name) &&
	    str_eq(a->email, b->email);
}

static uint32_t
touched_after(const struct change_step *step)
{
	uint32_t fields = 0;

	for (const struct change_step *s = step->next; s != NULL; s = s->next)
		fields |= s->to == NULL ? 0 : s->to->known;
	return fields;
}

static bool
was_so(const struct change_step *step, size_t f, enum field_kind kind, const struct value *v)
{
	return step->from != NULL && (step->from->known >> f & 1) &&
	    value_equal(kind, &step->from->values[f], v);
}

/* The fields in which the step leads on from ${now}. */
static uint32_t
leads_on(const struct apply_table *t, const struct apply_item *i, const struct change_step *step,
    const struct record *now)
{
	uint32_t later = touched_after(step), fields = 0;

	for (size_t f = 0; f < t->schema->field_count; f++) {
		enum field_kind kind = t->schema->fields[f].kind;
		const struct value *to = &step->to->values[f];
		uint32_t bit = UINT32_C(1) << f;

		if (!(step->to->known & bit) || (t->schema->fields[f].flags & FIELD_STAMP) ||
		    value_equal(kind, to, &now->values[f]))
			continue;
		if (was_so(step, f, kind, &now->values[f]) || (!i->gone && !(later & bit) &&
		    value_equal(kind, to, &i->now.values[f])))
			fields |= bit;
	}
	return fields;
}

static void
bring_on(const struct schema *s, struct record *now, const struct change_step *step, uint32_t fields)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (fields >> f & 1)
			now->values[f] = step->to->values[f];
}

/* Merge the following steps of the same author into it; *next: the first that does not belong. */
static void
absorb(const struct apply_table *t, const struct apply_item *i, struct apply_doing *d,
    const struct change_step **next)
{
	while (*next != NULL && (*next)->kind != STEP_GONE) {
		uint32_t fields = leads_on(t, i, *next, &d->to);

		if (fields != 0 && !same_author(d->who, &(*next)->who))
			return;
		bring_on(t->schema, &d->to, *next, fields);
		*next = (*next)->next;
	}
}

/* A new record is as it is now, except for what later steps changed. */
static void
begin_created(const struct apply_table *t, const struct apply_item *i,
    const struct change_step *step, struct apply_doing *d)
{
	d->action = "created";
	d->to = i->now;
	bring_on(t->schema, &d->to, step, touched_after(step));
}

static bool
begin(const struct apply_table *t, const struct apply_item *i, const struct change_step *step,
    bool live, const struct record *now, struct apply_doing *d)
{
	uint32_t fields;

	*d = (struct apply_doing){ .who = &step->who };
	if (step->kind == STEP_GONE) {
		d->action = "deleted";
		d->gone = true;
		return live && i->gone && step->next == NULL;
	}
	if (!live) {
		if (step->kind != STEP_CREATED || i->gone)
			return false;
		begin_created(t, i, step, d);
		return true;
	}
	if ((fields = leads_on(t, i, step, now)) == 0)
		return false;
	d->action = "changed";
	d->to = *now;
	bring_on(t->schema, &d->to, step, fields);
	return true;
}

bool
apply_next_doing(const struct apply_table *t, const struct apply_item *i,
    const struct change_step **next, bool live, const struct record *now, struct apply_doing *d)
{
	while (*next != NULL) {
		const struct change_step *step = *next;

		*next = step->next;
		if (!begin(t, i, step, live, now, d))
			continue;
		if (!d->gone)
			absorb(t, i, d, next);
		return true;
	}
	return false;
}

bool
apply_step_doing(const struct schema *schema, const struct change_step *step,
    const struct record *now, struct apply_doing *d)
{
	uint32_t fields = 0;

	if (step->kind != STEP_CHANGED)
		return false;
	for (size_t f = 0; f < schema->field_count; f++) {
		enum field_kind kind = schema->fields[f].kind;

		if ((step->to->known >> f & 1) && !(schema->fields[f].flags & FIELD_STAMP) &&
		    was_so(step, f, kind, &now->values[f]) &&
		    !value_equal(kind, &step->to->values[f], &now->values[f]))
			fields |= UINT32_C(1) << f;
	}
	*d = (struct apply_doing){ .who = &step->who, .action = "changed", .to = *now };
	bring_on(schema, &d->to, step, fields);
	return fields != 0;
}

const struct author *
apply_last_author(const struct apply_item *i, uint32_t fields)
{
	const struct author *who = NULL;

	for (const struct change_step *s = i->steps; s != NULL; s = s->next)
		if (s->to != NULL && (s->to->known & fields) != 0)
			who = &s->who;
	return who;
}
