#include "common/base/histogram.h"

#define US	INT64_C(1000)
#define MS	(1000 * US)
#define S	(1000 * MS)

const int64_t histogram_bounds[HISTOGRAM_BOUNDS] = {
	50 * US, 100 * US, 250 * US, 500 * US, 1 * MS, 2500 * US, 5 * MS, 10 * MS, 25 * MS,
	50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 2500 * MS, 10 * S, 30 * S
};

void
histogram_add(struct histogram *h, int64_t ns)
{
	size_t i = 0;

	while (i < HISTOGRAM_BOUNDS && ns > histogram_bounds[i])
		i++;
	(void)__atomic_fetch_add(&h->counts[i], 1, __ATOMIC_RELAXED);
	(void)__atomic_fetch_add(&h->sum_ns, ns > 0 ? (uint64_t)ns : 0, __ATOMIC_RELAXED);
}

void
histogram_merge(struct histogram *h, const struct histogram *from)
{
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		h->counts[i] += __atomic_load_n(&from->counts[i], __ATOMIC_RELAXED);
	h->sum_ns += __atomic_load_n(&from->sum_ns, __ATOMIC_RELAXED);
}

uint64_t
histogram_count(const struct histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += h->counts[i];
	return n;
}
