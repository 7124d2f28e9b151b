#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "airtable-sim/cells/locale.h"
#include "common/base/instant.h"

#define DAY_MS		INT64_C(86400000)
#define HALF_NONE	(-1)

/* A date in pieces, as far as they were found. */
struct pieces {
	int	year, month, day;		/* 0: not found (year -1) */
	int	hour, minute, second, ms;
	int	half;				/* 0 am, 1 pm, HALF_NONE */
	bool	time;
	bool	offset;
	int	ahead_minutes;
};

static const struct pieces nothing = { .year = -1, .half = HALF_NONE };

static int
days_in(int year, int month)
{
	int next = month == 12 ? instant_day_from_civil(year + 1, 1, 1) :
	    instant_day_from_civil(year, month + 1, 1);

	return next - instant_day_from_civil(year, month, 1);
}

/* The clocks' time of the pieces; false: there is no such day or time. */
static bool
join(const struct pieces *p, int64_t *local_ms)
{
	int hour = p->hour;

	if (p->year < 0 || p->year > 9999 || p->month < 1 || p->month > 12 || p->day < 1 ||
	    p->day > days_in(p->year, p->month))
		return false;
	if (p->half != HALF_NONE) {
		if (hour < 1 || hour > 12)
			return false;
		hour = hour % 12 + 12 * p->half;
	}
	if (hour > 23 || p->minute > 59 || p->second > 59)
		return false;
	*local_ms = instant_day_from_civil(p->year, p->month, p->day) * DAY_MS +
	    ((hour * 60 + p->minute) * INT64_C(60) + p->second) * 1000 + p->ms;
	return true;
}

/* Up to ${max} digits at the text's beginning; how many there were. */
static size_t
take_digits(struct str *s, size_t max, int *value)
{
	size_t n = 0;

	*value = 0;
	for (; n < max && n < s->len && isdigit((unsigned char)s->ptr[n]); n++)
		*value = *value * 10 + (s->ptr[n] - '0');
	s->ptr += n;
	s->len -= n;
	return n;
}

