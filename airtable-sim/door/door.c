#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/door/door.h"
#include "airtable-sim/door/edit.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

#define DUMP_ROWS	200

const char sim_door_help[] =
    "  POST /_sim/faults {\"match\":{\"method\",\"path\",\"nth\",\"times\"},\"action\",\"status\",\"body\",\n"
    "                     \"retryAfter\",\"delayMs\",\"apply\"}; actions: status drop_before\n"
    "                     drop_after hang truncate slow garbage empty html wrong_types\n"
    "  GET, DELETE /_sim/faults       POST /_sim/expire-iterators\n"
    "  POST /_sim/edit {\"id\",\"fields\"|\"records\",\"raw\",\"silent\"}\n"
    "  POST /_sim/create {\"fields\",\"count\",\"raw\"}\n"
    "  POST /_sim/delete, /_sim/restore {\"ids\"|\"all\"}\n"
    "  POST /_sim/schema {\"rename\"|\"remove\"|\"restore\"|\"formula\"|\"add\"|\"addOption\"|\n"
    "                     \"renameOption\"|\"removeOption\"|\n"
    "                     \"renameTable\"|\"removeTable\"|\"addTable\": {...}}\n"
    "                     all of these: \"table\",\"source\",\"user\",\"unseen\"\n"
    "  POST, GET /_sim/editor {\"perSecond\",\"callsPerSecond\",\"edit\",\"create\",\"delete\",\"paste\",\n"
    "                     \"schema\",\"pasteRecords\",\"seed\",\"now\"}\n"
    "  POST, GET /_sim/webhooks {\"action\",\"id\"}; actions: create delete expire lose break\n"
    "                     error ping\n"
    "  POST, GET /_sim/settings {name: value}         /_sim/clock {\"advanceMs\"|\"set\"}\n"
    "  POST /_sim/tokens {\"token\",\"scopes\",\"bases\",\"valid\"}   /_sim/consume {\"calls\"}\n"
    "  POST /_sim/reset {\"orders\",\"seed\",\"tables\"}\n"
    "  GET /_sim/log?since=N  /_sim/stats  /_sim/dump?table=T\n";

void
door_refuse(struct sim_reply *reply, const char *why)
{
	sim_reply_errorf(reply, 400, "SIM_BAD_REQUEST", "%s", why);
}

static void
ok(struct sim_reply *reply)
{
	reply->status = 200;
	buf_add_cstr(&reply->body, "{\"ok\":true}");
}

static void
add_fault(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const char *why;
	uint64_t id;

	(void)q;
	if (!sim_faults_add(&s->faults, body, &id, &why)) {
		door_refuse(reply, why);
		return;
	}
	reply->status = 200;
	buf_printf(&reply->body, "{\"id\":%llu}", (unsigned long long)id);
}

static void
get_faults(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q, (void)body;
	reply->status = 200;
	sim_faults_json(&reply->body, &s->faults);
}

static void
delete_faults(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q, (void)body;
	sim_faults_clear(&s->faults);
	ok(reply);
}

static void
expire_iterators(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q, (void)body;
	sim_iterators_expire(&s->iterators);
	ok(reply);
}

static void
get_settings(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q, (void)body;
	reply->status = 200;
	buf_add_char(&reply->body, '{');
	sim_settings_json(&reply->body, &s->settings);
	buf_add_char(&reply->body, '}');
}

/* All of them or none. */
static void
set_settings(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	struct sim_settings next = s->settings;
	const cJSON *member;

	cJSON_ArrayForEach(member, body) {
		char *text = cJSON_IsString(member) ? sim_copy(str_of(member->valuestring)) :
		    cJSON_PrintUnformatted(member);
		bool good = text != NULL &&
		    sim_settings_set(&next, str_of(member->string), str_of(text));

		free(text);
		if (!good) {
			sim_reply_errorf(reply, 400, "SIM_BAD_REQUEST",
			    "%s: no such setting, or not such a value", member->string);
			return;
		}
	}
	s->settings = next;
	sim_webhooks_wake(&s->webhooks);
	get_settings(s, q, body, reply);
}

