#ifndef COMMON_STORE_REPLACED_H
#define COMMON_STORE_REPLACED_H

#include "common/store/store.h"

/*
 * Has the store's data file been replaced since it was opened?  An operator
 * may put a backup in its place; a process that has the old file open goes on
 * seeing it until it opens the store again.  Costs two system calls.
 */
bool	 store_replaced(struct store *);

#endif
