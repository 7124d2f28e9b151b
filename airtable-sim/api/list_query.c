#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/list_query.h"
#include "airtable-sim/cells/locale.h"

struct reader {
	struct sim_list_query	*q;
	struct sim_call		*call;
	struct sim_reply	*reply;
};

bool
sim_flag_is_set(struct str s)
{
	return str_is(s, "true") || str_is(s, "1");
}

bool
sim_projection_add(struct sim_projection *p, const struct sim_table *t, struct str name)
{
	int place = sim_table_field(t, name);

	p->some = true;
	if (place < 0)
		return false;
	p->wanted[place] = true;
	return true;
}

bool
sim_projection_set(struct sim_projection *p, struct str name, struct str value, bool *ok)
{
	*ok = true;
	if (str_is(name, "returnFieldsByFieldId"))
		p->by_id = sim_flag_is_set(value);
	else if (str_is(name, "timeZone"))
		p->zone = value;
	else if (str_is(name, "userLocale"))
		p->locale = value;
	else if (str_is(name, "cellFormat"))
		*ok = (p->plain = str_is(value, "string")) || str_is(value, "json");
	else
		return false;
	return true;
}

bool
sim_projection_check(const struct sim_projection *p, struct sim_reply *reply)
{
	if (!p->plain || (p->zone.len > 0 && p->locale.len > 0 && sim_zone_known(p->zone)))
		return true;
	sim_reply_invalid(reply);
	return false;
}

static bool
unknown_field(struct reader *r, struct str name)
{
	sim_reply_errorf(r->reply, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%.*s\"",
	    STR_FMT(name));
	return false;
}

static bool
invalid(struct reader *r)
{
	sim_reply_invalid(r->reply);
	return false;
}

static bool
add_field(struct reader *r, struct str name)
{
	return sim_projection_add(&r->q->projection, r->call->table, name) ||
	    unknown_field(r, name);
}

bool
sim_read_count(struct str s, size_t max, size_t *out)
{
	*out = 0;
	if (s.len == 0 || s.len > 9)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		*out = *out * 10 + (size_t)(s.ptr[i] - '0');
	}
	return *out >= 1 && *out <= max;
}

static bool
set_direction(struct sim_sort_key *key, struct str s)
{
	key->descending = str_is(s, "desc");
	return key->descending || str_is(s, "asc");
}

/* Members with one value; true when ${name} is one of them (then *ok tells). */
static bool
read_single(struct reader *r, struct str name, struct str value, bool *ok)
{
	struct sim_list_query *q = r->q;

	*ok = true;
	if (str_is(name, "pageSize") || str_is(name, "limit"))
		*ok = sim_read_count(value, SIM_PAGE_SIZE_MAX, &q->page_size);
	else if (str_is(name, "maxRecords"))
		*ok = sim_read_count(value, SIZE_MAX, &q->max_records);
	else if (str_is(name, "offset"))
		q->offset = value;
	else if (str_is(name, "view"))
		q->view = value;
	else if (str_is(name, "filterByFormula"))
		q->filter = value;
	else
		return sim_projection_set(&q->projection, name, value, ok);
	return true;
}

/* sort[i][field], sort[i][direction] */
static bool
read_sort_param(struct reader *r, struct str name, struct str value, bool *ok)
{
	static const char prefix[] = "sort[";
	struct sim_list_query *q = r->q;
	char *end;
	unsigned long i;

	if (name.len < sizeof(prefix) || memcmp(name.ptr, prefix, sizeof(prefix) - 1) != 0)
		return false;
	i = strtoul(name.ptr + sizeof(prefix) - 1, &end, 10);
	*ok = i < SIM_SORT_MAX;
	if (!*ok)
		return true;
	if (i >= q->sort_count)
		q->sort_count = i + 1;
	if (strcmp(end, "][field]") == 0)
		q->sort[i].name = value;
	else if (strcmp(end, "][direction]") == 0)
		*ok = set_direction(&q->sort[i], value);
	else
		*ok = false;
	return true;
}

