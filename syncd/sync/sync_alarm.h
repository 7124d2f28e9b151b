#ifndef SYNCD_SYNC_SYNC_ALARM_H
#define SYNCD_SYNC_SYNC_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/str.h"

/*
 * The alarm of full syncs.  The base is suddenly small or empty (sync.max_shrink) or
 * can't be read any more: nothing is deleted until somebody has looked.  Or it lacks
 * one of our fields, whose stored values are then old; or a field went bad as a whole
 * (field_guard.h) and keeps its stored values.  The alarm stays on, over further tries
 * and restarts, until a full sync completes with all fields and their values, because
 * the orders are back or because an operator let it through.
 */
struct sync_alarm {
	bool	on;
	enum err code;		/* sync_alarming() */
	int64_t	since_ms;
	char	detail[900];
};

/* Is a full sync that ends with ${e} a reason for an alarm? */
bool	sync_alarming(enum err e);
/* Raise the alarm and log it.  A further reason replaces code and text; since_ms stays. */
void	sync_alarm_raise(struct sync_alarm *, enum err code, const char *detail, int64_t now_ms);
/* The same without logging, for an alarm that is not in force yet. */
void	sync_alarm_set(struct sync_alarm *, enum err code, const char *detail, int64_t now_ms);
/* A full sync is complete: become ${after}, which is logged, or the end of the alarm. */
void	sync_alarm_become(struct sync_alarm *, struct sync_alarm after);
/* Member "alarm" of the progress document: an object, or null. */
void	sync_alarm_add(const struct sync_alarm *, struct buf *);
/* Read the alarm from a stored progress document; if there is none, leave it as it is. */
void	sync_alarm_load(struct sync_alarm *, struct str document);

#endif
