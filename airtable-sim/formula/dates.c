#include <math.h>
#include <stddef.h>
#include <string.h>

#include "airtable-sim/cells/casts.h"
#include "airtable-sim/cells/locale.h"
#include "airtable-sim/formula/tree.h"
#include "common/base/instant.h"

#define DAY_MS		INT64_C(86400000)

/* Units of time; months and what is made of them have no fixed length. */
enum unit { UNIT_MS, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH,
	UNIT_QUARTER, UNIT_YEAR };
static const struct {
	const char	*name, *plural, *letters;
	int64_t		 ms;
	int		 months;
} units[] = {
	[UNIT_MS] =	 { "millisecond", "milliseconds", "ms", 1, 0 },
	[UNIT_SECOND] =	 { "second", "seconds", "s", 1000, 0 },
	[UNIT_MINUTE] =	 { "minute", "minutes", "m", 60000, 0 },
	[UNIT_HOUR] =	 { "hour", "hours", "h", 3600000, 0 },
	[UNIT_DAY] =	 { "day", "days", "d", DAY_MS, 0 },
	[UNIT_WEEK] =	 { "week", "weeks", "w", 7 * DAY_MS, 0 },
	[UNIT_MONTH] =	 { "month", "months", "M", 0, 1 },
	[UNIT_QUARTER] = { "quarter", "quarters", "Q", 0, 3 },
	[UNIT_YEAR] =	 { "year", "years", "y", 0, 12 },
};

/* The unit named by argument ${i}; ${missing} when there is none, ms when it is unknown. */
static enum unit
unit_arg(struct feval *e, const struct fnode *n, uint32_t i, enum unit missing)
{
	struct str s;

	if (n->arg_count <= i)
		return missing;
	if (!feval_text_arg(e, n, i, &s))
		return UNIT_MS;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		if (str_is(s, units[u].name) || str_is(s, units[u].plural) ||
		    str_is(s, units[u].letters))
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
	m -= (m - 1) % units[unit].months;
	return instant_day_from_civil(y, m, 1) * DAY_MS;
}

/* So many calendar months later, on the month's last day where it has no such day; false: out of range. */
static bool
add_months(int64_t ms, int64_t count, int64_t *out)
{
	int64_t start = floor_to(UNIT_DAY, ms), months;
	int y, m, d;

	instant_civil_from_day((int32_t)(start / DAY_MS), &y, &m, &d);
	months = y * 12 + m - 1 + count;
	if (months < 0 || months > 9999 * 12 + 11)
		return false;
	y = (int)(months / 12);
	m = (int)(months % 12) + 1;
	while (d > 28 && instant_day_from_civil(y, m, d) >=
	    (m == 12 ? instant_day_from_civil(y + 1, 1, 1) : instant_day_from_civil(y, m + 1, 1)))
		d--;	/* January 31 + 1 month is February's last day */
	*out = instant_day_from_civil(y, m, d) * DAY_MS + ms - start;
	return true;
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

/* Text by a pattern, or any text of ISO 8601. */
static struct fvalue
fn_datetime_parse(struct feval *e, const struct fnode *n)
{
	struct str text, pattern;
	bool offset;
	int64_t ms;

	if (n->arg_count == 1 || feval_arg(e, n, 0).kind == FV_DATE)
		return date_arg(e, n, 0, &ms) ? fvalue_date(ms) : fvalue_error();
	if (!feval_text_arg(e, n, 0, &text) || !feval_text_arg(e, n, 1, &pattern) ||
	    !sim_date_read(pattern, text, &ms, &offset))
		return fvalue_error();
	return fvalue_date(ms);
}

static struct fvalue
fn_dateadd(struct feval *e, const struct fnode *n)
{
	enum unit unit = unit_arg(e, n, 2, UNIT_DAY);
	int64_t ms;
	double count;

	if (!date_arg(e, n, 0, &ms) || !feval_number_arg(e, n, 1, &count) || !(fabs(count) < 1e12))
		return fvalue_error();
	if (units[unit].ms != 0)
		return fabs(count) * (double)units[unit].ms > 1e15 ? fvalue_error() :
		    fvalue_date(ms + (int64_t)count * units[unit].ms);
	if (fabs(count) > 120000 || !add_months(ms, (int64_t)count * units[unit].months, &ms))
		return fvalue_error();
	return fvalue_date(ms);
}

/* Whole calendar months from b to a. */
static int64_t
months_between(int64_t a, int64_t b)
{
	struct sim_civil x = sim_civil_of(a), y = sim_civil_of(b);
	int64_t months = (x.year - y.year) * INT64_C(12) + x.month - y.month, at;

	if (add_months(b, months, &at)) {
		if (months > 0 && at > a)
			months--;
		else if (months < 0 && at < a)
			months++;
	}
	return months;
}

static struct fvalue
fn_datetime_diff(struct feval *e, const struct fnode *n)
{
	enum unit unit = unit_arg(e, n, 2, UNIT_SECOND);
	int64_t a, b;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b))
		return fvalue_error();
	if (units[unit].ms == 0)
		return fvalue_number((double)(months_between(a, b) / units[unit].months));
	return fvalue_number((double)((a - b) / units[unit].ms));
}

