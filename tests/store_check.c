#include <stdlib.h>

#include "common/columns.h"
#include "common/fold.h"
#include "common/options.h"
#include "common/orderings.h"
#include "common/row.h"
#include "common/store_keys.h"
#include "common/text_search.h"
#include "common/zone.h"
#include "tests/store_check.h"
#include "tests/support.h"

/* A row read back, with what its columns should say. */
struct checked {
	uint32_t	row;
	struct record	r;
	int64_t		number[ORDER_FIELDS];	/* COLUMN_EMPTY: empty; selects: code */
	struct buf	text[ORDER_FIELDS];
};

static unsigned sort_field;
static bool sort_descending;

static void
load(struct store *st, uint32_t row, struct checked *c)
{
	const struct store_dbs *d = store_databases(st);
	struct row_view view;

	ck_assert_int_eq(store_row(st, row, &view), ERR_OK);
	ck_assert_int_eq(row_values(&view, &orders_schema, &c->r), ERR_OK);
	ck_assert(view.version <= store_generation(st));
	c->row = row;
	for (unsigned f = 0; f < ORDER_FIELDS; f++) {
		const struct field *field = &orders_schema.fields[f];
		const struct value *v = &c->r.values[f];
		struct str further;

		c->number[f] = v->present ? v->number : COLUMN_EMPTY;
		if (field->kind == FIELD_TEXT) {
			ck_assert_int_eq(fold_text(&c->text[f], v->text), ERR_OK);
		} else if (field->kind == FIELD_SELECT) {
			ck_assert_int_eq(options_load(store_txn(st), d->meta, f, &further), 0);
			c->number[f] = v->present ? options_code(field, further, v->text) : 0;
			ck_assert(!v->present || c->number[f] != 0);
		}
	}
}

static void
check_ids(struct store *st, const struct checked *c)
{
	uint32_t rows[64], row;
	size_t matches, i;

	ck_assert_int_eq(store_find_record(st, c->r.id, &row), ERR_OK);
	ck_assert_uint_eq(row, c->row);
	if (!c->r.values[ORDER_ORDER_ID].present)
		return;
	ck_assert_int_eq(store_find_key(st, c->r.values[ORDER_ORDER_ID].text, rows, 64,
	    &matches), ERR_OK);
	for (i = 0; i < matches && i < 64 && rows[i] != c->row; )
		i++;
	ck_assert_uint_lt(i, matches);
}

static void
check_hash(struct store *st, const struct checked *c, unsigned f)
{
	const struct value *v = &c->r.values[f];
	struct str bytes;

	ck_assert_int_eq(column_segment(store_txn(st), store_databases(st)->orders.columns,
	    &orders_schema, COLUMN_HASH + f, c->row / COLUMN_SEGMENT, &bytes), 0);
	ck_assert_int_eq(column_number(bytes, c->row % COLUMN_SEGMENT),
	    v->present ? text_hash(v->text) : COLUMN_EMPTY);
}

static void
check_columns(struct store *st, const struct checked *c)
{
	for (unsigned f = 0; f < ORDER_FIELDS; f++) {
		struct str bytes;
		size_t i = c->row % COLUMN_SEGMENT;

		ck_assert_int_eq(column_segment(store_txn(st), store_databases(st)->orders.columns,
		    &orders_schema, f, c->row / COLUMN_SEGMENT, &bytes), 0);
		switch (orders_schema.fields[f].kind) {
		case FIELD_TEXT:
			ck_assert(str_eq(column_text(bytes, i), buf_str(&c->text[f])));
			if (orders_schema.fields[f].flags & FIELD_EXACT)
				check_hash(st, c, f);
			break;
		case FIELD_SELECT:
			ck_assert_int_eq(column_code(bytes, i), c->number[f]);
			break;
		case FIELD_MONEY:
		case FIELD_INSTANT:
			ck_assert_int_eq(column_number(bytes, i), c->number[f]);
			break;
		}
	}
}

static int
cmp(const void *a, const void *b)
{
	const struct checked *x = *(const struct checked *const *)a;
	const struct checked *y = *(const struct checked *const *)b;
	bool text = orders_schema.fields[sort_field].kind == FIELD_TEXT;
	bool ex = !x->r.values[sort_field].present, ey = !y->r.values[sort_field].present;
	int c = 0;

	if (ex != ey)
		return ex ? 1 : -1;
	if (!ex && text) {
		struct str s = buf_str(&x->text[sort_field]), t = buf_str(&y->text[sort_field]);

		s.len = s.len > ORDERING_TEXT_MAX ? ORDERING_TEXT_MAX : s.len;
		t.len = t.len > ORDERING_TEXT_MAX ? ORDERING_TEXT_MAX : t.len;
		c = str_cmp(s, t);
	} else if (!ex) {
		c = (x->number[sort_field] > y->number[sort_field]) -
		    (x->number[sort_field] < y->number[sort_field]);
	}
	c = sort_descending ? -c : c;
	return c != 0 ? c : str_cmp(x->r.id, y->r.id);
}

static void
check_orderings(struct store *st, struct checked **list, uint32_t n)
{
	for (sort_field = 0; sort_field < ORDER_FIELDS; sort_field++)
		for (int d = 0; d < 2; d++) {
			struct ordering o;
			uint32_t row;

			sort_descending = d;
			qsort(list, n, sizeof(*list), cmp);
			ck_assert_int_eq(ordering_open(&o, store_txn(st),
			    store_databases(st)->orders.orderings, sort_field, d, n), 0);
			for (uint32_t i = 0; i < n; i++) {
				ck_assert_int_eq(ordering_row(&o, i, &row), 0);
				ck_assert_msg(row == list[i]->row, "field %u %s position %u",
				    sort_field, d ? "descending" : "ascending", i);
			}
		}
}

