#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "tests/lib/orders_made.h"

/*
 * bench/write DIR RATE SECONDS: change the store in DIR/store through
 * apply_changes(), one order and one synced commit at a time, evenly at RATE
 * a second, as syncd does for confirmed writes.  Of ten changes, eight edit
 * some order's status, priority and total, one creates an order and one
 * deletes it again, so that readers still find every order that they know.
 * Prints one JSON object: commits and how long they took.
 */
#define CHANGES_MAX	100000u
#define TRIES_MAX	1000u	/* to find a row in use */

struct writer {
	struct apply	*apply;
	uint64_t	 seed;
	unsigned	 done;
	double		*ms;		/* each commit */
	struct made_order order;
	char		made[18];	/* the order created last */
	struct change	 change;
};

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* The id of some order. */
static bool
pick(struct writer *w, char id[static 18])
{
	struct store *st = apply_store(w->apply);
	bool found = false;

	if (store_begin(st) != ERR_OK)
		return false;
	for (unsigned i = 0; i < TRIES_MAX && !found; i++) {
		struct row_view view;

		found = store_row(st, &orders_schema, (uint32_t)made_random(&w->seed, store_rows_end(st, &orders_schema)),
		    &view) == ERR_OK && view.id.len < 18;
		if (found)
			(void)snprintf(id, 18, "%.*s", STR_FMT(view.id));
	}
	store_end(st);
	return found;
}

/* The next change.  A new order's id is never used again. */
static bool
prepare(struct writer *w, uint64_t generation)
{
	struct made_order *m = &w->order;

	made_order(m, 9000000u + w->done, &w->seed);
	w->change = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m->r,
	    .base = CHANGE_ANY_BASE };
	if (w->done % 10 == 9) {
		(void)snprintf(m->id, sizeof(m->id), "rec%014" PRIx64, generation);
		(void)strcpy(w->made, m->id);
		return true;
	}
	if (w->done % 10 == 4 && w->made[0] != '\0') {
		w->change.kind = CHANGE_GONE;
		(void)strcpy(m->id, w->made);
		return true;
	}
	w->change.record.known = 1u << ORDER_STATUS | 1u << ORDER_PRIORITY | 1u << ORDER_TOTAL;
	return pick(w, m->id);
}

static enum err
write_one(struct writer *w, uint64_t *generation)
{
	struct apply_meta meta = { 0 };
	struct apply_result result;
	double start;
	enum err e;

	if (!prepare(w, *generation))
		return ERR_NOT_FOUND;
	start = now();
	e = apply_changes(w->apply, &w->change, 1, SOURCE_WRITE, &meta, instant_now(), &result);
	w->ms[w->done++] = now() - start;
	if (e == ERR_OK)
		*generation = result.generation;
	return e;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static enum err
write_all(struct writer *w, unsigned rate, unsigned changes)
{
	uint64_t generation = 0;
	double start = now();

	if (store_begin(apply_store(w->apply)) == ERR_OK) {
		generation = store_generation(apply_store(w->apply));
		store_end(apply_store(w->apply));
	}
	w->seed = generation;
	while (w->done < changes) {
		double wait = start + w->done * 1e3 / rate - now();
		enum err e;

		if (wait > 0) {
			struct timespec ts = { (time_t)(wait / 1e3), (long)(wait * 1e6) % 1000000000 };

			(void)nanosleep(&ts, NULL);
		}
		if ((e = write_one(w, &generation)) != ERR_OK)
			return e;
	}
	(void)printf("{\"commits\":%u,\"perSecond\":%.1f", w->done, w->done * 1e3 / (now() - start));
	qsort(w->ms, w->done, sizeof(*w->ms), by_size);
	(void)printf(",\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f}\n", w->ms[w->done / 2],
	    w->ms[w->done * 99 / 100], w->ms[w->done - 1]);
	return ERR_OK;
}

int
main(int argc, char **argv)
{
	static struct config config;
	static struct writer w;
	unsigned long rate = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long changes = argc == 4 ? rate * strtoul(argv[3], NULL, 10) : 0;
	enum err e;

	if (changes == 0 || changes > CHANGES_MAX || strlen(argv[1]) > CONFIG_TEXT_MAX - 16) {
		(void)fprintf(stderr, "usage: bench/write DIR RATE SECONDS\n");
		return 2;
	}
	if (log_open("bench/write", NULL, LOG_WARN, LOG_LOGFMT) == -1 ||
	    (w.ms = calloc(changes, sizeof(*w.ms))) == NULL)
		return EXIT_FAILURE;
	made_config(&config, argv[1]);
	config.store.map_limit_bytes = INT64_C(64) << 30;
	config.store.changes_kept = 10000;
	if ((e = apply_open(&config, &tables_builtin, &w.apply)) == ERR_OK) {
		e = write_all(&w, (unsigned)rate, (unsigned)changes);
		apply_close(w.apply);
	}
	free(w.ms);
	if (e != ERR_OK)
		(void)fprintf(stderr, "bench/write: %s\n", err_text(e));
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
