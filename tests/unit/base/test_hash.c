#include <stdio.h>

#include "common/base/hash.h"
#include "common/query/text_search.h"
#include "tests/lib/support.h"

START_TEST(hashes_equal_those_of_other_implementations)
{
	ck_assert_uint_eq(hash_str(STR("")), HASH_BEGIN);
	ck_assert_uint_eq(hash_str((struct str){ NULL, 0 }), HASH_BEGIN);
	ck_assert_uint_eq(hash_str(STR("a")), UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert_uint_eq(hash_str(STR("foobar")), UINT64_C(0x85944171f73967e8));
	/* bytes above 127 too, whether char has a sign or not */
	ck_assert_uint_eq(hash_str(STR("\xff\x00\x01")), UINT64_C(0xf9210a1be4164051));
}
END_TEST

START_TEST(hashing_in_pieces_equals_hashing_the_whole)
{
	ck_assert_uint_eq(hash_add(hash_str(STR("foo")), "bar", 3), hash_str(STR("foobar")));
	ck_assert_uint_eq(hash_add_by(HASH_BEGIN, "foobar", 6, HASH_PRIME), hash_str(STR("foobar")));
	ck_assert_uint_ne(hash_add_by(HASH_BEGIN, "foobar", 6, 3), hash_str(STR("foobar")));
}
END_TEST

/* The columns for exact matches store these hashes. */
START_TEST(stored_hashes_never_change)
{
	ck_assert_int_eq(text_hash(STR("")), INT64_C(-780787492076525413));
	ck_assert_int_eq(text_hash(STR("Acme")), INT64_C(4806335879590368798));
	ck_assert_int_eq(text_hash(STR("M\xc3\xbcller & S\xc3\xb6hne")), INT64_C(-4584918774561368527));
}
END_TEST

/* Keys of tables are often neighbours: they differ in the last digit, or by one. */
START_TEST(neighbouring_keys_are_spread)
{
	enum { PLACES = 256, KEYS = 128 };
	unsigned char ids[PLACES] = { 0 }, numbers[PLACES] = { 0 };
	size_t shared_ids = 0, shared_numbers = 0;
	char id[20];

	for (unsigned i = 0; i < KEYS; i++) {
		(void)snprintf(id, sizeof(id), "rec%014u", i);
		shared_ids += ids[hash_place(hash_str(str_of(id))) % PLACES]++ > 0;
		shared_numbers += numbers[hash_number((uint64_t)i << 8) % PLACES]++ > 0;
	}
	/* half of the places taken by luck: about 27 keys would meet another */
	ck_assert_uint_lt(shared_ids, 45);
	ck_assert_uint_lt(shared_numbers, 45);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hash");
	TCase *t = tcase_create("hash");

	tcase_add_test(t, hashes_equal_those_of_other_implementations);
	tcase_add_test(t, hashing_in_pieces_equals_hashing_the_whole);
	tcase_add_test(t, stored_hashes_never_change);
	tcase_add_test(t, neighbouring_keys_are_spread);
	suite_add_tcase(s, t);
	return run_suite(s);
}
