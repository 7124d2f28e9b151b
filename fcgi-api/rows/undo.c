#include <stdlib.h>

#include "common/base/json_read.h"
#include "common/base/json_write.h"
#include "common/store/history.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "fcgi-api/rows/row_body.h"
#include "fcgi-api/rows/words.h"
#include "fcgi-api/rows/writing.h"

/*
 * Undoing changes: the values from before are written back, if the row still
 * has those that the change gave it.
 */
#define LOOK_BACK_MAX	200	/* entries of a row's history, for its last change */
#define STOP		ERR_CANCELLED	/* ends a walk through the history early */

/* What is to become of one row, from one entry of its history or several. */
struct undoing {
	struct record		 expected;	/* known: the fields that were changed, as they were left */
	struct record		 wanted;	/* and as they were before */
	const char		*fixed;		/* one of them that can't be changed; NULL: none */
	struct history_place	 place;		/* of the newest entry */
};

static bool
is_change(const cJSON *entry)
{
	return strcmp(json_text_or_empty(entry, "action"), "changed") == 0;
}

/* The entry as JSON, kept until the message is sent. */
static enum err
entry_parse(struct api *api, struct str json, const cJSON **entry)
{
	cJSON *parsed = cJSON_ParseWithLength(json.ptr, json.len);

	if (parsed == NULL)
		return ERR_STORE_CORRUPT;
	*entry = parsed;
	return writing_keep(api, parsed);
}

static enum err
add_field(struct undoing *u, const struct schema *table, const cJSON *change)
{
	int i = schema_field(table, str_of(json_text_or_empty(change, "field")));
	const struct field *f = i >= 0 ? &table->fields[i] : NULL;
	uint32_t bit = i >= 0 ? UINT32_C(1) << i : 0;
	struct value from, to;

	if (f == NULL ||
	    !row_value_parse(f, cJSON_GetObjectItemCaseSensitive(change, "from"), &from) ||
	    !row_value_parse(f, cJSON_GetObjectItemCaseSensitive(change, "to"), &to))
		return ERR_STORE_CORRUPT;
	if ((f->flags & FIELD_WRITE) == 0)
		u->fixed = f->name;
	if ((u->wanted.known & bit) == 0)	/* the oldest entry has the value from before */
		u->wanted.values[i] = from;
	u->expected.values[i] = to;
	u->wanted.known |= bit;
	u->expected.known |= bit;
	return ERR_OK;
}

/* Entries are added from the oldest to the newest. */
static enum err
undoing_add(struct undoing *u, const struct schema *table, struct history_place place,
    const cJSON *entry)
{
	const cJSON *change;
	enum err e = ERR_OK;

	u->place = place;
	cJSON_ArrayForEach(change, cJSON_GetObjectItemCaseSensitive(entry, "fields"))
		if (e == ERR_OK)
			e = add_field(u, table, change);
	return e == ERR_OK && u->wanted.known == 0 ? ERR_STORE_CORRUPT : e;
}

/* The list of fields that are not as the change left them; nothing when all are. */
static void
add_conflicts(struct buf *b, const struct schema *table, const struct undoing *u,
    const struct record *now)
{
	for (size_t i = 0; i < table->field_count; i++) {
		const struct field *f = &table->fields[i];
		const struct value *expected = &u->expected.values[i], *current = &now->values[i];

		if ((u->expected.known & UINT32_C(1) << i) == 0 ||
		    value_equal(f->kind, expected, current))
			continue;
		if (b->len == 0)
			buf_add_char(b, '[');
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(f->name));
		json_member_string(b, "message", STR("has been changed since"));
		json_name(b, "expected");
		kind_add_json(b, f->kind, expected);
		json_name(b, "current");
		kind_add_json(b, f->kind, current);
		buf_add_char(b, '}');
	}
	if (b->len > 0)
		buf_add_char(b, ']');
}

/* The list of fields that can no longer have their earlier value; nothing when all can. */
static void
add_not_offered(struct api *api, struct buf *b, const struct schema *table, const struct undoing *u)
{
	for (size_t i = 0; i < table->field_count; i++) {
		enum options_sense sense;

		if ((u->wanted.known & UINT32_C(1) << i) == 0 ||
		    (sense = row_sense(api, table, i, &u->wanted.values[i])) == OPTIONS_SENSE)
			continue;
		buf_add_char(b, b->len == 0 ? '[' : ',');
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(table->fields[i].name));
		json_member_string(b, "message", sense == OPTIONS_AMBIGUOUS ?
		    STR("may have been different options, as names have commas in them; set it in Airtable") :
		    STR("Airtable no longer offers the earlier value"));
		buf_add_char(b, '}');
	}
	if (b->len > 0)
		buf_add_char(b, ']');
}

