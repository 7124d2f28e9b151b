#ifndef COMMON_STORE_ROW_H
#define COMMON_STORE_ROW_H

#include "common/base/buf.h"
#include "common/store/store.h"
#include "common/tables/schema.h"

/*
 * Rows lie in blocks of ROW_BLOCK consecutive row numbers, one LMDB value
 * each: a page of scattered rows then makes its look-ups in a tree of a
 * fiftieth the size, nearly all of which stays in the processor's cache.
 * A block's bytes:
 *
 *	ROW_BLOCK x u32		where the row's bytes end, from the block's
 *				beginning; nothing between two ends: not in use
 *	the rows' bytes
 *
 * and a row's:
 *
 *	u64 version; u32 json_len; u16 id_len; u8 field_count;
 *	u8 present		bit f: field f is not empty; for each further eight
 *				fields that there are, another such byte
 *	field_count x u32	bytes of the field's value in the JSON; the
 *				highest bit: its text is escaped there
 *	for each field that is present, in turn
 *		numbers		int64; an instant whose JSON is a date is one without a time
 *		escaped text	u32 length, the plain bytes
 *	the JSON object exactly as the API sends it
 *
 * Text that needs no escape is not stored twice.  The JSON ends with the
 * version, so only rows of the same version can be compared by their bytes.
 */
#define ROW_BLOCK	64u

/* Add the row of ${record} (all fields count as known; its id needs no escapes). */
void		row_encode(struct buf *, const struct schema *, const struct record *,
		    uint64_t version);
/* ERR_STORE_CORRUPT when lengths don't add up. */
enum err	row_decode(struct str bytes, struct row_view *);
/* The raw values of a decoded row; strings point into it.  Places behind the schema's fields stay as they are. */
enum err	row_values(const struct row_view *, const struct schema *, struct record *);

/* Where the block notes the end of the row's bytes, to fetch that memory ahead of its use. */
static inline const void *
row_block_place(struct str block, uint32_t row)
{
	uint32_t i = row % ROW_BLOCK;

	return block.ptr + (i > 0 ? i - 1 : 0) * sizeof(uint32_t);
}
/* The bytes of a row in its block, len 0: not in use.  ERR_STORE_CORRUPT. */
enum err	row_block_find(struct str block, uint32_t row, struct str *bytes);
/* Add a block of these rows' bytes (len 0: not in use). */
void		row_block_encode(struct buf *, const struct str rows[static ROW_BLOCK]);

/* Read a row: ERR_NOT_FOUND when it is not in use. */
enum err	row_get(struct db_txn *, db_id rows, uint32_t row, struct row_view *);

/* The same values in all fields? */
bool		record_equal(const struct schema *, const struct record *, const struct record *);
/* The same in all fields that ${news} knows? */
bool		record_agrees(const struct schema *, const struct record *news,
		    const struct record *stored);
bool		value_equal(enum field_kind, const struct value *, const struct value *);

#endif
