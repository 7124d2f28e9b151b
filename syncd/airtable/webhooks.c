#include <math.h>
#include <stdio.h>

#include "common/base/hash.h"
#include "common/base/json_write.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "syncd/airtable/json.h"
#include "syncd/airtable/webhooks.h"

#define NUMBER_MAX	9007199254740992.0	/* 2^53: whole numbers below it are exact in JSON */
#define COMPARE_DEPTH	16

static enum err
bad(char why[static WEBHOOK_WHY_SIZE], const char *what)
{
	(void)snprintf(why, WEBHOOK_WHY_SIZE, "%s", what);
	return ERR_AIRTABLE_BAD_RESPONSE;
}

/* ---- the table ------------------------------------------------------------------- */
void
webhook_table_free(struct webhook_table *t)
{
	buf_free(&t->choices);
	airtable_forms_clear(&t->forms);
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		buf_free(&t->offered[f]);
}

/* Types that hold what was written into them; all others are assumed to be computed. */
static bool
is_stored(const char *type)
{
	static const char *const stored[] = {
		"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber",
		"number", "currency", "percent", "duration", "rating", "date", "dateTime",
		"singleSelect", "checkbox", "barcode"
	};

	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
		if (strcmp(type, stored[i]) == 0)
			return true;
	return false;
}

/* Types that are computed once, or only from the record's own changes. */
static bool
is_settled(const char *type)
{
	static const char *const settled[] = {
		"createdTime", "lastModifiedTime", "autoNumber", "createdBy", "lastModifiedBy"
	};

	for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++)
		if (strcmp(type, settled[i]) == 0)
			return true;
	return false;
}

static void
add_choices(struct buf *b, size_t field, const cJSON *json)
{
	const cJSON *choices = airtable_json_member(airtable_json_member(json, "options"),
	    "choices"), *c;

	cJSON_ArrayForEach(c, choices)
		buf_printf(b, "%zu %s %s\n", field, airtable_json_text(c, "id"), airtable_json_text(c, "name"));
}

/* Add the names of the options; false: ${json} has none. */
static bool
add_names(struct buf *b, const cJSON *json)
{
	const cJSON *choices = airtable_json_member(airtable_json_member(json, "options"),
	    "choices"), *c;

	cJSON_ArrayForEach(c, choices) {
		const char *name = airtable_json_text(c, "name");

		if (name[0] != '\0')
			buf_add(b, name, strlen(name) + 1);
	}
	return cJSON_IsArray(choices);
}

/* Only selects: fields of other types may have choices too, but are set in other ways. */
static void
add_offered(struct webhook_table *t, size_t field, const cJSON *json)
{
	struct buf *b = &t->offered[field];

	if (strcmp(airtable_json_text(json, "type"), "singleSelect") != 0 &&
	    airtable_form_of(airtable_json_text(json, "type")) != FORM_SEVERAL)
		return;
	if (add_names(b, json) && b->len <= OPTIONS_OFFERED_MAX)
		t->offers |= UINT32_C(1) << field;
}

/* false: out of memory. */
static bool
read_form(struct webhook_table *t, size_t field, const cJSON *json)
{
	struct buf names = { 0 };
	bool good;

	(void)add_names(&names, json);
	good = buf_status(&names) == ERR_OK &&
	    airtable_forms_set(&t->forms, field, airtable_json_text(json, "type"), buf_str(&names));
	buf_free(&names);
	return good;
}

static enum err
offered_status(const struct webhook_table *t)
{
	enum err e = ERR_OK;

	for (size_t f = 0; f < SCHEMA_FIELDS_MAX && e == ERR_OK; f++)
		e = buf_status(&t->offered[f]);
	return e;
}

static uint64_t
hash_text(uint64_t h, const char *text)
{
	return hash_add(h, text, strlen(text) + 1);	/* with the NUL, so that its end counts too */
}

/* false: out of memory. */
static bool
read_shape(struct webhook_table *t, size_t f, const cJSON *json)
{
	const cJSON *options = airtable_json_member(json, "options");
	char *text = options == NULL ? NULL : cJSON_PrintUnformatted(options);
	uint64_t h = hash_text(HASH_BEGIN, airtable_json_text(json, "type"));

	if (text != NULL)
		h = hash_text(h, text);
	t->shapes[f] = h | 1;
	cJSON_free(text);
	return options == NULL || text != NULL;
}

