#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "airtable-sim/cells/casts.h"
#include "airtable-sim/formula/tree.h"

/* Places and lengths are in characters. */
static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}

/* Where the ${n}th character (from 0) begins; the end when there are fewer. */
static size_t
byte_of(struct str s, int64_t n)
{
	size_t i = 0;

	for (; i < s.len; i++)
		if (((unsigned char)s.ptr[i] & 0xc0) != 0x80 && n-- <= 0)
			break;
	return i;
}

/* Characters ${from} to ${to}, without the last one. */
static struct str
part(struct str s, int64_t from, int64_t to)
{
	size_t a, b;

	from = from < 0 ? 0 : from;
	to = to < from ? from : to;
	a = byte_of(s, from);
	b = byte_of(s, to);
	return (struct str){ s.len == 0 ? "" : s.ptr + a, b - a };
}

static struct fvalue
fn_left(struct feval *e, const struct fnode *n)
{
	struct str s;
	int64_t count = 1;

	if (!feval_text_arg(e, n, 0, &s) || (n->arg_count > 1 && !feval_count_arg(e, n, 1, &count)))
		return fvalue_error();
	return fvalue_text(part(s, 0, count));
}

static struct fvalue
fn_right(struct feval *e, const struct fnode *n)
{
	struct str s;
	int64_t count = 1, all;

	if (!feval_text_arg(e, n, 0, &s) || (n->arg_count > 1 && !feval_count_arg(e, n, 1, &count)))
		return fvalue_error();
	all = (int64_t)characters(s);
	return fvalue_text(count <= 0 ? STR("") : part(s, all - count, all));
}

static struct fvalue
fn_mid(struct feval *e, const struct fnode *n)
{
	struct str s;
	int64_t start, count;

	if (!feval_text_arg(e, n, 0, &s) || !feval_count_arg(e, n, 1, &start) ||
	    !feval_count_arg(e, n, 2, &count))
		return fvalue_error();
	start = start < 1 ? 1 : start;
	return fvalue_text(part(s, start - 1, start - 1 + count));
}

static struct fvalue
fn_len(struct feval *e, const struct fnode *n)
{
	struct str s;

	return feval_text_arg(e, n, 0, &s) ? fvalue_number((double)characters(s)) : fvalue_error();
}

static struct fvalue
fn_replace(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str s, with, head, tail;
	int64_t start, count;

	if (!feval_text_arg(e, n, 0, &s) || !feval_count_arg(e, n, 1, &start) ||
	    !feval_count_arg(e, n, 2, &count) || !feval_text_arg(e, n, 3, &with))
		return fvalue_error();
	start = start < 1 ? 0 : start - 1;
	head = part(s, 0, start);
	tail = part(s, start + (count < 0 ? 0 : count), INT32_MAX);
	buf_add_str(&b, head);
	buf_add_str(&b, with);
	buf_add_str(&b, tail);
	return feval_keep(e, &b);
}

/* All of them, or only the ${index}th (from 1). */
static struct fvalue
fn_substitute(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str s, old, with;
	int64_t index = 0, seen = 0;

	if (!feval_text_arg(e, n, 0, &s) || !feval_text_arg(e, n, 1, &old) ||
	    !feval_text_arg(e, n, 2, &with) || (n->arg_count > 3 && !feval_count_arg(e, n, 3, &index)))
		return fvalue_error();
	while (old.len > 0 && s.len >= old.len) {
		const char *hit = memmem(s.ptr, s.len, old.ptr, old.len);
		size_t before = hit == NULL ? 0 : (size_t)(hit - s.ptr);

		if (hit == NULL)
			break;
		buf_add(&b, s.ptr, before);
		buf_add_str(&b, index == 0 || ++seen == index ? with : old);
		s.ptr += before + old.len;
		s.len -= before + old.len;
	}
	buf_add_str(&b, s);
	return feval_keep(e, &b);
}

static struct fvalue
fn_rept(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str s;
	int64_t count;

	if (!feval_text_arg(e, n, 0, &s) || !feval_count_arg(e, n, 1, &count))
		return fvalue_error();
	while (s.len > 0 && count-- > 0 && buf_status(&b) == ERR_OK)
		buf_add_str(&b, s);
	return feval_keep(e, &b);
}

/* The character at which the first text is in the second, from 1; 0: it isn't. */
static bool
place_of(struct feval *e, const struct fnode *n, double *place)
{
	struct str needle, hay;
	int64_t from = 1;
	const char *hit;
	size_t skip;

	if (!feval_text_arg(e, n, 0, &needle) || !feval_text_arg(e, n, 1, &hay) ||
	    (n->arg_count > 2 && !feval_count_arg(e, n, 2, &from)))
		return false;
	skip = byte_of(hay, from - 1);
	hit = hay.len == skip ? NULL : memmem(hay.ptr + skip, hay.len - skip, needle.ptr, needle.len);
	if (needle.len == 0)
		*place = (double)(from < 1 ? 1 : from);
	else
		*place = hit == NULL ? 0 :
		    (double)characters((struct str){ hay.ptr, (size_t)(hit - hay.ptr) }) + 1;
	return true;
}

