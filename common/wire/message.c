#include <ctype.h>
#include <string.h>

#include "common/base/fold.h"
#include "common/base/hash.h"
#include "common/base/json_write.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/wire/parts.h"

static const char *const type_names[MESSAGE_TYPES] = {
	[MESSAGE_STATUS] = "status", [MESSAGE_SYNC] = "sync", [MESSAGE_WRITE] = "write",
	[MESSAGE_PING] = "ping"
};

static const char *const kind_names[MESSAGE_KINDS] = {
	[MESSAGE_UPDATE] = "update", [MESSAGE_CREATE] = "create", [MESSAGE_DELETE] = "delete",
	[MESSAGE_REFUSED] = "refused"
};

const char *
message_type_name(enum message_type type)
{
	return type_names[type];
}

const char *
message_kind_name(enum message_kind kind)
{
	return kind_names[kind];
}

/* Control characters; U+2028 to U+202E, U+2066 to U+2069: line ends and marks of direction. */
static bool
is_control(struct str s, size_t i)
{
	unsigned char a = (unsigned char)s.ptr[i];
	unsigned char b = i + 1 < s.len ? (unsigned char)s.ptr[i + 1] : 0;
	unsigned char c = i + 2 < s.len ? (unsigned char)s.ptr[i + 2] : 0;

	return a < 0x20 || a == 0x7F || (a == 0xC2 && b <= 0x9F) ||
	    (a == 0xE2 && b == 0x80 && c >= 0xA8 && c <= 0xAE) ||
	    (a == 0xE2 && b == 0x81 && c >= 0xA6 && c <= 0xA9);
}

bool
message_user_valid(struct str s)
{
	if (s.len == 0 || s.len > MESSAGE_BY_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (is_control(s, i))
			return false;
	return true;
}

bool
request_id_valid(struct str id)
{
	if (id.len == 0 || id.len > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!isalnum((unsigned char)id.ptr[i]) && id.ptr[i] != '.' &&
		    id.ptr[i] != '_' && id.ptr[i] != '-')
			return false;
	return true;
}

bool
message_key_valid(struct str key)
{
	if (key.len == 0 || key.len > MESSAGE_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.len; i++)
		if (key.ptr[i] < ' ' || key.ptr[i] > '~')
			return false;
	return true;
}

bool
message_number_parse(struct str s, uint64_t *number)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 16 || s.ptr[0] == '0')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*number = n;
	return n <= MESSAGE_NUMBER_MAX;
}

bool
message_place_parse(struct str s, uint64_t *generation, uint32_t *index)
{
	const char *dot = s.len > 0 ? memchr(s.ptr, '.', s.len) : NULL;
	struct str before = s, behind;
	uint64_t n = 0;

	if (dot == NULL)
		return false;
	before.len = (size_t)(dot - s.ptr);
	behind = (struct str){ dot + 1, s.len - before.len - 1 };
	if (!message_number_parse(before, generation) ||
	    (!str_is(behind, "0") && !message_number_parse(behind, &n)) || n > UINT32_MAX)
		return false;
	*index = (uint32_t)n;
	return true;
}

void
message_fingerprint(const struct message_request *r, uint64_t fingerprint[static 2])
{
	uint64_t table = (r->table->number - orders_schema.number) * HASH_PRIME;

	for (size_t k = 0; k < 2; k++)
		fingerprint[k] = r->fingerprint[k] + table;
}

static void
add_refused(struct buf *b, const struct message_item *item)
{
	if (item->record.id.len > 0)
		json_member_string(b, "record", item->record.id);
	json_member_string(b, "code", str_of(err_code(item->code)));
	json_member_string(b, "problem", item->problem);
	buf_add_char(b, '}');
}

