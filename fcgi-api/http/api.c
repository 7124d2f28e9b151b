#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/replaced.h"
#include "fcgi-api/confine.h"
#include "fcgi-api/http/api.h"

#define STORE_RETRY_MS	250
#define STATUS_GONE	499	/* nginx's status for a client that did not wait */
#define STORE_LOOK_MS	1000	/* how long a worker may miss that the store was replaced */

static bool
tables_make(struct api *api)
{
	api->of_tables = calloc(api->tables->count, sizeof(*api->of_tables));
	for (size_t i = 0; api->of_tables != NULL && i < api->tables->count; i++) {
		struct api_table *t = &api->of_tables[i];

		t->schema = api->tables->list[i];
		if ((t->query = query_new(t->schema)) == NULL ||
		    (t->summaries = summary_cache_new()) == NULL)
			return false;
	}
	return api->of_tables != NULL;
}

static void
tables_free(struct api *api)
{
	for (size_t i = 0; api->of_tables != NULL && i < api->tables->count; i++) {
		summary_cache_free(api->of_tables[i].summaries);
		query_free(api->of_tables[i].query);
	}
	free(api->of_tables);
}

struct api *
api_new(const struct config *config, const struct docs *docs, const struct tables *tables)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return NULL;
	api->config = config;
	api->docs = docs;
	api->tables = tables;
	response_init(&api->response);
	if (!tables_make(api) || (api->pages = page_cache_new()) == NULL ||
	    (api->gzip = gzip_new()) == NULL) {
		api_free(api);
		return NULL;
	}
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	buf_free(&api->packed);
	gzip_free(api->gzip);
	page_cache_free(api->pages);
	tables_free(api);
	store_close(api->store);
	response_free(&api->response);
	free(api);
}

enum err
api_begin(struct api *api, char *const *envp, struct str body, enum err body_error)
{
	struct account *a = &api->account;
	enum err parsed;

	a->began_ns = counters_now();
	a->route = NULL;
	a->table = NULL;
	a->counter = COUNTERS_NONE;
	api_use_table(api, NULL);
	for (size_t i = 0; i < LIMITS_ASKED; i++)
		a->told[i].which = LIMIT_NONE;
	parsed = request_parse(&api->request, envp, body, body_error, &api->errors);
	a->method = api->request.method;
	log_request(api->request.id);
	response_begin(&api->response, a->method == METHOD_HEAD);
	return parsed;
}

void
api_use_table(struct api *api, struct api_table *own)
{
	api->own = own;
	api->table = own != NULL ? own->schema : NULL;
}

void
api_route_text(const char *route, const struct schema *table, char text[static ROUTE_TEXT_SIZE])
{
	static const char name[] = "{table}";
	const char *at = table != NULL ? strstr(route, name) : NULL;

	if (at == NULL)
		(void)snprintf(text, ROUTE_TEXT_SIZE, "%s", route);
	else
		(void)snprintf(text, ROUTE_TEXT_SIZE, "%.*s%s%s", (int)(at - route), route,
		    table->name, at + sizeof(name) - 1);
}

static size_t
method_index(enum method m)
{
	switch (m) {
	case METHOD_GET:
	case METHOD_HEAD:
		return 0;
	case METHOD_POST:
		return 1;
	case METHOD_PATCH:
		return 2;
	case METHOD_DELETE:
		return 3;
	case METHOD_OPTIONS:
	case METHOD_OTHER:
		break;
	}
	return COUNTERS_METHODS - 1;
}

static void
log_answer(const struct account *a, int status, int64_t ns, bool slow)
{
	static const char *const methods[COUNTERS_METHODS] = { "GET", "POST", "PATCH", "DELETE", "other" };
	char route[ROUTE_TEXT_SIZE];

	api_route_text(a->route != NULL ? a->route : "(no route)", a->table, route);
	(slow ? log_info : log_debug)("%s %s: %d, %lld.%03lld ms%s", methods[method_index(a->method)],
	    route, status, (long long)(ns / 1000000), (long long)(ns / 1000 % 1000), slow ? ", slow" : "");
}

void
api_account(struct api *api, const struct account *a, int status)
{
	int64_t slow_ns = api->config->log.slow_ms * 1000000;
	int64_t ns = counters_now() - a->began_ns;
	bool slow = slow_ns > 0 && ns >= slow_ns;

	if (api->counters != NULL)
		counters_request(api->counters, a->counter, method_index(a->method), status, ns);
	if (slow || log_enabled(LOG_DEBUG))
		log_answer(a, status, ns, slow);
}

