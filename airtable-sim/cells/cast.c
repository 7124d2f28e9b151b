#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cells/casts.h"
#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/cells/locale.h"
#include "common/base/json_write.h"

#define DAY_MS	INT64_C(86400000)

/* What typecast could not make sense of. */
static enum sim_cell_fault
vague(const struct sim_reading *r)
{
	return r->cast_refuses ? SIM_CELL_TYPE : SIM_CELL_OK;
}

/* A text, number or box as text; false: it is none of them. */
static bool
add_scalar(struct buf *b, const cJSON *v)
{
	if (cJSON_IsString(v))
		buf_add_cstr(b, v->valuestring);
	else if (cJSON_IsNumber(v))
		sim_number_add(b, v->valuedouble);
	else if (cJSON_IsBool(v))
		buf_add_cstr(b, cJSON_IsTrue(v) ? "true" : "false");
	else
		return false;
	return true;
}

/* A scalar, or a list of them with ", " between; false: it is neither. */
static bool
add_text(struct buf *b, const cJSON *v)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return add_scalar(b, v);
	cJSON_ArrayForEach(item, v) {
		if (item != v->child)
			buf_add_cstr(b, ", ");
		if (!add_scalar(b, item))
			return false;
	}
	return true;
}

/* Read the text in ${b} as if it had been sent, and free ${b}. */
static enum sim_cell_fault
read_as_text(const struct sim_reading *r, struct buf *b, sim_read_fn *read, struct sim_cell *cell)
{
	enum sim_cell_fault fault = SIM_CELL_NOMEM;
	cJSON *text = buf_status(b) == ERR_OK ? cJSON_CreateString(buf_cstr(b)) : NULL;

	if (text != NULL)
		fault = read(r, text, cell);
	cJSON_Delete(text);
	buf_free(b);
	return fault;
}

