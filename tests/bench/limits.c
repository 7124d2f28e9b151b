/*
 * What limits and counting cost a request, in ns.  With the argument
 * "callgrind", run under callgrind, each measurement's instructions are dumped
 * under its name instead, for ROUNDS_COUNTED requests.
 */
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "fcgi-api/http/counters.h"

#define ROUNDS	1000000
#define ROUNDS_COUNTED	10000

struct bench {
	struct limits		 limits;
	struct counters		*counters;
	struct response		 response;
	char			 addresses[1 << 16][24];
};
static struct bench b;

/* What a worker does for each request: check the limit, count the answer. */
static void
limited_request(size_t i, int64_t now_ms)
{
	struct limit_told told = { .which = LIMIT_NONE };

	response_begin(&b.response, false);
	(void)limits_take(&b.limits, LIMIT_ORDERS_LIST, str_of(b.addresses[i]), 1, now_ms, &told);
	limits_tell(&told, &b.response);
}

static void
counted_request(size_t i, int64_t now_ms)
{
	int64_t began_ns = counters_now();

	(void)now_ms;
	counters_request(&b.counters->blocks[0], i % 4, 0, 200, counters_now() - began_ns);
}

static double
measure(const char *what, void (*request)(size_t, int64_t), size_t clients, int64_t rounds)
{
	int64_t began = counters_now(), ns;

	CALLGRIND_ZERO_STATS;
	for (int64_t i = 0; i < rounds; i++)
		request((size_t)(i * 7919) % clients, 1000000 + i / 20);
	CALLGRIND_DUMP_STATS_AT(what);
	ns = counters_now() - began;
	(void)printf("%-44s %7.1f ns\n", what, (double)ns / (double)rounds);
	return (double)ns / (double)rounds;
}

static void
configure(bool enabled, int64_t quota)
{
	struct config c = { .limits = { .enabled = enabled, .orders_list = quota,
	    .orders_summary = 1, .get_order = 1, .update_order = 1, .sync_orders = 1 } };

	limits_configure(&b.limits, &c);
}

/* Two processes at once for one client, so that both take the same lock. */
static double
measure_contended(void)
{
	pid_t pid = fork();
	double ns;

	if (pid == 0) {
		for (int64_t i = 0; i < ROUNDS; i++)
			limited_request(0, 1000000 + i / 20);
		_exit(0);
	}
	ns = measure("limited, one client through two processes", limited_request, 1, ROUNDS);
	(void)waitpid(pid, NULL, 0);
	return ns;
}

int
main(int argc, char **argv)
{
	int64_t rounds = argc > 1 && strcmp(argv[1], "callgrind") == 0 ? ROUNDS_COUNTED : ROUNDS;
	double off, on;

	response_init(&b.response);
	for (size_t i = 0; i < sizeof(b.addresses) / sizeof(b.addresses[0]); i++)
		(void)snprintf(b.addresses[i], sizeof(b.addresses[i]), "10.%zu.%zu.7", i >> 8, i & 255);
	if ((b.counters = counters_new()) == NULL)
		return EXIT_FAILURE;
	configure(false, 100);
	off = measure("limits off", limited_request, 1000, rounds);
	configure(true, 100);
	on = measure("limited, one client, mostly refused", limited_request, 1, rounds);
	(void)measure("limited, 1,000 clients", limited_request, 1000, rounds);
	(void)measure("limited, 65,536 clients: places run out", limited_request, 65536, rounds);
	configure(true, 1000000);
	(void)measure("limited, 1,000,000/minute, one client", limited_request, 1, rounds);
	(void)measure("counted, with both looks at the clock", counted_request, 1, rounds);
	if (argc == 1)
		(void)measure_contended();
	limits_free(&b.limits);
	counters_free(b.counters);
	response_free(&b.response);
	(void)printf("a limit costs %.1f ns a request (300 are allowed): %s\n", on - off,
	    on - off < 300 ? "holds" : "MISSED");
	return on - off < 300 ? EXIT_SUCCESS : EXIT_FAILURE;
}
