#ifndef AIRTABLE_SIM_WEBHOOKS_PAYLOAD_H
#define AIRTABLE_SIM_WEBHOOKS_PAYLOAD_H

#include "airtable-sim/base/action.h"

/* Which changed cells of records a transaction tells of. */
enum sim_cells { SIM_CELLS_ALL, SIM_CELLS_STORED, SIM_CELLS_COMPUTED };

/*
 * Put into the webhook's log what its specification lets through of the
 * action, which has just been done: no payload, one, or several that share
 * the transaction's number.  SIM_CELLS_COMPUTED tells of nothing but computed
 * cells that differ now.  False: no payload.
 */
bool	sim_payloads_add(const struct sim_action *, enum sim_cells, uint64_t transaction,
	    struct sim_webhook *);

#endif
