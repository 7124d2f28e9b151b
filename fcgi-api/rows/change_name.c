#include <cjson/cJSON.h>

#include "common/base/json_read.h"
#include "common/base/json_write.h"
#include "common/store/history.h"
#include "common/store/row.h"
#include "fcgi-api/rows/change_name.h"

#define LOOK_BACK_MAX	64	/* entries of a deleted order to search for its deletion */

static const enum orders_field named_by[] = { ORDER_ORDER_ID, ORDER_CUSTOMER };
#define NAMES	(sizeof(named_by) / sizeof(named_by[0]))

static const char *
field_name(size_t n)
{
	return orders_schema.fields[named_by[n]].name;
}

static void
add_row_names(struct buf *b, const struct record *r)
{
	for (size_t n = 0; n < NAMES; n++) {
		json_name(b, field_name(n));
		value_add_json(b, orders_schema.fields[named_by[n]].kind, &r->values[named_by[n]]);
	}
}

/* The names from the entry's own fields; ${side}: "from" or "to".  ${entry} NULL: null for each. */
static void
add_told_names(struct buf *b, const cJSON *entry, const char *side)
{
	const cJSON *field;

	for (size_t n = 0; n < NAMES; n++) {
		const char *text = NULL, *name;

		cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(entry, "fields"))
			if ((name = json_text(field, "field")) != NULL &&
			    strcmp(name, field_name(n)) == 0)
				text = json_text(field, side);
		json_member_string_or_null(b, field_name(n), str_of(text));
	}
}

struct going {
	cJSON	*entry;		/* its deletion, which has the order's last values */
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
add_gone_names(struct buf *b, struct store *st, struct str record)
{
	struct going g = { .entry = NULL };
	enum err e = history_of_record(st, &orders_schema, record, HISTORY_NEWEST, find_going, &g);

	if (e != ERR_OK && e != ERR_CANCELLED)
		return e;
	add_told_names(b, g.entry, "from");
	cJSON_Delete(g.entry);
	return ERR_OK;
}

static enum err
add_asked_names(struct buf *b, struct str json)
{
	cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);

	if (entry == NULL)
		return ERR_STORE_CORRUPT;
	add_told_names(b, entry, "to");
	cJSON_Delete(entry);
	return ERR_OK;
}

static enum err
find_names(struct buf *b, struct store *st, struct str record, struct str json)
{
	struct row_view view;
	struct record values;
	uint32_t row;
	enum err e;

	if (record.len == 0)
		return add_asked_names(b, json);
	if ((e = store_find_record(st, &orders_schema, record, &row)) == ERR_NOT_FOUND)
		return add_gone_names(b, st, record);
	if (e != ERR_OK || (e = store_row(st, &orders_schema, row, &view)) != ERR_OK ||
	    (e = row_values(&view, &orders_schema, &values)) != ERR_OK)
		return e;
	add_row_names(b, &values);
	return ERR_OK;
}

enum err
change_add_named(struct buf *b, struct store *st, struct change_name *name, struct str json)
{
	struct str record;
	enum err e;

	if (json.len < 2 || (e = history_record(json, &record)) != ERR_OK)
		return ERR_STORE_CORRUPT;
	if (record.len == 0 || name->record.ptr == NULL || !str_eq(record, name->record)) {
		buf_clear(&name->members);
		if ((e = find_names(&name->members, st, record, json)) != ERR_OK)
			return e;
		name->record = record;
	}
	buf_add(b, json.ptr, json.len - 1);
	buf_add_char(b, ',');
	buf_add_str(b, buf_str(&name->members));
	buf_add_char(b, '}');
	return buf_status(&name->members);
}

void
change_name_free(struct change_name *name)
{
	buf_free(&name->members);
	*name = (struct change_name){ .record = { NULL, 0 } };
}
