#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/history.h"
#include "common/instant.h"
#include "common/outbox.h"
#include "common/store_keys.h"
#include "tests/store_check.h"
#include "tests/support.h"

struct shown {
	struct outbox_entry	e;
	bool			found;
};

struct shown_list {
	struct shown	*list;
	size_t		 count;
	uint64_t	 sequence_end;
	uint64_t	 last;
};

static size_t
entries(struct store *st, MDB_dbi dbi)
{
	MDB_stat s;

	ck_assert_int_eq(mdb_stat(store_txn(st), dbi, &s), 0);
	return s.ms_entries;
}

static enum err
gather(void *cookie, const struct outbox_entry *e)
{
	struct shown_list *l = cookie;

	ck_assert_uint_gt(e->sequence, l->last);
	ck_assert_uint_lt(e->sequence, l->sequence_end);
	l->last = e->sequence;
	if (e->shown) {
		ck_assert_ptr_nonnull(l->list = realloc(l->list, (l->count + 1) * sizeof(*l->list)));
		l->list[l->count++] = (struct shown){ .e = *e };
	}
	return ERR_OK;
}

static cJSON *
parse(struct str json)
{
	cJSON *j = cJSON_ParseWithLength(json.ptr, json.len);

	ck_assert_msg(j != NULL, "no JSON: %.*s", STR_FMT(json));
	return j;
}

static cJSON *
value_json(unsigned f, const struct value *v)
{
	struct buf b = { 0 };
	cJSON *j;

	value_add_json(&b, orders_schema.fields[f].kind, v);
	j = parse(buf_str(&b));
	buf_free(&b);
	return j;
}

/* The row's JSON with the values of all its shown entries, one after the other. */
static void
check_overlay(struct store *st, const struct shown_list *l, struct str id, struct str json,
    uint64_t since)
{
	struct row_view view;
	struct str seen;
	uint64_t seen_since;
	uint32_t row;
	cJSON *expected, *have;

	ck_assert_uint_le(since, store_generation(st));
	if (store_find_record(st, id, &row) == ERR_NOT_FOUND) {
		ck_assert_uint_eq(json.len, 0);
		ck_assert_int_eq(outbox_overlay(st, id, &seen, NULL), ERR_NOT_FOUND);
		return;
	}
	ck_assert_int_eq(store_row(st, row, &view), ERR_OK);
	expected = parse(view.json);
	for (size_t i = 0; i < l->count; i++)
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			if (l->list[i].e.kind == OUTBOX_UPDATE && (l->list[i].e.record.known >> f & 1) &&
			    str_eq(l->list[i].e.record.id, id))
				ck_assert(cJSON_ReplaceItemInObject(expected, orders_schema.fields[f].name,
				    value_json(f, &l->list[i].e.record.values[f])));
	ck_assert_ptr_nonnull(cJSON_AddTrueToObject(expected, "pending"));
	ck_assert_ptr_nonnull(have = parse(json));
	ck_assert_msg(cJSON_Compare(expected, have, true), "overlay of %.*s: %.*s", STR_FMT(id),
	    STR_FMT(json));
	ck_assert_int_eq(outbox_overlay(st, id, &seen, &seen_since), ERR_OK);
	ck_assert(str_eq(seen, json));
	ck_assert_uint_eq(seen_since, since);
	cJSON_Delete(expected);
	cJSON_Delete(have);
}

/* The entry with this sequence; it must be one of this order's. */
static void
check_shown(struct shown_list *l, uint64_t sequence, struct str key)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct outbox_entry *e = &l->list[i].e;
		struct store_key k;

		if (e->sequence != sequence)
			continue;
		pending_key(&k, e->kind == OUTBOX_CREATE ? (struct str){ NULL, 0 } : e->record.id,
		    e->sequence);
		ck_assert(str_eq((struct str){ (char *)k.bytes, k.len }, key));
		ck_assert(!l->list[i].found);
		l->list[i].found = true;
		return;
	}
	ck_abort_msg("entry %" PRIu64 " is no shown one", sequence);
}

static bool
check_pending_one(struct store *st, struct shown_list *l, struct str key, struct str value)
{
	struct pending_head head;
	uint64_t sequence, last = 0;
	struct str json;

	ck_assert_uint_ge(value.len, sizeof(head));
	memcpy(&head, value.ptr, sizeof(head));
	ck_assert_uint_gt(head.count, 0);
	ck_assert_uint_eq(value.len, sizeof(head) + head.count * sizeof(uint64_t) + head.json_len);
	for (uint32_t i = 0; i < head.count; i++) {
		memcpy(&sequence, value.ptr + sizeof(head) + i * sizeof(sequence), sizeof(sequence));
		ck_assert_uint_gt(sequence, last);
		check_shown(l, last = sequence, key);
	}
	if (key.ptr[0] == '+')
		return true;
	json = (struct str){ value.ptr + value.len - head.json_len, head.json_len };
	check_overlay(st, l, key, json, head.since);
	return json.len > 0;
}

