#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "common/base/fixed.h"
#include "common/base/json_write.h"
#include "common/base/money.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"

#define MS_PER_DAY	INT64_C(86400000)
#define DATE_MIN	(INSTANT_MIN / MS_PER_DAY)	/* 0000-01-01 */
#define DATE_MAX	(INSTANT_MAX / MS_PER_DAY)	/* 9999-12-31 */

static const struct kind kinds[] = {
	[FIELD_TEXT] = { "text", FILTER_EXACT, .search = true, .sort = true, .decimals = -1 },
	[FIELD_LONG_TEXT] = { "longText", FILTER_EXACT, .search = true, .decimals = -1 },
	[FIELD_EMAIL] = { "email", FILTER_EXACT, .search = true, .sort = true, .decimals = -1 },
	[FIELD_URL] = { "url", FILTER_EXACT, .search = true, .sort = true, .decimals = -1 },
	[FIELD_PHONE] = { "phone", FILTER_EXACT, .search = true, .sort = true, .decimals = -1 },
	[FIELD_SELECT] = { "select", FILTER_OPTIONS, .sort = true, .decimals = -1 },
	[FIELD_MONEY] = { "money", FILTER_RANGE, .sort = true, .decimals = 4 },
	[FIELD_INTEGER] = { "integer", FILTER_RANGE, .sort = true, .decimals = 0 },
	[FIELD_DECIMAL] = { "decimal", FILTER_RANGE, .sort = true, .decimals = 8 },
	[FIELD_PERCENT] = { "percent", FILTER_RANGE, .sort = true, .decimals = 10 },
	[FIELD_DURATION] = { "duration", FILTER_RANGE, .sort = true, .decimals = 3 },
	[FIELD_BOOLEAN] = { "boolean", FILTER_TICK, .sort = true, .decimals = -1 },
	[FIELD_DATE] = { "date", FILTER_RANGE, .sort = true, .decimals = -1 },
	[FIELD_INSTANT] = { "instant", FILTER_RANGE, .sort = true, .decimals = -1 }
};

const struct kind *
kind_of(enum field_kind kind)
{
	return &kinds[kind];
}

bool
kind_in_range(enum field_kind kind, int64_t number)
{
	switch (kind) {
	case FIELD_MONEY:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		return number >= -FIXED_MAX && number <= FIXED_MAX;
	case FIELD_INTEGER:
		return number >= -FIELD_INTEGER_MAX && number <= FIELD_INTEGER_MAX;
	case FIELD_BOOLEAN:
		return number == 0 || number == 1;
	case FIELD_DATE:
		return number >= DATE_MIN && number <= DATE_MAX;
	case FIELD_INSTANT:
		return number >= INSTANT_MIN && number <= INSTANT_MAX;
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		break;
	}
	return true;
}

/* ---- JSON out ---------------------------------------------------------------------- */
static void
add_moment(struct buf *b, const struct value *v)
{
	char text[INSTANT_TEXT_SIZE];

	if (moment_format(v, text) == ERR_OK)
		json_add_string(b, str_of(text));
	else
		buf_add_cstr(b, "null");
}

static void
add_date(struct buf *b, int64_t day)
{
	char text[INSTANT_TEXT_SIZE];

	if (!kind_in_range(FIELD_DATE, day) || instant_format(day * MS_PER_DAY, text) != ERR_OK)
		buf_add_cstr(b, "null");
	else
		json_add_string(b, (struct str){ text, MOMENT_DATE_LEN });
}

void
kind_add_json(struct buf *b, enum field_kind kind, const struct value *v)
{
	if (!v->present) {
		buf_add_cstr(b, "null");
		return;
	}
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		json_add_string(b, v->text);
		break;
	case FIELD_MONEY:
		money_add(b, v->number);
		break;
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		fixed_add(b, v->number, kinds[kind].decimals, 0);
		break;
	case FIELD_BOOLEAN:
		buf_add_cstr(b, v->number != 0 ? "true" : "false");
		break;
	case FIELD_DATE:
		add_date(b, v->number);
		break;
	case FIELD_INSTANT:
		add_moment(b, v);
		break;
	}
}

/* ---- what a value must be ---------------------------------------------------------- */
static const char *
must_be(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_SELECT:
		return "must be a text or null";
	case FIELD_EMAIL:
		return "must be an e-mail address such as ada@example.com, or null";
	case FIELD_URL:
		return "must be an address such as https://example.com, or null";
	case FIELD_PHONE:
		return "must be a phone number in a text, or null";
	case FIELD_MONEY:
	case FIELD_DECIMAL:
		return "must be a number or null";
	case FIELD_PERCENT:
		return "must be a number such as 0.25 for 25 %, or null";
	case FIELD_INTEGER:
		return "must be a whole number or null";
	case FIELD_DURATION:
		return "must be a number of seconds or null";
	case FIELD_BOOLEAN:
		return "must be true or false";
	case FIELD_DATE:
		return "must be a date such as \"2026-11-20\", or null";
	case FIELD_INSTANT:
		break;
	}
	return "must be a date-time such as \"2026-11-20T10:00:00Z\", or null";
}

