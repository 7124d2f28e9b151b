#ifndef TESTS_STORE_CHECK_H
#define TESTS_STORE_CHECK_H

#include "common/store.h"

/*
 * Everything the store keeps beside its rows, computed again from the rows
 * alone and compared: ids, business ids, free numbers, columns, orderings,
 * totals, the generation.  Fails the running test at the first difference.
 * The store must be in a snapshot.
 */
void	store_check(struct store *);

#endif
