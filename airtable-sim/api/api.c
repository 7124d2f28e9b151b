#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/api/api.h"
#include "airtable-sim/api/call.h"

/* Below /v0.  ":base", ":record" and other ids match well-formed ids only, ":table" anything. */
static const struct route {
	const char	*method;
	const char	*path[SIM_SEGMENTS_MAX];
	unsigned	 scope;
	sim_handler	*handler;
} routes[] = {
	{ "GET", { "bases", ":base", "webhooks" }, SIM_SCOPE_WEBHOOK, sim_webhooks_list },
	{ "POST", { "bases", ":base", "webhooks" }, SIM_SCOPE_WEBHOOK, sim_webhooks_create },
	{ "DELETE", { "bases", ":base", "webhooks", ":webhook" }, SIM_SCOPE_WEBHOOK,
	    sim_webhooks_delete },
	{ "GET", { "bases", ":base", "webhooks", ":webhook", "payloads" }, SIM_SCOPE_WEBHOOK,
	    sim_webhooks_payloads },
	{ "POST", { "bases", ":base", "webhooks", ":webhook", "refresh" }, SIM_SCOPE_WEBHOOK,
	    sim_webhooks_refresh },
	{ "POST", { "bases", ":base", "webhooks", ":webhook", "enableNotifications" },
	    SIM_SCOPE_WEBHOOK, sim_webhooks_toggle },
	{ "GET", { "meta", "whoami" }, SIM_SCOPE_NONE, sim_meta_whoami },
	{ "GET", { "meta", "bases" }, SIM_SCOPE_SCHEMA_READ, sim_meta_bases },
	{ "GET", { "meta", "bases", ":base", "tables" }, SIM_SCOPE_SCHEMA_READ, sim_meta_tables },
	{ "POST", { "meta", "bases", ":base", "tables" }, SIM_SCOPE_SCHEMA_WRITE,
	    sim_meta_create_table },
	{ "PATCH", { "meta", "bases", ":base", "tables", ":table" }, SIM_SCOPE_SCHEMA_WRITE,
	    sim_meta_update_table },
	{ "POST", { "meta", "bases", ":base", "tables", ":table", "fields" },
	    SIM_SCOPE_SCHEMA_WRITE, sim_meta_create_field },
	{ "PATCH", { "meta", "bases", ":base", "tables", ":table", "fields", ":field" },
	    SIM_SCOPE_SCHEMA_WRITE, sim_meta_update_field },
	{ "GET", { ":base", ":table" }, SIM_SCOPE_RECORDS_READ, sim_list_records },
	{ "POST", { ":base", ":table", "listRecords" }, SIM_SCOPE_RECORDS_READ, sim_list_records },
	{ "GET", { ":base", ":table", ":record" }, SIM_SCOPE_RECORDS_READ, sim_get_record },
	{ "GET", { ":base", ":table", ":record", "comments" }, SIM_SCOPE_COMMENTS_READ,
	    sim_comments_list },
	{ "POST", { ":base", ":table", ":record", "comments" }, SIM_SCOPE_COMMENTS_WRITE,
	    sim_comments_create },
	{ "PATCH", { ":base", ":table", ":record", "comments", ":comment" },
	    SIM_SCOPE_COMMENTS_WRITE, sim_comments_update },
	{ "DELETE", { ":base", ":table", ":record", "comments", ":comment" },
	    SIM_SCOPE_COMMENTS_WRITE, sim_comments_delete },
	{ "POST", { ":base", ":table" }, SIM_SCOPE_RECORDS_WRITE, sim_create_records },
	{ "PATCH", { ":base", ":table" }, SIM_SCOPE_RECORDS_WRITE, sim_update_records },
	{ "PUT", { ":base", ":table" }, SIM_SCOPE_RECORDS_WRITE, sim_update_records },
	{ "PATCH", { ":base", ":table", ":record" }, SIM_SCOPE_RECORDS_WRITE, sim_update_record },
	{ "PUT", { ":base", ":table", ":record" }, SIM_SCOPE_RECORDS_WRITE, sim_update_record },
	{ "DELETE", { ":base", ":table" }, SIM_SCOPE_RECORDS_WRITE, sim_delete_records },
	{ "DELETE", { ":base", ":table", ":record" }, SIM_SCOPE_RECORDS_WRITE, sim_delete_record },
};

/* What the placeholders of a route stood for. */
struct names {
	struct str	base, table, record, field, webhook, comment;
};

