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
 * 1. In any window, wherever it begins, a client's requests that pass weigh no
 *    more than the quota; and a request passes whenever it and those that
 *    passed in the window before it weigh no more.  Quotas above
 *    RATELIMIT_TICKS are exact to 1/RATELIMIT_TICKS of the window, on the side
 *    of refusing.
 * 2. Refused requests are not counted.
 * 3. Looking, counting and deciding are one step under the lock of the
 *    client's set.  A process that dies in the middle costs one count at most.
 * 4. Memory is bounded: sets of RATELIMIT_WAYS places, of the clients whose
 *    hash, keyed with a secret, names the set.  When all places of a set
 *    are taken by clients with passes in their window, the one whose passes
 *    weigh least is forgotten.  So nobody is refused because of others, and
 *    to have passes of weight c forgotten, a client must have passed with as
 *    much from each of 15 more addresses, which it can't choose.
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
 * A limit of weight ${quota} (1 or more) in ${window_ms} for each client, with room for ${clients}
 * clients at a time, or for as many as RATELIMIT_BYTES hold.  NULL: no memory (logged).
 */
struct ratelimit	*ratelimit_new(uint32_t quota, int64_t window_ms, size_t clients);
void			 ratelimit_free(struct ratelimit *);	/* in this process only */

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
