#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cjson/cJSON.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/store/change_log.h"
#include "common/store/currency.h"
#include "common/store/revenue.h"
#include "common/store/summary.h"
#include "tests/lib/closed_store.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/outbox_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

static struct config config;
static struct apply *a;
static struct store *st;
static struct summary_cache *cache;

static void
open_in(const char *zone)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	(void)strcpy(config.summary.time_zone, zone);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
}

static void
teardown(void)
{
	summary_cache_free(cache);
	apply_close(a);
}

static int64_t
at(const char *time)
{
	int64_t ms;

	ck_assert_int_eq(instant_parse(str_of(time), &ms), ERR_OK);
	return ms;
}

/* One order made at ${created} with a total of ${cents} cents, committed at ${now}. */
static void
put(const char *id, const char *created, int64_t cents, const char *status, const char *now)
{
	struct apply_meta meta = { 0 };
	struct apply_result result;
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };

	c.record.id = str_of(id);
	c.record.known = schema_all(&orders_schema);
	c.record.values[ORDER_CREATED_AT] = (struct value){ true, { NULL, 0 }, at(created) };
	c.record.values[ORDER_TOTAL] = (struct value){ true, { NULL, 0 }, cents * 100 };
	if (status != NULL)
		c.record.values[ORDER_STATUS] = (struct value){ true, str_of(status), 0 };
	ck_assert_int_eq(apply_changes(a, &c, 1, SOURCE_WRITE, &meta, at(now), &result), ERR_OK);
}

static cJSON *
summary_at(const char *now, struct summary_body *body)
{
	cJSON *json;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(summary_get(cache, st, &orders_schema, at(now), body), ERR_OK);
	ck_assert_ptr_nonnull(json = cJSON_ParseWithLength(body->json.ptr, body->json.len));
	return json;
}

static int
day_count(const cJSON *json, const char *date)
{
	const cJSON *day;

	cJSON_ArrayForEach(day, cJSON_GetObjectItem(json, "daily"))
		if (strcmp(cJSON_GetObjectItem(day, "date")->valuestring, date) == 0)
			return cJSON_GetObjectItem(day, "count")->valueint;
	return -1;
}

START_TEST(an_empty_store_has_a_summary_of_zeros)
{
	struct summary_body body;
	cJSON *json;

	open_in("UTC");
	json = summary_at("2026-11-21T10:00:00Z", &body);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "daily")), SUMMARY_DAYS);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "byStatus")), 5);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "byPriority")), 3);
	ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json, "syncedAt")));
	cJSON_Delete(json);
}
END_TEST

START_TEST(days_are_calendar_days_of_the_zone)
{
	struct summary_body body;
	cJSON *json;

	open_in("America/New_York");
	put("rec1", "2026-11-21T04:30:00Z", 1000, "Pending", "2026-11-21T12:00:00Z");	/* still the 20th there */
	put("rec2", "2026-11-21T05:30:00Z", 1000, "Pending", "2026-11-21T12:00:00Z");
	json = summary_at("2026-11-21T12:00:00Z", &body);
	ck_assert_int_eq(day_count(json, "2026-11-20"), 1);
	ck_assert_int_eq(day_count(json, "2026-11-21"), 1);
	cJSON_Delete(json);
}
END_TEST

START_TEST(today_turns_at_midnight_without_a_commit)
{
	struct summary_body before, after;
	cJSON *json;

	open_in("Europe/Berlin");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Pending", "2026-11-21T12:00:00Z");
	json = summary_at("2026-11-21T22:59:59.999Z", &before);	/* a moment before midnight there */
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "daily"),
	    SUMMARY_DAYS - 1), "date")->valuestring, "2026-11-21");
	cJSON_Delete(json);
	json = summary_at("2026-11-21T23:00:00Z", &after);
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "daily"),
	    SUMMARY_DAYS - 1), "date")->valuestring, "2026-11-22");
	ck_assert_int_eq(day_count(json, "2026-11-21"), 1);
	ck_assert_int_eq(after.day, before.day + 1);
	cJSON_Delete(json);
	json = summary_at("2026-12-25T12:00:00Z", &after);	/* a month without a daemon */
	ck_assert_int_eq(day_count(json, "2026-11-21"), -1);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "daily")), SUMMARY_DAYS);
	cJSON_Delete(json);
}
END_TEST

