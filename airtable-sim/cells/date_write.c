#include <string.h>

#include "airtable-sim/cells/locale.h"
#include "common/base/instant.h"

/* One pattern being written. */
struct writing {
	struct buf		*out;
	const struct sim_moment	*m;
	struct sim_civil	 c;
};

static void
digits(struct writing *w, long long value, int width)
{
	buf_printf(w->out, "%0*lld", width, value);
}

/* The first ${characters} of a name. */
static void
shortened(struct buf *b, const char *name, int characters)
{
	for (; *name != '\0'; name++) {
		if (((unsigned char)*name & 0xc0) != 0x80 && characters-- == 0)
			return;
		buf_add_char(b, *name);
	}
}

/* 1st, 2nd, 3rd, 4th, 11th; other languages put a dot or nothing, which "o" is not used for. */
static void
ordinal(struct writing *w, int n)
{
	static const char *const ends[] = { "th", "st", "nd", "rd" };
	bool teen = n % 100 >= 11 && n % 100 <= 13;

	digits(w, n, 1);
	buf_add_cstr(w->out, ends[!teen && n % 10 <= 3 ? n % 10 : 0]);
}

static void
offset(struct writing *w, const char *colon)
{
	int64_t minutes = w->m->ahead_ms / 60000;

	buf_add_char(w->out, minutes < 0 ? '-' : '+');
	if (minutes < 0)
		minutes = -minutes;
	digits(w, minutes / 60, 2);
	buf_add_cstr(w->out, colon);
	digits(w, minutes % 60, 2);
}

static int
hour12(const struct writing *w)
{
	return (w->c.hour + 11) % 12 + 1;
}

enum part {
	YEAR, YEAR2, QUARTER, MONTH, MONTH_NTH, MONTH_SHORT, MONTH_NAME, DAY, DAY_NTH, YEAR_DAY,
	WEEKDAY, WEEKDAY_ISO, WEEKDAY_2, WEEKDAY_3, WEEKDAY_NAME, WEEK, WEEK_ISO, HOUR, HOUR_12,
	HALF, HALF_UPPER, MINUTE, SECOND, TENTHS, HUNDREDTHS, THOUSANDTHS, OFFSET, OFFSET_PLAIN,
	UNIX_S, UNIX_MS, SHORTHAND
};

static const struct token {
	const char	*text;
	enum part	 part;
	int		 width;
	const char	*pattern;	/* SHORTHAND; NULL: the language's */
} tokens[] = {	/* longer ones first */
	{ "YYYY", YEAR, 4, NULL }, { "YY", YEAR2, 2, NULL }, { "Q", QUARTER, 1, NULL },
	{ "MMMM", MONTH_NAME, 0, NULL }, { "MMM", MONTH_SHORT, 0, NULL }, { "MM", MONTH, 2, NULL },
	{ "Mo", MONTH_NTH, 0, NULL }, { "M", MONTH, 1, NULL }, { "DDDD", YEAR_DAY, 3, NULL },
	{ "DDD", YEAR_DAY, 1, NULL }, { "DD", DAY, 2, NULL }, { "Do", DAY_NTH, 0, NULL },
	{ "D", DAY, 1, NULL }, { "dddd", WEEKDAY_NAME, 0, NULL }, { "ddd", WEEKDAY_3, 0, NULL },
	{ "dd", WEEKDAY_2, 0, NULL }, { "d", WEEKDAY, 1, NULL }, { "E", WEEKDAY_ISO, 1, NULL },
	{ "e", WEEKDAY, 1, NULL }, { "WW", WEEK_ISO, 2, NULL }, { "W", WEEK_ISO, 1, NULL },
	{ "ww", WEEK, 2, NULL }, { "w", WEEK, 1, NULL }, { "HH", HOUR, 2, NULL }, { "H", HOUR, 1, NULL },
	{ "hh", HOUR_12, 2, NULL }, { "h", HOUR_12, 1, NULL }, { "A", HALF_UPPER, 0, NULL },
	{ "a", HALF, 0, NULL }, { "mm", MINUTE, 2, NULL }, { "m", MINUTE, 1, NULL },
	{ "SSS", THOUSANDTHS, 3, NULL }, { "SS", HUNDREDTHS, 2, NULL }, { "S", TENTHS, 1, NULL },
	{ "ss", SECOND, 2, NULL }, { "s", SECOND, 1, NULL }, { "ZZ", OFFSET_PLAIN, 0, NULL },
	{ "Z", OFFSET, 0, NULL }, { "X", UNIX_S, 1, NULL }, { "x", UNIX_MS, 1, NULL },
	{ "LTS", SHORTHAND, 0, "h:mm:ss A" }, { "LT", SHORTHAND, 0, "h:mm A" },
	{ "LLLL", SHORTHAND, 0, "dddd, MMMM D, YYYY h:mm A" },
	{ "LLL", SHORTHAND, 0, "MMMM D, YYYY h:mm A" }, { "LL", SHORTHAND, 2, NULL },
	{ "L", SHORTHAND, 0, "MM/DD/YYYY" }, { "ll", SHORTHAND, 0, "MMM D, YYYY" },
	{ "l", SHORTHAND, 1, NULL },
};

