#ifndef AIRTABLE_SIM_HTTP_SENDING_H
#define AIRTABLE_SIM_HTTP_SENDING_H

#include <microhttpd.h>
#include <stdint.h>

#include "airtable-sim/base/state.h"
#include "airtable-sim/http/misbehave.h"

/*
 * Answers on their way out: headers, gzip, bodies cut short or dribbled,
 * the streamed dump; and waiting that a stop of the server ends at once.
 */
struct sim_waiting;

struct sim_waiting *sim_waiting_new(void);	/* NULL: out of memory */
void		 sim_waiting_free(struct sim_waiting *);
/* Nobody waits any more, from now on. */
void		 sim_waiting_end(struct sim_waiting *);
void		 sim_wait(struct sim_waiting *, int64_t ms);

struct sim_send {
	struct MHD_Connection	*connection;
	struct sim_waiting	*waiting;
	enum sim_sending	 how;
	int64_t			 slow_ms;	/* SIM_SEND_SLOWLY: for the whole body */
	int64_t			 now_ms;	/* for the Date header */
};

/* Queue the answer; its body is taken.  MHD_NO: the connection is to be cut. */
enum MHD_Result	 sim_send(const struct sim_send *, struct sim_reply *);
/* The records of a table (len 0: the first), a line each, as they are read. */
enum MHD_Result	 sim_send_dump(const struct sim_send *, struct sim_state *, struct str table);

#endif
