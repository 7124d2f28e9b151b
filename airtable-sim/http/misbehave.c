#include "airtable-sim/http/misbehave.h"

static void
set_body(struct sim_reply *r, int status, const char *content_type, const char *text)
{
	size_t records = r->records;

	sim_reply_free(r);
	r->records = records;
	r->status = status;
	r->content_type = content_type;
	buf_add_cstr(&r->body, text);
}

/* Airtable's own error of that status. */
static void
own_error(struct sim_reply *r, int status)
{
	switch (status) {
	case 401:
		sim_reply_errorf(r, 401, "UNAUTHORIZED", "Invalid authentication token");
		break;
	case 403:
		sim_reply_forbidden(r);
		break;
	case 404:
		sim_reply_error(r, 404, SIM_SHAPE_A, "NOT_FOUND", STR(""));
		break;
	case 422:
		sim_reply_invalid(r);
		break;
	case 429:
		sim_reply_error(r, 429, SIM_SHAPE_D, "RATE_LIMIT_REACHED",
		    STR("Rate limit exceeded. Please try again later"));
		break;
	case 503:
		sim_reply_errorf(r, 503, "RETRIABLE_ERROR", "Server encountered an error while "
		    "processing your request, and it is safe to retry the request");
		break;
	default:
		sim_reply_errorf(r, status, "SERVER_ERROR", "Internal server error");
	}
}

/* A member that is there becomes an object. */
static void
spoil_member(cJSON *object, const char *name)
{
	if (!cJSON_HasObjectItem(object, name))
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	(void)cJSON_AddObjectToObject(object, name);
}

static void
spoil_payload(cJSON *payload)
{
	if (!cJSON_IsObject(payload))
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(payload, "changedTablesById");
	(void)cJSON_AddArrayToObject(payload, "changedTablesById");
	spoil_member(payload, "baseTransactionNumber");
}

static void
spoil_record(cJSON *record)
{
	if (!cJSON_IsObject(record))
		return;
	/* out of memory leaves the member out, which is as wrong */
	cJSON_DeleteItemFromObjectCaseSensitive(record, "id");
	(void)cJSON_AddNumberToObject(record, "id", 17);
	cJSON_DeleteItemFromObjectCaseSensitive(record, "fields");
	(void)cJSON_AddArrayToObject(record, "fields");
}

static void
wrong_types(struct sim_reply *r)
{
	cJSON *body = cJSON_ParseWithLength(r->body.data, r->body.len), *records, *record;
	char *text;

	if (body == NULL)
		return;
	if ((records = cJSON_GetObjectItemCaseSensitive(body, "records")) == NULL)
		spoil_record(body);
	cJSON_ArrayForEach(record, records)
		spoil_record(record);
	cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(body, "payloads"))
		spoil_payload(record);
	spoil_member(body, "offset");
	spoil_member(body, "cursor");
	if ((text = cJSON_PrintUnformatted(body)) != NULL) {
		buf_clear(&r->body);
		buf_add_cstr(&r->body, text);
		cJSON_free(text);
	}
	cJSON_Delete(body);
}

enum sim_sending
sim_misbehave(const struct sim_fault *f, struct sim_reply *r)
{
	switch (f->action) {
	case SIM_STATUS:
		own_error(r, f->status);
		if (f->body != NULL)
			set_body(r, f->status, NULL, f->body);
		r->retry_after = f->retry_after;
		break;
	case SIM_DROP_BEFORE:
	case SIM_DROP_AFTER:
	case SIM_HANG:
		return SIM_SEND_NOTHING;
	case SIM_TRUNCATE:
		return SIM_SEND_HALF;
	case SIM_SLOW:
		return SIM_SEND_SLOWLY;
	case SIM_GARBAGE:
		set_body(r, f->status, NULL, "\x01\xff{\"records\":[{]]\"\xc3\x28");
		break;
	case SIM_EMPTY_BODY:
		set_body(r, f->status, NULL, "");
		break;
	case SIM_HTML:
		set_body(r, f->status, "text/html", "<html><head><title>Bad Gateway</title></head>"
		    "<body><center><h1>Bad Gateway</h1></center><hr></body></html>\n");
		break;
	case SIM_WRONG_TYPES:
		wrong_types(r);
		break;
	case SIM_NO_FAULT:
	case SIM_ACTIONS:
		break;
	}
	return SIM_SEND_WHOLE;
}
