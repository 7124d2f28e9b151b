#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "fcgi-api/fastcgi/outbound.h"
#include "fcgi-api/fastcgi/parts.h"

#define GATHER_MAX	(BODY_MAX + RECORDS_PARAMS_MAX + 64 * 1024)	/* with all record heads */
#define GATHERED_MAX	(64u * 1024 * 1024)	/* of all connections together */

/*
 * Read the parameters into c->fcgx.  libfcgi reads from a descriptor and
 * blocks, so it gets the whole request as a file in memory.
 */
static bool
fcgx_accept(struct connection *c)
{
	struct connections *cs = c->owner;
	struct str bytes = buf_str(&c->in);

	if ((cs->feed_fd == -1 && (cs->feed_fd = memfd_create("request", MFD_CLOEXEC)) == -1) ||
	    ftruncate(cs->feed_fd, 0) == -1 ||
	    pwrite(cs->feed_fd, bytes.ptr, bytes.len, 0) != (ssize_t)bytes.len ||
	    lseek(cs->feed_fd, 0, SEEK_SET) == -1) {
		log_error("connections: file in memory: %s", strerror(errno));
		return false;
	}
	c->fcgx.ipcFd = cs->feed_fd;
	c->fcgx.keepConnection = 1;	/* else it closes the descriptor before it begins */
	c->fcgx.detached = 1;		/* else it lingers for seconds when it closes */
	if (FCGX_Accept_r(&c->fcgx) == 0)
		return true;
	/* records_scan() should have noticed; libfcgi has closed the descriptor */
	log_warn("connections: libfcgi refuses a request");
	cs->feed_fd = -1;
	return false;
}

/* Read the whole body into cs->body. */
static enum err
body_read(struct connections *cs, struct connection *c)
{
	buf_clear(&cs->body);
	for (;;) {
		char *room = buf_reserve(&cs->body, 16 * 1024);
		int n;

		if (room == NULL)
			return ERR_NOMEM;
		n = FCGX_GetStr(room, 16 * 1024, c->fcgx.in);
		buf_commit(&cs->body, n > 0 ? (size_t)n : 0);
		if (n < 16 * 1024)
			break;
	}
	if (FCGX_GetError(c->fcgx.in) != 0)
		return ERR_BAD_MESSAGE;
	return cs->body.len > BODY_MAX ? ERR_TOO_LARGE : ERR_OK;
}

/* A whole request (or its parameters) of ${used} bytes was gathered in c->in. */
static void
gathered_run(struct connection *c, enum scan scan, size_t used)
{
	struct connections *cs = c->owner;
	enum err error = ERR_TOO_LARGE;

	if (!fcgx_accept(c)) {
		connection_close(c);
		return;
	}
	c->request_id = c->fcgx.requestId;
	c->keep = c->fcgx.keepConnection != 0 && scan == SCAN_WHOLE && used == c->in.len;
	buf_clear(&cs->body);
	if (scan == SCAN_WHOLE)
		error = body_read(cs, c);
	c->fcgx.ipcFd = -1;	/* the file is ours alone again */
	if (error != ERR_OK && error != ERR_TOO_LARGE) {
		connection_close(c);
		return;
	}
	connection_drop_input(c);
	connection_state(c, BUSY);
	cs->setup.request(cs->setup.cookie, c, c->fcgx.envp, error == ERR_OK ?
	    buf_str(&cs->body) : (struct str){ NULL, 0 }, error);
	if (cs->body.cap > 64 * 1024)
		buf_free(&cs->body);
}

/* Read what is there into c->in.  false: closed. */
static bool
gather_more(struct connection *c)
{
	struct connections *cs = c->owner;

	while (c->in.len < GATHER_MAX) {
		char *room = buf_reserve(&c->in, READ_BYTES);
		ssize_t n = room == NULL ? 0 : recv(c->watch.fd, room, READ_BYTES, MSG_DONTWAIT);

		if (n > 0) {
			buf_commit(&c->in, (size_t)n);
			cs->gathered += (size_t)n;
		}
		if (room == NULL || cs->gathered > GATHERED_MAX) {
			log_warn("connections: no memory for a request in pieces");
			connection_close(c);
			return false;
		}
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == 0 || (n == -1 && errno != EINTR)) {	/* the peer is gone */
			connection_close(c);
			return false;
		}
	}
	return true;
}

