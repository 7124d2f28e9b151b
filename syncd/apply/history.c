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

/* Where an item stands while its edits are told one after the other. */
struct story {
	struct record	now;
	bool		live;
	unsigned	told;
};

/* ${told} has its action and whose doing it is; ${to} NULL: it is gone. */
static int
tell_on(struct apply_txn *t, struct story *s, const struct apply_item *i, struct apply_told *told,
    const struct record *to)
{
	struct record empty = { 0 };
	int rc;

	told->id = i->now.id;
	told->from = s->live ? &s->now : NULL;
	told->to = to;
	told->fields = differing(t->schema, s->live ? &s->now : &empty,
	    to == NULL ? &empty : to) & ~stamps(t->schema);
	rc = apply_tell(t, told);
	s->told++;
	s->live = to != NULL;
	if (to != NULL)
		s->now = *to;
	return rc;
}

static int
tell_of(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct outbox_entry *by, const char *action, const struct record *to)
{
	return tell_on(t, s, i, &(struct apply_told){ .action = action, .by = by }, to);
}

static int
tell_doing(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct apply_doing *d)
{
	return tell_on(t, s, i, &(struct apply_told){ .action = d->action, .who = d->who },
	    d->gone ? NULL : &d->to);
}

/* Fields that later edits ask for which the history has: these were told past this one. */
static uint32_t
overtaken(const struct apply_txn *t, const struct apply_edit *edit)
{
	uint32_t fields = 0;

	for (uint32_t n = edit->next; n != 0; n = t->edits[n - 1].next)
		if (t->edits[n - 1].seen)
			fields |= t->edits[n - 1].entry->record.known;
	return fields;
}

static int
tell_update(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct apply_edit *edit)
{
	const struct outbox_entry *e = edit->entry;
	uint32_t fields = e->record.known & ~overtaken(t, edit);
	struct record to = s->now;

	for (size_t f = 0; f < t->schema->field_count; f++)
		if (fields >> f & 1)
			to.values[f] = e->record.values[f];
	if (differing(t->schema, &s->now, &to) == 0)
		return 0;
	return tell_of(t, s, i, e, "changed", &to);
}

