#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/cells/kinds.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW_MS	INT64_C(1795176000000)	/* 2026-11-20T12:00:00Z */

/* Orders and a field of each kind, made once: the table is only read. */
static struct sim_base *
made(void)
{
	struct sim_base *base = sim_data_new(SIM_DATA_BASE_ID, 8, 1, NOW_MS);
	struct sim_table *t;

	if (base == NULL)
		abort();
	t = base->tables[0];
	for (int k = 0; k < SIM_TYPES; k++) {
		struct sim_field *f = sim_table_add_field(base, t, "x", (enum sim_type)k);

		if (f == NULL)
			abort();
		f->max = 5;
		f->precision = k % 8;
		f->date_format = (enum sim_date_format)(k % SIM_DATE_FORMATS);
		f->duration_format = (enum sim_duration_format)(k % SIM_DURATION_FORMATS);
		f->linked = t;
	}
	return base;
}

/* The cell must be well-formed JSON, for records and for webhooks, and can be shown. */
static void
look(const struct sim_field *f, const struct sim_cell *cell, struct str locale)
{
	struct sim_showing showing = { .field = f, .zone = STR("utc"), .locale = locale };
	const struct sim_kind *kind = sim_kind_of(f->type);
	void (*const forms[])(struct buf *, const struct sim_field *, const struct sim_cell *) = {
		sim_cell_json, sim_cell_json_v2
	};

	for (size_t i = 0; i < 2 && cell->kind != SIM_EMPTY; i++) {
		struct buf out = { 0 };
		cJSON *json;

		forms[i](&out, f, cell);
		if ((json = cJSON_ParseWithLength(out.data, out.len)) == NULL)
			abort();
		cJSON_Delete(json);
		buf_free(&out);
	}
	if (kind->show != NULL) {
		struct buf out = { 0 };

		kind->show(&out, &showing, cell);
		buf_free(&out);
	}
}

/* Write any JSON, or else any text, into a field of each kind with typecast. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sim_base *base;
	const struct sim_table *t;
	cJSON *value = cJSON_ParseWithLength((const char *)data, size);
	struct buf text = { 0 };

	if (base == NULL)
		base = made();
	t = base->tables[0];
	buf_add(&text, data, size);
	if (value == NULL && (value = cJSON_CreateString(buf_cstr(&text))) == NULL)
		abort();
	for (size_t i = 0; i < t->field_count; i++) {
		struct sim_reading reading = { .base = base, .field = &t->fields[i], .typecast = true,
		    .now_ms = NOW_MS };
		struct sim_cell cell;

		if (sim_cell_read(&reading, value, &cell) == SIM_CELL_OK)
			look(&t->fields[i], &cell, STR("de"));
		sim_cell_free(&cell);
	}
	cJSON_Delete(value);
	buf_free(&text);
	return 0;
}
