#include <stdio.h>
#include <stdlib.h>

#include "syncd/feed/payload.h"
#include "tests/lib/feed_table.h"
#include "tests/lib/support.h"

static struct webhook_table table;
static struct payload_page page;
static char why[WEBHOOK_WHY_SIZE];

static void
setup(void)
{
	static struct config config;
	static const struct webhook_remembered none = {
		.table = "", .names = { "", "", "", "", "", "", "", "" },
		.fields = { "", "", "", "", "", "", "", "" }
	};

	(void)strcpy(config.airtable.orders_table, "Orders");
	ck_assert_int_eq(webhook_table_read(&table, &config, &orders_schema, &none,
	    STR(FEED_SCHEMA("Customer", FEED_OPTIONS)), why), ERR_OK);
}

static void
teardown(void)
{
	payload_page_free(&page);
	webhook_table_free(&table);
}

static enum err
read_text(const char *text)
{
	payload_page_free(&page);
	return payload_page_read(&page, &orders_schema, &table, str_of(text), why);
}

/* A page of payloads, given as the members of our table in each. */
#define PAYLOAD(members) "{\"timestamp\":\"2026-11-20T10:00:00.123Z\",\"baseTransactionNumber\":4," \
	"\"payloadFormat\":\"v0\",\"actionMetadata\":{\"source\":\"client\"}," \
	"\"changedTablesById\":{\"tblOther\":{\"destroyedRecordIds\":[\"recX\"]},\"tblOrders\":{" members "}}}"
#define PAGE(payloads)	"{\"payloads\":[" payloads "],\"cursor\":9,\"mightHaveMore\":false}"

static void
take(const char *text)
{
	enum err e = read_text(text);

	ck_assert_msg(e == ERR_OK, "%s: %s", err_text(e), why);
}

static const struct payload_record *
record(const char *id)
{
	const struct payload_record *r = payload_page_find(&page, str_of(id));

	ck_assert_msg(r != NULL, "%s is not in the page", id);
	return r;
}

#define UNCHANGED(status) "\"unchanged\":{\"cellValuesByFieldId\":{\"fldA\":\"ORD-1\",\"fldB\":\"Acme\"," \
	"\"fldC\":" status ",\"fldE\":12.5,\"fldF\":\"2026-01-01T00:00:00.000Z\"}}"
#define EDIT(from, to, before, after) PAYLOAD("\"changedRecordsById\":{\"rec1\":{" \
	"\"current\":{\"cellValuesByFieldId\":{\"fldD\":" to ",\"fldG\":\"" after "\"}}," \
	"\"previous\":{\"cellValuesByFieldId\":{\"fldD\":" from ",\"fldG\":\"" before "\"}}," \
	UNCHANGED("{\"id\":\"selB\",\"name\":\"Shipped\",\"color\":\"blue\"}") "}}")
#define T1	"2026-11-20T09:00:00.000Z"
#define T2	"2026-11-20T10:00:00.000Z"
#define T3	"2026-11-20T10:00:01.000Z"
#define LOW	"{\"id\":\"selX\",\"name\":\"Low\"}"
#define HIGH	"{\"id\":\"selY\",\"name\":\"High\"}"

START_TEST(a_whole_edit_has_all_fields_before_and_after)
{
	const struct payload_record *r;

	take(PAGE(EDIT(LOW, HIGH, T1, T2)));
	ck_assert_uint_eq(page.count, 1);
	ck_assert_uint_eq(page.cursor, 9);
	ck_assert_uint_eq(page.payloads, 1);
	ck_assert(!page.more && !page.error && !page.schema);
	r = record("rec1");
	ck_assert(!r->unclear && !r->created && !r->gone);
	ck_assert_uint_eq(r->before.known, schema_all(&orders_schema));
	ck_assert_uint_eq(r->now.known, schema_all(&orders_schema));
	ck_assert(str_is(r->before.values[ORDER_PRIORITY].text, "Low"));
	ck_assert(str_is(r->now.values[ORDER_PRIORITY].text, "High"));
	ck_assert(str_is(r->now.values[ORDER_STATUS].text, "Shipped"));
	ck_assert_int_eq(r->now.values[ORDER_TOTAL].number, 125000);
	ck_assert_int_eq(r->now.values[ORDER_UPDATED_AT].number -
	    r->before.values[ORDER_UPDATED_AT].number, 3600000);
}
END_TEST

