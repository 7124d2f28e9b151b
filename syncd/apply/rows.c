#include "common/store/row.h"
#include "syncd/apply/parts.h"

enum err
apply_put(struct db_txn *txn, db_id dbi, struct str key, const void *bytes, size_t len)
{
	return db_put(txn, dbi, key, (struct str){ bytes, len });
}

static void
write_key(struct apply_table *t, const struct record *r, uint32_t row, bool add)
{
	for (size_t f = 0; f < t->schema->field_count; f++) {
		struct str key = key_business(r->values[f].text);

		if (!(t->schema->fields[f].flags & FIELD_KEY) || !r->values[f].present)
			continue;
		if (add)
			(void)db_put_pair(t->txn, t->dbs->keys, key, key_u32(&row));
		else
			(void)db_del_pair(t->txn, t->dbs->keys, key, key_u32(&row));
	}
}

static bool
key_changed(const struct apply_table *t, const struct apply_item *i)
{
	for (unsigned f = 0; f < t->schema->field_count; f++)
		if ((t->schema->fields[f].flags & FIELD_KEY) && apply_field_changed(t, i, f))
			return true;
	return false;
}

static enum err
write_ids(struct apply_table *t, const struct apply_item *i)
{
	struct str row = key_u32(&i->row);

	if (key_changed(t, i)) {
		if (i->existed)
			write_key(t, &i->old, i->row, false);
		if (!i->gone)
			write_key(t, &i->now, i->row, true);
	}
	if (i->gone) {
		(void)db_del(t->txn, t->dbs->ids, i->now.id);
		return db_put(t->txn, t->dbs->free, row, STR(""));
	}
	if (i->existed)
		return t->txn->fault.error;
	if (i->row < t->rows_end_before)
		(void)db_del(t->txn, t->dbs->free, row);
	return db_put_new(t->txn, t->dbs->ids, i->now.id, row);
}

/* The rows of a block as they are stored; all of len 0 when it is new. */
static enum err
read_block(struct apply_table *t, uint32_t number, struct str rows[static ROW_BLOCK])
{
	struct str block;

	memset(rows, 0, ROW_BLOCK * sizeof(*rows));
	if (!db_get(t->txn, t->dbs->rows, key_u32(&number), &block))
		return t->txn->fault.error;
	for (uint32_t i = 0; i < ROW_BLOCK; i++)
		if (row_block_find(block, i, &rows[i]) != ERR_OK)
			return ERR_STORE_CORRUPT;
	return ERR_OK;
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
static enum err
write_block(struct apply_table *t, size_t *n, struct buf *new_rows, struct buf *block)
{
	uint32_t number = t->items[*n].row / ROW_BLOCK;
	size_t ends[ROW_BLOCK] = { 0 }, start = 0;
	struct str key = key_u32(&number);
	struct str rows[ROW_BLOCK];
	enum err e = read_block(t, number, rows);

	if (e != ERR_OK)
		return e;
	buf_clear(new_rows);
	for (; *n < t->count && t->items[*n].row / ROW_BLOCK == number; (*n)++) {
		const struct apply_item *i = &t->items[*n];

		rows[i->row % ROW_BLOCK].len = 0;
		if (!i->gone) {
			row_encode(new_rows, t->schema, &i->now, t->all->head.generation);
			ends[i->row % ROW_BLOCK] = new_rows->len;
		}
	}
	if (buf_status(new_rows) != ERR_OK)
		return ERR_NOMEM;
	/* new_rows no longer moves; items are sorted by row, so its rows are too */
	for (size_t i = 0; i < ROW_BLOCK; i++)
		if (ends[i] > 0) {
			rows[i] = (struct str){ new_rows->data + start, ends[i] - start };
			start = ends[i];
		}
	if (block_empty(rows))
		return db_del(t->txn, t->dbs->rows, key);
	buf_clear(block);
	row_block_encode(block, rows);
	return buf_status(block) != ERR_OK ? ERR_NOMEM :
	    apply_put(t->txn, t->dbs->rows, key, block->data, block->len);
}

enum err
apply_rows(struct apply_table *t)
{
	struct buf new_rows = { 0 }, block = { 0 };
	enum err e = ERR_OK;

	for (size_t n = 0; n < t->count && e == ERR_OK;)
		e = write_block(t, &n, &new_rows, &block);
	for (size_t n = 0; n < t->count && e == ERR_OK; n++)
		e = write_ids(t, &t->items[n]);
	buf_free(&new_rows);
	buf_free(&block);
	return e;
}
