/* Webhooks: what their payloads say. */
#include "tests/lib/sim_support.h"

#define HOOKS	"/v0/bases/" SIM_DATA_BASE_ID "/webhooks"
#define META	"/v0/meta/bases/" SIM_DATA_BASE_ID "/tables"
#define TABLE	"payloads/0/changedTablesById/" SIM_DATA_TABLE_ID
#define CUSTOMER "fldCustomer000000"
#define STATUS	"fldStatus00000000"
#define TOTAL	"fldOrderTotal0000"
#define NOTES	"fldNotes000000000"
#define UPDATED	"fldUpdatedAt00000"
#define LABEL	"fldLabel000000000"
#define ORDER_ID "fldOrderID0000000"

static char hook[SIM_ID_SIZE];

static void
setup(void)
{
	sim_start(20);
	set("computedInPayloads", "none");
}

/* Create a webhook with these filters (beside dataTypes) and includes. */
static void
watch_types(const char *types, const char *filters, const char *includes)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), "{\"specification\":{\"options\":{\"filters\":"
	    "{\"dataTypes\":[%s]%s},\"includes\":{%s}}}}", types, filters, includes);
	ck_assert_msg(call("POST", HOOKS, body) == 200, "%s", body);
	(void)snprintf(hook, sizeof(hook), "%s", text_at("id"));
}

static void
watch(const char *filters, const char *includes)
{
	watch_types("\"tableData\"", filters, includes);
}

/* Fetch the payloads into the reply; returns how many there are. */
static int
payloads(void)
{
	char target[256];

	(void)snprintf(target, sizeof(target), HOOKS "/%s/payloads", hook);
	ck_assert_int_eq(call("GET", target, ""), 200);
	return size_at("payloads");
}

static const char *
id_of(uint32_t slot)
{
	return orders_table()->rows[slot].id;
}

static int
patch(uint32_t slot, const char *fields)
{
	char target[128], body[512];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", id_of(slot));
	(void)snprintf(body, sizeof(body), "{\"fields\":%s}", fields);
	return call("PATCH", target, body);
}

static int
edit(uint32_t slot, const char *more)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\",%s}", id_of(slot), more);
	return door("POST", "edit", body);
}

/* A path into the entry of a record. */
static const char *
of(const char *member, uint32_t slot, const char *rest)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), TABLE "/%s/%s%s%s", member, id_of(slot),
	    rest[0] == '\0' ? "" : "/", rest);
	return path;
}

static const char *
changed(uint32_t slot, const char *part, const char *field)
{
	char rest[128];

	(void)snprintf(rest, sizeof(rest), "%s/cellValuesByFieldId%s%s", part,
	    field[0] == '\0' ? "" : "/", field);
	return of("changedRecordsById", slot, rest);
}

START_TEST(a_write_is_a_payload_with_the_changed_cells_only)
{
	watch("", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\",\"Order Total\":12.5}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_str_eq(text_at("payloads/0/timestamp"), "2026-11-20T12:00:00.000Z");
	ck_assert_str_eq(text_at("payloads/0/payloadFormat"), "v0");
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 1);
	ck_assert_str_eq(text_at("payloads/0/actionMetadata/source"), "publicApi");
	ck_assert_ptr_eq(at("payloads/0/actionMetadata/sourceMetadata"), NULL);
	ck_assert_int_eq(size_at(changed(0, "current", "")), 2);
	ck_assert_str_eq(text_at(changed(0, "current", CUSTOMER)), "Ada");
	ck_assert(at(changed(0, "current", TOTAL))->valuedouble == 12.5);
	ck_assert_int_eq(size_at(of("changedRecordsById", 0, "")), 1);	/* nothing but current */
}
END_TEST

