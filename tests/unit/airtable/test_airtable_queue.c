#include "tests/lib/airtable_fixture.h"

/* ---- the queue ---- */

START_TEST(no_second_has_more_than_five_calls_and_none_is_lost)
{
	struct seen s[14] = { 0 };

	canned_json(&server, 200, "{\"records\":[]}");
	for (int i = 0; i < 14; i++)
		ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[i]));
	for (int i = 0; i < 14; i++) {
		ck_assert(canned_run(&loop, &s[i].calls, 1, 6000));
		ck_assert_int_eq(s[i].result.err, ERR_OK);
	}
	ck_assert_uint_eq(server.request_count, 14);
	ck_assert_uint_le(canned_most_in_a_second(&server), 5);
	/* two seconds and little more; nothing rests for a third window, however slow the machine */
	ck_assert_int_lt(server.requests[13].at_ms - server.requests[0].at_ms, 4500);
}
END_TEST

START_TEST(writes_overtake_a_sync_that_waits)
{
	struct seen s[12] = { 0 }, w = { 0 };

	canned_json(&server, 200, "{\"records\":[]}");
	for (int i = 0; i < 12; i++)
		ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[i]));
	patch_status(&w, "Shipped");
	ck_assert_int_eq(s[11].calls, 0);
	ck_assert_has(request(0), "PATCH ");
	airtable_cancel_all(airtable);
	ck_assert_int_eq(s[11].calls, 1);
}
END_TEST

START_TEST(a_rate_lockout_keeps_reads_waiting_and_ends_by_itself)
{
	struct seen s[3] = { 0 };
	enum err why;
	int64_t blocked;

	config.airtable.lockout_ms = 900;
	reopen();
	canned_json(&server, 429, "{\"errors\":[{\"error\":\"RATE_LIMIT_REACHED\"}]}");
	canned_json(&server, 200, PAGE);
	list(&s[0], "");
	ck_assert_int_eq(s[0].result.err, ERR_AIRTABLE_RATE_LIMITED);
	blocked = airtable_blocked_ms(airtable, &why);
	ck_assert_int_gt(blocked, 200);
	ck_assert_int_le(blocked, 1080);
	ck_assert_int_eq(why, ERR_AIRTABLE_RATE_LIMITED);
	ck_assert_int_ge(s[0].result.retry_after_ms, blocked);
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, instant_monotonic() + 50, on_done, &s[1]));
	list(&s[2], "");
	ck_assert_int_eq(s[1].result.err, ERR_AIRTABLE_RATE_LIMITED);
	ck_assert_int_eq(s[1].result.sent_ms, 0);
	ck_assert_int_eq(s[2].result.err, ERR_OK);
	ck_assert_uint_eq(server.request_count, 2);
	ck_assert_int_ge(server.requests[1].at_ms - server.requests[0].at_ms, 900);
	ck_assert_int_eq(airtable_blocked_ms(airtable, &why), 0);
	ck_assert_int_eq(why, ERR_OK);
	seen_free(&s[2]);
}
END_TEST

START_TEST(a_used_up_quota_fails_further_calls_at_once)
{
	struct seen s[2] = { 0 };
	enum err why;
	struct buf b = { 0 };

	canned_json(&server, 429, "{\"errors\":[{\"error\":\"PUBLIC_API_BILLING_LIMIT_EXCEEDED\"}]}");
	list(&s[0], "");
	list(&s[1], "");
	ck_assert_int_eq(s[1].result.err, ERR_AIRTABLE_QUOTA);
	ck_assert(!s[1].result.retryable);
	ck_assert_int_gt(s[1].result.retry_after_ms, 0);
	ck_assert_uint_eq(server.request_count, 1);
	ck_assert_int_gt(airtable_blocked_ms(airtable, &why), 0);
	ck_assert_int_eq(why, ERR_AIRTABLE_QUOTA);
	airtable_add_status(airtable, &b);
	ck_assert_has(buf_cstr(&b), "\"quotaUsedUp\":true");
	ck_assert_has(buf_cstr(&b), "\"code\":\"airtable_quota_exceeded\"");
	buf_free(&b);
}
END_TEST