static const char *
rows_name(const struct api *api)
{
	return api->table != NULL ? api->table->name : "rows";
}

static void
refuse(struct api *api, enum limit which, uint32_t weight, const struct ratelimit_verdict *v)
{
	if (api->counters != NULL)
		counter_add(&api->counters->limited[which]);
	if (weight > v->quota) {	/* it would have to wait for ever */
		(void)api_problem(api, ERR_TOO_LARGE, api_say(api,
		    "more %s than may be changed in a minute; send fewer at a time", rows_name(api)));
		return;
	}
	(void)api_problem(api, ERR_RATE_LIMITED, which == LIMIT_CHANGED_ORDERS ?
	    api_say(api, "too many %s have been changed within a minute", rows_name(api)) : NULL);
	response_header_uint(&api->response, "Retry-After", v->reset_s);
}

bool
api_within(struct api *api, enum limit which, uint32_t weight)
{
	struct limit_told *told = api->account.told;
	bool passes;

	if (api->limits == NULL || which == LIMIT_NONE)
		return true;
	if (told->which != LIMIT_NONE)	/* the route's limit was asked before */
		told++;
	passes = limits_take(api->limits, which, api->request.client, weight,
	    api->account.began_ns / 1000000, told);
	limits_tell(told, &api->response);
	if (!passes)
		refuse(api, which, weight, &told->verdict);
	return passes;
}

static enum err
store_try(struct api *api)
{
	int64_t now_ms = instant_monotonic();
	enum err e;

	if (now_ms < api->store_retry_ms)
		return ERR_STORE_UNAVAILABLE;
	api->store_retry_ms = now_ms + STORE_RETRY_MS;
	if ((e = store_open(api->config->store.path, api->tables, &api->store)) != ERR_OK)
		confine_renew();
	return e;
}

/* All that Airtable held then is in the request's table, or in each one; 0: not known. */
static int64_t
fresh_ms_of(const struct api *api)
{
	int64_t oldest = INT64_MAX;

	if (api->table != NULL)
		return store_fresh_ms(api->store, api->table);
	for (size_t i = 0; i < api->tables->count; i++) {
		int64_t fresh_ms = store_fresh_ms(api->store, api->tables->list[i]);

		oldest = fresh_ms < oldest ? fresh_ms : oldest;
	}
	return oldest;
}

/* Note the moment of the answer, and the age of its data then. */
static void
take_moment(struct api *api)
{
	int64_t fresh_ms = fresh_ms_of(api), age_ms;

	api->now_ms = instant_now();
	age_ms = api->now_ms > fresh_ms ? api->now_ms - fresh_ms : 0;
	api->response.data_age_s = fresh_ms == 0 ? -1 : age_ms / 1000;
}

static int64_t
loop_or_clock(const struct api *api)
{
	return api->loop != NULL ? loop_now(api->loop) : instant_monotonic();
}

static bool
look_is_due(const struct api *api, int64_t now_ms)
{
	return now_ms - api->store_looked_ms >= STORE_LOOK_MS;
}

bool
api_store_outdated(struct api *api)
{
	int64_t now_ms = loop_or_clock(api);

	if (api->store == NULL || !look_is_due(api, now_ms))
		return false;
	api->store_looked_ms = now_ms;
	return store_replaced(api->store);
}

enum err
api_snapshot(struct api *api)
{
	enum err e;

	if (!api->slow && api_store_outdated(api)) {
		log_info("store: replaced; opening the new one");
		store_close(api->store);
		api->store = NULL;
	}
	if (api->store == NULL && (e = store_try(api)) != ERR_OK)
		return e;
	e = store_begin(api->store);
	if (e == ERR_OK)
		take_moment(api);
	if (e == ERR_OK || e == ERR_STORE_READERS || e == ERR_NOMEM)
		return e;
	/* the files may have been replaced: start again with those that are there now */
	log_error("store: closed: %s", err_text(e));
	if (!api->slow) {	/* a slow thread's environment is shared */
		store_close(api->store);
		api->store = NULL;
	}
	return e;
}

bool
api_unmoved(struct api *api)
{
	if (api->slow || api->store == NULL || look_is_due(api, loop_or_clock(api)) ||
	    !store_unmoved(api->store))
		return false;
	take_moment(api);
	return true;
}

