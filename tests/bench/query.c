#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "common/base/log.h"
#include "common/query/query.h"
#include "common/store/columns.h"
#include "tests/lib/orders_made.h"

/*
 * bench/query DIR RUNS QUERY...: what the list engine costs, without HTTP.
 * Each QUERY ("page=7&sort=-orderTotal", "-" for none; page=random is another
 * page every time) is asked of DIR/store RUNS times: a new snapshot,
 * query_parse(), query_run(), and the rows copied into a buffer.  Prints one
 * JSON object for each query with the CPU time of one run; under callgrind, it
 * dumps the instructions of the RUNS under the query's name.
 *
 * Also measures "bound-filter" and "bound-search": the plainest loops over the
 * same column bytes, laid out without gaps.
 */
#define PARAMS_MAX	16
#define QUERY_TEXT_MAX	512
#define WARM		20	/* runs before those that count */
#define ROUNDS		5	/* of which the fastest counts */

struct bench {
	struct store		*store;
	struct query		*query;
	struct query_page	 page;
	struct row_view		 rows[QUERY_PAGE_SIZE_MAX];
	struct buf		 body;
	struct field_errors	 errors;
	char			 text[QUERY_TEXT_MAX];
	struct param		 params[PARAMS_MAX];
	size_t			 count;
	struct param		*random;	/* the page number that changes, or NULL */
	char			 number[24];
	uint64_t		 seed;
};

static double
cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static bool
split(struct bench *b, const char *text)
{
	b->count = 0;
	b->random = NULL;
	if (strlen(text) >= sizeof(b->text))
		return false;
	(void)strcpy(b->text, strcmp(text, "-") == 0 ? "" : text);
	for (char *save, *p = strtok_r(b->text, "&", &save); p != NULL; p = strtok_r(NULL, "&", &save)) {
		char *equals = strchr(p, '=');

		if (equals == NULL || b->count == PARAMS_MAX)
			return false;
		b->params[b->count] = (struct param){ { p, (size_t)(equals - p) }, str_of(equals + 1) };
		if (str_is(b->params[b->count].name, "page") && str_is(b->params[b->count].value, "random"))
			b->random = &b->params[b->count];
		b->count++;
	}
	return true;
}

/* One request, as a worker answers it. */
static enum err
ask(struct bench *b)
{
	enum err e;

	if ((e = store_begin(b->store)) != ERR_OK ||
	    (e = query_parse(b->query, b->store, b->params, b->count, true, &b->errors)) != ERR_OK ||
	    (e = query_run(b->query, b->store, &b->page)) != ERR_OK ||
	    (e = store_rows(b->store, &orders_schema, b->page.rows, b->page.count, b->rows)) != ERR_OK)
		return e;
	buf_clear(&b->body);
	for (size_t i = 0; i < b->page.count; i++) {
		if (i > 0)
			buf_add_char(&b->body, ',');
		buf_add_str(&b->body, b->rows[i].json);
	}
	return buf_status(&b->body);
}

static enum err
ask_many(struct bench *b, unsigned runs, uint64_t pages)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < runs && e == ERR_OK; i++) {
		if (b->random != NULL) {
			(void)snprintf(b->number, sizeof(b->number), "%" PRIu64,
			    1 + made_random(&b->seed, pages));
			b->random->value = str_of(b->number);
		}
		CALLGRIND_TOGGLE_COLLECT;
		e = ask(b);
		CALLGRIND_TOGGLE_COLLECT;
	}
	return e;
}

static enum err
measure(struct bench *b, const char *text, unsigned runs)
{
	unsigned rounds = RUNNING_ON_VALGRIND ? 1 : ROUNDS;
	double best = 0;
	uint64_t pages;
	enum err e;

	if (!split(b, text))
		return ERR_INVALID_PARAMETER;
	if (b->random != NULL)
		b->random->value = STR("1");
	if ((e = ask(b)) != ERR_OK)
		return e;
	pages = b->page.total_pages;
	/* random pages touch the whole store: run until the processor and the reader know most of it */
	if ((e = ask_many(b, b->random != NULL ? WARM + (unsigned)(b->page.total / 100) :
	    runs < WARM ? runs : WARM, pages)) != ERR_OK)
		return e;
	CALLGRIND_ZERO_STATS;
	for (unsigned i = 0; i < rounds; i++) {
		double start = cpu_ns(), took;

		if ((e = ask_many(b, runs, pages)) != ERR_OK)
			return e;
		took = (cpu_ns() - start) / runs;
		best = i == 0 || took < best ? took : best;
	}
	CALLGRIND_DUMP_STATS_AT(text);
	(void)printf("{\"query\":\"%s\",\"microseconds\":%.3f,\"total\":%" PRIu64
	    ",\"rows\":%zu,\"bytes\":%zu}\n", text, best / 1e3, b->page.total, b->page.count,
	    b->body.len);
	return ERR_OK;
}

