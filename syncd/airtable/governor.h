#ifndef SYNCD_AIRTABLE_GOVERNOR_H
#define SYNCD_AIRTABLE_GOVERNOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * When may the next call to Airtable start, and whose is it?  Pure logic:
 * the time is passed in, now_ms on a clock that never steps
 * (instant_monotonic()), wall_ms since 1970 (instant_now()).
 *
 * Invariants:
 * 1. Airtable sees at most per_second calls in any one-second window.  A
 *    call holds a slot of the window from its admission until a second and
 *    a margin after it can have arrived at the latest.  That is when it was
 *    sent plus what its answer took longer than answers can take: the
 *    excess may have been spent on the way there.
 * 2. Lane 0 goes first, then 1, then 2; but of LANE_SHARE calls that start
 *    while a lower lane waits, one is the lower lane's.
 * 3. After a 429 about the rate nothing starts until the lockout is over: as
 *    long as its Retry-After says, else lockout_ms.  In a row they double, up to
 *    GOVERNOR_LOCKOUT_MAX_MS, or to lockout_ms where a shorter time is named.
 *    Answers to calls that were under way then belong to the same incident
 *    and don't make it longer than their own Retry-After.
 * 4. After a 429 about the monthly quota one probe may start an hour later
 *    or on the 1st (UTC), whichever comes first, then hourly.
 */
#define GOVERNOR_LANES		3
#define GOVERNOR_LANE_SHARE	20
#define GOVERNOR_MARGIN_MS	50
#define GOVERNOR_LATE_MAX_MS	1000		/* a delay on the way beyond this is not waited for */
#define GOVERNOR_LOCKOUT_MAX_MS	600000		/* where the doubling ends */
#define GOVERNOR_PROBE_MS	3600000		/* between probes of the quota; the longest Retry-After obeyed */

struct governor;

struct governor_limits {
	int64_t	per_second;	/* 1.. */
	int64_t	lockout_ms;	/* after a 429 that names no time */
};

/* How an admitted call ended. */
enum governor_outcome {
	GOVERNOR_OK,		/* 2xx */
	GOVERNOR_REFUSED,	/* another answer below 500 */
	GOVERNOR_RATE_LIMITED,	/* 429 */
	GOVERNOR_QUOTA,		/* 429 about the month's calls */
	GOVERNOR_FAILED,	/* 5xx */
	GOVERNOR_NO_ANSWER,	/* sent; cut off, timed out or cancelled */
	GOVERNOR_NEVER_SENT,	/* its slot is free again */
	GOVERNOR_OUTCOMES
};

struct governor_ended {
	enum governor_outcome	outcome;
	int64_t			sent_ms;	/* as told to governor_sent() */
	int64_t			retry_after_ms;	/* of GOVERNOR_RATE_LIMITED; 0: none was given */
};

/* What a random function gives: 0 <= r < 1. */
typedef double	 governor_random(void *cookie);

/* NULL: out of memory. */
struct governor	*governor_new(const struct governor_limits *, governor_random *, void *cookie);
void		 governor_free(struct governor *);
/* New limits hold from the next admission on.  ERR_NOMEM: the old ones stay. */
enum err	 governor_configure(struct governor *, const struct governor_limits *);

/*
 * Calls that are not known may have been sent until ${sent_ms}, by the process
 * before this one: until they have left the window nothing starts.  Before
 * the first admission only.
 */
void		 governor_assume(struct governor *, int64_t sent_ms);

/*
 * Milliseconds until the window has a free slot, 0: now.  -1: not before a
 * call under way is sent or ends.  Lockouts are not part of it, see
 * governor_blocked_ms().  After that time ask again: it can be longer.
 */
int64_t		 governor_wait_ms(const struct governor *, int64_t now_ms);

/* How many calls the window has room for now, lockouts aside. */
size_t		 governor_room(const struct governor *, int64_t now_ms);

/*
 * How long a lockout still lasts, 0: there is none.  ${why} (may be NULL)
 * gets ERR_AIRTABLE_RATE_LIMITED, ERR_AIRTABLE_QUOTA or ERR_OK.
 */
int64_t		 governor_blocked_ms(const struct governor *, int64_t now_ms, enum err *why);

/* Which lane's call starts next, given how many wait in each; -1: none waits. */
int		 governor_choose(const struct governor *, const size_t waiting[static GOVERNOR_LANES]);

/*
 * A call of ${lane} starts, after governor_wait_ms() and
 * governor_blocked_ms() said 0; ${waiting} still counts it.  Returns its
 * ticket, which governor_end() takes back.
 */
uint64_t	 governor_admit(struct governor *, int lane,
		    const size_t waiting[static GOVERNOR_LANES], int64_t now_ms);
/* Its bytes leave now. */
void		 governor_sent(struct governor *, uint64_t ticket, int64_t now_ms);
/* It is over. */
void		 governor_end(struct governor *, uint64_t ticket, const struct governor_ended *,
		    int64_t now_ms, int64_t wall_ms);

/* Calls that ended so, since the start. */
uint64_t	 governor_count(const struct governor *, enum governor_outcome);
/* The limit in force. */
int64_t		 governor_per_second(const struct governor *);

#endif
