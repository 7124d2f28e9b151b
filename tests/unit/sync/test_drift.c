#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/sync/drift.h"
#include "syncd/sync/sync_alarm.h"
#include "syncd/sync/sync_run.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1795255200000)
#define ORDERS	40

static struct config config;
static struct apply *a;
static struct sync_run *run;
static struct made_order made[ORDERS + 1];
static uint64_t base;

static void
progress(void *cookie, const struct sync_run_counts *c, struct buf *b)
{
	(void)cookie;
	buf_printf(b, "{\"created\":%u,\"changed\":%u,\"deleted\":%u,\"missing\":%u}",
	    (unsigned)c->created, (unsigned)c->changed, (unsigned)c->deleted, (unsigned)c->drift.missing);
}

static void
list(const struct made_order *m, size_t n)
{
	struct record records[ORDERS + 1];
	struct airtable_page page = { .records = records, .count = n };

	for (size_t i = 0; i < n; i++)
		records[i] = m[i].r;
	ck_assert_int_eq(sync_run_page(run, &page, base), ERR_OK);
}

static const struct drift *
finish(void)
{
	char why[200];

	ck_assert_int_eq(sync_run_finish(run, false, progress, NULL, why), ERR_OK);
	return &sync_run_counts(run)->drift;
}

static void
begin(void)
{
	ck_assert_int_eq(sync_run_begin(run), ERR_OK);
	base = apply_generation(a);
}

static void
setup(void)
{
	uint64_t seed = 7;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_ptr_nonnull(run = sync_run_new(&orders_schema, a, 50));
	for (unsigned i = 0; i <= ORDERS; i++) {
		made_order(&made[i], i, &seed);
		made[i].r.values[ORDER_STATUS] = (struct value){ true, STR("Pending"), 0 };
	}
	begin();
	list(made, ORDERS);
	ck_assert(!finish()->known);
	sync_run_end(run);
}

static void
teardown(void)
{
	sync_run_free(run);
	apply_close(a);
}

static void
shows(const struct drift *d, const char *json, const char *text)
{
	struct buf b = { 0 };

	drift_add_json(d, &orders_schema, &b);
	ck_assert_str_eq(buf_cstr(&b), json);
	buf_clear(&b);
	drift_add_text(d, &orders_schema, &b);
	ck_assert_str_eq(buf_cstr(&b), text);
	buf_free(&b);
}

START_TEST(a_store_that_agrees_has_no_drift)
{
	const struct drift *d;

	begin();
	list(made, ORDERS);
	d = finish();
	ck_assert(d->known && !drift_any(d));
	shows(d, "\"drift\":{\"missing\":0,\"extra\":0,\"changed\":0,\"fields\":{},\"records\":[]}",
	    "0 missing, 0 extra, 0 changed");
}
END_TEST

START_TEST(missing_extra_and_changed_orders_are_reported_by_field)
{
	const struct drift *d;
	struct value *v = made[2].r.values;
	char json[300], text[300];

	begin();
	v[ORDER_STATUS].text = STR("Shipped");
	v[ORDER_CUSTOMER] = (struct value){ true, STR("somebody else"), 0 };
	made[3].r.values[ORDER_STATUS].text = STR("Delivered");
	list(made + 1, ORDERS);		/* without the first, with one more */
	d = finish();
	ck_assert(drift_any(d));
	(void)snprintf(json, sizeof(json), "\"drift\":{\"missing\":1,\"extra\":1,\"changed\":2,"
	    "\"fields\":{\"customer\":1,\"status\":2},\"records\":[\"%s\",\"%s\",\"%s\",\"%s\"]}",
	    made[2].id, made[3].id, made[ORDERS].id, made[0].id);
	(void)snprintf(text, sizeof(text), "1 missing, 1 extra, 2 changed (customer 1, status 2), "
	    "such as %s, %s, %s, %s", made[2].id, made[3].id, made[ORDERS].id, made[0].id);
	shows(d, json, text);
}
END_TEST

