#ifndef AIRTABLE_SIM_CELLS_CELL_H
#define AIRTABLE_SIM_CELLS_CELL_H

#include <cjson/cJSON.h>

#include "airtable-sim/base/base.h"
#include "common/base/buf.h"

/*
 * Values of cells: from JSON, to JSON, to text.
 */
enum sim_cell_fault {
	SIM_CELL_OK,
	SIM_CELL_TYPE,		/* the field cannot accept a value of this type */
	SIM_CELL_PARSE,		/* text that is no date, no number */
	SIM_CELL_OPTION,	/* unknown choice, and typecast is off */
	SIM_CELL_COMPUTED,	/* nobody can write this field */
	SIM_CELL_NOT_IDS,	/* links that are no list of record ids */
	SIM_CELL_BAD_ID,	/* a link that is no record id */
	SIM_CELL_NO_ROW,	/* a link to a record that is not there */
	SIM_CELL_NOMEM
};

/* What a value is read for. */
struct sim_reading {
	const struct sim_base	*base;
	const struct sim_field	*field;
	const struct sim_cell	*old;		/* what is written over; NULL: nothing that is known */
	bool			 typecast;
	bool			 cast_refuses;	/* what typecast does not understand is refused, not empty */
	bool			 bare_fraction;	/* "12" in a percent field: 1200 %, else 12 % */
	int64_t			 now_ms;
};

/*
 * What ${value} means to the field.  null, "", false and [] are empty.
 * ${typecast} makes of texts what somebody who typed them would get, of
 * unknown choices SIM_NEW_CHOICE, and of links by name SIM_NEW_LINKS; what
 * it does not understand is empty.  Text in ${cell} is its own: give it to a
 * row or to sim_cell_free().
 */
enum sim_cell_fault sim_cell_read(const struct sim_reading *, const cJSON *value,
		    struct sim_cell *cell);
/* The record of the linked table whose primary cell reads so; SIM_NO_ROW: none. */
uint32_t	 sim_linked_row(const struct sim_table *, struct str name);
/* What the record's primary cell reads, stored or worked out. */
void		 sim_row_name(struct buf *, const struct sim_table *, uint32_t slot);
/* Any JSON whatever the field says, computed ones too; false: out of memory. */
bool		 sim_cell_read_raw(const cJSON *value, struct sim_cell *cell);
bool		 sim_cell_text(struct sim_cell *, struct str);
void		 sim_cell_free(struct sim_cell *);
bool		 sim_cell_equal(const struct sim_cell *, const struct sim_cell *);

/* A stored (not computed) value as JSON; nothing is added for an empty one. */
void		 sim_cell_json(struct buf *, const struct sim_field *, const struct sim_cell *);
/* The same as webhooks send it: selects and links as objects, lookups by the record they come from. */
void		 sim_cell_json_v2(struct buf *, const struct sim_field *, const struct sim_cell *);
/* As people read it: a choice's or a record's name, 12.5, 2026-11-20T10:00:00.000Z, "a, b". */
void		 sim_cell_plain(struct buf *, const struct sim_field *, const struct sim_cell *);
/* The shortest decimal that reads back as the same double. */
void		 sim_number_add(struct buf *, double);

#endif
