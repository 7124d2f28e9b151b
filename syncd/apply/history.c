#include "common/store/row.h"
#include "syncd/apply/parts.h"

#define ADOPT_MAX	64	/* entries looked through for a creation */

static uint32_t
differing(const struct schema *s, const struct record *a, const struct record *b)
{
	uint32_t fields = 0;

	for (size_t f = 0; f < s->field_count; f++)
		if (!value_equal(s->fields[f].kind, &a->values[f], &b->values[f]))
			fields |= UINT32_C(1) << f;
	return fields;
}

static uint32_t
stamps(const struct schema *s)
{
	uint32_t fields = 0;

	for (size_t f = 0; f < s->field_count; f++)
		if (s->fields[f].flags & FIELD_STAMP)
			fields |= UINT32_C(1) << f;
	return fields;
}

uint32_t
apply_differing(const struct schema *s, const struct record *a, const struct record *b)
{
	return differing(s, a, b) & ~stamps(s);
}

/* The state of an item while its edits are entered in the history one after the other. */
struct story {
	struct record	now;
	bool		live;
	unsigned	told;
};

/* ${told} holds the action and who did it; ${to} NULL: the record is gone. */
static enum err
tell_on(struct apply_table *t, struct story *s, const struct apply_item *i, struct apply_told *told,
    const struct record *to)
{
	struct record empty = { 0 };
	enum err e;

	told->table = t->schema;
	told->id = i->now.id;
	told->from = s->live ? &s->now : NULL;
	told->to = to;
	told->fields = differing(t->schema, s->live ? &s->now : &empty,
	    to == NULL ? &empty : to) & ~stamps(t->schema);
	e = apply_tell(t->all, told);
	s->told++;
	s->live = to != NULL;
	if (to != NULL)
		s->now = *to;
	return e;
}

static enum err
tell_of(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct outbox_entry *by, const char *action, const struct record *to)
{
	return tell_on(t, s, i, &(struct apply_told){ .action = action, .by = by }, to);
}

static enum err
tell_doing(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct apply_doing *d)
{
	return tell_on(t, s, i, &(struct apply_told){ .action = d->action, .who = d->who },
	    d->gone ? NULL : &d->to);
}

/* Fields of later edits that the history already has: they overtook this edit. */
static uint32_t
overtaken(const struct apply_table *t, const struct apply_edit *edit)
{
	uint32_t fields = 0;

	for (uint32_t n = edit->next; n != 0; n = t->all->edits[n - 1].next)
		if (t->all->edits[n - 1].seen)
			fields |= t->all->edits[n - 1].entry->record.known;
	return fields;
}

static enum err
tell_update(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct apply_edit *edit)
{
	const struct outbox_entry *e = edit->entry;
	uint32_t fields = e->record.known & ~overtaken(t, edit);
	struct record to = s->now;

	for (size_t f = 0; f < t->schema->field_count; f++)
		if (fields >> f & 1)
			to.values[f] = e->record.values[f];
	if (differing(t->schema, &s->now, &to) == 0)
		return ERR_OK;
	return tell_of(t, s, i, e, "changed", &to);
}

static enum err
tell_creation(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct outbox_entry *e)
{
	struct record to = i->now;

	for (size_t f = 0; f < t->schema->field_count; f++)
		if (e->record.known >> f & 1)
			to.values[f] = e->record.values[f];
	return tell_of(t, s, i, e, "created", &to);
}

static bool
contains(struct str json, const char *member)
{
	return memmem(json.ptr, json.len, member, strlen(member)) != NULL;
}

/*
 * A sync may have seen the new order before we knew that our creation had
 * succeeded, and attributed it to Airtable: correct the entry.  Quotes within
 * texts are escaped, so the strings searched for here occur nowhere else.
 */
static enum err
adopt_creation(struct apply_table *t, const struct apply_item *i, const struct outbox_entry *e)
{
	struct store_key k;
	struct db_cursor c;
	struct str last;
	enum err error = ERR_OK;

	history_key(&k, t->schema->number, i->now.id, UINT64_MAX, UINT32_MAX);
	last = key_composed(&k);
	db_walk_back(&c, t->txn, t->all->dbs->history, last, (struct str){ last.ptr, last.len - PLACE_BYTES });
	for (int n = 0; n < ADOPT_MAX && c.found && c.key.len == k.len; n++, db_next(&c)) {
		if (!contains(c.value, "\"action\":\"created\""))
			continue;
		if (contains(c.value, "\"source\":\"airtable\""))
			error = apply_tell_adopted(t->all, t->schema, i->now.id, c.key, c.value, e);
		break;
	}
	db_walk_end(&c);
	return error != ERR_OK ? error : t->txn->fault.error;
}

static enum err
tell_edit(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct apply_edit *edit)
{
	const struct outbox_entry *e = edit->entry;

	switch (e->kind) {
	case OUTBOX_UPDATE:
		return s->live ? tell_update(t, s, i, edit) : ERR_OK;
	case OUTBOX_CREATE:
		return s->live || i->gone ? adopt_creation(t, i, e) : tell_creation(t, s, i, e);
	case OUTBOX_DELETE:
		return s->live ? tell_of(t, s, i, e, "deleted", NULL) : ERR_OK;
	}
	return ERR_OK;
}

/* Does the step show what was asked for? */
static bool
is_echo(const struct schema *schema, const struct change_step *step, const struct record *asked)
{
	uint32_t both = step->kind == STEP_CHANGED ? step->to->known & asked->known : 0;

	for (size_t f = 0; f < schema->field_count; f++)
		if ((both >> f & 1) && !value_equal(schema->fields[f].kind, &step->to->values[f],
		    &asked->values[f]))
			return false;
	return both != 0;
}

