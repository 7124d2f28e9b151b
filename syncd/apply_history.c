#include <errno.h>
#include <inttypes.h>

#include "common/json_write.h"
#include "common/row.h"
#include "syncd/apply_parts.h"

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

/* What one entry tells. */
struct told {
	struct str			 id;
	const char			*action;
	const struct outbox_entry	*by;		/* NULL: not through us */
	const struct author		*who;		/* then: in Airtable; NULL: not told */
	const struct record		*from, *to;	/* NULL: all empty */
	uint32_t			 fields;
	struct str			 why;		/* notApplied, rejected */
};

static void
add_fields(struct buf *b, const struct schema *s, const struct told *told)
{
	static const struct value empty = { 0 };

	json_name(b, "fields");
	buf_add_char(b, '[');
	for (size_t f = 0; f < s->field_count; f++) {
		enum field_kind kind = s->fields[f].kind;

		if (!(told->fields >> f & 1))
			continue;
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(s->fields[f].name));
		json_name(b, "from");
		value_add_json(b, kind, told->from == NULL ? &empty : &told->from->values[f]);
		json_name(b, "to");
		value_add_json(b, kind, told->to == NULL ? &empty : &told->to->values[f]);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static struct str
or_none(struct str s)
{
	return s.len > 0 ? s : (struct str){ NULL, 0 };
}

/* What Airtable says of who did it. */
static void
add_author(struct buf *b, const struct author *who)
{
	json_member_string_or_null(b, "by", or_none(who->name));
	if (who->via.len > 0)
		json_member_string(b, "via", who->via);
	if (who->id.len == 0 && who->email.len == 0)
		return;
	json_name(b, "user");
	buf_add_char(b, '{');
	json_member_string_or_null(b, "id", or_none(who->id));
	json_member_string_or_null(b, "email", or_none(who->email));
	buf_add_char(b, '}');
}

static void
add_who(struct buf *b, const struct outbox_entry *e, const struct author *who,
    enum change_source source)
{
	struct str none = { NULL, 0 };

	json_member_string(b, "source", e != NULL ? STR("api") :
	    source == SOURCE_JOB ? STR("job") : STR("airtable"));
	if (e == NULL && who != NULL)
		add_author(b, who);
	else
		json_member_string_or_null(b, "by", e != NULL ? or_none(e->by) : none);
	json_member_string_or_null(b, "requestId",
	    e != NULL && e->request_id.len > 0 ? e->request_id : none);
	json_name(b, "bulk");
	if (e != NULL && e->bulk != 0)
		buf_printf(b, "\"%" PRIu64 "\"", e->bulk);
	else
		buf_add_cstr(b, "null");
	json_name(b, "undoes");
	if (e != NULL && e->undoes != 0)
		buf_printf(b, "\"%" PRIu64 ".%" PRIu32 "\"", e->undoes, e->undoes_index);
	else
		buf_add_cstr(b, "null");
}

static const char *
asked(const struct outbox_entry *e)
{
	return e->kind == OUTBOX_CREATE ? "created" :
	    e->kind == OUTBOX_DELETE ? "deleted" : "changed";
}

static int
keep_entry(struct apply_txn *t, const struct apply_entry *entry)
{
	int rc;

	if (buf_status(&t->history_bytes) != ERR_OK)
		return ENOMEM;
	if ((rc = apply_room(&t->entries, t->entry_count, &t->entry_room,
	    sizeof(*t->entries))) != 0)
		return rc;
	t->entries[t->entry_count] = *entry;
	t->entries[t->entry_count++].len = t->history_bytes.len - entry->at;
	return 0;
}

static int
tell(struct apply_txn *t, const struct told *told)
{
	struct buf *b = &t->history_bytes;
	struct str none = { NULL, 0 };
	struct apply_entry entry = {
		.id = told->id, .at = b->len, .bulk = told->by == NULL ? 0 : told->by->bulk,
		.generation = t->next, .index = t->entry_index++
	};

	buf_add_char(b, '{');
	json_member_string_or_null(b, "id", told->id.len > 0 ? told->id : none);
	json_member_uint(b, "generation", t->next);
	json_member_instant(b, "at", t->now_ms);
	json_member_string(b, "action", str_of(told->action));
	add_who(b, told->by, told->who, t->source);
	json_name(b, "change");
	buf_printf(b, "\"%" PRIu64 ".%" PRIu32 "\"", t->next, entry.index);
	add_fields(b, t->schema, told);
	if (told->why.ptr != NULL) {
		json_member_string(b, "asked", str_of(asked(told->by)));
		json_member_string(b, "detail", told->why);
	}
	buf_add_char(b, '}');
	return keep_entry(t, &entry);
}

/* Where an item stands while its edits are told one after the other. */
struct story {
	struct record	now;
	bool		live;
	unsigned	told;
};

/* ${told} has its action and whose doing it is; ${to} NULL: it is gone. */
static int
tell_on(struct apply_txn *t, struct story *s, const struct apply_item *i, struct told *told,
    const struct record *to)
{
	struct record empty = { 0 };
	int rc;

	told->id = i->now.id;
	told->from = s->live ? &s->now : NULL;
	told->to = to;
	told->fields = differing(t->schema, s->live ? &s->now : &empty,
	    to == NULL ? &empty : to) & ~stamps(t->schema);
	rc = tell(t, told);
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
	return tell_on(t, s, i, &(struct told){ .action = action, .by = by }, to);
}

static int
tell_doing(struct apply_txn *t, struct story *s, const struct apply_item *i,
    const struct apply_doing *d)
{
	return tell_on(t, s, i, &(struct told){ .action = d->action, .who = d->who },
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

/* Write the entry under ${key} anew, as the doing of ${e}. */
static int
adopt(struct apply_txn *t, struct str id, MDB_val key, struct str json, const struct outbox_entry *e)
{
	struct buf *b = &t->history_bytes;
	struct apply_entry entry = { .id = id, .at = b->len, .bulk = e->bulk, .anew = true };
	const char *who = memmem(json.ptr, json.len, ",\"source\":", 10);
	const char *rest = memmem(json.ptr, json.len, ",\"change\":", 10);

	if (who == NULL || rest == NULL)
		return MDB_CORRUPTED;
	place_of_key(key, &entry.generation, &entry.index);
	buf_add(b, json.ptr, (size_t)(who - json.ptr));
	add_who(b, e, NULL, t->source);
	buf_add(b, rest, (size_t)(json.ptr + json.len - rest));
	return keep_entry(t, &entry);
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
				rc = adopt(t, i->now.id, key, json, e);
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

/* What those did of whom Airtable told. */
static int
tell_steps(struct apply_txn *t, struct story *s, const struct apply_item *i)
{
	const struct change_step *next = i->steps;
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
		struct told told = {
			.id = i->now.id, .action = "changed", .from = &s->now, .to = &i->now,
			.fields = fields, .who = apply_last_author(i, fields)
		};

		return tell(t, &told);
	}
	return 0;
}

static int
tell_item(struct apply_txn *t, const struct apply_item *i)
{
	struct story s = { .now = i->old, .live = i->existed };
	int rc = 0;

	for (uint32_t n = i->first_edit; n != 0 && rc == 0; n = t->edits[n - 1].next)
		if (!t->edits[n - 1].seen)
			rc = tell_edit(t, &s, i, &t->edits[n - 1]);
	if (rc == 0)
		rc = tell_steps(t, &s, i);
	return rc != 0 ? rc : tell_rest(t, &s, i);
}

/* An entry that ends without having been carried out. */
static int
tell_failure(struct apply_txn *t, const struct outbox_step *step)
{
	const struct outbox_entry *e = step->entry;
	struct apply_item stored = { 0 };
	struct outbox_entry before;
	struct told told = {
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
	return tell(t, &told);
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
