#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/wire/frame.h"
#include "syncd/server/parts.h"

static void	 peer_flush(struct peer *);

/* A server ends after the last handle of its own and of its peers. */
void
server_settle(struct server *s)
{
	void (*drained)(void *) = s->drained;

	if (s->connections > 0 || s->handles > 0)
		return;
	if (s->freed) {
		free(s->path);
		free(s);
	} else if (s->draining && drained != NULL) {
		s->drained = NULL;
		drained(s->drained_cookie);	/* it may free the server */
	}
}

static void
on_peer_handle_closed(uv_handle_t *h)
{
	struct peer *p = h->data;
	struct server *s = p->server;

	if (--p->handles > 0)
		return;
	buf_free(&p->in);
	buf_free(&p->out);
	buf_free(&p->sending);
	LIST_REMOVE(p, entry);
	free(p);
	s->connections--;
	server_settle(s);
}

void
peer_close(struct peer *p)
{
	struct server_call *call;

	if (p->closed)
		return;
	p->closed = true;
	while ((call = LIST_FIRST(&p->calls)) != NULL) {
		LIST_REMOVE(call, in_peer);
		call->peer = NULL;
	}
	uv_close((uv_handle_t *)&p->pipe, on_peer_handle_closed);
	uv_close((uv_handle_t *)&p->linger, on_peer_handle_closed);
}

static void
on_linger_over(uv_timer_t *t)
{
	peer_close(t->data);
}

/* A leaving peer with nothing open gets some time to take what is written, then goes. */
static void
peer_settle(struct peer *p)
{
	if (p->closed || !p->leaving || p->open > 0)
		return;
	if (!p->writing && p->out.len == 0)
		peer_close(p);
	else if (!uv_is_active((uv_handle_t *)&p->linger))
		(void)uv_timer_start(&p->linger, on_linger_over, SERVER_LINGER_MS, 0);
}

static void
peer_stop_reading(struct peer *p)
{
	if (p->reading)
		(void)uv_read_stop((uv_stream_t *)&p->pipe);
	p->reading = false;
}

void
peer_leave(struct peer *p)
{
	p->leaving = true;
	peer_settle(p);
}

static void
on_written(uv_write_t *w, int status)
{
	struct peer *p = w->data;

	p->writing = false;
	buf_clear(&p->sending);
	if (p->closed)
		return;
	if (status < 0) {	/* the peer is gone */
		peer_close(p);
		return;
	}
	peer_flush(p);
	peer_settle(p);
}

static void
peer_flush(struct peer *p)
{
	struct buf swap = p->sending;
	uv_buf_t data;

	if (p->closed || p->writing || p->out.len == 0)
		return;
	p->sending = p->out;
	p->out = swap;
	data = uv_buf_init(p->sending.data, (unsigned)p->sending.len);
	p->write.data = p;
	if (uv_write(&p->write, (uv_stream_t *)&p->pipe, &data, 1, on_written) == 0)
		p->writing = true;
	else
		peer_close(p);
}

void
peer_send(struct peer *p, const struct message_reply *reply)
{
	size_t before = p->out.len;

	message_add_reply(&p->out, reply);
	if (buf_status(&p->out) == ERR_OK && p->out.len - before > MESSAGE_BYTES_MAX) {
		struct message_reply failed = { .id = reply->id, .err = ERR_INTERNAL,
		    .detail = "the answer is longer than a message may be" };

		log_error("socket: an answer of %zu bytes can't be sent", p->out.len - before);
		p->out.len = before;
		message_add_reply(&p->out, &failed);
	}
	if (buf_status(&p->out) != ERR_OK ||
	    p->out.len + p->sending.len > SERVER_OUTPUT_MAX) {
		log_warn("socket: a peer that does not read its answers was dropped");
		peer_close(p);
		return;
	}
	peer_flush(p);
}

static void
peer_refuse(struct peer *p, uint64_t id, enum err e, const char *detail)
{
	struct message_reply reply = { .id = id, .err = e };

	(void)strncpy(reply.detail, detail, sizeof(reply.detail) - 1);
	peer_send(p, &reply);
}