START_TEST(days_of_23_and_25_hours_are_one_day_each)
{
	int64_t start;

	ck_assert_int_eq(zone_use(STR("Europe/Berlin")), ERR_OK);
	start = zone_day_start(instant_day_from_civil(2026, 3, 29));
	ck_assert_int_eq(start, at("2026-03-28T23:00:00Z"));
	ck_assert_int_eq(zone_day_start(instant_day_from_civil(2026, 3, 30)) - start, 23 * 3600000);
	start = zone_day_start(instant_day_from_civil(2026, 10, 25));
	ck_assert_int_eq(zone_day_start(instant_day_from_civil(2026, 10, 26)) - start, 25 * 3600000);
	/* a zone whose clock skips midnight itself */
	ck_assert_int_eq(zone_use(STR("Africa/Cairo")), ERR_OK);
	start = zone_day_start(instant_day_from_civil(2024, 4, 26));
	ck_assert_int_eq(zone_day(start), instant_day_from_civil(2024, 4, 26));
	ck_assert_int_eq(zone_day(start - 1), instant_day_from_civil(2024, 4, 25));
	ck_assert_int_eq(zone_use(STR("No/Where")), ERR_INVALID_PARAMETER);
	ck_assert_int_eq(zone_use(STR("../../etc/passwd")), ERR_INVALID_PARAMETER);
	open_in("UTC");
}
END_TEST

START_TEST(unknown_and_empty_options_have_entries_of_their_own)
{
	struct summary_body body;
	cJSON *json, *list;

	open_in("UTC");
	put("rec1", "2026-11-21T10:00:00Z", 1001, "On Hold", "2026-11-21T12:00:00Z");
	put("rec2", "2026-11-21T10:00:00Z", 1002, NULL, "2026-11-21T12:00:00Z");
	json = summary_at("2026-11-21T12:00:00Z", &body);
	list = cJSON_GetObjectItem(json, "byStatus");
	ck_assert_int_eq(cJSON_GetArraySize(list), 7);
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 5), "status")->valuestring, "On Hold");
	ck_assert(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 6), "status")));
	cJSON_Delete(json);
	/* and go again when nothing carries them */
	put("rec1", "2026-11-21T10:00:00Z", 1001, "Pending", "2026-11-21T12:00:00Z");
	json = summary_at("2026-11-21T12:00:00Z", &body);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "byStatus")), 6);
	cJSON_Delete(json);
}
END_TEST

START_TEST(sums_are_exact)
{
	struct summary_body body;
	char id[20];

	open_in("UTC");
	for (int i = 0; i < 300; i++) {
		(void)snprintf(id, sizeof(id), "rec%d", i);
		put(id, "2026-11-21T10:00:00Z", 10, "Pending", "2026-11-21T12:00:00Z");	/* 0.10 each */
	}
	cJSON_Delete(summary_at("2026-11-21T12:00:00Z", &body));
	ck_assert_ptr_nonnull(memmem(body.json.ptr, body.json.len,
	    "\"total\":{\"count\":300,\"orderTotal\":30.00}", 39));
}
END_TEST

START_TEST(orders_that_wait_for_airtable_are_counted_after_the_total)
{
	struct made_entry m;
	struct summary_body body;
	const char *want = "\"total\":{\"count\":1,\"orderTotal\":10.00},"
	    "\"revenue\":{\"count\":1,\"orderTotal\":10.00,\"excludes\":[\"Cancelled\"]},\"pending\":1,\"byStatus\"";
	cJSON *json;

	open_in("UTC");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Pending", "2026-11-21T12:00:00Z");
	json = summary_at("2026-11-21T12:00:00Z", &body);
	ck_assert_int_eq(cJSON_GetObjectItem(json, "pending")->valueint, 0);
	cJSON_Delete(json);
	store_end(st);
	made_entry(&m, a, OUTBOX_UPDATE, "rec1");
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.shown = true;
	(void)made_store(a, &m, at("2026-11-21T12:00:00Z"));
	cJSON_Delete(summary_at("2026-11-21T12:00:00Z", &body));
	ck_assert_ptr_nonnull(memmem(body.json.ptr, body.json.len, want, strlen(want)));
	/* also in the body that a worker makes after midnight */
	cJSON_Delete(summary_at("2026-11-22T12:00:00Z", &body));
	ck_assert_ptr_nonnull(memmem(body.json.ptr, body.json.len, want, strlen(want)));
	/* the figures go by what is confirmed */
	json = summary_at("2026-11-21T12:00:00Z", &body);
	ck_assert_int_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "byStatus"),
	    0), "count")->valueint, 1);
	cJSON_Delete(json);
}
END_TEST

