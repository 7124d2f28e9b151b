#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "fcgi-api/listeners.h"

#define BACKLOG	4096

/* Does somebody listen there? */
static int
answered(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int is;

	if (fd == -1)
		return 1;	/* not proven: leave it alone */
	is = connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0 ||
	    (errno != ECONNREFUSED && errno != ENOENT);
	(void)close(fd);
	return is;
}

/* Remove a socket that nobody listens on; 0: the place is free. */
static int
clear_place(const struct sockaddr_un *un)
{
	struct stat st;

	if (lstat(un->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	if (answered(un)) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(un->sun_path);
}

int
listener_open(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	mode_t before;
	int fd, rc;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		goto err0;
	}
	(void)strcpy(un.sun_path, path);
	if (clear_place(&un) == -1)
		goto err0;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		goto err0;
	before = umask(0117);	/* from its first moment on, nobody else may connect */
	rc = bind(fd, (struct sockaddr *)&un, sizeof(un));
	(void)umask(before);
	if (rc == -1 || listen(fd, BACKLOG) == -1)
		goto err1;
	return fd;

err1:
	rc = errno;
	(void)close(fd);
	errno = rc;
err0:
	return -1;
}

void
listener_close(int fd, const char *path)
{
	if (unlink(path) == -1 && errno != ENOENT)
		log_warn("%s: %s", path, strerror(errno));
	(void)close(fd);
}