static bool
read_scopes(const cJSON *list, unsigned *scopes)
{
	static const struct {
		const char	*name;
		unsigned	 scope;
	} names[] = {
		{ "data.records:read", SIM_SCOPE_RECORDS_READ },
		{ "data.records:write", SIM_SCOPE_RECORDS_WRITE },
		{ "data.recordComments:read", SIM_SCOPE_COMMENTS_READ },
		{ "data.recordComments:write", SIM_SCOPE_COMMENTS_WRITE },
		{ "schema.bases:read", SIM_SCOPE_SCHEMA_READ },
		{ "schema.bases:write", SIM_SCOPE_SCHEMA_WRITE },
		{ "webhook:manage", SIM_SCOPE_WEBHOOK },
		{ "user.email:read", SIM_SCOPE_EMAIL },
	};
	const cJSON *item;

	if (list == NULL)
		return true;
	*scopes = SIM_SCOPE_NONE;
	cJSON_ArrayForEach(item, list) {
		unsigned before = *scopes;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (cJSON_IsString(item) && strcmp(item->valuestring, names[i].name) == 0)
				*scopes |= names[i].scope;
		if (*scopes == before)
			return false;
	}
	return true;
}

static bool
read_bases(const cJSON *list, struct sim_token *t)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item) || t->base_count == SIM_TOKEN_BASES_MAX ||
		    !sim_id_valid(str_of(item->valuestring), "app"))
			return false;
		memcpy(t->bases[t->base_count++], item->valuestring, SIM_ID_SIZE);
	}
	return true;
}

static void
set_token(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "token"));
	struct sim_token t = { .scopes = SIM_SCOPE_ALL };
	size_t i = 0;

	(void)q;
	if (text == NULL || text[0] == '\0' || strlen(text) >= sizeof(t.text) ||
	    !read_scopes(cJSON_GetObjectItemCaseSensitive(body, "scopes"), &t.scopes) ||
	    !read_bases(cJSON_GetObjectItemCaseSensitive(body, "bases"), &t)) {
		door_refuse(reply, "token, scopes or bases is not valid");
		return;
	}
	memcpy(t.text, text, strlen(text) + 1);
	t.valid = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(body, "valid"));
	while (i < s->token_count && strcmp(s->tokens[i].text, text) != 0)
		i++;
	if (i == SIM_TOKENS_MAX) {
		door_refuse(reply, "too many tokens");
		return;
	}
	if (i == s->token_count)
		s->token_count++;
	s->tokens[i] = t;
	ok(reply);
}

static void
consume(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *calls = cJSON_GetObjectItemCaseSensitive(body, "calls");

	(void)q;
	if (!cJSON_IsNumber(calls) || !(calls->valuedouble >= 1) || !(calls->valuedouble <= 10000)) {
		door_refuse(reply, "calls must be 1 to 10000");
		return;
	}
	sim_limits_consume(&s->limits, instant_monotonic(), (size_t)calls->valuedouble);
	ok(reply);
}

static void
get_clock(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	int64_t now = sim_state_now(s);

	(void)q, (void)body;
	reply->status = 200;
	buf_add_char(&reply->body, '{');
	json_member_instant(&reply->body, "now", now);
	json_member_int(&reply->body, "nowMs", now);
	json_member_int(&reply->body, "monotonicMs", instant_monotonic());
	buf_add_char(&reply->body, '}');
}

static void
set_clock(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *advance = cJSON_GetObjectItemCaseSensitive(body, "advanceMs");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(body, "set");
	double ms = -1;
	int64_t parsed;

	if (cJSON_IsNumber(advance))
		ms = (double)sim_state_now(s) + advance->valuedouble;
	else if (cJSON_IsNumber(set))
		ms = set->valuedouble;
	else if (cJSON_IsString(set) && instant_parse(str_of(set->valuestring), &parsed) == ERR_OK)
		ms = (double)parsed;
	if (!(ms >= 0) || !(ms < 2.5e14)) {
		door_refuse(reply, "advanceMs or set must lead to a time from 1970 on");
		return;
	}
	s->clock_offset = (int64_t)ms - instant_monotonic();
	sim_webhooks_wake(&s->webhooks);
	get_clock(s, q, body, reply);
}

bool
door_parameter(const struct sim_request *q, const char *name, uint64_t *out)
{
	char *end;

	for (size_t i = 0; i < q->uri.param_count; i++)
		if (str_is(q->uri.params[i].name, name)) {
			*out = strtoull(q->uri.params[i].value.ptr, &end, 10);
			return *end == '\0';
		}
	return true;
}

static void
get_log(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	uint64_t since = 0, max = SIM_LOG_MAX;

	(void)body;
	if (!door_parameter(q, "since", &since) || !door_parameter(q, "max", &max)) {
		door_refuse(reply, "since and max must be whole numbers");
		return;
	}
	reply->status = 200;
	sim_log_json(&reply->body, &s->log, since, max);
}

