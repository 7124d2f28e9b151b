#ifndef COMMON_BASE_UNIX_SOCKET_H
#define COMMON_BASE_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Stream sockets with a name in the file system; non-blocking, closed on exec.
 * Nothing is logged here: errno says why.  ENAMETOOLONG: a name may have
 * UNIX_PATH_SIZE - 1 bytes.
 */
#define UNIX_PATH_SIZE	108

/*
 * Connect to ${path}, at once or not at all.  -1: ENOENT, ECONNREFUSED:
 * nobody listens there; EAGAIN: the listener's backlog is full.
 */
int	unix_connect(const char *path);

/*
 * Listen at ${path}, with mode 0660 from the first moment.  A socket file that
 * refuses connections, which proves that nobody listens, is replaced; nothing
 * else is.  -1: EADDRINUSE: somebody listens; ENOTSOCK: the file there is not
 * a socket.  The umask of the whole process is changed meanwhile.
 */
int	unix_listen(const char *path, int backlog);

/*
 * May the peer of connection ${fd} use what belongs to us and to group
 * ${gid}?  Root, our own user and members of the group may.  Fills *peer.
 * false with errno 0: it may not; else its credentials can't be read.
 */
bool	unix_peer_allowed(int fd, gid_t gid, struct ucred *peer);

#endif
