#include <stdio.h>

#include "common/store/outbox.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"

#define NAMED_MAX	8	/* record ids listed when an Order ID is ambiguous */

static void
ambiguous(struct api *api, const uint32_t *rows, size_t matches, char why[static ORDER_WHY_SIZE])
{
	size_t at, shown = matches < NAMED_MAX ? matches : NAMED_MAX;

	at = (size_t)snprintf(why, ORDER_WHY_SIZE,
	    "%zu orders have this Order ID; use a record id:", matches);
	for (size_t i = 0; i < shown; i++) {
		struct row_view row;

		if (store_row(api->store, &orders_schema, rows[i], &row) != ERR_OK || row.id.len > 40)
			continue;
		at += (size_t)snprintf(why + at, ORDER_WHY_SIZE - at, "%s %.*s",
		    i > 0 ? "," : "", STR_FMT(row.id));
	}
}

enum err
order_lookup(struct api *api, struct str id, uint32_t *row, char why[static ORDER_WHY_SIZE])
{
	uint32_t rows[NAMED_MAX];
	size_t matches;
	enum err e = store_find_record(api->store, &orders_schema, id, row);

	why[0] = '\0';
	if (e == ERR_NOT_FOUND) {
		e = store_find_key(api->store, &orders_schema, id, rows, NAMED_MAX, &matches);
		if (e == ERR_OK && matches > 1) {
			ambiguous(api, rows, matches, why);
			return ERR_CONFLICT;
		}
		if (e == ERR_OK)
			*row = rows[0];
	}
	if (e == ERR_NOT_FOUND && api_filling(api))
		return ERR_FILLING;
	if (e == ERR_NOT_FOUND)
		(void)strcpy(why, "no order has this record id or Order ID");
	return e;
}

bool
order_find(struct api *api, struct str id, uint32_t *row)
{
	char why[ORDER_WHY_SIZE];
	enum err e = order_lookup(api, id, row, why);

	if (e != ERR_OK)
		(void)api_problem(api, e, why[0] != '\0' ? why : NULL);
	return e == ERR_OK;
}

enum outcome
order_answer(struct api *api, uint32_t row, struct str condition)
{
	struct response *r = &api->response;
	struct row_view view;
	struct etag etag;
	uint64_t since = 0;
	enum err e;

	if ((e = store_row(api->store, &orders_schema, row, &view)) != ERR_OK ||
	    ((e = outbox_overlay(api->store, &orders_schema, view.id, &view.json, &since)) != ERR_OK &&
	    e != ERR_NOT_FOUND))
		return api_problem(api, e, NULL);
	if (!response_validators(r, condition, etag_of_order(&etag, view.version, since),
	    store_generation(api->store)))
		response_body(r, "application/json", view.json);
	return ANSWERED;
}

enum outcome
orders_get(struct api *api)
{
	const struct request *req = &api->request;
	uint32_t row;
	enum err e;

	if ((e = request_no_params(req, &api->errors)) != ERR_OK ||
	    (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (!order_find(api, req->segments[2], &row))
		return ANSWERED;
	return order_answer(api, row, req->if_none_match);
}
