#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/message.h"

#define DEPTH_MAX	32
#define MEMBERS_MAX	16	/* members a message knows */

/* What is being read, for the functions of the member tables. */
struct reader {
	const struct schema	*schema;
	struct message_request	*request;
	struct message_reply	*reply;
	struct str		 line;		/* the reply's, for its body */
	struct buf		*body;
	bool			 ok;		/* the reply's "ok" */
	char			*why;		/* 128 bytes */
};

struct member {
	const char	*name;
	bool		(*read)(struct reader *, const struct member *, const cJSON *);	/* NULL: read_head did */
	bool		 required;
	unsigned	 types;		/* requests: bit t for enum message_type t; 0: all */
};

static bool __attribute__((format(printf, 2, 3)))
refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->why, 128, fmt, ap);
	va_end(ap);
	return false;
}

/*
 * What cJSON lets pass: bytes that are not UTF-8, raw control characters,
 * \u0000 (at which its strings end), very deep nesting.  NULL: none of it.
 */
static const char *
unclean(struct str line)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < line.len; ) {
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)line.ptr + i,
		    (utf8proc_ssize_t)(line.len - i), &codepoint);

		if (n <= 0)
			return "not UTF-8";
		if (codepoint < ' ')
			return "a control character";
		if (codepoint == '"') {
			in_string = !in_string;
		} else if (in_string && codepoint == '\\') {
			if (line.len - i >= 6 && memcmp(line.ptr + i, "\\u0000", 6) == 0)
				return "\\u0000";
			n = 2;	/* what is escaped can't end the string */
		} else if (!in_string && (codepoint == '{' || codepoint == '[')) {
			if (++depth > DEPTH_MAX)
				return "nested too deeply";
		} else if (!in_string && (codepoint == '}' || codepoint == ']') && depth > 0) {
			depth--;
		}
		i += (size_t)n;
	}
	return NULL;
}

/* The object on the line, to be freed with cJSON_Delete; NULL with the reason in ->why. */
static cJSON *
parse_object(struct reader *r, struct str line)
{
	const char *end = NULL, *problem;
	cJSON *object;

	if (line.len > MESSAGE_BYTES_MAX) {
		(void)refuse(r, "longer than %d bytes", MESSAGE_BYTES_MAX);
		return NULL;
	}
	if ((problem = unclean(line)) != NULL) {
		(void)refuse(r, "%s", problem);
		return NULL;
	}
	object = line.len == 0 ? NULL : cJSON_ParseWithLengthOpts(line.ptr, line.len, &end, false);
	while (object != NULL && end < line.ptr + line.len && *end == ' ')
		end++;
	if (cJSON_IsObject(object) && end == line.ptr + line.len && line.ptr[0] != '\xef')
		return object;
	cJSON_Delete(object);
	(void)refuse(r, "not a JSON object");
	return NULL;
}

static const struct member *
find_member(const struct member *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* May a message of the reader's type have this member? */
static bool
belongs(const struct reader *r, const struct member *m)
{
	return m->types == 0 || (m->types & 1U << r->request->type) != 0;
}

/* Each member once, known, of the right type; the required ones there. */
static bool
read_members(struct reader *r, const struct member *table, size_t n, const cJSON *object)
{
	bool seen[MEMBERS_MAX] = { false };
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		const struct member *m = find_member(table, n, item->string);

		if (m == NULL || !belongs(r, m))
			return refuse(r, "unknown member \"%.60s\"", item->string);
		if (seen[m - table])
			return refuse(r, "\"%s\" twice", m->name);
		seen[m - table] = true;
		if (m->read != NULL && !m->read(r, m, item))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (table[i].required && belongs(r, &table[i]) && !seen[i])
			return refuse(r, "no \"%s\"", table[i].name);
	return true;
}

static bool
get_number(struct reader *r, const struct member *m, const cJSON *item,
    uint64_t max, uint64_t *number)
{
	double v = item->valuedouble;

	if (!cJSON_IsNumber(item))
		return refuse(r, "\"%s\" is no number", m->name);
	if (!(v >= 0 && v <= (double)max) || v != (double)(uint64_t)v)
		return refuse(r, "\"%s\" is no whole number in its range", m->name);
	*number = (uint64_t)v;
	return true;
}

static bool
get_milliseconds(struct reader *r, const struct member *m, const cJSON *item,
    uint64_t max, int64_t *ms)
{
	uint64_t number = 0;

	if (!get_number(r, m, item, max, &number))
		return false;
	*ms = (int64_t)number;
	return true;
}

static bool
get_bool(struct reader *r, const struct member *m, const cJSON *item, bool *value)
{
	if (!cJSON_IsBool(item))
		return refuse(r, "\"%s\" is neither true nor false", m->name);
	*value = cJSON_IsTrue(item);
	return true;
}

static bool
get_text(struct reader *r, const char *name, const cJSON *item, char *text, size_t size)
{
	if (!cJSON_IsString(item))
		return refuse(r, "\"%s\" is no string", name);
	if (strlen(item->valuestring) >= size)
		return refuse(r, "\"%s\" is longer than %zu bytes", name, size - 1);
	(void)strcpy(text, item->valuestring);
	return true;
}

static bool
read_request_id(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!get_text(r, m->name, item, r->request->request_id, sizeof(r->request->request_id)))
		return false;
	if (!request_id_valid(str_of(r->request->request_id)))
		return refuse(r, "\"%s\" is no request id", m->name);
	return true;
}

