#include "syncd/apply/parts.h"

#define TRIM_MIN	64	/* old entries dropped in one commit, and twice as many as came */

/* When the entry in this place of the audit log was written. */
static int
written_ms(struct apply_txn *t, MDB_val key, int64_t *ms)
{
	struct audit_head head;
	MDB_val data;
	int rc = mdb_get(t->txn, t->dbs->audit, &key, &data);

	if (rc != 0 || data.mv_size < sizeof(head))
		return rc != 0 && rc != MDB_NOTFOUND ? rc : MDB_CORRUPTED;
	memcpy(&head, data.mv_data, sizeof(head));
	*ms = head.at_ms;
	return 0;
}

static int
write_audit(struct apply_txn *t, const struct apply_entry *e)
{
	struct audit_head head = { .at_ms = t->now_ms, .bulk = e->bulk };
	struct store_key k;
	MDB_val key, data = { sizeof(head) + e->id.len, NULL };
	int rc;

	place_key(&k, e->generation, e->index);
	key = key_composed(&k);
	if (e->anew && (rc = written_ms(t, key, &head.at_ms)) != 0)
		return rc;
	if (e->at_ms != 0)
		head.at_ms = e->at_ms;
	if ((rc = mdb_put(t->txn, t->dbs->audit, &key, &data,
	    e->anew || e->at_ms != 0 ? MDB_RESERVE : MDB_RESERVE | MDB_APPEND)) != 0)
		return rc;
	memcpy(data.mv_data, &head, sizeof(head));
	if (e->id.len > 0)
		memcpy((char *)data.mv_data + sizeof(head), e->id.ptr, e->id.len);
	return 0;
}

static int
write_entry(struct apply_txn *t, const struct apply_entry *e)
{
	struct store_key k;
	int rc;

	history_key(&k, e->id, e->generation, e->index);
	if ((rc = apply_put(t->txn, t->dbs->history, key_composed(&k),
	    t->history_bytes.data + e->at, e->len)) != 0 || (rc = write_audit(t, e)) != 0)
		return rc;
	if (e->bulk == 0)
		return 0;
	bulk_key(&k, e->bulk, e->generation, e->index);
	return apply_put(t->txn, t->dbs->bulks, key_composed(&k), e->id.ptr, e->id.len);
}

/* Drop what is there; harmless when it is not. */
static int
drop(struct apply_txn *t, MDB_dbi dbi, const struct store_key *k)
{
	MDB_val key = key_composed(k);
	int rc = mdb_del(t->txn, dbi, &key, NULL);

	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* To the oldest entry of all; MDB_NOTFOUND: its time is not over. */
static int
seek_old(const struct apply_txn *t, MDB_cursor *audit, MDB_val *key, MDB_val *data,
    struct audit_head *head)
{
	int rc = mdb_cursor_get(audit, key, data, MDB_FIRST);

	if (rc != 0)
		return rc;
	if (data->mv_size < sizeof(*head))
		return MDB_CORRUPTED;
	memcpy(head, data->mv_data, sizeof(*head));
	return head->at_ms < t->history_from_ms ? 0 : MDB_NOTFOUND;
}

static int
trim_one(struct apply_txn *t, MDB_cursor *audit)
{
	struct audit_head head;
	struct store_key k, bulk;
	uint64_t generation;
	MDB_val key, data;
	uint32_t index;
	int rc;

	if ((rc = seek_old(t, audit, &key, &data, &head)) != 0)
		return rc;
	place_of_key(key, &generation, &index);
	history_key(&k, (struct str){ (char *)data.mv_data + sizeof(head),
	    data.mv_size - sizeof(head) }, generation, index);
	bulk_key(&bulk, head.bulk, generation, index);
	if ((rc = mdb_cursor_del(audit, 0)) != 0 || (rc = drop(t, t->dbs->history, &k)) != 0)
		return rc;
	return head.bulk == 0 ? 0 : drop(t, t->dbs->bulks, &bulk);
}

int
apply_history_due(struct apply_txn *t, bool *due)
{
	struct audit_head head;
	MDB_cursor *audit;
	MDB_val key, data;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->audit, &audit)) != 0)
		return rc;
	rc = seek_old(t, audit, &key, &data, &head);
	mdb_cursor_close(audit);
	*due = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
trim(struct apply_txn *t)
{
	size_t most = TRIM_MIN + 2 * t->entry_count;
	MDB_cursor *audit;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->audit, &audit)) != 0)
		return rc;
	for (size_t n = 0; n < most; n++)
		if ((rc = trim_one(t, audit)) != 0)
			break;
	mdb_cursor_close(audit);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
apply_history(struct apply_txn *t)
{
	int rc = 0;

	for (size_t i = 0; i < t->entry_count && rc == 0; i++)
		rc = write_entry(t, &t->entries[i]);
	return rc != 0 ? rc : trim(t);
}