static void
check_body(struct store *st)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	MDB_val key = key_u64(&k), data;
	char want[64];
	int n;

	ck_assert_int_eq(mdb_get(store_txn(st), store_databases(st)->orders.totals, &key, &data), 0);
	n = snprintf(want, sizeof(want), "},\"pending\":%" PRIu32 ",", outbox_pending(st));
	ck_assert_msg(memmem(data.mv_data, data.mv_size, want, (size_t)n) != NULL,
	    "the summary has not %s", want);
	n = snprintf(want, sizeof(want), "{\"generation\":%" PRIu64 ",", store_generation(st));
	ck_assert_ptr_nonnull(memmem(data.mv_data, data.mv_size, want, (size_t)n));
}

static void
check_pending(struct store *st)
{
	struct shown_list l = { .sequence_end = 1 };
	uint32_t counted = 0;
	MDB_cursor *cursor;
	MDB_val key, data;
	struct str end;

	if (meta_get(store_txn(st), store_databases(st)->meta, META_SEQUENCE, &end) == 0)
		memcpy(&l.sequence_end, end.ptr, sizeof(l.sequence_end));
	ck_assert_int_eq(outbox_each(st, &orders_schema, gather, &l), ERR_OK);
	ck_assert_int_eq(mdb_cursor_open(store_txn(st), store_databases(st)->pending, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0)
		counted += check_pending_one(st, &l, (struct str){ key.mv_data, key.mv_size },
		    (struct str){ data.mv_data, data.mv_size });
	mdb_cursor_close(cursor);
	for (size_t i = 0; i < l.count; i++)
		ck_assert_msg(l.list[i].found, "entry %" PRIu64 " is not seen", l.list[i].e.sequence);
	ck_assert_uint_eq(outbox_pending(st), counted);
	check_body(st);
	free(l.list);
}

static void
check_answers(struct store *st)
{
	const struct store_dbs *d = store_databases(st);
	MDB_cursor *cursor;
	MDB_val key, data;

	ck_assert_uint_eq(entries(st, d->answers), entries(st, d->answers_due));
	ck_assert_int_eq(mdb_cursor_open(store_txn(st), d->answers, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		struct answer_head head;
		struct store_key k;
		MDB_val due, nothing;

		ck_assert_uint_ge(data.mv_size, sizeof(head));
		memcpy(&head, data.mv_data, sizeof(head));
		answers_due_key(&k, head.due_ms, (struct str){ key.mv_data, key.mv_size });
		due = key_composed(&k);
		ck_assert_int_eq(mdb_get(store_txn(st), d->answers_due, &due, &nothing), 0);
	}
	mdb_cursor_close(cursor);
}

/* One order's history as it is read from its beginning. */
struct chain {
	struct str	 id;
	bool		 gone;			/* its last entry deleted it */
	bool		 known[ORDER_FIELDS];	/* its value follows from the history */
	cJSON		*values[ORDER_FIELDS];
};

static void
chain_set(struct chain *c, unsigned f, cJSON *value)
{
	cJSON_Delete(c->values[f]);
	c->values[f] = value;
	c->known[f] = value != NULL;
}

static void
chain_forget(struct chain *c)
{
	for (unsigned f = 0; f < ORDER_FIELDS; f++)
		chain_set(c, f, NULL);
}

static const char *
text(const cJSON *j, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(j, name);

	ck_assert_msg(item != NULL, "no %s", name);
	return cJSON_IsNull(item) ? NULL : item->valuestring;
}

static void
chain_fields(struct chain *c, const cJSON *j, const char *what)
{
	const cJSON *field, *from, *to;

	cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(j, "fields")) {
		int f = schema_field(&orders_schema, str_of(text(field, "field")));

		ck_assert_int_ge(f, 0);
		ck_assert_ptr_nonnull(from = cJSON_GetObjectItemCaseSensitive(field, "from"));
		ck_assert_ptr_nonnull(to = cJSON_GetObjectItemCaseSensitive(field, "to"));
		if (orders_schema.fields[f].flags & FIELD_STAMP)
			continue;
		ck_assert_msg(!cJSON_Compare(from, to, true), "%s changes nothing", what);
		ck_assert_msg(!c->known[f] || cJSON_Compare(from, c->values[f], true),
		    "%s does not go on where the one before ended", what);
		chain_set(c, (unsigned)f, cJSON_Duplicate(to, true));
	}
}

static void
chain_entry(struct chain *c, const cJSON *j, const char *what)
{
	const char *action = text(j, "action");

	if (strcmp(action, "notApplied") == 0 || strcmp(action, "rejected") == 0) {
		ck_assert_ptr_nonnull(text(j, "asked"));
		ck_assert_ptr_nonnull(text(j, "detail"));
		return;
	}
	ck_assert_ptr_null(cJSON_GetObjectItem(j, "asked"));
	if (strcmp(action, "created") == 0) {
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			if (!(orders_schema.fields[f].flags & FIELD_STAMP))
				chain_set(c, f, cJSON_CreateNull());
	} else if (c->gone) {	/* and came again before the first sync was complete */
		chain_forget(c);
	}
	chain_fields(c, j, what);
	c->gone = strcmp(action, "deleted") == 0;
	if (!c->gone)
		return;
	for (unsigned f = 0; f < ORDER_FIELDS; f++)
		ck_assert_msg(!c->known[f] || cJSON_IsNull(c->values[f]), "%s leaves something", what);
}

/* The row must be what its history ends with. */
static void
chain_end(struct store *st, struct chain *c)
{
	struct row_view view;
	uint32_t row;
	cJSON *j;

	if (c->id.len > 0 && store_find_record(st, c->id, &row) == ERR_OK) {
		ck_assert_int_eq(store_row(st, row, &view), ERR_OK);
		ck_assert(!c->gone || store_synced_ms(st) == 0);
		j = parse(view.json);
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			ck_assert_msg(c->gone || !c->known[f] || cJSON_Compare(c->values[f],
			    cJSON_GetObjectItem(j, orders_schema.fields[f].name), true),
			    "the history of %.*s ends with another %s: %.*s", STR_FMT(c->id),
			    orders_schema.fields[f].name, STR_FMT(view.json));
		cJSON_Delete(j);
	} else if (c->id.len > 0) {
		bool any = false;

		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			any |= c->known[f];
		ck_assert(c->gone || !any);
	}
	chain_forget(c);
	*c = (struct chain){ .id = { NULL, 0 } };
}

/* What a key and its entry say of each other. */
static void
check_entry(struct store *st, struct str id, MDB_val key, const cJSON *j)
{
	const struct store_dbs *d = store_databases(st);
	const char *bulk = text(j, "bulk"), *named = text(j, "id");
	struct audit_head head;
	uint64_t generation;
	struct store_key k;
	MDB_val found, data;
	char change[64];
	uint32_t index;
	int64_t at_ms;

	place_of_key(key, &generation, &index);
	(void)snprintf(change, sizeof(change), "%" PRIu64 ".%" PRIu32, generation, index);
	ck_assert_str_eq(text(j, "change"), change);
	ck_assert_uint_le(generation, store_generation(st));
	ck_assert(str_eq(id, str_of(named)));
	place_key(&k, generation, index);
	found = key_composed(&k);
	ck_assert_int_eq(mdb_get(store_txn(st), d->audit, &found, &data), 0);
	memcpy(&head, data.mv_data, sizeof(head));
	ck_assert(str_eq((struct str){ (char *)data.mv_data + sizeof(head),
	    data.mv_size - sizeof(head) }, id));
	ck_assert_int_eq(instant_parse(str_of(text(j, "at")), &at_ms), ERR_OK);
	ck_assert_int_eq(head.at_ms, at_ms);
	ck_assert_uint_eq(head.bulk, bulk == NULL ? 0 : strtoull(bulk, NULL, 10));
	bulk_key(&k, head.bulk, generation, index);
	found = key_composed(&k);
	ck_assert_int_eq(mdb_get(store_txn(st), d->bulks, &found, &data),
	    bulk == NULL ? MDB_NOTFOUND : 0);
}

static void
check_history(struct store *st)
{
	const struct store_dbs *d = store_databases(st);
	struct chain chain = { .id = { NULL, 0 } };
	size_t in_bulks = 0;
	MDB_cursor *cursor;
	MDB_val key, data;

	ck_assert_uint_eq(entries(st, d->history), entries(st, d->audit));
	ck_assert_int_eq(mdb_cursor_open(store_txn(st), d->history, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		struct str id = { key.mv_data, key.mv_size - PLACE_BYTES - 1 };
		cJSON *j = parse((struct str){ data.mv_data, data.mv_size });

		check_entry(st, id, key, j);
		in_bulks += text(j, "bulk") != NULL;
		if (!str_eq(id, chain.id)) {
			chain_end(st, &chain);
			chain.id = id;
		}
		chain_entry(&chain, j, text(j, "change"));
		cJSON_Delete(j);
	}
	mdb_cursor_close(cursor);
	chain_end(st, &chain);
	ck_assert_uint_eq(entries(st, d->bulks), in_bulks);
}

void
store_check_writes(struct store *st)
{
	check_pending(st);
	check_answers(st);
	check_history(st);
}
