#include <stdio.h>

#include "fcgi-api/http/route.h"

typedef enum outcome handler(struct api *);

/*
 * "{table}" is any table that is served, and "{id}" any id.  Literal paths stand before
 * those with an id, so they win.
 */
static const struct route {
	const char	*path;
	handler		*get, *post, *patch, *remove;
	void		(*stream)(struct api *, struct sink *);	/* slow pool, GET */
	enum limit	 reads, changes;	/* of GET and HEAD; of the other methods */
} routes[] = {
	{ .path = "/api/{table}", .get = rows_list, .post = rows_create,
	    .patch = rows_patch_many, .reads = LIMIT_ORDERS_LIST,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/{table}/summary", .get = rows_summary,
	    .reads = LIMIT_ORDERS_SUMMARY },
	{ .path = "/api/{table}/summary/today", .get = rows_today,
	    .reads = LIMIT_ORDERS_SUMMARY },
	{ .path = "/api/orders/sync", .post = sync_start,
	    .changes = LIMIT_SYNC_ORDERS },
	{ .path = "/api/{table}/export.csv", .stream = rows_export_csv,
	    .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/{table}/export.xlsx", .stream = rows_export_xlsx,
	    .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/{table}/undo", .post = rows_undo_many,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/{table}/{id}", .get = rows_get, .patch = rows_patch,
	    .remove = rows_delete, .reads = LIMIT_GET_ORDER, .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/{table}/{id}/history", .get = rows_history,
	    .reads = LIMIT_GET_ORDER },
	{ .path = "/api/{table}/{id}/undo", .post = rows_undo,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/audit", .get = audit_get, .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/tables", .get = tables_get, .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/sync", .get = sync_get },
	{ .path = "/api/health", .get = health_get },
	{ .path = "/api/openapi.json", .get = openapi_get },
	{ .path = "/api/docs", .get = docs_get },
	{ .path = "/hooks/airtable", .post = hook_airtable },
	{ .path = "/health", .get = health_get },
	{ .path = "/docs", .get = docs_get },
	/* no client gets here: nginx asks, see nginx/orders.conf.in */
	{ .path = "/events-resume", .get = events_resume }
};

#define ROUTES	(sizeof(routes) / sizeof(routes[0]))
_Static_assert(ROUTES < COUNTERS_ROUTES, "a counter for each route, and one for unknown paths");

#define API_PREFIX	"/api/"
#define TABLE_PREFIX	"/api/{table}"	/* two parts, which table_of() has compared */
#define TABLE_SEGMENTS	2

/* Is its second part "{table}"?  All paths are longer than the prefix but /docs, which ends there. */
static bool
of_table(const struct route *route)
{
	return route->path[sizeof(API_PREFIX) - 1] == '{';
}

/* Are the parts of the request from ${i} on those of ${path}? */
static bool
matches(const char *path, const struct request *r, size_t i)
{
	for (; i < r->segment_count; i++) {
		struct str segment = r->segments[i];	/* without NUL */

		if (*path++ == '\0')
			return false;
		if (*path == '{')
			path = strchrnul(path, '/');
		else if (strncmp(path, segment.ptr, segment.len) == 0)
			path += segment.len;
		else
			return false;
		if (*path != '/' && *path != '\0')
			return false;
	}
	return *path == '\0';
}

static bool
is_literal(struct str name)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const char *path = routes[i].path;

		if (strncmp(path, API_PREFIX, sizeof(API_PREFIX) - 1) == 0 &&
		    str_is(name, path + sizeof(API_PREFIX) - 1))
			return true;
	}
	return false;
}

/* The table that the path names, if any. */
static struct api_table *
table_of(const struct api *api)
{
	const struct request *r = &api->request;

	if (r->segment_count < 2 || !str_is(r->segments[0], "api"))
		return NULL;
	for (size_t i = 0; i < api->tables->count; i++) {
		struct api_table *t = &api->of_tables[i];

		if (!str_is(r->segments[1], t->schema->name))
			continue;
		if (!t->looked) {
			t->hidden = is_literal(r->segments[1]);
			t->looked = true;
		}
		return t->hidden ? NULL : t;
	}
	return NULL;
}

