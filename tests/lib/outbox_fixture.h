#ifndef TESTS_LIB_OUTBOX_FIXTURE_H
#define TESTS_LIB_OUTBOX_FIXTURE_H

#include "tests/lib/outbox_made.h"
#include "tests/lib/support.h"

/* A store with one order and an outbox, for the programs that test them. */

#define NOW_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z */
#define DAY_MS	INT64_C(86400000)

extern struct config store_config;

extern struct apply *a;

extern struct store *st;

extern struct made_order order;	/* Pending, Low; in the store since the first sync */

void outbox_setup(void);
void outbox_teardown(void);

/* As after a restart. */
void outbox_reopen(void);

void check(void);

/* How many entries the outbox holds. */
size_t entries(void);

/* How many orders show a pending change. */
uint32_t pending(void);

#endif
