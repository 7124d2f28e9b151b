#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/tree.h"
#include "common/base/vec.h"


static struct fvalue
json_value(struct feval *e, const cJSON *v)
{
	struct buf b = { 0 };

	if (cJSON_IsNumber(v))
		return fvalue_number(v->valuedouble);
	if (cJSON_IsBool(v))
		return fvalue_number(cJSON_IsTrue(v));
	if (!cJSON_IsString(v))
		return (struct fvalue){ .kind = FV_BLANK };
	buf_add_cstr(&b, v->valuestring);
	return feval_keep(e, &b);
}

static struct fvalue
list_value(struct feval *e, const cJSON *list)
{
	size_t n = (size_t)cJSON_GetArraySize(list), i = 0;
	struct fvalue *items = feval_items(e, n);
	const cJSON *item;

	if (items == NULL)
		return fvalue_error();
	cJSON_ArrayForEach(item, list)
		items[i++] = json_value(e, item);
	return (struct fvalue){ .kind = FV_LIST, .items = items, .count = n };
}

/* Lookups of lookups multiply, and may come back to where they began. */
static bool
may_read(struct feval *e, size_t n)
{
	if (e->level > 1)
		e->reads += (unsigned)n;
	return e->reads <= FORMULA_READS_MAX;
}

/* What a field of another record holds. */
static struct fvalue
linked_value(struct feval *e, const struct sim_table *linked, uint32_t slot, size_t place)
{
	const struct formula_context *outer = e->context;
	struct formula_context context = { .table = linked, .row = &linked->rows[slot],
	    .modified_ms = linked->rows[slot].modified_ms, .now_ms = outer->now_ms };
	struct fvalue v;

	e->context = &context;
	v = feval_field(e, place);
	e->context = outer;
	return v;
}

/* The names of the records that the cell links to. */
static struct fvalue
linked_names(struct feval *e, const struct sim_field *f, const struct sim_cell *c)
{
	struct fvalue *items = feval_items(e, c->len);
	struct str name;

	if (items == NULL || e->level == FORMULA_LEVELS_MAX || !may_read(e, c->len))
		return fvalue_error();
	e->level++;
	for (uint32_t i = 0; i < c->len; i++) {
		struct fvalue v = linked_value(e, f->linked, c->links[i], 0);

		items[i] = fvalue_as_text(e, &v, &name) ? fvalue_text(name) : fvalue_error();
	}
	e->level--;
	return (struct fvalue){ .kind = FV_LIST, .items = items, .count = c->len };
}

static struct fvalue
stored_json(struct feval *e, const struct sim_field *f, const struct sim_cell *c)
{
	cJSON *json = cJSON_ParseWithLength(c->text, c->len);
	struct buf b = { 0 };
	struct fvalue v;

	if (cJSON_IsArray(json)) {
		v = list_value(e, json);
	} else {
		sim_cell_plain(&b, f, c);
		v = feval_keep(e, &b);
	}
	cJSON_Delete(json);
	return v;
}

static struct fvalue
stored_value(struct feval *e, const struct sim_field *f, const struct sim_cell *c)
{
	switch ((enum sim_cell_kind)c->kind) {
	case SIM_EMPTY:
		return (struct fvalue){ .kind = FV_BLANK };
	case SIM_TRUE:
		return fvalue_number(1);
	case SIM_NUM:
		return fvalue_number(c->number);
	case SIM_INSTANT:
		return fvalue_date(c->instant);
	case SIM_CHOICE:
		return fvalue_text(str_of(f->choices[c->choice].name));
	case SIM_TEXT:
	case SIM_NEW_CHOICE:
		return fvalue_text((struct str){ c->text, c->len });
	case SIM_LINKED:
		return linked_names(e, f, c);
	case SIM_JSON:
	case SIM_NEW_LINKS:
		return stored_json(e, f, c);
	}
	return fvalue_error();
}

/* ---- computed ------------------------------------------------------------------------- */
/* What was looked up, while it is being gathered. */
struct found {
	struct fvalue	*items;
	size_t		 count, capacity;
	bool		 blanks;	/* blank cells are items too */
};

