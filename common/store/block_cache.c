#include <stdlib.h>
#include <string.h>

#include "common/store/block_cache.h"

struct place {
	const char	*ptr;
	uint32_t	 len;
	uint32_t	 round;		/* when it was noted: valid in the cache's own round only */
};

struct block_cache {
	struct place	*places;
	uint32_t	 count;
	uint32_t	 round;		/* counts transaction ids; 0 is never used */
	uint64_t	 id;
};

struct block_cache *
block_cache_new(void)
{
	return calloc(1, sizeof(struct block_cache));
}

void
block_cache_free(struct block_cache *c)
{
	if (c == NULL)
		return;
	free(c->places);
	free(c);
}

/* Room for more than are needed now, so that a growing store seldom allocates. */
static void
grow(struct block_cache *c, uint32_t blocks)
{
	uint32_t count = blocks + blocks / 8 + 64;
	struct place *places;

	if (count > BLOCK_CACHE_MAX)
		count = BLOCK_CACHE_MAX;
	if (count <= c->count || (places = realloc(c->places, count * sizeof(*places))) == NULL)
		return;
	memset(places + c->count, 0, (count - c->count) * sizeof(*places));
	c->places = places;
	c->count = count;
}

void
block_cache_begin(struct block_cache *c, uint64_t id, uint32_t blocks)
{
	if (blocks > c->count)
		grow(c, blocks);
	if (id == c->id && c->round != 0)
		return;
	c->id = id;
	if (++c->round == 0) {
		/* rounds begin again: no old place may look like a new one */
		if (c->count > 0)
			memset(c->places, 0, c->count * sizeof(*c->places));
		c->round = 1;
	}
}

bool
block_cache_get(const struct block_cache *c, uint32_t number, struct str *block)
{
	const struct place *p = c->places + number;

	if (number >= c->count || p->round != c->round)
		return false;
	*block = (struct str){ p->ptr, p->len };
	return true;
}

void
block_cache_put(struct block_cache *c, uint32_t number, struct str block)
{
	if (number < c->count && block.len <= UINT32_MAX)
		c->places[number] = (struct place){ block.ptr, (uint32_t)block.len, c->round };
}
