#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/cells/casts.h"

#define NUMBER_TEXT_MAX	60
#define CODE_LETTERS	3	/* USD */

struct str
sim_trim(struct str s)
{
	while (s.len > 0 && isspace((unsigned char)s.ptr[0]))
		s.ptr++, s.len--;
	while (s.len > 0 && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static char
first(struct str s)
{
	return s.len == 0 ? '\0' : s.ptr[0];
}

static void
skip(struct str *s, size_t n)
{
	s->ptr += n;
	s->len -= n;
}

/* Spaces and one symbol or code of a currency. */
static void
skip_currency(struct str *s)
{
	size_t letters = 0, others = 0;

	*s = sim_trim(*s);
	while (letters < s->len && isalpha((unsigned char)s->ptr[letters]))
		letters++;
	if (letters <= CODE_LETTERS)
		skip(s, letters);
	while (others < s->len && ((unsigned char)s->ptr[others] >= 0x80 || s->ptr[others] == '$'))
		others++;
	skip(s, others);
	*s = sim_trim(*s);
}

/* True with each sign taken; two of them are none. */
static void
skip_sign(struct str *s, int *signs, bool *minus)
{
	if (first(*s) != '-' && first(*s) != '+')
		return;
	*minus = first(*s) == '-';
	++*signs;
	skip(s, 1);
}

/* "1,234.50" as "1234.50"; false: groups that are none, or too long. */
static bool
take_decimal(struct str *s, char text[static NUMBER_TEXT_MAX])
{
	size_t n = 0, group = 0;
	bool grouped = false, point = false;

	for (; s->len > 0 && n < NUMBER_TEXT_MAX - 1; skip(s, 1)) {
		char c = first(*s);

		if (isdigit((unsigned char)c)) {
			text[n++] = c;
			group++;
		} else if (c == ',' && !point && group > 0 && group <= 3 && (!grouped || group == 3)) {
			grouped = true;
			group = 0;
		} else if (c == '.' && !point && (!grouped || group == 3)) {
			point = true;
			text[n++] = c;
		} else {
			break;
		}
	}
	text[n] = '\0';
	return n > (size_t)point && (!grouped || point || group == 3);
}

/* An exponent such as "e21" behind the digits. */
static bool
take_exponent(struct str *s, int *exponent)
{
	size_t n = 1;
	bool minus;

	*exponent = 0;
	if (s->len < 2 || (first(*s) != 'e' && first(*s) != 'E'))
		return false;
	minus = s->ptr[1] == '-';
	n += minus || s->ptr[1] == '+';
	if (n >= s->len || !isdigit((unsigned char)s->ptr[n]))
		return false;
	for (; n < s->len && isdigit((unsigned char)s->ptr[n]); n++)
		if (*exponent < 1000)
			*exponent = *exponent * 10 + (s->ptr[n] - '0');
	if (minus)
		*exponent = -*exponent;
	skip(s, n);
	return true;
}

bool
sim_cast_number(struct str s, double *number, bool *percent)
{
	char text[NUMBER_TEXT_MAX];
	bool minus = false, parentheses;
	int signs = 0, exponent;

	s = sim_trim(s);
	parentheses = s.len > 2 && first(s) == '(' && s.ptr[s.len - 1] == ')';
	if (parentheses)
		s = sim_trim((struct str){ s.ptr + 1, s.len - 2 });
	skip_sign(&s, &signs, &minus);
	skip_currency(&s);
	skip_sign(&s, &signs, &minus);
	if (!take_decimal(&s, text))
		return false;
	*number = strtod(text, NULL);
	if (take_exponent(&s, &exponent))
		*number *= pow(10, exponent);
	s = sim_trim(s);
	*percent = first(s) == '%';
	skip(&s, *percent);
	skip_currency(&s);
	if (minus || parentheses)
		*number = -*number;
	return s.len == 0 && signs + parentheses <= 1 && isfinite(*number);
}

/* A plain decimal at the beginning. */
static bool
take_count(struct str *s, double *value)
{
	char text[NUMBER_TEXT_MAX];
	size_t n = 0;

	while (n < s->len && n < sizeof(text) - 1 && (isdigit((unsigned char)s->ptr[n]) ||
	    s->ptr[n] == '.')) {
		text[n] = s->ptr[n];
		n++;
	}
	text[n] = '\0';
	if (n == 0 || strspn(text, ".") == n || strchr(text, '.') != strrchr(text, '.'))
		return false;
	*value = strtod(text, NULL);
	skip(s, n);
	return true;
}

/* "1h 30m", of which ${value} is read already. */
static bool
with_units(struct str s, double value, double *seconds)
{
	static const struct {
		const char	*word;
		double		 seconds;
	} units[] = {
		{ "d", 86400 }, { "day", 86400 }, { "days", 86400 }, { "h", 3600 }, { "hr", 3600 },
		{ "hrs", 3600 }, { "hour", 3600 }, { "hours", 3600 }, { "m", 60 }, { "min", 60 },
		{ "mins", 60 }, { "minute", 60 }, { "minutes", 60 }, { "s", 1 }, { "sec", 1 },
		{ "secs", 1 }, { "second", 1 }, { "seconds", 1 },
	};

	for (*seconds = 0;;) {
		size_t n = 0, u = 0;

		s = sim_trim(s);
		while (n < s.len && isalpha((unsigned char)s.ptr[n]))
			n++;
		while (u < sizeof(units) / sizeof(units[0]) && !(n == strlen(units[u].word) &&
		    strncasecmp(s.ptr, units[u].word, n) == 0))
			u++;
		if (u == sizeof(units) / sizeof(units[0]))
			return false;
		*seconds += value * units[u].seconds;
		skip(&s, n);
		s = sim_trim(s);
		if (s.len == 0)
			return true;
		if (!take_count(&s, &value))
			return false;
	}
}

bool
sim_cast_duration(struct str s, enum sim_duration_format format, double *seconds)
{
	double parts[3], smallest = format == SIM_H_MM ? 60 : 1;
	bool minus;
	size_t n = 0;

	s = sim_trim(s);
	minus = first(s) == '-';
	skip(&s, minus);
	if (!take_count(&s, &parts[n++]))
		return false;
	while (n < 3 && first(s) == ':') {
		skip(&s, 1);
		if (!take_count(&s, &parts[n++]))
			return false;
	}
	if (n == 1 && s.len > 0) {
		if (!with_units(s, parts[0], seconds))
			return false;
	} else {
		if (s.len > 0)
			return false;
		if (n == 3)
			smallest = 1;
		*seconds = 0;
		for (size_t i = 0; i < n; i++)
			*seconds = *seconds * 60 + parts[i];
		*seconds *= smallest;
	}
	if (minus)
		*seconds = -*seconds;
	return isfinite(*seconds);
}

bool
sim_cast_checkbox(struct str s, bool *checked)
{
	static const char *const words[2][9] = {
		{ "false", "no", "0", "off", "unchecked", "f", "n", "disabled", "☐" },
		{ "true", "yes", "1", "on", "checked", "t", "y", "x", "✓" },
	};

	s = sim_trim(s);
	for (int yes = 0; yes < 2; yes++)
		for (size_t i = 0; i < 9; i++)
			if (s.len == strlen(words[yes][i]) &&
			    strncasecmp(s.ptr, words[yes][i], s.len) == 0) {
				*checked = yes;
				return true;
			}
	return false;
}

/* A quoted item; "" in it is a quote. */
static void
take_quoted(struct str *rest, struct buf *item)
{
	for (skip(rest, 1); rest->len > 0; skip(rest, 1)) {
		if (rest->ptr[0] == '"') {
			skip(rest, 1);
			if (first(*rest) != '"')
				return;
		}
		buf_add_char(item, rest->ptr[0]);
	}
}

bool
sim_cast_item(struct str *rest, struct buf *item)
{
	const char *comma;
	struct str plain;
	bool quoted;

	for (;;) {
		buf_clear(item);
		*rest = sim_trim(*rest);
		if (rest->len == 0)
			return false;
		quoted = first(*rest) == '"';
		if (quoted)
			take_quoted(rest, item);
		comma = rest->len == 0 ? NULL : memchr(rest->ptr, ',', rest->len);
		plain = (struct str){ rest->ptr, comma == NULL ? rest->len :
		    (size_t)(comma - rest->ptr) };
		if (!quoted)
			buf_add_str(item, sim_trim(plain));
		skip(rest, plain.len + (comma != NULL));
		if (item->len > 0)
			return true;
	}
}
