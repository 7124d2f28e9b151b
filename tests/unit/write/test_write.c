#include "tests/fakes/write_fixture.h"

/* When calls go and what they carry. */

START_TEST(a_change_is_on_disk_before_it_is_sent_and_stored_before_it_is_answered)
{
	struct asked a = { 0 };
	char json[600];

	set_status(&a, ID(3), "Shipped");
	ck_assert_int_eq(a.replies, 0);
	answered(&a);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_uint_eq(fake.seen[0].count, 1);
	ck_assert_uint_eq(fake.seen[0].sent_on_disk, 1);
	ck_assert_str_eq(fake.seen[0].statuses[0], "Shipped");
	ck_assert_str_eq(fake.seen[0].priorities[0], "-");
	ck_assert_int_eq(a.reply.err, ERR_OK);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert(!a.results[0].pending);
	order_json(ID(3), json);
	ck_assert_str_eq(a.results[0].order, json);
	ck_assert_has(json, "\"status\":\"Shipped\"");
	ck_assert_uint_eq(a.reply.generation, version_of(ID(3)));
	ck_assert_uint_eq(a.bulk, 0);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(writes_pending(writes), 0);
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(changes_that_come_while_no_call_is_free_are_sent_in_tens)
{
	struct asked a[25] = { 0 };

	fake.room = 0;
	for (int i = 0; i < 25; i++)
		set_status(&a[i], ID(i), "Shipped");
	pass(30);
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert_uint_eq(outbox_count(), 25);
	give_room(10);
	for (int i = 0; i < 25; i++)
		answered(&a[i]);
	ck_assert_uint_eq(fake.seen_count, 3);
	ck_assert_uint_eq(fake.seen[0].count, 10);
	ck_assert_uint_eq(fake.seen[1].count, 10);
	ck_assert_uint_eq(fake.seen[2].count, 5);
	in_agreement();
	for (int i = 0; i < 25; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(a_single_change_waits_for_no_others_while_calls_are_plentiful)
{
	struct asked a[2] = { 0 };
	int64_t start;

	config.write.gather_ms = patience(400);
	fake.room = 5;
	start = instant_monotonic();
	set_status(&a[0], ID(0), "Shipped");
	answered(&a[0]);
	ck_assert_int_lt(instant_monotonic() - start, patience(400));
	set_status(&a[1], ID(1), "Shipped");	/* just behind it */
	answered(&a[1]);
	ck_assert_int_ge(instant_monotonic() - start, patience(400));
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(when_calls_are_scarce_changes_are_gathered_until_there_are_ten)
{
	struct asked a[12] = { 0 };
	int64_t start;

	config.write.gather_ms = patience(300);
	fake.room = 2;
	start = instant_monotonic();
	set_status(&a[0], ID(0), "Shipped");
	pass(20);
	ck_assert_uint_eq(fake.seen_count, 0);
	for (int i = 1; i < 12; i++)
		set_status(&a[i], ID(i), "Shipped");
	answered(&a[0]);
	ck_assert_int_lt(instant_monotonic() - start, patience(300));
	ck_assert_uint_eq(fake.seen[0].count, 10);
	answered(&a[11]);
	ck_assert_int_ge(fake.seen[1].at_ms - fake.seen[0].at_ms, patience(300) - 30);
	ck_assert_uint_eq(fake.seen[1].count, 2);
	for (int i = 0; i < 12; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(waiting_changes_of_one_order_are_merged_and_all_callers_answered)
{
	struct asked a[4] = { 0 };
	struct form f = { .m.item_count = 0 };

	next_write((struct outcome){ .delay_ms = patience(100) });
	set_status(&a[0], ID(7), "Processing");
	pass(20);
	ck_assert_uint_eq(fake.seen_count, 1);
	set_status(&a[1], ID(7), "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(7)), ORDER_PRIORITY, "High");
	submit(&f, &a[2]);
	set_status(&a[3], ID(7), "Delivered");
	for (int i = 0; i < 4; i++)
		answered(&a[i]);
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_uint_eq(fake.seen[1].count, 1);
	ck_assert_uint_eq(fake.seen[1].sent_on_disk, 3);
	ck_assert_str_eq(fake.seen[1].statuses[0], "Delivered");
	ck_assert_str_eq(fake.seen[1].priorities[0], "High");
	ck_assert_has(a[0].results[0].order, "\"status\":\"Processing\"");
	for (int i = 1; i < 4; i++)
		ck_assert_has(a[i].results[0].order, "\"status\":\"Delivered\",\"priority\":\"High\"");
	in_agreement();
	for (int i = 0; i < 4; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(a_change_of_another_version_is_refused_without_a_call)
{
	struct asked a[2] = { 0 };
	struct form f = { .m.item_count = 0 };
	struct message_item *item = form_add(&f, MESSAGE_UPDATE, ID(1));

	want(item, ORDER_STATUS, "Shipped");
	item->version = version_of(ID(1)) - 1;
	submit(&f, &a[0]);
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_uint_eq(fake.seen_count, 0);
	f.items[0].version++;
	submit(&f, &a[1]);
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(a_change_with_a_version_is_not_merged_but_checked_when_its_turn_comes)
{
	struct asked a[3] = { 0 };
	struct form f = { .m.item_count = 0 };
	struct message_item *item = form_add(&f, MESSAGE_UPDATE, ID(1));

	next_write((struct outcome){ .delay_ms = patience(100) });
	set_status(&a[0], ID(1), "Processing");
	pass(20);
	want(item, ORDER_STATUS, "Shipped");
	item->version = version_of(ID(1));	/* as it is before the first arrives */
	submit(&f, &a[1]);
	set_status(&a[2], ID(1), "Delivered");
	for (int i = 0; i < 3; i++)
		answered(&a[i]);
	ck_assert_int_eq(a[0].results[0].err, ERR_OK);
	ck_assert_int_eq(a[1].results[0].err, ERR_PRECONDITION_FAILED);
	ck_assert_int_eq(a[2].results[0].err, ERR_OK);
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
	for (int i = 0; i < 3; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(a_bulk_edit_does_not_hold_up_a_single_change)
{
	struct asked bulk = { 0 }, single = { 0 };
	struct form f = { .m.bulk = true };
	size_t i = 0;

	fake.room = 0;
	for (int n = 0; n < 40; n++)
		want(form_add(&f, MESSAGE_UPDATE, ID(n)), ORDER_PRIORITY, "High");
	submit(&f, &bulk);
	pass(20);
	set_status(&single, ID(50), "Shipped");
	pass(20);
	give_room(1);
	answered(&single);
	ck_assert_int_eq(bulk.replies, 0);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_uint_eq(fake.seen[0].count, 10);
	while (i < 10 && strcmp(fake.seen[0].ids[i], ID(50)) != 0)
		i++;
	ck_assert_uint_le(i, 1);
	give_room(10);
	answered(&bulk);
	ck_assert_uint_eq(bulk.count, 40);
	ck_assert_uint_ne(bulk.bulk, 0);
	for (size_t n = 0; n < 40; n++) {
		ck_assert_int_eq(bulk.results[n].err, ERR_OK);
		ck_assert_str_eq(bulk.results[n].record, ID(n));
	}
	ck_assert_uint_eq(fake.seen_count, 5);
	asked_free(&bulk);
	asked_free(&single);
}
END_TEST

START_TEST(bad_changes_of_a_bulk_edit_get_their_errors_and_the_others_are_sent)
{
	struct asked a = { 0 };
	struct form f = { .m.bulk = true };

	want(form_add(&f, MESSAGE_UPDATE, "recNowhere0000000"), ORDER_STATUS, "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(1)), ORDER_STATUS, "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(2)), ORDER_STATUS, "Bad");
	want(form_add(&f, MESSAGE_UPDATE, ID(1)), ORDER_PRIORITY, "High");
	want(form_add(&f, MESSAGE_UPDATE, ID(3)), ORDER_STATUS, "Shipped");
	f.items[4].version = 1;
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_NOT_FOUND);
	ck_assert_int_eq(a.results[1].err, ERR_OK);
	ck_assert_int_eq(a.results[2].err, ERR_AIRTABLE_REJECTED);
	ck_assert_int_eq(a.results[3].err, ERR_OK);
	ck_assert_int_eq(a.results[4].err, ERR_PRECONDITION_FAILED);
	ck_assert_has(a.results[1].order, "\"status\":\"Shipped\",\"priority\":\"High\"");
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(changes_of_different_kinds_are_sent_in_separate_calls)
{
	struct asked a = { 0 };
	struct form f = { .m.bulk = true };

	fake.room = 0;
	(void)form_add(&f, MESSAGE_DELETE, ID(0));
	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Pending");
	want(form_add(&f, MESSAGE_UPDATE, ID(1)), ORDER_STATUS, "Shipped");
	(void)form_add(&f, MESSAGE_DELETE, ID(2));
	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Processing");
	want(form_add(&f, MESSAGE_UPDATE, ID(2)), ORDER_STATUS, "Shipped");	/* after its deletion */
	submit(&f, &a);
	pass(20);
	give_room(10);
	answered(&a);
	ck_assert_uint_eq(fake.seen_count, 3);
	ck_assert_int_eq(fake.seen[0].change, AIRTABLE_DELETE);
	ck_assert_uint_eq(fake.seen[0].count, 2);
	ck_assert_int_eq(fake.seen[1].change, AIRTABLE_CREATE);
	ck_assert_uint_eq(fake.seen[1].count, 2);
	ck_assert_str_ne(fake.seen[1].keys[0], fake.seen[1].keys[1]);
	ck_assert_int_eq(fake.seen[2].change, AIRTABLE_UPDATE);
	ck_assert_uint_eq(fake.seen[2].count, 1);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(a.results[i].err, ERR_OK);
	ck_assert_int_eq(a.results[5].err, ERR_NOT_FOUND);
	ck_assert_str_eq(a.results[0].order, "");
	ck_assert_has(a.results[1].record, "recNew");
	ck_assert_has(a.results[4].order, "\"status\":\"Processing\"");
	asked_free(&a);
}
END_TEST

START_TEST(creating_and_deleting_have_to_be_switched_on)
{
	struct asked a = { 0 };
	struct form f = { .m.bulk = true };

	config.write.create = config.write.delete = false;
	(void)form_add(&f, MESSAGE_DELETE, ID(0));
	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Pending");
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_FORBIDDEN);
	ck_assert_has(a.results[0].detail, "write.delete");
	ck_assert_int_eq(a.results[1].err, ERR_FORBIDDEN);
	ck_assert_has(a.results[1].detail, "write.create");
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert_uint_eq(a.bulk, 0);
	asked_free(&a);
}
END_TEST

START_TEST(too_many_waiting_changes_are_refused_as_a_whole)
{
	struct form f = { .m.bulk = true };
	struct asked *a = calloc(401, sizeof(*a));
	int n = 0;

	fake.room = 0;
	config.write.timeout_ms = 60000;
	for (int i = 0; i < ITEMS_MAX; i++)
		want(form_add(&f, MESSAGE_UPDATE, ID(i)), ORDER_PRIORITY, "High");
	for (; n < 401; n++)
		submit(&f, &a[n]);
	answered(&a[400]);
	ck_assert_int_eq(a[400].reply.err, ERR_OVERLOADED);
	ck_assert_int_eq(a[399].replies, 0);
	give_room(CALLS_MAX);
	for (n = 0; n < 400; n++)
		ck_assert(canned_run(&loop, &a[n].replies, 1, 60000));
	ck_assert_uint_le(fake.seen_count, 11);	/* all edits of an order are one */
	for (n = 0; n < 401; n++)
		asked_free(&a[n]);
	free(a);
}
END_TEST

/* This holds for a change for later delivery (1) too: its caller has been answered already. */
START_TEST(a_change_read_after_its_deadline_is_refused)
{
	struct asked a = { 0 };
	struct form f = { .m = { .defer = _i == 1, .deadline_ms = instant_monotonic() - 1 } };

	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, "Shipped");
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.reply.err, ERR_CANCELLED);
	pass(50);
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert_uint_eq(outbox_count(), 0);
	asked_free(&a);
}
END_TEST

START_TEST(time_spent_on_the_way_counts_against_the_deadline)
{
	struct asked a = { 0 };
	int64_t start = instant_monotonic();
	struct form f = { .m.deadline_ms = start + patience(500) };

	config.write.timeout_ms = patience(2000);
	fake.room = 0;
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, "Shipped");
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_int_lt(instant_monotonic() - start, patience(1300));
	give_room(10);
	pass(50);
	ck_assert_uint_eq(fake.seen_count, 0);
	asked_free(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write");
	TCase *t = tcase_create("dispatch");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, a_change_is_on_disk_before_it_is_sent_and_stored_before_it_is_answered);
	tcase_add_test(t, changes_that_come_while_no_call_is_free_are_sent_in_tens);
	tcase_add_test(t, a_single_change_waits_for_no_others_while_calls_are_plentiful);
	tcase_add_test(t, when_calls_are_scarce_changes_are_gathered_until_there_are_ten);
	tcase_add_test(t, waiting_changes_of_one_order_are_merged_and_all_callers_answered);
	tcase_add_test(t, a_change_of_another_version_is_refused_without_a_call);
	tcase_add_test(t, a_change_with_a_version_is_not_merged_but_checked_when_its_turn_comes);
	tcase_add_test(t, a_bulk_edit_does_not_hold_up_a_single_change);
	tcase_add_test(t, bad_changes_of_a_bulk_edit_get_their_errors_and_the_others_are_sent);
	tcase_add_test(t, changes_of_different_kinds_are_sent_in_separate_calls);
	tcase_add_test(t, creating_and_deleting_have_to_be_switched_on);
	tcase_add_test(t, too_many_waiting_changes_are_refused_as_a_whole);
	tcase_add_loop_test(t, a_change_read_after_its_deadline_is_refused, 0, 2);
	tcase_add_test(t, time_spent_on_the_way_counts_against_the_deadline);
	suite_add_tcase(s, t);
	return run_suite(s);
}
