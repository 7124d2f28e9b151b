#include <stdio.h>

#include "common/base/fixed.h"
#include "common/tables/kind.h"
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

static const struct field kind_fields[KIND_FIELDS] = {
	[KIND_CODE] = {
		.name = "code", .airtable = "Code", .kind = FIELD_TEXT,
		.flags = FIELD_SEARCH | FIELD_SORT | FIELD_KEY | FIELD_EXACT | FIELD_CREATE
	},
	[KIND_NOTES] = {
		.name = "notes", .airtable = "Notes", .kind = FIELD_LONG_TEXT,
		.flags = FIELD_SEARCH | FIELD_EXACT | FIELD_WRITE | FIELD_CREATE
	},
	[KIND_EMAIL] = {
		.name = "email", .airtable = "E-mail", .kind = FIELD_EMAIL,
		.flags = FIELD_SEARCH | FIELD_SORT | FIELD_EXACT | FIELD_WRITE | FIELD_CREATE
	},
	[KIND_SITE] = {
		.name = "site", .airtable = "Site", .kind = FIELD_URL,
		.flags = FIELD_SORT | FIELD_EXACT | FIELD_WRITE | FIELD_CREATE
	},
	[KIND_PHONE] = {
		.name = "phone", .airtable = "Phone", .kind = FIELD_PHONE,
		.flags = FIELD_SORT | FIELD_EXACT | FIELD_WRITE | FIELD_CREATE
	},
	[KIND_COLOUR] = {
		.name = "colour", .airtable = "Colour", .kind = FIELD_SELECT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_GROUP | FIELD_CREATE,
		.options = states, .option_count = 3
	},
	[KIND_PRICE] = {
		.name = "price", .airtable = "Price", .kind = FIELD_MONEY,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE,
		.from = "minPrice", .to = "maxPrice", .to_inclusive = true
	},
	[KIND_PIECES] = {
		.name = "pieces", .airtable = "Pieces", .kind = FIELD_INTEGER,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE,
		.from = "minPieces", .to = "maxPieces", .to_inclusive = true
	},
	[KIND_WEIGHT] = {
		.name = "weight", .airtable = "Weight", .kind = FIELD_DECIMAL,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE,
		.from = "minWeight", .to = "maxWeight", .to_inclusive = true
	},
	[KIND_DISCOUNT] = {
		.name = "discount", .airtable = "Discount", .kind = FIELD_PERCENT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE,
		.from = "minDiscount", .to = "maxDiscount", .to_inclusive = true
	},
	[KIND_TAKES] = {
		.name = "takes", .airtable = "Takes", .kind = FIELD_DURATION,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE,
		.from = "minTakes", .to = "maxTakes", .to_inclusive = true
	},
	[KIND_TICKED] = {
		.name = "ticked", .airtable = "Ticked", .kind = FIELD_BOOLEAN,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE
	},
	[KIND_DUE] = {
		.name = "due", .airtable = "Due", .kind = FIELD_DATE,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE, .from = "dueFrom", .to = "dueTo"
	},
	[KIND_MADE_AT] = {
		.name = "madeAt", .airtable = "Made At", .kind = FIELD_INSTANT,
		.flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE, .from = "madeFrom", .to = "madeTo"
	}
};

const struct schema kinds_schema = {
	.name = "kinds",
	.number = 101,
	.fields = kind_fields,
	.field_count = KIND_FIELDS,
	.default_sort = KIND_DUE,
	.sum_field = SCHEMA_NO_FIELD,
	.day_field = SCHEMA_NO_FIELD,
	.state_field = SCHEMA_NO_FIELD
};

static const struct schema *const kinds_list[] = { &orders_schema, &kinds_schema };
const struct tables made_kinds = { kinds_list, sizeof(kinds_list) / sizeof(kinds_list[0]) };

static struct str
text_of(enum field_kind kind, uint64_t *seed)
{
	static const char *const texts[][4] = {
		{ "One line,\nand \"another\"\n", "M\xc3\xbcller's", "muller", "\xe2\x82\xac 5" },
		{ "ada@example.com", "Ada@Example.org", "bob+x@example.com", "m\xc3\xbcller@example.com" },
		{ "https://example.com", "HTTP://example.com/a?b=c", "https://example.org/\\", "example.com" },
		{ "+49 30 1234", "+1 (555) 0100", "030/1234", "112" }
	};
	size_t which = kind == FIELD_EMAIL ? 1 : kind == FIELD_URL ? 2 : kind == FIELD_PHONE ? 3 : 0;

	return str_of(texts[which][made_random(seed, 4)]);
}

/* Few different ones, some of them negative, with as many decimals as there can be. */
static int64_t
number_of(int64_t most, int64_t unit, uint64_t *seed)
{
	int64_t n = (int64_t)made_random(seed, 40) - 10;

	switch (made_random(seed, 10)) {
	case 0:
		return made_random(seed, 2) == 0 ? most : -most;
	case 1:
		return n;
	default:
		return n * unit + (made_random(seed, 2) == 0 ? unit / 4 : 0);
	}
}

static struct value
value_of(const struct field *f, const char *key, uint64_t *seed)
{
	struct value v = { .present = made_random(seed, 10) != 0 };

	if (!v.present)
		return kind_nothing(f->kind);
	switch (f->kind) {
	case FIELD_TEXT:
		v.text = str_of(key);
		break;
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
		v.text = text_of(f->kind, seed);
		break;
	case FIELD_SELECT:
		/* one in fifty is an option that the schema does not know */
		v.text = made_random(seed, 50) == 0 ? STR("Lost, found") :
		    str_of(f->options[made_random(seed, f->option_count)]);
		break;
	case FIELD_MONEY:
		v.number = (int64_t)made_random(seed, 10000000) - 1000;
		break;
	case FIELD_INTEGER:
		v.number = number_of(FIELD_INTEGER_MAX, 1, seed);
		break;
	case FIELD_DECIMAL:
		v.number = number_of(FIXED_MAX / 1000, INT64_C(100000000), seed);
		break;
	case FIELD_PERCENT:
		v.number = number_of(INT64_C(100000000000), INT64_C(10000000000), seed);
		break;
	case FIELD_DURATION:
		v.number = number_of(INT64_C(86400000) * 1000, 60000, seed);
		break;
	case FIELD_BOOLEAN:
		v.number = made_random(seed, 2) == 0;
		break;
	case FIELD_DATE:
		v.number = 20780 - (int64_t)made_random(seed, made_random(seed, 9) == 0 ? 700000 : 60);
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
