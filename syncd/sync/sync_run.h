#ifndef SYNCD_SYNC_SYNC_RUN_H
#define SYNCD_SYNC_SYNC_RUN_H

#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/sync/drift.h"
#include "syncd/sync/field_guard.h"

/*
 * What one full sync has gathered so far: differences not yet applied, rows
 * seen, counters.  It knows nothing of the loop or of when to ask for what;
 * that is full_sync.c's.
 */
struct sync_run;

struct sync_run_counts {
	uint64_t	pages, records;
	uint64_t	changed, created, deleted, warnings;
	uint64_t	odd[SCHEMA_FIELDS_MAX];	/* the warnings by field */
	struct drift	drift;		/* not in a first sync */
	uint32_t	held;		/* fields that went bad as a whole and keep their values */
};

/* NULL: out of memory. */
struct sync_run	*sync_run_new(const struct schema *, struct apply *, int64_t max_shrink_percent);
void		 sync_run_free(struct sync_run *);

/* Forget what was gathered and begin again (at start, or when the listing was lost). */
enum err	 sync_run_begin(struct sync_run *);

/* Take in a page that was asked for at generation ${base}. */
enum err	 sync_run_page(struct sync_run *, const struct airtable_page *, uint64_t base);

/* Commit what has been gathered, without deletions (first sync only). */
enum err	 sync_run_flush(struct sync_run *);
/* The number of differences that a flush would commit. */
size_t		 sync_run_pending(const struct sync_run *);
/* The run is over, however it ended: free what it has gathered.  The counts stay. */
void		 sync_run_end(struct sync_run *);
/* Had no sync ever completed when this run began? */
bool		 sync_run_first(const struct sync_run *);
/* Rows in the store when it began: about as many records can be expected. */
uint32_t	 sync_run_expected(const struct sync_run *);

/*
 * Every page has arrived: find what is gone; unless ${accept_shrink}, check the
 * limit and hold fields that went bad (held of the counts, sync_run_explain()); commit
 * everything with the time of the sync and its progress document, in one commit or
 * not at all.  ${progress} composes the document from the counts after the commit; it
 * may be called more than once and must change nothing.  ERR_AIRTABLE_SHRUNK with
 * ${why} when too many rows would go.
 */
typedef void	 sync_run_progress(void *cookie, const struct sync_run_counts *, struct buf *);
enum err	 sync_run_finish(struct sync_run *, bool accept_shrink, sync_run_progress *progress,
		    void *cookie, char why[static 200]);

/* What is wrong with the held fields, for people. */
void		 sync_run_explain(const struct sync_run *, char *text, size_t size);
const struct sync_run_counts *sync_run_counts(const struct sync_run *);

#endif
