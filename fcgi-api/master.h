#ifndef FCGI_API_MASTER_H
#define FCGI_API_MASTER_H

#include <sys/types.h>

#include "common/config/config.h"

/*
 * The master owns the listening sockets, runs one process for each of them
 * and replaces those that die.  It never opens the store.
 *
 * Serve until SIGTERM or SIGINT.  The configuration was read from the source
 * already; SIGHUP reads it again.  Returns the exit status.
 */
int	master_run(const struct config_source *, const struct config *);

#endif