START_TEST(an_open_circuit_fails_at_once_and_closes_after_a_good_probe)
{
	struct seen s[6] = { 0 };
	struct buf b = { 0 };
	enum err why;

	for (int i = 0; i < 3; i++)
		canned_json(&server, 503, "");
	canned_json(&server, 200, PAGE);
	for (int i = 0; i < 4; i++)
		list(&s[i], "");
	ck_assert_int_eq(s[3].result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_int_eq(s[3].result.sent_ms, 0);
	ck_assert_uint_eq(server.request_count, 3);
	ck_assert_int_gt(airtable_blocked_ms(airtable, &why), 0);
	ck_assert_int_eq(why, ERR_AIRTABLE_UNAVAILABLE);
	airtable_add_status(airtable, &b);
	ck_assert_has(buf_cstr(&b), "\"airtable\":{\"circuit\":\"open\",\"lastSuccessAt\":null,\"lastError\":{\"code\":\"airtable_unavailable\"");
	buf_free(&b);
	ck_assert(!canned_run(&loop, &s[4].calls, 1, 500));
	list(&s[4], "");
	ck_assert_int_eq(s[4].result.err, ERR_OK);
	airtable_add_status(airtable, &b);
	ck_assert_has(buf_cstr(&b), "\"circuit\":\"closed\"");
	ck_assert_has(buf_cstr(&b), "\"ok\":1,\"refused\":0,\"rateLimited\":0,\"quota\":0,\"failed\":3,");
	buf_free(&b);
	seen_free(&s[4]);
}
END_TEST

START_TEST(while_a_probe_hangs_other_calls_do_not_wait_long)
{
	struct seen s[6] = { 0 };
	int64_t began;

	for (int i = 0; i < 3; i++)
		canned_json(&server, 503, "");
	canned_raw(&server, "", 0)->hang = true;
	for (int i = 0; i < 3; i++)
		list(&s[i], "");
	ck_assert(!canned_run(&loop, &s[4].calls, 1, 500));
	began = instant_monotonic();
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[4]));
	list(&s[5], "");
	ck_assert_int_eq(s[5].result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_int_eq(s[5].result.sent_ms, 0);
	ck_assert_int_ge(s[5].at_ms - began, 900);
	ck_assert_int_lt(s[5].at_ms - began, patience(1500));
	ck_assert(canned_run(&loop, &s[4].calls, 1, 3000));
	ck_assert_int_eq(s[4].result.err, ERR_AIRTABLE_TIMEOUT);
	ck_assert_uint_eq(server.request_count, 4);
}
END_TEST

START_TEST(refusals_never_open_the_circuit)
{
	struct seen s[8] = { 0 };

	canned_json(&server, 404, "{\"error\":\"NOT_FOUND\"}");
	for (int i = 0; i < 5; i++) {
		list(&s[i], "");
		ck_assert_int_eq(s[i].result.err, ERR_AIRTABLE_NOT_FOUND);
	}
	ck_assert_uint_eq(server.request_count, 5);
}
END_TEST

START_TEST(a_call_that_finds_no_free_slot_before_its_deadline_times_out_unsent)
{
	struct seen s[6] = { 0 };
	size_t made = 0;
	int64_t began;

	canned_json(&server, 200, "{\"records\":[]}");
	/* a second that is full well before its end: a busy machine may need another */
	for (;;) {
		began = instant_monotonic();
		for (int i = 0; i < 5; i++) {
			s[i] = (struct seen){ 0 };
			list(&s[i], "");
		}
		made += 5;
		if (instant_monotonic() - began < 700)
			break;
		ck_assert_int_eq(usleep(1200 * 1000), 0);	/* all of them have left it */
	}
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, instant_monotonic() + 100, on_done, &s[5]));
	ck_assert(canned_run(&loop, &s[5].calls, 1, 5000));
	ck_assert_int_eq(s[5].result.err, ERR_AIRTABLE_TIMEOUT);
	ck_assert_int_eq(s[5].result.sent_ms, 0);
	ck_assert(!s[5].result.maybe_applied);
	ck_assert_uint_eq(server.request_count, made);
}
END_TEST

