#include <stdlib.h>

#include "common/base/fold.h"
#include "fcgi-api/http/json_body.h"

/* Texts hold no NUL, and nesting is shallow; both are seen in the raw text, before it is parsed. */
static const char *
text_fault(struct str s)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (quoted && c == '\\') {
			if (s.len - i >= 6 && memcmp(s.ptr + i, "\\u0000", 6) == 0)
				return "a text contains a NUL";
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (quoted) {
			if ((unsigned char)c < 0x20)
				return "a text contains a control character";
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return "the body is nested too deeply";
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return NULL;
}

static int
name_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Does this object have a name twice?  Sorted, so that a long one costs little. */
static const char *
object_fault(const cJSON *object)
{
	size_t n = 0, i = 0;
	const char **names, *fault = NULL;
	const cJSON *m;

	cJSON_ArrayForEach(m, object)
		n++;
	if (n < 2)
		return NULL;
	if ((names = calloc(n, sizeof(*names))) == NULL)
		return "the body is too large";
	cJSON_ArrayForEach(m, object)
		names[i++] = m->string;
	qsort(names, n, sizeof(*names), name_cmp);
	for (i = 1; i < n && fault == NULL; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			fault = "a member appears twice";
	free(names);
	return fault;
}

/* All objects below; the depth is bounded by text_fault(). */
static const char *
duplicate_fault(const cJSON *value)
{
	const char *fault = NULL;
	const cJSON *m;

	if (cJSON_IsObject(value))
		fault = object_fault(value);
	cJSON_ArrayForEach(m, value) {
		if (fault != NULL)
			break;
		if (cJSON_IsObject(m) || cJSON_IsArray(m))
			fault = duplicate_fault(m);
	}
	return fault;
}

static bool
only_space(const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
			return false;
	return true;
}

enum err
json_body_parse(struct str body, cJSON **out, const char **why)
{
	const char *end = NULL;
	cJSON *value = NULL;

	*out = NULL;
	*why = NULL;
	if (body.len == 0)
		*why = "the body is empty";
	else if (memchr(body.ptr, '\0', body.len) != NULL)
		*why = "the body contains a NUL";
	else if (!utf8_valid(body))
		*why = "the body is not UTF-8";
	else
		*why = text_fault(body);
	if (*why != NULL)
		return ERR_INVALID_BODY;
	value = cJSON_ParseWithLengthOpts(body.ptr, body.len, &end, 0);
	if (value == NULL)
		*why = "the body is not JSON";
	else if (!only_space(end, body.ptr + body.len))
		*why = "something follows the JSON value";
	else
		*why = duplicate_fault(value);
	if (*why != NULL) {
		cJSON_Delete(value);
		return ERR_INVALID_BODY;
	}
	*out = value;
	return ERR_OK;
}
