#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/formula/formula.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

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
	case SIM_LINKED:
		return a->len == b->len && memcmp(a->links, b->links, a->len * sizeof(*a->links)) == 0;
	case SIM_TEXT:
	case SIM_JSON:
	case SIM_NEW_CHOICE:
	case SIM_NEW_LINKS:
		return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
	return false;
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

static void
add_links(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	buf_add_char(b, '[');
	for (uint32_t i = 0; i < c->len; i++)
		buf_printf(b, i == 0 ? "\"%s\"" : ",\"%s\"", f->linked->rows[c->links[i]].id);
	buf_add_char(b, ']');
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
	case SIM_LINKED:
		add_links(b, f, c);
		break;
	case SIM_JSON:
	case SIM_NEW_LINKS:
		buf_add(b, c->text, c->len);
		break;
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		json_add_string(b, (struct str){ c->text, c->len });
		break;
	}
}

void
sim_add_choice(struct buf *b, const struct sim_choice *c)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(c->id));
	json_member_string(b, "name", str_of(c->name));
	if (c->color != NULL)
		json_member_string(b, "color", str_of(c->color));
	buf_add_char(b, '}');
}

void
sim_webhook_choice(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	if (c->kind == SIM_CHOICE)
		sim_add_choice(b, &f->choices[c->choice]);
	else
		sim_cell_json(b, f, c);
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
		sim_add_choice(b, &f->choices[place]);
	}
	buf_add_char(b, ']');
	cJSON_Delete(list);
	if (!good && buf_status(b) == ERR_OK)
		b->len = start;
	return good;
}

void
sim_webhook_choices(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	if (c->kind != SIM_JSON || !add_choices(b, f, c))
		sim_cell_json(b, f, c);
}

/* Links with the names that their records have. */
void
sim_webhook_links(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	if (c->kind != SIM_LINKED) {
		sim_cell_json(b, f, c);
		return;
	}
	buf_add_char(b, '[');
	for (uint32_t i = 0; i < c->len; i++) {
		struct buf name = { 0 };

		sim_row_name(&name, f->linked, c->links[i]);
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "id", str_of(f->linked->rows[c->links[i]].id));
		json_member_string(b, "name", buf_str(&name));
		buf_add_char(b, '}');
		buf_free(&name);
	}
	buf_add_char(b, ']');
}

/* What was looked up, by the record that it comes from. */
void
sim_webhook_lookup(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	static const char from[] = "recLookedUp000001";

	if (c->kind != SIM_JSON || c->text[0] != '[') {
		sim_cell_json(b, f, c);
		return;
	}
	buf_printf(b, "{\"linkedRecordIds\":[\"%s\"],\"valuesByLinkedRecordId\":{\"%s\":", from, from);
	buf_add(b, c->text, c->len);
	buf_add_cstr(b, "}}");
}

void
sim_cell_json_v2(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	const struct sim_kind *kind = sim_kind_of(f->type);

	if (kind->webhook != NULL && c->kind != SIM_EMPTY)
		kind->webhook(b, f, c);
	else
		sim_cell_json(b, f, c);
}

void
sim_row_name(struct buf *b, const struct sim_table *t, uint32_t slot)
{
	const struct sim_row *row = &t->rows[slot];
	struct formula_context context = {
		.table = t, .row = row, .modified_ms = row->modified_ms, .now_ms = row->modified_ms
	};

	/* evaluations end, links of links of links might not */
	if (sim_row_cell(row, 0)->kind == SIM_LINKED ||
	    (sim_row_cell(row, 0)->kind == SIM_EMPTY && sim_type_is_computed(t->fields[0].type)))
		formula_field_plain(b, 0, &context);
	else
		sim_cell_plain(b, t->fields, sim_row_cell(row, 0));
}

static void
plain_links(struct buf *b, const struct sim_field *f, const struct sim_cell *c)
{
	for (uint32_t i = 0; i < c->len; i++) {
		buf_add_cstr(b, i == 0 ? "" : ", ");
		sim_row_name(b, f->linked, c->links[i]);
	}
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
	case SIM_LINKED:
		plain_links(b, f, c);
		break;
	case SIM_JSON:
	case SIM_NEW_LINKS:
		plain_json(b, c);
		break;
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		buf_add(b, c->text, c->len);
		break;
	}
}
