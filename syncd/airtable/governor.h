#ifndef SYNCD_AIRTABLE_GOVERNOR_H
#define SYNCD_AIRTABLE_GOVERNOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Decides when the next call to Airtable may start, and of which lane.  Pure
 * logic: the time is passed in, now_ms on a clock that never steps
 * (instant_monotonic()), wall_ms since 1970 (instant_now()).
 *
 * Invariants:
 * 1. Airtable sees at most per_second calls in any one-second window.  A
 *    call holds a slot of the window from its admission until a second and
 *    a margin after its latest possible arrival at Airtable.  That is when it
 *    was sent, plus the time by which its answer took longer than the
 *    quickest ones do, as the excess may have been spent on the way there.
 * 2. Lane 0 goes first, then 1, then 2; but of GOVERNOR_LANE_SHARE calls that
 *    start while a lower lane waits, one is the lower lane's.
 * 3. After a 429 about the rate nothing starts until the lockout is over: its
 *    Retry-After, else lockout_ms.  Lockouts in a row double, up to
 *    GOVERNOR_LOCKOUT_MAX_MS, or to lockout_ms where a shorter time is named.
 *    429s to calls that were under way at that moment belong to the same incident
 *    and prolong it to their own Retry-After at most.
 * 4. After a 429 about the monthly quota one probe may start an hour later
 *    or on the 1st (UTC), whichever comes first, then one an hour.
 */
#define GOVERNOR_LANES		3
#define GOVERNOR_LANE_SHARE	20
#define GOVERNOR_MARGIN_MS	50
#define GOVERNOR_LATE_MAX_MS	1000		/* the longest delay on the way that is allowed for */
#define GOVERNOR_LOCKOUT_MAX_MS	600000		/* where the doubling ends */
#define GOVERNOR_PROBE_MS	3600000		/* between probes of the quota; also the longest Retry-After that is obeyed */

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
	GOVERNOR_NO_ANSWER,	/* sent, then cut off, timed out or cancelled */
	GOVERNOR_NEVER_SENT,	/* its slot is free again */
	GOVERNOR_OUTCOMES
};

struct governor_ended {
	enum governor_outcome	outcome;
	int64_t			sent_ms;	/* as told to governor_sent() */
	int64_t			retry_after_ms;	/* of GOVERNOR_RATE_LIMITED; 0: none was given */
};

/* Returns a random number, 0 <= r < 1. */
typedef double	 governor_random(void *cookie);

/* NULL: out of memory. */
struct governor	*governor_new(const struct governor_limits *, governor_random *, void *cookie);
void		 governor_free(struct governor *);
/* New limits hold from the next admission on.  ERR_NOMEM: the old ones stay. */
enum err	 governor_configure(struct governor *, const struct governor_limits *);

/*
 * The process before this one may have sent calls until ${sent_ms}: nothing starts
 * until they have left the window.  Only before the first admission.
 */
void		 governor_assume(struct governor *, int64_t sent_ms);

/*
 * Milliseconds until the window has a free slot; 0: now; -1: not before a
 * call under way is sent or ends.  The wait can turn out longer, so ask again
 * after it.  Lockouts are not part of it, see governor_blocked_ms().
 */
int64_t		 governor_wait_ms(const struct governor *, int64_t now_ms);

/* How many calls the window has room for now, regardless of lockouts. */
size_t		 governor_room(const struct governor *, int64_t now_ms);

/*
 * Milliseconds that a lockout still lasts; 0: there is none.  ${why} (may be NULL)
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
/* The call's bytes leave now. */
void		 governor_sent(struct governor *, uint64_t ticket, int64_t now_ms);
/* The call is over. */
void		 governor_end(struct governor *, uint64_t ticket, const struct governor_ended *,
		    int64_t now_ms, int64_t wall_ms);

/* Calls that ended with this outcome since the start. */
uint64_t	 governor_count(const struct governor *, enum governor_outcome);
/* The limit in force. */
int64_t		 governor_per_second(const struct governor *);

#endif
