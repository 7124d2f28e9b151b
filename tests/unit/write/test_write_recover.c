#include "tests/fakes/write_left.h"

/* What a process that died has left, and how a process ends in order. */

/* ---- after a crash ------------------------------------------------------------------------ */
START_TEST(what_was_sent_and_applied_is_confirmed)
{
	struct found f;

	for (int i = 0; i < 12; i++) {
		(void)leave(OUTBOX_UPDATE, ID(i), "Shipped", OUTBOX_SENT);
		(void)strcpy(fake.held[i].status, "Shipped");
	}
	restart();
	until_empty();
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_uint_eq(fake.seen_count, 2);	/* ten are read back in one call */
	history(ID(3), &f);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_has(f.json[0], "\"from\":\"Pending\",\"to\":\"Shipped\"");
	ck_assert_has(f.json[0], "\"source\":\"api\"");
	in_agreement();
}
END_TEST

START_TEST(what_was_sent_and_not_applied_goes_into_the_history_and_is_not_sent_again)
{
	struct found f;

	config.airtable.request_timeout_ms = 100;
	(void)leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT);
	left[0].e.sent_ms -= 10000;	/* long enough ago */
	restart();
	until_empty();
	ck_assert_uint_eq(changes_seen(), 0);
	history(ID(0), &f);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_has(f.json[0], "\"action\":\"notApplied\"");
	in_agreement();
}
END_TEST

START_TEST(what_was_just_sent_may_still_arrive)
{
	struct found f;

	config.airtable.request_timeout_ms = patience(400);
	(void)leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT);
	restart();
	pass(300);
	ck_assert_uint_eq(outbox_count(), 1);
	(void)strcpy(fake.held[0].status, "Shipped");
	until_empty();
	history(ID(0), &f);
	ck_assert_has(f.json[0], "\"action\":\"changed\"");
	in_agreement();
}
END_TEST

START_TEST(several_changes_of_one_order_are_judged_separately)
{
	struct found f;

	config.airtable.request_timeout_ms = 100;
	/* the first was applied, the second, in a call of its own, was not */
	(void)leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT);
	made_ask(leave(OUTBOX_UPDATE, ID(0), NULL, OUTBOX_SENT), ORDER_PRIORITY, "High");
	(void)strcpy(fake.held[0].status, "Shipped");
	/* of the same field the later one counts for both */
	(void)leave(OUTBOX_UPDATE, ID(1), "Shipped", OUTBOX_SENT);
	(void)leave(OUTBOX_UPDATE, ID(1), "Delivered", OUTBOX_SENT);
	(void)strcpy(fake.held[1].status, "Delivered");
	for (int i = 0; i < 4; i++)
		left[i].e.sent_ms -= 10000;
	restart();
	until_empty();
	history(ID(0), &f);
	ck_assert_uint_eq(f.count, 2);
	for (int i = 0; i < 2; i++)
		ck_assert_has(f.json[i], strstr(f.json[i], "\"High\"") != NULL ?
		    "\"action\":\"notApplied\"" : "\"action\":\"changed\"");
	history(ID(1), &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[0], "\"to\":\"Delivered\"");
	ck_assert_has(f.json[1], "\"to\":\"Shipped\"");
	in_agreement();
}
END_TEST

START_TEST(a_call_that_may_arrive_late_is_waited_for_although_a_later_one_is_seen)
{
	config.airtable.request_timeout_ms = patience(400);
	(void)leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT);
	leave(OUTBOX_UPDATE, ID(0), "Delivered", OUTBOX_SENT)->e.sent_ms -= 10000;
	(void)strcpy(fake.held[0].status, "Delivered");
	restart();
	pass(300);
	ck_assert_uint_eq(outbox_count(), 2);
	(void)strcpy(fake.held[0].status, "Shipped");
	until_empty();
	in_agreement();
}
END_TEST

START_TEST(calls_of_different_kinds_are_resumed_one_after_the_other)
{
	config.airtable.request_timeout_ms = 100;
	leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT)->e.sent_ms -= 10000;
	leave(OUTBOX_DELETE, ID(0), NULL, OUTBOX_SENT)->e.sent_ms -= 10000;
	leave(OUTBOX_UPDATE, ID(1), "Shipped", OUTBOX_SENT)->e.sent_ms -= 10000;
	leave(OUTBOX_DELETE, ID(1), NULL, OUTBOX_SENT)->e.sent_ms -= 10000;
	(void)strcpy(fake.held[0].status, "Shipped");
	fake.held[1].gone = true;
	restart();
	until_empty();
	in_agreement();
}
END_TEST

