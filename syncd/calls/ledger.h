#ifndef SYNCD_CALLS_LEDGER_H
#define SYNCD_CALLS_LEDGER_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/calls/budget.h"

/*
 * What survives the process about calls and freshness: the month's calls by
 * use (budget.h), counted as airtable.c sends them, and the moment up to which
 * the store is known to have everything ("fresh").  Both are in the store's
 * meta.  After a kill the count is up to 20 calls too high, never too low.
 * The time of the last call is that of a file in the store's folder, since calls
 * of the process before this one count in Airtable's one-second window.
 */
struct ledger;

/*
 * Loads what the store has, and becomes the meter of ${airtable}.  All are kept
 * by reference.  NULL: out of memory.
 */
struct ledger	*ledger_new(uv_loop_t *, const struct config *, struct airtable *, struct apply *);
/*
 * No calls will be made any more: store the exact count and close the handles.
 * The struct airtable must still exist.  Free the ledger when the loop has run dry.
 */
void		 ledger_stop(struct ledger *);
void		 ledger_free(struct ledger *);	/* NULL is allowed */
/* The configuration was reloaded. */
void		 ledger_reconfigure(struct ledger *);

/* For the feed. ---- */

/* Milliseconds until the next poll, sync.feed_interval or longer. */
int64_t		 ledger_poll_interval(struct ledger *);
/* Milliseconds from one sweep over all ids, of ${pages} pages, to the next. */
int64_t		 ledger_sweep_interval(struct ledger *, uint64_t pages, int64_t wanted_ms);
/* Somebody changed something in the base, at ${at_ms} (wall clock). */
void		 ledger_active(struct ledger *, int64_t at_ms);
/* All news of a poll made at ${as_of_ms} (wall clock) is in the store. */
void		 ledger_polled(struct ledger *, int64_t as_of_ms);
/*
 * All that Airtable had at ${as_of_ms} (wall clock) is in the store, from the feed or
 * from a listing.  This moment is itself stored every few seconds.
 */
void		 ledger_fresh(struct ledger *, int64_t as_of_ms);

/* For full syncs. ---- */

/*
 * How much time should pass between two: sync.full_interval, or longer if the
 * budget demands it at present.  This can change, so ask again at least every
 * sync.full_interval.
 */
int64_t		 ledger_sync_interval(struct ledger *);
/*
 * May one start?  Not if its calls are kept for writes: then *wait_ms says when
 * to ask again, and ${why} the reason, for people.  The first of a store may start
 * as long as any calls are left.
 */
bool		 ledger_allows_sync(struct ledger *, int64_t *wait_ms, char why[static 200]);
/* A full sync is complete, with ${pages} pages. */
void		 ledger_synced(struct ledger *, uint64_t pages);

#endif