/* After a line that breaks the protocol nothing more is read from that peer. */
static void
peer_give_up(struct peer *p, const char *why)
{
	log_warn("socket: a peer broke the protocol: %s", why);
	p->mute = true;
	peer_stop_reading(p);
	buf_free(&p->in);
	peer_refuse(p, 0, ERR_BAD_MESSAGE, why);
	if (!p->closed)
		peer_leave(p);
}

/* Take one line from the peer: a call, handed to the request callback.  false: take no further line. */
static bool
peer_take_line(struct peer *p, struct str line)
{
	struct server *s = p->server;
	struct server_call *call;
	uint64_t id;
	char why[128];

	if (line.len == 0)
		return true;
	if ((call = malloc(sizeof(*call))) == NULL) {
		peer_give_up(p, "out of memory");
		return false;
	}
	if (message_parse_request(line, s->tables, &call->request, why) != ERR_OK) {
		id = call->request.id;
		free(call);
		if (id == 0)
			peer_give_up(p, why);
		else
			peer_refuse(p, id, ERR_BAD_MESSAGE, why);
		return id != 0;
	}
	if (s->draining || s->open >= SERVER_OPEN_MAX) {
		if (s->draining)
			peer_refuse(p, call->request.id, ERR_CANCELLED, "syncd is stopping");
		else
			peer_refuse(p, call->request.id, ERR_OVERLOADED, err_text(ERR_OVERLOADED));
		message_request_free(&call->request);
		free(call);
		return true;
	}
	call->server = s;
	call->peer = p;
	call->came_ms = instant_monotonic();
	LIST_INSERT_HEAD(&p->calls, call, in_peer);
	LIST_INSERT_HEAD(&s->calls, call, in_server);
	p->open++;
	s->open++;
	s->request(s->cookie, call);
	return true;
}

/* Take all whole lines that have come, as far as the limit on open calls allows. */
static void
peer_take_requests(struct peer *p)
{
	struct str line;
	size_t at = 0;

	while (!p->closed && !p->paused && frame_next(&p->in, &at, &line)) {
		if (line.len > MESSAGE_BYTES_MAX) {
			peer_give_up(p, "the line is too long");
			return;
		}
		if (!peer_take_line(p, line))
			return;
		p->paused = p->open >= SERVER_OPEN_PER_PEER;
	}
	if (p->closed)
		return;
	buf_drain(&p->in, at);
	if (!p->paused && p->in.len > MESSAGE_BYTES_MAX)
		peer_give_up(p, "the line is too long");
}

static void	 on_read(uv_stream_t *, ssize_t, const uv_buf_t *);

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct peer *p = h->data;

	(void)suggested;
	*b = uv_buf_init(p->server->chunk, SERVER_READ_BYTES);
}

static void
peer_start_reading(struct peer *p)
{
	if (p->reading || p->mute || p->paused || p->closed)
		return;
	if (uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read) == 0)
		p->reading = true;
	else
		peer_close(p);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct peer *p = stream->data;

	if (n == 0)
		return;
	if (n < 0) {
		p->mute = true;
		peer_stop_reading(p);
		if (n == UV_EOF)
			peer_leave(p);	/* it may still read answers */
		else
			peer_close(p);
		return;
	}
	buf_add(&p->in, b->base, (size_t)n);
	if (buf_status(&p->in) != ERR_OK) {
		log_error("socket: out of memory, a peer was dropped");
		peer_close(p);
		return;
	}
	peer_take_requests(p);
	if (p->paused && !p->closed)
		peer_stop_reading(p);
}

void
peer_resume(struct peer *p)
{
	if (p->closed || !p->paused || p->open >= SERVER_OPEN_PER_PEER / 2)
		return;
	p->paused = false;
	peer_take_requests(p);
	peer_start_reading(p);
}

bool
peer_add(struct server *s, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return false;
	p->server = s;
	LIST_INIT(&p->calls);
	(void)uv_timer_init(s->loop, &p->linger);
	(void)uv_pipe_init(s->loop, &p->pipe, 0);	/* neither can fail on Unix */
	p->pipe.data = p->linger.data = p;
	p->handles = 2;
	LIST_INSERT_HEAD(&s->peers, p, entry);
	s->connections++;
	if (uv_pipe_open(&p->pipe, fd) != 0) {
		(void)close(fd);
		peer_close(p);
	}
	peer_start_reading(p);
	return true;
}
