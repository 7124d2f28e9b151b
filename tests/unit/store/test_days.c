#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/query/query.h"
#include "common/store/day_part.h"
#include "common/store/row.h"
#include "common/store/summary.h"
#include "common/tables/moment.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

/*
 * Dates without a time: each is its day in every zone, for filters, order,
 * totals and readers, also after the zone has changed, and beside instants.
 */
#define HOUR_MS	INT64_C(3600000)
#define DAY_MS	(24 * HOUR_MS)

static const char *const zones[] = {
	"UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati",	/* UTC+14 */
	"Pacific/Pago_Pago",		/* UTC-11 */
	"Asia/Kathmandu",		/* UTC+5:45 */
	"America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo",	/* midnights that did not exist */
	"Pacific/Apia"			/* a day that did not exist */
};
#define ZONES	(sizeof(zones) / sizeof(zones[0]))

static const char *const days[] = {
	"2026-11-28", "2024-02-29", "2000-01-01", "1970-01-01", "1969-12-31", "1999-12-31",
	"2026-03-08",	/* New York: 23 hours */
	"2026-11-01",	/* New York: 25 hours */
	"2018-11-04",	/* Sao Paulo: begins at 1:00 */
	"2022-03-27",	/* Beirut: begins at 1:00 */
	"2024-04-26",	/* Cairo: begins at 1:00 */
	"2011-12-30",	/* Apia: left out */
	"2011-12-31", "2011-12-29"
};
#define DAYS	(sizeof(days) / sizeof(days[0]))
#define EACH	5	/* orders of a day: three of the date, two instants of that day */

static struct config config;
static struct apply *a;
static struct store *st;
static struct query *q;
static struct query_page page;

static void
open_in(const char *zone)
{
	(void)strcpy(config.summary.time_zone, zone);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_ptr_nonnull(q = query_new(&orders_schema));
}

static void
teardown(void)
{
	query_free(q);
	apply_close(a);
}

static int32_t
day_number(const char *date)
{
	int64_t ms;

	ck_assert_int_eq(instant_parse(str_of(date), &ms), ERR_OK);
	return (int32_t)(ms / DAY_MS);
}

static void
date_text(int32_t day, char text[static 16])
{
	int y, m, d;

	instant_civil_from_day(day, &y, &m, &d);
	(void)snprintf(text, 16, "%04d-%02d-%02d", y % 10000, m % 100, d % 100);
}

/* Orders of each day: "recDD-n" is of day DD; n < 3 the date, else an instant. */
static void
put_days(void)
{
	static char ids[DAYS * EACH][16];
	struct change c[DAYS * EACH] = { 0 };

	for (size_t i = 0; i < DAYS * EACH; i++) {
		struct value *v = c[i].record.values;
		size_t day = i / EACH;
		int64_t start = zone_day_start(day_number(days[day]));

		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%02zu-%zu", day, i % EACH);
		c[i].record.id = str_of(ids[i]);
		c[i].record.known = schema_all(&orders_schema);
		v[ORDER_TOTAL] = (struct value){ .present = true, .number = 10000 };
		v[ORDER_CREATED_AT].present = v[ORDER_UPDATED_AT].present = true;
		if (i % EACH < 3)
			ck_assert_int_eq(moment_parse(str_of(days[day]), &v[ORDER_CREATED_AT]), ERR_OK);
		else
			v[ORDER_CREATED_AT].number = i % EACH == 3 ? start :
			    zone_day_start(day_number(days[day]) + 1) - 1;
		v[ORDER_UPDATED_AT] = v[ORDER_CREATED_AT];
	}
	(void)made_apply(a, c, DAYS * EACH);
}

/* How many orders the list has for these bounds; their ids begin with ${prefix}, unless it is NULL. */
static uint64_t
listed(const char *field, const char *from, const char *to, const char *prefix)
{
	char names[2][32];
	struct param params[2] = { { { names[0], 0 }, str_of(from) }, { { names[1], 0 }, str_of(to) } };
	struct field_errors errors = { .count = 0 };

	params[0].name.len = (size_t)snprintf(names[0], sizeof(names[0]), "%sFrom", field);
	params[1].name.len = (size_t)snprintf(names[1], sizeof(names[1]), "%sTo", field);
	ck_assert_int_eq(query_parse(q, st, params, 2, true, &errors), ERR_OK);
	ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
	for (size_t i = 0; i < page.count && prefix != NULL; i++) {
		struct row_view view;

		ck_assert_int_eq(store_row(st, &orders_schema, page.rows[i], &view), ERR_OK);
		ck_assert_msg(memcmp(view.id.ptr, prefix, strlen(prefix)) == 0, "%.*s is not of %s",
		    STR_FMT(view.id), from);
	}
	return page.total;
}

