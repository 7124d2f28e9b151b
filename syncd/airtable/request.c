#include "common/base/json_write.h"
#include "syncd/airtable/request.h"

static void
add_encoded(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~') {
			buf_add_char(b, (char)c);
		} else {
			buf_add_char(b, '%');
			buf_add_char(b, hex[c >> 4]);
			buf_add_char(b, hex[c & 15]);
		}
	}
}

void
airtable_add_table_path(struct buf *b, const struct config *config, const char *table)
{
	buf_add_cstr(b, "/v0/");
	add_encoded(b, str_of(config->airtable.base_id));
	buf_add_char(b, '/');
	add_encoded(b, str_of(table));
}

void
airtable_add_meta_path(struct buf *b, const struct config *config)
{
	buf_add_cstr(b, "/v0/meta/bases/");
	add_encoded(b, str_of(config->airtable.base_id));
	buf_add_cstr(b, "/tables");
}

void
airtable_add_webhook_path(struct buf *b, const struct config *config, const char *id)
{
	buf_add_cstr(b, "/v0/bases/");
	add_encoded(b, str_of(config->airtable.base_id));
	buf_add_cstr(b, "/webhooks");
	if (id != NULL) {
		buf_add_char(b, '/');
		add_encoded(b, str_of(id));
	}
}

void
airtable_add_field_query(struct buf *b, const char *field)
{
	buf_add_cstr(b, "&fields%5B%5D=");
	add_encoded(b, str_of(field));
}

void
airtable_add_list_query(struct buf *b, const struct airtable_keys *keys, size_t page_size,
    struct str offset)
{
	buf_printf(b, "?pageSize=%zu", page_size);
	if (keys->by_id)
		buf_add_cstr(b, "&returnFieldsByFieldId=true");
	for (size_t i = 0; i < keys->count; i++)
		if (airtable_keys_asked(keys) >> i & 1)
			airtable_add_field_query(b, keys->request[i]);
	if (offset.len > 0) {
		buf_add_cstr(b, "&offset=");
		add_encoded(b, offset);
	}
}

void
airtable_add_ids_filter(struct buf *b, const struct str *ids, size_t count)
{
	buf_add_cstr(b, "&filterByFormula=OR(");
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(b, i == 0 ? "RECORD_ID()%3D%27" : ",RECORD_ID()%3D%27");
		add_encoded(b, ids[i]);
		buf_add_cstr(b, "%27");
	}
	buf_add_char(b, ')');
}

void
airtable_add_formula(struct buf *b, struct str formula)
{
	buf_add_cstr(b, "&filterByFormula=");
	add_encoded(b, formula);
}

void
airtable_add_ids_formula(struct buf *b, const struct str *ids, size_t count)
{
	buf_add_cstr(b, "OR(");
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(b, i == 0 ? "RECORD_ID()='" : ",RECORD_ID()='");
		buf_add_str(b, ids[i]);
		buf_add_char(b, '\'');
	}
	buf_add_char(b, ')');
}

/* A text between ${begin} and ${end}, with those in the text escaped. */
static void
add_quoted(struct buf *b, char begin, struct str s, char end)
{
	buf_add_char(b, begin);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == end || s.ptr[i] == '\\')
			buf_add_char(b, '\\');
		buf_add_char(b, s.ptr[i]);
	}
	buf_add_char(b, end);
}

void
airtable_add_keys_formula(struct buf *b, const char *field, const struct str *keys, size_t count)
{
	buf_add_cstr(b, "OR(");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		add_quoted(b, '{', str_of(field), '}');
		buf_add_char(b, '=');
		add_quoted(b, '\'', keys[i], '\'');
	}
	buf_add_char(b, ')');
}

void
airtable_add_delete_query(struct buf *b, const struct record *const *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(b, i == 0 ? "?records%5B%5D=" : "&records%5B%5D=");
		add_encoded(b, records[i]->id);
	}
}

static void
add_fields(struct buf *b, const struct schema *schema, const struct airtable_keys *keys,
    const struct airtable_forms *forms, const struct record *r)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		if ((r->known & UINT32_C(1) << i) == 0)
			continue;
		json_next(b);
		json_add_string(b, str_of(keys->request[i]));
		buf_add_char(b, ':');
		airtable_form_add(&forms->field[i], b, &schema->fields[i], &r->values[i]);
	}
}

void
airtable_add_patch(struct buf *b, const struct schema *schema, const struct airtable_keys *keys,
    const struct airtable_forms *forms, const struct record *const *records, size_t count)
{
	buf_add_cstr(b, "{\"records\":[");
	for (size_t i = 0; i < count; i++) {
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "id", records[i]->id);
		buf_add_cstr(b, ",\"fields\":{");
		add_fields(b, schema, keys, forms, records[i]);
		buf_add_cstr(b, "}}");
	}
	buf_add_char(b, ']');
	if (keys->by_id)
		json_member_bool(b, "returnFieldsByFieldId", true);
	buf_add_char(b, '}');
}

void
airtable_add_upsert(struct buf *b, const struct schema *schema, const struct airtable_keys *keys,
    const struct airtable_forms *forms, const char *key_field, const struct record *const *records, const struct str *ours,
    size_t count)
{
	buf_add_cstr(b, "{\"performUpsert\":{\"fieldsToMergeOn\":[");
	json_add_string(b, str_of(key_field));
	buf_add_cstr(b, "]},\"records\":[");
	for (size_t i = 0; i < count; i++) {
		json_next(b);
		buf_add_cstr(b, "{\"fields\":{");
		json_add_string(b, str_of(key_field));
		buf_add_char(b, ':');
		json_add_string(b, ours[i]);
		add_fields(b, schema, keys, forms, records[i]);
		buf_add_cstr(b, "}}");
	}
	buf_add_char(b, ']');
	if (keys->by_id)
		json_member_bool(b, "returnFieldsByFieldId", true);
	buf_add_char(b, '}');
}
