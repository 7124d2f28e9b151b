#ifndef COMMON_BASE_ZONE_H
#define COMMON_BASE_ZONE_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * Calendar days in one IANA time zone, the process's only one (it is the C
 * library's, which knows the tz database; log lines and the API speak UTC
 * and don't touch it).  Set it before threads start; afterwards threads may
 * use only the functions that end in _in.
 */

/* ERR_INVALID_PARAMETER: no such zone in the tz database; UTC is used. */
enum err	zone_use(struct str name);
/* The calendar day (since 1970-01-01) of an instant. */
int32_t		zone_day(int64_t ms);
/* The first instant of a day: local midnight, or when the clock first shows that day. */
int64_t		zone_day_start(int32_t day);
/*
 * The moment of a day at which the clock shows the same time of day as at ${ms}:
 * the first one if it shows it twice; the moment at which the clock was put
 * forward if it never shows it; ${ms} itself if that is in the day.  The result
 * is in the day, or its end.
 */
int64_t		zone_same_time(int32_t day, int64_t ms);
/*
 * As zone_day_start(), for a date that somebody wrote.  For a date that the
 * zone's calendar skipped (it crossed the date line) it is the last moment before
 * it, so that each date has a place of its own between the days before and after.
 */
int64_t		zone_date_start(int32_t day);
/* The same in ${zone} (UTC if there is no such zone), which becomes the process's; for any thread. */
int64_t		zone_date_start_in(struct str zone, int32_t day);
/*
 * By how much the clocks of ${zone} are ahead of UTC at an instant; for any thread as well.
 * ERR_INVALID_PARAMETER: no such zone; *ahead_ms is then 0.
 */
enum err	zone_ahead_in(struct str zone, int64_t ms, int64_t *ahead_ms);

#endif
