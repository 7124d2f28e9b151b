#include <stdlib.h>

#include "common/query/filter.h"
#include "common/store/row.h"
#include "common/tables/kind.h"

struct query *
query_new(const struct schema *schema)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q != NULL)
		q->schema = schema;
	return q;
}

void
query_free(struct query *q)
{
	if (q == NULL)
		return;
	buf_free(&q->search);
	free(q->bits);
	free(q->few);
	free(q);
}

struct fetch_cookie {
	struct query	*q;
	struct store	*st;
};

static enum err
fetch_key(void *cookie, uint32_t row, bool with_id, struct sort_key *k)
{
	const struct query *q = ((struct fetch_cookie *)cookie)->q;
	struct store *st = ((struct fetch_cookie *)cookie)->st;
	enum field_kind kind = q->schema->fields[q->sort].kind;
	bool in_row = kind_storage(kind) == STORED_NUMBER;
	struct row_view view;
	struct record r;
	enum err e;

	/* rows are cheaper to find than columns, but don't have folded text and codes */
	if (!in_row && (e = sort_key_load(store_txn(st), store_table(store_databases(st),
	    q->schema)->columns, q->schema, q->sort, row, k)) != ERR_OK)
		return e;
	if (!in_row && !with_id)
		return ERR_OK;
	if (store_row(st, q->schema, row, &view) != ERR_OK ||
	    (in_row && row_values(&view, q->schema, &r) != ERR_OK))
		return ERR_STORE_CORRUPT;
	if (in_row)
		*k = (struct sort_key){ .present = r.values[q->sort].present,
		    .number = r.values[q->sort].number };
	k->id = view.id;
	return ERR_OK;
}

static bool
matches(const struct query *q, uint32_t row)
{
	return !q->filtered || (q->bits[row / 64] >> (row % 64) & 1);
}

/*
 * Hand the matching rows from ${position} of the ordering on to ${each}, except
 * the first ${skip}, until it fails; its error is returned.
 */
static enum err
walk(struct query *q, struct ordering *o, uint32_t position, uint64_t skip,
    enum err (*each)(void *, uint32_t), void *cookie)
{
	while (position < o->count) {
		const char *rows;
		uint32_t n;
		enum err e = ordering_run(o, position, &rows, &n);

		if (e != ERR_OK)
			return db_tell(o->txn, "ordering", e);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t row = load_u32(rows, i);

			if (!matches(q, row))
				continue;
			if (skip > 0) {
				skip--;
				continue;
			}
			if ((e = each(cookie, row)) != ERR_OK)
				return e;
		}
		position += n;
	}
	return ERR_OK;
}

struct collected {
	struct query_page	*page;
	bool			 more;
};

static enum err
collect_row(void *cookie, uint32_t row)
{
	struct collected *c = cookie;

	if (c->page->count == c->page->page_size) {
		c->more = true;
		return ERR_CANCELLED;	/* enough */
	}
	c->page->rows[c->page->count++] = row;
	return ERR_OK;
}

static enum err
open_and_filter(struct query *q, struct store *st, struct ordering *o, uint64_t *total)
{
	enum err e = ordering_open(o, store_txn(st), store_table(store_databases(st),
	    q->schema)->orderings, q->sort, q->descending, store_row_count(st, q->schema));

	if (e != ERR_OK)
		return db_tell(store_txn(st), "ordering", e);
	*total = o->count;
	return q->filtered ? query_filter(q, st, store_rows_end(st, q->schema), total) : ERR_OK;
}

/*
 * The page's rows along the ordering; *more: further ones follow.  The page
 * begins at a position of the ordering or, with a filter, after a number of
 * matches.
 */
static enum err
collect(struct query *q, struct store *st, struct ordering *o, struct query_page *page,
    bool *more)
{
	struct fetch_cookie cookie = { q, st };
	struct collected c = { .page = page };
	uint64_t first = (uint64_t)(q->page - 1) * q->page_size, skip = 0;
	uint32_t position = 0;
	enum err e;

	if (q->after) {
		e = ordering_search(o, &q->cursor, false, fetch_key, &cookie, &position);
		if (e != ERR_OK)
			return db_tell(store_txn(st), "cursor", e);
	} else if (q->filtered)
		skip = first;
	else
		position = first < o->count ? (uint32_t)first : o->count;
	e = walk(q, o, position, skip, collect_row, &c);
	*more = c.more;
	return e == ERR_CANCELLED ? ERR_OK : e;
}

static enum err
next_cursor(struct query *q, struct store *st, struct query_page *page)
{
	struct fetch_cookie cookie = { q, st };
	struct sort_key k;
	enum err e = fetch_key(&cookie, page->rows[page->count - 1], true, &k);

	if (e != ERR_OK)
		return db_tell(store_txn(st), "cursor", e);
	query_cursor_format(q, &k, page->next);
	return ERR_OK;
}

enum err
query_run(struct query *q, struct store *st, struct query_page *page)
{
	struct ordering o;
	bool more = false;
	enum err e;

	page->count = 0;
	page->page = q->after ? 0 : q->page;
	page->page_size = q->page_size;
	page->next[0] = '\0';
	if ((e = open_and_filter(q, st, &o, &page->total)) != ERR_OK)
		return e;
	page->total_pages = (page->total + q->page_size - 1) / q->page_size;
	if (!q->after && q->page > page->total_pages)
		return ERR_OK;
	if (q->filtered && query_few_pays(q, page->total, o.count))
		e = query_few(q, st, page, &more);
	else
		e = collect(q, st, &o, page, &more);
	if (e != ERR_OK)
		return e;
	return more ? next_cursor(q, st, page) : ERR_OK;
}

enum err
query_each(struct query *q, struct store *st, uint64_t *total,
    enum err (*each)(void *cookie, uint32_t row), void *cookie)
{
	struct ordering o;
	enum err e = open_and_filter(q, st, &o, total);

	return e == ERR_OK ? walk(q, &o, 0, 0, each, cookie) : e;
}
