#include <errno.h>

#include "common/store/row.h"
#include "syncd/apply/parts.h"

int
apply_put(MDB_txn *txn, MDB_dbi dbi, MDB_val key, const void *bytes, size_t len)
{
	MDB_val data = { len, (void *)(uintptr_t)bytes };

	return mdb_put(txn, dbi, &key, &data, 0);
}

static int
write_key(struct apply_txn *t, const struct record *r, uint32_t row, bool add)
{
	MDB_val data = key_u32(&row), key;

	for (size_t f = 0; f < t->schema->field_count; f++) {
		int rc;

		if (!(t->schema->fields[f].flags & FIELD_KEY) || !r->values[f].present)
			continue;
		key = key_business(r->values[f].text);
		rc = add ? mdb_put(t->txn, t->dbs->orders.keys, &key, &data, MDB_NODUPDATA) :
		    mdb_del(t->txn, t->dbs->orders.keys, &key, &data);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static bool
key_changed(const struct apply_txn *t, const struct apply_item *i)
{
	for (unsigned f = 0; f < t->schema->field_count; f++)
		if ((t->schema->fields[f].flags & FIELD_KEY) && apply_field_changed(t, i, f))
			return true;
	return false;
}

static int
write_ids(struct apply_txn *t, const struct apply_item *i)
{
	MDB_val row = key_u32(&i->row), id = key_str(i->now.id), nothing = { 0, NULL };
	int rc;

	if (key_changed(t, i)) {
		if (i->existed && (rc = write_key(t, &i->old, i->row, false)) != 0)
			return rc;
		if (!i->gone && (rc = write_key(t, &i->now, i->row, true)) != 0)
			return rc;
	}
	if (i->gone) {
		if ((rc = mdb_del(t->txn, t->dbs->orders.ids, &id, NULL)) != 0)
			return rc;
		return mdb_put(t->txn, t->dbs->orders.free, &row, &nothing, 0);
	}
	if (i->existed)
		return 0;
	if (i->row < t->rows_end_before &&
	    (rc = mdb_del(t->txn, t->dbs->orders.free, &row, NULL)) != 0)
		return rc;
	return mdb_put(t->txn, t->dbs->orders.ids, &id, &row, MDB_NOOVERWRITE);
}

/* The rows of a block as they are stored; all of len 0 when it is new. */
static int
read_block(struct apply_txn *t, uint32_t number, struct str rows[static ROW_BLOCK])
{
	MDB_val key = key_u32(&number), data;
	int rc = mdb_get(t->txn, t->dbs->orders.rows, &key, &data);

	memset(rows, 0, ROW_BLOCK * sizeof(*rows));
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	for (uint32_t i = 0; i < ROW_BLOCK; i++)
		if (row_block_find((struct str){ data.mv_data, data.mv_size }, i, &rows[i]) != ERR_OK)
			return MDB_CORRUPTED;
	return 0;
}

static bool
block_empty(const struct str rows[static ROW_BLOCK])
{
	for (size_t i = 0; i < ROW_BLOCK; i++)
		if (rows[i].len > 0)
			return false;
	return true;
}

/* Write the block of item ${*n} with all items that are in it; *n is then the first that is not. */
static int
write_block(struct apply_txn *t, size_t *n, struct buf *new_rows, struct buf *block)
{
	uint32_t number = t->items[*n].row / ROW_BLOCK;
	size_t ends[ROW_BLOCK] = { 0 }, start = 0;
	MDB_val key = key_u32(&number);
	struct str rows[ROW_BLOCK];
	int rc = read_block(t, number, rows);

	if (rc != 0)
		return rc;
	buf_clear(new_rows);
	for (; *n < t->count && t->items[*n].row / ROW_BLOCK == number; (*n)++) {
		const struct apply_item *i = &t->items[*n];

		rows[i->row % ROW_BLOCK].len = 0;
		if (!i->gone) {
			row_encode(new_rows, t->schema, &i->now, t->head.generation);
			ends[i->row % ROW_BLOCK] = new_rows->len;
		}
	}
	if (buf_status(new_rows) != ERR_OK)
		return ENOMEM;
	/* new_rows moves no more; items are sorted by row, so its rows are too */
	for (size_t i = 0; i < ROW_BLOCK; i++)
		if (ends[i] > 0) {
			rows[i] = (struct str){ new_rows->data + start, ends[i] - start };
			start = ends[i];
		}
	if (block_empty(rows))
		return mdb_del(t->txn, t->dbs->orders.rows, &key, NULL);
	buf_clear(block);
	row_block_encode(block, rows);
	return buf_status(block) != ERR_OK ? ENOMEM :
	    apply_put(t->txn, t->dbs->orders.rows, key, block->data, block->len);
}

int
apply_rows(struct apply_txn *t)
{
	struct buf new_rows = { 0 }, block = { 0 };
	int rc = 0;

	for (size_t n = 0; n < t->count && rc == 0;)
		rc = write_block(t, &n, &new_rows, &block);
	for (size_t n = 0; n < t->count && rc == 0; n++)
		rc = write_ids(t, &t->items[n]);
	buf_free(&new_rows);
	buf_free(&block);
	return rc;
}
