#include "tests/fakes/write_fixture.h"

/* The outcomes of changes, and what each caller is answered. */

#define NO_ANSWER	{ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .message = "cut" }

/* ---- refused ------------------------------------------------------------------------- */
START_TEST(one_bad_record_of_ten_is_found_and_the_others_are_sent)
{
	struct asked a[10] = { 0 };

	fake.room = 0;
	for (int i = 0; i < 10; i++)
		set_status(&a[i], ID(i), i == _i ? "Bad" : "Shipped");
	pass(20);
	give_room(CALLS_MAX);
	for (int i = 0; i < 10; i++) {
		answered(&a[i]);
		if (i != _i) {
			ck_assert_int_eq(a[i].results[0].err, ERR_OK);
			ck_assert_has(a[i].results[0].order, "\"status\":\"Shipped\"");
			continue;
		}
		ck_assert_int_eq(a[i].results[0].err, ERR_AIRTABLE_REJECTED);
		ck_assert_str_eq(a[i].results[0].detail, "INVALID_MULTIPLE_CHOICE_OPTIONS: "
		    "Insufficient permissions to create new select option");
	}
	ck_assert_uint_le(fake.seen_count, 9);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
	for (int i = 0; i < 10; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(an_order_that_airtable_no_longer_has_spoils_nothing)
{
	struct asked a[4] = { 0 };

	fake.held[2].gone = true;
	fake.room = 0;
	for (int i = 0; i < 4; i++)
		set_status(&a[i], ID(i), "Shipped");
	pass(20);
	give_room(CALLS_MAX);
	for (int i = 0; i < 4; i++) {
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, i == 2 ? ERR_NOT_FOUND : ERR_OK);
	}
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_uint_eq(fake.seen[1].count, 3);
	ck_assert_int_ge(fake.syncs, 1);
	in_agreement();
	for (int i = 0; i < 4; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(merged_changes_that_are_refused_are_sent_one_by_one)
{
	struct asked a[4] = { 0 };

	next_write((struct outcome){ .delay_ms = patience(100) });
	set_status(&a[0], ID(1), "Processing");
	pass(20);
	set_status(&a[1], ID(1), "Shipped");
	set_status(&a[2], ID(1), "Bad");
	for (int i = 0; i < 3; i++)
		answered(&a[i]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	ck_assert_has(a[1].results[0].order, "\"status\":\"Shipped\"");
	ck_assert_int_eq(a[2].results[0].err, ERR_AIRTABLE_REJECTED);
	ck_assert_uint_eq(fake.seen_count, 4);
	/* only what is on its way may count as sent */
	ck_assert_uint_eq(fake.seen[2].sent_on_disk, 1);
	ck_assert_uint_eq(fake.seen[3].sent_on_disk, 1);
	in_agreement();
	for (int i = 0; i < 3; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(deleting_what_is_gone_succeeds_and_costs_the_others_nothing)
{
	struct asked a[3] = { 0 };
	char json[1000];

	fake.held[1].gone = true;
	fake.room = 0;
	for (int i = 0; i < 3; i++) {
		struct form f = { .m.item_count = 0 };

		(void)form_add(&f, MESSAGE_DELETE, ID(i));
		submit(&f, &a[i]);
	}
	pass(20);
	give_room(CALLS_MAX);
	for (int i = 0; i < 3; i++) {
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, ERR_OK);
		ck_assert(fake.held[i].gone);
	}
	ck_assert(fake.seen[1].find);	/* which of them is it? */
	ck_assert_uint_eq(outbox_count(), 0);
	for (int i = 0; i < 3; i++) {	/* and whose doing was it? */
		newest_history(ID(i), json);
		ck_assert_has(json, "\"action\":\"deleted\"");
		ck_assert_has(json, i == 1 ? "\"source\":\"airtable\"" : "\"source\":\"api\"");
		asked_free(&a[i]);
	}
}
END_TEST

START_TEST(a_forbidden_delete_is_reported)
{
	struct asked a = { 0 };
	struct form f = { .m.item_count = 0 };

	for (int i = 0; i < 3; i++)
		next_write((struct outcome){ .err = ERR_AIRTABLE_FORBIDDEN, .message = "not permitted" });
	(void)form_add(&f, MESSAGE_DELETE, ID(0));
	submit(&f, &a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_FORBIDDEN);
	ck_assert_str_eq(a.results[0].detail, "not permitted");
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(a_refused_token_is_reported_to_all_callers_at_once)
{
	struct asked a[2] = { 0 };

	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAUTHORIZED, .message = "bad token" });
	fake.room = 0;
	set_status(&a[0], ID(0), "Shipped");
	set_status(&a[1], ID(1), "Shipped");
	pass(20);
	give_room(CALLS_MAX);
	for (int i = 0; i < 2; i++) {
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, ERR_AIRTABLE_UNAUTHORIZED);
		asked_free(&a[i]);
	}
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_uint_eq(outbox_count(), 0);
}
END_TEST

/* ---- unknown -------------------------------------------------------------------------- */
START_TEST(what_may_have_been_applied_is_read_back_in_one_call)
{
	struct asked a[6] = { 0 };

	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	fake.room = 0;
	for (int i = 0; i < 6; i++)
		set_status(&a[i], ID(i), "Shipped");
	pass(20);
	give_room(CALLS_MAX);
	for (int i = 0; i < 6; i++) {
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, ERR_OK);
		asked_free(&a[i]);
	}
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert(fake.seen[1].find);
	ck_assert_uint_eq(fake.seen[1].count, 6);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
}
END_TEST

START_TEST(a_change_found_not_applied_is_sent_again_but_not_forever)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(5000);
	next_write((struct outcome)NO_ANSWER);
	set_status(&a[0], ID(0), "Shipped");
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 2);
	for (int i = 0; i < 3; i++)
		next_write((struct outcome)NO_ANSWER);
	set_status(&a[1], ID(1), "Shipped");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_has(a[1].results[0].detail, "does not show the change");
	ck_assert_uint_eq(changes_seen(), 5);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(after_a_time_out_failure_is_reported_only_when_the_call_can_no_longer_arrive)
{
	struct asked a = { 0 };

	config.airtable.request_timeout_ms = patience(600);
	next_write((struct outcome){ .err = ERR_AIRTABLE_TIMEOUT, .maybe = true, .late_ms = patience(200) });
	set_status(&a, ID(0), "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_uint_ge(fake.seen_count, 3);	/* it was not there at the first look */
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(an_outcome_that_is_not_known_in_time_is_shown_as_pending_and_settled_later)
{
	struct asked a = { 0 }, next = { 0 };
	char json[1000];

	config.write.timeout_ms = patience(300);
	config.airtable.request_timeout_ms = patience(100);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	finds_fail(true);
	set_status(&a, ID(0), "Shipped");
	answered(&a);
	finds_fail(false);
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	ck_assert_uint_eq(pending_count(), 1);
	order_json(ID(0), json);
	ck_assert_has(json, "\"pending\":true");
	ck_assert_uint_eq(outbox_count(), 1);
	/* it delays no other change */
	set_status(&next, ID(0), "Delivered");
	answered(&next);
	ck_assert_int_eq(next.results[0].err, ERR_OK);
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(50);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(pending_count(), 0);
	in_agreement();
	asked_free(&a);
	asked_free(&next);
}
END_TEST

START_TEST(a_change_found_not_applied_after_its_asker_left_goes_into_the_history_and_is_not_sent)
{
	struct asked a = { 0 };
	char json[1000];

	config.write.timeout_ms = patience(200);
	next_write((struct outcome)NO_ANSWER);
	finds_fail(true);
	set_status(&a, ID(0), "Shipped");
	answered(&a);
	finds_fail(false);
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(50);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(changes_seen(), 1);
	newest_history(ID(0), json);
	ck_assert_has(json, "\"action\":\"notApplied\"");
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(an_unanswered_change_of_a_deleted_order_is_reported_as_unknown)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(3000);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	set_status(&a[0], ID(0), "Shipped");
	for (int i = 0; i < 1000 && fake.find_used == 0; i++)
		pass(5);
	fake.held[0].gone = true;
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_NOT_FOUND);
	ck_assert_has(a[0].results[0].detail, "it is unknown");
	fake.held[1].gone = true;	/* before it was sent: then that is known */
	set_status(&a[1], ID(1), "Shipped");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_NOT_FOUND);
	ck_assert_str_eq(a[1].results[0].detail, "the order is no longer in Airtable");
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(an_unanswered_delete_is_judged_by_the_order)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(3000);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	next_write((struct outcome)NO_ANSWER);
	for (int i = 0; i < 2; i++) {
		struct form f = { .m.item_count = 0 };

		(void)form_add(&f, MESSAGE_DELETE, ID(i));
		submit(&f, &a[i]);
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, ERR_OK);
		ck_assert(fake.held[i].gone);
		asked_free(&a[i]);
	}
	ck_assert_uint_eq(changes_seen(), 3);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
}
END_TEST

