#ifndef COMMON_STORE_BLOCK_CACHE_H
#define COMMON_STORE_BLOCK_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

/*
 * Where blocks of rows (row.h) lie in the map, for as long as the same
 * snapshot is read.  Finding a block costs LMDB hundreds of instructions, and
 * more in a larger store; a place noted here costs the same few, whatever the
 * size.  A page of scattered rows looks up a block for each row.
 *
 * Places hold for one LMDB transaction id: all transactions of the same id
 * see the same pages, and the map moves only when a larger id needs it to.
 */
struct block_cache;

#define BLOCK_CACHE_MAX	(1u << 19)	/* blocks noted; those beyond are always looked up */

/* NULL: out of memory. */
struct block_cache *block_cache_new(void);
void		 block_cache_free(struct block_cache *);	/* NULL is allowed */

/*
 * The calls that follow are about transaction ${id}, in which ${blocks} blocks
 * exist.  Takes memory (16 bytes a block) when there are more than ever before;
 * if there is none, fewer are noted.
 */
void		 block_cache_begin(struct block_cache *, uint64_t id, uint32_t blocks);
/* false: not noted. */
bool		 block_cache_get(const struct block_cache *, uint32_t number, struct str *block);
void		 block_cache_put(struct block_cache *, uint32_t number, struct str block);

#endif
