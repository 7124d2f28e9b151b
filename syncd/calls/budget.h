#ifndef SYNCD_CALLS_BUDGET_H
#define SYNCD_CALLS_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"
#include "common/config/config.h"

/*
 * How the calls of a calendar month (UTC) are spent.  Pure logic: the time,
 * milliseconds since 1970, is passed in.
 *
 * Each time a function asks, what is left of airtable.monthly_calls is divided
 * again:
 * 1. Writes come first: as many as the last seven days suggest for the rest of
 *    the month (the busiest day counting as much as the second busiest), a tenth
 *    more, and BUDGET_FLOOR_PERCENT of the month.  Writes are never held back, not
 *    even when all calls are used.
 * 2. Then come full syncs, one every sync.full_interval; they come less often if
 *    they would take more than three quarters of the rest.
 * 3. The feed has all else.  Its polls stand at equal distances of weighted time:
 *    an hour of the week in which things usually happen weighs 1, one in which
 *    nothing does BUDGET_IDLE_WEIGHT, and the BUDGET_ACTIVE_MS after anything has
 *    happened weigh 1.
 * So a month ends below its budget as long as the writes alone stay below it, and
 * calls that were not needed make polls more frequent towards the end.
 *
 * Whatever the budget, a base in which nothing happens is polled less often:
 * every sync.feed_interval for BUDGET_ACTIVE_MS after the last thing that
 * happened, then at growing distances, which after BUDGET_ACTIVE_MS more reach
 * BUDGET_QUIET_MS (or sync.feed_interval, if that is longer).  So a quiet day
 * takes about 9,100 polls, and the first change after it is seen within
 * BUDGET_QUIET_MS.
 */
#define BUDGET_FLOOR_PERCENT	2
#define BUDGET_SYNC_EXTRA	3		/* calls of a full sync beyond its pages */
#define BUDGET_ACTIVE_MS	600000
#define BUDGET_IDLE_WEIGHT	(1.0 / 16)
#define BUDGET_QUIET_MS		CONFIG_FEED_QUIET_MS	/* longest distance between polls, unless the budget demands more */
#define BUDGET_QUIET_PAGE_MS	90000		/* between sweeps in quiet times, for each page of a sweep */
#define BUDGET_SWEEP_PERCENT	25
#define BUDGET_HOURS		168		/* of a week */
#define BUDGET_DAYS		8		/* today and seven before */

/* In the order of enum airtable_priority. */
enum budget_use { BUDGET_WRITE, BUDGET_FEED, BUDGET_SYNC, BUDGET_USES };

/* What the store keeps of the budget, byte for byte. */
struct budget_kept {
	uint32_t	format;			/* BUDGET_FORMAT */
	uint32_t	warned;			/* percent of which was warned this month */
	int64_t		month_ms;		/* the first moment of the month that used counts */
	uint64_t	used[BUDGET_USES];
	int64_t		first_ms;		/* when counting began */
	int64_t		active_ms;		/* when something last happened */
	int64_t		polled_ms;		/* up to when the feed knows everything */
	int64_t		day;			/* today, days since 1970 */
	uint32_t	calls[BUDGET_DAYS][BUDGET_USES];	/* by day % BUDGET_DAYS */
	uint32_t	polls[BUDGET_DAYS];	/* of the feed; a poll may take several calls */
	uint8_t		hours[BUDGET_HOURS];	/* how likely activity is, 0 to 254; 255: not known yet */
};
#define BUDGET_FORMAT	1u

struct budget {
	struct budget_kept	kept;
	uint64_t		monthly_calls;		/* 0: no limit */
	int64_t			sync_interval_ms;	/* as configured */
	int64_t			feed_interval_ms;	/* the same; 0: the feed is off */
	uint64_t		listing_calls;		/* pages of a full sync */
	bool			seen[BUDGET_HOURS];	/* hours with activity that is not in kept.hours yet */
};

/* What is left, and for which use.  Without a limit all but the times is 0. */
struct budget_plan {
	int64_t		until_ms;	/* the end of the month */
	uint64_t	left;
	uint64_t	writes;		/* of left: for writes, */
	uint64_t	syncs;		/* for full syncs */
	uint64_t	feed;
	int64_t		sync_interval_ms;	/* the distance of full syncs that the budget allows; never below the configured one */
	bool		tight;			/* it is above the configured one */
};

/* Begin with nothing counted, as if something has just happened. */
void		 budget_init(struct budget *, int64_t now_ms);
void		 budget_configure(struct budget *, int64_t monthly_calls, int64_t sync_interval_ms,
		    int64_t feed_interval_ms);
/* A full sync takes ${pages} calls. */
void		 budget_set_listing(struct budget *, uint64_t pages);

/* A call was sent. */
void		 budget_count(struct budget *, enum budget_use, int64_t now_ms);
/* Something happened in the base at ${at_ms}: a person was at work. */
void		 budget_active(struct budget *, int64_t at_ms);
/* The feed knows everything that happened until ${at_ms}, and has called budget_active() for it. */
void		 budget_polled(struct budget *, int64_t at_ms);

struct budget_plan budget_plan(const struct budget *, int64_t now_ms);
/*
 * Milliseconds until the next poll, at least feed_interval_ms; 0: the feed is off.
 * If no calls are left for it: until the month is over.
 */
int64_t		 budget_interval(const struct budget *, int64_t now_ms);
/*
 * Milliseconds from one sweep over all ids, of ${pages} pages, to the next, at
 * least ${wanted_ms}.  Sweeps may take BUDGET_SWEEP_PERCENT of the feed's calls, and
 * come less often while nothing happens.
 */
int64_t		 budget_sweep_interval(const struct budget *, int64_t now_ms, uint64_t pages,
		    int64_t wanted_ms);
/* May a call for this use start?  Writes always may. */
bool		 budget_allows(const struct budget *, enum budget_use, int64_t now_ms);
/* Are there calls left for a whole full sync? */
bool		 budget_allows_sync(const struct budget *, int64_t now_ms);

/*
 * Calls of this month so far, and how many there will be at its end if everything
 * goes on as in the last week.  As long as less than a day is known, the rest of a
 * day counts as going on like now.
 */
uint64_t	 budget_used(const struct budget *, int64_t now_ms);
uint64_t	 budget_forecast(const struct budget *, int64_t now_ms);
/* 50, 80 or 95 if that percentage has been reached since the last call, else 0. */
unsigned	 budget_warning(struct budget *, int64_t now_ms);

/*
 * Add what is to be kept, with ${ahead} calls more than were made.  These count
 * even if the process is killed before it saves again.
 */
void		 budget_save(const struct budget *, uint64_t ahead, struct buf *);
/* Load what budget_save() wrote; anything invalid is ignored. */
void		 budget_load(struct budget *, struct str, int64_t now_ms);
/* Would budget_load() accept it? */
bool		 budget_sound(struct str);

#endif
