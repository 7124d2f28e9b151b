#include "common/store/change_log.h"
#include "syncd/apply/parts.h"

#define TRIM_MAX	64	/* old entries dropped in one commit at most */

/* The newest generations, which are kept in the log. */
struct newest {
	uint64_t	generation;
	uint64_t	count;
};

static bool
is_among(void *cookie, struct str key, struct str value)
{
	const struct newest *n = cookie;
	uint64_t generation;

	(void)value;
	memcpy(&generation, key.ptr, sizeof(generation));
	return generation + n->count > n->generation;
}

static bool
only_pending(const struct apply_overlay *o)
{
	return o->visible && !o->of_item && o->id.len > 0;
}

enum err
apply_log(struct apply_txn *t, uint64_t keep)
{
	struct change_log_head head = {
		.at_ms = t->now_ms, .count = (uint32_t)t->count, .source = (uint8_t)t->source,
		.told = t->told_new
	};
	struct newest newest = { t->head.generation, keep };
	struct buf *b = &t->log;

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
	if (buf_status(b) != ERR_OK)
		return ERR_NOMEM;
	(void)db_put(t->txn, t->dbs->changes, key_u64(&t->head.generation), buf_str(b));
	return db_trim(t->txn, t->dbs->changes, TRIM_MAX, is_among, &newest);
}
