#include "common/base/json_write.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"

#define ESCAPED		0x80000000u
#define JSON_ID		"{\"id\":\""	/* what the JSON begins with */
#define NAME_MARKS	4		/* ,"": around a member's name */

struct row_head {
	uint64_t	version;
	uint32_t	json_len;
	uint16_t	id_len;
	uint8_t		field_count;
	uint8_t		present;	/* of the first eight fields */
};
_Static_assert(SCHEMA_FIELDS_MAX <= 32, "present has a bit for each field");

/* The bytes of present beyond the first that so many fields need. */
static size_t
present_more(size_t fields)
{
	return fields == 0 ? 0 : (fields - 1) / 8;
}

/* Add the JSON object; ${lengths}: of each value in it. */
static void
add_json(struct buf *b, const struct schema *schema, const struct record *r, uint64_t version,
    uint32_t lengths[static SCHEMA_FIELDS_MAX])
{
	buf_add_cstr(b, JSON_ID);
	buf_add_str(b, r->id);
	buf_add_char(b, '"');
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct value *v = &r->values[i];
		size_t at;

		json_name(b, schema->fields[i].name);
		at = b->len;
		kind_add_json(b, schema->fields[i].kind, v);
		lengths[i] = (uint32_t)(b->len - at);
	}
	json_member_uint(b, "version", version);
	buf_add_char(b, '}');
}

/* Is the text in the JSON anything but its plain bytes in quotes? */
static bool
is_escaped(const struct value *v, uint32_t json_len)
{
	return v->text.len + 2 != json_len;
}

static void
add_value(struct buf *b, enum field_kind kind, const struct value *v, uint32_t *json_len)
{
	uint32_t n = (uint32_t)v->text.len;

	if (!v->present)
		return;
	if (!kind_is_text(kind)) {
		buf_add(b, &v->number, sizeof(v->number));
	} else if (is_escaped(v, *json_len)) {
		*json_len |= ESCAPED;
		buf_add(b, &n, sizeof(n));
		buf_add_str(b, v->text);
	}
}

void
row_encode(struct buf *b, const struct schema *schema, const struct record *r,
    uint64_t version)
{
	struct row_head head = {
		.version = version,
		.id_len = (uint16_t)r->id.len,
		.field_count = (uint8_t)schema->field_count
	};
	uint32_t lengths[SCHEMA_FIELDS_MAX], present = 0;
	struct buf json = { 0 };
	size_t table;

	add_json(&json, schema, r, version, lengths);
	head.json_len = (uint32_t)json.len;
	for (size_t i = 0; i < schema->field_count; i++)
		if (r->values[i].present)
			present |= UINT32_C(1) << i;
	head.present = (uint8_t)present;
	buf_add(b, &head, sizeof(head));
	for (size_t i = 1; i <= present_more(schema->field_count); i++)
		buf_add_char(b, (char)(present >> (8 * i)));
	table = b->len;
	buf_add(b, lengths, schema->field_count * sizeof(*lengths));
	for (size_t i = 0; i < schema->field_count; i++)
		add_value(b, schema->fields[i].kind, &r->values[i], &lengths[i]);
	buf_add_str(b, buf_str(&json));
	if (buf_status(&json) != ERR_OK)
		b->error = buf_status(&json);
	else if (buf_status(b) == ERR_OK)
		memcpy(b->data + table, lengths, schema->field_count * sizeof(*lengths));
	buf_free(&json);
}

enum err
row_decode(struct str bytes, struct row_view *row)
{
	struct row_head head;
	size_t values;

	if (bytes.len < sizeof(head))
		return ERR_STORE_CORRUPT;
	memcpy(&head, bytes.ptr, sizeof(head));
	values = sizeof(head) + head.field_count * sizeof(uint32_t);
	if (values + head.json_len > bytes.len ||
	    strlen(JSON_ID) + head.id_len > head.json_len)
		return ERR_STORE_CORRUPT;
	row->version = head.version;
	row->json = (struct str){ bytes.ptr + bytes.len - head.json_len, head.json_len };
	row->id = (struct str){ row->json.ptr + strlen(JSON_ID), head.id_len };
	row->values = bytes.ptr;
	row->values_len = bytes.len - head.json_len;
	return ERR_OK;
}

/* A text's plain bytes: in the JSON, or, when it is escaped there, at *p. */
static bool
take_text(const char **p, const char *end, struct str json, bool escaped, struct str *text)
{
	uint32_t n;

	if (!escaped) {
		if (json.len < 2)
			return false;
		*text = (struct str){ json.ptr + 1, json.len - 2 };
		return true;
	}
	if ((size_t)(end - *p) < sizeof(n))
		return false;
	memcpy(&n, *p, sizeof(n));
	*p += sizeof(n);
	if ((size_t)(end - *p) < n)
		return false;
	*text = (struct str){ *p, n };
	*p += n;
	return true;
}

