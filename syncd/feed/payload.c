#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/instant.h"
#include "common/store/row.h"
#include "syncd/airtable/decode.h"
#include "syncd/airtable/json.h"
#include "syncd/feed/payload.h"

#define NUMBER_MAX	9007199254740992.0	/* 2^53: whole numbers below it are exact in JSON */
#define PAYLOADS_MAX	1000			/* of a page; Airtable sends 50 */
#define WHAT_MAX	400			/* bytes of text about changes of a schema */
#define KINDS		3			/* current, previous, unchanged */
#define USER_MAX	128			/* bytes of a user's name that are kept, */
#define EMAIL_MAX	254			/* of an address, */
#define VIA_MAX		32			/* and of the way that a change came by */

/* A page that is being read. */
struct reading {
	const struct schema		*schema;
	const struct webhook_table	*table;
	struct payload_page		*page;
	char				*text;	/* free room in page->text */
	struct author			 who;	/* of the payload at hand */
	char				*why;
};

static enum err
bad(struct reading *r, const char *what)
{
	(void)snprintf(r->why, WEBHOOK_WHY_SIZE, "%s", what);
	return ERR_AIRTABLE_BAD_RESPONSE;
}

bool
payload_id_valid(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= AIRTABLE_ID_MAX &&
	    strspn(id, AIRTABLE_ID_CHARACTERS) == n;
}

/* ---- records by id --------------------------------------------------------------- */
/* The record's slot, or the free one where it belongs. */
static uint32_t *
slot_of(const struct payload_page *p, struct str id)
{
	for (uint64_t h = hash_place(hash_str(id));; h++) {
		uint32_t *slot = &p->slots[h & p->mask];

		if (*slot == 0 || str_eq(p->records[*slot - 1].now.id, id))
			return slot;
	}
}

const struct payload_record *
payload_page_find(const struct payload_page *p, struct str id)
{
	uint32_t slot = p->count == 0 ? 0 : *slot_of(p, id);

	return slot == 0 ? NULL : &p->records[slot - 1];
}

/* The record's entry, a new one (*is_new) if the page has not named the record before. */
static struct payload_record *
touch(struct reading *r, const char *id, bool *is_new)
{
	struct payload_page *p = r->page;
	uint32_t *slot = slot_of(p, str_of(id));
	struct str kept = { r->text, strlen(id) };

	*is_new = *slot == 0;
	if (*slot == 0) {
		memcpy(r->text, id, kept.len);
		r->text += kept.len;
		p->records[p->count++] = (struct payload_record){
			.before = { .id = kept }, .now = { .id = kept }
		};
		*slot = (uint32_t)p->count;
	}
	return &p->records[*slot - 1];
}

/* One more step of a record; there is room for all that payloads name. */
static struct change_step *
step(struct reading *r, struct payload_record *p, enum step_kind kind)
{
	struct change_step *s = &r->page->steps[r->page->step_count++];

	*s = (struct change_step){ .kind = kind, .who = r->who };
	if (p->last == NULL)
		p->steps = s;
	else
		p->last->next = s;
	p->last = s;
	return s;
}

static const struct record *
keep_told(struct reading *r, const struct record *told)
{
	struct record *kept = &r->page->told[r->page->told_count++];

	*kept = *told;
	return kept;
}

/* ---- one record ------------------------------------------------------------------ */
static uint32_t
decode(struct reading *r, const cJSON *cells, struct record *out)
{
	uint32_t odd = 0;

	*out = (struct record){ .known = 0 };
	if (r->table->fields_known)
		airtable_decode_cells(r->schema, &r->table->keys, cells, &r->text, out, &odd);
	return odd;
}

