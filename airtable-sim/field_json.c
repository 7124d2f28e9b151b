#include <stdlib.h>
#include <string.h>

#include "airtable-sim/field_json.h"
#include "common/json_write.h"

static const char *const type_names[SIM_TYPES] = {
	[SIM_SINGLE_LINE_TEXT] = "singleLineText",
	[SIM_MULTILINE_TEXT] = "multilineText",
	[SIM_RICH_TEXT] = "richText",
	[SIM_EMAIL] = "email",
	[SIM_URL] = "url",
	[SIM_PHONE_NUMBER] = "phoneNumber",
	[SIM_NUMBER] = "number",
	[SIM_CURRENCY] = "currency",
	[SIM_PERCENT] = "percent",
	[SIM_DURATION] = "duration",
	[SIM_RATING] = "rating",
	[SIM_CHECKBOX] = "checkbox",
	[SIM_DATE] = "date",
	[SIM_DATE_TIME] = "dateTime",
	[SIM_SINGLE_SELECT] = "singleSelect",
	[SIM_MULTIPLE_SELECTS] = "multipleSelects",
	[SIM_LINKS] = "multipleRecordLinks",
	[SIM_BARCODE] = "barcode",
	[SIM_COLLABORATOR] = "singleCollaborator",
	[SIM_ATTACHMENTS] = "multipleAttachments",
	[SIM_AI_TEXT] = "aiText",
	[SIM_CREATED_TIME] = "createdTime",
	[SIM_LAST_MODIFIED_TIME] = "lastModifiedTime",
	[SIM_FORMULA] = "formula",
	[SIM_LOOKUP] = "multipleLookupValues",
	[SIM_ROLLUP] = "rollup",
	[SIM_BUTTON] = "button",
};

const char *
sim_type_name(enum sim_type type)
{
	return type_names[type];
}

bool
sim_type_find(const char *name, enum sim_type *type)
{
	for (int k = 0; name != NULL && k < SIM_TYPES; k++)
		if (strcmp(name, type_names[k]) == 0) {
			*type = (enum sim_type)k;
			return true;
		}
	return false;
}

static const char date_options[] =
    "\"dateFormat\":{\"name\":\"iso\",\"format\":\"YYYY-MM-DD\"}";
static const char time_options[] = "\"timeZone\":\"utc\","
    "\"dateFormat\":{\"name\":\"iso\",\"format\":\"YYYY-MM-DD\"},"
    "\"timeFormat\":{\"name\":\"24hour\",\"format\":\"HH:mm\"}";

