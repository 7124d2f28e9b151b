#include <stdio.h>

#include "fcgi-api/http/route.h"
#include "fcgi-api/metrics/metrics.h"
#include "fcgi-api/metrics/text.h"

#define REQUESTS	"orderdeck_http_requests_total"
#define SECONDS		"orderdeck_http_request_duration_seconds"
#define LIMITED		"orderdeck_http_limited_total"

static const char *const methods[COUNTERS_METHODS] = { "GET", "POST", "PATCH", "DELETE", "other" };

/* All processes' counters of a route and method. */
static void
sum_route(const struct counters *c, size_t route, size_t method, struct route_counters *sum)
{
	*sum = (struct route_counters){ .statuses = { 0 } };
	for (size_t b = 0; b < COUNTERS_BLOCKS; b++) {
		const struct route_counters *from = &c->blocks[b].routes[route][method];

		for (size_t i = 0; i < COUNTERS_STATUSES; i++)
			sum->statuses[i] += counter_read(&from->statuses[i]);
		histogram_merge(&sum->time, &from->time);
	}
}

static void
route_labels(struct buf *b, const char *name, size_t method)
{
	buf_printf(b, "route=\"%s\",method=\"%s\"", name, methods[method]);
}

/*
 * One pass gathers the counts in ${b} and the times in ${times}, as all values
 * of a metric must stand together.
 */
static void
add_method(struct buf *b, struct buf *times, const struct counters *c, size_t route, const char *name,
    size_t method)
{
	struct buf labels = { .data = NULL };
	struct route_counters sum;
	size_t plain;

	sum_route(c, route, method, &sum);
	if (histogram_count(&sum.time) == 0)
		return;
	route_labels(&labels, name, method);
	metric_histogram(times, SECONDS, buf_cstr(&labels), &sum.time);
	plain = labels.len;
	for (size_t i = 0; i < COUNTERS_STATUSES; i++) {
		int status = counters_status(i);

		if (sum.statuses[i] == 0)
			continue;
		labels.len = plain;
		if (status != 0)
			buf_printf(&labels, ",status=\"%d\"", status);
		else
			buf_add_cstr(&labels, ",status=\"other\"");
		metric_uint(b, REQUESTS, buf_cstr(&labels), sum.statuses[i]);
	}
	buf_free(&labels);
}

static void
add_route(struct buf *b, struct buf *times, const struct counters *c, size_t route,
    const struct tables *tables)
{
	char name[ROUTE_TEXT_SIZE] = "none";

	if (route != COUNTERS_NONE && !route_name(route, tables, name))
		return;
	for (size_t method = 0; method < COUNTERS_METHODS; method++)
		add_method(b, times, c, route, name, method);
}

static void
add_limited(struct buf *b, const struct counters *c)
{
	metric_begin(b, LIMITED, "counter", "Requests refused by a limit of the API.");
	for (enum limit l = LIMIT_NONE + 1; l < LIMITS; l++) {
		char labels[64];
		uint64_t n = 0;

		for (size_t i = 0; i < COUNTERS_BLOCKS; i++)
			n += counter_read(&c->blocks[i].limited[l]);
		(void)snprintf(labels, sizeof(labels), "limit=\"%s\"", limit_name(l));
		metric_uint(b, LIMITED, labels, n);
	}
}

void
metrics_add_workers(struct buf *b, const struct counters *c, const struct tables *tables)
{
	struct buf times = { .data = NULL };

	metric_begin(b, REQUESTS, "counter",
	    "Requests answered by the workers; 499: the client had gone.");
	for (size_t route = 0; route < COUNTERS_ALL; route++)
		add_route(b, &times, c, route, tables);
	metric_begin(b, SECONDS, "histogram",
	    "From a request's arrival in a worker to its answer, waiting for Airtable included.");
	buf_add_str(b, buf_str(&times));
	buf_free(&times);
	add_limited(b, c);
	metric_one(b, "orderdeck_workers", "gauge", "Worker processes alive, the slow pool among them.",
	    (double)counter_read(&c->workers));
	metric_one(b, "orderdeck_workers_started_total", "counter", "Worker processes started.",
	    (double)counter_read(&c->started));
	metric_one(b, "orderdeck_workers_died_total", "counter",
	    "Worker processes that ended without being told to.", (double)counter_read(&c->died));
}
