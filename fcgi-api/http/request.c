#include <stdlib.h>
#include <strings.h>

#include "common/base/fold.h"
#include "fcgi-api/http/query_string.h"
#include "fcgi-api/http/request.h"

/* The parameters that are parsed further; start with all of them empty. */
struct raw {
	struct str	method, uri, query, length, id;
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The parameters of interest, in the order in which the web server sends them. */
static const struct {
	const char	*name;
	size_t		 len;
	size_t		 at;	/* offset in struct raw, or in struct request */
	bool		 in_raw;
} wanted[] = {
#define RAW(name, member)	{ name "=", sizeof(name), offsetof(struct raw, member), true }
#define HEADER(name, member)	{ name "=", sizeof(name), offsetof(struct request, member), false }
	RAW("REQUEST_METHOD", method),
	RAW("REQUEST_URI", uri),
	HEADER("REMOTE_ADDR", client),
	RAW("REQUEST_ID", id),
	HEADER("HTTP_IF_NONE_MATCH", if_none_match),
	HEADER("HTTP_ACCEPT_ENCODING", accept_encoding),
	HEADER("HTTP_PREFER", prefer),
	HEADER("CONTENT_TYPE", content_type),
	RAW("CONTENT_LENGTH", length),
	HEADER("REMOTE_USER", user),
	HEADER("HTTP_IF_MATCH", if_match),
	HEADER("HTTP_IDEMPOTENCY_KEY", idempotency_key),
	HEADER("HTTP_X_AIRTABLE_CONTENT_MAC", airtable_mac),
	RAW("QUERY_STRING", query)
#undef RAW
#undef HEADER
};

static void
collect(struct request *r, char *const *envp, struct raw *raw)
{
	size_t i = 0;

	for (; *envp != NULL; envp++) {
		/* start after the one found last: mostly the first guess is right */
		for (size_t tried = 0; tried < COUNT(wanted); tried++) {
			size_t at = i;

			i = i + 1 == COUNT(wanted) ? 0 : i + 1;
			if (strncmp(*envp, wanted[at].name, wanted[at].len) != 0)
				continue;
			*(struct str *)((wanted[at].in_raw ? (char *)raw : (char *)r) +
			    wanted[at].at) = str_of(*envp + wanted[at].len);
			break;
		}
	}
}

static enum method
method_parse(struct str s)
{
	if (str_is(s, "GET"))
		return METHOD_GET;
	if (str_is(s, "HEAD"))
		return METHOD_HEAD;
	if (str_is(s, "POST"))
		return METHOD_POST;
	if (str_is(s, "PATCH"))
		return METHOD_PATCH;
	if (str_is(s, "DELETE"))
		return METHOD_DELETE;
	if (str_is(s, "OPTIONS"))
		return METHOD_OPTIONS;
	return METHOD_OTHER;
}

/* One decoded part of the path. */
static enum err
segment_check(struct str s, struct field_errors *errors)
{
	if (s.len == 0 || str_is(s, ".") || str_is(s, ".."))
		return ERR_NOT_FOUND;
	if (s.len > REQUEST_ID_BYTES_MAX) {
		field_errors_add(errors, STR("path"), "a part is longer than %d bytes",
		    REQUEST_ID_BYTES_MAX);
		return ERR_INVALID_PARAMETER;
	}
	if (!utf8_valid(s)) {
		field_errors_add(errors, STR("path"), "must be UTF-8 without NUL");
		return ERR_INVALID_PARAMETER;
	}
	return ERR_OK;
}

/* Split, then decode: an encoded slash belongs to its part. */
static enum err
path_parse(struct request *r, struct str path, char **scratch, struct field_errors *errors)
{
	r->segment_count = 0;
	if (path.len == 0 || path.ptr[0] != '/')
		return ERR_NOT_FOUND;
	while (path.len > 0) {
		struct str raw = { path.ptr + 1, path.len - 1 }, *seg;
		const char *slash = memchr(raw.ptr, '/', raw.len);
		enum err e;

		if (slash != NULL)
			raw.len = (size_t)(slash - raw.ptr);
		path.ptr += raw.len + 1;
		path.len -= raw.len + 1;
		if (r->segment_count == REQUEST_SEGMENTS_MAX)
			return ERR_NOT_FOUND;
		seg = &r->segments[r->segment_count++];
		if (!percent_decode(raw, false, scratch, seg)) {
			field_errors_add(errors, STR("path"), "malformed percent-encoding");
			return ERR_INVALID_PARAMETER;
		}
		if ((e = segment_check(*seg, errors)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* An absent CONTENT_LENGTH agrees with any body. */
static bool
length_agrees(struct str text, size_t len)
{
	size_t n = 0;

	if (text.len == 0)
		return true;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > UINT32_MAX)
			return false;
		n = n * 10 + (size_t)(text.ptr[i] - '0');
	}
	return n == len;
}

/* No browser sends what follows a '#', and it is no part of the query. */
static struct str
query_of(struct str s)
{
	const char *mark = s.len > 0 ? memchr(s.ptr, '#', s.len) : NULL;

	if (mark != NULL)
		s.len = (size_t)(mark - s.ptr);
	return s;
}

enum err
request_parse(struct request *r, char *const *envp, struct str body, enum err body_error,
    struct field_errors *errors)
{
	struct raw raw = { .method = { NULL, 0 } };
	char *scratch = r->scratch;
	const char *mark;
	struct str path;
	enum err e;

	errors->count = 0;
	r->if_none_match = r->if_match = r->accept_encoding = r->prefer =
	    r->idempotency_key = r->airtable_mac = r->content_type = r->client = r->user =
	    r->query = (struct str){ NULL, 0 };
	r->segment_count = r->param_count = 0;
	r->body = body;
	collect(r, envp, &raw);
	r->method = method_parse(raw.method);
	r->id[0] = '\0';
	if (request_id_valid(raw.id)) {
		memcpy(r->id, raw.id.ptr, raw.id.len);
		r->id[raw.id.len] = '\0';
	}
	path = raw.uri;
	if (path.len > 0 && (mark = memchr(path.ptr, '?', path.len)) != NULL) {
		path.len = (size_t)(mark - path.ptr);
		if (raw.query.ptr == NULL)
			raw.query = query_of((struct str){ mark + 1, raw.uri.len - path.len - 1 });
	}
	r->query = raw.query;
	if (path.len + raw.query.len > REQUEST_URI_MAX)
		return ERR_TOO_LARGE;
	if ((e = path_parse(r, path, &scratch, errors)) != ERR_OK)
		return e;
	/* its faults are listed together with those that the route finds */
	(void)query_string_parse(raw.query, scratch, r->params, &r->param_count, errors);
	if (body_error != ERR_OK)
		return body_error;
	return length_agrees(raw.length, body.len) ? ERR_OK : ERR_INVALID_BODY;
}

enum err
request_params_fault(const struct field_errors *errors)
{
	return field_errors_any(errors) ? ERR_INVALID_PARAMETER : ERR_OK;
}

enum err
request_no_params(const struct request *r, struct field_errors *errors)
{
	for (size_t i = 0; i < r->param_count; i++)
		field_errors_add(errors, r->params[i].name, "unknown parameter");
	return request_params_fault(errors);
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s.ptr++, s.len--;
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool
same_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

enum err
request_check_json(const struct request *r)
{
	struct str type = r->content_type, charset = { NULL, 0 };
	const char *semicolon;

	if (type.len > 0 && (semicolon = memchr(type.ptr, ';', type.len)) != NULL) {
		size_t before = (size_t)(semicolon - type.ptr);

		charset = trim((struct str){ semicolon + 1, type.len - before - 1 });
		type.len = before;
	}
	if (!same_word(trim(type), "application/json"))
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	if (charset.len > 0 && !same_word(charset, "charset=utf-8") &&
	    !same_word(charset, "charset=\"utf-8\""))
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	return ERR_OK;
}

/* Bytes up to the first ${end} outside of quotes, or all. */
static size_t
piece(struct str s, char end)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len && (quoted || s.ptr[i] != end); i++) {
		if (s.ptr[i] == '"')
			quoted = !quoted;
		else if (quoted && s.ptr[i] == '\\')
			i++;
	}
	return i < s.len ? i : s.len;
}

static bool
prefers(const struct request *r, const char *what)
{
	struct str rest = r->prefer;

	while (rest.len > 0) {
		struct str one = { rest.ptr, piece(rest, ',') };
		size_t whole = one.len;

		one.len = piece(one, ';');
		if (same_word(trim(one), what))
			return true;
		whole += whole < rest.len;	/* the comma */
		rest.ptr += whole;
		rest.len -= whole;
	}
	return false;
}

bool
request_prefers_async(const struct request *r)
{
	return prefers(r, "respond-async");
}

bool
request_prefers_partial(const struct request *r)
{
	return prefers(r, "partial");
}
