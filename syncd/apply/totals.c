#include <errno.h>
#include <stdlib.h>

#include "common/base/hash.h"
#include "common/store/options.h"
#include "common/store/revenue.h"
#include "common/store/row.h"
#include "common/tables/moment.h"
#include "syncd/apply/parts.h"

/* What a commit adds to one total. */
struct delta {
	uint64_t	key;
	int64_t		count;
	__int128	sum;
};

/* Few totals are touched by many rows: a table by key, then one write each. */
struct deltas {
	struct delta	*slots;		/* key 0: free */
	size_t		 size, used;
};

static int
deltas_grow(struct deltas *d)
{
	struct deltas bigger = { .size = d->size == 0 ? 256 : d->size * 2 };

	if ((bigger.slots = calloc(bigger.size, sizeof(*bigger.slots))) == NULL)
		return ENOMEM;
	for (size_t i = 0; i < d->size; i++) {
		size_t at;

		if (d->slots[i].key == 0)
			continue;
		at = hash_number(d->slots[i].key) % bigger.size;
		while (bigger.slots[at].key != 0)
			at = (at + 1) % bigger.size;
		bigger.slots[at] = d->slots[i];
		bigger.used++;
	}
	free(d->slots);
	*d = bigger;
	return 0;
}

static int
deltas_add(struct deltas *d, uint64_t key, int sign, int64_t sum)
{
	size_t at;
	int rc;

	if (d->used * 2 >= d->size && (rc = deltas_grow(d)) != 0)
		return rc;
	at = hash_number(key) % d->size;
	while (d->slots[at].key != 0 && d->slots[at].key != key)
		at = (at + 1) % d->size;
	if (d->slots[at].key == 0) {
		d->slots[at].key = key;
		d->used++;
	}
	d->slots[at].count += sign;
	d->slots[at].sum += sign * (__int128)sum;
	return 0;
}

static int
deltas_write(struct apply_txn *t, const struct deltas *d)
{
	for (size_t i = 0; i < d->size; i++) {
		const struct delta *x = &d->slots[i];
		MDB_val key = key_u64(&x->key), data;
		struct total total = { 0 };
		int rc;

		if (x->key == 0 || (x->count == 0 && x->sum == 0))
			continue;
		rc = mdb_get(t->txn, t->dbs->orders.totals, &key, &data);
		if (rc == 0 && data.mv_size == sizeof(total))
			memcpy(&total, data.mv_data, sizeof(total));
		else if (rc != MDB_NOTFOUND)
			return rc != 0 ? rc : MDB_CORRUPTED;
		total.count += x->count;
		total_set_sum(&total, total_sum(&total) + x->sum);
		/* days without orders would pile up over the years */
		rc = total.count == 0 && rc == 0 ?
		    mdb_del(t->txn, t->dbs->orders.totals, &key, NULL) :
		    apply_put(t->txn, t->dbs->orders.totals, key, &total, sizeof(total));
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ${out}: it brings no revenue. */
static int
add_day(struct apply_txn *t, struct deltas *d, const struct value *day, bool out, int sign,
    int64_t sum)
{
	unsigned f = (unsigned)t->schema->day_field;
	uint32_t which;
	int rc;

	if (!day->present)
		return 0;
	which = total_day(moment_day(day));
	if ((rc = deltas_add(d, total_key(TOTAL_DAY, f, which), sign, sum)) != 0 || !out)
		return rc;
	return deltas_add(d, total_key(TOTAL_DAY_OUT, f, which), sign, sum);
}

/* Is it in an option that brings no revenue, and is told apart from others? */
static bool
brings_none(const struct apply_txn *t, struct str further, const struct record *r)
{
	const struct field *f = &t->schema->fields[t->schema->state_field];
	const struct value *v = &r->values[t->schema->state_field];
	unsigned code;

	if (!v->present || !revenue_excludes(t->excluded, v->text))
		return false;
	code = options_code(f, further, v->text);
	return code != OPTION_NONE && code < OPTION_OTHER;
}

/* Count a record in or out. */
static int
add_record(struct apply_txn *t, struct deltas *d, const struct record *r, int sign)
{
	const struct value *money = &r->values[t->schema->sum_field];
	int64_t sum = money->present ? money->number : 0;
	unsigned state = (unsigned)t->schema->state_field;
	int rc;

	if ((rc = deltas_add(d, total_key(TOTAL_ALL, 0, 0), sign, sum)) != 0)
		return rc;
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		const struct field *field = &t->schema->fields[f];
		unsigned code = OPTION_NONE;

		if (!(field->flags & FIELD_GROUP))
			continue;
		if (r->values[f].present) {
			code = options_code(field, buf_str(&t->further[f]), r->values[f].text);
			code = code == OPTION_NONE ? OPTION_OTHER : code;
		}
		if ((rc = deltas_add(d, total_key(TOTAL_OPTION, f, code), sign, sum)) != 0)
			return rc;
	}
	return add_day(t, d, &r->values[t->schema->day_field],
	    brings_none(t, buf_str(&t->further[state]), r), sign, sum);
}

int
apply_totals(struct apply_txn *t)
{
	struct deltas d = { 0 };
	int rc = revenue_excluded(t->txn, t->dbs->meta, &t->excluded);

	for (size_t n = 0; n < t->count && rc == 0; n++) {
		const struct apply_item *i = &t->items[n];

		if (i->existed)
			rc = add_record(t, &d, &i->old, -1);
		if (rc == 0 && !i->gone)
			rc = add_record(t, &d, &i->now, 1);
	}
	if (rc == 0)
		rc = deltas_write(t, &d);
	free(d.slots);
	return rc;
}

static int
forget(struct apply_txn *t, enum total_kind kind)
{
	uint64_t first = total_key(kind, 0, 0), after = total_key(kind + 1, 0, 0);
	MDB_val key = key_u64(&first), data;
	MDB_cursor *cursor;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->orders.totals, &cursor)) != 0)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (rc == 0) {
		uint64_t k;

		memcpy(&k, key.mv_data, sizeof(k));
		if (k >= after)
			break;
		if ((rc = mdb_cursor_del(cursor, 0)) == 0)
			rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
count_day(struct apply_txn *t, struct deltas *d, struct str further, uint32_t row)
{
	const struct value *money;
	struct row_view view;
	struct record r;
	int rc = row_get(t->txn, t->dbs->orders.rows, row, &view);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (row_values(&view, t->schema, &r) != ERR_OK)
		return MDB_CORRUPTED;
	money = &r.values[t->schema->sum_field];
	return add_day(t, d, &r.values[t->schema->day_field], brings_none(t, further, &r), 1,
	    money->present ? money->number : 0);
}

int
apply_rebuild_days(struct apply_txn *t)
{
	struct deltas d = { 0 };
	struct str further;
	int rc;

	if ((rc = forget(t, TOTAL_DAY)) != 0 || (rc = forget(t, TOTAL_DAY_OUT)) != 0 ||
	    (rc = revenue_excluded(t->txn, t->dbs->meta, &t->excluded)) != 0 ||
	    (rc = options_load(t->txn, t->dbs->meta, (unsigned)t->schema->state_field, &further)) != 0)
		return rc;
	for (uint32_t row = 0; row < t->head.rows_end && rc == 0; row++)
		rc = count_day(t, &d, further, row);
	if (rc == 0)
		rc = deltas_write(t, &d);
	free(d.slots);
	return rc;
}