START_TEST(what_was_never_sent_is_dropped_unless_it_was_promised)
{
	struct found f;

	(void)leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_ACCEPTED);
	promise(leave(OUTBOX_UPDATE, ID(1), "Shipped", OUTBOX_ACCEPTED));
	(void)leave(OUTBOX_CREATE, NULL, "Shipped", OUTBOX_ACCEPTED);
	(void)leave(OUTBOX_DELETE, ID(2), NULL, OUTBOX_ACCEPTED);
	restart();
	until_empty();
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_str_eq(fake.seen[0].ids[0], ID(1));
	ck_assert_str_eq(fake.held[1].status, "Shipped");
	history(ID(0), &f);
	ck_assert_has(f.json[0], "\"action\":\"notApplied\"");
	in_agreement();
}
END_TEST

START_TEST(a_promised_change_that_was_sent_in_vain_is_sent_again_before_later_ones)
{
	struct asked a = { 0 };
	struct found f;

	config.airtable.request_timeout_ms = 100;
	promise(leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_SENT));
	left[0].e.sent_ms -= 10000;
	next_find((struct outcome){ .delay_ms = patience(100) });
	restart();
	set_status(&a, ID(0), "Delivered");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	until_empty();
	history(ID(0), &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[0], "\"to\":\"Delivered\"");
	ck_assert_has(f.json[1], "\"to\":\"Shipped\"");
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(an_order_deleted_in_airtable_is_deleted_here_too)
{
	(void)leave(OUTBOX_DELETE, ID(0), NULL, OUTBOX_SENT);
	fake.held[0].gone = true;
	restart();
	until_empty();
	ck_assert_int_eq(store_begin(apply_store(apply)), ERR_OK);
	ck_assert_uint_eq(store_row_count(apply_store(apply), &orders_schema), ORDERS - 1);
	store_end(apply_store(apply));
}
END_TEST

START_TEST(recovery_waits_while_airtable_is_away_and_then_goes_on)
{
	config.airtable.request_timeout_ms = 100;
	promise(leave(OUTBOX_UPDATE, ID(0), "Shipped", OUTBOX_ACCEPTED));
	leave(OUTBOX_UPDATE, ID(1), "Shipped", OUTBOX_SENT)->e.sent_ms -= 10000;
	finds_fail(true);
	for (int i = 0; i < 30; i++)
		next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	restart();
	pass(100);
	ck_assert_uint_eq(outbox_count(), 2);
	finds_fail(false);
	fake.script_used = fake.script_count;
	until_empty();
	ck_assert_str_eq(fake.held[0].status, "Shipped");
	ck_assert_str_eq(fake.held[1].status, "Pending");
	in_agreement();
}
END_TEST

/* ---- ending ---------------------------------------------------------------------------------- */
static void
on_drained(void *cookie)
{
	++*(int *)cookie;
}

START_TEST(at_the_end_waiting_changes_are_answered_and_calls_under_way_awaited)
{
	struct asked flying = { 0 }, waiting = { 0 }, later = { 0 }, late = { 0 };
	struct form f = { .m.defer = true };
	int drained = 0;

	fake.room = 1;
	next_write((struct outcome){ .delay_ms = patience(150) });
	set_status(&flying, ID(0), "Shipped");
	pass(20);
	set_status(&waiting, ID(1), "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(2)), ORDER_STATUS, "Shipped");
	submit(&f, &later);
	pass(20);
	writes_drain(writes, on_drained, &drained);
	set_status(&late, ID(3), "Shipped");
	answered(&waiting);
	answered(&later);
	answered(&late);
	ck_assert_int_eq(waiting.reply.err, ERR_CANCELLED);
	ck_assert_int_eq(late.reply.err, ERR_CANCELLED);
	ck_assert(later.results[0].pending);
	ck_assert_int_eq(drained, 0);
	answered(&flying);
	ck_assert_int_eq(flying.results[0].err, ERR_OK);
	ck_assert(canned_run(&loop, &drained, 1, 1000));
	ck_assert_uint_eq(outbox_count(), 1);
	give_room(5);
	restart();
	until_empty();
	ck_assert_str_eq(fake.held[1].status, "Pending");
	ck_assert_str_eq(fake.held[2].status, "Shipped");
	in_agreement();
	asked_free(&flying);
	asked_free(&waiting);
	asked_free(&later);
	asked_free(&late);
}
END_TEST

START_TEST(with_nothing_to_do_the_end_comes_at_once)
{
	int drained = 0;

	writes_drain(writes, on_drained, &drained);
	ck_assert(canned_run(&loop, &drained, 1, 1000));
}
END_TEST

/* Some results are known and to be kept, the others are open. */
static void
bulk_with_key(struct asked *a)
{
	struct form f = { .m = { .fingerprint = { 1, 2 }, .bulk = true, .timeout_ms = patience(500) } };

	(void)strcpy(f.m.key, "k1");
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(1)), ORDER_STATUS, "Shipped");
	submit(&f, a);
}

