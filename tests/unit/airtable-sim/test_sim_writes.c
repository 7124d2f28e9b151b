#include <stdio.h>

#include "tests/lib/sim_support.h"

static void
setup(void)
{
	sim_start(5);
}

static const char *
id_of(uint32_t slot)
{
	return orders_table()->rows[slot].id;
}

/* PATCH two records: the first with a good change, the second with ${fields}. */
static int
patch_two(const char *fields)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"records\":[{\"id\":\"%s\",\"fields\":"
	    "{\"Customer\":\"good\"}},{\"id\":\"%s\",\"fields\":%s}]}", id_of(0), id_of(1), fields);
	return call("PATCH", SIM_ORDERS, body);
}

static bool
first_is_untouched(void)
{
	char target[128];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", id_of(0));
	ck_assert_int_eq(call("GET", target, ""), 200);
	return !reply_has("\"good\"");
}

START_TEST(a_good_batch_is_applied_in_request_order)
{
	ck_assert_int_eq(patch_two("{\"Status\":\"Shipped\"}"), 200);
	ck_assert_uint_eq(reply.records, 2);
	ck_assert(strstr(buf_cstr(&reply.body), id_of(0)) < strstr(buf_cstr(&reply.body), id_of(1)));
	ck_assert(!first_is_untouched());
}
END_TEST

START_TEST(one_bad_record_fails_the_whole_batch)
{
	static const struct {
		const char	*fields, *type;
	} bad[] = {
		{ "{\"Nope\":1}", "UNKNOWN_FIELD_NAME" },
		{ "{\"Label\":\"x\"}", "INVALID_VALUE_FOR_COLUMN" },
		{ "{\"Updated At\":null}", "INVALID_VALUE_FOR_COLUMN" },
		{ "{\"Order Total\":\"12\"}", "INVALID_VALUE_FOR_COLUMN" },
		{ "{\"Created At\":\"soon\"}", "INVALID_VALUE_FOR_COLUMN" },
		{ "{\"Status\":\"pending\"}", "INVALID_MULTIPLE_CHOICE_OPTIONS" },
		{ "{\"Customer\":[\"x\"]}", "INVALID_VALUE_FOR_COLUMN" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(patch_two(bad[i].fields), 422);
		ck_assert_msg(reply_has(bad[i].type), "%s: %s", bad[i].fields, buf_cstr(&reply.body));
		ck_assert(first_is_untouched());
	}
}
END_TEST

START_TEST(a_deleted_record_fails_the_whole_batch)
{
	sim_table_delete_row(orders_table(), 1);
	ck_assert_int_eq(patch_two("{}"), 422);
	ck_assert(reply_has("ROW_DOES_NOT_EXIST"));
	ck_assert(first_is_untouched());
}
END_TEST

START_TEST(a_failed_typecast_batch_leaves_no_choice_behind)
{
	uint32_t choices = orders_table()->fields[SIM_ORDER_STATUS].choice_count;

	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"typecast\":true,\"records\":["
	    "{\"fields\":{\"Status\":\"Typo\"}},{\"fields\":{\"Nope\":1}}]}"), 422);
	ck_assert_uint_eq(orders_table()->fields[SIM_ORDER_STATUS].choice_count, choices);
	ck_assert_uint_eq(orders_table()->live_count, 5);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"typecast\":true,\"records\":["
	    "{\"fields\":{\"Status\":\"Typo\"}},{\"fields\":{\"Status\":\"Typo\"}}]}"), 200);
	ck_assert_uint_eq(orders_table()->fields[SIM_ORDER_STATUS].choice_count, choices + 1);
}
END_TEST

START_TEST(typecast_adds_no_choices_without_the_permission)
{
	sim->settings.free_choices = 0;
	ck_assert_int_eq(call("POST", SIM_ORDERS,
	    "{\"typecast\":true,\"fields\":{\"Status\":\"Typo\"}}"), 422);
	ck_assert(reply_has("INVALID_MULTIPLE_CHOICE_OPTIONS"));
}
END_TEST

static int
upsert(const char *records)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"performUpsert\":{\"fieldsToMergeOn\":"
	    "[\"Order ID\"]},\"records\":%s}", records);
	return call("PATCH", SIM_ORDERS, body);
}

