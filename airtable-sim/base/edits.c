#include <string.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/edits.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/retype.h"
#include "airtable-sim/base/state.h"
#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/formula.h"

void
sim_edit_begin(struct sim_action *a, struct sim_state *s, int64_t now, enum sim_source source,
    const char *user)
{
	*a = (struct sim_action){ .webhooks = &s->webhooks, .base = s->base,
	    .settings = &s->settings, .now_ms = now, .source = source };
	if (user == NULL)
		return;
	sim_user_named(&a->user, user);
	a->author = sim_base_add_user(s->base, &a->user);
}

bool
sim_edit_row(struct sim_action *a, struct sim_table *t, uint32_t slot, const cJSON *fields,
    enum sim_stage_how how, bool silent, bool *changed, struct sim_reply *reply)
{
	struct sim_stage stage = { .slot = slot };
	struct sim_row *row = &t->rows[slot];
	int64_t modified = row->modified_ms, before = row->before_ms;
	uint8_t by = row->modified_by;
	bool done;

	done = sim_stage_read(&stage, a, t, fields, how, reply);
	if (done && !(done = sim_stage_apply(&stage, a, t)))
		sim_reply_internal(reply);
	if (silent) {
		row->modified_ms = modified;
		row->before_ms = before;
		row->modified_by = by;
	}
	*changed = stage.changed;
	sim_stage_free(&stage);
	return done;
}

uint32_t
sim_edit_create(struct sim_action *a, struct sim_state *s, struct sim_table *t,
    const cJSON *fields, enum sim_stage_how how, struct sim_reply *reply)
{
	struct sim_stage stage = { .slot = SIM_NO_ROW };

	if (fields == NULL) {
		stage.slot = sim_data_add_order(s->base, t, s->options.seed, s->generated++,
		    a->now_ms, a->now_ms);
		if (stage.slot == SIM_NO_ROW)
			sim_reply_internal(reply);
		else
			sim_action_created(a, t, stage.slot);
		if (stage.slot != SIM_NO_ROW &&
		    !sim_shop_link_order(a, t, stage.slot, s->options.seed, s->generated - 1))
			sim_reply_internal(reply);
		return stage.slot;
	}
	if (sim_stage_read(&stage, a, t, fields, how, reply) &&
	    !sim_stage_apply(&stage, a, t)) {
		stage.slot = SIM_NO_ROW;
		sim_reply_internal(reply);
	}
	sim_stage_free(&stage);
	return stage.slot;
}

void
sim_edit_delete(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	if (t->rows[slot].deleted)
		return;
	(void)sim_links_delete_row(a, t, slot);	/* without memory links to it stay */
}

void
sim_edit_restore(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	if (!t->rows[slot].deleted)
		return;
	(void)sim_links_restore_row(a, t, slot);
}

static const char *
text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL && text[0] != '\0' ? text : NULL;
}

static void
add_id(struct buf *ids, const char *id)
{
	buf_printf(ids, "%s\"%s\"", ids->len > 0 ? "," : "", id);
}

/* The cell of multiple selects without the choice; false: it hasn't that, or no memory. */
static bool
without_choice(const struct sim_cell *cell, const char *name, struct sim_cell *out)
{
	cJSON *list = cJSON_ParseWithLength(cell->text, cell->len);
	bool found = false;

	*out = (struct sim_cell){ .kind = SIM_EMPTY };
	for (int i = cJSON_GetArraySize(list); i-- > 0;) {
		const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(list, i));

		if (text != NULL && strcmp(text, name) == 0) {
			cJSON_DeleteItemFromArray(list, i);
			found = true;
		}
	}
	if (found && cJSON_GetArraySize(list) > 0)
		found = sim_cell_read_raw(list, out);
	cJSON_Delete(list);
	return found;
}

/* Take the choice out of all cells; false: no memory. */
static bool
empty_choice(struct sim_action *a, struct sim_table *t, size_t field, uint32_t choice)
{
	const char *name = t->fields[field].choices[choice].name;

	for (uint32_t i = 0; i < t->row_count; i++) {
		const struct sim_cell *cell = sim_row_cell(&t->rows[i], field);
		struct sim_cell rest = { .kind = SIM_EMPTY };

		if (!(cell->kind == SIM_CHOICE && cell->choice == choice) &&
		    !(cell->kind == SIM_JSON && t->fields[field].type == SIM_MULTIPLE_SELECTS &&
		    without_choice(cell, name, &rest)))
			continue;
		if (!t->rows[i].deleted)
			sim_action_cell(a, t, i, field);
		if (!sim_row_set(&t->rows[i], field, rest))
			return false;
		sim_action_touch(a, &t->rows[i]);
	}
	return true;
}

