#include <cjson/cJSON.h>

#include "common/base/json_read.h"
#include "common/base/json_write.h"
#include "common/store/history.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "fcgi-api/rows/row_body.h"
#include "fcgi-api/rows/change_name.h"

#define LOOK_BACK_MAX	64	/* entries of a deleted order to search for its deletion */

/* Members of entries, see history.h, and the table's name. */
static const char *const members[] = {
	"table", "id", "generation", "at", "action", "source", "by", "requestId", "bulk", "undoes",
	"change", "fields", "via", "user", "asked", "detail"
};

static bool
is_told(const struct field *f)
{
	if ((f->flags & (FIELD_KEY | FIELD_NAMES)) == 0)
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(f->name, members[i]) == 0)
			return false;
	return true;
}

static void
add_row_names(struct buf *b, const struct schema *s, const struct record *r)
{
	for (size_t i = 0; i < s->field_count; i++) {
		if (!is_told(&s->fields[i]))
			continue;
		json_name(b, s->fields[i].name);
		kind_add_json(b, s->fields[i].kind, &r->values[i]);
	}
}

/* What entry ${entry} (NULL: none) says of a field; ${side}: "from" or "to". */
static const cJSON *
told_value(const cJSON *entry, const struct field *f, const char *side)
{
	const cJSON *field;

	cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(entry, "fields"))
		if (strcmp(json_text_or_empty(field, "field"), f->name) == 0)
			return cJSON_GetObjectItemCaseSensitive(field, side);
	return NULL;
}

/* The names from the entry's own fields; null for each that it does not have. */
static void
add_told_names(struct buf *b, const struct schema *s, const cJSON *entry, const char *side)
{
	for (size_t i = 0; i < s->field_count; i++) {
		const struct field *f = &s->fields[i];
		struct value v;

		if (!is_told(f))
			continue;
		if (!row_value_parse(f, told_value(entry, f, side), &v))
			v.present = false;
		json_name(b, f->name);
		kind_add_json(b, f->kind, &v);
	}
}

struct going {
	cJSON	*entry;		/* its deletion, which has the row's last values */
	int	 seen;
};

/* A history_each. */
static enum err
find_going(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct going *g = cookie;
	cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);
	const char *action = json_text(entry, "action");

	(void)s, (void)place;
	if (action == NULL) {
		cJSON_Delete(entry);
		return ERR_STORE_CORRUPT;
	}
	if (strcmp(action, "deleted") == 0) {
		g->entry = entry;
		return ERR_CANCELLED;
	}
	cJSON_Delete(entry);
	return ++g->seen < LOOK_BACK_MAX ? ERR_OK : ERR_CANCELLED;
}

static enum err
add_gone_names(struct buf *b, struct store *st, const struct schema *s, struct str record)
{
	struct going g = { .entry = NULL };
	enum err e = history_of_record(st, s, record, HISTORY_NEWEST, find_going, &g);

	if (e != ERR_OK && e != ERR_CANCELLED)
		return e;
	add_told_names(b, s, g.entry, "from");
	cJSON_Delete(g.entry);
	return ERR_OK;
}

static enum err
add_asked_names(struct buf *b, const struct schema *s, struct str json)
{
	cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);

	if (entry == NULL)
		return ERR_STORE_CORRUPT;
	add_told_names(b, s, entry, "to");
	cJSON_Delete(entry);
	return ERR_OK;
}

static enum err
find_names(struct buf *b, struct store *st, const struct schema *s, struct str record,
    struct str json)
{
	struct row_view view;
	struct record values;
	uint32_t row;
	enum err e;

	if (record.len == 0)
		return add_asked_names(b, s, json);
	if ((e = store_find_record(st, s, record, &row)) == ERR_NOT_FOUND)
		return add_gone_names(b, st, s, record);
	if (e != ERR_OK || (e = store_row(st, s, row, &view)) != ERR_OK ||
	    (e = row_values(&view, s, &values)) != ERR_OK)
		return e;
	add_row_names(b, s, &values);
	return ERR_OK;
}

enum err
change_add_named(struct buf *b, struct store *st, const struct schema *s, struct change_name *name,
    struct str json)
{
	struct str record;
	enum err e;

	if (json.len < 2 || (e = history_record(json, &record)) != ERR_OK)
		return ERR_STORE_CORRUPT;
	if (record.len == 0 || name->table != s || !str_eq(record, name->record)) {
		buf_clear(&name->members);
		if ((e = find_names(&name->members, st, s, record, json)) != ERR_OK)
			return e;
		name->table = s;
		name->record = record;
	}
	buf_add_char(b, '{');
	json_member_string(b, "table", str_of(s->name));
	buf_add_char(b, ',');
	buf_add(b, json.ptr + 1, json.len - 2);
	if (name->members.len > 0)
		buf_add_char(b, ',');
	buf_add_str(b, buf_str(&name->members));
	buf_add_char(b, '}');
	return buf_status(&name->members);
}

void
change_name_free(struct change_name *name)
{
	buf_free(&name->members);
	*name = (struct change_name){ .table = NULL };
}
