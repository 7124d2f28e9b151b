#include <stdint.h>

#include "common/config/config.h"
#include "fcgi-api/fastcgi/loop.h"
#include "fcgi-api/http/handlers.h"
#include "fcgi-api/http/json_body.h"
#include "syncd/apply/apply.h"
#include "tests/fuzz/made_store.h"

/*
 * The body of a change: first the strict JSON reader, then each handler that
 * takes one.  A handler either refuses it or gets as far as looking for the
 * orders, of which there are none, or for syncd, which is not running.
 */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A complete store without orders. */
static void
fill(const struct config *config)
{
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = 1 };
	struct apply_result result;
	struct apply *a;

	must(apply_open(config, &tables_builtin, &a) == ERR_OK);
	must(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, 1, &result) == ERR_OK);
	apply_close(a);
}

static struct api *
prepare(void)
{
	static struct config config = { .write.create = true };
	static struct docs docs;
	struct api *api = api_new(&config, &docs, &tables_builtin);

	must(api != NULL && (api->loop = loop_new()) != NULL);
	api->store = made_store(&config, fill);
	must((api->link = syncd_link_new(api->loop, "/nonexistent/orderdeck.sock")) != NULL);
	api_use_table(api, &api->of_tables[0]);
	api->request.content_type = STR("application/json");
	api->request.segments[2] = STR("ORD-1");
	api->request.segment_count = 3;
	api->request.idempotency_key = STR("key");
	return api;
}

typedef enum outcome handler(struct api *);

static void
handle(struct api *api, enum method method, handler *h, struct str bytes, bool sound)
{
	struct str head, body;

	api->errors.count = 0;
	api->request.method = method;
	api->request.body = bytes;
	response_begin(&api->response, false);
	must(h(api) == ANSWERED);
	must(response_finish(&api->response, &head, &body) == ERR_OK);
	must(api->response.status == 400 || (sound && (api->response.status == 200 ||
	    api->response.status == 404 || api->response.status == 503)));
	must(api->message.items == NULL && api->documents == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes, len };
	static struct api *api;
	const char *why;
	cJSON *json;
	enum err e;

	if (api == NULL)
		api = prepare();
	e = json_body_parse(text, &json, &why);
	must((e == ERR_OK) == (json != NULL) && (e == ERR_OK) == (why == NULL));
	cJSON_Delete(json);
	handle(api, METHOD_PATCH, rows_patch, text, e == ERR_OK);
	handle(api, METHOD_PATCH, rows_patch_many, text, e == ERR_OK);
	handle(api, METHOD_POST, rows_create, text, e == ERR_OK);
	handle(api, METHOD_POST, rows_undo, text, e == ERR_OK || len == 0);
	handle(api, METHOD_POST, rows_undo_many, text, e == ERR_OK);
	return 0;
}
