#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/money.h"
#include "tests/lib/support.h"

static int64_t
parsed(const char *text)
{
	int64_t units;

	ck_assert_msg(money_parse(str_of(text), &units) == ERR_OK, "%s is refused", text);
	return units;
}

static const char *
written(money_sum units)
{
	static char text[64];
	struct buf b = { 0 };

	money_add(&b, units);
	(void)snprintf(text, sizeof(text), "%s", buf_cstr(&b));
	buf_free(&b);
	return text;
}

START_TEST(decimal_text_is_read_exactly)
{
	static const struct { const char *text; int64_t units; } table[] = {
		{ "0", 0 }, { "-0", 0 }, { "00", 0 }, { "0.0", 0 }, { "12.30", 123000 },
		{ "12.3", 123000 }, { "-5", -50000 }, { "+5", 50000 }, { ".5", 5000 }, { "5.", 50000 },
		{ "1e3", 10000000 }, { "1E+3", 10000000 }, { "1234e-4", 1234 }, { "0.0001", 1 },
		{ "000123.4500", 1234500 }, { "0.00001", 0 }, { "0e999999999", 0 }, { "1e-99999", 0 },
		{ "99999999999999.9999", MONEY_MAX }, { "-99999999999999.9999", -MONEY_MAX },
		{ "0.00000000000000000000000000000000000000000000000000000000000000000000012e70", 12000 }
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ck_assert_msg(parsed(table[i].text) == table[i].units, "%s", table[i].text);
}
END_TEST

START_TEST(digits_beyond_four_places_are_rounded_half_away_from_zero)
{
	ck_assert_int_eq(parsed("0.00005"), 1);
	ck_assert_int_eq(parsed("-0.00005"), -1);
	ck_assert_int_eq(parsed("0.00004999999"), 0);
	ck_assert_int_eq(parsed("1.23455"), 12346);
	ck_assert_int_eq(parsed("9.99995"), 100000);
	ck_assert_int_eq(parsed("0.000005"), 0);
}
END_TEST

START_TEST(amounts_beyond_the_largest_are_refused)
{
	static const char *const bad[] = {
		"100000000000000", "1e14", "1e308", "-1e15", "99999999999999.99995",
		"-99999999999999.99995", "123456789012345678901234567890", "1e999999"
	};
	int64_t units;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(money_parse(str_of(bad[i]), &units) == ERR_INVALID_PARAMETER,
		    "%s is accepted", bad[i]);
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
	static const char *const bad[] = {
		"", "-", "+", ".", "-.", "e5", "1e", "1e+", "1.2.3", "1,5", " 1", "1 ", "0x10",
		"nan", "inf", "--1", "1e5.5", "\xd9\xa1", "$5"
	};
	int64_t units;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(money_parse(str_of(bad[i]), &units) == ERR_INVALID_PARAMETER,
		    "'%s' is accepted", bad[i]);
	ck_assert_int_eq(money_parse((struct str){ NULL, 0 }, &units), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(money_parse((struct str){ "1\0", 2 }, &units), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(doubles_mean_their_shortest_decimal)
{
	int64_t units;

	ck_assert_int_eq(money_from_double(12.3, &units), ERR_OK);
	ck_assert_int_eq(units, 123000);
	ck_assert_int_eq(money_from_double(0.1 + 0.2, &units), ERR_OK);
	ck_assert_int_eq(units, 3000);
	ck_assert_int_eq(money_from_double(-0.0, &units), ERR_OK);
	ck_assert_int_eq(units, 0);
	ck_assert_int_eq(money_from_double(1.00005, &units), ERR_OK);
	ck_assert_int_eq(units, 10001);		/* as written, though its binary lies below */
	ck_assert_int_eq(money_from_double(1e308, &units), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(money_from_double((double)NAN, &units), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(money_from_double((double)INFINITY, &units), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(every_amount_in_cents_survives_a_double)
{
	int64_t units;

	for (int64_t cents = 0; cents < 2000000; cents += 7) {
		ck_assert_int_eq(money_from_double((double)cents / 100, &units), ERR_OK);
		if (units != cents * 100)
			ck_abort_msg("%lld cents became %lld units", (long long)cents, (long long)units);
	}
}
END_TEST

START_TEST(amounts_are_written_with_two_to_four_places)
{
	ck_assert_str_eq(written(0), "0.00");
	ck_assert_str_eq(written(123000), "12.30");
	ck_assert_str_eq(written(1234), "0.1234");
	ck_assert_str_eq(written(1230), "0.123");
	ck_assert_str_eq(written(-50000), "-5.00");
	ck_assert_str_eq(written(-1), "-0.0001");
	ck_assert_str_eq(written(100), "0.01");
	ck_assert_str_eq(written(MONEY_MAX), "99999999999999.9999");
	ck_assert_str_eq(written(-(money_sum)MONEY_MAX), "-99999999999999.9999");
}
END_TEST

START_TEST(sums_beyond_64_bits_are_written_whole)
{
	money_sum sum = (money_sum)MONEY_MAX * 1000000;

	ck_assert_str_eq(written(sum), "99999999999999999900.00");
	ck_assert_str_eq(written(-sum), "-99999999999999999900.00");
	sum = (money_sum)((~(unsigned __int128)0) >> 1);
	ck_assert_str_eq(written(sum), "17014118346046923173168730371588410.5727");
	ck_assert_str_eq(written(-sum - 1), "-17014118346046923173168730371588410.5728");
}
END_TEST

START_TEST(text_and_back_is_the_same_amount)
{
	unsigned seed = 3;

	for (int i = 0; i < 200000; i++) {
		int64_t units = (int64_t)(((uint64_t)rand_r(&seed) << 31 | (uint64_t)rand_r(&seed)) %
		    (uint64_t)MONEY_MAX) * (i % 2 == 0 ? 1 : -1);

		if (parsed(written(units)) != units)
			ck_abort_msg("%lld", (long long)units);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("money");
	TCase *t = tcase_create("money");

	tcase_add_test(t, decimal_text_is_read_exactly);
	tcase_add_test(t, digits_beyond_four_places_are_rounded_half_away_from_zero);
	tcase_add_test(t, amounts_beyond_the_largest_are_refused);
	tcase_add_test(t, what_is_no_number_is_refused);
	tcase_add_test(t, doubles_mean_their_shortest_decimal);
	tcase_add_test(t, amounts_are_written_with_two_to_four_places);
	tcase_add_test(t, sums_beyond_64_bits_are_written_whole);
	tcase_add_test(t, text_and_back_is_the_same_amount);
	suite_add_tcase(s, t);
	t = tcase_create("every amount");
	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_amount_in_cents_survives_a_double);
	suite_add_tcase(s, t);
	return run_suite(s);
}
