#ifndef SYNCD_SYNC_SYNC_WAITERS_H
#define SYNCD_SYNC_SYNC_WAITERS_H

#include <stdbool.h>
#include <uv.h>

#include "common/base/err.h"

/* Those who wait for the end of a full sync, each with a limit of its own.  All 0: none. */
struct sync_waiters {
	struct sync_waiter	*first;
};

/* The sync ended (${e}: how, ${detail}: why), or the wait did, with ERR_OK and still_running. */
typedef void	 sync_waiter_done(void *cookie, enum err e, const char *detail,
		    bool still_running);

/* ERR_NOMEM: there will be no callback. */
enum err	 sync_waiters_add(struct sync_waiters *, uv_loop_t *, int64_t wait_ms,
		    sync_waiter_done *, void *cookie);
/* The sync has ended: call all back, including those that are added meanwhile. */
void		 sync_waiters_end(struct sync_waiters *, enum err, const char *detail);

#endif
