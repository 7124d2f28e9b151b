#ifndef AIRTABLE_SIM_DOOR_H
#define AIRTABLE_SIM_DOOR_H

#include "airtable-sim/api.h"

/* The door /_sim/ (faults.h documents it). */

/* Is the request for the door? */
bool	door_is_it(const struct sim_request *);
/*
 * Serve everything but the dump, which is streamed (http.c).  Takes both
 * locks itself.
 */
void	door_serve(struct sim_state *, const struct sim_request *, struct sim_reply *);
/* Is it GET /_sim/dump?  Then *table is the table asked for, len 0: the first one. */
bool	door_is_dump(const struct sim_request *, struct str *table);
/*
 * Some lines of the dump from slot *next on, which is moved (data held).
 * Nothing is added at the end.
 */
void	door_dump_some(const struct sim_table *, uint32_t *next, int64_t now_ms, struct buf *);

#endif