static int
counted(const char *date, int64_t now_ms)
{
	struct summary_cache *cache = summary_cache_new();
	struct summary_body body;
	const cJSON *day;
	cJSON *json;
	int count = -1;

	ck_assert_ptr_nonnull(cache);
	ck_assert_int_eq(summary_get(cache, st, &orders_schema, now_ms, &body), ERR_OK);
	ck_assert_ptr_nonnull(json = cJSON_ParseWithLength(body.json.ptr, body.json.len));
	cJSON_ArrayForEach(day, cJSON_GetObjectItem(json, "daily"))
		if (strcmp(cJSON_GetObjectItem(day, "date")->valuestring, date) == 0)
			count = cJSON_GetObjectItem(day, "count")->valueint;
	cJSON_Delete(json);
	summary_cache_free(cache);
	return count;
}

/* The dates of each day are found on it, counted on it and shown as they are. */
static void
check_days(bool instants)
{
	char prefix[16], next[16];

	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	for (size_t i = 0; i < DAYS; i++) {
		int32_t day = day_number(days[i]);
		bool real = zone_day(zone_day_start(day)) == day;
		unsigned most = !instants || !real ? 3 : EACH;

		date_text(day + 1, next);
		(void)snprintf(prefix, sizeof(prefix), "rec%02zu-", i);
		ck_assert_msg(listed("created", days[i], next, instants && real ? prefix : NULL) >= most,
		    "%s in %s: %llu", days[i], config.summary.time_zone, (unsigned long long)page.total);
		ck_assert_uint_eq(listed("updated", days[i], next, NULL), page.total);
		if (instants && real) {
			ck_assert_uint_eq(page.total, EACH);
			ck_assert_int_eq(counted(days[i], zone_day_start(day + 1)), EACH);
		}
	}
	store_end(st);
}

START_TEST(a_date_is_its_day_in_every_zone)
{
	open_in(zones[_i]);
	put_days();
	check_days(strcmp(zones[_i], "Pacific/Apia") != 0);
	if (strcmp(zones[_i], "Pacific/Apia") != 0)
		return;
	/* the day that its calendar left out has the orders that bear its date, and no other has them */
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(listed("created", "2011-12-29", "2011-12-30", "rec13-"), 4);
	ck_assert_uint_ge(listed("created", "2011-12-30", "2011-12-31", NULL), 3);
	ck_assert_int_eq(counted("2011-12-30", zone_day_start(day_number("2012-01-05"))), 3);
}
END_TEST

START_TEST(another_zone_moves_instants_and_no_date)
{
	uint64_t generation, version;
	struct row_view view;

	open_in(zones[_i]);
	put_days();
	generation = apply_generation(a);
	for (size_t z = 0; z < ZONES; z++) {
		apply_close(a);
		open_in(zones[z]);
		check_days(false);
		/* what clients kept from another zone is not confirmed as current */
		if (z > 0)
			ck_assert_uint_gt(apply_generation(a), generation);
		generation = apply_generation(a);
	}
	apply_close(a);
	open_in(zones[ZONES - 1]);
	ck_assert_uint_eq(apply_generation(a), generation);
	/* nothing that an order shows has changed */
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_gt(listed("created", "2026-11-28", "2026-11-29", NULL), 0);
	version = 0;
	for (size_t i = 0; i < page.count; i++) {
		ck_assert_int_eq(store_row(st, &orders_schema, page.rows[i], &view), ERR_OK);
		if (memcmp(view.id.ptr, "rec00-0", 7) != 0)
			continue;
		version = view.version;
		ck_assert_ptr_nonnull(memmem(view.json.ptr, view.json.len,
		    "\"createdAt\":\"2026-11-28\",\"updatedAt\":\"2026-11-28\"", 49));
	}
	ck_assert_uint_gt(version, 0);
	ck_assert_uint_lt(version, generation);
}
END_TEST

