#ifndef TESTS_LIB_STORE_FULL_H
#define TESTS_LIB_STORE_FULL_H

#include "tests/lib/outbox_made.h"

/*
 * A store with something of everything: FULL_ORDERS orders of a first sync, then
 * changed, deleted and new ones with their history, some of it from bulk edits,
 * an outbox of two entries (one shown), a kept answer and one not settled, a
 * feed with its webhook, and a count of calls.
 */
#define FULL_ORDERS	3000u
#define FULL_FEED	"{\"base\":\"\",\"table\":\"\",\"webhook\":\"achFullStore00001\"," \
			"\"wish\":0,\"cursor\":7,\"gap\":false,\"since\":0}"

/*
 * Make it in ${dir}, which *config then names, and close it.  Everything but the
 * news of some orders happens at ${now_ms}: kept answers end a day later, so a test of
 * code that reads the clock itself passes instant_now().
 */
void	full_store(struct config *, const char *dir, int64_t now_ms);

#endif
