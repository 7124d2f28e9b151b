#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/links.h"
#include "airtable-sim/base/stage.h"
#include "airtable-sim/cells/kinds.h"
#include "common/base/json_write.h"

void
sim_stage_free(struct sim_stage *s)
{
	for (size_t i = 0; i < s->count; i++)
		sim_cell_free(&s->cells[i]);
	free(s->cells);
	s->cells = NULL;
	s->count = 0;
}

/* The first item of a list, or the value itself, that is no choice of the field; "": none. */
static const char *
missing_choice(const struct sim_field *f, const cJSON *value)
{
	const cJSON *item;

	if (cJSON_IsString(value))
		return value->valuestring;
	cJSON_ArrayForEach(item, value)
		if (cJSON_IsString(item) && sim_field_choice(f, str_of(item->valuestring)) < 0)
			return item->valuestring;
	return "";
}

/* The first item that is no id, or else no record, of a list of links. */
static const char *
bad_link(const struct sim_field *f, const cJSON *value)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value) {
		struct str id = str_of(cJSON_GetStringValue(item));
		uint32_t slot = sim_table_row(f->linked, id);

		if (!sim_id_valid(id, "rec") || slot == SIM_NO_ROW || f->linked->rows[slot].deleted)
			return id.len == 0 ? "" : id.ptr;
	}
	return cJSON_IsString(value) ? value->valuestring : "";
}

static bool
refuse(struct sim_reply *reply, enum sim_cell_fault fault, const struct sim_field *f,
    const cJSON *value)
{
	switch (fault) {
	case SIM_CELL_OPTION:
		sim_reply_errorf(reply, 422, "INVALID_MULTIPLE_CHOICE_OPTIONS",
		    "Insufficient permissions to create new select option \"\"%s\"\"",
		    missing_choice(f, value));
		break;
	case SIM_CELL_PARSE:
		sim_reply_errorf(reply, 422, "INVALID_VALUE_FOR_COLUMN",
		    "Cannot parse value \"%s\" for field %s", value->valuestring, f->name);
		break;
	case SIM_CELL_COMPUTED:
		sim_reply_errorf(reply, 422, "INVALID_VALUE_FOR_COLUMN",
		    "Field \"%s\" cannot accept a value because the field is computed", f->name);
		break;
	case SIM_CELL_NOT_IDS:
		sim_reply_errorf(reply, 422, "INVALID_VALUE_FOR_COLUMN",
		    "Value is not an array of record IDs.");
		break;
	case SIM_CELL_BAD_ID:
		sim_reply_errorf(reply, 422, "INVALID_RECORD_ID",
		    "Value \"%s\" is not a valid record ID.", bad_link(f, value));
		break;
	case SIM_CELL_NO_ROW:
		sim_reply_errorf(reply, 422, "ROW_DOES_NOT_EXIST",
		    "Record ID %s does not exist", bad_link(f, value));
		break;
	case SIM_CELL_NOMEM:
		sim_reply_internal(reply);
		break;
	case SIM_CELL_TYPE:
	case SIM_CELL_OK:
		sim_reply_errorf(reply, 422, "INVALID_VALUE_FOR_COLUMN",
		    "Field \"%s\" cannot accept the provided value", f->name);
		break;
	}
	return false;
}

