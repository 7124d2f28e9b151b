#ifndef FCGI_API_FASTCGI_LOOP_H
#define FCGI_API_FASTCGI_LOOP_H

#include <stdint.h>

#include "common/base/err.h"

/*
 * A worker's event loop: epoll with one callback per descriptor.  Memory
 * that an event of the same turn may still point to is given to
 * loop_free_later() instead of free().
 */
struct loop;

/* Owned by the caller; must stay where it is until removed (then: loop_free_later). */
struct watch {
	int		 fd;	/* -1: not watched */
	void		(*ready)(void *cookie, uint32_t events);
	void		*cookie;
	struct watch	*dead_next;	/* the loop's own */
	void		*dead_memory;
};

struct loop	*loop_new(void);		/* NULL: no memory or descriptors */
void		 loop_free(struct loop *);	/* NULL is harmless */

/* Watch w->fd for epoll's ${events}; change them; stop (the descriptor stays open). */
enum err	 loop_add(struct loop *, struct watch *, uint32_t events);
enum err	 loop_change(struct loop *, struct watch *, uint32_t events);
void		 loop_remove(struct loop *, struct watch *);

/* free() ${memory}, which holds the removed ${watch}, when the turn has ended. */
void		 loop_free_later(struct loop *, struct watch *, void *memory);

/*
 * Wait at most until ${until_ms} on instant_monotonic()'s clock (INT64_MAX:
 * for ever) and call what is ready.  ERR_IO if epoll itself fails.
 */
enum err	 loop_turn(struct loop *, int64_t until_ms);
/* The clock at the last wake-up: good enough for deadlines. */
int64_t		 loop_now(const struct loop *);

#endif
