#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/money.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/airtable/cell.h"
#include "syncd/airtable/json.h"
#include "syncd/airtable/keys.h"

#define NESTED_MAX	4		/* depth of lists and objects */
#define WHOLE_MAX	9007199254740992.0	/* 2^53: whole numbers below it are exact in a double */

static const char formula_error[] = "an error of its formula";

/* ---- what a cell comes down to ----------------------------------------------------- */
static bool
is_error(const cJSON *cell)
{
	return airtable_json_member(cell, "error") != NULL ||
	    airtable_json_member(cell, "specialValue") != NULL;
}

/* Are these linked records: ids or, in webhooks' payloads, objects with id and name? */
static bool
is_links(const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		const cJSON *id = cJSON_IsObject(item) ? airtable_json_member(item, "id") : item;

		if (!cJSON_IsString(id) || !airtable_id_is(id->valuestring, "rec"))
			return false;
	}
	return cJSON_IsArray(list) && list->child != NULL;
}

/* The member of an object that has its text; NULL: none. */
static const cJSON *
text_member(const cJSON *object)
{
	static const char *const names[] = { "text", "value", "name", "filename", "label", "email" };
	const cJSON *m;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((m = airtable_json_member(object, names[i])) != NULL)
			return m;
	return NULL;
}

/* The only element of a list that is not null; NULL: there are more, or none. */
static const cJSON *
only_element(const cJSON *list)
{
	const cJSON *item, *only = NULL;

	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsNull(item))
			continue;
		if (only != NULL)
			return NULL;
		only = item;
	}
	return only;
}

/* The cell without lists of one element and objects with a text around it. */
static const cJSON *
unwrap(const cJSON *cell)
{
	for (int depth = 0; depth < NESTED_MAX; depth++) {
		const cJSON *inner = cJSON_IsArray(cell) ? only_element(cell) :
		    cJSON_IsObject(cell) && !is_error(cell) ? text_member(cell) : NULL;

		if (inner == NULL)
			break;
		cell = inner;
	}
	return cell;
}

/* Null, or a list of nulls only. */
static bool
is_nothing(const cJSON *cell)
{
	const cJSON *item;

	if (!cJSON_IsArray(cell))
		return cJSON_IsNull(cell);
	cJSON_ArrayForEach(item, cell)
		if (!cJSON_IsNull(item))
			return false;
	return true;
}

/* ---- text -------------------------------------------------------------------------- */
static void
keep_text(char **text, const char *s)
{
	size_t n = strlen(s);

	memcpy(*text, s, n);
	*text += n;
}

/* A number as people write it: 194, 0.5, 1e+300. */
static void
keep_number(char **text, double v)
{
	char digits[CELL_NUMBER_TEXT];

	if (v == floor(v) && fabs(v) < WHOLE_MAX) {
		(void)snprintf(digits, sizeof(digits), "%.0f", v);
		keep_text(text, digits);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(digits, sizeof(digits), "%.*g", precision, v);
		if (strtod(digits, NULL) == v)
			break;
	}
	keep_text(text, digits);
}

static const char *keep_plain(char **text, const cJSON *cell, int depth);

static const char *
keep_joined(char **text, const cJSON *list, int depth)
{
	const char *problem = NULL, *first = *text;
	const cJSON *item;

	if (is_links(list))
		return "linked records, of which Airtable gives only the ids";
	cJSON_ArrayForEach(item, list) {
		char *before = *text, *begin;

		if (before != first)
			keep_text(text, ", ");
		begin = *text;
		if ((problem = keep_plain(text, item, depth)) != NULL)
			break;
		if (*text == begin)
			*text = before;	/* the element shows nothing */
	}
	return problem;
}

/* Write the cell's text.  NULL, or what is wrong: *text may then have moved. */
static const char *
keep_plain(char **text, const cJSON *cell, int depth)
{
	const cJSON *inner;

	if (depth == NESTED_MAX)
		return "too deeply nested";
	if (is_error(cell))
		return formula_error;
	if (cJSON_IsString(cell)) {
		keep_text(text, cell->valuestring);
	} else if (cJSON_IsNumber(cell)) {
		if (!isfinite(cell->valuedouble))
			return "too large for a number";
		keep_number(text, cell->valuedouble);
	} else if (cJSON_IsBool(cell)) {
		keep_text(text, cJSON_IsTrue(cell) ? "true" : "false");
	} else if (cJSON_IsArray(cell)) {
		return keep_joined(text, cell, depth + 1);
	} else if (cJSON_IsObject(cell)) {
		/* an AI field without a text has only a state */
		if ((inner = text_member(cell)) == NULL)
			return airtable_json_member(cell, "state") != NULL ? NULL : "no text in it";
		return keep_plain(text, inner, depth + 1);
	}
	return NULL;	/* null: nothing */
}