static bool
remove_option(struct sim_action *a, struct sim_table *t, size_t field, const char *name)
{
	int choice = name == NULL ? -1 : sim_field_choice(&t->fields[field], str_of(name));

	if (choice < 0)
		return false;
	sim_action_options(a, t, field);
	if (!empty_choice(a, t, field, (uint32_t)choice))
		return false;
	t->fields[field].choices[choice].removed = true;
	return true;
}

/* As settings say, the rename counts as a change of all records with the choice. */
static void
touch_choice(struct sim_action *a, struct sim_table *t, size_t field, uint32_t choice)
{
	for (uint32_t i = 0; i < t->row_count && a->settings->option_rename_touches; i++) {
		const struct sim_cell *cell = sim_row_cell(&t->rows[i], field);

		if (t->rows[i].deleted || cell->kind != SIM_CHOICE || cell->choice != choice)
			continue;
		sim_action_cell(a, t, i, field);
		sim_action_touch(a, &t->rows[i]);
	}
}

static bool
rename_option(struct sim_action *a, struct sim_table *t, size_t field, const char *from,
    const char *to)
{
	struct sim_field *f = &t->fields[field];
	int choice = from == NULL ? -1 : sim_field_choice(f, str_of(from));

	if (choice < 0 || to == NULL)
		return false;
	sim_action_options(a, t, field);
	touch_choice(a, t, field, (uint32_t)choice);
	return sim_rename(&f->choices[choice].name, str_of(to));
}

static bool
add_option(struct sim_action *a, struct sim_table *t, size_t field, const char *name,
    struct buf *ids)
{
	struct sim_field *f = &t->fields[field];
	int choice;

	if (name == NULL || (f->type != SIM_SINGLE_SELECT && f->type != SIM_MULTIPLE_SELECTS))
		return false;
	if (sim_field_choice(f, str_of(name)) < 0)
		sim_action_options(a, t, field);
	if ((choice = sim_field_add_choice(a->base, f, str_of(name))) < 0)
		return false;
	add_id(ids, f->choices[choice].id);
	return true;
}

/* The field is worked out by that from now on; what it held before is lost. */
static bool
set_formula(struct sim_action *a, struct sim_table *t, size_t field, const char *text)
{
	struct sim_field *f = &t->fields[field];
	struct formula *formula;

	if (text == NULL || formula_parse(str_of(text), t, &formula, NULL) != ERR_OK)
		return false;
	sim_action_field(a, SIM_FIELD_CHANGED, t, field);
	if (!sim_rename(&f->formula_text, str_of(text))) {
		formula_free(formula);
		return false;
	}
	formula_free(f->formula);
	f->formula = formula;
	f->type = SIM_FORMULA;
	f->result = formula_type(formula, t);
	for (uint32_t i = 0; i < t->row_count; i++)
		(void)sim_row_set(&t->rows[i], field, (struct sim_cell){ .kind = SIM_EMPTY });
	return true;
}

/* A field out of the bin, with its id and what it held. */
static bool
restore_field(struct sim_action *a, struct sim_table *t, const char *name)
{
	for (size_t f = t->field_count; name != NULL && f-- > 0;) {
		struct sim_field *field = &t->fields[f];

		if (!field->removed || (strcmp(field->name, name) != 0 && strcmp(field->id, name) != 0))
			continue;
		if (sim_table_field(t, str_of(field->name)) >= 0)
			return false;
		field->removed = false;
		sim_action_field(a, SIM_FIELD_CREATED, t, f);
		if (field->type != SIM_LINKS || field->linked == NULL || field->linked->removed)
			return true;
		return sim_links_prune(t, f) && sim_links_pair(a, t, f);
	}
	return false;
}

/* A change of the field that "field" names. */
static bool
change_field(struct sim_action *a, struct sim_table *t, const char *what, const cJSON *change,
    struct buf *ids)
{
	const char *name = text_of(change, "name"), *field = text_of(change, "field");
	int place = field == NULL ? -1 : sim_table_field(t, str_of(field));
	size_t f = (size_t)place;

