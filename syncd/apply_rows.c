#include <errno.h>

#include "common/row.h"
#include "syncd/apply_parts.h"

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
		if ((rc = mdb_del(t->txn, t->dbs->orders.ids, &id, NULL)) != 0 ||
		    (rc = mdb_put(t->txn, t->dbs->orders.free, &row, &nothing, 0)) != 0)
			return rc;
		return mdb_del(t->txn, t->dbs->orders.rows, &row, NULL);
	}
	if (i->existed)
		return 0;
	if (i->row < t->rows_end_before &&
	    (rc = mdb_del(t->txn, t->dbs->orders.free, &row, NULL)) != 0)
		return rc;
	return mdb_put(t->txn, t->dbs->orders.ids, &id, &row, MDB_NOOVERWRITE);
}

int
apply_rows(struct apply_txn *t)
{
	struct buf b = { 0 };
	int rc = 0;

	for (size_t n = 0; n < t->count && rc == 0; n++) {
		const struct apply_item *i = &t->items[n];

		if (!i->gone) {
			buf_clear(&b);
			row_encode(&b, t->schema, &i->now, t->head.generation);
			rc = buf_status(&b) != ERR_OK ? ENOMEM :
			    apply_put(t->txn, t->dbs->orders.rows, key_u32(&i->row), b.data, b.len);
		}
		if (rc == 0)
			rc = write_ids(t, i);
	}
	buf_free(&b);
	return rc;
}
