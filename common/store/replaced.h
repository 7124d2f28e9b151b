#ifndef COMMON_STORE_REPLACED_H
#define COMMON_STORE_REPLACED_H

#include "common/store/store.h"

/*
 * Does another data file lie where the store's was when it was opened?  An
 * operator may put a backup in its place; who has the old one open goes on
 * seeing it until it is opened anew.  Costs two system calls.
 */
bool	 store_replaced(struct store *);

#endif
