#ifndef AIRTABLE_SIM_CELL_H
#define AIRTABLE_SIM_CELL_H

#include <cjson/cJSON.h>

#include "airtable-sim/base.h"
#include "common/buf.h"

/*
 * Values of cells: from JSON, to JSON, to text.
 */
enum sim_cell_fault {
	SIM_CELL_OK,
	SIM_CELL_TYPE,		/* the field cannot accept a value of this type */
	SIM_CELL_PARSE,		/* text that is no date, no number */
	SIM_CELL_OPTION,	/* unknown choice, and typecast is off */
	SIM_CELL_NOMEM
};

/*
 * What ${value} means to ${field}, which is not a computed one.  null, "",
 * false and [] are empty.  ${typecast} converts text to numbers and back,
 * and makes of unknown choices SIM_NEW_CHOICE.  Text in ${cell} is its own:
 * give it to a row or to sim_cell_free().
 */
enum sim_cell_fault sim_cell_read(const struct sim_field *, const cJSON *value,
		    bool typecast, struct sim_cell *cell);
/* Any JSON whatever the field says, computed ones too; false: out of memory. */
bool		 sim_cell_read_raw(const cJSON *value, struct sim_cell *cell);
bool		 sim_cell_text(struct sim_cell *, struct str);
void		 sim_cell_free(struct sim_cell *);
bool		 sim_cell_equal(const struct sim_cell *, const struct sim_cell *);

/* A stored (not computed) value as JSON; nothing is added for an empty one. */
void		 sim_cell_json(struct buf *, const struct sim_field *, const struct sim_cell *);
/* The same as webhooks send it: selects and links as objects, lookups by the record they come from. */
void		 sim_cell_json_v2(struct buf *, const struct sim_field *, const struct sim_cell *);
/* As people read it: a choice's name, 12.5, 2026-11-20T10:00:00.000Z, "a, b". */
void		 sim_cell_plain(struct buf *, const struct sim_field *, const struct sim_cell *);
/* The shortest decimal that reads back as the same double. */
void		 sim_number_add(struct buf *, double);

#endif
