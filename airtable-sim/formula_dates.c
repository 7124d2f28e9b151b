#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/formula_tree.h"
#include "common/instant.h"

#define DAY_MS		INT64_C(86400000)

/* Units of time; months and years have no fixed length. */
enum unit { UNIT_MS, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };
static const struct {
	const char	*name, *plural;
	int64_t		 ms;
} units[] = {
	[UNIT_MS] =	{ "millisecond", "milliseconds", 1 },
	[UNIT_SECOND] =	{ "second", "seconds", 1000 },
	[UNIT_MINUTE] =	{ "minute", "minutes", 60000 },
	[UNIT_HOUR] =	{ "hour", "hours", 3600000 },
	[UNIT_DAY] =	{ "day", "days", DAY_MS },
	[UNIT_WEEK] =	{ "week", "weeks", 7 * DAY_MS },
	[UNIT_MONTH] =	{ "month", "months", 0 },
	[UNIT_YEAR] =	{ "year", "years", 0 },
};

/* The unit named by argument ${i}; ${missing} when there is none, ms when it is unknown. */
static enum unit
unit_arg(struct feval *e, const struct fnode *n, uint32_t i, enum unit missing)
{
	struct fvalue v;
	struct str s;

	if (n->arg_count <= i)
		return missing;
	v = feval_arg(e, n, i);
	if (!fvalue_as_text(e, &v, &s))
		return UNIT_MS;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		if (str_is(s, units[u].name) || str_is(s, units[u].plural))
			return (enum unit)u;
	return UNIT_MS;
}

static bool
date_arg(struct feval *e, const struct fnode *n, uint32_t i, int64_t *ms)
{
	struct fvalue v = feval_arg(e, n, i);

	return fvalue_as_date(&v, ms);
}

/* ms rounded down to the unit's start (UTC; weeks begin on Sunday). */
static int64_t
floor_to(enum unit unit, int64_t ms)
{
	int64_t day = (ms - ((ms % DAY_MS) + DAY_MS) % DAY_MS) / DAY_MS;
	int y, m, d;

	if (unit == UNIT_WEEK)
		return (day - ((day + 4) % 7 + 7) % 7) * DAY_MS;
	if (units[unit].ms != 0)
		return ms - ((ms % units[unit].ms) + units[unit].ms) % units[unit].ms;
	instant_civil_from_day((int32_t)day, &y, &m, &d);
	return instant_day_from_civil(y, unit == UNIT_YEAR ? 1 : m, 1) * DAY_MS;
}

/* The fields named as arguments are not looked at: one modification time is kept per row. */
static struct fvalue
fn_last_modified_time(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_date(e->context->modified_ms);
}

static struct fvalue
fn_created_time(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_date(e->context->row->created_ms);
}

static struct fvalue
fn_now(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_date(e->context->now_ms);
}

static struct fvalue
fn_today(struct feval *e, const struct fnode *n)
{
	(void)n;
	return fvalue_date(floor_to(UNIT_DAY, e->context->now_ms));
}

static struct fvalue
fn_is_after(struct feval *e, const struct fnode *n)
{
	int64_t a, b;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(a > b);
}

static struct fvalue
fn_is_before(struct feval *e, const struct fnode *n)
{
	int64_t a, b;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(a < b);
}

static struct fvalue
fn_is_same(struct feval *e, const struct fnode *n)
{
	enum unit unit = unit_arg(e, n, 2, UNIT_MS);
	int64_t a, b;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b))
		return fvalue_error();
	return fvalue_number(floor_to(unit, a) == floor_to(unit, b));
}

static struct fvalue
fn_datetime_parse(struct feval *e, const struct fnode *n)
{
	int64_t ms;

	return date_arg(e, n, 0, &ms) ? fvalue_date(ms) : fvalue_error();
}

static struct fvalue
fn_dateadd(struct feval *e, const struct fnode *n)
{
	enum unit unit = unit_arg(e, n, 2, UNIT_DAY);
	int64_t ms, start;
	double count;
	int y, m, d, months;

	if (!date_arg(e, n, 0, &ms) || !feval_number_arg(e, n, 1, &count) || !(fabs(count) < 1e12))
		return fvalue_error();
	if (units[unit].ms != 0)
		return fabs(count) * (double)units[unit].ms > 1e15 ? fvalue_error() :
		    fvalue_date(ms + (int64_t)count * units[unit].ms);
	if (fabs(count) > 120000)
		return fvalue_error();
	start = floor_to(UNIT_DAY, ms);
	instant_civil_from_day((int32_t)(start / DAY_MS), &y, &m, &d);
	months = y * 12 + m - 1 + (int)count * (unit == UNIT_YEAR ? 12 : 1);
	if (months < 0)
		return fvalue_error();
	while (d > 28 && instant_day_from_civil(months / 12, months % 12 + 1, d) >=
	    instant_day_from_civil((months + 1) / 12, (months + 1) % 12 + 1, 1))
		d--;	/* January 31 + 1 month is February's last day */
	return fvalue_date(instant_day_from_civil(months / 12, months % 12 + 1, d) * DAY_MS +
	    ms - start);
}

