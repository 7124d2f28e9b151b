/* Fields whose type changes. */
#include "tests/lib/sim_support.h"

#define HOOKS	"/v0/bases/" SIM_DATA_BASE_ID "/webhooks"

static void
setup(void)
{
	sim_start(20);
}

static const char *
first_id(void)
{
	return orders_table()->rows[0].id;
}

static void
patch(const char *fields)
{
	char target[128], body[512];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", first_id());
	(void)snprintf(body, sizeof(body), "{\"fields\":%s}", fields);
	ck_assert_int_eq(call("PATCH", target, body), 200);
}

static void
retype(const char *field, const char *type, const char *more)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"retype\":{\"field\":\"%s\",\"type\":\"%s\"%s}}", field,
	    type, more);
	ck_assert_msg(door("POST", "schema", body) == 200, "%s", body);
}

/* Check the first record's cell against ${json}; NULL: empty. */
static void
check_cell(const char *field, const char *json)
{
	char target[128], path[64];
	const cJSON *cell;
	cJSON *wanted = json == NULL ? NULL : cJSON_Parse(json);

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", first_id());
	(void)snprintf(path, sizeof(path), "fields/%s", field);
	ck_assert_int_eq(call("GET", target, ""), 200);
	cell = at(path);
	ck_assert_msg(wanted == NULL ? cell == NULL : cJSON_Compare(cell, wanted, true),
	    "not %s in %s", json == NULL ? "empty" : json, buf_cstr(&reply.body));
	cJSON_Delete(wanted);
}

START_TEST(cells_are_converted_through_their_displayed_text)
{
	static const struct { const char *type, *cell; } steps[] = {
		{ "multipleSelects", "[\"Ada\"]" }, { "singleSelect", "\"Ada\"" },
		{ "multilineText", "\"Ada\"" }, { "barcode", "{\"text\":\"Ada\"}" },
		{ "aiText", "{\"state\":\"generated\",\"value\":\"Ada\",\"isStale\":false}" },
		{ "multipleLookupValues", "[\"Ada\"]" }, { "rollup", "[\"Ada\"]" },
		{ "button", "{\"label\":\"Ada\",\"url\":null}" }, { "email", "\"Ada\"" },
		{ "date", NULL }, { "singleLineText", NULL }
	};

	patch("{\"Customer\":\"Ada\"}");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		retype("Customer", steps[i].type, "");
		check_cell("Customer", steps[i].cell);
	}
}
END_TEST

START_TEST(numbers_and_dates_become_texts_and_come_back)
{
	patch("{\"Order Total\":12.5,\"Created At\":\"2026-01-02T03:04:05.000Z\"}");
	retype("Order Total", "singleLineText", "");
	check_cell("Order Total", "\"$12.50\"");
	retype("Order Total", "percent", ",\"options\":{\"precision\":1}");
	check_cell("Order Total", "12.5");
	retype("Order Total", "singleLineText", "");
	check_cell("Order Total", "\"1250.0%\"");
	retype("Order Total", "currency", ",\"options\":{\"precision\":2}");
	check_cell("Order Total", "12.5");
	retype("Created At", "singleLineText", "");
	check_cell("Created At", "\"2026-01-02T03:04:05.000Z\"");
	retype("Created At", "dateTime", "");
	check_cell("Created At", "\"2026-01-02T03:04:05.000Z\"");
}
END_TEST

START_TEST(several_choices_become_a_text_and_choices_again)
{
	ck_assert_int_eq(door("POST", "schema",
	    "{\"retype\":{\"field\":\"Status\",\"type\":\"multipleSelects\"}}"), 200);
	patch("{\"Status\":[\"Pending\",\"Shipped\"]}");
	retype("Status", "singleLineText", "");
	check_cell("Status", "\"Pending, Shipped\"");
	retype("Status", "multipleSelects", "");
	check_cell("Status", "[\"Pending\",\"Shipped\"]");
	retype("Status", "singleSelect", "");
	check_cell("Status", "\"Pending\"");
}
END_TEST

START_TEST(a_link_names_records_and_webhooks_report_their_names)
{
	char target[128];

	patch("{\"Customer\":\"Ada\"}");
	ck_assert_int_eq(call("POST", HOOKS, "{\"specification\":{\"options\":{\"filters\":"
	    "{\"dataTypes\":[\"tableData\",\"tableFields\"]},\"includes\":"
	    "{\"includePreviousFieldDefinitions\":true}}}}"), 200);
	(void)snprintf(target, sizeof(target), HOOKS "/%s/payloads", text_at("id"));
	retype("Customer", "multipleRecordLinks", ",\"touch\":true");
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_str_eq(text_at("payloads/0/changedTablesById/" SIM_DATA_TABLE_ID
	    "/changedFieldsById/fldCustomer000000/previous/type"), "singleLineText");
	ck_assert_int_eq(size_at("payloads/0/changedTablesById/" SIM_DATA_TABLE_ID
	    "/changedRecordsById"), 20);
	ck_assert(reply_has("\"name\":\"Ada\"}]"));
	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", first_id());
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert(sim_id_valid(str_of(text_at("fields/Customer/0")), "rec"));
	retype("Customer", "singleLineText", "");
	check_cell("Customer", "\"Ada\"");
}
END_TEST

START_TEST(records_count_as_changed_only_if_configured)
{
	int64_t before;

	patch("{\"Customer\":\"Ada\"}");
	before = orders_table()->rows[0].modified_ms;
	sim->clock_offset += 60000;
	retype("Customer", "multilineText", "");
	ck_assert_int_eq(orders_table()->rows[0].modified_ms, before);
	retype("Customer", "singleLineText", ",\"touch\":true");
	ck_assert_int_gt(orders_table()->rows[0].modified_ms, before);
}
END_TEST

START_TEST(unknown_types_are_refused)
{
	patch("{\"Customer\":\"Ada\"}");
	ck_assert_int_eq(door("POST", "schema",
	    "{\"retype\":{\"field\":\"Customer\",\"type\":\"nonsense\"}}"), 400);
	ck_assert_int_eq(door("POST", "schema",
	    "{\"retype\":{\"field\":\"Customer\",\"type\":\"rating\",\"options\":{}}}"), 400);
	check_cell("Customer", "\"Ada\"");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_retype");
	TCase *t = tcase_create("retype");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, cells_are_converted_through_their_displayed_text);
	tcase_add_test(t, numbers_and_dates_become_texts_and_come_back);
	tcase_add_test(t, several_choices_become_a_text_and_choices_again);
	tcase_add_test(t, a_link_names_records_and_webhooks_report_their_names);
	tcase_add_test(t, records_count_as_changed_only_if_configured);
	tcase_add_test(t, unknown_types_are_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
