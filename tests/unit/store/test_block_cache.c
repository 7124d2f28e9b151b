#include <check.h>

#include "common/store/block_cache.h"
#include "tests/lib/support.h"

static struct block_cache *c;

static void
setup(void)
{
	ck_assert_ptr_nonnull(c = block_cache_new());
}

static void
teardown(void)
{
	block_cache_free(c);
}

START_TEST(what_was_noted_in_a_transaction_is_found_in_it)
{
	struct str found;

	block_cache_begin(c, 7, 100);
	ck_assert(!block_cache_get(c, 99, &found));
	block_cache_put(c, 99, STR("block 99"));
	block_cache_begin(c, 7, 100);
	ck_assert(block_cache_get(c, 99, &found));
	ck_assert(str_is(found, "block 99"));
	ck_assert(!block_cache_get(c, 98, &found));
}
END_TEST

START_TEST(another_transaction_sees_none_of_the_cached_blocks)
{
	struct str found;

	block_cache_begin(c, 7, 100);
	block_cache_put(c, 5, STR("old"));
	block_cache_begin(c, 8, 100);
	ck_assert(!block_cache_get(c, 5, &found));
	block_cache_put(c, 5, STR("new"));
	ck_assert(block_cache_get(c, 5, &found));
	ck_assert(str_is(found, "new"));
	/* the old one again is another transaction too */
	block_cache_begin(c, 7, 100);
	ck_assert(!block_cache_get(c, 5, &found));
}
END_TEST

START_TEST(the_cache_grows_with_the_store_and_keeps_its_blocks)
{
	struct str found;

	block_cache_begin(c, 1, 10);
	block_cache_put(c, 9, STR("nine"));
	block_cache_put(c, 5000, STR("beyond: not noted, not an error"));
	ck_assert(!block_cache_get(c, 5000, &found));
	block_cache_begin(c, 1, 100000);
	ck_assert(block_cache_get(c, 9, &found));
	block_cache_put(c, 99999, STR("the last"));
	ck_assert(block_cache_get(c, 99999, &found));
	ck_assert(str_is(found, "the last"));
}
END_TEST

START_TEST(blocks_beyond_the_bound_are_not_cached)
{
	struct str found;

	block_cache_begin(c, 1, UINT32_MAX / 32);
	block_cache_put(c, BLOCK_CACHE_MAX - 1, STR("within"));
	block_cache_put(c, BLOCK_CACHE_MAX, STR("beyond"));
	ck_assert(block_cache_get(c, BLOCK_CACHE_MAX - 1, &found));
	ck_assert(!block_cache_get(c, BLOCK_CACHE_MAX, &found));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("block_cache");
	TCase *tc = tcase_create("block_cache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_noted_in_a_transaction_is_found_in_it);
	tcase_add_test(tc, another_transaction_sees_none_of_the_cached_blocks);
	tcase_add_test(tc, the_cache_grows_with_the_store_and_keeps_its_blocks);
	tcase_add_test(tc, blocks_beyond_the_bound_are_not_cached);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
