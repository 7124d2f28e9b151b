#include "syncd/apply/parts.h"

#define TRIM_MIN	64	/* old entries dropped in one commit, plus two for each new one */

/* When the entry in this place of the audit log was written. */
static enum err
written_ms(struct apply_txn *t, struct str key, int64_t *ms)
{
	struct audit_head head;
	struct str value;

	if (!db_get(t->txn, t->dbs->audit, key, &value) || value.len < sizeof(head))
		return db_needed(db_absent(t->txn));
	memcpy(&head, value.ptr, sizeof(head));
	*ms = head.at_ms;
	return ERR_OK;
}

static enum err
write_audit(struct apply_txn *t, const struct apply_entry *e)
{
	struct audit_head head = { .at_ms = t->now_ms, .bulk = e->bulk, .table = e->table };
	bool last = !e->anew && e->at_ms == 0;
	size_t len = sizeof(head) + e->id.len;
	struct store_key k;
	enum err error;
	char *value;

	place_key(&k, e->generation, e->index);
	if (e->anew && (error = written_ms(t, key_composed(&k), &head.at_ms)) != ERR_OK)
		return error;
	if (e->at_ms != 0)
		head.at_ms = e->at_ms;
	value = last ? db_reserve_last(t->txn, t->dbs->audit, key_composed(&k), len) :
	    db_reserve(t->txn, t->dbs->audit, key_composed(&k), len);
	if (value == NULL)
		return t->txn->fault.error;
	memcpy(value, &head, sizeof(head));
	if (e->id.len > 0)
		memcpy(value + sizeof(head), e->id.ptr, e->id.len);
	return ERR_OK;
}

static enum err
write_entry(struct apply_txn *t, const struct apply_entry *e)
{
	struct store_key k;
	enum err error;
	char *value;

	history_key(&k, e->table, e->id, e->generation, e->index);
	if ((error = apply_put(t->txn, t->dbs->history, key_composed(&k),
	    t->history_bytes.data + e->at, e->len)) != ERR_OK || (error = write_audit(t, e)) != ERR_OK)
		return error;
	if (e->bulk == 0)
		return ERR_OK;
	bulk_key(&k, e->bulk, e->generation, e->index);
	if ((value = db_reserve(t->txn, t->dbs->bulks, key_composed(&k), sizeof(e->table) +
	    e->id.len)) == NULL)
		return t->txn->fault.error;
	memcpy(value, &e->table, sizeof(e->table));
	if (e->id.len > 0)
		memcpy(value + sizeof(e->table), e->id.ptr, e->id.len);
	return ERR_OK;
}

/* true: the entry is kept.  Else it is dropped from the history and from its bulk edit's index. */
static bool
stays(void *cookie, struct str key, struct str value)
{
	struct apply_txn *t = cookie;
	struct audit_head head;
	uint64_t generation;
	struct store_key k;
	uint32_t index;

	if (value.len < sizeof(head)) {
		(void)db_fail(t->txn, ERR_STORE_CORRUPT);
		return true;
	}
	memcpy(&head, value.ptr, sizeof(head));
	if (head.at_ms >= t->history_from_ms)
		return true;
	place_of_key(key, &generation, &index);
	history_key(&k, head.table, (struct str){ value.ptr + sizeof(head), value.len - sizeof(head) },
	    generation, index);
	(void)db_drop(t->txn, t->dbs->history, key_composed(&k));
	if (head.bulk != 0) {
		bulk_key(&k, head.bulk, generation, index);
		(void)db_drop(t->txn, t->dbs->bulks, key_composed(&k));
	}
	return t->txn->fault.error != ERR_OK;
}

enum err
apply_history_due(struct apply_txn *t, bool *due)
{
	struct audit_head head;
	struct db_cursor c;

	*due = false;
	db_walk(&c, t->txn, t->dbs->audit);
	if (c.found && c.value.len < sizeof(head)) {
		(void)db_fail(t->txn, ERR_STORE_CORRUPT);
	} else if (c.found) {
		memcpy(&head, c.value.ptr, sizeof(head));
		*due = head.at_ms < t->history_from_ms;
	}
	db_walk_end(&c);
	return t->txn->fault.error;
}

enum err
apply_history(struct apply_txn *t)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < t->entry_count && e == ERR_OK; i++)
		e = write_entry(t, &t->entries[i]);
	return e != ERR_OK ? e :
	    db_trim(t->txn, t->dbs->audit, TRIM_MIN + 2 * t->entry_count, stays, t);
}