START_TEST(edits_of_a_page_are_combined)
{
	const struct payload_record *r;

	take(PAGE(EDIT(LOW, HIGH, T1, T2) "," EDIT(HIGH, "null", T2, T3)));
	ck_assert_uint_eq(page.count, 1);
	r = record("rec1");
	ck_assert(!r->unclear);
	ck_assert(str_is(r->before.values[ORDER_PRIORITY].text, "Low"));
	ck_assert(!r->now.values[ORDER_PRIORITY].present);
	ck_assert(r->now.known >> ORDER_PRIORITY & 1);
}
END_TEST

/* The same edit with this metadata. */
#define EDIT_BY(metadata, from, to) "{\"timestamp\":\"2026-11-20T10:00:00.123Z\"," metadata \
	"\"changedTablesById\":{\"tblOrders\":{\"changedRecordsById\":{\"rec1\":{" \
	"\"current\":{\"cellValuesByFieldId\":{\"fldD\":" to "}}," \
	"\"previous\":{\"cellValuesByFieldId\":{\"fldD\":" from "}}," UNCHANGED("null") "}}}}}"
#define USER(members)	"\"actionMetadata\":{\"source\":\"client\",\"sourceMetadata\":{\"user\":{" members "}}},"

static void
expect_who(const struct change_step *s, const char *name, const char *id, const char *email, const char *via)
{
	ck_assert_ptr_nonnull(s);
	ck_assert_msg(str_is(s->who.name, name), "%.*s", STR_FMT(s->who.name));
	ck_assert(str_is(s->who.id, id) && str_is(s->who.email, email) && str_is(s->who.via, via));
}

START_TEST(each_payload_is_a_step_with_who_did_it)
{
	const struct change_step *s;

	take(PAGE(EDIT_BY(USER("\"id\":\"usrA\",\"email\":\"j@example.com\",\"permissionLevel\":\"create\",\"name\":\"J\\u00f6rg\""),
	    LOW, HIGH) "," EDIT_BY("\"actionMetadata\":{\"source\":\"automation\"},", HIGH, "null") "," EDIT_BY("", "null", LOW)));
	s = record("rec1")->steps;
	expect_who(s, "J\xc3\xb6rg", "usrA", "j@example.com", "client");
	ck_assert_int_eq(s->kind, STEP_CHANGED);
	ck_assert_uint_eq(s->to->known, 1u << ORDER_PRIORITY);
	ck_assert(str_is(s->from->values[ORDER_PRIORITY].text, "Low") && str_is(s->to->values[ORDER_PRIORITY].text, "High"));
	expect_who(s = s->next, "", "", "", "automation");
	ck_assert(!s->to->values[ORDER_PRIORITY].present && (s->to->known >> ORDER_PRIORITY & 1));
	expect_who(s = s->next, "", "", "", "");
	ck_assert(!s->from->values[ORDER_PRIORITY].present && (s->from->known >> ORDER_PRIORITY & 1));
	ck_assert_ptr_null(s->next);
	take(PAGE(PAYLOAD("\"createdRecordsById\":{\"rec1\":{\"cellValuesByFieldId\":{\"fldA\":\"ORD-1\"}}}") ","
	    PAYLOAD("\"destroyedRecordIds\":[\"rec1\"]")));
	s = record("rec1")->steps;
	expect_who(s, "", "", "", "client");
	ck_assert(s->kind == STEP_CREATED && str_is(s->to->values[ORDER_ORDER_ID].text, "ORD-1"));
	ck_assert(s->next->kind == STEP_GONE && s->next->next == NULL);
}
END_TEST

