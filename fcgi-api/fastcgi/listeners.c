#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/unix_socket.h"
#include "fcgi-api/fastcgi/listeners.h"

#define BACKLOG		4096
#define FIRST_FD	3	/* of those handed over */
#define ADOPTED_MAX	128

static struct adopted {
	int	fd;
	char	path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
} adopted[ADOPTED_MAX];
static size_t adopted_count;

static void
adopt(int fd)
{
	struct sockaddr_un un = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(un);
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || getsockname(fd, (struct sockaddr *)&un, &len) == -1 ||
	    un.sun_family != AF_UNIX || un.sun_path[0] != '/' || adopted_count == ADOPTED_MAX ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) {
		log_warn("descriptor %d of the service manager is not a listening socket of ours", fd);
		return;
	}
	adopted[adopted_count].fd = fd;
	memcpy(adopted[adopted_count].path, un.sun_path, sizeof(un.sun_path));
	adopted_count++;
}

void
listeners_adopt(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid())
		for (long n = strtol(fds, NULL, 10), i = 0; i < n && i < ADOPTED_MAX; i++)
			adopt(FIRST_FD + (int)i);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}

void
listeners_forget(int keep)
{
	for (size_t i = 0; i < adopted_count; i++)
		if (adopted[i].fd != keep)
			(void)close(adopted[i].fd);
	adopted_count = 0;
}

bool
listener_adopted(int fd)
{
	for (size_t i = 0; i < adopted_count; i++)
		if (adopted[i].fd == fd)
			return true;
	return false;
}

int
listener_open(const char *path)
{
	for (size_t i = 0; i < adopted_count; i++)
		if (strcmp(adopted[i].path, path) == 0)
			return adopted[i].fd;
	return unix_listen(path, BACKLOG);
}

void
listener_close(int fd, const char *path)
{
	if (listener_adopted(fd))
		return;
	if (unlink(path) == -1 && errno != ENOENT)
		log_warn("%s: %s", path, strerror(errno));
	(void)close(fd);
}
