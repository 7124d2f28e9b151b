#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/links.h"
#include "airtable-sim/cells/cell.h"

bool
sim_links_new(struct sim_cell *cell, size_t count)
{
	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	if (count == 0)
		return true;
	*cell = (struct sim_cell){ .kind = SIM_LINKED, .len = (uint32_t)count };
	if ((cell->links = calloc(count, sizeof(*cell->links))) != NULL)
		return true;
	*cell = (struct sim_cell){ .kind = SIM_EMPTY };
	return false;
}

static int
by_slot(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The slots of ${cell} in order; NULL: out of memory.  Give it to free(). */
static uint32_t *
sorted(const struct sim_cell *cell, size_t *count)
{
	const uint32_t *links = sim_links(cell, count);
	uint32_t *copy = malloc((*count + 1) * sizeof(*copy));

	if (copy == NULL || links == NULL)
		return copy;
	memcpy(copy, links, *count * sizeof(*copy));
	qsort(copy, *count, sizeof(*copy), by_slot);
	return copy;
}

static bool
holds(const struct sim_cell *cell, uint32_t slot)
{
	size_t n;
	const uint32_t *links = sim_links(cell, &n);

	for (size_t i = 0; i < n; i++)
		if (links[i] == slot)
			return true;
	return false;
}

/* Add the slot to the cell's links, or take it out.  False: out of memory. */
static bool
change_link(struct sim_row *row, size_t field, uint32_t slot, bool add)
{
	const struct sim_cell *old = sim_row_cell(row, field);
	struct sim_cell cell;
	size_t n, kept = 0;
	const uint32_t *links = sim_links(old, &n);

	if (holds(old, slot) == add)
		return true;
	if (!sim_links_new(&cell, add ? n + 1 : n - 1))
		return false;
	for (size_t i = 0; i < n; i++)
		if (links[i] != slot)
			cell.links[kept++] = links[i];
	if (add)
		cell.links[kept] = slot;
	if (sim_row_set(row, field, cell))
		return true;
	sim_cell_free(&cell);
	return false;
}

/* Another record's side of a link to ${slot}; it was noted before.  False: out of memory. */
static bool
change_other(struct sim_action *a, struct sim_table *t, uint32_t other, size_t field,
    uint32_t slot, bool add)
{
	if (t->rows[other].deleted)
		return true;
	if (a->settings->link_bumps)
		sim_action_touch(a, &t->rows[other]);
	return change_link(&t->rows[other], field, slot, add);
}

/* What the other records held is noted before any of it changes. */
static void
note_others(struct sim_action *a, struct sim_table *t, size_t field, const uint32_t *slots, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!t->rows[slots[i]].deleted)
			sim_action_cell(a, t, slots[i], field);
}

/* What is in ${list} and not in ${other}, both in order: to the front of ${list}; how many. */
static size_t
subtract(uint32_t *list, size_t n, const uint32_t *other, size_t others)
{
	size_t kept = 0, k = 0;

	for (size_t i = 0; i < n; i++) {
		while (k < others && other[k] < list[i])
			k++;
		if (k == others || other[k] != list[i])
			list[kept++] = list[i];
	}
	return kept;
}

/* The other sides of all links that come or go when ${old} becomes ${cell}. */
static bool
mirror(struct sim_action *a, const struct sim_field *f, uint32_t slot, const struct sim_cell *old,
    const struct sim_cell *cell)
{
	size_t field = f->inverse - 1u, gone, come, all;
	uint32_t *before = sorted(old, &gone), *after = sorted(cell, &come), *kept = sorted(old, &all);
	bool ok = before != NULL && after != NULL && kept != NULL;

	if (ok) {
		gone = subtract(before, gone, after, come);
		come = subtract(after, come, kept, all);
		note_others(a, f->linked, field, before, gone);
		note_others(a, f->linked, field, after, come);
	}
	for (size_t i = 0; i < gone && ok; i++)
		ok = change_other(a, f->linked, before[i], field, slot, false);
	for (size_t i = 0; i < come && ok; i++)
		ok = change_other(a, f->linked, after[i], field, slot, true);
	free(before);
	free(after);
	free(kept);
	return ok;
}

