#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "syncd/server_listen.h"

#define BACKLOG		511
#define GROUPS_MAX	65536	/* as the kernel has it (NGROUPS_MAX) */

static int
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/*
 * Make room at the address: a socket file is removed once connecting to it
 * was refused, which proves that nobody listens.  false: somebody does, or
 * it is no socket, or we can't tell.
 */
static bool
clear_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, rc, error;

	if (lstat(addr->sun_path, &st) == -1) {
		if (errno == ENOENT)
			return true;
		log_error("socket %s: %s", addr->sun_path, strerror(errno));
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		log_error("socket %s: the file there is no socket", addr->sun_path);
		return false;
	}
	if ((fd = unix_socket()) == -1) {
		log_error("socket: %s", strerror(errno));
		return false;
	}
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	error = errno;
	(void)close(fd);
	if (rc == 0 || error == EAGAIN) {	/* EAGAIN: its backlog is full */
		log_error("socket %s: another process listens on it", addr->sun_path);
		return false;
	}
	if (error == ENOENT)
		return true;
	if (error != ECONNREFUSED || (unlink(addr->sun_path) == -1 && errno != ENOENT)) {
		log_error("socket %s: the old one can't be replaced: %s", addr->sun_path,
		    strerror(error != ECONNREFUSED ? error : errno));
		return false;
	}
	return true;
}

int
server_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		log_error("socket %s: the name is longer than %zu bytes", path,
		    sizeof(addr.sun_path) - 1);
		return -1;
	}
	(void)strcpy(addr.sun_path, path);
	if (!clear_stale(&addr))
		return -1;
	if ((fd = unix_socket()) == -1) {
		log_error("socket: %s", strerror(errno));
		return -1;
	}
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == -1)
		goto err0;
	/* nobody can connect before listen(), so the mode is in time */
	if (chmod(path, 0660) == -1 || listen(fd, BACKLOG) == -1)
		goto err1;
	return fd;

err1:
	log_error("socket %s: %s", path, strerror(errno));
	(void)unlink(path);
	(void)close(fd);
	return -1;
err0:
	log_error("socket %s: %s", path, strerror(errno));
	(void)close(fd);
	return -1;
}

static bool
in_supplementary_groups(int fd, gid_t gid)
{
	socklen_t len = 0;
	gid_t *groups;
	bool found = false;

	/* the first call fails and tells the length */
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
server_peer_allowed(int fd, unsigned gid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1) {
		log_warn("socket: a peer's credentials can't be read: %s", strerror(errno));
		return false;
	}
	if (peer.uid == 0 || peer.uid == geteuid() || peer.gid == gid ||
	    in_supplementary_groups(fd, gid))
		return true;
	log_warn("socket: a peer was refused: uid=%u gid=%u peer_pid=%d",
	    (unsigned)peer.uid, (unsigned)peer.gid, (int)peer.pid);
	return false;
}
