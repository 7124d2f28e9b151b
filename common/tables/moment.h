#ifndef COMMON_TABLES_MOMENT_H
#define COMMON_TABLES_MOMENT_H

#include "common/base/err.h"
#include "common/base/instant.h"
#include "common/tables/schema.h"

/*
 * What a FIELD_INSTANT holds: an instant, or a date without a time, which is
 * that day in every zone.  In a struct value the text of an instant is empty.
 * The text of a date is the date ("2026-11-28"), and its number the moment at
 * which that day begins in the process's zone (zone.h), so that it is sorted,
 * filtered and counted among instants by numbers alone.
 */
#define MOMENT_DATE_LEN	10u	/* "2026-11-28" */

static inline bool
moment_is_date(const struct value *v)
{
	return v->text.len == MOMENT_DATE_LEN;
}

/* From text (see instant_parse()), which lasts as long as ${v}.  ERR_INVALID_PARAMETER. */
enum err	moment_parse(struct str text, struct value *v);

/*
 * A date as it was written, an instant as RFC 3339 in UTC.
 * ERR_INVALID_PARAMETER when out of range (text is then "").
 */
enum err	moment_format(const struct value *, char text[static INSTANT_TEXT_SIZE]);

/* The calendar day (since 1970-01-01): a date's own, an instant's in the process's zone. */
int32_t		moment_day(const struct value *);

#endif
