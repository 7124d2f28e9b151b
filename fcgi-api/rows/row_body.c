#include "common/base/log.h"
#include "common/base/money.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "common/wire/message.h"
#include "fcgi-api/rows/row_body.h"

/* Name the options that can be set; the summary has those that there is no room for. */
static void
add_option_error(struct field_errors *errors, struct options_offer offer)
{
	const char *one = offer.several ? "one or several (\"A, B\")" : "one";
	struct str field = str_of(offer.field->name);
	char names[OPTIONS_TOLD_SIZE];

	options_offer_tell(offer, names);
	if (names[0] == '\0')
		field_errors_add(errors, field, "must be null: Airtable offers no option");
	else
		field_errors_add(errors, field, "must be %s of %sor null", one, names);
}

static void
add_sense_error(struct field_errors *errors, struct options_offer offer, enum options_sense sense)
{
	struct str field = str_of(offer.field->name);

	if (sense == OPTIONS_AMBIGUOUS)
		field_errors_add(errors, field, "may mean different options, as names have "
		    "commas in them; set it in Airtable");
	else if (sense == OPTIONS_TWICE)
		field_errors_add(errors, field, "names an option twice");
	else
		add_option_error(errors, offer);
}

static void
load_offer(struct api *api, const struct schema *table, size_t field, struct options_offer *offer)
{
	options_offer_load(store_txn(api->store), store_databases(api->store)->meta,
	    table, (unsigned)field, offer);
	(void)db_tell(store_txn(api->store), "options", store_txn(api->store)->fault.error);
}

enum options_sense
row_sense(struct api *api, const struct schema *table, size_t field, const struct value *v)
{
	struct options_several names;
	struct options_offer offer;

	if (table->fields[field].kind != FIELD_SELECT || !v->present)
		return OPTIONS_SENSE;
	load_offer(api, table, field, &offer);
	return options_offer_read(offer, v->text, &names);
}

/* Is it among those that may have been offered before? */
static bool
was_offered(struct api *api, size_t field, const struct value *v)
{
	struct str further = options_load(store_txn(api->store),
	    store_databases(api->store)->meta, api->table, (unsigned)field);

	return options_code(&api->table->fields[field], further, v->text) != OPTION_NONE;
}

/* A select's value is one of its options. */
static bool
check_option(struct api *api, bool again, size_t field, const struct value *v)
{
	enum options_sense sense = row_sense(api, api->table, field, v);
	struct options_offer offer;

	if (sense == OPTIONS_SENSE || (again && was_offered(api, field, v)))
		return true;
	load_offer(api, api->table, field, &offer);
	add_sense_error(&api->errors, offer, sense);
	return false;
}

static bool
take_text(const struct field *f, const cJSON *m, struct value *v, struct field_errors *errors)
{
	if (!cJSON_IsString(m)) {
		field_errors_add(errors, str_of(f->name), "must be a text or null");
	} else if (m->valuestring[0] == '\0' && f->kind != FIELD_SELECT) {
		field_errors_add(errors, str_of(f->name), "must not be empty; use null for none");
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

/* A point in time, or a day. */
static bool
take_instant(const struct field *f, const cJSON *m, struct value *v, struct field_errors *errors)
{
	if (cJSON_IsString(m) && moment_parse(str_of(m->valuestring), v) == ERR_OK)
		return true;
	field_errors_add(errors, str_of(f->name), "must be a date (2026-11-20), a date-time "
	    "with a time zone (2026-11-20T10:00:00Z) or null");
	return false;
}

/* What ${m}, which is not null, says of the field.  false: nothing that it could hold. */
static bool
take_value(const struct field *f, const cJSON *m, struct value *v, struct field_errors *errors)
{
	const char *problem = NULL;

	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		if (!take_text(f, m, v, errors))
			return false;
		problem = kind_check_text(f->kind, v->text);
		break;
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
	case FIELD_DATE:
		problem = kind_parse_json(f->kind, m, v);
		break;
	case FIELD_MONEY:
		return take_money(f, m, v, errors);
	case FIELD_INSTANT:
		return take_instant(f, m, v, errors);
	}
	if (problem != NULL)
		field_errors_add(errors, str_of(f->name), "%s", problem);
	return problem == NULL;
}

void
row_member(struct api *api, bool again, const cJSON *m, unsigned flag, struct record *record)
{
	struct field_errors *errors = &api->errors;
	int i = schema_field(api->table, str_of(m->string));
	const struct field *f = i >= 0 ? &api->table->fields[i] : NULL;
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
	if (!v.present)
		v = kind_nothing(f->kind);
	else if (!take_value(f, m, &v, errors))
		return;
	if (!check_option(api, again, (size_t)i, &v))
		return;
	record->known |= UINT32_C(1) << i;
	record->values[i] = v;
}

bool
row_value_parse(const struct field *f, const cJSON *json, struct value *v)
{
	return kind_parse_json(f->kind, json, v) == NULL;
}
