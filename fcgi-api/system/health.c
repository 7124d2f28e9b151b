#include "common/base/json_write.h"
#include "fcgi-api/http/handlers.h"
#include "fcgi-api/system/sync_document.h"

#define STATUS_MS	800	/* the answer comes within a second even if syncd hangs */

/* What the store and syncd say, gathered before the verdict. */
struct findings {
	bool		 readable;
	uint64_t	 generation;
	int64_t		 synced_ms;
	int64_t		 age_s;		/* of what the store holds; -1: not known */
	const cJSON	*status;	/* syncd's; NULL: it does not answer */
	const cJSON	*airtable;	/* its member */
};

static const char *
verdict(const struct findings *f)
{
	const cJSON *circuit = cJSON_GetObjectItemCaseSensitive(f->airtable, "circuit");
	const cJSON *sync = cJSON_GetObjectItemCaseSensitive(f->status, "sync");
	const cJSON *feed = cJSON_GetObjectItemCaseSensitive(f->status, "feed");
	const cJSON *rate = cJSON_GetObjectItemCaseSensitive(f->airtable, "rateLimit");

	if (!f->readable)
		return "down";
	if (f->status == NULL || f->synced_ms == 0)
		return "degraded";
	if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(sync, "alarm")))
		return "degraded";
	if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(feed, "error")))
		return "degraded";
	if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(f->airtable, "createKeyProblem")))
		return "degraded";
	if (!cJSON_IsString(circuit) || strcmp(circuit->valuestring, "closed") != 0)
		return "degraded";
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(rate, "quotaUsedUp")))	/* no change is taken */
		return "degraded";
	return sync_document_error(sync) != ERR_OK ? "degraded" : "ok";
}

static void
add_store(struct api *api, struct buf *b, const struct findings *f)
{
	uint64_t used = 0, map = 0;

	json_name(b, "store");
	buf_add_char(b, '{');
	json_member_bool(b, "up", f->readable);
	if (f->readable) {
		store_space(api->store, &used, &map);
		for (size_t i = 0; i < api->tables->count; i++)
			json_member_uint(b, api->tables->list[i]->name,
			    store_row_count(api->store, api->tables->list[i]));
		json_member_uint(b, "usedBytes", used);
		json_member_uint(b, "mapBytes", map);
	}
	buf_add_char(b, '}');
}

static void
add_syncd(struct buf *b, const struct findings *f)
{
	json_name(b, "syncd");
	buf_add_char(b, '{');
	json_member_bool(b, "up", f->status != NULL);
	json_member_copy(b, "version", f->status);
	json_member_copy(b, "startedAt", f->status);
	buf_add_char(b, '}');
	json_member_copy(b, "airtable", f->status);
	json_member_copy(b, "outbox", f->status);
	json_member_copy(b, "feed", f->status);
	json_member_copy(b, "notUnderstood", f->status);
	json_member_copy(b, "alarm", cJSON_GetObjectItemCaseSensitive(f->status, "sync"));
}

/* What is permitted here besides changing a row. */
static void
add_writes(const struct api *api, struct buf *b)
{
	json_name(b, "writes");
	buf_add_char(b, '{');
	json_member_bool(b, "create", api->config->write.create);
	json_member_bool(b, "delete", api->config->write.delete);
	buf_add_char(b, '}');
}

static void
add_document(struct api *api, struct buf *b, const struct findings *f)
{
	buf_add_char(b, '{');
	json_member_string(b, "status", str_of(verdict(f)));
	if (f->readable)
		json_member_uint(b, "generation", f->generation);
	else
		json_member_null(b, "generation");
	json_member_instant(b, "syncedAt", f->synced_ms);
	if (f->age_s >= 0)
		json_member_int(b, "stalenessSeconds", f->age_s);
	else
		json_member_null(b, "stalenessSeconds");
	add_store(api, b, f);
	add_syncd(b, f);
	add_writes(api, b);
	buf_add_char(b, '}');
}

/* Since when all tables are complete: the oldest of their syncs. */
static int64_t
synced_ms(const struct api *api)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < api->tables->count; i++) {
		int64_t ms = store_synced_ms(api->store, api->tables->list[i]);

		oldest = ms < oldest ? ms : oldest;
	}
	return oldest;
}

static void
health_finish(struct api *api, const struct waiting *w, enum err e,
    const struct message_reply *reply)
{
	struct response *r = &api->response;
	struct findings f = { .generation = NO_GENERATION, .age_s = -1 };
	cJSON *status = NULL;

	if (e == ERR_OK && reply->err == ERR_OK)
		status = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
	f.status = status;
	f.airtable = cJSON_GetObjectItemCaseSensitive(status, "airtable");
	if (api_snapshot(api) == ERR_OK) {
		f.readable = true;
		f.generation = store_generation(api->store);
		f.synced_ms = synced_ms(api);
		f.age_s = api->response.data_age_s;
	}
	add_document(api, &r->own, &f);
	r->type = "application/json";
	if (!f.readable) {
		r->status = 503;
		response_header(r, "Cache-Control", STR("no-store"));
		api_retry_after(api, 1000);
	} else {
		(void)response_validators_of_body(r, str_of(w->if_none_match[0] != '\0' ?
		    w->if_none_match : NULL), f.generation);
	}
	cJSON_Delete(status);
}

enum outcome
health_get(struct api *api)
{
	enum err e;

	if ((e = request_no_params(&api->request, &api->errors)) != ERR_OK)
		return api_problem(api, e, NULL);
	api->message.type = MESSAGE_STATUS;
	return api_wait(api, STATUS_MS, health_finish, NULL, NULL);
}
