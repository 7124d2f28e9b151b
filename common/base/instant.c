#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/base/instant.h"

#define MS_PER_DAY	INT64_C(86400000)

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	/* both clocks exist on every Linux; the call can't fail for them */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
instant_now(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
instant_monotonic(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* Both conversions: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t
instant_day_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

void
instant_civil_from_day(int32_t days, int *year, int *month, int *dom)
{
	int z = days + 719468;
	int era = (z >= 0 ? z : z - 146096) / 146097;
	int doe = z - era * 146097;
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;

	*dom = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

int64_t
instant_month(int64_t ms, int later)
{
	int64_t day = ms / MS_PER_DAY;
	int y, m, d;

	if (ms % MS_PER_DAY < 0)
		day--;
	instant_civil_from_day((int32_t)day, &y, &m, &d);
	m += y * 12 - 1 + later;
	return instant_day_from_civil(m / 12, m % 12 + 1, 1) * (int64_t)MS_PER_DAY;
}

/* Write n digits of value at p. */
static char *
digits(char *p, int value, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + n;
}

enum err
instant_format(int64_t ms, char text[static INSTANT_TEXT_SIZE])
{
	int64_t day, in_day;
	int y, m, d, s;
	char *p = text;

	text[0] = '\0';
	if (ms < INSTANT_MIN || ms > INSTANT_MAX)
		return ERR_INVALID_PARAMETER;
	day = ms / MS_PER_DAY;
	in_day = ms % MS_PER_DAY;
	if (in_day < 0) {
		day--;
		in_day += MS_PER_DAY;
	}
	instant_civil_from_day((int32_t)day, &y, &m, &d);
	s = (int)(in_day / 1000);
	p = digits(p, y, 4);
	*p++ = '-';
	p = digits(p, m, 2);
	*p++ = '-';
	p = digits(p, d, 2);
	*p++ = 'T';
	p = digits(p, s / 3600, 2);
	*p++ = ':';
	p = digits(p, s / 60 % 60, 2);
	*p++ = ':';
	p = digits(p, s % 60, 2);
	*p++ = '.';
	p = digits(p, (int)(in_day % 1000), 3);
	*p++ = 'Z';
	*p = '\0';
	return ERR_OK;
}

/* Exactly n digits at the front of *t, taken off it; -1 if they are not there. */
static int
take_number(struct str *t, size_t n)
{
	int value = 0;

	if (t->len < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (t->ptr[i] < '0' || t->ptr[i] > '9')
			return -1;
		value = value * 10 + (t->ptr[i] - '0');
	}
	t->ptr += n;
	t->len -= n;
	return value;
}

static bool
take_char(struct str *t, const char *any_of)
{
	if (t->len == 0)
		return false;
	for (; *any_of != '\0'; any_of++)
		if (t->ptr[0] == *any_of) {
			t->ptr++;
			t->len--;
			return true;
		}
	return false;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool
take_date(struct str *t, int64_t *ms)
{
	int y, m, d;

	if ((y = take_number(t, 4)) < 0 || !take_char(t, "-") ||
	    (m = take_number(t, 2)) < 1 || m > 12 || !take_char(t, "-") ||
	    (d = take_number(t, 2)) < 1 || d > days_in_month(y, m))
		return false;
	*ms = instant_day_from_civil(y, m, d) * MS_PER_DAY;
	return true;
}

static bool
take_time(struct str *t, int64_t *ms)
{
	int h, m, s = 0, milli = 0, scale = 100;

	if ((h = take_number(t, 2)) < 0 || h > 23 || !take_char(t, ":") ||
	    (m = take_number(t, 2)) < 0 || m > 59)
		return false;
	if (take_char(t, ":")) {
		if ((s = take_number(t, 2)) < 0 || s > 60)
			return false;
		if (take_char(t, ".,")) {
			int digit;

			if ((digit = take_number(t, 1)) < 0)
				return false;
			do {
				milli += digit * scale;
				scale /= 10;
			} while ((digit = take_number(t, 1)) >= 0);
		}
	}
	*ms += (int64_t)(h * 3600 + m * 60 + s) * 1000 + milli;
	return true;
}

static bool
take_zone(struct str *t, int64_t *ms)
{
	int sign, h, m = 0;

	if (t->len == 0 || take_char(t, "Zz"))
		return true;
	sign = t->ptr[0] == '-' ? 1 : -1;	/* local = UTC + offset */
	if (!take_char(t, "+-") || (h = take_number(t, 2)) < 0 || h > 23)
		return false;
	if (t->len > 0) {
		(void)take_char(t, ":");
		if ((m = take_number(t, 2)) < 0 || m > 59)
			return false;
	}
	*ms += sign * (int64_t)(h * 3600 + m * 60) * 1000;
	return true;
}

enum err
instant_parse(struct str t, int64_t *out)
{
	int64_t ms;

	if (!take_date(&t, &ms))
		return ERR_INVALID_PARAMETER;
	if (t.len > 0 && (!take_char(&t, "Tt ") || !take_time(&t, &ms) ||
	    !take_zone(&t, &ms) || t.len > 0))
		return ERR_INVALID_PARAMETER;
	if (ms < INSTANT_MIN || ms > INSTANT_MAX)
		return ERR_INVALID_PARAMETER;
	*out = ms;
	return ERR_OK;
}
