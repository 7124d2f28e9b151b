#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/wire/parts.h"

#define DEPTH_MAX	32

bool
reader_refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->why, 128, fmt, ap);
	va_end(ap);
	return false;
}

/*
 * What is wrong with a line; NULL: nothing.  The parser would accept bytes that are not UTF-8,
 * control characters, escaped NULs and deep nesting.
 */
static const char *
unclean(struct str line)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < line.len; ) {
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)line.ptr + i,
		    (utf8proc_ssize_t)(line.len - i), &codepoint);

		if (n <= 0)
			return "not UTF-8";
		if (codepoint < ' ')
			return "a control character";
		if (codepoint == '"') {
			in_string = !in_string;
		} else if (in_string && codepoint == '\\') {
			if (line.len - i >= 6 && memcmp(line.ptr + i, "\\u0000", 6) == 0)
				return "\\u0000";
			n = 2;	/* an escaped quote does not end the string */
		} else if (!in_string && (codepoint == '{' || codepoint == '[')) {
			if (++depth > DEPTH_MAX)
				return "nested too deeply";
		} else if (!in_string && (codepoint == '}' || codepoint == ']') && depth > 0) {
			depth--;
		}
		i += (size_t)n;
	}
	return NULL;
}

cJSON *
reader_object(struct reader *r, struct str line)
{
	const char *end = NULL, *problem;
	cJSON *object;

	if (line.len > MESSAGE_BYTES_MAX) {
		(void)reader_refuse(r, "longer than %d bytes", MESSAGE_BYTES_MAX);
		return NULL;
	}
	if ((problem = unclean(line)) != NULL) {
		(void)reader_refuse(r, "%s", problem);
		return NULL;
	}
	object = line.len == 0 ? NULL : cJSON_ParseWithLengthOpts(line.ptr, line.len, &end, false);
	while (object != NULL && end < line.ptr + line.len && *end == ' ')
		end++;
	if (cJSON_IsObject(object) && end == line.ptr + line.len && line.ptr[0] != '\xef')
		return object;
	cJSON_Delete(object);
	(void)reader_refuse(r, "not a JSON object");
	return NULL;
}

static bool
belongs(const struct member *m, unsigned type)
{
	return m->types == 0 || (m->types & 1U << type) != 0;
}

static const struct member *
find_member(const struct member *table, size_t n, unsigned type, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0 && belongs(&table[i], type))
			return &table[i];
	return NULL;
}

bool
reader_members(struct reader *r, const struct member *table, size_t n, unsigned type,
    const cJSON *object)
{
	bool seen[MEMBERS_MAX] = { false };
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		const struct member *m = find_member(table, n, type, item->string);

		if (m == NULL)
			return reader_refuse(r, "unknown member \"%.60s\"", item->string);
		if (seen[m - table])
			return reader_refuse(r, "\"%s\" twice", m->name);
		seen[m - table] = true;
		if (m->read != NULL && !m->read(r, m, item))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (table[i].required && belongs(&table[i], type) && !seen[i])
			return reader_refuse(r, "no \"%s\"", table[i].name);
	return true;
}

bool
reader_number(struct reader *r, const char *name, const cJSON *item, uint64_t max,
    uint64_t *number)
{
	double v = item->valuedouble;

	if (!cJSON_IsNumber(item))
		return reader_refuse(r, "\"%s\" is no number", name);
	if (!(v >= 0 && v <= (double)max) || v != (double)(uint64_t)v)
		return reader_refuse(r, "\"%s\" is no whole number in its range", name);
	*number = (uint64_t)v;
	return true;
}

bool
reader_milliseconds(struct reader *r, const char *name, const cJSON *item, uint64_t max,
    int64_t *ms)
{
	uint64_t number = 0;

	if (!reader_number(r, name, item, max, &number))
		return false;
	*ms = (int64_t)number;
	return true;
}

bool
reader_bool(struct reader *r, const char *name, const cJSON *item, bool *value)
{
	if (!cJSON_IsBool(item))
		return reader_refuse(r, "\"%s\" is neither true nor false", name);
	*value = cJSON_IsTrue(item);
	return true;
}

bool
reader_text(struct reader *r, const char *name, const cJSON *item, char *text, size_t size)
{
	if (!cJSON_IsString(item))
		return reader_refuse(r, "\"%s\" is no string", name);
	if (strlen(item->valuestring) >= size)
		return reader_refuse(r, "\"%s\" is longer than %zu bytes", name, size - 1);
	(void)strcpy(text, item->valuestring);
	return true;
}

bool
reader_text_cut(struct reader *r, const char *name, const cJSON *item, char *text, size_t size)
{
	size_t len;

	if (!cJSON_IsString(item))
		return reader_refuse(r, "\"%s\" is no string", name);
	if ((len = strlen(item->valuestring)) >= size)
		for (len = size - 1; ((unsigned char)item->valuestring[len] & 0xc0) == 0x80; len--)
			;
	memcpy(text, item->valuestring, len);
	text[len] = '\0';
	return true;
}

bool
reader_record(struct reader *r, const char *name, const cJSON *item, char record[static 64])
{
	const char *p = record;

	if (!reader_text(r, name, item, record, 64))
		return false;
	while (*p > ' ' && *p <= '~')
		p++;
	return *p == '\0' && p > record ? true : reader_refuse(r, "\"%s\" is no record id", name);
}
