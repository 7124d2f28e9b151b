#include <stdlib.h>
#include <string.h>

#include "airtable-sim/base/iterators.h"
#include "common/base/vec.h"

static void
free_iterator(struct sim_iterator *it)
{
	if (it != NULL)
		free(it->slots);
	free(it);
}

struct sim_iterator *
sim_iterators_add(struct sim_iterators *all, const struct sim_table *t, int64_t now_ms)
{
	struct sim_iterator *it;
	size_t oldest = 0;

	for (size_t i = 0; i < SIM_ITERATORS_MAX; i++) {
		if (all->list[i] == NULL) {
			oldest = i;
			break;
		}
		if (all->list[i]->used_ms < all->list[oldest]->used_ms)
			oldest = i;
	}
	if ((it = calloc(1, sizeof(*it))) == NULL)
		return NULL;
	sim_random_id(&all->random, "itr", it->id);
	memcpy(it->table, t->id, SIM_ID_SIZE);
	it->used_ms = now_ms;
	free_iterator(all->list[oldest]);
	all->list[oldest] = it;
	return it;
}

bool
sim_iterator_push(struct sim_iterator *it, uint32_t slot)
{
	if (!vec_room(&it->slots, it->count, &it->capacity))
		return false;
	it->slots[it->count++] = slot;
	return true;
}

enum sim_offset
sim_iterators_find(struct sim_iterators *all, const struct sim_table *t, struct str offset,
    int64_t now_ms, int64_t ttl_ms, struct sim_iterator **found, size_t *place)
{
	struct str record = { offset.ptr + SIM_ID_LEN + 1, SIM_ID_LEN };
	struct sim_iterator *it = NULL;
	uint32_t slot;

	if (offset.len != 2 * SIM_ID_LEN + 1 || offset.ptr[SIM_ID_LEN] != '/' ||
	    !sim_id_valid((struct str){ offset.ptr, SIM_ID_LEN }, "itr") ||
	    !sim_id_valid(record, "rec"))
		return SIM_OFFSET_INVALID;
	for (size_t i = 0; i < SIM_ITERATORS_MAX; i++)
		if (all->list[i] != NULL && memcmp(all->list[i]->id, offset.ptr, SIM_ID_LEN) == 0)
			it = all->list[i];
	if (it == NULL || strcmp(it->table, t->id) != 0)
		return SIM_OFFSET_EXPIRED;
	if (ttl_ms > 0 && now_ms - it->used_ms > ttl_ms) {
		sim_iterators_drop(all, it);
		return SIM_OFFSET_EXPIRED;
	}
	if ((slot = sim_table_row(t, record)) == SIM_NO_ROW)
		return SIM_OFFSET_INVALID;
	*place = it->next;
	if (*place >= it->count || it->slots[*place] != slot)	/* an earlier page once more */
		for (*place = 0; *place < it->count && it->slots[*place] != slot; ++*place)
			;
	if (*place == it->count)
		return SIM_OFFSET_INVALID;
	it->used_ms = now_ms;
	*found = it;
	return SIM_OFFSET_OK;
}

void
sim_iterators_drop(struct sim_iterators *all, struct sim_iterator *it)
{
	for (size_t i = 0; i < SIM_ITERATORS_MAX; i++)
		if (all->list[i] == it)
			all->list[i] = NULL;
	free_iterator(it);
}

void
sim_iterators_expire(struct sim_iterators *all)
{
	for (size_t i = 0; i < SIM_ITERATORS_MAX; i++) {
		free_iterator(all->list[i]);
		all->list[i] = NULL;
	}
}