START_TEST(dates_stand_among_instants_where_their_day_begins)
{
	static const char *const times[] = {
		"2026-11-27T23:59:59.999-05:00", "2026-11-28", "2026-11-28T00:00:00.001-05:00",
		"2026-11-28T23:59:59-05:00", "2026-11-29"
	};
	static char ids[5][8];
	struct change c[5];
	struct param sort = { STR("sort"), STR("createdAt") };
	struct field_errors errors = { .count = 0 };

	open_in("America/New_York");
	for (size_t i = 0; i < 5; i++) {
		struct value *v = &c[i].record.values[ORDER_CREATED_AT];

		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%zu", 9 - i);
		c[i].record.id = str_of(ids[i]);
		c[i].record.known = schema_all(&orders_schema);
		v->present = true;
		ck_assert_int_eq(moment_parse(str_of(times[i]), v), ERR_OK);
	}
	(void)made_apply(a, c, 5);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	ck_assert_int_eq(query_parse(q, st, &sort, 1, true, &errors), ERR_OK);
	ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
	for (size_t i = 0; i < 5; i++) {
		struct row_view view;

		ck_assert_int_eq(store_row(st, &orders_schema, page.rows[i], &view), ERR_OK);
		ck_assert(str_is(view.id, ids[i]));
	}
	/* against a full instant a date counts as the moment at which its day begins in the desk's zone */
	ck_assert_uint_eq(listed("created", "2026-11-28T05:00:00Z", "2026-11-28T05:00:00.001Z", NULL), 1);
	ck_assert_uint_eq(listed("created", "2026-11-28T05:00:00.001Z", "2026-11-29T05:00:00Z", NULL), 2);
}
END_TEST

START_TEST(a_date_is_another_value_than_the_moment_it_begins)
{
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	struct value *v = &c.record.values[ORDER_CREATED_AT];
	struct apply_result r;

	open_in("UTC");
	c.record.id = STR("rec1");
	c.record.known = schema_all(&orders_schema);
	v->present = true;
	ck_assert_int_eq(moment_parse(STR("2026-11-28"), v), ERR_OK);
	ck_assert_uint_eq(made_apply(a, &c, 1).created, 1);
	ck_assert_uint_eq(made_apply(a, &c, 1).unchanged, 1);
	*v = (struct value){ .present = true };
	ck_assert_int_eq(moment_parse(STR("2026-11-28T00:00:00Z"), v), ERR_OK);
	r = made_apply(a, &c, 1);
	ck_assert_uint_eq(r.changed, 1);
	ck_assert_uint_eq(made_apply(a, &c, 1).unchanged, 1);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	ck_assert_uint_eq(listed("created", "2026-11-28", "2026-11-29", NULL), 1);
}
END_TEST

START_TEST(the_first_and_last_possible_dates_can_be_stored)
{
	static const char *const ends[] = { "0000-01-01", "9999-12-31" };
	static char ids[2][8];
	struct change c[2];

	open_in(zones[_i]);
	for (size_t i = 0; i < 2; i++) {
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%zu", i);
		c[i].record.id = str_of(ids[i]);
		c[i].record.known = schema_all(&orders_schema);
		c[i].record.values[ORDER_CREATED_AT].present = true;
		ck_assert_int_eq(moment_parse(str_of(ends[i]), &c[i].record.values[ORDER_CREATED_AT]), ERR_OK);
	}
	(void)made_apply(a, c, 2);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	ck_assert_uint_eq(listed("created", "0000-01-01", "0000-01-02", "rec0"), 1);
	ck_assert_uint_eq(listed("created", "9999-12-31", "9999-12-31T23:59:59.999Z", "rec1"),
	    zone_day_start(day_number("9999-12-31")) <= INSTANT_MAX);
}
END_TEST

/* ---- parts of a day --------------------------------------------------------------- */
static int64_t
at(const char *time)
{
	int64_t ms;

	ck_assert_int_eq(instant_parse(str_of(time), &ms), ERR_OK);
	return ms;
}

