#ifndef SYNCD_SYNC_SYNC_ALARM_H
#define SYNCD_SYNC_SYNC_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/str.h"

/*
 * A base that is suddenly small or empty (sync.max_shrink), or that may not be
 * read any more: nothing is deleted until somebody has looked.  Or one without a
 * field of ours: what is shown of that is old; or one of which a field went bad
 * as a whole (field_guard.h): what was there stays.  The alarm stands, over further
 * tries and restarts, until a full sync is complete, be it that the orders are
 * back or that an operator let it through, with all fields and their values.
 */
struct sync_alarm {
	bool	on;
	enum err code;		/* sync_alarming() */
	int64_t	since_ms;
	char	detail[900];
};

/* Is a full sync that ends with ${e} one? */
bool	sync_alarming(enum err e);
/* Further reasons replace code and text; since when stays. */
void	sync_alarm_raise(struct sync_alarm *, enum err code, const char *detail, int64_t now_ms);
/* The same without a line in the log, for one that is not in force yet. */
void	sync_alarm_set(struct sync_alarm *, enum err code, const char *detail, int64_t now_ms);
/* A full sync is complete: take on what it leaves.  The log says so, or that it is over. */
void	sync_alarm_become(struct sync_alarm *, struct sync_alarm after);
/* Member "alarm" of the progress document: an object, or null. */
void	sync_alarm_add(const struct sync_alarm *, struct buf *);
/* Take it up from a stored progress document. */
void	sync_alarm_load(struct sync_alarm *, struct str document);

#endif