static void
created(struct reading *r, const char *id, const cJSON *json)
{
	const cJSON *cells = airtable_json_member(json, "cellValuesByFieldId");
	bool is_new;
	struct payload_record *p = touch(r, id, &is_new);
	struct record now;
	uint32_t odd = decode(r, cells, &now), ours = airtable_keys_asked(&r->table->keys);

	if (is_new)
		p->created = true;
	else if (!p->gone)
		p->unclear = true;	/* created, though it existed */
	p->gone = false;
	if (odd != 0 || !r->table->fields_known || !cJSON_IsObject(cells))
		p->unclear = true;
	/* a computed cell that is not there may have any value */
	p->doubt = r->table->computed & ours & ~now.known;
	p->owed = p->still = 0;
	now.id = p->now.id;
	now.known = ours;
	p->now = now;
	step(r, p, STEP_CREATED)->to = keep_told(r, &now);
}

/* The field was ${from} and is ${to}; what the page said before has to end in ${from}. */
static void
pass(struct reading *r, struct payload_record *p, size_t f, const struct value *from,
    const struct value *to)
{
	uint32_t bit = UINT32_C(1) << f;

	if (!(p->now.known & bit) || (p->still & r->table->computed & bit)) {
		/* a computed cell whose change comes in a later payload of its own was told as unchanged before,
		 * with its new value already */
		p->before.values[f] = *from;
		p->before.known |= bit;
		p->now.known |= bit;
	} else if (!(p->doubt & bit) && !value_equal(r->schema->fields[f].kind, &p->now.values[f], from)) {
		p->unclear = true;
	}
	p->now.values[f] = *to;
	p->doubt &= ~bit;
}

/* What a change says about one field; ${told} as in changed(). */
static void
pass_field(struct reading *r, struct payload_record *p, size_t f, const struct record told[KINDS])
{
	static const struct value empty = { .present = false };
	uint32_t bit = UINT32_C(1) << f;

	if (told[0].known & bit) {
		pass(r, p, f, told[1].known & bit ? &told[1].values[f] : &empty, &told[0].values[f]);
		p->still &= ~bit;
	} else if (told[2].known & bit) {
		if (!(p->now.known & bit))
			p->still |= bit;
		pass(r, p, f, &told[2].values[f], &told[2].values[f]);
	} else if ((told[1].known | r->table->computed) & bit) {
		p->doubt |= bit;	/* cleared, or not told */
	} else {
		pass(r, p, f, &empty, &empty);
	}
}

/* Is a cell among them that people write, as far as is known? */
static bool
any_stored(const struct reading *r, const cJSON *cells)
{
	const cJSON *cell;

	cJSON_ArrayForEach(cell, cells) {
		int f = airtable_keys_field(&r->table->keys, cell->string);

		if (f < 0 || !(r->table->computed >> f & 1))
			return true;
	}
	return false;
}

/* A cell that is only in one of both was or is empty, or is a computed one that was not told. */
static void
add_changed_step(struct reading *r, struct payload_record *p, const struct record *current,
    const struct record *previous)
{
	struct change_step *s = step(r, p, STEP_CHANGED);
	struct record to = *current, from = *previous;

	to.known |= previous->known & ~r->table->computed;
	from.known |= current->known & ~r->table->computed;
	s->to = keep_told(r, &to);
	s->from = keep_told(r, &from);
}

static void
changed(struct reading *r, const char *id, const cJSON *json)
{
	static const char *const names[KINDS] = { "current", "previous", "unchanged" };
	const cJSON *cells[KINDS];
	struct record told[KINDS];
	uint32_t odd = 0, ours = airtable_keys_asked(&r->table->keys);
	bool is_new;
	struct payload_record *p = touch(r, id, &is_new);

	for (int k = 0; k < KINDS; k++) {
		cells[k] = airtable_json_member(airtable_json_member(json, names[k]),
		    "cellValuesByFieldId");
		odd |= decode(r, cells[k], &told[k]);
		p->unclear |= !cJSON_IsObject(cells[k]);
	}
	p->unclear |= odd != 0 || p->gone || !r->table->fields_known;
	p->gone = false;
	for (size_t f = 0; f < r->schema->field_count; f++)
		if (ours >> f & 1)
			pass_field(r, p, f, told);
	/* fields that change with every change do so in this payload or in a later one */
	if (any_stored(r, cells[0]))
		p->owed |= r->table->moves & ours;
	p->owed &= ~told[0].known;
	add_changed_step(r, p, &told[0], &told[1]);
}

