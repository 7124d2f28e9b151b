#ifndef FCGI_API_MASTER_H
#define FCGI_API_MASTER_H

#include <sys/types.h>

#include "common/config.h"

/*
 * The master: owns the listening sockets, one process for each of them, and
 * sees to it that they live.  It never opens the store.
 */
struct master_setup {
	const char		*config_file;	/* NULL: none */
	char *const		*env;
	const char *const	*options;	/* "section.key=value" */
	size_t			 option_count;
};

/*
 * Serve until SIGTERM or SIGINT.  ${config}: read from ${setup} already.
 * Returns the exit status.
 */
int	master_run(const struct master_setup *, const struct config *);

#endif
