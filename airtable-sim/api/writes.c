#include <stdlib.h>
#include <string.h>

#include "airtable-sim/api/call.h"
#include "airtable-sim/api/list_query.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/stage.h"
#include "airtable-sim/cells/kinds.h"
#include "common/base/json_write.h"

#define BATCH_MAX	10
#define MERGE_MAX	3	/* performUpsert.fieldsToMergeOn */

/* One request's changes: all checked, then all made. */
struct batch {
	struct sim_call		*call;
	struct sim_reply	*reply;
	enum sim_stage_how	 how;
	struct sim_projection	 projection;
	size_t			 merge[MERGE_MAX];
	size_t			 merge_count;	/* 0: no upsert */
	size_t			 count;
	bool			 created[BATCH_MAX];
	struct sim_stage	 stages[BATCH_MAX];
};

static struct batch *
batch_new(struct sim_call *call, struct sim_reply *reply)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		sim_reply_internal(reply);
		return NULL;
	}
	b->call = call;
	b->reply = reply;
	return b;
}

static void
batch_free(struct batch *b)
{
	for (size_t i = 0; i < BATCH_MAX; i++)
		sim_stage_free(&b->stages[i]);
	free(b);
}

static bool
invalid(struct batch *b)
{
	sim_reply_invalid(b->reply);
	return false;
}

static bool
invalid_records(struct batch *b, const char *message)
{
	sim_reply_error(b->reply, 422, SIM_SHAPE_C, "INVALID_RECORDS", str_of(message));
	return false;
}

/* May an upsert go by the field?  The documentation names few kinds; others can be switched on. */
static bool
may_merge(const struct batch *b, size_t place)
{
	const struct sim_field *f = &b->call->table->fields[place];
	unsigned enough = b->call->settings->merge_kinds ? SIM_MAY_MERGE | SIM_MAY_MERGE_TOO :
	    SIM_MAY_MERGE;

	if (sim_kind_of(f->type)->traits & enough)
		return true;
	sim_reply_errorf(b->reply, 422, "INVALID_REQUEST_UNKNOWN",
	    "Cannot merge on field \"%s\": fields of type %s are not supported", f->name,
	    sim_kind_of(f->type)->name);
	return false;
}

static bool
add_merge_field(struct batch *b, const cJSON *name)
{
	int place;

	if (!cJSON_IsString(name))
		return invalid(b);
	if ((place = sim_table_field(b->call->table, str_of(name->valuestring))) < 0) {
		sim_reply_errorf(b->reply, 422, "UNKNOWN_FIELD_NAME",
		    "Unknown field name: \"%s\"", name->valuestring);
		return false;
	}
	if (!may_merge(b, (size_t)place))
		return false;
	for (size_t i = 0; i < b->merge_count; i++)
		if (b->merge[i] == (size_t)place)
			return invalid(b);
	b->merge[b->merge_count++] = (size_t)place;
	return true;
}

static bool
read_merge_fields(struct batch *b, const cJSON *upsert)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(upsert, "fieldsToMergeOn"), *item;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 ||
	    cJSON_GetArraySize(list) > MERGE_MAX ||
	    (cJSON_GetArraySize(upsert) > 1 && b->call->settings->strict_parameters))
		return invalid(b);
	b->merge_count = 0;	/* the member twice: the last one counts */
	cJSON_ArrayForEach(item, list)
		if (!add_merge_field(b, item))
			return false;
	return true;
}

/* The members beside the records. */
static bool
read_options(struct batch *b, bool may_upsert)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, b->call->body) {
		struct str name = str_of(member->string);

		if (str_is(name, "records") || str_is(name, "fields"))
			continue;
		if (str_is(name, "typecast") && cJSON_IsBool(member)) {
			b->how = cJSON_IsTrue(member) ? SIM_STAGE_TYPECAST : SIM_STAGE_STRICT;
		} else if (str_is(name, "returnFieldsByFieldId") && cJSON_IsBool(member)) {
			b->projection.by_id = cJSON_IsTrue(member);
		} else if (str_is(name, "performUpsert") && may_upsert) {
			if (!read_merge_fields(b, member))
				return false;
		} else if (b->call->settings->strict_parameters) {
			return invalid(b);
		}
	}
	return true;
}

/* Check one record's "fields" for ${slot}. */
static bool
stage(struct batch *b, const cJSON *record, uint32_t slot, bool replace)
{
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(record, "fields");
	struct sim_stage *s = &b->stages[b->count++];

	if (fields == NULL) {
		sim_reply_error(b->reply, 422, SIM_SHAPE_C, "INVALID_REQUEST_MISSING_FIELDS",
		    STR("Could not find field \"fields\" in the request body"));
		return false;
	}
	s->slot = slot;
	s->replace = replace;
	return sim_stage_read(s, b->call->action, b->call->table, fields, b->how, b->reply);
}