/* Complete the item, or say why it can't be: *detail and the list ${errors} for the problem. */
static enum err
undoing_check(struct api *api, struct target *t, struct message_item *item,
    const struct undoing *u, uint32_t row, const char **detail, struct buf *errors)
{
	struct row_view view;
	struct record now;
	enum err e;

	if ((e = target_row(api, t, row, &view)) != ERR_OK ||
	    (e = row_values(&view, api->table, &now)) != ERR_OK)
		return e;
	if (u->fixed != NULL) {
		*detail = "a field of this change can't be changed through the API";
		return ERR_CONFLICT;
	}
	add_conflicts(errors, api->table, u, &now);
	if (errors->len > 0) {
		*detail = api_say(api, "the %s has been changed since", schema_noun(api->table));
		return ERR_CONFLICT;
	}
	add_not_offered(api, errors, api->table, u);
	if (errors->len > 0) {
		*detail = "the earlier value can no longer be set";
		return ERR_CONFLICT;
	}
	item->record.known = u->wanted.known;
	memcpy(item->record.values, u->wanted.values, sizeof(item->record.values));
	item->version = view.version;
	item->undoes = u->place.generation;
	item->undoes_index = u->place.index;
	return buf_status(errors);
}

/* ---- POST /api/{table}/{id}/undo ---------------------------------------------- */
/* {} or {"change":"1043.0"} */
static bool
read_change(struct api *api, struct writing *w)
{
	const cJSON *body, *m;

	if (!writing_optional_body(api, &body) || !writing_targets(api, w, 1))
		return false;
	cJSON_ArrayForEach(m, body) {
		if (strcmp(m->string, "change") != 0)
			field_errors_add(&api->errors, str_of(m->string), "unknown member");
		else if (!cJSON_IsString(m) || !message_place_parse(str_of(m->valuestring),
		    &w->place.generation, &w->place.index))
			field_errors_add(&api->errors, STR("change"),
			    "must be the change of a history entry, such as \"1043.0\"");
	}
	if (!field_errors_any(&api->errors))
		return true;
	(void)api_problem(api, ERR_INVALID_BODY, NULL);
	return false;
}

struct last {
	struct api		*api;
	unsigned		 seen;
	const cJSON		*entry;
	struct history_place	 place;
};

/* A history_each: stops at the newest change through the API. */
static enum err
find_last(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct last *last = cookie;
	const cJSON *entry;
	enum err e = entry_parse(last->api, json, &entry);

	(void)s;
	if (e != ERR_OK)
		return e;
	if (is_change(entry) && strcmp(json_text_or_empty(entry, "source"), "api") == 0) {
		last->entry = entry;
		last->place = place;
		return STOP;
	}
	return ++last->seen < LOOK_BACK_MAX ? ERR_OK : STOP;
}

/* The entry to undo.  ERR_NOT_FOUND, ERR_CONFLICT with *detail. */
static enum err
find_entry(struct api *api, const struct writing *w, struct str record,
    const cJSON **entry, struct history_place *place, const char **detail)
{
	const char *noun = schema_noun(api->table);
	struct last last = { .api = api };
	struct str json;
	enum err e;

	*place = w->place;
	if (w->place.generation == 0) {
		e = history_of_record(api->store, api->table, record, HISTORY_NEWEST, find_last, &last);
		*detail = api_say(api, "no change was made to this %s through the API lately", noun);
		*entry = last.entry;
		*place = last.place;
		return e != ERR_OK && e != STOP ? e : *entry == NULL ? ERR_CONFLICT : ERR_OK;
	}
	*detail = api_say(api, "the %s's history has no such change", noun);
	if ((e = history_get(api->store, api->table, record, w->place, &json)) != ERR_OK ||
	    (e = entry_parse(api, json, entry)) != ERR_OK)
		return e;
	*detail = api_say(api, "only changes of %s %s's fields can be undone", noun_article(api->table), noun);
	return is_change(*entry) ? ERR_OK : ERR_CONFLICT;
}

static enum err
resolve_row(struct api *api, struct writing *w, uint32_t row, const char **detail,
    struct buf *errors)
{
	struct undoing u = { .fixed = NULL };
	struct history_place place;
	struct row_view view;
	const cJSON *entry;
	enum err e;

	if ((e = store_row(api->store, api->table, row, &view)) != ERR_OK ||
	    (e = find_entry(api, w, view.id, &entry, &place, detail)) != ERR_OK)
		return e;
	*detail = NULL;
	if (!writing_matches(api, w, view.version) && !w->again)
		return ERR_PRECONDITION_FAILED;
	if ((e = undoing_add(&u, api->table, place, entry)) != ERR_OK)
		return e;
	return undoing_check(api, &w->targets[0], &api->message.items[0], &u, row, detail, errors);
}

