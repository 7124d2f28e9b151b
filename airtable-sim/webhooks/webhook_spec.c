#include <stdlib.h>
#include <string.h>

#include "airtable-sim/webhooks/webhook_spec.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const source_names[SIM_SOURCES] = {
	[SIM_FROM_CLIENT] = "client",
	[SIM_FROM_API] = "publicApi",
	[SIM_FROM_FORM] = "formSubmission",
	[SIM_FROM_FORM_PAGE] = "formPageSubmission",
	[SIM_FROM_AUTOMATION] = "automation",
	[SIM_FROM_SYSTEM] = "system",
	[SIM_FROM_SYNC] = "sync",
	[SIM_FROM_ANONYMOUS] = "anonymousUser",
	[SIM_FROM_UNKNOWN] = "unknown",
};
static const char *const data_type_names[] = { "tableData", "tableFields", "tableMetadata" };
static const char *const change_type_names[] = { "add", "remove", "update" };

const char *
sim_source_name(enum sim_source source)
{
	return source_names[source];
}

bool
sim_source_find(const char *name, enum sim_source *source)
{
	for (int i = 0; i < SIM_SOURCES; i++)
		if (strcmp(name, source_names[i]) == 0) {
			*source = (enum sim_source)i;
			return true;
		}
	return false;
}

/* Words of a list as the bits 1, 2, 4...; not there: *bits stays. */
static bool
read_words(const cJSON *list, const char *const *names, size_t n, unsigned *bits)
{
	const cJSON *item;
	size_t i;

	if (list == NULL)
		return true;
	if (!cJSON_IsArray(list) || list->child == NULL)
		return false;
	*bits = 0;
	cJSON_ArrayForEach(item, list) {
		for (i = 0; i < n && cJSON_IsString(item); i++)
			if (strcmp(item->valuestring, names[i]) == 0)
				break;
		if (!cJSON_IsString(item) || i == n)
			return false;
		*bits |= 1u << i;
	}
	return true;
}

static bool
has_field(const struct sim_table *t, const char *id)
{
	for (size_t i = 0; i < t->field_count; i++)
		if (!t->fields[i].removed && strcmp(t->fields[i].id, id) == 0)
			return true;
	return false;
}

/* Does a table within the scope have the field? */
static bool
knows_field(const struct sim_spec *s, const struct sim_base *b, const char *id)
{
	for (size_t i = 0; i < b->table_count; i++)
		if (!b->tables[i]->removed && sim_spec_has_table(s, b->tables[i]) &&
		    has_field(b->tables[i], id))
			return true;
	return false;
}

static bool
read_ids(const struct sim_spec *s, const struct sim_base *b, const cJSON *list,
    struct sim_id_list *out)
{
	const cJSON *item;

	if (list == NULL)
		return true;
	if (!cJSON_IsArray(list))
		return false;
	if ((out->ids = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*out->ids))) == NULL)
		return false;
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item) || !sim_id_valid(str_of(item->valuestring), "fld") ||
		    !knows_field(s, b, item->valuestring))
			return false;
		memcpy(out->ids[out->count++], item->valuestring, SIM_ID_SIZE);
	}
	return true;
}

static bool
read_flag(const cJSON *object, const char *name, bool *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	*out = cJSON_IsTrue(v);
	return v == NULL || cJSON_IsBool(v);
}

/* Has the object only members of these names?  NULL has. */
static bool
only(const cJSON *object, const char *const *names, size_t n)
{
	const cJSON *member;
	size_t i;

	cJSON_ArrayForEach(member, object) {
		for (i = 0; i < n; i++)
			if (member->string != NULL && strcmp(member->string, names[i]) == 0)
				break;
		if (i == n)
			return false;
	}
	return true;
}

static bool
read_scope(struct sim_spec *s, const struct sim_base *b, const cJSON *scope)
{
	if (scope == NULL)
		return true;
	if (!cJSON_IsString(scope) || strlen(scope->valuestring) != SIM_ID_LEN)
		return false;
	memcpy(s->scope, scope->valuestring, SIM_ID_SIZE);
	for (size_t i = 0; i < b->table_count; i++)
		if (!b->tables[i]->removed && sim_spec_has_table(s, b->tables[i]))
			return true;
	return false;
}

