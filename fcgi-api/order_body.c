#include <stdio.h>

#include "common/message.h"
#include "common/moment.h"
#include "common/money.h"
#include "fcgi-api/order_body.h"

static void
add_option_error(struct field_errors *errors, const struct field *f)
{
	char allowed[160];
	size_t at = 0;

	for (size_t i = 0; i < f->option_count && at < sizeof(allowed); i++)
		at += (size_t)snprintf(allowed + at, sizeof(allowed) - at, "%s%s",
		    i > 0 ? ", " : "", f->options[i]);
	field_errors_add(errors, str_of(f->name), "must be one of %s, or null", allowed);
}

static bool
is_option(const struct field *f, const char *text)
{
	for (size_t i = 0; i < f->option_count; i++)
		if (strcmp(f->options[i], text) == 0)
			return true;
	return false;
}

static bool
take_text(const struct field *f, const cJSON *m, struct value *v, struct field_errors *errors)
{
	if (!cJSON_IsString(m)) {
		field_errors_add(errors, str_of(f->name), "must be a text or null");
	} else if (f->kind == FIELD_SELECT && !is_option(f, m->valuestring)) {
		add_option_error(errors, f);
	} else if (m->valuestring[0] == '\0') {
		field_errors_add(errors, str_of(f->name), "must not be empty; null is for none");
	} else if (strlen(m->valuestring) > MESSAGE_TEXT_MAX) {
		field_errors_add(errors, str_of(f->name), "longer than %d bytes",
		    MESSAGE_TEXT_MAX);
	} else {
		v->text = str_of(m->valuestring);
		return true;
	}
	return false;
}

static bool
take_money(const struct field *f, const cJSON *m, struct value *v, struct field_errors *errors)
{
	if (!cJSON_IsNumber(m))
		field_errors_add(errors, str_of(f->name), "must be a number or null");
	else if (money_from_double(m->valuedouble, &v->number) != ERR_OK ||
	    v->number > MESSAGE_MONEY_MAX || v->number < -MESSAGE_MONEY_MAX)
		field_errors_add(errors, str_of(f->name), "out of range");
	else if ((double)v->number / (double)MONEY_UNIT != m->valuedouble)
		field_errors_add(errors, str_of(f->name), "has more than four decimals");
	else
		return true;
	return false;
}

void
order_member(const cJSON *m, unsigned flag, struct record *record, struct field_errors *errors)
{
	int i = schema_field(&orders_schema, str_of(m->string));
	const struct field *f = i >= 0 ? &orders_schema.fields[i] : NULL;
	struct value v = { .present = !cJSON_IsNull(m) };

	if (f == NULL) {
		field_errors_add(errors, str_of(m->string), "unknown member");
		return;
	}
	if ((f->flags & flag) == 0) {
		field_errors_add(errors, str_of(f->name), flag == FIELD_CREATE ?
		    "can't be given" : "can't be changed");
		return;
	}
	if (v.present && !(f->kind == FIELD_MONEY ? take_money(f, m, &v, errors) :
	    take_text(f, m, &v, errors)))
		return;
	record->known |= UINT32_C(1) << i;
	record->values[i] = v;
}

bool
order_value(const struct field *f, const cJSON *json, struct value *v)
{
	*v = (struct value){ .present = !cJSON_IsNull(json) };
	if (!v->present)
		return json != NULL;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_SELECT:
		v->text = str_of(cJSON_GetStringValue(json));
		return cJSON_IsString(json);
	case FIELD_MONEY:
		return cJSON_IsNumber(json) &&
		    money_from_double(json->valuedouble, &v->number) == ERR_OK;
	case FIELD_INSTANT:
		return cJSON_IsString(json) &&
		    moment_parse(str_of(json->valuestring), v) == ERR_OK;
	}
	return false;
}
