#ifndef FCGI_API_WORKER_H
#define FCGI_API_WORKER_H

#include <sys/types.h>

#include "common/config/config.h"
#include "fcgi-api/http/counters.h"

/*
 * What runs in a process forked by the master.  Each returns the process's
 * exit status, after a drain (SIGTERM) or when it can't go on.  SIGTERM and
 * SIGUSR2 are blocked when it is called; the listening socket is non-blocking
 * and the process's own.
 */
struct worker_setup {
	const struct config	*config;
	int			 listen_fd;
	int			 number;	/* of the fast worker, for logs */
	int			 ready_fd;	/* for ready_tell(), once it serves */
	const struct limits	*limits;
	struct counters		*counters;	/* NULL: nothing is counted */
	struct counters_block	*block;		/* the process's own of counters; NULL likewise */
};

#define DRAIN_MS	30000	/* parked requests and exports have this long to end */

int	worker_run(const struct worker_setup *);	/* one loop: reads, writes through syncd */
int	slow_run(const struct worker_setup *);		/* threads: exports */
int	metrics_run(const struct worker_setup *);	/* a loop of its own: /metrics, whatever is asked for */

#endif
