#include "common/base/json_write.h"
#include "common/store/outbox.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"

/* Rows with changes that Airtable has not confirmed yet are shown with them. */
static enum err
show_pending(struct api *api, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum err e = outbox_overlay(api->store, api->table, api->rows[i].id, &api->rows[i].json, NULL);

		if (e != ERR_OK && e != ERR_NOT_FOUND)
			return e;
	}
	return ERR_OK;
}

/* {"<table>":[...],"page":...}: the rows are copied as they lie in the store. */
static enum err
add_page(struct api *api, struct buf *b)
{
	const struct query_page *page = &api->page;
	enum err e = store_rows(api->store, api->table, page->rows, page->count, api->rows);

	if (e == ERR_OK && outbox_pending(api->store, api->table) > 0)
		e = show_pending(api, page->count);
	if (e != ERR_OK)
		return e;
	buf_add(b, "{\"", 2);
	buf_add_cstr(b, api->table->name);
	buf_add_cstr(b, "\":[");
	for (size_t i = 0; i < page->count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_str(b, api->rows[i].json);
	}
	buf_add_char(b, ']');
	if (page->page == 0)	/* a cursor was given */
		buf_add_cstr(b, ",\"page\":null");
	else
		json_member_uint(b, "page", page->page);
	json_member_uint(b, "pageSize", page->page_size);
	json_member_uint(b, "total", page->total);
	json_member_uint(b, "totalPages", page->total_pages);
	json_member_uint(b, "generation", store_generation(api->store));
	if (api_filling(api))
		json_member_bool(b, "complete", false);
	json_member_string_or_null(b, "nextCursor",
	    page->next[0] == '\0' ? (struct str){ NULL, 0 } : str_of(page->next));
	buf_add_char(b, '}');
	return buf_status(b);
}

/* The rows of one page have too many bytes for an answer. */
static enum err
too_large(struct api *api)
{
	field_errors_add(&api->errors, STR("pageSize"), "this many of these %s exceed %u MiB; "
	    "ask for fewer", api->table->name, RESPONSE_BODY_MAX >> 20);
	return request_params_fault(&api->errors);
}

/* The body of ${key}: the page of the parsed query. */
static enum err
make_body(struct api *api, const struct page_key *key, struct str *body)
{
	struct buf *b = &api->response.own;
	enum err e;

	if ((e = query_run(api->own->query, api->store, &api->page)) != ERR_OK ||
	    (e = add_page(api, b)) != ERR_OK)
		return e;
	*body = buf_str(b);
	if (key->gzip) {
		if ((e = gzip_body(api->gzip, *body, &api->packed)) != ERR_OK)
			return e;
		*body = buf_str(&api->packed);
	}
	if (!api_filling(api))
		page_cache_put(api->pages, key, *body);
	return ERR_OK;
}

/* Does the client hold the page as it is?  Then the answer is 304. */
static bool
is_held(struct api *api, const struct page_key *key, char what)
{
	struct etag etag;

	return response_validators(&api->response, api->request.if_none_match,
	    etag_of_table(&etag, what, key->generation, key->table, key->gzip), key->generation);
}

static void
answer_page(struct api *api, const struct page_key *key, struct str body)
{
	if (key->gzip)
		response_header(&api->response, "Content-Encoding", STR("gzip"));
	response_body(&api->response, "application/json", body);
}

/*
 * Give ${key} the store's generation, and answer with the page if the cache has it.  A kept page
 * needs no check of its parameters, which were checked when it was composed; a partial page is
 * never kept.
 */
static bool
answer_kept(struct api *api, struct page_key *key)
{
	struct str body;

	key->generation = store_generation(api->store);
	if (api_filling(api) || !page_cache_get(api->pages, key, &body))
		return false;
	if (!is_held(api, key, 'g'))
		answer_page(api, key, body);
	return true;
}

enum outcome
rows_list(struct api *api)
{
	const struct request *req = &api->request;
	struct page_key key = { .table = api->table->number, .query = req->query,
	    .gzip = accepts_gzip(req->accept_encoding) };
	struct str body;
	enum err e;

	if (api_unmoved(api) && answer_kept(api, &key))
		return ANSWERED;
	if ((e = api_snapshot(api)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (store_generation(api->store) != key.generation && answer_kept(api, &key))
		return ANSWERED;
	if ((e = query_parse(api->own->query, api->store, req->params, req->param_count, true,
	    &api->errors)) != ERR_OK)
		return api_problem(api, e, NULL);
	if (api_filling(api) && !request_prefers_partial(req))
		return api_problem(api, ERR_FILLING, NULL);
	/* a generation may become complete without a new one, so partial pages have tags of their own */
	if (is_held(api, &key, api_filling(api) ? 'p' : 'g'))
		return ANSWERED;
	if ((e = make_body(api, &key, &body)) != ERR_OK)
		return api_problem(api, e == ERR_TOO_LARGE ? too_large(api) : e, NULL);
	answer_page(api, &key, body);
	return ANSWERED;
}
