#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/store/keys.h"

int
store_keys_open(MDB_txn *txn, int create, struct store_dbs *d)
{
	const struct {
		const char	*name;
		unsigned	 flags;
		MDB_dbi		*dbi;
	} list[] = {
		{ "meta", 0, &d->meta },
		{ "changes", MDB_INTEGERKEY, &d->changes },
		{ "outbox", MDB_INTEGERKEY, &d->outbox },
		{ "outbox.pending", 0, &d->pending },
		{ "answers", 0, &d->answers },
		{ "answers.due", 0, &d->answers_due },
		{ "history", 0, &d->history },
		{ "audit", 0, &d->audit },
		{ "bulks", 0, &d->bulks },
		{ "orders.ids", 0, &d->orders.ids },
		{ "orders.keys", MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, &d->orders.keys },
		{ "orders.rows", MDB_INTEGERKEY, &d->orders.rows },
		{ "orders.free", MDB_INTEGERKEY, &d->orders.free },
		{ "orders.columns", MDB_INTEGERKEY, &d->orders.columns },
		{ "orders.orderings", MDB_INTEGERKEY, &d->orders.orderings },
		{ "orders.totals", MDB_INTEGERKEY, &d->orders.totals }
	};
	int rc;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if ((rc = mdb_dbi_open(txn, list[i].name,
		    list[i].flags | (create ? MDB_CREATE : 0), list[i].dbi)) != 0)
			return rc;
	return 0;
}

int
meta_get(MDB_txn *txn, MDB_dbi meta, const char *name, struct str *value)
{
	MDB_val key = key_str(str_of(name)), data;
	int rc = mdb_get(txn, meta, &key, &data);

	*value = rc == 0 ? (struct str){ data.mv_data, data.mv_size } : (struct str){ NULL, 0 };
	return rc;
}

int
meta_head(MDB_txn *txn, MDB_dbi meta, struct store_head *head)
{
	struct str v;
	int rc = meta_get(txn, meta, META_HEAD, &v);

	if (rc != 0)
		return rc;
	/* its format stands first, whatever the format is */
	if (v.len < sizeof(head->format))
		return MDB_CORRUPTED;
	memset(head, 0, sizeof(*head));
	memcpy(&head->format, v.ptr, sizeof(head->format));
	if (head->format != STORE_FORMAT)
		return 0;
	if (v.len != sizeof(*head))
		return MDB_CORRUPTED;
	memcpy(head, v.ptr, sizeof(*head));
	return 0;
}

static void
add_bytes(struct store_key *k, const void *bytes, size_t len)
{
	/* callers keep their texts within bounds; a longer one must not leave the key */
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
place_of_key(MDB_val key, uint64_t *generation, uint32_t *index)
{
	const char *p = (const char *)key.mv_data + key.mv_size - PLACE_BYTES;

	memcpy(generation, p, sizeof(*generation));
	memcpy(index, p + sizeof(*generation), sizeof(*index));
	*generation = be64toh(*generation);
	*index = be32toh(*index);
}
