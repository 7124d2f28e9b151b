#ifndef SYNCD_SERVER_LISTEN_H
#define SYNCD_SERVER_LISTEN_H

#include <stdbool.h>

/*
 * A listening, non-blocking Unix socket of mode 0660 at ${path}, where a
 * socket file that nobody listens on is replaced.  -1, with the cause logged.
 */
int	server_listen(const char *path);

/* May the peer of this connection speak to a socket file of group ${gid}?  Logs a refusal. */
bool	server_peer_allowed(int fd, unsigned gid);

#endif
