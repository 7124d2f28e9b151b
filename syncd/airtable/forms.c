#include <stdio.h>

#include "common/base/json_write.h"
#include "common/base/money.h"
#include "common/store/options.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/airtable/forms.h"
#include "syncd/airtable/keys.h"

static const char computed[] = "computes it";
static const char people[] = "has people there, and the desk knows only their names";

/* Types that are not listed are newer than this table: how they are written is not known. */
static const struct {
	const char	*type;
	enum field_form	 form;
	const char	*why;	/* FORM_NONE: Airtable ... */
} forms[] = {
	{ "singleLineText", FORM_TEXT, NULL },
	{ "multilineText", FORM_TEXT, NULL },
	{ "richText", FORM_TEXT, NULL },
	{ "email", FORM_TEXT, NULL },
	{ "url", FORM_TEXT, NULL },
	{ "phoneNumber", FORM_TEXT, NULL },
	{ "singleSelect", FORM_TEXT, NULL },
	{ "multipleSelects", FORM_SEVERAL, NULL },
	{ "number", FORM_NUMBER, NULL },
	{ "currency", FORM_NUMBER, NULL },
	{ "percent", FORM_NUMBER, NULL },
	{ "duration", FORM_NUMBER, NULL },
	{ "rating", FORM_NUMBER, NULL },
	{ "barcode", FORM_BARCODE, NULL },
	{ "formula", FORM_NONE, computed },
	{ "rollup", FORM_NONE, computed },
	{ "count", FORM_NONE, computed },
	{ "multipleLookupValues", FORM_NONE, computed },
	{ "lookup", FORM_NONE, computed },
	{ "autoNumber", FORM_NONE, computed },
	{ "createdTime", FORM_NONE, computed },
	{ "lastModifiedTime", FORM_NONE, computed },
	{ "createdBy", FORM_NONE, computed },
	{ "lastModifiedBy", FORM_NONE, computed },
	{ "aiText", FORM_NONE, computed },
	{ "button", FORM_NONE, computed },
	{ "externalSyncSource", FORM_NONE, computed },
	{ "multipleRecordLinks", FORM_NONE, "has links there, and the desk knows only their names" },
	{ "singleCollaborator", FORM_NONE, people },
	{ "multipleCollaborators", FORM_NONE, people },
	{ "multipleAttachments", FORM_NONE, "has files there" },
	{ "checkbox", FORM_NONE, "has yes or no there" },
	{ "date", FORM_NONE, "has dates there" },
	{ "dateTime", FORM_NONE, "has dates there" }
};

static size_t
find(const char *type)
{
	size_t i = 0;

	while (i < sizeof(forms) / sizeof(forms[0]) && strcmp(forms[i].type, type) != 0)
		i++;
	return i;
}

enum field_form
airtable_form_of(const char *type)
{
	size_t i = find(type);

	return i < sizeof(forms) / sizeof(forms[0]) ? forms[i].form : FORM_NOT_KNOWN;
}

bool
airtable_forms_set(struct airtable_forms *all, size_t field, const char *type, struct str names)
{
	struct airtable_form *f = &all->field[field];

	f->form = airtable_form_of(type);
	(void)snprintf(f->type, sizeof(f->type), "%s", type);
	buf_clear(&f->names);
	if (f->form == FORM_SEVERAL)
		buf_add_str(&f->names, names);
	if (buf_status(&f->names) == ERR_OK)
		return true;
	buf_free(&f->names);
	f->form = FORM_NOT_KNOWN;
	f->type[0] = '\0';
	return false;
}

void
airtable_forms_clear(struct airtable_forms *all)
{
	for (size_t i = 0; i < SCHEMA_FIELDS_MAX; i++)
		buf_free(&all->field[i].names);
	*all = (struct airtable_forms){ .field[0].form = FORM_NOT_KNOWN };
}

/* ---- does it fit? ------------------------------------------------------------------ */
static enum options_sense
names_of(const struct airtable_form *form, const struct field *field, struct str value,
    struct options_several *names)
{
	struct options_offer offer = {
		.field = field, .known = true, .several = true, .names = buf_str(&form->names)
	};

	return options_offer_read(offer, value, names);
}

