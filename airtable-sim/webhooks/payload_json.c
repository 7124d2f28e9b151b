#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/webhooks/payload_parts.h"
#include "common/base/json_write.h"

static const struct sim_field *
field_of(const struct sim_change *c, size_t place)
{
	return &c->table->fields[place];
}

static bool
computed_told(const struct sim_view *v)
{
	return v->a->settings->computed_in_payloads != SIM_COMPUTED_NONE;
}

/* A cell's member; ${json} of no length is an empty cell. */
static void
add_cell(struct buf *b, const char *id, struct str json, bool empty_as_null)
{
	if (json.len == 0 && !empty_as_null)
		return;
	json_name(b, id);
	buf_add_str(b, json.len == 0 ? STR("null") : json);
}

static void
add_cell_now(const struct sim_part *p, const struct sim_table *t, uint32_t slot, size_t field,
    bool empty_as_null)
{
	struct buf json = { 0 };

	sim_row_value_v2(&json, t, &t->rows[slot], field, p->v->a->now_ms);
	if (buf_status(&json) != ERR_OK)
		p->b->error = ERR_NOMEM;
	add_cell(p->b, t->fields[field].id, buf_str(&json), empty_as_null);
	buf_free(&json);
}

static void
open_cells(struct buf *b, const char *name)
{
	if (name != NULL) {
		json_name(b, name);
		buf_add_char(b, '{');
	}
	json_name(b, "cellValuesByFieldId");
	buf_add_char(b, '{');
}

static void
add_new_row(const struct sim_part *p, const struct sim_table *t, uint32_t slot)
{
	const struct sim_view *v = p->v;
	const struct sim_row *row = &t->rows[slot];
	int64_t created = row->created_ms;

	if (v->a->now_ms - v->a->now_ms % 1000 == created)
		created = v->a->now_ms;		/* payloads keep the milliseconds */
	json_name(p->b, row->id);
	buf_add_char(p->b, '{');
	json_member_instant(p->b, "createdTime", created);
	open_cells(p->b, NULL);
	for (size_t f = 0; f < t->field_count; f++) {
		const struct sim_field *field = &t->fields[f];

		if (field->removed || (sim_type_is_computed(field->type) && !computed_told(v)))
			continue;
		if (sim_id_list_has(&v->spec->watched, field->id) ||
		    sim_spec_includes(v->spec, field->id))
			add_cell_now(p, t, slot, f, v->a->settings->created_empty_cells != 0);
	}
	buf_add_cstr(p->b, "}}");
}

static void
add_current_cells(const struct sim_part *p, const struct sim_change *c)
{
	bool cleared = p->v->a->settings->cleared_cells == 0;

	open_cells(p->b, "current");
	for (size_t i = 0; i < c->cell_count; i++)
		if (sim_cell_passes(p->v, c, &c->cells[i]))
			add_cell_now(p, c->table, c->place, c->cells[i].field, cleared);
	buf_add_cstr(p->b, "}}");
}

static void
add_previous_cells(const struct sim_part *p, const struct sim_change *c)
{
	bool cleared = p->v->a->settings->cleared_cells == 0;

	open_cells(p->b, "previous");
	for (size_t i = 0; i < c->cell_count; i++)
		if (sim_cell_passes(p->v, c, &c->cells[i]))
			add_cell(p->b, field_of(c, c->cells[i].field)->id, str_of(c->cells[i].json),
			    cleared);
	buf_add_cstr(p->b, "}}");
}

/* Is the field's cell in "current"? */
static bool
in_current(const struct sim_part *p, const struct sim_change *c, size_t field)
{
	for (size_t i = 0; i < c->cell_count; i++)
		if (c->cells[i].field == field)
			return sim_cell_passes(p->v, c, &c->cells[i]);
	return false;
}

static void
add_unchanged_cells(const struct sim_part *p, const struct sim_change *c)
{
	const struct sim_table *t = c->table;

	open_cells(p->b, "unchanged");
	for (size_t f = 0; f < t->field_count; f++)
		if (!t->fields[f].removed && sim_spec_includes(p->v->spec, t->fields[f].id) &&
		    (computed_told(p->v) || !sim_type_is_computed(t->fields[f].type)) &&
		    !in_current(p, c, f))
			add_cell_now(p, t, c->place, f, false);
	buf_add_cstr(p->b, "}}");
}

static void
add_changed_row(const struct sim_part *p, const struct sim_change *c)
{
	const struct sim_spec *s = p->v->spec;

	json_name(p->b, c->table->rows[c->place].id);
	buf_add_char(p->b, '{');
	add_current_cells(p, c);
	if (s->previous_cells)
		add_previous_cells(p, c);
	if (s->included_all || s->included.count > 0)
		add_unchanged_cells(p, c);
	buf_add_char(p->b, '}');
}

