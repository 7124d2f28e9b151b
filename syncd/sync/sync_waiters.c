#include <stdlib.h>

#include "syncd/sync/sync_waiters.h"

struct sync_waiter {
	struct sync_waiters	*list;
	struct sync_waiter	*next;
	uv_timer_t		 timer;
	sync_waiter_done	*done;
	void			*cookie;
};

static void
waiter_closed(uv_handle_t *h)
{
	free(h->data);
}

static void
waiter_end(struct sync_waiter *w, enum err e, const char *detail, bool still_running)
{
	struct sync_waiter **p = &w->list->first;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	uv_close((uv_handle_t *)&w->timer, waiter_closed);
	w->done(w->cookie, e, detail, still_running);
}

static void
waiter_timed_out(uv_timer_t *t)
{
	waiter_end(t->data, ERR_OK, "", true);
}

enum err
sync_waiters_add(struct sync_waiters *list, uv_loop_t *loop, int64_t wait_ms,
    sync_waiter_done *done, void *cookie)
{
	struct sync_waiter *w = calloc(1, sizeof(*w));

	if (w == NULL || uv_timer_init(loop, &w->timer) != 0) {
		free(w);
		return ERR_NOMEM;
	}
	w->list = list;
	w->timer.data = w;
	w->done = done;
	w->cookie = cookie;
	w->next = list->first;
	list->first = w;
	/* can't fail: the handle is new and the callback is there */
	(void)uv_timer_start(&w->timer, waiter_timed_out, (uint64_t)wait_ms, 0);
	return ERR_OK;
}

void
sync_waiters_end(struct sync_waiters *list, enum err e, const char *detail)
{
	while (list->first != NULL)
		waiter_end(list->first, e, detail, false);
}
