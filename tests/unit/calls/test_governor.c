#include <stdlib.h>

#include "common/base/instant.h"
#include "syncd/airtable/governor.h"
#include "tests/lib/support.h"

#define MARCH_1		INT64_C(1772323200000)	/* 2026-03-01T00:00:00Z */
#define HOUR		INT64_C(3600000)

static struct governor *g;
static double random_value;

static double
fixed(void *cookie)
{
	(void)cookie;
	return random_value;
}

static void
setup(void)
{
	struct governor_limits limits = { .per_second = 5, .lockout_ms = 30000 };

	random_value = 0;
	ck_assert_ptr_nonnull(g = governor_new(&limits, fixed, NULL));
}

static void
teardown(void)
{
	governor_free(g);
}

static uint64_t
admit(int64_t now)
{
	static const size_t waiting[GOVERNOR_LANES] = { 1, 0, 0 };

	ck_assert_int_eq(governor_wait_ms(g, now), 0);
	return governor_admit(g, 0, waiting, now);
}

static void
end(uint64_t ticket, enum governor_outcome outcome, int64_t sent, int64_t retry_after, int64_t now,
    int64_t wall)
{
	struct governor_ended e = { .outcome = outcome, .sent_ms = sent, .retry_after_ms = retry_after };

	governor_end(g, ticket, &e, now, wall);
}

/* A whole call: sent at once, answered after ${took}. */
static void
call(enum governor_outcome outcome, int64_t retry_after, int64_t now, int64_t took)
{
	uint64_t t = admit(now);

	governor_sent(g, t, now);
	end(t, outcome, now, retry_after, now + took, MARCH_1 + now + took);
}

/* ---- the window ---- */

START_TEST(calls_of_the_previous_process_are_waited_for)
{
	governor_assume(g, 700);
	ck_assert_uint_eq(governor_room(g, 1000), 0);
	ck_assert_int_eq(governor_wait_ms(g, 1000), 700 + 1000 + GOVERNOR_MARGIN_MS - 1000);
	ck_assert_uint_eq(governor_room(g, 1750), 5);
	for (int i = 0; i < 5; i++)
		call(GOVERNOR_OK, 0, 1750, 0);
	governor_assume(g, -900000);	/* long ago */
	ck_assert_int_eq(governor_wait_ms(g, 1000), 0);
}
END_TEST

START_TEST(five_calls_go_at_once_and_the_sixth_a_second_after_the_first)
{
	for (int i = 0; i < 5; i++)
		call(GOVERNOR_OK, 0, 1000 + i * 10, 0);
	ck_assert_int_eq(governor_wait_ms(g, 1040), 1000 + 1000 + GOVERNOR_MARGIN_MS - 1040);
	ck_assert_int_eq(governor_wait_ms(g, 2049), 1);
	ck_assert_int_eq(governor_wait_ms(g, 2050), 0);
	call(GOVERNOR_OK, 0, 2050, 0);
	ck_assert_int_eq(governor_wait_ms(g, 2050), 10);
}
END_TEST

START_TEST(the_room_is_what_the_calls_of_the_last_second_leave)
{
	uint64_t t;

	ck_assert_uint_eq(governor_room(g, 1000), 5);
	call(GOVERNOR_OK, 0, 1000, 0);
	t = admit(1100);
	ck_assert_uint_eq(governor_room(g, 1100), 3);
	end(t, GOVERNOR_NEVER_SENT, 0, 0, 1200, MARCH_1);
	ck_assert_uint_eq(governor_room(g, 1200), 4);
	for (int i = 0; i < 4; i++)
		call(GOVERNOR_OK, 0, 1300, 0);
	ck_assert_uint_eq(governor_room(g, 1300), 0);
	ck_assert_uint_eq(governor_room(g, 2050), 1);
	ck_assert_uint_eq(governor_room(g, 2350), 5);
}
END_TEST