static bool
read_filters(struct sim_spec *s, const struct sim_base *b, const cJSON *filters, bool strict)
{
	static const char *const names[] = { "dataTypes", "recordChangeScope", "changeTypes",
	    "fromSources", "watchDataInFieldIds", "watchSchemasOfFieldIds", "sourceOptions" };
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(filters, "sourceOptions");

	s->change_types = SIM_ADD | SIM_REMOVE | SIM_UPDATE;
	s->sources = (1u << SIM_SOURCES) - 1;
	if (!cJSON_IsObject(filters) || (strict && !only(filters, names, COUNT(names))) ||
	    (options != NULL && !cJSON_IsObject(options)))
		return false;
	return read_words(cJSON_GetObjectItemCaseSensitive(filters, "dataTypes"),
	        data_type_names, COUNT(data_type_names), &s->data_types) &&
	    s->data_types != 0 &&
	    read_words(cJSON_GetObjectItemCaseSensitive(filters, "changeTypes"),
	        change_type_names, COUNT(change_type_names), &s->change_types) &&
	    read_words(cJSON_GetObjectItemCaseSensitive(filters, "fromSources"),
	        source_names, COUNT(source_names), &s->sources) &&
	    read_scope(s, b, cJSON_GetObjectItemCaseSensitive(filters, "recordChangeScope")) &&
	    read_ids(s, b, cJSON_GetObjectItemCaseSensitive(filters, "watchDataInFieldIds"),
	        &s->watched) &&
	    read_ids(s, b, cJSON_GetObjectItemCaseSensitive(filters, "watchSchemasOfFieldIds"),
	        &s->schemas);
}

static bool
read_includes(struct sim_spec *s, const struct sim_base *b, const cJSON *includes, bool strict)
{
	static const char *const names[] = { "includeCellValuesInFieldIds",
	    "includePreviousCellValues", "includePreviousFieldDefinitions" };
	const cJSON *cells = cJSON_GetObjectItemCaseSensitive(includes, names[0]);

	if (includes == NULL)
		return true;
	if (!cJSON_IsObject(includes) || (strict && !only(includes, names, COUNT(names))) ||
	    !read_flag(includes, names[1], &s->previous_cells) ||
	    !read_flag(includes, names[2], &s->previous_fields))
		return false;
	s->included_all = cJSON_IsString(cells) && strcmp(cells->valuestring, "all") == 0;
	return s->included_all || read_ids(s, b, cells, &s->included);
}

bool
sim_spec_read(struct sim_spec *s, const struct sim_base *b, const cJSON *specification, bool strict)
{
	static const char *const outer[] = { "options" }, *const inner[] = { "filters", "includes" };
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(specification, "options");

	memset(s, 0, sizeof(*s));
	if (!cJSON_IsObject(specification) || !cJSON_IsObject(options) ||
	    (strict && (!only(specification, outer, 1) || !only(options, inner, COUNT(inner)))))
		return false;
	return read_filters(s, b, cJSON_GetObjectItemCaseSensitive(options, "filters"), strict) &&
	    read_includes(s, b, cJSON_GetObjectItemCaseSensitive(options, "includes"), strict);
}

void
sim_spec_free(struct sim_spec *s)
{
	free(s->watched.ids);
	free(s->schemas.ids);
	free(s->included.ids);
	memset(s, 0, sizeof(*s));
}

static bool
list_holds(const struct sim_spec *s, const struct sim_base *b, const struct sim_id_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!knows_field(s, b, list->ids[i]))
			return false;
	return true;
}

bool
sim_spec_holds(const struct sim_spec *s, const struct sim_base *b)
{
	bool found = s->scope[0] == '\0';

	for (size_t i = 0; i < b->table_count && !found; i++)
		found = !b->tables[i]->removed && sim_spec_has_table(s, b->tables[i]);
	return found && list_holds(s, b, &s->watched) && list_holds(s, b, &s->schemas);
}

bool
sim_spec_has_table(const struct sim_spec *s, const struct sim_table *t)
{
	return s->scope[0] == '\0' || strcmp(s->scope, t->id) == 0 ||
	    strcmp(s->scope, t->view_id) == 0;
}

bool
sim_spec_of_view(const struct sim_spec *s)
{
	return strncmp(s->scope, "viw", 3) == 0;
}

bool
sim_id_list_has(const struct sim_id_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(list->ids[i], id, SIM_ID_LEN) == 0)
			return true;
	return list->count == 0;
}

bool
sim_spec_includes(const struct sim_spec *s, const char *field_id)
{
	return s->included_all ||
	    (s->included.count > 0 && sim_id_list_has(&s->included, field_id));
}
