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
 * A connection to who listens at ${path}, at once or not at all.  -1:
 * ENOENT, ECONNREFUSED: nobody listens; EAGAIN: too many wait for who does.
 */
int	unix_connect(const char *path);

/*
 * A socket that listens at ${path}, of mode 0660 from its first moment.  A
 * socket file that refuses to be connected to, which proves that nobody
 * listens, is replaced; nothing else is.  -1: EADDRINUSE: somebody listens;
 * ENOTSOCK: the file there is no socket.  The umask is another for the while,
 * in the whole process.
 */
int	unix_listen(const char *path, int backlog);

/*
 * May the peer of connection ${fd} use what belongs to us and to group
 * ${gid}?  That are root, our own user, and members of the group.  Fills
 * *peer.  false with errno 0: it may not; else its credentials can't be read.
 */
bool	unix_peer_allowed(int fd, gid_t gid, struct ucred *peer);

#endif