/* Enter what others did before an edit of ours, if the steps show that edit; *next: what follows it. */
static enum err
tell_before(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct outbox_entry *e, const struct change_step **next)
{
	const struct change_step *echo = *next;
	struct apply_doing d;
	enum err error = ERR_OK;

	if (e->kind != OUTBOX_UPDATE || !s->live)
		return ERR_OK;
	while (echo != NULL && !is_echo(t->schema, echo, &e->record))
		echo = echo->next;
	if (echo == NULL)
		return ERR_OK;
	for (; *next != echo && error == ERR_OK; *next = (*next)->next)
		if (apply_step_doing(t->schema, *next, &s->now, &d))
			error = tell_doing(t, s, i, &d);
	*next = echo->next;
	return error;
}

/* Enter the changes whose authors Airtable reported. */
static enum err
tell_steps(struct apply_table *t, struct story *s, const struct apply_item *i,
    const struct change_step *next)
{
	struct apply_doing d;
	enum err e = ERR_OK;

	/* history begins with what the very first sync brings */
	while (e == ERR_OK && t->head->synced_ms != 0 &&
	    apply_next_doing(t, i, &next, s->live, &s->now, &d))
		e = tell_doing(t, s, i, &d);
	return e;
}

/* Enter what has changed beyond edits and steps. */
static enum err
tell_rest(struct apply_table *t, struct story *s, const struct apply_item *i)
{
	uint32_t fields;

	if (i->gone)
		return s->live ? tell_of(t, s, i, NULL, "deleted", NULL) : ERR_OK;
	if (!s->live)
		return t->head->synced_ms == 0 ? ERR_OK : tell_of(t, s, i, NULL, "created", &i->now);
	fields = differing(t->schema, &s->now, &i->now);
	if (apply_differing(t->schema, &s->now, &i->now) != 0)
		return tell_of(t, s, i, NULL, "changed", &i->now);
	if (fields != 0 && i->first_edit == 0 && s->told == 0) {
		struct apply_told told = {
			.table = t->schema, .id = i->now.id, .action = "changed", .from = &s->now,
			.to = &i->now, .fields = fields, .who = apply_last_author(i, fields)
		};

		return apply_tell(t->all, &told);
	}
	return ERR_OK;
}

static enum err
tell_item(struct apply_table *t, const struct apply_item *i)
{
	struct story s = { .now = i->old, .live = i->existed };
	const struct change_step *next = i->steps;
	enum err e = ERR_OK;

	if (next != NULL && i->first_edit != 0)
		e = apply_past_known(t, i->now.id, i->steps_since, &next);
	for (uint32_t n = i->first_edit; n != 0 && e == ERR_OK; n = t->all->edits[n - 1].next)
		if (!t->all->edits[n - 1].seen &&
		    (e = tell_before(t, &s, i, t->all->edits[n - 1].entry, &next)) == ERR_OK)
			e = tell_edit(t, &s, i, &t->all->edits[n - 1]);
	if (e == ERR_OK)
		e = tell_steps(t, &s, i, next);
	return e != ERR_OK ? e : tell_rest(t, &s, i);
}

/* Enter an outbox entry that ends without having been carried out. */
static enum err
tell_failure(struct apply_txn *t, const struct outbox_step *step)
{
	const struct outbox_entry *e = step->entry;
	struct apply_item stored = { 0 };
	struct outbox_entry before;
	struct apply_told told = {
		.table = e->table,
		.id = e->kind == OUTBOX_CREATE ? (struct str){ NULL, 0 } : e->record.id,
		.action = step->verb == OUTBOX_REJECTED ? "rejected" : "notApplied",
		.by = e, .to = &e->record,
		.fields = e->kind == OUTBOX_DELETE ? 0 : e->record.known,
		.why = step->why.ptr != NULL ? step->why : STR("")
	};
	uint64_t version;
	enum err error;

	error = apply_stored_entry(t, e->sequence, &before);
	if (error == ERR_OK && before.seen)	/* it was carried out: the history shows it */
		return ERR_OK;
	if (error != ERR_OK && error != ERR_NOT_FOUND)
		return error;
	if (told.id.len > 0) {
		struct apply_table *of;

		if ((error = apply_touch(t, e->table, &of)) == ERR_OK)
			error = apply_load(of, told.id, &stored, &version);
		if (error != ERR_OK && error != ERR_NOT_FOUND)
			return error;
		if (error == ERR_OK)
			told.from = &stored.old;
	}
	return apply_tell(t, &told);
}

enum err
apply_plan_history(struct apply_txn *t, const struct apply_meta *meta)
{
	enum err e = ERR_OK;

	for (struct apply_table *of = t->touched; of != NULL; of = of->next) {
		for (size_t i = 0; i < of->quiet_count && e == ERR_OK; i++)
			e = tell_item(of, &of->quiet[i]);
		for (size_t i = 0; i < of->count && e == ERR_OK; i++)
			e = tell_item(of, &of->items[i]);
	}
	for (size_t i = 0; i < meta->outbox_count && e == ERR_OK; i++) {
		const struct outbox_step *step = &meta->outbox[i];

		if (step->verb == OUTBOX_NOT_APPLIED || (step->verb == OUTBOX_REJECTED &&
		    (step->entry->shown || step->entry->deferred)))
			e = tell_failure(t, step);
	}
	return e;
}