/* Placeholders for ids: how these begin, and where the name goes. */
static const struct placeholder {
	const char	*pattern, *prefix;
	size_t		 at;
} placeholders[] = {
	{ ":base", "app", offsetof(struct names, base) },
	{ ":record", "rec", offsetof(struct names, record) },
	{ ":field", "fld", offsetof(struct names, field) },
	{ ":webhook", "ach", offsetof(struct names, webhook) },
	{ ":comment", "com", offsetof(struct names, comment) },
};

static bool
match_segment(const char *pattern, struct str s, struct names *n)
{
	if (pattern[0] != ':')
		return str_is(s, pattern);
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		if (strcmp(pattern, placeholders[i].pattern) == 0) {
			memcpy((char *)n + placeholders[i].at, &s, sizeof(s));
			return sim_id_valid(s, placeholders[i].prefix);
		}
	n->table = s;
	return true;
}

static const struct route *
find_route(const struct sim_request *q, struct names *n)
{
	for (size_t r = 0; r < sizeof(routes) / sizeof(routes[0]); r++) {
		const struct route *route = &routes[r];
		size_t i = 0;

		*n = (struct names){ 0 };
		if (strcmp(route->method, q->method) != 0 || q->uri.path_count < 1 ||
		    !str_is(q->uri.path[0], "v0"))
			continue;
		while (i < SIM_SEGMENTS_MAX && route->path[i] != NULL &&
		    i + 1 < q->uri.path_count &&
		    match_segment(route->path[i], q->uri.path[i + 1], n))
			i++;
		if (i + 1 == q->uri.path_count && (i == SIM_SEGMENTS_MAX || route->path[i] == NULL))
			return route;
	}
	return NULL;
}

struct str
sim_request_token(const struct sim_request *q)
{
	static const char scheme[] = "Bearer ";
	size_t n = sizeof(scheme) - 1;

	if (q->authorization == NULL || strncasecmp(q->authorization, scheme, n) != 0)
		return STR("");
	return str_of(q->authorization + n);
}

bool
sim_request_of_base(const struct sim_request *q, const char *base_id)
{
	for (size_t i = 1; i < q->uri.path_count && i < 4; i++)
		if (str_is(q->uri.path[i], base_id))
			return true;
	return false;
}

bool
sim_request_is_webhook(const struct sim_request *q)
{
	return q->uri.path_count > 3 && str_is(q->uri.path[1], "bases") &&
	    str_is(q->uri.path[3], "webhooks");
}

bool
sim_request_is_meta(const struct sim_request *q)
{
	return q->uri.path_count > 1 && str_is(q->uri.path[1], "meta");
}

bool
sim_request_is_preflight(const struct sim_request *q)
{
	return strcmp(q->method, "OPTIONS") == 0 && q->uri.path_count > 0 &&
	    str_is(q->uri.path[0], "v0");
}

/* NULL with the error in the reply when the token may not do this. */
static const struct sim_token *
check_token(struct sim_state *s, const struct sim_request *q, struct sim_reply *reply)
{
	struct str text = sim_request_token(q);

	if (text.len == 0) {
		sim_reply_errorf(reply, 401, "AUTHENTICATION_REQUIRED", "Authentication required");
		return NULL;
	}
	for (size_t i = 0; i < s->token_count && s->settings.token_valid; i++)
		if (str_is(text, s->tokens[i].text) && s->tokens[i].valid)
			return &s->tokens[i];
	sim_reply_errorf(reply, 401, "UNAUTHORIZED", "Invalid authentication token");
	return NULL;
}

static bool
may_see_base(const struct sim_state *s, const struct sim_token *token, struct str base)
{
	if (!str_is(base, s->base->id))
		return false;
	for (size_t i = 0; i < token->base_count; i++)
		if (str_is(base, token->bases[i]))
			return true;
	return token->base_count == 0;
}

static void
unknown_model(const struct sim_settings *s, struct sim_reply *reply, const char *what)
{
	if (s->unknown_model_status == 403)
		sim_reply_forbidden(reply);
	else
		sim_reply_errorf(reply, 404, "MODEL_ID_NOT_FOUND", "%s not found", what);
}