static void
read_type(struct webhook_table *t, size_t f, const cJSON *json)
{
	const char *type = airtable_json_text(json, "type");
	const cJSON *watched = airtable_json_member(airtable_json_member(json, "options"),
	    "referencedFieldIds");
	uint32_t bit = UINT32_C(1) << f;

	if (is_stored(type))
		return;
	t->computed |= bit;
	if (!is_settled(type))
		t->derived |= bit;
	if (strcmp(type, "lastModifiedTime") == 0 && cJSON_GetArraySize(watched) == 0)
		t->moves |= bit;
}

/* The symbol without spaces around it; an invalid one is left out. */
static void
read_symbol(struct currency *c, const char *text)
{
	struct str s = { text, strlen(text) };

	while (s.len > 0 && s.ptr[s.len - 1] == ' ')
		s.len--;
	while (s.len > 0 && s.ptr[0] == ' ')
		s = (struct str){ s.ptr + 1, s.len - 1 };
	if (currency_symbol_valid(s))
		(void)snprintf(c->symbol, sizeof(c->symbol), "%.*s", STR_FMT(s));
}

/*
 * For a computed field (formula, roll-up, lookup) the schema describes the result as
 * it does a field.
 */
static void
read_money(struct webhook_table *t, const cJSON *json)
{
	const cJSON *options = airtable_json_member(json, "options");
	const cJSON *result = airtable_json_member(options, "result"), *precision;

	t->money = (struct currency){ .precision = -1 };
	t->money_known = true;
	if (result != NULL) {
		json = result;
		options = airtable_json_member(result, "options");
	}
	if (strcmp(airtable_json_text(json, "type"), "currency") == 0)
		read_symbol(&t->money, airtable_json_text(options, "symbol"));
	else if (strcmp(airtable_json_text(json, "type"), "number") != 0)
		return;
	precision = airtable_json_member(options, "precision");
	if (cJSON_IsNumber(precision) && precision->valuedouble >= 0)
		t->money.precision = precision->valuedouble < CURRENCY_PRECISION_MAX ?
		    (int)precision->valuedouble : CURRENCY_PRECISION_MAX;
}

/* The field in the base's schema; NULL: there is none. */
static const cJSON *
seek_field(const struct webhook_table *t, const struct webhook_remembered *then, size_t f,
    const cJSON *fields)
{
	const char *wanted = t->keys.request[f];
	const cJSON *json = airtable_json_called(fields, wanted);

	if (json == NULL && strcmp(then->names[f], wanted) == 0 && then->fields[f][0] != '\0')
		json = airtable_json_called(fields, then->fields[f]);
	return json;
}

/* Keep the id that the field had, in case it comes back. */
static void
miss_field(struct webhook_table *t, const struct webhook_remembered *then, size_t f)
{
	const char *wanted = t->keys.request[f];

	t->keys.missing |= UINT32_C(1) << f;
	(void)snprintf(t->names[f], sizeof(t->names[f]), "%s", wanted);
	(void)snprintf(t->keys.answer[f], sizeof(t->keys.answer[f]), "%s",
	    strcmp(then->names[f], wanted) == 0 ? then->fields[f] : "");
}

static enum err
read_fields(struct webhook_table *t, const struct schema *schema,
    const struct webhook_remembered *then, const cJSON *fields, char why[static WEBHOOK_WHY_SIZE])
{
	for (size_t f = 0; f < schema->field_count; f++) {
		const cJSON *json = seek_field(t, then, f, fields);

		if (json == NULL) {
			miss_field(t, then, f);
			continue;
		}
		if (!airtable_id_valid(airtable_json_text(json, "id")))
			return bad(why, "a field without a proper id");
		(void)snprintf(t->keys.answer[f], sizeof(t->keys.answer[f]), "%s",
		    airtable_json_text(json, "id"));
		(void)snprintf(t->names[f], sizeof(t->names[f]), "%s", airtable_json_text(json, "name"));
		read_type(t, f, json);
		if (!read_shape(t, f, json) || !read_form(t, f, json))
			return ERR_NOMEM;
		if (f == schema->sum_field)
			read_money(t, json);
		if (kind_storage(schema->fields[f].kind) == STORED_CODE) {
			add_choices(&t->choices, f, json);
			add_offered(t, f, json);
		}
	}
	if (airtable_keys_asked(&t->keys) == 0) {
		(void)snprintf(why, WEBHOOK_WHY_SIZE, "%.25s, fields.%.15s: the table \"%.30s\" has none "
		    "of the fields, not even \"%.30s\"; name others in orders.conf and reload",
		    airtable_table_setting(schema), schema->name, t->name, t->keys.request[0]);
		return ERR_AIRTABLE_FIELD_MISSING;
	}
	t->keys.by_id = t->keys.resolved = t->fields_known = true;
	return buf_status(&t->choices) != ERR_OK ? ERR_NOMEM : offered_status(t);
}

