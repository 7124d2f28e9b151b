#ifndef SYNCD_APPLY_H
#define SYNCD_APPLY_H

#include <stdint.h>

#include "common/config.h"
#include "common/schema.h"
#include "common/store.h"

/*
 * The one door to the store.  A list of changes becomes one LMDB write
 * transaction that brings rows, columns, orderings, totals, the summary's
 * body, the change log and the generation along together, or nothing.  A
 * list that changes nothing makes no generation.
 *
 * The process that has an apply open is the store's only writer: a lock
 * file beside the data keeps a second one out.
 */
struct apply;

enum change_kind { CHANGE_UPSERT, CHANGE_GONE };

/* "This record now has these fields" (those known), or "it is gone". */
struct change {
	enum change_kind	kind;
	struct record		record;	/* strings belong to the caller */
	/*
	 * What the news is based on: a row that has changed after this
	 * generation is newer than the news and is left alone.
	 */
	uint64_t		base;
};
#define CHANGE_ANY_BASE	UINT64_MAX

enum change_source { SOURCE_FULL_SYNC, SOURCE_FEED, SOURCE_WRITE, SOURCE_JOB };

/* What else goes into the same commit; zeroed: nothing. */
struct apply_meta {
	int64_t		synced_ms;	/* a complete sync ended then; 0: leave as it is */
	struct str	last_sync;	/* progress document; len 0: leave as it is */
};

struct apply_result {
	size_t		created;
	size_t		changed;
	size_t		deleted;
	size_t		unchanged;
	size_t		skipped;	/* newer in the store, see base */
	uint64_t	generation;	/* the store's, after this */
};

/*
 * Open or create the store below store.path, lock it, bring the daily
 * totals to summary.time_zone.  ERR_STORE_LOCKED, ERR_STORE_VERSION, ...;
 * the log says why.
 */
enum err	 apply_open(const struct config *, const struct schema *, struct apply **);
void		 apply_close(struct apply *);

/* Make the changes.  On failure the store is as before.  ${now_ms}: wall clock. */
enum err	 apply_changes(struct apply *, const struct change *, size_t n,
		    enum change_source, const struct apply_meta *, int64_t now_ms,
		    struct apply_result *);

/*
 * Reading beside it, on the same environment.  Snapshots must have ended
 * before apply_changes() is called.
 */
struct store	*apply_store(struct apply *);

/*
 * The newest generation, as a base for news that are asked for now; 0, which
 * overrules nothing, when the store can't be read.
 */
uint64_t	 apply_generation(struct apply *);

#endif
