#ifndef TESTS_LIB_STORE_FULL_H
#define TESTS_LIB_STORE_FULL_H

#include "tests/lib/outbox_made.h"

/*
 * A store that has something of all there is: FULL_ORDERS orders of a first
 * sync, then changed, deleted and new ones with their history, some of it a
 * bulk edit's, an outbox of two entries (one shown), an answer kept and one
 * not settled, a feed with its webhook, and calls counted.
 */
#define FULL_ORDERS	3000u
#define FULL_FEED	"{\"base\":\"\",\"table\":\"\",\"webhook\":\"achFullStore00001\"," \
			"\"wish\":0,\"cursor\":7,\"gap\":false,\"since\":0}"

/*
 * In ${dir}, which the configuration then names; it is closed again.  What
 * comes in after the first orders is of ${now_ms}: kept answers end a day later,
 * so a test of what reads the clock itself passes instant_now().
 */
void	full_store(struct config *, const char *dir, int64_t now_ms);

#endif