#define A127	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

START_TEST(the_author_is_taken_as_far_as_it_is_reported_and_valid)
{
	take(PAGE(EDIT_BY(USER("\"id\":\"usrA\",\"email\":\"j@example.com\""), LOW, HIGH)));
	expect_who(record("rec1")->steps, "j@example.com", "usrA", "j@example.com", "client");
	take(PAGE(EDIT_BY(USER("\"id\":7,\"email\":null,\"name\":\"" A127 "\xc3\xb6\""), LOW, HIGH)));
	expect_who(record("rec1")->steps, A127, "", "", "client");	/* no half of a character */
	take(PAGE(EDIT_BY("\"actionMetadata\":[\"client\"],", LOW, HIGH)));
	expect_who(record("rec1")->steps, "", "", "", "");
	take(PAGE(EDIT_BY("\"actionMetadata\":{\"source\":\"" A127 "\",\"sourceMetadata\":{\"user\":\"usrA\"}},", LOW, HIGH)));
	ck_assert_uint_eq(record("rec1")->steps->who.via.len, 32);
	ck_assert_uint_eq(record("rec1")->steps->who.name.len, 0);
}
END_TEST

START_TEST(edits_that_do_not_lead_to_each_other_are_unclear)
{
	take(PAGE(EDIT(LOW, HIGH, T1, T2) "," EDIT(LOW, "null", T2, T3)));
	ck_assert(record("rec1")->unclear);
}
END_TEST

/* A change whose computed cells are reported as they are afterwards or not at all; then the cells. */
#define STORED_FIRST(stamp) PAYLOAD("\"changedRecordsById\":{\"rec1\":{" \
	"\"current\":{\"cellValuesByFieldId\":{\"fldD\":" HIGH "}}," \
	"\"previous\":{\"cellValuesByFieldId\":{\"fldD\":" LOW "}}," \
	"\"unchanged\":{\"cellValuesByFieldId\":{\"fldA\":\"ORD-1\",\"fldB\":\"Acme\",\"fldC\":\"Shipped\"," \
	"\"fldE\":12.5,\"fldF\":\"2026-01-01T00:00:00.000Z\"" stamp "}}}}")
#define COMPUTED_THEN PAYLOAD("\"changedRecordsById\":{\"rec1\":{" \
	"\"current\":{\"cellValuesByFieldId\":{\"fldG\":\"" T2 "\"}}," \
	"\"previous\":{\"cellValuesByFieldId\":{\"fldG\":\"" T1 "\"}}," \
	"\"unchanged\":{\"cellValuesByFieldId\":{\"fldA\":\"ORD-1\",\"fldB\":\"Acme\",\"fldC\":\"Shipped\"," \
	"\"fldD\":" HIGH ",\"fldE\":12.5,\"fldF\":\"2026-01-01T00:00:00.000Z\"}}}}")

START_TEST(computed_cells_that_come_in_a_payload_of_their_own_complete_the_change)
{
	static const char *const stored[] = {
		STORED_FIRST(""), STORED_FIRST(",\"fldG\":\"" T1 "\""), STORED_FIRST(",\"fldG\":\"" T2 "\"")
	};
	const struct payload_record *r;
	char text[3000];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof(text), PAGE("%s,%s"), stored[i], COMPUTED_THEN);
		take(text);
		r = record("rec1");
		ck_assert_msg(!r->unclear, "%zu", i);
		ck_assert_uint_eq(r->before.known, schema_all(&orders_schema));
		ck_assert(str_is(r->before.values[ORDER_PRIORITY].text, "Low"));
		ck_assert_int_eq(r->now.values[ORDER_UPDATED_AT].number -
		    r->before.values[ORDER_UPDATED_AT].number, 3600000);
		/* without it the time of the change is not known */
		(void)snprintf(text, sizeof(text), PAGE("%s"), stored[i]);
		take(text);
		ck_assert_msg(record("rec1")->unclear, "%zu", i);
	}
	/* another change behind it has a time of its own */
	take(PAGE(STORED_FIRST("") "," COMPUTED_THEN "," STORED_FIRST("")));
	ck_assert(record("rec1")->unclear);
}
END_TEST