START_TEST(a_partly_open_answer_does_not_delay_the_end)
{
	struct asked before = { 0 }, a[2] = { 0 };
	int drained = 0;

	next_write((struct outcome){ .delay_ms = patience(100) });	/* keeps the second one apart */
	set_status(&before, ID(1), "Delivered");
	pass(20);
	next_write((struct outcome){ .err = ERR_OK });
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	finds_fail(true);
	bulk_with_key(&a[0]);
	answered(&before);
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_OK);
	ck_assert_int_eq(a[0].results[1].err, ERR_OUTCOME_UNKNOWN);
	writes_drain(writes, on_drained, &drained);
	ck_assert(canned_run(&loop, &drained, 1, 1000));
	finds_fail(false);
	restart();
	bulk_with_key(&a[1]);
	answered(&a[1]);
	for (int i = 0; i < 2; i++)
		ck_assert_has(a[1].results[i].order, "\"status\":\"Shipped\"");
	in_agreement();
	asked_free(&before);
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(an_outcome_that_is_not_known_at_the_end_is_settled_by_the_next_process)
{
	struct asked a[2] = { 0 };
	int drained = 0;

	config.write.timeout_ms = 60000;
	config.airtable.request_timeout_ms = 100;
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	set_status(&a[0], ID(0), "Shipped");
	for (int i = 0; i < 1000 && fake.find_used == 0; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	writes_drain(writes, on_drained, &drained);
	ck_assert(canned_run(&loop, &drained, 1, 5000));
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_OUTCOME_UNKNOWN);
	ck_assert_uint_eq(outbox_count(), 1);
	restart();
	/* at once, with calls under way */
	next_write((struct outcome){ .delay_ms = -1 });
	set_status(&a[1], ID(1), "Shipped");
	pass(50);
	close_writes();
	ck_assert_int_eq(a[1].replies, 1);
	ck_assert_int_eq(a[1].results[0].err, ERR_OUTCOME_UNKNOWN);
	open_writes();
	until_empty();
	ck_assert_str_eq(fake.held[0].status, "Shipped");
	in_agreement();
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_recover");
	TCase *t = tcase_create("recover");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, what_was_sent_and_applied_is_confirmed);
	tcase_add_test(t, what_was_sent_and_not_applied_goes_into_the_history_and_is_not_sent_again);
	tcase_add_test(t, what_was_just_sent_may_still_arrive);
	tcase_add_test(t, several_changes_of_one_order_are_judged_separately);
	tcase_add_test(t, a_call_that_may_arrive_late_is_waited_for_although_a_later_one_is_seen);
	tcase_add_test(t, calls_of_different_kinds_are_resumed_one_after_the_other);
	tcase_add_test(t, what_was_never_sent_is_dropped_unless_it_was_promised);
	tcase_add_test(t, a_promised_change_that_was_sent_in_vain_is_sent_again_before_later_ones);
	tcase_add_test(t, an_order_deleted_in_airtable_is_deleted_here_too);
	tcase_add_test(t, recovery_waits_while_airtable_is_away_and_then_goes_on);
	tcase_add_test(t, at_the_end_waiting_changes_are_answered_and_calls_under_way_awaited);
	tcase_add_test(t, with_nothing_to_do_the_end_comes_at_once);
	tcase_add_test(t, a_partly_open_answer_does_not_delay_the_end);
	tcase_add_test(t, an_outcome_that_is_not_known_at_the_end_is_settled_by_the_next_process);
	suite_add_tcase(s, t);
	return run_suite(s);
}