static int
tell_creation(struct apply_txn *t, struct story *s, const struct apply_item *i,
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
 * A sync has seen the new order before we knew that our creation went
 * through, and put it down to Airtable: say whose it was.  Quotes within
 * texts are escaped, so what is looked for here is found nowhere else.
 */
static int
adopt_creation(struct apply_txn *t, const struct apply_item *i, const struct outbox_entry *e)
{
	struct store_key k;
	MDB_cursor *cursor;
	MDB_val key, data;
	int rc;

	history_key(&k, i->now.id, UINT64_MAX, UINT32_MAX);
	key = key_composed(&k);
	if ((rc = mdb_cursor_open(t->txn, t->dbs->history, &cursor)) != 0)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	rc = mdb_cursor_get(cursor, &key, &data, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
	for (int n = 0; n < ADOPT_MAX && rc == 0; n++) {
		struct str json = { data.mv_data, data.mv_size };

		if (key.mv_size != k.len || memcmp(key.mv_data, k.bytes, k.len - PLACE_BYTES) != 0)
			break;
		if (contains(json, "\"action\":\"created\"")) {
			if (contains(json, "\"source\":\"airtable\""))
				rc = apply_tell_adopted(t, i->now.id, key, json, e);
			break;
		}
		rc = mdb_cursor_get(cursor, &key, &data, MDB_PREV);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
tell_edit(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct apply_edit *edit)
{
	const struct outbox_entry *e = edit->entry;

	switch (e->kind) {
	case OUTBOX_UPDATE:
		return s->live ? tell_update(t, s, i, edit) : 0;
	case OUTBOX_CREATE:
		return s->live || i->gone ? adopt_creation(t, i, e) : tell_creation(t, s, i, e);
	case OUTBOX_DELETE:
		return s->live ? tell_of(t, s, i, e, "deleted", NULL) : 0;
	}
	return 0;
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

/* What others did before an edit of ours, as far as it is known when that was made; *next: what follows. */
static int
tell_before(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct outbox_entry *e, const struct change_step **next)
{
	const struct change_step *echo = *next;
	struct apply_doing d;
	int rc = 0;

	if (e->kind != OUTBOX_UPDATE || !s->live)
		return 0;
	while (echo != NULL && !is_echo(t->schema, echo, &e->record))
		echo = echo->next;
	if (echo == NULL)
		return 0;
	for (; *next != echo && rc == 0; *next = (*next)->next)
		if (apply_step_doing(t, *next, &s->now, &d))
			rc = tell_doing(t, s, i, &d);
	*next = echo->next;
	return rc;
}

/* What those did of whom Airtable told. */
static int
tell_steps(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct change_step *next)
{
	struct apply_doing d;
	int rc = 0;

	/* what the very first sync brings is where history begins */
	while (rc == 0 && t->head.synced_ms != 0 &&
	    apply_next_doing(t, i, &next, s->live, &s->now, &d))
		rc = tell_doing(t, s, i, &d);
	return rc;
}

/* What has changed beyond that. */
static int
tell_rest(struct apply_txn *t, struct story *s, const struct apply_item *i)
{
	uint32_t fields;

	if (i->gone)
		return s->live ? tell_of(t, s, i, NULL, "deleted", NULL) : 0;
	if (!s->live)
		return t->head.synced_ms == 0 ? 0 : tell_of(t, s, i, NULL, "created", &i->now);
	fields = differing(t->schema, &s->now, &i->now);
	if (apply_differing(t->schema, &s->now, &i->now) != 0)
		return tell_of(t, s, i, NULL, "changed", &i->now);
	if (fields != 0 && i->first_edit == 0 && s->told == 0) {
		struct apply_told told = {
			.id = i->now.id, .action = "changed", .from = &s->now, .to = &i->now,
			.fields = fields, .who = apply_last_author(i, fields)
		};

		return apply_tell(t, &told);
	}
	return 0;
}

static int
tell_item(struct apply_txn *t, const struct apply_item *i)
{
	struct story s = { .now = i->old, .live = i->existed };
	const struct change_step *next = i->steps;
	int rc = 0;

	for (uint32_t n = i->first_edit; n != 0 && rc == 0; n = t->edits[n - 1].next)
		if (!t->edits[n - 1].seen &&
		    (rc = tell_before(t, &s, i, t->edits[n - 1].entry, &next)) == 0)
			rc = tell_edit(t, &s, i, &t->edits[n - 1]);
	if (rc == 0)
		rc = tell_steps(t, &s, i, next);
	return rc != 0 ? rc : tell_rest(t, &s, i);
}

/* An entry that ends without having been carried out. */
static int
tell_failure(struct apply_txn *t, const struct outbox_step *step)
{
	const struct outbox_entry *e = step->entry;
	struct apply_item stored = { 0 };
	struct outbox_entry before;
	struct apply_told told = {
		.id = e->kind == OUTBOX_CREATE ? (struct str){ NULL, 0 } : e->record.id,
		.action = step->verb == OUTBOX_REJECTED ? "rejected" : "notApplied",
		.by = e, .to = &e->record,
		.fields = e->kind == OUTBOX_DELETE ? 0 : e->record.known,
		.why = step->why.ptr != NULL ? step->why : STR("")
	};
	uint64_t version;
	int rc;

	rc = apply_stored_entry(t, e->sequence, &before);
	if (rc == 0 && before.seen)	/* the history knows better */
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (told.id.len > 0) {
		rc = apply_load(t, told.id, &stored, &version);
		if (rc != 0 && rc != MDB_NOTFOUND)
			return rc;
		if (rc == 0)
			told.from = &stored.old;
	}
	return apply_tell(t, &told);
}

int
apply_plan_history(struct apply_txn *t, const struct apply_meta *meta)
{
	int rc = 0;

	for (size_t i = 0; i < t->quiet_count && rc == 0; i++)
		rc = tell_item(t, &t->quiet[i]);
	for (size_t i = 0; i < t->count && rc == 0; i++)
		rc = tell_item(t, &t->items[i]);
	for (size_t i = 0; i < meta->outbox_count && rc == 0; i++) {
		const struct outbox_step *step = &meta->outbox[i];

		if (step->verb == OUTBOX_NOT_APPLIED || (step->verb == OUTBOX_REJECTED &&
		    (step->entry->shown || step->entry->deferred)))
			rc = tell_failure(t, step);
	}
	return rc;
}