/* Scope, base and table; false with the error in the reply. */
static bool
authorise(struct sim_state *s, const struct sim_request *q, const struct route *route,
    const struct names *n, struct sim_call *call, struct sim_reply *reply)
{
	const struct sim_token *token = check_token(s, q, reply);

	if (token == NULL)
		return false;
	if (n->base.len > 0 && !may_see_base(s, token, n->base)) {
		unknown_model(&s->settings, reply, "Base");
		return false;
	}
	call->scopes = token->scopes;
	if ((token->scopes & route->scope) != route->scope) {
		sim_reply_forbidden(reply);
		return false;
	}
	if (n->table.len > 0 && (call->table = sim_base_table(s->base, n->table)) == NULL) {
		unknown_model(&s->settings, reply, "Table");
		return false;
	}
	return true;
}

static bool
read_body(struct sim_state *s, const struct sim_request *q, const struct route *route,
    cJSON **body, struct sim_reply *reply)
{
	static const char json[] = "application/json";

	if (strcmp(q->method, "GET") == 0 || strcmp(q->method, "DELETE") == 0 ||
	    route->handler == sim_webhooks_refresh)	/* a POST that has none */
		return true;
	if (q->content_type != NULL &&
	    strncasecmp(q->content_type, json, sizeof(json) - 1) == 0 && q->body.len > 0)
		*body = cJSON_ParseWithLength(q->body.ptr, q->body.len);
	if (*body != NULL)
		return true;
	sim_reply_errorf(reply, (int)s->settings.bad_json_status, "INVALID_REQUEST_BODY",
	    "Could not parse request body");
	return false;
}

static bool
url_too_long(const struct sim_request *q)
{
	size_t host = q->host == NULL ? 0 : strlen(q->host);

	return strlen("https://") + host + strlen(q->target) > SIM_URL_MAX;
}

static struct sim_action
api_action(struct sim_state *s, int64_t now_ms)
{
	struct sim_action a = { .webhooks = &s->webhooks, .base = s->base, .settings = &s->settings,
	    .now_ms = now_ms, .source = SIM_FROM_API };

	if (s->settings.api_user)
		a.user = (struct sim_user){ SIM_USER_ID, SIM_USER_NAME, SIM_USER_EMAIL };
	return a;
}

void
sim_api_serve(struct sim_state *s, const struct sim_request *q, int64_t now_ms,
    struct sim_reply *reply)
{
	struct sim_action action = api_action(s, now_ms);
	struct sim_call call = { .method = q->method, .uri = &q->uri, .now_ms = now_ms,
	    .settings = &s->settings, .base = s->base, .iterators = &s->iterators,
	    .webhooks = &s->webhooks, .action = &action };
	struct names n;
	const struct route *route;
	cJSON *body = NULL;

	if (url_too_long(q)) {
		sim_reply_error(reply, (int)s->settings.long_url_status, SIM_SHAPE_C,
		    "INVALID_REQUEST_UNKNOWN", STR("Invalid request: the URL is too long"));
		return;
	}
	if (sim_request_is_preflight(q)) {
		reply->status = 200;	/* the headers that all answers have say it all */
		return;
	}
	if ((route = find_route(q, &n)) == NULL) {
		sim_reply_error(reply, 404, s->settings.not_found_shape ? SIM_SHAPE_B : SIM_SHAPE_A,
		    "NOT_FOUND", STR(""));
		return;
	}
	if (!authorise(s, q, route, &n, &call, reply))
		return;
	if (q->body_too_large) {
		sim_reply_errorf(reply, 413, "REQUEST_TOO_LARGE", "Request body is too large");
		return;
	}
	if (!read_body(s, q, route, &body, reply))
		return;
	call.body = body;
	call.record = n.record;
	call.field = n.field;
	call.webhook = n.webhook;
	call.comment = n.comment;
	route->handler(&call, reply);
	sim_action_commit(&action);
	cJSON_Delete(body);
}

void
sim_api_refuse(const struct sim_settings *s, enum sim_verdict verdict, struct sim_reply *reply)
{
	if (verdict == SIM_QUOTA_EXCEEDED) {
		sim_reply_error(reply, 429, SIM_SHAPE_D, "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
		    STR("API billing plan limit exceeded. You've reached the maximum number of "
		    "requests allowed for this month."));
		return;
	}
	sim_reply_error(reply, 429, s->rate_shape ? SIM_SHAPE_D : SIM_SHAPE_C, "RATE_LIMIT_REACHED",
	    STR("Rate limit exceeded. Please try again later"));
	reply->retry_after = s->retry_after_on_429;
}
