#include "fcgi-api/rows/row_body.h"
#include "fcgi-api/rows/writing.h"

/* {"<field>":...} */
static bool
read_fields(struct api *api, struct writing *w)
{
	const cJSON *body, *m;

	if ((body = writing_body(api)) == NULL || !writing_targets(api, w, 1))
		return false;
	cJSON_ArrayForEach(m, body)
		row_member(api, w->again, m, FIELD_WRITE, &api->message.items[0].record);
	if (body->child == NULL)
		(void)api_problem(api, ERR_INVALID_BODY, "the body names no field to change");
	else if (field_errors_any(&api->errors))
		(void)api_problem(api, ERR_INVALID_BODY, NULL);
	return body->child != NULL && !field_errors_any(&api->errors);
}

/* The row that the path names; what can be refused without asking is refused here. */
static bool
resolve_path(struct api *api, struct writing *w)
{
	struct message_item *item = &api->message.items[0];
	char why[ROW_WHY_SIZE];
	struct row_view view;
	uint32_t row;
	enum err e = row_lookup(api, api->request.segments[2], &row, why);

	item->version = w->version;
	/* perhaps this very request deleted it: syncd knows, while that is being settled */
	if ((e == ERR_NOT_FOUND || e == ERR_FILLING) && w->again) {
		target_gone(&w->targets[0], api->request.segments[2]);
		return true;
	}
	if (e != ERR_OK) {
		(void)api_problem(api, e, why[0] != '\0' ? why : NULL);
		return false;
	}
	if ((e = target_row(api, &w->targets[0], row, &view)) == ERR_OK &&
	    !writing_matches(api, w, view.version) && !w->again)
		e = ERR_PRECONDITION_FAILED;
	item->version = w->version;
	if (e != ERR_OK)
		(void)api_problem(api, e, NULL);
	return e == ERR_OK;
}

enum outcome
rows_patch(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_UPDATE,
	    .versioned = true, .read = read_fields, .resolve = resolve_path };

	return writing_run(api, &kind);
}

static bool
read_no_body(struct api *api, struct writing *w)
{
	if (api->request.body.len == 0)
		return writing_targets(api, w, 1);
	(void)api_problem(api, ERR_INVALID_BODY, "a DELETE must have no body");
	return false;
}

enum outcome
rows_delete(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_DELETE,
	    .versioned = true, .read = read_no_body, .resolve = resolve_path };

	if (!api->config->write.delete)
		return api_problem(api, ERR_FORBIDDEN,
		    api_say(api, "%s can't be deleted here: write.delete is off", api->table->name));
	return writing_run(api, &kind);
}
