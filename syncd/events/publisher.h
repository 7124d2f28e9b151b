#ifndef SYNCD_EVENTS_PUBLISHER_H
#define SYNCD_EVENTS_PUBLISHER_H

#include <uv.h>

#include "common/base/str.h"
#include "common/config/config.h"
#include "common/tables/tables.h"

/*
 * Hands commits to nginx's nchan, which sends them to live clients: over a
 * Unix socket of nginx in run.dir, with requests on the loop, one at a time.
 * events.h says what is sent and when, and what happens when nginx is away.
 *
 * The socket's folder is made here, open to syncd's user and group only:
 * nginx itself makes every socket writable for all.
 */
struct publisher;

/* NULL: no memory, or a run.dir that can't be used; the log says which. */
struct publisher *publisher_new(uv_loop_t *, const struct config *, const struct tables *);
/* Its handles close on the loop.  NULL is fine. */
void		  publisher_free(struct publisher *);

/* Call ${came}(${cookie}) whenever nginx reports more listeners than the last time. */
void		  publisher_on_listener(struct publisher *, void (*came)(void *), void *cookie);

/* An apply_commit_cb: ${cookie} is the publisher. */
void		  publisher_note(void *cookie, uint64_t generation, struct str entry);

#endif
