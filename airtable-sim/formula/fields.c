#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/tree.h"

#define LEVELS_MAX	8	/* formula fields that refer to formula fields */

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

/* A list's items; links are the names of their records. */
static struct fvalue
list_value(struct feval *e, const struct sim_field *f, const cJSON *list)
{
	size_t n = (size_t)cJSON_GetArraySize(list), i = 0;
	struct fvalue *items = (void *)feval_alloc(e, (n + 1) * sizeof(*items));
	const cJSON *item;

	if (items == NULL)
		return fvalue_error();
	cJSON_ArrayForEach(item, list) {
		items[i] = json_value(e, item);
		if (f->type == SIM_LINKS && cJSON_IsString(item)) {
			struct buf name = { 0 };

			sim_linked_name(&name, f, str_of(item->valuestring));
			items[i] = feval_keep(e, &name);
		}
		i++;
	}
	return (struct fvalue){ .kind = FV_LIST, .items = items, .count = n };
}

static struct fvalue
stored_json(struct feval *e, const struct sim_field *f, const struct sim_cell *c)
{
	cJSON *json = cJSON_ParseWithLength(c->text, c->len);
	struct buf b = { 0 };
	struct fvalue v;

	if (cJSON_IsArray(json)) {
		v = list_value(e, f, json);
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
	case SIM_JSON:
	case SIM_NEW_LINKS:
		return stored_json(e, f, c);
	}
	return fvalue_error();
}

struct fvalue
feval_field(struct feval *e, size_t place)
{
	const struct sim_field *f = &e->context->table->fields[place];
	const struct sim_cell *c = sim_row_cell(e->context->row, place);
	const struct formula *outer = e->formula;
	struct fvalue v;

	if (f->removed)
		return fvalue_error();
	if (c->kind != SIM_EMPTY || !sim_type_is_computed(f->type))
		return stored_value(e, f, c);
	switch (f->type) {
	case SIM_CREATED_TIME:
		return fvalue_date(e->context->row->created_ms);
	case SIM_LAST_MODIFIED_TIME:
		return fvalue_date(e->context->modified_ms);
	default:
		break;
	}
	if (f->formula == NULL || e->level == LEVELS_MAX)
		return fvalue_error();
	e->formula = f->formula;
	e->level++;
	v = feval_node(e, f->formula->root);
	e->level--;
	e->formula = outer;
	return v;
}
