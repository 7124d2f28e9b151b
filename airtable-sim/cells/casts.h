#ifndef AIRTABLE_SIM_CELLS_CASTS_H
#define AIRTABLE_SIM_CELLS_CASTS_H

#include <stdbool.h>

#include "airtable-sim/base/base.h"
#include "common/base/buf.h"

/* What texts mean to fields that hold no text: as if somebody had typed or pasted them there. */

/*
 * A number with a currency's symbol or code, thousands in groups, a sign or
 * accountants' parentheses: "$1,234.50", "-€12", "(3.00)", "12 USD", "1e3",
 * "12.5%" (then *percent, the number as written).  False: it is none.
 */
bool	sim_cast_number(struct str, double *number, bool *percent);
/*
 * Seconds: "1:30" counts from the right in what the format shows, so it is
 * 90 minutes in h:mm and 90 seconds in h:mm:ss; "90" is so many of the
 * smallest unit; "1h 30m", "1.5 hours" are what they say.
 */
bool	sim_cast_duration(struct str, enum sim_duration_format, double *seconds);
/* "yes", "checked", "x", "1", ... or "no", "unchecked", "0", ... */
bool	sim_cast_checkbox(struct str, bool *checked);
/*
 * The next item of "a, b, "c, d"" without quotes and spaces around it into
 * ${item}, which is cleared; false: there is none.  Empty ones are passed over.
 */
bool	sim_cast_item(struct str *rest, struct buf *item);
/* Without white space at both ends. */
struct str sim_trim(struct str);

#endif
