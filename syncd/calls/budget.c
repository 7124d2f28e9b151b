#include <string.h>

#include "common/base/instant.h"
#include "syncd/calls/budget.h"

#define HOUR_MS		INT64_C(3600000)
#define DAY_MS		INT64_C(86400000)
#define WEEK_MS		(7 * DAY_MS)
#define HOUR_UNKNOWN	255
#define HOUR_CERTAIN	254
#define WRITES_PRIOR	0.10	/* of the month's calls, as long as less than a week is known */
#define WRITES_SPARE	1.1
#define SYNCS_SHARE	0.75	/* at most, of what the writes leave */
#define POLL_CALLS_MAX	10.0
#define POLLS_PRIOR	100.0	/* a forecast assumes so many polls of one call each besides the counted ones */

static const unsigned warnings[] = { 95, 80, 50 };	/* percent */

void
budget_init(struct budget *b, int64_t now_ms)
{
	memset(b, 0, sizeof(*b));
	b->kept.format = BUDGET_FORMAT;
	b->kept.month_ms = instant_month(now_ms, 0);
	b->kept.first_ms = b->kept.active_ms = b->kept.polled_ms = now_ms;
	b->kept.day = now_ms / DAY_MS;
	memset(b->kept.hours, HOUR_UNKNOWN, sizeof(b->kept.hours));
	b->sync_interval_ms = DAY_MS;
	b->feed_interval_ms = 1000;
	b->listing_calls = 1;
}

void
budget_configure(struct budget *b, int64_t monthly_calls, int64_t sync_interval_ms,
    int64_t feed_interval_ms)
{
	b->monthly_calls = monthly_calls > 0 ? (uint64_t)monthly_calls : 0;
	b->sync_interval_ms = sync_interval_ms;
	b->feed_interval_ms = feed_interval_ms;
}

void
budget_set_listing(struct budget *b, uint64_t pages)
{
	b->listing_calls = pages > 0 ? pages : 1;
}

/* Move on to the month and day of ${now_ms}. */
static void
roll(struct budget_kept *k, int64_t now_ms)
{
	int64_t month_ms = instant_month(now_ms, 0), day = now_ms / DAY_MS;

	if (month_ms > k->month_ms) {
		memset(k->used, 0, sizeof(k->used));
		k->warned = 0;
	}
	/* if the clock was set back, calls of the later month count as this month's */
	k->month_ms = month_ms;
	if (day - k->day > BUDGET_DAYS)
		k->day = day - BUDGET_DAYS;
	while (k->day < day) {
		k->day++;
		memset(k->calls[k->day % BUDGET_DAYS], 0, sizeof(k->calls[0]));
		k->polls[k->day % BUDGET_DAYS] = 0;
	}
	k->day = day;
}

void
budget_count(struct budget *b, enum budget_use use, int64_t now_ms)
{
	roll(&b->kept, now_ms);
	b->kept.used[use]++;
	b->kept.calls[b->kept.day % BUDGET_DAYS][use]++;
}

static size_t
hour_of_week(int64_t ms)
{
	return ms < 0 ? 0 : (size_t)(ms / HOUR_MS % BUDGET_HOURS);
}

void
budget_active(struct budget *b, int64_t at_ms)
{
	if (at_ms > b->kept.active_ms)
		b->kept.active_ms = at_ms;
	b->seen[hour_of_week(at_ms)] = true;
}

/* The hour is over: learn whether it had activity. */
static void
learn(struct budget *b, size_t hour)
{
	int target = b->seen[hour] ? HOUR_CERTAIN : 0, was = b->kept.hours[hour], step;

	b->seen[hour] = false;
	if (was == HOUR_UNKNOWN)
		step = (target - (was = HOUR_CERTAIN / 2)) / 2;
	else
		step = (target - was + (target > was ? 2 : -2)) / 3;
	b->kept.hours[hour] = (uint8_t)(was + step);
}

void
budget_polled(struct budget *b, int64_t at_ms)
{
	int64_t from = b->kept.polled_ms;

	roll(&b->kept, at_ms);
	b->kept.polls[b->kept.day % BUDGET_DAYS]++;
	b->kept.polled_ms = at_ms;
	if (at_ms < from || at_ms - from > DAY_MS) {	/* after an absence nothing is learned */
		memset(b->seen, 0, sizeof(b->seen));
		return;
	}
	for (int64_t hour = from / HOUR_MS; hour < at_ms / HOUR_MS; hour++)
		learn(b, (size_t)(hour % BUDGET_HOURS));
}

