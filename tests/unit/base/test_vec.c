#include <stdint.h>
#include <stdlib.h>

#include "common/base/vec.h"
#include "tests/lib/support.h"

START_TEST(an_array_grows_and_keeps_its_items)
{
	uint32_t *list = NULL;
	size_t room = 0, moves = 0, had;

	for (uint32_t i = 0; i < 10000; i++) {
		had = room;
		ck_assert(vec_room(&list, i, &room));
		ck_assert_uint_gt(room, i);
		moves += room != had;
		list[i] = i * 3;
	}
	for (uint32_t i = 0; i < 10000; i++)
		ck_assert_uint_eq(list[i], i * 3);
	ck_assert_uint_lt(moves, 12);	/* it doubles */
	free(list);
}
END_TEST

START_TEST(there_is_room_for_large_items_and_for_an_array_that_another_made)
{
	struct large { char bytes[300]; } *list = calloc(3, sizeof(*list));
	size_t room = 3;

	ck_assert_ptr_nonnull(list);
	list[2].bytes[299] = 'x';
	ck_assert(vec_room(&list, 2, &room));
	ck_assert_uint_eq(room, 3);	/* there was room */
	ck_assert(vec_room(&list, 3, &room));
	ck_assert_uint_gt(room, 3);
	ck_assert_int_eq(list[2].bytes[299], 'x');
	list[room - 1] = list[2];	/* all of it is there */
	free(list);
}
END_TEST

/* ASan would end the program instead of reporting that there is no memory. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

START_TEST(without_memory_nothing_changes)
{
	char *list = malloc(4), *before = list;
	size_t room = 4;

	ck_assert_ptr_nonnull(list);
	list[3] = 'x';
	ck_assert(!vec_grow(&list, 4, &room, SIZE_MAX / 64));	/* more than any machine has */
	ck_assert(!vec_grow(&list, 4, &room, SIZE_MAX / 4));	/* more than a size can say */
	ck_assert_ptr_eq(list, before);
	ck_assert_uint_eq(room, 4);
	ck_assert_int_eq(list[3], 'x');
	free(list);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vec");
	TCase *t = tcase_create("vec");

	tcase_add_test(t, an_array_grows_and_keeps_its_items);
	tcase_add_test(t, there_is_room_for_large_items_and_for_an_array_that_another_made);
	tcase_add_test(t, without_memory_nothing_changes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
