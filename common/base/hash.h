#ifndef COMMON_BASE_HASH_H
#define COMMON_BASE_HASH_H

#include <stdint.h>

#include "common/base/str.h"

/*
 * FNV-1a of 64 bits, for tables in memory and for tags.  It is not
 * cryptographic: anyone can find collisions.  Its values are stored
 * (text_hash(), the fingerprints of Idempotency-Key) and sent (ETags), so
 * they never change.
 *
 * Pieces are hashed one after another, beginning with HASH_BEGIN.  Two pieces
 * hash like their concatenation; where that matters, hash the boundary too.
 */
#define HASH_BEGIN	UINT64_C(14695981039346656037)
#define HASH_PRIME	UINT64_C(1099511628211)

/* Continue ${h} with ${n} ${bytes}, with an odd ${multiplier} of the caller's choice. */
static inline uint64_t
hash_add_by(uint64_t h, const void *bytes, size_t n, uint64_t multiplier)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * multiplier;
	return h;
}

static inline uint64_t
hash_add(uint64_t h, const void *bytes, size_t n)
{
	return hash_add_by(h, bytes, n, HASH_PRIME);
}

static inline uint64_t
hash_str(struct str s)
{
	return hash_add(HASH_BEGIN, s.ptr, s.len);
}

/* ${h} for choosing a place in a table by mask or remainder: FNV's lowest bits alone are poor. */
static inline uint64_t
hash_place(uint64_t h)
{
	return h ^ h >> 32;
}

/* The place of a number in a table: numbers close together are spread. */
static inline uint64_t
hash_number(uint64_t number)
{
	return number * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

#endif
