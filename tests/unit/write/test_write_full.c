#include <signal.h>
#include <sys/resource.h>

#include "tests/fakes/write_fixture.h"

/* A store that can't be written. */

static void
let_files_grow(bool grow)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = grow ? limit.rlim_max : 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(what_can_not_be_stored_is_refused_and_not_sent)
{
	struct asked a[3] = { 0 };

	let_files_grow(false);
	set_status(&a[0], ID(0), "Shipped");
	set_status_later(&a[1], ID(1), "Shipped");
	answered(&a[0]);
	answered(&a[1]);
	let_files_grow(true);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_ne(a[i].reply.err, ERR_OK);
		ck_assert_has(a[i].reply.detail, "nothing was changed");
	}
	ck_assert_uint_eq(fake.seen_count, 0);
	set_status(&a[2], ID(0), "Shipped");
	answered(&a[2]);
	ck_assert_int_eq(a[2].results[0].err, ERR_OK);
	ck_assert_uint_eq(outbox_count(), 0);
	in_agreement();
	for (int i = 0; i < 3; i++)
		asked_free(&a[i]);
}
END_TEST

START_TEST(a_confirmed_change_that_can_not_be_stored_is_reported_and_stored_later)
{
	struct asked a = { 0 };
	char json[600];

	next_write((struct outcome){ .delay_ms = patience(50) });
	set_status(&a, ID(0), "Shipped");
	for (int i = 0; i < 1000 && fake.seen_count == 0; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	let_files_grow(false);
	answered(&a);
	let_files_grow(true);
	ck_assert_int_ne(a.reply.err, ERR_OK);
	ck_assert_has(a.reply.detail, "Airtable has applied the change");
	ck_assert_uint_eq(outbox_count(), 1);
	for (int i = 0; i < 100 && outbox_count() > 0; i++)
		pass(20);
	ck_assert_uint_eq(outbox_count(), 0);
	order_json(ID(0), json);
	ck_assert_has(json, "\"status\":\"Shipped\"");
	ck_assert_uint_eq(changes_seen(), 1);
	in_agreement();
	asked_free(&a);
}
END_TEST

START_TEST(a_created_order_that_can_not_be_stored_is_found_later_as_it_is_then)
{
	struct asked a = { 0 };
	struct form f = { .m.item_count = 0 };
	char json[600];

	next_write((struct outcome){ .delay_ms = patience(50) });
	want(form_add(&f, MESSAGE_CREATE, ""), ORDER_STATUS, "Pending");
	want(&f.items[0], ORDER_PRIORITY, "High");
	submit(&f, &a);
	for (int i = 0; i < 1000 && fake.seen_count == 0; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	let_files_grow(false);
	answered(&a);
	(void)strcpy(fake.held[ORDERS].status, "Shipped");	/* changed in Airtable */
	let_files_grow(true);
	ck_assert_has(a.reply.detail, "Airtable has applied the change");
	until_settled();
	ck_assert_uint_eq(changes_seen(), 1);
	order_json(fake.held[ORDERS].id, json);
	ck_assert_has(json, "\"status\":\"Shipped\"");
	asked_free(&a);
}
END_TEST

START_TEST(an_answer_given_stays_given_while_the_store_can_not_be_written)
{
	struct asked before = { 0 }, a = { 0 };
	struct form f = { .m.bulk = true };

	config.write.timeout_ms = patience(3000);
	next_write((struct outcome){ .delay_ms = patience(1500) });	/* keeps the second item apart */
	set_status(&before, ID(1), "Delivered");
	pass(20);
	next_write((struct outcome){ .delay_ms = patience(50) });
	want(form_add(&f, MESSAGE_UPDATE, ID(0)), ORDER_STATUS, "Shipped");
	want(form_add(&f, MESSAGE_UPDATE, ID(1)), ORDER_STATUS, "Shipped");
	submit(&f, &a);
	for (int i = 0; i < 1000 && fake.seen_count < 2; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	let_files_grow(false);
	answered(&before);	/* meanwhile the first item is tried again, and again in vain */
	ck_assert_uint_ge(fake.find_used + fake.seen_count, 3);
	answered(&a);
	let_files_grow(true);
	ck_assert_int_ne(a.results[0].err, ERR_OK);
	ck_assert_has(a.results[0].detail, "Airtable has applied the change");
	until_settled();
	asked_free(&before);
	asked_free(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("write_full");
	TCase *t = tcase_create("full");

	tcase_set_tags(t, "long");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, write_setup, write_teardown);
	tcase_add_test(t, what_can_not_be_stored_is_refused_and_not_sent);
	tcase_add_test(t, a_confirmed_change_that_can_not_be_stored_is_reported_and_stored_later);
	tcase_add_test(t, a_created_order_that_can_not_be_stored_is_found_later_as_it_is_then);
	tcase_add_test(t, an_answer_given_stays_given_while_the_store_can_not_be_written);
	suite_add_tcase(s, t);
	return run_suite(s);
}