static bool
apply(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		b->created[i] = b->stages[i].slot == SIM_NO_ROW;
		if (!sim_stage_apply(&b->stages[i], b->call->action, b->call->table)) {
			sim_reply_internal(b->reply);
			return false;
		}
		if (b->call->settings->batch_payloads)
			sim_action_commit(b->call->action);
	}
	return true;
}

static void
add_record(struct batch *b, size_t i)
{
	const struct sim_row *row = &b->call->table->rows[b->stages[i].slot];

	sim_row_json(&b->reply->body, b->call->table, row, &b->projection, b->call->now_ms);
	b->reply->records++;
}

static void
add_ids(struct batch *b, const char *name, bool created)
{
	struct buf *out = &b->reply->body;

	json_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < b->count; i++)
		if (b->created[i] == created) {
			json_next(out);
			json_add_string(out, str_of(b->call->table->rows[b->stages[i].slot].id));
		}
	buf_add_char(out, ']');
}

static void
answer_batch(struct batch *b)
{
	struct buf *out = &b->reply->body;

	b->reply->status = 200;
	buf_add_char(out, '{');
	if (b->merge_count > 0) {
		add_ids(b, "createdRecords", true);
		add_ids(b, "updatedRecords", false);
	}
	json_name(out, "records");
	buf_add_char(out, '[');
	for (size_t i = 0; i < b->count; i++) {
		json_next(out);
		add_record(b, i);
	}
	buf_add_cstr(out, "]}");
}

static void
answer_single(struct batch *b)
{
	b->reply->status = 200;
	add_record(b, 0);
}

static bool
stage_creates(struct batch *b, const cJSON *records)
{
	static const char wording_b[] = "You must provide an array of up to 10 record objects, "
	    "each with a \"fields\" object for cell values.";
	int n = cJSON_GetArraySize(records);
	const cJSON *record;

	if (cJSON_IsArray(records) && n > BATCH_MAX && !b->call->settings->create_limit_message) {
		sim_reply_errorf(b->reply, 422, "INVALID_REQUEST_UNKNOWN", "A maximum of 10 records "
		    "can be created per request but you have provided %d.", n);
		return false;
	}
	if (!cJSON_IsArray(records) || n < 1 || n > BATCH_MAX)
		return invalid_records(b, wording_b);
	cJSON_ArrayForEach(record, records) {
		if (!cJSON_IsObject(record) || cJSON_HasObjectItem(record, "id"))
			return invalid_records(b, wording_b);
		if (!stage(b, record, SIM_NO_ROW, false))
			return false;
	}
	return true;
}

void
sim_create_records(struct sim_call *call, struct sim_reply *reply)
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(call->body, "records");
	struct batch *b;

	if (!cJSON_IsObject(call->body)) {
		sim_reply_invalid(reply);
		return;
	}
	if ((b = batch_new(call, reply)) == NULL)
		return;
	if (read_options(b, false)) {
		if (records != NULL) {
			if (stage_creates(b, records) && apply(b))
				answer_batch(b);
		} else if (stage(b, call->body, SIM_NO_ROW, false) && apply(b)) {
			answer_single(b);
		}
	}
	batch_free(b);
}

/* Slots that match the staged merge fields: none, one (in *slot), or more. */
static size_t
count_matches(const struct batch *b, const struct sim_stage *s, uint32_t *slot)
{
	const struct sim_table *t = b->call->table;
	size_t matches = 0;

	for (uint32_t i = 0; i < t->row_count && matches < 2; i++) {
		bool same = !t->rows[i].deleted;

		for (size_t m = 0; m < b->merge_count && same; m++) {
			const struct sim_cell *want = &s->cells[b->merge[m]];

			same = want->kind != SIM_EMPTY &&	/* null matches nothing */
			    sim_cell_equal(want, sim_row_cell(&t->rows[i], b->merge[m]));
		}
		if (same) {
			*slot = i;
			matches++;
		}
	}
	return matches;
}

static bool
match_upsert(struct batch *b)
{
	struct sim_stage *s = &b->stages[b->count - 1];

	for (size_t m = 0; m < b->merge_count; m++)
		if (!s->named[b->merge[m]])
			return invalid(b);
	if (count_matches(b, s, &s->slot) > 1) {
		sim_reply_errorf(b->reply, 422, "INVALID_REQUEST_UNKNOWN",
		    "Cannot upsert: more than one record matches the fields to merge on");
		return false;
	}
	return true;
}