/* How much a poll in that hour is worth. */
static double
weight(const struct budget *b, int64_t at_ms)
{
	unsigned likely = b->kept.hours[hour_of_week(at_ms)];

	if (likely == HOUR_UNKNOWN)
		return 0.5;
	return BUDGET_IDLE_WEIGHT + (1 - BUDGET_IDLE_WEIGHT) * likely / HOUR_CERTAIN;
}

/*
 * The weighted milliseconds from ${from_ms} to ${until_ms}.  If they reach
 * ${enough} before, that is returned, and *at is the moment; else *at is ${until_ms}.
 */
static double
weigh(const struct budget *b, int64_t from_ms, int64_t until_ms, double enough, int64_t *at)
{
	int64_t busy_until = b->kept.active_ms + BUDGET_ACTIVE_MS, now = from_ms;
	double sum = 0;

	while (now < until_ms) {
		int64_t end = (now / HOUR_MS + 1) * HOUR_MS;
		double w = now < busy_until ? 1 : weight(b, now), span;

		if (now < busy_until && end > busy_until)
			end = busy_until;
		if (end > until_ms)
			end = until_ms;
		span = w * (double)(end - now);
		if (sum + span >= enough) {
			*at = now + (int64_t)((enough - sum) / w);
			return enough;
		}
		sum += span;
		now = end;
	}
	*at = until_ms;
	return sum;
}

/* Calls of a use in the last week and today. */
static double
recent(const struct budget_kept *k, enum budget_use use)
{
	double sum = 0;

	for (int d = 0; d < BUDGET_DAYS; d++)
		sum += k->calls[d][use];
	return sum;
}

/* How long recent() reaches back. */
static double
recent_ms(const struct budget_kept *k, int64_t now_ms)
{
	int64_t from = (k->day - BUDGET_DAYS + 1) * DAY_MS;

	if (from < k->first_ms)
		from = k->first_ms;
	return now_ms - from > HOUR_MS ? (double)(now_ms - from) : (double)HOUR_MS;
}

/*
 * recent() for writes, with the busiest day counting as the second busiest: one such
 * day is no habit.
 */
static double
usual_writes(const struct budget_kept *k)
{
	uint32_t most = 0, second = 0;

	for (int d = 0; d < BUDGET_DAYS; d++) {
		uint32_t n = k->calls[d][BUDGET_WRITE];

		if (n > most) {
			second = most;
			most = n;
		} else if (n > second) {
			second = n;
		}
	}
	return recent(k, BUDGET_WRITE) - most + second;
}

/* Writes to be expected in ${ms}. */
static double
expected_writes(const struct budget *b, const struct budget_kept *k, int64_t now_ms, double ms)
{
	double known = recent_ms(k, now_ms), month = (double)(30 * DAY_MS), guessed;

	/* the part of a week that is not known yet is a guess */
	guessed = known < (double)WEEK_MS ? (double)WEEK_MS - known : 0;
	return (usual_writes(k) +
	    (double)b->monthly_calls * WRITES_PRIOR * guessed / month) / (known + guessed) * ms;
}

static double
sync_calls(const struct budget *b)
{
	return (double)(b->listing_calls + BUDGET_SYNC_EXTRA);
}

static uint64_t
sum_used(const struct budget_kept *k)
{
	uint64_t sum = 0;

	for (int u = 0; u < BUDGET_USES; u++)
		sum += k->used[u];
	return sum;
}

/* The share of full syncs in ${rest} calls, and the interval that it allows. */
static void
plan_syncs(const struct budget *b, struct budget_plan *p, double rest, double time_ms)
{
	double interval = (double)b->sync_interval_ms, needed, most = rest * SYNCS_SHARE;

	needed = sync_calls(b) * (double)(int64_t)(time_ms / interval + 1);
	if (needed > most) {
		/*
		 * calls that do not suffice for a full sync today may suffice for one before
		 * the month ends
		 */
		p->tight = most < sync_calls(b) * (time_ms / interval);
		needed = most;
	}
	p->syncs = (uint64_t)needed;
	if (p->tight) {
		interval = most >= sync_calls(b) ? time_ms * sync_calls(b) / most : time_ms;
		if (interval > (double)p->sync_interval_ms)
			p->sync_interval_ms = (int64_t)interval + 1;
	}
}

