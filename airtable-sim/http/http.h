#ifndef AIRTABLE_SIM_HTTP_HTTP_H
#define AIRTABLE_SIM_HTTP_HTTP_H

#include <stdint.h>

#include "airtable-sim/base/state.h"

/*
 * The HTTP side, on libmicrohttpd: a thread per connection, bound to
 * 127.0.0.1.  A call is counted the moment its headers are there, works on
 * the data under its lock, and waits (latency, faults) without any.
 */
struct sim_server;

/* Serve ${state} on ${port} (0: any free one).  NULL: the port can't be had; errno tells. */
struct sim_server	*sim_server_start(struct sim_state *, uint16_t port);
uint16_t		 sim_server_port(const struct sim_server *);
/* Wake up all that wait, cut their connections, and end.  NULL is allowed. */
void			 sim_server_stop(struct sim_server *);

#endif
