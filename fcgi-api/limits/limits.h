#ifndef FCGI_API_LIMITS_LIMITS_H
#define FCGI_API_LIMITS_LIMITS_H

#include "common/config/config.h"
#include "fcgi-api/http/response.h"
#include "fcgi-api/limits/ratelimit.h"

/*
 * The limits of the configuration, each with the memory in which all workers
 * count.  The master makes them before it forks.
 */
enum limit {
	LIMIT_NONE,	/* a route without one */
	LIMIT_ORDERS_LIST,
	LIMIT_ORDERS_SUMMARY,
	LIMIT_GET_ORDER,
	LIMIT_UPDATE_ORDER,
	LIMIT_SYNC_ORDERS,
	LIMIT_CHANGED_ORDERS,	/* in orders, of all requests that change some */
	LIMITS
};

struct limits {
	struct ratelimit	*tables[LIMITS];	/* NULL: no limit */
};

/* What the answer to a request says about one of its limits. */
struct limit_told {
	enum limit			which;	/* LIMIT_NONE: nothing */
	struct ratelimit_verdict	verdict;
};

/*
 * Set up the limits of ${config}.  A limit that stays as it was keeps its
 * counts; others start from zero.  One that can't be made is off (logged).
 */
void		limits_configure(struct limits *, const struct config *);
void		limits_free(struct limits *);

/* May ${address} have ${weight} of what ${which} limits?  true as well when that limit is off. */
bool		limits_take(const struct limits *, enum limit which, struct str address,
		    uint32_t weight, int64_t now_ms, struct limit_told *);

/*
 * Add RateLimit-Policy and RateLimit, which stay whatever the answer becomes:
 * call it after response_begin(), once for each limit that was asked.
 */
void		limits_tell(const struct limit_told *, struct response *);

/* "orders_list": its name in headers and metrics, and its key in section limits. */
const char	*limit_name(enum limit);

#endif
