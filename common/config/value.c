#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "common/config/table.h"

#define ECHO_MAX	64	/* bytes of a wrong value that an error shows */

/* Units of a number, the largest first. */
struct unit {
	const char	*name;
	int64_t		 factor;
	int64_t		 shown_from;	/* smaller values are written in a smaller unit */
};

static const struct unit durations[] = {
	{ "d", 86400000, 2 * 86400000 },	/* a day is written 24h */
	{ "h", 3600000, 3600000 },
	{ "m", 60000, 60000 },
	{ "s", 1000, 0 },
	{ "ms", 1, 1 },
	{ NULL, 0, 0 }
};
static const struct unit sizes[] = {
	{ "TiB", INT64_C(1) << 40, INT64_C(1) << 40 },
	{ "GiB", 1 << 30, 1 << 30 },
	{ "MiB", 1 << 20, 1 << 20 },
	{ "KiB", 1 << 10, 1 << 10 },
	{ "B", 1, 0 },
	{ NULL, 0, 0 }
};
static const struct unit percents[] = { { "%", 1, 0 }, { "", 1, 0 }, { NULL, 0, 0 } };
static const struct unit rates[] = { { "/minute", 1, 0 }, { "", 1, 0 }, { NULL, 0, 0 } };
static const struct unit integers[] = { { "", 1, 0 }, { NULL, 0, 0 } };

static const struct {
	const char		*noun;
	const struct unit	*units;
} numbers[] = {
	[SETTING_INTEGER] = { "integer", integers },
	[SETTING_DURATION] = { "duration", durations },
	[SETTING_SIZE] = { "size", sizes },
	[SETTING_PERCENT] = { "percentage", percents },
	[SETTING_RATE] = { "rate", rates },
};

static const struct {
	const char	*word;
	bool		 value;
} booleans[] = {
	{ "true", true }, { "yes", true }, { "on", true }, { "1", true },
	{ "false", false }, { "no", false }, { "off", false }, { "0", false }
};

static void
add_number(struct buf *b, enum setting_type type, int64_t v)
{
	const struct unit *u = numbers[type].units;

	while (v % u->factor != 0 || v < u->shown_from)
		u++;
	buf_printf(b, "%" PRId64 "%s", v / u->factor, u->name);
}

void
setting_describe(const struct setting *s, struct buf *b)
{
	switch (s->type) {
	case SETTING_TEXT:
		buf_add_cstr(b, "text");
		break;
	case SETTING_BOOLEAN:
		buf_add_cstr(b, "true or false");
		break;
	case SETTING_ENUM:
		for (size_t i = 0; s->words[i] != NULL; i++)
			buf_printf(b, "%s%s", i == 0 ? "" :
			    s->words[i + 1] == NULL ? " or " : ", ", s->words[i]);
		break;
	default:
		buf_printf(b, "%s, ", numbers[s->type].noun);
		add_number(b, s->type, s->min);
		buf_add_cstr(b, " to ");
		add_number(b, s->type, s->max);
	}
}

/* "'abc' is not a valid duration (1s to 5m)": this adds the part up to ${problem}. */
static void
refuse(struct buf *why, struct str text, const char *problem)
{
	bool cut = text.len > ECHO_MAX;

	if (cut) {
		text.len = ECHO_MAX;
		while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
			text.len--;
	}
	buf_printf(why, "'%.*s%s' %s", STR_FMT(text), cut ? "..." : "", problem);
}

static bool
refuse_number(const struct setting *s, struct str text, const char *problem, struct buf *why)
{
	refuse(why, text, problem);
	buf_printf(why, " %s (", numbers[s->type].noun);
	add_number(why, s->type, s->min);
	buf_add_cstr(why, " to ");
	add_number(why, s->type, s->max);
	buf_add_char(why, ')');
	return false;
}

static bool
unit_factor(const struct unit *units, struct str name, int64_t value, int64_t *factor)
{
	for (; units->name != NULL; units++)
		if (str_is(name, units->name)) {
			*factor = units->factor;
			return true;
		}
	*factor = 1;
	return name.len == 0 && value == 0;	/* 0 is the same in every unit */
}

static bool
parse_number(const struct setting *s, struct str text, struct config *c, struct buf *why)
{
	int64_t value = 0, factor;
	bool huge = false;
	size_t i = 0;

	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		huge |= __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text.ptr[i] - '0', &value);
	if (i == 0 || !unit_factor(numbers[s->type].units,
	    (struct str){ text.ptr + i, text.len - i }, value, &factor))
		return refuse_number(s, text, "is not a valid", why);
	huge |= __builtin_mul_overflow(value, factor, &value);
	if (huge || value < s->min || value > s->max)
		return refuse_number(s, text, "is out of range for this", why);
	memcpy((char *)c + s->offset, &value, sizeof(value));
	return true;
}

static bool
parse_boolean(const struct setting *s, struct str text, struct config *c, struct buf *why)
{
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++)
		if (text.len == strlen(booleans[i].word) &&
		    strncasecmp(text.ptr, booleans[i].word, text.len) == 0) {
			memcpy((char *)c + s->offset, &booleans[i].value, sizeof(bool));
			return true;
		}
	refuse(why, text, "is neither true nor false");
	return false;
}

_Static_assert(sizeof(enum feed_mode) == sizeof(unsigned) &&
    sizeof(enum log_level) == sizeof(unsigned) &&
    sizeof(enum log_format) == sizeof(unsigned), "enums are kept as unsigned");

static bool
parse_word(const struct setting *s, struct str text, struct config *c, struct buf *why)
{
	for (unsigned i = 0; s->words[i] != NULL; i++)
		if (str_is(text, s->words[i])) {
			memcpy((char *)c + s->offset, &i, sizeof(i));
			return true;
		}
	refuse(why, text, "is not one of ");
	setting_describe(s, why);
	return false;
}

static bool
parse_text(const struct setting *s, struct str text, struct config *c, struct buf *why)
{
	char *value = (char *)c + s->offset;
	const char *problem;

	if (text.len >= s->size) {
		buf_printf(why, "is longer than %zu bytes", s->size - 1);
		return false;
	}
	memset(value, 0, s->size);
	if (text.len > 0)
		memcpy(value, text.ptr, text.len);
	if (s->check == NULL || (problem = s->check(value)) == NULL)
		return true;
	if (text.len > 0 && (value[0] == '\0' || memchr(text.ptr, '@', text.len) != NULL))
		buf_add_cstr(why, problem);	/* the text is or may hold a secret: not shown */
	else
		refuse(why, text, problem);
	return false;
}

bool
setting_parse(const struct setting *s, struct str text, struct config *c, struct buf *why)
{
	switch (s->type) {
	case SETTING_TEXT:
		return parse_text(s, text, c, why);
	case SETTING_BOOLEAN:
		return parse_boolean(s, text, c, why);
	case SETTING_ENUM:
		return parse_word(s, text, c, why);
	default:
		return parse_number(s, text, c, why);
	}
}

void
setting_format(const struct setting *s, const struct config *c, struct buf *b)
{
	const char *at = (const char *)c + s->offset;
	int64_t number;
	unsigned word;
	bool flag;

	switch (s->type) {
	case SETTING_TEXT:
		buf_add_cstr(b, at);
		break;
	case SETTING_BOOLEAN:
		memcpy(&flag, at, sizeof(flag));
		buf_add_cstr(b, flag ? "true" : "false");
		break;
	case SETTING_ENUM:
		memcpy(&word, at, sizeof(word));
		buf_add_cstr(b, s->words[word]);
		break;
	default:
		memcpy(&number, at, sizeof(number));
		add_number(b, s->type, number);
	}
}
