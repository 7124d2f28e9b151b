#include <cjson/cJSON.h>
#include <stdlib.h>

#include "common/base/json_read.h"
#include "common/base/vec.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "syncd/apply/parts.h"

/*
 * Payloads may report changes that the history has missed: a plain edit of ours
 * overwrites what a colleague did a moment before, and Airtable's answer shows
 * only the result.  The overwritten step is entered before the edit, which then
 * begins where the step ended.  And changes that were entered without an author
 * get their author.
 *
 * Steps and history tell the same story of a field, but the history may have
 * gaps.  If a step and an edit of ours leave the same value in different
 * directions, the edit overwrote the step, provided that the following steps
 * lead to where the history leads.
 */
#define PAST_MAX	64	/* entries that are looked through */

/* An entry of the history; values point into parsed. */
struct past {
	uint64_t		 generation;
	uint32_t		 index;
	struct str		 json;		/* in the map */
	cJSON			*parsed;
	bool			 ours;		/* source api */
	bool			 named;		/* it says who did it */
	bool			 first;		/* of this record in its commit */
	uint32_t		 all;		/* fields of any kind in it */
	uint32_t		 fields;	/* of them, those that we may write: */
	struct value		 from[SCHEMA_FIELDS_MAX], to[SCHEMA_FIELDS_MAX];
	uint32_t		 moved;		/* fields whose from has changed */
	const struct author	*who;		/* who turned out to have done it; NULL: as it was */
};

/* A step that goes before an entry. */
struct untold {
	size_t				 before;
	size_t				 order;		/* of the step among the steps */
	const struct change_step	*step;
	uint32_t			 fields;
};

struct story {
	const struct apply_past_ask	*ask;
	const struct schema		*schema;
	struct past			*past;		/* oldest first */
	size_t				 count, room;
	struct untold			*untold;
	size_t				 untold_count, untold_room;
};

static void
story_free(struct story *s)
{
	for (size_t i = 0; i < s->count; i++)
		cJSON_Delete(s->past[i].parsed);
	free(s->past);
	free(s->untold);
}

/* ---- what the history says ------------------------------------------------------- */
/* The value in a change; empty when it can't be read. */
static struct value
value_of(const struct field *f, const cJSON *change, const char *name)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(change, name);
	struct value v;

	/* before a record was there, an unticked box was empty too */
	if (kind_parse_json(f->kind, json, &v) != NULL || cJSON_IsNull(json))
		v = (struct value){ .present = false };
	return v;
}

static void
read_past(const struct schema *s, struct past *p)
{
	const cJSON *change;

	p->ours = strcmp(json_text_or_empty(p->parsed, "source"), "api") == 0;
	p->named = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(p->parsed, "by")) ||
	    cJSON_HasObjectItem(p->parsed, "via");
	cJSON_ArrayForEach(change, cJSON_GetObjectItemCaseSensitive(p->parsed, "fields")) {
		int f = schema_field(s, str_of(json_text_or_empty(change, "field")));

		if (f < 0)
			continue;
		p->all |= UINT32_C(1) << f;
		if (!(s->fields[f].flags & FIELD_WRITE))
			continue;
		p->fields |= UINT32_C(1) << f;
		p->from[f] = value_of(&s->fields[f], change, "from");
		p->to[f] = value_of(&s->fields[f], change, "to");
	}
}

/* Add one more, from the newest back.  ERR_NOT_FOUND: earlier ones are not part of this story. */
static enum err
add_past(struct story *s, struct str key, struct str data)
{
	struct past p = { .json = data };
	const char *action;
	enum err e;

	place_of_key(key, &p.generation, &p.index);
	if (p.generation <= s->ask->since || s->count == PAST_MAX)
		return ERR_NOT_FOUND;
	if (!vec_room(&s->past, s->count, &s->room))
		return ERR_NOMEM;
	if ((p.parsed = cJSON_ParseWithLength(p.json.ptr, p.json.len)) == NULL)
		return ERR_STORE_CORRUPT;
	action = json_text_or_empty(p.parsed, "action");
	if (strcmp(action, "changed") != 0) {
		e = strcmp(action, "created") == 0 || strcmp(action, "deleted") == 0 ?
		    ERR_NOT_FOUND : ERR_OK;
		cJSON_Delete(p.parsed);
		return e;
	}
	read_past(s->schema, &p);
	s->past[s->count++] = p;
	return ERR_OK;
}

static void
turn(struct story *s)
{
	for (size_t i = 0; i < s->count / 2; i++) {
		struct past p = s->past[i];

		s->past[i] = s->past[s->count - 1 - i];
		s->past[s->count - 1 - i] = p;
	}
	for (size_t i = 0; i < s->count; i++)
		s->past[i].first = i == 0 || s->past[i - 1].generation != s->past[i].generation;
}