static void
add_field_definition(struct buf *b, const struct sim_field *f)
{
	json_name(b, f->id);
	buf_add_char(b, '{');
	json_member_string(b, "name", str_of(f->name));
	json_member_string(b, "type", str_of(sim_type_name(f->type)));
	buf_add_char(b, '}');
}

static void
add_changed_field(const struct sim_part *p, const struct sim_change *c)
{
	const struct sim_field *f = field_of(c, c->place);
	bool renamed = c->name != NULL && strcmp(c->name, f->name) != 0;

	json_name(p->b, f->id);
	buf_add_cstr(p->b, "{\"current\":{");
	json_member_string(p->b, "name", str_of(f->name));
	if (!renamed)	/* its options, which payloads don't tell */
		json_member_string(p->b, "type", str_of(sim_type_name(f->type)));
	buf_add_char(p->b, '}');
	if (p->v->spec->previous_fields && (renamed || c->type != f->type)) {
		json_name(p->b, "previous");
		buf_add_char(p->b, '{');
		if (renamed)
			json_member_string(p->b, "name", str_of(c->name));
		else
			json_member_string(p->b, "type", str_of(sim_type_name(c->type)));
		buf_add_char(p->b, '}');
	}
	buf_add_char(p->b, '}');
}

static void
add_metadata(struct buf *b, const char *member, const char *name, const char *description)
{
	json_name(b, member);
	buf_add_char(b, '{');
	json_member_string(b, "name", str_of(name));
	if (description != NULL)
		json_member_string(b, "description", str_of(description));
	buf_add_char(b, '}');
}

/* One change below the name of its kind. */
static void
add_change(const struct sim_part *p, const struct sim_change *c)
{
	switch (c->kind) {
	case SIM_ROW_CREATED:
		add_new_row(p, c->table, c->place);
		break;
	case SIM_ROW_CHANGED:
		add_changed_row(p, c);
		break;
	case SIM_ROW_DESTROYED:
		json_next(p->b);
		json_add_string(p->b, str_of(c->table->rows[c->place].id));
		break;
	case SIM_FIELD_CREATED:
		add_field_definition(p->b, field_of(c, c->place));
		break;
	case SIM_FIELD_CHANGED:
		add_changed_field(p, c);
		break;
	case SIM_FIELD_DESTROYED:
		json_next(p->b);
		json_add_string(p->b, str_of(field_of(c, c->place)->id));
		break;
	case SIM_TABLE_CHANGED:
		add_metadata(p->b, "current", c->table->name, c->table->description);
		add_metadata(p->b, "previous", c->name, c->description);
		break;
	case SIM_TABLE_CREATED:
	case SIM_TABLE_DESTROYED:
		break;
	}
}

/* All changes of a kind in a table as the member of that kind, or nothing. */
static void
add_kind(const struct sim_part *p, const struct sim_table *t, enum sim_change_kind kind)
{
	static const char *const names[] = {
		[SIM_ROW_CREATED] = "createdRecordsById", [SIM_ROW_CHANGED] = "changedRecordsById",
		[SIM_ROW_DESTROYED] = "destroyedRecordIds",
		[SIM_FIELD_CREATED] = "createdFieldsById", [SIM_FIELD_CHANGED] = "changedFieldsById",
		[SIM_FIELD_DESTROYED] = "destroyedFieldIds", [SIM_TABLE_CHANGED] = "changedMetadata"
	};
	bool list = kind == SIM_ROW_DESTROYED || kind == SIM_FIELD_DESTROYED, open = false;

	for (size_t i = p->from; i < p->to; i++) {
		const struct sim_change *c = p->v->list[i];

		if (c->kind != kind || c->table != t)
			continue;
		if (!open) {
			json_name(p->b, names[kind]);
			buf_add_char(p->b, list ? '[' : '{');
			open = true;
		}
		add_change(p, c);
	}
	if (open)
		buf_add_char(p->b, list ? ']' : '}');
}

static bool
has_rows(const struct sim_part *p, const struct sim_table *t)
{
	for (size_t i = p->from; i < p->to; i++)
		if (p->v->list[i]->table == t && p->v->list[i]->kind <= SIM_ROW_DESTROYED)
			return true;
	return false;
}

