#ifndef SYNCD_SYNC_SYNC_RUN_H
#define SYNCD_SYNC_SYNC_RUN_H

#include "syncd/airtable/airtable.h"
#include "syncd/apply/apply.h"
#include "syncd/sync/drift.h"
#include "syncd/sync/field_guard.h"

/*
 * What one full sync has gathered so far: differences not yet applied, rows
 * seen, counters.  Knows nothing of the loop or of when to ask for what;
 * that is full_sync.c.
 */
struct sync_run;

struct sync_run_counts {
	uint64_t	pages, records;
	uint64_t	changed, created, deleted, warnings;
	uint64_t	odd[SCHEMA_FIELDS_MAX];	/* of the warnings, by field */
	struct drift	drift;		/* not of a first sync */
	uint32_t	held;		/* fields that went bad as a whole: they stay as they were */
};

/* NULL: out of memory. */
struct sync_run	*sync_run_new(const struct schema *, struct apply *, int64_t max_shrink_percent);
void		 sync_run_free(struct sync_run *);

/* Forget what was gathered and begin anew (at start, or when the listing was lost). */
enum err	 sync_run_begin(struct sync_run *);

/* Take in a page that was asked for at generation ${base}. */
enum err	 sync_run_page(struct sync_run *, const struct airtable_page *, uint64_t base);

/* Commit what has been gathered, deletions not among it (first sync only). */
enum err	 sync_run_flush(struct sync_run *);
/* Differences that a flush would commit. */
size_t		 sync_run_pending(const struct sync_run *);
/* The run is over, however: give back what it has gathered.  The counts stay. */
void		 sync_run_end(struct sync_run *);
/* Was no sync ever complete when this run began? */
bool		 sync_run_first(const struct sync_run *);
/* Rows in the store when it began: about as many records are to be expected. */
uint32_t	 sync_run_expected(const struct sync_run *);

/*
 * Every page has arrived: find what is gone, mind the limit and fields that went
 * bad (counts' held, sync_run_explain()) unless
 * ${accept_shrink}, commit all with the time of the sync and its progress
 * document, which ${progress} composes from what the counts will be; it may be
 * asked more than once, and changes nothing.  All of it is one commit, or
 * nothing has happened.  ERR_AIRTABLE_SHRUNK with ${why} when too much would go.
 */
typedef void	 sync_run_progress(void *cookie, const struct sync_run_counts *, struct buf *);
enum err	 sync_run_finish(struct sync_run *, bool accept_shrink, sync_run_progress *progress,
		    void *cookie, char why[static 200]);

/* What is wrong with the held fields, for people. */
void		 sync_run_explain(const struct sync_run *, char *text, size_t size);
const struct sync_run_counts *sync_run_counts(const struct sync_run *);

#endif
