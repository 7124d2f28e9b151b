#ifndef TESTS_LIB_STORE_CHECK_H
#define TESTS_LIB_STORE_CHECK_H

#include "common/store/store.h"

/*
 * verify_store() (syncd/verify/verify.h), which computes all that the store keeps
 * beside its rows again.  Fails the running test with the first fault.  The
 * store must be in a snapshot.
 */
void	store_check(struct store *);

#endif
