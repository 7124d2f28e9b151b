#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "fcgi-api/fastcgi/parts.h"

#define ACCEPT_BATCH	64
#define SWEEP_MS	1000
#define PART_MS		500	/* draining: how long a kept connection may be used once more */
#define PART_EACH_MS	2

static void	accept_ready(void *cookie, uint32_t events);

struct connections *
connections_new(const struct connections_setup *setup)
{
	struct connections *cs = calloc(1, sizeof(*cs));

	if (cs == NULL)
		return NULL;
	cs->setup = *setup;
	cs->feed_fd = -1;
	cs->listen = (struct watch){ .fd = setup->listen_fd,
	    .ready = accept_ready, .cookie = cs };
	if (cs->listen.fd != -1 &&
	    loop_add(setup->loop, &cs->listen, EPOLLIN | EPOLLEXCLUSIVE) != ERR_OK) {
		free(cs);
		return NULL;
	}
	return cs;
}

/* EPOLLEXCLUSIVE forbids changing the events: take the descriptor out meanwhile. */
static void
accept_pause(struct connections *cs, const char *why)
{
	int fd = cs->listen.fd;

	log_warn("connections: accepting pauses at %zu open: %s", cs->count, why);
	loop_remove(cs->setup.loop, &cs->listen);
	cs->listen.fd = fd;
	cs->paused = true;
	cs->resume_ms = loop_now(cs->setup.loop) + PAUSE_MS;
}

void
connections_free(struct connections *cs)
{
	if (cs == NULL)
		return;
	while (cs->all != NULL)
		connection_close(cs->all);
	if (!cs->paused)
		loop_remove(cs->setup.loop, &cs->listen);
	if (cs->feed_fd != -1)
		(void)close(cs->feed_fd);
	buf_free(&cs->body);
	free(cs);
}

enum err
connections_adopt(struct connections *cs, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		goto err0;
	c->owner = cs;
	c->watch = (struct watch){ .fd = fd, .ready = connection_ready, .cookie = c };
	/* no listening socket: when a connection fails, libfcgi shall not accept another */
	if (FCGX_InitRequest(&c->fcgx, -1, 0) != 0)
		goto err1;
	if (loop_add(cs->setup.loop, &c->watch, WATCHED) != ERR_OK)
		goto err1;
	if ((c->next = cs->all) != NULL)
		c->next->link = &c->next;
	c->link = &cs->all;
	cs->all = c;
	cs->count++;
	return ERR_OK;

err1:
	free(c);
err0:
	(void)close(fd);
	return ERR_NOMEM;
}

static bool
accept_one(struct connections *cs)
{
	int fd;

	if (cs->count >= cs->setup.max) {
		accept_pause(cs, "limit reached");
		return false;
	}
	if ((fd = accept4(cs->listen.fd, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		if (connections_adopt(cs, fd) == ERR_OK)
			return true;
		accept_pause(cs, "no memory");
		return false;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	/* out of descriptors or memory, or another fault that trying again at once does not cure */
	if (errno != EAGAIN)
		accept_pause(cs, strerror(errno));
	return false;
}

static void
accept_ready(void *cookie, uint32_t events)
{
	struct connections *cs = cookie;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++)
		if (!accept_one(cs))
			return;
}

void
connections_drain(struct connections *cs)
{
	struct connection *c, *next;

	if (cs->draining)
		return;
	cs->draining = true;
	if (!cs->paused)
		loop_remove(cs->setup.loop, &cs->listen);
	cs->paused = false;
	cs->listen.fd = -1;
	/* a request that has just arrived is still served */
	for (c = cs->all; c != NULL; c = next) {
		next = c->next;
		if (c->state == IDLE)
			connection_ready(c, EPOLLIN);
	}
	cs->part_ms = loop_now(cs->setup.loop) + PART_MS;
}

/*
 * Draining: close one kept connection that has not been used since.  When a
 * connection ends under a request just sent, the web server asks another
 * worker; but if the connections of all workers ended at once, there would be
 * none left to ask.  So connections in use end with an answer, and idle ones,
 * which are hardly used, one by one.  A connection that has had no answer was
 * made for a request that is on its way, and stays.
 */
static bool
part(struct connections *cs)
{
	struct connection *c = cs->all;

	while (c != NULL && !(c->state == IDLE && c->served))
		c = c->next;
	if (c == NULL)
		return false;
	connection_close(c);
	return true;
}

size_t
connections_count(const struct connections *cs)
{
	return cs->count;
}

static void
sweep(struct connections *cs, int64_t now_ms)
{
	struct connection *c, *next;

	for (c = cs->all; c != NULL; c = next) {
		next = c->next;
		if ((c->state == RECEIVING || c->state == SENDING) &&
		    now_ms - c->since_ms >= cs->setup.stall_ms) {
			log_warn("connections: closed: %s stalls",
			    c->state == RECEIVING ? "half a request" : "half an answer");
			connection_close(c);
		}
	}
}

int64_t
connections_tick(struct connections *cs, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	if (cs->slow > 0 && now_ms >= cs->sweep_ms) {
		sweep(cs, now_ms);
		cs->sweep_ms = now_ms + SWEEP_MS;
	}
	if (cs->paused && now_ms >= cs->resume_ms)
		connections_resume(cs);
	if (cs->draining && now_ms >= cs->part_ms)
		cs->part_ms = part(cs) ? now_ms + PART_EACH_MS : INT64_MAX;
	if (cs->slow > 0)
		next = cs->sweep_ms;
	if (cs->paused && cs->resume_ms < next)
		next = cs->resume_ms;
	if (cs->draining && cs->part_ms < next)
		next = cs->part_ms;
	return next;
}
