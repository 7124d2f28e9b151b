#include "fcgi-api/rows/csv.h"

static bool
looks_like_formula(struct str s)
{
	static const char *const wide[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" };

	if (s.len == 0 || s.ptr[0] == '\0')
		return false;
	/* some read the full-width forms of = + - @ as these */
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]) && s.len >= 3; i++)
		if (memcmp(s.ptr, wide[i], 3) == 0)
			return true;
	return strchr("=+-@\t\r\n", s.ptr[0]) != NULL;
}

/* Where ; or a tab divides cells, a formula must not begin after one either. */
static bool
needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\0' && strchr("\",;\t\r\n", s.ptr[i]) != NULL)
			return true;
	return s.len > 0 && (s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ');
}

void
csv_add_text(struct buf *b, struct str s)
{
	bool quotes = needs_quotes(s);

	if (quotes)
		buf_add_char(b, '"');
	if (looks_like_formula(s))
		buf_add_char(b, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			buf_add_char(b, '"');
		buf_add_char(b, s.ptr[i]);
	}
	if (quotes)
		buf_add_char(b, '"');
}

void
csv_end_line(struct buf *b)
{
	buf_add(b, "\r\n", 2);
}