START_TEST(selects_are_objects)
{
	watch("", "\"includePreviousCellValues\":true");
	ck_assert_int_eq(patch(0, "{\"Status\":\"Shipped\"}"), 200);
	ck_assert_int_eq(patch(0, "{\"Status\":\"Pending\"}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at(changed(0, "current", STATUS "/name")), "Shipped");
	ck_assert_str_eq(text_at(changed(0, "current", STATUS "/id")), "selShipped0000000");
	ck_assert(reply_has("\"previous\":{\"cellValuesByFieldId\":{\"" STATUS
	    "\":{\"id\":\"selShipped0000000\",\"name\":\"Shipped\"}}}"));
}
END_TEST

START_TEST(multiple_selects_are_lists_of_objects_with_their_colours)
{
	char target[128], table[SIM_ID_SIZE], body[256];

	ck_assert_int_eq(call("POST", META, "{\"name\":\"Tags\",\"fields\":[{\"name\":\"Name\","
	    "\"type\":\"singleLineText\"},{\"name\":\"Tags\",\"type\":\"multipleSelects\",\"options\":"
	    "{\"choices\":[{\"name\":\"a\",\"color\":\"redLight2\"},{\"name\":\"b\"}]}}]}"), 200);
	(void)snprintf(table, sizeof(table), "%s", text_at("id"));
	watch("", "");
	(void)snprintf(target, sizeof(target), "/v0/" SIM_DATA_BASE_ID "/%s", table);
	ck_assert_int_eq(call("POST", target, "{\"fields\":{\"Tags\":[\"b\",\"a\"]}}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert(reply_has("\"name\":\"b\"},{\"id\":\"sel"));
	ck_assert(reply_has("\"name\":\"a\",\"color\":\"redLight2\"}]"));
	(void)snprintf(body, sizeof(body), "{\"table\":\"%s\",\"removeOption\":{\"field\":\"Tags\","
	    "\"name\":\"b\"}}", table);
	ck_assert_int_eq(door("POST", "schema", body), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_uint_eq(reply_count("\"name\":\"b\""), 1);	/* the cell has only "a" left */
	ck_assert_uint_eq(reply_count("\"name\":\"a\""), 2);
}
END_TEST

START_TEST(previous_and_unchanged_values_come_on_request)
{
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\",\"Order Total\":1,\"Notes\":null}"), 200);
	watch("", "\"includePreviousCellValues\":true,\"includeCellValuesInFieldIds\":[\"" TOTAL
	    "\",\"" NOTES "\",\"" CUSTOMER "\"]");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Bob\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_str_eq(text_at(changed(0, "previous", CUSTOMER)), "Ada");
	ck_assert_str_eq(text_at(changed(0, "current", CUSTOMER)), "Bob");
	ck_assert_int_eq(size_at(changed(0, "unchanged", "")), 1);	/* Notes are empty */
	ck_assert_int_eq(number_at(changed(0, "unchanged", TOTAL)), 1);
}
END_TEST

START_TEST(all_cells_can_be_requested)
{
	ck_assert_int_eq(patch(0, "{\"Order Total\":1,\"Notes\":\"n\",\"Priority\":\"Low\","
	    "\"Status\":\"Pending\",\"Created At\":\"2026-01-01\"}"), 200);
	watch("", "\"includeCellValuesInFieldIds\":\"all\"");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Bob\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(changed(0, "current", "")), 1);
	ck_assert_int_eq(size_at(changed(0, "unchanged", "")), 6);
}
END_TEST

START_TEST(a_cleared_cell_is_null_or_left_out)
{
	watch("", "\"includePreviousCellValues\":true");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(patch(0, "{\"Customer\":null}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert(reply_has("\"current\":{\"cellValuesByFieldId\":{\"" CUSTOMER "\":null}}"));
	set("clearedCells", "omit");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 3);
	ck_assert(reply_has("\"Ada\"}},\"previous\":{\"cellValuesByFieldId\":{}}"));
}
END_TEST

START_TEST(new_records_come_with_their_cells)
{
	watch("", "");
	ck_assert_int_eq(call_at(SIM_NOW + 1234, "POST", SIM_ORDERS,
	    "{\"records\":[{\"fields\":{\"Customer\":\"Ada\",\"Status\":\"Shipped\"}}]}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_str_eq(text_at(of("createdRecordsById", 20, "createdTime")),
	    "2026-11-20T12:00:01.234Z");
	ck_assert_int_eq(size_at(of("createdRecordsById", 20, "cellValuesByFieldId")), 2);
	set("createdEmptyCells", "null");
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"fields\":{\"Customer\":\"Ada\"}}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert(reply_has("\"" STATUS "\":null"));
}
END_TEST

