#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "syncd/budget.h"
#include "tests/support.h"

#define MARCH_1		INT64_C(1772323200000)	/* 2026-03-01T00:00:00Z, a Sunday */
#define APRIL_1		INT64_C(1775001600000)
#define SECOND		INT64_C(1000)
#define MINUTE		INT64_C(60000)
#define HOUR		INT64_C(3600000)
#define DAY		INT64_C(86400000)

static struct budget b;

static void
start(int64_t calls, uint64_t pages, int64_t now)
{
	budget_init(&b, now);
	budget_configure(&b, calls, DAY);
	budget_set_listing(&b, pages);
}

static void
count(enum budget_use use, unsigned n, int64_t now)
{
	for (unsigned i = 0; i < n; i++)
		budget_count(&b, use, now);
}

/* ---- counting ---- */

START_TEST(calls_are_counted_by_calendar_month)
{
	start(1000, 10, MARCH_1);
	count(BUDGET_FEED, 3, MARCH_1);
	count(BUDGET_WRITE, 2, APRIL_1 - 1);
	ck_assert_uint_eq(budget_used(&b, APRIL_1 - 1), 5);
	ck_assert_uint_eq(budget_used(&b, APRIL_1), 0);
	count(BUDGET_SYNC, 1, APRIL_1);
	ck_assert_uint_eq(budget_used(&b, APRIL_1), 1);
	/* set back: rather counted twice than forgotten */
	ck_assert_uint_eq(budget_used(&b, MARCH_1), 1);
	count(BUDGET_SYNC, 1, MARCH_1);
	ck_assert_uint_eq(budget_used(&b, MARCH_1), 2);
}
END_TEST

START_TEST(what_is_kept_counts_ahead_and_is_taken_up_again)
{
	struct buf kept = { 0 };

	start(1000, 10, MARCH_1);
	count(BUDGET_FEED, 500, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 50);
	budget_save(&b, 7, &kept);
	start(1000, 10, MARCH_1 + DAY);
	budget_load(&b, buf_str(&kept), MARCH_1 + DAY);
	ck_assert_uint_eq(budget_used(&b, MARCH_1 + DAY), 507);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1 + DAY), 0);
	/* another month, or nonsense: begin anew */
	start(1000, 10, APRIL_1);
	budget_load(&b, buf_str(&kept), APRIL_1);
	ck_assert_uint_eq(budget_used(&b, APRIL_1), 0);
	start(1000, 10, MARCH_1);
	for (size_t len = 0; len < kept.len; len++)
		budget_load(&b, (struct str){ kept.data, len }, MARCH_1);
	kept.data[0]++;
	budget_load(&b, buf_str(&kept), MARCH_1);
	ck_assert_uint_eq(budget_used(&b, MARCH_1), 0);
	buf_free(&kept);
}
END_TEST

START_TEST(each_warning_is_given_once_a_month)
{
	start(100, 1, MARCH_1);
	count(BUDGET_FEED, 49, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 0);
	count(BUDGET_FEED, 1, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 50);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 0);
	count(BUDGET_WRITE, 46, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 95);
	count(BUDGET_WRITE, 46, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 0);
	count(BUDGET_WRITE, 80, APRIL_1);
	ck_assert_uint_eq(budget_warning(&b, APRIL_1), 80);
	start(0, 1, MARCH_1);
	count(BUDGET_FEED, 1000, MARCH_1);
	ck_assert_uint_eq(budget_warning(&b, MARCH_1), 0);
}
END_TEST

/* ---- dividing ---- */

