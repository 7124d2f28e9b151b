#include <string.h>

#include "airtable-sim/data.h"
#include "airtable-sim/door_edit.h"
#include "airtable-sim/field_json.h"
#include "airtable-sim/stage.h"
#include "common/json_write.h"

#define CREATE_MAX	100000

static void
refuse(struct sim_reply *reply, const char *why)
{
	sim_reply_errorf(reply, 400, "SIM_BAD_REQUEST", "%s", why);
}

static const char *
text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool
is_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* The table that the body names; NULL with the error in the reply. */
static struct sim_table *
find_table(struct sim_state *s, const cJSON *body, struct sim_reply *reply)
{
	const char *name = text_of(body, "table");
	struct sim_table *t = name == NULL ? s->base->tables[0] :
	    sim_base_table(s->base, str_of(name));

	if (t == NULL)
		refuse(reply, "there is no such table");
	return t;
}

static enum sim_stage_how
how_of(const cJSON *body)
{
	return is_true(body, "raw") ? SIM_STAGE_RAW : SIM_STAGE_TYPECAST;
}

static bool
edit_one(struct sim_state *s, struct sim_table *t, const cJSON *body, const cJSON *record,
    struct sim_reply *reply)
{
	const char *id = text_of(record, "id");
	struct sim_stage stage = { .slot = id == NULL ? SIM_NO_ROW : sim_table_row(t, str_of(id)) };
	struct sim_row *row;
	int64_t modified, before;
	bool done;

	if (stage.slot == SIM_NO_ROW || t->rows[stage.slot].deleted) {
		refuse(reply, "there is no such record");
		return false;
	}
	row = &t->rows[stage.slot];
	modified = row->modified_ms;
	before = row->before_ms;
	done = sim_stage_read(&stage, t, cJSON_GetObjectItemCaseSensitive(record, "fields"),
	    how_of(body), &s->settings, reply);
	if (done && !(done = sim_stage_apply(&stage, s->base, t, &s->settings, sim_state_now(s))))
		sim_reply_internal(reply);
	if (is_true(body, "silent")) {
		row->modified_ms = modified;
		row->before_ms = before;
	}
	sim_stage_free(&stage);
	return done;
}

void
door_edit(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(body, "records"), *record;
	struct sim_table *t = find_table(s, body, reply);
	unsigned long edited = 0;

	(void)q;
	if (t == NULL)
		return;
	if (records == NULL) {
		if (!edit_one(s, t, body, body, reply))
			return;
		edited = 1;
	}
	cJSON_ArrayForEach(record, records) {
		if (!edit_one(s, t, body, record, reply))
			return;
		edited++;
	}
	reply->status = 200;
	buf_printf(&reply->body, "{\"edited\":%lu}", edited);
}

/* One record from the fields, or a generated one; SIM_NO_ROW with the error in the reply. */
static uint32_t
create_one(struct sim_state *s, struct sim_table *t, const cJSON *body, struct sim_reply *reply)
{
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(body, "fields");
	int64_t now = sim_state_now(s);
	struct sim_stage stage = { .slot = SIM_NO_ROW };

	if (fields == NULL) {
		stage.slot = sim_data_add_order(s->base, t, s->options.seed, s->generated++, now, now);
		if (stage.slot == SIM_NO_ROW)
			sim_reply_internal(reply);
		return stage.slot;
	}
	if (sim_stage_read(&stage, t, fields, how_of(body), &s->settings, reply) &&
	    !sim_stage_apply(&stage, s->base, t, &s->settings, now)) {
		stage.slot = SIM_NO_ROW;
		sim_reply_internal(reply);
	}
	sim_stage_free(&stage);
	return stage.slot;
}

void
door_create(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(body, "count");
	struct sim_table *t = find_table(s, body, reply);
	struct buf ids = { 0 };
	int n = 1;

	(void)q;
	if (t == NULL)
		return;
	if (count != NULL)
		n = cJSON_IsNumber(count) && count->valuedouble >= 1 &&
		    count->valuedouble <= CREATE_MAX ? (int)count->valuedouble : 0;
	if (n == 0 || (t != s->base->tables[0] && !cJSON_HasObjectItem(body, "fields"))) {
		refuse(reply, "count must be 1 to 100000; only orders can be generated");
		return;
	}
	while (n-- > 0) {
		uint32_t slot = create_one(s, t, body, reply);

		if (slot == SIM_NO_ROW)
			goto out;
		json_next(&ids);
		json_add_string(&ids, str_of(t->rows[slot].id));
	}
	reply->status = 200;
	buf_add_cstr(&reply->body, "{\"ids\":[");
	buf_add_str(&reply->body, buf_str(&ids));
	buf_add_cstr(&reply->body, "]}");
out:
	buf_free(&ids);
}

void
door_delete(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(body, "ids"), *id;
	struct sim_table *t = find_table(s, body, reply);
	uint32_t before;

	(void)q;
	if (t == NULL)
		return;
	before = t->live_count;
	if (is_true(body, "all"))
		for (uint32_t i = 0; i < t->row_count; i++)
			sim_table_delete_row(t, i);
	cJSON_ArrayForEach(id, ids) {
		uint32_t slot = cJSON_IsString(id) ? sim_table_row(t, str_of(id->valuestring)) :
		    SIM_NO_ROW;

		if (slot != SIM_NO_ROW)
			sim_table_delete_row(t, slot);
	}
	reply->status = 200;
	buf_printf(&reply->body, "{\"deleted\":%u}", before - t->live_count);
}

static bool
rename_option(struct sim_field *f, const char *from, const char *to)
{
	int place = from == NULL ? -1 : sim_field_choice(f, str_of(from));

	return place >= 0 && to != NULL && sim_rename(&f->choices[place].name, str_of(to));
}

/* One change of the schema; false: it makes no sense. */
static bool
change_field(struct sim_state *s, struct sim_field *f, const cJSON *change)
{
	const char *what = change->string, *name = text_of(change, "name");

	if (strcmp(what, "remove") == 0) {
		f->removed = true;
		return true;
	}
	if (strcmp(what, "renameOption") == 0)
		return rename_option(f, text_of(change, "from"), text_of(change, "to"));
	if (name == NULL || name[0] == '\0')
		return false;
	if (strcmp(what, "rename") == 0)
		return sim_rename(&f->name, str_of(name));
	return strcmp(what, "addOption") == 0 &&
	    (f->type == SIM_SINGLE_SELECT || f->type == SIM_MULTIPLE_SELECTS) &&
	    sim_field_add_choice(s->base, f, str_of(name)) >= 0;
}

void
door_schema(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	struct sim_table *t = find_table(s, body, reply);
	const cJSON *change;
	int changes = 0;

	(void)q;
	if (t == NULL)
		return;
	cJSON_ArrayForEach(change, body) {
		const char *field = text_of(change, "field");
		int place = field == NULL ? -1 : sim_table_field(t, str_of(field));

		if (strcmp(change->string, "table") == 0)
			continue;
		if (place < 0 || !change_field(s, &t->fields[place], change)) {
			refuse(reply, "no such field or change");
			return;
		}
		changes++;
	}
	reply->status = 200;
	buf_printf(&reply->body, "{\"changes\":%d}", changes);
}
