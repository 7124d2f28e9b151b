#include <stdlib.h>

#include "common/base/json_write.h"
#include "fcgi-api/http/problem.h"
#include "fcgi-api/system/sync_document.h"

static const char *const members[] = {
	"mode", "startedAt", "finishedAt", "pages", "records", "expectedRecords",
	"changed", "created", "deleted", "warnings"
};

static void
add_value(struct buf *b, const char *name, const cJSON *m)
{
	char *text = m != NULL ? cJSON_PrintUnformatted(m) : NULL;

	json_name(b, name);
	buf_add_cstr(b, text != NULL ? text : "null");
	cJSON_free(text);
}

void
json_member_copy(struct buf *b, const char *name, const cJSON *object)
{
	add_value(b, name, cJSON_GetObjectItemCaseSensitive(object, name));
}

enum err
sync_document_error(const cJSON *doc)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(doc, "error");
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(error, "code");

	if (!cJSON_IsObject(error))
		return ERR_OK;
	return cJSON_IsString(code) ? err_from_code(code->valuestring) : ERR_INTERNAL;
}

bool
sync_document_running(const cJSON *doc)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(doc, "state");

	return cJSON_IsString(state) && strcmp(state->valuestring, "running") == 0;
}

static void
add_error(struct buf *b, const cJSON *doc)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(doc, "error");
	const cJSON *detail = cJSON_GetObjectItemCaseSensitive(error, "detail");
	enum err e = sync_document_error(doc);

	if (e == ERR_OK) {
		json_member_null(b, "error");
		return;
	}
	json_name(b, "error");
	problem_add_as(b, problem_status_of_sync(e), e,
	    str_of(cJSON_IsString(detail) ? detail->valuestring : NULL));
}

void
sync_document_add(struct buf *b, const cJSON *doc, const cJSON *feed, bool up)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(doc, "state");

	json_next(b);
	buf_add_char(b, '{');
	json_member_string(b, "state",
	    cJSON_IsString(state) ? str_of(state->valuestring) : STR("idle"));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_member_copy(b, members[i], doc);
	json_member_copy(b, "drift", doc);
	add_error(b, doc);
	json_member_copy(b, "alarm", doc);
	json_member_copy(b, "next", doc);
	add_value(b, "feed", feed);
	json_member_string(b, "syncd", up ? STR("up") : STR("down"));
	buf_add_char(b, '}');
}
