#ifndef AIRTABLE_SIM_BASE_EDITS_H
#define AIRTABLE_SIM_BASE_EDITS_H

#include <cjson/cJSON.h>

#include "airtable-sim/api/reply.h"
#include "airtable-sim/base/action.h"
#include "airtable-sim/base/stage.h"

/*
 * What other users of the base do in the app: each is a step of an action
 * that the caller begins and commits (data locked).  What the API would
 * refuse is possible here.
 */
struct sim_state;

/* An action of that user now; ${user} NULL: of nobody in particular. */
void	sim_edit_begin(struct sim_action *, struct sim_state *, int64_t now_ms, enum sim_source,
	    const char *user);

/* ${silent}: the modification time stays.  False with the error in the reply; *changed: it differs now. */
bool	sim_edit_row(struct sim_action *, struct sim_table *, uint32_t slot, const cJSON *fields,
	    enum sim_stage_how, bool silent, bool *changed, struct sim_reply *);
/* A new record with these fields, or (NULL) a generated order; SIM_NO_ROW with the error in the reply. */
uint32_t sim_edit_create(struct sim_action *, struct sim_state *, struct sim_table *,
	    const cJSON *fields, enum sim_stage_how, struct sim_reply *);
/* Does nothing if the record is deleted already. */
void	sim_edit_delete(struct sim_action *, struct sim_table *, uint32_t slot);
/* Does nothing if the record is not deleted. */
void	sim_edit_restore(struct sim_action *, struct sim_table *, uint32_t slot);

/*
 * One change of the schema: ${what} and ${how} are name and value of a
 * member of what /_sim/schema takes.  What is new adds its id to ${ids}.
 * False: it makes no sense, and nothing was done.
 */
bool	sim_edit_schema(struct sim_action *, struct sim_table *, const char *what,
	    const cJSON *how, struct buf *ids);

#endif
