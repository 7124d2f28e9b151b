#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/store/keys.h"

struct named {
	const char	*name;
	enum db_kind	 kind;
	db_id		*id;
};

static enum err
open_table(struct db_txn *txn, const struct schema *s, bool create, struct table_dbs *d)
{
	const struct named list[TABLE_DBS] = {
		{ "ids", DB_BYTES, &d->ids },
		{ "keys", DB_PAIRS, &d->keys },
		{ "rows", DB_INTEGERS, &d->rows },
		{ "free", DB_INTEGERS, &d->free },
		{ "columns", DB_INTEGERS, &d->columns },
		{ "orderings", DB_INTEGERS, &d->orderings },
		{ "totals", DB_INTEGERS, &d->totals }
	};

	for (size_t i = 0; i < TABLE_DBS; i++) {
		char name[TABLE_NAME_MAX + 16];

		(void)snprintf(name, sizeof(name), "%s.%s", s->name, list[i].name);
		if (!db_handle(txn, name, list[i].kind, create, list[i].id))
			return db_absent(txn);
	}
	return ERR_OK;
}

enum err
store_keys_open(struct db_txn *txn, const struct tables *tables, bool create, struct store_dbs *d)
{
	const struct named list[] = {
		{ "meta", DB_BYTES, &d->meta },
		{ "changes", DB_INTEGERS, &d->changes },
		{ "outbox", DB_INTEGERS, &d->outbox },
		{ "outbox.pending", DB_BYTES, &d->pending },
		{ "answers", DB_BYTES, &d->answers },
		{ "answers.due", DB_BYTES, &d->answers_due },
		{ "history", DB_BYTES, &d->history },
		{ "audit", DB_BYTES, &d->audit },
		{ "bulks", DB_BYTES, &d->bulks }
	};
	enum err e;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!db_handle(txn, list[i].name, list[i].kind, create, list[i].id))
			return db_absent(txn);
	for (size_t i = 0; i < tables->count; i++)
		if ((e = open_table(txn, tables->list[i], create,
		    &d->table[tables->list[i]->number])) != ERR_OK)
			return e;
	return ERR_OK;
}

bool
meta_get(struct db_txn *txn, db_id meta, const char *name, struct str *value)
{
	bool there = db_get(txn, meta, str_of(name), value);

	if (!there)
		*value = (struct str){ NULL, 0 };
	return there;
}

void
meta_field_name(char name[static META_NAME_SIZE], const char *prefix, const struct schema *s,
    unsigned field)
{
	(void)snprintf(name, META_NAME_SIZE, "%s%u.%u", prefix, s->number, field);
}

#define HEAD_BYTES(n)	(offsetof(struct store_head, table) + (n) * sizeof(struct table_head))

struct str
meta_head_bytes(struct store_head *head)
{
	head->tables = TABLES_MAX;
	while (head->tables > 0 && memcmp(&head->table[head->tables - 1], &(struct table_head){ 0 },
	    sizeof(struct table_head)) == 0)
		head->tables--;
	return (struct str){ (const char *)head, HEAD_BYTES(head->tables) };
}

enum err
meta_head(struct db_txn *txn, db_id meta, struct store_head *head)
{
	struct str v;

	if (!meta_get(txn, meta, META_HEAD, &v))
		return db_absent(txn);
	/* in every format the head begins with its number */
	if (v.len < sizeof(head->format))
		return ERR_STORE_CORRUPT;
	memset(head, 0, sizeof(*head));
	memcpy(&head->format, v.ptr, sizeof(head->format));
	if (head->format != STORE_FORMAT)
		return ERR_OK;
	if (v.len > sizeof(*head) || v.len < HEAD_BYTES(0))
		return ERR_STORE_CORRUPT;
	memcpy(head, v.ptr, v.len);
	return head->tables <= TABLES_MAX && v.len == HEAD_BYTES(head->tables) ? ERR_OK :
	    ERR_STORE_CORRUPT;
}

static void
add_bytes(struct store_key *k, const void *bytes, size_t len)
{
	/* callers keep their texts within bounds; a longer one must not overflow the key */
	if (len > sizeof(k->bytes) - k->len)
		len = sizeof(k->bytes) - k->len;
	if (len > 0)
		memcpy(k->bytes + k->len, bytes, len);
	k->len += len;
}

static void
add_u64(struct store_key *k, uint64_t n)
{
	n = htobe64(n);
	add_bytes(k, &n, sizeof(n));
}

static void
add_table(struct store_key *k, unsigned table)
{
	uint16_t n = htobe16((uint16_t)table);

	add_bytes(k, &n, sizeof(n));
}

static void
add_place(struct store_key *k, uint64_t generation, uint32_t index)
{
	uint32_t n = htobe32(index);

	add_u64(k, generation);
	add_bytes(k, &n, sizeof(n));
}

void
place_key(struct store_key *k, uint64_t generation, uint32_t index)
{
	k->len = 0;
	add_place(k, generation, index);
}

void
history_key(struct store_key *k, unsigned table, struct str id, uint64_t generation,
    uint32_t index)
{
	k->len = 0;
	add_table(k, table);
	add_bytes(k, id.ptr, id.len < KEY_TEXT_MAX ? id.len : KEY_TEXT_MAX);
	add_bytes(k, "", 1);
	add_place(k, generation, index);
}

static const struct schema *
table_of(const struct tables *tables, struct str key)
{
	uint16_t n;

	memcpy(&n, key.ptr, sizeof(n));
	return tables_numbered(tables, be16toh(n));
}

#define HISTORY_KEY_MIN	(sizeof(uint16_t) + 1 + PLACE_BYTES)

const struct schema *
history_key_table(const struct tables *tables, struct str key)
{
	return key.len < HISTORY_KEY_MIN ? NULL : table_of(tables, key);
}

struct str
history_key_record(struct str key)
{
	return (struct str){ key.ptr + sizeof(uint16_t), key.len - HISTORY_KEY_MIN };
}

const struct schema *
pending_key_table(const struct tables *tables, struct str key, struct str *rest)
{
	if (key.len <= sizeof(uint16_t))
		return NULL;
	*rest = (struct str){ key.ptr + sizeof(uint16_t), key.len - sizeof(uint16_t) };
	return table_of(tables, key);
}

void
bulk_key(struct store_key *k, uint64_t bulk, uint64_t generation, uint32_t index)
{
	k->len = 0;
	add_u64(k, bulk);
	add_place(k, generation, index);
}

void
answers_due_key(struct store_key *k, int64_t due_ms, struct str key)
{
	k->len = 0;
	add_u64(k, due_ms < 0 ? 0 : (uint64_t)due_ms);
	add_bytes(k, key.ptr, key.len);
}

void
pending_key(struct store_key *k, unsigned table, struct str id, uint64_t sequence)
{
	k->len = 0;
	add_table(k, table);
	if (id.len > 0)
		add_bytes(k, id.ptr, id.len < KEY_TEXT_MAX ? id.len : KEY_TEXT_MAX);
	else
		k->len += (size_t)snprintf((char *)k->bytes + k->len, sizeof(k->bytes) - k->len,
		    "+%" PRIu64, sequence);
}

void
place_of_key(struct str key, uint64_t *generation, uint32_t *index)
{
	const char *p = key.ptr + key.len - PLACE_BYTES;

	memcpy(generation, p, sizeof(*generation));
	memcpy(index, p + sizeof(*generation), sizeof(*index));
	*generation = be64toh(*generation);
	*index = be32toh(*index);
}
