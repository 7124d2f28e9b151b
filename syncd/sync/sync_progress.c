#include <cjson/cJSON.h>

#include "common/base/json_write.h"
#include "syncd/sync/sync_progress.h"

static void
add_counts(const struct sync_progress *p, struct buf *b)
{
	json_member_uint(b, "pages", p->counts->pages);
	json_member_uint(b, "records", p->counts->records);
	if (p->expected == 0)
		json_member_null(b, "expectedRecords");
	else
		json_member_uint(b, "expectedRecords", p->expected);
	json_member_uint(b, "changed", p->counts->changed);
	json_member_uint(b, "created", p->counts->created);
	json_member_uint(b, "deleted", p->counts->deleted);
	json_member_uint(b, "warnings", p->counts->warnings);
}

static void
add_error(const struct sync_progress *p, struct buf *b)
{
	if (p->running || p->result == ERR_OK) {
		json_member_null(b, "error");
		return;
	}
	json_name(b, "error");
	buf_add_char(b, '{');
	json_member_string(b, "code", str_of(err_code(p->result)));
	json_member_string(b, "title", str_of(err_text(p->result)));
	json_member_string(b, "detail", str_of(p->detail));
	buf_add_char(b, '}');
}

/* Of fields that have any. */
static void
add_odd(const struct sync_progress *p, const struct schema *schema, struct buf *b)
{
	json_name(b, "notUnderstood");
	buf_add_char(b, '{');
	for (size_t f = 0; f < schema->field_count; f++)
		if (p->odd[f] > 0)
			json_member_uint(b, schema->fields[f].name, p->odd[f]);
	buf_add_char(b, '}');
}

static void
add_held(const struct sync_progress *p, const struct schema *schema, struct buf *b)
{
	json_name(b, "held");
	buf_add_char(b, '[');
	for (size_t f = 0; f < schema->field_count; f++)
		if (p->held >> f & 1) {
			json_next(b);
			json_add_string(b, str_of(schema->fields[f].name));
		}
	buf_add_char(b, ']');
}

void
sync_progress_load(uint64_t odd[static SCHEMA_FIELDS_MAX], uint32_t *held,
    const struct schema *schema, struct str document)
{
	cJSON *doc = document.len > 0 ? cJSON_ParseWithLength(document.ptr, document.len) : NULL;
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(doc, "notUnderstood");
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(doc, "held"), *name;

	for (size_t f = 0; f < schema->field_count; f++) {
		const cJSON *n = cJSON_GetObjectItemCaseSensitive(counts, schema->fields[f].name);

		odd[f] = cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble <= UINT32_MAX ?
		    (uint64_t)n->valuedouble : 0;
	}
	*held = 0;
	cJSON_ArrayForEach(name, names) {
		int f = cJSON_IsString(name) ? schema_field(schema, str_of(name->valuestring)) : -1;

		*held |= f >= 0 ? UINT32_C(1) << f : 0;
	}
	cJSON_Delete(doc);
}

void
sync_progress_add(const struct sync_progress *p, const struct schema *schema, struct buf *b)
{
	buf_add_char(b, '{');
	json_member_string(b, "state", str_of(p->running ? "running" :
	    p->result == ERR_OK ? "idle" : "failed"));
	json_member_string_or_null(b, "mode", p->started_ms == 0 ?
	    (struct str){ NULL, 0 } : STR("full"));
	json_member_instant(b, "startedAt", p->started_ms);
	json_member_instant(b, "finishedAt", p->finished_ms);
	add_counts(p, b);
	add_odd(p, schema, b);
	add_held(p, schema, b);
	drift_add_json(&p->counts->drift, schema, b);
	add_error(p, b);
	sync_alarm_add(p->alarm, b);
	json_member_instant(b, "next", p->next_ms);
	buf_add_char(b, '}');
}
