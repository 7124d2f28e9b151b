#include <check.h>

#include "tests/lib/closed_store.h"

void
closed_store_open(struct closed_store *s, const char *path)
{
	const struct db_options options = {
		.max_dbs = store_max_dbs(&tables_builtin), .map_bytes = 1 << 26, .mode = 0640
	};

	s->txn = (struct db_txn){ .txn = NULL };
	ck_assert_int_eq(db_open(&s->db, path, &options), ERR_OK);
	ck_assert_int_eq(db_begin(&s->db, &s->txn, true), ERR_OK);
	ck_assert_int_eq(store_keys_open(&s->txn, &tables_builtin, false, &s->dbs), ERR_OK);
}

void
closed_store_commit(struct closed_store *s)
{
	ck_assert_int_eq(db_commit(&s->txn), ERR_OK);
	db_close(&s->db);
}

void
closed_store_set_format(const char *path, uint32_t format)
{
	struct closed_store s;
	struct store_head head;
	struct str stored;

	closed_store_open(&s, path);
	/* the bytes themselves, as meta_head() reads only the format of a foreign head */
	ck_assert(db_get(&s.txn, s.dbs.meta, STR(META_HEAD), &stored) && stored.len <= sizeof(head));
	memcpy(&head, stored.ptr, stored.len);
	head.format = format;
	ck_assert_int_eq(db_put(&s.txn, s.dbs.meta, STR(META_HEAD),
	    (struct str){ (const char *)&head, stored.len }), ERR_OK);
	closed_store_commit(&s);
}
