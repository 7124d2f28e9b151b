#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "tests/lib/support.h"

START_TEST(a_zeroed_buf_is_empty_and_usable)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_cstr(&b), "");
	buf_add_cstr(&b, "abc");
	buf_add_char(&b, 'd');
	buf_add_str(&b, STR("ef"));
	buf_printf(&b, "%d", 42);
	ck_assert(str_is(buf_str(&b), "abcdef42"));
	ck_assert_str_eq(buf_cstr(&b), "abcdef42");
	ck_assert_uint_eq(b.len, 8);
	buf_free(&b);
}
END_TEST

START_TEST(adding_nothing_changes_nothing)
{
	struct buf b = { 0 };

	buf_add(&b, NULL, 0);
	buf_add_str(&b, (struct str){ NULL, 0 });
	buf_drain(&b, 0);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	ck_assert_ptr_nonnull(buf_reserve(&b, 0));
	buf_free(&b);
}
END_TEST

START_TEST(many_additions_keep_every_byte)
{
	struct buf b = { 0 };
	size_t at = 0;
	char number[16];

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "%d,", i);
	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)snprintf(number, sizeof(number), "%d,", i);

		ck_assert_mem_eq(b.data + at, number, n);
		at += n;
	}
	ck_assert_uint_eq(b.len, at);
	buf_free(&b);
}
END_TEST

START_TEST(the_limit_may_be_filled_but_not_passed)
{
	struct buf b = { .limit = 8 };

	buf_printf(&b, "%s", "12345678");
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	ck_assert_str_eq(buf_cstr(&b), "12345678");	/* the NUL does not count */
	buf_add_char(&b, '9');
	ck_assert_int_eq(buf_status(&b), ERR_TOO_LARGE);
	ck_assert_uint_eq(b.len, 8);
	ck_assert_str_eq(buf_cstr(&b), "");
	ck_assert_ptr_null(buf_reserve(&b, 1));
	buf_free(&b);
}
END_TEST

START_TEST(a_failed_buf_ignores_what_follows_until_it_is_cleared)
{
	struct buf b = { .limit = 4 };

	buf_add_cstr(&b, "12345");
	buf_add_cstr(&b, "1");
	buf_printf(&b, "%d", 1);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_int_eq(buf_status(&b), ERR_TOO_LARGE);
	buf_clear(&b);
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	buf_add_cstr(&b, "1234");
	ck_assert(str_is(buf_str(&b), "1234"));
	buf_free(&b);
	ck_assert_uint_eq(b.limit, 4);
}
END_TEST

START_TEST(a_length_that_overflows_is_too_large)
{
	struct buf b = { 0 };

	buf_add_char(&b, 'x');
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	ck_assert_int_eq(buf_status(&b), ERR_TOO_LARGE);
	buf_clear(&b);
	ck_assert_ptr_null(buf_reserve(&b, PTRDIFF_MAX));
	ck_assert_int_eq(buf_status(&b), ERR_TOO_LARGE);
	buf_free(&b);
}
END_TEST

START_TEST(draining_keeps_the_rest_in_order)
{
	struct buf b = { 0 };

	buf_add_cstr(&b, "head tail");
	buf_drain(&b, 5);
	ck_assert(str_is(buf_str(&b), "tail"));
	buf_add_cstr(&b, "!");
	ck_assert(str_is(buf_str(&b), "tail!"));
	buf_drain(&b, 5);
	ck_assert_uint_eq(b.len, 0);
	buf_free(&b);
}
END_TEST

START_TEST(reserved_room_counts_once_it_is_committed)
{
	struct buf b = { 0 };
	char *room = buf_reserve(&b, 1000);

	ck_assert_ptr_nonnull(room);
	memset(room, 'r', 1000);
	ck_assert_uint_eq(b.len, 0);
	buf_commit(&b, 10);
	ck_assert(str_is(buf_str(&b), "rrrrrrrrrr"));
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");

	tcase_add_test(t, a_zeroed_buf_is_empty_and_usable);
	tcase_add_test(t, adding_nothing_changes_nothing);
	tcase_add_test(t, many_additions_keep_every_byte);
	tcase_add_test(t, the_limit_may_be_filled_but_not_passed);
	tcase_add_test(t, a_failed_buf_ignores_what_follows_until_it_is_cleared);
	tcase_add_test(t, a_length_that_overflows_is_too_large);
	tcase_add_test(t, draining_keeps_the_rest_in_order);
	tcase_add_test(t, reserved_room_counts_once_it_is_committed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
