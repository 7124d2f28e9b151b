#include <math.h>
#include <string.h>

#include "airtable-sim/formula/tree.h"

#define PLACES_MAX	15

/* A function of one number. */
static struct fvalue
apply(struct feval *e, const struct fnode *n, double (*function)(double))
{
	double d;

	return feval_number_arg(e, n, 0, &d) ? fvalue_number(function(d)) : fvalue_error();
}

static struct fvalue
fn_abs(struct feval *e, const struct fnode *n)
{
	return apply(e, n, fabs);
}

static struct fvalue
fn_int(struct feval *e, const struct fnode *n)
{
	return apply(e, n, floor);
}

static struct fvalue
fn_sqrt(struct feval *e, const struct fnode *n)
{
	return apply(e, n, sqrt);
}

static struct fvalue
fn_exp(struct feval *e, const struct fnode *n)
{
	return apply(e, n, exp);
}

/* The next even number away from zero. */
static double
even(double d)
{
	return copysign(2 * ceil(fabs(d) / 2), d);
}

static double
odd(double d)
{
	return copysign(2 * ceil((fabs(d) + 1) / 2) - 1, d);
}

static struct fvalue
fn_even(struct feval *e, const struct fnode *n)
{
	return apply(e, n, even);
}

static struct fvalue
fn_odd(struct feval *e, const struct fnode *n)
{
	return apply(e, n, odd);
}

/* To decimals, with what ${function} does to a number between two of them. */
static struct fvalue
to_places(struct feval *e, const struct fnode *n, double (*function)(double))
{
	double d, places = 0, scale, scaled;

	if (!feval_number_arg(e, n, 0, &d) ||
	    (n->arg_count > 1 && !feval_number_arg(e, n, 1, &places)) || !(fabs(places) <= PLACES_MAX))
		return fvalue_error();
	scale = pow(10, trunc(places));
	scaled = d * scale;
	if (!isfinite(scaled))
		return fvalue_number(d);
	/* what is a whole number but for the machine's last bits is one */
	if (fabs(scaled - round(scaled)) < fabs(scaled) * 1e-15)
		scaled = round(scaled);
	return fvalue_number(function(scaled) / scale);
}

static double
away(double d)
{
	return copysign(ceil(fabs(d)), d);
}

static struct fvalue
fn_round(struct feval *e, const struct fnode *n)
{
	return to_places(e, n, round);
}

static struct fvalue
fn_roundup(struct feval *e, const struct fnode *n)
{
	return to_places(e, n, away);
}

static struct fvalue
fn_rounddown(struct feval *e, const struct fnode *n)
{
	return to_places(e, n, trunc);
}

/* To a multiple of the second argument, or of 1. */
static struct fvalue
to_multiple(struct feval *e, const struct fnode *n, double (*function)(double))
{
	double d, step = 1;

	if (!feval_number_arg(e, n, 0, &d) || (n->arg_count > 1 && !feval_number_arg(e, n, 1, &step)))
		return fvalue_error();
	return fvalue_number(step == 0 ? 0 : function(d / step) * step);
}

static struct fvalue
fn_ceiling(struct feval *e, const struct fnode *n)
{
	return to_multiple(e, n, ceil);
}

static struct fvalue
fn_floor(struct feval *e, const struct fnode *n)
{
	return to_multiple(e, n, floor);
}

static struct fvalue
fn_mod(struct feval *e, const struct fnode *n)
{
	double a, b;

	if (!feval_number_arg(e, n, 0, &a) || !feval_number_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(b == 0 ? (double)NAN : a - b * floor(a / b));
}

static struct fvalue
fn_power(struct feval *e, const struct fnode *n)
{
	double a, b;

	if (!feval_number_arg(e, n, 0, &a) || !feval_number_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(pow(a, b));
}

static struct fvalue
fn_log(struct feval *e, const struct fnode *n)
{
	double d, base = 10;

	if (!feval_number_arg(e, n, 0, &d) || (n->arg_count > 1 && !feval_number_arg(e, n, 1, &base)))
		return fvalue_error();
	return fvalue_number(base == 10 ? log10(d) : log(d) / log(base));
}

/* ---- of many ------------------------------------------------------------------------- */
struct tally {
	double	sum, min, max;
	size_t	numbers, filled, all;
};

/* Blank cells don't count, as in MIN(blank, 5) = 5; what is no number is an error. */
static bool
add_number(void *cookie, const struct fvalue *v)
{
	struct tally *t = cookie;
	double d;

	if (v->kind == FV_BLANK)
		return true;
	if (!fvalue_as_number(v, &d))
		return false;
	t->sum += d;
	t->min = t->numbers == 0 ? d : fmin(t->min, d);
	t->max = t->numbers == 0 ? d : fmax(t->max, d);
	t->numbers++;
	return true;
}

static bool
count_any(void *cookie, const struct fvalue *v)
{
	struct tally *t = cookie;

	t->all++;
	t->numbers += v->kind == FV_NUMBER;
	t->filled += v->kind != FV_BLANK && !(v->kind == FV_TEXT && v->text.len == 0);
	return true;
}

static struct fvalue
fn_sum(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	return feval_each(e, n, add_number, &t) ? fvalue_number(t.sum) : fvalue_error();
}

static struct fvalue
fn_min(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	return feval_each(e, n, add_number, &t) ? fvalue_number(t.min) : fvalue_error();
}

static struct fvalue
fn_max(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	return feval_each(e, n, add_number, &t) ? fvalue_number(t.max) : fvalue_error();
}

static struct fvalue
fn_average(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	if (!feval_each(e, n, add_number, &t))
		return fvalue_error();
	return fvalue_number(t.numbers == 0 ? (double)NAN : t.sum / (double)t.numbers);
}

static struct fvalue
fn_count(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	(void)feval_each(e, n, count_any, &t);
	return fvalue_number((double)t.numbers);
}

static struct fvalue
fn_counta(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	(void)feval_each(e, n, count_any, &t);
	return fvalue_number((double)t.filled);
}

static struct fvalue
fn_countall(struct feval *e, const struct fnode *n)
{
	struct tally t = { 0 };

	(void)feval_each(e, n, count_any, &t);
	return fvalue_number((double)t.all);
}

const struct ffunction ffunction_numbers[] = {
	{ "ABS", 1, 1, fn_abs },
	{ "AVERAGE", 1, FARGS_ANY, fn_average },
	{ "CEILING", 1, 2, fn_ceiling },
	{ "COUNT", 1, FARGS_ANY, fn_count },
	{ "COUNTA", 1, FARGS_ANY, fn_counta },
	{ "COUNTALL", 1, FARGS_ANY, fn_countall },
	{ "EVEN", 1, 1, fn_even },
	{ "EXP", 1, 1, fn_exp },
	{ "FLOOR", 1, 2, fn_floor },
	{ "INT", 1, 1, fn_int },
	{ "LOG", 1, 2, fn_log },
	{ "MAX", 1, FARGS_ANY, fn_max },
	{ "MIN", 1, FARGS_ANY, fn_min },
	{ "MOD", 2, 2, fn_mod },
	{ "ODD", 1, 1, fn_odd },
	{ "POWER", 2, 2, fn_power },
	{ "ROUND", 1, 2, fn_round },
	{ "ROUNDDOWN", 1, 2, fn_rounddown },
	{ "ROUNDUP", 1, 2, fn_roundup },
	{ "SQRT", 1, 1, fn_sqrt },
	{ "SUM", 1, FARGS_ANY, fn_sum },
	{ NULL, 0, 0, NULL }
};
