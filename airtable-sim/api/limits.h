#ifndef AIRTABLE_SIM_API_LIMITS_H
#define AIRTABLE_SIM_API_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "airtable-sim/base/settings.h"
#include "common/base/str.h"

/*
 * Who may call: sliding one-second windows per base and per token, a
 * penalty after one call too many, and a monthly quota; and the counters
 * that tests ask for.  Pure: the time of arrival is passed in.  A zeroed
 * struct has seen nothing.
 */
#define SIM_TOKENS_SEEN_MAX	16

/* Arrivals of the last second, oldest first, in a ring. */
struct sim_window {
	int64_t	*times;
	size_t	 first, count, capacity;
};

enum sim_verdict { SIM_ADMIT, SIM_RATE_EXCEEDED, SIM_QUOTA_EXCEEDED };

struct sim_limits {
	struct sim_window	base, all;
	int64_t			base_locked_until;	/* monotonic ms */
	struct {
		uint64_t		hash;
		struct sim_window	window;
		int64_t			locked_until;
	} tokens[SIM_TOKENS_SEEN_MAX];
	size_t			token_count;
	int64_t			month;		/* of the calls counted: year * 12 + month */
	uint64_t		month_calls;
	/* statistics */
	uint64_t		requests, rejected_rate, rejected_quota;
	uint64_t		max_per_second;
};

struct sim_arrival {
	int64_t		monotonic_ms;
	int64_t		simulated_ms;	/* wall clock: for the month */
	struct str	token;
	bool		of_base;	/* counts for the base's window */
	bool		meta, webhook;
};

enum sim_verdict sim_limits_arrive(struct sim_limits *, const struct sim_settings *,
		    const struct sim_arrival *);
/* ${calls} of another integration on the same base, at ${monotonic_ms}. */
void		 sim_limits_consume(struct sim_limits *, int64_t monotonic_ms, size_t calls);
/* Forget all. */
void		 sim_limits_reset(struct sim_limits *);

#endif
