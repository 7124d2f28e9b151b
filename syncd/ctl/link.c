#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/unix_socket.h"
#include "common/wire/frame.h"
#include "syncd/ctl/link.h"

#define RETRY_MS	50	/* while the listener's backlog is full */
#define READ_BYTES	16384

struct ctl_link {
	int		fd;
	struct buf	in;
	size_t		at;	/* where the next line of ->in begins */
	struct buf	body;
};

static int
remaining(int64_t deadline_ms)
{
	int64_t ms = deadline_ms - instant_monotonic();

	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

static enum ctl_outcome
await(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, remaining(deadline_ms));
	} while ((n == -1 && errno == EINTR) ||
	    (n == 0 && remaining(deadline_ms) > 0));
	return n > 0 ? CTL_OK : n == 0 ? CTL_TIMEOUT : CTL_GONE;
}

static enum ctl_outcome
connect_until(const char *path, int64_t deadline_ms, int *fd)
{
	while ((*fd = unix_connect(path)) == -1) {
		if (errno != EAGAIN)
			return CTL_GONE;
		if (remaining(deadline_ms) == 0)
			return CTL_TIMEOUT;
		(void)poll(NULL, 0, RETRY_MS);
	}
	return CTL_OK;
}

enum ctl_outcome
ctl_open(const char *path, int64_t deadline_ms, struct ctl_link **out)
{
	struct ctl_link *l = calloc(1, sizeof(*l));
	enum ctl_outcome outcome;

	if (l == NULL)
		return CTL_GONE;
	if ((outcome = connect_until(path, deadline_ms, &l->fd)) == CTL_OK)
		*out = l;
	else
		free(l);
	return outcome;
}

void
ctl_close(struct ctl_link *l)
{
	if (l == NULL)
		return;
	(void)close(l->fd);
	buf_free(&l->in);
	buf_free(&l->body);
	free(l);
}

enum ctl_outcome
ctl_send(struct ctl_link *l, const struct message_request *request, int64_t deadline_ms)
{
	enum ctl_outcome outcome = CTL_OK;
	struct buf line = { 0 };
	size_t sent = 0;
	ssize_t n;

	message_add_request(&line, request);
	if (buf_status(&line) != ERR_OK) {
		errno = ENOMEM;
		return CTL_GONE;
	}
	while (outcome == CTL_OK && sent < line.len) {
		n = send(l->fd, line.data + sent, line.len - sent, MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			outcome = await(l->fd, POLLOUT, deadline_ms);
		else if (errno != EINTR)
			outcome = CTL_GONE;
	}
	buf_free(&line);
	return outcome;
}

/* Read more bytes after those that are there. */
static enum ctl_outcome
read_more(struct ctl_link *l, int64_t deadline_ms)
{
	enum ctl_outcome outcome;
	ssize_t n;
	char *at;

	buf_drain(&l->in, l->at);
	l->at = 0;
	if (l->in.len > MESSAGE_BYTES_MAX || (at = buf_reserve(&l->in, READ_BYTES)) == NULL) {
		errno = l->in.len > MESSAGE_BYTES_MAX ? EPROTO : ENOMEM;
		return CTL_GONE;
	}
	if ((outcome = await(l->fd, POLLIN, deadline_ms)) != CTL_OK)
		return outcome;
	if ((n = read(l->fd, at, READ_BYTES)) > 0)
		buf_commit(&l->in, (size_t)n);
	else if (n == 0)
		errno = 0;
	return n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR)) ? CTL_OK : CTL_GONE;
}

enum ctl_outcome
ctl_receive(struct ctl_link *l, struct message_reply *reply, int64_t deadline_ms)
{
	enum ctl_outcome outcome;
	struct str line;

	while (!frame_next(&l->in, &l->at, &line))
		if ((outcome = read_more(l, deadline_ms)) != CTL_OK)
			return outcome;
	if (message_parse_reply(line, reply, &l->body) != ERR_OK) {
		errno = EPROTO;
		return CTL_GONE;
	}
	return CTL_OK;
}
