#include <stdlib.h>

#include "common/base/log.h"
#include "syncd/airtable/listing.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

#define ORDERS	130	/* two words of bits, and a bit of a third */

static struct config config;
static struct apply *a;
static struct store *st;
static struct listing listing;

/* Create orders ${from} to ${end}, which get the next row numbers. */
static void
make(unsigned from, unsigned end)
{
	static struct made_order made[ORDERS + 1];
	struct change changes[ORDERS + 1];
	uint64_t seed = 7;

	for (unsigned i = from; i < end; i++) {
		made_order(&made[i - from], i, &seed);
		changes[i - from] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = made[i - from].r };
	}
	(void)made_apply(a, changes, end - from);
}

static void
begin(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(listing_begin(&listing, st, &orders_schema), ERR_OK);
	store_end(st);
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	make(0, ORDERS);
	begin();
}

static void
teardown(void)
{
	listing_end(&listing);
	apply_close(a);
}

/* How many rows the listing has not shown; the last of them in *last. */
static unsigned
unseen(uint32_t *last)
{
	unsigned n = 0;

	for (uint32_t row = 0; listing_unseen(&listing, &row); row++) {
		*last = row;
		n++;
	}
	return n;
}

START_TEST(rows_that_a_listing_does_not_show_are_reported_and_no_others)
{
	static const uint32_t left[] = { 0, 63, 64, 127, 128, 129 };
	uint32_t last = 0;

	ck_assert_uint_eq(unseen(&last), ORDERS);
	for (uint32_t row = 0; row < ORDERS; row++)
		if (row != left[_i])
			listing_see(&listing, row);
	ck_assert_uint_eq(unseen(&last), 1);
	ck_assert_uint_eq(last, left[_i]);
	listing_see(&listing, left[_i]);
	listing_see(&listing, left[_i]);	/* Airtable may list a record twice */
	ck_assert_uint_eq(unseen(&last), 0);
}
END_TEST

START_TEST(rows_made_during_a_listing_are_not_missed)
{
	uint32_t last = 0;

	make(ORDERS, ORDERS + 1);
	listing_see(&listing, ORDERS);	/* it may show them */
	ck_assert_uint_eq(unseen(&last), ORDERS);
	ck_assert_uint_eq(last, ORDERS - 1);
}
END_TEST

START_TEST(a_listing_that_begins_again_has_shown_nothing)
{
	uint32_t last = 0;

	listing_see(&listing, 5);
	make(ORDERS, ORDERS + 1);
	begin();
	ck_assert(listing_under_way(&listing));
	ck_assert_uint_eq(unseen(&last), ORDERS + 1);
	listing_end(&listing);
	ck_assert(!listing_under_way(&listing));
	ck_assert_uint_eq(unseen(&last), 0);
	listing_see(&listing, 5);	/* harmless */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("airtable_listing");
	TCase *t = tcase_create("listing");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, rows_that_a_listing_does_not_show_are_reported_and_no_others, 0, 6);
	tcase_add_test(t, rows_made_during_a_listing_are_not_missed);
	tcase_add_test(t, a_listing_that_begins_again_has_shown_nothing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