START_TEST(deleted_records_are_ids_and_a_restored_one_is_new_again)
{
	char target[128], body[128];

	watch("", "");
	(void)snprintf(target, sizeof(target), SIM_ORDERS "?records[]=%s&records[]=%s", id_of(0), id_of(1));
	(void)snprintf(body, sizeof(body), "{\"ids\":[\"%s\"]}", id_of(0));
	ck_assert_int_eq(call("DELETE", target, ""), 200);
	ck_assert_int_eq(door("POST", "restore", body), 200);
	ck_assert_int_eq(number_at("restored"), 1);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_int_eq(size_at(TABLE "/destroyedRecordIds"), 2);
	ck_assert_str_eq(text_at(TABLE "/destroyedRecordIds/1"), id_of(1));
	ck_assert(reply_has("createdRecordsById"));
	ck_assert_uint_eq(orders_table()->live_count, 19);
}
END_TEST

START_TEST(a_refused_write_makes_no_payload)
{
	watch("", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\",\"Nope\":1}"), 422);
	ck_assert_int_eq(payloads(), 0);
}
END_TEST

START_TEST(writing_the_same_value_makes_a_payload_only_if_configured)
{
	watch("", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	set("noopPayloads", "true");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 2);
}
END_TEST

/* PATCH the customers of three records. */
static void
patch_three(const char *name)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"records\":["
	    "{\"id\":\"%s\",\"fields\":{\"Customer\":\"%s\"}},"
	    "{\"id\":\"%s\",\"fields\":{\"Customer\":\"%s\"}},"
	    "{\"id\":\"%s\",\"fields\":{\"Customer\":\"%s\"}}]}",
	    id_of(0), name, id_of(1), name, id_of(2), name);
	ck_assert_int_eq(call("PATCH", SIM_ORDERS, body), 200);
}

START_TEST(a_batch_is_one_payload_or_one_for_each_record)
{
	watch("", "");
	patch_three("a");
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(TABLE "/changedRecordsById"), 3);
	set("batchPayloads", "each");
	patch_three("b");
	ck_assert_int_eq(payloads(), 4);
	ck_assert_int_eq(number_at("payloads/1/baseTransactionNumber"), 2);
	ck_assert_int_eq(number_at("payloads/3/baseTransactionNumber"), 4);
}
END_TEST

START_TEST(a_split_transaction_keeps_its_number_in_all_parts)
{
	watch("", "");
	set("splitRecords", "2");
	patch_three("a");
	ck_assert_int_eq(payloads(), 2);
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 1);
	ck_assert_int_eq(number_at("payloads/1/baseTransactionNumber"), 1);
	ck_assert_int_eq(size_at(TABLE "/changedRecordsById"), 2);
	ck_assert_int_eq(size_at("payloads/1/changedTablesById/" SIM_DATA_TABLE_ID
	    "/changedRecordsById"), 1);
	set("splitRecords", "0");
	set("splitEvery", "3");
	patch_three("b");	/* the second transaction */
	patch_three("c");	/* the third */
	ck_assert_int_eq(payloads(), 5);
	ck_assert_int_eq(number_at("payloads/3/baseTransactionNumber"), 3);
	ck_assert_int_eq(number_at("payloads/4/baseTransactionNumber"), 3);
}
END_TEST

START_TEST(every_nth_payload_may_be_an_error)
{
	watch("", "");
	set("errorPayloadEvery", "2");
	patch_three("a");
	patch_three("b");
	ck_assert_int_eq(payloads(), 2);
	ck_assert_ptr_eq(at("payloads/0/error"), NULL);
	ck_assert_str_eq(text_at("payloads/1/code"), "INTERNAL_ERROR");
	ck_assert_int_eq(number_at("payloads/1/baseTransactionNumber"), 2);
	ck_assert_int_eq(number_at("cursor"), 3);
}
END_TEST