/* ---- Airtable away ----------------------------------------------------------------------- */
START_TEST(a_change_that_could_not_be_sent_in_time_is_never_sent)
{
	struct asked a = { 0 };

	config.write.timeout_ms = patience(200);
	fake.room = 0;
	set_status(&a, ID(0), "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_has(a.results[0].detail, "nothing was changed");
	ck_assert_uint_eq(outbox_count(), 0);
	give_room(CALLS_MAX);
	pass(100);
	ck_assert_uint_eq(fake.seen_count, 0);
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(with_the_circuit_open_the_answer_comes_at_once)
{
	struct asked a = { 0 };

	fake.blocked_ms = 5000;
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	config.write.timeout_ms = 60000;
	set_status(&a, ID(0), "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_uint_eq(outbox_count(), 0);
	asked_free(&a);
}
END_TEST

START_TEST(a_circuit_that_opens_answers_those_who_wait)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = 60000;
	fake.room = 0;
	set_status(&a[0], ID(0), "Shipped");
	set_status_later(&a[1], ID(1), "Shipped");
	pass(20);
	fake.blocked_ms = 5000;
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	fake_wake();
	answered(&a[0]);
	answered(&a[1]);
	ck_assert_int_eq(a[0].results[0].err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	ck_assert(a[1].results[0].pending);
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(what_was_promised_is_shown_as_pending_and_delivered_when_airtable_is_back)
{
	struct asked a[2] = { 0 };
	char json[1000];

	fake.blocked_ms = patience(200);
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	set_status_later(&a[0], ID(0), "Shipped");
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_OK);
	ck_assert(a[0].results[0].pending);
	ck_assert_has(a[0].results[0].order, "\"status\":\"Shipped\"");
	ck_assert_has(a[0].results[0].order, "\"pending\":true");
	ck_assert_uint_eq(pending_count(), 1);
	fake.blocked_ms = 0;
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	ck_assert_uint_eq(pending_count(), 0);
	order_json(ID(0), json);
	ck_assert(strstr(json, "pending") == NULL);
	newest_history(ID(0), json);
	ck_assert_has(json, "\"to\":\"Shipped\"");
	in_agreement();
	/* refused in the end: all readers see that, too */
	fake.blocked_ms = patience(200);
	set_status_later(&a[1], ID(1), "Bad");
	answered(&a[1]);
	ck_assert(a[1].results[0].pending);
	fake.blocked_ms = 0;
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(20);
	newest_history(ID(1), json);
	ck_assert_has(json, "\"action\":\"rejected\"");
	ck_assert_has(json, "INVALID_MULTIPLE_CHOICE_OPTIONS");
	in_agreement();
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(at_the_deadline_a_change_for_later_delivery_is_pending_whatever_its_outcome)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(300);
	fake.room = 1;
	next_write((struct outcome){ .delay_ms = patience(500) });
	set_status_later(&a[0], ID(0), "Shipped");
	pass(20);
	set_status_later(&a[1], ID(1), "Shipped");
	for (int i = 0; i < 2; i++) {
		answered(&a[i]);
		ck_assert_int_eq(a[i].results[0].err, ERR_OK);
		ck_assert(a[i].results[0].pending);
		asked_free(&a[i]);
	}
	ck_assert_uint_eq(pending_count(), 2);
	give_room(5);
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
}
END_TEST

START_TEST(awaited_changes_go_before_promised_ones_but_do_not_starve_them)
{
	struct asked promised[30] = { 0 }, a[12] = { 0 };
	size_t shipped = 0;

	fake.blocked_ms = patience(300);
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	for (int i = 0; i < 30; i++)
		set_status_later(&promised[i], ID(i), "Shipped");
	for (int i = 0; i < 30; i++) {
		answered(&promised[i]);
		ck_assert(promised[i].results[0].pending);
		asked_free(&promised[i]);
	}
	fake.blocked_ms = 0;
	fake.room = 0;
	for (int i = 0; i < 12; i++)
		set_status(&a[i], ID(30 + i), "Delivered");
	pass(20);
	give_room(1);
	pass(300);
	ck_assert_uint_eq(fake.seen_count, 1);
	for (size_t i = 0; i < 10; i++)
		shipped += strcmp(fake.seen[0].statuses[i], "Shipped") == 0;
	ck_assert_uint_eq(shipped, 1);
	give_room(10);
	for (int i = 0; i < 12; i++) {
		answered(&a[i]);
		asked_free(&a[i]);
	}
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_le(fake.seen_count, 6);
	in_agreement();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_outcomes");
	TCase *t = tcase_create("outcomes");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_loop_test(t, one_bad_record_of_ten_is_found_and_the_others_are_sent, 0, 10);
	tcase_add_test(t, an_order_that_airtable_no_longer_has_spoils_nothing);
	tcase_add_test(t, merged_changes_that_are_refused_are_sent_one_by_one);
	tcase_add_test(t, deleting_what_is_gone_succeeds_and_costs_the_others_nothing);
	tcase_add_test(t, a_forbidden_delete_is_reported);
	tcase_add_test(t, a_refused_token_is_reported_to_all_callers_at_once);
	tcase_add_test(t, what_may_have_been_applied_is_read_back_in_one_call);
	tcase_add_test(t, a_change_found_not_applied_is_sent_again_but_not_forever);
	tcase_add_test(t, after_a_time_out_failure_is_reported_only_when_the_call_can_no_longer_arrive);
	tcase_add_test(t, an_outcome_that_is_not_known_in_time_is_shown_as_pending_and_settled_later);
	tcase_add_test(t, a_change_found_not_applied_after_its_asker_left_goes_into_the_history_and_is_not_sent);
	tcase_add_test(t, an_unanswered_change_of_a_deleted_order_is_reported_as_unknown);
	tcase_add_test(t, an_unanswered_delete_is_judged_by_the_order);
	tcase_add_test(t, a_change_that_could_not_be_sent_in_time_is_never_sent);
	tcase_add_test(t, with_the_circuit_open_the_answer_comes_at_once);
	tcase_add_test(t, a_circuit_that_opens_answers_those_who_wait);
	tcase_add_test(t, what_was_promised_is_shown_as_pending_and_delivered_when_airtable_is_back);
	tcase_add_test(t, at_the_deadline_a_change_for_later_delivery_is_pending_whatever_its_outcome);
	tcase_add_test(t, awaited_changes_go_before_promised_ones_but_do_not_starve_them);
	suite_add_tcase(s, t);
	return run_suite(s);
}
