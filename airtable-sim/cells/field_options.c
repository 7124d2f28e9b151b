#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/cells/kinds.h"
#include "airtable-sim/cells/locale.h"
#include "airtable-sim/formula/formula.h"
#include "common/base/json_write.h"

static const struct {
	const char	*name, *format;
} date_formats[SIM_DATE_FORMATS] = {
	[SIM_ISO] = { "iso", "YYYY-MM-DD" }, [SIM_LOCAL] = { "local", "l" },
	[SIM_FRIENDLY] = { "friendly", "LL" }, [SIM_US] = { "us", "M/D/YYYY" },
	[SIM_EUROPEAN] = { "european", "D/M/YYYY" },
};

static const char *const duration_formats[SIM_DURATION_FORMATS] = {
	[SIM_H_MM] = "h:mm", [SIM_H_MM_SS] = "h:mm:ss", [SIM_H_MM_SS_S] = "h:mm:ss.S",
	[SIM_H_MM_SS_SS] = "h:mm:ss.SS", [SIM_H_MM_SS_SSS] = "h:mm:ss.SSS",
};

/* ---- how the schema tells them --------------------------------------------------------- */
void
sim_options_number(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	json_member_int(b, "precision", f->precision);
}

void
sim_options_currency(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	sim_options_number(b, t, f);
	json_member_string(b, "symbol", str_of(f->symbol == NULL ? "$" : f->symbol));
}

void
sim_options_duration(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	json_member_string(b, "durationFormat", str_of(duration_formats[f->duration_format]));
}

void
sim_options_rating(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	json_member_int(b, "max", f->max);
	json_member_string(b, "icon", STR("star"));
	json_member_string(b, "color", STR("yellowBright"));
}

void
sim_options_checkbox(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t, (void)f;
	json_member_string(b, "icon", STR("check"));
	json_member_string(b, "color", STR("greenBright"));
}

void
sim_options_date(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	json_name(b, "dateFormat");
	buf_printf(b, "{\"name\":\"%s\",\"format\":\"%s\"}", date_formats[f->date_format].name,
	    date_formats[f->date_format].format);
}

void
sim_options_date_time(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_member_string(b, "timeZone", f->zone == NULL ? STR("utc") : str_of(f->zone));
	sim_options_date(b, t, f);
	buf_add_cstr(b, f->clock_12 ? ",\"timeFormat\":{\"name\":\"12hour\",\"format\":\"h:mma\"}" :
	    ",\"timeFormat\":{\"name\":\"24hour\",\"format\":\"HH:mm\"}");
}

void
sim_options_select(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	buf_add_cstr(b, "\"choices\":[");
	for (uint32_t i = 0; i < f->choice_count; i++) {
		const struct sim_choice *c = &f->choices[i];

		if (c->removed)
			continue;
		json_next(b);
		sim_add_choice(b, c);
	}
	buf_add_char(b, ']');
}

void
sim_options_links(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	(void)t;
	json_member_string(b, "linkedTableId", str_of(f->linked == NULL ? "" : f->linked->id));
	json_member_bool(b, "isReversed", f->reversed);
	json_member_bool(b, "prefersSingleRecordLink", f->single);
	if (f->inverse != 0)
		json_member_string(b, "inverseLinkFieldId", str_of(f->linked->fields[f->inverse - 1].id));
}

/* The result of a field that is a time. */
static void
add_time_result(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_name(b, "result");
	buf_add_cstr(b, "{\"type\":\"dateTime\",\"options\":{");
	sim_options_date_time(b, t, f);
	buf_add_cstr(b, "}}");
}

void
sim_options_created_time(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	add_time_result(b, t, f);
}

void
sim_options_modified_time(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	buf_add_cstr(b, "\"isValid\":true,\"referencedFieldIds\":[]");
	add_time_result(b, t, f);
}

