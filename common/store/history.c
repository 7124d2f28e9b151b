#include "common/store/history.h"
#include "common/store/keys.h"

enum err
history_get(struct store *st, struct str record, struct history_place place, struct str *json)
{
	struct store_key k;
	MDB_val key, data;
	int rc;

	history_key(&k, record, place.generation, place.index);
	key = key_composed(&k);
	if ((rc = mdb_get(store_txn(st), store_databases(st)->history, &key, &data)) != 0)
		return rc == MDB_NOTFOUND ? ERR_NOT_FOUND : store_error("history", rc);
	*json = (struct str){ data.mv_data, data.mv_size };
	return ERR_OK;
}

/* Entries begin with the id, which needs no escapes. */
enum err
history_record(struct str json, struct str *record)
{
	static const char id[] = "{\"id\":\"", none[] = "{\"id\":null,";
	const char *begin, *end;

	*record = (struct str){ json.ptr, 0 };
	if (json.len >= sizeof(none) && memcmp(json.ptr, none, sizeof(none) - 1) == 0)
		return ERR_OK;
	if (json.len < sizeof(id) || memcmp(json.ptr, id, sizeof(id) - 1) != 0)
		return ERR_STORE_CORRUPT;
	begin = json.ptr + sizeof(id) - 1;
	if ((end = memchr(begin, '"', json.len - (sizeof(id) - 1))) == NULL)
		return ERR_STORE_CORRUPT;
	*record = (struct str){ begin, (size_t)(end - begin) };
	return ERR_OK;
}

/* To the last entry before ${k}. */
static int
seek_before(MDB_cursor *cursor, const struct store_key *k, MDB_val *key, MDB_val *data)
{
	int rc;

	*key = key_composed(k);
	rc = mdb_cursor_get(cursor, key, data, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, key, data, MDB_LAST);
	return rc != 0 ? rc : mdb_cursor_get(cursor, key, data, MDB_PREV);
}

static struct history_place
place_of(MDB_val key)
{
	struct history_place p;

	place_of_key(key, &p.generation, &p.index);
	return p;
}

enum err
history_of_record(struct store *st, struct str record, struct history_place from,
    history_each *each, void *cookie)
{
	struct store_key k;
	MDB_cursor *cursor;
	MDB_val key, data;
	size_t prefix;
	enum err e = ERR_OK;
	int rc;

	history_key(&k, record, from.generation, from.index);
	prefix = k.len - PLACE_BYTES;
	if ((rc = mdb_cursor_open(store_txn(st), store_databases(st)->history, &cursor)) != 0)
		return store_error("history", rc);
	for (rc = seek_before(cursor, &k, &key, &data); rc == 0;
	    rc = mdb_cursor_get(cursor, &key, &data, MDB_PREV)) {
		if (key.mv_size != k.len || memcmp(key.mv_data, k.bytes, prefix) != 0)
			break;
		if ((e = each(cookie, place_of(key), (struct str){ data.mv_data, data.mv_size })) != ERR_OK)
			break;
	}
	mdb_cursor_close(cursor);
	if (e == ERR_OK && rc != 0 && rc != MDB_NOTFOUND)
		return store_error("history", rc);
	return e;
}

/* The entry that a listing names. */
static enum err
named_entry(struct store *st, struct str record, MDB_val key, history_each *each, void *cookie)
{
	struct history_place place = place_of(key);
	struct str json;
	enum err e = history_get(st, record, place, &json);

	if (e == ERR_NOT_FOUND)
		return ERR_STORE_CORRUPT;
	return e != ERR_OK ? e : each(cookie, place, json);
}

enum err
history_audit(struct store *st, struct history_place from, history_each *each, void *cookie)
{
	struct store_key k;
	MDB_cursor *cursor;
	MDB_val key, data;
	enum err e = ERR_OK;
	int rc;

	place_key(&k, from.generation, from.index);
	if ((rc = mdb_cursor_open(store_txn(st), store_databases(st)->audit, &cursor)) != 0)
		return store_error("audit", rc);
	for (rc = seek_before(cursor, &k, &key, &data); rc == 0;
	    rc = mdb_cursor_get(cursor, &key, &data, MDB_PREV)) {
		struct str record = {
			(const char *)data.mv_data + sizeof(struct audit_head),
			data.mv_size - sizeof(struct audit_head)
		};

		if (data.mv_size < sizeof(struct audit_head))
			e = ERR_STORE_CORRUPT;
		else
			e = named_entry(st, record, key, each, cookie);
		if (e != ERR_OK)
			break;
	}
	mdb_cursor_close(cursor);
	if (e == ERR_OK && rc != MDB_NOTFOUND)
		return store_error("audit", rc);
	return e;
}

enum err
history_of_bulk(struct store *st, uint64_t bulk, history_each *each, void *cookie)
{
	struct store_key k;
	MDB_cursor *cursor;
	MDB_val key, data;
	enum err e = ERR_OK;
	int rc;

	bulk_key(&k, bulk, 0, 0);
	key = key_composed(&k);
	if ((rc = mdb_cursor_open(store_txn(st), store_databases(st)->bulks, &cursor)) != 0)
		return store_error("bulks", rc);
	for (rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE); rc == 0;
	    rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) {
		if (key.mv_size != k.len || memcmp(key.mv_data, k.bytes, sizeof(bulk)) != 0)
			break;
		e = named_entry(st, (struct str){ data.mv_data, data.mv_size }, key, each, cookie);
		if (e != ERR_OK)
			break;
	}
	mdb_cursor_close(cursor);
	if (e == ERR_OK && rc != 0 && rc != MDB_NOTFOUND)
		return store_error("bulks", rc);
	return e;
}