/* Look at what was gathered.  true: it is not all there yet. */
static bool
gathered_scan(struct connection *c)
{
	size_t used;
	enum scan scan = records_scan((unsigned char *)c->in.data, c->in.len,
	    c->in.len >= GATHER_MAX, &used);

	switch (scan) {
	case SCAN_MORE:
		return true;
	case SCAN_WHOLE:
	case SCAN_LARGE:
		gathered_run(c, scan, used);
		break;
	case SCAN_BAD:
		log_warn("connections: closed: not a FastCGI request that is served here");
		connection_close(c);
		break;
	case SCAN_ABORTED:
		connection_close(c);
		break;
	}
	return false;
}

static void
gather(struct connection *c)
{
	if (gather_more(c) && gathered_scan(c) && c->state != RECEIVING)
		connection_state(c, RECEIVING);
}

/* A request waits in the socket, usually whole. */
static void
receive(struct connection *c)
{
	struct connections *cs = c->owner;
	struct records_plain *r = &cs->plain;
	ssize_t n = recv(c->watch.fd, cs->bytes, sizeof(cs->bytes), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_close(c);
		return;
	}
	/* filled to the brim: there may be more in the socket, and no edge would report it */
	if ((size_t)n < sizeof(cs->bytes) && records_plain(cs->bytes, (size_t)n, cs->text, r)) {
		c->request_id = r->request_id;
		c->keep = r->keep;
		connection_state(c, BUSY);
		cs->setup.request(cs->setup.cookie, c, r->envp, (struct str){ NULL, 0 }, ERR_OK);
		return;
	}
	/* not a plain request, or a part of one */
	buf_add(&c->in, cs->bytes, (size_t)n);
	if (buf_status(&c->in) != ERR_OK) {
		connection_close(c);
		return;
	}
	cs->gathered += (size_t)n;
	if (gathered_scan(c))
		gather(c);
}

/* An event while the answer is pending, when a web server has nothing to send. */
static void
parked_ready(struct connection *c)
{
	char byte;
	ssize_t n = recv(c->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	connection_close(c);	/* the end, ABORT_REQUEST or nonsense */
}

static void
answer_done(struct connection *c)
{
	bool waited = c->state == SENDING;

	c->served = true;
	if (!c->keep || c->owner->draining) {
		connection_close(c);
		return;
	}
	connection_state(c, IDLE);
	/* changing the events reports again what is readable already */
	if (waited && loop_change(c->owner->setup.loop, &c->watch, WATCHED) != ERR_OK)
		connection_close(c);
}

static void
answer_go_on(struct connection *c)
{
	switch (outbound_flush(c->watch.fd, &c->out)) {
	case SENT_ALL:
		answer_done(c);
		break;
	case SENT_PART:
		c->since_ms = loop_now(c->owner->setup.loop);	/* it moves */
		break;
	case SENT_FAILED:
		connection_close(c);
		break;
	}
}

void
connection_ready(void *cookie, uint32_t events)
{
	struct connection *c = cookie;

	(void)events;	/* each state finds out by itself */
	switch (c->state) {
	case IDLE:
		receive(c);
		break;
	case RECEIVING:
		gather(c);
		break;
	case PARKED:
		parked_ready(c);
		break;
	case SENDING:
		answer_go_on(c);
		break;
	case BUSY:
	case CLOSED:
		break;
	}
	if (c->state == BUSY) {
		log_error("connections: a request got no answer");
		connection_close(c);
	}
}

void
connection_answer(struct connection *c, struct str head, struct str body)
{
	enum sent sent = outbound_send(c->watch.fd, c->request_id, head, body, &c->out);

	connection_state(c, BUSY);	/* no longer parked: gone() is not for who answers */
	FCGX_Free(&c->fcgx, 0);
	if (sent == SENT_ALL) {
		answer_done(c);
		return;
	}
	connection_state(c, SENDING);
	if (sent == SENT_FAILED ||
	    loop_change(c->owner->setup.loop, &c->watch, WATCHED | EPOLLOUT) != ERR_OK)
		connection_close(c);
}

void
connection_park(struct connection *c, void (*gone)(void *cookie), void *cookie)
{
	c->gone = gone;
	c->gone_cookie = cookie;
	connection_state(c, PARKED);
}

