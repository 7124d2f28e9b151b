#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "airtable-sim/cell.h"
#include "common/instant.h"
#include "common/json_write.h"

#define CELL_TEXT_MAX	100000	/* characters in one text cell */

void
sim_number_add(struct buf *b, double d)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_add_cstr(b, text);
}

bool
sim_cell_text(struct sim_cell *c, struct str s)
{
	*c = (struct sim_cell){ .kind = SIM_TEXT, .len = (uint32_t)s.len };
	return (c->text = sim_copy(s)) != NULL;
}

void
sim_cell_free(struct sim_cell *c)
{
	if (c->kind >= SIM_TEXT && !c->shared)
		free(c->text);
	*c = (struct sim_cell){ .kind = SIM_EMPTY };
}

bool
sim_cell_equal(const struct sim_cell *a, const struct sim_cell *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((enum sim_cell_kind)a->kind) {
	case SIM_EMPTY:
	case SIM_TRUE:
		return true;
	case SIM_NUM:
		return a->number == b->number;
	case SIM_INSTANT:
		return a->instant == b->instant;
	case SIM_CHOICE:
		return a->choice == b->choice;
	case SIM_TEXT:
	case SIM_JSON:
	case SIM_NEW_CHOICE:
		return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
	return false;
}

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;	/* a character's first byte */
	return n;
}

