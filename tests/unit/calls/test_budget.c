#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "syncd/calls/budget.h"
#include "tests/lib/support.h"

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
	budget_configure(&b, calls, DAY, SECOND);
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

START_TEST(the_kept_count_runs_ahead_and_is_continued)
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
	/* another month, or garbage: start from zero */
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
	static const struct { int64_t wanted, after, interval; } cases[] = {
		{ SECOND, 0, SECOND }, { SECOND, 10 * MINUTE, SECOND },
		{ SECOND, 15 * MINUTE, SECOND + 8500 / 2 }, { SECOND, 20 * MINUTE, 9500 },
		{ SECOND, 9 * DAY, 9500 }, { 100, 9 * DAY, 9500 }, { 100, 5 * MINUTE, 100 },
		/* who wants less often is never asked more often, nor less often still */
		{ 30 * SECOND, 5 * MINUTE, 30 * SECOND }, { 30 * SECOND, 9 * DAY, 30 * SECOND },
		{ 0, 9 * DAY, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(0, 500, MARCH_1);
		budget_configure(&b, 0, DAY, cases[i].wanted);
		ck_assert_int_eq(budget_interval(&b, MARCH_1 + cases[i].after), cases[i].interval);
		budget_active(&b, MARCH_1 + cases[i].after);
		ck_assert_int_eq(budget_interval(&b, MARCH_1 + cases[i].after), cases[i].wanted);
	}
	ck_assert(budget_allows(&b, BUDGET_SYNC, MARCH_1));
	ck_assert(budget_allows(&b, BUDGET_FEED, MARCH_1));
	ck_assert(budget_allows_sync(&b, MARCH_1));
	/* so are sweeps, which take a call a page */
	start(0, 500, MARCH_1);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 1, MINUTE), MINUTE);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 500, 2500 * SECOND), 2500 * SECOND);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1 + HOUR, 1, MINUTE), 90 * SECOND);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1 + HOUR, 500, 2500 * SECOND), 45000 * SECOND);
}
END_TEST

START_TEST(writes_and_nightly_syncs_are_reserved_before_the_feed)
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
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 200, MINUTE), APRIL_1 - MARCH_1);
	ck_assert_int_gt(budget_sweep_interval(&b, MARCH_1, 10, MINUTE), 4 * DAY);
	ck_assert_int_lt(budget_sweep_interval(&b, MARCH_1, 10, MINUTE), 8 * DAY);
	budget_configure(&b, 0, DAY, SECOND);
	ck_assert_int_eq(budget_sweep_interval(&b, MARCH_1, 200, MINUTE), MINUTE);
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
	ck_assert_int_eq(budget_interval(&b, now), APRIL_1 - now);
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
	ck_assert_int_gt(budget_interval(&b, MARCH_1 + DAY), 10 * SECOND);
	budget_active(&b, APRIL_1 - 2 * HOUR);
	ck_assert_int_eq(budget_interval(&b, APRIL_1 - 2 * HOUR), SECOND);
}
END_TEST

START_TEST(busy_hours_are_polled_more_often_than_others)
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
	ck_assert_int_gt(budget_interval(&b, now + 3 * HOUR),
	    4 * budget_interval(&b, now + 11 * HOUR));
	/* a wait that begins at night ends as the day begins */
	start(1000, 10, MARCH_1);
	for (int h = 0; h < BUDGET_HOURS; h++)
		b.kept.hours[h] = h % 24 >= 9 && h % 24 < 17 ? 254 : 0;
	ck_assert_int_lt(budget_interval(&b, now + 6 * HOUR), 6 * HOUR);
	/* something happens at night, early in the month */
	now = MARCH_1 + 3 * DAY;
	start(100000, 10, MARCH_1);
	memset(b.kept.hours, 0, sizeof(b.kept.hours));
	ck_assert_int_gt(budget_interval(&b, now + 3 * HOUR), 20 * SECOND);
	for (int h = 0; h < BUDGET_HOURS; h++)
		b.kept.hours[h] = h % 24 >= 9 && h % 24 < 17 ? 254 : 0;
	budget_active(&b, now + 3 * HOUR);
	ck_assert_int_lt(budget_interval(&b, now + 3 * HOUR), 12 * SECOND);
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
	once = budget_interval(&b, MARCH_1 + HOUR);
	for (int i = 0; i < 200; i++)
		budget_count(&b, BUDGET_FEED, MARCH_1 + i * SECOND);
	ck_assert_int_ge(budget_interval(&b, MARCH_1 + HOUR), once * 29 / 10);
	ck_assert_int_le(budget_interval(&b, MARCH_1 + HOUR), once * 31 / 10);
}
END_TEST

