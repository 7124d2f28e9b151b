#include <stdlib.h>

#include "syncd/apply/orderings.h"

#define RESORT_SHARE	16	/* sort all when more than 1/16 of the rows move */

/* How many rows move within the orderings of a field. */
static size_t
moves(const struct apply_table *t, unsigned field)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += apply_field_changed(t, &t->items[i], field);
	return n;
}

static enum err
change_sequence(struct apply_table *t, unsigned field, bool descending)
{
	struct sequence s = { .t = t, .field = field, .descending = descending };
	enum err e = sequence_load(&s);

	for (size_t i = 0; i < t->count && e == ERR_OK; i++)
		if (t->items[i].existed && apply_field_changed(t, &t->items[i], field))
			e = sequence_remove(&s, &t->items[i]);
	s.inserting = true;
	for (size_t i = 0; i < t->count && e == ERR_OK; i++)
		if (!t->items[i].gone && apply_field_changed(t, &t->items[i], field))
			e = sequence_insert(&s, &t->items[i]);
	if (e == ERR_OK)
		e = sequence_write(&s);
	sequence_free(&s);
	return e;
}

enum err
apply_orderings(struct apply_table *t)
{
	uint32_t *ranks = NULL;
	enum err e = ERR_OK;

	for (unsigned f = 0; f < t->schema->field_count && e == ERR_OK; f++) {
		size_t n = moves(t, f);

		if (n == 0 || !(t->schema->fields[f].flags & FIELD_SORT))
			continue;
		if (n > t->head->rows_live / RESORT_SHARE) {
			if (ranks == NULL)
				e = apply_rank_ids(t, &ranks);
			if (e == ERR_OK)
				e = apply_sort_field(t, f, ranks);
			continue;
		}
		for (int descending = 0; descending < 2 && e == ERR_OK; descending++)
			e = change_sequence(t, f, descending);
	}
	free(ranks);
	return e;
}
