#ifndef AIRTABLE_SIM_WEBHOOKS_PINGER_H
#define AIRTABLE_SIM_WEBHOOKS_PINGER_H

#include "airtable-sim/base/state.h"

/*
 * The thread that sends the webhooks' pings, all that are due at a time.
 * Due is what the simulated clock says; time-outs are real.
 */
struct sim_pinger;

/* NULL: no resources.  curl_global_init() was called. */
struct sim_pinger *sim_pinger_start(struct sim_state *);
/* Cuts what is under way. */
void	sim_pinger_stop(struct sim_pinger *);

#endif
