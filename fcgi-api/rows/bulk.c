#include "fcgi-api/rows/row_body.h"
#include "fcgi-api/rows/words.h"
#include "fcgi-api/rows/writing.h"

static void
take_id(struct writing *w, struct target *t, const cJSON *m, struct field_errors *errors)
{
	size_t len = cJSON_IsString(m) ? strlen(m->valuestring) : 0;

	if (len == 0 || len > REQUEST_ID_BYTES_MAX)
		field_errors_add(errors, STR("id"), "must be a text of 1 to %d bytes",
		    REQUEST_ID_BYTES_MAX);
	else
		target_name(w, t, (struct str){ m->valuestring, len });
}

static void
take_version(struct api *api, struct message_item *item, const cJSON *m)
{
	double v = cJSON_IsNumber(m) ? m->valuedouble : 0;

	if (!(v >= 1 && v <= (double)MESSAGE_NUMBER_MAX) || v != (double)(uint64_t)v)
		field_errors_add(&api->errors, STR("version"), "must be the version of %s %s",
		    noun_article(api->table), schema_noun(api->table));
	else
		item->version = (uint64_t)v;
}

/* {"id":...,"<field>"?:...,"version"?:...}; what is wrong with it is its own problem. */
static void
read_update(struct api *api, struct writing *w, size_t i, const cJSON *update)
{
	struct message_item *item = &api->message.items[i];
	struct target *t = &w->targets[i];
	const char *detail = NULL;
	struct buf list = { 0 };
	const cJSON *object = cJSON_IsObject(update) ? update : NULL, *m;

	if (object == NULL)
		detail = "an update must be an object";
	else if (cJSON_GetObjectItemCaseSensitive(object, "id") == NULL)
		field_errors_add(&api->errors, STR("id"), "is missing");
	cJSON_ArrayForEach(m, object) {
		if (strcmp(m->string, "id") == 0)
			take_id(w, t, m, &api->errors);
		else if (strcmp(m->string, "version") == 0)
			take_version(api, item, m);
		else
			row_member(api, w->again, m, FIELD_WRITE, &item->record);
	}
	if (detail == NULL && item->record.known == 0 && !field_errors_any(&api->errors))
		detail = "the update names no field to change";
	t->sound = detail == NULL && !field_errors_any(&api->errors);
	if (!t->sound) {
		problem_add_errors(&list, &api->errors);
		target_problem(w, t, ERR_INVALID_BODY, detail, buf_str(&list));
		buf_free(&list);
	}
	api->errors.count = 0;
}

/* {"updates":[...]} */
static bool
read_updates(struct api *api, struct writing *w)
{
	const cJSON *body, *m, *updates = NULL, *update;
	size_t i = 0;
	int n;

	if ((body = writing_body(api)) == NULL)
		return false;
	cJSON_ArrayForEach(m, body) {
		if (strcmp(m->string, "updates") == 0)
			updates = m;
		else
			field_errors_add(&api->errors, str_of(m->string), "unknown member");
	}
	n = cJSON_IsArray(updates) ? cJSON_GetArraySize(updates) : 0;
	if (n < 1 || n > MESSAGE_ITEMS_MAX)
		field_errors_add(&api->errors, STR("updates"), "must be a list of 1 to %d updates",
		    MESSAGE_ITEMS_MAX);
	if (field_errors_any(&api->errors)) {
		(void)api_problem(api, ERR_INVALID_BODY, NULL);
		return false;
	}
	if (!writing_targets(api, w, (size_t)n))
		return false;
	cJSON_ArrayForEach(update, updates)
		read_update(api, w, i++, update);
	return true;
}

static bool
resolve_ids(struct api *api, struct writing *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct target *t = &w->targets[i];
		struct str asked = target_asked(w, t);
		char why[ROW_WHY_SIZE];
		struct row_view view;
		uint32_t row;
		enum err e;

		if (!t->sound)
			continue;
		if ((e = row_lookup(api, asked, &row, why)) == ERR_OK)
			e = target_row(api, t, row, &view);
		else if (w->again)
			target_gone(t, asked);
		if (e != ERR_OK)
			target_problem(w, t, e, why[0] != '\0' ? why : NULL,
			    (struct str){ NULL, 0 });
	}
	return true;
}

enum outcome
rows_patch_many(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_UPDATE, .bulk = true,
	    .read = read_updates, .resolve = resolve_ids };

	return writing_run(api, &kind);
}
