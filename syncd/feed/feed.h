#ifndef SYNCD_FEED_FEED_H
#define SYNCD_FEED_FEED_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/calls/ledger.h"
#include "syncd/sync/full_sync.h"

/*
 * What others change in Airtable, between full syncs.  By sync.feed it
 * follows the payloads of a webhook of ours, or, where that is not
 * permitted, the records by the time of their last change, with a sweep over
 * all ids for those that are gone.
 *
 *	state		event			next
 *	off		start			finding
 *	finding		our webhook is there	reading
 *			it is not, or disabled	creating (that is deleted later)
 *			not permitted		polling (sync.feed = auto)
 *	creating	made			reading (and a full sync)
 *			not permitted		polling
 *	reading		payloads		reading (at once when there may be more)
 *			none for too long	reading, after a look at the webhook
 *			webhook gone, disabled	finding
 *	polling		now and then		finding
 *	any		a call failed		the same again, ever later
 *
 * 1. The cursor is stored in the commit that brings the last change of its
 *    page, never before: whatever happens, no payload is lost.
 * 2. A payload is taken as it is only when the store has what it tells was
 *    there before (content decides); all else it touches is read again, a
 *    hundred records a call.  So payloads may come late, twice or behind what
 *    a listing or a confirmed write has told already.
 * 3. What the feed can't have seen (a webhook made anew, payloads lost, an
 *    error among them) is made up for by a full sync that begins after its
 *    cursor was taken; until that is complete the store does not count as
 *    fresh, across restarts.  Of a short gap what was changed and created is
 *    asked for by time at once, and here long before the full sync is over,
 *    whether this process or the one before saw that nothing was missed, and
 *    whether a webhook is to be had again or not.
 * 4. Deletions stay below sync.max_shrink an hour; beyond it they are left to
 *    the full sync, which raises the alarm.
 */
struct feed;

/* All are kept by reference.  NULL: out of memory. */
struct feed	*feed_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct full_sync *, struct ledger *);
/*
 * Begin, where the store says it ended.  It starts a full sync when one is
 * due, at once when the feed is off, else as soon as the cursor is known.
 */
void		 feed_start(struct feed *);
/* After a reload of the configuration. */
void		 feed_reconfigure(struct feed *);
/* No more calls; what is under way is dropped (its cursor is not stored). */
void		 feed_cancel(struct feed *);
/* That, and close its handles: free it when the loop has run dry. */
void		 feed_stop(struct feed *);
void		 feed_free(struct feed *);

/*
 * Somebody says to be Airtable and that there is news: ${body} as it came,
 * ${mac} the header X-Airtable-Content-MAC.  Wakes the feed.  ERR_FORBIDDEN:
 * it is not from Airtable; ERR_NOT_FOUND: no pings are expected.
 */
enum err	 feed_ping(struct feed *, struct str body, struct str mac);

/*
 * Somebody begins to listen to live events: what happened meanwhile is asked for
 * soon, and be it a quiet night.  Who goes on listening changes nothing.
 */
void		 feed_listened(struct feed *);

/* The "feed" member of status documents. */
void		 feed_add_status(const struct feed *, struct buf *);

#endif
