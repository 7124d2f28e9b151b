#include "common/base/fold.h"
#include "common/query/text_search.h"
#include "common/tables/kind.h"
#include "syncd/verify/parts.h"

/* Do the texts follow one another, each ending with a NUL? */
static bool
texts_sound(struct str bytes)
{
	uint32_t from = 0, size = (uint32_t)(bytes.len - COLUMN_ENDS_BYTES);

	for (uint32_t i = 0; i < COLUMN_SEGMENT; i++) {
		uint32_t end = load_u32(bytes.ptr, i);

		if (end < from || end >= size || bytes.ptr[COLUMN_ENDS_BYTES + end] != '\0')
			return false;
		from = end + 1;
	}
	return from == size;
}

static struct str
load(struct verify *v, unsigned column, uint32_t segment, const char *name)
{
	struct str bytes = { NULL, 0 };
	enum err e = column_segment(v->txn, store_table(v->dbs, v->schema)->columns, v->schema, column, segment, &bytes);

	if (e == ERR_OK && column < COLUMN_HASH && kind_storage(v->schema->fields[column].kind) == STORED_TEXT &&
	    !texts_sound(bytes))
		e = ERR_STORE_CORRUPT;
	if (e == ERR_OK)
		return bytes;
	verify_fault(v, VERIFY_COLUMNS, "%s: segment %u %s", name, segment,
	    e == ERR_NOT_FOUND ? "is missing" : "can't be read");
	return (struct str){ NULL, 0 };
}

void
verify_segments_load(struct verify *v, uint32_t segment, struct segments *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned f = 0; f < v->schema->field_count; f++) {
		const struct field *field = &v->schema->fields[f];

		s->field[f] = load(v, f, segment, field->name);
		if (kind_storage(field->kind) == STORED_TEXT && (field->flags & FIELD_EXACT))
			s->hash[f] = load(v, COLUMN_HASH + f, segment, field->name);
	}
	s->live = load(v, COLUMN_LIVE, segment, "rows in use");
}

static bool
text_right(struct verify *v, struct str segment, size_t i, const struct value *value)
{
	if (v->other_fold)
		return true;
	buf_clear(&v->folded);
	if (value != NULL && value->present && fold_text(&v->folded, value->text) != ERR_OK)
		return false;
	return str_eq(column_text(segment, i), buf_str(&v->folded));
}

static bool
code_right(struct verify *v, struct str segment, size_t i, unsigned f, const struct value *value)
{
	const struct field *field = &v->schema->fields[f];
	unsigned has = column_code(segment, i), wants = OPTION_NONE;

	if (value != NULL && value->present) {
		wants = options_code(field, v->further[f], value->text);
		if (wants == OPTION_NONE || wants > OPTION_OTHER)
			wants = OPTION_OTHER;	/* it came when all codes were taken */
	}
	return has == wants;
}

static bool
field_right(struct verify *v, const struct segments *s, unsigned f, size_t i,
    const struct value *value)
{
	bool present = value != NULL && value->present;

	if (s->field[f].ptr == NULL)
		return true;	/* reported already */
	switch (kind_storage(v->schema->fields[f].kind)) {
	case STORED_TEXT:
		return text_right(v, s->field[f], i, value) && (s->hash[f].ptr == NULL ||
		    column_number(s->hash[f], i) == (present ? text_hash(value->text) : COLUMN_EMPTY));
	case STORED_CODE:
		return code_right(v, s->field[f], i, f, value);
	case STORED_NUMBER:
		return column_number(s->field[f], i) == (present ? value->number : COLUMN_EMPTY);
	}
	return true;
}

void
verify_row_columns(struct verify *v, const struct segments *s, uint32_t row,
    const struct record *r)
{
	for (unsigned f = 0; f < v->schema->field_count; f++)
		if (!field_right(v, s, f, row % COLUMN_SEGMENT, r == NULL ? NULL : &r->values[f]))
			verify_fault(v, VERIFY_COLUMNS, r == NULL ? "%s has a value for row %u, which is not in use" :
			    "%s of row %u differs from the row", v->schema->fields[f].name, row);
}
