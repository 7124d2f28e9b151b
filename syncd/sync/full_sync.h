#ifndef SYNCD_SYNC_FULL_SYNC_H
#define SYNCD_SYNC_FULL_SYNC_H

#include <uv.h>

#include "common/config/config.h"
#include "syncd/airtable/airtable.h"
#include "syncd/airtable/outcomes.h"
#include "syncd/apply/apply.h"
#include "syncd/calls/ledger.h"
#include "syncd/sync/sync_waiters.h"

/*
 * A full sync: the whole listing, page by page, compared with the store,
 * and what differs applied.
 *
 *	state		event			next
 *	idle		start			listing
 *	listing		page, more to come	listing (the next page)
 *			page, the last		idle (differences committed)
 *			listing expired		waiting, then from the first page
 *			page failed, may work	waiting, then the same page
 *			page failed for good	idle (failed)
 *	waiting		time is over		listing
 *
 * 1. Until a first sync was complete, pages are committed as they arrive.
 *    Afterwards nothing is committed before the last page has arrived, and
 *    then all of it at once: the store is the old or the new generation.
 * 2. A row is deleted only when every page arrived, none had it, and it has
 *    not changed since the listing began; and only when no more than
 *    sync.max_shrink of the rows would go.  A field that went bad as a whole
 *    (field_guard.h) stays as it was, in whatever way news of it come, until a run
 *    finds it well; runs begin sooner meanwhile.
 * 3. A page never undoes a write confirmed after the page was requested:
 *    its changes are based on the generation of that moment (apply.h).
 * 4. One run at a time; whoever asks meanwhile shares it.
 * 5. After a failure it tries again by itself, ever later; after a success
 *    when sync.full_interval is over.  The ledger can put both off, and no run
 *    starts for which the month has no calls left (ERR_AIRTABLE_QUOTA).
 * 6. Its progress document has a drift report (drift.h) and the alarm of a
 *    base that shrank (sync_alarm.h).
 */
struct full_sync;

struct full_sync *full_sync_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct ledger *);
/* End a run that is on (its waiters get ERR_CANCELLED) and start no other. */
void		 full_sync_cancel(struct full_sync *);
/* That, and close its handles: free it when the loop has run dry. */
void		 full_sync_stop(struct full_sync *);
void		 full_sync_free(struct full_sync *);

/*
 * Start a run or join the one that is on; after a cancel whoever waits gets
 * ERR_CANCELLED.  ${accept_shrink}: invariant 2's limit is off for it.
 */
void		 full_sync_start(struct full_sync *, bool accept_shrink);
/* Start one soon (a write was confirmed that the store could not take). */
void		 full_sync_schedule(struct full_sync *, int64_t in_ms);
bool		 full_sync_running(const struct full_sync *);

/*
 * Call back when the run that is on ends (${e}: how, ${detail}: why), or
 * with ERR_OK and still_running when ${wait_ms} pass first.  ERR_NOMEM, and
 * no callback, when memory is out.
 */
typedef sync_waiter_done full_sync_done;
enum err	 full_sync_wait(struct full_sync *, int64_t wait_ms, full_sync_done *,
		    void *cookie);

/*
 * Runs begun so far, so the number of the one that is on or was the last;
 * and who is told when one ends: its number and how.
 */
uint64_t	 full_sync_runs(const struct full_sync *);
typedef void	 full_sync_ended(void *cookie, uint64_t run, enum err);
void		 full_sync_watch(struct full_sync *, full_sync_ended *, void *cookie);

/* The progress document (an object) of the run that is on, or of the last. */
void		 full_sync_add_progress(const struct full_sync *, struct buf *);
/* Cells that the last complete run did not understand, by field. */
const uint64_t	*full_sync_odd(const struct full_sync *);
/* How runs have ended. */
const struct outcomes *full_sync_outcomes(const struct full_sync *);

#endif
