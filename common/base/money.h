#ifndef COMMON_BASE_MONEY_H
#define COMMON_BASE_MONEY_H

#include "common/base/fixed.h"

/*
 * Exact money: a 64-bit count of 1/10000 of the currency's unit, which
 * holds every precision that businesses use (Airtable's currency cells
 * carry up to 7 places; what is beyond 4 is rounded half away from zero).
 * Sums are 128-bit, so that no realistic number of orders overflows them.
 */
#define MONEY_UNIT	INT64_C(10000)
#define MONEY_MAX	FIXED_MAX	/* just under 100 trillion, and its negative */

typedef fixed_sum money_sum;

/* From decimal text ("12.30", "-5", "1e3"); ERR_INVALID_PARAMETER if not a number or beyond MONEY_MAX. */
enum err money_parse(struct str text, int64_t *units);
/* From a JSON double, through its shortest decimal form, so that 12.3 is 12.3000 exactly. */
enum err money_from_double(double, int64_t *units);
/* A JSON number with at least two and at most four decimals: 12.30, 0.1234, -5.00. */
void	 money_add(struct buf *, money_sum units);

#endif