/* A value, or each of a list.  False: out of memory. */
static bool
add_found(struct found *all, const struct fvalue *v)
{
	if (v->kind == FV_LIST) {
		for (size_t i = 0; i < v->count; i++)
			if (!add_found(all, &v->items[i]))
				return false;
		return true;
	}
	if (v->kind == FV_BLANK && !all->blanks)
		return true;
	if (!vec_room(&all->items, all->count, &all->capacity))
		return false;
	all->items[all->count++] = *v;
	return true;
}

/* What the field finds in the linked records, as one list. */
static struct fvalue
look_up(struct feval *e, const struct sim_field *f, bool blanks)
{
	const struct sim_table *t = e->context->table;
	struct found all = { .blanks = blanks };
	struct fvalue *items = NULL;
	const uint32_t *links;
	bool ok = true;
	size_t n;

	if (!sim_field_follows(t, f))
		return fvalue_error();
	links = sim_links(sim_row_cell(e->context->row, f->via - 1u), &n);
	if (!may_read(e, n))
		return fvalue_error();
	for (size_t i = 0; i < n && ok; i++) {
		struct fvalue v = linked_value(e, t->fields[f->via - 1].linked, links[i], f->target);

		ok = add_found(&all, &v);
	}
	if (ok && (items = feval_items(e, all.count)) != NULL && all.count > 0)
		memcpy(items, all.items, all.count * sizeof(*items));
	free(all.items);
	return items == NULL ? fvalue_error() :
	    (struct fvalue){ .kind = FV_LIST, .items = items, .count = all.count };
}

/* The result of another field's formula, with what a rollup looked up. */
static struct fvalue
work_out(struct feval *e, const struct sim_field *f)
{
	const struct formula *outer = e->formula;
	struct fvalue values = e->values, v = { .kind = FV_BLANK };

	if (f->type == SIM_ROLLUP)
		v = look_up(e, f, true);
	if (f->formula == NULL || v.kind == FV_ERROR)
		return f->type == SIM_ROLLUP ? v : fvalue_error();
	e->values = v;
	e->formula = f->formula;
	v = feval_node(e, f->formula->root);
	e->formula = outer;
	e->values = values;
	return v;
}

static struct fvalue
person(const struct sim_table *t, uint8_t place)
{
	return fvalue_text(str_of(t->base->collaborators[place].name));
}

static struct fvalue
computed_value(struct feval *e, const struct sim_field *f)
{
	const struct sim_table *t = e->context->table;
	const struct sim_row *row = e->context->row;
	size_t n;

	switch (f->type) {
	case SIM_CREATED_TIME:
		return fvalue_date(row->created_ms);
	case SIM_LAST_MODIFIED_TIME:
		return fvalue_date(e->context->modified_ms);
	case SIM_CREATED_BY:
		return person(t, row->created_by);
	case SIM_LAST_MODIFIED_BY:
		return person(t, row->modified_by);
	case SIM_AUTO_NUMBER:
		return fvalue_number((double)(row - t->rows) + 1);
	case SIM_COUNT:
		if (!sim_field_follows(t, f))
			return fvalue_error();
		(void)sim_links(sim_row_cell(row, f->via - 1u), &n);
		return fvalue_number((double)n);
	case SIM_LOOKUP:
		return look_up(e, f, false);
	case SIM_BUTTON:
	case SIM_SYNC_SOURCE:
		return (struct fvalue){ .kind = FV_BLANK };
	default:
		return work_out(e, f);
	}
}

struct fvalue
feval_field(struct feval *e, size_t place)
{
	const struct sim_field *f = &e->context->table->fields[place];
	const struct sim_cell *c = sim_row_cell(e->context->row, place);
	struct fvalue v;

	if (f->removed)
		return fvalue_error();
	if (c->kind != SIM_EMPTY || !sim_type_is_computed(f->type))
		return stored_value(e, f, c);
	if (e->level == FORMULA_LEVELS_MAX)
		return fvalue_error();
	e->level++;
	v = computed_value(e, f);
	e->level--;
	return v;
}
