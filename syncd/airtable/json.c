#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "common/base/buf.h"
#include "syncd/airtable/json.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */
#define ESCAPE_LEN	6		/* of \uXXXX */
#define NUMBER_MAX	60		/* characters of a number that every cJSON reads */

/* The text that is being mended. */
struct mend {
	const char	*p, *end;
	bool		 in_string;
	struct buf	 out;
};

/* The code unit of \uXXXX at ${p}; -1: there is none. */
static long
escape_unit(const char *p, const char *end)
{
	long unit = 0;

	if (end - p < ESCAPE_LEN || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < ESCAPE_LEN; i++) {
		int digit = hex_digit(p[i]);

		if (digit == -1)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static void
copy(struct mend *m, size_t n)
{
	buf_add(&m->out, m->p, n);
	m->p += n;
}

static void
mend_escape(struct mend *m)
{
	long unit = escape_unit(m->p, m->end);

	if (unit >= 0xd800 && unit <= 0xdbff) {
		long low = escape_unit(m->p + ESCAPE_LEN, m->end);

		if (low >= 0xdc00 && low <= 0xdfff) {
			copy(m, (size_t)2 * ESCAPE_LEN);
			return;
		}
	}
	if (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff)) {
		buf_add_cstr(&m->out, REPLACEMENT);
		m->p += ESCAPE_LEN;
	} else if (unit > 0) {
		copy(m, ESCAPE_LEN);
	} else {
		/* two bytes, unless the second is not ASCII */
		copy(m, m->end - m->p >= 2 && (unsigned char)m->p[1] - 1u < 0x7f ? 2 : 1);
	}
}

static void
mend_byte(struct mend *m)
{
	utf8proc_int32_t codepoint;
	utf8proc_ssize_t n;

	n = utf8proc_iterate((const utf8proc_uint8_t *)m->p, m->end - m->p, &codepoint);
	if (n > 0 && codepoint != 0) {
		copy(m, (size_t)n);
	} else {
		buf_add_cstr(&m->out, REPLACEMENT);
		m->p++;
	}
}

static void
mend_number(struct mend *m)
{
	size_t n = strspn(m->p, "+-.0123456789eE");
	char *end;
	double v;

	if (n <= NUMBER_MAX || (v = strtod(m->p, &end), end != m->p + n)) {
		copy(m, n);		/* cJSON refuses it if it is not a number */
		return;
	}
	if (isfinite(v))
		buf_printf(&m->out, "%.17g", v);
	else
		buf_add_cstr(&m->out, v < 0 ? "-1e999" : "1e999");
	m->p += n;
}

/* Is it ASCII that stands for itself, in a string and outside?  A char may be signed or not. */
static bool
plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= ' ' && u < 0x80 && u != '"' && u != '\\';
}

/* The length of text that needs no mending, up to the next byte that may. */
static size_t
plain_run(const struct mend *m)
{
	const char *p = m->p;

	if (m->in_string)
		while (p < m->end && plain(*p))
			p++;
	else
		while (p < m->end && plain(*p) && *p != '-' && (*p < '0' || *p > '9'))
			p++;
	return (size_t)(p - m->p);
}

static void
mend(struct mend *m)
{
	while (m->p < m->end && buf_status(&m->out) == ERR_OK) {
		size_t run = plain_run(m);

		if (run > 0) {
			copy(m, run);
		} else if (*m->p == '"') {
			m->in_string = !m->in_string;
			copy(m, 1);
		} else if (*m->p == '\\') {
			mend_escape(m);
		} else if (!m->in_string && (*m->p == '-' || (*m->p >= '0' && *m->p <= '9'))) {
			mend_number(m);
		} else {
			mend_byte(m);
		}
	}
}

static bool
only_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p == end;
}

cJSON *
airtable_json_parse(struct str body, size_t *text_bytes)
{
	struct mend m = { .in_string = false };
	struct buf whole = { 0 };
	const char *end = NULL, *text;
	cJSON *json = NULL;

	/* strspn and strtod stop at the NUL at its end */
	buf_add_str(&whole, body);
	m.p = buf_cstr(&whole);
	m.end = m.p + whole.len;
	if (buf_status(&whole) == ERR_OK) {
		mend(&m);
		text = buf_cstr(&m.out);
		*text_bytes = m.out.len;
		if (buf_status(&m.out) == ERR_OK)
			json = cJSON_ParseWithLengthOpts(text, m.out.len, &end, 0);
		if (json != NULL && !only_space(end, text + m.out.len)) {
			cJSON_Delete(json);
			json = NULL;
		}
	}
	buf_free(&m.out);
	buf_free(&whole);
	return json;
}

const cJSON *
airtable_json_member(const cJSON *json, const char *name)
{
	const cJSON *found = NULL, *m;

	if (!cJSON_IsObject(json))
		return NULL;
	cJSON_ArrayForEach(m, json)
		if (strcmp(m->string, name) == 0)
			found = m;
	return found;
}

const char *
airtable_json_text(const cJSON *json, const char *name)
{
	const cJSON *m = airtable_json_member(json, name);

	return cJSON_IsString(m) ? m->valuestring : "";
}

const cJSON *
airtable_json_called(const cJSON *list, const char *wanted)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, list)
		if (strcmp(airtable_json_text(one, "id"), wanted) == 0 ||
		    strcmp(airtable_json_text(one, "name"), wanted) == 0)
			return one;
	return NULL;
}
