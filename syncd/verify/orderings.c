#include <stdlib.h>

#include "syncd/verify/parts.h"

/* A walk along one ordering. */
struct walk {
	struct verify	*v;
	unsigned	 field;
	bool		 descending;
	struct str	*segments;	/* of the field's column */
	struct sort_key	 last;
	uint32_t	 last_row;	/* UINT32_MAX: none yet */
	uint32_t	 count;
};

static const char *
direction(const struct walk *w)
{
	return w->descending ? "descending" : "ascending";
}

static const char *
name(const struct walk *w)
{
	return w->v->schema->fields[w->field].name;
}

static struct str
id_of(struct verify *v, uint32_t row)
{
	struct row_view view;

	return store_row(v->st, v->schema, row, &view) == ERR_OK ? view.id : (struct str){ NULL, 0 };
}

/* Does the row sort after the previous one? */
static bool
in_order(const struct walk *w, const struct sort_key *k, uint32_t row)
{
	int c;

	if (w->last_row == UINT32_MAX)
		return true;
	if ((c = sort_key_cmp(&w->last, k, w->descending)) != 0)
		return c < 0;
	return str_cmp(id_of(w->v, w->last_row), id_of(w->v, row)) < 0;
}

static void
one_row(struct walk *w, uint32_t row)
{
	struct verify *v = w->v;
	struct sort_key k;

	w->count++;
	if (row >= v->end || !verify_bit(v->used, row)) {
		verify_fault(v, VERIFY_ORDERINGS, "%s %s has row %u, which is not in use", name(w),
		    direction(w), row);
		return;
	}
	if (verify_bit(v->seen, row))
		verify_fault(v, VERIFY_ORDERINGS, "%s %s has row %u twice", name(w), direction(w), row);
	v->seen[row / 64] |= UINT64_C(1) << (row % 64);
	sort_key_from_column(v->schema->fields[w->field].kind, w->segments[row / COLUMN_SEGMENT],
	    row % COLUMN_SEGMENT, &k);
	if (!in_order(w, &k, row))
		verify_fault(v, VERIFY_ORDERINGS, "%s %s: row %u wrongly follows row %u", name(w),
		    direction(w), row, w->last_row);
	w->last = k;
	w->last_row = row;
}

static void
one_chunk(struct walk *w, uint32_t chunk, uint32_t start, uint32_t next_unused)
{
	uint64_t k = ordering_key(w->field, w->descending, chunk);
	struct str data;
	size_t n;

	if (start != w->count)
		verify_fault(w->v, VERIFY_ORDERINGS, "%s %s: chunk %u begins at %u, not at %u", name(w),
		    direction(w), chunk, start, w->count);
	if (chunk == 0 || chunk >= next_unused ||
	    !db_get(w->v->txn, store_table(w->v->dbs, w->v->schema)->orderings, key_u64(&k), &data)) {
		verify_fault(w->v, VERIFY_ORDERINGS, "%s %s: chunk %u is missing", name(w),
		    direction(w), chunk);
		return;
	}
	n = data.len / sizeof(uint32_t);
	if (n == 0 || n > ORDERING_CHUNK_MAX || data.len % sizeof(uint32_t) != 0)
		verify_fault(w->v, VERIFY_ORDERINGS, "%s %s: chunk %u has %zu bytes", name(w),
		    direction(w), chunk, data.len);
	for (size_t i = 0; i < n; i++)
		one_row(w, load_u32(data.ptr, i));
}

/* Check one ordering; returns how many entries of the database it takes. */
static size_t
one_ordering(struct walk *w)
{
	struct verify *v = w->v;
	uint64_t k = ordering_key(w->field, w->descending, 0);
	struct str data;
	bool there = db_get(v->txn, store_table(v->dbs, v->schema)->orderings, key_u64(&k), &data);
	bool missing = !there && v->txn->fault.error == ERR_OK;
	uint32_t chunks, rows = store_row_count(v->st, v->schema);

	memset(v->seen, 0, (v->end / 64 + 1) * sizeof(*v->seen));
	if (missing && rows == 0)
		return 0;
	if (!there || data.len < 2 * sizeof(uint32_t) ||
	    data.len != (2 + 2 * (size_t)load_u32(data.ptr, 0)) * sizeof(uint32_t)) {
		verify_fault(v, VERIFY_ORDERINGS, "%s %s: its directory %s", name(w), direction(w),
		    missing ? "is missing" : "can't be read");
		return there;
	}
	chunks = load_u32(data.ptr, 0);
	for (uint32_t i = 0; i < chunks; i++)
		one_chunk(w, load_u32(data.ptr, 2 + 2 * i), load_u32(data.ptr, 3 + 2 * i),
		    load_u32(data.ptr, 1));
	if (w->count != rows)
		verify_fault(v, VERIFY_ORDERINGS, "%s %s has %u rows where %u should be", name(w),
		    direction(w), w->count, rows);
	return chunks + 1;
}

/* Load the column that it is sorted by; false: the ordering can't be checked without it. */
static bool
load_segments(struct verify *v, unsigned f, struct str *segments, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (column_segment(v->txn, store_table(v->dbs, v->schema)->columns, v->schema, f, i, &segments[i]) != 0)
			return false;
	return true;
}

void
verify_orderings(struct verify *v)
{
	uint32_t n = (v->end + COLUMN_SEGMENT - 1) / COLUMN_SEGMENT;
	struct str *segments = calloc(n + 1, sizeof(*segments));
	size_t entries = 0;
	bool all = true;

	if (segments == NULL) {
		v->error = ERR_NOMEM;
		return;
	}
	/* texts that are not sound have been reported; their places can't be trusted */
	if (v->faults[VERIFY_COLUMNS] > 0) {
		free(segments);
		verify_fault(v, VERIFY_ORDERINGS, "not checked: the columns are not sound");
		return;
	}
	for (unsigned f = 0; f < v->schema->field_count; f++) {
		if (!(v->schema->fields[f].flags & FIELD_SORT))
			continue;
		if (!load_segments(v, f, segments, n)) {
			all = false;
			continue;
		}
		for (int d = 0; d < 2; d++) {
			struct walk w = { .v = v, .field = f, .descending = d != 0,
			    .segments = segments, .last_row = UINT32_MAX };

			entries += one_ordering(&w);
		}
	}
	if (all && entries != verify_entries(v, store_table(v->dbs, v->schema)->orderings))
		verify_fault(v, VERIFY_ORDERINGS, "there are %zu chunks where %zu should be",
		    verify_entries(v, store_table(v->dbs, v->schema)->orderings), entries);
	free(segments);
}