START_TEST(the_part_of_a_day_ends_at_the_same_time_by_its_clock)
{
	static const struct { const char *zone, *day, *now, *until; } parts[] = {
		{ "UTC", "2026-11-29", "2026-11-30T13:35:00Z", "2026-11-29T13:35:00Z" },
		{ "UTC", "2026-11-23", "2026-11-30T00:00:00Z", "2026-11-23T00:00:00Z" },
		{ "UTC", "1969-12-30", "1969-12-31T23:59:59Z", "1969-12-30T23:59:59Z" },
		/* yesterday had 23 hours: before, within and after what it left out */
		{ "Europe/Berlin", "2026-03-29", "2026-03-29T23:30:00Z", "2026-03-29T00:30:00Z" },
		{ "Europe/Berlin", "2026-03-29", "2026-03-30T00:30:00Z", "2026-03-29T01:00:00Z" },
		{ "Europe/Berlin", "2026-03-29", "2026-03-30T01:00:00Z", "2026-03-29T01:00:00Z" },
		{ "Europe/Berlin", "2026-03-29", "2026-03-30T01:30:00Z", "2026-03-29T01:30:00Z" },
		/* today has */
		{ "Europe/Berlin", "2026-03-28", "2026-03-29T00:30:00Z", "2026-03-28T00:30:00Z" },
		{ "Europe/Berlin", "2026-03-28", "2026-03-29T01:30:00Z", "2026-03-28T02:30:00Z" },
		{ "Europe/Berlin", "2026-03-29", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z" },
		/* yesterday had 25, a time twice: the first */
		{ "Europe/Berlin", "2026-10-25", "2026-10-26T00:30:00Z", "2026-10-24T23:30:00Z" },
		{ "Europe/Berlin", "2026-10-25", "2026-10-26T01:30:00Z", "2026-10-25T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-25", "2026-10-26T02:30:00Z", "2026-10-25T02:30:00Z" },
		{ "America/New_York", "2026-11-01", "2026-11-02T06:30:00Z", "2026-11-01T05:30:00Z" },
		/* today has: both times are the same time of yesterday, and today's own is now */
		{ "Europe/Berlin", "2026-10-24", "2026-10-25T00:30:00Z", "2026-10-24T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-24", "2026-10-25T01:30:00Z", "2026-10-24T00:30:00Z" },
		{ "Europe/Berlin", "2026-10-25", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z" },
		/* the clock was put forward at midnight, and the day before was put back there */
		{ "Africa/Cairo", "2024-04-26", "2024-04-26T21:30:00Z", "2024-04-25T22:00:00Z" },
		{ "Africa/Cairo", "2024-04-25", "2024-04-25T23:00:00Z", "2024-04-25T00:00:00Z" },
		{ "Africa/Cairo", "2024-10-31", "2024-11-01T21:30:00Z", "2024-10-31T20:30:00Z" },
		/* a day that the calendar left out */
		{ "Pacific/Apia", "2011-12-30", "2011-12-30T20:00:00Z", "2011-12-30T10:00:00Z" },
		{ "Pacific/Apia", "2011-12-29", "2011-12-30T20:00:00Z", "2011-12-29T20:00:00Z" }
	};

	open_in("UTC");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char text[INSTANT_TEXT_SIZE];

		ck_assert_int_eq(zone_use(str_of(parts[i].zone)), ERR_OK);
		ck_assert_int_eq(instant_format(zone_same_time(day_number(parts[i].day), at(parts[i].now)), text), ERR_OK);
		ck_assert_msg(at(text) == at(parts[i].until), "%s, %s at %s: %s, not %s", parts[i].zone,
		    parts[i].day, parts[i].now, text, parts[i].until);
	}
}
END_TEST

/* One order, created at that time. */
static void
put_at(unsigned number, const char *time)
{
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	char id[16];

	(void)snprintf(id, sizeof(id), "rec%05u", number);
	c.record.id = str_of(id);
	c.record.known = schema_all(&orders_schema);
	c.record.values[ORDER_CREATED_AT].present = time != NULL;
	if (time != NULL)
		ck_assert_int_eq(moment_parse(str_of(time), &c.record.values[ORDER_CREATED_AT]), ERR_OK);
	(void)made_apply(a, &c, 1);
}

/* How many of the day's orders lie before the time of day of ${now}; -1: not known. */
static int
in_part(const char *day, const char *now)
{
	struct day_part part;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(day_part_count(st, &orders_schema, day_number(day), at(now), &part), ERR_OK);
	store_end(st);
	return part.known ? (int)part.count : -1;
}

START_TEST(orders_of_a_day_are_counted_up_to_the_present_time_of_day)
{
	unsigned n = 0;

	open_in("Europe/Berlin");
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T10:00:00Z"), 0);	/* no order at all */
	/* of the 28th; then from the first moment of the 29th, which has 23 hours, to its last */
	put_at(n++, "2026-03-28T22:59:59.999Z");
	put_at(n++, "2026-03-28T23:00:00Z");
	put_at(n++, "2026-03-29T00:59:59.999Z");
	put_at(n++, "2026-03-29T01:00:00Z");
	put_at(n++, "2026-03-29T10:00:00Z");
	put_at(n++, "2026-03-29T21:59:59.999Z");
	put_at(n++, "2026-03-29T22:00:00Z");	/* the 30th */
	put_at(n++, "2026-03-30T09:59:59Z");
	put_at(n++, "2026-03-30T10:00:00Z");	/* what is to come is not over */
	put_at(n++, NULL);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-29T22:00:00Z"), 0);	/* midnight */
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-29T22:01:00Z"), 1);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T00:30:00Z"), 2);	/* a time that it left out */
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T01:00:00Z"), 2);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T01:01:00Z"), 3);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T10:00:00Z"), 3);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T10:01:00Z"), 4);
	ck_assert_int_eq(in_part("2026-03-29", "2026-03-30T21:59:00Z"), 4);
	ck_assert_int_eq(in_part("2026-03-30", "2026-03-30T10:00:00Z"), 2);
	ck_assert_int_eq(in_part("2026-03-28", "2026-03-30T21:59:59.999Z"), 0);
	ck_assert_int_eq(in_part("2026-03-23", "2026-03-30T10:00:00Z"), 0);
	/* the 25 hours of another day */
	put_at(n++, "2026-10-25T00:30:00Z");
	put_at(n++, "2026-10-25T01:30:00Z");
	ck_assert_int_eq(in_part("2026-10-25", "2026-10-26T01:30:00Z"), 0);
	ck_assert_int_eq(in_part("2026-10-25", "2026-10-26T01:59:00Z"), 1);
	ck_assert_int_eq(in_part("2026-10-25", "2026-10-26T02:01:00Z"), 2);
	ck_assert_int_eq(in_part("2026-10-25", "2026-10-25T01:31:00Z"), 2);
}
END_TEST

