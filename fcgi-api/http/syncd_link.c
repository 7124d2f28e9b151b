#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/unix_socket.h"
#include "common/wire/frame.h"
#include "fcgi-api/http/syncd_link.h"

#define OUT_MAX		(4u * 1024 * 1024)	/* bytes that syncd has not taken yet */
#define RETRY_MS	20	/* after a failed attempt to connect */
#define READ_BYTES	(64 * 1024)
#define KEEP_BYTES	(256u * 1024)	/* of a buffer; what one bulk edit needed does not stay */

/* On list calls while used, on list free_calls otherwise. */
struct syncd_call {
	uint64_t		 id;	/* sequence * LINK_CALLS_MAX + place in slots */
	bool			 used;
	int64_t			 deadline_ms;
	uint64_t		 begins, ends;	/* where its bytes are in all that was queued */
	syncd_done		*done;
	void			*cookie;
	struct syncd_call	*next, **link;
};

struct syncd_link {
	struct loop		*loop;
	struct watch		 watch;		/* fd -1: not connected */
	char			 path[UNIX_PATH_SIZE];	/* of its socket */
	int64_t			 retry_ms;	/* no attempt before */
	bool			 down_logged;
	bool			 writing;	/* EPOLLOUT is asked for */
	uint64_t		 sequence;
	uint64_t		 queued, sent;	/* bytes since it was connected */
	struct buf		 out, in, body;
	int64_t			 next_deadline_ms;	/* not later than the first one */
	struct syncd_call	*calls, *free_calls;
	struct syncd_call	 slots[LINK_CALLS_MAX];
};

static void	link_ready(void *cookie, uint32_t events);

static void
list_put(struct syncd_call **list, struct syncd_call *c)
{
	if ((c->next = *list) != NULL)
		c->next->link = &c->next;
	c->link = list;
	*list = c;
}

static void
list_take(struct syncd_call *c)
{
	if ((*c->link = c->next) != NULL)
		c->next->link = c->link;
}

struct syncd_link *
syncd_link_new(struct loop *loop, const char *socket_path)
{
	struct syncd_link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->loop = loop;
	l->watch = (struct watch){ .fd = -1, .ready = link_ready, .cookie = l };
	(void)strncpy(l->path, socket_path, sizeof(l->path) - 1);
	l->out.limit = OUT_MAX;
	l->in.limit = MESSAGE_BYTES_MAX + READ_BYTES;
	l->next_deadline_ms = INT64_MAX;
	for (size_t i = LINK_CALLS_MAX; i-- > 0;)
		list_put(&l->free_calls, &l->slots[i]);
	return l;
}

static void
link_close(struct syncd_link *l)
{
	int fd = l->watch.fd;

	if (fd == -1)
		return;
	loop_remove(l->loop, &l->watch);
	(void)close(fd);	/* what was not sent is reported call by call */
	buf_clear(&l->out);
	buf_clear(&l->in);
	l->writing = false;
}

void
syncd_link_free(struct syncd_link *l)
{
	if (l == NULL)
		return;
	link_close(l);
	buf_free(&l->out);
	buf_free(&l->in);
	buf_free(&l->body);
	free(l);
}

static void
call_end(struct syncd_link *l, struct syncd_call *c, enum err e,
    const struct message_reply *reply)
{
	list_take(c);
	c->used = false;
	list_put(&l->free_calls, c);
	c->done(c->cookie, e, reply);
}

static enum err
end_of(uint64_t sent, const struct syncd_call *c)
{
	return sent > c->begins ? ERR_OUTCOME_UNKNOWN : ERR_SYNCD_UNAVAILABLE;
}

/* End everything under way as failed; a call back may begin something new. */
static void
link_fail(struct syncd_link *l, const char *why)
{
	struct syncd_call *failed = NULL, *c;
	uint64_t sent = l->sent;

	log_warn("syncd: connection lost: %s", why);
	while ((c = l->calls) != NULL) {
		list_take(c);
		list_put(&failed, c);
	}
	link_close(l);
	while ((c = failed) != NULL)
		call_end(l, c, end_of(sent, c), NULL);
}

