#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/field_json.h"
#include "airtable-sim/cells/kinds.h"
#include "common/base/json_write.h"

void
sim_field_json(struct buf *b, const struct sim_table *t, const struct sim_field *f)
{
	const struct sim_kind *kind = sim_kind_of(f->type);

	buf_add_char(b, '{');
	json_member_string(b, "id", str_of(f->id));
	json_member_string(b, "name", str_of(f->name));
	json_member_string(b, "type", str_of(kind->name));
	if (f->description != NULL)
		json_member_string(b, "description", str_of(f->description));
	if (!(kind->traits & SIM_IS_TEXT)) {
		json_name(b, "options");
		buf_add_char(b, '{');
		if (kind->options != NULL)
			kind->options(b, t, f);
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

bool
sim_field_options(struct sim_table *t, struct sim_field *f, const cJSON *options)
{
	const struct sim_kind *kind = sim_kind_of(f->type);

	return kind->take == NULL || kind->take(t, f, options);
}

const struct sim_field *
sim_field_create(struct sim_table *t, const cJSON *d, bool in_app, struct sim_reply *reply)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "name"));
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "type"));
	const char *description =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d, "description"));
	struct sim_field *f;
	enum sim_type kind;

	if (name == NULL || name[0] == '\0' || strlen(name) > 255 || !sim_type_find(type, &kind) ||
	    (t->field_count == 0 && kind == SIM_LINKS)) {	/* no primary field is links */
		sim_reply_invalid(reply);
		return NULL;
	}
	if (sim_type_is_computed(kind) && !in_app) {
		sim_reply_errorf(reply, 422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
		    "Creating %s fields is not supported at this time", type);
		return NULL;
	}
	if (sim_table_field(t, str_of(name)) >= 0) {
		sim_reply_errorf(reply, 422, "DUPLICATE_OR_EMPTY_FIELD_NAME",
		    "Field name \"%s\" is already in use", name);
		return NULL;
	}
	if ((f = sim_table_add_field(t->base, t, name, kind)) == NULL) {
		sim_reply_internal(reply);
		return NULL;
	}
	if (!sim_field_options(t, f, cJSON_GetObjectItemCaseSensitive(d, "options")) ||
	    (description != NULL && !sim_rename(&f->description, str_of(description)))) {
		sim_table_drop_last_field(t);
		sim_reply_errorf(reply, 422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
		    "Invalid options for %s.%s", t->name, name);
		return NULL;
	}
	return f;
}
