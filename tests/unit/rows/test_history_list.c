#include "tests/lib/history_lines.h"

/* Listings of the history, and how long it is kept. */

START_TEST(a_listing_continues_where_the_previous_one_ended)
{
	struct history_place places[40];
	static struct lines l;
	size_t n = 0;

	for (int i = 0; i < 40; i++) {
		struct record r = order_with(i % 2 == 0 ? "Shipped" : "Pending", "Low");

		places[i] = (struct history_place){ news(&r, order.r.id, SOURCE_FEED, NOW_MS).generation, 0 };
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	for (int i = 39; i >= 0; i--) {
		l.n = 0;
		ck_assert_int_eq(history_of_record(st, &orders_schema, order.r.id, places[i], add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, (size_t)i);
		l.n = 0;
		ck_assert_int_eq(history_audit(st, places[i], add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, (size_t)i);
		n++;
	}
	ck_assert_uint_eq(n, 40);
}
END_TEST

static enum err
three_at_most(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	(void)s, (void)place, (void)json;
	return ++*(int *)cookie == 3 ? ERR_CANCELLED : ERR_OK;
}

START_TEST(a_listing_stops_when_it_is_told_to)
{
	int n = 0;

	for (int i = 0; i < 10; i++) {
		struct record r = order_with(i % 2 == 0 ? "Shipped" : "Pending", "Low");

		(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_of_record(st, &orders_schema, order.r.id, HISTORY_NEWEST, three_at_most, &n), ERR_CANCELLED);
	ck_assert_int_eq(n, 3);
	n = 0;
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, three_at_most, &n), ERR_CANCELLED);
	ck_assert_int_eq(n, 3);
}
END_TEST

START_TEST(a_bulk_edit_is_found_by_its_id)
{
	static struct lines l;

	for (unsigned n = 0; n < 30; n++) {	/* three bulks, mixed, the same order each time */
		struct made_entry m;
		const struct outbox_entry *edit = &m.e;
		struct record r = order_with(n % 2 == 0 ? "Shipped" : "Pending", "Low");

		made_entry(&m, a, OUTBOX_UPDATE, order.id);
		made_ask(&m, ORDER_STATUS, n % 2 == 0 ? "Shipped" : "Pending");
		m.e.bulk = 256 + n % 3;
		(void)made_store(a, &m, NOW_MS);
		(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	for (uint64_t bulk = 255; bulk < 260; bulk++) {
		l.n = 0;
		ck_assert_int_eq(history_of_bulk(st, bulk, add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, bulk >= 256 && bulk < 259 ? 10 : 0);
	}
	ck_assert_str_eq(l.line[0], "changed api req-3 status:Pending>Shipped");	/* of 258, oldest first */
	store_end(st);
	check();
}
END_TEST

START_TEST(history_is_kept_as_long_as_configured)
{
	struct record r;

	store_config.audit.retention_ms = 10 * DAY_MS;
	for (int day = 0; day < 30; day++) {
		r = order_with(day % 2 == 0 ? "Shipped" : "Pending", "Low");
		(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS + day * DAY_MS);
	}
	ck_assert_uint_eq(audit()->n, 11);	/* of the last ten days, to the millisecond */
	ck_assert_uint_eq(history_of(order.r.id)->n, 11);
	check();
}
END_TEST

START_TEST(old_history_is_dropped_a_bounded_number_per_commit)
{
	struct change c[300];
	struct made_order m[300];
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = NOW_MS };
	struct apply_result result;
	uint64_t seed = 9;
	struct record r = order_with("Shipped", "Low");
	size_t left = 300;

	for (unsigned i = 0; i < 300; i++) {
		made_order(&m[i], i + 2, &seed);
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, 300);
	ck_assert_uint_eq(audit()->n, 300);
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS + 366 * DAY_MS);
	ck_assert_uint_eq(audit()->n, left = 300 - 66 + 1);
	check();
	/* a store where nothing happens forgets too, and says that it has changed */
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, NOW_MS + 366 * DAY_MS,
	    &result), ERR_OK);
	ck_assert_uint_eq(audit()->n, left = left - 64);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced,
		    NOW_MS + 366 * DAY_MS, &result), ERR_OK);
	ck_assert_uint_eq(audit()->n, 1);
	check();
	left = apply_generation(a);
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced,
	    NOW_MS + 366 * DAY_MS, &result), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), left);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("history_list");
	TCase *t = tcase_create("listings");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_listing_continues_where_the_previous_one_ended);
	tcase_add_test(t, a_listing_stops_when_it_is_told_to);
	tcase_add_test(t, a_bulk_edit_is_found_by_its_id);
	tcase_add_test(t, history_is_kept_as_long_as_configured);
	tcase_add_test(t, old_history_is_dropped_a_bounded_number_per_commit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