bool
api_filling(const struct api *api)
{
	if (api->table != NULL)
		return store_synced_ms(api->store, api->table) == 0;
	for (size_t i = 0; i < api->tables->count; i++)
		if (store_synced_ms(api->store, api->tables->list[i]) == 0)
			return true;
	return false;
}

void
api_release(struct api *api)
{
	if (api->store != NULL)
		store_end(api->store);
}

void
api_retry_after(struct api *api, int64_t ms)
{
	response_header_uint(&api->response, "Retry-After",
	    ms < 1000 ? 1 : (uint64_t)(ms + 999) / 1000);
}

const char *
api_say(struct api *api, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(api->said, sizeof(api->said), fmt, ap);	/* a longer one is cut */
	va_end(ap);
	return api->said;
}

enum outcome
api_problem(struct api *api, enum err e, const char *detail)
{
	problem_answer(&api->response, e, detail, &api->errors);
	if (api->response.status == 503)
		api_retry_after(api, 1000);
	else if (api->response.status == 500)
		log_error("request failed: %s", detail != NULL ? detail : err_text(e));
	return ANSWERED;
}

enum outcome
api_problem_told(struct api *api, enum err e, const char *detail, int64_t retry_ms)
{
	problem_answer(&api->response, e, detail[0] != '\0' ? detail : NULL, NULL);
	if (retry_ms > 0)
		api_retry_after(api, retry_ms);
	else if (api->response.status == 503)
		api_retry_after(api, 5000);
	return ANSWERED;
}

void
api_send(struct api *api, struct connection *connection, const struct account *account)
{
	static const char last_resort[] = "Status: 500 Internal Server Error\r\n"
	    "Content-Length: 0\r\n\r\n";
	struct str head, body;
	enum err e = response_finish(&api->response, &head, &body);

	if (e != ERR_OK) {
		log_error("answer not composed: %s", err_text(e));
		problem_answer(&api->response, ERR_INTERNAL, err_text(e), NULL);
		e = response_finish(&api->response, &head, &body);
	}
	if (e != ERR_OK) {
		head = str_of(last_resort);
		body = (struct str){ NULL, 0 };
	}
	connection_answer(connection, head, body);
	api_account(api, account, api->response.status);
}

static void
waiting_free(struct waiting *w)
{
	if (w->state_free != NULL)
		w->state_free(w->state);
	free(w);
}

static void
waiting_done(void *cookie, enum err e, const struct message_reply *reply)
{
	struct waiting *w = cookie;
	struct api *api = w->api;

	log_request(w->request_id);
	api->errors.count = 0;
	api_use_table(api, w->own);
	response_begin(&api->response, w->head_only);
	for (size_t i = 0; i < LIMITS_ASKED; i++)
		limits_tell(&w->account.told[i], &api->response);
	w->finish(api, w, e, reply);
	api_send(api, w->connection, &w->account);
	api_release(api);
	log_request(NULL);
	waiting_free(w);
}

static void
waiting_gone(void *cookie)
{
	struct waiting *w = cookie;

	syncd_link_cancel(w->api->link, w->call);
	api_account(w->api, &w->account, STATUS_GONE);
	waiting_free(w);
}

enum outcome
api_wait(struct api *api, int64_t timeout_ms, waiting_finish *finish, void *state,
    void (*state_free)(void *))
{
	const struct request *r = &api->request;
	struct str none = r->if_none_match;
	struct waiting *w = malloc(sizeof(*w)), now = {
		.api = api, .connection = api->connection, .finish = finish, .state = state,
		.state_free = state_free, .own = api->own, .head_only = r->method == METHOD_HEAD,
		.account = api->account
	};
	enum err e = ERR_NOMEM;

	memcpy(api->message.request_id, r->id, sizeof(api->message.request_id));
	memcpy(now.request_id, r->id, sizeof(now.request_id));
	if (none.len < sizeof(now.if_none_match))	/* a longer one never matches */
		memcpy(now.if_none_match, none.len > 0 ? none.ptr : "", none.len);
	if (w != NULL) {
		*w = now;
		e = syncd_link_request(api->link, &api->message,
		    loop_now(api->loop) + timeout_ms, waiting_done, w, &w->call);
	}
	api_release(api);	/* no snapshot is held while waiting */
	if (e == ERR_OK) {
		connection_park(api->connection, waiting_gone, w);
		return PARKED;
	}
	free(w);
	finish(api, &now, e, NULL);
	if (state_free != NULL)
		state_free(state);
	return ANSWERED;
}
