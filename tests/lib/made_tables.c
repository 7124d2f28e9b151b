#include <stdio.h>

#include "tests/lib/made_tables.h"

static const char *const states[] = { "Packed", "Sent", "Arrived", "Lost, found" };

static const struct field fields[PARCEL_FIELDS] = {
	[PARCEL_CODE] = {
		.name = "code", .airtable = "Code", .kind = FIELD_TEXT,
		.flags = FIELD_SEARCH | FIELD_SORT | FIELD_KEY | FIELD_EXACT | FIELD_CREATE
	},
	[PARCEL_STATE] = {
		.name = "state", .airtable = "State", .kind = FIELD_SELECT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_GROUP | FIELD_CREATE,
		.options = states, .option_count = 3
	},
	[PARCEL_SENT_AT] = {
		.name = "sentAt", .airtable = "Sent At", .kind = FIELD_INSTANT,
		.flags = FIELD_SORT, .from = "sentFrom", .to = "sentTo"
	}
};

const struct schema parcels_schema = {
	.name = "parcels",
	.airtable = "Parcels",
	.number = 100,
	.fields = fields,
	.field_count = PARCEL_FIELDS,
	.default_sort = PARCEL_SENT_AT,
	.default_descending = true,
	.sum_field = SCHEMA_NO_FIELD,
	.day_field = SCHEMA_NO_FIELD,
	.state_field = SCHEMA_NO_FIELD
};

static const struct schema *const list[] = { &orders_schema, &parcels_schema };
const struct tables made_tables = { list, sizeof(list) / sizeof(list[0]) };

static struct value
value_of(const struct field *f, const char *key, uint64_t *seed)
{
	struct value v = { .present = made_random(seed, 10) != 0 };

	if (!v.present)
		return v;
	switch (f->kind) {
	case FIELD_TEXT:
		v.text = str_of(key);
		break;
	case FIELD_SELECT:
		/* one in fifty is an option that the schema does not know */
		v.text = made_random(seed, 50) == 0 ? STR("Lost, found") :
		    str_of(f->options[made_random(seed, f->option_count)]);
		break;
	case FIELD_MONEY:
		v.number = (int64_t)made_random(seed, 10000000) - 1000;
		break;
	case FIELD_INSTANT:
		v.number = INT64_C(1795255200000) - (int64_t)made_random(seed, INT64_C(90) * 86400000);
		break;
	}
	return v;
}

void
made_row(struct made_row *m, const struct schema *s, unsigned n, uint64_t *seed)
{
	memset(m, 0, sizeof(*m));
	(void)snprintf(m->id, sizeof(m->id), "rec%014u", n);
	(void)snprintf(m->key, sizeof(m->key), "K-%05u", n);
	m->r.id = str_of(m->id);
	m->r.known = schema_all(s);
	for (size_t f = 0; f < s->field_count; f++)
		m->r.values[f] = value_of(&s->fields[f], m->key, seed);
}
