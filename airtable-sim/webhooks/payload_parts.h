#ifndef AIRTABLE_SIM_WEBHOOKS_PAYLOAD_PARTS_H
#define AIRTABLE_SIM_WEBHOOKS_PAYLOAD_PARTS_H

#include "airtable-sim/webhooks/payload.h"

/* What payload.c, which filters and splits, and payload_json.c, which composes, have in common. */

/* One webhook's view of an action. */
struct sim_view {
	const struct sim_action		 *a;
	const struct sim_spec		 *spec;
	enum sim_cells			  cells;
	uint64_t			  transaction;
	const struct sim_change		**list;		/* the changes that its specification lets through */
	size_t				  count;
};

/* Some of these changes: one payload. */
struct sim_part {
	const struct sim_view	*v;
	size_t			 from, to;
	struct buf		*b;
};

/* Is the cell's change to be told?  Also says no to computed cells that did not change. */
bool	sim_cell_passes(const struct sim_view *, const struct sim_change *, const struct sim_was *);
/* The payload's JSON into the part's buf. */
void	sim_payload_compose(const struct sim_part *);

#endif