START_TEST(upsert_updates_the_match_and_creates_what_is_missing)
{
	ck_assert_int_eq(upsert("[{\"fields\":{\"Order ID\":\"ORD-000001\",\"Status\":\"Shipped\"}},"
	    "{\"fields\":{\"Order ID\":\"new\"}}]"), 200);
	ck_assert(reply_has("\"createdRecords\":[\"rec"));
	ck_assert(reply_has("\"updatedRecords\":[\"rec"));
	ck_assert_uint_eq(orders_table()->live_count, 6);
}
END_TEST

START_TEST(upsert_by_null_matches_nothing_and_creates)
{
	ck_assert_int_eq(upsert("[{\"fields\":{\"Order ID\":null}}]"), 200);
	ck_assert_int_eq(upsert("[{\"fields\":{\"Order ID\":null}}]"), 200);
	ck_assert_uint_eq(orders_table()->live_count, 7);
}
END_TEST

START_TEST(upsert_needs_the_merge_field_and_at_most_one_match)
{
	ck_assert_int_eq(upsert("[{\"fields\":{\"Status\":\"Shipped\"}}]"), 422);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"fields\":{\"Order ID\":\"ORD-000001\"}}"), 200);
	ck_assert_int_eq(upsert("[{\"fields\":{\"Order ID\":\"new\"}},"
	    "{\"fields\":{\"Order ID\":\"ORD-000001\"}}]"), 422);
	ck_assert_uint_eq(orders_table()->live_count, 6);
}
END_TEST

/* PATCH one record with an upsert on these fields (JSON names), whose values are ${fields}. */
static int
upsert_on(const char *names, const char *fields)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"typecast\":true,\"performUpsert\":{\"fieldsToMergeOn\":"
	    "[%s]},\"records\":[{\"fields\":%s}]}", names, fields);
	return call("PATCH", SIM_ORDERS, body);
}

START_TEST(upsert_goes_by_one_to_three_fields_of_the_documented_kinds)
{
	struct sim_table *t = orders_table();
	static const struct {
		const char	*name, *value;
		enum sim_type	 type;
		bool		 may, perhaps;
	} kinds[] = {
		{ "text", "\"k\"", SIM_SINGLE_LINE_TEXT, true, true },
		{ "long", "\"k\\nl\"", SIM_MULTILINE_TEXT, true, true },
		{ "number", "12.5", SIM_NUMBER, true, true },
		{ "select", "\"k\"", SIM_SINGLE_SELECT, true, true },
		{ "selects", "\"k, l\"", SIM_MULTIPLE_SELECTS, true, true },
		{ "date", "\"2026-11-20\"", SIM_DATE, true, true },
		{ "time", "\"2026-11-20T10:00:00Z\"", SIM_DATE_TIME, true, true },
		{ "email", "\"k@example.com\"", SIM_EMAIL, false, true },
		{ "url", "\"https://example.com\"", SIM_URL, false, true },
		{ "phone", "\"1\"", SIM_PHONE_NUMBER, false, true },
		{ "barcode", "\"1\"", SIM_BARCODE, false, true },
		{ "currency", "\"$1\"", SIM_CURRENCY, false, true },
		{ "check", "true", SIM_CHECKBOX, false, false },
		{ "who", "\"demo@example.com\"", SIM_COLLABORATOR, false, false },
		{ "files", "\"https://x.example.com/a\"", SIM_ATTACHMENTS, false, false },
	};
	char name[40], fields[120];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t rows = t->live_count;

		ck_assert_ptr_nonnull(sim_table_add_field(sim->base, t, kinds[i].name, kinds[i].type));
		(void)snprintf(name, sizeof(name), "\"%s\"", kinds[i].name);
		(void)snprintf(fields, sizeof(fields), "{\"%s\":%s}", kinds[i].name, kinds[i].value);
		set("mergeKinds", "documented");
		ck_assert_msg(upsert_on(name, fields) == (kinds[i].may ? 200 : 422), "%s", kinds[i].name);
		if (!kinds[i].may)
			ck_assert(reply_has("Cannot merge on field"));
		set("mergeKinds", "more");
		ck_assert_int_eq(upsert_on(name, fields), kinds[i].perhaps ? 200 : 422);
		ck_assert_int_eq(upsert_on(name, fields), kinds[i].perhaps ? 200 : 422);
		ck_assert_uint_eq(t->live_count, rows + kinds[i].perhaps);
	}
	ck_assert_int_eq(upsert_on("\"Label\"", "{\"Label\":\"x\"}"), 422);
	ck_assert_int_eq(upsert_on("\"Nope\"", "{}"), 422);
	ck_assert(reply_has("UNKNOWN_FIELD_NAME"));
	ck_assert_int_eq(upsert_on("", "{}"), 422);
	ck_assert_int_eq(upsert_on("\"text\",\"text\"", "{\"text\":\"k\"}"), 422);
	ck_assert_int_eq(upsert_on("\"text\",\"number\",\"date\",\"long\"", "{\"text\":\"k\","
	    "\"number\":1,\"date\":\"2026-11-20\",\"long\":\"x\"}"), 422);
	ck_assert_int_eq(upsert_on("\"text\",\"number\",\"date\"",
	    "{\"text\":\"k\",\"number\":1,\"date\":\"2026-11-20\"}"), 200);
	ck_assert_int_eq(size_at("createdRecords"), 1);
	ck_assert_int_eq(upsert_on("\"date\",\"text\"", "{\"text\":\"k\",\"date\":\"2026-11-20\"}"), 200);
	ck_assert_int_eq(size_at("updatedRecords"), 1);
	ck_assert_int_eq(upsert_on("\"text\"", "{\"text\":\"k\"}"), 422);
	ck_assert(reply_has("more than one record matches"));
}
END_TEST

