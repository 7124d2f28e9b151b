#ifndef SYNCD_DAEMON_H
#define SYNCD_DAEMON_H

#include "common/config.h"

/* How to load the configuration again: SIGHUP does. */
struct daemon_setup {
	const char		*config_file;	/* NULL: none */
	char *const		*env;
	const char *const	*options;	/* -o section.key=value */
	size_t			 option_count;
};

/*
 * The running daemon: opens store and socket, syncs, serves, until SIGTERM
 * or SIGINT has let work under way end.  *config is loaded and checked; it
 * changes on SIGHUP.  Returns main's exit status.
 */
int	daemon_run(const struct daemon_setup *, struct config *);

#endif