/* What is wrong with a value for a field that takes several options; NULL: nothing. */
static const char *
several_problem(const struct airtable_form *form, const struct field *field, struct str value)
{
	struct options_several names;

	switch (names_of(form, field, value, &names)) {
	case OPTIONS_SENSE:
		return NULL;
	case OPTIONS_TWICE:
		return "takes several options there, and none of them twice";
	case OPTIONS_AMBIGUOUS:
		return "takes several options there, some with commas in their names, so that the value "
		    "may mean one or another: set it there";
	case OPTIONS_NONSENSE:
	default:
		return "takes several of its options there (\"A, B\"), and the value has one that it does "
		    "not offer";
	}
}

/* Why Airtable would refuse the value; NULL: no known reason. */
static const char *
problem_of(const struct airtable_form *form, const struct field *field, const struct value *v)
{
	bool money = field->kind == FIELD_MONEY;

	switch (form->form) {
	case FORM_NONE:
		return forms[find(form->type)].why;
	case FORM_SEVERAL:
		return !v->present ? NULL : money ? "has options there" :
		    several_problem(form, field, v->text);
	case FORM_NUMBER:
		return money || !v->present ? NULL : "has numbers there";
	case FORM_TEXT:
		return money && v->present && strcmp(form->type, "singleSelect") == 0 ?
		    "has options there" : NULL;
	case FORM_BARCODE:
	case FORM_NOT_KNOWN:
	default:
		return NULL;
	}
}

bool
airtable_forms_fit(const struct airtable_forms *all, const struct config *config,
    const struct schema *schema, const struct record *r, char *why, size_t size)
{
	for (size_t f = 0; f < schema->field_count; f++) {
		const struct field *field = &schema->fields[f];
		const char *problem;

		if (!(r->known >> f & 1) ||
		    (problem = problem_of(&all->field[f], field, &r->values[f])) == NULL)
			continue;
		(void)snprintf(why, size, "fields.%s.%s = \"%.60s\" can't be set%s%.*s: Airtable %s "
		    "(type %s)", schema->name, field->name, airtable_field_name(config, schema, f),
		    r->id.len > 0 ? " in " : "",
		    STR_FMT(r->id), problem, all->field[f].type);
		return false;
	}
	return true;
}

/* ---- what is written --------------------------------------------------------------- */
static void
add_several(const struct airtable_form *form, struct buf *b, const struct field *field,
    struct str value)
{
	struct options_several names;

	(void)names_of(form, field, value, &names);
	buf_add_char(b, '[');
	for (size_t i = 0; i < names.count; i++) {
		json_next(b);
		json_add_string(b, names.names[i]);
	}
	buf_add_char(b, ']');
}

static void
add_money(const struct airtable_form *form, struct buf *b, int64_t units)
{
	bool text = form->form == FORM_TEXT;

	if (text)
		buf_add_char(b, '"');
	money_add(b, units);
	if (text)
		buf_add_char(b, '"');
}

static void
add_instant(struct buf *b, const struct value *v)
{
	char text[INSTANT_TEXT_SIZE];

	if (moment_format(v, text) == ERR_OK)
		json_add_string(b, str_of(text));
	else
		b->error = ERR_INVALID_PARAMETER;
}

static void
add_text(const struct airtable_form *form, struct buf *b, const struct field *field,
    struct str text)
{
	if (form->form == FORM_SEVERAL) {
		add_several(form, b, field, text);
		return;
	}
	buf_add_cstr(b, form->form == FORM_BARCODE ? "{\"text\":" : "");
	json_add_string(b, text);
	buf_add_cstr(b, form->form == FORM_BARCODE ? "}" : "");
}

void
airtable_form_add(const struct airtable_form *form, struct buf *b, const struct field *field,
    const struct value *v)
{
	if (!v->present) {
		buf_add_cstr(b, "null");
		return;
	}
	switch (field->kind) {
	case FIELD_MONEY:
		add_money(form, b, v->number);
		break;
	case FIELD_INSTANT:
		add_instant(b, v);
		break;
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
	case FIELD_DATE:
		kind_add_json(b, field->kind, v);
		break;
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		add_text(form, b, field, v->text);
		break;
	}
}
