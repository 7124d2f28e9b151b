#include <stdio.h>

#include "fcgi-api/http/route.h"

typedef enum outcome handler(struct api *);

/* Literal paths stand before those with an id, so they win. */
static const struct route {
	const char	*path;		/* a part "{id}" is any id */
	handler		*get, *post, *patch, *remove;
	void		(*stream)(struct api *, struct sink *);	/* slow pool, GET */
	enum limit	 reads, changes;	/* of GET and HEAD; of the other methods */
} routes[] = {
	{ .path = "/api/orders", .get = orders_list, .post = orders_create,
	    .patch = orders_patch_many, .reads = LIMIT_ORDERS_LIST,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/orders/summary", .get = orders_summary,
	    .reads = LIMIT_ORDERS_SUMMARY },
	{ .path = "/api/orders/summary/today", .get = orders_today,
	    .reads = LIMIT_ORDERS_SUMMARY },
	{ .path = "/api/orders/sync", .post = sync_start,
	    .changes = LIMIT_SYNC_ORDERS },
	{ .path = "/api/orders/export.csv", .stream = orders_export_csv,
	    .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/orders/export.xlsx", .stream = orders_export_xlsx,
	    .reads = LIMIT_ORDERS_LIST },
	{ .path = "/api/orders/undo", .post = orders_undo_many,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/orders/{id}", .get = orders_get, .patch = orders_patch,
	    .remove = orders_delete, .reads = LIMIT_GET_ORDER, .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/orders/{id}/history", .get = orders_history,
	    .reads = LIMIT_GET_ORDER },
	{ .path = "/api/orders/{id}/undo", .post = orders_undo,
	    .changes = LIMIT_UPDATE_ORDER },
	{ .path = "/api/audit", .get = audit_get, .reads = LIMIT_ORDERS_LIST },
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

static bool
matches(const char *path, const struct request *r)
{
	for (size_t i = 0; i < r->segment_count; i++) {
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

static const struct route *
route_find(const struct request *r)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (matches(routes[i].path, r))
			return &routes[i];
	return NULL;
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

const char *
route_name(size_t counter)
{
	return counter < ROUTES ? routes[counter].path : NULL;
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
	if ((route = route_find(r)) == NULL || (route->stream != NULL) != (sink != NULL))
		return api_problem(api, ERR_NOT_FOUND, parse_detail(ERR_NOT_FOUND));
	api->account.route = route->path;
	api->account.counter = (size_t)(route - routes);
	if (route->stream != NULL && reads(r)) {
		if (may_pass(api, route))
			route->stream(api, sink);
		return ANSWERED;
	}
	if ((h = handler_of(route, r->method)) == NULL)
		return other_method(api, route);
	return may_pass(api, route) ? h(api) : ANSWERED;
}
