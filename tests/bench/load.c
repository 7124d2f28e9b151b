#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "tests/lib/orders_made.h"

/*
 * bench/load DIR ORDERS: make a store in DIR/store with that many orders, the
 * same ones every time, through apply_changes() as syncd does.  Prints one JSON
 * object about it.
 */
#define ORDERS_MAX	5000000u
#define LIST_MIN	20000u	/* changes in one commit, at least */
/*
 * A list of changes of this share of the store has the orderings sorted again,
 * which costs far less than putting each row in its place.
 */
#define LIST_SHARE	4
#define LAST_MS		INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z */
#define DAY_MS		INT64_C(86400000)
#define DAYS		45

static const char *const given[] = {
	"Ada", "Ben", "Carla", "Dmitri", "Elena", "Femi", "Grace", "Hugo", "Ines", "Jun", "Kofi",
	"Lena", "Mateo", "Nora", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera",
	"Wei", "Xenia", "Yusuf", "Zo\xc3\xab"
};
static const char *const family[] = {
	"Abbott", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanov",
	"Jansen", "Kowalski", "Lind", "Moreau", "M\xc3\xbcller", "Nakamura", "Okafor", "Petrov",
	"Rossi", "Schmidt", "Tanaka", "Ueda", "Vargas", "Weber", "Young", "Zhang"
};
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct loader {
	struct apply		*apply;
	struct made_order	*orders;
	struct change		*changes;
	uint64_t		 seed;
	unsigned		 done;
	unsigned		 lists;
};

/* Ids in no order, as Airtable's are: 11 digits of a permutation of the numbers. */
static void
random_id(unsigned n, char id[static 18])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint64_t seed = n, z = made_random(&seed, UINT64_MAX);

	(void)strcpy(id, "recBench");	/* 8 of 17 */
	for (size_t i = 16; i > 7; i--) {
		id[i] = digits[z % 62];
		z /= 62;
	}
	id[5] = digits[z % 62];
	id[6] = digits[z / 62 % 62];
	id[17] = '\0';
}

/*
 * A made order, but more like one of a base: hundreds of names with some odd ones
 * among them, and dates that follow the numbers, give or take a day, over the
 * 45 days before the same moment.
 */
static void
prepare(struct loader *l, unsigned i, unsigned orders)
{
	struct made_order *m = &l->orders[i];
	struct value *v = m->r.values;

	made_order(m, l->done + i + 1, &l->seed);
	random_id(l->done + i + 1, m->id);
	if (v[ORDER_CUSTOMER].present && made_random(&l->seed, 8) != 0) {
		(void)snprintf(m->customer, sizeof(m->customer), "%s %s",
		    given[made_random(&l->seed, COUNT(given))],
		    family[made_random(&l->seed, COUNT(family))]);
		v[ORDER_CUSTOMER].text = str_of(m->customer);
	}
	v[ORDER_CREATED_AT] = (struct value){ .present = true,
	    .number = LAST_MS - DAY_MS * DAYS / orders * (orders - l->done - i) -
	    (int64_t)made_random(&l->seed, DAY_MS) };
	l->changes[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m->r,
	    .base = CHANGE_ANY_BASE };
}

static enum err
load(struct loader *l, unsigned orders)
{
	while (l->done < orders) {
		unsigned n = l->done / LIST_SHARE > LIST_MIN ? l->done / LIST_SHARE : LIST_MIN;
		struct apply_meta meta = { .table = &orders_schema, .synced_ms = 0 };
		struct apply_result result;
		enum err e;

		if (n > orders - l->done || orders - l->done - n < n / 2)
			n = orders - l->done;	/* leave no small rest */
		if (n == orders - l->done) {	/* up to the last it is a first sync, which is not history */
			meta.table = &orders_schema;
			meta.synced_ms = instant_now();
		}
		for (unsigned i = 0; i < n; i++)
			prepare(l, i, orders);
		if ((e = apply_changes(l->apply, l->changes, n, SOURCE_FULL_SYNC, &meta,
		    instant_now(), &result)) != ERR_OK)
			return e;
		if (result.created != n) {
			(void)fprintf(stderr, "bench/load: %zu of %u orders are new\n", result.created, n);
			return ERR_STORE_CORRUPT;
		}
		l->done += n;
		l->lists++;
	}
	return ERR_OK;
}

/* Pages that wait to be used again. */
static uint64_t
free_bytes(struct store *st)
{
	struct db_space space;

	db_space(store_txn(st)->db, &space);
	return db_free_pages(store_txn(st)) * space.page_bytes;
}

static enum err
report(const struct loader *l, int64_t ms)
{
	struct store *st = apply_store(l->apply);
	uint64_t used, map, json = 0;
	enum err e;

	if ((e = store_begin(st)) != ERR_OK)
		return e;
	store_space(st, &used, &map);
	for (uint32_t row = 0; row < store_rows_end(st, &orders_schema); row++) {
		struct row_view view;

		if ((e = store_row(st, &orders_schema, row, &view)) != ERR_OK)
			break;	/* a fault: nothing was deleted, so there are no holes */
		json += view.json.len;
	}
	(void)printf("{\"orders\":%" PRIu32 ",\"generation\":%" PRIu64 ",\"lists\":%u,"
	    "\"loadMs\":%" PRId64 ",\"storeBytes\":%" PRIu64 ",\"freeBytes\":%" PRIu64
	    ",\"jsonBytes\":%" PRIu64 "}\n",
	    store_row_count(st, &orders_schema), store_generation(st), l->lists, ms, used, free_bytes(st), json);
	store_end(st);
	return e;
}

int
main(int argc, char **argv)
{
	static struct config config;
	struct loader l = { .seed = 20 };
	unsigned long orders = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int64_t start_ms = instant_monotonic();
	enum err e = ERR_NOMEM;

	if (orders == 0 || orders > ORDERS_MAX || strlen(argv[1]) > CONFIG_TEXT_MAX - 16) {
		(void)fprintf(stderr, "usage: bench/load DIR ORDERS (up to %u)\n", ORDERS_MAX);
		return 2;
	}
	if (log_open("bench/load", NULL, LOG_WARN, LOG_LOGFMT) == -1)
		return EXIT_FAILURE;
	made_config(&config, argv[1]);
	config.store.map_size_bytes = (int64_t)orders * 1024 + (64 << 20);
	config.store.map_limit_bytes = INT64_C(64) << 30;
	config.store.changes_kept = 10000;
	/* room for a list of all; memory that is not used is never touched */
	l.orders = calloc(orders, sizeof(*l.orders));
	l.changes = calloc(orders, sizeof(*l.changes));
	if (l.orders != NULL && l.changes != NULL &&
	    (e = apply_open(&config, &tables_builtin, &l.apply)) == ERR_OK) {
		if ((e = load(&l, (unsigned)orders)) == ERR_OK)
			e = report(&l, instant_monotonic() - start_ms);
		apply_close(l.apply);
	}
	free(l.orders);
	free(l.changes);
	if (e != ERR_OK)
		(void)fprintf(stderr, "bench/load: %s\n", err_text(e));
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