static bool
read_record(struct reader *r, const struct member *m, const cJSON *item)
{
	const char *p = r->request->record;

	if (!get_text(r, m->name, item, r->request->record, sizeof(r->request->record)))
		return false;
	while (*p > ' ' && *p <= '~')
		p++;
	if (*p != '\0' || p == r->request->record)
		return refuse(r, "\"%s\" is no record id", m->name);
	return true;
}

static bool
read_version(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_number(r, m, item, MESSAGE_NUMBER_MAX, &r->request->version);
}

static bool
read_fields(struct reader *r, const struct member *m, const cJSON *item)
{
	struct message_request *q = r->request;
	const cJSON *value;
	int f;

	if (!cJSON_IsObject(item))
		return refuse(r, "\"%s\" is no object", m->name);
	cJSON_ArrayForEach(value, item) {
		if ((f = schema_field(r->schema, str_of(value->string))) == -1 ||
		    (r->schema->fields[f].flags & FIELD_WRITE) == 0)
			return refuse(r, "\"%.60s\" is no field that may be written", value->string);
		if ((q->known & UINT32_C(1) << f) != 0)
			return refuse(r, "\"%.60s\" twice", value->string);
		q->known |= UINT32_C(1) << f;
		q->values[f].present = !cJSON_IsNull(value);
		if (q->values[f].present && !get_text(r, value->string, value,
		    q->values[f].text, sizeof(q->values[f].text)))
			return false;
	}
	return q->known != 0 ? true : refuse(r, "\"%s\" is empty", m->name);
}

static bool
read_timeout(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_milliseconds(r, m, item, MESSAGE_WAIT_MAX_MS, &r->request->timeout_ms);
}

static bool
read_full(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_bool(r, m, item, &r->request->full);
}

static bool
read_accept_shrink(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_bool(r, m, item, &r->request->accept_shrink);
}

static bool
read_wait(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_milliseconds(r, m, item, MESSAGE_WAIT_MAX_MS, &r->request->wait_ms);
}

#define PATCH	(1U << MESSAGE_PATCH)
#define SYNC	(1U << MESSAGE_SYNC)

static const struct member request_members[] = {
	{ "v", NULL, true, 0 },
	{ "id", NULL, true, 0 },
	{ "type", NULL, true, 0 },
	{ "requestId", read_request_id, false, 0 },
	{ "record", read_record, true, PATCH },
	{ "version", read_version, false, PATCH },
	{ "fields", read_fields, true, PATCH },
	{ "timeoutMs", read_timeout, false, PATCH },
	{ "full", read_full, false, SYNC },
	{ "acceptShrink", read_accept_shrink, false, SYNC },
	{ "waitMs", read_wait, false, SYNC }
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
_Static_assert(COUNT(request_members) <= MEMBERS_MAX, "seen[] is too small");

/* Id, version and type, on which all else depends; the id first, so that even a refusal carries it. */
static bool
read_head(struct reader *r, const cJSON *object)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(object, "id");
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, "v");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");
	int t;

	if (id != NULL && !get_number(r, find_member(request_members,
	    COUNT(request_members), "id"), id, MESSAGE_NUMBER_MAX, &r->request->id))
		return false;
	if (id == NULL || v == NULL || type == NULL)
		return refuse(r, "no \"%s\"", id == NULL ? "id" : v == NULL ? "v" : "type");
	if (!cJSON_IsNumber(v) || v->valuedouble != MESSAGE_VERSION)
		return refuse(r, "not version %d of the protocol", MESSAGE_VERSION);
	if (!cJSON_IsString(type))
		return refuse(r, "\"type\" is no string");
	for (t = 0; t < MESSAGE_TYPES; t++)
		if (strcmp(type->valuestring, message_type_name((enum message_type)t)) == 0)
			break;
	if (t == MESSAGE_TYPES)
		return refuse(r, "unknown type \"%.60s\"", type->valuestring);
	r->request->type = (enum message_type)t;
	return true;
}

enum err
message_parse_request(struct str line, const struct schema *schema,
    struct message_request *request, char why[static 128])
{
	struct reader r = { .schema = schema, .request = request, .why = why };
	cJSON *object;
	bool good;

