#include <stdlib.h>
#include <string.h>

#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "common/wire/parts.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* A copy in the request's texts.  They have room for all texts, so none of them ever moves. */
static struct str
keep_text(struct reader *r, const char *text)
{
	struct buf *b = &r->request->texts;
	struct str s = { b->data + b->len, strlen(text) };

	buf_add_str(b, (struct str){ text, s.len });
	return s;
}

static bool
read_request_id(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!reader_text(r, m->name, item, r->request->request_id,
	    sizeof(r->request->request_id)))
		return false;
	if (!request_id_valid(str_of(r->request->request_id)))
		return reader_refuse(r, "\"%s\" is no request id", m->name);
	return true;
}

static bool
read_record(struct reader *r, const struct member *m, const cJSON *item)
{
	char record[64];

	if (!reader_record(r, m->name, item, record))
		return false;
	r->item->record.id = keep_text(r, record);
	return true;
}

static bool
read_version(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_number(r, m->name, item, MESSAGE_NUMBER_MAX, &r->item->version);
}

static bool
read_undoes(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!cJSON_IsString(item) || !message_place_parse(str_of(item->valuestring),
	    &r->item->undoes, &r->item->undoes_index))
		return reader_refuse(r, "\"%s\" is no place in the history", m->name);
	return true;
}

static bool
read_moment(struct reader *r, const char *name, const cJSON *item, struct value *v)
{
	char text[INSTANT_TEXT_SIZE];
	struct value read = { .present = true };

	if (!reader_text(r, name, item, text, sizeof(text)))
		return false;
	if (moment_parse(str_of(text), &read) != ERR_OK)
		return reader_refuse(r, "\"%s\" is no date and no instant", name);
	*v = read;
	if (moment_is_date(&read))
		v->text = keep_text(r, text);
	return true;
}

static bool
read_value(struct reader *r, const struct field *f, const cJSON *item, struct value *v)
{
	char text[MESSAGE_TEXT_MAX + 1];
	const char *problem;

	if (kind_is_text(f->kind) && !cJSON_IsNull(item)) {
		if (!reader_text(r, f->name, item, text, sizeof(text)))
			return false;
		*v = (struct value){ .present = true, .text = keep_text(r, text) };
		return true;
	}
	if (f->kind == FIELD_INSTANT && !cJSON_IsNull(item))
		return read_moment(r, f->name, item, v);
	if (kind_of(f->kind)->decimals >= 0 && !cJSON_IsNull(item) && !cJSON_IsNumber(item))
		return reader_refuse(r, "\"%s\" is no number", f->name);
	if ((problem = kind_parse_json(f->kind, item, v)) != NULL)
		return reader_refuse(r, "\"%s\" %s", f->name, problem);
	if (f->kind == FIELD_MONEY && (v->number > MESSAGE_MONEY_MAX || v->number < -MESSAGE_MONEY_MAX))
		return reader_refuse(r, "\"%s\" is out of range", f->name);
	return true;
}

static bool
read_fields(struct reader *r, const struct member *m, const cJSON *item)
{
	unsigned flag = r->item->kind == MESSAGE_CREATE ? FIELD_CREATE : FIELD_WRITE;
	const struct schema *table = r->request->table;
	struct record *record = &r->item->record;
	const cJSON *value;
	int f;

	if (!cJSON_IsObject(item))
		return reader_refuse(r, "\"%s\" is no object", m->name);
	cJSON_ArrayForEach(value, item) {
		if ((f = schema_field(table, str_of(value->string))) == -1 ||
		    (table->fields[f].flags & flag) == 0)
			return reader_refuse(r, "\"%.60s\" is no field that may be written",
			    value->string);
		if ((record->known & UINT32_C(1) << f) != 0)
			return reader_refuse(r, "\"%.60s\" twice", value->string);
		record->known |= UINT32_C(1) << f;
		if (!read_value(r, &table->fields[f], value, &record->values[f]))
			return false;
	}
	return record->known != 0 ? true : reader_refuse(r, "\"%s\" is empty", m->name);
}

static bool
read_code(struct reader *r, const struct member *m, const cJSON *item)
{
	const char *code = cJSON_GetStringValue(item);

	r->item->code = code == NULL ? ERR_OK : err_from_code(code);
	return r->item->code != ERR_OK || reader_refuse(r, "\"%s\" is no code of a problem", m->name);
}