/* The type that the values of a field have, and its options. */
static void
add_result(struct buf *b, const struct sim_table *t, const struct sim_field *f, int level)
{
	enum sim_type type = f->type == SIM_FORMULA || f->type == SIM_ROLLUP ? f->result :
	    f->type == SIM_COUNT || f->type == SIM_AUTO_NUMBER ? SIM_NUMBER :
	    f->type == SIM_LOOKUP ? SIM_SINGLE_LINE_TEXT : f->type;
	const struct sim_table *linked;

	if (f->type == SIM_LOOKUP && sim_field_follows(t, f) && level < FORMULA_LEVELS_MAX) {
		linked = t->fields[f->via - 1].linked;
		add_result(b, linked, &linked->fields[f->target], level + 1);
		return;
	}
	json_member_string(b, "type", str_of(sim_type_name(type)));
	if (sim_kind_of(type)->options == NULL)
		return;
	json_name(b, "options");
	buf_add_char(b, '{');
	sim_kind_of(type)->options(b, t, f);
	buf_add_char(b, '}');
}

static void
add_result_member(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_name(b, "result");
	buf_add_char(b, '{');
	add_result(b, t, f, 0);
	buf_add_char(b, '}');
}

void
sim_options_formula(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_member_bool(b, "isValid", true);
	json_member_string(b, "formula", str_of(f->formula_text));
	json_name(b, "referencedFieldIds");
	buf_add_char(b, '[');
	for (size_t i = 0; f->formula != NULL && i < t->field_count; i++)
		if (formula_reads(f->formula, i)) {
			json_next(b);
			json_add_string(b, str_of(t->fields[i].id));
		}
	buf_add_char(b, ']');
	add_result_member(b, t, f);
}

/* "isValid" and the link field that is followed; values that were stored are valid without one. */
static void
add_via(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_member_bool(b, "isValid", f->via == 0 || sim_field_follows(t, f));
	if (f->via != 0)
		json_member_string(b, "recordLinkFieldId", str_of(t->fields[f->via - 1].id));
}

void
sim_options_count(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	add_via(b, t, f);
}

void
sim_options_lookup(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	const struct sim_table *linked = f->via == 0 ? NULL : t->fields[f->via - 1].linked;

	add_via(b, t, f);
	if (linked != NULL && f->target < linked->field_count)
		json_member_string(b, "fieldIdInLinkedTable", str_of(linked->fields[f->target].id));
	if (f->type == SIM_ROLLUP && f->via != 0)
		buf_add_cstr(b, ",\"referencedFieldIds\":[]");
	add_result_member(b, t, f);
}

/* ---- how a new field is given them ------------------------------------------------------- */
static const char *
text_in(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool
read_int(const cJSON *options, const char *name, int min, int max, int *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(options, name);

	if (!cJSON_IsNumber(v) || !(v->valuedouble >= min) || !(v->valuedouble <= max))
		return false;
	*out = (int)v->valuedouble;
	return true;
}

bool
sim_take_precision(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	(void)t;
	return read_int(options, "precision", 0, 8, &f->precision);
}

bool
sim_take_currency(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *symbol = text_in(options, "symbol");

	(void)t;
	return read_int(options, "precision", 0, 7, &f->precision) &&
	    (symbol == NULL || sim_rename(&f->symbol, str_of(symbol)));
}

bool
sim_take_duration(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *format = text_in(options, "durationFormat");

	(void)t;
	for (int i = 0; format != NULL && i < SIM_DURATION_FORMATS; i++)
		if (strcmp(format, duration_formats[i]) == 0) {
			f->duration_format = (enum sim_duration_format)i;
			return true;
		}
	return format == NULL;
}

bool
sim_take_rating(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	(void)t;
	return read_int(options, "max", 1, 10, &f->max);
}

bool
sim_take_date(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(options, "dateFormat");
	const char *name = text_in(format, "name");

	(void)t;
	for (int i = 0; name != NULL && i < SIM_DATE_FORMATS; i++)
		if (strcmp(name, date_formats[i].name) == 0) {
			f->date_format = (enum sim_date_format)i;
			return true;
		}
	return format == NULL;
}

bool
sim_take_date_time(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *zone = text_in(options, "timeZone");
	const char *clock = text_in(cJSON_GetObjectItemCaseSensitive(options, "timeFormat"), "name");

	if (!sim_take_date(t, f, options) || (zone != NULL && !sim_zone_known(str_of(zone))))
		return false;
	if (clock != NULL && strcmp(clock, "12hour") != 0 && strcmp(clock, "24hour") != 0)
		return false;
	f->clock_12 = clock != NULL && strcmp(clock, "12hour") == 0;
	return zone == NULL || sim_rename(&f->zone, str_of(zone));
}

bool
sim_take_select(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(options, "choices"), *item;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list) {
		const char *name = text_in(item, "name"), *color = text_in(item, "color");
		int place;

		if (name == NULL || name[0] == '\0' ||
		    (place = sim_field_add_choice(t->base, f, str_of(name))) < 0)
			return false;
		if (color != NULL && !sim_rename(&f->choices[place].color, str_of(color)))
			return false;
	}
	return true;
}

