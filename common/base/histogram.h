#ifndef COMMON_BASE_HISTOGRAM_H
#define COMMON_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long things took: counts by duration, and the sum.  May lie in memory
 * that processes share; adding is atomic, reading sees each count whole.
 */
#define HISTOGRAM_BOUNDS	17

/* Upper bounds in ns, rising; 50 us to 30 s. */
extern const int64_t	histogram_bounds[HISTOGRAM_BOUNDS];

struct histogram {
	uint64_t	counts[HISTOGRAM_BOUNDS + 1];	/* up to each bound; beyond the last */
	uint64_t	sum_ns;
};

void	histogram_add(struct histogram *, int64_t ns);
/* Add what ${from} has counted. */
void	histogram_merge(struct histogram *, const struct histogram *from);
uint64_t histogram_count(const struct histogram *);

#endif
