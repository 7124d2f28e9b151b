#include <sys/epoll.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "fcgi-api/fastcgi/loop.h"

#define EVENTS	128

struct loop {
	int		 fd;
	int64_t		 now_ms;
	struct watch	*dead;	/* to be freed at the end of the turn */
};

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	if ((l->fd = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		log_error("loop: epoll: %s", strerror(errno));
		free(l);
		return NULL;
	}
	l->now_ms = instant_monotonic();
	return l;
}

static void
bury(struct loop *l)
{
	struct watch *w;

	while ((w = l->dead) != NULL) {
		l->dead = w->dead_next;
		free(w->dead_memory);
	}
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	bury(l);
	(void)close(l->fd);
	free(l);
}

static enum err
control(struct loop *l, int op, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->fd, op, w->fd, &ev) == 0)
		return ERR_OK;
	log_error("loop: epoll_ctl: %s", strerror(errno));
	return err_from_errno(errno);
}

enum err
loop_add(struct loop *l, struct watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_ADD, w, events);
}

enum err
loop_change(struct loop *l, struct watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, w, events);
}

void
loop_remove(struct loop *l, struct watch *w)
{
	if (w->fd == -1)
		return;
	/* it fails only for a descriptor that epoll has already forgotten */
	(void)epoll_ctl(l->fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->fd = -1;
}

void
loop_free_later(struct loop *l, struct watch *w, void *memory)
{
	w->dead_memory = memory;
	w->dead_next = l->dead;
	l->dead = w;
}

static int
wait_time(int64_t now_ms, int64_t until_ms)
{
	if (until_ms == INT64_MAX)
		return -1;
	if (until_ms <= now_ms)
		return 0;
	return until_ms - now_ms > INT_MAX ? INT_MAX : (int)(until_ms - now_ms);
}

enum err
loop_turn(struct loop *l, int64_t until_ms)
{
	struct epoll_event ev[EVENTS];
	int n;

	n = epoll_wait(l->fd, ev, EVENTS,
	    until_ms == INT64_MAX ? -1 : wait_time(instant_monotonic(), until_ms));
	l->now_ms = instant_monotonic();
	if (n == -1) {
		if (errno == EINTR)
			return ERR_OK;
		log_error("loop: epoll_wait: %s", strerror(errno));
		return ERR_IO;
	}
	for (int i = 0; i < n; i++) {
		struct watch *w = ev[i].data.ptr;

		if (w->fd != -1)	/* not removed by an earlier one */
			w->ready(w->cookie, ev[i].events);
	}
	bury(l);
	return ERR_OK;
}

int64_t
loop_now(const struct loop *l)
{
	return l->now_ms;
}