static struct total
stored_total(struct store *st, enum total_kind kind, unsigned f, uint32_t which)
{
	uint64_t k = total_key(kind, f, which);
	MDB_val key = key_u64(&k), data;
	struct total t = { 0 };
	int rc = mdb_get(store_txn(st), store_databases(st)->orders.totals, &key, &data);

	if (rc != MDB_NOTFOUND) {
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(data.mv_size, sizeof(t));
		memcpy(&t, data.mv_data, sizeof(t));
	}
	return t;
}

/* The total of the rows that match, counted one by one. */
static void
check_total(struct store *st, struct checked **list, uint32_t n, enum total_kind kind,
    unsigned f, uint32_t which)
{
	struct total t = stored_total(st, kind, f, which);
	__int128 sum = 0;
	int64_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct checked *c = list[i];

		if (kind == TOTAL_OPTION && c->number[f] != which)
			continue;
		if (kind == TOTAL_DAY && (c->number[f] == COLUMN_EMPTY ||
		    total_day(zone_day(c->number[f])) != which))
			continue;
		count++;
		if (c->r.values[ORDER_TOTAL].present)
			sum += c->r.values[ORDER_TOTAL].number;
	}
	ck_assert_int_eq(t.count, count);
	ck_assert(total_sum(&t) == sum);
}

static void
check_totals(struct store *st, struct checked **list, uint32_t n)
{
	const MDB_dbi dbi = store_databases(st)->orders.totals;
	int64_t in_days = 0, with_day = 0;
	MDB_cursor *cursor;
	MDB_val key, data;

	ck_assert_int_eq(mdb_cursor_open(store_txn(st), dbi, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		enum total_kind kind;
		struct total t;
		uint64_t k;

		memcpy(&k, key.mv_data, sizeof(k));
		kind = (enum total_kind)(k >> 56);
		if (kind == TOTAL_BODY)
			continue;
		check_total(st, list, n, kind, (unsigned)(k >> 40 & 0xffff), (uint32_t)k);
		memcpy(&t, data.mv_data, sizeof(t));
		in_days += kind == TOTAL_DAY ? t.count : 0;
	}
	mdb_cursor_close(cursor);
	for (uint32_t i = 0; i < n; i++) {
		with_day += list[i]->r.values[ORDER_CREATED_AT].present;
		for (unsigned f = ORDER_STATUS; f <= ORDER_PRIORITY; f++)
			ck_assert_int_gt(stored_total(st, TOTAL_OPTION, f,
			    (uint32_t)list[i]->number[f]).count, 0);
	}
	ck_assert_int_eq(in_days, with_day);
	ck_assert_int_eq(stored_total(st, TOTAL_ALL, 0, 0).count, n);
}

static bool
is_live(struct store *st, uint32_t row)
{
	struct str bytes;
	uint64_t word;

	ck_assert_int_eq(column_segment(store_txn(st), store_databases(st)->orders.columns,
	    &orders_schema, COLUMN_LIVE, row / COLUMN_SEGMENT, &bytes), 0);
	memcpy(&word, bytes.ptr + row % COLUMN_SEGMENT / 64 * sizeof(word), sizeof(word));
	return word >> (row % 64) & 1;
}

static bool
is_free(struct store *st, uint32_t row)
{
	MDB_val key = key_u32(&row), data;

	return mdb_get(store_txn(st), store_databases(st)->orders.free, &key, &data) == 0;
}

static size_t
entries(struct store *st, MDB_dbi dbi)
{
	MDB_stat s;

	ck_assert_int_eq(mdb_stat(store_txn(st), dbi, &s), 0);
	return s.ms_entries;
}

/* ${list} is in the order of rows. */
static uint32_t
blocks_used(struct checked *const *list, uint32_t n)
{
	uint32_t blocks = 0;

	for (uint32_t i = 0; i < n; i++)
		blocks += i == 0 || list[i]->row / ROW_BLOCK != list[i - 1]->row / ROW_BLOCK;
	return blocks;
}

void
store_check(struct store *st)
{
	const struct store_dbs *d = store_databases(st);
	uint32_t end = store_rows_end(st), n = 0, keys = 0;
	struct checked **list = calloc(end + 1, sizeof(*list));

	ck_assert_ptr_nonnull(list);
	for (uint32_t row = 0; row < end; row++) {
		struct row_view view;
		bool used = store_row(st, row, &view) == ERR_OK;

		ck_assert_int_eq(is_live(st, row), used);
		ck_assert_int_eq(is_free(st, row), !used);
		if (!used)
			continue;
		ck_assert_ptr_nonnull(list[n] = calloc(1, sizeof(**list)));
		load(st, row, list[n]);
		check_ids(st, list[n]);
		check_columns(st, list[n]);
		keys += list[n]->r.values[ORDER_ORDER_ID].present;
		n++;
	}
	ck_assert_uint_eq(n, store_row_count(st));
	ck_assert_uint_eq(entries(st, d->orders.ids), n);
	ck_assert_uint_eq(entries(st, d->orders.rows), blocks_used(list, n));
	ck_assert_uint_eq(entries(st, d->orders.keys), keys);
	ck_assert_uint_eq(entries(st, d->orders.free), end - n);
	check_orderings(st, list, n);
	check_totals(st, list, n);
	store_check_writes(st);
	for (uint32_t i = 0; i < n; i++) {
		for (unsigned f = 0; f < ORDER_FIELDS; f++)
			buf_free(&list[i]->text[f]);
		free(list[i]);
	}
	free(list);
}
