#ifndef COMMON_STORE_DAY_PART_H
#define COMMON_STORE_DAY_PART_H

#include "common/store/store.h"

/*
 * A day that is not over can't be compared with a whole one.  It is compared
 * with the same part of another day: up to the current time of day
 * (zone_same_time()).
 *
 * A date without a time (moment.h) is in no part of its day.  If a day has
 * any, or more than DAY_PART_FIRST_MAX orders at its first moment, which is
 * how other programs write dates, its part is not known.
 */
#define DAY_PART_FIRST_MAX	1000u

struct day_part {
	int64_t		until_ms;	/* its end; it begins with the day */
	bool		known;
	uint32_t	count;		/* orders that were created in it */
};

/*
 * The part of day ${day} (since 1970) up to the time of day of ${now_ms}, in the
 * process's zone, which is that of the store.  A few dozen look-ups, however
 * many orders there are.
 */
enum err	 day_part_count(struct store *, const struct schema *, int32_t day,
		    int64_t now_ms, struct day_part *);

#endif
