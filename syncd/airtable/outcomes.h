#ifndef SYNCD_AIRTABLE_OUTCOMES_H
#define SYNCD_AIRTABLE_OUTCOMES_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/histogram.h"

/*
 * How calls, syncs or requests of a kind ended and how long they took since the start,
 * for metrics.
 */
struct outcomes {
	uint64_t	 counts[ERR__COUNT];
	struct histogram time;
	uint64_t	 records;	/* in all of them */
};

/* One ended with ${e} after ${ms}. */
void	outcomes_add(struct outcomes *, enum err e, int64_t ms, size_t records);
/*
 * Add {"kind":"list","outcomes":{"ok":3,"airtable_timeout":1},
 * "records":300,"buckets":[0,...],"sumNs":12} to an array; nothing when none ended.
 */
void	outcomes_json(const struct outcomes *, const char *kind, struct buf *);

#endif