/* ---- pieces of a date ----------------------------------------------------------------- */
static struct fvalue
piece(struct feval *e, const struct fnode *n, size_t member)
{
	struct sim_civil c;
	int64_t ms;
	int value;

	if (!date_arg(e, n, 0, &ms))
		return fvalue_error();
	c = sim_civil_of(ms);
	memcpy(&value, (const char *)&c + member, sizeof(value));
	return fvalue_number(value);
}

static struct fvalue
fn_year(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, year));
}

static struct fvalue
fn_month(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, month));
}

static struct fvalue
fn_day(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, day));
}

static struct fvalue
fn_hour(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, hour));
}

static struct fvalue
fn_minute(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, minute));
}

static struct fvalue
fn_second(struct feval *e, const struct fnode *n)
{
	return piece(e, n, offsetof(struct sim_civil, second));
}

/* Does the second argument say that weeks begin on Monday? */
static bool
from_monday(struct feval *e, const struct fnode *n)
{
	struct str s;

	return n->arg_count > 1 && feval_text_arg(e, n, 1, &s) && str_is(s, "Monday");
}

static struct fvalue
fn_weekday(struct feval *e, const struct fnode *n)
{
	int64_t ms;

	if (!date_arg(e, n, 0, &ms))
		return fvalue_error();
	return fvalue_number((sim_civil_of(ms).weekday + (from_monday(e, n) ? 6 : 0)) % 7);
}

static struct fvalue
fn_weeknum(struct feval *e, const struct fnode *n)
{
	struct sim_civil c;
	int64_t ms;

	if (!date_arg(e, n, 0, &ms))
		return fvalue_error();
	c = sim_civil_of(ms);
	return fvalue_number(from_monday(e, n) ? sim_week_iso(&c) : sim_week_us(&c));
}

/* ---- working days: Monday to Friday, without the listed ones ----------------------------- */
#define WORKDAYS_MAX	4000	/* each is compared with all holidays */
#define HOLIDAYS_MAX	10000	/* bytes */

/* Is the day a holiday of "2026-12-25, 2026-12-26"? */
static bool
is_holiday(struct str list, int64_t day)
{
	while (list.len > 0) {
		const char *comma = memchr(list.ptr, ',', list.len);
		size_t n = comma == NULL ? list.len : (size_t)(comma - list.ptr);
		int64_t ms;

		if (instant_parse(sim_trim((struct str){ list.ptr, n }), &ms) == ERR_OK &&
		    floor_to(UNIT_DAY, ms) == day)
			return true;
		n += comma != NULL;
		list.ptr += n;
		list.len -= n;
	}
	return false;
}

static bool
is_workday(struct str holidays, int64_t day)
{
	int weekday = sim_civil_of(day).weekday;

	return weekday != 0 && weekday != 6 && !is_holiday(holidays, day);
}

static struct fvalue
fn_workday(struct feval *e, const struct fnode *n)
{
	struct str holidays = STR("");
	int64_t ms, count, step;

	if (!date_arg(e, n, 0, &ms) || !feval_count_arg(e, n, 1, &count) ||
	    (n->arg_count > 2 && !feval_text_arg(e, n, 2, &holidays)) || count > WORKDAYS_MAX ||
	    count < -WORKDAYS_MAX || holidays.len > HOLIDAYS_MAX)
		return fvalue_error();
	ms = floor_to(UNIT_DAY, ms);
	step = count < 0 ? -DAY_MS : DAY_MS;
	while (count != 0) {
		ms += step;
		if (ms < INSTANT_MIN || ms > INSTANT_MAX)
			return fvalue_error();
		if (is_workday(holidays, ms))
			count -= step / DAY_MS;
	}
	return fvalue_date(ms);
}

