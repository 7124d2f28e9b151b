#include <stdio.h>
#include <stdlib.h>

#include "common/tables/kind.h"
#include "syncd/airtable/decode.h"
#include "syncd/airtable/json.h"

/* A page that is being read. */
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

/* A cell was not understood: note it in its record and in the page. */
static void
note_odd(struct decoder *d, struct record *r, size_t f, const cJSON *cell, enum cell_sense sense,
    const char *problem)
{
	struct airtable_oddity *o = &d->page->odd[f];
	char shown[80];

	if (sense == CELL_ODD)
		r->odd |= UINT32_C(1) << f;
	else
		r->failed |= UINT32_C(1) << f;
	if (o->count++ >= AIRTABLE_ODD_EXAMPLES)
		return;
	airtable_cell_show(cell, shown, sizeof(shown));
	(void)snprintf(o->examples[o->count - 1].record, sizeof(o->examples[0].record), "%.*s",
	    STR_FMT(r->id));
	(void)snprintf(o->examples[o->count - 1].what, sizeof(o->examples[0].what), "%s: %s",
	    problem, shown);
}

/*
 * ${key}, unless it is NULL, gets the text in a field that is not one of the schema's,
 * of any name.
 */
static enum err
decode_record(struct decoder *d, const cJSON *json, struct record *r, struct str *key)
{
	const cJSON *id = airtable_json_member(json, "id");
	const cJSON *fields = airtable_json_member(json, "fields");
	const cJSON *cells[SCHEMA_FIELDS_MAX] = { NULL }, *cell;
	enum cell_sense sense;
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
			cells[f] = cell;	/* the last of duplicates */
		else if (key != NULL && cJSON_IsString(cell))
			*key = keep_text(d, cell->valuestring);
	}
	for (size_t f = 0; f < d->schema->field_count; f++) {
		r->values[f] = kind_nothing(d->schema->fields[f].kind);
		if (cells[f] == NULL)
			continue;
		sense = airtable_cell_read(d->schema->fields[f].kind, cells[f], &d->text,
		    &r->values[f], &problem);
		if (sense != CELL_UNDERSTOOD)
			note_odd(d, r, f, cells[f], sense, problem);
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

/* Make room for ${count} records, and behind them for all text there can be. */
static bool
make_room(struct decoder *d, enum airtable_shape shape, size_t count, size_t text_bytes, void **arena)
{
	size_t records = count * sizeof(struct record);
	size_t keys = shape == AIRTABLE_KEYED ? count * sizeof(struct str) : 0;
	size_t numbers = count * d->schema->field_count * CELL_NUMBER_TEXT;

	/* bounded by AIRTABLE_RECORDS_MAX and HTTP_ANSWER_MAX: no overflow */
	if ((*arena = malloc(records + keys + numbers + text_bytes * CELL_TEXT_FACTOR + 1)) == NULL)
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

enum err
airtable_decode_page(const struct schema *schema, const struct airtable_keys *keys,
    enum airtable_shape shape, struct str body, struct airtable_page *page, void **arena,
    char *why, size_t why_size)
{
	struct decoder d = {
		.schema = schema, .keys = keys, .page = page, .why = why, .why_size = why_size
	};
	size_t text_bytes = 0;
	const cJSON *list;
	cJSON *json;
	enum err err;

	*page = (struct airtable_page){ .count = 0 };
	*arena = NULL;
	json = airtable_json_parse(body, &text_bytes);
	list = airtable_json_member(json, "records");
	if (json == NULL)
		err = bad(&d, "the answer is not JSON");
	else if (!cJSON_IsArray(list))
		err = bad(&d, "the answer is not an object with records");
	else if (cJSON_GetArraySize(list) > AIRTABLE_RECORDS_MAX)
		err = bad(&d, "far more records than were asked for");
	else if (!make_room(&d, shape, (size_t)cJSON_GetArraySize(list), text_bytes, arena))
		err = ERR_NOMEM;
	else if ((err = decode_records(&d, shape, list)) == ERR_OK)
		err = decode_offset(&d, json);
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
	const cJSON *found[SCHEMA_FIELDS_MAX] = { NULL }, *cell;
	const char *problem;

	*odd = r->odd = r->failed = 0;
	r->known = 0;
	cJSON_ArrayForEach(cell, cells) {
		int f = airtable_keys_field(keys, cell->string);

		if (f >= 0)
			found[f] = cell;	/* the last of duplicates */
	}
	for (size_t f = 0; f < schema->field_count; f++) {
		r->values[f] = (struct value){ .present = false };
		if (found[f] == NULL)
			continue;
		r->known |= UINT32_C(1) << f;
		if (airtable_cell_read(schema->fields[f].kind, found[f], text, &r->values[f],
		    &problem) != CELL_UNDERSTOOD)
			*odd |= UINT32_C(1) << f;
	}
}