static void
add_choices(struct buf *b, const struct sim_field *f)
{
	buf_add_cstr(b, "\"choices\":[");
	for (uint32_t i = 0; i < f->choice_count; i++) {
		const struct sim_choice *c = &f->choices[i];

		if (c->removed)
			continue;
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "id", str_of(c->id));
		json_member_string(b, "name", str_of(c->name));
		if (c->color != NULL)
			json_member_string(b, "color", str_of(c->color));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
add_formula(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	json_member_bool(b, "isValid", true);
	json_member_string(b, "formula", str_of(f->formula_text));
	json_name(b, "referencedFieldIds");
	buf_add_char(b, '[');
	for (size_t i = 0; i < t->field_count; i++) {	/* those whose {name} stands in it */
		char braced[300];

		if (strlen(t->fields[i].name) > sizeof(braced) - 3)
			continue;
		braced[0] = '{';
		(void)strcpy(stpcpy(braced + 1, t->fields[i].name), "}");
		if (f->formula_text != NULL && strstr(f->formula_text, braced) != NULL) {
			json_next(b);
			json_add_string(b, str_of(t->fields[i].id));
		}
	}
	buf_add_cstr(b, "],\"result\":{\"type\":\"singleLineText\"}");
}

static void
add_options(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	switch (f->type) {
	case SIM_CURRENCY:
		json_member_int(b, "precision", f->precision);
		json_member_string(b, "symbol", str_of(f->symbol == NULL ? "$" : f->symbol));
		break;
	case SIM_NUMBER:
	case SIM_PERCENT:
		json_member_int(b, "precision", f->precision);
		break;
	case SIM_DURATION:
		json_member_string(b, "durationFormat", STR("h:mm"));
		break;
	case SIM_RATING:
		json_member_int(b, "max", f->max);
		json_member_string(b, "icon", STR("star"));
		json_member_string(b, "color", STR("yellowBright"));
		break;
	case SIM_CHECKBOX:
		json_member_string(b, "icon", STR("check"));
		json_member_string(b, "color", STR("greenBright"));
		break;
	case SIM_DATE:
		buf_add_cstr(b, date_options);
		break;
	case SIM_DATE_TIME:
		buf_add_cstr(b, time_options);
		break;
	case SIM_SINGLE_SELECT:
	case SIM_MULTIPLE_SELECTS:
		add_choices(b, f);
		break;
	case SIM_CREATED_TIME:
		buf_printf(b, "\"result\":{\"type\":\"dateTime\",\"options\":{%s}}", time_options);
		break;
	case SIM_LAST_MODIFIED_TIME:
		buf_printf(b, "\"isValid\":true,\"referencedFieldIds\":[],"
		    "\"result\":{\"type\":\"dateTime\",\"options\":{%s}}", time_options);
		break;
	case SIM_FORMULA:
		add_formula(b, t, f);
		break;
	case SIM_LINKS:
		json_member_string(b, "linkedTableId", str_of(f->linked == NULL ? "" : f->linked->id));
		buf_add_cstr(b, ",\"isReversed\":false,\"prefersSingleRecordLink\":false");
		break;
	case SIM_LOOKUP:
	case SIM_ROLLUP:
		buf_add_cstr(b, "\"isValid\":true,\"result\":{\"type\":\"singleLineText\"}");
		break;
	default:
		break;
	}
}

void
sim_field_json(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(f->id));
	json_member_string(b, "name", str_of(f->name));
	json_member_string(b, "type", str_of(type_names[f->type]));
	if (f->description != NULL)
		json_member_string(b, "description", str_of(f->description));
	if (!sim_type_is_text(f->type)) {
		json_name(b, "options");
		buf_add_char(b, '{');
		add_options(b, t, f);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

bool
sim_rename(char **name, struct str to)
{
	char *copy = sim_copy(to);

	if (copy == NULL)
		return false;
	free(*name);
	*name = copy;
	return true;
}

static bool
read_choices(struct sim_base *b, struct sim_field *f, const cJSON *options)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(options, "choices"), *item;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list) {
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
		const char *color = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "color"));
		int place;

		if (name == NULL || name[0] == '\0' ||
		    (place = sim_field_add_choice(b, f, str_of(name))) < 0)
			return false;
		if (color != NULL && !sim_rename(&f->choices[place].color, str_of(color)))
			return false;
	}
	return true;
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
sim_field_options(struct sim_base *b, struct sim_field *f, const cJSON *options)
{
	const char *symbol = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, "symbol"));

	switch (f->type) {
	case SIM_CURRENCY:
		return read_int(options, "precision", 0, 7, &f->precision) &&
		    (symbol == NULL || sim_rename(&f->symbol, str_of(symbol)));
	case SIM_NUMBER:
	case SIM_PERCENT:
		return read_int(options, "precision", 0, 8, &f->precision);
	case SIM_RATING:
		return read_int(options, "max", 1, 10, &f->max);
	case SIM_SINGLE_SELECT:
	case SIM_MULTIPLE_SELECTS:
		return read_choices(b, f, options);
	default:
		return true;
	}
}

const struct sim_field *
sim_field_create(struct sim_base *b, struct sim_table *t, const cJSON *d, struct sim_reply *reply)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "name"));
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "type"));
	const char *description =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "description"));
	struct sim_field *f;
	enum sim_type kind;

	if (name == NULL || name[0] == '\0' || strlen(name) > 255 || !sim_type_find(type, &kind)) {
		sim_reply_invalid(reply);
		return NULL;
	}
	if (sim_type_is_computed(kind)) {
		sim_reply_errorf(reply, 422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
		    "Creating %s fields is not supported at this time", type);
		return NULL;
	}
	if (sim_table_field(t, str_of(name)) >= 0) {
		sim_reply_errorf(reply, 422, "DUPLICATE_OR_EMPTY_FIELD_NAME",
		    "Field name \"%s\" is already in use", name);
		return NULL;
	}
	if ((f = sim_table_add_field(b, t, name, kind)) == NULL) {
		sim_reply_internal(reply);
		return NULL;
	}
	if (!sim_field_options(b, f, cJSON_GetObjectItemCaseSensitive(d, "options")) ||
	    (description != NULL && !sim_rename(&f->description, str_of(description)))) {
		sim_table_drop_last_field(t);
		sim_reply_errorf(reply, 422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
		    "Invalid options for %s.%s", t->name, name);
		return NULL;
	}
	return f;
}