static void
add_changed_table(const struct sim_part *p, const struct sim_table *t)
{
	bool view = sim_spec_of_view(p->v->spec) && has_rows(p, t);

	json_name(p->b, t->id);
	buf_add_char(p->b, '{');
	if (view)
		buf_printf(p->b, "\"changedViewsById\":{\"%s\":{", t->view_id);
	for (int kind = SIM_ROW_CREATED; kind <= SIM_ROW_DESTROYED; kind++)
		add_kind(p, t, (enum sim_change_kind)kind);
	if (view)
		buf_add_cstr(p->b, "}}");
	for (int kind = SIM_FIELD_CREATED; kind <= SIM_FIELD_DESTROYED; kind++)
		add_kind(p, t, (enum sim_change_kind)kind);
	add_kind(p, t, SIM_TABLE_CHANGED);
	buf_add_char(p->b, '}');
}

/* A table of its own, as far as the webhook's data types go. */
static void
add_created_table(const struct sim_part *p, const struct sim_table *t)
{
	unsigned types = p->v->spec->data_types;

	json_name(p->b, t->id);
	buf_add_char(p->b, '{');
	if (types & SIM_TABLE_METADATA)
		add_metadata(p->b, "metadata", t->name, t->description);
	if (types & SIM_TABLE_FIELDS) {
		json_name(p->b, "fieldsById");
		buf_add_char(p->b, '{');
		for (size_t f = 0; f < t->field_count; f++)
			add_field_definition(p->b, &t->fields[f]);
		buf_add_char(p->b, '}');
	}
	if (types & SIM_TABLE_DATA) {
		json_name(p->b, "recordsById");
		buf_add_char(p->b, '{');
		for (uint32_t i = 0; i < t->row_count; i++)
			if (!t->rows[i].deleted)
				add_new_row(p, t, i);
		buf_add_char(p->b, '}');
	}
	buf_add_char(p->b, '}');
}

/* Is there, among the first ${n} of the part, a change of the table's contents? */
static bool
table_seen(const struct sim_part *p, size_t n, const struct sim_table *t)
{
	for (size_t i = p->from; i < n; i++) {
		const struct sim_change *c = p->v->list[i];

		if (c->table == t && c->kind != SIM_TABLE_CREATED && c->kind != SIM_TABLE_DESTROYED)
			return true;
	}
	return false;
}

static void
add_changed_tables(const struct sim_part *p)
{
	const struct sim_table *last = NULL;
	bool open = false;

	for (size_t i = p->from; i < p->to; i++) {
		const struct sim_table *t = p->v->list[i]->table;

		if (t == last || !table_seen(p, i + 1, t) || table_seen(p, i, t))
			continue;
		last = t;	/* most actions stay in one table */
		if (!open)
			buf_add_cstr(p->b, ",\"changedTablesById\":{");
		open = true;
		add_changed_table(p, t);
	}
	if (open)
		buf_add_char(p->b, '}');
}

static void
add_other_tables(const struct sim_part *p, enum sim_change_kind kind)
{
	bool created = kind == SIM_TABLE_CREATED, open = false;

	for (size_t i = p->from; i < p->to; i++) {
		const struct sim_change *c = p->v->list[i];

		if (c->kind != kind)
			continue;
		if (!open)
			buf_add_cstr(p->b, created ? ",\"createdTablesById\":{" :
			    ",\"destroyedTableIds\":[");
		open = true;
		if (created) {
			add_created_table(p, c->table);
		} else {
			json_next(p->b);
			json_add_string(p->b, str_of(c->table->id));
		}
	}
	if (open)
		buf_add_char(p->b, created ? '}' : ']');
}

static void
add_metadata_of_action(struct buf *b, const struct sim_action *a)
{
	json_name(b, "actionMetadata");
	buf_add_char(b, '{');
	json_member_string(b, "source", str_of(sim_source_name(a->source)));
	if (a->user.name[0] != '\0') {
		buf_add_cstr(b, ",\"sourceMetadata\":{\"user\":{");
		json_member_string(b, "id", str_of(a->user.id));
		json_member_string(b, "email", str_of(a->user.email));
		json_member_string(b, "permissionLevel", STR("create"));
		json_member_string(b, "name", str_of(a->user.name));
		json_member_string(b, "profilePicUrl",
		    STR("https://static.example.com/images/userIcons/user_icon_1.png"));
		buf_add_cstr(b, "}}");
	}
	buf_add_char(b, '}');
}

void
sim_payload_compose(const struct sim_part *p)
{
	struct buf *b = p->b;

	buf_add_char(b, '{');
	json_member_instant(b, "timestamp", p->v->a->now_ms);
	json_member_uint(b, "baseTransactionNumber", p->v->transaction);
	json_member_string(b, "payloadFormat", STR("v0"));
	add_metadata_of_action(b, p->v->a);
	add_changed_tables(p);
	add_other_tables(p, SIM_TABLE_CREATED);
	add_other_tables(p, SIM_TABLE_DESTROYED);
	buf_add_char(b, '}');
}