static struct fvalue
fn_datetime_diff(struct feval *e, const struct fnode *n)
{
	enum unit unit = unit_arg(e, n, 2, UNIT_SECOND);
	int64_t a, b;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b))
		return fvalue_error();
	if (unit == UNIT_MONTH || unit == UNIT_YEAR) {	/* by the length of a mean month */
		double days = (double)(a - b) / (double)DAY_MS;

		return fvalue_number(trunc(days / (unit == UNIT_YEAR ? 365.2425 : 30.436875)));
	}
	return fvalue_number((double)((a - b) / units[unit].ms));
}

/* Put ${value} in ${width} digits. */
static void
add_digits(struct buf *b, int64_t value, int width)
{
	buf_printf(b, "%0*lld", width, (long long)value);
}

static void
format_date(struct buf *b, struct str format, int64_t ms)
{
	int64_t start = floor_to(UNIT_DAY, ms), in_day = ms - start;
	int y, m, d;

	instant_civil_from_day((int32_t)(start / DAY_MS), &y, &m, &d);
	const struct {
		const char	*token;
		int64_t		 value;
		int		 width;
	} tokens[] = {
		{ "YYYY", y, 4 }, { "YY", y % 100, 2 }, { "MM", m, 2 }, { "M", m, 1 },
		{ "DD", d, 2 }, { "D", d, 1 }, { "HH", in_day / 3600000, 2 },
		{ "H", in_day / 3600000, 1 }, { "mm", in_day / 60000 % 60, 2 },
		{ "m", in_day / 60000 % 60, 1 }, { "ss", in_day / 1000 % 60, 2 },
		{ "SSS", in_day % 1000, 3 }, { "s", in_day / 1000 % 60, 1 },
		{ "X", ms / 1000, 1 }, { "x", ms, 1 },
	};

	for (size_t i = 0; i < format.len;) {
		size_t t, len = 1;

		for (t = 0; t < sizeof(tokens) / sizeof(tokens[0]); t++) {
			len = strlen(tokens[t].token);
			if (format.len - i >= len && memcmp(format.ptr + i, tokens[t].token, len) == 0)
				break;
		}
		if (t < sizeof(tokens) / sizeof(tokens[0])) {
			add_digits(b, tokens[t].value, tokens[t].width);
			i += len;
		} else {
			buf_add_char(b, format.ptr[i++]);
		}
	}
}

static struct fvalue
fn_datetime_format(struct feval *e, const struct fnode *n)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };
	struct str format = STR("YYYY-MM-DDTHH:mm:ssZ");
	struct fvalue v = fvalue_error();
	int64_t ms;

	if (!date_arg(e, n, 0, &ms) || (n->arg_count > 1 && !feval_text_arg(e, n, 1, &format)))
		return v;
	format_date(&b, format, ms);
	if (buf_status(&b) == ERR_OK)
		v = feval_join(e, buf_str(&b), STR(""));
	buf_free(&b);
	return v;
}

const struct ffunction ffunction_dates[] = {
	{ "CREATED_TIME", 0, 0, fn_created_time },
	{ "DATEADD", 3, 3, fn_dateadd },
	{ "DATETIME_DIFF", 2, 3, fn_datetime_diff },
	{ "DATETIME_FORMAT", 1, 2, fn_datetime_format },
	{ "DATETIME_PARSE", 1, 3, fn_datetime_parse },
	{ "IS_AFTER", 2, 2, fn_is_after },
	{ "IS_BEFORE", 2, 2, fn_is_before },
	{ "IS_SAME", 2, 3, fn_is_same },
	{ "LAST_MODIFIED_TIME", 0, FARGS_ANY, fn_last_modified_time },
	{ "NOW", 0, 0, fn_now },
	{ "TODAY", 0, 0, fn_today },
	{ NULL, 0, 0, NULL }
};