START_TEST(without_a_limit_only_a_quiet_base_is_asked_less_often)
{
	start(0, 500, MARCH_1);
	ck_assert_int_eq(budget_interval(&b, MARCH_1 + 5 * MINUTE, SECOND), SECOND);
	ck_assert_int_eq(budget_interval(&b, MARCH_1 + 35 * MINUTE, SECOND), 3 * SECOND);
	ck_assert_int_eq(budget_interval(&b, MARCH_1 + 9 * DAY, SECOND), 5 * SECOND);
	budget_active(&b, MARCH_1 + 9 * DAY);
	ck_assert_int_eq(budget_interval(&b, MARCH_1 + 9 * DAY, SECOND), SECOND);
	ck_assert(budget_allows(&b, BUDGET_SYNC, MARCH_1));
	ck_assert(budget_allows(&b, BUDGET_FEED, MARCH_1));
	ck_assert(budget_allows_sync(&b, MARCH_1));
}
END_TEST

START_TEST(writes_and_the_nightly_syncs_are_provided_for_before_the_feed)
{
	struct budget_plan p;

	start(100000, 200, MARCH_1);
	p = budget_plan(&b, MARCH_1);
	ck_assert_uint_eq(p.left, 100000);
	ck_assert_uint_ge(p.writes, 10000);
	ck_assert_uint_eq(p.syncs, 203 * 32);
	ck_assert_uint_eq(p.writes + p.syncs + p.feed, p.left);
	ck_assert(!p.tight);
	ck_assert_int_eq(p.sync_interval_ms, DAY);
	/* many writes a day lately: more of them are expected */
	for (int day = 0; day < 8; day++)
		count(BUDGET_WRITE, 1500, MARCH_1 + day * DAY);
	p = budget_plan(&b, MARCH_1 + 8 * DAY - 1);
	ck_assert_uint_ge(p.writes, 23 * 1500);
	ck_assert_uint_le(p.writes, 23 * 1500 * 12 / 10 + 2000);
}
END_TEST

START_TEST(syncs_that_do_not_fit_come_less_often_and_the_feed_keeps_a_part)
{
	struct budget_plan p;

	start(1000, 200, MARCH_1);
	p = budget_plan(&b, MARCH_1);
	ck_assert(p.tight);
	ck_assert_int_gt(p.sync_interval_ms, 7 * DAY);
	ck_assert_int_lt(p.sync_interval_ms, 14 * DAY);
	ck_assert_uint_gt(p.feed, 150);
	ck_assert(budget_allows_sync(&b, MARCH_1));
	/* sweeps share in what the feed has */
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 200), APRIL_1 - MARCH_1);
	ck_assert_int_gt(budget_sweep_interval(&b, MARCH_1, 10), 4 * DAY);
	ck_assert_int_lt(budget_sweep_interval(&b, MARCH_1, 10), 8 * DAY);
	budget_configure(&b, 0, DAY);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 200), 0);
}
END_TEST

START_TEST(when_only_the_writes_share_is_left_nothing_else_starts)
{
	int64_t now = MARCH_1 + 20 * DAY;

	start(1000, 10, MARCH_1);
	count(BUDGET_FEED, 970, now);
	ck_assert(!budget_allows_sync(&b, now));
	count(BUDGET_FEED, 10, now);
	ck_assert(!budget_allows(&b, BUDGET_FEED, now));
	ck_assert_int_eq(budget_interval(&b, now, SECOND), APRIL_1 - now);
	/* one that is on may end */
	ck_assert(budget_allows(&b, BUDGET_SYNC, now));
	count(BUDGET_WRITE, 10, now);
	ck_assert(!budget_allows(&b, BUDGET_SYNC, now));
	ck_assert(budget_allows(&b, BUDGET_WRITE, now));
	ck_assert(budget_allows(&b, BUDGET_FEED, APRIL_1));
	ck_assert(budget_allows_sync(&b, APRIL_1));
}
END_TEST

START_TEST(what_was_saved_up_is_spent_before_the_month_ends)
{
	start(100000, 10, MARCH_1);
	for (int day = 0; day < 31; day++)
		count(BUDGET_WRITE, 20, MARCH_1 + day * DAY);
	ck_assert_int_gt(budget_interval(&b, MARCH_1 + DAY, SECOND), 10 * SECOND);
	budget_active(&b, APRIL_1 - 2 * HOUR);
	ck_assert_int_eq(budget_interval(&b, APRIL_1 - 2 * HOUR, SECOND), SECOND);
}
END_TEST

