#include "common/store/row.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "syncd/verify/parts.h"

#define ID_MAX	255	/* bytes of a record id: the change log's limit */

/* The row's bytes must be those that its values encode to. */
static void
check_bytes(struct verify *v, uint32_t row, const struct row_view *view, const struct record *r)
{
	buf_clear(&v->encoded);
	row_encode(&v->encoded, v->schema, r, view->version);
	if (buf_status(&v->encoded) != ERR_OK)
		v->error = buf_status(&v->encoded);
	else if (v->encoded.len != view->values_len + view->json.len ||
	    memcmp(v->encoded.data, view->values, v->encoded.len) != 0) {
		verify_fault(v, VERIFY_ROWS, "%.*s (row %u): its JSON does not match its values",
		    STR_FMT(r->id), row);
		verify_doubt(v, row);
	}
}

/* Are the numbers within the range of a row, and is none missing that is never empty?  Others must not enter calculations. */
static bool
in_range(const struct schema *s, const struct record *r)
{
	for (size_t f = 0; f < s->field_count; f++) {
		const struct value *v = &r->values[f];

		if (v->present ? !kind_in_range(s->fields[f].kind, v->number) :
		    kind_nothing(s->fields[f].kind).present)
			return false;
	}
	return true;
}

/* A date begins when its day begins in the store's zone. */
static void
check_dates(struct verify *v, uint32_t row, const struct record *r)
{
	for (size_t f = 0; f < v->schema->field_count && v->zoned; f++) {
		struct value again = r->values[f];

		if (v->schema->fields[f].kind != FIELD_INSTANT || !moment_is_date(&again))
			continue;
		if (moment_parse(again.text, &again) != ERR_OK || again.number != r->values[f].number)
			verify_fault(v, VERIFY_ROWS, "%.*s (row %u): %s does not begin when its day does",
			    STR_FMT(r->id), row, v->schema->fields[f].name);
	}
}

static bool
read_row(struct verify *v, uint32_t row, struct record *r)
{
	struct row_view view;
	enum err e = store_row(v->st, v->schema, row, &view);

	if (e == ERR_NOT_FOUND)
		return false;
	if (e != ERR_OK || row_values(&view, v->schema, r) != ERR_OK || r->id.len == 0 ||
	    r->id.len > ID_MAX || !in_range(v->schema, r)) {
		verify_fault(v, VERIFY_ROWS, "row %u can't be read", row);
		verify_doubt(v, row);
		return false;
	}
	if (view.version > store_generation(v->st))
		verify_fault(v, VERIFY_ROWS, "%.*s (row %u): version %llu is newer than the store",
		    STR_FMT(r->id), row, (unsigned long long)view.version);
	check_bytes(v, row, &view, r);
	check_dates(v, row, r);
	return true;
}

static void
check_id(struct verify *v, uint32_t row, const struct record *r)
{
	struct str data;

	if (!db_get(v->txn, store_table(v->dbs, v->schema)->ids, r->id, &data) || data.len != sizeof(row))
		verify_fault(v, VERIFY_IDS, "%.*s (row %u) is not found by its id", STR_FMT(r->id), row);
	else if (load_u32(data.ptr, 0) != row)
		verify_fault(v, VERIFY_IDS, "%.*s is in row %u, and its id leads to row %u",
		    STR_FMT(r->id), row, load_u32(data.ptr, 0));
}

/* true: the record has a business id. */
static bool
check_key(struct verify *v, uint32_t row, const struct record *r)
{
	for (size_t f = 0; f < v->schema->field_count; f++) {
		if (!(v->schema->fields[f].flags & FIELD_KEY) || !r->values[f].present)
			continue;
		if (!db_has_pair(v->txn, store_table(v->dbs, v->schema)->keys, key_business(r->values[f].text),
		    key_u32(&row)))
			verify_fault(v, VERIFY_IDS, "%.*s (row %u) is not found by its %s",
			    STR_FMT(r->id), row, v->schema->fields[f].name);
		return true;
	}
	return false;
}

static void
check_use(struct verify *v, const struct segments *s, uint32_t row, bool used)
{
	bool noted = db_has(v->txn, store_table(v->dbs, v->schema)->free, key_u32(&row));

	if (row < v->end && noted == used)
		verify_fault(v, VERIFY_IDS, "row %u is %sin use, but is %samong the free ones", row,
		    used ? "" : "not ", noted ? "" : "not ");
	if (s->live.ptr != NULL) {
		uint64_t word;

		memcpy(&word, s->live.ptr + row % COLUMN_SEGMENT / 64 * sizeof(word), sizeof(word));
		if ((word >> (row % 64) & 1) != used)
			verify_fault(v, VERIFY_COLUMNS, "row %u is %sin use, but its bit says otherwise",
			    row, used ? "" : "not ");
	}
}

static void
expect_count(struct verify *v, enum verify_kind kind, const char *what, size_t has, size_t wants)
{
	if (has != wants)
		verify_fault(v, kind, "there are %zu %s where %zu should be", has, what, wants);
}

/* How many segments of columns there should be: of fields, of hashes, of the bits of use. */
static size_t
columns_kept(const struct verify *v)
{
	size_t n = v->schema->field_count + 1;

	for (size_t f = 0; f < v->schema->field_count; f++)
		n += kind_storage(v->schema->fields[f].kind) == STORED_TEXT &&
		    (v->schema->fields[f].flags & FIELD_EXACT);
	return n;
}

struct counted {
	uint32_t	rows, keys, blocks;
	uint32_t	last_block;	/* + 1 */
};

static void
one_row(struct verify *v, const struct segments *s, uint32_t row, struct counted *c)
{
	struct record r;
	bool used = row < v->end && read_row(v, row, &r);

	check_use(v, s, row, used);
	verify_row_columns(v, s, row, used ? &r : NULL);
	if (!used)
		return;
	v->used[row / 64] |= UINT64_C(1) << (row % 64);
	check_id(v, row, &r);
	c->keys += check_key(v, row, &r);
	verify_tally(v, &r);
	c->rows++;
	c->blocks += c->last_block != row / ROW_BLOCK + 1;
	c->last_block = row / ROW_BLOCK + 1;
}

void
verify_rows(struct verify *v)
{
	uint32_t segments = (v->end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	struct counted c = { 0 };

	for (uint32_t n = 0; n < segments && v->error == ERR_OK; n++) {
		struct segments s;

		verify_segments_load(v, n, &s);
		for (uint32_t i = 0; i < COLUMN_SEGMENT && v->error == ERR_OK; i++)
			one_row(v, &s, n * COLUMN_SEGMENT + i, &c);
	}
	expect_count(v, VERIFY_META, "orders by the head's count", store_row_count(v->st, v->schema), c.rows);
	expect_count(v, VERIFY_ROWS, "blocks of rows", verify_entries(v, store_table(v->dbs, v->schema)->rows), c.blocks);
	expect_count(v, VERIFY_IDS, "record ids", verify_entries(v, store_table(v->dbs, v->schema)->ids), c.rows);
	expect_count(v, VERIFY_IDS, "business ids", verify_entries(v, store_table(v->dbs, v->schema)->keys), c.keys);
	expect_count(v, VERIFY_IDS, "free rows", verify_entries(v, store_table(v->dbs, v->schema)->free), v->end - c.rows);
	expect_count(v, VERIFY_COLUMNS, "segments", verify_entries(v, store_table(v->dbs, v->schema)->columns),
	    segments * columns_kept(v));
}