static enum err
read_history(struct story *s, struct db_txn *txn, const struct store_dbs *dbs)
{
	struct store_key k;
	struct db_cursor c;
	struct str last;
	enum err e = ERR_OK;

	history_key(&k, s->schema->number, s->ask->id, UINT64_MAX, UINT32_MAX);
	last = key_composed(&k);
	for (db_walk_back(&c, txn, dbs->history, last, (struct str){ last.ptr, last.len - PLACE_BYTES });
	    c.found && c.key.len == k.len && e == ERR_OK; db_next(&c))
		e = add_past(s, c.key, c.value);
	db_walk_end(&c);
	turn(s);
	return e != ERR_OK && e != ERR_NOT_FOUND ? e : txn->fault.error;
}

/* ---- one field's story --------------------------------------------------------------- */
/* Does the step change field ${f}, with both ends known? */
static bool
moves(const struct schema *s, const struct change_step *step, size_t f)
{
	return (step->to->known >> f & 1) && (step->from->known >> f & 1) &&
	    !value_equal(s->fields[f].kind, &step->from->values[f], &step->to->values[f]);
}

static bool
same(const struct story *s, size_t f, const struct value *a, const struct value *b)
{
	return value_equal(s->schema->fields[f].kind, a, b);
}

/* The first entry from ${i} on that changes field ${f} from ${v}; s->count: none does. */
static size_t
leaving(const struct story *s, size_t i, size_t f, const struct value *v)
{
	while (i < s->count && (!(s->past[i].fields >> f & 1) || !same(s, f, &s->past[i].from[f], v)))
		i++;
	return i;
}

/* Does entry ${i}, or a later one of its commit, lead to ${to}?  *next: the entry after that one. */
static bool
told_by(const struct story *s, size_t i, size_t f, const struct value *to, size_t *next)
{
	uint64_t generation = s->past[i].generation;

	for (; i < s->count && s->past[i].generation == generation; i++)
		if ((s->past[i].fields >> f & 1) && same(s, f, &s->past[i].to[f], to)) {
			*next = i + 1;
			return true;
		}
	return false;
}

/* Does a later step that may be ours lead to where entry ${i} or one after it leads? */
static bool
leads_back(const struct story *s, const struct change_step *step, size_t i, size_t f)
{
	bool any = false;

	for (const struct change_step *n = step->next; n != NULL; n = n->next) {
		if (!moves(s->schema, n, f))
			continue;
		any = true;
		if (n->who.via.len > 0 && !str_eq(n->who.via, STR("publicApi")))
			continue;
		for (size_t k = i; k < s->count; k++)
			if ((s->past[k].fields >> f & 1) &&
			    same(s, f, &s->past[k].to[f], &n->to->values[f]))
				return true;
	}
	/* or no step follows, but the value has changed since */
	return !any && !same(s, f, &s->ask->now->values[f], &step->to->values[f]);
}

static enum err
add_untold(struct story *s, size_t before, const struct change_step *step, size_t order, size_t f)
{
	for (size_t i = 0; i < s->untold_count; i++)
		if (s->untold[i].before == before && s->untold[i].step == step) {
			s->untold[i].fields |= UINT32_C(1) << f;
			return ERR_OK;
		}
	if (!vec_room(&s->untold, s->untold_count, &s->untold_room))
		return ERR_NOMEM;
	s->untold[s->untold_count++] = (struct untold){
		.before = before, .order = order, .step = step, .fields = UINT32_C(1) << f
	};
	return ERR_OK;
}

/* If the entry shows this step and nothing else, without an author, give it the step's. */
static void
name(struct past *p, const struct change_step *step)
{
	if (!p->ours && !p->named && (p->all & ~step->to->known) == 0 &&
	    (step->who.name.len > 0 || step->who.via.len > 0))
		p->who = &step->who;
}

/* Is this an edit of ours, and the record's first entry in its commit? */
static bool
may_begin_later(const struct past *p)
{
	return p->ours && p->first && p->all == p->fields;
}

static enum err
compare_field(struct story *s, size_t f)
{
	size_t at = 0, order = 0, i;
	enum err e = ERR_OK;

	for (const struct change_step *n = s->ask->steps; n != NULL && e == ERR_OK; n = n->next, order++) {
		const struct value *to = &n->to->values[f];

		if (!moves(s->schema, n, f) ||
		    (i = leaving(s, at, f, &n->from->values[f])) == s->count)
			continue;
		if (told_by(s, i, f, to, &at)) {
			if (at == i + 1)
				name(&s->past[i], n);
			continue;
		}
		if (!may_begin_later(&s->past[i]) || !leads_back(s, n, i, f))
			continue;
		e = add_untold(s, i, n, order, f);
		s->past[i].from[f] = *to;
		s->past[i].moved |= UINT32_C(1) << f;
		at = i;
	}
	return e;
}