static bool
resolve_change(struct api *api, struct writing *w)
{
	const char *detail = NULL;
	struct buf errors = { 0 };
	uint32_t row;
	enum err e;

	if (!row_find(api, api->request.segments[2], &row))
		return false;
	if ((e = resolve_row(api, w, row, &detail, &errors)) == ERR_CONFLICT)
		problem_answer_list(&api->response, e, detail, buf_str(&errors));
	else if (e != ERR_OK)
		(void)api_problem(api, e, e == ERR_NOT_FOUND ? detail : NULL);
	buf_free(&errors);
	return e == ERR_OK;
}

enum outcome
rows_undo(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_UPDATE, .undo = true,
	    .versioned = true, .read = read_change, .resolve = resolve_change };

	return writing_run(api, &kind);
}

/* ---- POST /api/{table}/undo ------------------------------------------------------- */
/* {"bulk":"17"} */
static bool
read_bulk(struct api *api, struct writing *w)
{
	const cJSON *body, *m;

	if ((body = writing_body(api)) == NULL)
		return false;
	cJSON_ArrayForEach(m, body) {
		if (strcmp(m->string, "bulk") != 0)
			field_errors_add(&api->errors, str_of(m->string), "unknown member");
		else if (!cJSON_IsString(m) ||
		    !message_number_parse(str_of(m->valuestring), &w->number))
			field_errors_add(&api->errors, STR("bulk"),
			    "must be the \"bulk\" of an earlier answer, such as \"17\"");
	}
	if (w->number == 0 && !field_errors_any(&api->errors))
		field_errors_add(&api->errors, STR("bulk"), "is missing");
	if (!field_errors_any(&api->errors))
		return true;
	(void)api_problem(api, ERR_INVALID_BODY, NULL);
	return false;
}

/* What a bulk edit did, by row, in the order of its entries. */
struct bulk {
	struct api	*api;
	struct writing	*writing;
	struct undoing	*undoings;	/* MESSAGE_ITEMS_MAX, one for each target in use */
	size_t		 count;
};

static struct undoing *
bulk_row(struct bulk *b, struct str record)
{
	struct target *t;

	for (size_t i = 0; i < b->count; i++)
		if (str_is(record, b->writing->targets[i].record))
			return &b->undoings[i];
	if (b->count == MESSAGE_ITEMS_MAX || record.len == 0 || record.len >= sizeof(t->record))
		return NULL;
	t = &b->writing->targets[b->count];
	target_name(b->writing, t, record);
	memcpy(t->record, record.ptr, record.len);
	return &b->undoings[b->count++];
}

/* A history_each: of the path's table, as a message to syncd is about one table. */
static enum err
add_entry(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct bulk *b = cookie;
	struct undoing *u;
	const cJSON *entry;
	enum err e;

	if (s != b->api->table)
		return ERR_OK;
	if ((e = entry_parse(b->api, json, &entry)) != ERR_OK || !is_change(entry))
		return e;
	if ((u = bulk_row(b, str_of(json_text_or_empty(entry, "id")))) == NULL)
		return ERR_STORE_CORRUPT;
	return undoing_add(u, s, place, entry);
}

static void
resolve_target(struct bulk *b, size_t i)
{
	struct api *api = b->api;
	struct target *t = &b->writing->targets[i];
	const char *detail = NULL;
	struct buf errors = { 0 };
	uint32_t row;
	enum err e = store_find_record(api->store, api->table, str_of(t->record), &row);

	if (e == ERR_OK)
		e = undoing_check(api, t, &api->message.items[i], &b->undoings[i], row,
		    &detail, &errors);
	else
		detail = api_say(api, "the %s has been deleted since", schema_noun(api->table));
	if (e != ERR_OK)
		target_problem(b->writing, t, e, detail, buf_str(&errors));
	buf_free(&errors);
}

static bool
resolve_bulk(struct api *api, struct writing *w)
{
	struct bulk b = { .api = api, .writing = w };
	enum err e = ERR_NOMEM;

	if (!writing_targets(api, w, MESSAGE_ITEMS_MAX))
		return false;
	if ((b.undoings = calloc(MESSAGE_ITEMS_MAX, sizeof(*b.undoings))) != NULL)
		e = history_of_bulk(api->store, w->number, add_entry, &b);
	w->count = b.count;
	if (e == ERR_OK)
		e = b.count == 0 ? ERR_NOT_FOUND : buf_status(&w->texts);
	for (size_t i = 0; e == ERR_OK && i < b.count; i++)
		resolve_target(&b, i);
	free(b.undoings);
	if (e != ERR_OK)
		(void)api_problem(api, e, e == ERR_NOT_FOUND ?
		    "the history has no change by this bulk edit" : NULL);
	return e == ERR_OK;
}

enum outcome
rows_undo_many(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_UPDATE, .bulk = true,
	    .undo = true, .read = read_bulk, .resolve = resolve_bulk };

	return writing_run(api, &kind);
}