/* ---- revenue ------------------------------------------------------------------------- */
#define NOON	"2026-11-21T12:00:00Z"

/* The body's "revenue", and that of the last day in its list. */
static void
expect_revenue(const char *whole, const char *today)
{
	struct summary_body body;
	cJSON *json = summary_at(NOON, &body);
	const cJSON *daily = cJSON_GetObjectItem(json, "daily");
	char *text;

	text = cJSON_PrintUnformatted(cJSON_GetObjectItem(json, "revenue"));
	ck_assert_str_eq(text, whole);
	free(text);
	text = cJSON_PrintUnformatted(cJSON_GetObjectItem(cJSON_GetArrayItem(daily, SUMMARY_DAYS - 1), "revenue"));
	ck_assert_str_eq(text, today);
	free(text);
	store_check(st);
	store_end(st);
	cJSON_Delete(json);
}

/* Leave the store as an older build would: make ${change} to it without syncd. */
static void
left_by_older(void (*change)(struct closed_store *, struct buf *body))
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct closed_store s;
	struct buf body = { 0 };

	closed_store_open(&s, config.store.path);
	change(&s, &body);
	ck_assert_int_eq(db_put(&s.txn, s.dbs.table[orders_schema.number].totals, key_u64(&k), buf_str(&body)), ERR_OK);
	closed_store_commit(&s);
	buf_free(&body);
}

/* As it was before there were revenue and currencies: without its totals, and the body that was made then. */
static void
forget_revenue(struct closed_store *s, struct buf *body)
{
	uint64_t from = total_key(TOTAL_DAY_OUT, 0, 0), below = total_key(TOTAL_DAY_OUT + 1, 0, 0);
	struct store_head head;

	ck_assert_int_eq(db_del(&s->txn, s->dbs.meta, STR(META_EXCLUDED)), ERR_OK);
	ck_assert_int_eq(db_del(&s->txn, s->dbs.meta, STR(META_CURRENCY)), ERR_OK);
	ck_assert_int_eq(db_del_range(&s->txn, s->dbs.table[orders_schema.number].totals, key_u64(&from), key_u64(&below)), ERR_OK);
	ck_assert_int_eq(meta_head(&s->txn, s->dbs.meta, &head), ERR_OK);
	ck_assert_int_eq(summary_compose(body, &s->txn, &s->dbs, &orders_schema, &head, at(NOON)), ERR_OK);
}

static uint32_t
checksum(void)
{
	struct summary_body body;

	cJSON_Delete(summary_at(NOON, &body));
	ck_assert_uint_eq(body.checksum, (uint32_t)crc32(0, (const Bytef *)body.json.ptr, (uInt)body.json.len));
	store_end(st);
	return body.checksum;
}

/* What live clients are sent: that the summary has changed, and the generation. */
static struct { int count; uint64_t generation; bool told; } event;

static void
note_event(void *cookie, uint64_t generation, struct str entry)
{
	struct change_log_head head;
	struct change_logged logged = { .kind = 0 };

	(void)cookie;
	ck_assert_uint_ge(entry.len, sizeof(head));
	memcpy(&head, entry.ptr, sizeof(head));
	if (entry.len == sizeof(head) + sizeof(logged))
		memcpy(&logged, entry.ptr + sizeof(head), sizeof(logged));
	event.count++;
	event.generation = generation;
	event.told = head.count == 1 && logged.kind == LOGGED_TOLD &&
	    logged.table == orders_schema.number;
}

/* Since the last check there was one event, with a generation of its own. */
static void
expect_event(uint64_t *generation)
{
	ck_assert_int_eq(event.count, 1);
	ck_assert(event.told);
	ck_assert_uint_eq(event.generation, ++*generation);
	ck_assert_uint_eq(apply_generation(a), *generation);
	event.count = 0;
}

static void
put_four(void)
{
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Pending", NOON);
	put("rec2", "2026-11-21T10:00:00Z", 200, "Cancelled", NOON);
	put("rec3", "2026-11-20T10:00:00Z", 30, "Cancelled", NOON);
	put("rec4", "2026-11-21T10:00:00Z", 4, "On hold, paid", NOON);	/* a status of theirs */
	put("rec5", "2026-11-21T10:00:00Z", 50000, NULL, NOON);
}

