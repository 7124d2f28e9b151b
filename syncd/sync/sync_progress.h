#ifndef SYNCD_SYNC_SYNC_PROGRESS_H
#define SYNCD_SYNC_SYNC_PROGRESS_H

#include "syncd/sync/sync_alarm.h"
#include "syncd/sync/sync_run.h"

/* What there is to tell of the full sync that is on, or of the last. */
struct sync_progress {
	bool				 running;
	int64_t				 started_ms, finished_ms, next_ms;	/* wall clock; 0: none */
	const struct sync_run_counts	*counts;
	const uint64_t			*odd;		/* cells not understood, by field, of the last complete one */
	uint32_t			 held;		/* and the fields that it held (field_guard.h) */
	uint32_t			 expected;	/* records; 0: not known */
	enum err			 result;	/* of one that has ended ... */
	const char			*detail;	/* ... and why */
	const struct sync_alarm		*alarm;
};

/* Take odd and held out of a stored progress document. */
void	sync_progress_load(uint64_t odd[static SCHEMA_FIELDS_MAX], uint32_t *held,
	    const struct schema *, struct str document);
/* The progress document, an object. */
void	sync_progress_add(const struct sync_progress *, const struct schema *, struct buf *);

#endif