/* A number is in units, and has more decimals than these. */
static const char *
too_fine(enum field_kind kind)
{
	switch (kinds[kind].decimals) {
	case 0:
		return must_be(kind);
	case 3:
		return "has more than three decimals";
	case 4:
		return "has more than four decimals";
	case 8:
		return "has more than eight decimals";
	default:
		return "has more than ten decimals";
	}
}

static const char *
parse_units(enum field_kind kind, double d, int64_t *number)
{
	int decimals = kinds[kind].decimals;

	if (!isfinite(d) || fixed_from_double(d, decimals, number) != ERR_OK ||
	    !kind_in_range(kind, *number))
		return "is out of range";
	return fixed_is_exact(d, decimals, *number) ? NULL : too_fine(kind);
}

static bool
parse_date(struct str text, int64_t *day)
{
	int64_t ms;

	if (text.len != MOMENT_DATE_LEN || instant_parse(text, &ms) != ERR_OK)
		return false;
	*day = ms / MS_PER_DAY;	/* a midnight: nothing is left */
	return true;
}

static const char *
parse_text(enum field_kind kind, const cJSON *json, struct value *v)
{
	if (!cJSON_IsString(json))
		return must_be(kind);
	if (json->valuestring[0] == '\0' && kind != FIELD_SELECT)
		return "must not be empty; use null for none";
	v->text = str_of(json->valuestring);
	return NULL;
}

const char *
kind_parse_json(enum field_kind kind, const cJSON *json, struct value *v)
{
	bool right;

	*v = kind_nothing(kind);
	if (json == NULL)
		return must_be(kind);
	if (cJSON_IsNull(json))
		return NULL;
	v->present = true;
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		return parse_text(kind, json, v);
	case FIELD_MONEY:
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		return cJSON_IsNumber(json) ? parse_units(kind, json->valuedouble, &v->number) :
		    must_be(kind);
	case FIELD_BOOLEAN:
		v->number = cJSON_IsTrue(json);
		return cJSON_IsBool(json) ? NULL : must_be(kind);
	case FIELD_DATE:
		right = cJSON_IsString(json) && parse_date(str_of(json->valuestring), &v->number);
		return right ? NULL : must_be(kind);
	case FIELD_INSTANT:
		right = cJSON_IsString(json) && moment_parse(str_of(json->valuestring), v) == ERR_OK;
		return right ? NULL : must_be(kind);
	}
	return must_be(kind);
}

/* ---- parameters -------------------------------------------------------------------- */
/* Money is rounded, as it is in a cell; more decimals than another kind has are refused. */
static bool
parse_digits(enum field_kind kind, struct str text, int64_t *number)
{
	bool rounded;

	return fixed_parse(text, kinds[kind].decimals, number, &rounded) == ERR_OK &&
	    (!rounded || kind == FIELD_MONEY) && kind_in_range(kind, *number);
}

const char *
kind_parse_number(enum field_kind kind, struct str text, int64_t *number)
{
	switch (kind) {
	case FIELD_MONEY:
		return parse_digits(kind, text, number) ? NULL : "must be an amount such as 12.50";
	case FIELD_INTEGER:
		return parse_digits(kind, text, number) ? NULL : "must be a whole number such as 12";
	case FIELD_DECIMAL:
		return parse_digits(kind, text, number) ? NULL :
		    "must be a number such as 12.5, with at most eight decimals";
	case FIELD_PERCENT:
		return parse_digits(kind, text, number) ? NULL :
		    "must be a number such as 0.25 for 25 %, with at most ten decimals";
	case FIELD_DURATION:
		return parse_digits(kind, text, number) ? NULL :
		    "must be a number of seconds such as 90, with at most three decimals";
	case FIELD_DATE:
		return parse_date(text, number) ? NULL : "must be a date (2026-11-20)";
	case FIELD_INSTANT:
		return instant_parse(text, number) == ERR_OK ? NULL :
		    "must be a date (2026-11-20) or a date-time (2026-11-20T10:00:00Z)";
	case FIELD_BOOLEAN:
		*number = str_is(text, "true");
		return *number == 1 || str_is(text, "false") ? NULL : "must be true or false";
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		break;
	}
	return "is no number";
}

/* ---- texts that are written -------------------------------------------------------- */
static bool
has_space(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isspace((unsigned char)text.ptr[i]) || iscntrl((unsigned char)text.ptr[i]))
			return true;
	return false;
}

static bool
has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (iscntrl((unsigned char)text.ptr[i]))
			return true;
	return false;
}

const char *
kind_check_text(enum field_kind kind, struct str text)
{
	const char *at = text.len == 0 ? NULL : memchr(text.ptr, '@', text.len);

	if (kind == FIELD_EMAIL)
		return at != NULL && at > text.ptr && at < text.ptr + text.len - 1 &&
		    !has_space(text) ? NULL : must_be(kind);
	if (kind == FIELD_URL)
		return has_space(text) ? must_be(kind) : NULL;
	return kind == FIELD_PHONE && has_control(text) ? must_be(kind) : NULL;
}
