#include "common/instant.h"
#include "common/json_write.h"
#include "common/money.h"
#include "common/row.h"
#include "common/store_keys.h"

struct row_head {
	uint64_t	version;
	uint32_t	json_len;
	uint16_t	id_len;
	uint16_t	field_count;
};

static bool
is_text(enum field_kind kind)
{
	return kind == FIELD_TEXT || kind == FIELD_SELECT;
}

static void
add_json_value(struct buf *b, const struct field *f, const struct value *v)
{
	if (!v->present) {
		json_member_null(b, f->name);
		return;
	}
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_SELECT:
		json_member_string(b, f->name, v->text);
		break;
	case FIELD_MONEY:
		json_name(b, f->name);
		money_add(b, v->number);
		break;
	case FIELD_INSTANT: {
		char text[INSTANT_TEXT_SIZE];

		if (instant_format(v->number, text) != ERR_OK)
			json_member_null(b, f->name);
		else
			json_member_string(b, f->name, str_of(text));
		break;
	}
	}
}

void
row_encode(struct buf *b, const struct schema *schema, const struct record *r,
    uint64_t version)
{
	struct row_head head = {
		.version = version,
		.id_len = (uint16_t)r->id.len,
		.field_count = (uint16_t)schema->field_count
	};
	size_t start = b->len, json_at;

	buf_add(b, &head, sizeof(head));
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct value *v = &r->values[i];
		uint32_t n = !v->present ? 0 : 1 + (is_text(schema->fields[i].kind) ?
		    (uint32_t)v->text.len : (uint32_t)sizeof(v->number));

		buf_add(b, &n, sizeof(n));
	}
	buf_add_str(b, r->id);
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct value *v = &r->values[i];

		if (!v->present)
			continue;
		if (is_text(schema->fields[i].kind))
			buf_add_str(b, v->text);
		else
			buf_add(b, &v->number, sizeof(v->number));
	}
	json_at = b->len;
	buf_add_char(b, '{');
	json_member_string(b, "id", r->id);
	for (size_t i = 0; i < schema->field_count; i++)
		add_json_value(b, &schema->fields[i], &r->values[i]);
	json_member_uint(b, "version", version);
	buf_add_char(b, '}');
	if (buf_status(b) == ERR_OK) {
		head.json_len = (uint32_t)(b->len - json_at);
		memcpy(b->data + start, &head, sizeof(head));
	}
}

enum err
row_decode(struct str bytes, struct row_view *row)
{
	struct row_head head;
	size_t values_at, table;

	if (bytes.len < sizeof(head))
		return ERR_STORE_CORRUPT;
	memcpy(&head, bytes.ptr, sizeof(head));
	table = sizeof(head) + head.field_count * sizeof(uint32_t);
	values_at = table + head.id_len;
	if (values_at + head.json_len > bytes.len)
		return ERR_STORE_CORRUPT;
	row->version = head.version;
	row->id = (struct str){ bytes.ptr + table, head.id_len };
	row->json = (struct str){ bytes.ptr + bytes.len - head.json_len, head.json_len };
	row->values = bytes.ptr;
	row->values_len = bytes.len - head.json_len;
	return ERR_OK;
}

enum err
row_values(const struct row_view *row, const struct schema *schema, struct record *r)
{
	const char *lengths = (const char *)row->values + sizeof(struct row_head);
	const char *p = row->id.ptr + row->id.len;
	const char *end = (const char *)row->values + row->values_len;
	struct row_head head;

	memcpy(&head, row->values, sizeof(head));
	if (head.field_count != schema->field_count)
		return ERR_STORE_CORRUPT;
	*r = (struct record){ .id = row->id, .known = schema_all(schema) };
	for (size_t i = 0; i < schema->field_count; i++) {
		struct value *v = &r->values[i];
		uint32_t n = load_u32(lengths, i);

		if (n == 0)
			continue;
		n--;
		if (n > (size_t)(end - p))
			return ERR_STORE_CORRUPT;
		v->present = true;
		if (is_text(schema->fields[i].kind))
			v->text = (struct str){ p, n };
		else if (n == sizeof(v->number))
			memcpy(&v->number, p, n);
		else
			return ERR_STORE_CORRUPT;
		p += n;
	}
	return ERR_OK;
}

bool
value_equal(enum field_kind kind, const struct value *a, const struct value *b)
{
	if (a->present != b->present)
		return false;
	if (!a->present)
		return true;
	return is_text(kind) ? str_eq(a->text, b->text) : a->number == b->number;
}

bool
record_equal(const struct schema *s, const struct record *a, const struct record *b)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (!value_equal(s->fields[f].kind, &a->values[f], &b->values[f]))
			return false;
	return true;
}
