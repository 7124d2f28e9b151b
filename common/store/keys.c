#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/store/keys.h"

enum err
store_keys_open(struct db_txn *txn, bool create, struct store_dbs *d)
{
	const struct {
		const char	*name;
		enum db_kind	 kind;
		db_id		*dbi;
	} list[] = {
		{ "meta", DB_BYTES, &d->meta },
		{ "changes", DB_INTEGERS, &d->changes },
		{ "outbox", DB_INTEGERS, &d->outbox },
		{ "outbox.pending", DB_BYTES, &d->pending },
		{ "answers", DB_BYTES, &d->answers },
		{ "answers.due", DB_BYTES, &d->answers_due },
		{ "history", DB_BYTES, &d->history },
		{ "audit", DB_BYTES, &d->audit },
		{ "bulks", DB_BYTES, &d->bulks },
		{ "orders.ids", DB_BYTES, &d->orders.ids },
		{ "orders.keys", DB_PAIRS, &d->orders.keys },
		{ "orders.rows", DB_INTEGERS, &d->orders.rows },
		{ "orders.free", DB_INTEGERS, &d->orders.free },
		{ "orders.columns", DB_INTEGERS, &d->orders.columns },
		{ "orders.orderings", DB_INTEGERS, &d->orders.orderings },
		{ "orders.totals", DB_INTEGERS, &d->orders.totals }
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!db_handle(txn, list[i].name, list[i].kind, create, list[i].dbi))
			return db_absent(txn);
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
	if (v.len != sizeof(*head))
		return ERR_STORE_CORRUPT;
	memcpy(head, v.ptr, sizeof(*head));
	return ERR_OK;
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
history_key(struct store_key *k, struct str id, uint64_t generation, uint32_t index)
{
	k->len = 0;
	add_bytes(k, id.ptr, id.len < KEY_TEXT_MAX ? id.len : KEY_TEXT_MAX);
	add_bytes(k, "", 1);
	add_place(k, generation, index);
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
pending_key(struct store_key *k, struct str id, uint64_t sequence)
{
	k->len = 0;
	if (id.len > 0)
		add_bytes(k, id.ptr, id.len < KEY_TEXT_MAX ? id.len : KEY_TEXT_MAX);
	else
		k->len = (size_t)snprintf((char *)k->bytes, sizeof(k->bytes), "+%" PRIu64, sequence);
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