/* The JSON in ${b} is the cell; ${b} is freed. */
static enum sim_cell_fault
keep_json(struct buf *b, enum sim_cell_kind kind, struct sim_cell *cell)
{
	bool kept = buf_status(b) == ERR_OK && sim_cell_text(cell, buf_str(b));

	buf_free(b);
	cell->kind = (uint8_t)(kept ? kind : SIM_EMPTY);
	return kept ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

enum sim_cell_fault
sim_cast_to_text(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct buf b = { 0 };

	if (add_text(&b, v))
		return read_as_text(r, &b, sim_read_text, cell);
	buf_free(&b);
	return SIM_CELL_TYPE;
}

static void
set_number(struct sim_cell *cell, double d)
{
	*cell = (struct sim_cell){ .kind = SIM_NUM, .number = d };
}

enum sim_cell_fault
sim_cast_to_number(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	bool percent, rating = r->field->type == SIM_RATING;
	double d;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (!sim_cast_number(str_of(v->valuestring), &d, &percent))
		return sim_trim(str_of(v->valuestring)).len == 0 ? SIM_CELL_OK : vague(r);
	if (percent)
		d /= 100;
	if (rating && (d < 0 || d > r->field->max || d != floor(d)))
		return vague(r);
	if (!rating || d > 0)
		set_number(cell, d);
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_percent(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	bool percent;
	double d;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (!sim_cast_number(str_of(v->valuestring), &d, &percent))
		return sim_trim(str_of(v->valuestring)).len == 0 ? SIM_CELL_OK : vague(r);
	set_number(cell, percent || !r->bare_fraction ? d / 100 : d);
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_duration(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	double seconds;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (!sim_cast_duration(str_of(v->valuestring), r->field->duration_format, &seconds))
		return sim_trim(str_of(v->valuestring)).len == 0 ? SIM_CELL_OK : vague(r);
	set_number(cell, seconds);
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_checkbox(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	bool checked = false;

	if (cJSON_IsNumber(v))
		checked = v->valuedouble != 0;
	else if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	else if (!sim_cast_checkbox(str_of(v->valuestring), &checked))
		return sim_trim(str_of(v->valuestring)).len == 0 ? SIM_CELL_OK : vague(r);
	cell->kind = checked ? SIM_TRUE : SIM_EMPTY;
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_date(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct sim_date_style style = {
		.day_first = r->field->date_format == SIM_EUROPEAN,
		.zone = str_of(r->field->zone), .now_ms = r->now_ms
	};
	int64_t ms, local_ms;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (!sim_date_guess(str_of(v->valuestring), &style, &ms, &local_ms))
		return sim_trim(str_of(v->valuestring)).len == 0 ? SIM_CELL_OK :
		    r->cast_refuses ? SIM_CELL_PARSE : SIM_CELL_OK;
	if (r->field->type == SIM_DATE)
		ms = local_ms - ((local_ms % DAY_MS) + DAY_MS) % DAY_MS;
	*cell = (struct sim_cell){ .kind = SIM_INSTANT, .instant = ms };
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_choice(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct buf b = { 0 };
	struct str name;
	int place;
	enum sim_cell_fault fault = SIM_CELL_OK;

	if (cJSON_IsArray(v) && cJSON_GetArraySize(v) == 1)
		v = v->child;
	if (!add_scalar(&b, v) || buf_status(&b) != ERR_OK) {
		fault = buf_status(&b) == ERR_OK ? SIM_CELL_TYPE : SIM_CELL_NOMEM;
		buf_free(&b);
		return fault;
	}
	name = sim_trim(buf_str(&b));
	if ((place = sim_field_choice(r->field, name)) >= 0) {
		*cell = (struct sim_cell){ .kind = SIM_CHOICE, .choice = (uint32_t)place };
	} else if (name.len > 0) {
		if (sim_cell_text(cell, name))
			cell->kind = SIM_NEW_CHOICE;
		else
			fault = SIM_CELL_NOMEM;
	}
	buf_free(&b);
	return fault;
}

/* ---- lists ---------------------------------------------------------------------------- */
/* What is done with each item of a list, or of a text with commas. */
struct items {
	const struct sim_reading	*r;
	struct buf			 json;	/* the list that comes out */
	size_t				 count;
	enum sim_cell_kind		 kind;	/* of the cell */
	enum sim_cell_fault		(*each)(struct items *, struct str);
};

static enum sim_cell_fault
each_of_text(struct items *list, struct str text)
{
	enum sim_cell_fault fault = SIM_CELL_OK;
	struct buf item = { 0 };

	while (fault == SIM_CELL_OK && sim_cast_item(&text, &item))
		fault = list->each(list, buf_str(&item));
	buf_free(&item);
	return fault;
}

static enum sim_cell_fault
each_of_list(struct items *list, const cJSON *v)
{
	enum sim_cell_fault fault = SIM_CELL_OK;
	const cJSON *item;

	cJSON_ArrayForEach(item, v) {
		struct buf text = { 0 };

		if (fault == SIM_CELL_OK)
			fault = add_scalar(&text, item) ? SIM_CELL_OK : SIM_CELL_TYPE;
		if (fault == SIM_CELL_OK && sim_trim(buf_str(&text)).len > 0)
			fault = list->each(list, sim_trim(buf_str(&text)));
		buf_free(&text);
	}
	return fault;
}

/* All items of ${v}, put down as the cell. */
static enum sim_cell_fault
cast_list(struct items *list, const cJSON *v, struct sim_cell *cell)
{
	enum sim_cell_fault fault = SIM_CELL_TYPE;

	buf_add_char(&list->json, '[');
	if (cJSON_IsString(v))
		fault = each_of_text(list, str_of(v->valuestring));
	else if (cJSON_IsArray(v))
		fault = each_of_list(list, v);
	buf_add_char(&list->json, ']');
	if (fault == SIM_CELL_OK && list->count > 0)
		return keep_json(&list->json, list->kind, cell);
	buf_free(&list->json);
	return fault;
}

/* Is the string among those that the list has? */
static bool
is_listed(const struct items *list, struct str json)
{
	return list->json.len > 0 &&
	    memmem(list->json.data, list->json.len, json.ptr, json.len) != NULL;
}

static enum sim_cell_fault
add_choice(struct items *list, struct str name)
{
	struct buf json = { 0 };
	enum sim_cell_fault fault = SIM_CELL_OK;

	json_add_string(&json, name);
	if (buf_status(&json) != ERR_OK) {
		fault = SIM_CELL_NOMEM;
	} else if (!is_listed(list, buf_str(&json))) {
		json_next(&list->json);
		buf_add_str(&list->json, buf_str(&json));
		list->count++;
	}
	buf_free(&json);
	return fault;
}

enum sim_cell_fault
sim_cast_to_choices(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct items list = { .r = r, .kind = SIM_JSON, .each = add_choice };

	return cast_list(&list, v, cell);
}

uint32_t
sim_linked_row(const struct sim_table *t, struct str name)
{
	struct buf text = { 0 };
	uint32_t slot;

	for (slot = 0; slot < t->row_count; slot++) {
		if (t->rows[slot].deleted)
			continue;
		buf_clear(&text);
		sim_row_name(&text, t, slot);
		if (text.len > 0 && str_eq(buf_str(&text), name))
			break;
	}
	buf_free(&text);
	return slot < t->row_count ? slot : SIM_NO_ROW;
}

/* A record by its id or by what its primary cell reads, or one that is to be made. */
static enum sim_cell_fault
add_link(struct items *list, struct str name)
{
	const struct sim_table *to = list->r->field->linked;
	bool is_id = sim_id_valid(name, "rec");
	uint32_t slot = is_id ? sim_table_row(to, name) : sim_linked_row(to, name);

	if (is_id && (slot == SIM_NO_ROW || to->rows[slot].deleted))
		return SIM_CELL_NO_ROW;
	if (slot != SIM_NO_ROW && is_listed(list, (struct str){ to->rows[slot].id, SIM_ID_LEN }))
		return SIM_CELL_OK;
	list->count++;
	json_next(&list->json);
	if (slot != SIM_NO_ROW) {
		json_add_string(&list->json, str_of(to->rows[slot].id));
	} else {
		buf_add_char(&list->json, '{');
		json_member_string(&list->json, "name", name);
		buf_add_char(&list->json, '}');
	}
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_cast_to_links(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct items list = { .r = r, .kind = SIM_NEW_LINKS, .each = add_link };

	if (r->field->linked == NULL || r->field->linked->removed)
		return SIM_CELL_TYPE;
	return cast_list(&list, v, cell);
}

/* ---- objects -------------------------------------------------------------------------- */
enum sim_cell_fault
sim_cast_to_barcode(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct buf text = { 0 }, json = { 0 };
	bool scalar = add_scalar(&text, v), empty = text.len == 0;

	(void)r;
	buf_add_char(&json, '{');
	json_member_string(&json, "text", buf_str(&text));
	buf_add_char(&json, '}');
	buf_free(&text);
	if (scalar && !empty)
		return keep_json(&json, SIM_JSON, cell);
	buf_free(&json);
	return scalar ? SIM_CELL_OK : SIM_CELL_TYPE;
}

enum sim_cell_fault
sim_cast_to_collaborator(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct str text = sim_trim(str_of(cJSON_GetStringValue(v)));
	const struct sim_user *user = sim_base_user(r->base, text);
	cJSON *object;
	enum sim_cell_fault fault = SIM_CELL_NOMEM;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (user == NULL)
		return text.len == 0 ? SIM_CELL_OK : vague(r);
	if ((object = cJSON_CreateObject()) != NULL &&
	    cJSON_AddStringToObject(object, "id", user->id) != NULL)
		fault = sim_read_collaborator(r, object, cell);
	cJSON_Delete(object);
	return fault;
}

static enum sim_cell_fault
add_person(struct items *list, struct str text)
{
	const struct sim_user *user = sim_base_user(list->r->base, text);

	if (user == NULL)
		return vague(list->r);
	if (is_listed(list, str_of(user->id)))
		return SIM_CELL_OK;
	list->count++;
	json_next(&list->json);
	sim_add_user(&list->json, user);
	return SIM_CELL_OK;
}

/* Names and addresses with commas between, or a list of them. */
enum sim_cell_fault
sim_cast_to_collaborators(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct items list = { .r = r, .kind = SIM_JSON, .each = add_person };

	return cast_list(&list, v, cell);
}

/* Addresses with commas between. */
enum sim_cell_fault
sim_cast_to_attachments(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct str text = str_of(cJSON_GetStringValue(v));
	cJSON *list, *object;
	struct buf url = { 0 };
	enum sim_cell_fault fault;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if ((list = cJSON_CreateArray()) == NULL)
		return SIM_CELL_NOMEM;
	while (sim_cast_item(&text, &url)) {
		if ((object = cJSON_CreateObject()) == NULL)
			break;
		(void)cJSON_AddStringToObject(object, "url", buf_cstr(&url));	/* without it, it is refused */
		(void)cJSON_AddItemToArray(list, object);
	}
	buf_free(&url);
	fault = sim_read_attachments(r, list, cell);
	cJSON_Delete(list);
	return fault == SIM_CELL_TYPE ? vague(r) : fault;
}
