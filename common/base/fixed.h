#ifndef COMMON_BASE_FIXED_H
#define COMMON_BASE_FIXED_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"

/*
 * Exact decimal numbers: a count of units of 1/10^decimals.  Sums of them are
 * 128-bit, so that no realistic number of rows overflows them.
 */
#define FIXED_DECIMALS_MAX	10
#define FIXED_MAX		INT64_C(999999999999999999)	/* units, and its negative */

typedef __int128 fixed_sum;	/* C has no other spelling for it in structs */

/*
 * From decimal text ("12.30", "-5", "1e3"); what is beyond the decimals is
 * rounded half away from zero, and *rounded (unless it is NULL) says whether it
 * was more than zeros.  ERR_INVALID_PARAMETER if it is no number or beyond
 * FIXED_MAX.
 */
enum err fixed_parse(struct str text, int decimals, int64_t *units, bool *rounded);
/* From a JSON double, through its shortest decimal form, so that 12.3 is 12.3 exactly. */
enum err fixed_from_double(double, int decimals, int64_t *units);
/* Is the number what the units say, but for the last bits of a double (0.1 + 0.2)? */
bool	 fixed_is_exact(double, int decimals, int64_t units);
/* A JSON number with all decimals but trailing zeros after the first ${shown}. */
void	 fixed_add(struct buf *, fixed_sum units, int decimals, int shown);

#endif
