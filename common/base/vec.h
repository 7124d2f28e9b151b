#ifndef COMMON_BASE_VEC_H
#define COMMON_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * An array that grows by one: a pointer, how many items it has, and how many
 * it has room for.  All three belong to the owner, under any names, and begin
 * as zero.
 *
 *	if (!vec_room(&l->list, l->count, &l->room))
 *		return ERR_NOMEM;
 *	l->list[l->count++] = item;
 *
 * The room doubles, so items may move: no pointer into the array outlives a
 * call.  Release it with free().  false: out of memory, and nothing has changed.
 */
#define vec_room(list, count, room)	vec_grow((list), (count), (room), sizeof(**(list)))

/* The same for items of ${item_bytes}; ${list} is the address of the pointer. */
bool	vec_grow(void *list, size_t count, size_t *room, size_t item_bytes);

#endif
