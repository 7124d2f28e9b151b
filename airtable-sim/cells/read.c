#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/cells/locale.h"
#include "common/base/hash.h"
#include "common/base/instant.h"
#include "common/base/json_write.h"

#define CELL_TEXT_MAX	100000	/* characters in one text cell */
#define DAY_MS		INT64_C(86400000)

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;	/* a character's first byte */
	return n;
}

static bool
is_empty_text(const cJSON *v)
{
	return cJSON_IsString(v) && v->valuestring[0] == '\0';
}

enum sim_cell_fault
sim_read_text(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	(void)r;
	if (!cJSON_IsString(v) || characters(str_of(v->valuestring)) > CELL_TEXT_MAX)
		return SIM_CELL_TYPE;
	if (is_empty_text(v))
		return SIM_CELL_OK;
	return sim_cell_text(cell, str_of(v->valuestring)) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

enum sim_cell_fault
sim_read_number(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	(void)r;
	if (!cJSON_IsNumber(v) || !isfinite(v->valuedouble))
		return SIM_CELL_TYPE;
	*cell = (struct sim_cell){ .kind = SIM_NUM, .number = v->valuedouble };
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_read_rating(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	double d = cJSON_IsNumber(v) ? v->valuedouble : -1;

	if (!(d >= 0) || d > r->field->max || d != floor(d))
		return SIM_CELL_TYPE;
	if (d > 0)
		*cell = (struct sim_cell){ .kind = SIM_NUM, .number = d };
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_read_checkbox(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	(void)r;
	if (!cJSON_IsBool(v))
		return SIM_CELL_TYPE;
	cell->kind = cJSON_IsTrue(v) ? SIM_TRUE : SIM_EMPTY;
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_read_date(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	struct sim_date_style style = { .zone = str_of(r->field->zone), .now_ms = r->now_ms };
	int64_t ms, local_ms;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (is_empty_text(v))
		return SIM_CELL_OK;
	if (instant_parse(str_of(v->valuestring), &ms) != ERR_OK ||
	    !sim_date_guess(str_of(v->valuestring), &style, &ms, &local_ms))
		return SIM_CELL_PARSE;
	if (r->field->type == SIM_DATE)
		ms = local_ms - ((local_ms % DAY_MS) + DAY_MS) % DAY_MS;
	*cell = (struct sim_cell){ .kind = SIM_INSTANT, .instant = ms };
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_read_choice(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	int place;

	if (!cJSON_IsString(v))
		return SIM_CELL_TYPE;
	if (is_empty_text(v))
		return SIM_CELL_OK;
	if ((place = sim_field_choice(r->field, str_of(v->valuestring))) < 0)
		return SIM_CELL_OPTION;
	*cell = (struct sim_cell){ .kind = SIM_CHOICE, .choice = (uint32_t)place };
	return SIM_CELL_OK;
}

/* A list as it is; an empty one is an empty cell. */
static enum sim_cell_fault
keep_list(const cJSON *list, struct sim_cell *cell)
{
	if (list->child == NULL)
		return SIM_CELL_OK;
	return sim_cell_read_raw(list, cell) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

enum sim_cell_fault
sim_read_choices(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return SIM_CELL_TYPE;
	cJSON_ArrayForEach(item, v) {
		if (!cJSON_IsString(item) || is_empty_text(item))
			return SIM_CELL_TYPE;
		if (sim_field_choice(r->field, str_of(item->valuestring)) < 0)
			return SIM_CELL_OPTION;
	}
	return keep_list(v, cell);
}

/* The record that the item names, once. */
static enum sim_cell_fault
add_link(const struct sim_table *to, const cJSON *item, uint32_t *slots, uint32_t *n)
{
	uint32_t slot;

	if (!cJSON_IsString(item))
		return SIM_CELL_NOT_IDS;
	if (!sim_id_valid(str_of(item->valuestring), "rec"))
		return SIM_CELL_BAD_ID;
	slot = sim_table_row(to, str_of(item->valuestring));
	if (slot == SIM_NO_ROW || to->rows[slot].deleted)
		return SIM_CELL_NO_ROW;
	for (uint32_t i = 0; i < *n; i++)
		if (slots[i] == slot)
			return SIM_CELL_OK;
	slots[(*n)++] = slot;
	return SIM_CELL_OK;
}

enum sim_cell_fault
sim_read_links(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	const struct sim_table *to = r->field->linked;
	enum sim_cell_fault fault = SIM_CELL_OK;
	const cJSON *item;
	uint32_t *slots, n = 0;

	if (to == NULL || to->removed)
		return SIM_CELL_TYPE;
	if (!cJSON_IsArray(v))
		return SIM_CELL_NOT_IDS;
	if ((slots = malloc(((size_t)cJSON_GetArraySize(v) + 1) * sizeof(*slots))) == NULL)
		return SIM_CELL_NOMEM;
	cJSON_ArrayForEach(item, v)
		if (fault == SIM_CELL_OK)
			fault = add_link(to, item, slots, &n);
	if (fault == SIM_CELL_OK && n > 0)
		*cell = (struct sim_cell){ .kind = SIM_LINKED, .len = n, .links = slots };
	else
		free(slots);
	return fault;
}

enum sim_cell_fault
sim_read_barcode(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(v, "text");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(v, "type");

	(void)r;
	if (!cJSON_IsString(text) || (type != NULL && !cJSON_IsString(type) && !cJSON_IsNull(type)) ||
	    cJSON_GetArraySize(v) > 2)
		return SIM_CELL_TYPE;
	if (is_empty_text(text))
		return SIM_CELL_OK;
	return sim_cell_read_raw(v, cell) ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

void
sim_add_user(struct buf *b, const struct sim_user *user)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(user->id));
	json_member_string(b, "email", str_of(user->email));
	json_member_string(b, "name", str_of(user->name));
	buf_add_char(b, '}');
}

/* Who the object names by "id" or "email"; NULL: nobody. */
static const struct sim_user *
user_of(const struct sim_reading *r, const cJSON *v)
{
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, "id"));
	const char *email = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, "email"));

	return id == NULL && email == NULL ? NULL :
	    sim_base_user(r->base, str_of(id != NULL ? id : email));
}

/* The JSON in ${json} is the cell; it is freed. */
static enum sim_cell_fault
keep_json(struct buf *json, struct sim_cell *cell)
{
	bool kept = buf_status(json) == ERR_OK && sim_cell_text(cell, buf_str(json));

	buf_free(json);
	cell->kind = kept ? SIM_JSON : SIM_EMPTY;
	return kept ? SIM_CELL_OK : SIM_CELL_NOMEM;
}

enum sim_cell_fault
sim_read_collaborator(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	const struct sim_user *user = user_of(r, v);
	struct buf json = { 0 };

	if (user == NULL)
		return SIM_CELL_TYPE;
	sim_add_user(&json, user);
	return keep_json(&json, cell);
}

enum sim_cell_fault
sim_read_collaborators(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	bool listed[SIM_COLLABORATORS_MAX] = { false };
	struct buf json = { 0 };
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return SIM_CELL_TYPE;
	buf_add_char(&json, '[');
	cJSON_ArrayForEach(item, v) {
		const struct sim_user *user = user_of(r, item);

		if (user == NULL) {
			buf_free(&json);
			return SIM_CELL_TYPE;
		}
		if (listed[user - r->base->collaborators])
			continue;
		listed[user - r->base->collaborators] = true;
		json_next(&json);
		sim_add_user(&json, user);
	}
	buf_add_char(&json, ']');
	if (v->child != NULL)
		return keep_json(&json, cell);
	buf_free(&json);
	return SIM_CELL_OK;
}

/* The last part of a URL's path. */
static struct str
name_in_url(const char *url)
{
	const char *path = strstr(url, "://"), *slash;
	size_t n;

	path = path == NULL ? url : path + 3;
	n = strcspn(path, "?#");
	for (slash = path + n; slash > path && slash[-1] != '/'; slash--)
		;
	return (struct str){ slash, n - (size_t)(slash - path) };
}

/* A new attachment; its id is made of its address, so that the same is the same again. */
static void
add_attachment(struct buf *b, const char *url, const char *filename)
{
	struct sim_random random = { hash_add(1, url, strlen(url)) };
	char id[SIM_ID_SIZE];

	sim_random_id(&random, "att", id);
	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(id));
	json_member_string(b, "url", str_of(url));
	json_member_string(b, "filename", filename != NULL ? str_of(filename) : name_in_url(url));
	buf_add_char(b, '}');
}

