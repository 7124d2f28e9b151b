#include "common/instant.h"
#include "fcgi-api/etag.h"
#include "fcgi-api/handlers.h"

enum outcome
summary_answer(struct api *api, struct str condition, struct str accept_encoding)
{
	struct response *r = &api->response;
	struct summary_body body;
	struct etag etag;
	bool gzip;
	enum err e;

	if ((e = summary_get(api->summaries, api->store, instant_now(), &body)) != ERR_OK)
		return api_problem(api, e, NULL);
	gzip = body.gzip.len > 0 && accepts_gzip(accept_encoding);
	if (response_validators(r, condition, etag_make(&etag, 's', (const uint64_t[]){
	    store_generation(api->store), (uint64_t)body.day, (uint64_t)body.synced_ms,
	    body.checksum }, 4, gzip),
	    store_generation(api->store)))
		return ANSWERED;
	if (gzip)
		response_header(r, "Content-Encoding", STR("gzip"));
	response_body(r, "application/json", gzip ? body.gzip : body.json);
	return ANSWERED;
}

enum outcome
orders_summary(struct api *api)
{
	const struct request *req = &api->request;
	enum err e;

	if ((e = request_no_params(req, &api->errors)) != ERR_OK ||
	    (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (api_filling(api) && !request_prefers_partial(req))
		return api_problem(api, ERR_FILLING, NULL);
	return summary_answer(api, req->if_none_match, req->accept_encoding);
}