static enum err
connect_now(struct syncd_link *l)
{
	int64_t now_ms = loop_now(l->loop);
	int fd;

	if (now_ms < l->retry_ms)
		return ERR_SYNCD_UNAVAILABLE;
	l->retry_ms = now_ms + RETRY_MS;
	if ((fd = unix_connect(l->path)) == -1)
		goto err0;
	l->watch.fd = fd;
	if (loop_add(l->loop, &l->watch, EPOLLIN | EPOLLRDHUP) != ERR_OK)
		goto err1;
	l->queued = l->sent = 0;
	l->down_logged = false;
	return ERR_OK;

err1:
	l->watch.fd = -1;
	(void)close(fd);	/* errno stays: nothing was sent */
err0:
	if (!l->down_logged)
		log_warn("syncd: %s: %s", l->path, strerror(errno));
	l->down_logged = true;
	return ERR_SYNCD_UNAVAILABLE;
}

static void
shrink(struct buf *b)
{
	if (b->len == 0 && b->cap > KEEP_BYTES)
		buf_free(b);
}

/* Send what waits.  NULL, or why the connection can no longer be used. */
static const char *
flush(struct syncd_link *l)
{
	while (l->out.len > 0) {
		ssize_t n = send(l->watch.fd, l->out.data, l->out.len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == -1)
			return strerror(errno);
		l->sent += (uint64_t)n;
		buf_drain(&l->out, (size_t)n);
	}
	shrink(&l->out);
	if ((l->out.len > 0) == l->writing)
		return NULL;
	l->writing = !l->writing;
	return loop_change(l->loop, &l->watch, EPOLLIN | EPOLLRDHUP |
	    (l->writing ? EPOLLOUT : 0)) == ERR_OK ? NULL : "epoll";
}

/* Take whole lines off l->in, each a reply; a call back never closes the link itself. */
static const char *
take_replies(struct syncd_link *l)
{
	const char *why = NULL;
	struct message_reply reply;
	struct str line;
	size_t at = 0;

	while (frame_next(&l->in, &at, &line)) {
		struct syncd_call *c;

		if (message_parse_reply(line, &reply, &l->body) != ERR_OK) {
			why = "malformed reply";
			break;
		}
		/* a reply to a call that was cancelled, or is over, is dropped */
		c = &l->slots[reply.id % LINK_CALLS_MAX];
		if (c->used && c->id == reply.id)
			call_end(l, c, ERR_OK, &reply);
	}
	buf_drain(&l->in, at);
	shrink(&l->in);
	if (l->body.cap > KEEP_BYTES)	/* no call needs it now */
		buf_free(&l->body);
	if (why == NULL && l->in.len > MESSAGE_BYTES_MAX)
		why = "reply too long";
	return why;
}

static const char *
read_all(struct syncd_link *l)
{
	for (;;) {
		char *room = buf_reserve(&l->in, READ_BYTES);
		const char *why;
		ssize_t n;

		if (room == NULL)
			return "no memory";
		n = recv(l->watch.fd, room, READ_BYTES, 0);
		if (n == 0)
			return "closed by syncd";
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? NULL : strerror(errno);
		buf_commit(&l->in, (size_t)n);
		if ((why = take_replies(l)) != NULL)
			return why;
	}
}

static void
link_ready(void *cookie, uint32_t events)
{
	struct syncd_link *l = cookie;
	const char *why = NULL;

	if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
		why = read_all(l);
	if (why == NULL && (events & EPOLLOUT) != 0)
		why = flush(l);
	if (why != NULL)
		link_fail(l, why);
}

