#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/moment.h"
#include "common/money.h"
#include "syncd/airtable_decode.h"
#include "syncd/airtable_json.h"

#define NUMBER_TEXT	AIRTABLE_NUMBER_TEXT	/* bytes that a number or a bool takes as text */

/* A page in the making. */
struct decoder {
	const struct schema		*schema;
	const struct airtable_keys	*keys;
	struct airtable_page		*page;
	char				*text;	/* free room for text in the arena */
	char				*why;
	size_t				 why_size;
};

static enum err
bad(struct decoder *d, const char *why)
{
	(void)snprintf(d->why, d->why_size, "%s", why);
	return ERR_AIRTABLE_BAD_RESPONSE;
}

static struct str
keep_text(struct decoder *d, const char *s)
{
	struct str kept = { d->text, strlen(s) };

	memcpy(d->text, s, kept.len);
	d->text += kept.len;
	return kept;
}

/* A number as people write it: 194, 0.5, 1e+300. */
static struct str
keep_number(struct decoder *d, double v)
{
	char text[NUMBER_TEXT];

	if (v == floor(v) && fabs(v) < 9007199254740992.0) {
		(void)snprintf(text, sizeof(text), "%.0f", v);
		return keep_text(d, text);
	}
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return keep_text(d, text);
}

/* NULL, or what is wrong with the cell. */
static const char *
decode_text(struct decoder *d, const cJSON *cell, struct value *v)
{
	if (cJSON_IsString(cell))
		v->text = keep_text(d, cell->valuestring);
	else if (cJSON_IsNumber(cell) && isfinite(cell->valuedouble))
		v->text = keep_number(d, cell->valuedouble);
	else if (cJSON_IsBool(cell))
		v->text = keep_text(d, cJSON_IsTrue(cell) ? "true" : "false");
	else
		return "not a text";
	v->present = v->text.len > 0;
	return NULL;
}

static const char *
decode_select(struct decoder *d, const cJSON *cell, struct value *v)
{
	const cJSON *name = cJSON_IsObject(cell) ? airtable_json_member(cell, "name") : cell;

	if (!cJSON_IsString(name))
		return "not an option of a select";
	v->text = keep_text(d, name->valuestring);
	v->present = v->text.len > 0;
	return NULL;
}

static const char *
decode_money(const cJSON *cell, struct value *v)
{
	enum err err;

	if (cJSON_IsNumber(cell))
		err = money_from_double(cell->valuedouble, &v->number);
	else if (!cJSON_IsString(cell))
		return "not a number";
	else if (cell->valuestring[0] == '\0')
		return NULL;
	else
		err = money_parse(str_of(cell->valuestring), &v->number);
	if (err != ERR_OK)
		return "not an amount of money, or too large";
	v->present = true;
	return NULL;
}

static const char *
decode_instant(struct decoder *d, const cJSON *cell, struct value *v)
{
	if (!cJSON_IsString(cell))
		return "not a date and time";
	if (cell->valuestring[0] == '\0')
		return NULL;
	if (moment_parse(str_of(cell->valuestring), v) != ERR_OK)
		return "not a date and time, or out of range";
	if (moment_is_date(v))
		v->text = keep_text(d, cell->valuestring);
	v->present = true;
	return NULL;
}

static const char *
decode_cell(struct decoder *d, enum field_kind kind, const cJSON *cell, struct value *v)
{
	if (cJSON_IsNull(cell))
		return NULL;
	if (cJSON_IsObject(cell) && (airtable_json_member(cell, "error") != NULL ||
	    airtable_json_member(cell, "specialValue") != NULL))
		return "an error of its formula";
	switch (kind) {
	case FIELD_SELECT:
		return decode_select(d, cell, v);
	case FIELD_MONEY:
		return decode_money(cell, v);
	case FIELD_INSTANT:
		return decode_instant(d, cell, v);
	case FIELD_TEXT:
	default:
		return decode_text(d, cell, v);
	}
}

static void
warn(struct decoder *d, const struct record *r, size_t field, const char *problem)
{
	struct airtable_warning *w;
	size_t max = sizeof(d->page->warnings) / sizeof(d->page->warnings[0]);

	if (d->page->warning_count++ >= max)
		return;
	w = &d->page->warnings[d->page->warning_count - 1];
	(void)snprintf(w->record, sizeof(w->record), "%.*s", STR_FMT(r->id));
	(void)snprintf(w->field, sizeof(w->field), "%s", d->schema->fields[field].name);
	(void)snprintf(w->problem, sizeof(w->problem), "%s", problem);
}

/* ${key}, unless it is NULL: the text in a field that is none of the schema's, whatever it is called. */
static enum err
decode_record(struct decoder *d, const cJSON *json, struct record *r, struct str *key)
{
	const cJSON *id = airtable_json_member(json, "id");
	const cJSON *fields = airtable_json_member(json, "fields");
	const cJSON *cells[SCHEMA_FIELDS_MAX] = { NULL }, *cell;
	const char *problem;

	if (!cJSON_IsString(id) || !airtable_id_valid(id->valuestring))
		return bad(d, "a record without a proper id");
	if (!cJSON_IsObject(fields))
		return bad(d, "a record without fields");
	*r = (struct record){ .id = keep_text(d, id->valuestring),
	    .known = airtable_keys_asked(d->keys) };
	cJSON_ArrayForEach(cell, fields) {
		int f = airtable_keys_field(d->keys, cell->string);

		if (f >= 0)
			cells[f] = cell;	/* of duplicates the last */
		else if (key != NULL && cJSON_IsString(cell))
			*key = keep_text(d, cell->valuestring);
	}
	for (size_t f = 0; f < d->schema->field_count; f++) {
		if (cells[f] == NULL)
			continue;
		problem = decode_cell(d, d->schema->fields[f].kind, cells[f], &r->values[f]);
		if (problem != NULL)
			warn(d, r, f, problem);
	}
	return ERR_OK;
}