START_TEST(a_time_of_change_that_people_keep_need_not_move)
{
	table.computed = table.moves = 0;
	take(PAGE(STORED_FIRST(",\"fldG\":\"" T1 "\"")));
	ck_assert(!record("rec1")->unclear);
	take(PAGE(STORED_FIRST("")));	/* nor be there at all */
	ck_assert(!record("rec1")->unclear);
}
END_TEST

START_TEST(a_missing_field_need_not_be_reported)
{
	const uint32_t others = schema_all(&orders_schema) & ~(1u << ORDER_UPDATED_AT);

	table.keys.missing = 1u << ORDER_UPDATED_AT;
	table.keys.answer[ORDER_UPDATED_AT][0] = '\0';
	take(PAGE(STORED_FIRST("")));
	ck_assert(!record("rec1")->unclear);
	ck_assert_uint_eq(record("rec1")->before.known, others);
	ck_assert_uint_eq(record("rec1")->now.known, others);
	take(PAGE(PAYLOAD("\"createdRecordsById\":{\"rec2\":{\"cellValuesByFieldId\":{\"fldA\":\"O\"}}}")));
	ck_assert(!record("rec2")->unclear && record("rec2")->created);
	ck_assert_uint_eq(record("rec2")->now.known, others);
}
END_TEST

START_TEST(an_unreported_field_makes_a_change_unclear)
{
	/* without the time of the change, without previous or unchanged cells, cleared without a word */
	static const char *const texts[] = {
		"\"current\":{\"cellValuesByFieldId\":{\"fldD\":\"High\"}},"
		"\"previous\":{\"cellValuesByFieldId\":{}}," UNCHANGED("\"Shipped\""),
		"\"current\":{\"cellValuesByFieldId\":{\"fldD\":\"High\",\"fldG\":\"" T2 "\"}},"
		UNCHANGED("\"Shipped\""),
		"\"current\":{\"cellValuesByFieldId\":{\"fldD\":\"High\",\"fldG\":\"" T2 "\"}},"
		"\"previous\":{\"cellValuesByFieldId\":{}}",
		"\"current\":{\"cellValuesByFieldId\":{\"fldG\":\"" T2 "\"}},"
		"\"previous\":{\"cellValuesByFieldId\":{\"fldD\":\"High\"}}," UNCHANGED("\"Shipped\""),
		"\"current\":{\"cellValuesByFieldId\":{\"fldE\":[1,2],\"fldG\":\"" T2 "\"}},"
		"\"previous\":{\"cellValuesByFieldId\":{}}," UNCHANGED("\"Shipped\""),
		"\"current\":7", ""
	};
	char text[2000];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)snprintf(text, sizeof(text), PAGE(PAYLOAD("\"changedRecordsById\":{\"rec1\":{%s}}")),
		    texts[i]);
		take(text);
		ck_assert_msg(record("rec1")->unclear, "%s", texts[i]);
	}
}
END_TEST

START_TEST(a_new_record_is_whole_when_its_computed_cells_are_reported)
{
	const struct payload_record *r;

	take(PAGE(PAYLOAD("\"createdRecordsById\":{"
	    "\"rec1\":{\"createdTime\":\"" T1 "\",\"cellValuesByFieldId\":{\"fldA\":\"ORD-1\",\"fldG\":\"" T1 "\"}},"
	    "\"rec2\":{\"createdTime\":\"" T1 "\",\"cellValuesByFieldId\":{\"fldA\":\"ORD-2\"}}}")));
	r = record("rec1");
	ck_assert(r->created && !r->unclear && !r->gone);
	ck_assert(str_is(r->now.values[ORDER_ORDER_ID].text, "ORD-1"));
	ck_assert(!r->now.values[ORDER_CUSTOMER].present);
	ck_assert(record("rec2")->created && record("rec2")->unclear);
}
END_TEST

