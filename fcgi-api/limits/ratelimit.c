#include <sys/mman.h>
#include <sys/random.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "fcgi-api/http/siphash.h"
#include "fcgi-api/limits/ratelimit.h"

/* What passed within one tick. */
struct moment {
	uint32_t	tick;	/* its low bits: all that are kept lie within two windows */
	uint32_t	weight;
};

/* A client's passes, oldest first, in a ring. */
struct history {
	uint64_t	newest;	/* tick of the last pass */
	uint32_t	total;	/* weight of all moments */
	uint32_t	first, used;	/* of the ring */
	uint32_t	unused;
	struct moment	ring[];
};

struct set {
	pthread_mutex_t	mutex;
	uint64_t	who[RATELIMIT_WAYS];	/* hashes; 0: a free place */
} __attribute__((aligned(64)));

/* The head of the shared memory; sets follow it, then histories. */
struct ratelimit {
	uint64_t	key[2];
	uint32_t	quota;
	uint32_t	ring_size;
	uint64_t	window;		/* ticks */
	int64_t		tick_ms;
	size_t		sets;		/* a power of two */
	size_t		history_size;	/* bytes of one */
	size_t		size;		/* bytes of all */
	unsigned char	*histories;
	struct set	set[];
};

static size_t
history_bytes(uint32_t ring_size)
{
	return (sizeof(struct history) + ring_size * sizeof(struct moment) + 63) / 64 * 64;
}

static bool
mutexes_init(struct ratelimit *r)
{
	pthread_mutexattr_t attr;
	bool good;

	if (pthread_mutexattr_init(&attr) != 0)
		return false;
	good = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0 &&
	    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0;
	for (size_t i = 0; i < r->sets && good; i++)
		good = pthread_mutex_init(&r->set[i].mutex, &attr) == 0;
	(void)pthread_mutexattr_destroy(&attr);
	return good;
}

struct ratelimit *
ratelimit_new(uint32_t quota, int64_t window_ms, size_t clients)
{
	uint32_t ring_size = quota < RATELIMIT_TICKS ? quota : RATELIMIT_TICKS;
	size_t each = history_bytes(ring_size), sets = 1, size;
	struct ratelimit *r;

	while (sets * RATELIMIT_WAYS < clients && sets * 2 * RATELIMIT_WAYS * each <= RATELIMIT_BYTES)
		sets *= 2;
	size = sizeof(*r) + sets * sizeof(struct set) + sets * RATELIMIT_WAYS * each;
	r = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r == MAP_FAILED) {
		log_error("limits: %zu bytes: %s", size, strerror(errno));
		return NULL;
	}
	r->quota = quota;
	r->ring_size = ring_size;
	/* if the ring has a place for each pass, every pass may have a moment of its own */
	r->tick_ms = quota <= RATELIMIT_TICKS ? 1 : (window_ms + RATELIMIT_TICKS - 3) / (RATELIMIT_TICKS - 2);
	r->window = (uint64_t)((window_ms + r->tick_ms - 1) / r->tick_ms);
	r->sets = sets;
	r->history_size = each;
	r->size = size;
	r->histories = (unsigned char *)(r->set + sets);
	if (getrandom(r->key, sizeof(r->key), 0) != (ssize_t)sizeof(r->key) || !mutexes_init(r)) {
		log_error("limits: can't be set up: %s", strerror(errno));
		ratelimit_free(r);
		return NULL;
	}
	return r;
}

void
ratelimit_free(struct ratelimit *r)
{
	if (r != NULL && munmap(r, r->size) == -1)
		log_warn("limits: %s", strerror(errno));
}

uint32_t
ratelimit_quota(const struct ratelimit *r)
{
	return r->quota;
}

size_t
ratelimit_clients(const struct ratelimit *r)
{
	return r->sets * RATELIMIT_WAYS;
}

static struct history *
history_at(const struct ratelimit *r, size_t set, size_t way)
{
	return (struct history *)(void *)(r->histories +
	    (set * RATELIMIT_WAYS + way) * r->history_size);
}

static void
history_clear(struct history *h)
{
	h->total = h->first = h->used = 0;
	h->newest = 0;
}

/*
 * Forget what has left the window that ends at ${tick}.  Passes of tick t
 * happened before t + 1, so that a whole window lies behind all of them only
 * when ${tick} is t + 1 + window.
 */
static void
history_expire(const struct ratelimit *r, struct history *h, uint64_t tick)
{
	if (h->used > 0 && tick - h->newest > r->window) {
		history_clear(h);
		return;
	}
	while (h->used > 0) {
		const struct moment *oldest = &h->ring[h->first];

		if ((uint32_t)tick - oldest->tick <= r->window)
			return;
		h->total -= oldest->weight;
		h->first = h->first + 1 == r->ring_size ? 0 : h->first + 1;
		h->used--;
	}
}