START_TEST(in_an_upsert_a_given_id_wins)
{
	char records[256];

	(void)snprintf(records, sizeof(records),
	    "[{\"id\":\"%s\",\"fields\":{\"Order ID\":\"ORD-000002\"}}]", id_of(0));
	ck_assert_int_eq(upsert(records), 200);
	ck_assert(reply_has("\"createdRecords\":[],\"updatedRecords\":[\"rec"));
	ck_assert(reply_has(id_of(0)));
}
END_TEST

START_TEST(writing_the_same_bumps_the_modification_time_or_not)
{
	char target[128];
	int64_t before;

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", id_of(0));
	ck_assert_int_eq(call("PATCH", target, "{\"fields\":{\"Customer\":\"same\"}}"), 200);
	before = orders_table()->rows[0].modified_ms;
	sim->settings.noop_bumps = 0;
	ck_assert_int_eq(call_at(SIM_NOW + 5500, "PATCH", target,
	    "{\"fields\":{\"Customer\":\"same\"}}"), 200);
	ck_assert_int_eq(orders_table()->rows[0].modified_ms, before);
	sim->settings.noop_bumps = 1;
	ck_assert_int_eq(call_at(SIM_NOW + 5500, "PATCH", target,
	    "{\"fields\":{\"Customer\":\"same\"}}"), 200);
	ck_assert_int_eq(orders_table()->rows[0].modified_ms, SIM_NOW + 5000);
}
END_TEST

START_TEST(deleting_is_all_or_nothing_and_only_once)
{
	char target[256];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "?records%%5B%%5D=%s&records[]=%s",
	    id_of(0), "recAAAAAAAAAAAAAA");
	ck_assert_int_eq(call("DELETE", target, ""), 404);
	ck_assert_uint_eq(orders_table()->live_count, 5);
	(void)snprintf(target, sizeof(target), SIM_ORDERS "?records[]=%s&records[]=%s",
	    id_of(0), id_of(1));
	ck_assert_int_eq(call("DELETE", target, ""), 200);
	ck_assert_int_eq(call("DELETE", target, ""), 404);
	ck_assert_uint_eq(orders_table()->live_count, 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_writes");
	TCase *t = tcase_create("writes");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, a_good_batch_is_applied_in_request_order);
	tcase_add_test(t, one_bad_record_fails_the_whole_batch);
	tcase_add_test(t, a_deleted_record_fails_the_whole_batch);
	tcase_add_test(t, a_failed_typecast_batch_leaves_no_choice_behind);
	tcase_add_test(t, typecast_adds_no_choices_without_the_permission);
	tcase_add_test(t, upsert_updates_the_match_and_creates_what_is_missing);
	tcase_add_test(t, upsert_by_null_matches_nothing_and_creates);
	tcase_add_test(t, upsert_needs_the_merge_field_and_at_most_one_match);
	tcase_add_test(t, upsert_goes_by_one_to_three_fields_of_the_documented_kinds);
	tcase_add_test(t, in_an_upsert_a_given_id_wins);
	tcase_add_test(t, writing_the_same_bumps_the_modification_time_or_not);
	tcase_add_test(t, deleting_is_all_or_nothing_and_only_once);
	suite_add_tcase(s, t);
	return run_suite(s);
}
