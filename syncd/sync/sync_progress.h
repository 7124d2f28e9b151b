#ifndef SYNCD_SYNC_SYNC_PROGRESS_H
#define SYNCD_SYNC_SYNC_PROGRESS_H

#include "syncd/sync/sync_alarm.h"
#include "syncd/sync/sync_run.h"

/* What there is to say about the present or last full sync. */
struct sync_progress {
	bool				 running;
	int64_t				 started_ms, finished_ms, next_ms;	/* wall clock; 0: none */
	const struct sync_run_counts	*counts;
	const uint64_t			*odd;		/* cells not understood in the last complete sync, by field */
	uint32_t			 held;		/* fields that the last complete sync held (field_guard.h) */
	uint32_t			 expected;	/* records; 0: not known */
	enum err			 result;	/* how it ended ... */
	const char			*detail;	/* ... and why */
	const struct sync_alarm		*alarm;
};

/* Read odd and held from a stored progress document. */
void	sync_progress_load(uint64_t odd[static SCHEMA_FIELDS_MAX], uint32_t *held,
	    const struct schema *, struct str document);
/* Add the progress document, an object. */
void	sync_progress_add(const struct sync_progress *, const struct schema *, struct buf *);

#endif
