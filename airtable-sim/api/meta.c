#include <string.h>

#include "airtable-sim/api/call.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/state.h"
#include "common/base/json_write.h"

void
sim_meta_whoami(struct sim_call *call, struct sim_reply *reply)
{
	reply->status = 200;
	buf_add_char(&reply->body, '{');
	json_member_string(&reply->body, "id", STR(SIM_USER_ID));
	if (call->scopes & SIM_SCOPE_EMAIL)
		json_member_string(&reply->body, "email", STR(SIM_USER_EMAIL));
	buf_add_char(&reply->body, '}');
}

void
sim_meta_bases(struct sim_call *call, struct sim_reply *reply)
{
	struct buf *b = &reply->body;

	reply->status = 200;
	buf_add_cstr(b, "{\"bases\":[{");
	json_member_string(b, "id", str_of(call->base->id));
	json_member_string(b, "name", str_of(call->base->name));
	json_member_string(b, "permissionLevel", STR("create"));
	buf_add_cstr(b, "}]}");
}

static void
add_table(struct buf *b, const struct sim_table *t, bool visible_fields)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(t->id));
	json_member_string(b, "name", str_of(t->name));
	if (t->description != NULL)
		json_member_string(b, "description", str_of(t->description));
	json_member_string(b, "primaryFieldId", str_of(t->fields[0].id));
	json_name(b, "fields");
	buf_add_char(b, '[');
	for (size_t i = 0; i < t->field_count; i++)
		if (!t->fields[i].removed) {
			json_next(b);
			sim_field_json(b, t, &t->fields[i]);
		}
	buf_add_cstr(b, "],\"views\":[{");
	json_member_string(b, "id", str_of(t->view_id));
	json_member_string(b, "name", STR("Grid view"));
	json_member_string(b, "type", STR("grid"));
	if (visible_fields) {
		json_name(b, "visibleFieldIds");
		buf_add_char(b, '[');
		for (size_t i = 0; i < t->field_count; i++)
			if (!t->fields[i].removed) {
				json_next(b);
				json_add_string(b, str_of(t->fields[i].id));
			}
		buf_add_char(b, ']');
	}
	buf_add_cstr(b, "}]}");
}

void
sim_meta_tables(struct sim_call *call, struct sim_reply *reply)
{
	struct buf *b = &reply->body;
	bool visible = false;

	for (size_t i = 0; i < call->uri->param_count; i++)
		if (str_is(call->uri->params[i].value, "visibleFieldIds"))
			visible = true;
	reply->status = 200;
	buf_add_cstr(b, "{\"tables\":[");
	for (size_t i = 0; i < call->base->table_count; i++)
		if (!call->base->tables[i]->removed) {
			json_next(b);
			add_table(b, call->base->tables[i], visible);
		}
	buf_add_cstr(b, "]}");
}

/* A name of 1 to 255 bytes that no sibling has; NULL with the error in the reply. */
static const char *
new_name(const cJSON *object, struct sim_reply *reply)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "name"));

	if (name == NULL || name[0] == '\0' || strlen(name) > 255) {
		sim_reply_invalid(reply);
		return NULL;
	}
	return name;
}

static void
duplicate(struct sim_reply *reply, const char *what)
{
	sim_reply_errorf(reply, 422, "DUPLICATE_TABLE_OR_FIELD_NAME", "%s is already in use", what);
}

void
sim_meta_create_table(struct sim_call *call, struct sim_reply *reply)
{
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(call->body, "fields"), *field;
	const char *name = new_name(call->body, reply);
	struct sim_table *t;

	if (name == NULL)
		return;
	if (!cJSON_IsArray(fields) || fields->child == NULL ||
	    cJSON_GetArraySize(fields) > SIM_FIELDS_MAX) {
		sim_reply_invalid(reply);
		return;
	}
	if (sim_base_table(call->base, str_of(name)) != NULL) {
		duplicate(reply, name);
		return;
	}
	if ((t = sim_table_new(call->base, name)) == NULL) {
		sim_reply_internal(reply);
		return;
	}
	cJSON_ArrayForEach(field, fields)
		if (sim_field_create(t, field, false, reply) == NULL) {
			sim_base_drop_last_table(call->base);
			return;
		}
	sim_action_table(call->action, SIM_TABLE_CREATED, t);
	if (!sim_links_pair_all(call->action, t, 0)) {
		sim_reply_internal(reply);
		return;
	}
	reply->status = 200;
	add_table(&reply->body, t, false);
}

void
sim_meta_update_table(struct sim_call *call, struct sim_reply *reply)
{
	const char *name = new_name(call->body, reply);
	struct sim_table *same = name == NULL ? NULL : sim_base_table(call->base, str_of(name));

	if (name == NULL)
		return;
	if (same != NULL && same != call->table) {
		duplicate(reply, name);
		return;
	}
	sim_action_table(call->action, SIM_TABLE_CHANGED, call->table);
	if (!sim_rename(&call->table->name, str_of(name))) {
		sim_reply_internal(reply);
		return;
	}
	reply->status = 200;
	add_table(&reply->body, call->table, false);
}

void
sim_meta_create_field(struct sim_call *call, struct sim_reply *reply)
{
	size_t place = call->table->field_count;

	if (sim_field_create(call->table, call->body, false, reply) == NULL)
		return;
	sim_action_field(call->action, SIM_FIELD_CREATED, call->table, place);
	if (!sim_links_pair_all(call->action, call->table, place)) {
		sim_reply_internal(reply);
		return;
	}
	reply->status = 200;
	sim_field_json(&reply->body, call->table, &call->table->fields[place]);
}

void
sim_meta_update_field(struct sim_call *call, struct sim_reply *reply)
{
	int place = sim_table_field(call->table, call->field), same;
	const cJSON *description = cJSON_GetObjectItemCaseSensitive(call->body, "description");
	const char *name;
	struct sim_field *f;

	if (place < 0) {
		sim_reply_forbidden(reply);
		return;
	}
	f = &call->table->fields[place];
	if (cJSON_HasObjectItem(call->body, "name")) {
		if ((name = new_name(call->body, reply)) == NULL)
			return;
		same = sim_table_field(call->table, str_of(name));
		if (same >= 0 && same != place) {
			duplicate(reply, name);
			return;
		}
		sim_action_field(call->action, SIM_FIELD_CHANGED, call->table, (size_t)place);
		if (!sim_rename(&f->name, str_of(name))) {
			sim_reply_internal(reply);
			return;
		}
	}
	if (cJSON_IsString(description)) {
		sim_action_field(call->action, SIM_FIELD_CHANGED, call->table, (size_t)place);
		if (!sim_rename(&f->description, str_of(description->valuestring))) {
			sim_reply_internal(reply);
			return;
		}
	}
	reply->status = 200;
	sim_field_json(&reply->body, call->table, f);
}
