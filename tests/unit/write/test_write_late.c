#include "tests/fakes/write_fixture.h"

/* Calls that may still arrive, and changes that come after them. */

/* A caller that does not wait long. */
static void
set_status_in_haste(struct asked *a, const char *status)
{
	struct form f = { .m.timeout_ms = patience(50) };

	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, status);
	submit(&f, a);
	answered(a);
	ck_assert_int_eq(a->results[0].err, ERR_OUTCOME_UNKNOWN);
}

START_TEST(a_call_under_way_is_waited_for_even_if_its_asker_left)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(2000);
	next_write((struct outcome){ .delay_ms = patience(300) });
	set_status_in_haste(&a[0], "Shipped");
	set_status(&a[1], ID(0), "Delivered");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	ck_assert_int_ge(fake.seen[1].at_ms - fake.seen[0].at_ms, patience(300));
	until_settled();
	ck_assert_str_eq(fake.held[0].status, "Delivered");
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

/* Its values are not there yet (0), or they were there before (1): a look proves nothing. */
START_TEST(a_call_that_may_arrive_late_overwrites_no_later_change)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(3000);
	config.airtable.request_timeout_ms = patience(600);
	next_write((struct outcome){ .err = ERR_AIRTABLE_TIMEOUT, .maybe = true,
	    .late_ms = patience(400) });
	set_status_in_haste(&a[0], _i == 0 ? "Shipped" : "Pending");
	set_status(&a[1], ID(0), "Delivered");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	pass(500);
	until_settled();
	ck_assert_str_eq(fake.held[0].status, "Delivered");
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

/* Bring news as the feed would after the first sync. */
static void
news_of(const struct held *h, enum change_kind kind)
{
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = instant_now() }, none = { 0 };
	struct change c = { .table = &orders_schema, .kind = kind, .base = CHANGE_ANY_BASE };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(apply, NULL, 0, SOURCE_FULL_SYNC, &synced, instant_now(), &r),
	    ERR_OK);
	held_record(h, &c.record);
	ck_assert_int_eq(apply_changes(apply, &c, 1, SOURCE_FEED, &none, instant_now(), &r), ERR_OK);
}

/* The answer is older than what the feed has brought: for another field (0), for the same (1). */
START_TEST(an_answer_does_not_take_back_what_came_after_it)
{
	struct asked a = { 0 };
	struct found found;
	char json[600];

	next_write((struct outcome){ .delay_ms = patience(300) });
	set_status(&a, ID(0), "Shipped");
	for (int i = 0; i < 1000 && fake.seen_count == 0; i++)
		pass(5);
	news_of(&fake.held[0], CHANGE_UPSERT);
	(void)strcpy(_i == 0 ? fake.held[0].priority : fake.held[0].status, _i == 0 ? "High" : "Delivered");
	news_of(&fake.held[0], CHANGE_UPSERT);
	(void)strcpy(_i == 0 ? fake.held[0].priority : fake.held[0].status, _i == 0 ? "Low" : "Shipped");
	answered(&a);		/* as it was then */
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	order_json(ID(0), json);
	ck_assert_has(json, _i == 0 ? "\"status\":\"Shipped\",\"priority\":\"High\"" : "\"status\":\"Delivered\"");
	history(ID(0), &found);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_has(found.json[0], "\"source\":\"airtable\"");
	ck_assert_has(found.json[1], "\"source\":\"api\"");
	ck_assert_uint_eq(outbox_count(), 0);
	asked_free(&a);
}
END_TEST

/* Changed (0) or created (1), and deleted in Airtable before the answer comes. */
START_TEST(an_answer_does_not_bring_back_an_order_deleted_since)
{
	struct asked a = { 0 };
	struct form f = { .m.request_id = "maker" };
	struct found found;
	struct held *h = &fake.held[_i == 0 ? 0 : ORDERS];
	uint32_t row;

	next_write((struct outcome){ .delay_ms = patience(300) });
	want(form_add(&f, _i == 0 ? MESSAGE_UPDATE : MESSAGE_CREATE, _i == 0 ? ID(0) : ""),
	    ORDER_STATUS, "Shipped");
	submit(&f, &a);
	for (int i = 0; i < 1000 && fake.seen_count == 0; i++)
		pass(5);
	news_of(h, CHANGE_UPSERT);
	news_of(h, CHANGE_GONE);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	h->gone = true;
	history(h->id, &found);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_has(found.json[0], "\"action\":\"deleted\"");
	ck_assert_has(found.json[1], _i == 0 ? "\"action\":\"changed\",\"source\":\"api\"" :
	    "\"action\":\"created\",\"source\":\"api\"");
	ck_assert_int_eq(store_begin(apply_store(apply)), ERR_OK);
	ck_assert_int_eq(store_find_record(apply_store(apply), &orders_schema, str_of(h->id), &row), ERR_NOT_FOUND);
	store_end(apply_store(apply));
	until_settled();
	asked_free(&a);
}
END_TEST

