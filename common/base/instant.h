#ifndef COMMON_BASE_INSTANT_H
#define COMMON_BASE_INSTANT_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * Points in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds
 * ignored, as POSIX does.  The proleptic Gregorian years 0000 to 9999 have
 * a text form (RFC 3339); other values are out of range.
 */
#define INSTANT_MIN	INT64_C(-62167219200000)	/* 0000-01-01T00:00:00.000Z */
#define INSTANT_MAX	INT64_C(253402300799999)	/* 9999-12-31T23:59:59.999Z */
#define INSTANT_TEXT_SIZE	25			/* with the NUL */

/* The wall clock. */
int64_t	 instant_now(void);
/* A clock that never steps, for intervals; its zero is arbitrary. */
int64_t	 instant_monotonic(void);

/*
 * "2026-11-20T10:00:00.000Z".  ERR_INVALID_PARAMETER when out of range
 * (text is then "").
 */
enum err instant_format(int64_t ms, char text[static INSTANT_TEXT_SIZE]);

/*
 * RFC 3339 date-time ("T" or space; fraction of any length, cut to ms;
 * zone "Z", "+hh:mm", "+hhmm" or none, which counts as UTC), or a date
 * alone, which is its midnight UTC.  ERR_INVALID_PARAMETER if it is not one.
 */
enum err instant_parse(struct str text, int64_t *ms);

/* Days since 1970-01-01 of a civil date, and back. */
int32_t	 instant_day_from_civil(int year, int month, int day);
void	 instant_civil_from_day(int32_t day, int *year, int *month, int *dom);
/* The first moment (UTC) of the month that ${ms} is in, or of that many months later; ${ms} in range. */
int64_t	 instant_month(int64_t ms, int later);

#endif
