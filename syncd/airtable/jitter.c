#include <stddef.h>
#include <sys/random.h>

#include "syncd/airtable/jitter.h"

#define FRACTION_BITS	53	/* of a double */

double
jitter(void *unused)
{
	uint64_t bits;

	(void)unused;
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		return 0.5;
	return (double)(bits >> (64 - FRACTION_BITS)) / (double)(UINT64_C(1) << FRACTION_BITS);
}

int64_t
jitter_below(int64_t ms)
{
	return ms <= 0 ? 0 : (int64_t)((double)ms * jitter(NULL));
}
