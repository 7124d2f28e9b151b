#ifndef AIRTABLE_SIM_HTTP_MISBEHAVE_H
#define AIRTABLE_SIM_HTTP_MISBEHAVE_H

#include "airtable-sim/api/reply.h"
#include "airtable-sim/http/faults.h"

/* How an answer leaves the house. */
enum sim_sending { SIM_SEND_WHOLE, SIM_SEND_HALF, SIM_SEND_SLOWLY, SIM_SEND_NOTHING };

/*
 * What the fault makes of the answer (of the work that was done, or an
 * empty one when it was not).
 */
enum sim_sending sim_misbehave(const struct sim_fault *, struct sim_reply *);

#endif
