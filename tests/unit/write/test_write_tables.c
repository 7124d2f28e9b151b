#include "tests/fakes/write_fixture.h"

/*
 * Writes of two tables whose rows have the same record ids.  The stand-in for Airtable
 * serves orders only, unless a test says otherwise.
 */
#define SAME_ID		"rec00000000000000"	/* of an order and of a parcel */

static struct asked one, other;

static void
setup(void)
{
	struct made_row m;
	struct change c;
	uint64_t seed = 1;

	write_setup();
	made_row(&m, &parcels_schema, 0, &seed);
	c = (struct change){
		.table = &parcels_schema, .kind = CHANGE_UPSERT, .record = m.r, .base = CHANGE_ANY_BASE
	};
	(void)made_apply(apply, &c, 1);
}

static void
teardown(void)
{
	asked_free(&one);
	asked_free(&other);
	write_teardown();
}

/* Ask for this state of the parcel. */
static void
set_state(struct asked *a, const char *state, const char *key)
{
	struct form f = { .m.table = &parcels_schema };

	(void)snprintf(f.m.key, sizeof(f.m.key), "%s", key);
	want(form_add(&f, MESSAGE_UPDATE, SAME_ID), PARCEL_STATE, state);
	submit(&f, a);
}

START_TEST(a_change_of_a_table_that_is_not_served_is_refused)
{
	set_state(&one, "Sent", "");
	answered(&one);
	ck_assert_uint_eq(one.count, 1);
	ck_assert_int_eq(one.results[0].err, ERR_FORBIDDEN);
	ck_assert_str_eq(one.results[0].detail, "syncd does not serve the table parcels at Airtable; nothing was changed");
	pass(100);
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert_uint_eq(outbox_count(), 0);
}
END_TEST

START_TEST(rows_of_two_tables_with_one_id_have_a_line_and_a_call_each)
{
	fake.serves_all = true;
	next_write((struct outcome){ .err = ERR_OK });
	next_write((struct outcome){ .err = ERR_AIRTABLE_REJECTED, .type = "NO", .message = "no such state" });
	give_room(0);
	set_status(&one, SAME_ID, "Shipped");
	set_state(&other, "Sent", "");
	pass(50);
	ck_assert_uint_eq(writes_pending(writes), 2);
	ck_assert_uint_eq(outbox_count(), 2);
	give_room(CALLS_MAX);
	answered(&one);
	answered(&other);
	ck_assert_uint_eq(fake.seen_count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(fake.seen[i].count, 1);
		ck_assert_str_eq(fake.seen[i].ids[0], SAME_ID);
	}
	ck_assert_str_eq(fake.seen[0].statuses[0], "Shipped");
	ck_assert_int_eq(one.results[0].err, ERR_OK);
	ck_assert_ptr_nonnull(strstr(one.results[0].order, "\"status\":\"Shipped\""));
	ck_assert_int_eq(other.results[0].err, ERR_AIRTABLE_REJECTED);
	ck_assert_str_eq(other.results[0].detail, "NO: no such state");
	until_settled();
}
END_TEST

START_TEST(a_bulk_edit_of_one_table_does_not_hold_up_another_table)
{
	struct form f = { .m.bulk = true };
	char ids[ITEMS_MAX][18];

	fake.serves_all = true;
	next_write((struct outcome){ .err = ERR_OK });
	next_write((struct outcome){ .err = ERR_AIRTABLE_REJECTED, .type = "NO", .message = "no such state" });
	give_room(0);
	for (size_t i = 0; i < ITEMS_MAX; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "rec%014zu", i);
		want(form_add(&f, MESSAGE_UPDATE, ids[i]), ORDER_STATUS, "Shipped");
	}
	submit(&f, &one);
	set_state(&other, "Sent", "");
	pass(50);
	give_room(CALLS_MAX);
	answered(&other);
	ck_assert_int_eq(other.results[0].err, ERR_AIRTABLE_REJECTED);
	ck_assert_uint_eq(fake.seen[1].count, 1);
	answered(&one);
	for (size_t i = 0; i < ITEMS_MAX; i++)
		ck_assert_int_eq(one.results[i].err, ERR_OK);
	until_settled();
}
END_TEST

START_TEST(a_key_used_for_one_table_is_not_answered_for_another)
{
	struct form f = { .m.key = "k" };

	fake.serves_all = true;
	want(form_add(&f, MESSAGE_UPDATE, SAME_ID), ORDER_STATUS, "Shipped");
	submit(&f, &one);
	answered(&one);
	ck_assert_int_eq(one.results[0].err, ERR_OK);
	set_state(&other, "Sent", "k");
	answered(&other);
	ck_assert_int_eq(other.reply.err, ERR_IDEMPOTENCY_CONFLICT);
	asked_free(&one);
	submit(&f, &one);	/* the same request once more */
	answered(&one);
	ck_assert_int_eq(one.results[0].err, ERR_OK);
	ck_assert_uint_eq(changes_seen(), 1);
	until_settled();
}
END_TEST

START_TEST(what_was_left_of_a_table_that_is_not_served_stays_in_the_outbox)
{
	struct form f = { .m.table = &parcels_schema, .m.defer = true };

	fake.serves_all = true;
	fake.blocked_ms = 60000;
	fake.blocked_why = ERR_AIRTABLE_UNAVAILABLE;
	want(form_add(&f, MESSAGE_UPDATE, SAME_ID), PARCEL_STATE, "Sent");
	submit(&f, &one);
	answered(&one);
	ck_assert(one.results[0].pending);
	close_writes();
	fake.serves_all = false;
	fake.blocked_ms = 0;
	open_writes();
	set_status(&other, SAME_ID, "Shipped");
	answered(&other);
	ck_assert_int_eq(other.results[0].err, ERR_OK);
	pass(100);
	ck_assert_uint_eq(changes_seen(), 1);
	ck_assert_uint_eq(outbox_count(), 1);
	ck_assert_uint_eq(writes_pending(writes), 1);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("tables");
	Suite *s = suite_create("write_tables");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_change_of_a_table_that_is_not_served_is_refused);
	tcase_add_test(t, rows_of_two_tables_with_one_id_have_a_line_and_a_call_each);
	tcase_add_test(t, a_bulk_edit_of_one_table_does_not_hold_up_another_table);
	tcase_add_test(t, a_key_used_for_one_table_is_not_answered_for_another);
	tcase_add_test(t, what_was_left_of_a_table_that_is_not_served_stays_in_the_outbox);
	suite_add_tcase(s, t);
	return run_suite(s);
}