START_TEST(what_a_write_or_the_feed_brought_since_the_page_is_not_drift)
{
	struct change newer[2] = {
		{ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE },
		{ .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE }
	};
	const struct apply_meta none = { 0 };
	struct apply_result result;
	const struct drift *d;

	begin();
	/* the page has news of one and an old state of another */
	made[4].r.values[ORDER_STATUS].text = STR("Shipped");
	list(made, ORDERS);
	newer[0].record = made[4].r;
	made[5].r.values[ORDER_STATUS].text = STR("Cancelled");
	newer[1].record = made[5].r;
	ck_assert_int_eq(apply_changes(a, newer, 2, SOURCE_FEED, &none, NOW_MS, &result), ERR_OK);
	ck_assert_uint_eq(result.changed, 2);
	d = finish();
	ck_assert(d->known && !drift_any(d));
}
END_TEST

START_TEST(the_store_is_as_fresh_as_the_beginning_of_the_listing)
{
	struct store *st = apply_store(a);
	int64_t before = instant_now(), fresh;

	begin();
	list(made, ORDERS);
	(void)finish();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	fresh = store_fresh_ms(st, &orders_schema);
	ck_assert_int_le(fresh, store_synced_ms(st, &orders_schema));
	store_end(st);
	ck_assert_int_ge(fresh, before);
}
END_TEST

/* What a reader sees together. */
struct moment {
	size_t		commits;	/* LMDB's own count */
	uint64_t	generation;
	int64_t		synced_ms, fresh_ms;
	uint32_t	rows;
	char		document[200];
};

static struct moment
now(void)
{
	struct store *st = apply_store(a);
	struct moment m;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	m = (struct moment){ db_txn_id(store_txn(st)), store_generation(st), store_synced_ms(st, &orders_schema),
	    store_fresh_ms(st, &orders_schema), store_row_count(st, &orders_schema), "" };
	(void)snprintf(m.document, sizeof(m.document), "%.*s", STR_FMT(store_last_sync(st)));
	store_end(st);
	return m;
}

/* Orders, deletions, the document with their counts, the times: readers see all of it or nothing. */
START_TEST(a_full_sync_is_one_commit_and_one_generation)
{
	struct moment before = now(), after;

	ck_assert_str_eq(before.document, "{\"created\":40,\"changed\":0,\"deleted\":0,\"missing\":0}");
	begin();
	made[2].r.values[ORDER_STATUS].text = STR("Shipped");
	list(made + 1, ORDERS);
	(void)finish();
	after = now();
	ck_assert_uint_eq(after.commits, before.commits + 1);
	ck_assert_uint_eq(after.generation, before.generation + 1);
	ck_assert_uint_eq(after.rows, ORDERS);
	ck_assert_int_ge(after.synced_ms, before.synced_ms);
	ck_assert_str_eq(after.document, "{\"created\":1,\"changed\":1,\"deleted\":1,\"missing\":1}");
	/* one that finds nothing too */
	begin();
	list(made + 1, ORDERS);
	(void)finish();
	before = now();
	ck_assert_uint_eq(before.commits, after.commits + 1);
	ck_assert_uint_eq(before.generation, after.generation);
	ck_assert_str_eq(before.document, "{\"created\":0,\"changed\":0,\"deleted\":0,\"missing\":0}");
}
END_TEST

/* The map has to grow in the middle: the document is composed again, and says the same. */
START_TEST(a_full_sync_that_outgrows_the_map_is_one_commit_too)
{
	struct moment before, after;
	char json[200];

	sync_run_free(run);
	apply_close(a);
	made_config(&config, tmpdir_new());
	config.store.map_size_bytes = 256 * 1024;	/* two sorted orderings of many fields are more */
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_ptr_nonnull(run = sync_run_new(&orders_schema, a, 50));
	before = now();
	begin();
	list(made, ORDERS);
	(void)finish();
	after = now();
	ck_assert_uint_eq(after.commits, before.commits + 1);
	(void)snprintf(json, sizeof(json), "{\"created\":%d,\"changed\":0,\"deleted\":0,\"missing\":0}", ORDERS);
	ck_assert_str_eq(after.document, json);
}
END_TEST