static bool
read_problem(struct reader *r, const struct member *m, const cJSON *item)
{
	char text[MESSAGE_PROBLEM_MAX + 1];

	if (!reader_text(r, m->name, item, text, sizeof(text)))
		return false;
	r->item->problem = keep_text(r, text);
	return text[0] != '\0' || reader_refuse(r, "\"%s\" is empty", m->name);
}

#define UPDATE	(1U << MESSAGE_UPDATE)
#define CREATE	(1U << MESSAGE_CREATE)
#define DELETE	(1U << MESSAGE_DELETE)
#define REFUSED	(1U << MESSAGE_REFUSED)

static const struct member item_members[] = {
	{ "kind", NULL, true, 0 },
	{ "record", read_record, true, UPDATE | DELETE },
	{ "record", read_record, false, REFUSED },
	{ "version", read_version, false, UPDATE | DELETE },
	{ "undoes", read_undoes, false, UPDATE },
	{ "fields", read_fields, true, UPDATE | CREATE },
	{ "code", read_code, true, REFUSED },
	{ "problem", read_problem, true, REFUSED }
};
_Static_assert(COUNT(item_members) <= MEMBERS_MAX, "seen[] is too small");

/* The item's kind comes first: what else there may be depends on it. */
static bool
read_kind(struct reader *r, const cJSON *object)
{
	const char *kind = cJSON_GetStringValue(
	    cJSON_GetObjectItemCaseSensitive(object, "kind"));
	int k;

	if (!cJSON_IsObject(object) || kind == NULL)
		return reader_refuse(r, "an item without a \"kind\"");
	for (k = 0; k < MESSAGE_KINDS; k++)
		if (strcmp(kind, message_kind_name((enum message_kind)k)) == 0)
			break;
	if (k == MESSAGE_KINDS)
		return reader_refuse(r, "unknown kind \"%.60s\"", kind);
	r->item->kind = (enum message_kind)k;
	return true;
}

static bool
read_items(struct reader *r, const struct member *m, const cJSON *array)
{
	struct message_request *q = r->request;
	const cJSON *object;
	int n = cJSON_GetArraySize(array);

	if (!cJSON_IsArray(array))
		return reader_refuse(r, "\"%s\" is no list", m->name);
	if (n < 1 || n > MESSAGE_ITEMS_MAX)
		return reader_refuse(r, "\"%s\" are not 1 to %d", m->name, MESSAGE_ITEMS_MAX);
	if ((q->items = calloc((size_t)n, sizeof(*q->items))) == NULL)
		return reader_refuse(r, "out of memory");
	cJSON_ArrayForEach(object, array) {
		r->item = &q->items[q->item_count++];
		if (!read_kind(r, object) || !reader_members(r, item_members, COUNT(item_members),
		    r->item->kind, object))
			return false;
	}
	return true;
}

static bool
read_timeout(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_milliseconds(r, m->name, item, MESSAGE_WAIT_MAX_MS,
	    &r->request->timeout_ms);
}

static bool
read_deadline(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_milliseconds(r, m->name, item, MESSAGE_NUMBER_MAX,
	    &r->request->deadline_ms);
}

static bool
read_defer(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->request->defer);
}

static bool
read_bulk(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->request->bulk);
}

static bool
read_key(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!reader_text(r, m->name, item, r->request->key, sizeof(r->request->key)))
		return false;
	if (!message_key_valid(str_of(r->request->key)))
		return reader_refuse(r, "\"%s\" is no key", m->name);
	return true;
}

static bool
read_fingerprint(struct reader *r, const struct member *m, const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	if (text == NULL || strlen(text) != 32)
		return reader_refuse(r, "\"%s\" is not 32 digits", m->name);
	for (size_t i = 0; i < 32; i++) {
		int digit = hex_digit(text[i]);

		if (digit == -1)
			return reader_refuse(r, "\"%s\" is not 32 digits", m->name);
		r->request->fingerprint[i / 16] =
		    r->request->fingerprint[i / 16] << 4 | (uint64_t)digit;
	}
	return true;
}

static bool
read_by(struct reader *r, const struct member *m, const cJSON *item)
{
	if (!reader_text(r, m->name, item, r->request->by, sizeof(r->request->by)))
		return false;
	return r->request->by[0] == '\0' || message_user_valid(str_of(r->request->by)) ||
	    reader_refuse(r, "\"%s\" is no user's name", m->name);
}

static bool
read_full(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->request->full);
}

static bool
read_accept_shrink(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_bool(r, m->name, item, &r->request->accept_shrink);
}

