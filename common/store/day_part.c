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

static int
fetch(void *cookie, uint32_t row, bool with_id, struct sort_key *k)
{
	const struct days *d = cookie;

	(void)with_id;	/* no id is as small as the one that is looked for: "" */
	return sort_key_load(store_txn(d->st), store_databases(d->st)->orders.columns, d->schema,
	    (unsigned)d->schema->day_field, row, k);
}

/* The position of the first order from ${ms} on. */
static int
position_of(struct days *d, int64_t ms, uint32_t *position)
{
	const struct sort_key key = { .present = true, .number = ms };

	return ordering_search(&d->by_time, &key, true, fetch, d, position);
}

static int
is_date(struct days *d, uint32_t row, bool *date)
{
	struct row_view view;
	struct record r;

	if (store_row(d->st, row, &view) != ERR_OK || row_values(&view, d->schema, &r) != ERR_OK)
		return MDB_CORRUPTED;
	*date = moment_is_date(&r.values[d->schema->day_field]);
	return 0;
}

/* Have all orders of the day a time?  Dates without one stand at its first moment. */
static int
have_times(struct days *d, int32_t day, bool *all)
{
	int64_t first = zone_date_start(day);
	uint32_t at, end;
	bool date = false;
	int rc;

	if ((rc = position_of(d, first, &at)) != 0 || (rc = position_of(d, first + 1, &end)) != 0)
		return rc;
	if (end - at > DAY_PART_FIRST_MAX)
		date = true;
	for (; at < end && !date && rc == 0; at++) {
		uint32_t row;

		if ((rc = ordering_row(&d->by_time, at, &row)) == 0)
			rc = is_date(d, row, &date);
	}
	*all = !date;
	return rc;
}

enum err
day_part_count(struct store *st, const struct schema *schema, int32_t day, int64_t now_ms,
    struct day_part *part)
{
	struct days d = { .st = st, .schema = schema };
	uint32_t from = 0, to = 0;
	int rc;

	*part = (struct day_part){ .until_ms = zone_same_time(day, now_ms) };
	rc = ordering_open(&d.by_time, store_txn(st), store_databases(st)->orders.orderings,
	    (unsigned)schema->day_field, false, store_row_count(st));
	if (rc == 0 && (rc = have_times(&d, day, &part->known)) == 0 && part->known &&
	    (rc = position_of(&d, zone_day_start(day), &from)) == 0)
		rc = position_of(&d, part->until_ms, &to);
	part->count = to - from;
	return rc == 0 ? ERR_OK : store_error("days", rc);
}
