#ifndef SYNCD_SYNC_SYNC_WAITERS_H
#define SYNCD_SYNC_SYNC_WAITERS_H

#include <stdbool.h>
#include <uv.h>

#include "common/base/err.h"

/* Who waits for the end of a full sync, each no longer than it likes.  A zeroed one is empty. */
struct sync_waiters {
	struct sync_waiter	*first;
};

/* How it ended (${e}, ${detail}: why); or that time was over, with ERR_OK and still_running. */
typedef void	 sync_waiter_done(void *cookie, enum err e, const char *detail,
		    bool still_running);

/* ERR_NOMEM: there will be no callback. */
enum err	 sync_waiters_add(struct sync_waiters *, uv_loop_t *, int64_t wait_ms,
		    sync_waiter_done *, void *cookie);
/* It has ended: tell all, those too that come to wait meanwhile. */
void		 sync_waiters_end(struct sync_waiters *, enum err, const char *detail);

#endif
