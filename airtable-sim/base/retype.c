#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/retype.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/base/stage.h"
#include "airtable-sim/cells/kinds.h"
#include "common/base/json_write.h"

/* A conversion under way. */
struct conversion {
	struct sim_action	*a;
	struct sim_table	*table;
	size_t			 place;
	enum sim_type		 from, to;
	struct sim_table	*from_linked;	/* what links named before */
	uint16_t		 from_via;	/* what lookups followed before */
	int			 precision;	/* of what it was */
	char			 symbol[8];
	bool			 failed;	/* memory ran out */
};

/* ---- what is shown --------------------------------------------------------------- */
static void
show_number(const struct conversion *c, double d, struct buf *b)
{
	if (c->from == SIM_CURRENCY)
		buf_printf(b, "%s%.*f", c->symbol, c->precision, d);
	else if (c->from == SIM_PERCENT)
		buf_printf(b, "%.*f%%", c->precision, d * 100);
	else
		sim_number_add(b, d);
}

/* Objects show their text, lists what is in them. */
static void
show(const struct conversion *c, const cJSON *json, struct buf *b)
{
	static const char *const texts[] = {
		"text", "value", "name", "filename", "label", "valuesByLinkedRecordId"
	};
	const cJSON *item;

	if (cJSON_IsString(json)) {
		buf_add_cstr(b, json->valuestring);
	} else if (cJSON_IsNumber(json)) {
		show_number(c, json->valuedouble, b);
	} else if (cJSON_IsTrue(json)) {
		buf_add_cstr(b, "checked");
	} else if (cJSON_IsArray(json)) {
		cJSON_ArrayForEach(item, json) {
			buf_add_cstr(b, item == json->child ? "" : ", ");
			show(c, item, b);
		}
	} else if (cJSON_IsObject(json)) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			if ((item = cJSON_GetObjectItemCaseSensitive(json, texts[i])) != NULL) {
				show(c, cJSON_IsObject(item) ? item->child : item, b);
				return;
			}
	}
}

/* ---- what becomes of it ------------------------------------------------------------ */
static void
keep_json(struct conversion *c, struct buf *json, struct sim_cell *cell)
{
	if (buf_status(json) != ERR_OK || !sim_cell_text(cell, buf_str(json)))
		c->failed = true;
	else
		cell->kind = SIM_JSON;
}

/* As typecast would read it; what that does not understand is empty. */
static void
cast(struct conversion *c, const cJSON *value, struct sim_cell *cell)
{
	struct sim_reading r = { .base = c->a->base, .field = &c->table->fields[c->place],
	    .typecast = true, .bare_fraction = true, .now_ms = c->a->now_ms };

	if (value == NULL || sim_cell_read(&r, value, cell) == SIM_CELL_NOMEM ||
	    !sim_stage_settle(c->a, c->table, c->place, cell))
		c->failed = true;
}

/* The same of a text. */
static void
cast_text(struct conversion *c, const char *text, struct sim_cell *cell)
{
	cJSON *value = cJSON_CreateString(text);

	cast(c, value, cell);
	cJSON_Delete(value);
}

/* Choices and records have the names as they are: typecast would trim and split them. */
static void
settle(struct conversion *c, enum sim_cell_kind kind, struct buf *text, struct sim_cell *cell)
{
	if (buf_status(text) != ERR_OK || !sim_cell_text(cell, buf_str(text))) {
		c->failed = true;
	} else {
		cell->kind = (uint8_t)kind;
		c->failed |= !sim_stage_settle(c->a, c->table, c->place, cell);
	}
	buf_free(text);
}

/* The first of several choices is the one that stays. */
static void
to_choice(struct conversion *c, const cJSON *value, const char *text, struct sim_cell *cell)
{
	const char *first = c->from != SIM_MULTIPLE_SELECTS ? NULL : cJSON_GetStringValue(
	    cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(value, 0), "name"));
	struct buf name = { 0 };

	buf_add_cstr(&name, first != NULL ? first : text);
	settle(c, SIM_NEW_CHOICE, &name, cell);
}

static void
to_choices(struct conversion *c, const char *text, struct sim_cell *cell)
{
	struct buf list = { 0 };

	buf_add_char(&list, '[');
	while (*text != '\0') {
		const char *comma = strstr(text, ", ");
		size_t n = comma == NULL ? strlen(text) : (size_t)(comma - text);

		json_next(&list);
		json_add_string(&list, (struct str){ text, n });
		text += n + (comma != NULL ? 2 : 0);
	}
	buf_add_char(&list, ']');
	settle(c, SIM_JSON, &list, cell);
}

