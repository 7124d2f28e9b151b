#include <endian.h>

#include "syncd/apply/parts.h"

#define SEQUENCES_AHEAD	1024	/* so that few commits have to store the end again */
#define TRIM_MIN	16	/* kept answers looked at in one commit */

static enum err
drop(struct apply_txn *t, uint64_t sequence)
{
	return db_drop(t->txn, t->dbs->outbox, key_u64(&sequence));
}

static enum err
put(struct apply_txn *t, const struct outbox_entry *e, struct buf *b)
{
	buf_clear(b);
	outbox_encode(b, e);
	if (buf_status(b) != ERR_OK)
		return ERR_NOMEM;
	return db_put(t->txn, t->dbs->outbox, key_u64(&e->sequence), buf_str(b));
}

static enum err
store(struct apply_txn *t, const struct outbox_entry *e, struct buf *b)
{
	struct outbox_entry entry = *e, before;
	enum err error = apply_stored_entry(t, e->sequence, &before);

	if (error != ERR_OK && error != ERR_NOT_FOUND)
		return error;
	entry.seen = error == ERR_OK && before.seen && e->state == OUTBOX_SENT && before.sent_ms == e->sent_ms;
	return put(t, &entry, b);
}

static enum err
do_step(struct apply_txn *t, const struct outbox_step *step, struct buf *b)
{
	return step->verb == OUTBOX_STORE ? store(t, step->entry, b) :
	    drop(t, step->entry->sequence);
}

/* A sequence number that was stored is never assigned again, however the process ends. */
static enum err
note_sequences(struct apply_txn *t, const struct apply_meta *meta)
{
	uint64_t end = 0;

	for (size_t i = 0; i < meta->outbox_count; i++)
		if (meta->outbox[i].verb == OUTBOX_STORE && meta->outbox[i].entry->sequence >= end)
			end = meta->outbox[i].entry->sequence + 1;
	if (end <= t->sequence_end)
		return ERR_OK;
	t->sequence_end = end + SEQUENCES_AHEAD;
	return apply_put(t->txn, t->dbs->meta, STR(META_SEQUENCE), &t->sequence_end,
	    sizeof(t->sequence_end));
}

static enum err
write_overlays(struct apply_txn *t)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < t->overlay_count && e == ERR_OK; i++) {
		const struct apply_overlay *o = &t->overlays[i];
		struct store_key k;

		pending_key(&k, o->table->number, o->id, o->sequence);
		e = o->len == 0 ? db_del(t->txn, t->dbs->pending, key_composed(&k)) :
		    apply_put(t->txn, t->dbs->pending, key_composed(&k), t->overlay_bytes.data + o->at, o->len);
	}
	return e;
}

static enum err
drop_edits(struct apply_txn *t, const struct change *changes, size_t n)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < changes[i].edit_count && e == ERR_OK; j++)
			e = drop(t, changes[i].edits[j]->sequence);
	return e;
}

/* Mark the found edits' entries as seen: the history has them now. */
static enum err
mark_found(struct apply_txn *t, struct buf *b)
{
	struct outbox_entry entry;
	enum err e = ERR_OK;

	for (size_t n = 0; n < t->edit_count && e == ERR_OK; n++) {
		if (!t->edits[n].found)
			continue;
		if ((e = apply_stored_entry(t, t->edits[n].entry->sequence, &entry)) != ERR_OK)
			return e;
		entry.seen = true;
		e = put(t, &entry, b);
	}
	return e;
}

static enum err
write_entries(struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	struct buf b = { 0 };
	enum err e = ERR_OK;

	for (size_t i = 0; i < meta->outbox_count && e == ERR_OK; i++)
		e = do_step(t, &meta->outbox[i], &b);
	if (e == ERR_OK)
		e = mark_found(t, &b);
	if (e == ERR_OK)
		e = drop_edits(t, changes, n);
	buf_free(&b);
	return e;
}

enum err
apply_outbox(struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	bool any = meta->outbox_count > 0 || t->edit_count > 0;
	enum err e;

	for (size_t i = 0; i < n && !any; i++)
		any = changes[i].edit_count > 0;
	if (any && (e = write_entries(t, changes, n, meta)) != ERR_OK)
		return e;
	if ((e = note_sequences(t, meta)) != ERR_OK)
		return e;
	return write_overlays(t);
}

static enum err
put_due(struct apply_txn *t, int64_t due_ms, struct str key)
{
	struct store_key k;

	answers_due_key(&k, due_ms, key);
	return apply_put(t->txn, t->dbs->answers_due, key_composed(&k), NULL, 0);
}

