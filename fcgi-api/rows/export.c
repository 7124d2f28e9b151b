#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/handlers.h"
#include "fcgi-api/rows/csv.h"
#include "fcgi-api/rows/row_spool.h"
#include "fcgi-api/rows/xlsx.h"

#define CHUNK_BYTES	(48 * 1024)	/* composed before it is handed on */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"	/* by which a spreadsheet knows UTF-8 */
#define DATE_LEN	10		/* "2026-11-20T10:00:00.000Z" */
#define SECONDS_LEN	19

struct export;

/*
 * An export is made in two steps.  First all rows are read within one
 * snapshot into a file, at the speed of memory, and the store is released;
 * then the answer is composed and sent from that file, however long that
 * takes.
 */
struct format {
	const char	*name;		/* by which a request chooses it; NULL: there is no choice */
	const char	*suffix;
	const char	*type;
	enum err	(*send)(struct export *);
	const char	*begin;		/* CSV: before the header row */
	char		 between;	/* cells */
	char		 point;		/* of an amount */
	char		 clock;		/* between date and time; '\0': RFC 3339 */
};

struct export {
	struct api		*api;
	const struct schema	*schema;
	struct sink		*sink;
	const struct format	*format;
	struct row_spool	*rows;
	uint64_t		 total;
	struct currency		 currency;
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

/* From here on a failure cuts the answer short. */
static enum err
send_head(struct export *x)
{
	struct response *r = &x->api->response;
	enum err e;

	x->sink->streamed = true;
	response_header_uint(r, "X-Total-Count", x->total);
	if ((e = response_stream(r, x->format->type, &r->own)) != ERR_OK)
		return e;
	return flush(x);
}

/* Add a number with ${point} as its decimal mark. */
static void
add_number(struct buf *b, enum field_kind kind, const struct value *v, char point)
{
	size_t begin = b->len;

	kind_add_json(b, kind, v);
	for (size_t i = begin; i < b->len; i++)
		if (b->data[i] == '.')
			b->data[i] = point;
}

/* ${clock} replaces what spreadsheets don't know: none recognizes RFC 3339 as a time. */
static void
add_time(struct buf *b, const struct value *v, char clock)
{
	char text[INSTANT_TEXT_SIZE];

	if (moment_format(v, text) != ERR_OK)
		return;
	if (clock != '\0' && !moment_is_date(v)) {
		text[DATE_LEN] = clock;
		text[SECONDS_LEN] = '\0';
	}
	buf_add_cstr(b, text);
}

static void
add_date(struct buf *b, const struct value *v)
{
	struct buf json = { 0 };

	kind_add_json(&json, FIELD_DATE, v);	/* in quotes */
	if (buf_status(&json) != ERR_OK)
		b->error = buf_status(&json);
	else if (json.len > 2)
		buf_add(b, json.data + 1, json.len - 2);
	buf_free(&json);
}

static void
add_value(struct buf *b, const struct format *format, const struct field *f,
    const struct value *v)
{
	buf_add_char(b, format->between);
	if (!v->present)
		return;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		csv_add_text(b, v->text);
		break;
	case FIELD_MONEY:
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		add_number(b, f->kind, v, format->point);
		break;
	case FIELD_BOOLEAN:
		buf_add_cstr(b, v->number != 0 ? "true" : "false");
		break;
	case FIELD_DATE:
		add_date(b, v);
		break;
	case FIELD_INSTANT:
		add_time(b, v, format->clock);
		break;
	}
}

static enum err
send_csv(struct export *x)
{
	const struct schema *schema = x->schema;
	struct buf *b = &x->api->response.own;
	struct record record;
	enum err e;

	if ((e = send_head(x)) != ERR_OK)
		return e;
	buf_add_cstr(b, x->format->begin);
	csv_add_text(b, STR("id"));
	for (size_t i = 0; i < schema->field_count; i++) {
		buf_add_char(b, x->format->between);
		csv_add_text(b, str_of(schema->fields[i].name));
	}
	csv_end_line(b);
	while (e == ERR_OK && (e = row_spool_next(x->rows, &record)) == ERR_OK) {
		csv_add_text(b, record.id);
		for (size_t i = 0; i < schema->field_count; i++)
			add_value(b, x->format, &schema->fields[i], &record.values[i]);
		csv_end_line(b);
		if (b->len >= CHUNK_BYTES)
			e = flush(x);
	}
	return e == ERR_NOT_FOUND ? flush(x) : e;
}

static enum err
send_file(struct export *x, FILE *file, uint64_t bytes)
{
	struct buf *b = &x->api->response.own;
	enum err e;
	size_t n;

	response_header_uint(&x->api->response, "Content-Length", bytes);
	for (e = send_head(x); e == ERR_OK && bytes > 0; bytes -= n) {
		char *at = buf_reserve(b, CHUNK_BYTES);

		if (at == NULL || (n = fread(at, 1, CHUNK_BYTES, file)) == 0)
			return at == NULL ? ERR_NOMEM : ERR_IO;
		buf_commit(b, n);
		e = flush(x);
	}
	return e;
}

static enum err
send_xlsx(struct export *x)
{
	struct record record;
	struct xlsx *xlsx;
	uint64_t bytes;
	FILE *file;
	enum err e;

	if ((e = xlsx_new(x->api->config->api.spool, x->schema, &x->currency, XLSX_SHEET_ROWS,
	    &xlsx)) != ERR_OK)
		return e;
	while ((e = row_spool_next(x->rows, &record)) == ERR_OK &&
	    (e = xlsx_add(xlsx, &record)) == ERR_OK)
		continue;
	if (e == ERR_NOT_FOUND && (e = xlsx_finish(xlsx, &file, &bytes)) == ERR_OK)
		e = send_file(x, file, bytes);
	xlsx_free(xlsx);
	return e;
}

