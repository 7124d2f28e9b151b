#include "common/store/columns.h"

static int
check_text(struct str bytes)
{
	uint32_t total;

	if (bytes.len < COLUMN_ENDS_BYTES)
		return MDB_CORRUPTED;
	/* ends only grow; the last one bounds them all */
	total = load_u32(bytes.ptr, COLUMN_SEGMENT - 1) + 1;
	return total == bytes.len - COLUMN_ENDS_BYTES ? 0 : MDB_CORRUPTED;
}

int
column_segment(MDB_txn *txn, MDB_dbi columns, const struct schema *schema,
    unsigned field, uint32_t segment, struct str *bytes)
{
	uint64_t k = column_key(field, segment);
	MDB_val key = key_u64(&k), data;
	int rc = mdb_get(txn, columns, &key, &data);

	if (rc != 0)
		return rc;
	*bytes = (struct str){ data.mv_data, data.mv_size };
	if (field == COLUMN_LIVE)
		return data.mv_size == COLUMN_WORDS * sizeof(uint64_t) ? 0 : MDB_CORRUPTED;
	if (field >= COLUMN_HASH)
		return data.mv_size == COLUMN_SEGMENT * sizeof(int64_t) ? 0 : MDB_CORRUPTED;
	switch (schema->fields[field].kind) {
	case FIELD_TEXT:
		return check_text(*bytes);
	case FIELD_SELECT:
		return data.mv_size == COLUMN_SEGMENT ? 0 : MDB_CORRUPTED;
	case FIELD_MONEY:
	case FIELD_INSTANT:
		return data.mv_size == COLUMN_SEGMENT * sizeof(int64_t) ? 0 : MDB_CORRUPTED;
	}
	return MDB_CORRUPTED;
}
