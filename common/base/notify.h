#ifndef COMMON_BASE_NOTIFY_H
#define COMMON_BASE_NOTIFY_H

#include <stdint.h>

/*
 * Notifications to a service manager that speaks systemd's protocol:
 * datagrams of VARIABLE=value lines to the socket named in $NOTIFY_SOCKET.
 * Without that variable these functions do nothing, so programs run the same
 * anywhere.
 */

/*
 * Connect, and take the variables out of the environment so that children do
 * not speak for us.  Call it once, early: the socket is kept.
 */
void	 notify_open(void);

void	 notify_ready(const char *status);	/* serving; also after a reload */
void	 notify_reloading(void);
void	 notify_stopping(void);
void	 notify_alive(void);			/* for the watchdog */

/* How often notify_alive() is due (ms); 0: there is no watchdog. */
int64_t	 notify_interval(void);

#endif
