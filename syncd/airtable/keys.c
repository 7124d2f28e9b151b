#include <stdio.h>

#include "syncd/airtable/json.h"
#include "syncd/airtable/keys.h"

#define ID_LEN	17	/* 3 letters and 14 alphanumeric characters */

bool
airtable_id_is(const char *id, const char *kind)
{
	return strlen(id) == ID_LEN && strncmp(id, kind, 3) == 0 &&
	    strspn(id, AIRTABLE_ID_CHARACTERS) == ID_LEN;
}

bool
airtable_id_valid(const char *id)
{
	size_t n = 0;

	for (; id[n] != '\0'; n++)
		if (n == AIRTABLE_ID_MAX || id[n] <= ' ' || id[n] > '~')
			return false;
	return n > 0;
}

const char *
airtable_table_name(const struct config *config, const struct schema *schema)
{
	return schema == &orders_schema ? config->airtable.orders_table : schema->airtable;
}

const char *
airtable_field_name(const struct config *config, const struct schema *schema, size_t field)
{
	if (schema == &orders_schema && config->orders_fields[field][0] != '\0')
		return config->orders_fields[field];
	return schema->fields[field].airtable;
}

const char *
airtable_create_field(const struct config *config, const struct schema *schema)
{
	return schema == &orders_schema ? config->airtable.create_key : "";
}

const char *
airtable_table_setting(const struct schema *schema)
{
	return schema == &orders_schema ? "airtable.orders_table" : schema->airtable;
}

void
airtable_keys_set(struct airtable_keys *k, const struct config *config, const struct schema *schema)
{
	*k = (struct airtable_keys){ .count = schema->field_count, .resolved = true };
	for (size_t i = 0; i < k->count; i++) {
		const char *key = airtable_field_name(config, schema, i);

		(void)snprintf(k->request[i], sizeof(k->request[i]), "%s", key);
		k->by_id |= airtable_id_is(key, "fld");
	}
	for (size_t i = 0; i < k->count; i++) {
		if (k->by_id && !airtable_id_is(k->request[i], "fld"))
			k->resolved = false;
		else
			memcpy(k->answer[i], k->request[i], sizeof(k->answer[i]));
	}
}

static enum err
resolve(struct airtable_keys *k, const struct schema *schema, const cJSON *json, const char *table,
    char *why, size_t size)
{
	const cJSON *tables = airtable_json_member(json, "tables"), *t, *fields;

	if (!cJSON_IsArray(tables)) {
		(void)snprintf(why, size, "the base's schema is not an object with tables");
		return ERR_AIRTABLE_BAD_RESPONSE;
	}
	if ((t = airtable_json_called(tables, table)) == NULL) {
		(void)snprintf(why, size, "%s: the base has no table \"%s\"; name another in "
		    "orders.conf and reload", airtable_table_setting(schema), table);
		return ERR_AIRTABLE_NOT_FOUND;
	}
	fields = airtable_json_member(t, "fields");
	k->missing = 0;
	for (size_t i = 0; i < k->count; i++) {
		const char *id = airtable_json_text(airtable_json_called(fields, k->request[i]), "id");

		if (airtable_id_valid(id))
			(void)snprintf(k->answer[i], sizeof(k->answer[i]), "%s", id);
		else
			k->missing |= UINT32_C(1) << i;
	}
	if (airtable_keys_asked(k) != 0)
		return ERR_OK;
	(void)snprintf(why, size, "%s, fields.%s: the table has none of the fields, not even \"%s\"; "
	    "name others in orders.conf and reload", airtable_table_setting(schema), schema->name,
	    k->request[0]);
	return ERR_AIRTABLE_FIELD_MISSING;
}

enum err
airtable_keys_resolve(struct airtable_keys *k, const struct schema *schema, struct str body,
    const char *table, char *why, size_t size)
{
	struct airtable_keys next = *k;	/* all or nothing */
	size_t bytes;
	cJSON *json = airtable_json_parse(body, &bytes);
	enum err err = resolve(&next, schema, json, table, why, size);

	cJSON_Delete(json);
	if (err != ERR_OK)
		return err;
	next.resolved = true;
	*k = next;
	return ERR_OK;
}

int
airtable_keys_field(const struct airtable_keys *k, const char *key)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->answer[i], key) == 0)
			return (int)i;
	return -1;
}