/* One that the cell has, named by its id alone: it stays.  False: it has none of that id. */
static bool
keep_attachment(struct buf *b, const cJSON *old, const char *id)
{
	const cJSON *item;
	char *json;

	cJSON_ArrayForEach(item, old) {
		const char *has = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));

		if (has == NULL || id == NULL || strcmp(has, id) != 0)
			continue;
		if ((json = cJSON_PrintUnformatted(item)) == NULL)
			return false;
		json_next(b);
		buf_add_cstr(b, json);
		cJSON_free(json);
		return true;
	}
	return false;
}

enum sim_cell_fault
sim_read_attachments(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	bool has = r->old != NULL && r->old->kind == SIM_JSON;
	cJSON *old = has ? cJSON_ParseWithLength(r->old->text, r->old->len) : NULL;
	struct buf json = { 0 };
	enum sim_cell_fault fault = cJSON_IsArray(v) ? SIM_CELL_OK : SIM_CELL_TYPE;
	const cJSON *item;

	buf_add_char(&json, '[');
	cJSON_ArrayForEach(item, v) {
		const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "url"));

		if (keep_attachment(&json, old,
		    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"))))
			continue;
		if (url == NULL || strstr(url, "://") == NULL) {
			fault = SIM_CELL_TYPE;
			break;
		}
		add_attachment(&json, url,
		    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "filename")));
	}
	buf_add_char(&json, ']');
	if (fault == SIM_CELL_OK && v->child != NULL) {
		if (buf_status(&json) != ERR_OK || !sim_cell_text(cell, buf_str(&json)))
			fault = SIM_CELL_NOMEM;
		else
			cell->kind = SIM_JSON;
	}
	cJSON_Delete(old);
	buf_free(&json);
	return fault;
}

enum sim_cell_fault
sim_cell_read(const struct sim_reading *r, const cJSON *v, struct sim_cell *cell)
{
	const struct sim_kind *kind = sim_kind_of(r->field->type);
	enum sim_cell_fault fault;

	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (kind->read == NULL)
		return SIM_CELL_COMPUTED;
	if (cJSON_IsNull(v))
		return SIM_CELL_OK;
	fault = kind->read(r, v, cell);
	if (fault == SIM_CELL_OK || fault == SIM_CELL_NOMEM || !r->typecast || kind->cast == NULL)
		return fault;
	sim_cell_free(cell);
	return kind->cast(r, v, cell);
}