static void
destroyed(struct reading *r, const char *id)
{
	bool is_new;
	struct payload_record *p = touch(r, id, &is_new);

	p->gone = true;
	(void)step(r, p, STEP_GONE);
}

/* All payloads were read: a record with anything left open is unclear. */
static void
close_records(struct payload_page *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (!p->records[i].gone)
			p->records[i].unclear |= (p->records[i].doubt | p->records[i].owed) != 0;
}

/* ---- the schema ------------------------------------------------------------------ */
static void __attribute__((format(printf, 2, 3)))
tell(struct reading *r, const char *fmt, ...)
{
	struct buf *b = &r->page->schema_what;
	va_list ap;

	r->page->schema = true;
	if (b->len > WHAT_MAX)
		return;
	if (b->len > 0)
		buf_add_cstr(b, "; ");
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

static void
field_changed(struct reading *r, const char *id, const cJSON *json)
{
	int f = r->table->fields_known ? airtable_keys_field(&r->table->keys, id) : -1;
	const char *now = airtable_json_text(airtable_json_member(json, "current"), "name");
	const char *was = airtable_json_text(airtable_json_member(json, "previous"), "name");
	const char *type = airtable_json_text(airtable_json_member(json, "current"), "type");

	if (f < 0) {
		r->page->foreign = true;
		return;
	}
	if (type[0] != '\0' && strncmp(type, r->table->forms.field[f].type, FORM_TYPE_SIZE - 1) != 0)
		r->page->retyped |= UINT32_C(1) << f;
	if (was[0] == '\0')
		was = r->table->names[f];
	if (now[0] != '\0' && strcmp(now, was) != 0) {
		r->page->renamed |= UINT32_C(1) << f;
		tell(r, "the field \"%.100s\" is now called \"%.100s\"", was, now);
	} else {
		r->page->changed |= UINT32_C(1) << f;
		tell(r, "the field \"%.100s\" was changed", was);
	}
}

static void
field_destroyed(struct reading *r, const char *id)
{
	int f = r->table->fields_known ? airtable_keys_field(&r->table->keys, id) : -1;

	if (f < 0) {
		r->page->foreign = true;
		return;
	}
	tell(r, "the field \"%.100s\" is gone", r->table->names[f]);
}

static void
read_schema(struct reading *r, const cJSON *table)
{
	const cJSON *metadata = airtable_json_member(table, "changedMetadata"), *m;
	const char *name = airtable_json_text(airtable_json_member(metadata, "current"), "name");

	cJSON_ArrayForEach(m, airtable_json_member(table, "createdFieldsById"))
		if (m->string != NULL)
			tell(r, "a new field \"%.100s\"", airtable_json_text(m, "name"));
	cJSON_ArrayForEach(m, airtable_json_member(table, "changedFieldsById"))
		if (m->string != NULL)
			field_changed(r, m->string, m);
	cJSON_ArrayForEach(m, airtable_json_member(table, "destroyedFieldIds"))
		if (cJSON_IsString(m))
			field_destroyed(r, m->valuestring);
	if (name[0] != '\0' && strcmp(name, r->table->name) != 0)
		tell(r, "the table is now called \"%.100s\"", name);
}

/* ---- payloads -------------------------------------------------------------------- */
/* Call back for every record in the member ${name} of our table; an invalid id is an error. */
static enum err
each_record(struct reading *r, const cJSON *table, const char *name,
    void (*take)(struct reading *, const char *, const cJSON *))
{
	const cJSON *list = airtable_json_member(table, name), *m;

	if (list == NULL || cJSON_IsNull(list))
		return ERR_OK;
	if (!cJSON_IsObject(list))
		return bad(r, "a payload whose records are not an object");
	cJSON_ArrayForEach(m, list) {
		if (!payload_id_valid(m->string))
			return bad(r, "a record without a proper id");
		take(r, m->string, m);
	}
	return ERR_OK;
}

static enum err
each_destroyed(struct reading *r, const cJSON *table)
{
	const cJSON *list = airtable_json_member(table, "destroyedRecordIds"), *m;

	if (list == NULL || cJSON_IsNull(list))
		return ERR_OK;
	if (!cJSON_IsArray(list))
		return bad(r, "a payload whose destroyed records are not a list");
	cJSON_ArrayForEach(m, list) {
		if (!cJSON_IsString(m) || !payload_id_valid(m->valuestring))
			return bad(r, "a record without a proper id");
		destroyed(r, m->valuestring);
	}
	return ERR_OK;
}

/* Keep a text of ${bytes} at most, cut between characters. */
static struct str
keep_text(struct reading *r, const cJSON *object, const char *name, size_t bytes)
{
	struct str s = str_of(airtable_json_text(object, name));
	struct str kept = { r->text, s.len > bytes ? bytes : s.len };

	while (kept.len < s.len && kept.len > 0 && ((unsigned char)s.ptr[kept.len] & 0xC0) == 0x80)
		kept.len--;
	memcpy(r->text, s.ptr, kept.len);
	r->text += kept.len;
	return kept;
}

static void
read_author(struct reading *r, const cJSON *json)
{
	const cJSON *action = airtable_json_member(json, "actionMetadata");
	const cJSON *user = airtable_json_member(airtable_json_member(action, "sourceMetadata"),
	    "user");

	r->who = (struct author){
		.via = keep_text(r, action, "source", VIA_MAX),
		.id = keep_text(r, user, "id", AIRTABLE_ID_MAX),
		.email = keep_text(r, user, "email", EMAIL_MAX),
		.name = keep_text(r, user, "name", USER_MAX)
	};
	if (r->who.name.len == 0)
		r->who.name = r->who.email;
}

static void
read_head(struct reading *r, const cJSON *json)
{
	int64_t at;

	r->page->payloads++;
	read_author(r, json);
	if (instant_parse(str_of(airtable_json_text(json, "timestamp")), &at) == ERR_OK)
		r->page->newest_ms = at;
	if (!cJSON_IsTrue(airtable_json_member(json, "error")))
		return;
	r->page->error = true;
	(void)snprintf(r->page->code, sizeof(r->page->code), "%s", airtable_json_text(json, "code"));
}

static enum err
read_payload(struct reading *r, const cJSON *json)
{
	const cJSON *tables = airtable_json_member(json, "changedTablesById"), *table, *m;
	enum err e;

	if (!cJSON_IsObject(json))
		return bad(r, "a payload that is not an object");
	read_head(r, json);
	cJSON_ArrayForEach(m, airtable_json_member(json, "destroyedTableIds"))
		if (cJSON_IsString(m) && strcmp(m->valuestring, r->table->id) == 0)
			tell(r, "the table is gone");
	if (tables == NULL || cJSON_IsNull(tables))
		return ERR_OK;
	if (!cJSON_IsObject(tables))
		return bad(r, "a payload whose tables are not an object");
	if ((table = airtable_json_member(tables, r->table->id)) == NULL)
		return ERR_OK;
	if (!cJSON_IsObject(table))
		return bad(r, "a payload with a table that is not an object");
	read_schema(r, table);
	if ((e = each_record(r, table, "createdRecordsById", created)) != ERR_OK ||
	    (e = each_record(r, table, "changedRecordsById", changed)) != ERR_OK)
		return e;
	return each_destroyed(r, table);
}

/*
 * How many records the payloads can name at most, *gone of them as destroyed; each has
 * at least an id.
 */
static size_t
count_records(const struct reading *r, const cJSON *payloads, size_t *gone)
{
	enum { DESTROYED = 2 };
	static const char *const members[] = {
		"createdRecordsById", "changedRecordsById", [DESTROYED] = "destroyedRecordIds"
	};
	const cJSON *json;
	size_t n = 0, named;

	*gone = 0;
	cJSON_ArrayForEach(json, payloads) {
		const cJSON *table = airtable_json_member(airtable_json_member(json,
		    "changedTablesById"), r->table->id);

		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
			named = (size_t)cJSON_GetArraySize(airtable_json_member(table, members[i]));
			n += named;
			*gone += i == DESTROYED ? named : 0;
		}
	}
	return n;
}

