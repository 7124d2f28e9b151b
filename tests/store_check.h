#ifndef TESTS_STORE_CHECK_H
#define TESTS_STORE_CHECK_H

#include "common/store.h"

/*
 * Everything the store keeps beside its rows, computed again from the rows
 * alone and compared: ids, business ids, free numbers, columns, orderings,
 * totals, the generation, and all of writes.  Fails the running test at the first difference.
 * The store must be in a snapshot.
 */
void	store_check(struct store *);

/*
 * Part of it (store_check() calls it): what is kept of writes.  The orders
 * that readers see as pending and how, against the outbox; every order's
 * history from entry to entry, and its end against the row; the audit log
 * and the bulk edits against the history; the answers that are kept against
 * when they end.
 */
void	store_check_writes(struct store *);

#endif
