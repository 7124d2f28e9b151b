#include <stdlib.h>

#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/apply/orderings.h"

/* One segment's columns while they are computed again. */
struct renewal {
	struct apply_table	*t;
	bool			 texts, dates;	/* what is computed again */
	bool			 dated[SCHEMA_FIELDS_MAX];	/* has dates: its orderings change */
	struct {
		struct buf	text;		/* folded, each with its NUL */
		uint32_t	ends[COLUMN_SEGMENT];
		int64_t		numbers[COLUMN_SEGMENT];
	}			 field[SCHEMA_FIELDS_MAX];
	struct buf		 new_rows, block;
};

static bool
is_text(const struct renewal *n, unsigned f)
{
	return n->texts && kind_storage(n->t->schema->fields[f].kind) == STORED_TEXT;
}

static bool
is_time(const struct renewal *n, unsigned f)
{
	return n->dates && n->t->schema->fields[f].kind == FIELD_INSTANT;
}

/* Row ${i} of the segment; r NULL: not in use.  *dates: it has dates; r gets their new beginnings. */
static enum err
renew_row(struct renewal *n, uint32_t i, struct record *r, bool *dates)
{
	for (unsigned f = 0; f < n->t->schema->field_count; f++) {
		struct value *v = r == NULL ? NULL : &r->values[f];
		enum err e;

		if (v != NULL && is_time(n, f) && moment_is_date(v)) {
			if (moment_parse(v->text, v) != ERR_OK)
				return ERR_STORE_CORRUPT;
			n->field[f].numbers[i] = v->number;
			n->dated[f] = *dates = true;
		}
		if (!is_text(n, f))
			continue;
		if (v != NULL && v->present && (e = apply_fold(&n->field[f].text, v->text)) != ERR_OK)
			return e;
		n->field[f].ends[i] = (uint32_t)n->field[f].text.len;
		buf_add_char(&n->field[f].text, '\0');
	}
	return ERR_OK;
}

/* A row of a block; its new bytes, if they differ, are appended to new_rows. */
static enum err
renew_bytes(struct renewal *n, uint32_t row, struct str bytes)
{
	struct row_view view;
	bool dates = false;
	struct record r;
	enum err e;

	if (bytes.len == 0)
		return renew_row(n, row % COLUMN_SEGMENT, NULL, &dates);
	if (row_decode(bytes, &view) != ERR_OK || row_values(&view, n->t->schema, &r) != ERR_OK)
		return ERR_STORE_CORRUPT;
	if ((e = renew_row(n, row % COLUMN_SEGMENT, &r, &dates)) != ERR_OK || !dates)
		return e;
	row_encode(&n->new_rows, n->t->schema, &r, view.version);
	return buf_status(&n->new_rows) != ERR_OK ? ERR_NOMEM : ERR_OK;
}

/* The rows of a block, and the block itself if there are dates in it. */
static enum err
renew_block(struct renewal *n, uint32_t number)
{
	size_t ends[ROW_BLOCK] = { 0 }, start = 0;
	struct str key = key_u32(&number), block, rows[ROW_BLOCK] = { { NULL, 0 } };
	bool used = db_get(n->t->txn, n->t->dbs->rows, key, &block);	/* else none of its rows is */
	enum err e = n->t->txn->fault.error;

	buf_clear(&n->new_rows);
	for (uint32_t i = 0; i < ROW_BLOCK && e == ERR_OK; i++) {
		size_t before = n->new_rows.len;

		if (used && row_block_find(block, i, &rows[i]) != ERR_OK)
			return ERR_STORE_CORRUPT;
		e = renew_bytes(n, number * ROW_BLOCK + i, rows[i]);
		ends[i] = n->new_rows.len > before ? n->new_rows.len : 0;
	}
	if (e != ERR_OK || n->new_rows.len == 0)
		return e;
	for (size_t i = 0; i < ROW_BLOCK; i++)
		if (ends[i] > 0) {
			rows[i] = (struct str){ n->new_rows.data + start, ends[i] - start };
			start = ends[i];
		}
	buf_clear(&n->block);
	row_block_encode(&n->block, rows);
	return buf_status(&n->block) != ERR_OK ? ERR_NOMEM :
	    apply_put(n->t->txn, n->t->dbs->rows, key, n->block.data, n->block.len);
}

