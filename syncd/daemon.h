#ifndef SYNCD_DAEMON_H
#define SYNCD_DAEMON_H

#include "common/config/config.h"

/*
 * The running daemon: opens store and socket, syncs, serves, until SIGTERM
 * or SIGINT has let work under way end.  *config is loaded from the source
 * and checked; SIGHUP loads it again.  Returns main's exit status.
 */
int	daemon_run(const struct config_source *, struct config *);

#endif
