#ifndef AIRTABLE_SIM_BASE_ROW_JSON_H
#define AIRTABLE_SIM_BASE_ROW_JSON_H

#include "airtable-sim/base/base.h"
#include "common/base/buf.h"
#include "common/base/str.h"

/* Which cells of a record are sent, and how. */
struct sim_projection {
	bool	some;		/* only those in wanted[] */
	bool	by_id;		/* keyed by field id */
	bool	plain;		/* cellFormat=string, ... */
	struct str zone, locale; /* ... for people of that place */
	const struct sim_base *comments; /* recordMetadata[]=commentCount: whose; NULL: not asked for */
	bool	wanted[SIM_FIELDS_MAX];
};

/*
 * Add the record as an object; empty cells are left out.  Computed cells
 * are computed as of ${now_ms}, unless an odd value was stored in them.
 */
void	sim_row_json(struct buf *, const struct sim_table *, const struct sim_row *,
	    const struct sim_projection *, int64_t now_ms);

/* One cell as webhooks send it; nothing is added for an empty one. */
void	sim_row_value_v2(struct buf *, const struct sim_table *, const struct sim_row *,
	    size_t field, int64_t now_ms);

#endif
