#ifndef AIRTABLE_SIM_DOOR_EDIT_H
#define AIRTABLE_SIM_DOOR_EDIT_H

#include "airtable-sim/api.h"

/* The doors behind which other users of the base sit; both locks are held. */
void	door_edit(struct sim_state *, const struct sim_request *, const cJSON *body,
	    struct sim_reply *);
void	door_create(struct sim_state *, const struct sim_request *, const cJSON *body,
	    struct sim_reply *);
void	door_delete(struct sim_state *, const struct sim_request *, const cJSON *body,
	    struct sim_reply *);
void	door_schema(struct sim_state *, const struct sim_request *, const cJSON *body,
	    struct sim_reply *);

#endif