START_TEST(a_cancelled_call_has_no_callback)
{
	struct seen s[3] = { 0 };
	struct airtable_call *c[3];
	const struct str strange = STR("a b");
	int never = 0;

	canned_raw(&server, "", 0)->hang = true;
	c[0] = airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[0]);
	ck_assert(!canned_run(&loop, &never, 1, 50));	/* it is under way */
	ck_assert_uint_eq(server.request_count, 1);
	c[1] = airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[1]);	/* it waits */
	airtable_cancel(c[0]);
	airtable_cancel(c[1]);
	c[2] = airtable_find(airtable, &orders_schema, &strange, 1, AIRTABLE_SYNC, 0, on_done, &s[2]);	/* it has ended */
	airtable_cancel(c[2]);
	ck_assert(!canned_run(&loop, &never, 1, 50));
	ck_assert_int_eq(s[0].calls + s[1].calls + s[2].calls, 0);
	ck_assert_uint_eq(server.request_count, 1);
}
END_TEST

START_TEST(a_change_is_asked_for_its_content_when_it_may_leave)
{
	struct seen s[6] = { 0 };
	struct record r = { .id = STR("rec1"), .known = 1u << ORDER_STATUS };

	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{}}]}");
	ck_assert_uint_eq(airtable_room(airtable), 5);
	for (int i = 0; i < 6; i++)
		(void)change(&s[i], AIRTABLE_UPDATE, &r, 1);
	ck_assert_uint_eq(airtable_room(airtable), 0);
	ck_assert(canned_run(&loop, &s[4].calls, 1, 5000));
	ck_assert_int_eq(s[4].composed, 1);
	ck_assert_int_eq(s[5].composed, 0);
	s[5].write.count = 0;		/* something else by then */
	ck_assert(canned_run(&loop, &s[5].calls, 1, 2000));
	ck_assert_int_eq(s[5].result.err, ERR_AIRTABLE_REJECTED);
	ck_assert_uint_eq(server.request_count, 5);
	seen_free(&s[4]);
	for (int i = 0; i < 4; i++)
		seen_free(&s[i]);
}
END_TEST

static bool
compose_nothing(void *cookie, struct airtable_write *write)
{
	(void)write;
	++*(int *)cookie;
	return false;
}

START_TEST(a_change_that_turns_out_to_carry_nothing_takes_no_slot_and_has_no_callback)
{
	int composed = 0;

	for (int i = 0; i < 8; i++)
		ck_assert_ptr_nonnull(airtable_write(airtable, &orders_schema, compose_nothing, on_done, &composed));
	ck_assert(canned_run(&loop, &composed, 8, 1000));
	ck_assert_uint_eq(airtable_room(airtable), 5);
	ck_assert_uint_eq(server.request_count, 0);
}
END_TEST

START_TEST(an_open_circuit_refuses_a_change_without_asking_what_it_carries)
{
	struct seen s[4] = { 0 };
	struct record r = { .id = STR("rec1"), .known = 1u << ORDER_STATUS };

	canned_json(&server, 503, "");
	for (int i = 0; i < 3; i++)
		list(&s[i], "");
	ck_assert_uint_eq(airtable_room(airtable), 0);
	(void)change(&s[3], AIRTABLE_UPDATE, &r, 1);
	ck_assert(canned_run(&loop, &s[3].calls, 1, 1000));
	ck_assert_int_eq(s[3].composed, 0);
	ck_assert_int_eq(s[3].result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert(!s[3].result.maybe_applied);
}
END_TEST

START_TEST(cancelling_all_answers_all_callers_at_once)
{
	struct seen s[8] = { 0 };
	struct record r = { .id = STR("rec1"), .known = 1u << ORDER_STATUS };
	int never = 0;

	canned_raw(&server, "", 0)->hang = true;
	for (int i = 0; i < 6; i++)
		(void)change(&s[i], AIRTABLE_UPDATE, &r, 1);
	ck_assert(!canned_run(&loop, &never, 1, 50));
	ck_assert_uint_eq(server.request_count, 5);
	airtable_cancel_all(airtable);
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(s[i].calls, 1);
		ck_assert_int_eq(s[i].result.err, ERR_CANCELLED);
		ck_assert_int_eq(s[i].result.maybe_applied, i < 5);
	}
}
END_TEST

