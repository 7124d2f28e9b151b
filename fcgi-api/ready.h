#ifndef FCGI_API_READY_H
#define FCGI_API_READY_H

#include <stdbool.h>

/*
 * A new process reports that it serves by a byte in a pipe to the master; if
 * it ends before that, the pipe ends.
 */

/* In the new process: report it, and close ${fd}.  -1: the master does not wait. */
void	 ready_tell(int fd);
/*
 * In the master: wait for the report.  false: the process has ended or has not
 * reported within ten seconds, or SIGTERM or SIGINT (blocked) is pending.
 * Meanwhile the service manager's watchdog is notified as usual.
 */
bool	 ready_wait(int fd);

#endif
