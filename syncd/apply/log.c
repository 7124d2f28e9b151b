#include <errno.h>

#include "common/store/change_log.h"
#include "syncd/apply/parts.h"

#define TRIM_MAX	64	/* old entries dropped in one commit at most */

/* Keep the newest ${keep} generations. */
static int
trim(struct apply_txn *t, uint64_t keep)
{
	MDB_cursor *cursor;
	MDB_val key, data;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->changes, &cursor)) != 0)
		return rc;
	for (int n = 0; n < TRIM_MAX; n++) {
		uint64_t generation;

		if ((rc = mdb_cursor_get(cursor, &key, &data, MDB_FIRST)) != 0)
			break;
		memcpy(&generation, key.mv_data, sizeof(generation));
		if (generation + keep > t->head.generation)
			break;
		if ((rc = mdb_cursor_del(cursor, 0)) != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static bool
only_pending(const struct apply_overlay *o)
{
	return o->visible && !o->of_item && o->id.len > 0;
}

int
apply_log(struct apply_txn *t, uint64_t keep)
{
	struct change_log_head head = {
		.at_ms = t->now_ms, .count = (uint32_t)t->count, .source = (uint8_t)t->source,
		.told = t->told_new
	};
	struct buf *b = &t->log;
	int rc;

	for (size_t n = 0; n < t->overlay_count; n++)
		head.count += only_pending(&t->overlays[n]);
	buf_add(b, &head, sizeof(head));
	for (size_t n = 0; n < t->count; n++) {
		const struct apply_item *i = &t->items[n];

		buf_add_char(b, i->gone ? LOGGED_DELETED :
		    i->existed ? LOGGED_CHANGED : LOGGED_CREATED);
		buf_add_char(b, (char)i->now.id.len);
		buf_add_str(b, i->now.id);
	}
	for (size_t n = 0; n < t->overlay_count; n++)
		if (only_pending(&t->overlays[n])) {
			buf_add_char(b, LOGGED_PENDING);
			buf_add_char(b, (char)t->overlays[n].id.len);
			buf_add_str(b, t->overlays[n].id);
		}
	rc = buf_status(b) != ERR_OK ? ENOMEM :
	    apply_put(t->txn, t->dbs->changes, key_u64(&t->head.generation), b->data, b->len);
	return rc != 0 ? rc : trim(t, keep);
}
