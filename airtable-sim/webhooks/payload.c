#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/row_json.h"
#include "airtable-sim/webhooks/payload_parts.h"

/* Is a cell that was noted just in case another one now? */
static bool
differs(const struct sim_view *v, const struct sim_change *c, const struct sim_was *was)
{
	struct buf now = { 0 };
	bool same;

	sim_row_value_v2(&now, c->table, &c->table->rows[c->place], was->field, v->a->now_ms);
	same = str_eq(buf_str(&now), str_of(was->json));
	buf_free(&now);
	return !same;
}

bool
sim_cell_passes(const struct sim_view *v, const struct sim_change *c, const struct sim_was *was)
{
	const struct sim_field *f = &c->table->fields[was->field];

	if (f->removed || !sim_id_list_has(&v->spec->watched, f->id))
		return false;
	if (was->computed)
		return v->cells != SIM_CELLS_STORED && differs(v, c, was);
	return v->cells != SIM_CELLS_COMPUTED;
}

static bool
row_passes(const struct sim_view *v, const struct sim_change *c)
{
	if ((v->spec->data_types & SIM_TABLE_DATA) == 0)
		return false;
	if (c->kind == SIM_ROW_CREATED)
		return (v->spec->change_types & SIM_ADD) != 0;
	if (c->kind == SIM_ROW_DESTROYED)
		return (v->spec->change_types & SIM_REMOVE) != 0;
	if ((v->spec->change_types & SIM_UPDATE) == 0)
		return false;
	for (size_t i = 0; i < c->cell_count; i++)
		if (sim_cell_passes(v, c, &c->cells[i]))
			return true;
	return false;
}

static bool
passes(const struct sim_view *v, const struct sim_change *c)
{
	static const unsigned types[] = {
		[SIM_FIELD_CREATED] = SIM_ADD, [SIM_FIELD_CHANGED] = SIM_UPDATE,
		[SIM_FIELD_DESTROYED] = SIM_REMOVE, [SIM_TABLE_CREATED] = SIM_ADD,
		[SIM_TABLE_CHANGED] = SIM_UPDATE, [SIM_TABLE_DESTROYED] = SIM_REMOVE
	};

	if (!sim_spec_has_table(v->spec, c->table) ||
	    (v->cells == SIM_CELLS_COMPUTED && c->kind != SIM_ROW_CHANGED))
		return false;
	if (c->kind <= SIM_ROW_DESTROYED)
		return row_passes(v, c);
	if ((v->spec->change_types & types[c->kind]) == 0)
		return false;
	switch (c->kind) {
	case SIM_FIELD_CREATED:
	case SIM_FIELD_CHANGED:
	case SIM_FIELD_DESTROYED:
		return (v->spec->data_types & SIM_TABLE_FIELDS) != 0 &&
		    sim_id_list_has(&v->spec->schemas, c->table->fields[c->place].id);
	case SIM_TABLE_CHANGED:
		return (v->spec->data_types & SIM_TABLE_METADATA) != 0;
	default:	/* of one table's end its webhook hears otherwise */
		return v->spec->scope[0] == '\0';
	}
}

/* How many changes go into one payload. */
static size_t
part_size(const struct sim_view *v)
{
	const struct sim_settings *s = v->a->settings;
	size_t size = v->count;

	if (s->split_every > 0 && v->transaction % (uint64_t)s->split_every == 0)
		size = (v->count + 1) / 2;
	if (s->split_records > 0 && size > (size_t)s->split_records)
		size = (size_t)s->split_records;
	return size;
}

static void
add_part(const struct sim_part *p, struct sim_webhook *h)
{
	const struct sim_settings *s = p->v->a->settings;
	bool spoilt = s->error_payload_every > 0 && h->next % (uint64_t)s->error_payload_every == 0;
	char *text;

	if (!spoilt)
		sim_payload_compose(p);
	if (!spoilt && buf_status(p->b) == ERR_OK && (text = sim_copy(buf_str(p->b))) != NULL)
		sim_webhook_log(h, s, p->v->a->now_ms, text);
	else
		sim_webhook_log_error(h, s, p->v->a->now_ms, "INTERNAL_ERROR", p->v->transaction);
}

bool
sim_payloads_add(const struct sim_action *a, enum sim_cells cells, uint64_t transaction,
    struct sim_webhook *h)
{
	struct sim_view v = { .a = a, .spec = &h->spec, .cells = cells, .transaction = transaction };
	struct buf b = { 0 };
	size_t size;

	if ((h->spec.sources & 1u << a->source) == 0 || a->count == 0)
		return false;
	if ((v.list = malloc(a->count * sizeof(*v.list))) == NULL) {
		sim_webhook_log_error(h, a->settings, a->now_ms, "INTERNAL_ERROR", transaction);
		return true;
	}
	for (size_t i = 0; i < a->count; i++)
		if (passes(&v, &a->changes[i]))
			v.list[v.count++] = &a->changes[i];
	size = part_size(&v);
	for (size_t i = 0; i < v.count; i += size) {
		struct sim_part p = { &v, i, i + size < v.count ? i + size : v.count, &b };

		buf_clear(&b);
		add_part(&p, h);
	}
	buf_free(&b);
	free(v.list);
	return v.count > 0;
}