static bool
begins(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

static bool
read_params(struct reader *r)
{
	for (size_t i = 0; i < r->call->uri->param_count; i++) {
		const struct sim_param *p = &r->call->uri->params[i];
		bool ok = true;

		if (str_is(p->name, "fields") || begins(p->name, "fields[")) {
			if (!add_field(r, p->value))
				return false;
		} else if (begins(p->name, "recordMetadata")) {
			ok = str_is(p->value, "commentCount");
			r->q->projection.comments = r->call->base;
		} else if (!read_single(r, p->name, p->value, &ok) &&
		    !read_sort_param(r, p->name, p->value, &ok)) {
			ok = !r->call->settings->strict_parameters;
		}
		if (!ok)
			return invalid(r);
	}
	return true;
}

static struct str
json_text(const cJSON *v)
{
	return str_of(cJSON_GetStringValue(v));
}

static bool
read_sort_json(struct reader *r, const cJSON *list)
{
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return invalid(r);
	cJSON_ArrayForEach(item, list) {
		const cJSON *field = cJSON_GetObjectItemCaseSensitive(item, "field");
		const cJSON *direction = cJSON_GetObjectItemCaseSensitive(item, "direction");
		struct sim_sort_key *key = &r->q->sort[r->q->sort_count];

		if (!cJSON_IsString(field) || r->q->sort_count == SIM_SORT_MAX)
			return invalid(r);
		key->name = json_text(field);
		if (direction != NULL && (!cJSON_IsString(direction) ||
		    !set_direction(key, json_text(direction))))
			return invalid(r);
		r->q->sort_count++;
	}
	return true;
}

/* An array of strings, each given to ${each}. */
static bool
read_strings(struct reader *r, const cJSON *list, bool (*each)(struct reader *, struct str))
{
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return invalid(r);
	cJSON_ArrayForEach(item, list)
		if (!cJSON_IsString(item) || !each(r, json_text(item)))
			return r->reply->status != 0 ? false : invalid(r);
	return true;
}

static bool
add_metadata(struct reader *r, struct str name)
{
	r->q->projection.comments = r->call->base;
	return str_is(name, "commentCount");
}

static bool
read_number_json(struct reader *r, const cJSON *v, size_t max, size_t *out)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 1) || !(v->valuedouble <= (double)max) ||
	    (double)(size_t)v->valuedouble != v->valuedouble)
		return invalid(r);
	*out = (size_t)v->valuedouble;
	return true;
}

static bool
read_member(struct reader *r, const cJSON *v)
{
	struct str name = str_of(v->string);
	bool ok;

	if (str_is(name, "fields"))
		return read_strings(r, v, add_field);
	if (str_is(name, "recordMetadata"))
		return read_strings(r, v, add_metadata);
	if (str_is(name, "sort"))
		return read_sort_json(r, v);
	if (str_is(name, "pageSize"))
		return read_number_json(r, v, SIM_PAGE_SIZE_MAX, &r->q->page_size);
	if (str_is(name, "maxRecords"))
		return read_number_json(r, v, INT32_MAX, &r->q->max_records);
	if (str_is(name, "returnFieldsByFieldId") && cJSON_IsBool(v)) {
		r->q->projection.by_id = cJSON_IsTrue(v);
		return true;
	}
	if (cJSON_IsString(v) && read_single(r, name, json_text(v), &ok))
		return ok || invalid(r);
	if (str_is(name, "offset") || r->call->settings->strict_parameters)
		return invalid(r);	/* a null offset, too */
	return true;
}

static bool
read_body(struct reader *r)
{
	const cJSON *member;

	if (!cJSON_IsObject(r->call->body))
		return invalid(r);
	cJSON_ArrayForEach(member, r->call->body)
		if (!read_member(r, member))
			return false;
	return true;
}

static bool
resolve_sort(struct reader *r)
{
	for (size_t i = 0; i < r->q->sort_count; i++) {
		struct sim_sort_key *key = &r->q->sort[i];
		int place;

		if (key->name.ptr == NULL)
			return invalid(r);
		if ((place = sim_table_field(r->call->table, key->name)) < 0)
			return unknown_field(r, key->name);
		key->field = (size_t)place;
	}
	return true;
}

static bool
check_view(struct reader *r)
{
	struct str view = r->q->view;
	const struct sim_base *b = r->call->base;

	if (view.len == 0 || str_is(view, "Grid view") || str_is(view, r->call->table->view_id))
		return true;
	for (size_t i = 0; i < b->table_count; i++)
		if (str_is(view, b->tables[i]->view_id)) {
			sim_reply_error(r->reply, 422, SIM_SHAPE_B, "FAILED_STATE_CHECK", STR(""));
			return false;
		}
	sim_reply_errorf(r->reply, 422,
	    sim_id_valid(view, "viw") ? "VIEW_ID_NOT_FOUND" : "VIEW_NAME_NOT_FOUND",
	    "View %.*s not found", STR_FMT(view));
	return false;
}

bool
sim_list_query_read(struct sim_list_query *q, struct sim_call *call, struct sim_reply *reply)
{
	struct reader r = { q, call, reply };

	*q = (struct sim_list_query){ .page_size = SIM_PAGE_SIZE_MAX };
	if (!read_params(&r) || (strcmp(call->method, "POST") == 0 && !read_body(&r)) ||
	    !resolve_sort(&r) || !check_view(&r))
		return false;
	return sim_projection_check(&q->projection, reply);
}