START_TEST(cancelled_orders_are_no_revenue)
{
	open_in("UTC");
	put_four();
	expect_revenue("{\"count\":3,\"orderTotal\":510.04,\"excludes\":[\"Cancelled\"]}", "{\"count\":3,\"orderTotal\":510.04}");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Cancelled", NOON);
	put("rec3", "2026-11-21T10:00:00Z", 70, "Shipped", NOON);	/* another day, another total, another status */
	expect_revenue("{\"count\":3,\"orderTotal\":500.74,\"excludes\":[\"Cancelled\"]}", "{\"count\":3,\"orderTotal\":500.74}");
}
END_TEST

START_TEST(a_change_of_the_revenue_setting_counts_again)
{
	uint64_t generation;
	uint32_t before;

	open_in("UTC");
	put_four();
	apply_on_commit(a, note_event, NULL);
	event.count = 0;
	generation = apply_generation(a);
	before = checksum();
	apply_reconfigure(a);
	ck_assert_uint_eq(checksum(), before);
	ck_assert_int_eq(event.count, 0);
	(void)strcpy(config.summary.excluded, "\"On hold, paid\", Lost");
	apply_reconfigure(a);
	ck_assert_uint_ne(checksum(), before);	/* so that its ETag is another one */
	expect_event(&generation);
	expect_revenue("{\"count\":4,\"orderTotal\":512.3,\"excludes\":[\"On hold, paid\",\"Lost\"]}", "{\"count\":3,\"orderTotal\":512}");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Lost", NOON);	/* an option that Airtable shows only now */
	expect_revenue("{\"count\":3,\"orderTotal\":502.3,\"excludes\":[\"On hold, paid\",\"Lost\"]}", "{\"count\":2,\"orderTotal\":502}");
	(void)strcpy(config.summary.excluded, "");
	summary_cache_free(cache);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	expect_revenue("{\"count\":5,\"orderTotal\":512.34,\"excludes\":[]}", "{\"count\":4,\"orderTotal\":512.04}");
}
END_TEST

static void
expect_currency(const char *expected)
{
	struct summary_body body;
	cJSON *json = summary_at(NOON, &body);
	char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(json, "currency"));

	ck_assert_str_eq(text, expected);
	cJSON_free(text);
	cJSON_Delete(json);
	store_check(st);
	store_end(st);
}

/* ---- options ------------------------------------------------------------------------- */
/* What Airtable offers for a status, as the feed commits it; NULL: this can't be found out. */
static void
offer(const char *names, size_t len)
{
	struct offer_step step = { .table = &orders_schema, .field = ORDER_STATUS, .known = names != NULL, .names = { names, len } };
	struct apply_meta meta = { .offers = &step, .offer_count = 1 };
	struct apply_result result;
	struct change none;

	ck_assert_int_eq(apply_changes(a, &none, 0, SOURCE_FEED, &meta, at(NOON), &result), ERR_OK);
}
#define OFFER(names)	offer(names, sizeof(names))

/* The body's "byStatus": "name count" of each, commas between. */
static void
expect_statuses(const char *expected)
{
	struct summary_body body;
	cJSON *json = summary_at(NOON, &body);
	struct buf b = { 0 };
	const cJSON *one;

	cJSON_ArrayForEach(one, cJSON_GetObjectItem(json, "byStatus")) {
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "status"));

		buf_printf(&b, "%s%s %d", b.len > 0 ? ", " : "", name == NULL ? "-" : name,
		    cJSON_GetObjectItem(one, "count")->valueint);
	}
	ck_assert_str_eq(buf_cstr(&b), expected);
	buf_free(&b);
	cJSON_Delete(json);
	store_check(st);
	store_end(st);
}

