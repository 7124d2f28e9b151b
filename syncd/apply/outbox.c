#include <errno.h>

#include "syncd/apply/parts.h"

#define SEQUENCES_AHEAD	1024	/* so that few commits need to note where they are */
#define TRIM_MIN	16	/* kept answers looked at in one commit */

static int
drop(MDB_cursor *outbox, uint64_t sequence)
{
	MDB_val key = key_u64(&sequence), data;
	int rc = mdb_cursor_get(outbox, &key, &data, MDB_SET);

	if (rc == 0)
		rc = mdb_cursor_del(outbox, 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
store(struct apply_txn *t, MDB_cursor *outbox, const struct outbox_entry *e, struct buf *b)
{
	MDB_val key = key_u64(&e->sequence), data;
	struct outbox_entry entry = *e, before;
	int rc = apply_stored_entry(t, e->sequence, &before);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	entry.seen = rc == 0 && before.seen && e->state == OUTBOX_SENT && before.sent_ms == e->sent_ms;
	buf_clear(b);
	outbox_encode(b, t->schema, &entry);
	if (buf_status(b) != ERR_OK)
		return ENOMEM;
	data = key_str(buf_str(b));
	return mdb_cursor_put(outbox, &key, &data, 0);
}

static int
do_step(struct apply_txn *t, MDB_cursor *outbox, const struct outbox_step *step, struct buf *b)
{
	return step->verb == OUTBOX_STORE ? store(t, outbox, step->entry, b) :
	    drop(outbox, step->entry->sequence);
}

/* A sequence number that was stored is never given again, however the process ends. */
static int
note_sequences(struct apply_txn *t, const struct apply_meta *meta)
{
	uint64_t end = 0;

	for (size_t i = 0; i < meta->outbox_count; i++)
		if (meta->outbox[i].verb == OUTBOX_STORE && meta->outbox[i].entry->sequence >= end)
			end = meta->outbox[i].entry->sequence + 1;
	if (end <= t->sequence_end)
		return 0;
	t->sequence_end = end + SEQUENCES_AHEAD;
	return apply_put(t->txn, t->dbs->meta, key_str(STR(META_SEQUENCE)), &t->sequence_end,
	    sizeof(t->sequence_end));
}

static int
write_overlays(struct apply_txn *t)
{
	int rc = 0;

	for (size_t i = 0; i < t->overlay_count && rc == 0; i++) {
		const struct apply_overlay *o = &t->overlays[i];
		struct store_key k;
		MDB_val key;

		pending_key(&k, o->id, o->sequence);
		key = key_composed(&k);
		rc = o->len == 0 ? mdb_del(t->txn, t->dbs->pending, &key, NULL) :
		    apply_put(t->txn, t->dbs->pending, key, t->overlay_bytes.data + o->at, o->len);
	}
	return rc;
}

static int
drop_edits(MDB_cursor *outbox, const struct change *changes, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < changes[i].edit_count && rc == 0; j++)
			rc = drop(outbox, changes[i].edits[j]->sequence);
	return rc;
}

/* The history has them now. */
static int
mark_found(struct apply_txn *t, MDB_cursor *outbox, struct buf *b)
{
	struct outbox_entry entry;
	MDB_val key, data;
	int rc = 0;

	for (size_t n = 0; n < t->edit_count && rc == 0; n++) {
		if (!t->edits[n].found)
			continue;
		if ((rc = apply_stored_entry(t, t->edits[n].entry->sequence, &entry)) != 0)
			return rc;
		entry.seen = true;
		buf_clear(b);
		outbox_encode(b, t->schema, &entry);
		if (buf_status(b) != ERR_OK)
			return ENOMEM;
		key = key_u64(&entry.sequence);
		data = key_str(buf_str(b));
		rc = mdb_cursor_put(outbox, &key, &data, 0);
	}
	return rc;
}

static int
write_entries(struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	struct buf b = { 0 };
	MDB_cursor *outbox;
	int rc = mdb_cursor_open(t->txn, t->dbs->outbox, &outbox);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < meta->outbox_count && rc == 0; i++)
		rc = do_step(t, outbox, &meta->outbox[i], &b);
	if (rc == 0)
		rc = mark_found(t, outbox, &b);
	if (rc == 0)
		rc = drop_edits(outbox, changes, n);
	mdb_cursor_close(outbox);
	buf_free(&b);
	return rc;
}

int
apply_outbox(struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	bool any = meta->outbox_count > 0 || t->edit_count > 0;
	int rc;

	for (size_t i = 0; i < n && !any; i++)
		any = changes[i].edit_count > 0;
	if (any && (rc = write_entries(t, changes, n, meta)) != 0)
		return rc;
	if ((rc = note_sequences(t, meta)) != 0)
		return rc;
	return write_overlays(t);
}