/* A number; for a date, known by the length of its JSON, the text too. */
static bool
take_number(const char **p, const char *end, enum field_kind kind, struct str json, struct value *v)
{
	if ((size_t)(end - *p) < sizeof(v->number))
		return false;
	memcpy(&v->number, *p, sizeof(v->number));
	*p += sizeof(v->number);
	if (kind == FIELD_INSTANT && json.len == MOMENT_DATE_LEN + 2)
		v->text = (struct str){ json.ptr + 1, MOMENT_DATE_LEN };
	return true;
}

static uint32_t
present_of(const struct row_head *head, const char *more)
{
	uint32_t present = head->present;

	for (size_t i = 1; i <= present_more(head->field_count); i++)
		present |= (uint32_t)(unsigned char)more[i - 1] << (8 * i);
	return present;
}

/* A value that is there. */
static bool
take_value(const char **p, const char *end, enum field_kind kind, struct str json, bool escaped,
    struct value *v)
{
	return kind_is_text(kind) ? take_text(p, end, json, escaped, &v->text) :
	    take_number(p, end, kind, json, v);
}

enum err
row_values(const struct row_view *row, const struct schema *schema, struct record *r)
{
	const char *more = (const char *)row->values + sizeof(struct row_head);
	const char *lengths = more + present_more(schema->field_count);
	const char *end = (const char *)row->values + row->values_len;
	const char *p = lengths + schema->field_count * sizeof(uint32_t);
	size_t at = strlen(JSON_ID) + row->id.len + 1;	/* in the JSON */
	struct row_head head;
	uint32_t present;

	memcpy(&head, row->values, sizeof(head));
	if (head.field_count != schema->field_count || p > end)
		return ERR_STORE_CORRUPT;
	present = present_of(&head, more);
	r->id = row->id;
	r->known = schema_all(schema);
	r->odd = r->failed = 0;
	for (size_t i = 0; i < schema->field_count; i++) {
		struct value *v = &r->values[i];
		uint32_t n = load_u32(lengths, i);
		struct str json;

		*v = (struct value){ .present = present >> i & 1 };
		at += NAME_MARKS + strlen(schema->fields[i].name);
		json = (struct str){ row->json.ptr + at, n & ~ESCAPED };
		if ((at += json.len) > row->json.len)
			return ERR_STORE_CORRUPT;
		if (v->present && !take_value(&p, end, schema->fields[i].kind, json, (n & ESCAPED) != 0, v))
			return ERR_STORE_CORRUPT;
	}
	return ERR_OK;
}

enum err
row_block_find(struct str block, uint32_t row, struct str *bytes)
{
	uint32_t i = row % ROW_BLOCK, from, to;

	if (block.len < ROW_BLOCK * sizeof(uint32_t))
		return ERR_STORE_CORRUPT;
	from = i == 0 ? (uint32_t)(ROW_BLOCK * sizeof(uint32_t)) : load_u32(block.ptr, i - 1);
	to = load_u32(block.ptr, i);
	if (from > to || to > block.len)
		return ERR_STORE_CORRUPT;
	*bytes = (struct str){ block.ptr + from, to - from };
	return ERR_OK;
}

void
row_block_encode(struct buf *b, const struct str rows[static ROW_BLOCK])
{
	uint32_t end = ROW_BLOCK * sizeof(uint32_t);

	for (size_t i = 0; i < ROW_BLOCK; i++) {
		end += (uint32_t)rows[i].len;
		buf_add(b, &end, sizeof(end));
	}
	for (size_t i = 0; i < ROW_BLOCK; i++)
		buf_add_str(b, rows[i]);
}

enum err
row_get(struct db_txn *txn, db_id rows, uint32_t row, struct row_view *view)
{
	uint32_t number = row / ROW_BLOCK;
	struct str bytes;
	enum err e;

	if (!db_get(txn, rows, key_u32(&number), &bytes))
		return db_absent(txn);
	if ((e = row_block_find(bytes, row, &bytes)) != ERR_OK)
		return e;
	return bytes.len == 0 ? ERR_NOT_FOUND : row_decode(bytes, view);
}

bool
value_equal(enum field_kind kind, const struct value *a, const struct value *b)
{
	if (a->present != b->present)
		return false;
	if (!a->present)
		return true;
	if (kind_is_text(kind) || (kind == FIELD_INSTANT && (moment_is_date(a) || moment_is_date(b))))
		return str_eq(a->text, b->text);
	return a->number == b->number;
}

bool
record_agrees(const struct schema *s, const struct record *news, const struct record *stored)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (news->known >> f & 1 &&
		    !value_equal(s->fields[f].kind, &news->values[f], &stored->values[f]))
			return false;
	return true;
}

bool
record_equal(const struct schema *s, const struct record *a, const struct record *b)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (!value_equal(s->fields[f].kind, &a->values[f], &b->values[f]))
			return false;
	return true;
}