START_TEST(hours_in_which_things_happen_are_asked_more_often_than_others)
{
	int64_t now = MARCH_1;

	start(30000, 10, now);
	/* three weeks: nine to five from Monday to Friday */
	for (int hour = 0; hour < 21 * 24; hour++, now += HOUR) {
		int day = hour / 24 % 7, of_day = hour % 24;

		if (day >= 1 && day <= 5 && of_day >= 9 && of_day < 17)
			budget_active(&b, now + 10 * MINUTE);
		budget_polled(&b, now + 30 * MINUTE);
	}
	now = MARCH_1 + 24 * DAY;	/* a Wednesday */
	ck_assert_int_gt(budget_interval(&b, now + 3 * HOUR, SECOND),
	    4 * budget_interval(&b, now + 11 * HOUR, SECOND));
	/* a wait that begins at night ends as the day begins */
	start(1000, 10, MARCH_1);
	for (int h = 0; h < BUDGET_HOURS; h++)
		b.kept.hours[h] = h % 24 >= 9 && h % 24 < 17 ? 254 : 0;
	ck_assert_int_lt(budget_interval(&b, now + 6 * HOUR, SECOND), 6 * HOUR);
	/* something happens at night, early in the month */
	now = MARCH_1 + 3 * DAY;
	start(100000, 10, MARCH_1);
	memset(b.kept.hours, 0, sizeof(b.kept.hours));
	ck_assert_int_gt(budget_interval(&b, now + 3 * HOUR, SECOND), 20 * SECOND);
	for (int h = 0; h < BUDGET_HOURS; h++)
		b.kept.hours[h] = h % 24 >= 9 && h % 24 < 17 ? 254 : 0;
	budget_active(&b, now + 3 * HOUR);
	ck_assert_int_lt(budget_interval(&b, now + 3 * HOUR, SECOND), 12 * SECOND);
}
END_TEST

START_TEST(polls_that_take_several_calls_are_fewer)
{
	int64_t once;

	start(100000, 10, MARCH_1);
	for (int i = 0; i < 100; i++) {
		budget_polled(&b, MARCH_1 + i * SECOND);
		budget_count(&b, BUDGET_FEED, MARCH_1 + i * SECOND);
	}
	once = budget_interval(&b, MARCH_1 + HOUR, SECOND);
	for (int i = 0; i < 200; i++)
		budget_count(&b, BUDGET_FEED, MARCH_1 + i * SECOND);
	ck_assert_int_ge(budget_interval(&b, MARCH_1 + HOUR, SECOND), once * 29 / 10);
	ck_assert_int_le(budget_interval(&b, MARCH_1 + HOUR, SECOND), once * 31 / 10);
}
END_TEST

START_TEST(clocks_far_off_do_no_harm)
{
	static const int64_t odd[] = { 0, 1, MARCH_1, INSTANT_MAX - 40 * DAY, MARCH_1 + DAY, 5 * DAY };

	start(1000, 10, MARCH_1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		budget_count(&b, BUDGET_FEED, odd[i]);
		budget_active(&b, odd[i]);
		budget_polled(&b, odd[i]);
		ck_assert_int_gt(budget_interval(&b, odd[i], SECOND), 0);
		(void)budget_forecast(&b, odd[i]);
		(void)budget_warning(&b, odd[i]);
	}
	budget_active(&b, -5);
}
END_TEST

/* ---- a month of office work ---- */

struct month {
	uint64_t	writes, writes_done;
	uint64_t	syncs;
	uint64_t	edits;
	double		*delay_s;	/* of edits, until they were seen */
	size_t		 seen;
	int64_t		 longest_between_syncs;
};

struct office {
	double	edits_an_hour;	/* in Airtable, by others, at work */
	double	writes_a_day;	/* through the API: calls */
};

#define EDITS_MAX	200000