static void
get_stats(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	struct buf *b = &reply->body;

	(void)q, (void)body;
	reply->status = 200;
	buf_add_char(b, '{');
	json_member_uint(b, "requests", s->limits.requests);
	json_member_uint(b, "maxPerSecond", s->limits.max_per_second);
	json_member_uint(b, "rejected429", s->limits.rejected_rate);
	json_member_uint(b, "rejectedQuota", s->limits.rejected_quota);
	json_member_uint(b, "callsThisMonth", s->limits.month_calls);
	json_member_string(b, "base", str_of(s->base->id));
	json_member_string(b, "table", str_of(s->base->tables[0]->id));
	json_member_uint(b, "records", s->base->tables[0]->live_count);
	json_member_uint(b, "transactions", s->base->transactions);
	json_member_uint(b, "webhooks", s->webhooks.count);
	buf_add_char(b, '}');
}

static void
reset(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *orders = cJSON_GetObjectItemCaseSensitive(body, "orders");
	const cJSON *seed = cJSON_GetObjectItemCaseSensitive(body, "seed");
	uint32_t n = s->options.orders;
	const char *words = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "tables"));
	uint64_t from = s->options.seed;

	(void)q;
	if (words != NULL && !sim_tables_read(words, &s->options.tables)) {
		door_refuse(reply, "tables must be orders, shop, everything, or several with commas between");
		return;
	}
	if (cJSON_IsNumber(orders) && orders->valuedouble >= 0 &&
	    orders->valuedouble <= SIM_DATA_ORDERS_MAX)
		n = (uint32_t)orders->valuedouble;
	if (cJSON_IsNumber(seed) && seed->valuedouble >= 0 && seed->valuedouble < 9e15)
		from = (uint64_t)seed->valuedouble;
	if (!sim_state_reset(s, n, from))
		sim_reply_internal(reply);
	else
		ok(reply);
}

static const struct {
	const char	*method, *name;
	door_handler	*handler;
} doors[] = {
	{ "POST", "faults", add_fault },
	{ "GET", "faults", get_faults },
	{ "DELETE", "faults", delete_faults },
	{ "POST", "expire-iterators", expire_iterators },
	{ "POST", "edit", door_edit },
	{ "POST", "create", door_create },
	{ "POST", "delete", door_delete },
	{ "POST", "restore", door_restore },
	{ "POST", "schema", door_schema },
	{ "GET", "webhooks", door_get_webhooks },
	{ "POST", "webhooks", door_webhooks },
	{ "GET", "editor", door_get_editor },
	{ "POST", "editor", door_editor },
	{ "GET", "settings", get_settings },
	{ "POST", "settings", set_settings },
	{ "POST", "tokens", set_token },
	{ "POST", "consume", consume },
	{ "GET", "clock", get_clock },
	{ "POST", "clock", set_clock },
	{ "GET", "log", get_log },
	{ "GET", "stats", get_stats },
	{ "POST", "reset", reset },
};

bool
door_is_it(const struct sim_request *q)
{
	return q->uri.path_count > 0 && str_is(q->uri.path[0], "_sim");
}

bool
door_is_dump(const struct sim_request *q, struct str *table)
{
	*table = STR("");
	for (size_t i = 0; i < q->uri.param_count; i++)
		if (str_is(q->uri.params[i].name, "table"))
			*table = q->uri.params[i].value;
	return q->uri.path_count == 2 && str_is(q->uri.path[1], "dump") &&
	    strcmp(q->method, "GET") == 0;
}

void
door_serve(struct sim_state *s, const struct sim_request *q, struct sim_reply *reply)
{
	cJSON *body = q->body.len == 0 ? NULL : cJSON_ParseWithLength(q->body.ptr, q->body.len);

	if (q->body.len > 0 && !cJSON_IsObject(body)) {
		cJSON_Delete(body);
		door_refuse(reply, "the body is not a JSON object");
		return;
	}
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (q->uri.path_count == 2 && str_is(q->uri.path[1], doors[i].name) &&
		    strcmp(q->method, doors[i].method) == 0) {
			(void)pthread_mutex_lock(&s->data);
			(void)pthread_mutex_lock(&s->arrivals);
			doors[i].handler(s, q, body, reply);
			(void)pthread_mutex_unlock(&s->arrivals);
			(void)pthread_mutex_unlock(&s->data);
		}
	cJSON_Delete(body);
	if (reply->status == 0)
		sim_reply_errorf(reply, 404, "SIM_NOT_FOUND", "there is no such door; see --help");
}

void
door_dump_some(const struct sim_table *t, uint32_t *next, int64_t now_ms, struct buf *b)
{
	static const struct sim_projection all;

	for (int i = 0; i < DUMP_ROWS && *next < t->row_count; ++*next) {
		if (t->rows[*next].deleted)
			continue;
		sim_row_json(b, t, &t->rows[*next], &all, now_ms);
		buf_add_char(b, '\n');
		i++;
	}
}
