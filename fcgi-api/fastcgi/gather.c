#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "fcgi-api/fastcgi/gather.h"

#define READ_BYTES	(16 * 1024)

enum err
gather_read(int fd, struct buf *in, size_t max)
{
	while (in->len < max) {
		char *room = buf_reserve(in, READ_BYTES);
		ssize_t n;

		if (room == NULL)
			return ERR_NOMEM;
		n = recv(fd, room, READ_BYTES, MSG_DONTWAIT);
		if (n > 0)
			buf_commit(in, (size_t)n);
		else if (n == -1 && errno == EAGAIN)
			return ERR_OK;
		else if (n == 0 || errno != EINTR)
			return ERR_CANCELLED;
	}
	return ERR_OK;
}

enum err
gather_feed(int *feed_fd, struct str bytes)
{
	if (*feed_fd == -1 && (*feed_fd = memfd_create("request", MFD_CLOEXEC)) == -1)
		goto fail;
	if (ftruncate(*feed_fd, 0) == -1 ||
	    pwrite(*feed_fd, bytes.ptr, bytes.len, 0) != (ssize_t)bytes.len ||
	    lseek(*feed_fd, 0, SEEK_SET) == -1)
		goto fail;
	return ERR_OK;

fail:
	log_error("connections: file in memory: %s", strerror(errno));
	return ERR_IO;
}
