#include "fcgi-api/http/handlers.h"
#include "fcgi-api/http/json_body.h"
#include "fcgi-api/system/sync_document.h"

#define GRACE_MS	5000	/* beyond the time that syncd itself takes */
#define STATUS_MS	1000	/* a read does not wait longer for syncd */

/* ?mode=auto|full */
static enum err
take_mode(struct api *api)
{
	const struct request *req = &api->request;
	bool seen = false;

	for (size_t i = 0; i < req->param_count; i++) {
		const struct param *p = &req->params[i];

		if (!str_is(p->name, "mode"))
			field_errors_add(&api->errors, p->name, "unknown parameter");
		else if (seen)
			field_errors_add(&api->errors, p->name, "is given more than once");
		else if (!str_is(p->value, "auto") && !str_is(p->value, "full"))
			field_errors_add(&api->errors, p->name, "must be auto or full");
		else
			api->message.full = str_is(p->value, "full");
		seen = seen || str_is(p->name, "mode");
	}
	return field_errors_any(&api->errors) ? ERR_INVALID_PARAMETER : ERR_OK;
}

/* The body may be absent or an empty object. */
static enum err
check_body(struct api *api, const char **why)
{
	cJSON *json;
	enum err e;

	if (api->request.body.len == 0)
		return ERR_OK;
	if ((e = request_check_json(&api->request)) != ERR_OK ||
	    (e = json_body_parse(api->request.body, &json, why)) != ERR_OK)
		return e;
	if (!cJSON_IsObject(json) || json->child != NULL) {
		*why = "the body must be empty";
		e = ERR_INVALID_BODY;
	}
	cJSON_Delete(json);
	return e;
}

static enum outcome
answer_running(struct api *api, const cJSON *doc)
{
	struct response *r = &api->response;

	r->status = 202;
	response_header(r, "Location", STR("/api/sync"));
	response_header(r, "Cache-Control", STR("no-store"));
	sync_document_add(&r->own, doc, NULL, true);
	r->type = "application/json";
	return ANSWERED;
}

static enum outcome
answer_refused(struct api *api, const struct message_reply *reply)
{
	int status = problem_status_of_sync(reply->err);

	(void)api_problem_told(api, reply->err, reply->detail, reply->retry_after_ms);
	if (api->response.status != status)
		problem_answer_as(&api->response, status, reply->err,
		    reply->detail[0] != '\0' ? reply->detail : NULL, NULL);
	return ANSWERED;
}

static void
start_finish(struct api *api, const struct waiting *w, enum err e,
    const struct message_reply *reply)
{
	cJSON *doc = NULL;

	(void)w;
	if (e == ERR_OUTCOME_UNKNOWN) {
		(void)api_problem(api, ERR_SYNCD_UNAVAILABLE,
		    "the sync daemon was asked to sync and did not answer");
		return;
	}
	if (e != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return;
	}
	if (reply->err != ERR_OK) {
		(void)answer_refused(api, reply);
		return;
	}
	if (reply->body.len > 0)
		doc = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
	if (sync_document_running(doc))
		(void)answer_running(api, doc);
	else if ((e = api_snapshot(api)) != ERR_OK)
		(void)api_problem(api, e, NULL);
	else
		(void)summary_answer(api, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
	cJSON_Delete(doc);
}

enum outcome
sync_start(struct api *api)
{
	const char *why = NULL;
	enum err e;

	api->message.type = MESSAGE_SYNC;
	api->message.table = NULL;	/* all */
	api->message.full = api->message.accept_shrink = false;
	api->message.wait_ms = api->config->sync.wait_ms;
	if ((e = take_mode(api)) != ERR_OK || (e = check_body(api, &why)) != ERR_OK)
		return api_problem(api, e, why);
	return api_wait(api, api->message.wait_ms + GRACE_MS, start_finish, NULL, NULL);
}

/* syncd's own document, or the last one that it stored. */
static void
get_finish(struct api *api, const struct waiting *w, enum err e,
    const struct message_reply *reply)
{
	struct response *r = &api->response;
	bool up = e == ERR_OK && reply->err == ERR_OK;
	uint64_t generation = NO_GENERATION;
	struct str stored = { NULL, 0 };
	cJSON *status = NULL, *last = NULL;

	if (up)
		status = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
	if (api_snapshot(api) == ERR_OK) {
		generation = store_generation(api->store);
		if (!up && (stored = store_last_sync(api->store)).len > 0)
			last = cJSON_ParseWithLength(stored.ptr, stored.len);
	}
	sync_document_add(&r->own, up ?
	    cJSON_GetObjectItemCaseSensitive(status, "sync") : last,
	    cJSON_GetObjectItemCaseSensitive(status, "feed"), up);
	r->type = "application/json";
	(void)response_validators_of_body(r, str_of(w->if_none_match[0] != '\0' ?
	    w->if_none_match : NULL), generation);
	cJSON_Delete(status);
	cJSON_Delete(last);
}

enum outcome
sync_get(struct api *api)
{
	enum err e;

	if ((e = request_no_params(&api->request, &api->errors)) != ERR_OK)
		return api_problem(api, e, NULL);
	api->message.type = MESSAGE_STATUS;
	return api_wait(api, STATUS_MS, get_finish, NULL, NULL);
}
