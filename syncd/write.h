#ifndef SYNCD_WRITE_H
#define SYNCD_WRITE_H

#include <uv.h>

#include "common/config.h"
#include "syncd/airtable.h"
#include "syncd/apply.h"
#include "syncd/full_sync.h"
#include "syncd/server.h"

/*
 * Changes that people make: each is sent to Airtable, confirmed, committed
 * to the store and then answered, in that order.
 *
 *	state		what happens			leads to
 *	queued		an earlier write of the same	sending
 *			record is under way
 *	sending		PATCH is with Airtable		done (confirmed or refused),
 *							resting (surely not applied),
 *							checking (may be applied)
 *	resting		a pause before trying again	sending, or checking again
 *	checking	the record is read back		done (it has the values, or
 *							surely has not), resting
 *
 * 1. One write per record at a time, in the order of arrival; the next may
 *    go when the caller of the one before has been told, be it that its
 *    outcome is not known yet.  What is then read back late is based on the
 *    generation of when reading began and overrules nothing newer.
 * 2. Whoever asked is answered exactly once, at its deadline at the latest:
 *    "not applied" is only said when that is known, else
 *    ERR_OUTCOME_UNKNOWN; then reading back goes on until the store agrees
 *    with Airtable.
 * 3. What Airtable has confirmed is in the store before anyone is told.
 */
struct writes;

struct writes	*writes_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct full_sync *);
/* Take a MESSAGE_PATCH call; it will be answered. */
void		 writes_submit(struct writes *, struct server_call *);
/* Under way, the ones still being settled included. */
size_t		 writes_pending(const struct writes *);
/*
 * Answers what has not been sent with ERR_CANCELLED and takes no more;
 * ${drained} is called when the others have ended.
 */
void		 writes_drain(struct writes *, void (*drained)(void *), void *cookie);
/* Answer all with what is known now; free it when the loop has run dry. */
void		 writes_stop(struct writes *);
void		 writes_free(struct writes *);

#endif
