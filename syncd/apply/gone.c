#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/change_log.h"
#include "syncd/apply/parts.h"

/* Note the rows that one entry of the log lists as deleted. */
static enum err
note_gone(struct apply_table *t, uint64_t generation, struct str data)
{
	struct change_logged logged;
	struct str rest, id;

	if (data.len < sizeof(struct change_log_head))
		return ERR_STORE_CORRUPT;
	rest.ptr = data.ptr + sizeof(struct change_log_head);
	rest.len = data.len - sizeof(struct change_log_head);
	while (change_log_next(&rest, &logged, &id)) {
		if (logged.kind != LOGGED_DELETED || logged.table != t->schema->number)
			continue;
		if (!vec_room(&t->gone, t->gone_count, &t->gone_room))
			return ERR_NOMEM;
		t->gone[t->gone_count++] = (struct apply_gone){ id, generation };
	}
	return rest.len < sizeof(logged) ? ERR_OK : ERR_STORE_CORRUPT;
}

static int
gone_cmp(const void *a, const void *b)
{
	const struct apply_gone *x = a, *y = b;

	return str_cmp(x->id, y->id);
}

/* Read all rows deleted after ${base}. */
static enum err
read_log(struct apply_table *t, uint64_t base)
{
	uint64_t generation = base + 1;
	struct db_cursor c;
	enum err e = ERR_OK;

	t->gone_count = 0;
	for (db_walk_from(&c, t->txn, t->all->dbs->changes, key_u64(&generation)); c.found && e == ERR_OK;
	    db_next(&c)) {
		uint64_t of;

		memcpy(&of, c.key.ptr, sizeof(of));
		e = note_gone(t, of, c.value);
	}
	db_walk_end(&c);
	if (e != ERR_OK || (e = t->txn->fault.error) != ERR_OK)
		return e;
	if (t->gone_count > 1)
		qsort(t->gone, t->gone_count, sizeof(*t->gone), gone_cmp);
	t->gone_from = base;
	t->gone_known = true;
	return ERR_OK;
}

enum err
apply_gone_since(struct apply_table *t, struct str id, uint64_t base, bool *gone)
{
	struct apply_gone wanted = { .id = id };
	size_t low = 0, high;
	enum err e;

	*gone = false;
	if (base >= t->all->head.generation)
		return ERR_OK;
	if ((!t->gone_known || base < t->gone_from) && (e = read_log(t, base)) != ERR_OK)
		return e;
	for (high = t->gone_count; low < high;) {	/* the first of this id */
		size_t middle = low + (high - low) / 2;

		if (gone_cmp(&t->gone[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->gone_count && str_eq(t->gone[low].id, id); low++)
		*gone |= t->gone[low].generation > base;
	return ERR_OK;
}
