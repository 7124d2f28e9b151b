#ifndef TESTS_LIB_CLOSED_STORE_H
#define TESTS_LIB_CLOSED_STORE_H

#include "common/store/keys.h"

/*
 * A store that no program has open, changed directly: to look as another build
 * would have left it, or damaged.
 */
struct closed_store {
	struct db		db;
	struct db_txn		txn;	/* writing */
	struct store_dbs	dbs;
};

/* Fails the test when it can't be opened, or committed. */
void	closed_store_open(struct closed_store *, const char *path);
void	closed_store_commit(struct closed_store *);

/* Set the format of the store in folder ${path}. */
void	closed_store_set_format(const char *path, uint32_t format);

#endif
