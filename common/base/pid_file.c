#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/pid_file.h"

int
pid_file_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd == -1) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		log_error("%s: %s", path, errno == EWOULDBLOCK ?
		    "a running program has locked it" : strerror(errno));
		goto err0;
	}
	if (ftruncate(fd, 0) == -1 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		log_error("%s: %s", path, strerror(errno));
		goto err0;
	}
	return fd;

err0:
	(void)close(fd);
	return -1;
}

void
pid_file_close(int fd, const char *path)
{
	/* in another user's folder the file was made for us and can't be removed: it stays, empty */
	if (unlink(path) == -1 && ((errno != EACCES && errno != EPERM) || ftruncate(fd, 0) == -1))
		log_warn("%s: %s", path, strerror(errno));
	(void)close(fd);
}
