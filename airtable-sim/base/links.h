#ifndef AIRTABLE_SIM_BASE_LINKS_H
#define AIRTABLE_SIM_BASE_LINKS_H

#include "airtable-sim/base/action.h"
#include "airtable-sim/base/base.h"

/*
 * Links between records.  A link field and its inverse in the linked table
 * mirror each other: a change of one side changes the other, as part of
 * the same action.  A field that links to its own table has no inverse.
 * Changed cells on the other side are noted for the webhooks and, as the
 * setting linkBumps says, change the modification time of their records.
 */

/* Room for ${count} slots in ${cell}, which is then their owner; 0 is an empty cell.  False: out of memory. */
bool		 sim_links_new(struct sim_cell *, size_t count);

/*
 * Put ${cell} into a link field and mirror the difference.  The caller has
 * noted the cell itself.  The cell is taken unless memory runs out (false).
 */
bool		 sim_links_put(struct sim_action *, struct sim_table *, uint32_t slot, size_t field,
		    struct sim_cell cell);
/* Delete a live record: it leaves all links.  False: out of memory. */
bool		 sim_links_delete_row(struct sim_action *, struct sim_table *, uint32_t slot);
/* Take a deleted record out of the bin: it is back in the links of those that are still there. */
bool		 sim_links_restore_row(struct sim_action *, struct sim_table *, uint32_t slot);

/*
 * Give the link field at ${place} its inverse, a new field of the linked
 * table that has the name of ${table}, and fill it in.  False: out of memory, or too
 * many fields.
 */
bool		 sim_links_pair(struct sim_action *, struct sim_table *, size_t place);
/* The same for all link fields from ${from} on that have none. */
bool		 sim_links_pair_all(struct sim_action *, struct sim_table *, size_t from);
/* Take deleted records out of the field's links. */
bool		 sim_links_prune(struct sim_table *, size_t place);

#endif