/* Upserts merge on our key, which is text, so the field has to be text. */
static void
read_create_key(struct webhook_table *t, const char *wanted, const cJSON *fields)
{
	const cJSON *field = wanted[0] == '\0' ? NULL : airtable_json_called(fields, wanted);
	const char *type = airtable_json_text(field, "type");

	if (wanted[0] == '\0')
		return;
	(void)snprintf(t->create_key_type, sizeof(t->create_key_type), "%s", type);
	if (field == NULL)
		t->create_key = AIRTABLE_KEY_MISSING;
	else if (strcmp(type, "singleLineText") == 0 || strcmp(type, "multilineText") == 0)
		t->create_key = AIRTABLE_KEY_FIT;
	else
		t->create_key = AIRTABLE_KEY_UNFIT;
}

static enum err
read_table(struct webhook_table *t, const struct config *config, const struct schema *schema,
    const struct webhook_remembered *then, const cJSON *json, char why[static WEBHOOK_WHY_SIZE])
{
	const cJSON *tables = airtable_json_member(json, "tables"), *table;
	const char *wanted = airtable_table_name(config, schema);

	if (!cJSON_IsArray(tables))
		return bad(why, "the base's schema is not an object with tables");
	if ((table = airtable_json_called(tables, wanted)) == NULL &&
	    then->table[0] != '\0')
		table = airtable_json_called(tables, then->table);
	if (table == NULL) {
		(void)snprintf(why, WEBHOOK_WHY_SIZE, "%.30s: the base has no table \"%.100s\"; name another "
		    "in orders.conf and reload", airtable_table_setting(schema), wanted);
		return ERR_AIRTABLE_NOT_FOUND;
	}
	if (!airtable_id_valid(airtable_json_text(table, "id")))
		return bad(why, "a table without a proper id");
	(void)snprintf(t->id, sizeof(t->id), "%s", airtable_json_text(table, "id"));
	(void)snprintf(t->name, sizeof(t->name), "%s", airtable_json_text(table, "name"));
	airtable_keys_set(&t->keys, config, schema);
	read_create_key(t, airtable_create_field(config, schema), airtable_json_member(table, "fields"));
	return read_fields(t, schema, then, airtable_json_member(table, "fields"), why);
}

enum err
webhook_table_read(struct webhook_table *t, const struct config *config,
    const struct schema *schema, const struct webhook_remembered *then, struct str body,
    char why[static WEBHOOK_WHY_SIZE])
{
	struct webhook_table next = { .fields_known = false };
	size_t bytes;
	cJSON *json = airtable_json_parse(body, &bytes);
	enum err e = read_table(&next, config, schema, then, json, why);

	cJSON_Delete(json);
	if (e != ERR_OK) {
		webhook_table_free(&next);
		return e;
	}
	webhook_table_free(t);
	*t = next;
	return ERR_OK;
}

static bool
has_line(struct str text, struct str line)
{
	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.ptr + at, '\n', text.len - at);
		size_t n = (size_t)(end - (text.ptr + at));	/* every line ends with a newline */

		if (str_eq((struct str){ text.ptr + at, n }, line))
			return true;
		at += n + 1;
	}
	return false;
}

bool
webhook_table_keeps_options(const struct webhook_table *before, const struct webhook_table *after)
{
	struct str text = buf_str(&before->choices);

	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.ptr + at, '\n', text.len - at);
		struct str line = { text.ptr + at, (size_t)(end - (text.ptr + at)) };

		if (!has_line(buf_str(&after->choices), line))
			return false;
		at += line.len + 1;
	}
	return true;
}

