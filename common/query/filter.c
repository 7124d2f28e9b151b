#include <stdlib.h>

#include "common/query/filter.h"
#include "common/query/text_search.h"
#include "common/tables/kind.h"

/*
 * A filter is one pass over the columns it names: for each segment of 4,096
 * rows the bits of the rows in use, and-ed with the bits of each condition.
 */
typedef uint64_t segment_bits[COLUMN_WORDS];

static void
and_bits(uint64_t *bits, const uint64_t *other)
{
	for (size_t w = 0; w < COLUMN_WORDS; w++)
		bits[w] &= other[w];
}

static void
keep_options(uint64_t *bits, struct str column, const bool wanted[256])
{
	const unsigned char *codes = (const unsigned char *)column.ptr;

	for (size_t w = 0; w < COLUMN_WORDS; w++) {
		uint64_t word = 0;

		if (bits[w] == 0)
			continue;
		for (size_t i = 0; i < 64; i++)
			word |= (uint64_t)wanted[codes[w * 64 + i]] << i;
		bits[w] &= word;
	}
}

/* COLUMN_EMPTY is below every bound, so empty values never match. */
static void
keep_range(uint64_t *bits, struct str column, const struct query_range *r)
{
	/* number columns lie on overflow pages, 16-byte aligned */
	const int64_t *values = __builtin_assume_aligned(column.ptr, 8);
	/* one comparison without a branch, which unsorted values would mispredict */
	uint64_t low = (uint64_t)r->low, width = (uint64_t)r->high - low;

	if (r->low > r->high) {
		memset(bits, 0, sizeof(segment_bits));
		return;
	}
	for (size_t w = 0; w < COLUMN_WORDS; w++) {
		uint64_t word = 0;

		if (bits[w] == 0)
			continue;
		for (size_t i = 0; i < 64; i++)
			word |= (uint64_t)((uint64_t)values[w * 64 + i] - low <= width) << i;
		bits[w] &= word;
	}
}

static enum err
keep_search(struct query *q, struct db_txn *txn, db_id dbi, uint32_t segment, uint64_t *bits)
{
	segment_bits hits = { 0 };

	for (unsigned f = 0; f < q->schema->field_count; f++) {
		struct str column;
		enum err e;

		if (!(q->schema->fields[f].flags & FIELD_SEARCH))
			continue;
		e = column_segment(txn, dbi, q->schema, f, segment, &column);
		if (e != ERR_OK)
			return db_tell(txn, "column", e);
		text_search(column, buf_str(&q->search), hits);
	}
	and_bits(bits, hits);
	return ERR_OK;
}

/* Bits of the rows whose value is empty, of any kind but a select. */
static void
find_empty(uint64_t *empty, struct str column, enum field_kind kind)
{
	bool text = kind_storage(kind) == STORED_TEXT;

	for (size_t w = 0; w < COLUMN_WORDS; w++) {
		empty[w] = 0;
		for (size_t i = 0; i < 64; i++)
			empty[w] |= (uint64_t)(text ?
			    column_text(column, w * 64 + i).len == 0 :
			    column_number(column, w * 64 + i) == COLUMN_EMPTY) << i;
	}
}

/* Keep the bits of rows that meet the conditions on the field's value. */
static enum err
keep_values(struct query *q, struct db_txn *txn, db_id dbi, uint32_t segment, unsigned f, uint64_t *bits)
{
	unsigned id = q->by_exact[f] ? COLUMN_HASH + f : f;
	struct str column;
	enum err e;

	if ((e = column_segment(txn, dbi, q->schema, id, segment, &column)) != ERR_OK)
		return e;
	if (q->by_option[f])
		keep_options(bits, column, q->option[f]);
	if (q->range[f].used)
		keep_range(bits, column, &q->range[f]);
	if (q->by_exact[f])
		keep_range(bits, column, &(struct query_range){
		    .low = q->exact_hash[f], .high = q->exact_hash[f] });
	return ERR_OK;
}

/* The same with a condition on emptiness: "empty" is one more value that matches. */
static enum err
keep_presence(struct query *q, struct db_txn *txn, db_id dbi, uint32_t segment, unsigned f,
    uint64_t *bits)
{
	bool values = q->by_option[f] || q->range[f].used || q->by_exact[f];
	segment_bits empty, kept;
	struct str column;
	enum err e;

	if ((e = column_segment(txn, dbi, q->schema, f, segment, &column)) != ERR_OK)
		return e;
	find_empty(empty, column, q->schema->fields[f].kind);
	memcpy(kept, bits, sizeof(kept));
	if (values && (e = keep_values(q, txn, dbi, segment, f, kept)) != ERR_OK)
		return e;
	for (size_t w = 0; w < COLUMN_WORDS; w++)
		bits[w] = q->filled[f] ? kept[w] & ~empty[w] :
		    (values ? kept[w] : 0) | (bits[w] & empty[w]);
	return ERR_OK;
}

static enum err
filter_segment(struct query *q, struct store *st, uint32_t segment, uint64_t *bits)
{
	db_id dbi = store_table(store_databases(st), q->schema)->columns;
	struct db_txn *txn = store_txn(st);
	struct str column;
	enum err e;

	e = column_segment(txn, dbi, q->schema, COLUMN_LIVE, segment, &column);
	if (e != ERR_OK)
		return db_tell(txn, "column", e);
	memcpy(bits, column.ptr, sizeof(segment_bits));
	for (unsigned f = 0; f < q->schema->field_count && e == ERR_OK; f++) {
		if (q->empty[f] || q->filled[f])
			e = keep_presence(q, txn, dbi, segment, f, bits);
		else if (q->by_option[f] || q->range[f].used || q->by_exact[f])
			e = keep_values(q, txn, dbi, segment, f, bits);
	}
	if (e != ERR_OK)
		return db_tell(txn, "column", e);
	return q->search.len > 0 ? keep_search(q, txn, dbi, segment, bits) : ERR_OK;
}

enum err
query_filter(struct query *q, struct store *st, uint32_t rows_end, uint64_t *total)
{
	uint32_t segments = (rows_end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	size_t words = (size_t)segments * COLUMN_WORDS;
	enum err e;

	*total = 0;
	if (words > q->bits_words) {
		uint64_t *bits = realloc(q->bits, words * sizeof(*bits));

		if (bits == NULL)
			return ERR_NOMEM;
		q->bits = bits;
		q->bits_words = words;
	}
	for (uint32_t s = 0; s < segments; s++)
		if ((e = filter_segment(q, st, s, q->bits + (size_t)s * COLUMN_WORDS)) != ERR_OK)
			return e;
	for (size_t w = 0; w < words; w++)
		*total += (uint64_t)__builtin_popcountll(q->bits[w]);
	return ERR_OK;
}
