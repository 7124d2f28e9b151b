#include "common/base/json_write.h"
#include "common/base/log.h"
#include "syncd/airtable/oddities.h"

#define LOG_MS		60000
#define LOG_LINES	5	/* for a field in LOG_MS */

/* May the field be logged once more? */
static bool
may_log(struct oddities *o, size_t f, int64_t now_ms)
{
	int64_t passed = now_ms - o->fields[f].minute_ms;

	/* the clock may have been set back */
	if (o->fields[f].minute_ms == 0 || passed < 0 || passed >= LOG_MS) {
		o->fields[f].minute_ms = now_ms;
		o->fields[f].lines = 0;
	}
	return o->fields[f].lines++ < LOG_LINES;
}

static void
note(struct oddities *o, const struct schema *schema, size_t f, const struct airtable_oddity *odd,
    int64_t now_ms)
{
	o->fields[f].total += odd->count;
	o->fields[f].recent += odd->count;
	o->fields[f].at_ms = now_ms;
	o->fields[f].example = *odd;
	for (size_t i = 0; i < odd->count && i < AIRTABLE_ODD_EXAMPLES; i++)
		if (may_log(o, f, now_ms))
			log_warn("airtable: %s: %s is not understood: %s", odd->examples[i].record,
			    schema->fields[f].name, odd->examples[i].what);
}

void
oddities_note(struct oddities *o, const struct schema *schema,
    const struct airtable_oddity odd[static SCHEMA_FIELDS_MAX], int64_t now_ms)
{
	for (size_t f = 0; f < schema->field_count; f++)
		if (odd[f].count > 0)
			note(o, schema, f, &odd[f], now_ms);
}

void
oddities_synced(struct oddities *o)
{
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		o->fields[f].recent = 0;
}

void
oddities_add(const struct oddities *o, const struct schema *schema,
    const uint64_t synced[static SCHEMA_FIELDS_MAX], struct buf *b)
{
	json_name(b, "notUnderstood");
	buf_add_char(b, '[');
	for (size_t f = 0; f < schema->field_count; f++) {
		const struct airtable_oddity *e = &o->fields[f].example;

		if (synced[f] == 0 && o->fields[f].recent == 0)
			continue;
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "field", str_of(schema->fields[f].name));
		json_member_uint(b, "cells", synced[f]);
		json_member_uint(b, "since", o->fields[f].recent);
		json_member_uint(b, "total", o->fields[f].total);
		json_member_instant(b, "at", o->fields[f].at_ms);
		json_member_string_or_null(b, "record", e->count == 0 ? (struct str){ NULL, 0 } :
		    str_of(e->examples[0].record));
		json_member_string_or_null(b, "what", e->count == 0 ? (struct str){ NULL, 0 } :
		    str_of(e->examples[0].what));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}
