#include "tests/lib/sim_support.h"

struct sim_state *sim;
struct sim_reply reply;
static cJSON *reply_tree;

void
sim_start(uint32_t orders)
{
	struct sim_options o = { .base_id = SIM_DATA_BASE_ID, .token = SIM_TOKEN,
	    .orders = orders, .seed = 1, .now_ms = SIM_NOW };

	sim_settings_default(&o.settings);
	ck_assert_ptr_nonnull(sim = sim_state_new(&o));
}

void
sim_end(void)
{
	sim_reply_free(&reply);
	cJSON_Delete(reply_tree);
	reply_tree = NULL;
	sim_state_free(sim);
	sim = NULL;
}

int
call_at(int64_t now_ms, const char *method, const char *target, const char *body)
{
	struct sim_request q = { .method = method, .target = target,
	    .authorization = "Bearer " SIM_TOKEN, .content_type = "application/json",
	    .body = str_of(body) };

	sim_reply_free(&reply);
	ck_assert_int_eq(sim_uri_parse(&q.uri, target), ERR_OK);
	sim_api_serve(sim, &q, now_ms, &reply);
	sim_uri_free(&q.uri);
	return reply.status;
}

int
call(const char *method, const char *target, const char *body)
{
	return call_at(SIM_NOW, method, target, body);
}

int
door(const char *method, const char *name, const char *body)
{
	struct sim_request q = { .method = method, .body = str_of(body) };
	char target[256];

	(void)snprintf(target, sizeof(target), "/_sim/%s", name);
	q.target = target;
	sim_reply_free(&reply);
	ck_assert_int_eq(sim_uri_parse(&q.uri, target), ERR_OK);
	door_serve(sim, &q, &reply);
	sim_uri_free(&q.uri);
	return reply.status;
}

void
set(const char *name, const char *value)
{
	ck_assert_msg(sim_settings_set(&sim->settings, str_of(name), str_of(value)),
	    "%s=%s", name, value);
}

const cJSON *
at(const char *path)
{
	const cJSON *v;
	char name[64];
	size_t n;

	cJSON_Delete(reply_tree);
	v = reply_tree = cJSON_Parse(buf_cstr(&reply.body));
	for (; v != NULL && *path != '\0'; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		ck_assert_uint_lt(n, sizeof(name));
		memcpy(name, path, n);
		name[n] = '\0';
		v = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, atoi(name)) :
		    cJSON_GetObjectItemCaseSensitive(v, name);
	}
	return v;
}

const char *
text_at(const char *path)
{
	return cJSON_GetStringValue(at(path));
}

int
number_at(const char *path)
{
	const cJSON *v = at(path);

	ck_assert_msg(cJSON_IsNumber(v), "%s in %s", path, buf_cstr(&reply.body));
	return v->valueint;
}

int
size_at(const char *path)
{
	const cJSON *v = at(path);

	return v == NULL ? -1 : cJSON_GetArraySize(v);
}

bool
reply_has(const char *text)
{
	return strstr(buf_cstr(&reply.body), text) != NULL;
}

size_t
reply_count(const char *text)
{
	size_t n = 0;

	for (const char *p = buf_cstr(&reply.body); (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

struct sim_table *
orders_table(void)
{
	return sim->base->tables[0];
}

const char *
formula_result(const struct sim_row *row, const char *text)
{
	static struct buf out;
	struct formula *f;
	struct formula_context context = { .table = orders_table(), .row = row,
	    .modified_ms = row->modified_ms, .now_ms = SIM_NOW };

	buf_clear(&out);
	if (formula_parse(str_of(text), orders_table(), &f, &out) == ERR_OK) {
		formula_json(&out, f, &context);
		formula_free(f);
	}
	return buf_cstr(&out);
}