struct chain {
	struct seen	 seen;
	int		 left;
};

static void
on_link(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct chain *c = cookie;

	on_done(&c->seen, r, page);
	if (--c->left > 0)
		ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, page->offset, AIRTABLE_SYNC, 0, on_link, c));
}

START_TEST(a_callback_may_ask_for_the_next_page)
{
	struct chain c = { .left = 3 };

	canned_json(&server, 200, PAGE);
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_link, &c));
	ck_assert(canned_run(&loop, &c.seen.calls, 3, 5000));
	ck_assert_uint_eq(server.request_count, 3);
	ck_assert_has(request(2), "&offset=itr1%2Frec1 HTTP");
	ck_assert_int_eq(server.requests[0].connection, server.requests[2].connection);
	seen_free(&c.seen);
}
END_TEST

static void
on_last(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	on_done(cookie, r, page);
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	airtable = NULL;
}

START_TEST(the_last_callback_may_free_it_all)
{
	struct seen s[2] = { 0 };

	canned_json(&server, 200, PAGE);
	canned_raw(&server, "", 0)->hang = true;
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_last, &s[0]));
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[1]));
	ck_assert(canned_run(&loop, &s[0].calls, 1, 5000));
	ck_assert_int_eq(s[1].result.err, ERR_CANCELLED);
	seen_free(&s[0]);
	airtable = airtable_new(&loop, &config, &tables_builtin);
	ck_assert_ptr_nonnull(airtable);
}
END_TEST

START_TEST(new_names_and_rates_hold_after_a_reload)
{
	struct seen s[2] = { 0 };
	struct buf b = { 0 };

	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"Customer\":\"old\",\"Kunde\":\"new\"}}]}");
	list(&s[0], "");
	strcpy(config.orders_fields[ORDER_CUSTOMER], "Kunde");
	config.airtable.requests_per_second = 3;
	airtable_reconfigure(airtable);
	list(&s[1], "");
	ck_assert_str_eq(buf_cstr(&s[0].texts), "rec1|-|old|-|-");
	ck_assert_str_eq(buf_cstr(&s[1].texts), "rec1|-|new|-|-");
	ck_assert_has(request(1), "fields%5B%5D=Kunde&");
	airtable_add_status(airtable, &b);
	ck_assert_has(buf_cstr(&b), "\"perSecond\":3");
	buf_free(&b);
	seen_free(&s[0]);
	seen_free(&s[1]);
}
END_TEST

static Suite *
airtable_queue_suite(void)
{
	Suite *suite = suite_create("airtable_queue");
	TCase *t = tcase_create("calls");

	tcase_add_checked_fixture(t, airtable_setup, airtable_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_second_has_more_than_five_calls_and_none_is_lost);
	tcase_add_test(t, writes_overtake_a_sync_that_waits);
	tcase_add_test(t, a_rate_lockout_keeps_reads_waiting_and_ends_by_itself);
	tcase_add_test(t, a_used_up_quota_fails_further_calls_at_once);
	tcase_add_test(t, an_open_circuit_fails_at_once_and_closes_after_a_good_probe);
	tcase_add_test(t, while_a_probe_hangs_other_calls_do_not_wait_long);
	tcase_add_test(t, refusals_never_open_the_circuit);
	tcase_add_test(t, a_call_that_finds_no_free_slot_before_its_deadline_times_out_unsent);
	tcase_add_test(t, a_cancelled_call_has_no_callback);
	tcase_add_test(t, a_change_is_asked_for_its_content_when_it_may_leave);
	tcase_add_test(t, a_change_that_turns_out_to_carry_nothing_takes_no_slot_and_has_no_callback);
	tcase_add_test(t, an_open_circuit_refuses_a_change_without_asking_what_it_carries);
	tcase_add_test(t, cancelling_all_answers_all_callers_at_once);
	tcase_add_test(t, a_callback_may_ask_for_the_next_page);
	tcase_add_test(t, the_last_callback_may_free_it_all);
	tcase_add_test(t, new_names_and_rates_hold_after_a_reload);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(airtable_queue_suite());
}
