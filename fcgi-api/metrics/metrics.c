#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/version.h"
#include "common/store/outbox.h"
#include "common/store/stats.h"
#include "fcgi-api/metrics/metrics.h"
#include "fcgi-api/metrics/text.h"

#define STATUS_MS	2000	/* Prometheus waits for ten seconds */

/* nginx's own numbers. */
static const struct {
	const char	*param, *name, *labels;
} told[] = {
	{ "CONNECTIONS_ACTIVE=", "orderdeck_nginx_connections", "state=\"active\"" },
	{ "CONNECTIONS_READING=", "orderdeck_nginx_connections", "state=\"reading\"" },
	{ "CONNECTIONS_WRITING=", "orderdeck_nginx_connections", "state=\"writing\"" },
	{ "CONNECTIONS_WAITING=", "orderdeck_nginx_connections", "state=\"waiting\"" },
	{ "SUBSCRIBERS=", "orderdeck_subscribers", NULL }
};
#define TOLD	(sizeof(told) / sizeof(told[0]))

/* What must outlive the request until syncd has answered. */
struct asked {
	const struct counters	*counters;
	int64_t			 nginx[TOLD];	/* -1: not given */
};

static int64_t
told_number(char *const *envp, const char *param)
{
	size_t len = strlen(param);
	int64_t n = 0;

	for (; *envp != NULL; envp++) {
		if (strncmp(*envp, param, len) != 0)
			continue;
		for (const char *p = *envp + len; *p != '\0'; p++) {
			if (*p < '0' || *p > '9' || n > INT32_MAX)
				return -1;
			n = n * 10 + (*p - '0');
		}
		return (*envp)[len] != '\0' ? n : -1;
	}
	return -1;
}

static void
add_nginx(struct buf *b, const struct asked *a)
{
	const char *before = "";

	for (size_t i = 0; i < TOLD; i++) {
		if (a->nginx[i] < 0)
			continue;
		if (strcmp(before, told[i].name) != 0)
			metric_begin(b, told[i].name, "gauge", i + 1 == TOLD ?
			    "Browsers that listen for changes." : "Connections at the web server.");
		before = told[i].name;
		metric_uint(b, told[i].name, told[i].labels, (uint64_t)a->nginx[i]);
	}
}

static void
add_store(struct buf *b, struct store *st, const struct config *config)
{
	int64_t synced_ms = store_synced_ms(st, &orders_schema), fresh_ms = store_fresh_ms(st, &orders_schema);
	int64_t age_ms = instant_now() - fresh_ms;
	struct store_stats s;

	store_stats(st, &s);
	metric_one(b, "orderdeck_generation", "gauge", "The store's commit number.",
	    (double)store_generation(st));
	metric_one(b, "orderdeck_orders", "gauge", "Orders in the store.",
	    (double)store_row_count(st, &orders_schema));
	metric_one(b, "orderdeck_synced_timestamp_seconds", "gauge",
	    "Start of the last complete full sync; 0: none yet.",
	    (double)synced_ms / 1000);
	metric_one(b, "orderdeck_fresh_timestamp_seconds", "gauge",
	    "All that Airtable held then is in the store, by a full sync or the feed; 0: not known.",
	    (double)fresh_ms / 1000);
	if (fresh_ms != 0)
		metric_one(b, "orderdeck_staleness_seconds", "gauge", "Age of the data.",
		    age_ms > 0 ? (double)age_ms / 1000 : 0);
	metric_one(b, "orderdeck_orders_pending", "gauge",
	    "Orders that are shown with changes not yet confirmed.", (double)outbox_pending(st, &orders_schema));
	metric_one(b, "orderdeck_store_page_bytes", "gauge", "Size of a page of the store.",
	    (double)s.page_bytes);
	metric_one(b, "orderdeck_store_pages", "gauge",
	    "Pages of the store's file in use, or free to be used again.", (double)s.pages);
	metric_one(b, "orderdeck_store_map_bytes", "gauge", "Size of the store's map.",
	    (double)s.map_bytes);
	metric_one(b, "orderdeck_store_limit_bytes", "gauge",
	    "Size to which the map may grow (store.map_limit).", (double)config->store.map_limit_bytes);
	metric_one(b, "orderdeck_history_entries", "gauge", "Changes in the history.",
	    (double)s.history);
	metric_one(b, "orderdeck_store_readers", "gauge", "Reader slots taken so far.",
	    (double)s.readers);
	metric_one(b, "orderdeck_store_readers_max", "gauge", "Reader slots that exist.",
	    (double)s.readers_max);
	metric_one(b, "orderdeck_store_reader_lag", "gauge",
	    "Commits since the oldest snapshot that is being read.", (double)s.oldest_lag);
}

static void
metrics_finish(struct api *api, const struct waiting *w, enum err e,
    const struct message_reply *reply)
{
	const struct asked *a = w->state;
	struct response *r = &api->response;
	struct buf *b = &r->own;
	cJSON *status = NULL;
	bool up;

	if (e == ERR_OK && reply->err == ERR_OK)
		status = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
	metric_begin(b, "orderdeck_info", "gauge", "Always 1; the label is the version.");
	metric_uint(b, "orderdeck_info", "version=\"" ORDERDECK_VERSION "\"", 1);
	if (a->counters != NULL)
		metrics_add_workers(b, a->counters, api->tables);
	up = api_snapshot(api) == ERR_OK;
	metric_one(b, "orderdeck_store_up", "gauge", "1 when the store can be read.", up);
	if (up)
		add_store(b, api->store, api->config);
	metrics_add_syncd(b, status);
	add_nginx(b, a);
	cJSON_Delete(status);
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	response_header(r, "Cache-Control", STR("no-store"));
}

enum outcome
metrics_answer(struct api *api, char *const *envp, const struct counters *counters)
{
	struct asked *a = malloc(sizeof(*a));

	if (a == NULL)
		return api_problem(api, ERR_NOMEM, NULL);
	a->counters = counters;
	for (size_t i = 0; i < TOLD; i++)
		a->nginx[i] = told_number(envp, told[i].param);
	api->message.type = MESSAGE_STATUS;
	return api_wait(api, STATUS_MS, metrics_finish, a, free);
}
