#include <sys/mman.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/base/log.h"
#include "fcgi-api/http/counters.h"

/* The statuses of our answers; all others are counted together, after the last. */
static const int statuses[] = {
	200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 499, 500,
	502, 503, 504, 507
};

#define KNOWN	(sizeof(statuses) / sizeof(statuses[0]))
_Static_assert(KNOWN < COUNTERS_STATUSES, "room for the others");

struct counters *
counters_new(void)
{
	struct counters *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (c != MAP_FAILED)
		return c;
	log_error("counters: %s", strerror(errno));
	return NULL;
}

void
counters_free(struct counters *c)
{
	if (c != NULL && munmap(c, sizeof(*c)) == -1)
		log_warn("counters: %s", strerror(errno));
}

int
counters_status(size_t i)
{
	return i < KNOWN ? statuses[i] : 0;
}

void
counters_request(struct counters_block *block, size_t route, size_t method, int status, int64_t ns)
{
	struct route_counters *c = &block->routes[route][method];
	size_t i = 0;

	while (i < KNOWN && statuses[i] != status)
		i++;
	counter_add(&c->statuses[i]);
	histogram_add(&c->time, ns);
}

int64_t
counters_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* can't fail */
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}
