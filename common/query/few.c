#include <stdlib.h>

#include "common/query/filter.h"

/*
 * A filter that leaves few rows leaves them far apart in the ordering: it is
 * cheaper to sort the few than to walk past all the others.
 */
#define FEW_MAX		4096u
#define SORT_COST	64u	/* sorting a row costs as much as walking past this many */

struct few {
	struct sort_key	key;	/* its id is read only when there is a tie */
	uint32_t	row;
};

/* What comparing needs. */
struct sorting {
	struct store	*st;
	const struct schema *schema;
	bool		 descending;
	bool		 failed;
};

bool
query_few_pays(const struct query *q, uint64_t total, uint32_t count)
{
	uint64_t wanted = q->after ? q->page_size : (uint64_t)q->page * q->page_size;

	if (total == 0 || total > FEW_MAX)
		return false;
	if (wanted > total)
		wanted = total;
	return wanted * count / total > total * SORT_COST;
}

static void
load_id(struct sorting *s, struct few *f)
{
	struct row_view view;

	if (f->key.id.ptr != NULL)
		return;
	if (store_row(s->st, s->schema, f->row, &view) == ERR_OK)
		f->key.id = view.id;
	else
		s->failed = true;
}

static int
few_cmp(const void *va, const void *vb, void *cookie)
{
	/* qsort_r's elements are ours: adding an id changes no result of a comparison */
	struct few *a = (struct few *)(uintptr_t)va, *b = (struct few *)(uintptr_t)vb;
	struct sorting *s = cookie;
	int c = sort_key_cmp(&a->key, &b->key, s->descending);

	if (c != 0)
		return c;
	load_id(s, a);
	load_id(s, b);
	return str_cmp(a->key.id, b->key.id);
}

/* The rows whose bits are set, with their keys, in the order of rows. */
static enum err
gather(struct query *q, struct store *st, size_t *n)
{
	db_id columns = store_table(store_databases(st), q->schema)->columns;
	uint32_t segment = UINT32_MAX, end = store_rows_end(st, q->schema);
	enum field_kind kind = q->schema->fields[q->sort].kind;
	struct str bytes = { NULL, 0 };

	*n = 0;
	for (uint32_t w = 0; w * 64 < end; w++)
		for (uint64_t word = q->bits[w]; word != 0 && *n < FEW_MAX; word &= word - 1) {
			struct few *f = &q->few[(*n)++];

			f->row = w * 64 + (uint32_t)__builtin_ctzll(word);
			if (f->row / COLUMN_SEGMENT != segment) {
				enum err e;

				segment = f->row / COLUMN_SEGMENT;
				e = column_segment(store_txn(st), columns, q->schema, q->sort,
				    segment, &bytes);
				if (e != ERR_OK)
					return db_tell(store_txn(st), "column", e);
			}
			sort_key_from_column(kind, bytes, f->row % COLUMN_SEGMENT, &f->key);
		}
	return ERR_OK;
}

/* How many of the sorted rows are not after the cursor. */
static size_t
before_cursor(struct query *q, struct sorting *s, size_t n)
{
	struct few cursor = { .key = q->cursor };
	size_t i = 0;

	while (i < n && few_cmp(&q->few[i], &cursor, s) <= 0)
		i++;
	return i;
}

enum err
query_few(struct query *q, struct store *st, struct query_page *page, bool *more)
{
	struct sorting s = { .st = st, .schema = q->schema, .descending = q->descending };
	uint64_t first = (uint64_t)(q->page - 1) * q->page_size;
	size_t n;
	enum err e;

	if (q->few == NULL && (q->few = calloc(FEW_MAX, sizeof(*q->few))) == NULL)
		return ERR_NOMEM;
	if ((e = gather(q, st, &n)) != ERR_OK)
		return e;
	qsort_r(q->few, n, sizeof(*q->few), few_cmp, &s);
	if (q->after)
		first = before_cursor(q, &s, n);
	for (uint64_t i = first; i < n && page->count < page->page_size; i++)
		page->rows[page->count++] = q->few[i].row;
	*more = first + page->count < n;
	return s.failed ? ERR_STORE_CORRUPT : ERR_OK;
}