/* Both ends count. */
static struct fvalue
fn_workday_diff(struct feval *e, const struct fnode *n)
{
	struct str holidays = STR("");
	int64_t a, b, days = 0;
	bool back;

	if (!date_arg(e, n, 0, &a) || !date_arg(e, n, 1, &b) ||
	    (n->arg_count > 2 && !feval_text_arg(e, n, 2, &holidays)) || holidays.len > HOLIDAYS_MAX)
		return fvalue_error();
	back = b < a;
	a = floor_to(UNIT_DAY, a);
	b = floor_to(UNIT_DAY, b);
	if ((back ? a - b : b - a) > WORKDAYS_MAX * DAY_MS)
		return fvalue_error();
	for (int64_t day = back ? b : a; day <= (back ? a : b); day += DAY_MS)
		days += is_workday(holidays, day);
	return fvalue_number((double)(back ? -days : days));
}

/* ---- as text --------------------------------------------------------------------------- */
/* The date as who writes it sees it; false: it is none. */
static bool
moment_arg(struct feval *e, const struct fnode *n, struct sim_moment *m)
{
	struct fvalue v = feval_arg(e, n, 0);
	int64_t ms;

	if (!fvalue_as_date(&v, &ms))
		return false;
	if (v.kind == FV_LIST)
		v = v.items[0];
	*m = sim_moment_in(v.zone, v.locale, ms);
	return true;
}

static struct fvalue
write_date(struct feval *e, const struct sim_moment *m, struct str pattern)
{
	struct buf b = { .limit = FORMULA_TEXT_MAX };

	sim_date_write(&b, pattern, m);
	return feval_keep(e, &b);
}

static struct fvalue
fn_datetime_format(struct feval *e, const struct fnode *n)
{
	struct str pattern = STR("YYYY-MM-DDTHH:mm:ssZ");
	struct sim_moment m;

	if (!moment_arg(e, n, &m) || (n->arg_count > 1 && !feval_text_arg(e, n, 1, &pattern)))
		return fvalue_error();
	return write_date(e, &m, pattern);
}

static struct fvalue
fn_datestr(struct feval *e, const struct fnode *n)
{
	struct sim_moment m;

	return moment_arg(e, n, &m) ? write_date(e, &m, STR("YYYY-MM-DD")) : fvalue_error();
}

static struct fvalue
fn_timestr(struct feval *e, const struct fnode *n)
{
	struct sim_moment m;

	return moment_arg(e, n, &m) ? write_date(e, &m, STR("HH:mm:ss")) : fvalue_error();
}

static struct fvalue
fn_set_timezone(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);
	struct str zone;
	int64_t ms;

	if (!fvalue_as_date(&v, &ms) || !feval_text_arg(e, n, 1, &zone) || !sim_zone_known(zone))
		return fvalue_error();
	return (struct fvalue){ .kind = FV_DATE, .date = ms, .zone = zone, .locale = v.locale };
}

static struct fvalue
fn_set_locale(struct feval *e, const struct fnode *n)
{
	struct fvalue v = feval_arg(e, n, 0);
	struct str locale;
	int64_t ms;

	if (!fvalue_as_date(&v, &ms) || !feval_text_arg(e, n, 1, &locale))
		return fvalue_error();
	return (struct fvalue){ .kind = FV_DATE, .date = ms, .zone = v.zone, .locale = locale };
}

const struct ffunction ffunction_dates[] = {
	{ "CREATED_TIME", 0, 0, fn_created_time },
	{ "DATEADD", 3, 3, fn_dateadd },
	{ "DATESTR", 1, 1, fn_datestr },
	{ "DATETIME_DIFF", 2, 3, fn_datetime_diff },
	{ "DATETIME_FORMAT", 1, 2, fn_datetime_format },
	{ "DATETIME_PARSE", 1, 3, fn_datetime_parse },
	{ "DAY", 1, 1, fn_day },
	{ "HOUR", 1, 1, fn_hour },
	{ "IS_AFTER", 2, 2, fn_is_after },
	{ "IS_BEFORE", 2, 2, fn_is_before },
	{ "IS_SAME", 2, 3, fn_is_same },
	{ "LAST_MODIFIED_TIME", 0, FARGS_ANY, fn_last_modified_time },
	{ "MINUTE", 1, 1, fn_minute },
	{ "MONTH", 1, 1, fn_month },
	{ "NOW", 0, 0, fn_now },
	{ "SECOND", 1, 1, fn_second },
	{ "SET_LOCALE", 2, 2, fn_set_locale },
	{ "SET_TIMEZONE", 2, 2, fn_set_timezone },
	{ "TIMESTR", 1, 1, fn_timestr },
	{ "TODAY", 0, 0, fn_today },
	{ "WEEKDAY", 1, 2, fn_weekday },
	{ "WEEKNUM", 1, 2, fn_weeknum },
	{ "WORKDAY", 2, 3, fn_workday },
	{ "WORKDAY_DIFF", 2, 3, fn_workday_diff },
	{ "YEAR", 1, 1, fn_year },
	{ NULL, 0, 0, NULL }
};