enum err
syncd_link_request(struct syncd_link *l, struct message_request *request,
    int64_t deadline_ms, syncd_done *done, void *cookie, struct syncd_call **call)
{
	struct syncd_call *c = l->free_calls;
	size_t before = l->out.len;
	enum err e;

	if (l->watch.fd == -1 && (e = connect_now(l)) != ERR_OK)
		return e;
	/* room for the longest line, so that out never fails half-way */
	if (c == NULL || before > OUT_MAX / 2)
		return ERR_OVERLOADED;
	c->id = ++l->sequence * LINK_CALLS_MAX + (uint64_t)(c - l->slots);
	c->begins = l->queued;
	request->id = c->id;
	message_add_request(&l->out, request);
	if (buf_status(&l->out) != ERR_OK || l->out.len - before > MESSAGE_BYTES_MAX) {
		e = buf_status(&l->out) != ERR_OK ? ERR_OVERLOADED : ERR_TOO_LARGE;
		l->out.len = before;
		l->out.error = ERR_OK;
		return e;
	}
	l->queued += l->out.len - before;
	list_take(c);
	list_put(&l->calls, c);
	c->used = true;
	c->deadline_ms = deadline_ms;
	c->done = done;
	c->cookie = cookie;
	c->ends = l->queued;
	*call = c;
	if (deadline_ms < l->next_deadline_ms)
		l->next_deadline_ms = deadline_ms;
	/* a failure shows again in the loop, where ending calls is safe */
	(void)flush(l);
	return ERR_OK;
}

void
syncd_link_cancel(struct syncd_link *l, struct syncd_call *c)
{
	list_take(c);
	c->used = false;
	list_put(&l->free_calls, c);
}

static int
by_place(const void *a, const void *b)
{
	const struct syncd_call *const *x = a, *const *y = b;

	return ((*x)->begins > (*y)->begins) - ((*x)->begins < (*y)->begins);
}

/* Take the lines of these calls, sorted by place and unsent, out of what waits to be sent. */
static void
cut_lines(struct syncd_link *l, struct syncd_call *const *cut, size_t n)
{
	size_t to = (size_t)(cut[0]->begins - l->sent);

	for (size_t i = 0; i < n; i++) {
		size_t from = (size_t)(cut[i]->ends - l->sent);
		size_t end = (size_t)((i + 1 < n ? cut[i + 1]->begins : l->queued) - l->sent);

		memmove(l->out.data + to, l->out.data + from, end - from);
		to += end - from;
	}
	l->queued -= l->out.len - to;
	l->out.len = to;
}

/* How many bytes of the lines that were cut stood before that place? */
static uint64_t
cut_before(struct syncd_call *const *cut, size_t n, uint64_t place)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n && cut[i]->begins < place; i++)
		bytes += cut[i]->ends - cut[i]->begins;
	return bytes;
}

/*
 * Callers whose lines were not sent learn that nothing comes of them, so these
 * lines must never be sent.  A line that was begun has to be finished; syncd
 * sees that it is late.
 */
static void
drop_unsent(struct syncd_link *l, struct syncd_call *overdue)
{
	struct syncd_call *cut[LINK_CALLS_MAX], *c;
	size_t n = 0;

	for (c = overdue; c != NULL; c = c->next)
		if (c->begins >= l->sent)
			cut[n++] = c;
	if (n == 0)
		return;
	qsort(cut, n, sizeof(*cut), by_place);
	cut_lines(l, cut, n);
	for (c = l->calls; c != NULL; c = c->next) {
		uint64_t bytes = cut_before(cut, n, c->begins);

		c->begins -= bytes;
		c->ends -= bytes;
	}
}

int64_t
syncd_link_tick(struct syncd_link *l, int64_t now_ms)
{
	struct syncd_call *c, *overdue = NULL, *next;
	uint64_t sent = l->sent;

	if (now_ms < l->next_deadline_ms)
		return l->next_deadline_ms;
	l->next_deadline_ms = INT64_MAX;
	for (c = l->calls; c != NULL; c = next) {
		next = c->next;
		if (c->deadline_ms <= now_ms) {
			list_take(c);
			list_put(&overdue, c);
		} else if (c->deadline_ms < l->next_deadline_ms) {
			l->next_deadline_ms = c->deadline_ms;
		}
	}
	drop_unsent(l, overdue);
	while ((c = overdue) != NULL)
		call_end(l, c, end_of(sent, c), NULL);
	return l->next_deadline_ms;
}
