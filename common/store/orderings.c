#include "common/store/orderings.h"

#define DIRECTORY_HEAD	(2 * sizeof(uint32_t))
#define ENTRY_U32S	2u

int
ordering_open(struct ordering *o, MDB_txn *txn, MDB_dbi dbi, unsigned field,
    bool descending, uint32_t rows)
{
	uint64_t k = ordering_key(field, descending, 0);
	MDB_val key = key_u64(&k), data;
	int rc;

	*o = (struct ordering){
		.txn = txn, .dbi = dbi, .field = field, .descending = descending,
		.count = rows, .chunk_index = UINT32_MAX
	};
	if ((rc = mdb_get(txn, dbi, &key, &data)) == MDB_NOTFOUND)
		return rows == 0 ? 0 : MDB_CORRUPTED;
	if (rc != 0)
		return rc;
	if (data.mv_size < DIRECTORY_HEAD)
		return MDB_CORRUPTED;
	o->chunks = load_u32(data.mv_data, 0);
	o->entries = (const char *)data.mv_data + DIRECTORY_HEAD;
	if (data.mv_size != DIRECTORY_HEAD + (size_t)o->chunks * ENTRY_U32S * sizeof(uint32_t))
		return MDB_CORRUPTED;
	return 0;
}

/* Make the chunk that holds ${position} the current one. */
static int
seek(struct ordering *o, uint32_t position)
{
	uint32_t low = 0, high = o->chunks, n;
	MDB_val key, data;
	uint64_t k;
	int rc;

	if (o->chunk_index != UINT32_MAX && position >= o->chunk_start &&
	    position - o->chunk_start < o->chunk.len / sizeof(uint32_t))
		return 0;
	if (position >= o->count || o->chunks == 0)
		return MDB_CORRUPTED;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (load_u32(o->entries, middle * ENTRY_U32S + 1) <= position)
			low = middle;
		else
			high = middle;
	}
	k = ordering_key(o->field, o->descending, load_u32(o->entries, low * ENTRY_U32S));
	key = key_u64(&k);
	if ((rc = mdb_get(o->txn, o->dbi, &key, &data)) != 0)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	o->chunk_index = low;
	o->chunk_start = load_u32(o->entries, low * ENTRY_U32S + 1);
	o->chunk = (struct str){ data.mv_data, data.mv_size };
	n = (uint32_t)(data.mv_size / sizeof(uint32_t));
	return position - o->chunk_start < n ? 0 : MDB_CORRUPTED;
}

int
ordering_row(struct ordering *o, uint32_t position, uint32_t *row)
{
	int rc = seek(o, position);

	if (rc == 0)
		*row = load_u32(o->chunk.ptr, position - o->chunk_start);
	return rc;
}

int
ordering_run(struct ordering *o, uint32_t position, const char **rows, uint32_t *n)
{
	uint32_t skip;
	int rc = seek(o, position);

	if (rc != 0)
		return rc;
	skip = position - o->chunk_start;
	*rows = o->chunk.ptr + skip * sizeof(uint32_t);
	*n = (uint32_t)(o->chunk.len / sizeof(uint32_t)) - skip;
	return 0;
}

int
sort_key_cmp(const struct sort_key *a, const struct sort_key *b, bool descending)
{
	int c;

	if (!a->present || !b->present)
		return (int)b->present - (int)a->present;
	if (a->text.ptr != NULL || b->text.ptr != NULL)
		c = str_cmp(a->text, b->text);
	else
		c = (a->number > b->number) - (a->number < b->number);
	return descending ? -c : c;
}

int
ordering_search(struct ordering *o, const struct sort_key *key, bool inclusive,
    sort_key_fetch *fetch, void *cookie, uint32_t *position)
{
	uint32_t low = 0, high = o->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, row;
		struct sort_key k;
		int rc, c;

		if ((rc = ordering_row(o, middle, &row)) != 0 ||
		    (rc = fetch(cookie, row, false, &k)) != 0)
			return rc;
		c = sort_key_cmp(&k, key, o->descending);
		if (c == 0) {
			if ((rc = fetch(cookie, row, true, &k)) != 0)
				return rc;
			c = str_cmp(k.id, key->id);
		}
		if (c < 0 || (c == 0 && !inclusive))
			low = middle + 1;
		else
			high = middle;
	}
	*position = low;
	return 0;
}

void
sort_key_from_column(enum field_kind kind, struct str bytes, size_t i, struct sort_key *k)
{
	*k = (struct sort_key){ 0 };
	switch (kind) {
	case FIELD_TEXT:
		k->text = column_text(bytes, i);
		k->present = k->text.len > 0;
		if (k->text.len > ORDERING_TEXT_MAX)
			k->text.len = ORDERING_TEXT_MAX;
		break;
	case FIELD_SELECT:
		k->number = column_code(bytes, i);
		k->present = k->number != 0;
		break;
	case FIELD_MONEY:
	case FIELD_INSTANT:
		k->number = column_number(bytes, i);
		k->present = k->number != COLUMN_EMPTY;
		break;
	}
}

int
sort_key_load(MDB_txn *txn, MDB_dbi columns, const struct schema *schema, unsigned field,
    uint32_t row, struct sort_key *k)
{
	struct str bytes;
	int rc = column_segment(txn, columns, schema, field, row / COLUMN_SEGMENT, &bytes);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	sort_key_from_column(schema->fields[field].kind, bytes, row % COLUMN_SEGMENT, k);
	return 0;
}
