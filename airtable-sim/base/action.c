#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/action.h"
#include "airtable-sim/base/row_json.h"
#include "airtable-sim/formula/formula.h"
#include "airtable-sim/webhooks/payload.h"
#include "common/base/hash.h"
#include "common/base/vec.h"

void
sim_user_named(struct sim_user *u, const char *name)
{
	struct sim_random r = { hash_add(1, name, strlen(name)) };
	size_t n = 0;

	*u = (struct sim_user){ 0 };
	(void)snprintf(u->name, sizeof(u->name), "%s", name);
	for (const char *p = name; *p != '\0' && n < 64; p++)
		u->email[n++] = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '.';
	sim_random_id(&r, "usr", u->id);
	(void)snprintf(u->email + n, sizeof(u->email) - n, "@example.com");
}

/* A new change; NULL: nobody listens, or no memory. */
static struct sim_change *
note(struct sim_action *a, enum sim_change_kind kind, struct sim_table *t, uint32_t place)
{
	a->touched = true;
	if (a->webhooks == NULL || !sim_webhooks_listen(a->webhooks, a->now_ms))
		return NULL;
	if (!vec_room(&a->changes, a->count, &a->capacity)) {
		a->failed = true;
		return NULL;
	}
	a->changes[a->count] = (struct sim_change){ .kind = kind, .table = t, .place = place };
	return &a->changes[a->count++];
}

/* The change of that kind that was noted before; NULL: none. */
static struct sim_change *
noted(struct sim_action *a, enum sim_change_kind kind, const struct sim_table *t, uint32_t place)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->changes[i].kind == kind && a->changes[i].table == t &&
		    a->changes[i].place == place)
			return &a->changes[i];
	return NULL;
}

/* What was noted of the row, NULL: nothing.  The row remembers where, maybe from another action. */
static struct sim_change *
noted_row(struct sim_action *a, const struct sim_table *t, uint32_t slot)
{
	uint32_t i = t->rows[slot].change;

	if (i < a->count && a->changes[i].table == t && a->changes[i].place == slot &&
	    a->changes[i].kind <= SIM_ROW_DESTROYED)
		return &a->changes[i];
	return NULL;
}

static void
note_cell(struct sim_action *a, struct sim_change *c, size_t field, bool computed)
{
	const struct sim_row *row = &c->table->rows[c->place];
	struct sim_was *grown = realloc(c->cells, (c->cell_count + 1) * sizeof(*grown));
	struct sim_was *was;
	struct buf json = { 0 };

	if (grown == NULL) {
		a->failed = true;
		return;
	}
	c->cells = grown;
	was = &grown[c->cell_count++];
	*was = (struct sim_was){ .field = field, .computed = computed };
	sim_row_value_v2(&json, c->table, row, field, a->now_ms);
	if (buf_status(&json) != ERR_OK ||
	    (json.len > 0 && (was->json = sim_copy(buf_str(&json))) == NULL))
		a->failed = true;
	buf_free(&json);
}

static void
note_computed_cells(struct sim_action *a, struct sim_change *c)
{
	for (size_t f = 0; f < c->table->field_count; f++)
		if (!c->table->fields[f].removed &&
		    sim_type_is_computed(c->table->fields[f].type))
			note_cell(a, c, f, true);
}

void
sim_action_touch(const struct sim_action *a, struct sim_row *row)
{
	sim_row_touch(row, a->settings->millisecond_times != 0, a->now_ms, a->author);
}

/* Does a field of the table look up cells through the links at that place? */
static bool
is_followed(const struct sim_table *t, size_t links)
{
	for (size_t f = 0; f < t->field_count; f++)
		if ((t->fields[f].type == SIM_LOOKUP || t->fields[f].type == SIM_ROLLUP) &&
		    !t->fields[f].removed && t->fields[f].via == links + 1)
			return true;
	return false;
}

static void	note_followers(struct sim_action *, const struct sim_table *, uint32_t slot, int level);

/* A row that may work out to something else, and those that look it up. */
static void
note_follower(struct sim_action *a, struct sim_table *t, uint32_t slot, int level)
{
	struct sim_change *c;

	if (t->rows[slot].deleted || noted_row(a, t, slot) != NULL ||
	    (c = note(a, SIM_ROW_CHANGED, t, slot)) == NULL)
		return;
	t->rows[slot].change = (uint32_t)(a->count - 1);
	note_computed_cells(a, c);
	note_followers(a, t, slot, level + 1);
}

/* The rows whose links at ${field} of ${t} have the row ${slot} of the linked table. */
static void
note_linking(struct sim_action *a, struct sim_table *t, size_t field, uint32_t slot, int level)
{
	const struct sim_field *f = &t->fields[field];
	size_t n;
	const uint32_t *links;

	if (f->inverse != 0) {
		links = sim_links(sim_row_cell(&f->linked->rows[slot], f->inverse - 1u), &n);
		for (size_t i = 0; i < n; i++)
			note_follower(a, t, links[i], level);
		return;
	}
	for (uint32_t row = 0; row < t->row_count; row++) {
		links = sim_links(sim_row_cell(&t->rows[row], field), &n);
		for (size_t i = 0; i < n; i++)
			if (links[i] == slot)
				note_follower(a, t, row, level);
	}
}

/* Rows of any table that look up the row's cells, directly or through others. */
static void
note_followers(struct sim_action *a, const struct sim_table *t, uint32_t slot, int level)
{
	if (level > FORMULA_LEVELS_MAX || a->settings->computed_in_payloads == SIM_COMPUTED_NONE ||
	    a->webhooks == NULL || !sim_webhooks_listen(a->webhooks, a->now_ms))
		return;
	for (size_t i = 0; i < a->base->table_count; i++) {
		struct sim_table *other = a->base->tables[i];

		for (size_t f = 0; f < other->field_count && !other->removed; f++)
			if (other->fields[f].type == SIM_LINKS && !other->fields[f].removed &&
			    other->fields[f].linked == t && is_followed(other, f))
				note_linking(a, other, f, slot, level);
	}
}

