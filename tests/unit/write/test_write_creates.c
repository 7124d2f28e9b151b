#include "tests/fakes/write_left.h"

/* Creations whose answer is lost: the order is made once, and later changes to it are kept. */

#define CUT_APPLIED	{ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .applied = true }
#define LOST		{ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .adrift = true }
#define CUT		{ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true }
#define FAILED		{ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true, .status = 503 }

static void
create(struct asked *a, bool defer)
{
	struct form f = { .m = { .request_id = "maker", .defer = defer } };

	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Pending");
	want(&f.items[0], ORDER_PRIORITY, "High");
	submit(&f, a);
}

/* The first order that was made. */
static struct held *
made(void)
{
	ck_assert_uint_gt(fake.count, ORDERS);
	return &fake.held[ORDERS];
}

static void
until_calls(size_t n)
{
	for (int i = 0; i < 1000 && fake.seen_count < n; i++)
		pass(5);
	ck_assert_uint_ge(fake.seen_count, n);
}

START_TEST(without_a_key_field_no_creation_is_tried)
{
	static const struct { enum airtable_key key; const char *detail; } cases[] = {
		{ AIRTABLE_KEY_MISSING, "the Airtable table does not have the field that "
		    "airtable.create_key names; nothing was changed" },
		{ AIRTABLE_KEY_UNFIT, "the field that airtable.create_key names is not a text field; "
		    "nothing was changed" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asked a = { 0 };

		fake.create_key = cases[i].key;
		create(&a, i == 1);
		answered(&a);
		ck_assert_int_eq(a.results[0].err, ERR_AIRTABLE_FIELD_MISSING);
		ck_assert_str_eq(a.results[0].detail, cases[i].detail);
		asked_free(&a);
	}
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

START_TEST(a_created_order_is_found_by_its_key_and_not_sent_again)
{
	struct asked a = { 0 };

	next_write((struct outcome)CUT_APPLIED);
	create(&a, false);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_str_eq(a.results[0].record, made()->id);
	ck_assert_has(a.results[0].order, "\"status\":\"Pending\",\"priority\":\"High\"");
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert(fake.seen[1].find);
	ck_assert_str_eq(fake.seen[0].keys[0], fake.seen[1].keys[0]);
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(what_others_changed_before_it_was_found_stands)
{
	struct asked a = { 0 };
	struct found f;

	next_write((struct outcome)CUT_APPLIED);
	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	create(&a, false);
	until_calls(2);
	(void)strcpy(made()->status, "Delivered");	/* changed in Airtable */
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_has(a.results[0].order, "\"status\":\"Delivered\"");
	ck_assert_str_eq(made()->status, "Delivered");
	ck_assert_uint_eq(changes_seen(), 1);
	until_settled();
	history(made()->id, &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[0], "\"source\":\"airtable\"");
	ck_assert_has(f.json[0], "\"from\":\"Pending\",\"to\":\"Delivered\"");
	ck_assert_has(f.json[1], "\"action\":\"created\",\"source\":\"api\"");
	asked_free(&a);
}
END_TEST

/* Bring the orders in as a later sync would, not the first. */
static void
bring_to_store(const struct held *h)
{
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = instant_now() };
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(apply, NULL, 0, SOURCE_FULL_SYNC, &synced, instant_now(), &r),
	    ERR_OK);
	held_record(h, &c.record);
	ck_assert_int_eq(apply_changes(apply, &c, 1, SOURCE_FULL_SYNC, &synced, instant_now(), &r),
	    ERR_OK);
}

/* The order was made without an answer, a sync has brought it, and Airtable can't be searched. */
static void
leave_open(struct asked *a, bool defer)
{
	config.write.timeout_ms = patience(200);
	next_write((struct outcome)CUT_APPLIED);
	finds_fail(true);
	create(a, defer);
	answered(a);
	ck_assert_int_eq(a->results[0].err, defer ? ERR_OK : ERR_OUTCOME_UNKNOWN);
	bring_to_store(made());
	config.write.timeout_ms = patience(3000);
}

START_TEST(what_is_changed_through_us_before_it_is_settled_stands)
{
	struct asked a = { 0 }, edit = { 0 };
	struct found f;

	leave_open(&a, _i == 1);	/* promised or not */
	set_status(&edit, made()->id, "Shipped");
	answered(&edit);
	ck_assert_int_eq(edit.results[0].err, ERR_OK);
	ck_assert_uint_eq(outbox_count(), 1);
	finds_fail(false);
	until_settled();
	ck_assert_str_eq(made()->status, "Shipped");
	ck_assert_uint_eq(changes_seen(), 2);
	history(made()->id, &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[0], "\"from\":\"Pending\",\"to\":\"Shipped\"");
	ck_assert_has(f.json[1], "\"action\":\"created\",\"source\":\"api\"");
	asked_free(&a);
	asked_free(&edit);
}
END_TEST

START_TEST(a_change_that_waits_while_it_is_settled_goes_out_and_stands)
{
	struct asked a = { 0 }, edit = { 0 };

	leave_open(&a, true);
	finds_fail(false);
	next_find((struct outcome){ .delay_ms = patience(200) });
	for (int i = 0; i < 300 && fake.find_used == 0; i++)
		pass(10);
	fake.room = 0;		/* its call has to wait */
	set_status(&edit, made()->id, "Shipped");
	pass(50);
	for (int i = 0; i < 300 && outbox_count() > 1; i++)
		pass(10);
	ck_assert_uint_eq(outbox_count(), 1);	/* the creation is settled */
	give_room(CALLS_MAX);
	answered(&edit);
	ck_assert_int_eq(edit.results[0].err, ERR_OK);
	ck_assert_has(edit.results[0].order, "\"status\":\"Shipped\"");
	until_settled();
	ck_assert_str_eq(made()->status, "Shipped");
	asked_free(&a);
	asked_free(&edit);
}
END_TEST

START_TEST(an_order_deleted_through_us_before_it_is_settled_stays_deleted)
{
	struct asked a = { 0 }, gone = { 0 };
	struct form f = { .m.item_count = 0 };

	leave_open(&a, false);
	(void)form_add(&f, MESSAGE_DELETE, made()->id);
	submit(&f, &gone);
	answered(&gone);
	ck_assert_int_eq(gone.results[0].err, ERR_OK);
	finds_fail(false);
	until_settled();
	ck_assert_uint_eq(fake.count, ORDERS + 1);
	ck_assert(made()->gone);
	ck_assert_uint_eq(changes_seen(), 2);
	asked_free(&a);
	asked_free(&gone);
}
END_TEST

/* Time-out (0), or a failure on the way (1): the order arrives after the look for it. */
START_TEST(a_creation_that_arrives_late_is_waited_for)
{
	struct asked a = { 0 };

	config.write.timeout_ms = patience(3000);
	config.airtable.request_timeout_ms = patience(800);
	next_write((struct outcome){ .err = _i == 0 ? ERR_AIRTABLE_TIMEOUT : ERR_AIRTABLE_UNAVAILABLE,
	    .maybe = true, .adrift = _i == 1, .late_ms = patience(300) });
	create(&a, false);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_uint_ge(fake.seen_count, 3);	/* it was not there at the first look */
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(a_missing_creation_is_sent_again_when_it_can_no_longer_arrive)
{
	struct asked a = { 0 };
	size_t second = 1;

	config.write.timeout_ms = patience(5000);
	config.airtable.request_timeout_ms = patience(600);
	next_write(_i == 0 ? (struct outcome)LOST : _i == 1 ? (struct outcome)CUT :
	    (struct outcome)FAILED);
	create(&a, false);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 2);
	while (fake.seen[second].find)
		second++;
	ck_assert_uint_ge(second, 2);		/* looked for before that */
	ck_assert_str_eq(fake.seen[0].keys[0], fake.seen[second].keys[0]);
	if (_i == 0)
		ck_assert_int_ge(fake.seen[second].at_ms - fake.seen[0].at_ms, patience(600));
	else				/* Airtable itself has ended it */
		ck_assert_uint_eq(second, 2);
	ck_assert_uint_eq(fake.count, ORDERS + 1);
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(a_creation_that_arrives_after_being_sent_again_is_the_same_order)
{
	struct asked a = { 0 };

	config.write.timeout_ms = patience(5000);
	next_write((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE, .maybe = true,
	    .late_ms = patience(1500) });
	create(&a, false);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 2);
	pass(2000);
	ck_assert_uint_eq(fake.count, ORDERS + 1);
	until_settled();
	asked_free(&a);
}
END_TEST

START_TEST(a_missing_creation_that_no_caller_awaits_goes_into_the_history_and_is_not_made)
{
	struct asked a = { 0 };
	char json[1000];

	config.write.timeout_ms = patience(200);
	config.airtable.request_timeout_ms = patience(300);
	next_write((struct outcome)LOST);
	create(&a, false);
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	ck_assert_uint_eq(pending_count(), 1);
	until_settled();
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_uint_eq(fake.count, ORDERS);
	newest_history("", json);
	ck_assert_has(json, "\"action\":\"notApplied\"");
	ck_assert_has(json, "\"asked\":\"created\"");
	asked_free(&a);
}
END_TEST

START_TEST(a_promised_creation_that_is_missing_is_made_in_the_end)
{
	struct asked a = { 0 };

	config.write.timeout_ms = patience(200);
	config.airtable.request_timeout_ms = patience(300);
	next_write((struct outcome)LOST);
	create(&a, true);
	answered(&a);
	ck_assert(a.results[0].pending);
	until_settled();
	ck_assert_uint_eq(changes_seen(), 2);
	ck_assert_uint_eq(fake.count, ORDERS + 1);
	asked_free(&a);
}
END_TEST

/* A user has copied the record in Airtable, including its key. */
START_TEST(a_creation_is_open_as_long_as_two_records_have_its_key)
{
	struct asked a = { 0 };
	struct held *copy = &fake.held[ORDERS + 1];

	config.write.timeout_ms = patience(300);
	next_write((struct outcome)CUT_APPLIED);
	next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
	create(&a, false);
	until_calls(2);
	*copy = *made();
	(void)strcpy(copy->id, "recCopy");
	fake.count++;
	answered(&a);
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	pass(500);
	ck_assert_uint_eq(outbox_count(), 1);
	ck_assert_uint_eq(changes_seen(), 1);
	copy->gone = true;
	until_settled();
	ck_assert_uint_eq(changes_seen(), 1);
	asked_free(&a);
}
END_TEST

START_TEST(a_creation_whose_answer_came_after_a_crash_is_found)
{
	struct asked a = { 0 }, b = { 0 };
	struct found f;

	next_write((struct outcome){ .delay_ms = -1 });
	create(&a, false);
	until_calls(1);
	(void)strcpy(made()->status, "Shipped");
	close_writes();
	ck_assert_int_eq(a.results[0].err, ERR_OUTCOME_UNKNOWN);
	open_writes();
	until_settled();
	ck_assert_uint_eq(changes_seen(), 1);
	history(made()->id, &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[1], "\"requestId\":\"maker\"");
	set_status(&b, made()->id, "Delivered");
	answered(&b);
	ck_assert_int_eq(b.results[0].err, ERR_OK);
	until_settled();
	asked_free(&a);
	asked_free(&b);
}
END_TEST

/* ---- after a crash ---- */
static void
leave_create(const char *status, bool promised, int64_t ago_ms)
{
	struct made_entry *m = leave(OUTBOX_CREATE, NULL, status, OUTBOX_SENT);

	made_ask(m, ORDER_PRIORITY, "High");
	m->e.sent_ms -= ago_ms;
	if (promised)
		promise(m);
}

/* Airtable has carried out the creation, and a user has changed the order since. */
static void
carry_out(size_t which, const char *id, const char *status)
{
	struct held *h = &fake.held[fake.count++];

	*h = (struct held){ .priority = "High" };
	(void)snprintf(h->id, sizeof(h->id), "%s", id);
	(void)snprintf(h->status, sizeof(h->status), "%s", status);
	(void)snprintf(h->key, sizeof(h->key), "%.*s", STR_FMT(left[which].e.create_key));
}

START_TEST(what_an_earlier_process_sent_is_looked_for_at_once)
{
	config.airtable.request_timeout_ms = 60000;
	leave_create("Shipped", _i == 1, 0);
	carry_out(0, "recMade", "Delivered");
	restart();
	until_settled();
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_str_eq(made()->status, "Delivered");
}
END_TEST

START_TEST(what_an_earlier_process_sent_may_still_come)
{
	config.airtable.request_timeout_ms = patience(400);
	leave_create("Shipped", true, 0);
	restart();
	pass(300);
	ck_assert_uint_eq(changes_seen(), 0);
	carry_out(0, "recMade", "Shipped");
	until_settled();
	ck_assert_uint_eq(changes_seen(), 0);
	ck_assert_uint_eq(fake.count, ORDERS + 1);
}
END_TEST

START_TEST(each_of_several_sent_creations_is_found_made_or_given_up_separately)
{
	struct found f;

	config.airtable.request_timeout_ms = 100;
	leave_create("Shipped", false, 10000);		/* found */
	leave_create("Shipped", true, 10000);		/* not there, and promised: made */
	leave_create("Bad", true, 10000);		/* promised, and refused */
	leave_create("Shipped", false, 10000);		/* not there */
	leave_create("Processing", true, 10000);	/* found */
	carry_out(0, "recFirst", "Delivered");
	carry_out(4, "recFifth", "Delivered");
	restart();
	until_settled();
	ck_assert_uint_eq(fake.count, ORDERS + 3);
	ck_assert_str_eq(held("recFirst")->status, "Delivered");
	ck_assert_str_eq(held("recFifth")->status, "Delivered");
	ck_assert_str_eq(fake.held[ORDERS + 2].status, "Shipped");
	ck_assert_uint_eq(fake.seen[0].count, 5);
	history("recFirst", &f);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_has(f.json[1], "\"action\":\"created\",\"source\":\"api\"");
	history("", &f);
	ck_assert_uint_eq(f.count, 2);
	for (int i = 0; i < 2; i++)
		ck_assert_has(f.json[i], strstr(f.json[i], "\"Bad\"") != NULL ?
		    "\"action\":\"rejected\"" : "\"action\":\"notApplied\"");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_creates");
	TCase *t = tcase_create("creates");

	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, without_a_key_field_no_creation_is_tried);
	tcase_add_test(t, a_created_order_is_found_by_its_key_and_not_sent_again);
	tcase_add_test(t, what_others_changed_before_it_was_found_stands);
	tcase_add_loop_test(t, what_is_changed_through_us_before_it_is_settled_stands, 0, 2);
	tcase_add_test(t, a_change_that_waits_while_it_is_settled_goes_out_and_stands);
	tcase_add_test(t, an_order_deleted_through_us_before_it_is_settled_stays_deleted);
	tcase_add_loop_test(t, a_creation_that_arrives_late_is_waited_for, 0, 2);
	tcase_add_loop_test(t, a_missing_creation_is_sent_again_when_it_can_no_longer_arrive, 0, 3);
	tcase_add_test(t, a_creation_that_arrives_after_being_sent_again_is_the_same_order);
	tcase_add_test(t, a_missing_creation_that_no_caller_awaits_goes_into_the_history_and_is_not_made);
	tcase_add_test(t, a_promised_creation_that_is_missing_is_made_in_the_end);
	tcase_add_test(t, a_creation_is_open_as_long_as_two_records_have_its_key);
	tcase_add_test(t, a_creation_whose_answer_came_after_a_crash_is_found);
	tcase_add_loop_test(t, what_an_earlier_process_sent_is_looked_for_at_once, 0, 2);
	tcase_add_test(t, what_an_earlier_process_sent_may_still_come);
	tcase_add_test(t, each_of_several_sent_creations_is_found_made_or_given_up_separately);
	suite_add_tcase(s, t);
	return run_suite(s);
}
