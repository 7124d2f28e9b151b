#include <stdio.h>

#include "airtable-sim/cells/cell.h"
#include "tests/lib/sim_support.h"

static void
setup(void)
{
	sim_start(10);
}

/* The offset in the last reply, ready for a query string. */
static const char *
offset(void)
{
	static char text[2 * SIM_ID_LEN + 2];
	const char *p = strstr(buf_cstr(&reply.body), "\"offset\":\"");

	ck_assert_ptr_nonnull(p);
	memcpy(text, p + 10, sizeof(text) - 1);
	return text;
}

static int
next_page(const char *rest)
{
	char target[256];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "?offset=%s%s", offset(), rest);
	return call("GET", target, "");
}

/* The records that the rest of a listing (4 of 10 are sent) will hold. */
static uint32_t
slot_not_sent(void)
{
	uint32_t slot = 0;

	while (reply_has(orders_table()->rows[slot].id))
		slot++;
	return slot;
}

START_TEST(pages_together_hold_every_record_once)
{
	size_t seen = 0;

	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	seen += reply.records;
	ck_assert_int_eq(next_page("&pageSize=4"), 200);
	seen += reply.records;
	ck_assert_int_eq(next_page("&pageSize=4"), 200);
	seen += reply.records;
	ck_assert_uint_eq(seen, 10);
	ck_assert(!reply_has("offset"));
}
END_TEST

START_TEST(a_full_last_page_has_no_offset)
{
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=10", ""), 200);
	ck_assert_uint_eq(reply.records, 10);
	ck_assert(!reply_has("offset"));
}
END_TEST

START_TEST(a_page_can_be_requested_again)
{
	char target[256];

	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	(void)snprintf(target, sizeof(target), SIM_ORDERS "?pageSize=4&offset=%s", offset());
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_int_eq(next_page(""), 200);
	ck_assert_uint_eq(reply.records, 2);
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_uint_eq(reply.records, 4);
}
END_TEST

START_TEST(later_pages_show_live_values_of_the_first_pages_records)
{
	uint32_t slot;
	struct sim_cell cell;

	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	slot = slot_not_sent();
	while (strstr(offset(), orders_table()->rows[slot].id) != NULL)
		slot++;
	ck_assert(sim_cell_text(&cell, STR("live value")));
	ck_assert(sim_row_set(&orders_table()->rows[slot], SIM_ORDER_CUSTOMER, cell));
	ck_assert_uint_ne(sim_table_add_row(sim->base, orders_table(), "recNEWNEWNEWNEW01", SIM_NOW),
	    SIM_NO_ROW);
	ck_assert_int_eq(next_page(""), 200);
	ck_assert(reply_has("live value"));
	ck_assert(!reply_has("recNEWNEWNEWNEW01"));
	ck_assert_uint_eq(reply.records, 6);
}
END_TEST

START_TEST(records_deleted_meanwhile_are_skipped_or_sent_once_more)
{
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	sim_table_delete_row(orders_table(), slot_not_sent());
	ck_assert_int_eq(next_page("&pageSize=2"), 200);
	ck_assert_int_eq(next_page(""), 200);
	ck_assert_uint_eq(reply.records, 3);
	sim->settings.deleted_in_pages = 1;
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	sim_table_delete_row(orders_table(), slot_not_sent());
	ck_assert_int_eq(next_page(""), 200);
	ck_assert_uint_eq(reply.records, 5);
}
END_TEST

START_TEST(records_created_meanwhile_come_last_if_configured)
{
	sim->settings.created_in_pages = 1;
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	ck_assert_uint_ne(sim_table_add_row(sim->base, orders_table(), "recNEWNEWNEWNEW01", SIM_NOW),
	    SIM_NO_ROW);
	ck_assert_int_eq(next_page(""), 200);
	ck_assert_uint_eq(reply.records, 7);
	ck_assert(reply_has("recNEWNEWNEWNEW01"));
}
END_TEST

START_TEST(an_idle_listing_is_lost)
{
	char target[256];

	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=4", ""), 200);
	(void)snprintf(target, sizeof(target), SIM_ORDERS "?offset=%s", offset());
	ck_assert_int_eq(call_at(SIM_NOW + 300001, "GET", target, ""), 422);
	ck_assert_str_eq(buf_cstr(&reply.body),
	    "{\"error\":{\"type\":\"LIST_RECORDS_ITERATOR_NOT_AVAILABLE\"}}");
}
END_TEST

START_TEST(the_visibility_lag_hides_fresh_changes_from_filters)
{
	static const char body[] = "{\"filterByFormula\":"
	    "\"NOT(IS_BEFORE(LAST_MODIFIED_TIME(),DATETIME_PARSE('2026-11-20T12:00:00Z')))\"}";
	char target[128];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", orders_table()->rows[3].id);
	ck_assert_int_eq(call("PATCH", target, "{\"fields\":{\"Status\":\"Shipped\"}}"), 200);
	ck_assert_int_eq(call("POST", SIM_ORDERS "/listRecords", body), 200);
	ck_assert_uint_eq(reply.records, 1);
	sim->settings.visibility_lag_ms = 2000;
	ck_assert_int_eq(call("POST", SIM_ORDERS "/listRecords", body), 200);
	ck_assert_uint_eq(reply.records, 0);
	ck_assert_int_eq(call_at(SIM_NOW + 2000, "POST", SIM_ORDERS "/listRecords", body), 200);
	ck_assert_uint_eq(reply.records, 1);
}
END_TEST

START_TEST(empty_cells_are_left_out_and_zero_is_not)
{
	struct sim_row *row = &orders_table()->rows[0];

	ck_assert(sim_row_set(row, SIM_ORDER_TOTAL, (struct sim_cell){ .kind = SIM_NUM }));
	ck_assert(sim_row_set(row, SIM_ORDER_STATUS, (struct sim_cell){ .kind = SIM_EMPTY }));
	ck_assert_int_eq(call("GET", SIM_ORDERS "?view=Grid+view&maxRecords=1"
	    "&fields%5B%5D=Order+Total&fields[]=Status", ""), 200);
	ck_assert(reply_has("\"fields\":{\"Order Total\":0}"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_listing");
	TCase *t = tcase_create("listing");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, pages_together_hold_every_record_once);
	tcase_add_test(t, a_full_last_page_has_no_offset);
	tcase_add_test(t, a_page_can_be_requested_again);
	tcase_add_test(t, later_pages_show_live_values_of_the_first_pages_records);
	tcase_add_test(t, records_deleted_meanwhile_are_skipped_or_sent_once_more);
	tcase_add_test(t, records_created_meanwhile_come_last_if_configured);
	tcase_add_test(t, an_idle_listing_is_lost);
	tcase_add_test(t, the_visibility_lag_hides_fresh_changes_from_filters);
	tcase_add_test(t, empty_cells_are_left_out_and_zero_is_not);
	suite_add_tcase(s, t);
	return run_suite(s);
}
