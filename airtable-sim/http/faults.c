#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/base.h"
#include "airtable-sim/http/faults.h"
#include "common/base/json_write.h"

static const struct {
	const char	*name;
	bool		 apply;		/* always does the work first */
	int		 status;
} actions[SIM_ACTIONS] = {
	[SIM_NO_FAULT] =	{ "", false, 0 },
	[SIM_STATUS] =		{ "status", false, 503 },
	[SIM_DROP_BEFORE] =	{ "drop_before", false, 0 },
	[SIM_DROP_AFTER] =	{ "drop_after", true, 0 },
	[SIM_HANG] =		{ "hang", false, 0 },
	[SIM_TRUNCATE] =	{ "truncate", true, 200 },
	[SIM_SLOW] =		{ "slow", true, 200 },
	[SIM_GARBAGE] =		{ "garbage", false, 200 },
	[SIM_EMPTY_BODY] =	{ "empty", false, 200 },
	[SIM_HTML] =		{ "html", false, 502 },
	[SIM_WRONG_TYPES] =	{ "wrong_types", true, 200 },
};

static bool
read_text(const cJSON *object, const char *name, char *out, size_t size)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (v == NULL)
		return true;
	if (!cJSON_IsString(v) || strlen(v->valuestring) >= size)
		return false;
	memcpy(out, v->valuestring, strlen(v->valuestring) + 1);
	return true;
}

/* A whole number of ${min} to ${max}; *out stays when it is not there. */
static bool
read_number(const cJSON *object, const char *name, double min, double max, int64_t *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (v == NULL)
		return true;
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= min) || !(v->valuedouble <= max))
		return false;
	*out = (int64_t)v->valuedouble;
	return true;
}

static bool
read_action(struct sim_fault *f, const cJSON *rule)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(rule, "action");

	for (int a = SIM_NO_FAULT + 1; cJSON_IsString(v) && a < SIM_ACTIONS; a++)
		if (strcmp(v->valuestring, actions[a].name) == 0) {
			f->action = (enum sim_fault_action)a;
			f->status = actions[a].status;
			f->apply = actions[a].apply;
			return true;
		}
	return false;
}

static bool
read_body(struct sim_fault *f, const cJSON *rule)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(rule, "body");

	if (v == NULL)
		return true;
	if (cJSON_IsString(v))
		f->body = sim_copy(str_of(v->valuestring));
	else
		f->body = cJSON_PrintUnformatted(v);
	return f->body != NULL;
}

bool
sim_faults_add(struct sim_faults *all, const cJSON *rule, uint64_t *id, const char **why)
{
	const cJSON *match = cJSON_GetObjectItemCaseSensitive(rule, "match");
	struct sim_fault f = { .nth = 1, .times = 1 };
	int64_t nth = 1, times = 1, status, retry_after = 0;

	*why = "action is none of those in --help";
	if (!read_action(&f, rule))
		return false;
	*why = "too many rules";
	if (all->count == SIM_FAULTS_MAX)
		return false;
	*why = "match, status, retryAfter or delayMs is of a wrong type or out of range";
	status = f.status;
	if (!read_text(match, "method", f.method, sizeof(f.method)) ||
	    !read_text(match, "path", f.path, sizeof(f.path)) ||
	    !read_number(match, "nth", 1, 1e9, &nth) ||
	    !read_number(match, "times", 0, 1e9, &times) ||
	    !read_number(rule, "status", 200, 599, &status) ||
	    !read_number(rule, "retryAfter", 0, 86400, &retry_after) ||
	    !read_number(rule, "delayMs", 0, SIM_HANG_MAX_MS, &f.delay_ms))
		return false;
	f.nth = (uint64_t)nth;
	f.times = (uint64_t)times;
	f.status = (int)status;
	f.retry_after = (long)retry_after;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(rule, "apply")))
		f.apply = true;
	*why = "out of memory";
	if (!read_body(&f, rule))
		return false;
	*id = f.id = ++all->next_id;
	all->list[all->count++] = f;
	return true;
}

void
sim_faults_clear(struct sim_faults *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].body);
	all->count = 0;
}

const struct sim_fault *
sim_faults_match(struct sim_faults *all, const char *method, const char *target)
{
	const struct sim_fault *due = NULL;

	for (size_t i = 0; i < all->count; i++) {
		struct sim_fault *f = &all->list[i];

		if ((f->method[0] != '\0' && strcmp(f->method, method) != 0) ||
		    strstr(target, f->path) == NULL)
			continue;
		f->seen++;	/* all rules count, the first that is due acts */
		if (due == NULL && f->seen >= f->nth &&
		    (f->times == 0 || f->seen < f->nth + f->times)) {
			f->acted++;
			due = f;
		}
	}
	return due;
}

void
sim_faults_json(struct buf *b, const struct sim_faults *all)
{
	buf_add_cstr(b, "{\"faults\":[");
	for (size_t i = 0; i < all->count; i++) {
		const struct sim_fault *f = &all->list[i];

		json_next(b);
		buf_add_char(b, '{');
		json_member_uint(b, "id", f->id);
		json_member_string(b, "action", str_of(actions[f->action].name));
		json_member_string(b, "method", str_of(f->method));
		json_member_string(b, "path", str_of(f->path));
		json_member_uint(b, "nth", f->nth);
		json_member_uint(b, "times", f->times);
		json_member_uint(b, "seen", f->seen);
		json_member_uint(b, "acted", f->acted);
		buf_add_char(b, '}');
	}
	buf_add_cstr(b, "]}");
}