static bool
read_wait(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_milliseconds(r, m->name, item, MESSAGE_WAIT_MAX_MS, &r->request->wait_ms);
}

static bool
read_mac(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_text(r, m->name, item, r->request->mac, sizeof(r->request->mac));
}

static bool
read_notice(struct reader *r, const struct member *m, const cJSON *item)
{
	return reader_text(r, m->name, item, r->request->notice, sizeof(r->request->notice));
}

#define WRITE	(1U << MESSAGE_WRITE)
#define SYNC	(1U << MESSAGE_SYNC)
#define PING	(1U << MESSAGE_PING)

static const struct member request_members[] = {
	{ "v", NULL, true, 0 },
	{ "id", NULL, true, 0 },
	{ "type", NULL, true, 0 },
	{ "table", NULL, false, WRITE | SYNC },
	{ "requestId", read_request_id, false, 0 },
	{ "items", read_items, true, WRITE },
	{ "timeoutMs", read_timeout, false, WRITE },
	{ "deadlineMs", read_deadline, false, WRITE },
	{ "defer", read_defer, false, WRITE },
	{ "bulk", read_bulk, false, WRITE },
	{ "key", read_key, false, WRITE },
	{ "fingerprint", read_fingerprint, false, WRITE },
	{ "by", read_by, false, WRITE },
	{ "full", read_full, false, SYNC },
	{ "acceptShrink", read_accept_shrink, false, SYNC },
	{ "waitMs", read_wait, false, SYNC },
	{ "mac", read_mac, true, PING },
	{ "notice", read_notice, true, PING }
};
_Static_assert(COUNT(request_members) <= MEMBERS_MAX, "seen[] is too small");

/* The table, on which the items depend. */
static bool
read_table(struct reader *r, const cJSON *object)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "table");
	const char *name = item == NULL ? orders_schema.name : cJSON_GetStringValue(item);

	if (item == NULL && r->request->type != MESSAGE_WRITE)
		return true;
	if (name == NULL)
		return reader_refuse(r, "\"table\" is no string");
	if ((r->request->table = tables_named(r->tables, str_of(name))) == NULL)
		return reader_refuse(r, "unknown table \"%.60s\"", name);
	return true;
}

/* Id, version and type, on which the rest depends; the id first, so that a refusal carries it. */
static bool
read_head(struct reader *r, const cJSON *object)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(object, "id");
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, "v");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");
	int t;

	if (id != NULL && !reader_number(r, "id", id, MESSAGE_NUMBER_MAX, &r->request->id))
		return false;
	if (id == NULL || v == NULL || type == NULL)
		return reader_refuse(r, "no \"%s\"", id == NULL ? "id" : v == NULL ? "v" : "type");
	if (!cJSON_IsNumber(v) || v->valuedouble != MESSAGE_VERSION)
		return reader_refuse(r, "not version %d of the protocol", MESSAGE_VERSION);
	if (!cJSON_IsString(type))
		return reader_refuse(r, "\"type\" is no string");
	for (t = 0; t < MESSAGE_TYPES; t++)
		if (strcmp(type->valuestring, message_type_name((enum message_type)t)) == 0)
			break;
	if (t == MESSAGE_TYPES)
		return reader_refuse(r, "unknown type \"%.60s\"", type->valuestring);
	r->request->type = (enum message_type)t;
	return true;
}

enum err
message_parse_request(struct str line, const struct tables *tables,
    struct message_request *request, char why[static 128])
{
	struct reader r = { .tables = tables, .request = request, .why = why };
	cJSON *object;
	bool good;

	memset(request, 0, sizeof(*request));
	why[0] = '\0';
	if ((object = reader_object(&r, line)) == NULL)
		return ERR_BAD_MESSAGE;
	good = read_head(&r, object) && read_table(&r, object);
	/* no text is longer than its JSON in the line */
	if (good && request->type == MESSAGE_WRITE &&
	    buf_reserve(&request->texts, line.len) == NULL)
		good = reader_refuse(&r, "out of memory");
	good = good && reader_members(&r, request_members, COUNT(request_members), request->type,
	    object);
	cJSON_Delete(object);
	if (good)
		return ERR_OK;
	message_request_free(request);
	return ERR_BAD_MESSAGE;
}

void
message_request_free(struct message_request *r)
{
	free(r->items);
	r->items = NULL;
	r->item_count = 0;
	buf_free(&r->texts);
}
