#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/zone.h"
#include "common/store/day_part.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"

/* The tag of ${body}, mostly that of the last summary. */
static struct str
tag_of(struct api *api, const struct summary_body *body, bool gzip)
{
	const uint64_t numbers[] = { store_generation(api->store), (uint64_t)body->day,
	    (uint64_t)body->synced_ms, body->checksum };
	struct summary_tag *t = &api->own->summary_tags[gzip];

	if (t->etag.len == 0 || memcmp(t->numbers, numbers, sizeof(numbers)) != 0) {
		memcpy(t->numbers, numbers, sizeof(numbers));
		t->from_ms = body->from_ms;
		t->until_ms = body->until_ms;
		(void)etag_make(&t->etag, 's', numbers, ETAG_NUMBERS_MAX, gzip);
	}
	return (struct str){ t->etag.text, t->etag.len };
}

enum outcome
summary_answer(struct api *api, struct str condition, struct str accept_encoding)
{
	struct response *r = &api->response;
	struct summary_body body;
	bool gzip;
	enum err e;

	if ((e = summary_get(api->own->summaries, api->store, api->table, api->now_ms, &body)) != ERR_OK)
		return api_problem(api, e, NULL);
	gzip = body.gzip.len > 0 && accepts_gzip(accept_encoding);
	if (response_validators(r, condition, tag_of(api, &body, gzip),
	    store_generation(api->store)))
		return ANSWERED;
	if (gzip)
		response_header(r, "Content-Encoding", STR("gzip"));
	response_body(r, "application/json", gzip ? body.gzip : body.json);
	return ANSWERED;
}

/* Check the request and begin a snapshot. */
static enum err
summary_begin(struct api *api)
{
	enum err e;

	if ((e = request_no_params(&api->request, &api->errors)) != ERR_OK ||
	    (e = api_snapshot(api)) != ERR_OK)
		return e;
	return api_filling(api) && !request_prefers_partial(&api->request) ? ERR_FILLING : ERR_OK;
}

/* Does the client hold the summary as it still is?  Then the answer is 304, without a snapshot. */
static bool
summary_unchanged(struct api *api)
{
	const struct request *req = &api->request;
	const struct summary_tag *t = &api->own->summary_tags[accepts_gzip(req->accept_encoding)];
	struct str etag = { t->etag.text, t->etag.len };

	return req->param_count == 0 && etag.len > 0 && api_unmoved(api) && !api_filling(api) &&
	    api->now_ms >= t->from_ms && api->now_ms < t->until_ms &&
	    t->numbers[0] == store_generation(api->store) &&
	    t->numbers[2] == (uint64_t)store_synced_ms(api->store, api->table) &&
	    etag_listed(req->if_none_match, etag) &&
	    response_validators(&api->response, req->if_none_match, etag, t->numbers[0]);
}

enum outcome
rows_summary(struct api *api)
{
	const struct request *req = &api->request;
	enum err e;

	if (req->if_none_match.ptr != NULL && summary_unchanged(api))
		return ANSWERED;
	if ((e = summary_begin(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	return summary_answer(api, req->if_none_match, req->accept_encoding);
}

/* ---- the part of today that is over, beside that of other days ------------------------- */
#define MINUTE_MS	60000
#define WEEK_DAYS	7

static enum err
add_part(struct api *api, struct buf *b, const char *name, int32_t day, int64_t now_ms)
{
	struct day_part part;
	int y, m, d;
	enum err e = day_part_count(api->store, api->table, day, now_ms, &part);

	if (e != ERR_OK)
		return e;
	instant_civil_from_day(day, &y, &m, &d);
	buf_printf(b, ",\"%s\":{\"date\":\"%04d-%02d-%02d\"", name, y, m, d);
	json_member_instant(b, "until", part.until_ms);
	if (part.known)
		json_member_uint(b, "count", part.count);
	else
		buf_add_cstr(b, ",\"count\":null");
	buf_add_char(b, '}');
	return ERR_OK;
}

/* As of the beginning of this minute, within which the answer stays the same. */
enum outcome
rows_today(struct api *api)
{
	struct response *r = &api->response;
	int64_t minute = instant_now() / MINUTE_MS, now_ms = minute * MINUTE_MS;
	struct buf *b = &r->own;
	struct str zone;
	struct etag etag;
	int32_t today;
	enum err e;

	if (api->table->day_field == SCHEMA_NO_FIELD)
		return api_problem(api, ERR_NOT_FOUND, api_say(api, "%s are not counted by days",
		    api->table->name));
	if ((e = summary_begin(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (response_validators(r, api->request.if_none_match, etag_make(&etag, 't',
	    (const uint64_t[]){ store_generation(api->store), (uint64_t)minute }, 2, false),
	    store_generation(api->store)))
		return ANSWERED;
	if (!meta_get(store_txn(api->store), store_databases(api->store)->meta, META_ZONE, &zone))
		zone = STR("UTC");
	(void)zone_use(zone);	/* UTC when this machine lacks it */
	today = zone_day(now_ms);
	buf_add_char(b, '{');
	json_member_uint(b, "generation", store_generation(api->store));
	json_member_string(b, "timeZone", zone);
	if ((e = add_part(api, b, "today", today, now_ms)) != ERR_OK ||
	    (e = add_part(api, b, "yesterday", today - 1, now_ms)) != ERR_OK ||
	    (e = add_part(api, b, "weekAgo", today - WEEK_DAYS, now_ms)) != ERR_OK)
		return api_problem(api, e, NULL);
	buf_add_char(b, '}');
	r->type = "application/json";
	return ANSWERED;
}