/* Neither orders nor times nor the document change. */
START_TEST(a_full_sync_that_can_not_be_written_has_not_happened)
{
	struct moment before = now(), after;
	struct rlimit all, few;
	char why[200];

	begin();
	made[2].r.values[ORDER_STATUS].text = STR("Shipped");
	list(made, ORDERS);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(log_open("test", "/dev/null", LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
	few = all;
	few.rlim_cur = 8192;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	ck_assert_int_ne(sync_run_finish(run, false, progress, NULL, why), ERR_OK);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	after = now();
	ck_assert_uint_eq(after.generation, before.generation);
	ck_assert_int_eq(after.synced_ms, before.synced_ms);
	ck_assert_int_eq(after.fresh_ms, before.fresh_ms);
	ck_assert_str_eq(after.document, before.document);
}
END_TEST

START_TEST(an_alarm_outlives_the_process_and_keeps_when_it_began)
{
	struct sync_alarm alarm = { .on = false }, later = { .on = false };
	struct buf b = { 0 };

	ck_assert_int_eq(log_open("test", "/dev/null", LOG_ERROR, LOG_LOGFMT), 0);
	sync_alarm_add(&alarm, &b);
	ck_assert_str_eq(buf_cstr(&b), "\"alarm\":null");
	sync_alarm_raise(&alarm, ERR_AIRTABLE_SHRUNK, "9 of 10 are \"missing\"", NOW_MS);
	sync_alarm_raise(&alarm, ERR_AIRTABLE_FORBIDDEN, "all are missing", NOW_MS + 1000);
	buf_clear(&b);
	buf_add_char(&b, '{');
	sync_alarm_add(&alarm, &b);
	buf_add_char(&b, '}');
	sync_alarm_load(&later, buf_str(&b));
	ck_assert(later.on);
	ck_assert_int_eq(later.code, ERR_AIRTABLE_FORBIDDEN);
	ck_assert_int_eq(later.since_ms, NOW_MS);
	ck_assert_str_eq(later.detail, "all are missing");
	sync_alarm_become(&later, (struct sync_alarm){ .on = false });
	ck_assert(!later.on);
	sync_alarm_load(&later, STR("{\"alarm\":null}"));
	sync_alarm_load(&later, STR("nonsense"));
	sync_alarm_load(&later, STR("{\"alarm\":{\"detail\":7,\"since\":\"yesterday\"}}"));
	sync_alarm_load(&later, STR("{\"alarm\":{\"code\":\"internal\",\"detail\":\"x\","
	    "\"since\":\"2026-11-21T10:00:00Z\"}}"));
	ck_assert(!later.on);
	buf_free(&b);
}
END_TEST

static Suite *
drift_suite(void)
{
	Suite *suite = suite_create("drift");
	TCase *t = tcase_create("syncs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_store_that_agrees_has_no_drift);
	tcase_add_test(t, missing_extra_and_changed_orders_are_reported_by_field);
	tcase_add_test(t, what_a_write_or_the_feed_brought_since_the_page_is_not_drift);
	tcase_add_test(t, the_store_is_as_fresh_as_the_beginning_of_the_listing);
	tcase_add_test(t, a_full_sync_is_one_commit_and_one_generation);
	tcase_add_test(t, a_full_sync_that_outgrows_the_map_is_one_commit_too);
	tcase_add_test(t, a_full_sync_that_can_not_be_written_has_not_happened);
	tcase_add_test(t, an_alarm_outlives_the_process_and_keeps_when_it_began);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(drift_suite());
}
