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
 * What is left of airtable.monthly_calls is divided anew whenever somebody
 * asks:
 * 1. Writes come first: as many as the last seven days let expect for the
 *    rest of the month (the busiest of them aside), a tenth more, and
 *    BUDGET_FLOOR_PERCENT of the month.  They are never held back, not even
 *    when all is used.
 * 2. Then full syncs, one every sync.full_interval; where they would take more
 *    than three quarters of the rest they come less often.
 * 3. The feed has all else.  It asks at equal distances of weighted time: an
 *    hour of the week in which things usually happen weighs 1, one in which
 *    nothing does BUDGET_IDLE_WEIGHT; something that just happened makes the
 *    next BUDGET_ACTIVE_MS weigh 1.
 * So a month ends below its budget as long as the writes alone do, and what
 * was not needed is there for asking more often towards the end.
 *
 * Whatever the budget, a base in which nothing happens is asked less often:
 * for BUDGET_ACTIVE_MS after the last thing that happened every
 * sync.feed_interval, and from there on ever less, until after as much time
 * again it is every BUDGET_QUIET_MS (or sync.feed_interval, where that is
 * longer).  So a quiet day takes about 9,100 questions, and the first change
 * after it is seen within BUDGET_QUIET_MS.
 */
#define BUDGET_FLOOR_PERCENT	2
#define BUDGET_SYNC_EXTRA	3		/* calls of a full sync beyond its pages */
#define BUDGET_ACTIVE_MS	600000
#define BUDGET_IDLE_WEIGHT	(1.0 / 16)
#define BUDGET_QUIET_MS		CONFIG_FEED_QUIET_MS	/* the feed is asked no less often where no budget demands it */
#define BUDGET_QUIET_PAGE_MS	90000		/* so much of a quiet time for each page of a sweep */
#define BUDGET_SWEEP_PERCENT	25
#define BUDGET_HOURS		168		/* of a week */
#define BUDGET_DAYS		8		/* today and seven before */

/* In the order of enum airtable_priority. */
enum budget_use { BUDGET_WRITE, BUDGET_FEED, BUDGET_SYNC, BUDGET_USES };

/* What the store keeps of it, as it lies there. */
struct budget_kept {
	uint32_t	format;			/* BUDGET_FORMAT */
	uint32_t	warned;			/* percent, this month */
	int64_t		month_ms;		/* the month that used is about: its first moment */
	uint64_t	used[BUDGET_USES];
	int64_t		first_ms;		/* counted since */
	int64_t		active_ms;		/* when something last happened */
	int64_t		polled_ms;		/* until when the feed knows all */
	int64_t		day;			/* today, days since 1970 */
	uint32_t	calls[BUDGET_DAYS][BUDGET_USES];	/* by day % BUDGET_DAYS */
	uint32_t	polls[BUDGET_DAYS];	/* of the feed; one may take several calls */
	uint8_t		hours[BUDGET_HOURS];	/* how likely is activity, of 254; 255: not known yet */
};
#define BUDGET_FORMAT	1u

struct budget {
	struct budget_kept	kept;
	uint64_t		monthly_calls;		/* 0: no limit */
	int64_t			sync_interval_ms;	/* as configured */
	int64_t			feed_interval_ms;	/* the same; 0: the feed is off */
	uint64_t		listing_calls;		/* pages of a full sync */
	bool			seen[BUDGET_HOURS];	/* activity that is not in kept.hours yet */
};

/* What is left, and for whom.  Without a limit all but the time is 0. */
struct budget_plan {
	int64_t		until_ms;	/* the month ends */
	uint64_t	left;
	uint64_t	writes;		/* of it, kept for writes */
	uint64_t	syncs;		/* for full syncs */
	uint64_t	feed;
	int64_t		sync_interval_ms;	/* what full syncs can be afforded; never below the wanted */
	bool		tight;			/* it is above */
};

/* Nothing counted yet; something has just happened. */
void		 budget_init(struct budget *, int64_t now_ms);
void		 budget_configure(struct budget *, int64_t monthly_calls, int64_t sync_interval_ms,
		    int64_t feed_interval_ms);
/* A full sync takes ${pages} calls. */
void		 budget_set_listing(struct budget *, uint64_t pages);

/* A call was sent. */
void		 budget_count(struct budget *, enum budget_use, int64_t now_ms);
/* Something happened in the base at ${at_ms}: a person was at work. */
void		 budget_active(struct budget *, int64_t at_ms);
/* The feed knows now all that happened until ${at_ms}, and budget_active() has been told. */
void		 budget_polled(struct budget *, int64_t at_ms);

struct budget_plan budget_plan(const struct budget *, int64_t now_ms);
/*
 * How long to wait until the feed is asked again, at least feed_interval_ms; 0: it
 * is off.  Nothing left for it: until the month is over.
 */
int64_t		 budget_interval(const struct budget *, int64_t now_ms);
/*
 * How long to wait from one sweep over all ids, of so many pages, to the next,
 * at least ${wanted_ms}: they may take BUDGET_SWEEP_PERCENT of what the feed
 * has, and come less often while nothing happens.
 */
int64_t		 budget_sweep_interval(const struct budget *, int64_t now_ms, uint64_t pages,
		    int64_t wanted_ms);
/* May a call of that use start?  Writes always may. */
bool		 budget_allows(const struct budget *, enum budget_use, int64_t now_ms);
/* Is there room for a whole full sync? */
bool		 budget_allows_sync(const struct budget *, int64_t now_ms);

/*
 * Calls of this month so far, and how many it will be at its end if all goes on
 * as in the last week.  What of a day is not known yet is taken to be as now.
 */
uint64_t	 budget_used(const struct budget *, int64_t now_ms);
uint64_t	 budget_forecast(const struct budget *, int64_t now_ms);
/* 50, 80 or 95 when that percentage has been reached since it was last asked, else 0. */
unsigned	 budget_warning(struct budget *, int64_t now_ms);

/*
 * Add what is to be kept, with ${ahead} calls more than were made, so that
 * they are counted though the process be killed before it is kept again.
 */
void		 budget_save(const struct budget *, uint64_t ahead, struct buf *);
/* Take that up again; what is not understood is ignored. */
void		 budget_load(struct budget *, struct str, int64_t now_ms);
/* Would it be understood? */
bool		 budget_sound(struct str);

#endif