/* A user in Airtable changed the new order before its answer came, and a sync brought that first. */
START_TEST(the_answer_to_a_creation_does_not_take_back_later_changes)
{
	struct asked a = { 0 };
	struct form f = { .m.request_id = "maker" };
	struct found found;

	next_write((struct outcome){ .delay_ms = patience(300) });
	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Pending");
	want(&f.items[0], ORDER_PRIORITY, "High");
	submit(&f, &a);
	for (int i = 0; i < 1000 && fake.seen_count == 0; i++)
		pass(5);
	(void)strcpy(fake.held[ORDERS].priority, "Low");
	news_of(&fake.held[ORDERS], CHANGE_UPSERT);
	(void)strcpy(fake.held[ORDERS].priority, "High");
	answered(&a);		/* as it was then */
	(void)strcpy(fake.held[ORDERS].priority, "Low");
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_has(a.results[0].order, "\"status\":\"Pending\",\"priority\":\"Low\"");
	history(fake.held[ORDERS].id, &found);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_has(found.json[0], "\"action\":\"created\",\"source\":\"api\"");
	until_settled();
	asked_free(&a);
}
END_TEST

/* A change with an unknown outcome that no look can settle: the order goes on without it. */
static void
leave_unknown(struct asked *a)
{
	config.write.timeout_ms = patience(3000);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	finds_fail(true);
	set_status_in_haste(a, "Shipped");
}

START_TEST(a_look_at_an_order_that_changed_meanwhile_proves_nothing)
{
	struct asked a[2] = { 0 };
	char json[1000];

	leave_unknown(&a[0]);
	finds_fail(false);
	next_find((struct outcome){ .delay_ms = patience(400) });
	for (int i = 0; i < 300 && fake.find_used == 0; i++)
		pass(10);
	set_status(&a[1], ID(0), "Delivered");
	answered(&a[1]);
	ck_assert_uint_eq(outbox_count(), 1);
	(void)strcpy(fake.held[0].status, "Shipped");	/* and that look sees it */
	until_settled();
	newest_history(ID(0), json);
	ck_assert_has(json, "\"source\":\"api\"");
	ck_assert_has(json, "\"from\":\"Delivered\",\"to\":\"Shipped\"");
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(a_change_that_expects_a_version_waits_until_the_version_is_known)
{
	struct asked a[3] = { 0 };
	struct form f = { .m.item_count = 0 };
	struct message_item *item;

	leave_unknown(&a[0]);
	item = form_add(&f, MESSAGE_UPDATE, ID(0));
	want(item, ORDER_PRIORITY, "High");
	item->version = version_of(ID(0));
	submit(&f, &a[1]);
	set_status(&a[2], ID(1), "Shipped");
	answered(&a[2]);
	pass(50);
	ck_assert_int_eq(a[1].replies, 0);
	ck_assert_uint_eq(changes_seen(), 2);
	finds_fail(false);
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_uint_eq(changes_seen(), 2);
	until_settled();
	for (int i = 0; i < 3; i++)
		asked_free(&a[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_late");
	TCase *t = tcase_create("late");

	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, a_call_under_way_is_waited_for_even_if_its_asker_left);
	tcase_add_loop_test(t, a_call_that_may_arrive_late_overwrites_no_later_change, 0, 2);
	tcase_add_loop_test(t, an_answer_does_not_take_back_what_came_after_it, 0, 2);
	tcase_add_loop_test(t, an_answer_does_not_bring_back_an_order_deleted_since, 0, 2);
	tcase_add_test(t, the_answer_to_a_creation_does_not_take_back_later_changes);
	tcase_add_test(t, a_look_at_an_order_that_changed_meanwhile_proves_nothing);
	tcase_add_test(t, a_change_that_expects_a_version_waits_until_the_version_is_known);
	suite_add_tcase(s, t);
	return run_suite(s);
}
