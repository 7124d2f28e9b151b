#include "common/base/json_write.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "fcgi-api/rows/row_body.h"
#include "fcgi-api/rows/writing.h"

/* The row as it is shown until Airtable has given it an id. */
static void
compose_queued(struct buf *b, const struct schema *schema, const struct record *r)
{
	buf_add_char(b, '{');
	json_member_null(b, "id");
	for (size_t i = 0; i < schema->field_count; i++) {
		json_name(b, schema->fields[i].name);
		kind_add_json(b, schema->fields[i].kind, &r->values[i]);
	}
	json_member_null(b, "version");
	json_member_bool(b, "pending", true);
	buf_add_char(b, '}');
}

static bool
read_row(struct api *api, struct writing *w)
{
	const cJSON *body, *m;
	struct record *record;
	enum err e;

	if ((body = writing_body(api)) == NULL || !writing_targets(api, w, 1))
		return false;
	record = &api->message.items[0].record;
	cJSON_ArrayForEach(m, body)
		row_member(api, w->again, m, FIELD_CREATE, record);
	compose_queued(&w->queued, api->table, record);
	e = body->child == NULL || field_errors_any(&api->errors) ? ERR_INVALID_BODY :
	    buf_status(&w->queued);
	if (e != ERR_OK)
		(void)api_problem(api, e, body->child == NULL ? "the body names no field" : NULL);
	return e == ERR_OK;
}

/* There is nothing to look up: a new row has no record yet. */
static bool
resolve_nothing(struct api *api, struct writing *w)
{
	(void)api, (void)w;
	return true;
}

enum outcome
rows_create(struct api *api)
{
	static const struct writing_kind kind = { .message = MESSAGE_CREATE,
	    .read = read_row, .resolve = resolve_nothing };

	if (!api->config->write.create)
		return api_problem(api, ERR_FORBIDDEN,
		    api_say(api, "%s can't be created here: write.create is off", api->table->name));
	return writing_run(api, &kind);
}