static enum sim_cell_fault
keep_text(struct sim_cell *cell, const char *text)
{
	struct str s = str_of(text);

	if (s.len == 0)
		return SIM_CELL_OK;
	if (characters(s) > CELL_TEXT_MAX)
		return SIM_CELL_TYPE;
	return sim_cell_text(cell, s) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

static enum sim_cell_fault
read_text(const cJSON *v, bool typecast, struct sim_cell *cell)
{
	struct buf b = { 0 };
	enum sim_cell_fault fault;

	if (cJSON_IsString(v))
		return keep_text(cell, v->valuestring);
	if (!typecast)
		return SIM_CELL_TYPE;
	if (cJSON_IsNumber(v))
		sim_number_add(&b, v->valuedouble);
	else if (cJSON_IsBool(v))
		buf_add_cstr(&b, cJSON_IsTrue(v) ? "true" : "false");
	else
		return SIM_CELL_TYPE;
	fault = buf_status(&b) == ERR_OK ? keep_text(cell, buf_cstr(&b)) : SIM_CELL_NOMEM;
	buf_free(&b);
	return fault;
}

static enum sim_cell_fault
read_number(const struct sim_field *f, const cJSON *v, bool typecast, struct sim_cell *cell)
{
	double d;

	if (cJSON_IsNumber(v)) {
		d = v->valuedouble;
	} else if (typecast && cJSON_IsString(v)) {
		char *end;
		const char *p = v->valuestring;

		if (*p == '\0')
			return SIM_CELL_OK;
		p += *p == '$';
		d = strtod(p, &end);
		if (end == p || *end != '\0')
			return SIM_CELL_OK;	/* best effort: text that is no number empties the cell */
	} else {
		return SIM_CELL_TYPE;
	}
	if (!isfinite(d) || (f->type == SIM_RATING && (d < 0 || d > f->max || d != floor(d))))
		return SIM_CELL_TYPE;
	*cell = (struct sim_cell){ .kind = SIM_NUM, .number = d };
	if (f->type == SIM_RATING && d == 0)
		cell->kind = SIM_EMPTY;
	return SIM_CELL_OK;
}

static enum sim_cell_fault
read_instant(const struct sim_field *f, const cJSON *v, struct sim_cell *cell)
{
	int64_t ms;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (v->valuestring[0] == '\0')
		return SIM_CELL_OK;
	if (instant_parse(str_of(v->valuestring), &ms) != ERR_OK)
		return SIM_CELL_PARSE;
	if (f->type == SIM_DATE)
		ms -= ((ms % 86400000) + 86400000) % 86400000;
	*cell = (struct sim_cell){ .kind = SIM_INSTANT, .instant = ms };
	return SIM_CELL_OK;
}

static enum sim_cell_fault
read_choice(const struct sim_field *f, const cJSON *v, bool typecast, struct sim_cell *cell)
{
	int place;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (v->valuestring[0] == '\0')
		return SIM_CELL_OK;
	if ((place = sim_field_choice(f, str_of(v->valuestring))) >= 0) {
		*cell = (struct sim_cell){ .kind = SIM_CHOICE, .choice = (uint32_t)place };
		return SIM_CELL_OK;
	}
	if (!typecast)
		return SIM_CELL_OPTION;
	if (!sim_cell_text(cell, str_of(v->valuestring)))
		return SIM_CELL_NOMEM;
	cell->kind = SIM_NEW_CHOICE;
	return SIM_CELL_OK;
}

static enum sim_cell_fault
read_choices(const struct sim_field *f, const cJSON *v, bool typecast, struct sim_cell *cell)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return SIM_CELL_TYPE;
	cJSON_ArrayForEach(item, v) {
		if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
			return SIM_CELL_TYPE;
		if (!typecast && sim_field_choice(f, str_of(item->valuestring)) < 0)
			return SIM_CELL_OPTION;
	}
	if (v->child == NULL)
		return SIM_CELL_OK;
	return sim_cell_read_raw(v, cell) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

enum sim_cell_fault
sim_cell_read(const struct sim_field *f, const cJSON *v, bool typecast, struct sim_cell *cell)
{
	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (cJSON_IsNull(v))
		return SIM_CELL_OK;
	if (sim_type_is_text(f->type))
		return read_text(v, typecast, cell);
	if (sim_type_is_number(f->type))
		return read_number(f, v, typecast, cell);
	switch (f->type) {
	case SIM_CHECKBOX:
		if (!cJSON_IsBool(v))
			return SIM_CELL_TYPE;
		cell->kind = cJSON_IsTrue(v) ? SIM_TRUE : SIM_EMPTY;
		return SIM_CELL_OK;
	case SIM_DATE:
	case SIM_DATE_TIME:
		return read_instant(f, v, cell);
	case SIM_SINGLE_SELECT:
		return read_choice(f, v, typecast, cell);
	case SIM_MULTIPLE_SELECTS:
		return read_choices(f, v, typecast, cell);
	default:
		return SIM_CELL_TYPE;
	}
}

bool
sim_cell_read_raw(const cJSON *v, struct sim_cell *cell)
{
	char *text;

	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (cJSON_IsNull(v))
		return true;
	if ((text = cJSON_PrintUnformatted(v)) == NULL)
		return false;
	*cell = (struct sim_cell){ .kind = SIM_JSON, .len = (uint32_t)strlen(text) };
	cell->text = sim_copy(str_of(text));
	cJSON_free(text);
	return cell->text != NULL;
}

static void
add_instant(struct buf *b, const struct sim_field *f, int64_t ms)
{
	char text[INSTANT_TEXT_SIZE];

	(void)instant_format(ms, text);	/* what was read is in range */
	buf_add(b, text, f->type == SIM_DATE ? 10 : strlen(text));
}

void
sim_cell_json(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	switch ((enum sim_cell_kind)c->kind) {
	case SIM_EMPTY:
		break;
	case SIM_TRUE:
		buf_add_cstr(b, "true");
		break;
	case SIM_NUM:
		sim_number_add(b, c->number);
		break;
	case SIM_INSTANT:
		buf_add_char(b, '"');
		add_instant(b, f, c->instant);
		buf_add_char(b, '"');
		break;
	case SIM_CHOICE:
		json_add_string(b, str_of(f->choices[c->choice].name));
		break;
	case SIM_JSON:
		buf_add(b, c->text, c->len);
		break;
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		json_add_string(b, (struct str){ c->text, c->len });
		break;
	}
}

static void
add_choice(struct buf *b, const struct sim_choice *c)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(c->id));
	json_member_string(b, "name", str_of(c->name));
	if (c->color != NULL)
		json_member_string(b, "color", str_of(c->color));
	buf_add_char(b, '}');
}

