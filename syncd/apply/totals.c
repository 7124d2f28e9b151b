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

static enum err
deltas_grow(struct deltas *d)
{
	struct deltas bigger = { .size = d->size == 0 ? 256 : d->size * 2 };

	if ((bigger.slots = calloc(bigger.size, sizeof(*bigger.slots))) == NULL)
		return ERR_NOMEM;
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
	return ERR_OK;
}

static enum err
deltas_add(struct deltas *d, uint64_t key, int sign, int64_t sum)
{
	size_t at;
	enum err e;

	if (d->used * 2 >= d->size && (e = deltas_grow(d)) != ERR_OK)
		return e;
	at = hash_number(key) % d->size;
	while (d->slots[at].key != 0 && d->slots[at].key != key)
		at = (at + 1) % d->size;
	if (d->slots[at].key == 0) {
		d->slots[at].key = key;
		d->used++;
	}
	d->slots[at].count += sign;
	d->slots[at].sum += sign * (__int128)sum;
	return ERR_OK;
}

static enum err
deltas_write(struct apply_table *t, const struct deltas *d)
{
	for (size_t i = 0; i < d->size; i++) {
		const struct delta *x = &d->slots[i];
		struct total total = { 0 };
		struct str key = key_u64(&x->key), stored;
		bool there;

		if (x->key == 0 || (x->count == 0 && x->sum == 0))
			continue;
		if ((there = db_get(t->txn, t->dbs->totals, key, &stored))) {
			if (stored.len != sizeof(total))
				return ERR_STORE_CORRUPT;
			memcpy(&total, stored.ptr, sizeof(total));
		}
		total.count += x->count;
		total_set_sum(&total, total_sum(&total) + x->sum);
		/* days without orders would pile up over the years */
		if (total.count == 0 && there)
			(void)db_del(t->txn, t->dbs->totals, key);
		else
			(void)apply_put(t->txn, t->dbs->totals, key, &total, sizeof(total));
	}
	return t->txn->fault.error;
}

/* What the record adds to the sums. */
static int64_t
amount(const struct schema *s, const struct record *r)
{
	const struct value *money;

	if (s->sum_field == SCHEMA_NO_FIELD)
		return 0;
	money = &r->values[s->sum_field];
	return money->present ? money->number : 0;
}

/* ${out}: the order brings no revenue. */
static enum err
add_day(struct apply_table *t, struct deltas *d, const struct record *r, bool out, int sign,
    int64_t sum)
{
	unsigned f = (unsigned)t->schema->day_field;
	const struct value *day;
	uint32_t which;
	enum err e;

	if (t->schema->day_field == SCHEMA_NO_FIELD || !(day = &r->values[f])->present)
		return ERR_OK;
	which = total_day(moment_day(day));
	if ((e = deltas_add(d, total_key(TOTAL_DAY, f, which), sign, sum)) != ERR_OK || !out)
		return e;
	return deltas_add(d, total_key(TOTAL_DAY_OUT, f, which), sign, sum);
}

/* Is the record in an option that brings no revenue and has its own code? */
static bool
brings_none(const struct apply_table *t, struct str further, const struct record *r)
{
	size_t state = t->schema->state_field;
	const struct value *v;
	unsigned code;

	if (state == SCHEMA_NO_FIELD)
		return false;
	v = &r->values[state];
	if (!v->present || !revenue_excludes(t->excluded, v->text))
		return false;
	code = options_code(&t->schema->fields[state], further, v->text);
	return code != OPTION_NONE && code < OPTION_OTHER;
}

/* Count a record in or out. */
static enum err
add_record(struct apply_table *t, struct deltas *d, const struct record *r, int sign)
{
	struct str further = { NULL, 0 };
	int64_t sum = amount(t->schema, r);
	enum err e;

	if ((e = deltas_add(d, total_key(TOTAL_ALL, 0, 0), sign, sum)) != ERR_OK)
		return e;
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		const struct field *field = &t->schema->fields[f];
		unsigned code = OPTION_NONE;

		if (!(field->flags & FIELD_GROUP))
			continue;
		if (r->values[f].present) {
			code = options_code(field, buf_str(&t->further[f]), r->values[f].text);
			code = code == OPTION_NONE ? OPTION_OTHER : code;
		}
		if ((e = deltas_add(d, total_key(TOTAL_OPTION, f, code), sign, sum)) != ERR_OK)
			return e;
	}
	if (t->schema->state_field != SCHEMA_NO_FIELD)
		further = buf_str(&t->further[t->schema->state_field]);
	return add_day(t, d, r, brings_none(t, further, r), sign, sum);
}

enum err
apply_totals(struct apply_table *t)
{
	struct deltas d = { 0 };
	enum err e = ERR_OK;

	t->excluded = revenue_excluded(t->txn, t->all->dbs->meta);
	for (size_t n = 0; n < t->count && e == ERR_OK; n++) {
		const struct apply_item *i = &t->items[n];

		if (i->existed)
			e = add_record(t, &d, &i->old, -1);
		if (e == ERR_OK && !i->gone)
			e = add_record(t, &d, &i->now, 1);
	}
	if (e == ERR_OK)
		e = deltas_write(t, &d);
	free(d.slots);
	return e;
}

static enum err
forget(struct apply_table *t, enum total_kind kind)
{
	uint64_t first = total_key(kind, 0, 0), after = total_key(kind + 1, 0, 0);

	return db_del_range(t->txn, t->dbs->totals, key_u64(&first), key_u64(&after));
}

static enum err
count_day(struct apply_table *t, struct deltas *d, struct str further, uint32_t row)
{
	struct row_view view;
	struct record r;
	enum err e = row_get(t->txn, t->dbs->rows, row, &view);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (row_values(&view, t->schema, &r) != ERR_OK)
		return ERR_STORE_CORRUPT;
	return add_day(t, d, &r, brings_none(t, further, &r), 1, amount(t->schema, &r));
}

enum err
apply_rebuild_days(struct apply_table *t)
{
	struct str further = { NULL, 0 };
	struct deltas d = { 0 };
	enum err e;

	if (t->schema->day_field == SCHEMA_NO_FIELD)
		return ERR_OK;
	(void)forget(t, TOTAL_DAY);
	(void)forget(t, TOTAL_DAY_OUT);
	t->excluded = revenue_excluded(t->txn, t->all->dbs->meta);
	if (t->schema->state_field != SCHEMA_NO_FIELD)
		further = options_load(t->txn, t->all->dbs->meta, t->schema,
		    (unsigned)t->schema->state_field);
	e = t->txn->fault.error;
	for (uint32_t row = 0; row < t->head->rows_end && e == ERR_OK; row++)
		e = count_day(t, &d, further, row);
	if (e == ERR_OK)
		e = deltas_write(t, &d);
	free(d.slots);
	return e;
}
