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

static void
add_logged(struct buf *b, struct change_log_head *head, enum change_log_kind kind,
    const struct schema *table, struct str id)
{
	const struct change_logged logged = {
		.kind = (uint8_t)kind, .id_len = (uint8_t)id.len, .table = (uint16_t)table->number
	};

	buf_add(b, &logged, sizeof(logged));
	buf_add_str(b, id);
	head->count++;
}

static void
add_table(struct buf *b, struct change_log_head *head, const struct apply_table *t)
{
	for (size_t n = 0; n < t->count; n++) {
		const struct apply_item *i = &t->items[n];

		add_logged(b, head, i->gone ? LOGGED_DELETED : i->existed ? LOGGED_CHANGED :
		    LOGGED_CREATED, t->schema, i->now.id);
	}
	if (t->told_new)
		add_logged(b, head, LOGGED_TOLD, t->schema, STR(""));
}

enum err
apply_log(struct apply_txn *t, uint64_t keep)
{
	struct change_log_head head = { .at_ms = t->now_ms, .source = (uint8_t)t->source };
	struct newest newest = { t->head.generation, keep };
	struct buf *b = &t->log;

	buf_add(b, &head, sizeof(head));
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		add_table(b, &head, of);
	for (size_t n = 0; n < t->overlay_count; n++)
		if (only_pending(&t->overlays[n]))
			add_logged(b, &head, LOGGED_PENDING, t->overlays[n].table, t->overlays[n].id);
	if (buf_status(b) != ERR_OK)
		return ERR_NOMEM;
	memcpy(b->data, &head, sizeof(head));
	(void)db_put(t->txn, t->dbs->changes, key_u64(&t->head.generation), buf_str(b));
	return db_trim(t->txn, t->dbs->changes, TRIM_MAX, is_among, &newest);
}
