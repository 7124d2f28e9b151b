#include <sys/socket.h>

#include <errno.h>

#include "fcgi-api/fastcgi/outbound.h"
#include "fcgi-api/fastcgi/records.h"

/* Keep what was not sent of ${n} iovecs. */
static void
keep_rest(struct buf *rest, const struct iovec *iov, int n, size_t sent)
{
	for (int i = 0; i < n; i++) {
		size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;

		buf_add(rest, (const char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
		sent -= skip;
	}
}

/* Bytes sent, 0 if the socket is full, -1 if the peer is gone. */
static ssize_t
send_some(int fd, struct iovec *iov, int n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t sent;

	do
		sent = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent == -1 && errno == EAGAIN ? 0 : sent;
}

enum sent
outbound_send(int fd, int request_id, struct str head, struct str body, struct buf *rest)
{
	struct iovec iov[FRAMER_IOVECS];
	struct framer f;
	size_t bytes;
	int n;

	framer_begin(&f, request_id, head, body);
	while ((n = framer_next(&f, iov, &bytes)) > 0) {
		ssize_t sent = rest->len == 0 ? send_some(fd, iov, n) : 0;

		if (sent == -1)
			return SENT_FAILED;
		if ((size_t)sent < bytes)
			keep_rest(rest, iov, n, (size_t)sent);
	}
	if (buf_status(rest) != ERR_OK)
		return SENT_FAILED;
	return rest->len == 0 ? SENT_ALL : SENT_PART;
}

enum sent
outbound_flush(int fd, struct buf *rest)
{
	while (rest->len > 0) {
		struct iovec iov = { .iov_base = rest->data, .iov_len = rest->len };
		ssize_t sent = send_some(fd, &iov, 1);

		if (sent == -1)
			return SENT_FAILED;
		if (sent == 0)
			return SENT_PART;
		buf_drain(rest, (size_t)sent);
	}
	buf_free(rest);
	return SENT_ALL;
}
