#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/json_write.h"
#include "syncd/airtable/json.h"
#include "syncd/feed/payload.h"
#include "syncd/feed/state.h"

#define NUMBER_MAX	9007199254740992.0	/* 2^53: whole numbers below it are exact in JSON */

enum err
feed_state_init(struct feed_state *s)
{
	*s = (struct feed_state){ .gap = true };
	s->again = calloc(FEED_AGAIN_MAX, sizeof(*s->again));
	return s->again == NULL ? ERR_NOMEM : ERR_OK;
}

void
feed_state_free(struct feed_state *s)
{
	free(s->again);
	s->again = NULL;
}

static uint64_t
number_of(const cJSON *object, const char *name)
{
	const cJSON *m = airtable_json_member(object, name);

	if (!cJSON_IsNumber(m) || !(m->valuedouble >= 0) || !(m->valuedouble <= NUMBER_MAX))
		return 0;
	return (uint64_t)floor(m->valuedouble);
}

static void
copy_id(char to[static AIRTABLE_ID_MAX + 1], const char *id)
{
	(void)snprintf(to, AIRTABLE_ID_MAX + 1, "%s", airtable_id_valid(id) ? id : "");
}

static void
read_names(struct feed_state *s, const cJSON *json)
{
	const cJSON *m;
	size_t f = 0;

	copy_id(s->table, airtable_json_text(json, "tableId"));
	cJSON_ArrayForEach(m, airtable_json_member(json, "fields")) {
		if (f == SCHEMA_FIELDS_MAX)
			break;
		(void)snprintf(s->names[f], sizeof(s->names[f]), "%s", airtable_json_text(m, "name"));
		s->shapes[f] = strtoull(airtable_json_text(m, "shape"), NULL, 16);
		copy_id(s->fields[f++], airtable_json_text(m, "id"));
	}
}

static void
read_lists(struct feed_state *s, const cJSON *json)
{
	const cJSON *others = airtable_json_member(json, "creating"), *m;

	s->creating = cJSON_IsArray(others);
	cJSON_ArrayForEach(m, others)
		if (cJSON_IsString(m) && airtable_id_valid(m->valuestring) &&
		    s->other_count < WEBHOOKS_MAX)
			copy_id(s->others[s->other_count++], m->valuestring);
	cJSON_ArrayForEach(m, airtable_json_member(json, "again"))
		if (cJSON_IsString(m) && payload_id_valid(m->valuestring))
			(void)feed_state_again(s, str_of(m->valuestring), 0, 0, 1);
}

void
feed_state_read(struct feed_state *s, const struct config *config, struct str text)
{
	size_t bytes;
	cJSON *json = airtable_json_parse(text, &bytes);
	const char *webhook = airtable_json_text(json, "webhook");

	*s = (struct feed_state){ .gap = true, .again = s->again };
	if (strcmp(airtable_json_text(json, "base"), config->airtable.base_id) == 0 &&
	    strcmp(airtable_json_text(json, "table"), config->airtable.orders_table) == 0) {
		s->gap = !cJSON_IsFalse(airtable_json_member(json, "gap"));
		s->cursor = number_of(json, "cursor");
		s->told = number_of(json, "told");
		s->wish = number_of(json, "wish");
		s->since_ms = (int64_t)number_of(json, "since");
		s->whole_ms = (int64_t)number_of(json, "whole");
		s->missing = (uint32_t)(number_of(json, "missing") & UINT32_MAX);
		copy_id(s->old, airtable_json_text(json, "old"));
		if (airtable_id_valid(webhook) && s->cursor >= 1 && s->wish < WEBHOOK_WISHES)
			copy_id(s->webhook, webhook);
		read_names(s, json);
		read_lists(s, json);
	}
	cJSON_Delete(json);
}

void
feed_state_add(const struct feed_state *s, const struct config *config, struct buf *b)
{
	size_t fields = SCHEMA_FIELDS_MAX;
	char shape[17];

	buf_add_char(b, '{');
	json_member_string(b, "base", str_of(config->airtable.base_id));
	json_member_string(b, "table", str_of(config->airtable.orders_table));
	json_member_string(b, "webhook", str_of(s->webhook));
	json_member_uint(b, "wish", s->wish);
	json_member_uint(b, "cursor", s->cursor);
	json_member_uint(b, "told", s->told);
	json_member_bool(b, "gap", s->gap);
	json_member_int(b, "since", s->since_ms);
	json_member_int(b, "whole", s->whole_ms);
	json_member_uint(b, "missing", s->missing);
	json_member_string(b, "old", str_of(s->old));
	json_member_string(b, "tableId", str_of(s->table));
	json_name(b, "fields");
	buf_add_char(b, '[');
	while (fields > 0 && s->names[fields - 1][0] == '\0')
		fields--;
	for (size_t f = 0; f < fields; f++) {
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "name", str_of(s->names[f]));
		json_member_string(b, "id", str_of(s->fields[f]));
		(void)snprintf(shape, sizeof(shape), "%" PRIx64, s->shapes[f]);
		json_member_string(b, "shape", str_of(shape));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
	if (s->creating) {
		json_name(b, "creating");
		buf_add_char(b, '[');
		for (size_t i = 0; i < s->other_count; i++) {
			json_next(b);
			json_add_string(b, str_of(s->others[i]));
		}
		buf_add_char(b, ']');
	}
	json_name(b, "again");
	buf_add_char(b, '[');
	for (size_t i = 0; i < s->again_count; i++) {
		json_next(b);
		json_add_string(b, str_of(s->again[i].id));
	}
	buf_add_cstr(b, "]}");
}

bool
feed_state_again(struct feed_state *s, struct str id, int64_t now_ms, int64_t due_ms, int looks)
{
	struct feed_again *a = NULL;

	for (size_t i = 0; i < s->again_count && a == NULL; i++)
		if (str_is(id, s->again[i].id))
			a = &s->again[i];
	if (a != NULL) {
		if (a->due_ms <= now_ms || due_ms < a->due_ms)
			a->due_ms = due_ms;
		a->looks = looks > a->looks ? looks : a->looks;
		return true;
	}
	if (s->again_count == FEED_AGAIN_MAX || id.len > AIRTABLE_ID_MAX)
		return false;
	a = &s->again[s->again_count++];
	*a = (struct feed_again){ .due_ms = due_ms, .looks = looks };
	memcpy(a->id, id.ptr, id.len);
	return true;
}
