#include <stdlib.h>
#include <utf8proc.h>

#include "common/fold.h"

static bool
fold_ascii(struct buf *out, struct str text)
{
	char *p;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	if ((p = buf_reserve(out, text.len)) == NULL)
		return true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		p[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	buf_commit(out, text.len);
	return true;
}

enum err
fold_text(struct buf *out, struct str text)
{
	utf8proc_uint8_t *folded;
	utf8proc_ssize_t n;

	if (text.len == 0 || fold_ascii(out, text))
		return buf_status(out);
	n = utf8proc_map((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len,
	    &folded, UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM ? ERR_NOMEM : ERR_INVALID_PARAMETER;
	buf_add(out, folded, (size_t)n);
	free(folded);
	return buf_status(out);
}

bool
utf8_valid(struct str s)
{
	for (size_t i = 0; i < s.len; ) {
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n;

		if (s.ptr[i] == '\0')
			return false;
		n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
		    (utf8proc_ssize_t)(s.len - i), &codepoint);
		if (n <= 0)
			return false;
		i += (size_t)n;
	}
	return true;
}
