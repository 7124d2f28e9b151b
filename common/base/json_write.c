#include <inttypes.h>
#include <utf8proc.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"

static void
add_escape(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		buf_add_cstr(b, "\\\"");
		break;
	case '\\':
		buf_add_cstr(b, "\\\\");
		break;
	case '\n':
		buf_add_cstr(b, "\\n");
		break;
	case '\r':
		buf_add_cstr(b, "\\r");
		break;
	case '\t':
		buf_add_cstr(b, "\\t");
		break;
	default:
		buf_printf(b, "\\u%04x", c);
	}
}

void
json_add_string(struct buf *b, struct str s)
{
	size_t run = 0, i = 0;	/* s[run, i) needs no change */

	buf_add_char(b, '"');
	while (i < s.len) {
		unsigned char c = (unsigned char)s.ptr[i];
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			i++;
			continue;
		}
		if (c >= 0x80) {
			n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
			    (utf8proc_ssize_t)(s.len - i), &codepoint);
			if (n > 0) {
				i += (size_t)n;
				continue;
			}
		}
		buf_add(b, s.ptr + run, i - run);
		if (c >= 0x80)
			buf_add_cstr(b, "\xef\xbf\xbd");
		else
			add_escape(b, c);
		run = ++i;
	}
	if (s.len > run)
		buf_add(b, s.ptr + run, s.len - run);
	buf_add_char(b, '"');
}

void
json_next(struct buf *b)
{
	if (b->len == 0)
		return;
	switch (b->data[b->len - 1]) {
	case '{':
	case '[':
	case ':':
	case ',':
		return;
	default:
		buf_add_char(b, ',');
	}
}

void
json_name(struct buf *b, const char *name)
{
	json_next(b);
	buf_add_char(b, '"');
	buf_add_cstr(b, name);
	buf_add_cstr(b, "\":");
}

void
json_member_string(struct buf *b, const char *name, struct str s)
{
	json_name(b, name);
	json_add_string(b, s);
}

void
json_member_string_or_null(struct buf *b, const char *name, struct str s)
{
	if (s.ptr == NULL)
		json_member_null(b, name);
	else
		json_member_string(b, name, s);
}

void
json_member_int(struct buf *b, const char *name, int64_t v)
{
	json_name(b, name);
	buf_printf(b, "%" PRId64, v);
}

void
json_member_uint(struct buf *b, const char *name, uint64_t v)
{
	json_name(b, name);
	buf_printf(b, "%" PRIu64, v);
}

void
json_member_bool(struct buf *b, const char *name, bool v)
{
	json_name(b, name);
	buf_add_cstr(b, v ? "true" : "false");
}

void
json_member_null(struct buf *b, const char *name)
{
	json_name(b, name);
	buf_add_cstr(b, "null");
}

void
json_member_instant(struct buf *b, const char *name, int64_t ms)
{
	char text[INSTANT_TEXT_SIZE];

	if (ms == 0 || instant_format(ms, text) != ERR_OK)
		json_member_null(b, name);
	else
		json_member_string(b, name, str_of(text));
}
