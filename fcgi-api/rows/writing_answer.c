#include "common/base/json_write.h"
#include "common/base/log.h"
#include "common/store/outbox.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/rows/writing_answer.h"

/* While the results of a message are read one after another. */
struct answering {
	struct api		*api;
	const struct writing	*writing;
	uint64_t		 generation;	/* that the reply names */
	uint64_t		 bulk;
	size_t			 next;		/* target */
};

/* The version in a row's JSON; texts can't look like it, as their quotes are escaped. */
static uint64_t
version_of(struct str row)
{
	static const char name[] = ",\"version\":";
	const char *p = memmem(row.ptr, row.len, name, sizeof(name) - 1);
	uint64_t v = 0;

	if (p != NULL)
		for (p += sizeof(name) - 1; p < row.ptr + row.len && *p >= '0' && *p <= '9'; p++)
			v = v * 10 + (uint64_t)(*p - '0');
	return v;
}

/* ---- one row ------------------------------------------------------------------- */
static void
put_row(struct api *api, struct str row, uint64_t since)
{
	struct response *r = &api->response;
	struct etag etag;

	(void)response_validators(r, (struct str){ NULL, 0 },
	    etag_of_row(&etag, version_of(row), since), store_generation(api->store));
	r->type = "application/json";
	buf_add_str(&r->own, row);
}

/* The answer to a create that has no record yet. */
static void
put_queued(struct api *api, const struct writing *w)
{
	response_header(&api->response, "Cache-Control", STR("no-store"));
	api->response.type = "application/json";
	buf_add_str(&api->response.own, buf_str(&w->queued));
}

/* The detail for a row that is gone, of which nothing can be shown. */
static const char *
deleted_since(struct api *api, const struct message_result *result)
{
	return api_say(api, result->pending ? "the %s was deleted before the change was confirmed" :
	    "the %s was changed, and has been deleted since", schema_noun(api->table));
}

static const char *
changed_meanwhile(struct api *api)
{
	return api_say(api, "the %s has changed meanwhile", schema_noun(api->table));
}

/* The row as the store has it, for results that come without it. */
static void
put_stored(struct api *api, const struct message_result *result)
{
	uint32_t row;
	enum err e = store_find_record(api->store, api->table, str_of(result->record), &row);

	if (e != ERR_OK)
		(void)api_problem(api, e, e == ERR_NOT_FOUND ? deleted_since(api, result) : NULL);
	else
		(void)row_answer(api, row, (struct str){ NULL, 0 });
}

static void
answer_pending(struct answering *a, const struct message_result *result)
{
	struct api *api = a->api;
	struct str shown;
	uint64_t since;

	if (outbox_overlay(api->store, api->table, str_of(result->record), &shown, &since) == ERR_OK)
		put_row(api, shown, since);
	else if (result->order.len > 0)
		put_row(api, result->order, a->generation);
	else if (buf_str(&a->writing->queued).len > 0)
		put_queued(api, a->writing);
	else
		put_stored(api, result);
	if (api->response.status != 200)	/* a problem */
		return;
	api->response.status = 202;
	response_header(&api->response, "Preference-Applied", STR("respond-async"));
}

static void
answer_refused(struct api *api, const struct writing *w, const struct message_result *result)
{
	if (result->err == ERR_PRECONDITION_FAILED && w->kind->undo && w->version == 0)
		(void)api_problem_told(api, ERR_CONFLICT, changed_meanwhile(api), 0);
	else
		(void)api_problem_told(api, result->err, result->detail, result->retry_after_ms);
}

static void
answer_deleted(struct api *api)
{
	api->response.status = 204;
	response_state(&api->response, store_generation(api->store));
}

static void
answer_created(struct api *api, const struct message_result *result)
{
	if (result->order.len > 0)
		put_row(api, result->order, 0);
	else
		put_stored(api, result);
	if (api->response.status != 200)
		return;
	api->response.status = 201;
	buf_printf(&api->response.fields, "Location: /api/%s/%s\r\n", api->table->name,
	    result->record);
}

static void
each_single(void *cookie, size_t i, const struct message_result *result)
{
	struct answering *a = cookie;
	const struct writing *w = a->writing;

	if (i > 0)
		return;
	if (result->err != ERR_OK)
		answer_refused(a->api, w, result);
	else if (result->pending)
		answer_pending(a, result);
	else if (w->kind->message == MESSAGE_DELETE)
		answer_deleted(a->api);
	else if (w->kind->message == MESSAGE_CREATE)
		answer_created(a->api, result);
	else if (result->order.len > 0)
		put_row(a->api, result->order, 0);
	else
		put_stored(a->api, result);
}

/* ---- many ------------------------------------------------------------------------- */
static void
begin_result(struct answering *a, const struct target *t, bool ok)
{
	struct buf *b = &a->api->response.own;

	if (b->len == 0) {
		buf_add_cstr(b, "{\"bulk\":");
		if (a->bulk != 0)
			buf_printf(b, "\"%llu\"", (unsigned long long)a->bulk);
		else
			buf_add_cstr(b, "null");
		buf_add_cstr(b, ",\"results\":[");
	}
	json_next(b);
	buf_add_char(b, '{');
	json_member_string_or_null(b, "id", target_asked(a->writing, t));
	json_member_bool(b, "ok", ok);
	json_name(b, ok ? schema_noun(a->api->table) : "error");
}

