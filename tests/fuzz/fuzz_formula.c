#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "airtable-sim/base/data.h"
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/cells/cell.h"
#include "airtable-sim/formula/formula.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW_MS	INT64_C(1795176000000)	/* 2026-11-20T12:00:00Z */

/* Orders of a shop with tags, which are a list; made once, as the tables are only read. */
static struct sim_base *
made(void)
{
	struct sim_base *base = sim_data_new(SIM_DATA_BASE_ID, 8, 1, NOW_MS);
	struct sim_table *t;

	if (base == NULL || !sim_tables_add(base, SIM_TABLES_SHOP, 1, NOW_MS))
		abort();
	t = base->tables[0];
	if (sim_table_add_field(base, t, "Tags", SIM_MULTIPLE_SELECTS) == NULL)
		abort();
	for (uint32_t i = 0; i < t->row_count; i++) {
		struct sim_cell tags;

		if (!sim_cell_text(&tags, STR("[\"b\",1,null,\"2026-11-20\",\"b\"]")))
			abort();
		tags.kind = SIM_JSON;
		if (!sim_row_set(&t->rows[i], t->field_count - 1, tags))
			abort();
	}
	return base;
}

/* As the formula of a rollup it works out for those who have orders and those who have none. */
static void
roll_up(const struct sim_base *base, struct str text)
{
	struct sim_table *t = sim_base_table(base, STR("Customers"));
	int place = sim_table_field(t, STR("Lifetime Value"));
	struct formula *f, *own;

	if (place < 0)
		abort();
	if (formula_parse_rollup(text, t, &f) != ERR_OK)
		return;
	(void)formula_type(f, t);	/* any answer is right */
	own = t->fields[place].formula;
	t->fields[place].formula = f;
	for (uint32_t i = 0; i < 4; i++) {
		struct formula_context context = { .table = t, .row = &t->rows[i],
		    .modified_ms = t->rows[i].modified_ms, .now_ms = NOW_MS };
		struct buf out = { 0 };

		formula_field_json(&out, (size_t)place, &context);
		formula_field_plain(&out, (size_t)place, &context);
		buf_free(&out);
	}
	t->fields[place].formula = own;
	formula_free(f);
}

/* Any text is either refused with a reason or evaluates on every kind of row. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sim_base *base;
	struct formula *f;
	struct buf out = { 0 };
	const struct sim_table *t;

	if (base == NULL)
		base = made();
	t = base->tables[0];
	if (formula_parse((struct str){ (const char *)data, size }, t, &f, &out) == ERR_OK) {
		for (uint32_t i = 0; i < t->row_count; i++) {
			struct formula_context context = { .table = t, .row = &t->rows[i],
			    .modified_ms = t->rows[i].modified_ms, .now_ms = NOW_MS };

			(void)formula_keeps(f, &context);	/* any answer is right */
			buf_clear(&out);
			formula_json(&out, f, &context);
			formula_plain(&out, f, &context);
		}
		formula_free(f);
	} else if (out.len == 0) {
		abort();	/* refused without a reason */
	}
	buf_free(&out);
	roll_up(base, (struct str){ (const char *)data, size });
	return 0;
}
