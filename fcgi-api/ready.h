#ifndef FCGI_API_READY_H
#define FCGI_API_READY_H

#include <stdbool.h>

/*
 * A new process tells the master that it serves, by a byte in a pipe; that
 * it has ended shows by the pipe's end.
 */

/* In the new process: say so, and close ${fd}.  -1: nobody waits. */
void	 ready_tell(int fd);
/*
 * In the master: wait until that is said.  false: the process has ended, or
 * has not said it within ten seconds, or SIGTERM or SIGINT (blocked) is
 * pending.  The service manager is told meanwhile that this is alive.
 */
bool	 ready_wait(int fd);

#endif
