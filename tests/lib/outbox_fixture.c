#include "tests/lib/outbox_fixture.h"

struct config store_config;
struct apply *a;
struct store *st;
struct made_order order;

void
outbox_setup(void)
{
	a = made_synced(&store_config, &order);
	st = apply_store(a);
}

void
outbox_teardown(void)
{
	apply_close(a);
}

void
outbox_reopen(void)
{
	apply_close(a);
	ck_assert_int_eq(apply_open(&store_config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
}

void
check(void)
{
	made_check(a);
}

static enum err
count_one(void *cookie, const struct outbox_entry *e)
{
	(void)e;
	++*(size_t *)cookie;
	return ERR_OK;
}

size_t
entries(void)
{
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, count_one, &n), ERR_OK);
	store_end(st);
	return n;
}

uint32_t
pending(void)
{
	uint32_t n;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	n = outbox_pending(st, &orders_schema);
	store_end(st);
	return n;
}
