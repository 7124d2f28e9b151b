#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/retype.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/cells/kinds.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

/* A conversion under way. */
struct conversion {
	struct sim_action	*a;
	struct sim_table	*table;
	size_t			 place;
	enum sim_type		 from, to;
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
/* "$12.50", "12.5%" and "12.5" are numbers. */
static void
to_number(const struct conversion *c, const char *text, struct sim_cell *cell)
{
	size_t symbol = strlen(c->symbol);
	char *end;
	double d;

	if (symbol > 0 && strncmp(text, c->symbol, symbol) == 0)
		text += symbol;
	d = strtod(text, &end);
	if (end == text || (*end != '\0' && strcmp(end, "%") != 0) || !isfinite(d))
		return;
	*cell = (struct sim_cell){ .kind = SIM_NUM, .number = *end == '%' ? d / 100 : d };
}

static void
to_instant(const struct conversion *c, const char *text, struct sim_cell *cell)
{
	int64_t ms;

	if (instant_parse(str_of(text), &ms) != ERR_OK)
		return;
	if (c->to == SIM_DATE)
		ms -= ((ms % 86400000) + 86400000) % 86400000;
	*cell = (struct sim_cell){ .kind = SIM_INSTANT, .instant = ms };
}

static void
keep_json(struct conversion *c, struct buf *json, struct sim_cell *cell)
{
	if (buf_status(json) != ERR_OK || !sim_cell_text(cell, buf_str(json)))
		c->failed = true;
	else
		cell->kind = SIM_JSON;
}

static void
to_choices(struct conversion *c, const char *text, struct sim_cell *cell)
{
	struct sim_field *f = &c->table->fields[c->place];
	bool whole = c->to == SIM_SINGLE_SELECT && c->from != SIM_MULTIPLE_SELECTS;
	struct buf json = { 0 };
	int choice = -1;

	buf_add_char(&json, '[');
	for (size_t n; *text != '\0' && !c->failed; text += n + (text[n] != '\0' ? 2 : 0)) {
		const char *comma = whole ? NULL : strstr(text, ", ");

		n = comma == NULL ? strlen(text) : (size_t)(comma - text);
		choice = sim_field_add_choice(c->a->base, f, (struct str){ text, n });
		c->failed |= choice < 0;
		json_next(&json);
		json_add_string(&json, (struct str){ text, n });
		if (c->to == SIM_SINGLE_SELECT)
			break;		/* the first one */
	}
	buf_add_char(&json, ']');
	if (c->to == SIM_MULTIPLE_SELECTS)
		keep_json(c, &json, cell);
	else if (choice >= 0)
		*cell = (struct sim_cell){ .kind = SIM_CHOICE, .choice = (uint32_t)choice };
	buf_free(&json);
}

/* The record of the linked table that is called so, made when there is none. */
static const char *
linked_record(struct conversion *c, struct sim_table *t, const char *name)
{
	struct sim_cell cell;
	uint32_t slot;

	for (slot = 0; slot < t->row_count; slot++) {
		const struct sim_cell *has = sim_row_cell(&t->rows[slot], 0);

		if (has->kind == SIM_TEXT && strcmp(has->text, name) == 0)
			return t->rows[slot].id;
	}
	slot = sim_table_add_row(c->a->base, t, NULL, c->a->now_ms);
	if (slot == SIM_NO_ROW || !sim_cell_text(&cell, str_of(name)))
		return NULL;
	return sim_row_set(&t->rows[slot], 0, cell) ? t->rows[slot].id : NULL;
}

static void
to_links(struct conversion *c, const char *text, struct sim_cell *cell)
{
	const char *id = linked_record(c, c->table->fields[c->place].linked, text);
	struct buf json = { 0 };

	if (id == NULL) {
		c->failed = true;
		return;
	}
	buf_printf(&json, "[\"%s\"]", id);
	keep_json(c, &json, cell);
	buf_free(&json);
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

static void
convert(struct conversion *c, const cJSON *value, const char *text, struct sim_cell *cell)
{
	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (text[0] == '\0')
		return;
	if (sim_kind_of(c->to)->traits & SIM_IS_TEXT)
		c->failed |= !sim_cell_text(cell, str_of(text));
	else if (c->to >= SIM_NUMBER && c->to <= SIM_RATING && cJSON_IsNumber(value))
		*cell = (struct sim_cell){ .kind = SIM_NUM, .number = value->valuedouble };
	else if (c->to >= SIM_NUMBER && c->to <= SIM_RATING)
		to_number(c, text, cell);
	else if (c->to == SIM_DATE || c->to == SIM_DATE_TIME)
		to_instant(c, text, cell);
	else if (c->to == SIM_CHECKBOX)
		cell->kind = SIM_TRUE;
	else if (c->to == SIM_SINGLE_SELECT || c->to == SIM_MULTIPLE_SELECTS)
		to_choices(c, text, cell);
	else if (c->to == SIM_LINKS)
		to_links(c, text, cell);
	else if (c->to != SIM_CREATED_TIME && c->to != SIM_LAST_MODIFIED_TIME && c->to != SIM_FORMULA)
		to_json(c, text, value, cell);
}

/* ---- all of them ------------------------------------------------------------------- */
static void
convert_row(struct conversion *c, uint32_t slot, bool touch)
{
	struct sim_row *row = &c->table->rows[slot];
	struct sim_field *f = &c->table->fields[c->place];
	struct buf json = { 0 }, text = { 0 };
	struct sim_cell cell;
	cJSON *value;

	f->type = c->from;
	sim_row_value_v2(&json, c->table, row, c->place, c->a->now_ms);
	if (touch && !row->deleted) {
		sim_action_cell(c->a, c->table, slot, c->place);
		sim_row_touch(row, c->a->settings->millisecond_times != 0, c->a->now_ms);
	}
	f->type = c->to;
	value = cJSON_ParseWithLength(json.data, json.len);
	show(c, value, &text);
	if (buf_status(&json) != ERR_OK || buf_status(&text) != ERR_OK)
		c->failed = true;
	convert(c, value, buf_cstr(&text), &cell);
	if (c->failed || !sim_row_set(row, c->place, cell)) {
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

	if (c->to != SIM_LINKS || f->linked != NULL)
		return true;
	(void)snprintf(name, sizeof(name), "%.250s of %.40s", f->name, c->table->name);
	f->linked = sim_table_new(c->a->base, name);
	return f->linked != NULL && sim_table_add_field(c->a->base, f->linked, "Name",
	    SIM_SINGLE_LINE_TEXT) != NULL;
}

bool
sim_retype(struct sim_action *a, struct sim_table *t, size_t field, const cJSON *change)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(change, "options");
	struct sim_field *f = &t->fields[field];
	struct conversion c = {
		.a = a, .table = t, .place = field, .from = f->type, .precision = f->precision
	};
	bool touch = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(change, "touch"));

	if (!sim_type_find(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(change, "type")),
	    &c.to))
		return false;
	(void)snprintf(c.symbol, sizeof(c.symbol), "%s", f->symbol == NULL ? "$" : f->symbol);
	sim_action_field(a, SIM_FIELD_CHANGED, t, field);
	f->type = c.to;
	if ((options != NULL && !sim_field_options(a->base, f, options)) || !link_table(&c)) {
		f->type = c.from;
		return false;
	}
	for (uint32_t i = 0; i < t->row_count && !c.failed; i++)
		convert_row(&c, i, touch);
	f->type = c.to;
	return !c.failed;
}
