#include "common/store/orderings.h"
#include "common/tables/kind.h"

#define DIRECTORY_HEAD	(2 * sizeof(uint32_t))
#define ENTRY_U32S	2u

enum err
ordering_open(struct ordering *o, struct db_txn *txn, db_id dbi, unsigned field,
    bool descending, uint32_t rows)
{
	uint64_t k = ordering_key(field, descending, 0);
	struct str data;

	*o = (struct ordering){
		.txn = txn, .dbi = dbi, .field = field, .descending = descending,
		.count = rows, .chunk_index = UINT32_MAX
	};
	if (!db_get(txn, dbi, key_u64(&k), &data))
		return rows > 0 ? db_needed(db_absent(txn)) : txn->fault.error;
	if (data.len < DIRECTORY_HEAD)
		return ERR_STORE_CORRUPT;
	o->chunks = load_u32(data.ptr, 0);
	o->entries = data.ptr + DIRECTORY_HEAD;
	if (data.len != DIRECTORY_HEAD + (size_t)o->chunks * ENTRY_U32S * sizeof(uint32_t))
		return ERR_STORE_CORRUPT;
	return ERR_OK;
}

/* Make the chunk that holds ${position} the current one. */
static enum err
seek(struct ordering *o, uint32_t position)
{
	uint32_t low = 0, high = o->chunks, n;
	struct str chunk;
	uint64_t k;

	if (o->chunk_index != UINT32_MAX && position >= o->chunk_start &&
	    position - o->chunk_start < o->chunk.len / sizeof(uint32_t))
		return ERR_OK;
	if (position >= o->count || o->chunks == 0)
		return ERR_STORE_CORRUPT;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (load_u32(o->entries, middle * ENTRY_U32S + 1) <= position)
			low = middle;
		else
			high = middle;
	}
	k = ordering_key(o->field, o->descending, load_u32(o->entries, low * ENTRY_U32S));
	if (!db_get(o->txn, o->dbi, key_u64(&k), &chunk))
		return db_needed(db_absent(o->txn));
	o->chunk_index = low;
	o->chunk_start = load_u32(o->entries, low * ENTRY_U32S + 1);
	o->chunk = chunk;
	n = (uint32_t)(chunk.len / sizeof(uint32_t));
	return position - o->chunk_start < n ? ERR_OK : ERR_STORE_CORRUPT;
}

enum err
ordering_row(struct ordering *o, uint32_t position, uint32_t *row)
{
	enum err e = seek(o, position);

	if (e == ERR_OK)
		*row = load_u32(o->chunk.ptr, position - o->chunk_start);
	return e;
}

enum err
ordering_run(struct ordering *o, uint32_t position, const char **rows, uint32_t *n)
{
	uint32_t skip;
	enum err e = seek(o, position);

	if (e != ERR_OK)
		return e;
	skip = position - o->chunk_start;
	*rows = o->chunk.ptr + skip * sizeof(uint32_t);
	*n = (uint32_t)(o->chunk.len / sizeof(uint32_t)) - skip;
	return ERR_OK;
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

enum err
ordering_search(struct ordering *o, const struct sort_key *key, bool inclusive,
    sort_key_fetch *fetch, void *cookie, uint32_t *position)
{
	uint32_t low = 0, high = o->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, row;
		struct sort_key k;
		int c;
		enum err e;

		if ((e = ordering_row(o, middle, &row)) != ERR_OK ||
		    (e = fetch(cookie, row, false, &k)) != ERR_OK)
			return e;
		c = sort_key_cmp(&k, key, o->descending);
		if (c == 0) {
			if ((e = fetch(cookie, row, true, &k)) != ERR_OK)
				return e;
			c = str_cmp(k.id, key->id);
		}
		if (c < 0 || (c == 0 && !inclusive))
			low = middle + 1;
		else
			high = middle;
	}
	*position = low;
	return ERR_OK;
}

void
sort_key_from_column(enum field_kind kind, struct str bytes, size_t i, struct sort_key *k)
{
	*k = (struct sort_key){ 0 };
	switch (kind_storage(kind)) {
	case STORED_TEXT:
		k->text = column_text(bytes, i);
		k->present = k->text.len > 0;
		if (k->text.len > ORDERING_TEXT_MAX)
			k->text.len = ORDERING_TEXT_MAX;
		break;
	case STORED_CODE:
		k->number = column_code(bytes, i);
		k->present = k->number != 0;
		break;
	case STORED_NUMBER:
		k->number = column_number(bytes, i);
		k->present = k->number != COLUMN_EMPTY;
		break;
	}
}

enum err
sort_key_load(struct db_txn *txn, db_id columns, const struct schema *schema, unsigned field,
    uint32_t row, struct sort_key *k)
{
	struct str bytes;
	enum err e = column_segment(txn, columns, schema, field, row / COLUMN_SEGMENT, &bytes);

	if (e != ERR_OK)
		return db_needed(e);
	sort_key_from_column(schema->fields[field].kind, bytes, row % COLUMN_SEGMENT, k);
	return ERR_OK;
}