struct budget_plan
budget_plan(const struct budget *b, int64_t now_ms)
{
	struct budget_plan p = {
		.until_ms = instant_month(now_ms, 1), .sync_interval_ms = b->sync_interval_ms
	};
	struct budget_kept k = b->kept;
	double time_ms = (double)(p.until_ms - now_ms), writes;
	uint64_t used;

	if (b->monthly_calls == 0)
		return p;
	roll(&k, now_ms);
	used = sum_used(&k);
	p.left = used < b->monthly_calls ? b->monthly_calls - used : 0;
	writes = expected_writes(b, &k, now_ms, time_ms) * WRITES_SPARE +
	    (double)b->monthly_calls * BUDGET_FLOOR_PERCENT / 100;
	p.writes = writes < (double)p.left ? (uint64_t)writes : p.left;
	plan_syncs(b, &p, (double)(p.left - p.writes), time_ms);
	p.feed = p.left - p.writes - p.syncs;
	return p;
}

/* ${busy} while something has just happened, growing to ${quiet} when nothing has for long. */
static int64_t
unhurried(const struct budget *b, int64_t now_ms, int64_t busy, int64_t quiet)
{
	int64_t grown = now_ms - b->kept.active_ms - BUDGET_ACTIVE_MS;

	if (grown <= 0 || quiet <= busy)
		return busy;
	if (grown >= BUDGET_ACTIVE_MS)
		return quiet;
	return busy + (int64_t)((double)(quiet - busy) * (double)grown / BUDGET_ACTIVE_MS);
}

static double
recent_polls(const struct budget_kept *k)
{
	double polls = 0;

	for (int d = 0; d < BUDGET_DAYS; d++)
		polls += k->polls[d];
	return polls;
}

/* How many calls a poll takes, including those for what it finds. */
static double
poll_calls(const struct budget_kept *k)
{
	double polls = recent_polls(k), calls = recent(k, BUDGET_FEED);

	if (polls == 0 || calls < polls)
		return 1;
	return calls / polls < POLL_CALLS_MAX ? calls / polls : POLL_CALLS_MAX;
}

int64_t
budget_interval(const struct budget *b, int64_t now_ms)
{
	struct budget_plan p = budget_plan(b, now_ms);
	int64_t wait = b->feed_interval_ms == 0 ? 0 :
	    unhurried(b, now_ms, b->feed_interval_ms, BUDGET_QUIET_MS), at;
	double polls, total;

	if (b->monthly_calls == 0 || b->feed_interval_ms == 0)
		return wait;
	if ((polls = (double)p.feed / poll_calls(&b->kept)) < 1)
		return p.until_ms - now_ms;
	total = weigh(b, now_ms, p.until_ms, 1e18, &at);
	(void)weigh(b, now_ms, p.until_ms, total / polls, &at);
	return at - now_ms > wait ? at - now_ms : wait;
}

int64_t
budget_sweep_interval(const struct budget *b, int64_t now_ms, uint64_t pages, int64_t wanted_ms)
{
	struct budget_plan p = budget_plan(b, now_ms);
	uint64_t share = p.feed * BUDGET_SWEEP_PERCENT / 100;
	int64_t least, wait;

	least = unhurried(b, now_ms, wanted_ms, (int64_t)pages * BUDGET_QUIET_PAGE_MS);
	if (b->monthly_calls == 0)
		return least;
	if (share <= pages)
		return p.until_ms - now_ms > least ? p.until_ms - now_ms : least;
	wait = (int64_t)((double)(p.until_ms - now_ms) * (double)pages / (double)share);
	return wait > least ? wait : least;
}

bool
budget_allows(const struct budget *b, enum budget_use use, int64_t now_ms)
{
	struct budget_plan p;

	if (b->monthly_calls == 0 || use == BUDGET_WRITE)
		return true;
	p = budget_plan(b, now_ms);
	/* a sync under way may end: its calls were there when it began */
	if (use == BUDGET_SYNC)
		return p.left > b->monthly_calls * BUDGET_FLOOR_PERCENT / 200;
	return p.feed > 0;
}