/* The token at the pattern's beginning, NULL: plain text. */
static const struct token *
token_at(struct str pattern)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		size_t n = strlen(tokens[i].text);

		if (n <= pattern.len && memcmp(pattern.ptr, tokens[i].text, n) == 0)
			return &tokens[i];
	}
	return NULL;
}

static void
write_number(struct writing *w, const struct token *t)
{
	const struct sim_civil *c = &w->c;
	const long long values[] = {
		[YEAR] = c->year, [YEAR2] = c->year % 100, [QUARTER] = (c->month + 2) / 3,
		[MONTH] = c->month, [DAY] = c->day, [YEAR_DAY] = c->year_day, [WEEKDAY] = c->weekday,
		[WEEKDAY_ISO] = (c->weekday + 6) % 7 + 1, [WEEK] = sim_week_us(c),
		[WEEK_ISO] = sim_week_iso(c), [HOUR] = c->hour, [HOUR_12] = hour12(w),
		[MINUTE] = c->minute, [SECOND] = c->second, [TENTHS] = c->ms / 100,
		[HUNDREDTHS] = c->ms / 10, [THOUSANDTHS] = c->ms, [UNIX_S] = w->m->utc_ms / 1000,
		[UNIX_MS] = w->m->utc_ms,
	};

	digits(w, values[t->part], t->width);
}

static void
write_token(struct writing *w, const struct token *t)
{
	const struct sim_locale *l = w->m->locale;
	const char *month = l->months[w->c.month - 1], *day = l->days[w->c.weekday];

	switch (t->part) {
	case MONTH_NAME: buf_add_cstr(w->out, month); break;
	case MONTH_SHORT: shortened(w->out, month, 3); break;
	case MONTH_NTH: ordinal(w, w->c.month); break;
	case DAY_NTH: ordinal(w, w->c.day); break;
	case WEEKDAY_NAME: buf_add_cstr(w->out, day); break;
	case WEEKDAY_3: shortened(w->out, day, 3); break;
	case WEEKDAY_2: shortened(w->out, day, 2); break;
	case HALF: buf_add_cstr(w->out, w->c.hour < 12 ? "am" : "pm"); break;
	case HALF_UPPER: buf_add_cstr(w->out, w->c.hour < 12 ? "AM" : "PM"); break;
	case OFFSET: offset(w, ":"); break;
	case OFFSET_PLAIN: offset(w, ""); break;
	default: write_number(w, t); break;
	}
}

/* The pattern that a shorthand stands for. */
static struct str
longhand(const struct token *t, const struct sim_locale *l)
{
	if (t->pattern != NULL)
		return str_of(t->pattern);
	return str_of(t->width == 2 ? l->friendly : l->numeric);
}

/* One level: what a shorthand stands for has none in it. */
static void
write_pattern(struct writing *w, struct str pattern, bool shorthands)
{
	while (pattern.len > 0) {
		const char *end = pattern.ptr[0] == '[' ? memchr(pattern.ptr, ']', pattern.len) : NULL;
		const struct token *t = token_at(pattern);
		size_t n = 1;

		if (end != NULL) {
			n = (size_t)(end - pattern.ptr) + 1;
			buf_add(w->out, pattern.ptr + 1, n - 2);
		} else if (t == NULL || (t->part == SHORTHAND && !shorthands)) {
			buf_add_char(w->out, pattern.ptr[0]);
		} else {
			n = strlen(t->text);
			if (t->part == SHORTHAND)
				write_pattern(w, longhand(t, w->m->locale), false);
			else
				write_token(w, t);
		}
		pattern.ptr += n;
		pattern.len -= n;
	}
}

void
sim_date_write(struct buf *b, struct str pattern, const struct sim_moment *m)
{
	struct writing w = { b, m, sim_civil_of(m->utc_ms + m->ahead_ms) };

	write_pattern(&w, pattern, true);
}
