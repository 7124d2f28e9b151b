#include <stdio.h>

#include "common/store/outbox.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"
#include "fcgi-api/rows/words.h"

#define NAMED_MAX	8	/* record ids listed when a key is ambiguous */

static void
nothing(const struct schema *s, char why[static ROW_WHY_SIZE])
{
	const char *key = key_title(s);

	(void)snprintf(why, ROW_WHY_SIZE, "no %s has this record id%s%s", schema_noun(s),
	    key != NULL ? " or " : "", key != NULL ? key : "");
}

static void
ambiguous(struct api *api, const uint32_t *rows, size_t matches, char why[static ROW_WHY_SIZE])
{
	size_t at, shown = matches < NAMED_MAX ? matches : NAMED_MAX;

	at = (size_t)snprintf(why, ROW_WHY_SIZE,
	    "%zu %s have this %s; use a record id:", matches, api->table->name, key_title(api->table));
	for (size_t i = 0; i < shown; i++) {
		struct row_view row;

		if (store_row(api->store, api->table, rows[i], &row) != ERR_OK || row.id.len > 40)
			continue;
		at += (size_t)snprintf(why + at, ROW_WHY_SIZE - at, "%s %.*s",
		    i > 0 ? "," : "", STR_FMT(row.id));
	}
}

enum err
row_lookup(struct api *api, struct str id, uint32_t *row, char why[static ROW_WHY_SIZE])
{
	uint32_t rows[NAMED_MAX];
	size_t matches;
	enum err e = store_find_record(api->store, api->table, id, row);

	why[0] = '\0';
	if (e == ERR_NOT_FOUND) {
		e = store_find_key(api->store, api->table, id, rows, NAMED_MAX, &matches);
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
		nothing(api->table, why);
	return e;
}

bool
row_find(struct api *api, struct str id, uint32_t *row)
{
	char why[ROW_WHY_SIZE];
	enum err e = row_lookup(api, id, row, why);

	if (e != ERR_OK)
		(void)api_problem(api, e, why[0] != '\0' ? why : NULL);
	return e == ERR_OK;
}

enum outcome
row_answer(struct api *api, uint32_t row, struct str condition)
{
	struct response *r = &api->response;
	struct row_view view;
	struct etag etag;
	uint64_t since = 0;
	enum err e;

	if ((e = store_row(api->store, api->table, row, &view)) != ERR_OK ||
	    ((e = outbox_overlay(api->store, api->table, view.id, &view.json, &since)) != ERR_OK &&
	    e != ERR_NOT_FOUND))
		return api_problem(api, e, NULL);
	if (!response_validators(r, condition, etag_of_row(&etag, view.version, since),
	    store_generation(api->store)))
		response_body(r, "application/json", view.json);
	return ANSWERED;
}

enum outcome
rows_get(struct api *api)
{
	const struct request *req = &api->request;
	uint32_t row;
	enum err e;

	if ((e = request_no_params(req, &api->errors)) != ERR_OK ||
	    (e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (!row_find(api, req->segments[2], &row))
		return ANSWERED;
	return row_answer(api, row, req->if_none_match);
}