START_TEST(a_call_that_is_not_sent_yet_holds_its_slot)
{
	uint64_t t[5];

	for (int i = 0; i < 5; i++)
		t[i] = admit(0);
	ck_assert_int_eq(governor_wait_ms(g, 60000), -1);
	governor_sent(g, t[0], 60000);
	ck_assert_int_eq(governor_wait_ms(g, 60000), 1050);
	end(t[1], GOVERNOR_NEVER_SENT, 0, 0, 60001, MARCH_1);
	ck_assert_int_eq(governor_wait_ms(g, 60001), 0);
	ck_assert_uint_eq(governor_count(g, GOVERNOR_NEVER_SENT), 1);
}
END_TEST

START_TEST(the_delay_of_a_late_answer_is_added_as_the_call_may_have_arrived_late)
{
	call(GOVERNOR_OK, 0, 0, 100);		/* what an answer takes here */
	for (int i = 0; i < 4; i++)
		call(GOVERNOR_OK, 0, 2000, 400);
	call(GOVERNOR_OK, 0, 2000, 100);
	/* the first four may have arrived at 2300 */
	ck_assert_int_eq(governor_wait_ms(g, 3049), 1);
	ck_assert_int_eq(governor_wait_ms(g, 3050), 0);
	call(GOVERNOR_OK, 0, 3050, 100);
	ck_assert_int_eq(governor_wait_ms(g, 3051), 3050 + 297 - 3051);
}
END_TEST

START_TEST(a_call_without_an_answer_holds_its_slot_for_a_second_longer)
{
	uint64_t t[5];

	call(GOVERNOR_OK, 0, 0, 10);
	for (int i = 0; i < 5; i++) {
		t[i] = admit(5000);
		governor_sent(g, t[i], 5000);
	}
	ck_assert_int_gt(governor_wait_ms(g, 6050), 0);
	ck_assert_int_gt(governor_wait_ms(g, 7049), 0);
	ck_assert_int_eq(governor_wait_ms(g, 7050), 0);
	end(t[0], GOVERNOR_NO_ANSWER, 5000, 0, 35000, MARCH_1);
	ck_assert_int_eq(governor_wait_ms(g, 35000), 0);
}
END_TEST

START_TEST(a_lower_rate_holds_from_the_next_admission_on)
{
	struct governor_limits limits = { .per_second = 2, .lockout_ms = 30000 };

	for (int i = 0; i < 5; i++)
		call(GOVERNOR_OK, 0, i * 100, 0);
	ck_assert_int_eq(governor_configure(g, &limits), ERR_OK);
	ck_assert_int_eq(governor_per_second(g), 2);
	ck_assert_int_gt(governor_wait_ms(g, 1349), 0);
	ck_assert_int_eq(governor_wait_ms(g, 1350), 0);	/* one of five is left */
	limits.per_second = 0;
	ck_assert_int_eq(governor_configure(g, &limits), ERR_OK);
	ck_assert_int_eq(governor_per_second(g), 1);
}
END_TEST

#define RANDOM_CALLS	3000

