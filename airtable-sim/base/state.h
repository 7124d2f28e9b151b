#ifndef AIRTABLE_SIM_BASE_STATE_H
#define AIRTABLE_SIM_BASE_STATE_H

#include <pthread.h>

#include "airtable-sim/api/limits.h"
#include "airtable-sim/base/base.h"
#include "airtable-sim/base/editor.h"
#include "airtable-sim/base/iterators.h"
#include "airtable-sim/base/settings.h"
#include "airtable-sim/http/faults.h"
#include "airtable-sim/http/reqlog.h"
#include "airtable-sim/webhooks/webhooks.h"

/*
 * All that one simulator holds.  Every connection has a thread of its own,
 * so that slow answers keep nobody waiting; two locks keep them apart:
 *  - arrivals: what must be noted at the moment a call comes in, however
 *    long others work on the data: clock, limits, log.
 *  - data: everything else.
 * Who needs both takes data first.  Settings are written under both and
 * read under either.
 */
#define SIM_TOKENS_MAX		16
#define SIM_TOKEN_SIZE		256
#define SIM_TOKEN_BASES_MAX	8

enum sim_scope {
	SIM_SCOPE_NONE = 0,
	SIM_SCOPE_RECORDS_READ = 1,
	SIM_SCOPE_RECORDS_WRITE = 2,
	SIM_SCOPE_SCHEMA_READ = 4,
	SIM_SCOPE_SCHEMA_WRITE = 8,
	SIM_SCOPE_WEBHOOK = 16,
	SIM_SCOPE_EMAIL = 32,
	SIM_SCOPE_COMMENTS_READ = 64,
	SIM_SCOPE_COMMENTS_WRITE = 128,
	SIM_SCOPE_ALL = 255
};

struct sim_token {
	char		text[SIM_TOKEN_SIZE];
	unsigned	scopes;		/* enum sim_scope, or'ed */
	char		bases[SIM_TOKEN_BASES_MAX][SIM_ID_SIZE];
	size_t		base_count;	/* 0: granted every base */
	bool		valid;
};

struct sim_options {
	char			base_id[SIM_ID_SIZE];
	char			token[SIM_TOKEN_SIZE];
	uint32_t		orders;
	uint64_t		seed;
	unsigned		 tables;		/* beside Orders: enum sim_tables, or'ed */
	int64_t			now_ms;		/* simulated clock at the start */
	struct sim_settings	settings;
};

struct sim_state {
	struct sim_options	 options;

	pthread_mutex_t		 arrivals;
	int64_t			 clock_offset;	/* simulated - monotonic, ms */
	struct sim_limits	 limits;
	struct sim_log		 log;

	pthread_mutex_t		 data;
	struct sim_settings	 settings;
	struct sim_base		*base;
	uint32_t		 generated;	/* orders made by the generator so far */
	struct sim_iterators	 iterators;
	struct sim_faults	 faults;
	struct sim_webhooks	 webhooks;
	struct sim_editor	 editor;
	struct sim_token	 tokens[SIM_TOKENS_MAX];	/* the first is the option's */
	size_t			 token_count;
};

/* A state as the options say; NULL: out of memory. */
struct sim_state *sim_state_new(const struct sim_options *);
void		 sim_state_free(struct sim_state *);
/* Everything as at the start (both locks held).  False: out of memory, nothing is changed. */
bool		 sim_state_reset(struct sim_state *, uint32_t orders, uint64_t seed);
/* The simulated wall clock (arrivals held). */
int64_t		 sim_state_now(const struct sim_state *);
/* The same for who does not hold arrivals. */
int64_t		 sim_state_clock(struct sim_state *);

#endif