START_TEST(records_may_be_deleted_restored_and_created_and_deleted)
{
	const struct payload_record *r;

	take(PAGE(PAYLOAD("\"createdRecordsById\":{\"rec1\":{\"cellValuesByFieldId\":{\"fldG\":\"" T1 "\"}}},"
	    "\"destroyedRecordIds\":[\"rec2\",\"rec3\"]") ","
	    PAYLOAD("\"destroyedRecordIds\":[\"rec1\"],"
	    "\"createdRecordsById\":{\"rec2\":{\"cellValuesByFieldId\":{\"fldA\":\"back\",\"fldG\":\"" T1 "\"}}}")));
	ck_assert(record("rec1")->created && record("rec1")->gone);
	r = record("rec2");
	ck_assert(!r->created && !r->gone && !r->unclear);
	ck_assert(str_is(r->now.values[ORDER_ORDER_ID].text, "back"));
	ck_assert(record("rec3")->gone && !record("rec3")->created);
	ck_assert_ptr_null(payload_page_find(&page, STR("recX")));
}
END_TEST

START_TEST(errors_and_times_are_noted)
{
	take("{\"payloads\":[{\"error\":true,\"code\":\"INVALID_HOOK\",\"timestamp\":\"2026-11-20T10:00:00.001Z\","
	    "\"baseTransactionNumber\":4,\"payloadFormat\":\"v0\"}],\"cursor\":2,\"mightHaveMore\":true}");
	ck_assert(page.error && page.more);
	ck_assert_str_eq(page.code, "INVALID_HOOK");
	ck_assert_int_eq(page.newest_ms % 1000, 1);
	ck_assert_uint_eq(page.count, 0);
}
END_TEST

START_TEST(schema_changes_are_recognized_by_our_fields)
{
	take(PAGE(PAYLOAD("\"changedFieldsById\":{\"fldB\":{\"current\":{\"name\":\"Client\"},\"previous\":{\"name\":\"Customer\"}},"
	    "\"fldZ\":{\"current\":{\"name\":\"x\"}}}")));
	ck_assert(page.schema);
	ck_assert_uint_eq(page.renamed, 1u << ORDER_CUSTOMER);
	ck_assert(page.changed == 0 && page.retyped == 0 && page.foreign);
	ck_assert_str_eq(buf_cstr(&page.schema_what),
	    "the field \"Customer\" is now called \"Client\"");
	take(PAGE(PAYLOAD("\"changedFieldsById\":{\"fldB\":{\"current\":{\"name\":\"Customer\",\"type\":\"number\"}},"
	    "\"fldE\":{\"current\":{\"name\":\"Order Total\",\"type\":\"currency\"}}}")));
	ck_assert_uint_eq(page.retyped, 1u << ORDER_CUSTOMER);
	ck_assert_uint_eq(page.changed, 1u << ORDER_CUSTOMER | 1u << ORDER_TOTAL);
	ck_assert(page.renamed == 0 && !page.foreign);
	take(PAGE(PAYLOAD("\"destroyedFieldIds\":[\"fldC\"]")));
	ck_assert_str_eq(buf_cstr(&page.schema_what), "the field \"Status\" is gone");
	take("{\"payloads\":[{\"destroyedTableIds\":[\"tblOrders\"]}],\"cursor\":2}");
	ck_assert(page.schema);
}
END_TEST