static int
by_time(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

struct flight {
	uint64_t	ticket;
	int64_t		sent, ends;
};

START_TEST(no_second_sees_more_than_five_however_long_calls_are_on_their_way)
{
	static int64_t arrivals[RANDOM_CALLS];
	struct flight flying[64];
	size_t n = 0, flights = 0;
	int64_t now = 0;

	srand48(_i);
	while (n < RANDOM_CALLS) {
		for (size_t i = 0; i < flights; i++)
			if (flying[i].ends <= now) {
				end(flying[i].ticket, GOVERNOR_OK, flying[i].sent, 0, now, MARCH_1);
				flying[i--] = flying[--flights];
			}
		while (n < RANDOM_CALLS && flights < 64 && governor_wait_ms(g, now) == 0) {
			struct flight *f = &flying[flights++];
			/* one in five is held up on its way, for up to 0.9 s */
			int64_t late = drand48() < 0.2 ? (int64_t)(drand48() * 900) : 0;

			f->ticket = admit(now);
			f->sent = now;
			f->ends = now + 20 + late + 30;
			governor_sent(g, f->ticket, now);
			arrivals[n++] = now + 20 + late;
		}
		now += 1 + (int64_t)(drand48() * 20);
	}
	qsort(arrivals, RANDOM_CALLS, sizeof(arrivals[0]), by_time);
	for (size_t i = 5; i < RANDOM_CALLS; i++)
		ck_assert_msg(arrivals[i] - arrivals[i - 5] >= 1000, "%zu: %lld", i,
		    (long long)(arrivals[i] - arrivals[i - 5]));
	/* and it does not dawdle */
	ck_assert_int_lt(now, RANDOM_CALLS / 5 * 1500);
}
END_TEST

START_TEST(with_steady_answers_a_little_less_than_the_limit_is_reached)
{
	int64_t now = 0, sent = 0;

	for (; now < 60000; now++)
		while (governor_wait_ms(g, now) == 0) {
			call(GOVERNOR_OK, 0, now, 150 + now % 3);
			sent++;
		}
	ck_assert_int_ge(sent, 60 * 5 * 95 / 100);
	ck_assert_int_le(sent, 60 * 5);
}
END_TEST

/* ---- lanes ---- */

START_TEST(lanes_are_served_in_order)
{
	ck_assert_int_eq(governor_choose(g, (size_t[]){ 0, 0, 0 }), -1);
	ck_assert_int_eq(governor_choose(g, (size_t[]){ 0, 0, 3 }), 2);
	ck_assert_int_eq(governor_choose(g, (size_t[]){ 0, 1, 3 }), 1);
	ck_assert_int_eq(governor_choose(g, (size_t[]){ 9, 1, 3 }), 0);
}
END_TEST

START_TEST(under_constant_writes_one_in_twenty_calls_is_a_lower_lanes)
{
	static const size_t waiting[GOVERNOR_LANES] = { 9, 9, 9 };
	int served[GOVERNOR_LANES] = { 0 };

	for (int i = 0; i < 4000; i++) {
		int lane = governor_choose(g, waiting);
		uint64_t t;

		ck_assert_int_ge(lane, 0);
		t = governor_admit(g, lane, waiting, i * 1000);
		governor_sent(g, t, i * 1000);
		end(t, GOVERNOR_OK, i * 1000, 0, i * 1000, MARCH_1);
		served[lane]++;
	}
	ck_assert_int_eq(served[0], 3800);
	ck_assert_int_eq(served[1], 100);
	ck_assert_int_eq(served[2], 100);
}
END_TEST

START_TEST(a_lane_that_comes_late_does_not_overtake_at_once)
{
	for (int i = 0; i < 100; i++)
		end(governor_admit(g, 0, (size_t[]){ 1, 0, 0 }, i), GOVERNOR_NEVER_SENT, 0, 0, i, MARCH_1);
	ck_assert_int_eq(governor_choose(g, (size_t[]){ 1, 1, 0 }), 0);
}
END_TEST

/* ---- rate lockout ---- */

static int64_t
rate_blocked(int64_t now)
{
	enum err why;
	int64_t ms = governor_blocked_ms(g, now, &why);

	ck_assert_int_eq(why, ms > 0 ? ERR_AIRTABLE_RATE_LIMITED : ERR_OK);
	return ms;
}

START_TEST(a_429_stops_everything_for_the_lockout)
{
	call(GOVERNOR_RATE_LIMITED, 0, 0, 10);
	ck_assert_int_eq(rate_blocked(10), 30000);
	ck_assert_int_eq(rate_blocked(30009), 1);
	ck_assert_int_eq(rate_blocked(30010), 0);
}
END_TEST

START_TEST(chance_adds_up_to_five_seconds_or_a_fifth)
{
	struct governor_limits limits = { .per_second = 5, .lockout_ms = 1000 };

	random_value = 0.99999;
	call(GOVERNOR_RATE_LIMITED, 0, 0, 0);
	ck_assert_int_eq(rate_blocked(0), 34999);
	teardown();
	ck_assert_ptr_nonnull(g = governor_new(&limits, fixed, NULL));
	call(GOVERNOR_RATE_LIMITED, 0, 0, 0);
	ck_assert_int_eq(rate_blocked(0), 1199);
}
END_TEST

START_TEST(a_retry_after_is_obeyed_up_to_an_hour)
{
	call(GOVERNOR_RATE_LIMITED, 1000, 0, 0);
	ck_assert_int_eq(rate_blocked(0), 1000);
	call(GOVERNOR_OK, 0, 1500, 0);
	call(GOVERNOR_RATE_LIMITED, 5000, 2000, 0);
	ck_assert_int_eq(rate_blocked(2000), 5000);
	call(GOVERNOR_RATE_LIMITED, 90000, 40000, 0);
	ck_assert_int_eq(rate_blocked(40000), 90000);
	call(GOVERNOR_RATE_LIMITED, 365 * 24 * HOUR, 200000, 0);
	ck_assert_int_eq(rate_blocked(200000), HOUR);
}
END_TEST

START_TEST(a_short_retry_after_that_does_not_help_doubles_up_to_the_lockout)
{
	static const int64_t expected[] = { 4000, 8000, 16000, 30000, 30000 };
	int64_t now = 0;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		call(GOVERNOR_RATE_LIMITED, 4000, now, 0);
		ck_assert_int_eq(rate_blocked(now), expected[i]);
		now += expected[i] + 2000;
	}
}
END_TEST

