#include "tests/fakes/write_left.h"

/* Requests repeated with an Idempotency-Key: while one waits, later, and to the next process. */

static void
keyed(struct asked *a, const char *key, uint64_t fingerprint, const char *status)
{
	struct form f = { .m.fingerprint = { fingerprint, 7 } };

	(void)strcpy(f.m.key, key);
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, status);
	submit(&f, a);
}

START_TEST(asking_again_with_a_key_gets_the_first_answer)
{
	struct asked a[4] = { 0 }, b = { 0 };

	keyed(&a[0], "k1", 1, "Shipped");
	answered(&a[0]);
	pass(20);
	set_status(&b, ID(0), "Delivered");
	answered(&b);
	keyed(&a[1], "k1", 1, "Shipped");
	answered(&a[1]);
	ck_assert_str_eq(a[1].body, a[0].body);
	keyed(&a[2], "k1", 2, "Cancelled");
	answered(&a[2]);
	ck_assert_int_eq(a[2].reply.err, ERR_IDEMPOTENCY_CONFLICT);
	ck_assert_uint_eq(changes_seen(), 2);
	close_writes();
	open_writes();
	keyed(&a[3], "k1", 1, "Shipped");
	answered(&a[3]);
	ck_assert_str_eq(a[3].body, a[0].body);
	in_agreement();
	for (int i = 0; i < 4; i++)
		asked_free(&a[i]);
	asked_free(&b);
}
END_TEST

START_TEST(asking_again_while_it_is_under_way_waits_for_the_same_answer)
{
	struct asked a[3] = { 0 };

	next_write((struct outcome){ .delay_ms = patience(100) });
	keyed(&a[0], "k1", 1, "Shipped");
	pass(20);
	keyed(&a[1], "k1", 1, "Shipped");
	keyed(&a[2], "k1", 2, "Delivered");
	answered(&a[2]);
	ck_assert_int_eq(a[2].reply.err, ERR_IDEMPOTENCY_CONFLICT);
	answered(&a[0]);
	answered(&a[1]);
	ck_assert_str_eq(a[1].body, a[0].body);
	ck_assert_uint_eq(fake.seen_count, 1);
	for (int i = 0; i < 3; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(asking_again_after_an_unknown_outcome_waits_until_it_is_settled)
{
	struct asked a[2] = { 0 };

	config.write.timeout_ms = patience(200);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	finds_fail(true);
	keyed(&a[0], "k1", 1, "Shipped");
	answered(&a[0]);
	finds_fail(false);
	ck_assert_int_eq(a[0].results[0].err, ERR_OUTCOME_UNKNOWN);
	config.write.timeout_ms = patience(5000);
	keyed(&a[1], "k1", 1, "Shipped");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	ck_assert_has(a[1].results[0].order, "\"status\":\"Shipped\"");
	ck_assert_uint_eq(changes_seen(), 1);
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

static void
on_drained(void *cookie)
{
	++*(int *)cookie;
}

START_TEST(a_repeated_request_is_not_kept_waiting_by_a_process_that_ends)
{
	struct asked a[2] = { 0 };
	int drained = 0;

	config.write.timeout_ms = patience(200);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true });
	finds_fail(true);
	keyed(&a[0], "k1", 1, "Shipped");
	answered(&a[0]);
	config.write.timeout_ms = 600000;
	keyed(&a[1], "k1", 1, "Shipped");
	pass(50);
	ck_assert_int_eq(a[1].replies, 0);
	writes_drain(writes, on_drained, &drained);
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OUTCOME_UNKNOWN);
	ck_assert(canned_run(&loop, &drained, 1, 1000));
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

START_TEST(a_failure_that_changed_nothing_is_not_kept)
{
	struct asked a[2] = { 0 };

	fake.blocked_ms = 5000;
	fake.blocked_why = ERR_AIRTABLE_QUOTA;
	keyed(&a[0], "k1", 1, "Shipped");
	answered(&a[0]);
	ck_assert_int_eq(a[0].results[0].err, ERR_AIRTABLE_QUOTA);
	fake.blocked_ms = 0;
	keyed(&a[1], "k1", 1, "Shipped");
	answered(&a[1]);
	ck_assert_int_eq(a[1].results[0].err, ERR_OK);
	asked_free(&a[0]);
	asked_free(&a[1]);
}
END_TEST

/* ---- after a crash ---- */
static void
leave_keyed(const char *status, enum outbox_state state)
{
	struct made_entry *m = leave(OUTBOX_UPDATE, ID(0), status, state);
	const struct answer_step answer = { .key = STR("k1"), .answer = {
		.at_ms = instant_now(), .fingerprint = { 1, 7 }, .first = m->e.sequence, .count = 1
	} };
	const struct apply_meta meta = { .answers = &answer, .answer_count = 1 };
	struct apply_result r;

	m->e.answer_key = STR("k1");
	m->e.sent_ms -= 10000;
	ck_assert_int_eq(apply_changes(apply, NULL, 0, SOURCE_WRITE, &meta, instant_now(), &r), ERR_OK);
}

START_TEST(the_answer_to_a_key_is_composed_of_what_was_settled)
{
	struct asked a = { 0 };

	leave_keyed("Shipped", OUTBOX_SENT);
	(void)strcpy(fake.held[0].status, "Shipped");
	restart();
	until_empty();
	pass(20);
	(void)strcpy(fake.held[0].status, "Shipped");
	keyed(&a, "k1", 1, "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_str_eq(a.results[0].record, ID(0));
	ck_assert_uint_eq(changes_seen(), 0);
	asked_free(&a);
}
END_TEST

START_TEST(what_is_still_open_after_a_crash_names_its_order)
{
	struct asked a = { 0 };

	leave_keyed("Shipped", OUTBOX_SENT);
	finds_fail(true);
	restart();
	config.write.timeout_ms = patience(100);
	keyed(&a, "k1", 1, "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	ck_assert_str_eq(a.results[0].record, ID(0));
	ck_assert_uint_eq(changes_seen(), 0);
	asked_free(&a);
}
END_TEST

START_TEST(what_was_not_applied_before_the_crash_is_done_when_asked_again)
{
	struct asked a = { 0 };

	leave_keyed("Shipped", _i == 0 ? OUTBOX_SENT : OUTBOX_ACCEPTED);
	config.airtable.request_timeout_ms = 100;
	restart();
	until_empty();
	keyed(&a, "k1", 1, "Shipped");
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 1);
	in_agreement();
	asked_free(&a);
}
END_TEST

/* One order three times; the asker has refused the second. */
static void
keyed_bulk(struct asked *a)
{
	struct form f = { .m.fingerprint = { 5, 7 }, .m.bulk = true };
	struct message_item *item;

	(void)strcpy(f.m.key, "k1");
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, "Shipped");
	item = form_add(&f, MESSAGE_REFUSED, ID(0));
	item->code = ERR_INVALID_BODY;
	item->problem = STR("{\"status\":400}");
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_PRIORITY, "High");
	item = form_add(&f, MESSAGE_REFUSED, "");	/* of which not even the order is known */
	item->record.id = (struct str){ NULL, 0 };
	item->code = ERR_NOT_FOUND;
	item->problem = STR("{}");
	submit(&f, a);
}