static bool
stage_update(struct batch *b, const cJSON *record, bool replace)
{
	static const char wording[] = "You must provide an array of up to 10 record objects, "
	    "each with an \"id\" ID field and a \"fields\" object for cell values.";
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(record, "id");
	const struct sim_table *t = b->call->table;
	uint32_t slot;

	if (!cJSON_IsObject(record))
		return invalid_records(b, wording);
	if (id == NULL && b->merge_count > 0)
		return stage(b, record, SIM_NO_ROW, replace) && match_upsert(b);
	if (!cJSON_IsString(id) || !sim_id_valid(str_of(id->valuestring), "rec") ||
	    !cJSON_HasObjectItem(record, "fields"))
		return invalid_records(b, wording);
	slot = sim_table_row(t, str_of(id->valuestring));
	if (slot == SIM_NO_ROW || t->rows[slot].deleted) {
		sim_reply_errorf(b->reply, 422, "ROW_DOES_NOT_EXIST",
		    "Record ID %s does not exist in this table", id->valuestring);
		return false;
	}
	return stage(b, record, slot, replace);
}

static bool
stage_updates(struct batch *b, bool replace)
{
	const cJSON *records = cJSON_GetObjectItemCaseSensitive(b->call->body, "records"), *record;

	if (!cJSON_IsArray(records) || cJSON_GetArraySize(records) < 1 ||
	    cJSON_GetArraySize(records) > BATCH_MAX)
		return invalid_records(b, "You must provide an array of up to 10 record objects, "
		    "each with an \"id\" ID field and a \"fields\" object for cell values.");
	cJSON_ArrayForEach(record, records)
		if (!stage_update(b, record, replace))
			return false;
	return true;
}

void
sim_update_records(struct sim_call *call, struct sim_reply *reply)
{
	struct batch *b;

	if (!cJSON_IsObject(call->body)) {
		sim_reply_invalid(reply);
		return;
	}
	if ((b = batch_new(call, reply)) == NULL)
		return;
	if (read_options(b, true) && stage_updates(b, strcmp(call->method, "PUT") == 0) && apply(b))
		answer_batch(b);
	batch_free(b);
}

void
sim_update_record(struct sim_call *call, struct sim_reply *reply)
{
	uint32_t slot = sim_table_row(call->table, call->record);
	struct batch *b;

	if (!cJSON_IsObject(call->body)) {
		sim_reply_invalid(reply);
		return;
	}
	if (slot == SIM_NO_ROW || call->table->rows[slot].deleted) {
		sim_reply_no_record(reply, call->settings);
		return;
	}
	if ((b = batch_new(call, reply)) == NULL)
		return;
	if (read_options(b, false) &&
	    stage(b, call->body, slot, strcmp(call->method, "PUT") == 0) && apply(b))
		answer_single(b);
	batch_free(b);
}

/* The live slots that records[] names; false with the error in the reply. */
static bool
read_deletes(struct sim_call *call, struct sim_reply *reply, uint32_t *slots, size_t *n)
{
	const struct sim_table *t = call->table;

	*n = 0;
	for (size_t i = 0; i < call->uri->param_count; i++) {
		const struct sim_param *p = &call->uri->params[i];
		bool named = p->name.len > 8 && memcmp(p->name.ptr, "records[", 8) == 0;

		if (!named || *n == BATCH_MAX || !sim_id_valid(p->value, "rec")) {
			*n = 0;
			break;
		}
		slots[*n] = sim_table_row(t, p->value);
		if (slots[*n] == SIM_NO_ROW || t->rows[slots[*n]].deleted) {
			sim_reply_no_record(reply, call->settings);
			return false;
		}
		++*n;
	}
	if (*n == 0)
		sim_reply_error(reply, 422, SIM_SHAPE_C, "INVALID_RECORDS",
		    STR("\"records\" must be an array of up to 10 record IDs."));
	return *n > 0;
}

static void
delete_one(struct sim_call *call, struct sim_reply *reply, uint32_t slot)
{
	json_next(&reply->body);
	buf_printf(&reply->body, "{\"id\":\"%s\",\"deleted\":true}", call->table->rows[slot].id);
	if (!sim_links_delete_row(call->action, call->table, slot))
		sim_reply_internal(reply);
	if (call->settings->batch_payloads)
		sim_action_commit(call->action);
	reply->records++;
}

void
sim_delete_records(struct sim_call *call, struct sim_reply *reply)
{
	uint32_t slots[BATCH_MAX];
	size_t n;

	if (!read_deletes(call, reply, slots, &n))
		return;
	reply->status = 200;
	buf_add_cstr(&reply->body, "{\"records\":[");
	for (size_t i = 0; i < n; i++)
		delete_one(call, reply, slots[i]);
	buf_add_cstr(&reply->body, "]}");
}

void
sim_delete_record(struct sim_call *call, struct sim_reply *reply)
{
	uint32_t slot = sim_table_row(call->table, call->record);

	if (slot == SIM_NO_ROW || call->table->rows[slot].deleted) {
		sim_reply_no_record(reply, call->settings);
		return;
	}
	reply->status = 200;
	delete_one(call, reply, slot);
}
