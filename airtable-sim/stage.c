#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cell.h"
#include "airtable-sim/stage.h"

void
sim_stage_free(struct sim_stage *s)
{
	for (size_t i = 0; i < s->count; i++)
		sim_cell_free(&s->cells[i]);
	free(s->cells);
	s->cells = NULL;
	s->count = 0;
}

/* The first choice of ${value} that the field lacks, for the message. */
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
read_raw(const struct sim_field *f, const cJSON *value, struct sim_cell *cell)
{
	if (!sim_type_is_computed(f->type) &&
	    !(cJSON_IsString(value) && value->valuestring[0] == '\0') &&
	    sim_cell_read(f, value, false, cell) == SIM_CELL_OK)
		return SIM_CELL_OK;
	sim_cell_free(cell);
	return sim_cell_read_raw(value, cell) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

/* Typecast may be forbidden to add choices. */
static bool
may_add(const struct sim_settings *settings, const struct sim_field *f, const cJSON *value,
    const struct sim_cell *cell)
{
	if (settings->free_choices)
		return true;
	if (f->type == SIM_MULTIPLE_SELECTS)
		return missing_choice(f, value)[0] == '\0';
	return cell->kind != SIM_NEW_CHOICE;
}

static bool
read_field(struct sim_stage *s, const struct sim_table *t, const cJSON *value,
    enum sim_stage_how how, const struct sim_settings *settings, struct sim_reply *reply)
{
	int place = sim_table_field(t, str_of(value->string));
	const struct sim_field *f;
	struct sim_cell *cell;
	enum sim_cell_fault fault;

	if (place < 0) {
		sim_reply_errorf(reply, 422, "UNKNOWN_FIELD_NAME", "Unknown field name: \"%s\"",
		    value->string);
		return false;
	}
	f = &t->fields[place];
	cell = &s->cells[place];
	sim_cell_free(cell);	/* the same field twice: the last one counts */
	s->named[place] = true;
	if (how == SIM_STAGE_RAW) {
		fault = read_raw(f, value, cell);
	} else if (sim_type_is_computed(f->type)) {
		sim_reply_errorf(reply, 422, "INVALID_VALUE_FOR_COLUMN",
		    "Field \"%s\" cannot accept a value because the field is computed", f->name);
		return false;
	} else {
		fault = sim_cell_read(f, value, how == SIM_STAGE_TYPECAST, cell);
		if (fault == SIM_CELL_OK && how == SIM_STAGE_TYPECAST &&
		    !may_add(settings, f, value, cell))
			fault = SIM_CELL_OPTION;
	}
	return fault == SIM_CELL_OK || refuse(reply, fault, f, value);
}

bool
sim_stage_read(struct sim_stage *s, const struct sim_table *t, const cJSON *fields,
    enum sim_stage_how how, const struct sim_settings *settings, struct sim_reply *reply)
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
		if (!read_field(s, t, value, how, settings, reply))
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

/* Choices that the staged cell needs and the field does not have yet. */
static bool
settle_choices(struct sim_action *a, struct sim_table *t, size_t field, struct sim_cell *cell)
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
	if (!sim_row_set(row, field, s->cells[field]))
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
	if (created)
		sim_action_created(a, t, s->slot);
	for (size_t i = 0; i < s->count; i++) {
		if (!s->named[i] && (!s->replace || sim_type_is_computed(t->fields[i].type)))
			continue;
		if (!settle_choices(a, t, i, &s->cells[i]) || !put_cell(s, a, t, i, created))
			return false;
	}
	if (s->changed || a->settings->noop_bumps)
		sim_row_touch(&t->rows[s->slot], a->settings->millisecond_times != 0, a->now_ms);
	return true;
}