bool
budget_allows_sync(const struct budget *b, int64_t now_ms)
{
	struct budget_plan p = budget_plan(b, now_ms);

	return b->monthly_calls == 0 || (double)(p.left - p.writes) >= sync_calls(b);
}

uint64_t
budget_used(const struct budget *b, int64_t now_ms)
{
	struct budget_kept k = b->kept;

	roll(&k, now_ms);
	return sum_used(&k);
}

/*
 * Calls of the feed in ${time_ms}, as in the last week; the unknown part of a first
 * day goes on as now.
 */
static double
feed_goes_on(const struct budget *b, const struct budget_kept *k, int64_t now_ms, double time_ms)
{
	double known = recent_ms(k, now_ms), rest = known < DAY_MS ? DAY_MS - known : 0, now = 0;

	/* the first calls, which find the webhook, are no habit */
	if (b->feed_interval_ms > 0)
		now = (recent(k, BUDGET_FEED) + POLLS_PRIOR) / (recent_polls(k) + POLLS_PRIOR) /
		    (double)budget_interval(b, now_ms);
	return (recent(k, BUDGET_FEED) + now * rest) / (known + rest) * time_ms;
}

/* The same for sweeps, without the calls of full syncs, which have an interval of their own. */
static double
sweeps_go_on(const struct budget *b, const struct budget_kept *k, int64_t now_ms, double time_ms)
{
	double known = recent_ms(k, now_ms), runs = known / (double)b->sync_interval_ms + 1;
	double sweeps = recent(k, BUDGET_SYNC) - sync_calls(b) * runs;

	return sweeps > 0 ? sweeps / known * time_ms : 0;
}

uint64_t
budget_forecast(const struct budget *b, int64_t now_ms)
{
	struct budget_plan p = budget_plan(b, now_ms);
	struct budget_kept k = b->kept;
	double time_ms = (double)(p.until_ms - now_ms), writes, syncs, feed;

	roll(&k, now_ms);
	writes = recent(&k, BUDGET_WRITE) / recent_ms(&k, now_ms) * time_ms;
	feed = feed_goes_on(b, &k, now_ms, time_ms) + sweeps_go_on(b, &k, now_ms, time_ms);
	syncs = sync_calls(b) * (time_ms / (double)p.sync_interval_ms);
	if (b->monthly_calls > 0 && feed > (double)p.feed)
		feed = (double)p.feed;
	if (b->monthly_calls > 0 && syncs > (double)p.syncs)
		syncs = (double)p.syncs;
	return sum_used(&k) + (uint64_t)(writes + feed + syncs);
}

unsigned
budget_warning(struct budget *b, int64_t now_ms)
{
	uint64_t used;

	roll(&b->kept, now_ms);
	used = sum_used(&b->kept);
	if (b->monthly_calls == 0)
		return 0;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (used * 100 >= b->monthly_calls * warnings[i]) {
			if (b->kept.warned >= warnings[i])
				return 0;
			b->kept.warned = warnings[i];
			return warnings[i];
		}
	return 0;
}

void
budget_save(const struct budget *b, uint64_t ahead, struct buf *out)
{
	struct budget_kept k = b->kept;

	k.used[BUDGET_FEED] += ahead;
	buf_add(out, &k, sizeof(k));
}

bool
budget_sound(struct str s)
{
	struct budget_kept k;

	if (s.len != sizeof(k))
		return false;
	memcpy(&k, s.ptr, sizeof(k));
	return k.format == BUDGET_FORMAT;
}

void
budget_load(struct budget *b, struct str s, int64_t now_ms)
{
	struct budget_kept k;

	if (!budget_sound(s))
		return;
	memcpy(&k, s.ptr, sizeof(k));
	/* saved when the clock was ahead */
	if (k.first_ms > now_ms)
		k.first_ms = now_ms;
	if (k.active_ms > now_ms)
		k.active_ms = now_ms;
	if (k.polled_ms > now_ms)
		k.polled_ms = now_ms;
	b->kept = k;
	roll(&b->kept, now_ms);
}
