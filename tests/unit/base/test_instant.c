#include <stdlib.h>
#include <time.h>

#include "common/base/instant.h"
#include "tests/lib/support.h"

static int64_t
parsed(const char *text)
{
	int64_t ms;

	ck_assert_msg(instant_parse(str_of(text), &ms) == ERR_OK, "%s is refused", text);
	return ms;
}

static const char *
formatted(int64_t ms)
{
	static char text[INSTANT_TEXT_SIZE];

	ck_assert_int_eq(instant_format(ms, text), ERR_OK);
	return text;
}

START_TEST(known_instants_have_their_known_text)
{
	ck_assert_str_eq(formatted(0), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(formatted(-1), "1969-12-31T23:59:59.999Z");
	ck_assert_str_eq(formatted(INT64_C(1798797600123)), "2027-01-01T10:00:00.123Z");
	ck_assert_str_eq(formatted(INSTANT_MIN), "0000-01-01T00:00:00.000Z");
	ck_assert_str_eq(formatted(INSTANT_MAX), "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(out_of_range_has_no_text)
{
	char text[INSTANT_TEXT_SIZE];

	ck_assert_int_eq(instant_format(INSTANT_MAX + 1, text), ERR_INVALID_PARAMETER);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(instant_format(INSTANT_MIN - 1, text), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(instant_format(INT64_MIN, text), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(every_form_of_rfc_3339_is_read)
{
	static const struct { const char *text; int64_t ms; } table[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01 00:00:01", 1000 },
		{ "1970-01-01", 0 },
		{ "1970-01-02", 86400000 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.1239999999999999999999Z", 123 },
		{ "1970-01-01T00:00:00.000001Z", 0 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1970-01-01T01:00:00+0100", 0 },
		{ "1969-12-31T14:30:00-09:30", 0 },
		{ "1970-01-01T00:00Z", 0 },
		{ "2024-02-29T00:00:00Z", INT64_C(1709164800000) },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },	/* a leap second is the next one */
		{ "0000-01-01T00:00:00Z", INSTANT_MIN },
		{ "9999-12-31T23:59:59.999Z", INSTANT_MAX }
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ck_assert_msg(parsed(table[i].text) == table[i].ms, "%s", table[i].text);
}
END_TEST

START_TEST(invalid_instants_are_refused)
{
	static const char *const bad[] = {
		"", "T", "1970", "1970-01", "1970-1-1", "1970-00-01", "1970-13-01", "1970-01-00",
		"1970-01-32", "2023-02-29", "1900-02-29", "1970-04-31", "1970-01-01T", "1970-01-01T1",
		"1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1", "1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00+01:60", "1970-01-01T00:00:00+01:", "1970-01-01T00:00:00ZZ",
		"1970-01-01T00:00:00Z ", " 1970-01-01", "1970-01-01X00:00:00Z", "19700101T000000Z",
		"-1970-01-01", "+1970-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
		"0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z",
		"now", "1970-01-01T00:00:00\xc3\xa9"
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(instant_parse(str_of(bad[i]), &ms) == ERR_INVALID_PARAMETER,
		    "'%s' is accepted", bad[i]);
	ck_assert_int_eq(instant_parse((struct str){ NULL, 0 }, &ms), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(instant_parse((struct str){ "1970-01-01\0", 11 }, &ms), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(text_and_back_is_the_same_instant)
{
	unsigned seed = 7;

	for (int i = 0; i < 200000; i++) {
		uint64_t r = (uint64_t)rand_r(&seed) << 31 | (uint64_t)rand_r(&seed);
		int64_t ms = INSTANT_MIN + (int64_t)(r % (uint64_t)(INSTANT_MAX - INSTANT_MIN));

		if (parsed(formatted(ms)) != ms)
			ck_abort_msg("%lld", (long long)ms);
	}
}
END_TEST

START_TEST(every_day_agrees_with_the_c_library)
{
	int y, m, d;

	for (int32_t day = -719528; day <= 2932896; day++) {
		time_t t = (time_t)day * 86400;
		struct tm tm;

		instant_civil_from_day(day, &y, &m, &d);
		if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 != y || tm.tm_mon + 1 != m ||
		    tm.tm_mday != d || instant_day_from_civil(y, m, d) != day)
			ck_abort_msg("day %d: %d-%d-%d", day, y, m, d);
	}
}
END_TEST

START_TEST(the_monotonic_clock_does_not_go_back)
{
	int64_t before = instant_monotonic();

	for (int i = 0; i < 1000; i++) {
		int64_t now = instant_monotonic();

		ck_assert_int_ge(now, before);
		before = now;
	}
	ck_assert_int_gt(instant_now(), INT64_C(1577836800000));	/* after 2020 */
}
END_TEST

START_TEST(a_month_begins_with_its_first_day)
{
	static const struct { const char *at; int later; const char *first; } cases[] = {
		{ "2026-03-31T23:59:59.999Z", 0, "2026-03-01T00:00:00.000Z" },
		{ "2026-03-01T00:00:00.000Z", 0, "2026-03-01T00:00:00.000Z" },
		{ "2026-03-01T00:00:00.000Z", 1, "2026-04-01T00:00:00.000Z" },
		{ "2026-12-09T10:00:00.000Z", 1, "2027-01-01T00:00:00.000Z" },
		{ "2026-01-09T10:00:00.000Z", -1, "2025-12-01T00:00:00.000Z" },
		{ "2026-01-09T10:00:00.000Z", 26, "2028-03-01T00:00:00.000Z" },
		{ "1969-12-31T23:59:59.999Z", 0, "1969-12-01T00:00:00.000Z" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[INSTANT_TEXT_SIZE];
		int64_t at;

		ck_assert_int_eq(instant_parse(str_of(cases[i].at), &at), ERR_OK);
		ck_assert_int_eq(instant_format(instant_month(at, cases[i].later), text), ERR_OK);
		ck_assert_str_eq(text, cases[i].first);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("instant");
	TCase *t = tcase_create("instant");

	tcase_add_test(t, known_instants_have_their_known_text);
	tcase_add_test(t, out_of_range_has_no_text);
	tcase_add_test(t, every_form_of_rfc_3339_is_read);
	tcase_add_test(t, invalid_instants_are_refused);
	tcase_add_test(t, text_and_back_is_the_same_instant);
	tcase_add_test(t, every_day_agrees_with_the_c_library);
	tcase_add_test(t, the_monotonic_clock_does_not_go_back);
	tcase_add_test(t, a_month_begins_with_its_first_day);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return run_suite(s);
}
