#ifndef AIRTABLE_SIM_HTTP_REQLOG_H
#define AIRTABLE_SIM_HTTP_REQLOG_H

#include <stdint.h>

#include "common/base/buf.h"

/*
 * What API calls came in: a ring of the newest ones, numbered from 1 in
 * order of arrival.  A call is there from its arrival on, with status 0
 * until it is answered (and -1 when its connection was cut instead).
 */
#define SIM_LOG_MAX	65536u

struct sim_log_entry {
	uint64_t	seq;
	int64_t		arrival_ms;	/* monotonic */
	int64_t		simulated_ms;
	int64_t		duration_ms;
	char		method[8];
	int		status;
	uint64_t	records;	/* sent or changed */
	char		*path;		/* target with its query, cut */
};

struct sim_log {
	struct sim_log_entry	*ring;	/* SIM_LOG_MAX of them, made at the first call */
	uint64_t		 last;	/* seq of the newest */
};

/* Number of the new entry; 0: out of memory, nothing is logged. */
uint64_t	sim_log_arrival(struct sim_log *, int64_t arrival_ms, int64_t simulated_ms,
		    const char *method, const char *target);
/* Fill in how it ended; an entry that is gone is ignored. */
void		sim_log_answer(struct sim_log *, uint64_t seq, int64_t now_ms, int status,
		    uint64_t records);
/* {"last":n,"entries":[...]}: those after ${since}, at most ${max}, oldest first. */
void		sim_log_json(struct buf *, const struct sim_log *, uint64_t since, uint64_t max);
void		sim_log_reset(struct sim_log *);

#endif
