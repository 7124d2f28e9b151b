#include <stdlib.h>

#include "common/base/log.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1795255200000)
#define MANY	300

static struct config config;
static struct apply *a;
static struct store *st;
static struct made_order made[MANY];

static void
setup(void)
{
	uint64_t seed = 7;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	config.store.changes_kept = 1000;	/* it is known as far as the log goes back */
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	for (unsigned i = 0; i < MANY; i++)
		made_order(&made[i], i, &seed);
}

static void
teardown(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_end(st);
	apply_close(a);
}

/* Apply one change of one order; returns how many were skipped. */
static size_t
apply_one(unsigned i, enum change_kind kind, uint64_t base)
{
	const struct apply_meta meta = { 0 };
	struct change c = { .table = &orders_schema, .kind = kind, .record = made[i].r, .base = base };
	struct apply_result result;

	ck_assert_int_eq(apply_changes(a, &c, 1, SOURCE_FEED, &meta, NOW_MS, &result), ERR_OK);
	return result.skipped;
}

static bool
is_there(unsigned i)
{
	uint32_t row;
	bool there;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	there = store_find_record(st, &orders_schema, made[i].r.id, &row) == ERR_OK;
	store_end(st);
	return there;
}

START_TEST(news_from_before_a_deletion_does_not_bring_the_row_back)
{
	uint64_t before;

	(void)apply_one(0, CHANGE_UPSERT, CHANGE_ANY_BASE);
	(void)apply_one(1, CHANGE_UPSERT, CHANGE_ANY_BASE);
	before = apply_generation(a);
	(void)apply_one(0, CHANGE_GONE, CHANGE_ANY_BASE);
	ck_assert_uint_eq(apply_one(0, CHANGE_UPSERT, before), 1);
	ck_assert(!is_there(0));
	ck_assert(is_there(1));
}
END_TEST

START_TEST(news_from_after_a_deletion_brings_the_row_back)
{
	(void)apply_one(0, CHANGE_UPSERT, CHANGE_ANY_BASE);
	(void)apply_one(0, CHANGE_GONE, CHANGE_ANY_BASE);
	ck_assert_uint_eq(apply_one(0, CHANGE_UPSERT, apply_generation(a)), 0);
	ck_assert(is_there(0));
	(void)apply_one(0, CHANGE_GONE, CHANGE_ANY_BASE);
	ck_assert_uint_eq(apply_one(0, CHANGE_UPSERT, CHANGE_ANY_BASE), 0);
	ck_assert(is_there(0));
}
END_TEST

START_TEST(a_row_that_never_existed_is_new_whatever_the_news_is_based_on)
{
	uint64_t before = apply_generation(a);

	(void)apply_one(0, CHANGE_UPSERT, CHANGE_ANY_BASE);
	(void)apply_one(0, CHANGE_GONE, CHANGE_ANY_BASE);
	ck_assert_uint_eq(apply_one(1, CHANGE_UPSERT, before), 0);
	ck_assert(is_there(1));
}
END_TEST

START_TEST(each_piece_of_news_counts_by_its_own_base)
{
	const struct apply_meta meta = { 0 };
	struct change *c = calloc(MANY, sizeof(*c));
	struct apply_result result;

	for (unsigned i = 0; i < MANY; i++)
		c[i] = (struct change){ .table = &orders_schema, .record = made[i].r, .base = CHANGE_ANY_BASE };
	ck_assert_int_eq(apply_changes(a, c, MANY, SOURCE_FULL_SYNC, &meta, NOW_MS, &result), ERR_OK);
	for (unsigned i = 0; i < MANY; i++) {
		/* half of them were asked for before it went, in falling order */
		c[MANY - 1 - i].base = apply_generation(a);
		(void)apply_one(i, CHANGE_GONE, CHANGE_ANY_BASE);
	}
	ck_assert_int_eq(apply_changes(a, c, MANY, SOURCE_FULL_SYNC, &meta, NOW_MS, &result), ERR_OK);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_msg(is_there(i) == (MANY - 1 - i > i), "order %u", i);
	ck_assert_uint_eq(result.skipped, MANY / 2);
	free(c);
}
END_TEST

static unsigned told;

static void
watcher(void *cookie, const struct change *c, size_t n, enum change_source source)
{
	(void)cookie, (void)c;
	ck_assert_int_eq(source, SOURCE_FEED);
	told += (unsigned)n;
}

START_TEST(a_watcher_is_called_after_a_commit)
{
	apply_watch(a, watcher, NULL);
	(void)apply_one(0, CHANGE_UPSERT, CHANGE_ANY_BASE);
	ck_assert_uint_eq(told, 1);
	apply_watch(a, NULL, NULL);
	(void)apply_one(0, CHANGE_GONE, CHANGE_ANY_BASE);
	ck_assert_uint_eq(told, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("apply_gone");
	TCase *t = tcase_create("gone");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, news_from_before_a_deletion_does_not_bring_the_row_back);
	tcase_add_test(t, news_from_after_a_deletion_brings_the_row_back);
	tcase_add_test(t, a_row_that_never_existed_is_new_whatever_the_news_is_based_on);
	tcase_add_test(t, each_piece_of_news_counts_by_its_own_base);
	tcase_add_test(t, a_watcher_is_called_after_a_commit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