START_TEST(the_same_record_twice_in_a_batch_is_one_entry)
{
	char body[512];

	watch("", "\"includePreviousCellValues\":true");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"a\"}"), 200);
	(void)snprintf(body, sizeof(body), "{\"records\":[{\"id\":\"%s\",\"fields\":{\"Customer\":\"b\"}},"
	    "{\"id\":\"%s\",\"fields\":{\"Customer\":\"c\",\"Notes\":\"n\"}}]}", id_of(0), id_of(0));
	ck_assert_int_eq(call("PATCH", SIM_ORDERS, body), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_uint_eq(reply_count(id_of(0)), 2);	/* once in each */
	ck_assert(reply_has("\"previous\":{\"cellValuesByFieldId\":{\"" CUSTOMER "\":\"a\""));
	ck_assert(reply_has("\"c\""));
}
END_TEST

START_TEST(a_webhook_gets_only_its_kinds_of_changes)
{
	char body[128];

	watch(",\"changeTypes\":[\"remove\"]", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"fields\":{}}"), 200);
	ck_assert_int_eq(payloads(), 0);
	(void)snprintf(body, sizeof(body), "{\"ids\":[\"%s\"]}", id_of(3));
	ck_assert_int_eq(door("POST", "delete", body), 200);
	ck_assert_int_eq(payloads(), 1);
}
END_TEST

START_TEST(a_webhook_gets_only_its_sources)
{
	watch(",\"fromSources\":[\"client\",\"automation\"]", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"api\"}"), 200);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(edit(0, "\"fields\":{\"Customer\":\"ui\"}"), 200);
	ck_assert_int_eq(edit(0, "\"source\":\"automation\",\"fields\":{\"Customer\":\"robot\"}"), 200);
	ck_assert_int_eq(edit(0, "\"source\":\"sync\",\"fields\":{\"Customer\":\"other\"}"), 200);
	ck_assert_int_eq(edit(0, "\"source\":\"nobody\",\"fields\":{\"Customer\":\"x\"}"), 400);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at("payloads/1/actionMetadata/source"), "automation");
}
END_TEST

START_TEST(payloads_say_who_did_it)
{
	watch("", "");
	ck_assert_int_eq(edit(0, "\"user\":\"Jörg M\",\"fields\":{\"Customer\":\"ui\"}"), 200);
	set("apiUser", "true");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"api\"}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at("payloads/0/actionMetadata/source"), "client");
	ck_assert_str_eq(text_at("payloads/0/actionMetadata/sourceMetadata/user/name"), "Jörg M");
	ck_assert_str_eq(text_at("payloads/0/actionMetadata/sourceMetadata/user/email"),
	    "j..rg.m@example.com");
	ck_assert(sim_id_valid(str_of(text_at("payloads/0/actionMetadata/sourceMetadata/user/id")), "usr"));
	ck_assert_str_eq(text_at("payloads/1/actionMetadata/sourceMetadata/user/id"), "usrOrderdeckDemo1");
}
END_TEST

START_TEST(a_webhook_gets_only_the_cells_it_watches)
{
	watch(",\"watchDataInFieldIds\":[\"" STATUS "\"]", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Bob\",\"Status\":null}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(changed(0, "current", "")), 1);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"fields\":{\"Customer\":\"C\",\"Status\":\"Pending\"}}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert(!reply_has("\"C\""));
}
END_TEST

START_TEST(a_webhook_gets_only_changes_of_its_table)
{
	ck_assert_int_eq(call("POST", META, "{\"name\":\"Other\",\"fields\":[{\"name\":\"Name\","
	    "\"type\":\"singleLineText\"}]}"), 200);
	watch(",\"recordChangeScope\":\"" SIM_DATA_TABLE_ID "\"", "");
	ck_assert_int_eq(call("POST", "/v0/" SIM_DATA_BASE_ID "/Other", "{\"fields\":{\"Name\":\"x\"}}"), 200);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 3);	/* others count */
}
END_TEST