static const struct route *
route_find(const struct api *api)
{
	const struct request *r = &api->request;

	for (const struct route *route = routes; route < routes + ROUTES; route++) {
		if (!of_table(route) ? matches(route->path, r, 0) : api->own != NULL &&
		    matches(route->path + sizeof(TABLE_PREFIX) - 1, r, TABLE_SEGMENTS))
			return route;
	}
	return NULL;
}

/* Each of the first tables has counters of its own; what is of no table is counted with the first. */
static size_t
counter_of(const struct api *api, const struct route *route)
{
	size_t i = (size_t)(route - routes), table = 0;

	if (of_table(route))
		table = (size_t)(api->own - api->of_tables);
	if (table >= COUNTERS_TABLES)
		table = COUNTERS_TABLES - 1;
	return table * COUNTERS_ROUTES + i;
}

static handler *
handler_of(const struct route *route, enum method m)
{
	switch (m) {
	case METHOD_GET:
	case METHOD_HEAD:
		return route->get;
	case METHOD_POST:
		return route->post;
	case METHOD_PATCH:
		return route->patch;
	case METHOD_DELETE:
		return route->remove;
	case METHOD_OPTIONS:
	case METHOD_OTHER:
		break;
	}
	return NULL;
}

static void
add_allow(struct api *api, const struct route *route)
{
	char allow[64];
	int n = snprintf(allow, sizeof(allow), "%s%s%s%sOPTIONS",
	    route->get != NULL || route->stream != NULL ? "GET, HEAD, " : "",
	    route->post != NULL ? "POST, " : "", route->patch != NULL ? "PATCH, " : "",
	    route->remove != NULL ? "DELETE, " : "");

	response_header(&api->response, "Allow", (struct str){ allow, (size_t)n });
}

/* OPTIONS, or a method that the path does not have. */
static enum outcome
other_method(struct api *api, const struct route *route)
{
	if (api->request.method == METHOD_OPTIONS)
		api->response.status = 204;
	else
		(void)api_problem(api, ERR_METHOD_NOT_ALLOWED, NULL);
	add_allow(api, route);
	return ANSWERED;
}

static const char *
parse_detail(enum err e)
{
	switch (e) {
	case ERR_TOO_LARGE:
		return "a body may have 1 MiB at most, an address 16 KiB";
	case ERR_NOT_FOUND:
		return "there is nothing at this path";
	case ERR_INVALID_BODY:
		return "the body does not have the length that Content-Length gives";
	default:
		return NULL;
	}
}

bool
route_name(size_t counter, const struct tables *tables, char text[static ROUTE_TEXT_SIZE])
{
	size_t i = counter % COUNTERS_ROUTES, table = counter / COUNTERS_ROUTES;
	bool shared = table == COUNTERS_TABLES - 1 && tables->count > COUNTERS_TABLES;

	if (i >= ROUTES || table >= tables->count || (table > 0 && !of_table(&routes[i])))
		return false;
	api_route_text(routes[i].path, shared ? NULL : tables->list[table], text);
	return true;
}

static bool
reads(const struct request *r)
{
	return r->method == METHOD_GET || r->method == METHOD_HEAD;
}

static bool
may_pass(struct api *api, const struct route *route)
{
	return api_within(api, reads(&api->request) ? route->reads : route->changes, 1);
}

enum outcome
route_run(struct api *api, enum err parsed, struct sink *sink)
{
	const struct request *r = &api->request;
	const struct route *route;
	handler *h;

	if (parsed != ERR_OK)
		return api_problem(api, parsed, parse_detail(parsed));
	api_use_table(api, table_of(api));
	if ((route = route_find(api)) == NULL || (route->stream != NULL) != (sink != NULL))
		return api_problem(api, ERR_NOT_FOUND, parse_detail(ERR_NOT_FOUND));
	api->account.route = route->path;
	api->account.table = api->table;
	api->account.counter = counter_of(api, route);
	if (route->stream != NULL && reads(r)) {
		if (may_pass(api, route))
			route->stream(api, sink);
		return ANSWERED;
	}
	if ((h = handler_of(route, r->method)) == NULL)
		return other_method(api, route);
	return may_pass(api, route) ? h(api) : ANSWERED;
}
