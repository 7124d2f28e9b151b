#include <string.h>

#include "common/base/json_write.h"
#include "common/wire/parts.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static bool
read_id(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_number(r, m->name, item, MESSAGE_NUMBER_MAX, &r->reply->id);
}

static bool
read_ok(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->ok);
}

static bool
read_code(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!cJSON_IsString(item))
		return reader_refuse(r, "\"%s\" is no string", m->name);
	*(r->reply != NULL ? &r->reply->err : &r->result->err) = err_from_code(item->valuestring);
	return true;
}

static bool
read_detail(struct reader *r, const struct member *m, const cJSON *item)
{
	_Static_assert(sizeof(r->reply->detail) == sizeof(r->result->detail), "one size");

	return reader_text_cut(r, m->name, item,
	    r->reply != NULL ? r->reply->detail : r->result->detail, sizeof(r->reply->detail));
}

static bool
read_retry_after(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_milliseconds(r, m->name, item, MESSAGE_NUMBER_MAX,
	    r->reply != NULL ? &r->reply->retry_after_ms : &r->result->retry_after_ms);
}

static bool
read_generation(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_number(r, m->name, item, MESSAGE_NUMBER_MAX, &r->reply->generation);
}

/* The string that begins at ${p}, quotes included.  It has an end, as the line has been parsed. */
static struct str
string_at(const char *p)
{
	const char *end = p + 1;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	return (struct str){ p, (size_t)(end - p) + 1 };
}

/*
 * The object in member "body" as it was written: printing what cJSON read would
 * round large numbers.  The line has been parsed, and its "body" is an object.
 * ptr NULL: the name "body" was written with escapes.
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
		return reader_refuse(r, "\"%s\" is no object", m->name);
	if ((text = written_body(r->line)).ptr == NULL)
		return reader_refuse(r, "\"%s\" is written with escapes", m->name);
	buf_add_str(r->body, text);
	return buf_status(r->body) == ERR_OK ? true : reader_refuse(r, "out of memory");
}

static const struct member reply_members[] = {
	{ "id", read_id, true, 0 },
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
	if ((object = reader_object(&r, line)) == NULL)
		return ERR_BAD_MESSAGE;
	good = reader_members(&r, reply_members, COUNT(reply_members), 0, object) &&
	    r.ok == (reply->err == ERR_OK);	/* failures have a code, and nothing else has */
	cJSON_Delete(object);
	if (!good)
		return buf_status(body) == ERR_NOMEM ? ERR_NOMEM : ERR_BAD_MESSAGE;
	reply->body = buf_str(body);
	return ERR_OK;
}

/* ---- the results of a write ------------------------------------------------- */
static bool
read_record(struct reader *r, const struct member *m, const cJSON *item)
{
	return cJSON_IsNull(item) || reader_record(r, m->name, item, r->result->record);
}

static bool
read_pending(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->result->pending);
}

static bool
read_order(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!cJSON_IsNull(item) && !cJSON_IsString(item))
		return reader_refuse(r, "\"%s\" is no string", m->name);
	if (cJSON_IsString(item))
		r->result->order = str_of(item->valuestring);
	return true;
}

static bool
read_problem(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
		return reader_refuse(r, "\"%s\" is no text", m->name);
	r->result->problem = str_of(item->valuestring);
	return true;
}

static const struct member result_members[] = {
	{ "ok", read_ok, true, 0 },
	{ "record", read_record, false, 0 },
	{ "pending", read_pending, false, 0 },
	{ "order", read_order, false, 0 },
	{ "code", read_code, false, 0 },
	{ "detail", read_detail, false, 0 },
	{ "retryAfterMs", read_retry_after, false, 0 },
	{ "problem", read_problem, false, 0 }
};
_Static_assert(COUNT(result_members) <= MEMBERS_MAX, "seen[] is too small");

static bool
read_bulk(struct reader *r, const struct member *m, const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	if (cJSON_IsNull(item))
		return true;
	if (text == NULL || !message_number_parse(str_of(text), &r->bulk))
		return reader_refuse(r, "\"%s\" is no bulk edit", m->name);
	return true;
}

static bool
read_results(struct reader *r, const struct member *m, const cJSON *item)
{
	r->results = item;
	return cJSON_IsArray(item) ? true : reader_refuse(r, "\"%s\" is no list", m->name);
}

static const struct member results_members[] = {
	{ "bulk", read_bulk, false, 0 },
	{ "results", read_results, true, 0 }
};

static bool
read_result(struct reader *r, struct message_result *result, const cJSON *object)
{
	*result = (struct message_result){ .err = ERR_OK };
	r->result = result;
	if (!cJSON_IsObject(object))
		return reader_refuse(r, "a result that is no object");
	return reader_members(r, result_members, COUNT(result_members), 0, object) &&
	    r->ok == (result->err == ERR_OK) && (result->problem.len == 0 || !r->ok);
}

enum err
message_each_result(struct str body, size_t n, uint64_t *bulk,
    void (*each)(void *cookie, size_t i, const struct message_result *), void *cookie)
{
	char why[128];
	struct reader r = { .why = why };
	struct message_result result;
	cJSON *object = reader_object(&r, body);
	const cJSON *item;
	size_t i = 0;
	bool good;

	*bulk = 0;
	good = object != NULL &&
	    reader_members(&r, results_members, COUNT(results_members), 0, object) &&
	    (n == 0 || (size_t)cJSON_GetArraySize(r.results) == n);
	if (good) {
		*bulk = r.bulk;
		cJSON_ArrayForEach(item, r.results) {
			if (!(good = read_result(&r, &result, item)))
				break;
			each(cookie, i++, &result);
		}
	}
	cJSON_Delete(object);
	return good ? ERR_OK : ERR_BAD_MESSAGE;
}

static void
add_result(struct buf *b, const struct message_result *r, bool with_order)
{
	json_next(b);
	buf_add_char(b, '{');
	json_member_bool(b, "ok", r->err == ERR_OK);
	json_member_string_or_null(b, "record", r->record[0] != '\0' ?
	    str_of(r->record) : (struct str){ NULL, 0 });
	if (r->err != ERR_OK) {
		json_member_string(b, "code", str_of(err_code(r->err)));
		if (r->problem.len > 0) {
			json_member_string(b, "problem", r->problem);
		} else {
			json_member_string(b, "detail", str_of(r->detail));
			json_member_int(b, "retryAfterMs", r->retry_after_ms);
		}
	} else {
		json_member_bool(b, "pending", r->pending);
		json_member_string_or_null(b, "order", with_order && r->order.len > 0 ?
		    r->order : (struct str){ NULL, 0 });
	}
	buf_add_char(b, '}');
}

static void
add_results(struct buf *b, uint64_t bulk, const struct message_result *results, size_t n,
    bool with_orders)
{
	buf_add_char(b, '{');
	json_name(b, "bulk");
	if (bulk != 0)
		buf_printf(b, "\"%llu\"", (unsigned long long)bulk);
	else
		buf_add_cstr(b, "null");
	json_name(b, "results");
	buf_add_char(b, '[');
	for (size_t i = 0; i < n; i++)
		add_result(b, &results[i], with_orders);
	buf_add_cstr(b, "]}");
}

#define REPLY_ROOM	8192	/* for the rest of a reply's line */

void
message_add_results(struct buf *b, uint64_t bulk, const struct message_result *results, size_t n)
{
	size_t from = b->len;

	add_results(b, bulk, results, n, true);
	if (buf_status(b) == ERR_OK && b->len - from > MESSAGE_BYTES_MAX - REPLY_ROOM) {
		b->len = from;
		add_results(b, bulk, results, n, false);
	}
}