	memset(request, 0, sizeof(*request));
	why[0] = '\0';
	if ((object = parse_object(&r, line)) == NULL)
		return ERR_BAD_MESSAGE;
	good = read_head(&r, object) &&
	    read_members(&r, request_members, COUNT(request_members), object);
	cJSON_Delete(object);
	return good ? ERR_OK : ERR_BAD_MESSAGE;
}

static bool
read_reply_id(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_number(r, m, item, MESSAGE_NUMBER_MAX, &r->reply->id);
}

static bool
read_ok(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_bool(r, m, item, &r->ok);
}

static bool
read_code(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!cJSON_IsString(item))
		return refuse(r, "\"%s\" is no string", m->name);
	r->reply->err = err_from_code(item->valuestring);
	return true;
}

/* Cut where a character ends. */
static bool
read_detail(struct reader *r, const struct member *m, const cJSON *item)
{
	size_t len, max = sizeof(r->reply->detail) - 1;

	if (!cJSON_IsString(item))
		return refuse(r, "\"%s\" is no string", m->name);
	if ((len = strlen(item->valuestring)) > max)
		for (len = max; ((unsigned char)item->valuestring[len] & 0xc0) == 0x80; len--)
			;
	memcpy(r->reply->detail, item->valuestring, len);
	r->reply->detail[len] = '\0';
	return true;
}

static bool
read_retry_after(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_milliseconds(r, m, item, MESSAGE_NUMBER_MAX, &r->reply->retry_after_ms);
}

static bool
read_generation(struct reader *r, const struct member *m, const cJSON *item)
{
	return get_number(r, m, item, MESSAGE_NUMBER_MAX, &r->reply->generation);
}

/* The text of the string that begins at ${p}, quotes included.  The line has been parsed: it ends. */
static struct str
string_at(const char *p)
{
	const char *end = p + 1;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	return (struct str){ p, (size_t)(end - p) + 1 };
}

/*
 * The object that is member "body", as it was written: printing what cJSON
 * read would round large numbers.  The line has been parsed and its
 * "body" found to be an object.  ptr NULL: its name was written with escapes.
 */
static struct str
written_body(struct str line)
{
	const char *body = NULL, *end = line.ptr + line.len;
	bool key = false;	/* a member's name may begin here */
	unsigned depth = 0;

	for (const char *p = line.ptr; p < end; p++) {
		if (*p == '"') {
			struct str s = string_at(p);

			p += s.len - 1;
			if (depth == 1 && key && str_is(s, "\"body\"")) {
				body = memchr(p, '{', (size_t)(end - p));
				p = body - 1;
			}
			key = false;
		} else if (*p == '{' || *p == '[') {
			depth++;
			key = depth == 1;
		} else if (*p == '}' || *p == ']') {
			if (--depth == 1 && body != NULL)
				return (struct str){ body, (size_t)(p - body) + 1 };
		} else if (*p == ',') {
			key = true;
		}
	}
	return (struct str){ NULL, 0 };
}

static bool
read_body(struct reader *r, const struct member *m, const cJSON *item)
{
	struct str text;

	if (!cJSON_IsObject(item))
		return refuse(r, "\"%s\" is no object", m->name);
	if ((text = written_body(r->line)).ptr == NULL)
		return refuse(r, "\"%s\" is written with escapes", m->name);
	buf_add_str(r->body, text);
	return buf_status(r->body) == ERR_OK ? true : refuse(r, "out of memory");
}

static const struct member reply_members[] = {
	{ "id", read_reply_id, true, 0 },
	{ "ok", read_ok, true, 0 },
	{ "code", read_code, false, 0 },
	{ "detail", read_detail, false, 0 },
	{ "retryAfterMs", read_retry_after, false, 0 },
	{ "generation", read_generation, false, 0 },
	{ "body", read_body, false, 0 }
};
_Static_assert(COUNT(reply_members) <= MEMBERS_MAX, "seen[] is too small");

enum err
message_parse_reply(struct str line, struct message_reply *reply, struct buf *body)
{
	char why[128];
	struct reader r = { .reply = reply, .line = line, .body = body, .why = why };
	cJSON *object;
	bool good;

	memset(reply, 0, sizeof(*reply));
	buf_clear(body);
	if ((object = parse_object(&r, line)) == NULL)
		return ERR_BAD_MESSAGE;
	good = read_members(&r, reply_members, COUNT(reply_members), object) &&
	    r.ok == (reply->err == ERR_OK);	/* a code goes with failures, and only with them */
	cJSON_Delete(object);
	if (!good)
		return buf_status(body) == ERR_NOMEM ? ERR_NOMEM : ERR_BAD_MESSAGE;
	reply->body = buf_str(body);
	return ERR_OK;
}