/* ---- the bounds ---------------------------------------------------------- */

/* All segments of a field, one after another, without the first ${skip} bytes of each. */
static enum err
gather(struct bench *b, unsigned field, size_t skip, struct buf *out)
{
	uint32_t segments = (store_rows_end(b->store, &orders_schema) + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;

	for (uint32_t s = 0; s < segments; s++) {
		struct str bytes;
		enum err e = column_segment(store_txn(b->store), store_table(store_databases(b->store), &orders_schema)->columns,
		    &orders_schema, field, s, &bytes);

		if (e != ERR_OK)
			return db_tell(store_txn(b->store), "column", e);
		buf_add(out, bytes.ptr + skip, bytes.len - skip);
	}
	return buf_status(out);
}

static size_t
scan_bytes(struct str status, struct str priority)
{
	size_t n = 0;

	for (size_t i = 0; i < status.len; i++)
		n += (size_t)(status.ptr[i] == 1) & (size_t)(priority.ptr[i] == 3);
	return n;
}

static size_t
scan_text(struct str text, struct str term)
{
	const char *p = text.ptr, *end = text.ptr + text.len;
	size_t n = 0;

	while ((p = memmem(p, (size_t)(end - p), term.ptr, term.len)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static enum err
bound(struct bench *b, const char *name)
{
	bool filter = strcmp(name, "bound-filter") == 0;
	struct buf one = { 0 }, two = { 0 };
	size_t skip = filter ? 0 : COLUMN_ENDS_BYTES, hits = 0;
	double best = 0;
	enum err e;

	if ((e = store_begin(b->store)) == ERR_OK &&
	    (e = gather(b, filter ? ORDER_STATUS : ORDER_ORDER_ID, skip, &one)) == ERR_OK)
		e = gather(b, filter ? ORDER_PRIORITY : ORDER_CUSTOMER, skip, &two);
	for (unsigned i = 0; i < WARM && e == ERR_OK; i++) {
		double start = cpu_ns(), took;

		hits = filter ? scan_bytes(buf_str(&one), buf_str(&two)) :
		    scan_text(buf_str(&one), STR("zzqx")) + scan_text(buf_str(&two), STR("zzqx"));
		took = cpu_ns() - start;
		best = i == 0 || took < best ? took : best;
	}
	if (e == ERR_OK)
		(void)printf("{\"query\":\"%s\",\"microseconds\":%.3f,\"total\":%zu,\"rows\":0,\"bytes\":0}\n",
		    name, best / 1e3, hits);
	buf_free(&one);
	buf_free(&two);
	return e;
}

int
main(int argc, char **argv)
{
	static struct bench b = { .seed = 3 };
	unsigned long runs = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	static struct config config;
	enum err e;

	if (runs == 0 || runs > 1000000 || strlen(argv[1]) > CONFIG_TEXT_MAX - 16) {
		(void)fprintf(stderr, "usage: bench/query DIR RUNS QUERY|bound-filter|bound-search...\n");
		return 2;
	}
	made_config(&config, argv[1]);
	if (log_open("bench/query", NULL, LOG_WARN, LOG_LOGFMT) == -1 ||
	    (b.query = query_new(&orders_schema)) == NULL)
		return EXIT_FAILURE;
	e = store_open(config.store.path, &tables_builtin, &b.store);
	for (int i = 3; i < argc && e == ERR_OK; i++) {
		e = strncmp(argv[i], "bound-", 6) == 0 ? bound(&b, argv[i]) :
		    measure(&b, argv[i], (unsigned)runs);
		if (e != ERR_OK)
			(void)fprintf(stderr, "bench/query: %s: %s\n", argv[i], err_text(e));
	}
	store_close(b.store);
	query_free(b.query);
	buf_free(&b.body);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
