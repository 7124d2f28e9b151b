#ifndef FCGI_API_HTTP_COUNTERS_H
#define FCGI_API_HTTP_COUNTERS_H

#include "common/base/histogram.h"
#include "fcgi-api/limits/limits.h"

/*
 * What the workers have done, in memory that the master shares with all of
 * them: a block for each place of a worker, which outlives the process, so
 * that no count ever goes down.  /metrics adds them up.
 */
#define COUNTERS_ROUTES		24	/* of a table; those of none are counted among the first table's */
#define COUNTERS_NONE		(COUNTERS_ROUTES - 1)	/* unknown paths */
#define COUNTERS_TABLES		8	/* with counters of their own; the last is for all further ones */
#define COUNTERS_ALL		(COUNTERS_TABLES * COUNTERS_ROUTES)
#define COUNTERS_METHODS	5	/* GET (and HEAD), POST, PATCH, DELETE, others */
#define COUNTERS_STATUSES	32
#define COUNTERS_BLOCKS		66

/* A route's requests of one method. */
struct route_counters {
	uint64_t	 statuses[COUNTERS_STATUSES];
	struct histogram time;
};

struct counters_block {
	struct route_counters	 routes[COUNTERS_ALL][COUNTERS_METHODS];
	uint64_t		 limited[LIMITS];	/* refused by a limit */
};

struct counters {
	uint64_t		 workers;	/* processes alive, fast and slow */
	uint64_t		 started, died;	/* died: without being told to */
	struct counters_block	 blocks[COUNTERS_BLOCKS];
};

/* NULL: no memory (logged). */
struct counters	*counters_new(void);
void		 counters_free(struct counters *);

static inline void
counter_add(uint64_t *counter)
{
	(void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static inline uint64_t
counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* A request was answered with ${status} (HTTP) after ${ns}. */
void		 counters_request(struct counters_block *, size_t route, size_t method, int status,
		    int64_t ns);

/* Statuses in order; 0 ends them, and stands for those not listed. */
int		 counters_status(size_t i);

/* The clock of durations, in ns. */
int64_t		 counters_now(void);

#endif