START_TEST(repeated_lockouts_double_up_to_ten_minutes_until_a_success)
{
	static const int64_t expected[] = { 30000, 60000, 120000, 240000, 480000, 600000, 600000 };
	int64_t now = 0;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		call(GOVERNOR_RATE_LIMITED, 0, now, 0);
		ck_assert_int_eq(rate_blocked(now), expected[i]);
		now += expected[i] + 2000;
	}
	call(GOVERNOR_OK, 0, now, 0);
	call(GOVERNOR_RATE_LIMITED, 0, now + 2000, 0);
	ck_assert_int_eq(rate_blocked(now + 2000), 30000);
}
END_TEST

START_TEST(five_429s_of_one_burst_are_one_incident)
{
	uint64_t t[5];

	for (int i = 0; i < 5; i++) {
		t[i] = admit(0);
		governor_sent(g, t[i], 0);
	}
	for (int i = 0; i < 5; i++)
		end(t[i], GOVERNOR_RATE_LIMITED, 0, 0, 10 + i, MARCH_1);
	ck_assert_int_eq(rate_blocked(14), 30000);
	call(GOVERNOR_RATE_LIMITED, 0, 40000, 0);
	ck_assert_int_eq(rate_blocked(40000), 60000);
}
END_TEST

START_TEST(a_success_from_before_the_lockout_does_not_end_it)
{
	uint64_t t = admit(0);

	governor_sent(g, t, 0);
	call(GOVERNOR_RATE_LIMITED, 0, 0, 5);
	end(t, GOVERNOR_OK, 0, 0, 10, MARCH_1);
	ck_assert_int_eq(rate_blocked(10), 29995);
	call(GOVERNOR_RATE_LIMITED, 0, 40000, 0);
	ck_assert_int_eq(rate_blocked(40000), 60000);
}
END_TEST

/* ---- quota ---- */

static int64_t
quota_blocked(int64_t now)
{
	enum err why;
	int64_t ms = governor_blocked_ms(g, now, &why);

	ck_assert_int_eq(why, ms > 0 ? ERR_AIRTABLE_QUOTA : ERR_OK);
	return ms;
}

START_TEST(a_used_up_quota_allows_one_probe_an_hour)
{
	uint64_t t;

	call(GOVERNOR_QUOTA, 0, 0, 0);
	ck_assert_int_eq(quota_blocked(0), HOUR);
	ck_assert_int_eq(quota_blocked(HOUR), 0);
	t = admit(HOUR);
	governor_sent(g, t, HOUR);
	ck_assert_int_gt(quota_blocked(HOUR + 1), 0);
	end(t, GOVERNOR_QUOTA, HOUR, 0, HOUR + 10, MARCH_1 + HOUR + 10);
	ck_assert_int_eq(quota_blocked(HOUR + 10), HOUR);
	call(GOVERNOR_OK, 0, 3 * HOUR, 10);
	ck_assert_int_eq(quota_blocked(3 * HOUR + 10), 0);
	call(GOVERNOR_OK, 0, 3 * HOUR + 20, 10);
	ck_assert_int_eq(quota_blocked(3 * HOUR + 30), 0);
}
END_TEST