static enum err
drop_due(struct apply_txn *t, int64_t due_ms, struct str key)
{
	struct store_key k;

	answers_due_key(&k, due_ms, key);
	return db_drop(t->txn, t->dbs->answers_due, key_composed(&k));
}

static enum err
put_answer(struct apply_txn *t, struct str key, const struct answer_head *head, struct str body)
{
	char *value = db_reserve(t->txn, t->dbs->answers, key, sizeof(*head) + body.len);

	if (value == NULL)
		return t->txn->fault.error;
	memcpy(value, head, sizeof(*head));
	if (body.len > 0)
		memcpy(value + sizeof(*head), body.ptr, body.len);
	return ERR_OK;
}

static enum err
get_answer(struct apply_txn *t, struct str text, struct answer_head *head, size_t *body_len)
{
	struct str data;

	if (!db_get(t->txn, t->dbs->answers, text, &data))
		return db_absent(t->txn);
	if (data.len < sizeof(*head))
		return ERR_STORE_CORRUPT;
	memcpy(head, data.ptr, sizeof(*head));
	*body_len = data.len - sizeof(*head);
	return ERR_OK;
}

static enum err
do_answer(struct apply_txn *t, const struct answer_step *step)
{
	const struct kept_answer *a = &step->answer;
	struct answer_head old, new = {
		.at_ms = a->at_ms, .due_ms = a->at_ms + ANSWER_KEPT_MS,
		.fingerprint = { a->fingerprint[0], a->fingerprint[1] },
		.first = a->first, .count = a->count
	};
	size_t body_len;
	enum err e;

	if (step->key.len == 0 || step->key.len > ANSWER_KEY_MAX)
		return ERR_INTERNAL;
	e = get_answer(t, step->key, &old, &body_len);
	if (e == ERR_OK)
		e = drop_due(t, old.due_ms, step->key);
	else if (e == ERR_NOT_FOUND && a->count == 0)
		return ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (a->count == 0)
		return db_del(t->txn, t->dbs->answers, step->key);
	if ((e = put_due(t, new.due_ms, step->key)) != ERR_OK)
		return e;
	return put_answer(t, step->key, &new, a->body);
}

/* An answer's time is over: forget it, or if it is not settled yet, keep it for another term. */
static enum err
end_answer(struct apply_txn *t, struct str text)
{
	struct answer_head head;
	size_t body_len;
	enum err e = get_answer(t, text, &head, &body_len);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (body_len > 0)
		return db_del(t->txn, t->dbs->answers, text);
	head.due_ms = t->now_ms + ANSWER_KEPT_MS;
	if ((e = put_due(t, head.due_ms, text)) != ERR_OK)
		return e;
	return put_answer(t, text, &head, (struct str){ NULL, 0 });
}

/* Keys of answers whose time is over, each with its length before it. */
struct over {
	int64_t		now_ms;
	struct buf	keys;
};

static bool
not_over(void *cookie, struct str key, struct str value)
{
	struct over *o = cookie;
	size_t len = key.len - sizeof(uint64_t);
	uint64_t due;

	(void)value;
	memcpy(&due, key.ptr, sizeof(due));
	if ((int64_t)be64toh(due) > o->now_ms)
		return true;
	buf_add(&o->keys, &len, sizeof(len));
	buf_add(&o->keys, key.ptr + sizeof(due), len);
	return buf_status(&o->keys) != ERR_OK;
}

static enum err
trim_answers(struct apply_txn *t, size_t most)
{
	struct over o = { .now_ms = t->now_ms };
	enum err e = db_trim(t->txn, t->dbs->answers_due, most, not_over, &o);

	if (e == ERR_OK && buf_status(&o.keys) != ERR_OK)
		e = ERR_NOMEM;
	for (size_t at = 0, len; at < o.keys.len && e == ERR_OK; at += len) {
		memcpy(&len, o.keys.data + at, sizeof(len));
		at += sizeof(len);
		e = end_answer(t, (struct str){ o.keys.data + at, len });
	}
	buf_free(&o.keys);
	return e;
}

enum err
apply_answers(struct apply_txn *t, const struct apply_meta *meta)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < meta->answer_count && e == ERR_OK; i++)
		e = do_answer(t, &meta->answers[i]);
	if (e == ERR_OK && (meta->answer_count > 0 || t->head.generation == t->next))
		e = trim_answers(t, TRIM_MIN + 2 * meta->answer_count);
	return e;
}