static int
put_due(struct apply_txn *t, int64_t due_ms, struct str key)
{
	struct store_key k;

	answers_due_key(&k, due_ms, key);
	return apply_put(t->txn, t->dbs->answers_due, key_composed(&k), NULL, 0);
}

static int
drop_due(struct apply_txn *t, int64_t due_ms, struct str key)
{
	struct store_key k;
	MDB_val due;

	answers_due_key(&k, due_ms, key);
	due = key_composed(&k);
	return mdb_del(t->txn, t->dbs->answers_due, &due, NULL);
}

static int
put_answer(struct apply_txn *t, struct str key, const struct answer_head *head, struct str body)
{
	MDB_val k = key_str(key), data = { sizeof(*head) + body.len, NULL };
	int rc = mdb_put(t->txn, t->dbs->answers, &k, &data, MDB_RESERVE);

	if (rc != 0)
		return rc;
	memcpy(data.mv_data, head, sizeof(*head));
	if (body.len > 0)
		memcpy((char *)data.mv_data + sizeof(*head), body.ptr, body.len);
	return 0;
}

static int
get_answer(struct apply_txn *t, struct str text, struct answer_head *head, size_t *body_len)
{
	MDB_val key = key_str(text), data;
	int rc = mdb_get(t->txn, t->dbs->answers, &key, &data);

	if (rc != 0)
		return rc;
	if (data.mv_size < sizeof(*head))
		return MDB_CORRUPTED;
	memcpy(head, data.mv_data, sizeof(*head));
	*body_len = data.mv_size - sizeof(*head);
	return 0;
}

static int
do_answer(struct apply_txn *t, const struct answer_step *step)
{
	const struct kept_answer *a = &step->answer;
	MDB_val key = key_str(step->key);
	struct answer_head old, new = {
		.at_ms = a->at_ms, .due_ms = a->at_ms + ANSWER_KEPT_MS,
		.fingerprint = { a->fingerprint[0], a->fingerprint[1] },
		.first = a->first, .count = a->count
	};
	size_t body_len;
	int rc;

	if (step->key.len == 0 || step->key.len > ANSWER_KEY_MAX)
		return MDB_BAD_VALSIZE;
	rc = get_answer(t, step->key, &old, &body_len);
	if (rc == 0)
		rc = drop_due(t, old.due_ms, step->key);
	else if (rc == MDB_NOTFOUND && a->count == 0)
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (a->count == 0)
		return mdb_del(t->txn, t->dbs->answers, &key, NULL);
	if ((rc = put_due(t, new.due_ms, step->key)) != 0)
		return rc;
	return put_answer(t, step->key, &new, a->body);
}

/* Its time is over: forget it, unless it still waits for its end. */
static int
end_answer(struct apply_txn *t, struct str text)
{
	MDB_val key = key_str(text);
	struct answer_head head;
	size_t body_len;
	int rc = get_answer(t, text, &head, &body_len);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (body_len > 0)
		return mdb_del(t->txn, t->dbs->answers, &key, NULL);
	head.due_ms = t->now_ms + ANSWER_KEPT_MS;
	if ((rc = put_due(t, head.due_ms, text)) != 0)
		return rc;
	return put_answer(t, text, &head, (struct str){ NULL, 0 });
}

static int
trim_answers(struct apply_txn *t, size_t most)
{
	unsigned char text[ANSWER_KEY_MAX];
	MDB_cursor *cursor;
	MDB_val key, data;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->answers_due, &cursor)) != 0)
		return rc;
	for (size_t n = 0; n < most; n++) {
		uint64_t due;
		size_t len;

		if ((rc = mdb_cursor_get(cursor, &key, &data, MDB_FIRST)) != 0)
			break;
		memcpy(&due, key.mv_data, sizeof(due));
		if ((int64_t)be64toh(due) > t->now_ms)
			break;
		len = key.mv_size - sizeof(due);
		memcpy(text, (char *)key.mv_data + sizeof(due), len);
		if ((rc = mdb_cursor_del(cursor, 0)) != 0 ||
		    (rc = end_answer(t, (struct str){ (char *)text, len })) != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
apply_answers(struct apply_txn *t, const struct apply_meta *meta)
{
	int rc = 0;

	for (size_t i = 0; i < meta->answer_count && rc == 0; i++)
		rc = do_answer(t, &meta->answers[i]);
	if (rc == 0 && (meta->answer_count > 0 || t->head.generation == t->next))
		rc = trim_answers(t, TRIM_MIN + 2 * meta->answer_count);
	return rc;
}
