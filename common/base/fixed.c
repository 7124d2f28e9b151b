#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/fixed.h"

#define DIGITS_MAX	18	/* of FIXED_MAX */

struct decimal {
	bool	negative;
	char	digits[64];	/* without leading zeros */
	bool	more;		/* than zeros after those */
	int	n;		/* digits in use */
	int	point;		/* digits before the decimal point; may be < 0 or > n */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits after the 64th are far below a unit or far beyond FIXED_MAX: only their place counts. */
static bool
read_mantissa(struct str *t, struct decimal *d)
{
	bool seen = false, fraction = false;

	for (; t->len > 0; t->ptr++, t->len--) {
		char c = t->ptr[0];

		if (c == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (!is_digit(c))
			break;
		seen = true;
		if (c == '0' && d->n == 0) {
			d->point -= fraction ? 1 : 0;
			continue;
		}
		if (d->n < (int)sizeof(d->digits))
			d->digits[d->n++] = c;
		else
			d->more |= c != '0';
		d->point += fraction ? 0 : 1;
	}
	return seen;
}

static bool
read_exponent(struct str *t, struct decimal *d)
{
	int exponent = 0;
	bool negative = false;

	if (t->len == 0)
		return true;
	if (t->ptr[0] != 'e' && t->ptr[0] != 'E')
		return false;
	t->ptr++, t->len--;
	if (t->len > 0 && (t->ptr[0] == '-' || t->ptr[0] == '+')) {
		negative = t->ptr[0] == '-';
		t->ptr++, t->len--;
	}
	if (t->len == 0)
		return false;
	for (; t->len > 0; t->ptr++, t->len--) {
		if (!is_digit(t->ptr[0]))
			return false;
		if (exponent < 100000)
			exponent = exponent * 10 + (t->ptr[0] - '0');
	}
	d->point += negative ? -exponent : exponent;
	return true;
}

enum err
fixed_parse(struct str t, int decimals, int64_t *units, bool *rounded)
{
	struct decimal d = { 0 };
	int64_t value = 0;
	int places;
	bool rest;

	if (t.len > 0 && (t.ptr[0] == '-' || t.ptr[0] == '+')) {
		d.negative = t.ptr[0] == '-';
		t.ptr++, t.len--;
	}
	if (t.len > 100000 || !read_mantissa(&t, &d) || !read_exponent(&t, &d))
		return ERR_INVALID_PARAMETER;
	if (d.n == 0)
		places = 0;
	else if ((places = d.point + decimals) > DIGITS_MAX)
		return ERR_INVALID_PARAMETER;
	for (int i = 0; i < places; i++)
		value = value * 10 + (i < d.n ? d.digits[i] - '0' : 0);
	if (places >= 0 && places < d.n && d.digits[places] >= '5')
		value++;
	rest = d.more;
	for (int i = places < 0 ? 0 : places; i < d.n; i++)
		rest |= d.digits[i] != '0';
	if (rounded != NULL)
		*rounded = rest;
	if (value > FIXED_MAX)		/* it was rounded up to one more digit */
		return ERR_INVALID_PARAMETER;
	*units = d.negative ? -value : value;
	return ERR_OK;
}

enum err
fixed_from_double(double v, int decimals, int64_t *units)
{
	char text[40];

	if (!isfinite(v))
		return ERR_INVALID_PARAMETER;
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return fixed_parse(str_of(text), decimals, units, NULL);
}

bool
fixed_is_exact(double v, int decimals, int64_t units)
{
	double unit = 1;

	for (int i = 0; i < decimals; i++)
		unit *= 10;
	return fabs((double)units / unit - v) <= 4 * DBL_EPSILON * fabs(v);
}

void
fixed_add(struct buf *b, fixed_sum units, int decimals, int shown)
{
	char text[64], *end = text + sizeof(text), *p = end;
	unsigned __int128 u = units < 0 ? -(unsigned __int128)units :
	    (unsigned __int128)units;
	int skip = 0;

	/* from the right: the decimals, less trailing zeros that need not be shown */
	for (int i = 0; i < decimals; i++, u /= 10) {
		char c = (char)('0' + (int)(u % 10));

		if (i == skip && i < decimals - shown && c == '0') {
			skip++;
			continue;
		}
		*--p = c;
	}
	if (p < end)
		*--p = '.';
	do {
		*--p = (char)('0' + (int)(u % 10));
		u /= 10;
	} while (u != 0);
	if (units < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(end - p));
}
