#ifndef SYNCD_DAEMON_H
#define SYNCD_DAEMON_H

#include "common/config/config.h"

/*
 * Run the daemon: open store and socket, sync and serve until SIGTERM or SIGINT,
 * then let work under way end.  *config has been loaded from the source and
 * checked; SIGHUP loads it again.  Returns main's exit status.
 */
int	daemon_run(const struct config_source *, struct config *);

#endif