START_TEST(a_webhook_on_a_view_gets_changes_of_that_view)
{
	watch(",\"recordChangeScope\":\"viwOrders00000000\"", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(TABLE), 1);
	ck_assert_int_eq(size_at(TABLE "/changedViewsById/viwOrders00000000/changedRecordsById"), 1);
}
END_TEST

START_TEST(schema_changes_go_to_webhooks_that_asked_for_them)
{
	watch_types("\"tableFields\",\"tableMetadata\"", "", "\"includePreviousFieldDefinitions\":true");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(door("POST", "schema", "{\"rename\":{\"field\":\"Customer\",\"name\":\"Client\"},"
	    "\"remove\":{\"field\":\"Notes\"},\"add\":{\"name\":\"Done\",\"type\":\"checkbox\"},"
	    "\"renameTable\":{\"name\":\"Sales\"}}"), 200);
	ck_assert_int_eq(number_at("changes"), 4);
	ck_assert_int_eq(size_at("ids"), 1);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_str_eq(text_at(TABLE "/changedFieldsById/" CUSTOMER "/current/name"), "Client");
	ck_assert_str_eq(text_at(TABLE "/changedFieldsById/" CUSTOMER "/previous/name"), "Customer");
	ck_assert_str_eq(text_at(TABLE "/destroyedFieldIds/0"), NOTES);
	ck_assert(reply_has("\"createdFieldsById\":{\"fld"));
	ck_assert(reply_has("{\"name\":\"Done\",\"type\":\"checkbox\"}"));
	ck_assert_str_eq(text_at(TABLE "/changedMetadata/current/name"), "Sales");
	ck_assert_str_eq(text_at(TABLE "/changedMetadata/previous/name"), "Orders");
	ck_assert_int_eq(call("GET", "/v0/" SIM_DATA_BASE_ID "/Sales?pageSize=1", ""), 200);
}
END_TEST

