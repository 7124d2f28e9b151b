#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/unix_socket.h"

#define GROUPS_MAX	65536	/* the kernel's NGROUPS_MAX */

_Static_assert(UNIX_PATH_SIZE == sizeof(((struct sockaddr_un *)NULL)->sun_path), "the kernel's");

/* Close ${fd} and return -1, with errno as it was. */
static int
close_failed(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

/* A socket, and the address of ${path}. */
static int
socket_for(const char *path, struct sockaddr_un *un)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(un->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)strcpy(un->sun_path, path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int
unix_connect(const char *path)
{
	struct sockaddr_un un;
	int fd = socket_for(path, &un);

	if (fd != -1 && connect(fd, (const struct sockaddr *)&un, sizeof(un)) == -1)
		return close_failed(fd);
	return fd;
}

/* Remove a socket file that nobody listens on.  false: the path is not free. */
static bool
clear_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == -1)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return false;
	}
	if ((fd = unix_connect(path)) != -1) {
		(void)close(fd);
		errno = EADDRINUSE;
		return false;
	}
	if (errno == EAGAIN)
		errno = EADDRINUSE;
	return errno == ENOENT ||
	    (errno == ECONNREFUSED && (unlink(path) == 0 || errno == ENOENT));
}

int
unix_listen(const char *path, int backlog)
{
	struct sockaddr_un un;
	mode_t before;
	int fd, rc;

	if ((fd = socket_for(path, &un)) == -1)
		return -1;
	if (!clear_stale(path))
		return close_failed(fd);
	before = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&un, sizeof(un));
	(void)umask(before);
	if (rc == -1)
		return close_failed(fd);
	if (listen(fd, backlog) == -1) {
		rc = errno;
		(void)unlink(path);
		errno = rc;
		return close_failed(fd);
	}
	return fd;
}

static bool
in_supplementary_groups(int fd, gid_t gid)
{
	socklen_t len = 0;
	gid_t *groups;
	bool found = false;

	/* the first call fails and returns the length */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE ||
	    len > GROUPS_MAX * sizeof(gid_t) || (groups = malloc(len)) == NULL)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
		for (size_t i = 0; i < len / sizeof(gid_t); i++)
			found |= groups[i] == gid;
	free(groups);
	return found;
}

bool
unix_peer_allowed(int fd, gid_t gid, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);
	bool allowed;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) == -1)
		return false;
	allowed = peer->uid == 0 || peer->uid == geteuid() || peer->gid == gid ||
	    in_supplementary_groups(fd, gid);
	errno = 0;
	return allowed;
}