	if (place < 0)
		return false;
	if (strcmp(what, "addOption") == 0)
		return add_option(a, t, f, name, ids);
	if (strcmp(what, "removeOption") == 0)
		return remove_option(a, t, f, name);
	if (strcmp(what, "renameOption") == 0)
		return rename_option(a, t, f, text_of(change, "from"), text_of(change, "to"));
	if (strcmp(what, "formula") == 0)
		return set_formula(a, t, f, text_of(change, "formula"));
	if (strcmp(what, "retype") == 0)
		return sim_retype(a, t, f, change);
	if (strcmp(what, "remove") == 0) {
		sim_action_field(a, SIM_FIELD_DESTROYED, t, f);
		t->fields[f].removed = true;
		return sim_retype_inverse(a, t, f);
	}
	if (strcmp(what, "rename") != 0 || name == NULL ||
	    (sim_table_field(t, str_of(name)) >= 0 && sim_table_field(t, str_of(name)) != place))
		return false;
	sim_action_field(a, SIM_FIELD_CHANGED, t, f);
	return sim_rename(&t->fields[f].name, str_of(name));
}

static bool
add_field(struct sim_action *a, struct sim_table *t, const cJSON *description, struct buf *ids)
{
	struct sim_reply why = { 0 };
	const struct sim_field *f = sim_field_create(t, description, true, &why);

	sim_reply_free(&why);
	if (f == NULL)
		return false;
	sim_action_field(a, SIM_FIELD_CREATED, t, t->field_count - 1);
	add_id(ids, f->id);
	return sim_links_pair_all(a, t, t->field_count - 1);
}

static bool
add_table(struct sim_action *a, const cJSON *description, struct buf *ids)
{
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(description, "fields"), *field;
	const char *name = text_of(description, "name");
	struct sim_reply why = { 0 };
	struct sim_table *t;
	bool ok = cJSON_GetArraySize(fields) > 0;

	if (!ok || name == NULL || sim_base_table(a->base, str_of(name)) != NULL ||
	    (t = sim_table_new(a->base, name)) == NULL)
		return false;
	cJSON_ArrayForEach(field, fields)
		ok = ok && sim_field_create(t, field, true, &why) != NULL;
	sim_reply_free(&why);
	if (!ok) {
		sim_base_drop_last_table(a->base);
		return false;
	}
	sim_action_table(a, SIM_TABLE_CREATED, t);
	add_id(ids, t->id);
	return sim_links_pair_all(a, t, 0);
}

/* Links to its records become texts. */
static bool
remove_table(struct sim_action *a, struct sim_table *t)
{
	bool ok = true;

	sim_action_table(a, SIM_TABLE_DESTROYED, t);
	t->removed = true;
	for (size_t i = 0; i < a->base->table_count && ok; i++) {
		struct sim_table *from = a->base->tables[i];

		for (size_t f = 0; f < from->field_count && !from->removed && ok; f++)
			if (!from->fields[f].removed && from->fields[f].type == SIM_LINKS &&
			    from->fields[f].linked == t)
				ok = sim_retype_to_text(a, from, f);
	}
	return ok;
}

bool
sim_edit_schema(struct sim_action *a, struct sim_table *t, const char *what, const cJSON *change,
    struct buf *ids)
{
	const char *name = text_of(change, "name");

	if (!cJSON_IsObject(change))
		return false;
	if (strcmp(what, "add") == 0)
		return add_field(a, t, change, ids);
	if (strcmp(what, "addTable") == 0)
		return add_table(a, change, ids);
	if (strcmp(what, "restore") == 0)
		return restore_field(a, t, text_of(change, "field"));
	if (strcmp(what, "removeTable") == 0)
		return remove_table(a, t);
	if (strcmp(what, "renameTable") == 0) {
		const struct sim_table *same =
		    name == NULL ? t : sim_base_table(a->base, str_of(name));

		if (name == NULL || (same != NULL && same != t))
			return false;
		sim_action_table(a, SIM_TABLE_CHANGED, t);
		return sim_rename(&t->name, str_of(name));
	}
	return change_field(a, t, what, change, ids);
}
