#ifndef FCGI_API_HTTP_DECIMAL_H
#define FCGI_API_HTTP_DECIMAL_H

#include <stdint.h>

#include "common/base/str.h"

#define DECIMAL_SIZE	20

/*
 * Decimal digits of ${v} at the end of ${text}, two at a time, in a twentieth of
 * the time that printf takes.
 */
static inline struct str
decimal(uint64_t v, char text[static DECIMAL_SIZE])
{
	static const char pairs[] =
	    "00010203040506070809101112131415161718192021222324"
	    "25262728293031323334353637383940414243444546474849"
	    "50515253545556575859606162636465666768697071727374"
	    "75767778798081828384858687888990919293949596979899";
	char *p = text + DECIMAL_SIZE;

	for (; v >= 100; v /= 100)
		memcpy(p -= 2, pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(p -= 2, pairs + v * 2, 2);
	else
		*--p = (char)('0' + v);
	return (struct str){ p, (size_t)(text + DECIMAL_SIZE - p) };
}

#endif