bool
sim_links_put(struct sim_action *a, struct sim_table *t, uint32_t slot, size_t field,
    struct sim_cell cell)
{
	const struct sim_field *f = &t->fields[field];

	if (f->inverse != 0 && !mirror(a, f, slot, sim_row_cell(&t->rows[slot], field), &cell))
		return false;
	return sim_row_set(&t->rows[slot], field, cell);
}

/* Is it a link field that is in use? */
static bool
is_links(const struct sim_field *f)
{
	return f->type == SIM_LINKS && !f->removed && f->linked != NULL;
}

/* Take the record out of the other sides of its own links. */
static bool
leave_inverses(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	bool ok = true;

	for (size_t i = 0; i < t->field_count && ok; i++) {
		const struct sim_field *f = &t->fields[i];
		size_t n;
		const uint32_t *links = sim_links(sim_row_cell(&t->rows[slot], i), &n);

		if (!is_links(f) || f->inverse == 0)
			continue;
		note_others(a, f->linked, f->inverse - 1u, links, n);
		for (size_t k = 0; k < n && ok; k++)
			ok = (f->linked == t && links[k] == slot) ||
			    change_other(a, f->linked, links[k], f->inverse - 1u, slot, false);
	}
	return ok;
}

/* Take the record out of the links of a field of ${from} that has no inverse. */
static bool
leave_one_way(struct sim_action *a, struct sim_table *from, size_t field, uint32_t slot)
{
	for (uint32_t i = 0; i < from->row_count; i++) {
		if (from->rows[i].deleted || !holds(sim_row_cell(&from->rows[i], field), slot))
			continue;
		sim_action_cell(a, from, i, field);
		if (!change_other(a, from, i, field, slot, false))
			return false;
	}
	return true;
}

static bool
leave_all_one_way(struct sim_action *a, const struct sim_table *t, uint32_t slot)
{
	for (size_t i = 0; i < a->base->table_count; i++) {
		struct sim_table *from = a->base->tables[i];

		for (size_t f = 0; f < from->field_count && !from->removed; f++)
			if (is_links(&from->fields[f]) && from->fields[f].linked == t &&
			    from->fields[f].inverse == 0 && !leave_one_way(a, from, f, slot))
				return false;
	}
	return true;
}

bool
sim_links_delete_row(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	bool ok;

	sim_action_destroyed(a, t, slot);
	ok = leave_inverses(a, t, slot) && leave_all_one_way(a, t, slot);
	sim_table_delete_row(t, slot);
	return ok;
}

/* Only those of the row's links that are to live records. */
static bool
prune_cell(struct sim_row *row, size_t field, const struct sim_table *linked)
{
	size_t n, live = 0, kept = 0;
	const uint32_t *links = sim_links(sim_row_cell(row, field), &n);
	struct sim_cell cell;

	for (size_t i = 0; i < n; i++)
		live += !linked->rows[links[i]].deleted;
	if (live == n)
		return true;
	if (!sim_links_new(&cell, live))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!linked->rows[links[i]].deleted)
			cell.links[kept++] = links[i];
	return sim_row_set(row, field, cell);	/* it has the cell already */
}

bool
sim_links_prune(struct sim_table *t, size_t place)
{
	bool ok = true;

	for (uint32_t i = 0; i < t->row_count && ok; i++)
		if (!t->rows[i].deleted)
			ok = prune_cell(&t->rows[i], place, t->fields[place].linked);
	return ok;
}

