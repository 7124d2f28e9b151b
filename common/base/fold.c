#include <stdlib.h>
#include <utf8proc.h>

#include "common/base/fold.h"

#define DOT_ABOVE	0x0307
#define DOTLESS_I	0x0131
#define NEXT_LINE	0x0085
#define HYPHEN		0x2010	/* the non-breaking one too, and four dashes */
#define HORIZONTAL_BAR	0x2015
#define MINUS		0x2212
#define LEFT_SINGLE_QUOTE	0x2018
#define HIGH_REVERSED_SINGLE_QUOTE	0x201b
#define APOSTROPHE_LETTER	0x02bc
#define LEFT_DOUBLE_QUOTE	0x201c
#define HIGH_REVERSED_DOUBLE_QUOTE	0x201f

/* Text that is its own folding but for capital letters. */
static bool
fold_ascii(struct buf *out, struct str text)
{
	char *p;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c < ' ' || c >= 0x7f || (c == ' ' && i > 0 && text.ptr[i - 1] == ' '))
			return false;
	}
	if ((p = buf_reserve(out, text.len)) == NULL)
		return true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		p[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	buf_commit(out, text.len);
	return true;
}

/* White space of any kind becomes a space; other control characters are invisible: 0. */
static utf8proc_int32_t
plain_space(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return ' ';
	case UTF8PROC_CATEGORY_CC:
		return (c >= '\t' && c <= '\r') || c == NEXT_LINE ? ' ' : 0;
	default:
		return c;
	}
}

/* Typographic dashes and quotes become those of a keyboard. */
static utf8proc_int32_t
plain_mark(utf8proc_int32_t c)
{
	if ((c >= HYPHEN && c <= HORIZONTAL_BAR) || c == MINUS)
		return '-';
	if ((c >= LEFT_SINGLE_QUOTE && c <= HIGH_REVERSED_SINGLE_QUOTE) || c == APOSTROPHE_LETTER)
		return '\'';
	if (c >= LEFT_DOUBLE_QUOTE && c <= HIGH_REVERSED_DOUBLE_QUOTE)
		return '"';
	return c;
}

/*
 * What can't be seen makes no difference: a run of spaces of any kind is one
 * space, and the letter i is the same with and without its dot, which its
 * capital has in some languages and lacks in others.  Marks below the letter
 * may come before the dot.
 */
static size_t
unify(utf8proc_int32_t *text, size_t len)
{
	utf8proc_int32_t base = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		utf8proc_int32_t c = plain_mark(plain_space(text[i]));
		int class = utf8proc_get_property(c)->combining_class;

		if (c == 0 || (c == ' ' && n > 0 && text[n - 1] == ' ') ||
		    (c == DOT_ABOVE && (base == 'i' || base == 'j')))
			continue;
		c = c == DOTLESS_I ? 'i' : c;
		if (class == 0 || class == utf8proc_get_property(DOT_ABOVE)->combining_class)
			base = c;	/* after another mark above the letter, a dot is a mark of its own */
		text[n++] = c;
	}
	return n;
}

/* ${visible}: leave out what can't be seen.  ERR_NOT_FOUND: nothing is left. */
static enum err
fold_unicode(struct buf *out, struct str text, bool visible)
{
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.ptr;
	utf8proc_ssize_t len = (utf8proc_ssize_t)text.len, n, room;
	utf8proc_option_t options = UTF8PROC_CASEFOLD | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
	utf8proc_int32_t *points;

	if (visible)
		options |= UTF8PROC_COMPAT | UTF8PROC_IGNORE;
	if ((room = utf8proc_decompose(bytes, len, NULL, 0, options)) <= 0)
		return room == 0 ? ERR_NOT_FOUND : ERR_INVALID_PARAMETER;
	/* one more, as writing it back as UTF-8 ends it with a NUL */
	if ((points = malloc(((size_t)room + 1) * sizeof(*points))) == NULL)
		return ERR_NOMEM;
	n = utf8proc_decompose(bytes, len, points, room, options);
	if (visible)
		n = (utf8proc_ssize_t)unify(points, (size_t)n);
	n = utf8proc_reencode(points, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	if (n >= 0)
		buf_add(out, points, (size_t)n);
	free(points);
	if (n == 0)
		return ERR_NOT_FOUND;
	return n < 0 ? ERR_INVALID_PARAMETER : buf_status(out);
}

enum err
fold_text(struct buf *out, struct str text)
{
	enum err e;

	if (text.len == 0 || fold_ascii(out, text))
		return buf_status(out);
	e = fold_unicode(out, text, true);
	/* an invisible text keeps something, or it would count as empty */
	return e == ERR_NOT_FOUND ? fold_unicode(out, text, false) : e;
}

bool
utf8_valid(struct str s)
{
	for (size_t i = 0; i < s.len; ) {
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t n;

		if (s.ptr[i] == '\0')
			return false;
		if ((unsigned char)s.ptr[i] < 0x80) {	/* takes a third of the time of the call below */
			i++;
			continue;
		}
		n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i,
		    (utf8proc_ssize_t)(s.len - i), &codepoint);
		if (n <= 0)
			return false;
		i += (size_t)n;
	}
	return true;
}