static enum err
write_text(struct renewal *n, unsigned f, uint64_t key)
{
	enum err e;

	buf_clear(&n->block);
	buf_add(&n->block, n->field[f].ends, sizeof(n->field[f].ends));
	buf_add_str(&n->block, buf_str(&n->field[f].text));
	e = buf_status(&n->field[f].text) != ERR_OK || buf_status(&n->block) != ERR_OK ? ERR_NOMEM :
	    apply_put(n->t->txn, n->t->dbs->columns, key_u64(&key), n->block.data, n->block.len);
	buf_clear(&n->field[f].text);
	return e;
}

/* Load the stored numbers, as not all of them can be computed from the rows alone. */
static enum err
load_numbers(struct renewal *n, uint32_t segment)
{
	for (unsigned f = 0; f < n->t->schema->field_count; f++) {
		struct str bytes;
		enum err e;

		if (!is_time(n, f))
			continue;
		if ((e = column_segment(n->t->txn, n->t->dbs->columns, n->t->schema, f, segment,
		    &bytes)) != ERR_OK)
			return db_needed(e);
		memcpy(n->field[f].numbers, bytes.ptr, sizeof(n->field[f].numbers));
	}
	return ERR_OK;
}

static enum err
renew_segment(struct renewal *n, uint32_t segment)
{
	uint32_t first = segment * (COLUMN_SEGMENT / ROW_BLOCK);
	enum err e = load_numbers(n, segment);

	for (uint32_t b = first; b < first + COLUMN_SEGMENT / ROW_BLOCK && e == ERR_OK; b++)
		e = renew_block(n, b);
	for (unsigned f = 0; f < n->t->schema->field_count && e == ERR_OK; f++) {
		uint64_t key = column_key(f, segment);

		if (is_text(n, f))
			e = write_text(n, f, key);
		else if (is_time(n, f) && n->dated[f])
			e = apply_put(n->t->txn, n->t->dbs->columns, key_u64(&key),
			    n->field[f].numbers, sizeof(n->field[f].numbers));
	}
	return e;
}

static enum err
sort_anew(struct renewal *n)
{
	uint32_t *ranks = NULL;
	enum err e = ERR_OK;

	for (unsigned f = 0; f < n->t->schema->field_count && e == ERR_OK; f++) {
		if (!(n->t->schema->fields[f].flags & FIELD_SORT) || !(is_text(n, f) || n->dated[f]))
			continue;
		if (ranks == NULL)
			e = apply_rank_ids(n->t, &ranks);
		if (e == ERR_OK)
			e = apply_sort_field(n->t, f, ranks);
	}
	free(ranks);
	return e;
}

enum err
apply_renew(struct apply_table *t, bool texts, bool dates)
{
	uint32_t segments = (t->head->rows_end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	struct renewal *n = calloc(1, sizeof(*n));
	enum err e = ERR_OK;

	if (n == NULL)
		return ERR_NOMEM;
	n->t = t;
	n->texts = texts;
	n->dates = dates;
	for (uint32_t s = 0; s < segments && e == ERR_OK; s++)
		e = renew_segment(n, s);
	if (e == ERR_OK)
		e = sort_anew(n);
	if (e == ERR_OK && dates)
		e = apply_rebuild_days(t);
	for (unsigned f = 0; f < SCHEMA_FIELDS_MAX; f++)
		buf_free(&n->field[f].text);
	buf_free(&n->new_rows);
	buf_free(&n->block);
	free(n);
	return e;
}
