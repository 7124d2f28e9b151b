#ifndef FCGI_API_DECIMAL_H
#define FCGI_API_DECIMAL_H

#include <stdint.h>

#include "common/str.h"

#define DECIMAL_SIZE	20

/* Decimal digits of ${v} at the end of ${text}: what printf does in a tenth of the time. */
static inline struct str
decimal(uint64_t v, char text[static DECIMAL_SIZE])
{
	char *p = text + DECIMAL_SIZE;

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	return (struct str){ p, (size_t)(text + DECIMAL_SIZE - p) };
}

#endif
