#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/formula_tree.h"

/* AND, OR: an error among the arguments is an error, as in Airtable. */
static struct fvalue
count_true(struct feval *e, const struct fnode *n, uint32_t *count)
{
	*count = 0;
	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct fvalue v = feval_arg(e, n, i);

		if (v.kind == FV_ERROR)
			return v;
		*count += fvalue_true(&v);
	}
	return fvalue_number(1);
}

static struct fvalue
fn_and(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count == n->arg_count);
}

static struct fvalue
fn_or(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count > 0);
}

static struct fvalue
fn_xor(struct feval *e, const struct fnode *n)
{
	uint32_t count;
	struct fvalue v = count_true(e, n, &count);

	return v.kind == FV_ERROR ? v : fvalue_number(count % 2);
}

static struct fvalue
fn_not(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);

	return v.kind == FV_ERROR ? v : fvalue_number(!fvalue_true(&v));
}

static struct fvalue
fn_if(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);

	if (v.kind == FV_ERROR)
		return v;
	if (fvalue_true(&v))
		return feval_arg(e, n, 1);
	return n->arg_count == 3 ? feval_arg(e, n, 2) : (struct fvalue){ .kind = FV_BLANK };
}

static struct fvalue
fn_true(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_number(1);
}

static struct fvalue
fn_false(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_number(0);
}

static struct fvalue
fn_blank(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return (struct fvalue){ .kind = FV_BLANK };
}

static struct fvalue
fn_error(struct feval *e, const struct fnode *n)
{
	(void)e, (void)n;
	return fvalue_error();
}

static struct fvalue
fn_record_id(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_text((struct str){ e->context->row->id, SIM_ID_LEN });
}

static struct fvalue
fn_len(struct feval *e, const struct fnode *n)
{
	struct str s;
	size_t characters = 0;

	if (!feval_text_arg(e, n, 0, &s))
		return fvalue_error();
	for (size_t i = 0; i < s.len; i++)
		characters += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
	return fvalue_number((double)characters);
}

static struct fvalue
map_text(struct feval *e, const struct fnode *n, int (*map)(int))
{
	struct str s;
	struct fvalue v;
	char *p;

	if (!feval_text_arg(e, n, 0, &s) || (p = feval_alloc(e, s.len + 1)) == NULL)
		return fvalue_error();
	for (size_t i = 0; i < s.len; i++)
		p[i] = (char)((unsigned char)s.ptr[i] < 0x80 ? map((unsigned char)s.ptr[i]) : s.ptr[i]);
	v = fvalue_text((struct str){ p, s.len });
	return v;
}

static struct fvalue
fn_lower(struct feval *e, const struct fnode *n)
{
	return map_text(e, n, tolower);
}

static struct fvalue
fn_upper(struct feval *e, const struct fnode *n)
{
	return map_text(e, n, toupper);
}