/* The target's own problem, where there is no result for it. */
static void
add_own(struct answering *a, const struct target *t)
{
	struct buf *b = &a->api->response.own;

	begin_result(a, t, false);
	if (t->refused && buf_status(&a->writing->problems) == ERR_OK)
		buf_add(b, a->writing->problems.data + t->problem_at, t->problem_len);
	else
		problem_add(b, ERR_NOT_FOUND, str_of(api_say(a->api,
		    "there was no such %s at the first request", schema_noun(a->api->table))),
		    (struct str){ NULL, 0 });
	buf_add_char(b, '}');
}

/* The row that a result is about; len 0: it is gone. */
static struct str
row_of(struct answering *a, const struct message_result *result)
{
	const struct schema *table = a->api->table;
	struct store *st = a->api->store;
	struct row_view view;
	struct str json = result->order;
	uint32_t row;

	if (json.len == 0 && outbox_overlay(st, table, str_of(result->record), &json, NULL) != ERR_OK &&
	    store_find_record(st, table, str_of(result->record), &row) == ERR_OK &&
	    store_row(st, table, row, &view) == ERR_OK)
		json = view.json;
	return json;
}

static void
add_result(struct answering *a, const struct target *t, const struct message_result *result)
{
	struct buf *b = &a->api->response.own;
	struct str none = { NULL, 0 }, row = none;
	bool stale = result->err == ERR_PRECONDITION_FAILED && a->writing->kind->undo;
	bool ok;

	if (result->err == ERR_OK)
		row = row_of(a, result);
	ok = result->err == ERR_OK && (row.len > 0 || !result->pending);
	begin_result(a, t, ok);
	if (row.len > 0 && b->len < RESPONSE_ENOUGH)
		buf_add_str(b, row);
	else if (ok)	/* gone, or to be read */
		buf_add_cstr(b, "null");
	else if (result->err == ERR_OK)
		problem_add(b, ERR_NOT_FOUND, str_of(deleted_since(a->api, result)), none);
	else if (result->problem.len > 0)
		buf_add_str(b, result->problem);
	else if (stale)
		problem_add(b, ERR_CONFLICT, str_of(changed_meanwhile(a->api)), none);
	else
		problem_add(b, result->err, str_of(result->detail), none);
	buf_add_char(b, '}');
}

/* Targets before ${end} that have no result yet get their own problem. */
static void
skip_to(struct answering *a, size_t end)
{
	while (a->next < end)
		add_own(a, &a->writing->targets[a->next++]);
}

/* A result for each target, in the same order. */
static void
each_in_place(void *cookie, size_t i, const struct message_result *result)
{
	struct answering *a = cookie;

	a->next = i + 1;
	add_result(a, &a->writing->targets[i], result);
}

/*
 * Results of the first request with this key, when the bulk edit to undo may
 * have had other rows, each once: a result goes to the next target of its
 * record.
 */
static void
each_of_record(void *cookie, size_t i, const struct message_result *result)
{
	struct answering *a = cookie;
	const struct writing *w = a->writing;

	(void)i;
	for (size_t at = a->next; at < w->count; at++) {
		const struct target *t = &w->targets[at];

		if (!t->sound || strcmp(t->record, result->record) != 0)
			continue;
		skip_to(a, at);
		add_result(a, &w->targets[a->next++], result);
		return;
	}
}

static enum err
compose_bulk(struct answering *a, struct str body)
{
	const struct writing *w = a->writing;
	struct buf *b = &a->api->response.own;
	enum err e;

	e = w->again && w->kind->undo ? ERR_BAD_MESSAGE :
	    message_each_result(body, w->count, &a->bulk, each_in_place, a);
	if (e != ERR_OK && b->len == 0)
		e = message_each_result(body, 0, &a->bulk, each_of_record, a);
	if (e != ERR_OK)
		return e;
	skip_to(a, w->count);
	buf_add_cstr(b, "]}");
	a->api->response.type = "application/json";
	response_header(&a->api->response, "Cache-Control", STR("no-store"));
	response_state(&a->api->response, store_generation(a->api->store));
	return ERR_OK;
}

void
writing_answer(struct api *api, const struct writing *w, struct str body, uint64_t generation)
{
	struct answering a = { .api = api, .writing = w, .generation = generation };
	enum err e = w->kind->bulk ? compose_bulk(&a, body) :
	    message_each_result(body, 1, &a.bulk, each_single, &a);

	if (e == ERR_OK)
		return;
	log_error("write: the results can't be understood");
	(void)api_problem(api, ERR_OUTCOME_UNKNOWN, api_say(api, "the sync daemon's answer can't be "
	    "understood; read the %s to see what became of it", api->table->name));
}

void
writing_finish(struct api *api, const struct waiting *waiting, enum err e,
    const struct message_reply *reply)
{
	if (e == ERR_OUTCOME_UNKNOWN) {
		(void)api_problem(api, e, api_say(api, "the sync daemon was asked for the change and "
		    "did not answer; read the %s to see what became of it", schema_noun(api->table)));
	} else if (e != ERR_OK) {
		(void)api_problem(api, e, NULL);
	} else if (reply->err != ERR_OK) {
		(void)api_problem_told(api, reply->err, reply->detail, reply->retry_after_ms);
	} else if ((e = api_snapshot(api)) != ERR_OK) {
		(void)api_problem(api, e, "the change was made, but can't be read back");
	} else if (store_generation(api->store) < reply->generation) {
		log_error("write: syncd says generation %llu, the store has %llu",
		    (unsigned long long)reply->generation,
		    (unsigned long long)store_generation(api->store));
		(void)api_problem(api, ERR_INTERNAL, "the change is not in the store");
	} else {
		writing_answer(api, waiting->state, reply->body, reply->generation);
	}
}
