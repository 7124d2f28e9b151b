#ifndef AIRTABLE_SIM_BASE_RANDOM_H
#define AIRTABLE_SIM_BASE_RANDOM_H

#include <stdint.h>

/*
 * A small generator of pseudo-random numbers (splitmix64): the same numbers
 * for the same seed on every machine, which is all that it must be good for.
 */
struct sim_random {
	uint64_t	state;
};

static inline uint64_t
sim_random_next(struct sim_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* 0 .. n-1; the bias of n beyond 2^32 matters to nobody here. */
static inline uint32_t
sim_random_below(struct sim_random *r, uint32_t n)
{
	return (uint32_t)((sim_random_next(r) >> 32) * n >> 32);
}

/* ${prefix} of three letters and 14 alphanumerics into id[18]. */
static inline void
sim_random_id(struct sim_random *r, const char *prefix, char *id)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	int i = 0;

	for (; i < 3; i++)
		id[i] = prefix[i];
	for (; i < 17; i++)
		id[i] = alphabet[sim_random_below(r, 62)];
	id[17] = '\0';
}

#endif