void
sim_action_created(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	if (note(a, SIM_ROW_CREATED, t, slot) != NULL)
		t->rows[slot].change = (uint32_t)(a->count - 1);
}

void
sim_action_cell(struct sim_action *a, struct sim_table *t, uint32_t slot, size_t field)
{
	struct sim_change *c = noted_row(a, t, slot);

	if (c == NULL) {
		if ((c = note(a, SIM_ROW_CHANGED, t, slot)) == NULL)
			return;
		t->rows[slot].change = (uint32_t)(a->count - 1);
		if (a->settings->computed_in_payloads != SIM_COMPUTED_NONE)
			note_computed_cells(a, c);
		note_followers(a, t, slot, 0);
		c = noted_row(a, t, slot);	/* it may have moved */
	}
	if (c->kind != SIM_ROW_CHANGED)
		return;		/* it is new: all of it will be told */
	for (size_t i = 0; i < c->cell_count; i++)
		if (c->cells[i].field == field) {
			c->cells[i].computed = false;	/* an odd value written into a computed cell */
			return;
		}
	note_cell(a, c, field, false);
}

void
sim_action_destroyed(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	if (note(a, SIM_ROW_DESTROYED, t, slot) == NULL)
		return;
	t->rows[slot].change = (uint32_t)(a->count - 1);
	note_followers(a, t, slot, 0);
}

static void
keep_text(struct sim_action *a, const char *text, char **copy)
{
	if (text != NULL && (*copy = sim_copy(str_of(text))) == NULL)
		a->failed = true;
}

void
sim_action_field(struct sim_action *a, enum sim_change_kind kind, struct sim_table *t, size_t place)
{
	struct sim_change *c;

	if (kind == SIM_FIELD_CHANGED && (noted(a, kind, t, (uint32_t)place) != NULL ||
	    noted(a, SIM_FIELD_CREATED, t, (uint32_t)place) != NULL))
		return;
	if ((c = note(a, kind, t, (uint32_t)place)) != NULL) {
		c->type = t->fields[place].type;
		keep_text(a, t->fields[place].name, &c->name);
	}
}

void
sim_action_options(struct sim_action *a, struct sim_table *t, size_t place)
{
	if (a->settings->option_payloads)
		sim_action_field(a, SIM_FIELD_CHANGED, t, place);
}

void
sim_action_table(struct sim_action *a, enum sim_change_kind kind, struct sim_table *t)
{
	struct sim_change *c;

	if (kind == SIM_TABLE_CHANGED && noted(a, kind, t, 0) != NULL)
		return;
	if ((c = note(a, kind, t, 0)) != NULL) {
		keep_text(a, t->name, &c->name);
		keep_text(a, t->description, &c->description);
	}
}

static void
clear(struct sim_action *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct sim_change *c = &a->changes[i];

		for (size_t k = 0; k < c->cell_count; k++)
			free(c->cells[k].json);
		free(c->cells);
		free(c->name);
		free(c->description);
	}
	free(a->changes);
	a->changes = NULL;
	a->count = a->capacity = 0;
	a->touched = a->failed = false;
}

/* Has the action taken away what a webhook may watch? */
static bool
took_away(const struct sim_action *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->changes[i].kind == SIM_FIELD_DESTROYED ||
		    a->changes[i].kind == SIM_TABLE_DESTROYED)
			return true;
	return false;
}

static void
break_webhooks(const struct sim_action *a)
{
	for (size_t i = 0; i < a->webhooks->count; i++) {
		struct sim_webhook *h = a->webhooks->list[i];

		if (!sim_webhook_active(h, a->now_ms) || sim_spec_holds(&h->spec, a->base))
			continue;
		sim_webhook_log_error(h, a->settings, a->now_ms,
		    a->settings->broken_code ? "INVALID_HOOK" : "INVALID_FILTERS",
		    a->base->transactions);
		h->broken = true;
	}
}

/* One transaction: the changes, in all active webhooks that want them. */
static void
tell(const struct sim_action *a, enum sim_cells cells)
{
	uint64_t transaction = a->base->transactions + 1;
	bool told = cells != SIM_CELLS_COMPUTED;

	for (size_t i = 0; i < a->webhooks->count; i++) {
		struct sim_webhook *h = a->webhooks->list[i];

		if (!sim_webhook_active(h, a->now_ms))
			continue;
		if (a->failed)
			sim_webhook_log_error(h, a->settings, a->now_ms, "INTERNAL_ERROR", transaction);
		else if (sim_payloads_add(a, cells, transaction, h))
			told = true;
	}
	if (told)
		a->base->transactions = transaction;
}

void
sim_action_commit(struct sim_action *a)
{
	struct sim_action computed;

	if (!a->touched)
		return;
	if (a->count == 0 && !a->failed) {	/* nobody listens */
		a->base->transactions++;
		clear(a);
		return;
	}
	if (a->settings->computed_in_payloads == SIM_COMPUTED_SAME) {
		tell(a, SIM_CELLS_ALL);
	} else {
		tell(a, SIM_CELLS_STORED);
		if (a->settings->computed_in_payloads == SIM_COMPUTED_SEPARATE && !a->failed) {
			computed = *a;
			computed.source = SIM_FROM_SYSTEM;
			computed.user = (struct sim_user){ 0 };
			tell(&computed, SIM_CELLS_COMPUTED);
		}
	}
	if (took_away(a))
		break_webhooks(a);
	sim_webhooks_wake(a->webhooks);
	clear(a);
}
