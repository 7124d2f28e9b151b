#include "common/base/hash.h"
#include "fcgi-api/http/decimal.h"
#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/response.h"

void
response_init(struct response *r)
{
	*r = (struct response){ .status = 200, .data_age_s = -1 };
	r->own.limit = RESPONSE_BODY_MAX;
}

void
response_free(struct response *r)
{
	buf_free(&r->fields);
	buf_free(&r->own);
	buf_free(&r->head);
}

void
response_begin(struct response *r, bool head_only)
{
	if (r->own.cap > 1024 * 1024)	/* the memory of a huge answer is not kept */
		buf_free(&r->own);
	buf_clear(&r->head);
	r->head_only = head_only;
	response_restart(r);
}

void
response_restart(struct response *r)
{
	r->status = 200;
	r->type = NULL;
	r->data_age_s = -1;
	r->elsewhere = false;
	r->body = (struct str){ NULL, 0 };
	buf_clear(&r->fields);
	buf_clear(&r->own);
}

/* Added in one go, as a read has eight lines. */
static void
add_line(struct buf *b, struct str name, struct str value)
{
	char *p = buf_reserve(b, name.len + value.len + 4);

	if (p == NULL)
		return;
	p = mempcpy(p, name.ptr, name.len);
	*p++ = ':';
	*p++ = ' ';
	if (value.len > 0)
		p = mempcpy(p, value.ptr, value.len);
	*p++ = '\r';
	*p = '\n';
	buf_commit(b, name.len + value.len + 4);
}

void
response_header(struct response *r, const char *name, struct str value)
{
	add_line(&r->fields, str_of(name), value);
}

void
response_header_uint(struct response *r, const char *name, uint64_t value)
{
	char text[DECIMAL_SIZE];

	response_header(r, name, decimal(value, text));
}

void
response_state(struct response *r, uint64_t generation)
{
	if (generation != NO_GENERATION)
		response_header_uint(r, "X-Generation", generation);
	if (r->data_age_s >= 0)
		response_header_uint(r, "X-Data-Age", (uint64_t)r->data_age_s);
}

bool
response_validators(struct response *r, struct str condition, struct str etag,
    uint64_t generation)
{
	response_header(r, "ETag", etag);
	buf_add_cstr(&r->fields, "Cache-Control: no-cache\r\n");
	response_state(r, generation);
	if (condition.ptr == NULL || !etag_listed(condition, etag))
		return false;
	r->status = 304;
	return true;
}

bool
response_validators_of_body(struct response *r, struct str condition, uint64_t generation)
{
	uint64_t hash = hash_str(buf_str(&r->own));
	char etag[24] = "\"h";
	size_t n = 2;

	for (int shift = 60; shift >= 0; shift -= 4)
		etag[n++] = "0123456789abcdef"[hash >> shift & 15];
	etag[n++] = '"';
	return response_validators(r, condition, (struct str){ etag, n }, generation);
}

void
response_body(struct response *r, const char *type, struct str body)
{
	r->type = type;
	r->body = body;
	r->elsewhere = true;
}

const char *
status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 202: return "Accepted";
	case 204: return "No Content";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 504: return "Gateway Timeout";
	case 507: return "Insufficient Storage";
	default: return "";
	}
}

static void
add_status(struct response *r)
{
	char text[DECIMAL_SIZE];

	if (r->status != 200) {	/* which is what CGI assumes without this line */
		buf_add_cstr(&r->head, "Status: ");
		buf_add_str(&r->head, decimal((uint64_t)r->status, text));
		buf_add_char(&r->head, ' ');
		buf_add_cstr(&r->head, status_text(r->status));
		buf_add(&r->head, "\r\n", 2);
	}
	buf_add_str(&r->head, buf_str(&r->fields));
}

enum err
response_stream(struct response *r, const char *type, struct buf *out)
{
	enum err e;

	if ((e = buf_status(&r->fields)) != ERR_OK)
		return e;
	add_status(r);
	add_line(&r->head, STR("Content-Type"), str_of(type));
	buf_add(&r->head, "\r\n", 2);
	if ((e = buf_status(&r->head)) == ERR_OK)
		buf_add_str(out, buf_str(&r->head));
	return e != ERR_OK ? e : buf_status(out);
}

enum err
response_finish(struct response *r, struct str *head, struct str *body)
{
	bool with_body = r->status != 304 && r->status != 204;
	char text[DECIMAL_SIZE];
	enum err e;

	if (!r->elsewhere)
		r->body = buf_str(&r->own);
	if ((e = buf_status(&r->own)) != ERR_OK || (e = buf_status(&r->fields)) != ERR_OK)
		return e;
	add_status(r);
	if (with_body) {
		if (r->type != NULL)
			add_line(&r->head, STR("Content-Type"), str_of(r->type));
		add_line(&r->head, STR("Content-Length"), decimal(r->body.len, text));
	}
	buf_add(&r->head, "\r\n", 2);
	*head = buf_str(&r->head);
	*body = with_body && !r->head_only ? r->body : (struct str){ NULL, 0 };
	return buf_status(&r->head);
}
