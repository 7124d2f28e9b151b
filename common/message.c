#include <ctype.h>
#include <string.h>

#include "common/json_write.h"
#include "common/message.h"

static const char *const type_names[MESSAGE_TYPES] = {
	[MESSAGE_STATUS] = "status", [MESSAGE_SYNC] = "sync", [MESSAGE_PATCH] = "patch"
};

const char *
message_type_name(enum message_type type)
{
	return type_names[type];
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

static void
add_patch(struct buf *b, const struct schema *schema, const struct message_request *r)
{
	json_member_string(b, "record", str_of(r->record));
	if (r->version != 0)
		json_member_uint(b, "version", r->version);
	json_name(b, "fields");
	buf_add_char(b, '{');
	for (size_t i = 0; i < schema->field_count; i++) {
		if ((r->known & UINT32_C(1) << i) == 0)
			continue;
		if (r->values[i].present)
			json_member_string(b, schema->fields[i].name, str_of(r->values[i].text));
		else
			json_member_null(b, schema->fields[i].name);
	}
	buf_add_char(b, '}');
	if (r->timeout_ms != 0)
		json_member_int(b, "timeoutMs", r->timeout_ms);
}

static void
add_sync(struct buf *b, const struct message_request *r)
{
	json_member_bool(b, "full", r->full);
	json_member_bool(b, "acceptShrink", r->accept_shrink);
	json_member_int(b, "waitMs", r->wait_ms);
}

void
message_add_request(struct buf *b, const struct schema *schema,
    const struct message_request *r)
{
	buf_add_char(b, '{');
	json_member_int(b, "v", MESSAGE_VERSION);
	json_member_uint(b, "id", r->id);
	json_member_string(b, "type", str_of(type_names[r->type]));
	if (r->request_id[0] != '\0')
		json_member_string(b, "requestId", str_of(r->request_id));
	if (r->type == MESSAGE_PATCH)
		add_patch(b, schema, r);
	else if (r->type == MESSAGE_SYNC)
		add_sync(b, r);
	buf_add_cstr(b, "}\n");
}

/* A line break would end the message early. */
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
