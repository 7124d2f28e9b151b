#include "fcgi-api/csv.h"

static bool
looks_like_formula(struct str s)
{
	return s.len > 0 && s.ptr[0] != '\0' && strchr("=+-@\t\r", s.ptr[0]) != NULL;
}

static bool
needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '"' || s.ptr[i] == ',' || s.ptr[i] == '\r' || s.ptr[i] == '\n')
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