#define CSV_TYPE	"text/csv; charset=utf-8"

/* What each program recognizes as amounts and times when it opens a file without settings. */
static const struct format csv[] = {
	{ "plain", "csv", CSV_TYPE, send_csv, "", ',', '.', '\0' },
	{ "excel", "csv", CSV_TYPE, send_csv, BYTE_ORDER_MARK, ',', '.', ' ' },
	{ "excel-semicolon", "csv", CSV_TYPE, send_csv, BYTE_ORDER_MARK, ';', ',', ' ' },
	{ "libreoffice", "csv", CSV_TYPE, send_csv, BYTE_ORDER_MARK, ',', '.', 'T' }
};
static const struct format workbook[] = { {
	.suffix = "xlsx", .send = send_xlsx,
	.type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
} };

/* Take "format" off the parameters; ${formats}: those that it may name, the first by default. */
static const struct format *
take_format(struct api *api, const struct format *formats, size_t count)
{
	struct request *r = &api->request;
	const struct format *found = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < r->param_count; i++) {
		const struct param *p = &r->params[i];

		if (count == 1 || !str_is(p->name, "format")) {
			r->params[kept++] = *p;
			continue;
		}
		if (found != NULL)
			field_errors_add(&api->errors, p->name, "is given more than once");
		found = formats;
		for (size_t k = 0; k < count; k++)
			if (str_is(p->value, formats[k].name))
				found = &formats[k];
		if (!str_is(p->value, found->name))
			field_errors_add(&api->errors, p->name,
			    "must be plain, excel, excel-semicolon or libreoffice");
	}
	r->param_count = kept;
	return found != NULL ? found : formats;
}

static enum err
each_row(void *cookie, uint32_t row)
{
	struct export *x = cookie;
	struct row_view view;
	struct record record;
	enum err e;

	if (x->rows == NULL)	/* a HEAD: the total is known, and no more is asked for */
		return ERR_CANCELLED;
	if ((e = store_row(x->api->store, x->schema, row, &view)) != ERR_OK ||
	    (e = row_values(&view, x->schema, &record)) != ERR_OK)
		return e;
	return row_spool_add(x->rows, &record);
}

/* Read all rows and release the store. */
static enum err
gather(struct export *x)
{
	struct store *st = x->api->store;
	enum err e;

	(void)currency_load(store_txn(st), store_databases(st)->meta, &x->currency);
	e = query_each(x->api->own->query, st, &x->total, each_row, x);
	api_release(x->api);
	if (x->rows == NULL)
		return e == ERR_CANCELLED ? ERR_OK : e;
	return e == ERR_OK ? row_spool_rewind(x->rows) : e;
}

/* The file's name has today's date in UTC. */
static void
add_disposition(struct response *r, const struct schema *schema, const struct format *format)
{
	char text[TABLE_NAME_MAX + 80], now[INSTANT_TEXT_SIZE];
	int n;

	if (instant_format(instant_now(), now) != ERR_OK)
		now[0] = '\0';
	n = snprintf(text, sizeof(text), "attachment; filename=\"%s-%.10s.%s\"", schema->name,
	    now, format->suffix);
	response_header(r, "Content-Disposition", (struct str){ text, (size_t)n });
}

static void
answer(struct export *x)
{
	bool head_only = x->api->request.method == METHOD_HEAD;
	enum err e = ERR_OK;

	add_disposition(&x->api->response, x->schema, x->format);
	if (!head_only)
		e = row_spool_new(x->api->config->api.spool, x->schema, &x->rows);
	if (e == ERR_OK && (e = gather(x)) == ERR_OK)
		e = head_only ? send_head(x) : x->format->send(x);
	row_spool_free(x->rows);
	if (e == ERR_OK)
		return;
	if (!x->sink->streamed)
		(void)api_problem(x->api, e, NULL);
	else if (e != ERR_CANCELLED)	/* a client may hang up before the end */
		log_warn("export: cut short: %s", err_text(e));
}

static void
export(struct api *api, struct sink *sink, const struct format *formats, size_t count)
{
	const struct request *req = &api->request;
	struct export x = { .api = api, .schema = api->table, .sink = sink,
	    .format = take_format(api, formats, count) };
	uint64_t generation;
	struct etag etag;
	enum err e;

	if ((e = api_snapshot(api)) != ERR_OK ||
	    (e = query_parse(api->own->query, api->store, req->params, req->param_count,
	    false, &api->errors)) != ERR_OK) {
		(void)api_problem(api, e, NULL);
		return;
	}
	if (api_filling(api)) {
		(void)api_problem(api, ERR_FILLING, NULL);
		return;
	}
	generation = store_generation(api->store);
	if (!response_validators(&api->response, req->if_none_match,
	    etag_of_table(&etag, 'g', generation, x.schema->number, false), generation))
		answer(&x);
}

void
rows_export_csv(struct api *api, struct sink *sink)
{
	export(api, sink, csv, sizeof(csv) / sizeof(csv[0]));
}

void
rows_export_xlsx(struct api *api, struct sink *sink)
{
	export(api, sink, workbook, 1);
}
