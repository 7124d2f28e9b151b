#include <stdint.h>
#include <stdlib.h>

#include "common/config.h"
#include "fcgi-api/handlers.h"
#include "fcgi-api/json_body.h"

/*
 * The body of a change: the strict JSON reader first, then each handler that
 * takes one, which either finds fault with it or (there is no store) gets as
 * far as looking for the orders.
 */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

typedef enum outcome handler(struct api *);

static void
handle(struct api *api, enum method method, handler *h, struct str bytes, bool sound)
{
	struct str head, body;

	api->errors.count = 0;
	api->request.method = method;
	api->request.body = bytes;
	response_begin(&api->response, false, "fuzz");
	must(h(api) == ANSWERED);
	must(response_finish(&api->response, &head, &body) == ERR_OK);
	must(api->response.status == 400 || (sound && api->response.status == 503));
	must(api->message.items == NULL && api->documents == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct config config = { .store.path = "/nonexistent/orderdeck",
	    .write.create = true };
	struct str text = { (const char *)bytes, len };
	static struct docs docs;
	static struct api *api;
	const char *why;
	cJSON *json;
	enum err e;

	if (api == NULL) {
		must((api = api_new(&config, &docs)) != NULL);
		api->store_retry_ms = INT64_MAX;	/* don't try to open it */
		api->request.content_type = STR("application/json");
		api->request.segments[2] = STR("ORD-1");
		api->request.segment_count = 3;
		api->request.idempotency_key = STR("key");
	}
	e = json_body_parse(text, &json, &why);
	must((e == ERR_OK) == (json != NULL) && (e == ERR_OK) == (why == NULL));
	cJSON_Delete(json);
	handle(api, METHOD_PATCH, orders_patch, text, e == ERR_OK);
	handle(api, METHOD_PATCH, orders_patch_many, text, e == ERR_OK);
	handle(api, METHOD_POST, orders_create, text, e == ERR_OK);
	handle(api, METHOD_POST, orders_undo, text, e == ERR_OK || len == 0);
	handle(api, METHOD_POST, orders_undo_many, text, e == ERR_OK);
	return 0;
}
