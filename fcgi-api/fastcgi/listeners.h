#ifndef FCGI_API_FASTCGI_LISTENERS_H
#define FCGI_API_FASTCGI_LISTENERS_H

#include <stdbool.h>

/*
 * Listening Unix sockets, which the master keeps while workers come and go.
 */

/* The socket at ${path}: as unix_listen() makes it, or one that was handed over.  -1 with errno. */
int	listener_open(const char *path);

/* Close and remove the file. */
void	listener_close(int fd, const char *path);

/*
 * Sockets that a service manager has opened and hands over (systemd's
 * protocol: $LISTEN_FDS from descriptor 3 on).  Take them once, before any
 * other descriptor is opened.  listener_open() of such a path gives the
 * socket that is there, and listener_close() leaves it open for the manager,
 * whose clients then wait instead of being refused.
 */
void	listeners_adopt(void);
/* In a child: close those that were handed over, except ${keep}. */
void	listeners_forget(int keep);
/* Was this one handed over? */
bool	listener_adopted(int fd);

#endif
