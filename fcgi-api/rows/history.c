#include "common/base/json_write.h"
#include "common/store/history.h"
#include "common/wire/message.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"
#include "fcgi-api/rows/change_name.h"

#define LIMIT_DEFAULT	50
#define LIMIT_MAX	500
#define RECORD_ID_SIZE	64	/* a longer text is not a record id */

/* A listing of history entries, newest first. */
struct listing {
	struct buf		*out;
	struct store		*store;
	struct change_name	 name;
	uint64_t		 limit, count;
	struct history_place	 from, last;
	bool			 more;
};

static bool
take_limit(struct str text, uint64_t *limit)
{
	return message_number_parse(text, limit) && *limit <= LIMIT_MAX;
}

/* ?limit=&after= */
static enum err
take_params(struct api *api, struct listing *l)
{
	bool limit = false, after = false;

	for (size_t i = 0; i < api->request.param_count; i++) {
		const struct param *p = &api->request.params[i];
		bool *seen = str_is(p->name, "limit") ? &limit :
		    str_is(p->name, "after") ? &after : NULL;

		if (seen == NULL)
			field_errors_add(&api->errors, p->name, "is not a parameter of this path");
		else if (*seen)
			field_errors_add(&api->errors, p->name, "is given more than once");
		else if (seen == &limit && !take_limit(p->value, &l->limit))
			field_errors_add(&api->errors, p->name, "must be 1 to %d", LIMIT_MAX);
		else if (seen == &after &&
		    !message_place_parse(p->value, &l->from.generation, &l->from.index))
			field_errors_add(&api->errors, p->name,
			    "must be the nextCursor of an earlier answer");
		if (seen != NULL)
			*seen = true;
	}
	return request_params_fault(&api->errors);
}

/* A history_each: an entry beyond the limit, or an answer's room, shows that there are more. */
static enum err
add_entry(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct listing *l = cookie;

	if (l->count == l->limit || l->out->len >= RESPONSE_ENOUGH) {
		l->more = true;
		return ERR_CANCELLED;
	}
	json_next(l->out);
	l->last = place;
	l->count++;
	return change_add_named(l->out, l->store, s, &l->name, json);
}

static void
add_tail(struct api *api, const struct listing *l)
{
	buf_add_char(l->out, ']');
	json_name(l->out, "nextCursor");
	if (l->more)
		buf_printf(l->out, "\"%llu.%u\"", (unsigned long long)l->last.generation,
		    l->last.index);
	else
		buf_add_cstr(l->out, "null");
	json_member_uint(l->out, "generation", store_generation(api->store));
	buf_add_char(l->out, '}');
}

/* ${record} ptr NULL: the history of all tables. */
static enum outcome
answer(struct api *api, struct listing *l, struct str record)
{
	uint64_t generation = store_generation(api->store);
	struct response *r = &api->response;
	struct etag etag;
	enum err e;

	if (response_validators(r, api->request.if_none_match,
	    etag_of_table(&etag, 'h', generation, api->table != NULL ? api->table->number : 1, false),
	    generation))
		return ANSWERED;
	l->out = &r->own;
	l->store = api->store;
	buf_add_cstr(l->out, "{\"changes\":[");
	if (record.ptr == NULL)
		e = history_audit(api->store, l->from, add_entry, l);
	else
		e = history_of_record(api->store, api->table, record, l->from, add_entry, l);
	change_name_free(&l->name);
	if (e != ERR_OK && e != ERR_CANCELLED)
		return api_problem(api, e, NULL);
	add_tail(api, l);
	r->type = "application/json";
	return ANSWERED;
}

static enum err
any_entry(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	(void)s, (void)place, (void)json;
	*(bool *)cookie = true;
	return ERR_CANCELLED;
}

/* The record of the row that the path names; one that was deleted is still known by its record id. */
static bool
find_record(struct api *api, struct str *record)
{
	struct str id = api->request.segments[2];
	char why[ROW_WHY_SIZE];
	struct row_view view;
	bool any = false;
	uint32_t row;
	enum err e = row_lookup(api, id, &row, why);

	*record = id;
	if (e == ERR_OK && (e = store_row(api->store, api->table, row, &view)) == ERR_OK)
		*record = view.id;
	if ((e == ERR_NOT_FOUND || e == ERR_FILLING) && id.len < RECORD_ID_SIZE) {
		enum err looked = history_of_record(api->store, api->table, id, HISTORY_NEWEST, any_entry, &any);

		if (any || (looked != ERR_OK && looked != ERR_CANCELLED))
			e = any ? ERR_OK : looked;
	}
	if (e != ERR_OK)
		(void)api_problem(api, e, why[0] != '\0' ? why : NULL);
	return e == ERR_OK;
}

enum outcome
rows_history(struct api *api)
{
	struct listing l = { .limit = LIMIT_DEFAULT, .from = HISTORY_NEWEST };
	struct str record;
	enum err e;

	if ((e = take_params(api, &l)) != ERR_OK || (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	return find_record(api, &record) ? answer(api, &l, record) : ANSWERED;
}

enum outcome
audit_get(struct api *api)
{
	struct listing l = { .limit = LIMIT_DEFAULT, .from = HISTORY_NEWEST };
	enum err e;

	if ((e = take_params(api, &l)) != ERR_OK || (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	return answer(api, &l, (struct str){ NULL, 0 });
}