static void
each_at_its_place(struct asked *a)
{
	answered(a);
	ck_assert_uint_eq(a->count, 4);
	ck_assert_int_eq(a->results[0].err, ERR_OK);
	ck_assert_int_eq(a->results[1].err, ERR_INVALID_BODY);
	ck_assert_str_eq(a->results[1].problem, "{\"status\":400}");
	ck_assert_str_eq(a->results[1].record, ID(0));
	ck_assert_int_eq(a->results[2].err, ERR_OK);
	ck_assert_int_eq(a->results[3].err, ERR_NOT_FOUND);
	ck_assert_str_eq(a->results[3].record, "");
	asked_free(a);
}

START_TEST(items_refused_by_the_asker_keep_their_place_through_a_kill)
{
	struct asked a = { 0 }, again = { 0 };

	if (_i > 0)	/* it dies before Airtable has answered, */
		next_write((struct outcome){ .delay_ms = -1 });
	keyed_bulk(&a);
	if (_i == 0) {
		each_at_its_place(&a);
	} else {
		pass(50);
		ck_assert_uint_eq(fake.seen_count, 1);
		config.airtable.request_timeout_ms = 100;
		if (_i == 2) {	/* which had done it, or not */
			(void)strcpy(fake.held[0].status, "Shipped");
			(void)strcpy(fake.held[0].priority, "High");
		}
		restart();
		until_empty();
	}
	keyed_bulk(&again);
	each_at_its_place(&again);
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(nothing_is_kept_of_a_request_that_failed_entirely)
{
	struct asked a = { 0 };

	fake.blocked_ms = 5000;
	fake.blocked_why = ERR_AIRTABLE_QUOTA;
	keyed_bulk(&a);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_QUOTA);
	ck_assert_int_eq(a.results[1].err, ERR_INVALID_BODY);
	ck_assert_str_eq(a.results[1].problem, "{\"status\":400}");
	asked_free(&a);
	fake.blocked_ms = 0;
	keyed_bulk(&a);
	each_at_its_place(&a);
	in_agreement();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_again");
	TCase *t = tcase_create("again");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, asking_again_with_a_key_gets_the_first_answer);
	tcase_add_test(t, asking_again_while_it_is_under_way_waits_for_the_same_answer);
	tcase_add_test(t, asking_again_after_an_unknown_outcome_waits_until_it_is_settled);
	tcase_add_test(t, a_repeated_request_is_not_kept_waiting_by_a_process_that_ends);
	tcase_add_test(t, a_failure_that_changed_nothing_is_not_kept);
	tcase_add_test(t, the_answer_to_a_key_is_composed_of_what_was_settled);
	tcase_add_test(t, what_is_still_open_after_a_crash_names_its_order);
	tcase_add_loop_test(t, what_was_not_applied_before_the_crash_is_done_when_asked_again, 0, 2);
	tcase_add_loop_test(t, items_refused_by_the_asker_keep_their_place_through_a_kill, 0, 3);
	tcase_add_test(t, nothing_is_kept_of_a_request_that_failed_entirely);
	suite_add_tcase(s, t);
	return run_suite(s);
}
