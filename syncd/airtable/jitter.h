#ifndef SYNCD_AIRTABLE_JITTER_H
#define SYNCD_AIRTABLE_JITTER_H

#include <stdint.h>

/*
 * Random numbers for pauses, from the kernel, so that no two syncds, nor two
 * starts of one, wait in step.  If the kernel gives none: the middle of the range.
 */

/* 0 <= r < 1, a random function for governor.h and breaker.h; ${unused} is the cookie. */
double	 jitter(void *unused);
/* 0 <= n < ${ms}; 0 if ${ms} is 0 or less. */
int64_t	 jitter_below(int64_t ms);

#endif
