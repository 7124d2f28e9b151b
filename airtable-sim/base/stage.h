#ifndef AIRTABLE_SIM_BASE_STAGE_H
#define AIRTABLE_SIM_BASE_STAGE_H

#include <cjson/cJSON.h>

#include "airtable-sim/api/reply.h"
#include "airtable-sim/base/action.h"
#include "airtable-sim/base/base.h"
#include "airtable-sim/base/settings.h"

/*
 * A change to one record, checked but not made: so that a batch is applied
 * whole or not at all.
 */
struct sim_stage {
	uint32_t	 slot;		/* SIM_NO_ROW: a new record */
	bool		 changed;	/* once applied: a cell is another one, or the record new */
	bool		 replace;	/* PUT: writable fields that are not named become empty */
	bool		 named[SIM_FIELDS_MAX];
	struct sim_cell	*cells;		/* one per field of the table, where named */
	size_t		 count;
};

enum sim_stage_how {
	SIM_STAGE_STRICT,
	SIM_STAGE_TYPECAST,	/* converts, adds choices */
	SIM_STAGE_RAW		/* any JSON into any field: what no API would let through */
};

/*
 * Check the object ${fields} (names or ids -> values) against the table, as
 * part of the action that will make the change.
 * False with Airtable's error in the reply.  The stage must be given to
 * sim_stage_free() in both cases; a zeroed one is empty.
 */
bool	sim_stage_read(struct sim_stage *, const struct sim_action *, const struct sim_table *,
	    const cJSON *fields, enum sim_stage_how, struct sim_reply *);

/* Make the change as part of the action; its slot is then set.  False: out of memory. */
bool	sim_stage_apply(struct sim_stage *, struct sim_action *, struct sim_table *);

/*
 * Make the choices and linked records that a cell which was read with
 * typecast needs and that are not there yet.  False: out of memory.
 */
bool	sim_stage_settle(struct sim_action *, struct sim_table *, size_t field, struct sim_cell *);

void	sim_stage_free(struct sim_stage *);

#endif
