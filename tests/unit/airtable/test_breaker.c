#include "syncd/airtable/breaker.h"
#include "tests/lib/support.h"

static double random_value;
static struct breaker b;

static double
fixed(void *cookie)
{
	(void)cookie;
	return random_value;
}

static void
setup(void)
{
	random_value = 0;
	breaker_init(&b, 3, 5000, fixed, NULL);
}

static void
fail_times(int n, int64_t now)
{
	for (int i = 0; i < n; i++)
		breaker_failure(&b, breaker_start(&b, now), now);
}

START_TEST(it_opens_after_a_number_of_failures_in_a_row)
{
	fail_times(2, 0);
	ck_assert_int_eq(breaker_state(&b, 0), BREAKER_CLOSED);
	ck_assert(breaker_allows(&b, 0));
	fail_times(1, 0);
	ck_assert_int_eq(breaker_state(&b, 0), BREAKER_OPEN);
	ck_assert(!breaker_allows(&b, 0));
	ck_assert_int_eq(breaker_wait_ms(&b, 1000), 4000);
}
END_TEST

START_TEST(a_success_in_between_resets_the_count)
{
	fail_times(2, 0);
	breaker_success(&b);
	fail_times(2, 0);
	ck_assert_int_eq(breaker_state(&b, 0), BREAKER_CLOSED);
}
END_TEST

START_TEST(after_the_cool_down_one_probe_may_go)
{
	fail_times(3, 0);
	ck_assert(!breaker_allows(&b, 4999));
	ck_assert_int_eq(breaker_state(&b, 5000), BREAKER_HALF_OPEN);
	ck_assert_int_eq(breaker_wait_ms(&b, 5000), 0);
	ck_assert_int_eq(breaker_probing_ms(&b, 5000), -1);
	ck_assert(breaker_allows(&b, 5000));
	ck_assert(breaker_start(&b, 5000));
	ck_assert(!breaker_allows(&b, 5100));
	ck_assert_int_eq(breaker_probing_ms(&b, 5100), 100);
}
END_TEST

START_TEST(a_good_probe_closes_it)
{
	fail_times(3, 0);
	ck_assert(breaker_start(&b, 5000));
	breaker_success(&b);
	ck_assert_int_eq(breaker_state(&b, 5001), BREAKER_CLOSED);
	ck_assert(!breaker_start(&b, 5001));
	ck_assert_int_eq(breaker_probing_ms(&b, 5001), -1);
}
END_TEST

START_TEST(failed_probes_double_the_cool_down_up_to_ten_seconds)
{
	static const int64_t cooldowns[] = { 5000, 10000, 10000, 10000 };
	int64_t now = 0;

	fail_times(3, now);
	for (size_t i = 0; i < sizeof(cooldowns) / sizeof(cooldowns[0]); i++) {
		ck_assert_int_eq(breaker_wait_ms(&b, now), cooldowns[i]);
		now += cooldowns[i];
		ck_assert(breaker_allows(&b, now));
		fail_times(1, now);
	}
	breaker_success(&b);
	fail_times(3, now);
	ck_assert_int_eq(breaker_wait_ms(&b, now), 5000);
	/* who wants a longer one has that, and no longer */
	breaker_success(&b);
	breaker_configure(&b, 3, 30000);
	fail_times(3, now);
	ck_assert_int_eq(breaker_wait_ms(&b, now), 30000);
	fail_times(1, now + 30000);
	ck_assert_int_le(breaker_wait_ms(&b, now + 30000), 30000);
}
END_TEST

START_TEST(chance_takes_up_to_a_fifth_off_the_cool_down)
{
	random_value = 0.999999;
	fail_times(3, 0);
	ck_assert_int_eq(breaker_wait_ms(&b, 0), 4001);
}
END_TEST

START_TEST(stragglers_neither_prolong_the_cool_down_nor_end_the_probe)
{
	fail_times(3, 0);
	breaker_failure(&b, false, 3000);
	ck_assert_int_eq(breaker_wait_ms(&b, 3000), 2000);
	ck_assert(breaker_start(&b, 5000));
	breaker_failure(&b, false, 5500);
	breaker_no_verdict(&b, false);
	ck_assert_int_eq(breaker_state(&b, 5500), BREAKER_HALF_OPEN);
	ck_assert(!breaker_allows(&b, 5500));
}
END_TEST

START_TEST(a_probe_without_a_verdict_makes_room_for_another)
{
	fail_times(3, 0);
	ck_assert(breaker_start(&b, 5000));
	breaker_no_verdict(&b, true);
	ck_assert_int_eq(breaker_state(&b, 5001), BREAKER_HALF_OPEN);
	ck_assert(breaker_allows(&b, 5001));
}
END_TEST

START_TEST(new_limits_keep_the_state)
{
	fail_times(2, 0);
	breaker_configure(&b, 10, 100);
	fail_times(7, 0);
	ck_assert_int_eq(breaker_state(&b, 0), BREAKER_CLOSED);
	fail_times(1, 0);
	ck_assert_int_eq(breaker_wait_ms(&b, 0), 100);
}
END_TEST

static Suite *
breaker_suite(void)
{
	Suite *suite = suite_create("breaker");
	TCase *t = tcase_create("states");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, it_opens_after_a_number_of_failures_in_a_row);
	tcase_add_test(t, a_success_in_between_resets_the_count);
	tcase_add_test(t, after_the_cool_down_one_probe_may_go);
	tcase_add_test(t, a_good_probe_closes_it);
	tcase_add_test(t, failed_probes_double_the_cool_down_up_to_ten_seconds);
	tcase_add_test(t, chance_takes_up_to_a_fifth_off_the_cool_down);
	tcase_add_test(t, stragglers_neither_prolong_the_cool_down_nor_end_the_probe);
	tcase_add_test(t, a_probe_without_a_verdict_makes_room_for_another);
	tcase_add_test(t, new_limits_keep_the_state);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(breaker_suite());
}