START_TEST(a_new_formula_changes_all_cells_but_only_the_field_is_reported)
{
	watch_types("\"tableData\",\"tableFields\"", "", "\"includeCellValuesInFieldIds\":\"all\"");
	ck_assert_int_eq(door("POST", "schema", "{\"formula\":{\"field\":\"Customer\","
	    "\"formula\":\"2 +\"}}"), 400);
	ck_assert_int_eq(door("POST", "schema", "{\"formula\":{\"field\":\"Customer\","
	    "\"formula\":\"'v' & '1'\"}}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_str_eq(text_at(TABLE "/changedFieldsById/" CUSTOMER "/current/type"), "formula");
	ck_assert(!reply_has("changedRecordsById"));
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=1", ""), 200);
	ck_assert_str_eq(text_at("records/0/fields/Customer"), "v1");
	ck_assert_int_eq(call("GET", META, ""), 200);
	ck_assert(reply_has("\"formula\":\"'v' & '1'\""));
}
END_TEST

START_TEST(a_restored_field_has_its_old_id_and_cells)
{
	watch_types("\"tableFields\"", "", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(door("POST", "schema", "{\"remove\":{\"field\":\"Customer\"}}"), 200);
	ck_assert_int_eq(patch(0, "{\"Customer\":\"Bob\"}"), 422);
	ck_assert_int_eq(door("POST", "schema", "{\"restore\":{\"field\":\"Customer\"}}"), 200);
	ck_assert_int_eq(door("POST", "schema", "{\"restore\":{\"field\":\"Customer\"}}"), 400);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at("payloads/1/changedTablesById/" SIM_DATA_TABLE_ID
	    "/createdFieldsById/" CUSTOMER "/name"), "Customer");
	ck_assert_int_eq(call("GET", SIM_ORDERS "?pageSize=100", ""), 200);
	ck_assert(reply_has("\"Customer\":\"Ada\""));
}
END_TEST

START_TEST(the_schema_routes_make_payloads_too_but_refusals_do_not)
{
	watch_types("\"tableFields\",\"tableMetadata\"", "", "");
	ck_assert_int_eq(call("PATCH", META "/" SIM_DATA_TABLE_ID "/fields/" CUSTOMER,
	    "{\"name\":\"Notes\"}"), 422);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(call("PATCH", META "/" SIM_DATA_TABLE_ID "/fields/" CUSTOMER,
	    "{\"name\":\"Client\"}"), 200);
	ck_assert_int_eq(call("POST", META "/" SIM_DATA_TABLE_ID "/fields",
	    "{\"name\":\"New\",\"type\":\"number\",\"options\":{\"precision\":0}}"), 200);
	ck_assert_int_eq(call("PATCH", META "/" SIM_DATA_TABLE_ID, "{\"name\":\"Sales\"}"), 200);
	ck_assert_int_eq(payloads(), 3);
	ck_assert_str_eq(text_at("payloads/0/actionMetadata/source"), "publicApi");
	ck_assert(!reply_has("\"previous\":{\"name\":\"Customer\"}"));	/* not asked for */
}
END_TEST

START_TEST(only_watched_fields_report_their_definitions)
{
	watch_types("\"tableFields\"", ",\"watchSchemasOfFieldIds\":[\"" STATUS "\"]", "");
	ck_assert_int_eq(door("POST", "schema", "{\"rename\":{\"field\":\"Customer\",\"name\":\"C\"}}"), 200);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(door("POST", "schema", "{\"rename\":{\"field\":\"Status\",\"name\":\"State\"}}"), 200);
	ck_assert_int_eq(payloads(), 1);
}
END_TEST

START_TEST(options_change_their_field_unless_switched_off)
{
	watch_types("\"tableFields\"", "", "");
	ck_assert_int_eq(door("POST", "schema", "{\"addOption\":{\"field\":\"Status\",\"name\":\"Lost\"}}"), 200);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"typecast\":true,\"fields\":{\"Status\":\"Typo\"}}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at(TABLE "/changedFieldsById/" STATUS "/current/type"), "singleSelect");
	set("optionPayloads", "false");
	ck_assert_int_eq(door("POST", "schema", "{\"addOption\":{\"field\":\"Status\",\"name\":\"More\"}}"), 200);
	ck_assert_int_eq(payloads(), 2);
}
END_TEST

START_TEST(a_removed_option_empties_its_cells)
{
	watch("", "\"includePreviousCellValues\":true");
	ck_assert_int_eq(patch(0, "{\"Status\":\"Pending\"}"), 200);
	ck_assert_int_eq(door("POST", "schema",
	    "{\"removeOption\":{\"field\":\"Status\",\"name\":\"Pending\"}}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert(reply_has("\"previous\":{\"cellValuesByFieldId\":{\"" STATUS
	    "\":{\"id\":\"selPending0000000\",\"name\":\"Pending\"}}}"));
	ck_assert_int_eq(patch(0, "{\"Status\":\"Pending\"}"), 422);
	ck_assert_int_eq(call("GET", META, ""), 200);
	ck_assert(!reply_has("Pending"));
}
END_TEST

START_TEST(a_renamed_option_touches_its_records_only_if_configured)
{
	watch("", "");
	for (uint32_t i = 0; i < 20; i++)
		ck_assert_int_eq(edit(i, "\"fields\":{\"Status\":\"Pending\"},\"unseen\":true"), 200);
	ck_assert_int_eq(door("POST", "schema",
	    "{\"renameOption\":{\"field\":\"Status\",\"from\":\"Pending\",\"to\":\"Open\"}}"), 200);
	ck_assert_int_eq(payloads(), 0);
	set("optionRenameTouches", "true");
	ck_assert_int_eq(door("POST", "schema",
	    "{\"renameOption\":{\"field\":\"Status\",\"from\":\"Open\",\"to\":\"New\"}}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(TABLE "/changedRecordsById"), 20);
	ck_assert_str_eq(text_at(changed(0, "current", STATUS "/name")), "New");
}
END_TEST

START_TEST(tables_come_and_go)
{
	watch_types("\"tableData\",\"tableFields\",\"tableMetadata\"", "", "");
	ck_assert_int_eq(call("POST", META, "{\"name\":\"Other\",\"fields\":[{\"name\":\"Name\","
	    "\"type\":\"singleLineText\"}]}"), 200);
	ck_assert_int_eq(door("POST", "schema", "{\"table\":\"Other\",\"removeTable\":{}}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert(reply_has("\"createdTablesById\":{\"tbl"));
	ck_assert(reply_has("\"metadata\":{\"name\":\"Other\"},\"fieldsById\":{\"fld"));
	ck_assert(reply_has("\"recordsById\":{}"));
	ck_assert_int_eq(size_at("payloads/1/destroyedTableIds"), 1);
	ck_assert_ptr_eq(at("payloads/1/changedTablesById"), NULL);
}
END_TEST

START_TEST(computed_cells_are_reported_with_the_others_when_they_change)
{
	set("computedInPayloads", "same");
	watch("", "\"includeCellValuesInFieldIds\":\"all\"");
	ck_assert_int_eq(edit(0, "\"fields\":{\"Customer\":\"Ada\"}"), 200);
	ck_assert_int_eq(edit(0, "\"fields\":{\"Notes\":\"not in the label\"},\"silent\":true"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_str_eq(text_at(changed(0, "current", LABEL)), "ORD-000001 / Ada");
	ck_assert(strncmp(text_at(changed(0, "current", UPDATED)), "2026-11-20T12:00:", 17) == 0);
	ck_assert_uint_eq(reply_count("\"" LABEL "\""), 2);	/* the second time unchanged */
	ck_assert(reply_has("\"current\":{\"cellValuesByFieldId\":{\"" NOTES "\":"));
}
END_TEST

START_TEST(computed_cells_may_come_in_a_payload_of_the_system)
{
	set("computedInPayloads", "separate");
	watch("", "");
	ck_assert_int_eq(edit(0, "\"fields\":{\"Customer\":\"Ada\"},\"silent\":true"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_int_eq(size_at(changed(0, "current", "")), 1);
	ck_assert_str_eq(text_at("payloads/1/actionMetadata/source"), "system");
	ck_assert_ptr_eq(at("payloads/1/actionMetadata/sourceMetadata"), NULL);
	ck_assert_int_eq(number_at("payloads/1/baseTransactionNumber"), 2);
	ck_assert_uint_eq(reply_count(LABEL), 1);
	ck_assert_int_eq(edit(0, "\"fields\":{\"Notes\":\"nothing computed\"},\"silent\":true"), 200);
	ck_assert_int_eq(payloads(), 3);
}
END_TEST

START_TEST(a_paste_of_500_is_one_action)
{
	struct buf body = { 0 };

	ck_assert_int_eq(door("POST", "create", "{\"count\":480}"), 200);
	watch("", "");
	buf_add_cstr(&body, "{\"records\":[");
	for (uint32_t i = 0; i < 500; i++)
		buf_printf(&body, "%s{\"id\":\"%s\",\"fields\":{\"Customer\":\"pasted %u\"}}",
		    i == 0 ? "" : ",", id_of(i), i);
	buf_add_cstr(&body, "]}");
	ck_assert_int_eq(door("POST", "edit", buf_cstr(&body)), 200);
	ck_assert_int_eq(number_at("edited"), 500);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(size_at(TABLE "/changedRecordsById"), 500);
	ck_assert_int_eq(door("POST", "delete", "{\"all\":true}"), 200);
	ck_assert_int_eq(payloads(), 2);
	ck_assert_int_eq(size_at("payloads/1/changedTablesById/" SIM_DATA_TABLE_ID
	    "/destroyedRecordIds"), 500);
	buf_free(&body);
}
END_TEST

START_TEST(odd_values_are_reported_as_they_are)
{
	watch("", "");
	ck_assert_int_eq(edit(0, "\"raw\":true,\"fields\":{\"Order Total\":{\"odd\":1},"
	    "\"Status\":[\"x\"],\"Updated At\":\"9999-12-31\",\"Order ID\":null}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(number_at(changed(0, "current", TOTAL "/odd")), 1);
	ck_assert_str_eq(text_at(changed(0, "current", STATUS "/0")), "x");
	ck_assert_str_eq(text_at(changed(0, "current", UPDATED)), "9999-12-31");
	ck_assert(cJSON_IsNull(at(changed(0, "current", ORDER_ID))));
}
END_TEST

START_TEST(an_unseen_edit_leaves_neither_payload_nor_time)
{
	int64_t modified = orders_table()->rows[0].modified_ms;

	watch("", "");
	ck_assert_int_eq(edit(0, "\"unseen\":true,\"fields\":{\"Customer\":\"ghost\"}"), 200);
	ck_assert_int_eq(payloads(), 0);
	ck_assert_int_eq(orders_table()->rows[0].modified_ms, modified);
	ck_assert_int_eq(edit(0, "\"fields\":{\"Customer\":\"seen\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 2);
}
END_TEST

START_TEST(each_webhook_numbers_its_own_payloads)
{
	char first[SIM_ID_SIZE];

	watch("", "");
	memcpy(first, hook, sizeof(first));
	ck_assert_int_eq(patch(0, "{\"Customer\":\"a\"}"), 200);
	watch("", "");
	ck_assert_int_eq(patch(0, "{\"Customer\":\"b\"}"), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert_int_eq(number_at("cursor"), 2);
	memcpy(hook, first, sizeof(first));
	ck_assert_int_eq(payloads(), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_payloads");
	TCase *t = tcase_create("payloads");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, a_write_is_a_payload_with_the_changed_cells_only);
	tcase_add_test(t, selects_are_objects);
	tcase_add_test(t, multiple_selects_are_lists_of_objects_with_their_colours);
	tcase_add_test(t, previous_and_unchanged_values_come_on_request);
	tcase_add_test(t, all_cells_can_be_requested);
	tcase_add_test(t, a_cleared_cell_is_null_or_left_out);
	tcase_add_test(t, new_records_come_with_their_cells);
	tcase_add_test(t, deleted_records_are_ids_and_a_restored_one_is_new_again);
	tcase_add_test(t, a_refused_write_makes_no_payload);
	tcase_add_test(t, writing_the_same_value_makes_a_payload_only_if_configured);
	tcase_add_test(t, a_batch_is_one_payload_or_one_for_each_record);
	tcase_add_test(t, a_split_transaction_keeps_its_number_in_all_parts);
	tcase_add_test(t, every_nth_payload_may_be_an_error);
	tcase_add_test(t, the_same_record_twice_in_a_batch_is_one_entry);
	tcase_add_test(t, a_webhook_gets_only_its_kinds_of_changes);
	tcase_add_test(t, a_webhook_gets_only_its_sources);
	tcase_add_test(t, payloads_say_who_did_it);
	tcase_add_test(t, a_webhook_gets_only_the_cells_it_watches);
	tcase_add_test(t, a_webhook_gets_only_changes_of_its_table);
	tcase_add_test(t, a_webhook_on_a_view_gets_changes_of_that_view);
	tcase_add_test(t, schema_changes_go_to_webhooks_that_asked_for_them);
	tcase_add_test(t, a_new_formula_changes_all_cells_but_only_the_field_is_reported);
	tcase_add_test(t, a_restored_field_has_its_old_id_and_cells);
	tcase_add_test(t, the_schema_routes_make_payloads_too_but_refusals_do_not);
	tcase_add_test(t, only_watched_fields_report_their_definitions);
	tcase_add_test(t, options_change_their_field_unless_switched_off);
	tcase_add_test(t, a_removed_option_empties_its_cells);
	tcase_add_test(t, a_renamed_option_touches_its_records_only_if_configured);
	tcase_add_test(t, tables_come_and_go);
	tcase_add_test(t, computed_cells_are_reported_with_the_others_when_they_change);
	tcase_add_test(t, computed_cells_may_come_in_a_payload_of_the_system);
	tcase_add_test(t, a_paste_of_500_is_one_action);
	tcase_add_test(t, odd_values_are_reported_as_they_are);
	tcase_add_test(t, an_unseen_edit_leaves_neither_payload_nor_time);
	tcase_add_test(t, each_webhook_numbers_its_own_payloads);
	suite_add_tcase(s, t);
	return run_suite(s);
}