/* The record that has all of the text as its name, made when there is none. */
static void
to_link(struct conversion *c, const char *text, struct sim_cell *cell)
{
	struct buf list = { 0 };

	buf_add_cstr(&list, "[{");
	json_member_string(&list, "name", str_of(text));
	buf_add_cstr(&list, "}]");
	settle(c, SIM_NEW_LINKS, &list, cell);
}

/* Kinds whose cells are objects, or lists of values. */
static void
to_json(struct conversion *c, const char *text, const cJSON *value, struct sim_cell *cell)
{
	char *plain = cJSON_IsNumber(value) ? cJSON_PrintUnformatted(value) : NULL;
	struct sim_user user;
	struct buf json = { 0 }, quoted = { 0 };

	json_add_string(&quoted, str_of(text));
	sim_user_named(&user, text);
	if (c->to == SIM_BARCODE)
		buf_printf(&json, "{\"text\":%s}", buf_cstr(&quoted));
	else if (c->to == SIM_AI_TEXT)
		buf_printf(&json, "{\"state\":\"generated\",\"value\":%s,\"isStale\":false}",
		    buf_cstr(&quoted));
	else if (c->to == SIM_COLLABORATOR)
		buf_printf(&json, "{\"id\":\"%s\",\"email\":\"%s\",\"name\":%s}", user.id, user.email,
		    buf_cstr(&quoted));
	else if (c->to == SIM_BUTTON)
		buf_printf(&json, "{\"label\":%s,\"url\":null}", buf_cstr(&quoted));
	else if (c->to == SIM_ATTACHMENTS)
		buf_printf(&json, "[{\"id\":\"attAttached000001\",\"url\":\"https://dl.example.com/1\","
		    "\"filename\":%s,\"size\":1,\"type\":\"text/plain\"}]", buf_cstr(&quoted));
	else
		buf_printf(&json, "[%s]", plain != NULL ? plain : buf_cstr(&quoted));
	keep_json(c, &json, cell);
	cJSON_free(plain);
	buf_free(&quoted);
	buf_free(&json);
}

/* Is the field one whose cells are computed from now on? */
static bool
is_worked_out(const struct conversion *c)
{
	const struct sim_field *f = &c->table->fields[c->place];

	switch (c->to) {
	case SIM_CREATED_TIME:
	case SIM_LAST_MODIFIED_TIME:
	case SIM_CREATED_BY:
	case SIM_LAST_MODIFIED_BY:
	case SIM_AUTO_NUMBER:
	case SIM_FORMULA:
	case SIM_COUNT:
	case SIM_SYNC_SOURCE:
		return true;
	default:
		return f->via != 0;	/* a lookup or a rollup with options */
	}
}

static void
convert(struct conversion *c, const cJSON *value, const char *text, struct sim_cell *cell)
{
	bool was_number = cJSON_IsNumber(value) && c->to >= SIM_NUMBER && c->to <= SIM_RATING;

	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (text[0] == '\0' || is_worked_out(c))
		return;
	switch (c->to) {
	case SIM_CHECKBOX:
		cell->kind = SIM_TRUE;
		break;
	case SIM_SINGLE_SELECT:
		to_choice(c, value, text, cell);
		break;
	case SIM_MULTIPLE_SELECTS:
		to_choices(c, text, cell);
		break;
	case SIM_LINKS:
		to_link(c, text, cell);
		break;
	case SIM_COLLABORATOR:
	case SIM_ATTACHMENTS:
	case SIM_AI_TEXT:
	case SIM_BUTTON:
	case SIM_LOOKUP:
	case SIM_ROLLUP:
		to_json(c, text, value, cell);
		break;
	default:
		if (was_number)
			cast(c, value, cell);
		else
			cast_text(c, text, cell);
		break;
	}
}

