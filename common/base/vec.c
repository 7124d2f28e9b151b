#include <stdlib.h>
#include <string.h>

#include "common/base/vec.h"

#define ROOM_FIRST	16

bool
vec_grow(void *list, size_t count, size_t *room, size_t item_bytes)
{
	size_t bigger = *room < ROOM_FIRST ? ROOM_FIRST : *room * 2;
	void *old, *new;

	if (count < *room)
		return true;
	memcpy(&old, list, sizeof(old));	/* the owner's pointer is not a void * */
	if ((new = reallocarray(old, bigger, item_bytes)) == NULL)
		return false;
	memcpy(list, &new, sizeof(new));
	*room = bigger;
	return true;
}