bool
sim_links_restore_row(struct sim_action *a, struct sim_table *t, uint32_t slot)
{
	bool ok = true;

	sim_table_restore_row(t, slot);
	sim_action_created(a, t, slot);
	for (size_t i = 0; i < t->field_count && ok; i++) {
		const struct sim_field *f = &t->fields[i];
		const uint32_t *links;
		size_t n;

		if (!is_links(f))
			continue;
		ok = prune_cell(&t->rows[slot], i, f->linked);
		links = sim_links(sim_row_cell(&t->rows[slot], i), &n);
		if (f->inverse == 0)
			continue;
		note_others(a, f->linked, f->inverse - 1u, links, n);
		for (size_t k = 0; k < n && ok; k++)
			ok = change_other(a, f->linked, links[k], f->inverse - 1u, slot, true);
	}
	return ok;
}

/* The table's name, or with a number behind it when a field of ${linked} has that. */
static void
inverse_name(const struct sim_table *linked, const struct sim_table *t, char name[static 300])
{
	(void)snprintf(name, 300, "%.250s", t->name);
	for (int i = 2; sim_table_field(linked, str_of(name)) >= 0; i++)
		(void)snprintf(name, 300, "%.250s %d", t->name, i);
}

/* How many live records of ${t} link to each of the linked table, and to all of them. */
static size_t
count_links(const struct sim_table *t, size_t place, uint32_t *counts)
{
	size_t all = 0;

	for (uint32_t i = 0; i < t->row_count; i++) {
		size_t n;
		const uint32_t *links = sim_links(sim_row_cell(&t->rows[i], place), &n);

		for (size_t k = 0; k < n && !t->rows[i].deleted; k++) {
			counts[links[k]]++;
			all++;
		}
	}
	return all;
}

/* Cells of the inverse, which lie in ${block} one behind the other. */
static bool
open_inverse(struct sim_table *linked, size_t inverse, const uint32_t *counts, uint32_t *block)
{
	for (uint32_t i = 0; i < linked->row_count; i++) {
		struct sim_cell cell = { .kind = SIM_LINKED, .shared = true, .links = block };

		if (counts[i] == 0)
			continue;
		if (!sim_row_set(&linked->rows[i], inverse, cell))
			return false;
		block += counts[i];
	}
	return true;
}

/* The other sides of all that the field holds. */
static bool
fill_inverse(struct sim_base *b, struct sim_table *t, size_t place)
{
	struct sim_table *linked = t->fields[place].linked;
	size_t inverse = t->fields[place].inverse - 1u, all;
	uint32_t *counts = calloc(linked->row_count + 1u, sizeof(*counts)), *block = NULL;
	bool ok = true;

	if (counts == NULL)
		return false;
	if ((all = count_links(t, place, counts)) > 0)
		ok = (block = malloc(all * sizeof(*block))) != NULL && sim_base_keep(b, block) &&
		    open_inverse(linked, inverse, counts, block);
	for (uint32_t i = 0; i < t->row_count && ok && all > 0; i++) {
		size_t n;
		const uint32_t *links = sim_links(sim_row_cell(&t->rows[i], place), &n);

		for (size_t k = 0; k < n && !t->rows[i].deleted; k++) {
			struct sim_cell *cell = &linked->rows[links[k]].cells[inverse];

			cell->links[cell->len++] = i;
		}
	}
	free(counts);
	return ok;
}

bool
sim_links_pair(struct sim_action *a, struct sim_table *t, size_t place)
{
	struct sim_table *linked = t->fields[place].linked;
	struct sim_field *inverse;
	char name[300];

	if (linked == t)
		return true;
	inverse_name(linked, t, name);
	if ((inverse = sim_table_add_field(a->base, linked, name, SIM_LINKS)) == NULL)
		return false;
	inverse->linked = t;
	inverse->inverse = (uint16_t)(place + 1);
	inverse->reversed = true;
	t->fields[place].inverse = (uint16_t)linked->field_count;
	sim_action_field(a, SIM_FIELD_CREATED, linked, linked->field_count - 1);
	return fill_inverse(a->base, t, place);
}

bool
sim_links_pair_all(struct sim_action *a, struct sim_table *t, size_t from)
{
	for (size_t i = from; i < t->field_count; i++)
		if (is_links(&t->fields[i]) && t->fields[i].inverse == 0 && !sim_links_pair(a, t, i))
			return false;
	return true;
}
