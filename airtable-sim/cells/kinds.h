#ifndef AIRTABLE_SIM_CELLS_KINDS_H
#define AIRTABLE_SIM_CELLS_KINDS_H

#include <cjson/cJSON.h>

#include "airtable-sim/cells/cell.h"

/*
 * Kinds of fields: one table with a row for each, which says how a kind is
 * called, how its cells are read from JSON, what typecast makes of a value
 * that is none of its own, how a cell is shown to people and sent by
 * webhooks, and what its options are.
 */
enum sim_trait {
	SIM_IS_TEXT = 1,	/* its cells are texts, and it has no options */
	SIM_IS_COMPUTED = 2,	/* nobody can write it */
	SIM_IS_SELECT = 4,	/* it has choices */
	SIM_MAY_MERGE = 8,	/* an upsert may merge on it */
	SIM_MAY_MERGE_TOO = 16	/* perhaps: the documentation does not name it */
};

/* How people are shown cells. */
struct sim_showing {
	const struct sim_field	*field;
	struct str		 zone;		/* of who asks; for fields without one of their own */
	struct str		 locale;
};

struct sim_kind {
	const char		*name;
	unsigned		 traits;	/* enum sim_trait */
	/* NULL: it can't be written */
	enum sim_cell_fault	(*read)(const struct sim_reading *, const cJSON *, struct sim_cell *);
	/* what read() does not accept; NULL: nothing else is accepted */
	enum sim_cell_fault	(*cast)(const struct sim_reading *, const cJSON *, struct sim_cell *);
	/* NULL: sim_cell_plain() */
	void			(*show)(struct buf *, const struct sim_showing *, const struct sim_cell *);
	/* NULL: sim_cell_json() */
	void			(*webhook)(struct buf *, const struct sim_field *, const struct sim_cell *);
	/* members of "options"; NULL: none */
	void			(*options)(struct buf *, const struct sim_table *, const struct sim_field *);
	/* from "options"; NULL: they are not looked at.  False: not valid */
	bool			(*take)(struct sim_table *, struct sim_field *, const cJSON *);
};

const struct sim_kind	*sim_kind_of(enum sim_type);

/* cells/read.c */
typedef enum sim_cell_fault sim_read_fn(const struct sim_reading *, const cJSON *, struct sim_cell *);
sim_read_fn	sim_read_text, sim_read_number, sim_read_rating, sim_read_checkbox, sim_read_date,
		sim_read_choice, sim_read_choices, sim_read_links, sim_read_barcode,
		sim_read_collaborator, sim_read_collaborators, sim_read_attachments;
/* {"id","email","name"} */
void		sim_add_user(struct buf *, const struct sim_user *);
/* cells/cast.c */
sim_read_fn	sim_cast_to_text, sim_cast_to_number, sim_cast_to_percent, sim_cast_to_duration,
		sim_cast_to_checkbox, sim_cast_to_date, sim_cast_to_choice, sim_cast_to_choices,
		sim_cast_to_links, sim_cast_to_barcode, sim_cast_to_collaborator,
		sim_cast_to_collaborators, sim_cast_to_attachments;
/* cells/show.c */
typedef void	sim_show_fn(struct buf *, const struct sim_showing *, const struct sim_cell *);
sim_show_fn	sim_show_number, sim_show_currency, sim_show_percent, sim_show_duration,
		sim_show_date, sim_show_list, sim_show_links, sim_show_object, sim_show_attachments;
/* A moment as a field with these options shows it. */
void	sim_show_moment(struct buf *, const struct sim_showing *, bool time, int64_t ms);
/* cell.c */
typedef void	sim_webhook_fn(struct buf *, const struct sim_field *, const struct sim_cell *);
/* As payloads and the schema have it: id, name and colour. */
void		sim_add_choice(struct buf *, const struct sim_choice *);
sim_webhook_fn	sim_webhook_choice, sim_webhook_choices, sim_webhook_links, sim_webhook_lookup;
/* field_options.c */
typedef void	sim_options_fn(struct buf *, const struct sim_table *, const struct sim_field *);
sim_options_fn	sim_options_number, sim_options_currency, sim_options_duration, sim_options_rating,
		sim_options_checkbox, sim_options_date, sim_options_date_time, sim_options_select,
		sim_options_links, sim_options_created_time, sim_options_modified_time,
		sim_options_formula, sim_options_lookup, sim_options_count;
typedef bool	sim_take_fn(struct sim_table *, struct sim_field *, const cJSON *);
sim_take_fn	sim_take_precision, sim_take_currency, sim_take_duration, sim_take_rating,
		sim_take_date, sim_take_date_time, sim_take_select, sim_take_links,
		sim_take_formula, sim_take_lookup, sim_take_rollup, sim_take_count;

#endif
