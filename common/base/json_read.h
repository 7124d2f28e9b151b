#ifndef COMMON_BASE_JSON_READ_H
#define COMMON_BASE_JSON_READ_H

#include <cjson/cJSON.h>

/* Members of JSON that Orderdeck itself wrote: history entries, syncd's status. */

/* The text of a member, which lives as long as the object.  NULL: absent, or not text. */
static inline const char *
json_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* The same, with "" for none. */
static inline const char *
json_text_or_empty(const cJSON *object, const char *name)
{
	const char *text = json_text(object, name);

	return text != NULL ? text : "";
}

#endif
