#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "common/instant.h"
#include "common/log.h"
#include "common/money.h"
#include "common/row.h"
#include "fcgi-api/csv.h"
#include "fcgi-api/handlers.h"

#define CHUNK_BYTES	(48 * 1024)	/* composed before it is handed on */

static const struct schema *const schema = &orders_schema;

struct export {
	struct api	*api;
	struct sink	*sink;
	uint64_t	 total;
	bool		 head_only;
};

/* Hand on what is composed. */
static enum err
flush(struct export *x)
{
	struct buf *b = &x->api->response.own;
	enum err e = buf_status(b);

	if (e == ERR_OK && b->len > 0)
		e = x->sink->put(x->sink->cookie, buf_str(b));
	buf_clear(b);
	return e;
}

/* The head goes out with the first row, when the total is known. */
static enum err
begin(struct export *x)
{
	struct response *r = &x->api->response;
	enum err e;

	x->sink->streamed = true;
	response_header_uint(r, "X-Total-Count", x->total);
	if ((e = response_stream(r, "text/csv; charset=utf-8", &r->own)) != ERR_OK)
		return e;
	if ((e = flush(x)) != ERR_OK || x->head_only)
		return e == ERR_OK ? ERR_CANCELLED : e;
	csv_add_text(&r->own, STR("id"));
	for (size_t i = 0; i < schema->field_count; i++) {
		buf_add_char(&r->own, ',');
		csv_add_text(&r->own, str_of(schema->fields[i].name));
	}
	csv_end_line(&r->own);
	return ERR_OK;
}

static void
add_value(struct buf *b, const struct field *f, const struct value *v)
{
	char text[INSTANT_TEXT_SIZE];

	buf_add_char(b, ',');
	if (!v->present)
		return;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_SELECT:
		csv_add_text(b, v->text);
		break;
	case FIELD_MONEY:
		money_add(b, v->number);
		break;
	case FIELD_INSTANT:
		if (instant_format(v->number, text) == ERR_OK)
			buf_add_cstr(b, text);
		break;
	}
}

static enum err
each_row(void *cookie, uint32_t row)
{
	struct export *x = cookie;
	struct buf *b = &x->api->response.own;
	struct row_view view;
	struct record record;
	enum err e;

	if (!x->sink->streamed && (e = begin(x)) != ERR_OK)
		return e;
	if ((e = store_row(x->api->store, row, &view)) != ERR_OK ||
	    (e = row_values(&view, schema, &record)) != ERR_OK)
		return e;
	csv_add_text(b, view.id);
	for (size_t i = 0; i < schema->field_count; i++)
		add_value(b, &schema->fields[i], &record.values[i]);
	csv_end_line(b);
	return b->len >= CHUNK_BYTES ? flush(x) : ERR_OK;
}

/* Today's date in UTC stands in the file's name. */
static void
add_disposition(struct response *r)
{
	char text[80], now[INSTANT_TEXT_SIZE];
	int n;

	if (instant_format(instant_now(), now) != ERR_OK)
		now[0] = '\0';
	n = snprintf(text, sizeof(text), "attachment; filename=\"orders-%.10s.csv\"", now);
	response_header(r, "Content-Disposition", (struct str){ text, (size_t)n });
}

void
orders_export_csv(struct api *api, struct sink *sink)
{
	const struct request *req = &api->request;
	struct export x = { .api = api, .sink = sink,
	    .head_only = req->method == METHOD_HEAD };
	uint64_t generation;
	char etag[32];
	enum err e;
	int n;

	if ((e = api_snapshot(api)) != ERR_OK ||
	    (e = query_parse(api->query, api->store, req->params, req->param_count,
	    false, &api->errors)) != ERR_OK ||
	    (e = request_params_fault(&api->errors)) != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return;
	}
	generation = store_generation(api->store);
	n = snprintf(etag, sizeof(etag), "\"g%" PRIu64 "\"", generation);
	if (response_validators(&api->response, req->if_none_match,
	    (struct str){ etag, (size_t)n }, generation))
		return;
	add_disposition(&api->response);
	e = query_each(api->query, api->store, &x.total, each_row, &x);
	if (e == ERR_OK && !sink->streamed)	/* no rows */
		e = begin(&x);
	if (e == ERR_OK)
		e = flush(&x);
	if (e == ERR_OK || e == ERR_CANCELLED)
		return;
	if (!sink->streamed)
		(void)api_problem(api, e, NULL);
	else
		log_warn("export: cut short: %s", err_text(e));
}
