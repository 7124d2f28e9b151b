#ifndef TESTS_FUZZ_MADE_STORE_H
#define TESTS_FUZZ_MADE_STORE_H

#include "common/config/config.h"
#include "common/store/store.h"

/* A small store for a fuzz target, and a check that ends it. */

/* Abort unless ${ok}. */
void		 must(bool ok);
/*
 * Let ${fill} make a store where ${config} says, and open it.  The writer is
 * another process, as LMDB requires; the files are removed once they are open.
 */
struct store	*made_store(struct config *, void (*fill)(const struct config *));

#endif