static bool
at_work(int64_t now)
{
	int64_t day = now / DAY, hour = now / HOUR % 24;

	/* 1970-01-01 was a Thursday; Monday to Friday, eight to six without lunch */
	return (day + 3) % 7 < 5 && hour >= 8 && hour < 18 && hour != 12;
}

/* The gap to the next of ${per_ms} events. */
static int64_t
gap(unsigned short *seed, double per_ms)
{
	return (int64_t)(-log(1 - erand48(seed)) / per_ms) + 1;
}

static int
by_size(const void *x, const void *y)
{
	double d = *(const double *)x - *(const double *)y;

	return (d > 0) - (d < 0);
}

/* Months in a row, second by second where something happens; the last is told about. */
static struct month
live(const struct office *o, unsigned months, unsigned pages)
{
	unsigned short seed[3] = { 1, 2, 3 };
	int64_t now = MARCH_1, poll = now, sync = now, end = instant_month(now, (int)months);
	int64_t edit = now, write = now, last_sync = now, counted = instant_month(end, -1);
	int64_t *pending = calloc(EDITS_MAX, sizeof(*pending));
	struct month m = { .delay_s = calloc(EDITS_MAX, sizeof(double)) };
	size_t n = 0;

	while (now < end) {
		int64_t next = poll;

		next = sync < next ? sync : next;
		next = edit < next ? edit : next;
		next = write < next ? write : next;
		if (next / HOUR / 24 != now / HOUR / 24 && next >= counted && now < counted) {
			m = (struct month){ .delay_s = m.delay_s };
			last_sync = counted;
		}
		if ((now = next) >= end)
			break;
		if (now == edit) {
			if (at_work(now) && n < EDITS_MAX) {
				pending[n++] = now;
				m.edits++;
			}
			edit = now + gap(seed, o->edits_an_hour / (double)HOUR);
		} else if (now == write) {
			if (at_work(now)) {
				m.writes++;
				m.writes_done += budget_allows(&b, BUDGET_WRITE, now);
				budget_count(&b, BUDGET_WRITE, now);
				budget_active(&b, now);
			}
			write = now + gap(seed, o->writes_a_day / (double)(9 * HOUR));
		} else if (now == sync) {
			if ((m.syncs == 0 || now - last_sync >= budget_plan(&b, now).sync_interval_ms) &&
			    budget_allows_sync(&b, now)) {
				count(BUDGET_SYNC, pages + 1, now);
				m.syncs++;
				if (now - last_sync > m.longest_between_syncs)
					m.longest_between_syncs = now - last_sync;
				last_sync = now;
			}
			sync = now + HOUR;
		} else {
			if (budget_allows(&b, BUDGET_FEED, now)) {
				budget_count(&b, BUDGET_FEED, now);
				if (n > 0)	/* what was touched is read */
					budget_count(&b, BUDGET_FEED, now);
				for (size_t i = 0; i < n; i++) {
					budget_active(&b, pending[i]);
					if (m.seen < EDITS_MAX)
						m.delay_s[m.seen++] = (double)(now - pending[i]) / 1000;
				}
				n = 0;
				budget_polled(&b, now);
			}
			poll = now + budget_interval(&b, now, SECOND);
		}
		ck_assert_int_le(budget_plan(&b, now).until_ms - now, 31 * DAY);
	}
	qsort(m.delay_s, m.seen, sizeof(*m.delay_s), by_size);
	free(pending);
	return m;
}

