#include "common/store/history.h"
#include "common/store/keys.h"

enum err
history_get(struct store *st, const struct schema *s, struct str record, struct history_place place,
    struct str *json)
{
	struct db_txn *txn = store_txn(st);
	struct store_key k;

	history_key(&k, s->number, record, place.generation, place.index);
	return db_get(txn, store_databases(st)->history, key_composed(&k), json) ? ERR_OK :
	    db_tell_absent(txn, "history");
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

static struct history_place
place_of(struct str key)
{
	struct history_place p;

	place_of_key(key, &p.generation, &p.index);
	return p;
}

/* End a walk and return ${e}, or else the fault that the walk met. */
static enum err
end_walk(struct store *st, struct db_cursor *c, const char *what, enum err e)
{
	db_walk_end(c);
	return e != ERR_OK ? e : db_tell(store_txn(st), what, store_txn(st)->fault.error);
}

enum err
history_of_record(struct store *st, const struct schema *s, struct str record,
    struct history_place from, history_each *each, void *cookie)
{
	struct store_key k;
	struct db_cursor c;
	struct str before;
	enum err e = ERR_OK;

	history_key(&k, s->number, record, from.generation, from.index);
	before = key_composed(&k);
	for (db_walk_back(&c, store_txn(st), store_databases(st)->history, before,
	    (struct str){ before.ptr, before.len - PLACE_BYTES });
	    c.found && c.key.len == k.len; db_next(&c))
		if ((e = each(cookie, s, place_of(c.key), c.value)) != ERR_OK)
			break;
	return end_walk(st, &c, "history", e);
}

/* Hand ${each} the entry that a listing names. */
static enum err
named_entry(struct store *st, unsigned table, struct str record, struct str key, history_each *each,
    void *cookie)
{
	const struct schema *s = tables_numbered(store_tables(st), table);
	struct history_place place = place_of(key);
	struct str json;
	enum err e;

	if (s == NULL)
		return ERR_STORE_CORRUPT;
	e = db_needed(history_get(st, s, record, place, &json));
	return e != ERR_OK ? e : each(cookie, s, place, json);
}

enum err
history_audit(struct store *st, struct history_place from, history_each *each, void *cookie)
{
	struct store_key k;
	struct db_cursor c;
	enum err e = ERR_OK;

	place_key(&k, from.generation, from.index);
	for (db_walk_back(&c, store_txn(st), store_databases(st)->audit, key_composed(&k), STR(""));
	    c.found && e == ERR_OK; db_next(&c)) {
		struct audit_head head;

		if (c.value.len < sizeof(head)) {
			e = ERR_STORE_CORRUPT;
			break;
		}
		memcpy(&head, c.value.ptr, sizeof(head));
		e = named_entry(st, head.table, (struct str){ c.value.ptr + sizeof(head),
		    c.value.len - sizeof(head) }, c.key, each, cookie);
	}
	return end_walk(st, &c, "audit", e);
}

enum err
history_of_bulk(struct store *st, uint64_t bulk, history_each *each, void *cookie)
{
	struct store_key k;
	struct db_cursor c;
	enum err e = ERR_OK;

	bulk_key(&k, bulk, 0, 0);
	for (db_walk_prefix(&c, store_txn(st), store_databases(st)->bulks,
	    (struct str){ (const char *)k.bytes, sizeof(bulk) });
	    c.found && c.key.len == k.len && e == ERR_OK; db_next(&c))
		e = c.value.len < sizeof(uint32_t) ? ERR_STORE_CORRUPT :
		    named_entry(st, load_u32(c.value.ptr, 0), (struct str){ c.value.ptr +
		    sizeof(uint32_t), c.value.len - sizeof(uint32_t) }, c.key, each, cookie);
	return end_walk(st, &c, "bulks", e);
}
