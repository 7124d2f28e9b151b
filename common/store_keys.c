#include "common/store_keys.h"

int
store_keys_open(MDB_txn *txn, int create, struct store_dbs *d)
{
	const struct {
		const char	*name;
		unsigned	 flags;
		MDB_dbi		*dbi;
	} list[] = {
		{ "meta", 0, &d->meta },
		{ "changes", MDB_INTEGERKEY, &d->changes },
		{ "orders.ids", 0, &d->orders.ids },
		{ "orders.keys", MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, &d->orders.keys },
		{ "orders.rows", MDB_INTEGERKEY, &d->orders.rows },
		{ "orders.free", MDB_INTEGERKEY, &d->orders.free },
		{ "orders.columns", MDB_INTEGERKEY, &d->orders.columns },
		{ "orders.orderings", MDB_INTEGERKEY, &d->orders.orderings },
		{ "orders.totals", MDB_INTEGERKEY, &d->orders.totals }
	};
	int rc;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if ((rc = mdb_dbi_open(txn, list[i].name,
		    list[i].flags | (create ? MDB_CREATE : 0), list[i].dbi)) != 0)
			return rc;
	return 0;
}

int
meta_get(MDB_txn *txn, MDB_dbi meta, const char *name, struct str *value)
{
	MDB_val key = key_str(str_of(name)), data;
	int rc = mdb_get(txn, meta, &key, &data);

	*value = rc == 0 ? (struct str){ data.mv_data, data.mv_size } : (struct str){ NULL, 0 };
	return rc;
}

int
meta_head(MDB_txn *txn, MDB_dbi meta, struct store_head *head)
{
	struct str v;
	int rc = meta_get(txn, meta, META_HEAD, &v);

	if (rc != 0)
		return rc;
	if (v.len != sizeof(*head))
		return MDB_CORRUPTED;
	memcpy(head, v.ptr, sizeof(*head));
	return 0;
}