START_TEST(statuses_are_those_airtable_offers_plus_others_that_orders_have)
{
	open_in("UTC");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Processing", NOON);
	put("rec2", "2026-11-21T10:00:00Z", 1000, "Shipped", NOON);
	expect_statuses("Pending 0, Processing 1, Shipped 1, Delivered 0, Cancelled 0");
	/* one of ours is renamed: as long as orders have the old name it is there, and then no more */
	OFFER("Pending\0In work\0Shipped\0Delivered\0Cancelled");
	expect_statuses("Pending 0, In work 0, Shipped 1, Delivered 0, Cancelled 0, Processing 1");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "In work", NOON);
	expect_statuses("Pending 0, In work 1, Shipped 1, Delivered 0, Cancelled 0");
	/* one of theirs is, all are put in another order, one is taken away and one added, with a comma */
	OFFER("Cancelled\0Shipped\0On it\0On hold, paid\0Pending");
	expect_statuses("Cancelled 0, Shipped 1, On it 0, On hold, paid 0, Pending 0, In work 1");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "On it", NOON);
	put("rec2", "2026-11-21T10:00:00Z", 1000, NULL, NOON);
	expect_statuses("Cancelled 0, Shipped 0, On it 1, On hold, paid 0, Pending 0, - 1");
	/* none at all; and when the offer can't be found out, the known ones */
	offer("", 0);
	expect_statuses("On it 1, - 1");
	offer(NULL, 0);
	expect_statuses("Pending 0, Processing 0, Shipped 0, Delivered 0, Cancelled 0, On it 1, - 1");
}
END_TEST

START_TEST(options_beyond_those_that_have_a_code_are_counted_together)
{
	struct buf names = { 0 };
	char name[32], id[32];
	struct summary_body body;
	cJSON *json, *list;
	int n;

	open_in("UTC");
	for (int i = 0; i < 260; i++) {
		(void)snprintf(name, sizeof(name), "Own %d", i);
		(void)snprintf(id, sizeof(id), "rec%d", i);
		put(id, "2026-11-21T10:00:00Z", 1000, name, NOON);
		buf_add(&names, name, strlen(name) + 1);
	}
	offer(names.data, names.len);
	json = summary_at(NOON, &body);
	list = cJSON_GetObjectItem(json, "byStatus");
	n = cJSON_GetArraySize(list);
	/* the last ones, which no order has, are not announced */
	ck_assert_int_eq(n, 249 + 1);
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(list, n - 1), "status")->valuestring, "(other)");
	ck_assert_int_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(list, n - 1), "count")->valueint, 260 - 249);
	cJSON_Delete(json);
	buf_free(&names);
}
END_TEST

/* The body that listed the schema's own options, whatever was offered. */
static void
stale_body(struct closed_store *s, struct buf *body)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct str stored;
	char *name;

	ck_assert(db_get(&s->txn, s->dbs.table[orders_schema.number].totals, key_u64(&k), &stored));
	buf_add_str(body, stored);
	ck_assert_ptr_nonnull(name = memmem(body->data, body->len, "In work", 7));
	*name = 'X';
}

START_TEST(an_older_builds_summary_is_composed_again_at_the_start)
{
	uint64_t generation;

	open_in("UTC");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "In work", NOON);
	generation = apply_generation(a);
	summary_cache_free(cache);
	apply_close(a);
	left_by_older(stale_body);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	expect_statuses("Pending 0, Processing 0, Shipped 0, Delivered 0, Cancelled 0, In work 1");
	ck_assert_uint_eq(apply_generation(a), generation);
}
END_TEST

/* What the schema says about amounts, as the feed commits it. */
static void
tell_money(const char *symbol, int precision)
{
	struct currency told = { .precision = precision };
	struct apply_result result;
	struct buf text = { 0 };
	struct apply_meta meta = { 0 };
	struct change none;

	(void)strcpy(told.symbol, symbol);
	currency_add(&told, &text);
	meta.table = &orders_schema;
	meta.money = buf_str(&text);
	ck_assert_int_eq(apply_changes(a, &none, 0, SOURCE_FEED, &meta, at(NOON), &result), ERR_OK);
	buf_free(&text);
}

START_TEST(the_currency_comes_from_the_schema_or_else_the_setting)
{
	uint64_t generation;
	uint32_t before;

	open_in("UTC");
	put_four();
	apply_on_commit(a, note_event, NULL);
	event.count = 0;
	generation = apply_generation(a);
	expect_currency("{\"symbol\":null,\"precision\":2}");
	before = checksum();
	tell_money("", -1);	/* the field is not a number there */
	ck_assert_uint_eq(checksum(), before);
	ck_assert_int_eq(event.count, 0);
	tell_money("\xe2\x82\xac", 0);
	expect_currency("{\"symbol\":\"\xe2\x82\xac\",\"precision\":0}");
	ck_assert_uint_ne(checksum(), before);	/* so that its ETag is another one */
	expect_event(&generation);
	tell_money("\xe2\x82\xac", 0);
	ck_assert_int_eq(event.count, 0);
	(void)strcpy(config.summary.currency, "CHF \"\\");
	apply_reconfigure(a);
	expect_currency("{\"symbol\":\"\xe2\x82\xac\",\"precision\":0}");
	expect_event(&generation);
	tell_money("", 3);	/* a plain number */
	expect_currency("{\"symbol\":\"CHF \\\"\\\\\",\"precision\":3}");
	expect_event(&generation);
	tell_money("", 2);	/* the decimals alone */
	expect_event(&generation);
	tell_money("", -1);
	expect_event(&generation);
	tell_money("", 3);
	expect_event(&generation);
	(void)strcpy(config.summary.currency, "kr");
	summary_cache_free(cache);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	expect_currency("{\"symbol\":\"kr\",\"precision\":3}");
	ck_assert_uint_eq(apply_generation(a), generation + 1);	/* what was kept of it is no longer right */
}
END_TEST