static void
add_item(struct buf *b, const struct schema *schema, const struct message_item *item)
{
	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "kind", str_of(message_kind_name(item->kind)));
	if (item->kind == MESSAGE_REFUSED) {
		add_refused(b, item);
		return;
	}
	if (item->kind != MESSAGE_CREATE)
		json_member_string(b, "record", item->record.id);
	if (item->version != 0)
		json_member_uint(b, "version", item->version);
	if (item->undoes != 0) {
		json_name(b, "undoes");
		buf_printf(b, "\"%llu.%u\"", (unsigned long long)item->undoes,
		    item->undoes_index);
	}
	if (item->kind != MESSAGE_DELETE) {
		json_name(b, "fields");
		buf_add_char(b, '{');
		for (size_t i = 0; i < schema->field_count; i++) {
			const struct field *f = &schema->fields[i];

			if ((item->record.known & UINT32_C(1) << i) == 0)
				continue;
			json_name(b, f->name);
			kind_add_json(b, f->kind, &item->record.values[i]);
		}
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

static void
add_write(struct buf *b, const struct message_request *r)
{
	if (r->by[0] != '\0')
		json_member_string(b, "by", str_of(r->by));
	if (r->timeout_ms != 0)
		json_member_int(b, "timeoutMs", r->timeout_ms);
	if (r->deadline_ms != 0)
		json_member_int(b, "deadlineMs", r->deadline_ms);
	if (r->defer)
		json_member_bool(b, "defer", true);
	if (r->bulk)
		json_member_bool(b, "bulk", true);
	if (r->key[0] != '\0') {
		json_member_string(b, "key", str_of(r->key));
		json_name(b, "fingerprint");
		buf_printf(b, "\"%016llx%016llx\"", (unsigned long long)r->fingerprint[0],
		    (unsigned long long)r->fingerprint[1]);
	}
	json_name(b, "items");
	buf_add_char(b, '[');
	for (size_t i = 0; i < r->item_count; i++)
		add_item(b, r->table, &r->items[i]);
	buf_add_char(b, ']');
}

static void
add_sync(struct buf *b, const struct message_request *r)
{
	json_member_bool(b, "full", r->full);
	json_member_bool(b, "acceptShrink", r->accept_shrink);
	json_member_int(b, "waitMs", r->wait_ms);
}

static void
add_ping(struct buf *b, const struct message_request *r)
{
	json_member_string(b, "mac", str_of(r->mac));
	json_member_string(b, "notice", str_of(r->notice));
}

void
message_add_request(struct buf *b, const struct message_request *r)
{
	buf_add_char(b, '{');
	json_member_int(b, "v", MESSAGE_VERSION);
	json_member_uint(b, "id", r->id);
	json_member_string(b, "type", str_of(type_names[r->type]));
	if (r->type == MESSAGE_WRITE || (r->type == MESSAGE_SYNC && r->table != NULL))
		json_member_string(b, "table", str_of(r->table->name));
	if (r->request_id[0] != '\0')
		json_member_string(b, "requestId", str_of(r->request_id));
	if (r->type == MESSAGE_WRITE)
		add_write(b, r);
	else if (r->type == MESSAGE_SYNC)
		add_sync(b, r);
	else if (r->type == MESSAGE_PING)
		add_ping(b, r);
	buf_add_cstr(b, "}\n");
}

/* Line breaks become spaces, as they would end the message early. */
static void
add_body(struct buf *b, struct str body)
{
	size_t from = b->len;

	json_name(b, "body");
	buf_add_str(b, body);
	for (; from < b->len; from++)
		if (b->data[from] == '\n' || b->data[from] == '\r')
			b->data[from] = ' ';
}

void
message_add_reply(struct buf *b, const struct message_reply *r)
{
	buf_add_char(b, '{');
	json_member_uint(b, "id", r->id);
	json_member_bool(b, "ok", r->err == ERR_OK);
	if (r->err != ERR_OK)
		json_member_string(b, "code", str_of(err_code(r->err)));
	if (r->detail[0] != '\0')
		json_member_string(b, "detail", str_of(r->detail));
	if (r->retry_after_ms > 0)
		json_member_int(b, "retryAfterMs", r->retry_after_ms);
	if (r->generation != 0)
		json_member_uint(b, "generation", r->generation);
	if (r->body.len > 0)
		add_body(b, r->body);
	buf_add_cstr(b, "}\n");
}
