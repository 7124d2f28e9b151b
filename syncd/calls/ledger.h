#ifndef SYNCD_CALLS_LEDGER_H
#define SYNCD_CALLS_LEDGER_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/calls/budget.h"

/*
 * What outlives the process about calls and freshness: the month's calls by
 * use (budget.h), counted as airtable.c sends them, and the moment up to which
 * the store is known to hold everything ("fresh").  Both lie in the store's
 * meta.  Of calls up to 20 too many are counted after a kill, never too few.
 * When the last one was sent is the time of a file beside the store's: calls of
 * the process before this one count in Airtable's one-second window.
 */
struct ledger;

/*
 * Takes up what the store holds, and becomes the meter of ${airtable}.  All
 * are kept by reference.  NULL: out of memory.
 */
struct ledger	*ledger_new(uv_loop_t *, const struct config *, struct airtable *, struct apply *);
/*
 * No calls are made any more: write the exact count down, close its handles.
 * Free it when the loop has run dry; the struct airtable must still be there.
 */
void		 ledger_stop(struct ledger *);
void		 ledger_free(struct ledger *);	/* NULL is harmless */
/* After a reload of the configuration. */
void		 ledger_reconfigure(struct ledger *);

/* For the feed. ---- */

/* How long to wait before asking again, sync.feed_interval or longer. */
int64_t		 ledger_poll_interval(struct ledger *);
/* The same from one sweep over all ids, of so many pages, to the next. */
int64_t		 ledger_sweep_interval(struct ledger *, uint64_t pages, int64_t wanted_ms);
/* Somebody changed something in the base, at ${at_ms} (wall clock). */
void		 ledger_active(struct ledger *, int64_t at_ms);
/* The feed was asked at ${as_of_ms} (wall clock), and all that it had to tell is in the store. */
void		 ledger_polled(struct ledger *, int64_t as_of_ms);
/*
 * All that Airtable held at ${as_of_ms} (wall clock) is in the store, be it
 * that the feed tells it or that a listing had it.  This goes there every few
 * seconds by itself.
 */
void		 ledger_fresh(struct ledger *, int64_t as_of_ms);

/* For full syncs. ---- */

/*
 * How much time should be between two; longer than sync.full_interval where
 * the budget demands it, as things are now: ask again at least that often.
 */
int64_t		 ledger_sync_interval(struct ledger *);
/*
 * May one start?  Not when its calls are kept for writes: then *wait_ms says
 * when to ask again and ${why}, for people, why.  The first of a store may as
 * long as anything is left.
 */
bool		 ledger_allows_sync(struct ledger *, int64_t *wait_ms, char why[static 200]);
/* One has ended well: it took so many pages. */
void		 ledger_synced(struct ledger *, uint64_t pages);

#endif
