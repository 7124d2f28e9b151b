#include "airtable-sim/api/limits.h"
#include "tests/lib/support.h"

static struct sim_limits limits;
static struct sim_settings settings;

static void
setup(void)
{
	sim_settings_default(&settings);
	sim_limits_reset(&limits);
}

static void
teardown(void)
{
	sim_limits_reset(&limits);
}

static enum sim_verdict
arrive(int64_t ms)
{
	struct sim_arrival a = { .monotonic_ms = ms, .simulated_ms = INT64_C(1795176000000) + ms,
	    .token = STR("a"), .of_base = true };

	return sim_limits_arrive(&limits, &settings, &a);
}

static enum sim_verdict
arrive_as(const char *token, int64_t ms)
{
	struct sim_arrival a = { .monotonic_ms = ms, .token = str_of(token) };

	return sim_limits_arrive(&limits, &settings, &a);
}

START_TEST(the_window_slides_with_the_arrivals)
{
	for (int64_t ms = 1000; ms < 5000; ms += 200)	/* five in any second, never six */
		ck_assert_int_eq(arrive(ms), SIM_ADMIT);
	ck_assert_uint_eq(limits.max_per_second, 5);
}
END_TEST

START_TEST(a_burst_across_a_full_second_is_caught)
{
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(arrive(1900), SIM_ADMIT);
	ck_assert_int_eq(arrive(2899), SIM_RATE_EXCEEDED);
}
END_TEST

START_TEST(exactly_one_second_later_is_allowed)
{
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(arrive(1900), SIM_ADMIT);
	ck_assert_int_eq(arrive(2900), SIM_ADMIT);
}
END_TEST

START_TEST(the_penalty_refuses_everything_until_it_is_over)
{
	for (int i = 0; i < 5; i++)
		(void)arrive(1000);
	ck_assert_int_eq(arrive(1000), SIM_RATE_EXCEEDED);
	ck_assert_int_eq(arrive(30999), SIM_RATE_EXCEEDED);
	ck_assert_int_eq(arrive(31000), SIM_ADMIT);
	ck_assert_uint_eq(limits.rejected_rate, 2);
}
END_TEST

START_TEST(calls_during_the_penalty_prolong_it_only_if_configured)
{
	settings.penalty_prolongs = 1;
	for (int i = 0; i < 6; i++)
		(void)arrive(1000);
	ck_assert_int_eq(arrive(20000), SIM_RATE_EXCEEDED);
	ck_assert_int_eq(arrive(31000), SIM_RATE_EXCEEDED);
	ck_assert_int_eq(arrive(61000), SIM_ADMIT);
}
END_TEST

START_TEST(a_token_has_a_window_of_its_own)
{
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(arrive_as("a", 1000), SIM_ADMIT);
	ck_assert_int_eq(arrive_as("b", 1000), SIM_ADMIT);
	ck_assert_int_eq(arrive_as("a", 1000), SIM_RATE_EXCEEDED);
}
END_TEST

START_TEST(other_clients_use_up_the_rate_of_the_base)
{
	sim_limits_consume(&limits, 1000, 4);
	ck_assert_int_eq(arrive(1001), SIM_ADMIT);
	ck_assert_int_eq(arrive(1002), SIM_RATE_EXCEEDED);
	ck_assert_uint_eq(limits.max_per_second, 2);	/* theirs are not in the statistics */
}
END_TEST

START_TEST(rate_zero_means_no_limit)
{
	settings.rate = 0;
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(arrive(1000), SIM_ADMIT);
	ck_assert_uint_eq(limits.max_per_second, 1000);
}
END_TEST

START_TEST(the_quota_ends_with_the_month)
{
	int64_t ten_days = INT64_C(864000000);	/* the clock begins on November 20 at noon */

	settings.monthly = 1;
	ck_assert_int_eq(arrive(1000), SIM_ADMIT);
	ck_assert_int_eq(arrive(2000), SIM_QUOTA_EXCEEDED);
	ck_assert_int_eq(arrive(ten_days), SIM_QUOTA_EXCEEDED);
	ck_assert_int_eq(arrive(ten_days + 43200000), SIM_ADMIT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_limits");
	TCase *t = tcase_create("limits");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_window_slides_with_the_arrivals);
	tcase_add_test(t, a_burst_across_a_full_second_is_caught);
	tcase_add_test(t, exactly_one_second_later_is_allowed);
	tcase_add_test(t, the_penalty_refuses_everything_until_it_is_over);
	tcase_add_test(t, calls_during_the_penalty_prolong_it_only_if_configured);
	tcase_add_test(t, a_token_has_a_window_of_its_own);
	tcase_add_test(t, other_clients_use_up_the_rate_of_the_base);
	tcase_add_test(t, rate_zero_means_no_limit);
	tcase_add_test(t, the_quota_ends_with_the_month);
	suite_add_tcase(s, t);
	return run_suite(s);
}