/* ---- all of them ------------------------------------------------------------------- */
static void
convert_row(struct conversion *c, uint32_t slot, bool touch)
{
	struct sim_row *row = &c->table->rows[slot];
	struct sim_field *f = &c->table->fields[c->place];
	struct sim_field made = *f;
	struct buf json = { 0 }, text = { 0 };
	struct sim_cell cell;
	cJSON *value;

	/* for this moment it is what it was */
	f->type = c->from;
	f->linked = c->from_linked;
	f->via = c->from_via;
	sim_row_value_v2(&json, c->table, row, c->place, c->a->now_ms);
	if (touch && !row->deleted) {
		sim_action_cell(c->a, c->table, slot, c->place);
		sim_action_touch(c->a, row);
	}
	f->type = made.type;
	f->linked = made.linked;
	f->via = made.via;
	value = cJSON_ParseWithLength(json.data, json.len);
	show(c, value, &text);
	if (buf_status(&json) != ERR_OK || buf_status(&text) != ERR_OK)
		c->failed = true;
	convert(c, value, buf_cstr(&text), &cell);
	/* a record that was made for a link may have moved this one */
	if (c->failed || !sim_row_set(&c->table->rows[slot], c->place, cell)) {
		sim_cell_free(&cell);
		c->failed = true;
	}
	cJSON_Delete(value);
	buf_free(&json);
	buf_free(&text);
}

/* Links need a table whose records they name. */
static bool
link_table(struct conversion *c)
{
	struct sim_field *f = &c->table->fields[c->place];
	char name[300];

	if (c->to != SIM_LINKS || (f->linked != NULL && !f->linked->removed))
		return true;
	(void)snprintf(name, sizeof(name), "%.250s of %.40s", f->name, c->table->name);
	f->linked = sim_table_new(c->a->base, name);
	return f->linked != NULL && sim_table_add_field(c->a->base, f->linked, "Name",
	    SIM_SINGLE_LINE_TEXT) != NULL;
}

/* Every cell of the field, which is already what it becomes; records that are made for links have none. */
static bool
convert_all(struct conversion *c, bool touch)
{
	uint32_t n = c->table->row_count;

	for (uint32_t i = 0; i < n && !c->failed; i++)
		convert_row(c, i, touch);
	return !c->failed;
}

static struct conversion
conversion_of(struct sim_action *a, struct sim_table *t, size_t place)
{
	const struct sim_field *f = &t->fields[place];
	struct conversion c = { .a = a, .table = t, .place = place, .from = f->type, .to = f->type,
	    .from_linked = f->linked, .from_via = f->via, .precision = f->precision };

	(void)snprintf(c.symbol, sizeof(c.symbol), "%s", f->symbol == NULL ? "$" : f->symbol);
	return c;
}

bool
sim_retype_to_text(struct sim_action *a, struct sim_table *t, size_t place)
{
	struct conversion c = conversion_of(a, t, place);

	sim_action_field(a, SIM_FIELD_CHANGED, t, place);
	c.to = t->fields[place].type = SIM_SINGLE_LINE_TEXT;
	t->fields[place].inverse = 0;
	return convert_all(&c, false);
}

bool
sim_retype_inverse(struct sim_action *a, struct sim_table *t, size_t place)
{
	struct sim_field *f = &t->fields[place];
	size_t inverse = f->inverse - 1u;

	if (f->type != SIM_LINKS || f->inverse == 0)
		return true;
	f->inverse = 0;
	return f->linked->removed || sim_retype_to_text(a, f->linked, inverse);
}

bool
sim_retype(struct sim_action *a, struct sim_table *t, size_t place, const cJSON *change)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(change, "options");
	struct sim_field *f = &t->fields[place];
	struct conversion c = conversion_of(a, t, place);

	if (!sim_type_find(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(change, "type")),
	    &c.to) || (place == 0 && c.to == SIM_LINKS))
		return false;
	sim_action_field(a, SIM_FIELD_CHANGED, t, place);
	f->type = c.to;
	f->via = 0;
	if ((options != NULL && !sim_field_options(t, f, options)) || !link_table(&c)) {
		f->type = c.from;
		f->linked = c.from_linked;
		f->via = c.from_via;
		return false;
	}
	if (!convert_all(&c, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(change, "touch"))))
		return false;
	if (c.from == SIM_LINKS) {	/* what was linked before is parted from it */
		struct sim_table *linked = f->linked;

		f->type = SIM_LINKS;
		f->linked = c.from_linked;
		if (!sim_retype_inverse(a, t, place))
			return false;
		f->type = c.to;
		f->linked = linked;
	}
	return c.to != SIM_LINKS || sim_links_pair(a, t, place);
}