START_TEST(clocks_that_are_far_off_do_no_harm)
{
	static const int64_t odd[] = { 0, 1, MARCH_1, INSTANT_MAX - 40 * DAY, MARCH_1 + DAY, 5 * DAY };

	start(1000, 10, MARCH_1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		budget_count(&b, BUDGET_FEED, odd[i]);
		budget_active(&b, odd[i]);
		budget_polled(&b, odd[i]);
		ck_assert_int_gt(budget_interval(&b, odd[i]), 0);
		(void)budget_forecast(&b, odd[i]);
		(void)budget_warning(&b, odd[i]);
	}
	budget_active(&b, -5);
}
END_TEST

/* A random gap to the next event, at ${per_ms} events per millisecond. */
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

/* ---- days without a budget ---- */

/* What the feed does in a day: its polls, and all other calls. */
struct day {
	uint64_t	calls;
	double		delay_s[4096];	/* of changes, until they were seen */
	size_t		seen;
	int64_t		now, poll, sweep_ended, look, sync;
	unsigned	pages;
	bool		sweeps;
};

#define ANSWER_MS	300	/* a call takes */

static void
day_calls(struct day *d, enum budget_use use, unsigned n)
{
	count(use, n, d->now);
	d->calls += n;
}

/* One poll, and before it whatever is due: a sweep, a look at the schema, a full sync. */
static void
day_poll(struct day *d)
{
	int64_t wanted = d->pages * 5 * SECOND;

	if (d->sweeps && d->now - d->sweep_ended >= budget_sweep_interval(&b, d->now, d->pages,
	    wanted > MINUTE ? wanted : MINUTE)) {
		day_calls(d, BUDGET_SYNC, d->pages);
		d->sweep_ended = d->now;
	}
	if (d->now - d->look >= 10 * MINUTE && d->now - d->look >= 100 * budget_interval(&b, d->now)) {
		day_calls(d, BUDGET_FEED, 2);
		d->look = d->now;
	}
	if (d->now - d->sync >= budget_plan(&b, d->now).sync_interval_ms) {
		day_calls(d, BUDGET_SYNC, d->pages + BUDGET_SYNC_EXTRA);
		d->sync = d->now;
	}
	day_calls(d, BUDGET_FEED, 1);
	budget_polled(&b, d->now);
	d->poll = d->now + budget_interval(&b, d->now);
}

/* Let time pass, with changes in Airtable at ${changes}, in order. */
static void
day_pass(struct day *d, int64_t ms, const int64_t *changes, size_t n)
{
	int64_t end = d->now + ms;
	size_t told = 0;

	for (d->poll = d->poll > d->now ? d->poll : d->now; d->poll < end; ) {
		d->now = d->poll;
		for (; told < n && changes[told] <= d->now; told++) {
			budget_active(&b, changes[told]);
			d->delay_s[d->seen++] = (double)(d->now + ANSWER_MS - changes[told]) / 1000;
		}
		day_poll(d);
	}
	d->now = end;
}

static double
p95(struct day *d)
{
	qsort(d->delay_s, d->seen, sizeof(d->delay_s[0]), by_size);
	return d->delay_s[d->seen * 95 / 100];
}

static struct day lived;

static void
day_begin(unsigned pages, bool sweeps)
{
	start(0, pages, MARCH_1);
	lived = (struct day){ .now = MARCH_1, .sync = MARCH_1, .look = MARCH_1, .sweep_ended = MARCH_1,
	    .pages = pages, .sweeps = sweeps };
}

/* The largest base of the usual plans, and a small one, with everything on. */
START_TEST(a_quiet_day_takes_12000_calls_at_most)
{
	const int64_t never = 0;
	static const struct { unsigned pages; bool sweeps; } bases[] = {
		{ 1, true }, { 10, true }, { 500, true }, { 500, false }, { 1250, true }
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		day_begin(bases[i].pages, bases[i].sweeps);
		day_pass(&lived, DAY, &never, 0);
		printf("# a quiet day of %u pages: %llu calls\n", bases[i].pages,
		    (unsigned long long)lived.calls);
		ck_assert_uint_le(lived.calls, 12000);
		ck_assert_uint_ge(lived.calls, 9000);
		/* the next day is like it, and the forecast says so */
		lived.calls = 0;
		day_pass(&lived, DAY, &never, 0);
		ck_assert_uint_le(lived.calls, 12000);
		ck_assert_uint_ge(budget_forecast(&b, lived.now), 31 * lived.calls * 9 / 10);
		ck_assert_uint_le(budget_forecast(&b, lived.now), 31 * lived.calls * 11 / 10);
	}
}
END_TEST