static bool
take_char(struct str *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

/* 26 is 2026 and 99 is 1999. */
static int
full_year(int year, size_t digits)
{
	if (digits > 2)
		return year;
	return year > 68 ? year + 1900 : year + 2000;
}

/* The English month that a word of three letters or more begins; 0: none. */
static int
month_of(struct str word)
{
	const struct sim_locale *english = sim_locale_find(STR("en"));

	for (int m = 0; word.len >= 3 && m < 12; m++)
		if (word.len <= strlen(english->months[m]) &&
		    strncasecmp(word.ptr, english->months[m], word.len) == 0)
			return m + 1;
	if (word.len == 4 && strncasecmp(word.ptr, "sept", 4) == 0)
		return 9;
	return 0;
}

static bool
is_weekday(struct str word)
{
	const struct sim_locale *english = sim_locale_find(STR("en"));

	for (int d = 0; word.len >= 3 && d < 7; d++)
		if (word.len <= strlen(english->days[d]) &&
		    strncasecmp(word.ptr, english->days[d], word.len) == 0)
			return true;
	return false;
}

static struct str
take_word(struct str *s)
{
	struct str word = { s->ptr, 0 };

	while (word.len < s->len && isalpha((unsigned char)s->ptr[word.len]))
		word.len++;
	s->ptr += word.len;
	s->len -= word.len;
	return word;
}

static bool
word_is(struct str word, const char *text)
{
	return word.len == strlen(text) && strncasecmp(word.ptr, text, word.len) == 0;
}

/* .5 is 500 ms; more than three digits are cut. */
static void
take_fraction(struct str *s, int *ms)
{
	size_t n = take_digits(s, 3, ms);
	int rest;

	for (; n < 3; n++)
		*ms *= 10;
	while (take_digits(s, 9, &rest) > 0)
		;
}

/* +hh:mm, -hhmm or Z. */
static bool
take_offset(struct str *s, struct pieces *p)
{
	bool minus = s->len > 0 && s->ptr[0] == '-';
	int hours, minutes;

	p->offset = true;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (take_digits(s, 2, &hours) != 2)
		return false;
	(void)take_char(s, ':');
	if (take_digits(s, 2, &minutes) != 2 || hours > 23 || minutes > 59)
		return false;
	p->ahead_minutes = (minus ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

/* ---- by a pattern --------------------------------------------------------------------- */
/* The pattern's letters of one kind: how many. */
static size_t
run_of(struct str pattern)
{
	size_t n = 1;

	while (n < pattern.len && pattern.ptr[n] == pattern.ptr[0])
		n++;
	return n;
}

static bool
read_half(struct str *text, struct pieces *p)
{
	struct str word = take_word(text);

	p->half = word_is(word, "pm");
	return p->half || word_is(word, "am");
}

static bool
read_year(struct str *text, size_t letters, struct pieces *p)
{
	size_t n = take_digits(text, letters > 2 ? 4 : 2, &p->year);

	p->year = full_year(p->year, n);
	return n > 0;
}

/* What ${letters} times the letter mean; false: the text does not go on like that. */
static bool
read_piece(char letter, size_t letters, struct str *text, struct pieces *p)
{
	switch (letter) {
	case 'Y': return read_year(text, letters, p);
	case 'M':
		if (letters < 3)
			return take_digits(text, 2, &p->month) > 0;
		return (p->month = month_of(take_word(text))) != 0;
	case 'D': return take_digits(text, 2, &p->day) > 0;
	case 'd': return is_weekday(take_word(text));
	case 'H':
	case 'h': return take_digits(text, 2, &p->hour) > 0;
	case 'm': return take_digits(text, 2, &p->minute) > 0;
	case 's': return take_digits(text, 2, &p->second) > 0;
	case 'S': take_fraction(text, &p->ms); return true;
	case 'A':
	case 'a': return read_half(text, p);
	case 'Z': return take_offset(text, p);
	default: return false;
	}
}

bool
sim_date_read(struct str pattern, struct str text, int64_t *local_ms, bool *offset)
{
	struct pieces p = nothing;

	while (pattern.len > 0) {
		size_t n = run_of(pattern);
		const char *end = pattern.ptr[0] == '[' ? memchr(pattern.ptr, ']', pattern.len) : NULL;

		if (end != NULL) {
			n = (size_t)(end - pattern.ptr) + 1;
			if (text.len < n - 2 || memcmp(text.ptr, pattern.ptr + 1, n - 2) != 0)
				return false;
			text.ptr += n - 2;
			text.len -= n - 2;
		} else if (isalpha((unsigned char)pattern.ptr[0]) && pattern.ptr[0] != 'T') {
			if (!read_piece(pattern.ptr[0], n, &text, &p))
				return false;
		} else {
			n = 1;
			if (!take_char(&text, pattern.ptr[0]))
				return false;
		}
		pattern.ptr += n;
		pattern.len -= n;
	}
	p.year = p.year < 0 ? 1970 : p.year;
	p.month = p.month == 0 ? 1 : p.month;
	p.day = p.day == 0 ? 1 : p.day;
	*offset = p.offset;
	if (text.len > 0 || !join(&p, local_ms))
		return false;
	if (p.offset)
		*local_ms -= p.ahead_minutes * INT64_C(60000);
	return true;
}

/* ---- as people write -------------------------------------------------------------------- */
/* Numbers of a text that are no time, in their order. */
struct guess {
	struct pieces	p;
	int		number[3];
	size_t		digits[3];
	size_t		count;
	int64_t		days_from_now;
	bool		relative;
};

static bool
guess_word(struct guess *g, struct str word)
{
	static const struct {
		const char	*text;
		int		 days;
	} relative[] = { { "today", 0 }, { "tomorrow", 1 }, { "yesterday", -1 } };
	static const char *const ignored[] = { "st", "nd", "rd", "th", "of", "at", "t" };
	int month = month_of(word);

	for (size_t i = 0; i < sizeof(relative) / sizeof(relative[0]); i++)
		if (word_is(word, relative[i].text)) {
			g->days_from_now = relative[i].days;
			return g->relative = true;
		}
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (word_is(word, ignored[i]))
			return true;
	if (word_is(word, "am") || word_is(word, "pm")) {
		g->p.half = word_is(word, "pm");
		return g->p.time;
	}
	if (month != 0) {
		if (g->p.month != 0)
			return false;
		g->p.month = month;
		return true;
	}
	return is_weekday(word);
}

/* The hour is known, ":" was taken. */
static bool
guess_time(struct guess *g, struct str *s, int hour)
{
	if (g->p.time || take_digits(s, 2, &g->p.minute) == 0)
		return false;
	g->p.time = true;
	g->p.hour = hour;
	if (take_char(s, ':') && take_digits(s, 2, &g->p.second) == 0)
		return false;
	if (take_char(s, '.'))
		take_fraction(s, &g->p.ms);
	if (s->len > 0 && (s->ptr[0] == '+' || s->ptr[0] == '-' || s->ptr[0] == 'Z'))
		return take_offset(s, &g->p);
	return true;
}

/* Does am or pm follow, maybe behind a space? */
static bool
half_follows(struct str s)
{
	struct str word;

	(void)take_char(&s, ' ');
	word = take_word(&s);
	return word_is(word, "am") || word_is(word, "pm");
}

static bool
guess_number(struct guess *g, struct str *s)
{
	int value;
	size_t n = take_digits(s, 5, &value);

	if (take_char(s, ':'))
		return n <= 2 && guess_time(g, s, value);
	if (!g->p.time && n <= 2 && half_follows(*s)) {
		g->p.hour = value;
		return g->p.time = true;
	}
	if (g->count == 3 || n == 5)
		return false;
	g->number[g->count] = value;
	g->digits[g->count++] = n;
	return true;
}

static bool
guess_rest(struct guess *g, struct str s)
{
	while (s.len > 0) {
		unsigned char c = (unsigned char)s.ptr[0];

		if (isdigit(c)) {
			if (!guess_number(g, &s))
				return false;
		} else if (isalpha(c)) {
			if (!guess_word(g, take_word(&s)))
				return false;
		} else if (strchr(" ,./-", c) != NULL && c != '\0') {
			s.ptr++;
			s.len--;
		} else {
			return false;
		}
	}
	return true;
}

static void
set_year(struct guess *g, size_t i)
{
	g->p.year = full_year(g->number[i], g->digits[i]);
}

/* Which number is what, beside a month's name or without one. */
static bool
place_numbers(struct guess *g, bool day_first, int this_year)
{
	bool named = g->p.month != 0;
	bool year_first = g->count > 0 && (g->digits[0] > 2 || (named && g->number[0] > 31));
	size_t i = year_first ? 1 : 0;

	if (g->count < (named ? 1u : 2u) || g->count > (named ? 2u : 3u))
		return false;
	if (year_first && g->count != (named ? 2u : 3u))
		return false;
	if (year_first)
		set_year(g, 0);
	if (named) {
		g->p.day = g->number[i];
	} else {
		bool swap = day_first && !year_first;

		g->p.month = g->number[i + swap];
		g->p.day = g->number[i + !swap];
		i++;
	}
	if (!year_first && i + 1 < g->count)
		set_year(g, i + 1);
	else if (!year_first)
		g->p.year = this_year;
	return true;
}

/* Distance from UTC named in a text of ISO 8601's form? */
static bool
names_offset(struct str text)
{
	if (text.len <= 10)
		return false;
	return text.ptr[text.len - 1] == 'Z' || text.ptr[text.len - 1] == 'z' ||
	    memchr(text.ptr + 10, '+', text.len - 10) != NULL ||
	    memchr(text.ptr + 10, '-', text.len - 10) != NULL;
}

static struct str
trimmed(struct str s)
{
	while (s.len > 0 && isspace((unsigned char)s.ptr[0]))
		s.ptr++, s.len--;
	while (s.len > 0 && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* An instant of which the text said how far from UTC its clocks are, or not; false: out of range. */
static bool
place_instant(const struct sim_date_style *style, bool offset, int64_t read, int64_t *ms,
    int64_t *local_ms)
{
	*ms = offset ? read : sim_zone_instant(style->zone, read);
	*local_ms = offset ? read + sim_moment_in(style->zone, STR(""), read).ahead_ms : read;
	return *ms >= INSTANT_MIN && *ms <= INSTANT_MAX && *local_ms >= INSTANT_MIN &&
	    *local_ms <= INSTANT_MAX;
}

bool
sim_date_guess(struct str text, const struct sim_date_style *style, int64_t *ms, int64_t *local_ms)
{
	struct guess g = { .p = nothing };
	struct sim_moment now = sim_moment_in(style->zone, STR(""), style->now_ms);
	struct sim_civil today;
	int64_t read;

	text = trimmed(text);
	if (instant_parse(text, &read) == ERR_OK)
		return place_instant(style, names_offset(text), read, ms, local_ms);
	if (!guess_rest(&g, text))
		return false;
	today = sim_civil_of(now.utc_ms + now.ahead_ms + g.days_from_now * DAY_MS);
	if (g.relative) {
		if (g.count > 0 || g.p.month != 0)
			return false;
		g.p.year = today.year;
		g.p.month = today.month;
		g.p.day = today.day;
	} else if (!place_numbers(&g, style->day_first, today.year)) {
		return false;
	}
	if (!join(&g.p, &read))
		return false;
	read -= g.p.ahead_minutes * INT64_C(60000);
	return place_instant(style, g.p.offset, read, ms, local_ms);
}