/* ---- an older build in between --------------------------------------------------------- */
static void
reopen(void)
{
	summary_cache_free(cache);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
}

#define DAYS_OUT_MAX	8
struct days_out {
	size_t		count;
	uint64_t	keys[DAYS_OUT_MAX];
	struct total	totals[DAYS_OUT_MAX];
	uint64_t	derived;
};

/* Remove the totals without revenue from the closed store, or put ${in} in their place. */
static void
exchange(const struct days_out *in, struct days_out *out)
{
	uint64_t first = total_key(TOTAL_DAY_OUT, 0, 0);
	struct closed_store s;
	struct db_cursor c;
	struct str derived;

	closed_store_open(&s, config.store.path);
	ck_assert(db_get(&s.txn, s.dbs.meta, STR(META_DERIVED), &derived));
	memcpy(&out->derived, derived.ptr, sizeof(out->derived));
	out->count = 0;
	for (db_walk_from(&c, &s.txn, s.dbs.table[orders_schema.number].totals, key_u64(&first)); c.found; db_next(&c)) {
		ck_assert_uint_lt(out->count, DAYS_OUT_MAX);
		memcpy(&out->keys[out->count], c.key.ptr, sizeof(uint64_t));
		memcpy(&out->totals[out->count++], c.value.ptr, sizeof(struct total));
		ck_assert_int_eq(db_walk_del(&c), ERR_OK);
	}
	db_walk_end(&c);
	in = in == NULL ? out : in;
	for (size_t i = 0; i < in->count; i++)
		ck_assert_int_eq(db_put(&s.txn, s.dbs.table[orders_schema.number].totals, key_u64(&in->keys[i]),
		    (struct str){ (const char *)&in->totals[i], sizeof(struct total) }), ERR_OK);
	ck_assert_int_eq(db_put(&s.txn, s.dbs.meta, STR(META_DERIVED), key_u64(&in->derived)), ERR_OK);
	closed_store_commit(&s);
}

/* A build that knows no revenue writes all totals except those without revenue. */
START_TEST(what_an_older_build_wrote_in_between_is_counted_again)
{
	struct days_out before, after;
	uint64_t generation;

	open_in("UTC");
	put_four();
	summary_cache_free(cache);
	apply_close(a);
	exchange(NULL, &before);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Cancelled", NOON);
	put("rec2", "2026-11-21T10:00:00Z", 200, "Shipped", NOON);
	generation = apply_generation(a);
	summary_cache_free(cache);
	apply_close(a);
	exchange(&before, &after);	/* as it would have left them */
	ck_assert_uint_ne(before.derived, after.derived);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	expect_revenue("{\"count\":3,\"orderTotal\":502.04,\"excludes\":[\"Cancelled\"]}", "{\"count\":3,\"orderTotal\":502.04}");
	ck_assert_uint_eq(apply_generation(a), generation + 1);	/* other figures, another ETag */
	reopen();
	ck_assert_uint_eq(apply_generation(a), generation + 1);	/* once is enough */
}
END_TEST