/* ---- numbers ----------------------------------------------------------------------- */
static const char *
read_money(const cJSON *cell, struct value *v)
{
	const cJSON *inner = unwrap(cell);
	enum err e;

	if (is_error(inner))
		return formula_error;
	if (cJSON_IsArray(inner))
		return "several values for one amount of money";
	if (cJSON_IsNumber(inner))
		e = money_from_double(inner->valuedouble, &v->number);
	else if (!cJSON_IsString(inner))
		return "not a number";
	else if (inner->valuestring[0] == '\0')
		return NULL;
	else
		e = money_parse(str_of(inner->valuestring), &v->number);
	if (e != ERR_OK)
		return cJSON_IsNumber(inner) ? "too large: totals are kept below 100,000,000,000,000" :
		    "not a plain number such as 12.50, or too large";
	v->present = true;
	return NULL;
}

/* A whole number, a decimal, a percentage or a duration, which may come as plain text. */
static const char *
read_number(enum field_kind kind, const cJSON *cell, struct value *v)
{
	const cJSON *inner = unwrap(cell);
	const char *problem;

	if (is_error(inner))
		return formula_error;
	if (cJSON_IsArray(inner))
		return "several values for one number";
	if (cJSON_IsString(inner) && inner->valuestring[0] == '\0')
		return NULL;
	if (cJSON_IsString(inner))
		problem = kind_parse_number(kind, str_of(inner->valuestring), &v->number);
	else
		problem = kind_parse_json(kind, inner, v);
	v->present = problem == NULL;
	return problem;
}

/* An unticked box is false, also where Airtable leaves it out. */
static const char *
read_tick(const cJSON *cell, struct value *v)
{
	const cJSON *inner = unwrap(cell);

	if (is_error(inner))
		return formula_error;
	if (!cJSON_IsBool(inner))
		return "not true or false";
	*v = (struct value){ .present = true, .number = cJSON_IsTrue(inner) };
	return NULL;
}

/* A calendar day; the time of a date and time is not left out in silence. */
static const char *
read_date(const cJSON *cell, struct value *v)
{
	const cJSON *inner = unwrap(cell);

	if (is_error(inner))
		return formula_error;
	if (cJSON_IsArray(inner))
		return "several values for one date";
	if (cJSON_IsString(inner) && inner->valuestring[0] == '\0')
		return NULL;
	return kind_parse_json(FIELD_DATE, inner, v) == NULL ? NULL : "not a date such as 2026-11-20";
}

static const char *
read_moment(const cJSON *cell, char **text, struct value *v)
{
	const cJSON *inner = unwrap(cell);

	if (is_error(inner))
		return formula_error;
	if (cJSON_IsArray(inner))
		return "several values for one date and time";
	if (!cJSON_IsString(inner))
		return "not a date and time";
	if (inner->valuestring[0] == '\0')
		return NULL;
	if (moment_parse(str_of(inner->valuestring), v) != ERR_OK)
		return "not a date and time such as 2026-11-20T10:00:00Z, or out of range";
	if (moment_is_date(v)) {
		v->text.ptr = *text;
		keep_text(text, inner->valuestring);
	}
	v->present = true;
	return NULL;
}

enum cell_sense
airtable_cell_read(enum field_kind kind, const cJSON *cell, char **text, struct value *v,
    const char **problem)
{
	const cJSON *inner = unwrap(cell);
	char *start = *text;

	*v = kind_nothing(kind);
	*problem = NULL;
	/* an AI field without a text is empty */
	if (is_nothing(cell) || is_nothing(inner) || (cJSON_IsObject(inner) && !is_error(inner) &&
	    airtable_json_member(inner, "state") != NULL && text_member(inner) == NULL))
		return CELL_UNDERSTOOD;
	switch (kind) {
	case FIELD_MONEY:
		*problem = read_money(cell, v);
		break;
	case FIELD_INSTANT:
		*problem = read_moment(cell, text, v);
		break;
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		*problem = read_number(kind, cell, v);
		break;
	case FIELD_BOOLEAN:
		*problem = read_tick(cell, v);
		break;
	case FIELD_DATE:
		*problem = read_date(cell, v);
		break;
	case FIELD_SELECT:
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
		/*
		 * any text may be the name of an option and is remembered as one, so a number
		 * must not be
		 */
		*problem = kind == FIELD_SELECT && (cJSON_IsNumber(inner) || cJSON_IsBool(inner)) ?
		    "not an option of a select" : keep_plain(text, cell, 0);
		v->text = (struct str){ start, (size_t)(*text - start) };
		v->present = v->text.len > 0;
		break;
	}
	if (*problem == NULL)
		return CELL_UNDERSTOOD;
	*text = start;
	*v = (struct value){ .present = false };
	return *problem == formula_error ? CELL_FAILED : CELL_ODD;
}

void
airtable_cell_show(const cJSON *cell, char *out, size_t size)
{
	char *json = cJSON_PrintUnformatted(cell);
	size_t n = json == NULL ? 0 : strlen(json);

	(void)snprintf(out, size, "%s", json == NULL ? "" : json);
	if (n >= size)	/* cut between characters, with "..." */
		for (n = size - sizeof("..."); n > 0 && ((unsigned char)out[n] & 0xc0) == 0x80; n--)
			;
	if (json != NULL && strlen(json) >= size)
		(void)snprintf(out + n, size - n, "...");
	cJSON_free(json);
}
