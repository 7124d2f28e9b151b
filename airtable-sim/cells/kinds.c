#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/cells/kinds.h"

#define TEXT	(SIM_IS_TEXT | SIM_MAY_MERGE)
#define TEXT_TOO	(SIM_IS_TEXT | SIM_MAY_MERGE_TOO)

static const struct sim_kind kinds[SIM_TYPES] = {
	[SIM_SINGLE_LINE_TEXT] = { "singleLineText", TEXT, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_MULTILINE_TEXT] = { "multilineText", TEXT, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_RICH_TEXT] = { "richText", TEXT_TOO, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_EMAIL] = { "email", TEXT_TOO, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_URL] = { "url", TEXT_TOO, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_PHONE_NUMBER] = { "phoneNumber", TEXT_TOO, sim_read_text, sim_cast_to_text,
	    NULL, NULL, NULL, NULL },
	[SIM_NUMBER] = { "number", SIM_MAY_MERGE, sim_read_number, sim_cast_to_number,
	    sim_show_number, NULL, sim_options_number, sim_take_precision },
	[SIM_CURRENCY] = { "currency", SIM_MAY_MERGE_TOO, sim_read_number, sim_cast_to_number,
	    sim_show_currency, NULL, sim_options_currency, sim_take_currency },
	[SIM_PERCENT] = { "percent", SIM_MAY_MERGE_TOO, sim_read_number, sim_cast_to_percent,
	    sim_show_percent, NULL, sim_options_number, sim_take_precision },
	[SIM_DURATION] = { "duration", SIM_MAY_MERGE_TOO, sim_read_number, sim_cast_to_duration,
	    sim_show_duration, NULL, sim_options_duration, sim_take_duration },
	[SIM_RATING] = { "rating", SIM_MAY_MERGE_TOO, sim_read_rating, sim_cast_to_number,
	    NULL, NULL, sim_options_rating, sim_take_rating },
	[SIM_CHECKBOX] = { "checkbox", 0, sim_read_checkbox, sim_cast_to_checkbox,
	    NULL, NULL, sim_options_checkbox, NULL },
	[SIM_DATE] = { "date", SIM_MAY_MERGE, sim_read_date, sim_cast_to_date,
	    sim_show_date, NULL, sim_options_date, sim_take_date },
	[SIM_DATE_TIME] = { "dateTime", SIM_MAY_MERGE, sim_read_date, sim_cast_to_date,
	    sim_show_date, NULL, sim_options_date_time, sim_take_date_time },
	[SIM_SINGLE_SELECT] = { "singleSelect", SIM_IS_SELECT | SIM_MAY_MERGE, sim_read_choice,
	    sim_cast_to_choice, NULL, sim_webhook_choice, sim_options_select, sim_take_select },
	[SIM_MULTIPLE_SELECTS] = { "multipleSelects", SIM_IS_SELECT | SIM_MAY_MERGE, sim_read_choices,
	    sim_cast_to_choices, sim_show_list, sim_webhook_choices, sim_options_select,
	    sim_take_select },
	[SIM_LINKS] = { "multipleRecordLinks", 0, sim_read_links, sim_cast_to_links,
	    sim_show_links, sim_webhook_links, sim_options_links, sim_take_links },
	[SIM_BARCODE] = { "barcode", SIM_MAY_MERGE_TOO, sim_read_barcode, sim_cast_to_barcode,
	    sim_show_object, NULL, NULL, NULL },
	[SIM_COLLABORATOR] = { "singleCollaborator", 0, sim_read_collaborator,
	    sim_cast_to_collaborator, sim_show_object, NULL, NULL, NULL },
	[SIM_COLLABORATORS] = { "multipleCollaborators", 0, sim_read_collaborators,
	    sim_cast_to_collaborators, sim_show_list, NULL, NULL, NULL },
	[SIM_ATTACHMENTS] = { "multipleAttachments", 0, sim_read_attachments,
	    sim_cast_to_attachments, sim_show_attachments, NULL, NULL, NULL },
	[SIM_AI_TEXT] = { "aiText", 0, NULL, NULL, sim_show_object, NULL, NULL, NULL },
	[SIM_CREATED_TIME] = { "createdTime", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_date, NULL, sim_options_created_time, NULL },
	[SIM_LAST_MODIFIED_TIME] = { "lastModifiedTime", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_date, NULL, sim_options_modified_time, NULL },
	[SIM_CREATED_BY] = { "createdBy", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_object, NULL, NULL, NULL },
	[SIM_LAST_MODIFIED_BY] = { "lastModifiedBy", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_object, NULL, NULL, NULL },
	[SIM_AUTO_NUMBER] = { "autoNumber", SIM_IS_COMPUTED, NULL, NULL,
	    NULL, NULL, NULL, NULL },
	[SIM_FORMULA] = { "formula", SIM_IS_COMPUTED, NULL, NULL,
	    NULL, NULL, sim_options_formula, sim_take_formula },
	[SIM_LOOKUP] = { "multipleLookupValues", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_list, sim_webhook_lookup, sim_options_lookup, sim_take_lookup },
	[SIM_ROLLUP] = { "rollup", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_list, NULL, sim_options_lookup, sim_take_rollup },
	[SIM_COUNT] = { "count", SIM_IS_COMPUTED, NULL, NULL,
	    NULL, NULL, sim_options_count, sim_take_count },
	[SIM_BUTTON] = { "button", SIM_IS_COMPUTED, NULL, NULL, sim_show_object, NULL, NULL, NULL },
	[SIM_SYNC_SOURCE] = { "externalSyncSource", SIM_IS_COMPUTED, NULL, NULL,
	    sim_show_object, NULL, sim_options_select, sim_take_select },
};

const struct sim_kind *
sim_kind_of(enum sim_type type)
{
	return &kinds[type];
}

bool
sim_type_is_computed(enum sim_type type)
{
	return kinds[type].traits & SIM_IS_COMPUTED;
}

const char *
sim_type_name(enum sim_type type)
{
	return kinds[type].name;
}

bool
sim_type_find(const char *name, enum sim_type *type)
{
	for (int k = 0; name != NULL && k < SIM_TYPES; k++)
		if (strcmp(name, kinds[k].name) == 0) {
			*type = (enum sim_type)k;
			return true;
		}
	return false;
}