START_TEST(a_symbol_is_a_few_characters_that_can_be_shown)
{
	static const char *const bad[] = { "123456789", "a\nb", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xff", "\xe2\x82" };
	static const char *const good[] = { "", "$", "12345678", "R$", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
	    "\xd8\xaf.\xd8\xa5.\xe2\x80\x8f", "\xf0\x9f\xaa\x99" };
	struct currency c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!currency_symbol_valid(str_of(bad[i])), "%s", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(currency_symbol_valid(str_of(good[i])), "%s", good[i]);
	currency_read(&c, STR("9 123456789"));	/* faults in a store are not reported */
	ck_assert(c.precision == -1 && c.symbol[0] == '\0');
	currency_read(&c, STR("4"));
	ck_assert(c.precision == -1 && c.symbol[0] == '\0');
}
END_TEST

START_TEST(a_store_of_a_build_without_revenue_is_sound_and_learns_it_at_the_start)
{
	struct summary_body body;
	cJSON *json;

	open_in("UTC");
	put_four();
	summary_cache_free(cache);
	apply_close(a);
	left_by_older(forget_revenue);
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_OK);
	ck_assert_ptr_nonnull(cache = summary_cache_new());
	json = summary_at(NOON, &body);
	ck_assert(!cJSON_HasObjectItem(json, "revenue") && !cJSON_HasObjectItem(json, "currency"));
	cJSON_Delete(json);
	store_check(st);
	store_close(st);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	expect_revenue("{\"count\":3,\"orderTotal\":510.04,\"excludes\":[\"Cancelled\"]}", "{\"count\":3,\"orderTotal\":510.04}");
	expect_currency("{\"symbol\":null,\"precision\":2}");
}
END_TEST

START_TEST(excluded_statuses_are_listed_with_commas_and_quotes)
{
	static const char *const bad[] = { ",", "a,", ",a", "a,,b", "\"a", "a\"b\"", "\"\"", "\"a\" b" };
	struct buf names = { 0 };
	struct str rest;

	ck_assert(revenue_parse(" Lost ,\t\"On hold, paid\" , Lost, \xc3\x84 b ", &names));
	rest = buf_str(&names);
	ck_assert(str_is(revenue_next(&rest), "Lost") && str_is(revenue_next(&rest), "On hold, paid"));
	ck_assert(str_is(revenue_next(&rest), "\xc3\x84 b") && revenue_next(&rest).len == 0);
	ck_assert(revenue_excludes(buf_str(&names), STR("Lost")) && !revenue_excludes(buf_str(&names), STR("lost")));
	buf_free(&names);
	ck_assert(revenue_parse("", &names) && revenue_parse("  ", &names) && names.len == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!revenue_parse(bad[i], NULL), "%s", bad[i]);
}
END_TEST

START_TEST(the_compressed_body_is_the_same_body)
{
	struct summary_body body;
	char out[20000];
	z_stream z = { 0 };

	open_in("UTC");
	put("rec1", "2026-11-21T10:00:00Z", 1000, "Pending", "2026-11-21T12:00:00Z");
	cJSON_Delete(summary_at("2026-11-21T12:00:00Z", &body));
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)body.gzip.ptr;
	z.avail_in = (uInt)body.gzip.len;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof(out);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert(str_eq(body.json, (struct str){ out, z.total_out }));
	ck_assert_int_eq(inflateEnd(&z), Z_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("summary");
	TCase *t = tcase_create("summary");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, an_empty_store_has_a_summary_of_zeros);
	tcase_add_test(t, days_are_calendar_days_of_the_zone);
	tcase_add_test(t, today_turns_at_midnight_without_a_commit);
	tcase_add_test(t, days_of_23_and_25_hours_are_one_day_each);
	tcase_add_test(t, unknown_and_empty_options_have_entries_of_their_own);
	tcase_add_test(t, sums_are_exact);
	tcase_add_test(t, orders_that_wait_for_airtable_are_counted_after_the_total);
	tcase_add_test(t, the_compressed_body_is_the_same_body);
	tcase_add_test(t, cancelled_orders_are_no_revenue);
	tcase_add_test(t, a_change_of_the_revenue_setting_counts_again);
	tcase_add_test(t, a_store_of_a_build_without_revenue_is_sound_and_learns_it_at_the_start);
	tcase_add_test(t, statuses_are_those_airtable_offers_plus_others_that_orders_have);
	tcase_add_test(t, options_beyond_those_that_have_a_code_are_counted_together);
	tcase_add_test(t, an_older_builds_summary_is_composed_again_at_the_start);
	tcase_add_test(t, the_currency_comes_from_the_schema_or_else_the_setting);
	tcase_add_test(t, what_an_older_build_wrote_in_between_is_counted_again);
	tcase_add_test(t, a_symbol_is_a_few_characters_that_can_be_shown);
	tcase_add_test(t, excluded_statuses_are_listed_with_commas_and_quotes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