static void
history_add(const struct ratelimit *r, struct history *h, uint32_t weight, uint64_t tick)
{
	uint32_t at = h->first + h->used;

	if (h->used > 0 && h->newest == tick) {
		at--;
		h->ring[at >= r->ring_size ? at - r->ring_size : at].weight += weight;
	} else {
		h->ring[at >= r->ring_size ? at - r->ring_size : at] =
		    (struct moment){ (uint32_t)tick, weight };
		h->used++;
	}
	h->newest = tick;
	h->total += weight;
}

/* After a process died while it changed the set: forget histories that are impossible. */
static void
set_repair(const struct ratelimit *r, size_t set)
{
	for (size_t way = 0; way < RATELIMIT_WAYS; way++) {
		struct history *h = history_at(r, set, way);

		if (h->used > r->ring_size || h->first >= r->ring_size) {
			history_clear(h);
			continue;
		}
		h->total = 0;
		for (uint32_t i = 0; i < h->used; i++)
			h->total += h->ring[(h->first + i) % r->ring_size].weight;
	}
}

static bool
set_lock(struct ratelimit *r, size_t set)
{
	int rc = pthread_mutex_lock(&r->set[set].mutex);

	if (rc == EOWNERDEAD) {
		log_warn("limits: a process died while it counted");
		set_repair(r, set);
		rc = pthread_mutex_consistent(&r->set[set].mutex);
	}
	if (rc != 0)
		log_error("limits: %s", strerror(rc));
	return rc == 0;
}

/*
 * A free place, or the one whose client's passes weigh least; of several such
 * the one that was idle for longest.
 */
static size_t
place_free(struct ratelimit *r, size_t set, uint64_t tick)
{
	const struct history *best = NULL;
	size_t found = 0;

	for (size_t way = 0; way < RATELIMIT_WAYS; way++) {
		struct history *h = history_at(r, set, way);

		if (r->set[set].who[way] == 0)
			return way;
		history_expire(r, h, tick > h->newest ? tick : h->newest);
		if (best == NULL || h->total < best->total ||
		    (h->total == best->total && h->newest < best->newest)) {
			best = h;
			found = way;
		}
	}
	return found;
}

static struct history *
history_of(struct ratelimit *r, size_t set, uint64_t who, uint64_t tick)
{
	struct history *h;
	size_t way;

	for (way = 0; way < RATELIMIT_WAYS; way++)
		if (r->set[set].who[way] == who)
			return history_at(r, set, way);
	way = place_free(r, set, tick);
	r->set[set].who[way] = 0;	/* if this process dies here, the place is free */
	h = history_at(r, set, way);
	history_clear(h);
	r->set[set].who[way] = who;
	return h;
}

/* The tick whose passes must leave the window before ${weight} has room; ${h} has passes. */
static uint32_t
tick_in_the_way(const struct ratelimit *r, const struct history *h, uint32_t weight)
{
	uint32_t room = r->quota - h->total;
	size_t at = h->first;

	for (uint32_t i = 1; i < h->used && (room += h->ring[at].weight) < weight; i++)
		at = at + 1 == r->ring_size ? 0 : at + 1;
	return h->ring[at].tick;
}

static struct ratelimit_verdict
judge(const struct ratelimit *r, struct history *h, uint32_t weight, uint64_t tick)
{
	struct ratelimit_verdict v = { .quota = r->quota };
	int64_t left_ms, window_ms = (int64_t)r->window * r->tick_ms;

	/* a process that read the clock earlier may come here later */
	if (tick < h->newest)
		tick = h->newest;
	history_expire(r, h, tick);
	if ((v.passes = weight <= r->quota - h->total))
		history_add(r, h, weight, tick);
	v.remaining = r->quota - h->total;
	if (h->used == 0)	/* it weighs more than the quota */
		return v;
	left_ms = window_ms + r->tick_ms -
	    ((uint32_t)tick - tick_in_the_way(r, h, v.passes ? 0 : weight)) * r->tick_ms;
	if (v.passes && left_ms > window_ms)	/* nothing to wait for: leave out the extra tick */
		left_ms = window_ms;
	v.reset_s = (uint32_t)((left_ms + 999) / 1000);
	return v;
}

struct ratelimit_verdict
ratelimit_take(struct ratelimit *r, struct client client, uint32_t weight, int64_t now_ms)
{
	uint64_t who = siphash_16(r->key, client.number, client.kind);
	uint64_t tick = (uint64_t)(now_ms / r->tick_ms);
	size_t set = (size_t)who & (r->sets - 1);
	struct ratelimit_verdict v;

	if (who == 0)
		who = 1;
	if (!set_lock(r, set))	/* never refuse because of our own trouble */
		return (struct ratelimit_verdict){ true, r->quota, r->quota, 0 };
	v = judge(r, history_of(r, set, who, tick), weight, tick);
	(void)pthread_mutex_unlock(&r->set[set].mutex);	/* it is ours */
	return v;
}
