#ifndef COMMON_ROW_H
#define COMMON_ROW_H

#include "common/buf.h"
#include "common/schema.h"
#include "common/store.h"

/*
 * The bytes of a stored row:
 *
 *	u64 version; u32 json_len; u16 id_len; u16 field_count
 *	field_count x u32	0: empty; else 1 + length of the value in bytes
 *	id
 *	the values in field order: text and select as their bytes, money and
 *	instants as int64
 *	the JSON object exactly as the API sends it
 *
 * The JSON ends with the version, so two rows of equal version are equal
 * when their bytes are.
 */

/* Add the row of ${record} (all fields count as known). */
void		row_encode(struct buf *, const struct schema *, const struct record *,
		    uint64_t version);
/* ERR_STORE_CORRUPT when lengths don't add up. */
enum err	row_decode(struct str bytes, struct row_view *);
/* The raw values of a decoded row; strings point into it. */
enum err	row_values(const struct row_view *, const struct schema *, struct record *);

/* The same values in all fields? */
bool		record_equal(const struct schema *, const struct record *, const struct record *);
bool		value_equal(enum field_kind, const struct value *, const struct value *);

#endif