/* Into a cell the way a typed value, or else any JSON, is kept. */
static enum sim_cell_fault
read_raw(const struct sim_reading *r, const cJSON *value, struct sim_cell *cell)
{
	if (!(cJSON_IsString(value) && value->valuestring[0] == '\0') &&
	    sim_cell_read(r, value, cell) == SIM_CELL_OK)
		return SIM_CELL_OK;
	sim_cell_free(cell);
	return sim_cell_read_raw(value, cell) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

/* Where typecast may add no choices: one that the staged cell would add, NULL: none. */
static char *
added_choice(const struct sim_field *f, const struct sim_cell *cell)
{
	const char *name = "";
	cJSON *list;
	char *copy = NULL;

	if (cell->kind == SIM_NEW_CHOICE)
		return sim_copy((struct str){ cell->text, cell->len });
	if (cell->kind != SIM_JSON || !(sim_kind_of(f->type)->traits & SIM_IS_SELECT))
		return NULL;
	list = cJSON_ParseWithLength(cell->text, cell->len);
	name = missing_choice(f, list);
	if (name[0] != '\0')
		copy = sim_copy(str_of(name));
	cJSON_Delete(list);
	return copy;
}

static bool
may_add(const struct sim_action *a, const struct sim_field *f, const struct sim_cell *cell,
    struct sim_reply *reply)
{
	char *name = a->settings->free_choices ? NULL : added_choice(f, cell);

	if (name == NULL)
		return true;
	sim_reply_errorf(reply, 422, "INVALID_MULTIPLE_CHOICE_OPTIONS",
	    "Insufficient permissions to create new select option \"\"%s\"\"", name);
	free(name);
	return false;
}

static bool
read_field(struct sim_stage *s, const struct sim_action *a, const struct sim_table *t,
    const cJSON *value, enum sim_stage_how how, struct sim_reply *reply)
{
	int place = sim_table_field(t, str_of(value->string));
	struct sim_reading r = { .base = a->base, .now_ms = a->now_ms,
	    .typecast = how == SIM_STAGE_TYPECAST, .cast_refuses = a->settings->cast_failure != 0,
	    .bare_fraction = a->settings->bare_percent != 0 };
	struct sim_cell *cell;
	enum sim_cell_fault fault;

	if (place < 0) {
		sim_reply_errorf(reply, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"",
		    value->string);
		return false;
	}
	r.field = &t->fields[place];
	if (s->slot != SIM_NO_ROW)
		r.old = sim_row_cell(&t->rows[s->slot], (size_t)place);
	cell = &s->cells[place];
	sim_cell_free(cell);	/* the same field twice: the last one counts */
	s->named[place] = true;
	fault = how == SIM_STAGE_RAW ? read_raw(&r, value, cell) : sim_cell_read(&r, value, cell);
	if (fault != SIM_CELL_OK)
		return refuse(reply, fault, r.field, value);
	return how != SIM_STAGE_TYPECAST || may_add(a, r.field, cell, reply);
}

bool
sim_stage_read(struct sim_stage *s, const struct sim_action *a, const struct sim_table *t,
    const cJSON *fields, enum sim_stage_how how, struct sim_reply *reply)
{
	const cJSON *value;

	if (!cJSON_IsObject(fields)) {
		sim_reply_invalid(reply);
		return false;
	}
	if ((s->cells = calloc(t->field_count, sizeof(*s->cells))) == NULL) {
		sim_reply_internal(reply);
		return false;
	}
	s->count = t->field_count;
	cJSON_ArrayForEach(value, fields)
		if (!read_field(s, a, t, value, how, reply))
			return false;
	return true;
}

/* Place of the choice, which may be new; -1: out of memory. */
static int
settle_choice(struct sim_action *a, struct sim_table *t, size_t field, struct str name)
{
	if (sim_field_choice(&t->fields[field], name) < 0)
		sim_action_options(a, t, field);
	return sim_field_add_choice(a->base, &t->fields[field], name);
}

/* The record that is called so, made when there is none; SIM_NO_ROW: out of memory. */
static uint32_t
settle_link(struct sim_action *a, struct sim_table *to, struct str name)
{
	uint32_t slot = sim_linked_row(to, name);
	struct sim_cell cell;

	if (slot != SIM_NO_ROW)
		return slot;
	if ((slot = sim_table_add_row(a->base, to, NULL, a->now_ms)) == SIM_NO_ROW ||
	    !sim_cell_text(&cell, name))
		return SIM_NO_ROW;
	if (!sim_row_set(&to->rows[slot], 0, cell)) {
		sim_cell_free(&cell);
		return SIM_NO_ROW;
	}
	to->rows[slot].created_by = to->rows[slot].modified_by = (uint8_t)a->author;
	sim_action_created(a, to, slot);
	return slot;
}

/* Names of linked records become their ids. */
static bool
settle_links(struct sim_action *a, struct sim_table *to, struct sim_cell *cell)
{
	cJSON *list = cJSON_ParseWithLength(cell->text, cell->len);
	const cJSON *item;
	struct sim_cell links;
	bool ok = list != NULL && sim_links_new(&links, (size_t)cJSON_GetArraySize(list));
	uint32_t n = 0;

	sim_cell_free(cell);
	cJSON_ArrayForEach(item, list) {
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
		uint32_t slot, i = 0;

		if (!ok)
			break;
		slot = name == NULL ? sim_table_row(to, str_of(cJSON_GetStringValue(item))) :
		    settle_link(a, to, str_of(name));
		while (i < n && links.links[i] != slot)
			i++;
		if (i == n)
			links.links[n++] = slot;
		ok = slot != SIM_NO_ROW;
	}
	cJSON_Delete(list);
	if (!ok || n == 0)
		return ok;
	*cell = links;
	cell->len = n;
	return true;
}

bool
sim_stage_settle(struct sim_action *a, struct sim_table *t, size_t field, struct sim_cell *cell)
{
	cJSON *list;
	const cJSON *item;
	bool ok = true;

	if (cell->kind == SIM_NEW_CHOICE) {
		int place = settle_choice(a, t, field, (struct str){ cell->text, cell->len });

		if (place < 0)
			return false;
		sim_cell_free(cell);
		*cell = (struct sim_cell){ .kind = SIM_CHOICE, .choice = (uint32_t)place };
	} else if (cell->kind == SIM_NEW_LINKS) {
		return settle_links(a, t->fields[field].linked, cell);
	} else if (t->fields[field].type == SIM_MULTIPLE_SELECTS && cell->kind == SIM_JSON) {
		if ((list = cJSON_ParseWithLength(cell->text, cell->len)) == NULL)
			return false;
		cJSON_ArrayForEach(item, list)
			if (cJSON_IsString(item))
				ok = ok && settle_choice(a, t, field, str_of(item->valuestring)) >= 0;
		cJSON_Delete(list);
	}
	return ok;
}

static bool
put_cell(struct sim_stage *s, struct sim_action *a, struct sim_table *t, size_t field, bool created)
{
	struct sim_row *row = &t->rows[s->slot];
	bool same = sim_cell_equal(sim_row_cell(row, field), &s->cells[field]);

	if (!same)
		s->changed = true;
	if (!created && (!same || (s->named[field] && a->settings->noop_payloads)))
		sim_action_cell(a, t, s->slot, field);
	if (t->fields[field].type == SIM_LINKS ? !sim_links_put(a, t, s->slot, field, s->cells[field]) :
	    !sim_row_set(row, field, s->cells[field]))
		return false;
	s->cells[field] = (struct sim_cell){ .kind = SIM_EMPTY };	/* the row's now */
	return true;
}

bool
sim_stage_apply(struct sim_stage *s, struct sim_action *a, struct sim_table *t)
{
	bool created = s->slot == SIM_NO_ROW;

	if (created && (s->slot = sim_table_add_row(a->base, t, NULL, a->now_ms)) == SIM_NO_ROW)
		return false;
	s->changed = created;
	if (created) {
		t->rows[s->slot].created_by = (uint8_t)a->author;
		sim_action_created(a, t, s->slot);
	}
	for (size_t i = 0; i < s->count; i++) {
		if (!s->named[i] && (!s->replace || sim_kind_of(t->fields[i].type)->read == NULL))
			continue;
		if (!sim_stage_settle(a, t, i, &s->cells[i]) || !put_cell(s, a, t, i, created))
			return false;
	}
	if (s->changed || a->settings->noop_bumps)
		sim_action_touch(a, &t->rows[s->slot]);
	return true;
}
