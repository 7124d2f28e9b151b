#include <stdlib.h>

#include "common/store/orderings.h"
#include "common/tables/kind.h"
#include "syncd/apply/orderings.h"

/*
 * Build a whole sequence: all rows with their keys in an array, one sort.
 * Record ids decide ties.  Comparing them as text would cost a row look-up
 * each; the ids' database is sorted by id already, so one walk through it
 * ranks them all, once for all sequences of a commit.
 */
struct entry {
	union {
		int64_t		 number;
		const char	*text;
	}		key;
	uint32_t	len;		/* of text; numbers: 1 */
	uint32_t	rank;
	uint32_t	row;
	uint32_t	present;
};

static int
cmp_ids(const void *a, const void *b)
{
	const struct apply_item *const *x = a, *const *y = b;

	return str_cmp((*x)->now.id, (*y)->now.id);
}

/* New items in id order; *n of them. */
static struct apply_item **
new_items(struct apply_table *t, size_t *n)
{
	struct apply_item **list = malloc((t->count + 1) * sizeof(*list));

	*n = 0;
	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < t->count; i++)
		if (!t->items[i].existed)
			list[(*n)++] = &t->items[i];
	qsort(list, *n, sizeof(*list), cmp_ids);
	return list;
}

enum err
apply_rank_ids(struct apply_table *t, uint32_t **out)
{
	uint32_t *ranks = calloc((size_t)t->head->rows_end + 1, sizeof(*ranks)), rank = 0;
	struct apply_item **fresh;
	struct db_cursor c;
	size_t n, i = 0;
	enum err e = ERR_NOMEM;

	fresh = new_items(t, &n);
	if (ranks == NULL || fresh == NULL)
		goto out;
	for (db_walk(&c, t->txn, t->dbs->ids); c.found; db_next(&c)) {
		while (i < n && str_cmp(fresh[i]->now.id, c.key) < 0)
			ranks[fresh[i++]->row] = rank++;
		ranks[load_u32(c.value.ptr, 0)] = rank++;
	}
	db_walk_end(&c);
	while (i < n)
		ranks[fresh[i++]->row] = rank++;
	e = t->txn->fault.error;
out:
	free(fresh);
	if (e != ERR_OK) {
		free(ranks);
		ranks = NULL;
	}
	*out = ranks;
	return e;
}

static int
cmp_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->present != y->present)
		return (int)y->present - (int)x->present;
	if (x->present && x->key.number != y->key.number)
		return x->key.number < y->key.number ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

static struct str
entry_text(const struct entry *e)
{
	return (struct str){ e->key.text, e->len };
}

static int
cmp_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = 0;

	if (x->present != y->present)
		return (int)y->present - (int)x->present;
	if (x->present)
		c = str_cmp(entry_text(x), entry_text(y));
	return c != 0 ? c : (x->rank > y->rank) - (x->rank < y->rank);
}

static bool
same_key(bool text, const struct entry *a, const struct entry *b)
{
	return text ? str_eq(entry_text(a), entry_text(b)) : a->key.number == b->key.number;
}

/* Gather all rows that will be in use: the old rows except deleted ones, and the new. */
static enum err
gather(struct sequence *s, const uint32_t *ranks, struct entry *list, size_t *count)
{
	struct apply_table *t = s->t;
	uint32_t segments = (t->head->rows_end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	bool text = kind_storage(t->schema->fields[s->field].kind) == STORED_TEXT;
	size_t n = 0;

	for (uint32_t seg = 0; seg < segments; seg++) {
		uint64_t live[COLUMN_WORDS] = { 0 };
		struct str bytes;
		enum err e = column_segment(t->txn, t->dbs->columns, t->schema,
		    COLUMN_LIVE, seg, &bytes);

		if (e == ERR_OK)
			memcpy(live, bytes.ptr, sizeof(live));
		else if (e != ERR_NOT_FOUND)
			return e;
		for (uint32_t i = 0; i < COLUMN_SEGMENT; i++) {
			uint32_t row = seg * COLUMN_SEGMENT + i;
			struct apply_item *item = apply_item_of_row(t, row);
			struct sort_key k;

			if (item != NULL ? item->gone : !(live[i / 64] >> (i % 64) & 1))
				continue;
			if ((e = sequence_key(s, row, false, &k)) != ERR_OK)
				return e;
			list[n++] = (struct entry){
				.key.number = k.number, .len = (uint32_t)k.text.len,
				.rank = ranks[row], .row = row, .present = k.present
			};
			if (text)
				list[n - 1].key.text = k.text.ptr;
		}
	}
	*count = n;
	return ERR_OK;
}

/* The row numbers of ${list} (sorted ascending) in the order of ${descending}. */
static void
order_rows(const struct entry *list, size_t n, bool text, bool descending, uint32_t *rows)
{
	size_t present = n, at = 0;

	while (present > 0 && !list[present - 1].present)
		present--;
	if (!descending) {
		for (size_t i = 0; i < present; i++)
			rows[at++] = list[i].row;
	} else {
		/* equal keys stay in the order of their ids */
		for (size_t end = present; end > 0; ) {
			size_t start = end - 1;

			while (start > 0 && same_key(text, &list[start - 1], &list[end - 1]))
				start--;
			for (size_t i = start; i < end; i++)
				rows[at++] = list[i].row;
			end = start;
		}
	}
	for (size_t i = present; i < n; i++)
		rows[at++] = list[i].row;
}

enum err
apply_sort_field(struct apply_table *t, unsigned field, const uint32_t *ranks)
{
	bool text = kind_storage(t->schema->fields[field].kind) == STORED_TEXT;
	struct sequence s = { .t = t, .field = field, .inserting = true };
	size_t room = (size_t)t->head->rows_end + 1, n = 0;
	struct entry *list = malloc(room * sizeof(*list));
	uint32_t *rows = malloc(2 * room * sizeof(*rows));
	enum err e = list == NULL || rows == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK)
		e = gather(&s, ranks, list, &n);
	if (e == ERR_OK)
		qsort(list, n, sizeof(*list), text ? cmp_text : cmp_number);
	/* order both before writing the first: texts may lie on pages that a write moves */
	for (size_t d = 0; d < 2 && e == ERR_OK; d++)
		order_rows(list, n, text, d == 1, rows + d * room);
	for (size_t d = 0; d < 2 && e == ERR_OK; d++)
		e = sequence_replace(t, field, d == 1, rows + d * room, n);
	sequence_free(&s);
	free(list);
	free(rows);
	return e;
}
