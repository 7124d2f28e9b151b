#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/retype.h"
#include "airtable-sim/base/row_json.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW_MS	INT64_C(1795176000000)	/* 2026-11-20T12:00:00Z */

/* Schema and records are well-formed, whatever became of the fields. */
static void
look(const struct sim_table *t)
{
	static const struct sim_projection all;
	struct buf out = { 0 };
	cJSON *json;

	buf_add_char(&out, '[');
	for (size_t i = 0; i < t->field_count; i++) {
		buf_add_cstr(&out, i == 0 ? "" : ",");
		sim_field_json(&out, t, &t->fields[i]);
	}
	for (uint32_t i = 0; i < t->row_count; i++) {
		buf_add_char(&out, ',');
		sim_row_json(&out, t, &t->rows[i], &all, NOW_MS);
	}
	buf_add_char(&out, ']');
	if (buf_status(&out) != ERR_OK || (json = cJSON_ParseWithLength(out.data, out.len)) == NULL)
		abort();
	cJSON_Delete(json);
	buf_free(&out);
}

/* Any JSON describes a new field as the app makes them, and what a field becomes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_settings settings;
	struct sim_base *base = sim_data_new(SIM_DATA_BASE_ID, 4, 1, NOW_MS);
	struct sim_action a = { .base = base, .settings = &settings, .now_ms = NOW_MS };
	cJSON *json = cJSON_ParseWithLength((const char *)data, size);
	struct sim_reply why = { 0 };
	struct sim_table *t;

	sim_settings_default(&settings);
	if (base == NULL || !sim_tables_add(base, SIM_TABLES_EVERYTHING, 1, NOW_MS) ||
	    (t = sim_base_table(base, STR("Everything"))) == NULL)
		abort();
	if (cJSON_IsObject(json) && sim_field_create(t, json, true, &why) != NULL &&
	    !sim_links_pair_all(&a, t, t->field_count - 1))
		abort();
	for (size_t i = 0; i < t->field_count && cJSON_IsObject(json); i += 5)
		(void)sim_retype(&a, t, i, json);	/* any answer is right */
	for (size_t i = 0; i < base->table_count; i++)
		look(base->tables[i]);
	sim_reply_free(&why);
	cJSON_Delete(json);
	sim_base_free(base);
	return 0;
}