START_TEST(dates_without_a_time_are_in_no_part_of_their_day)
{
	static struct change many[DAY_PART_FIRST_MAX];
	static char ids[DAY_PART_FIRST_MAX][16];

	open_in("America/New_York");
	put_at(0, "2026-11-28");
	put_at(1, "2026-11-28T15:00:00Z");
	put_at(2, "2026-11-29T05:00:00Z");	/* its first moment, as a time */
	put_at(3, "2026-11-29T15:00:00Z");
	ck_assert_int_eq(in_part("2026-11-28", "2026-11-30T16:00:00Z"), -1);
	ck_assert_int_eq(in_part("2026-11-29", "2026-11-30T16:00:00Z"), 2);
	ck_assert_int_eq(in_part("2026-11-27", "2026-11-30T16:00:00Z"), 0);
	put_at(2, "2026-11-29");
	ck_assert_int_eq(in_part("2026-11-29", "2026-11-30T16:00:00Z"), -1);
	put_at(2, "2026-11-28");
	ck_assert_int_eq(in_part("2026-11-29", "2026-11-30T16:00:00Z"), 1);
	/* dates that are written as times */
	for (unsigned i = 0; i < DAY_PART_FIRST_MAX; i++) {
		many[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%u", 10000 + i);
		many[i].record.id = str_of(ids[i]);
		many[i].record.known = schema_all(&orders_schema);
		many[i].record.values[ORDER_CREATED_AT].present = true;
		ck_assert_int_eq(moment_parse(STR("2026-11-29T05:00:00Z"), &many[i].record.values[ORDER_CREATED_AT]), ERR_OK);
	}
	(void)made_apply(a, many, DAY_PART_FIRST_MAX);
	ck_assert_int_eq(in_part("2026-11-29", "2026-11-30T16:00:00Z"), 1 + (int)DAY_PART_FIRST_MAX);
	put_at(4, "2026-11-29T05:00:00Z");
	ck_assert_int_eq(in_part("2026-11-29", "2026-11-30T16:00:00Z"), -1);
}
END_TEST

START_TEST(a_missing_zone_is_not_taken_for_the_previous_one)
{
	int64_t berlin;

	open_in("UTC");
	ck_assert_int_eq(zone_use(STR("Europe/Berlin")), ERR_OK);
	berlin = zone_day_start(20000);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(zone_use(STR("No/Where")), ERR_INVALID_PARAMETER);
		ck_assert_int_eq(zone_day_start(20000), 20000 * DAY_MS);
	}
	ck_assert_int_eq(zone_use(STR("Europe/Berlin")), ERR_OK);
	ck_assert_int_eq(zone_day_start(20000), berlin);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("days");
	TCase *t = tcase_create("days");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_date_is_its_day_in_every_zone, 0, ZONES);
	tcase_add_loop_test(t, another_zone_moves_instants_and_no_date, 0, ZONES);
	tcase_add_test(t, dates_stand_among_instants_where_their_day_begins);
	tcase_add_test(t, a_date_is_another_value_than_the_moment_it_begins);
	tcase_add_loop_test(t, the_first_and_last_possible_dates_can_be_stored, 0, ZONES);
	tcase_add_test(t, the_part_of_a_day_ends_at_the_same_time_by_its_clock);
	tcase_add_test(t, orders_of_a_day_are_counted_up_to_the_present_time_of_day);
	tcase_add_test(t, dates_without_a_time_are_in_no_part_of_their_day);
	tcase_add_test(t, a_missing_zone_is_not_taken_for_the_previous_one);
	suite_add_tcase(s, t);
	return run_suite(s);
}
