#ifndef FCGI_API_LIMITS_RATELIMIT_H
#define FCGI_API_LIMITS_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi-api/http/client.h"

/*
 * A limit per client in a sliding window, exact across all processes that
 * were forked after it was made: they share its memory.  A request has a
 * weight, which it uses up of the quota: 1 where requests are counted.
 *
 * 1. What passes of a client weighs no more than quota in any window, wherever
 *    the window begins; and whenever a request and what passed in the window
 *    before it weigh no more, it passes.  Quotas above RATELIMIT_TICKS are
 *    kept to 1/RATELIMIT_TICKS of the window, on the side of refusing.
 * 2. What is refused is not counted.
 * 3. Looking, counting and deciding are one step under the lock of the
 *    client's set.  A process that dies in the middle costs one count at most.
 * 4. Memory is bounded: sets of RATELIMIT_WAYS places, of the clients whose
 *    hash, keyed with a secret, names the set.  When all places of a set
 *    are taken by clients with passes in their window, the one whose passes
 *    weigh least is forgotten.  So nobody is refused because of others, and
 *    whoever wants passes of weight c to be forgotten must have passed with
 *    as much from each of 15 more addresses that he can't choose.
 */
#define RATELIMIT_WAYS	16
#define RATELIMIT_TICKS	4096
#define RATELIMIT_BYTES	(16u * 1024 * 1024)	/* of one limit; touched as clients come */
#define RATELIMIT_CLIENTS	16384

struct ratelimit;

struct ratelimit_verdict {
	bool		passes;
	uint32_t	quota;
	uint32_t	remaining;	/* after this request */
	/*
	 * Until the first of what has passed leaves the window; when refused,
	 * until there is room for this request.  Rounded up.
	 */
	uint32_t	reset_s;
};

/*
 * Passes of weight ${quota} (1 or more) together in ${window_ms} for each of up to ${clients}
 * clients at a time, or as many as RATELIMIT_BYTES hold.  NULL: no memory (logged).
 */
struct ratelimit	*ratelimit_new(uint32_t quota, int64_t window_ms, size_t clients);
void			 ratelimit_free(struct ratelimit *);	/* here, not in other processes */

/*
 * A request of ${client} with ${weight} (1 or more) at ${now_ms} (instant_monotonic()).
 * One that weighs more than the quota never passes.
 */
struct ratelimit_verdict ratelimit_take(struct ratelimit *, struct client client,
			    uint32_t weight, int64_t now_ms);

uint32_t		 ratelimit_quota(const struct ratelimit *);
/* Clients that it has room for. */
size_t			 ratelimit_clients(const struct ratelimit *);

#endif
