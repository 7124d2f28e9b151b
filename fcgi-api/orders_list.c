#include <inttypes.h>
#include <stdio.h>

#include "common/json_write.h"
#include "fcgi-api/handlers.h"

/* {"orders":[...]}: the rows are copied as they lie in the store. */
static enum err
add_rows(struct api *api, struct buf *b)
{
	const struct query_page *page = &api->page;
	enum err e = store_rows(api->store, page->rows, page->count, api->rows);

	if (e != ERR_OK)
		return e;
	buf_add_cstr(b, "{\"orders\":[");
	for (size_t i = 0; i < page->count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_str(b, api->rows[i].json);
	}
	buf_add_char(b, ']');
	return ERR_OK;
}

static void
add_tail(struct api *api, struct buf *b)
{
	const struct query_page *page = &api->page;

	if (page->page == 0)	/* a cursor was given */
		buf_add_cstr(b, ",\"page\":null");
	else
		json_member_uint(b, "page", page->page);
	json_member_uint(b, "pageSize", page->page_size);
	json_member_uint(b, "total", page->total);
	json_member_uint(b, "totalPages", page->total_pages);
	json_member_uint(b, "generation", store_generation(api->store));
	json_member_string_or_null(b, "nextCursor",
	    page->next[0] == '\0' ? (struct str){ NULL, 0 } : str_of(page->next));
	buf_add_char(b, '}');
}

enum outcome
orders_list(struct api *api)
{
	const struct request *req = &api->request;
	struct response *r = &api->response;
	char etag[32];
	int n;
	enum err e;

	if ((e = api_snapshot(api)) != ERR_OK ||
	    (e = query_parse(api->query, api->store, req->params, req->param_count,
	    true, &api->errors)) != ERR_OK ||
	    (e = request_params_fault(&api->errors)) != ERR_OK)
		return api_problem(api, e, NULL);
	n = snprintf(etag, sizeof(etag), "\"g%" PRIu64 "\"", store_generation(api->store));
	if (response_validators(r, req->if_none_match, (struct str){ etag, (size_t)n },
	    store_generation(api->store)))
		return ANSWERED;
	if ((e = query_run(api->query, api->store, &api->page)) != ERR_OK ||
	    (e = add_rows(api, &r->own)) != ERR_OK)
		return api_problem(api, e, NULL);
	add_tail(api, &r->own);
	r->type = "application/json";
	return ANSWERED;
}