static enum err
decode_offset(struct decoder *d, const cJSON *json)
{
	const cJSON *offset = airtable_json_member(json, "offset");

	if (offset == NULL || cJSON_IsNull(offset))
		return ERR_OK;
	if (!cJSON_IsString(offset))
		return bad(d, "an offset that is not a text");
	if (strlen(offset->valuestring) > AIRTABLE_OFFSET_MAX)
		return bad(d, "an offset too long for a URL");
	d->page->offset = keep_text(d, offset->valuestring);
	return ERR_OK;
}

/* Room for ${count} records, then for all text there can be. */
static bool
make_room(struct decoder *d, enum airtable_shape shape, size_t count, size_t text_bytes, void **arena)
{
	size_t records = count * sizeof(struct record);
	size_t keys = shape == AIRTABLE_KEYED ? count * sizeof(struct str) : 0;
	size_t numbers = count * d->schema->field_count * NUMBER_TEXT;

	/* bounded by AIRTABLE_RECORDS_MAX and HTTP_ANSWER_MAX: no overflow */
	if ((*arena = malloc(records + keys + numbers + text_bytes + 1)) == NULL)
		return false;
	d->page->records = *arena;
	if (shape == AIRTABLE_KEYED)
		d->page->keys = memset((char *)*arena + records, 0, keys);
	d->text = (char *)*arena + records + keys;
	return true;
}

static enum err
decode_deleted(struct decoder *d, const cJSON *json, struct record *r)
{
	const cJSON *id = airtable_json_member(json, "id");

	if (!cJSON_IsString(id) || !airtable_id_valid(id->valuestring))
		return bad(d, "a record without a proper id");
	if (!cJSON_IsTrue(airtable_json_member(json, "deleted")))
		return bad(d, "a record that was not deleted");
	*r = (struct record){ .id = keep_text(d, id->valuestring) };
	return ERR_OK;
}

static enum err
decode_records(struct decoder *d, enum airtable_shape shape, const cJSON *list)
{
	const cJSON *json;
	enum err err;

	cJSON_ArrayForEach(json, list) {
		struct record *r = &d->page->records[d->page->count];
		struct str *key = shape == AIRTABLE_KEYED ? &d->page->keys[d->page->count] : NULL;

		err = shape == AIRTABLE_DELETED ? decode_deleted(d, json, r) :
		    decode_record(d, json, r, key);
		if (err != ERR_OK)
			return err;
		d->page->count++;
	}
	return ERR_OK;
}

static enum err
decode(struct decoder *d, enum airtable_shape shape, const cJSON *json, size_t text_bytes,
    void **arena)
{
	const cJSON *list = airtable_json_member(json, "records");
	size_t count;
	enum err err;

	if (json == NULL)
		return bad(d, "the answer is not JSON");
	if (!cJSON_IsArray(list))
		return bad(d, "the answer is not an object with records");
	count = (size_t)cJSON_GetArraySize(list);
	if (count > AIRTABLE_RECORDS_MAX)
		return bad(d, "far more records than were asked for");
	if (!make_room(d, shape, count, text_bytes, arena))
		return ERR_NOMEM;
	if ((err = decode_records(d, shape, list)) != ERR_OK)
		return err;
	return decode_offset(d, json);
}

enum err
airtable_decode_page(const struct schema *schema, const struct airtable_keys *keys,
    enum airtable_shape shape, struct str body, struct airtable_page *page, void **arena,
    char *why, size_t why_size)
{
	struct decoder d = {
		.schema = schema, .keys = keys, .page = page, .why = why, .why_size = why_size
	};
	size_t text_bytes = 0;
	cJSON *json;
	enum err err;

	*page = (struct airtable_page){ .count = 0 };
	*arena = NULL;
	json = airtable_json_parse(body, &text_bytes);
	err = decode(&d, shape, json, text_bytes, arena);
	cJSON_Delete(json);
	if (err != ERR_OK) {
		free(*arena);
		*arena = NULL;
		*page = (struct airtable_page){ .count = 0 };
	}
	return err;
}

void
airtable_decode_cells(const struct schema *schema, const struct airtable_keys *keys,
    const cJSON *cells, char **text, struct record *r, uint32_t *odd)
{
	struct decoder d = { .schema = schema, .keys = keys, .text = *text };
	const cJSON *found[SCHEMA_FIELDS_MAX] = { NULL }, *cell;

	*odd = 0;
	r->known = 0;
	cJSON_ArrayForEach(cell, cells) {
		int f = airtable_keys_field(keys, cell->string);

		if (f >= 0)
			found[f] = cell;	/* of duplicates the last */
	}
	for (size_t f = 0; f < schema->field_count; f++) {
		r->values[f] = (struct value){ .present = false };
		if (found[f] == NULL)
			continue;
		r->known |= UINT32_C(1) << f;
		if (decode_cell(&d, schema->fields[f].kind, found[f], &r->values[f]) != NULL) {
			*odd |= UINT32_C(1) << f;
			r->values[f] = (struct value){ .present = false };
		}
	}
	*text = d.text;
}
