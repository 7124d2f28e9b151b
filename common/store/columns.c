#include "common/store/columns.h"
#include "common/tables/kind.h"

/* Do the texts have as many bytes as their ends say? */
static bool
text_fits(struct str bytes)
{
	/* ends only grow; the last one bounds them all */
	return bytes.len >= COLUMN_ENDS_BYTES &&
	    load_u32(bytes.ptr, COLUMN_SEGMENT - 1) + 1 == bytes.len - COLUMN_ENDS_BYTES;
}

static bool
size_fits(const struct schema *schema, unsigned field, struct str bytes)
{
	if (field == COLUMN_LIVE)
		return bytes.len == COLUMN_WORDS * sizeof(uint64_t);
	if (field >= COLUMN_HASH)
		return bytes.len == COLUMN_SEGMENT * sizeof(int64_t);
	switch (kind_storage(schema->fields[field].kind)) {
	case STORED_TEXT:
		return text_fits(bytes);
	case STORED_CODE:
		return bytes.len == COLUMN_SEGMENT;
	case STORED_NUMBER:
		return bytes.len == COLUMN_SEGMENT * sizeof(int64_t);
	}
	return false;
}

enum err
column_segment(struct db_txn *txn, db_id columns, const struct schema *schema,
    unsigned field, uint32_t segment, struct str *bytes)
{
	uint64_t k = column_key(field, segment);

	if (!db_get(txn, columns, key_u64(&k), bytes))
		return db_absent(txn);
	return size_fits(schema, field, *bytes) ? ERR_OK : ERR_STORE_CORRUPT;
}