static struct fvalue
fn_find(struct feval *e, const struct fnode *n)
{
	double place;

	return place_of(e, n, &place) ? fvalue_number(place) : fvalue_error();
}

static struct fvalue
fn_search(struct feval *e, const struct fnode *n)
{
	double place;

	if (!place_of(e, n, &place))
		return fvalue_error();
	return place > 0 ? fvalue_number(place) : (struct fvalue){ .kind = FV_BLANK };
}

static struct fvalue
map_text(struct feval *e, const struct fnode *n, utf8proc_int32_t (*map)(utf8proc_int32_t))
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	utf8proc_uint8_t bytes[4];
	utf8proc_int32_t c;
	struct str s;

	if (!feval_text_arg(e, n, 0, &s))
		return fvalue_error();
	while (s.len > 0) {
		utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr,
		    (utf8proc_ssize_t)s.len, &c);

		if (used <= 0) {	/* what is no character stays as it is */
			buf_add_char(&b, s.ptr[0]);
			used = 1;
		} else if (c == 0xdf && map == utf8proc_toupper) {
			buf_add_cstr(&b, "SS");		/* the one letter whose capital is two */
		} else {
			buf_add(&b, bytes, (size_t)utf8proc_encode_char(map(c), bytes));
		}
		s.ptr += used;
		s.len -= (size_t)used;
	}
	return feval_keep(e, &b);
}

static struct fvalue
fn_lower(struct feval *e, const struct fnode *n)
{
	return map_text(e, n, utf8proc_tolower);
}

static struct fvalue
fn_upper(struct feval *e, const struct fnode *n)
{
	return map_text(e, n, utf8proc_toupper);
}

static struct fvalue
fn_trim(struct feval *e, const struct fnode *n)
{
	struct str s;

	return feval_text_arg(e, n, 0, &s) ? fvalue_text(sim_trim(s)) : fvalue_error();
}

static struct fvalue
fn_concatenate(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str s;

	for (uint32_t i = 0; i < n->arg_count; i++) {
		if (!feval_text_arg(e, n, i, &s)) {
			buf_free(&b);
			return fvalue_error();
		}
		buf_add_str(&b, s);
	}
	return feval_keep(e, &b);
}

static struct fvalue
fn_exact(struct feval *e, const struct fnode *n)
{
	struct str a, b;

	if (!feval_text_arg(e, n, 0, &a) || !feval_text_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(str_eq(a, b));
}

/* A text is itself, all else is nothing. */
static struct fvalue
fn_t(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);

	return v.kind == FV_TEXT || v.kind == FV_ERROR ? v : (struct fvalue){ .kind = FV_BLANK };
}

/* What no number can be read from is read without all that is no digit, as Airtable does. */
static bool
digits_of(struct str s, double *d)
{
	char text[64];
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < sizeof(text) - 1; i++)
		if (isdigit((unsigned char)s.ptr[i]) ||
		    (s.ptr[i] == '.' && memchr(text, '.', n) == NULL))
			text[n++] = s.ptr[i];
	text[n] = '\0';
	*d = strtod(text, NULL);
	return strpbrk(text, "0123456789") != NULL;
}

static struct fvalue
fn_value(struct feval *e, const struct fnode *n)
{
	struct str s;
	bool percent = false;
	double d;

	if (!feval_text_arg(e, n, 0, &s) ||
	    (!sim_cast_number(s, &d, &percent) && !digits_of(s, &d)))
		return fvalue_error();
	return fvalue_number(percent ? d / 100 : d);
}

static struct fvalue
fn_encode_url_component(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str s;

	if (!feval_text_arg(e, n, 0, &s))
		return fvalue_error();
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (isalnum(c) || (c != '\0' && strchr("-_.!~*'()", c) != NULL))
			buf_add_char(&b, (char)c);
		else
			buf_printf(&b, "%%%02X", c);
	}
	return feval_keep(e, &b);
}

const struct ffunction ffunction_texts[] = {
	{ "CONCATENATE", 1, FARGS_ANY, fn_concatenate },
	{ "ENCODE_URL_COMPONENT", 1, 1, fn_encode_url_component },
	{ "EXACT", 2, 2, fn_exact },
	{ "FIND", 2, 3, fn_find },
	{ "LEFT", 1, 2, fn_left },
	{ "LEN", 1, 1, fn_len },
	{ "LOWER", 1, 1, fn_lower },
	{ "MID", 3, 3, fn_mid },
	{ "REPLACE", 4, 4, fn_replace },
	{ "REPT", 2, 2, fn_rept },
	{ "RIGHT", 1, 2, fn_right },
	{ "SEARCH", 2, 3, fn_search },
	{ "SUBSTITUTE", 3, 4, fn_substitute },
	{ "T", 1, 1, fn_t },
	{ "TRIM", 1, 1, fn_trim },
	{ "UPPER", 1, 1, fn_upper },
	{ "VALUE", 1, 1, fn_value },
	{ NULL, 0, 0, NULL }
};
