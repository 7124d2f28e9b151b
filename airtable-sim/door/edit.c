#include <string.h>

#include "airtable-sim/base/edits.h"
#include "airtable-sim/door/edit.h"
#include "common/base/json_write.h"

#define CREATE_MAX	100000

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
	struct sim_table *t = s->base->tables[0];

	if (name != NULL || t->removed)
		t = name == NULL ? NULL : sim_base_table(s->base, str_of(name));
	if (t == NULL)
		door_refuse(reply, "there is no such table");
	return t;
}

/* The table and who does it; NULL with the error in the reply. */
static struct sim_table *
begin(struct sim_state *s, const cJSON *body, struct sim_action *a, struct sim_reply *reply)
{
	const char *from = text_of(body, "source"), *user = text_of(body, "user");
	struct sim_table *t = find_table(s, body, reply);
	enum sim_source source = SIM_FROM_CLIENT;

	if (t == NULL)
		return NULL;
	if (from != NULL && !sim_source_find(from, &source)) {
		door_refuse(reply, "there is no such source");
		return NULL;
	}
	if (user == NULL && source == SIM_FROM_CLIENT)
		user = "Foreign Editor";
	sim_edit_begin(a, s, sim_state_now(s), source, user);
	if (is_true(body, "unseen"))
		a->webhooks = NULL;
	return t;
}

static enum sim_stage_how
how_of(const cJSON *body)
{
	return is_true(body, "raw") ? SIM_STAGE_RAW : SIM_STAGE_TYPECAST;
}

static bool
edit_one(struct sim_action *a, struct sim_table *t, const cJSON *body, const cJSON *record,
    struct sim_reply *reply)
{
	const char *id = text_of(record, "id");
	uint32_t slot = id == NULL ? SIM_NO_ROW : sim_table_row(t, str_of(id));
	bool changed;

	if (slot == SIM_NO_ROW || t->rows[slot].deleted) {
		door_refuse(reply, "there is no such record");
		return false;
	}
	return sim_edit_row(a, t, slot, cJSON_GetObjectItemCaseSensitive(record, "fields"),
	    how_of(body), is_true(body, "silent") || is_true(body, "unseen"), &changed, reply);
}

void
door_edit(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(body, "records"), *record;
	struct sim_action action;
	struct sim_table *t = begin(s, body, &action, reply);
	unsigned long edited = 0;
	bool good = true;

	(void)q;
	if (t == NULL)
		return;
	if (records == NULL) {
		good = edit_one(&action, t, body, body, reply);
		edited = 1;
	}
	cJSON_ArrayForEach(record, records) {
		if (!(good = edit_one(&action, t, body, record, reply)))
			break;
		edited++;
	}
	sim_action_commit(&action);	/* those before a bad one are done */
	if (!good)
		return;
	reply->status = 200;
	buf_printf(&reply->body, "{\"edited\":%lu}", edited);
}

void
door_create(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(body, "count");
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(body, "fields");
	struct sim_action action;
	struct sim_table *t = begin(s, body, &action, reply);
	struct buf ids = { 0 };
	int n = 1;

	(void)q;
	if (t == NULL)
		return;
	if (count != NULL)
		n = cJSON_IsNumber(count) && count->valuedouble >= 1 &&
		    count->valuedouble <= CREATE_MAX ? (int)count->valuedouble : 0;
	if (n == 0 || (t != s->base->tables[0] && fields == NULL)) {
		door_refuse(reply, "count must be 1 to 100000; only orders can be generated");
		return;
	}
	while (n-- > 0) {
		uint32_t slot = sim_edit_create(&action, s, t, fields, how_of(body), reply);

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
	sim_action_commit(&action);
	buf_free(&ids);
}

typedef void edit_row(struct sim_action *, struct sim_table *, uint32_t slot);

/* Delete or restore those that the body names, or all; how many that were. */
static uint32_t
delete_or_restore(struct sim_action *a, struct sim_table *t, const cJSON *body, edit_row *one)
{
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(body, "ids"), *id;
	uint32_t before = t->live_count;

	if (is_true(body, "all"))
		for (uint32_t i = 0; i < t->row_count; i++)
			one(a, t, i);
	cJSON_ArrayForEach(id, ids) {
		uint32_t slot = cJSON_IsString(id) ? sim_table_row(t, str_of(id->valuestring)) :
		    SIM_NO_ROW;

		if (slot != SIM_NO_ROW)
			one(a, t, slot);
	}
	sim_action_commit(a);
	return before > t->live_count ? before - t->live_count : t->live_count - before;
}

/* Answers how many there were, as the member ${done}. */
static void
answer_each(struct sim_state *s, const cJSON *body, struct sim_reply *reply, const char *done,
    edit_row *one)
{
	struct sim_action action;
	struct sim_table *t = begin(s, body, &action, reply);

	if (t == NULL)
		return;
	reply->status = 200;
	buf_printf(&reply->body, "{\"%s\":%u}", done, delete_or_restore(&action, t, body, one));
}

void
door_delete(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q;
	answer_each(s, body, reply, "deleted", sim_edit_delete);
}

void
door_restore(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	(void)q;
	answer_each(s, body, reply, "restored", sim_edit_restore);
}

/* Members that say where and who, not what. */
static bool
is_circumstance(const char *name)
{
	static const char *const names[] = { "table", "source", "user", "unseen" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void
door_schema(struct sim_state *s, const struct sim_request *q, const cJSON *body,
    struct sim_reply *reply)
{
	struct sim_action action;
	struct sim_table *t = begin(s, body, &action, reply);
	struct buf ids = { 0 };
	const cJSON *change;
	bool good = true;
	int changes = 0;

	(void)q;
	if (t == NULL)
		return;
	cJSON_ArrayForEach(change, body) {
		if (is_circumstance(change->string))
			continue;
		if (!(good = sim_edit_schema(&action, t, change->string, change, &ids))) {
			door_refuse(reply, "no such field or change");
			break;
		}
		changes++;
	}
	sim_action_commit(&action);
	if (good) {
		reply->status = 200;
		buf_printf(&reply->body, "{\"changes\":%d,\"ids\":[%s]}", changes, buf_cstr(&ids));
	}
	buf_free(&ids);
}