/* false: the record was created or deleted within the page, so the story is interrupted. */
static bool
goes_on(const struct change_step *step)
{
	for (; step != NULL; step = step->next)
		if (step->kind != STEP_CHANGED || step->from == NULL)
			return false;
	return true;
}

static enum err
compare(struct story *s, struct db_txn *txn, const struct store_dbs *dbs)
{
	enum err e;

	if (s->ask->steps == NULL || !goes_on(s->ask->steps))
		return ERR_OK;
	if ((e = read_history(s, txn, dbs)) != ERR_OK)
		return e;
	for (size_t f = 0; f < s->schema->field_count && e == ERR_OK && s->count > 0; f++)
		if (s->schema->fields[f].flags & FIELD_WRITE)
			e = compare_field(s, f);
	return e;
}

/* Does entry ${p} tell all that the step did? */
static bool
tells_of(const struct story *s, const struct past *p, const struct change_step *step)
{
	bool any = false;

	for (size_t f = 0; f < s->schema->field_count; f++) {
		if (!(s->schema->fields[f].flags & FIELD_WRITE) || !moves(s->schema, step, f))
			continue;
		if (!(p->fields >> f & 1) || !same(s, f, &p->from[f], &step->from->values[f]) ||
		    !same(s, f, &p->to[f], &step->to->values[f]))
			return false;
		any = true;
	}
	return any;
}

enum err
apply_past_known(struct apply_table *t, struct str id, uint64_t since,
    const struct change_step **steps)
{
	const struct apply_past_ask ask = { .table = t->schema, .id = id, .steps = *steps, .since = since };
	struct story s = { .ask = &ask, .schema = t->schema };
	enum err e = ERR_OK;
	size_t at = 0;

	if (goes_on(*steps))
		e = read_history(&s, t->txn, t->all->dbs);
	while (e == ERR_OK && *steps != NULL && at < s.count) {
		while (at < s.count && !tells_of(&s, &s.past[at], *steps))
			at++;
		if (at == s.count)
			break;
		at++;
		*steps = (*steps)->next;
	}
	story_free(&s);
	return e;
}

static bool
differs(const struct story *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->past[i].moved != 0 || s->past[i].who != NULL)
			return true;
	return false;
}

bool
apply_past_differs(struct store *st, const struct apply_past_ask *ask)
{
	struct story s = { .ask = ask, .schema = ask->table };
	bool yes = compare(&s, store_txn(st), store_databases(st)) == 0 && differs(&s);

	story_free(&s);
	return yes;
}

/* ---- rewriting the entries ------------------------------------------------------------ */
static int
by_order(const void *a, const void *b)
{
	const struct untold *x = a, *y = b;

	if (x->before != y->before)
		return x->before < y->before ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct record
record_of(const struct value values[static SCHEMA_FIELDS_MAX])
{
	struct record r = { .known = 0 };

	memcpy(r.values, values, sizeof(r.values));
	return r;
}

static enum err
rewrite(struct apply_txn *t, const struct story *s, const struct past *p)
{
	struct apply_retold r = {
		.table = s->schema, .id = s->ask->id, .generation = p->generation, .index = p->index, .json = p->json,
		.bulk = json_text_or_empty(p->parsed, "bulk"), .fields = p->fields, .who = p->who
	};
	struct record from = record_of(p->from), to = record_of(p->to);

	r.from = p->moved != 0 ? &from : NULL;
	r.to = &to;
	return apply_tell_anew(t, &r);
}

enum err
apply_plan_past(struct apply_txn *t, const struct change *changes, size_t n)
{
	enum err e = ERR_OK;

	for (size_t c = 0; c < n && e == ERR_OK; c++) {
		struct apply_past_ask ask = {
			.table = changes[c].table, .id = changes[c].record.id, .steps = changes[c].steps,
			.since = changes[c].steps_since, .now = &changes[c].record
		};
		struct story s = { .ask = &ask, .schema = ask.table };

		if (ask.steps == NULL || changes[c].kind == CHANGE_GONE)
			continue;
		e = compare(&s, t->txn, t->dbs);
		if (s.untold_count > 0)
			qsort(s.untold, s.untold_count, sizeof(*s.untold), by_order);
		for (size_t i = 0; i < s.untold_count && e == ERR_OK; i++) {
			const struct past *p = &s.past[s.untold[i].before];

			e = apply_tell_before(t, ask.table, ask.id, p->generation, p->index,
			    json_text_or_empty(p->parsed, "at"), s.untold[i].step, s.untold[i].fields);
		}
		for (size_t i = 0; i < s.count && e == ERR_OK; i++)
			if (s.past[i].moved != 0 || s.past[i].who != NULL)
				e = rewrite(t, &s, &s.past[i]);
		story_free(&s);
	}
	return e;
}
