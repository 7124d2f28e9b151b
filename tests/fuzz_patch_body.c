#include <stdint.h>
#include <stdlib.h>

#include "common/config.h"
#include "fcgi-api/handlers.h"
#include "fcgi-api/json_body.h"

/*
 * A PATCH's body: the strict JSON reader first, then the whole handler, which
 * either finds fault with it or (there is no store) gets as far as looking
 * for the order.
 */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct config config = { .store.path = "/nonexistent/orderdeck" };
	static struct docs docs;
	static struct api *api;
	struct str head, body;
	const char *why;
	cJSON *json;
	enum err e;

	if (api == NULL) {
		must((api = api_new(&config, &docs)) != NULL);
		api->store_retry_ms = INT64_MAX;	/* don't try to open it */
	}
	e = json_body_parse((struct str){ (const char *)bytes, len }, &json, &why);
	must((e == ERR_OK) == (json != NULL) && (e == ERR_OK) == (why == NULL));
	cJSON_Delete(json);

	api->errors.count = 0;
	api->request.body = (struct str){ (const char *)bytes, len };
	api->request.content_type = STR("application/json");
	api->request.segments[2] = STR("ORD-1");
	response_begin(&api->response, false, "fuzz");
	must(orders_patch(api) == ANSWERED);
	must(response_finish(&api->response, &head, &body) == ERR_OK);
	must(e == ERR_OK || api->response.status == 400);
	must(api->response.status == 400 || api->response.status == 503);
	must(api->response.status == 400 || api->message.known != 0);
	return 0;
}