/* ---- requests -------------------------------------------------------------------- */
void
webhook_add_specification(struct buf *b, const struct webhook_table *t, enum webhook_wish wish)
{
	buf_add_cstr(b, "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"");
	if (wish == WEBHOOK_ALL)
		buf_add_cstr(b, ",\"tableFields\",\"tableMetadata\"");
	buf_add_char(b, ']');
	json_member_string(b, "recordChangeScope", str_of(t->id));
	buf_add_char(b, '}');
	if (t->fields_known && wish != WEBHOOK_IDS) {
		buf_add_cstr(b, ",\"includes\":{\"includeCellValuesInFieldIds\":[");
		for (size_t f = 0; f < t->keys.count; f++) {
			if (!(airtable_keys_asked(&t->keys) >> f & 1))
				continue;
			json_next(b);
			json_add_string(b, str_of(t->keys.answer[f]));
		}
		buf_add_char(b, ']');
		json_member_bool(b, "includePreviousCellValues", true);
		if (wish == WEBHOOK_ALL)
			json_member_bool(b, "includePreviousFieldDefinitions", true);
		buf_add_char(b, '}');
	}
	buf_add_cstr(b, "}}");
}

void
webhook_add_creation(struct buf *b, struct str specification, struct str url)
{
	buf_add_char(b, '{');
	if (url.len > 0)
		json_member_string(b, "notificationUrl", url);
	json_name(b, "specification");
	buf_add_str(b, specification);
	buf_add_char(b, '}');
}

/* ---- answers --------------------------------------------------------------------- */
enum err
webhook_made_read(struct webhook_made *m, struct str body, char why[static WEBHOOK_WHY_SIZE])
{
	size_t bytes;
	cJSON *json = airtable_json_parse(body, &bytes);
	const char *id = airtable_json_text(json, "id"), *secret = airtable_json_text(json, "macSecretBase64");
	bool good = airtable_id_valid(id);

	*m = (struct webhook_made){ .id = "" };
	if (good)
		(void)snprintf(m->id, sizeof(m->id), "%s", id);
	if (strlen(secret) <= WEBHOOK_SECRET_MAX)
		(void)snprintf(m->secret, sizeof(m->secret), "%s", secret);
	cJSON_Delete(json);
	return good ? ERR_OK : bad(why, "a webhook without a proper id");
}

/* Does ${theirs} have all that ${ours} has?  Anything beyond that is Airtable's own. */
static bool
contains(const cJSON *theirs, const cJSON *ours, int depth)
{
	const cJSON *m;

	if (!cJSON_IsObject(ours) || depth == 0)
		return cJSON_Compare(theirs, ours, true);
	cJSON_ArrayForEach(m, ours)
		if (!contains(airtable_json_member(theirs, m->string), m, depth - 1))
			return false;
	return true;
}

static bool
same_url(const cJSON *json, struct str url)
{
	return str_is(url, airtable_json_text(json, "notificationUrl"));
}

static bool
read_seen(struct webhook_seen *s, const cJSON *json, const cJSON *specification, struct str url)
{
	const cJSON *next = airtable_json_member(json, "cursorForNextPayload");

	if (!airtable_id_valid(airtable_json_text(json, "id")))
		return false;
	*s = (struct webhook_seen){ .id = "" };
	(void)snprintf(s->id, sizeof(s->id), "%s", airtable_json_text(json, "id"));
	s->enabled = !cJSON_IsFalse(airtable_json_member(json, "isHookEnabled"));
	s->pings = url.len == 0 ||
	    !cJSON_IsFalse(airtable_json_member(json, "areNotificationsEnabled"));
	s->same = specification != NULL && same_url(json, url) &&
	    contains(airtable_json_member(json, "specification"), specification, COMPARE_DEPTH);
	if (cJSON_IsNumber(next) && next->valuedouble >= 1 && next->valuedouble <= NUMBER_MAX &&
	    floor(next->valuedouble) == next->valuedouble)
		s->next = (uint64_t)next->valuedouble;
	return true;
}

enum err
webhook_list_read(struct webhook_seen list[static WEBHOOKS_MAX], size_t *n,
    struct str specification, struct str url, struct str body, char why[static WEBHOOK_WHY_SIZE])
{
	size_t bytes, own_bytes;
	cJSON *json = airtable_json_parse(body, &bytes);
	cJSON *ours = airtable_json_parse(specification, &own_bytes);
	const cJSON *webhooks = airtable_json_member(json, "webhooks"), *w;
	enum err e = cJSON_IsArray(webhooks) ? ERR_OK :
	    bad(why, "the answer is not an object with webhooks");

	*n = 0;
	cJSON_ArrayForEach(w, webhooks) {
		if (e != ERR_OK || *n == WEBHOOKS_MAX)
			break;
		if (!read_seen(&list[(*n)++], w, ours, url))
			e = bad(why, "a webhook without a proper id");
	}
	cJSON_Delete(ours);
	cJSON_Delete(json);
	return e;
}
