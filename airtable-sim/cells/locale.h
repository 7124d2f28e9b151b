#ifndef AIRTABLE_SIM_CELLS_LOCALE_H
#define AIRTABLE_SIM_CELLS_LOCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * How dates are written and read: patterns of tokens (YYYY, MM, DD, HH, mm,
 * ...), names of months and days in a few languages, and calendar
 * arithmetic in the zone that a date is shown in.
 */
struct sim_locale {
	const char	*name;
	const char	*numeric, *friendly;	/* patterns: 11/20/2026, November 20, 2026 */
	const char	*months[12];		/* as they stand in a date */
	const char	*days[7];		/* from Sunday */
};

/* The language of that name ("de", "de-at", "DE"), else English. */
const struct sim_locale *sim_locale_find(struct str name);

/* A moment as the clocks of a place show it. */
struct sim_moment {
	int64_t			 utc_ms;
	int64_t			 ahead_ms;	/* of UTC */
	const struct sim_locale	*locale;
};

/* ${utc_ms} in the zone, UTC where there is none of that name. */
struct sim_moment sim_moment_in(struct str zone, struct str locale, int64_t utc_ms);
/* Is it in the tz database (or "utc", "client")? */
bool	sim_zone_known(struct str zone);
/* The instant at which clocks of the zone show ${local_ms}, counted as if it were UTC. */
int64_t	sim_zone_instant(struct str zone, int64_t local_ms);

/* Year, month, day, hour ... of a moment. */
struct sim_civil {
	int	year, month, day, weekday;	/* weekday 0: Sunday */
	int	year_day;			/* from 1 */
	int	hour, minute, second, ms;
};
struct sim_civil sim_civil_of(int64_t local_ms);
/* Week of the year: ISO 8601's, from Monday, and the one from Sunday that holds January 1. */
int	sim_week_iso(const struct sim_civil *);
int	sim_week_us(const struct sim_civil *);

/* Write the moment as the pattern says: tokens, [literal text], and all else as it is. */
void	sim_date_write(struct buf *, struct str pattern, const struct sim_moment *);
/*
 * Read ${text} by the pattern.  What the pattern does not name is the day
 * and midnight of 1970.  *offset tells whether the text named its distance
 * from UTC; else *local_ms is on the clocks of some place.
 */
bool	sim_date_read(struct str pattern, struct str text, int64_t *local_ms, bool *offset);

/* How a field's dates are typed. */
struct sim_date_style {
	bool		 day_first;	/* 20/11/2026 */
	struct str	 zone;
	int64_t		 now_ms;	/* for "today" and dates without a year */
};
/*
 * What somebody types or pastes: ISO 8601, "November 20, 2026", "20 Nov",
 * "11/20/26 3:30pm", "tomorrow".  The date's day as shown there is in
 * *local_ms, the instant in *ms.  False: it is no date.
 */
bool	sim_date_guess(struct str text, const struct sim_date_style *, int64_t *ms, int64_t *local_ms);

#endif
