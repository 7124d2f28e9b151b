#include <unistd.h>

#include "common/base/log.h"
#include "fcgi-api/fastcgi/parts.h"

void
connection_state(struct connection *c, enum state s)
{
	struct connections *cs = c->owner;

	if (c->state == RECEIVING || c->state == SENDING)
		cs->slow--;
	if (s == RECEIVING || s == SENDING) {
		cs->slow++;
		c->since_ms = loop_now(cs->setup.loop);
	}
	c->state = s;
}

void
connection_drop_input(struct connection *c)
{
	c->owner->gathered -= c->in.len;
	buf_free(&c->in);
}

void
connections_resume(struct connections *cs)
{
	cs->paused = cs->listen.fd != -1 && loop_add(cs->setup.loop, &cs->listen,
	    EPOLLIN | EPOLLEXCLUSIVE) != ERR_OK;
	if (!cs->paused)
		return;
	log_warn("connections: accepting stays paused at %zu open", cs->count);
	cs->resume_ms = loop_now(cs->setup.loop) + PAUSE_MS;
}

void
connection_close(struct connection *c)
{
	struct connections *cs = c->owner;
	bool parked = c->state == PARKED;

	if (c->state == CLOSED)
		return;
	connection_state(c, CLOSED);
	FCGX_Free(&c->fcgx, 0);
	if (c->watch.fd != -1) {
		int fd = c->watch.fd;

		loop_remove(cs->setup.loop, &c->watch);
		(void)close(fd);	/* nothing buffered that could fail */
	}
	connection_drop_input(c);
	buf_free(&c->out);
	if ((*c->link = c->next) != NULL)
		c->next->link = c->link;
	cs->count--;
	if (parked)
		c->gone(c->gone_cookie);
	loop_free_later(cs->setup.loop, &c->watch, c);
	if (cs->paused && cs->count + 1 == cs->setup.max)
		connections_resume(cs);
}
