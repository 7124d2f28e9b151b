#include <errno.h>
#include <stdlib.h>

#include "common/store/row.h"
#include "common/tables/moment.h"
#include "syncd/apply/orderings.h"

/* One segment's columns while they are made anew. */
struct renewal {
	struct apply_txn	*t;
	bool			 texts, dates;	/* what is made anew */
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
	return n->texts && n->t->schema->fields[f].kind == FIELD_TEXT;
}

static bool
is_time(const struct renewal *n, unsigned f)
{
	return n->dates && n->t->schema->fields[f].kind == FIELD_INSTANT;
}

/* Row ${i} of the segment; r NULL: it is not in use.  *dates: it has some, and r their new begins. */
static int
renew_row(struct renewal *n, uint32_t i, struct record *r, bool *dates)
{
	for (unsigned f = 0; f < n->t->schema->field_count; f++) {
		struct value *v = r == NULL ? NULL : &r->values[f];
		int rc;

		if (v != NULL && is_time(n, f) && moment_is_date(v)) {
			if (moment_parse(v->text, v) != ERR_OK)
				return MDB_CORRUPTED;
			n->field[f].numbers[i] = v->number;
			n->dated[f] = *dates = true;
		}
		if (!is_text(n, f))
			continue;
		if (v != NULL && v->present && (rc = apply_fold(&n->field[f].text, v->text)) != 0)
			return rc;
		n->field[f].ends[i] = (uint32_t)n->field[f].text.len;
		buf_add_char(&n->field[f].text, '\0');
	}
	return 0;
}

/* A row of a block; its new bytes, if they are others, go to the end of new_rows. */
static int
renew_bytes(struct renewal *n, uint32_t row, struct str bytes)
{
	struct row_view view;
	bool dates = false;
	struct record r;
	int rc;

	if (bytes.len == 0)
		return renew_row(n, row % COLUMN_SEGMENT, NULL, &dates);
	if (row_decode(bytes, &view) != ERR_OK || row_values(&view, n->t->schema, &r) != ERR_OK)
		return MDB_CORRUPTED;
	if ((rc = renew_row(n, row % COLUMN_SEGMENT, &r, &dates)) != 0 || !dates)
		return rc;
	row_encode(&n->new_rows, n->t->schema, &r, view.version);
	return buf_status(&n->new_rows) != ERR_OK ? ENOMEM : 0;
}

/* The rows of a block, and the block itself if there are dates in it. */
static int
renew_block(struct renewal *n, uint32_t number)
{
	size_t ends[ROW_BLOCK] = { 0 }, start = 0;
	MDB_val key = key_u32(&number), data;
	struct str rows[ROW_BLOCK] = { { NULL, 0 } };
	int rc = mdb_get(n->t->txn, n->t->dbs->orders.rows, &key, &data);
	bool used = rc == 0;	/* else none of its rows is */

	buf_clear(&n->new_rows);
	rc = rc == MDB_NOTFOUND ? 0 : rc;
	for (uint32_t i = 0; i < ROW_BLOCK && rc == 0; i++) {
		size_t before = n->new_rows.len;

		if (used && row_block_find((struct str){ data.mv_data, data.mv_size }, i, &rows[i]) != ERR_OK)
			return MDB_CORRUPTED;
		rc = renew_bytes(n, number * ROW_BLOCK + i, rows[i]);
		ends[i] = n->new_rows.len > before ? n->new_rows.len : 0;
	}
	if (rc != 0 || n->new_rows.len == 0)
		return rc;
	for (size_t i = 0; i < ROW_BLOCK; i++)
		if (ends[i] > 0) {
			rows[i] = (struct str){ n->new_rows.data + start, ends[i] - start };
			start = ends[i];
		}
	buf_clear(&n->block);
	row_block_encode(&n->block, rows);
	return buf_status(&n->block) != ERR_OK ? ENOMEM :
	    apply_put(n->t->txn, n->t->dbs->orders.rows, key, n->block.data, n->block.len);
}

static int
write_text(struct renewal *n, unsigned f, uint64_t key)
{
	int rc;

	buf_clear(&n->block);
	buf_add(&n->block, n->field[f].ends, sizeof(n->field[f].ends));
	buf_add_str(&n->block, buf_str(&n->field[f].text));
	rc = buf_status(&n->field[f].text) != ERR_OK || buf_status(&n->block) != ERR_OK ? ENOMEM :
	    apply_put(n->t->txn, n->t->dbs->orders.columns, key_u64(&key), n->block.data, n->block.len);
	buf_clear(&n->field[f].text);
	return rc;
}

/* What the columns have now of what is not made from rows alone. */
static int
load_numbers(struct renewal *n, uint32_t segment)
{
	for (unsigned f = 0; f < n->t->schema->field_count; f++) {
		struct str bytes;
		int rc;

		if (!is_time(n, f))
			continue;
		if ((rc = column_segment(n->t->txn, n->t->dbs->orders.columns, n->t->schema, f, segment,
		    &bytes)) != 0)
			return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
		memcpy(n->field[f].numbers, bytes.ptr, sizeof(n->field[f].numbers));
	}
	return 0;
}

static int
renew_segment(struct renewal *n, uint32_t segment)
{
	uint32_t first = segment * (COLUMN_SEGMENT / ROW_BLOCK);
	int rc = load_numbers(n, segment);

	for (uint32_t b = first; b < first + COLUMN_SEGMENT / ROW_BLOCK && rc == 0; b++)
		rc = renew_block(n, b);
	for (unsigned f = 0; f < n->t->schema->field_count && rc == 0; f++) {
		uint64_t key = column_key(f, segment);

		if (is_text(n, f))
			rc = write_text(n, f, key);
		else if (is_time(n, f) && n->dated[f])
			rc = apply_put(n->t->txn, n->t->dbs->orders.columns, key_u64(&key),
			    n->field[f].numbers, sizeof(n->field[f].numbers));
	}
	return rc;
}

static int
sort_anew(struct renewal *n)
{
	uint32_t *ranks = NULL;
	int rc = 0;

	for (unsigned f = 0; f < n->t->schema->field_count && rc == 0; f++) {
		if (!(n->t->schema->fields[f].flags & FIELD_SORT) || !(is_text(n, f) || n->dated[f]))
			continue;
		if (ranks == NULL)
			rc = apply_rank_ids(n->t, &ranks);
		if (rc == 0)
			rc = apply_sort_field(n->t, f, ranks);
	}
	free(ranks);
	return rc;
}

int
apply_renew(struct apply_txn *t, bool texts, bool dates)
{
	uint32_t segments = (t->head.rows_end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	struct renewal *n = calloc(1, sizeof(*n));
	int rc = 0;

	if (n == NULL)
		return ENOMEM;
	n->t = t;
	n->texts = texts;
	n->dates = dates;
	for (uint32_t s = 0; s < segments && rc == 0; s++)
		rc = renew_segment(n, s);
	if (rc == 0)
		rc = sort_anew(n);
	if (rc == 0 && dates)
		rc = apply_rebuild_days(t);
	for (unsigned f = 0; f < SCHEMA_FIELDS_MAX; f++)
		buf_free(&n->field[f].text);
	buf_free(&n->new_rows);
	buf_free(&n->block);
	free(n);
	return rc;
}
