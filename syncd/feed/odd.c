#include "common/base/instant.h"
#include "common/store/row.h"
#include "syncd/feed/parts.h"
#include "syncd/sync/field_guard.h"

#define WINDOW_MS	3600000	/* how long cells that stop being understood are counted */

/* Fields with a stored value that are not understood now or have a formula error. */
static uint32_t
lost(const struct feed *f, struct store *st, const struct change *c)
{
	uint32_t bad = (c->record.odd | c->record.failed) & c->record.known, row;
	struct row_view view;
	struct record stored;

	if (bad == 0 || c->kind != CHANGE_UPSERT ||
	    store_find_record(st, f->schema, c->record.id, &row) != ERR_OK ||
	    store_row(st, f->schema, row, &view) != ERR_OK || row_values(&view, f->schema, &stored) != ERR_OK)
		return 0;
	for (size_t i = 0; i < f->schema->field_count; i++)
		if (!stored.values[i].present)
			bad &= ~(UINT32_C(1) << i);
	return bad;
}

/* Count such cells.  Returns the fields that have many. */
static uint32_t
count(struct feed *f, struct store *st, const struct change *changes, size_t n)
{
	int64_t now = instant_monotonic();
	uint32_t many = 0;

	if (f->odd_ms == 0 || now - f->odd_ms > WINDOW_MS) {
		memset(f->odd_cells, 0, sizeof(f->odd_cells));
		f->odd_ms = now;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t bad = lost(f, st, &changes[i]);

		for (size_t k = 0; k < f->schema->field_count; k++)
			f->odd_cells[k] += bad >> k & 1;
	}
	for (size_t k = 0; k < f->schema->field_count; k++)
		if (f->odd_cells[k] > FIELD_GUARD_FEW)
			many |= UINT32_C(1) << k;
	return many & ~apply_held(f->apply, f->schema);
}

void
feed_keep_odd(struct feed *f, struct store *st, struct change *changes, size_t n)
{
	uint32_t many = count(f, st, changes, n);

	if (many == 0)
		return;
	for (size_t i = 0; i < n; i++)
		changes[i].record.known &= ~(many & lost(f, st, &changes[i]));
	if (!f->odd_told)
		feed_gap(f, "many values are no longer understood and stay as they are until a full "
		    "sync decides");
	f->odd_told = true;	/* until a full sync has looked */
}
