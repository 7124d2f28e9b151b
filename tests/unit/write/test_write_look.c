#include "tests/fakes/write_fixture.h"

/* Changes that expect a version, and what others have done to their orders in Airtable. */

static struct message_item *
add_expecting(struct form *f, enum message_kind kind, int order)
{
	struct message_item *item = form_add(f, kind, ID(order));

	item->version = version_of(ID(order));
	if (kind == MESSAGE_UPDATE)
		want(item, ORDER_STATUS, "Shipped");
	return item;
}

static void
submit_expecting(struct asked *a, enum message_kind kind, int order)
{
	struct form f = { .m.request_id = "test" };

	(void)add_expecting(&f, kind, order);
	submit(&f, a);
}

/* A colleague changes the order in Airtable, of which no news has come. */
static void
cancel_in_airtable(int order)
{
	(void)strcpy(fake.held[order].status, "Cancelled");
}

/* An update (0), a delete (1), an undo (2), a change for later delivery (3). */
START_TEST(changes_made_in_airtable_are_not_overwritten)
{
	struct asked a = { 0 };
	struct form f = { .m = { .request_id = "test", .defer = _i == 3 } };
	struct message_item *item = add_expecting(&f, _i == 1 ? MESSAGE_DELETE : MESSAGE_UPDATE, 0);
	char json[1000];

	if (_i == 2)
		item->undoes = item->version;
	cancel_in_airtable(0);
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_str_eq(fake.held[0].status, "Cancelled");
	ck_assert(!fake.held[0].gone);
	newest_history(ID(0), json);
	ck_assert_has(json, "\"source\":\"airtable\"");
	ck_assert_has(json, "\"from\":\"Pending\",\"to\":\"Cancelled\"");
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(a_change_of_another_field_counts_too)
{
	struct asked a = { 0 };

	(void)strcpy(fake.held[0].priority, "High");
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_str_eq(fake.held[0].status, "Pending");
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(an_order_as_it_was_expected_is_changed)
{
	struct asked a = { 0 };

	submit_expecting(&a, _i == 0 ? MESSAGE_UPDATE : MESSAGE_DELETE, 0);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(finds_seen(), 1);
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_int_eq(fake.held[0].gone, _i == 1);
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(ten_changes_share_a_look_and_others_do_not_wait_for_it)
{
	struct asked a = { 0 }, plain[3] = { 0 };
	struct form f = { .m.bulk = true };

	for (int i = 0; i < 12; i++)
		(void)add_expecting(&f, MESSAGE_UPDATE, i);
	cancel_in_airtable(4);
	next_find((struct outcome){ .delay_ms = patience(300) });
	submit(&f, &a);
	for (int i = 0; i < 3; i++)
		set_status(&plain[i], ID(20 + i), "Delivered");
	for (int i = 0; i < 3; i++)
		answered(&plain[i]);
	ck_assert_int_eq(a.replies, 0);
	answered(&a);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(a.results[i].err, i == 4 ? ERR_PRECONDITION_FAILED : ERR_OK);
	ck_assert_uint_eq(finds_seen(), 2);
	ck_assert_uint_eq(changes_seen(), 3);
	ck_assert_str_eq(fake.held[4].status, "Cancelled");
	until_settled();
	asked_free(&a);
	for (int i = 0; i < 3; i++)
		asked_free(&plain[i]);
}
END_TEST

START_TEST(changes_of_an_order_go_on_without_one_that_is_refused)
{
	struct asked a = { 0 }, plain = { 0 };
	struct form f = { .m.request_id = "other" };
	struct found found;

	fake.room = 0;
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_PRIORITY, "High");
	submit(&f, &plain);
	pass(30);
	cancel_in_airtable(0);
	give_room(10);
	answered(&a);
	answered(&plain);
	ck_assert_int_eq(a.results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_int_eq(plain.results[0].err, ERR_OK);
	ck_assert_str_eq(fake.held[0].status, "Cancelled");
	ck_assert_str_eq(fake.held[0].priority, "High");
	history(ID(0), &found);
	ck_assert_uint_eq(found.count, 2);
	until_settled();
	asked_free(&a);
	asked_free(&plain);
}
END_TEST

/* A look without an answer (0), one that is refused (1), one that never ends (2). */
START_TEST(without_a_look_nothing_is_sent)
{
	static const struct {
		struct outcome	look;
		enum err	told;
	} cases[] = {
		{ { .err = ERR_AIRTABLE_UNAVAILABLE, .message = "gone" }, ERR_AIRTABLE_UNAVAILABLE },
		{ { .err = ERR_AIRTABLE_FIELD_MISSING, .message = "no such field" },
		    ERR_AIRTABLE_FIELD_MISSING },
		{ { .delay_ms = -1 }, ERR_AIRTABLE_UNAVAILABLE }
	};
	struct asked a = { 0 };

	for (int i = 0; i < 32; i++)
		next_find(cases[_i].look);
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, cases[_i].told);
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_str_eq(fake.held[0].status, "Pending");
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(one_failed_look_is_followed_by_another)
{
	struct asked a = { 0 };

	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(finds_seen(), 2);
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(what_was_promised_is_looked_at_when_its_turn_comes)
{
	struct asked a = { 0 };
	struct form f = { .m.defer = true };
	char json[1000];

	fake.blocked_ms = 1000;
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	(void)add_expecting(&f, MESSAGE_UPDATE, 0);
	submit(&f, &a);
	answered(&a);
	ck_assert(a.results[0].pending);
	cancel_in_airtable(0);
	fake.blocked_ms = 0;
	until_settled();
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_str_eq(fake.held[0].status, "Cancelled");
	newest_history(ID(0), json);
	ck_assert_has(json, "\"action\":\"notApplied\"");
	asked_free(&a);
}
END_TEST

/* Go on until the first look is on its way; the call after it is held back. */
static void
until_looking(void)
{
	for (int i = 0; i < 1000 && finds_seen() == 0; i++)
		pass(1);
	fake.room = 0;
}

static void
until_looked(void)
{
	for (int i = 0; i < 1000 && !TAILQ_EMPTY(&fake.flying); i++)
		pass(1);
}

START_TEST(a_change_that_is_sent_again_is_looked_at_again)
{
	struct asked a = { 0 };

	config.write.timeout_ms = patience(5000);
	next_write((struct outcome){ .err = ERR_AIRTABLE_RATE_LIMITED, .status = 429 });
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	for (int i = 0; i < 1000 && changes_seen() == 0; i++)
		pass(1);
	cancel_in_airtable(0);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_str_eq(fake.held[0].status, "Cancelled");
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(a_look_is_of_no_use_when_no_call_is_free_for_long_after_it)
{
	struct asked a = { 0 };
	int64_t start;

	config.write.timeout_ms = patience(20000);
	next_find((struct outcome){ .delay_ms = 100 });
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	until_looking();
	until_looked();
	for (start = instant_monotonic(); instant_monotonic() - start < 3100;)
		pass(20);
	cancel_in_airtable(0);
	give_room(10);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_str_eq(fake.held[0].status, "Cancelled");
	until_settled();
	asked_free(&a);
}
END_TEST

/* A listing that lags behind shows what was there before our own change (0), or not even the order (1). */
START_TEST(a_look_that_shows_less_than_is_known_reverts_nothing)
{
	struct asked a[2] = { 0 };
	struct held now;
	char json[600];

	fake.held[0].updated_ms = 2000;
	set_status(&a[0], ID(0), "Processing");
	answered(&a[0]);
	now = fake.held[0];
	next_find((struct outcome){ .delay_ms = 100 });
	submit_expecting(&a[1], MESSAGE_UPDATE, 0);
	until_looking();
	fake.held[0].updated_ms = 1000;
	(void)strcpy(fake.held[0].status, "Pending");
	fake.held[0].gone = _i == 1;
	until_looked();
	order_json(ID(0), json);
	ck_assert_has(json, "\"status\":\"Processing\"");
	fake.held[0] = now;
	give_room(10);
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	ck_assert_str_eq(fake.held[0].status, "Shipped");
	until_settled();
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(at_its_end_the_process_sends_nothing_that_was_only_looked_at)
{
	struct asked a = { 0 };

	next_find((struct outcome){ .delay_ms = -1 });
	submit_expecting(&a, MESSAGE_UPDATE, 0);
	for (int i = 0; i < 1000 && finds_seen() == 0; i++)
		pass(1);
	writes_drain(writes, NULL, NULL);
	answered(&a);
	ck_assert_int_eq(a.reply.err, ERR_CANCELLED);
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_uint_eq(outbox_count(), 0);
	asked_free(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_look");
	TCase *t = tcase_create("look");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_loop_test(t, changes_made_in_airtable_are_not_overwritten, 0, 4);
	tcase_add_test(t, a_change_of_another_field_counts_too);
	tcase_add_loop_test(t, an_order_as_it_was_expected_is_changed, 0, 2);
	tcase_add_test(t, ten_changes_share_a_look_and_others_do_not_wait_for_it);
	tcase_add_test(t, changes_of_an_order_go_on_without_one_that_is_refused);
	tcase_add_loop_test(t, without_a_look_nothing_is_sent, 0, 3);
	tcase_add_test(t, one_failed_look_is_followed_by_another);
	tcase_add_test(t, what_was_promised_is_looked_at_when_its_turn_comes);
	tcase_add_test(t, a_change_that_is_sent_again_is_looked_at_again);
	tcase_add_test(t, a_look_is_of_no_use_when_no_call_is_free_for_long_after_it);
	tcase_add_loop_test(t, a_look_that_shows_less_than_is_known_reverts_nothing, 0, 2);
	tcase_add_test(t, at_its_end_the_process_sends_nothing_that_was_only_looked_at);
	suite_add_tcase(s, t);
	return run_suite(s);
}
