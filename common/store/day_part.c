#include "common/base/zone.h"
#include "common/store/day_part.h"
#include "common/store/orderings.h"
#include "common/store/row.h"
#include "common/tables/moment.h"

struct days {
	struct store		*st;
	const struct schema	*schema;
	struct ordering		 by_time;	/* of the schema's day_field, ascending */
};

static enum err
fetch(void *cookie, uint32_t row, bool with_id, struct sort_key *k)
{
	const struct days *d = cookie;

	(void)with_id;	/* the id to look for is "", which sorts before every other */
	return sort_key_load(store_txn(d->st), store_table(store_databases(d->st), d->schema)->columns, d->schema,
	    (unsigned)d->schema->day_field, row, k);
}

/* The position of the first order from ${ms} on. */
static enum err
position_of(struct days *d, int64_t ms, uint32_t *position)
{
	const struct sort_key key = { .present = true, .number = ms };

	return ordering_search(&d->by_time, &key, true, fetch, d, position);
}

static enum err
is_date(struct days *d, uint32_t row, bool *date)
{
	struct row_view view;
	struct record r;

	if (store_row(d->st, d->schema, row, &view) != ERR_OK || row_values(&view, d->schema, &r) != ERR_OK)
		return ERR_STORE_CORRUPT;
	*date = moment_is_date(&r.values[d->schema->day_field]);
	return ERR_OK;
}

/* Do all orders of the day have a time?  Those without one are at its first moment. */
static enum err
have_times(struct days *d, int32_t day, bool *all)
{
	int64_t first = zone_date_start(day);
	uint32_t at, end;
	bool date = false;
	enum err e;

	if ((e = position_of(d, first, &at)) != ERR_OK || (e = position_of(d, first + 1, &end)) != ERR_OK)
		return e;
	if (end - at > DAY_PART_FIRST_MAX)
		date = true;
	for (; at < end && !date && e == ERR_OK; at++) {
		uint32_t row;

		if ((e = ordering_row(&d->by_time, at, &row)) == ERR_OK)
			e = is_date(d, row, &date);
	}
	*all = !date;
	return e;
}

enum err
day_part_count(struct store *st, const struct schema *schema, int32_t day, int64_t now_ms,
    struct day_part *part)
{
	struct days d = { .st = st, .schema = schema };
	uint32_t from = 0, to = 0;
	enum err e;

	*part = (struct day_part){ .until_ms = zone_same_time(day, now_ms) };
	e = ordering_open(&d.by_time, store_txn(st), store_table(store_databases(st), schema)->orderings,
	    (unsigned)schema->day_field, false, store_row_count(st, schema));
	if (e == ERR_OK && (e = have_times(&d, day, &part->known)) == ERR_OK && part->known &&
	    (e = position_of(&d, zone_day_start(day), &from)) == ERR_OK)
		e = position_of(&d, part->until_ms, &to);
	part->count = to - from;
	return db_tell(store_txn(st), "days", e);
}