bool
sim_take_links(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *id = text_in(options, "linkedTableId");

	if (options == NULL)
		return f->linked != NULL;	/* retyped: the records are made for it */
	f->linked = id == NULL ? NULL : sim_base_table(t->base, str_of(id));
	f->single = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(options, "prefersSingleRecordLink"));
	return f->linked != NULL;
}

/* How a result is formatted: {"type","options"?}; without it, by what the formula makes. */
static bool
take_result(struct sim_table *t, struct sim_field *f, const cJSON *result)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(result, "options");
	const struct sim_kind *kind;

	if (result == NULL) {
		f->result = f->formula == NULL ? SIM_SINGLE_LINE_TEXT : formula_type(f->formula, t);
		return true;
	}
	if (!sim_type_find(text_in(result, "type"), &f->result) || sim_type_is_computed(f->result))
		return false;
	kind = sim_kind_of(f->result);
	return options == NULL || kind->take == NULL || kind->take(t, f, options);
}

bool
sim_take_formula(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *text = text_in(options, "formula");
	struct formula *formula;

	if (text == NULL || formula_parse(str_of(text), t, &formula, NULL) != ERR_OK)
		return false;
	formula_free(f->formula);
	f->formula = formula;
	return sim_rename(&f->formula_text, str_of(text)) &&
	    take_result(t, f, cJSON_GetObjectItemCaseSensitive(options, "result"));
}

/* The link field that the option names, by id or name. */
static bool
take_via(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *name = text_in(options, "recordLinkFieldId");
	int place = name == NULL ? -1 : sim_table_field(t, str_of(name));

	if (place < 0 || t->fields[place].type != SIM_LINKS || t->fields[place].linked == NULL)
		return false;
	f->via = (uint16_t)(place + 1);
	return true;
}

bool
sim_take_count(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	return take_via(t, f, options);
}

bool
sim_take_lookup(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *name = text_in(options, "fieldIdInLinkedTable");
	int place;

	if (!take_via(t, f, options))
		return false;
	place = name == NULL ? -1 : sim_table_field(t->fields[f->via - 1].linked, str_of(name));
	f->target = (uint16_t)place;
	return place >= 0;
}

bool
sim_take_rollup(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const char *text = text_in(options, "formula");
	struct formula *formula;

	if (!sim_take_lookup(t, f, options) || text == NULL ||
	    formula_parse_rollup(str_of(text), t, &formula) != ERR_OK)
		return false;
	formula_free(f->formula);
	f->formula = formula;
	return sim_rename(&f->formula_text, str_of(text)) &&
	    take_result(t, f, cJSON_GetObjectItemCaseSensitive(options, "result"));
}
