#ifndef TESTS_LIB_OUTBOX_FIXTURE_H
#define TESTS_LIB_OUTBOX_FIXTURE_H

#include "tests/lib/outbox_made.h"
#include "tests/lib/support.h"

/* A store with one order and an outbox; included by the programs that test what becomes of them. */

#define NOW_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z */
#define DAY_MS	INT64_C(86400000)

static struct config config;
static struct apply *a;
static struct store *st;
static struct made_order order;		/* Pending, Low; in the store since the first sync */

static __attribute__((unused)) void
setup(void)
{
	a = made_synced(&config, &order);
	st = apply_store(a);
}

static __attribute__((unused)) void
teardown(void)
{
	apply_close(a);
}

/* As after a restart. */
static __attribute__((unused)) void
reopen(void)
{
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &orders_schema, &a), ERR_OK);
	st = apply_store(a);
}

static __attribute__((unused)) void
check(void)
{
	made_check(a);
}

static __attribute__((unused)) enum err
count_one(void *cookie, const struct outbox_entry *e)
{
	(void)e;
	++*(size_t *)cookie;
	return ERR_OK;
}

/* How many the outbox holds. */
static __attribute__((unused)) size_t
entries(void)
{
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, &orders_schema, count_one, &n), ERR_OK);
	store_end(st);
	return n;
}

/* How many orders show what is pending. */
static __attribute__((unused)) uint32_t
pending(void)
{
	uint32_t n;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	n = outbox_pending(st);
	store_end(st);
	return n;
}

#endif