static struct fvalue
fn_trim(struct feval *e, const struct fnode *n)
{
	struct str s;

	if (!feval_text_arg(e, n, 0, &s))
		return fvalue_error();
	while (s.len > 0 && isspace((unsigned char)s.ptr[0]))
		s.ptr++, s.len--;
	while (s.len > 0 && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return fvalue_text(s);
}

/* Place of the first text in the second, from 1; 0: not there. */
static struct fvalue
fn_find(struct feval *e, const struct fnode *n)
{
	struct str needle, hay;
	const char *hit;

	if (!feval_text_arg(e, n, 0, &needle) || !feval_text_arg(e, n, 1, &hay))
		return fvalue_error();
	if (needle.len == 0)
		return fvalue_number(1);
	hit = hay.len == 0 ? NULL : memmem(hay.ptr, hay.len, needle.ptr, needle.len);
	return fvalue_number(hit == NULL ? 0 : (double)(hit - hay.ptr + 1));
}

static struct fvalue
fn_concatenate(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct fvalue v = fvalue_error();
	struct str s;

	for (uint32_t i = 0; i < n->arg_count; i++) {
		if (!feval_text_arg(e, n, i, &s))
			goto out;
		buf_add_str(&b, s);
	}
	if (buf_status(&b) == ERR_OK)
		v = feval_join(e, buf_str(&b), STR(""));
out:
	buf_free(&b);
	return v;
}

static struct fvalue
fn_value(struct feval *e, const struct fnode *n)
{
	struct str s;
	char text[64], *end;
	double d;

	if (!feval_text_arg(e, n, 0, &s) || s.len >= sizeof(text))
		return fvalue_error();
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	d = strtod(text, &end);
	return end == text || *end != '\0' ? fvalue_error() : fvalue_number(d);
}

static struct fvalue
fn_abs(struct feval *e, const struct fnode *n)
{
	double d;

	return feval_number_arg(e, n, 0, &d) ? fvalue_number(fabs(d)) : fvalue_error();
}

static struct fvalue
fn_int(struct feval *e, const struct fnode *n)
{
	double d;

	return feval_number_arg(e, n, 0, &d) ? fvalue_number(floor(d)) : fvalue_error();
}

static struct fvalue
fn_round(struct feval *e, const struct fnode *n)
{
	double d, places = 0, scale;

	if (!feval_number_arg(e, n, 0, &d) || (n->arg_count > 1 && !feval_number_arg(e, n, 1, &places)) ||
	    fabs(places) > 15)
		return fvalue_error();
	scale = pow(10, trunc(places));
	return fvalue_number(round(d * scale) / scale);
}

static struct fvalue
fn_mod(struct feval *e, const struct fnode *n)
{
	double a, b;

	if (!feval_number_arg(e, n, 0, &a) || !feval_number_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(b == 0 ? (double)NAN : a - b * floor(a / b));
}

enum fold { FOLD_SUM, FOLD_MIN, FOLD_MAX };

/* Blank cells don't count, as in MIN(blank, 5) = 5. */
static struct fvalue
fold(struct feval *e, const struct fnode *n, enum fold how)
{
	double all = 0, d;
	bool any = false;

	for (uint32_t i = 0; i < n->arg_count; i++) {
		struct fvalue v = feval_arg(e, n, i);

		if (v.kind == FV_BLANK)
			continue;
		if (!fvalue_as_number(&v, &d))
			return fvalue_error();
		if (!any)
			all = d;
		else
			all = how == FOLD_SUM ? all + d : how == FOLD_MIN ? fmin(all, d) : fmax(all, d);
		any = true;
	}
	return fvalue_number(all);
}

static struct fvalue
fn_sum(struct feval *e, const struct fnode *n)
{
	return fold(e, n, FOLD_SUM);
}

static struct fvalue
fn_min(struct feval *e, const struct fnode *n)
{
	return fold(e, n, FOLD_MIN);
}

static struct fvalue
fn_max(struct feval *e, const struct fnode *n)
{
	return fold(e, n, FOLD_MAX);
}

static const struct ffunction functions[] = {
	{ "ABS", 1, 1, fn_abs },
	{ "AND", 1, FARGS_ANY, fn_and },
	{ "BLANK", 0, 0, fn_blank },
	{ "CONCATENATE", 1, FARGS_ANY, fn_concatenate },
	{ "ERROR", 0, 1, fn_error },
	{ "FALSE", 0, 0, fn_false },
	{ "FIND", 2, 2, fn_find },
	{ "IF", 2, 3, fn_if },
	{ "INT", 1, 1, fn_int },
	{ "LEN", 1, 1, fn_len },
	{ "LOWER", 1, 1, fn_lower },
	{ "MAX", 1, FARGS_ANY, fn_max },
	{ "MIN", 1, FARGS_ANY, fn_min },
	{ "MOD", 2, 2, fn_mod },
	{ "NOT", 1, 1, fn_not },
	{ "OR", 1, FARGS_ANY, fn_or },
	{ "RECORD_ID", 0, 0, fn_record_id },
	{ "ROUND", 1, 2, fn_round },
	{ "SEARCH", 2, 2, fn_find },
	{ "SUM", 1, FARGS_ANY, fn_sum },
	{ "TRIM", 1, 1, fn_trim },
	{ "TRUE", 0, 0, fn_true },
	{ "UPPER", 1, 1, fn_upper },
	{ "VALUE", 1, 1, fn_value },
	{ "XOR", 1, FARGS_ANY, fn_xor },
	{ NULL, 0, 0, NULL }
};

static const struct ffunction *
find_in(const struct ffunction *table, struct str name)
{
	for (; table->name != NULL; table++)
		if (name.len == strlen(table->name) &&
		    strncasecmp(name.ptr, table->name, name.len) == 0)
			return table;
	return NULL;
}

const struct ffunction *
ffunction_find(struct str name)
{
	const struct ffunction *found = find_in(functions, name);

	return found != NULL ? found : find_in(ffunction_dates, name);
}
