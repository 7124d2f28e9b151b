#ifndef SYNCD_AIRTABLE_JITTER_H
#define SYNCD_AIRTABLE_JITTER_H

#include <stdint.h>

/*
 * Chance for pauses, from the kernel: no two syncds, nor two starts of one,
 * wait in step.  Where there is none, the middle.
 */

/* 0 <= r < 1, as governor.h and breaker.h ask for it; ${unused} is the cookie. */
double	 jitter(void *unused);
/* 0 <= n < ${ms}; 0 when there is nothing below it. */
int64_t	 jitter_below(int64_t ms);

#endif
