#ifndef SYNCD_FEED_FEED_H
#define SYNCD_FEED_FEED_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/calls/ledger.h"
#include "syncd/sync/full_sync.h"

/*
 * Brings what others change in Airtable, between full syncs.  Depending on
 * sync.feed it reads the payloads of a webhook of ours or, where webhooks are not
 * permitted, asks for records by the time of their last change, and finds deleted
 * ones by a sweep over all ids.
 *
 *	state		event			next
 *	off		start			finding
 *	finding		our webhook is there	reading
 *			it is not, or disabled	creating (a disabled one is deleted later)
 *			not permitted		polling (sync.feed = auto)
 *	creating	made			reading (and a full sync)
 *			not permitted		polling
 *	reading		payloads		reading (at once when there may be more)
 *			none for too long	reading, after a look at the webhook
 *			webhook gone, disabled	finding
 *	polling		now and then		finding
 *	any		a call failed		the same again, after growing pauses
 *
 * 1. The cursor is stored in the commit that brings the last change of its
 *    page, never before: whatever happens, no payload is lost.
 * 2. A payload is applied as it is only when the store has the values that the
 *    payload gives as previous.  Every other record that it touches is read again,
 *    a hundred records a call.  So payloads may come late, twice, or after a
 *    listing or a confirmed write has brought the same news.
 * 3. What the feed can't have seen (a new webhook, lost payloads, an error
 *    payload) is a gap.  A full sync that begins after the new cursor was taken
 *    closes it; until that is complete the store does not count as fresh, across
 *    restarts too.  If the gap is short, records changed and created in it are
 *    asked for by time at once, so they are here long before the full sync is
 *    over.  For this it does not matter whether this process or the one before
 *    was the last to see the feed whole, nor whether there is a webhook again.
 * 4. The feed deletes no more than sync.max_shrink of the rows an hour.  Further
 *    deletions are left to the full sync, which raises the alarm.
 */
struct feed;

/* All are kept by reference.  NULL: out of memory. */
struct feed	*feed_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct full_sync *, struct ledger *);
/*
 * Begin where the feed ended, according to the store.  Starts a full sync when one is
 * due: at once if the feed is off, else as soon as the cursor is known.
 */
void		 feed_start(struct feed *);
/* The configuration was reloaded. */
void		 feed_reconfigure(struct feed *);
/* Make no more calls; what is under way is dropped, and its cursor is not stored. */
void		 feed_cancel(struct feed *);
/* The same, and close the handles.  Free the feed when the loop has run dry. */
void		 feed_stop(struct feed *);
void		 feed_free(struct feed *);

/*
 * A ping came, which claims to be from Airtable: ${body} as it came, ${mac} is the
 * header X-Airtable-Content-MAC.  A genuine one wakes the feed.  ERR_FORBIDDEN:
 * it is not from Airtable; ERR_NOT_FOUND: no pings are expected.
 */
enum err	 feed_ping(struct feed *, struct str body, struct str mac);

/*
 * A client begins to listen to live events: ask soon for what happened meanwhile, even
 * in a quiet night.  A client that keeps listening makes no difference.
 */
void		 feed_listened(struct feed *);

/* The "feed" member of status documents. */
void		 feed_add_status(const struct feed *, struct buf *);

#endif
