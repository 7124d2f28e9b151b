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
 * A full sync reads the whole listing, page by page, compares it with the store
 * and applies the differences.
 *
 *	state		event			next
 *	idle		start			listing
 *	listing		page, more to come	listing (the next page)
 *			page, the last		idle (differences committed)
 *			listing expired		waiting, then from the first page
 *			page failed, retryable	waiting, then the same page
 *			page failed for good	idle (failed)
 *	waiting		time is over		listing
 *
 * 1. Until a first sync has completed, pages are committed as they arrive.
 *    Afterwards nothing is committed before the last page has arrived, and
 *    then all of it in one commit: the store is the old or the new generation.
 * 2. A row is deleted only when every page arrived, none had it, and it has
 *    not changed since the listing began; and only when no more than
 *    sync.max_shrink of the rows would go.  A field that went bad as a whole
 *    (field_guard.h) keeps its values, whichever way news of it comes, until a
 *    run finds it well; until then runs begin sooner.
 * 3. A page never undoes a write confirmed after the page was requested:
 *    its changes are based on the generation of that moment (apply.h).
 * 4. There is one run at a time; requests for a sync join it.
 * 5. After a failure the next run starts by itself, after growing pauses; after
 *    a success, when sync.full_interval is over.  The ledger can put both off, and
 *    no run starts for which the month has no calls left (ERR_AIRTABLE_QUOTA).
 * 6. The progress document has a drift report (drift.h) and the alarm
 *    (sync_alarm.h).
 */
struct full_sync;

/* All are kept by reference.  NULL: out of memory. */
struct full_sync *full_sync_new(uv_loop_t *, const struct config *, const struct schema *,
		    struct airtable *, struct apply *, struct ledger *);
/* End the present run, whose waiters get ERR_CANCELLED, and start no other. */
void		 full_sync_cancel(struct full_sync *);
/* The same, and close the handles.  Free it when the loop has run dry. */
void		 full_sync_stop(struct full_sync *);
void		 full_sync_free(struct full_sync *);

/*
 * Start a run or join the present one; after full_sync_cancel() all waiters get
 * ERR_CANCELLED.  ${accept_shrink}: invariant 2's limit and guard are off for it.
 */
void		 full_sync_start(struct full_sync *, bool accept_shrink);
/* Start a run in ${in_ms} instead of when it would be due. */
void		 full_sync_schedule(struct full_sync *, int64_t in_ms);
bool		 full_sync_running(const struct full_sync *);

/*
 * Call back when the present run ends (${e}: how, ${detail}: why), or with
 * ERR_OK and still_running when ${wait_ms} pass first.  ERR_NOMEM: there will be
 * no callback.
 */
typedef sync_waiter_done full_sync_done;
enum err	 full_sync_wait(struct full_sync *, int64_t wait_ms, full_sync_done *,
		    void *cookie);

/*
 * Runs begun so far, which is also the number of the present or last one.
 */
uint64_t	 full_sync_runs(const struct full_sync *);
/* Call back whenever a run ends, with its number and how it ended. */
typedef void	 full_sync_ended(void *cookie, uint64_t run, enum err);
void		 full_sync_watch(struct full_sync *, full_sync_ended *, void *cookie);

/* Add the progress document (an object) of the present or last run. */
void		 full_sync_add_progress(const struct full_sync *, struct buf *);
/* Cells that the last complete run did not understand, by field. */
const uint64_t	*full_sync_odd(const struct full_sync *);
/* How runs ended. */
const struct outcomes *full_sync_outcomes(const struct full_sync *);

#endif
