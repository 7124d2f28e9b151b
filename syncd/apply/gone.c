#include <errno.h>
#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/change_log.h"
#include "syncd/apply/parts.h"

/* The rows that one entry of the log says went. */
static int
note_gone(struct apply_txn *t, uint64_t generation, MDB_val data)
{
	const char *p = data.mv_data, *end = p + data.mv_size;

	if (data.mv_size < sizeof(struct change_log_head))
		return MDB_CORRUPTED;
	for (p += sizeof(struct change_log_head); end - p >= 2;) {
		struct str id = { p + 2, (unsigned char)p[1] };

		if (id.len > (size_t)(end - id.ptr))
			return MDB_CORRUPTED;
		if (*p == LOGGED_DELETED) {
			if (!vec_room(&t->gone, t->gone_count, &t->gone_room))
				return ENOMEM;
			t->gone[t->gone_count++] = (struct apply_gone){ id, generation };
		}
		p = id.ptr + id.len;
	}
	return 0;
}

static int
gone_cmp(const void *a, const void *b)
{
	const struct apply_gone *x = a, *y = b;

	return str_cmp(x->id, y->id);
}

/* All that went after ${base}. */
static int
read_log(struct apply_txn *t, uint64_t base)
{
	uint64_t generation = base + 1;
	MDB_val key = key_u64(&generation), data;
	MDB_cursor *cursor;
	int rc;

	t->gone_count = 0;
	if ((rc = mdb_cursor_open(t->txn, t->dbs->changes, &cursor)) != 0)
		return rc;
	for (rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE); rc == 0;
	    rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) {
		memcpy(&generation, key.mv_data, sizeof(generation));
		if ((rc = note_gone(t, generation, data)) != 0)
			break;
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_NOTFOUND)
		return rc;
	if (t->gone_count > 1)
		qsort(t->gone, t->gone_count, sizeof(*t->gone), gone_cmp);
	t->gone_from = base;
	t->gone_known = true;
	return 0;
}

int
apply_gone_since(struct apply_txn *t, struct str id, uint64_t base, bool *gone)
{
	struct apply_gone wanted = { .id = id };
	size_t low = 0, high;
	int rc;

	*gone = false;
	if (base >= t->head.generation)
		return 0;
	if ((!t->gone_known || base < t->gone_from) && (rc = read_log(t, base)) != 0)
		return rc;
	for (high = t->gone_count; low < high;) {	/* the first of this id */
		size_t middle = low + (high - low) / 2;

		if (gone_cmp(&t->gone[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->gone_count && str_eq(t->gone[low].id, id); low++)
		*gone |= t->gone[low].generation > base;
	return 0;
}
