#ifndef AIRTABLE_SIM_DOOR_EDIT_H
#define AIRTABLE_SIM_DOOR_EDIT_H

#include "airtable-sim/api/api.h"

/* The doors behind which other users of the base sit; both locks are held. */
typedef void door_handler(struct sim_state *, const struct sim_request *, const cJSON *body,
    struct sim_reply *);

/* door/edit.c */
door_handler	door_edit, door_create, door_delete, door_restore, door_schema;
/* door/webhooks.c */
door_handler	door_get_webhooks, door_webhooks, door_get_editor, door_editor;

/* 400 with the reason. */
void		door_refuse(struct sim_reply *, const char *why);
/* A whole number of a query's parameter; *out stays when it is not there.  False: it is none. */
bool		door_parameter(const struct sim_request *, const char *name, uint64_t *out);

#endif
