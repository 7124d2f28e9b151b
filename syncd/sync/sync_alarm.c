#include <cjson/cJSON.h>
#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "syncd/sync/sync_alarm.h"

bool
sync_alarming(enum err e)
{
	return e == ERR_AIRTABLE_SHRUNK || e == ERR_AIRTABLE_FIELD_MISSING ||
	    e == ERR_AIRTABLE_FIELD_LOST || e == ERR_AIRTABLE_FORBIDDEN ||
	    e == ERR_AIRTABLE_UNAUTHORIZED || e == ERR_AIRTABLE_NOT_FOUND;
}

void
sync_alarm_set(struct sync_alarm *a, enum err code, const char *detail, int64_t now_ms)
{
	a->code = code;
	(void)snprintf(a->detail, sizeof(a->detail), "%s", detail);
	if (!a->on)
		a->since_ms = now_ms;
	a->on = true;
}

void
sync_alarm_raise(struct sync_alarm *a, enum err code, const char *detail, int64_t now_ms)
{
	sync_alarm_set(a, code, detail, now_ms);
	log_error("sync: ALARM: %s", a->detail);
}

void
sync_alarm_become(struct sync_alarm *a, struct sync_alarm after)
{
	if (after.on)
		log_error("sync: ALARM: %s", after.detail);
	else if (a->on)
		log_warn("sync: the alarm is over, a full sync is complete");
	*a = after;
}

void
sync_alarm_add(const struct sync_alarm *a, struct buf *b)
{
	if (!a->on) {
		json_member_null(b, "alarm");
		return;
	}
	json_name(b, "alarm");
	buf_add_char(b, '{');
	json_member_string(b, "code", str_of(err_code(a->code)));
	json_member_string(b, "title", str_of(err_text(a->code)));
	json_member_string(b, "detail", str_of(a->detail));
	json_member_instant(b, "since", a->since_ms);
	buf_add_char(b, '}');
}

void
sync_alarm_load(struct sync_alarm *a, struct str document)
{
	cJSON *doc = document.len > 0 ? cJSON_ParseWithLength(document.ptr, document.len) : NULL;
	const cJSON *alarm = cJSON_GetObjectItemCaseSensitive(doc, "alarm");
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(alarm, "code");
	const cJSON *detail = cJSON_GetObjectItemCaseSensitive(alarm, "detail");
	const cJSON *since = cJSON_GetObjectItemCaseSensitive(alarm, "since");
	int64_t since_ms;

	if (cJSON_IsString(code) && sync_alarming(err_from_code(code->valuestring)) &&
	    cJSON_IsString(detail) && cJSON_IsString(since) &&
	    instant_parse(str_of(since->valuestring), &since_ms) == ERR_OK) {
		a->on = true;
		a->code = err_from_code(code->valuestring);
		a->since_ms = since_ms;
		(void)snprintf(a->detail, sizeof(a->detail), "%s", detail->valuestring);
	}
	cJSON_Delete(doc);
}