/* Names as choices; false: that is not what the cell holds. */
static bool
add_choices(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	cJSON *list = cJSON_ParseWithLength(c->text, c->len);
	bool good = cJSON_IsArray(list);
	size_t start = b->len;
	const cJSON *item;

	buf_add_char(b, '[');
	cJSON_ArrayForEach(item, list) {
		int place = cJSON_IsString(item) ?
		    sim_field_choice(f, str_of(item->valuestring)) : -1;

		if (place < 0) {
			good = false;
			break;
		}
		json_next(b);
		add_choice(b, &f->choices[place]);
	}
	buf_add_char(b, ']');
	cJSON_Delete(list);
	if (!good && buf_status(b) == ERR_OK)
		b->len = start;
	return good;
}

/* Links with the names that their records have. */
static void
add_links(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	cJSON *list = cJSON_ParseWithLength(c->text, c->len);
	const cJSON *item;

	buf_add_char(b, '[');
	cJSON_ArrayForEach(item, list) {
		const char *id = cJSON_IsString(item) ? item->valuestring : "";
		uint32_t slot = f->linked == NULL ? SIM_NO_ROW : sim_table_row(f->linked, str_of(id));
		struct buf name = { 0 };

		if (slot != SIM_NO_ROW)
			sim_cell_plain(&name, f->linked->fields, sim_row_cell(&f->linked->rows[slot], 0));
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "id", str_of(id));
		json_member_string(b, "name", buf_str(&name));
		buf_add_char(b, '}');
		buf_free(&name);
	}
	buf_add_char(b, ']');
	cJSON_Delete(list);
}

/* What was looked up, by the record that it comes from. */
static void
add_lookup(struct buf *b, const struct sim_cell *c)
{
	static const char from[] = "recLookedUp000001";

	buf_printf(b, "{\"linkedRecordIds\":[\"%s\"],\"valuesByLinkedRecordId\":{\"%s\":", from, from);
	buf_add(b, c->text, c->len);
	buf_add_cstr(b, "}}");
}

void
sim_cell_json_v2(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	if (c->kind == SIM_CHOICE)
		add_choice(b, &f->choices[c->choice]);
	else if (c->kind == SIM_JSON && f->type == SIM_LINKS && c->text[0] == '[')
		add_links(b, f, c);
	else if (c->kind == SIM_JSON && f->type == SIM_LOOKUP && c->text[0] == '[')
		add_lookup(b, c);
	else if (c->kind != SIM_JSON || f->type != SIM_MULTIPLE_SELECTS || !add_choices(b, f, c))
		sim_cell_json(b, f, c);
}

/* A JSON array of strings as "a, b"; other JSON as it is. */
static void
plain_json(struct buf *b, const struct sim_cell *c)
{
	cJSON *list = cJSON_ParseWithLength(c->text, c->len);
	const cJSON *item;
	bool first = true;

	if (cJSON_IsString(list)) {
		buf_add_cstr(b, list->valuestring);
	} else if (!cJSON_IsArray(list)) {
		buf_add(b, c->text, c->len);
	} else {
		cJSON_ArrayForEach(item, list) {
			if (!cJSON_IsString(item))
				continue;
			buf_add_cstr(b, first ? "" : ", ");
			buf_add_cstr(b, item->valuestring);
			first = false;
		}
	}
	cJSON_Delete(list);
}

void
sim_cell_plain(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	switch ((enum sim_cell_kind)c->kind) {
	case SIM_EMPTY:
		break;
	case SIM_TRUE:
		buf_add_cstr(b, "checked");
		break;
	case SIM_NUM:
		sim_number_add(b, c->number);
		break;
	case SIM_INSTANT:
		add_instant(b, f, c->instant);
		break;
	case SIM_CHOICE:
		buf_add_cstr(b, f->choices[c->choice].name);
		break;
	case SIM_JSON:
		plain_json(b, c);
		break;
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		buf_add(b, c->text, c->len);
		break;
	}
}