START_TEST(the_first_of_the_month_is_probed_at_once)
{
	uint64_t t = admit(0);

	governor_sent(g, t, 0);
	end(t, GOVERNOR_QUOTA, 0, 0, 10, MARCH_1 - 60000);
	ck_assert_int_eq(quota_blocked(10), 60000);
	ck_assert_int_eq(quota_blocked(60010), 0);
}
END_TEST

START_TEST(a_probe_that_was_never_sent_is_not_used_up)
{
	call(GOVERNOR_QUOTA, 0, 0, 0);
	end(admit(HOUR), GOVERNOR_NEVER_SENT, 0, 0, HOUR + 500, MARCH_1);
	ck_assert_int_eq(quota_blocked(HOUR + 500), 0);
	call(GOVERNOR_NO_ANSWER, 0, HOUR + 1000, 100);
	ck_assert_int_gt(quota_blocked(HOUR + 1100), HOUR / 2);
}
END_TEST

/* ---- counting ---- */

START_TEST(calls_are_counted_by_outcome)
{
	call(GOVERNOR_OK, 0, 0, 0);
	call(GOVERNOR_FAILED, 0, 10, 0);
	end(admit(20), GOVERNOR_NEVER_SENT, 0, 0, 20, MARCH_1);
	ck_assert_uint_eq(governor_count(g, GOVERNOR_OK), 1);
	ck_assert_uint_eq(governor_count(g, GOVERNOR_FAILED), 1);
	ck_assert_uint_eq(governor_count(g, GOVERNOR_REFUSED), 0);
}
END_TEST

static Suite *
governor_suite(void)
{
	Suite *suite = suite_create("governor");
	TCase *t = tcase_create("calls");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, calls_of_the_previous_process_are_waited_for);
	tcase_add_test(t, five_calls_go_at_once_and_the_sixth_a_second_after_the_first);
	tcase_add_test(t, the_room_is_what_the_calls_of_the_last_second_leave);
	tcase_add_test(t, a_call_that_is_not_sent_yet_holds_its_slot);
	tcase_add_test(t, the_delay_of_a_late_answer_is_added_as_the_call_may_have_arrived_late);
	tcase_add_test(t, a_call_without_an_answer_holds_its_slot_for_a_second_longer);
	tcase_add_test(t, a_lower_rate_holds_from_the_next_admission_on);
	tcase_add_loop_test(t, no_second_sees_more_than_five_however_long_calls_are_on_their_way, 0, 20);
	tcase_add_test(t, with_steady_answers_a_little_less_than_the_limit_is_reached);
	tcase_add_test(t, lanes_are_served_in_order);
	tcase_add_test(t, under_constant_writes_one_in_twenty_calls_is_a_lower_lanes);
	tcase_add_test(t, a_lane_that_comes_late_does_not_overtake_at_once);
	tcase_add_test(t, a_429_stops_everything_for_the_lockout);
	tcase_add_test(t, chance_adds_up_to_five_seconds_or_a_fifth);
	tcase_add_test(t, a_retry_after_is_obeyed_up_to_an_hour);
	tcase_add_test(t, a_short_retry_after_that_does_not_help_doubles_up_to_the_lockout);
	tcase_add_test(t, repeated_lockouts_double_up_to_ten_minutes_until_a_success);
	tcase_add_test(t, five_429s_of_one_burst_are_one_incident);
	tcase_add_test(t, a_success_from_before_the_lockout_does_not_end_it);
	tcase_add_test(t, a_used_up_quota_allows_one_probe_an_hour);
	tcase_add_test(t, the_first_of_the_month_is_probed_at_once);
	tcase_add_test(t, a_probe_that_was_never_sent_is_not_used_up);
	tcase_add_test(t, calls_are_counted_by_outcome);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(governor_suite());
}