START_TEST(without_field_ids_records_are_only_touched)
{
	struct webhook_table whole = table;

	table = (struct webhook_table){ .fields_known = false };
	(void)strcpy(table.id, "tblOrders");
	take(PAGE(EDIT(LOW, HIGH, T1, T2) "," PAYLOAD("\"destroyedRecordIds\":[\"rec2\"]")));
	ck_assert(record("rec1")->unclear);
	ck_assert(record("rec2")->gone);
	table = whole;
}
END_TEST

START_TEST(an_invalid_page_is_refused_and_leaves_nothing)
{
	static const char *const texts[] = {
		"", "null", "[]", "{}", "{\"payloads\":{},\"cursor\":1}", "{\"payloads\":[],\"cursor\":0}",
		"{\"payloads\":[],\"cursor\":\"1\"}", "{\"payloads\":[],\"cursor\":1.5}",
		"{\"payloads\":[],\"cursor\":{}}", "{\"payloads\":[7],\"cursor\":2}",
		"{\"payloads\":[{\"changedTablesById\":[]}],\"cursor\":2}",
		"{\"payloads\":[{\"changedTablesById\":{\"tblOrders\":[]}}],\"cursor\":2}",
		PAGE(PAYLOAD("\"destroyedRecordIds\":{}")), PAGE(PAYLOAD("\"destroyedRecordIds\":[7]")),
		PAGE(PAYLOAD("\"destroyedRecordIds\":[\"rec'1\"]")),
		PAGE(PAYLOAD("\"createdRecordsById\":[]")),
		PAGE(PAYLOAD("\"changedRecordsById\":{\"rec 1\":{}}")),
		PAGE(PAYLOAD("\"changedRecordsById\":{\"recAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\":{}}"))
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(read_text(texts[i]) == ERR_AIRTABLE_BAD_RESPONSE, "%s", texts[i]);
		ck_assert_ptr_null(page.records);
		ck_assert_uint_gt(strlen(why), 0);
	}
}
END_TEST

START_TEST(many_records_are_found_again)
{
	struct buf b = { 0 };

	buf_add_cstr(&b, "{\"payloads\":[{\"changedTablesById\":{\"tblOrders\":{\"destroyedRecordIds\":[");
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "%s\"rec%d\"", i == 0 ? "" : ",", i % 4000);
	buf_add_cstr(&b, "]}}}],\"cursor\":2}");
	take(buf_cstr(&b));
	buf_free(&b);
	ck_assert_uint_eq(page.count, 4000);
	for (int i = 0; i < 4000; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "rec%d", i);
		ck_assert(record(id)->gone);
	}
	ck_assert_ptr_null(payload_page_find(&page, STR("rec4000")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feed_payload");
	TCase *t = tcase_create("payloads");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_whole_edit_has_all_fields_before_and_after);
	tcase_add_test(t, edits_of_a_page_are_combined);
	tcase_add_test(t, each_payload_is_a_step_with_who_did_it);
	tcase_add_test(t, the_author_is_taken_as_far_as_it_is_reported_and_valid);
	tcase_add_test(t, edits_that_do_not_lead_to_each_other_are_unclear);
	tcase_add_test(t, computed_cells_that_come_in_a_payload_of_their_own_complete_the_change);
	tcase_add_test(t, a_time_of_change_that_people_keep_need_not_move);
	tcase_add_test(t, a_missing_field_need_not_be_reported);
	tcase_add_test(t, an_unreported_field_makes_a_change_unclear);
	tcase_add_test(t, a_new_record_is_whole_when_its_computed_cells_are_reported);
	tcase_add_test(t, records_may_be_deleted_restored_and_created_and_deleted);
	tcase_add_test(t, errors_and_times_are_noted);
	tcase_add_test(t, schema_changes_are_recognized_by_our_fields);
	tcase_add_test(t, without_field_ids_records_are_only_touched);
	tcase_add_test(t, an_invalid_page_is_refused_and_leaves_nothing);
	tcase_add_test(t, many_records_are_found_again);
	suite_add_tcase(s, t);
	return run_suite(s);
}