START_TEST(the_first_change_after_a_quiet_hour_is_seen_within_10_s)
{
	unsigned short seed[3] = { 4, 5, 6 };

	day_begin(10, true);
	for (int i = 0; i < 2000; i++) {
		int64_t change = lived.now + HOUR + (int64_t)(erand48(seed) * (double)(10 * MINUTE));

		day_pass(&lived, HOUR + 11 * MINUTE, &change, 1);
	}
	ck_assert_uint_eq(lived.seen, 2000);
	ck_assert(p95(&lived) <= 10);
	ck_assert(lived.delay_s[lived.seen - 1] <= 10);
	ck_assert(lived.delay_s[lived.seen / 2] > 4);
}
END_TEST

START_TEST(in_busy_times_changes_are_seen_within_1500_ms)
{
	unsigned short seed[3] = { 7, 8, 9 };
	static int64_t changes[2000];
	size_t n = 0;

	/* eight hours with something every two minutes, and then the first change is no news */
	day_begin(10, true);
	for (int64_t at = lived.now; n < 2000 && at < lived.now + 8 * HOUR; n++) {
		at += gap(seed, 1 / (double)(2 * MINUTE));
		changes[n] = at;
	}
	day_pass(&lived, 8 * HOUR, changes, n);
	ck_assert_uint_gt(lived.seen, 200);
	ck_assert(p95(&lived) <= 1.5);
	/* a call a second, and a sweep of ten pages a minute */
	ck_assert_uint_le(lived.calls, 8 * 3600 + 8 * 60 * 12);
}
END_TEST

START_TEST(the_forecast_holds_from_the_first_minute_on)
{
	uint64_t month = 31 * 86400;

	/* just begun: a question a second, though none was counted yet */
	start(0, 1, MARCH_1);
	ck_assert_uint_ge(budget_forecast(&b, MARCH_1 + MINUTE), month * 9 / 10);
	ck_assert_uint_le(budget_forecast(&b, MARCH_1 + MINUTE), month * 11 / 10);
	/* it is quiet by now */
	ck_assert_uint_le(budget_forecast(&b, MARCH_1 + 20 * MINUTE), month / 9);
	ck_assert_uint_ge(budget_forecast(&b, MARCH_1 + 20 * MINUTE), month / 10);
	/* a few writes in the first minutes do not make a habit */
	count(BUDGET_WRITE, 10, MARCH_1 + 20 * MINUTE);
	ck_assert_uint_le(budget_forecast(&b, MARCH_1 + 20 * MINUTE), month / 9 + 10 * 31 * 24);
	/* only full syncs, without a feed */
	start(0, 10, MARCH_1);
	budget_configure(&b, 0, DAY, 0);
	ck_assert_uint_le(budget_forecast(&b, MARCH_1 + MINUTE), 32 * 13);
	/* a budget is kept */
	start(100000, 10, MARCH_1);
	ck_assert_uint_le(budget_forecast(&b, MARCH_1 + MINUTE), 100000);
	ck_assert_uint_ge(budget_forecast(&b, MARCH_1 + MINUTE), 50000);
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

/* Simulate months in a row, second by second where something happens; report on the last. */
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
			poll = now + budget_interval(&b, now);
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

START_TEST(a_month_of_1000_calls_is_enough_for_a_small_base)
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
	tcase_add_test(t, the_kept_count_runs_ahead_and_is_continued);
	tcase_add_test(t, each_warning_is_given_once_a_month);
	tcase_add_test(t, without_a_limit_only_a_quiet_base_is_asked_less_often);
	tcase_add_test(t, writes_and_nightly_syncs_are_reserved_before_the_feed);
	tcase_add_test(t, syncs_that_do_not_fit_come_less_often_and_the_feed_keeps_a_part);
	tcase_add_test(t, when_only_the_writes_share_is_left_nothing_else_starts);
	tcase_add_test(t, what_was_saved_up_is_spent_before_the_month_ends);
	tcase_add_test(t, busy_hours_are_polled_more_often_than_others);
	tcase_add_test(t, polls_that_take_several_calls_are_fewer);
	tcase_add_test(t, clocks_that_are_far_off_do_no_harm);
	tcase_add_test(t, a_quiet_day_takes_12000_calls_at_most);
	tcase_add_test(t, the_first_change_after_a_quiet_hour_is_seen_within_10_s);
	tcase_add_test(t, in_busy_times_changes_are_seen_within_1500_ms);
	tcase_add_test(t, the_forecast_holds_from_the_first_minute_on);
	suite_add_tcase(suite, t);
	t = tcase_create("months");
	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_month_of_100000_calls_is_enough_for_all_writes_and_nightly_syncs);
	tcase_add_test(t, a_month_of_1000_calls_is_enough_for_a_small_base);
	tcase_add_test(t, a_sudden_wave_of_writes_is_delivered_at_the_cost_of_polls);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(budget_suite());
}
