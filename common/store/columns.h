#ifndef COMMON_STORE_COLUMNS_H
#define COMMON_STORE_COLUMNS_H

#include <stdint.h>

#include "common/base/str.h"
#include "common/store/keys.h"
#include "common/tables/schema.h"

/*
 * Packed field values: row r of a table is entry r % 4096 of segment
 * r / 4096 of each field, so that a filter reads a few bytes a row.
 *
 *	select (STORED_CODE of kind.h)	4096 x u8	option code (options.h), 0: empty
 *	numbers (STORED_NUMBER)	4096 x i64	COLUMN_EMPTY: empty
 *	texts (STORED_TEXT)	4096 x u32 end offsets, then the folded texts (fold.h), each
 *		followed by a NUL; an empty one has length 0
 *	COLUMN_HASH + field	4096 x i64	text_hash() of a FIELD_EXACT text,
 *		not folded; COLUMN_EMPTY: empty
 *	COLUMN_LIVE	64 x u64	bit r % 4096: the row is in use
 *
 * Segments of 4 KiB and more lie on overflow pages, 16-byte aligned; the
 * live bits may not.
 */
#define COLUMN_SEGMENT	4096u
#define COLUMN_WORDS	(COLUMN_SEGMENT / 64)
#define COLUMN_EMPTY	INT64_MIN
#define COLUMN_ENDS_BYTES	(COLUMN_SEGMENT * sizeof(uint32_t))

/* The stored bytes of a segment; ERR_NOT_FOUND; ERR_STORE_CORRUPT when its size is wrong. */
enum err	column_segment(struct db_txn *, db_id columns, const struct schema *,
	    unsigned field, uint32_t segment, struct str *bytes);

/* Entry i of a text segment. */
static inline struct str
column_text(struct str bytes, size_t i)
{
	uint32_t start = i == 0 ? 0 : load_u32(bytes.ptr, i - 1) + 1;
	uint32_t end = load_u32(bytes.ptr, i);

	return (struct str){ bytes.ptr + COLUMN_ENDS_BYTES + start, end - start };
}

static inline int64_t
column_number(struct str bytes, size_t i)
{
	int64_t v;

	memcpy(&v, bytes.ptr + i * sizeof(v), sizeof(v));
	return v;
}

static inline uint8_t
column_code(struct str bytes, size_t i)
{
	return (uint8_t)bytes.ptr[i];
}

#endif
