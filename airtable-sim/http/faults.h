#ifndef AIRTABLE_SIM_HTTP_FAULTS_H
#define AIRTABLE_SIM_HTTP_FAULTS_H

/*
 * Rules by which the simulated Airtable misbehaves (POST /_sim/faults; door.h
 * says what they look like and what each action does).
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

#define SIM_FAULTS_MAX		64
#define SIM_HANG_MAX_MS		600000

enum sim_fault_action {
	SIM_NO_FAULT, SIM_STATUS, SIM_DROP_BEFORE, SIM_DROP_AFTER, SIM_HANG, SIM_TRUNCATE,
	SIM_SLOW, SIM_GARBAGE, SIM_EMPTY_BODY, SIM_HTML, SIM_WRONG_TYPES, SIM_ACTIONS
};

struct sim_fault {
	uint64_t	 id;
	char		 method[8];	/* "": any */
	char		 path[256];	/* substring; "": any */
	uint64_t	 nth, times;
	uint64_t	 seen, acted;
	enum sim_fault_action	 action;
	int		 status;
	long		 retry_after;
	int64_t		 delay_ms;
	bool		 apply;
	char		*body;		/* NULL: none given */
};

/* A zeroed one has no rules. */
struct sim_faults {
	struct sim_fault	list[SIM_FAULTS_MAX];
	size_t			count;
	uint64_t		next_id;
};

/* Add a rule.  False: ${why} says what is wrong with it. */
bool	sim_faults_add(struct sim_faults *, const cJSON *rule, uint64_t *id, const char **why);
void	sim_faults_clear(struct sim_faults *);
/* Count the call; the rule that concerns it, NULL: none. */
const struct sim_fault *sim_faults_match(struct sim_faults *, const char *method,
	    const char *target);
void	sim_faults_json(struct buf *, const struct sim_faults *);
#endif
