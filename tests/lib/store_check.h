#ifndef TESTS_LIB_STORE_CHECK_H
#define TESTS_LIB_STORE_CHECK_H

#include "common/store/store.h"

/*
 * Run verify_store() (syncd/verify/verify.h), which derives everything again that
 * the store keeps beside its rows, and fail the running test with the first
 * fault.  The store must be in a snapshot.
 */
void	store_check(struct store *);

#endif
