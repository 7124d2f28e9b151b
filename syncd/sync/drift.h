#ifndef SYNCD_SYNC_DRIFT_H
#define SYNCD_SYNC_DRIFT_H

#include "common/base/buf.h"
#include "common/store/store.h"
#include "common/tables/schema.h"
#include "syncd/apply/apply.h"

/*
 * How far the store had drifted from Airtable when a full sync looked: what the
 * feed, or the lack of one, had missed.  Counted when the differences are
 * applied, so what the feed or a write has brought since a page was read does
 * not count.
 */
#define DRIFT_RECORDS	5	/* named as examples */

struct drift {
	bool		known;		/* the sync was not the first: there was a store to compare with */
	uint64_t	missing;	/* in Airtable, not in the store */
	uint64_t	extra;		/* in the store, gone in Airtable */
	uint64_t	changed;
	uint64_t	fields[SCHEMA_FIELDS_MAX];	/* of the changed, by field */
	char		records[DRIFT_RECORDS][32];
	size_t		record_count;
};

/* Count what ${change} will change; within a snapshot of ${st}, before it is applied. */
enum err	 drift_add(struct drift *, const struct schema *, struct store *st,
		    const struct change *);
/* The changes were applied: count the rows created and deleted. */
void		 drift_applied(struct drift *, const struct apply_result *);
bool		 drift_any(const struct drift *);
/* Member "drift": an object, or null when not known. */
void		 drift_add_json(const struct drift *, const struct schema *, struct buf *);
/* "3 missing, 1 extra, 12 changed (status 10, priority 3), such as recA, recB", for the log. */
void		 drift_add_text(const struct drift *, const struct schema *, struct buf *);

#endif