static void
live_within(uint64_t calls, unsigned months, unsigned pages, const struct office *o,
    double median_s, double p95_s)
{
	struct month m;
	int64_t last;
	uint64_t used, forecast;

	start((int64_t)calls, pages, MARCH_1);
	m = live(o, months, pages);
	last = instant_month(MARCH_1, (int)months) - 1;
	used = budget_used(&b, last);
	forecast = budget_forecast(&b, last);
	ck_assert_uint_gt(m.seen, 0);
	printf("# %llu calls a month, month %u: %llu used (%llu writes, %llu in %llu full syncs, "
	    "%llu by the feed); %zu edits seen after %.0f s (median), %.0f s (95%%), %.0f s (most)\n",
	    (unsigned long long)calls, months, (unsigned long long)used,
	    (unsigned long long)b.kept.used[BUDGET_WRITE],
	    (unsigned long long)b.kept.used[BUDGET_SYNC], (unsigned long long)m.syncs,
	    (unsigned long long)b.kept.used[BUDGET_FEED], m.seen,
	    m.delay_s[m.seen / 2], m.delay_s[m.seen * 95 / 100], m.delay_s[m.seen - 1]);
	(void)fflush(stdout);
	ck_assert_uint_le(used, calls);
	ck_assert_uint_ge(used, calls / 2);
	ck_assert_uint_le(forecast, calls);
	ck_assert_uint_eq(m.writes_done, m.writes);
	ck_assert_int_le(m.longest_between_syncs, DAY + MINUTE);
	ck_assert(m.delay_s[m.seen / 2] <= median_s);
	ck_assert(m.delay_s[m.seen * 95 / 100] <= p95_s);
	free(m.delay_s);
}

START_TEST(a_month_of_100000_calls_is_enough_for_all_writes_and_nightly_syncs)
{
	static const struct office o = { .edits_an_hour = 60, .writes_a_day = 400 };

	live_within(100000, 1, 200, &o, 15, 60);
	live_within(100000, 3, 200, &o, 10, 30);
}
END_TEST

START_TEST(so_is_one_of_1000_on_a_small_base)
{
	static const struct office o = { .edits_an_hour = 3, .writes_a_day = 6 };

	live_within(1000, 1, 10, &o, 3000, 9000);
	live_within(1000, 3, 10, &o, 2400, 7200);
}
END_TEST

START_TEST(a_sudden_wave_of_writes_is_delivered_at_the_cost_of_polls)
{
	static const struct office o = { .edits_an_hour = 60, .writes_a_day = 400 };
	struct month m;
	int64_t last = APRIL_1 - 1;

	/* half the month's calls on its first day */
	start(100000, 200, MARCH_1);
	count(BUDGET_WRITE, 50000, MARCH_1);
	m = live(&o, 1, 200);
	ck_assert_uint_le(budget_used(&b, last), 100000);
	ck_assert_uint_eq(m.writes_done, m.writes);
	ck_assert_uint_ge(m.syncs, 25);
	free(m.delay_s);
}
END_TEST

static Suite *
budget_suite(void)
{
	Suite *suite = suite_create("budget");
	TCase *t = tcase_create("calls");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, calls_are_counted_by_calendar_month);
	tcase_add_test(t, what_is_kept_counts_ahead_and_is_taken_up_again);
	tcase_add_test(t, each_warning_is_given_once_a_month);
	tcase_add_test(t, without_a_limit_only_a_quiet_base_is_asked_less_often);
	tcase_add_test(t, writes_and_the_nightly_syncs_are_provided_for_before_the_feed);
	tcase_add_test(t, syncs_that_do_not_fit_come_less_often_and_the_feed_keeps_a_part);
	tcase_add_test(t, when_only_the_writes_share_is_left_nothing_else_starts);
	tcase_add_test(t, what_was_saved_up_is_spent_before_the_month_ends);
	tcase_add_test(t, hours_in_which_things_happen_are_asked_more_often_than_others);
	tcase_add_test(t, polls_that_take_several_calls_are_fewer);
	tcase_add_test(t, clocks_far_off_do_no_harm);
	suite_add_tcase(suite, t);
	t = tcase_create("months");
	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_month_of_100000_calls_is_enough_for_all_writes_and_nightly_syncs);
	tcase_add_test(t, so_is_one_of_1000_on_a_small_base);
	tcase_add_test(t, a_sudden_wave_of_writes_is_delivered_at_the_cost_of_polls);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(budget_suite());
}
