#include <stdio.h>

#include "common/fold.h"
#include "common/instant.h"
#include "common/log.h"
#include "fcgi-api/etag.h"
#include "fcgi-api/handlers.h"
#include "fcgi-api/json_body.h"

#define GRACE_MS	5000	/* syncd's own deadline comes first */

static const struct schema *const schema = &orders_schema;

static void
add_option_error(struct field_errors *errors, const struct field *f)
{
	char allowed[160];
	size_t at = 0;

	for (size_t i = 0; i < f->option_count && at < sizeof(allowed); i++)
		at += (size_t)snprintf(allowed + at, sizeof(allowed) - at, "%s%s",
		    i > 0 ? ", " : "", f->options[i]);
	field_errors_add(errors, str_of(f->name), "must be one of %s, or null", allowed);
}

static bool
is_option(const struct field *f, const char *text)
{
	for (size_t i = 0; i < f->option_count; i++)
		if (strcmp(f->options[i], text) == 0)
			return true;
	return false;
}

/* One member of the body into api->message. */
static void
take_member(struct api *api, const cJSON *m)
{
	struct message_request *msg = &api->message;
	int i = schema_field(schema, str_of(m->string));
	const struct field *f = i >= 0 ? &schema->fields[i] : NULL;

	if (f == NULL) {
		field_errors_add(&api->errors, str_of(m->string), "unknown member");
	} else if ((f->flags & FIELD_WRITE) == 0) {
		field_errors_add(&api->errors, str_of(f->name), "can't be changed");
	} else if (cJSON_IsNull(m)) {
		msg->known |= UINT32_C(1) << i;
		msg->values[i].present = false;
	} else if (!cJSON_IsString(m)) {
		field_errors_add(&api->errors, str_of(f->name), "must be a text or null");
	} else if (f->kind == FIELD_SELECT && !is_option(f, m->valuestring)) {
		add_option_error(&api->errors, f);
	} else if (strlen(m->valuestring) > MESSAGE_TEXT_MAX) {
		field_errors_add(&api->errors, str_of(f->name), "longer than %d bytes",
		    MESSAGE_TEXT_MAX);
	} else {
		msg->known |= UINT32_C(1) << i;
		msg->values[i].present = true;
		(void)strcpy(msg->values[i].text, m->valuestring);
	}
}

/* The body into api->message; *why: what is wrong with it as a whole. */
static enum err
take_body(struct api *api, const char **why)
{
	const struct request *req = &api->request;
	const cJSON *m;
	cJSON *json;
	enum err e;

	if ((e = request_check_json(req)) != ERR_OK) {
		*why = "the body must be application/json";
		return e;
	}
	if ((e = json_body_parse(req->body, &json, why)) != ERR_OK)
		return e;
	if (!cJSON_IsObject(json))
		*why = "must be an object";
	else if (json->child == NULL)
		*why = "names no field to change";
	else
		cJSON_ArrayForEach(m, json)
			take_member(api, m);
	cJSON_Delete(json);
	return *why != NULL || field_errors_any(&api->errors) ? ERR_INVALID_BODY : ERR_OK;
}

static enum err
take_headers(struct api *api)
{
	struct message_request *msg = &api->message;
	const struct request *req = &api->request;

	msg->version = 0;
	if (req->if_match.ptr != NULL &&
	    etag_version(req->if_match, &msg->version) != ERR_OK)
		field_errors_add(&api->errors, STR("If-Match"),
		    "must be one tag of the form \"v<version>\", or *");
	(void)request_no_params(req, &api->errors);
	return field_errors_any(&api->errors) ? ERR_INVALID_PARAMETER : ERR_OK;
}

/* Which record is meant; and what can be refused without asking is refused here. */
static bool
take_record(struct api *api)
{
	struct message_request *msg = &api->message;
	struct row_view view;
	uint32_t row;
	enum err e;

	if ((e = api_snapshot(api)) != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return false;
	}
	if (!order_find(api, api->request.segments[2], &row))
		return false;
	if ((e = store_row(api->store, row, &view)) == ERR_OK &&
	    view.id.len >= sizeof(msg->record))
		e = ERR_STORE_CORRUPT;
	if (e == ERR_OK && msg->version != 0 && msg->version != view.version)
		e = ERR_PRECONDITION_FAILED;
	if (e != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return false;
	}
	memcpy(msg->record, view.id.ptr, view.id.len);
	msg->record[view.id.len] = '\0';
	return true;
}

/* Confirmed and committed: the order as everybody sees it from now on. */
static enum outcome
answer_changed(struct api *api, const struct waiting *w, uint64_t generation)
{
	uint32_t row;
	enum err e;

	if ((e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, "the change was made, but can't be read back");
	if (store_generation(api->store) < generation) {
		log_error("patch: syncd says generation %llu, the store has %llu",
		    (unsigned long long)generation,
		    (unsigned long long)store_generation(api->store));
		return api_problem(api, ERR_INTERNAL, "the change is not in the store");
	}
	e = store_find_record(api->store, str_of(w->record), &row);
	if (e != ERR_OK)
		return api_problem(api, e, e == ERR_NOT_FOUND ?
		    "the order was changed, and has been deleted since" : NULL);
	return order_answer(api, row, (struct str){ NULL, 0 });
}

static void
patch_finish(struct api *api, const struct waiting *w, enum err e,
    const struct message_reply *reply)
{
	if (e == ERR_OK && reply->err == ERR_OK)
		(void)answer_changed(api, w, reply->generation);
	else if (e == ERR_OK)
		(void)api_problem_reply(api, reply);
	else if (e == ERR_OUTCOME_UNKNOWN)
		(void)api_problem(api, e, "the sync daemon was asked for the change and "
		    "did not answer; read the order to see what became of it");
	else
		(void)api_problem(api, e, NULL);
}

enum outcome
orders_patch(struct api *api)
{
	struct message_request *msg = &api->message;
	const char *why = NULL;
	enum err e;

	msg->type = MESSAGE_PATCH;
	msg->known = 0;
	msg->timeout_ms = api->config->write.timeout_ms;
	if ((e = take_headers(api)) != ERR_OK || (e = take_body(api, &why)) != ERR_OK)
		return api_problem(api, e, why);
	if (!take_record(api))
		return ANSWERED;
	return api_wait(api, msg->timeout_ms + GRACE_MS, patch_finish);
}