static bool
make_room(struct reading *r, size_t records, size_t gone, size_t text_bytes)
{
	struct payload_page *p = r->page;
	size_t size = 16, cells = records * r->schema->field_count * KINDS;

	while (size < records * 2)
		size *= 2;
	p->mask = size - 1;
	p->records = calloc(records + 1, sizeof(*p->records));
	p->slots = calloc(size, sizeof(*p->slots));
	p->steps = calloc(records + 1, sizeof(*p->steps));
	p->told = calloc(2 * (records - gone) + 1, sizeof(*p->told));
	/* ids are also names of members, and may be kept in addition to the texts */
	p->text = malloc(text_bytes * CELL_TEXT_FACTOR + cells * CELL_NUMBER_TEXT +
	    records * (AIRTABLE_ID_MAX + 1) + 1);
	r->text = p->text;
	return p->records != NULL && p->slots != NULL && p->text != NULL && p->steps != NULL &&
	    p->told != NULL;
}

static enum err
read_page(struct reading *r, const cJSON *json, size_t text_bytes)
{
	const cJSON *payloads = airtable_json_member(json, "payloads"), *m;
	const cJSON *cursor = airtable_json_member(json, "cursor");
	size_t records, gone;
	enum err e;

	if (!cJSON_IsArray(payloads) || cJSON_GetArraySize(payloads) > PAYLOADS_MAX)
		return bad(r, "the answer is not an object with payloads");
	if (!cJSON_IsNumber(cursor) || !(cursor->valuedouble >= 1) ||
	    !(cursor->valuedouble <= NUMBER_MAX) ||
	    floor(cursor->valuedouble) != cursor->valuedouble)
		return bad(r, "the cursor is not a number");
	r->page->cursor = (uint64_t)cursor->valuedouble;
	r->page->more = cJSON_IsTrue(airtable_json_member(json, "mightHaveMore"));
	records = count_records(r, payloads, &gone);
	if (!make_room(r, records, gone, text_bytes))
		return ERR_NOMEM;
	cJSON_ArrayForEach(m, payloads)
		if ((e = read_payload(r, m)) != ERR_OK)
			return e;
	close_records(r->page);
	return buf_status(&r->page->schema_what);
}

enum err
payload_page_read(struct payload_page *page, const struct schema *schema,
    const struct webhook_table *table, struct str body, char why[static WEBHOOK_WHY_SIZE])
{
	struct reading r = { .schema = schema, .table = table, .page = page, .why = why };
	size_t text_bytes = 0;
	cJSON *json = airtable_json_parse(body, &text_bytes);
	enum err e;

	*page = (struct payload_page){ .cursor = 0 };
	e = read_page(&r, json, text_bytes);
	cJSON_Delete(json);
	if (e != ERR_OK)
		payload_page_free(page);
	return e;
}

void
payload_page_free(struct payload_page *p)
{
	free(p->records);
	free(p->slots);
	free(p->steps);
	free(p->told);
	free(p->text);
	buf_free(&p->schema_what);
	*p = (struct payload_page){ .cursor = 0 };
}
