#include <stdio.h>

#include "syncd/airtable/webhooks.h"
#include "syncd/feed/state.h"
#include "tests/lib/feed_table.h"
#include "tests/lib/support.h"

static struct config config;
static struct webhook_table table;
static char why[WEBHOOK_WHY_SIZE];
static struct webhook_remembered then = {
	.table = "", .names = { "", "", "", "", "", "", "", "" },
	.fields = { "", "", "", "", "", "", "", "" }
};

static void
setup(void)
{
	(void)strcpy(config.airtable.base_id, "appA");
	(void)strcpy(config.airtable.orders_table, "Orders");
	ck_assert_int_eq(webhook_table_read(&table, &config, &orders_schema, &then,
	    STR(FEED_SCHEMA("Customer", FEED_OPTIONS)), why), ERR_OK);
}

static void
teardown(void)
{
	webhook_table_free(&table);
}

static enum err
read_table(const char *text)
{
	return webhook_table_read(&table, &config, &orders_schema, &then, str_of(text), why);
}

START_TEST(table_and_fields_are_known_by_their_ids)
{
	ck_assert_str_eq(table.id, "tblOrders");
	ck_assert_str_eq(table.keys.answer[ORDER_CUSTOMER], "fldB");
	ck_assert_uint_eq(table.computed, 1u << ORDER_UPDATED_AT);
	ck_assert(table.keys.by_id && table.keys.resolved && table.fields_known);
}
END_TEST

START_TEST(what_can_be_set_are_the_options_in_airtables_order)
{
	ck_assert_uint_eq(table.offers, 1u << ORDER_STATUS);	/* priority has no list */
	ck_assert(str_eq(buf_str(&table.offered[ORDER_STATUS]), STR("Pending\0Shipped\0")));
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer", "{\"id\":\"selC\",\"name\":\"Back\\norder\"},{\"id\":\"selX\"},"
	    "{\"id\":\"selB\",\"name\":\"Sent, \u00fc\"}")), ERR_OK);
	ck_assert(str_eq(buf_str(&table.offered[ORDER_STATUS]), STR("Back\norder\0Sent, \u00fc\0")));
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer", "")), ERR_OK);
	ck_assert_uint_eq(table.offers, 1u << ORDER_STATUS);
	ck_assert_uint_eq(table.offered[ORDER_STATUS].len, 0);
}
END_TEST

START_TEST(a_renamed_field_is_found_by_the_id_that_it_had)
{
	ck_assert_int_eq(read_table(FEED_SCHEMA("Client", FEED_OPTIONS)), ERR_OK);
	ck_assert_uint_eq(table.keys.missing, 1u << ORDER_CUSTOMER);
	ck_assert_str_eq(table.keys.answer[ORDER_CUSTOMER], "");
	then.names[ORDER_CUSTOMER] = "Customer";
	then.fields[ORDER_CUSTOMER] = "fldB";
	ck_assert_int_eq(read_table(FEED_SCHEMA("Client", FEED_OPTIONS)), ERR_OK);
	ck_assert_str_eq(table.names[ORDER_CUSTOMER], "Client");
	ck_assert_uint_eq(table.keys.missing, 0);
	/* what was remembered of another name is nothing */
	then.names[ORDER_CUSTOMER] = "Purchaser";
	ck_assert_int_eq(read_table(FEED_SCHEMA("Client", FEED_OPTIONS)), ERR_OK);
	ck_assert_uint_eq(table.keys.missing, 1u << ORDER_CUSTOMER);
}
END_TEST

START_TEST(a_field_that_is_gone_keeps_its_id_and_is_not_asked_for)
{
	struct buf b = { 0 };

	then.names[ORDER_CUSTOMER] = "Customer";
	then.fields[ORDER_CUSTOMER] = "fldGone";
	ck_assert_int_eq(read_table(FEED_SCHEMA("Client", FEED_OPTIONS)), ERR_OK);
	ck_assert_str_eq(table.keys.answer[ORDER_CUSTOMER], "fldGone");
	webhook_add_specification(&b, &table, WEBHOOK_ALL);
	ck_assert_ptr_null(strstr(buf_cstr(&b), "fldGone"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&b), "\"fldA\",\"fldC\""));
	buf_free(&b);
	/* a table that has none of them is another one */
	ck_assert_int_eq(read_table("{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[]}]}"),
	    ERR_AIRTABLE_FIELD_MISSING);
	ck_assert_ptr_nonnull(strstr(why, "Order ID"));
}
END_TEST

#define KEYED(name, type) "{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[" \
	"{\"id\":\"fldA\",\"name\":\"Order ID\",\"type\":\"singleLineText\"}," \
	"{\"id\":\"fldK\",\"name\":\"" name "\",\"type\":\"" type "\"}]}]}"

START_TEST(the_field_of_our_key_has_to_be_there_and_text)
{
	static const struct { const char *setting, *text; enum airtable_key key; } cases[] = {
		{ "", KEYED("Key", "singleLineText"), AIRTABLE_KEY_NOT_KNOWN },
		{ "Key", KEYED("Key", "singleLineText"), AIRTABLE_KEY_FIT },
		{ "fldK", KEYED("Key", "multilineText"), AIRTABLE_KEY_FIT },
		{ "Key", KEYED("key", "singleLineText"), AIRTABLE_KEY_MISSING },
		{ "fldX", KEYED("Key", "singleLineText"), AIRTABLE_KEY_MISSING },
		{ "Key", KEYED("Key", "number"), AIRTABLE_KEY_UNFIT },
		{ "Key", KEYED("Key", "formula"), AIRTABLE_KEY_UNFIT },
		{ "Key", KEYED("Key", "richText"), AIRTABLE_KEY_UNFIT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(config.airtable.create_key, sizeof(config.airtable.create_key), "%s",
		    cases[i].setting);
		ck_assert_int_eq(read_table(cases[i].text), ERR_OK);
		ck_assert_msg(table.create_key == cases[i].key, "%s in %s", cases[i].setting, cases[i].text);
	}
	ck_assert_str_eq(table.create_key_type, "richText");
	/* what is wrong with the table itself names its settings */
	ck_assert_int_eq(read_table("{\"tables\":[]}"), ERR_AIRTABLE_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(why, "airtable.orders_table: the base has no table \"Orders\""));
	ck_assert_int_eq(read_table("{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[]}]}"),
	    ERR_AIRTABLE_FIELD_MISSING);
	ck_assert_ptr_nonnull(strstr(why, "airtable.orders_table, fields.orders: "));
}
END_TEST

#define ONE_TYPE(type, options) "{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[" \
	"{\"id\":\"fldA\",\"name\":\"Order ID\",\"type\":\"" type "\"" options "}]}]}"

START_TEST(computed_fields_and_fields_that_change_by_themselves_are_known)
{
	uint64_t shape;

	ck_assert_int_eq(read_table(ONE_TYPE("autoNumber", "")), ERR_OK);
	ck_assert(table.computed == 1 && table.derived == 0 && table.moves == 0);
	ck_assert_int_eq(read_table(ONE_TYPE("lastModifiedTime", "")), ERR_OK);
	ck_assert(table.computed == 1 && table.derived == 0 && table.moves == 1);
	ck_assert_int_eq(read_table(ONE_TYPE("lastModifiedTime",
	    ",\"options\":{\"referencedFieldIds\":[\"fldX\"]}")), ERR_OK);
	ck_assert(table.derived == 0 && table.moves == 0);	/* with some changes only */
	ck_assert_int_eq(read_table(ONE_TYPE("dateTime", "")), ERR_OK);
	ck_assert(table.computed == 0 && table.moves == 0);
	ck_assert_int_eq(read_table(ONE_TYPE("somethingNew", "")), ERR_OK);
	ck_assert(table.computed == 1 && table.derived == 1);
	ck_assert_int_eq(read_table(ONE_TYPE("formula", ",\"options\":{\"formula\":\"1\"}")), ERR_OK);
	ck_assert(table.computed == 1 && table.derived == 1);
	shape = table.shapes[ORDER_ORDER_ID];
	ck_assert_int_eq(read_table(ONE_TYPE("formula", ",\"options\":{\"formula\":\"1\"}")), ERR_OK);
	ck_assert_uint_eq(table.shapes[ORDER_ORDER_ID], shape);
	ck_assert_int_eq(read_table(ONE_TYPE("formula", ",\"options\":{\"formula\":\"2\"}")), ERR_OK);
	ck_assert_uint_ne(table.shapes[ORDER_ORDER_ID], shape);
}
END_TEST

#define AMOUNT(type_and_options) "{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[" \
	"{\"id\":\"fldE\",\"name\":\"Order Total\"," type_and_options "}]}]}"
#define RESULT(type_and_options) "\"options\":{\"isValid\":true,\"result\":{" type_and_options "}}"

START_TEST(how_the_base_shows_amounts_is_known)
{
	static const struct {
		const char *schema, *symbol;
		int precision;
	} told[] = {
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":2,\"symbol\":\"$\"}"), "$", 2 },
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":0,\"symbol\":\" CHF \"}"), "CHF", 0 },
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":7,\"symbol\":\"\xe2\x82\xac\"}"), "\xe2\x82\xac", 4 },
		{ AMOUNT("\"type\":\"number\",\"options\":{\"precision\":1,\"symbol\":\"$\"}"), "", 1 },
		{ AMOUNT("\"type\":\"formula\"," RESULT("\"type\":\"currency\",\"options\":{\"precision\":3,\"symbol\":\"kr\"}")), "kr", 3 },
		{ AMOUNT("\"type\":\"rollup\"," RESULT("\"type\":\"number\",\"options\":{\"precision\":0}")), "", 0 },
		{ AMOUNT("\"type\":\"multipleLookupValues\"," RESULT("\"type\":\"currency\",\"options\":{\"precision\":2,\"symbol\":\"\xc2\xa3\"}")), "\xc2\xa3", 2 },
		/* answers without anything usable */
		{ AMOUNT("\"type\":\"percent\",\"options\":{\"precision\":1}"), "", -1 },
		{ AMOUNT("\"type\":\"singleLineText\""), "", -1 },
		{ AMOUNT("\"type\":\"currency\""), "", -1 },
		{ AMOUNT("\"type\":\"formula\",\"options\":{\"isValid\":false,\"result\":null}"), "", -1 },
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":-1,\"symbol\":\"123456789\"}"), "", -1 },
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":\"2\",\"symbol\":\"a\\nb\"}"), "", -1 },
		{ AMOUNT("\"type\":\"currency\",\"options\":{\"precision\":1e300,\"symbol\":7}"), "", 4 }
	};

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		ck_assert_int_eq(read_table(told[i].schema), ERR_OK);
		ck_assert(table.money_known);
		ck_assert_msg(strcmp(table.money.symbol, told[i].symbol) == 0 &&
		    table.money.precision == told[i].precision, "%s: %s %d", told[i].schema,
		    table.money.symbol, table.money.precision);
	}
	ck_assert_int_eq(read_table(ONE_TYPE("autoNumber", "")), ERR_OK);
	ck_assert(!table.money_known);	/* it has no such field now */
}
END_TEST

START_TEST(a_renamed_table_is_found_by_the_id_that_it_had)
{
	(void)strcpy(config.airtable.orders_table, "Bestellungen");
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer", "")), ERR_AIRTABLE_NOT_FOUND);
	then.table = "tblOrders";
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer", "")), ERR_OK);
}
END_TEST

START_TEST(an_invalid_schema_is_refused)
{
	static const char *const bad[] = { "", "7", "{}", "{\"tables\":{}}",
	    "{\"tables\":[{\"id\":\"\",\"name\":\"Orders\"}]}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_table(bad[i]) == ERR_AIRTABLE_BAD_RESPONSE, "%s", bad[i]);
}
END_TEST

START_TEST(options_may_be_added_but_not_renamed_or_removed)
{
	struct webhook_table before = table;

	table = (struct webhook_table){ .fields_known = false };
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer",
	    FEED_OPTIONS ",{\"id\":\"selC\",\"name\":\"New\"}")), ERR_OK);
	ck_assert(webhook_table_keeps_options(&before, &table));
	ck_assert(!webhook_table_keeps_options(&table, &before));
	ck_assert_int_eq(read_table(FEED_SCHEMA("Customer",
	    "{\"id\":\"selA\",\"name\":\"Waiting\"},{\"id\":\"selB\",\"name\":\"Shipped\"}")), ERR_OK);
	ck_assert(!webhook_table_keeps_options(&before, &table));
	webhook_table_free(&before);
}
END_TEST

static const char *
specification(enum webhook_wish wish)
{
	static struct buf b;

	buf_clear(&b);
	webhook_add_specification(&b, &table, wish);
	return buf_cstr(&b);
}

START_TEST(a_webhook_request_names_table_and_cells)
{
	ck_assert_str_eq(specification(WEBHOOK_RECORDS),
	    "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"],\"recordChangeScope\":\"tblOrders\"},"
	    "\"includes\":{\"includeCellValuesInFieldIds\":[\"fldA\",\"fldB\",\"fldC\",\"fldD\",\"fldE\",\"fldF\",\"fldG\"],"
	    "\"includePreviousCellValues\":true}}}");
	ck_assert_str_eq(specification(WEBHOOK_IDS),
	    "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"],\"recordChangeScope\":\"tblOrders\"}}}");
	ck_assert_ptr_nonnull(strstr(specification(WEBHOOK_ALL), "\"tableFields\",\"tableMetadata\""));
}
END_TEST

START_TEST(our_webhook_is_told_from_others)
{
	static struct webhook_seen seen[WEBHOOKS_MAX];
	const char *spec = specification(WEBHOOK_IDS);
	struct buf b = { 0 };
	size_t n;

	buf_printf(&b, "{\"webhooks\":[{\"id\":\"achA\",\"isHookEnabled\":true,\"cursorForNextPayload\":7,"
	    "\"notificationUrl\":null,\"areNotificationsEnabled\":false,\"specification\":%s},"
	    "{\"id\":\"achB\",\"isHookEnabled\":false,\"notificationUrl\":\"https://x/hooks/airtable\",\"specification\":%s},"
	    "{\"id\":\"achC\",\"specification\":{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"],"
	    "\"recordChangeScope\":\"tblOther\"}}}},"
	    "{\"id\":\"achD\",\"specification\":{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"],"
	    "\"recordChangeScope\":\"tblOrders\",\"fromSources\":[]},\"includes\":{}}}}]}", spec, spec);
	ck_assert_int_eq(webhook_list_read(seen, &n, str_of(spec), STR(""), buf_str(&b), why), ERR_OK);
	ck_assert_uint_eq(n, 4);
	ck_assert(seen[0].same && seen[0].enabled && seen[0].pings);
	ck_assert_uint_eq(seen[0].next, 7);
	ck_assert(!seen[1].same && !seen[1].enabled);
	ck_assert(!seen[2].same && seen[3].same);
	ck_assert_int_eq(webhook_list_read(seen, &n, str_of(spec), STR("https://x/hooks/airtable"),
	    buf_str(&b), why), ERR_OK);
	ck_assert(!seen[0].same && seen[1].same);
	buf_free(&b);
	ck_assert_int_eq(webhook_list_read(seen, &n, str_of(spec), STR(""),
	    STR("{\"webhooks\":[{}]}"), why), ERR_AIRTABLE_BAD_RESPONSE);
	ck_assert_int_eq(webhook_list_read(seen, &n, str_of(spec), STR(""), STR("[]"), why),
	    ERR_AIRTABLE_BAD_RESPONSE);
}
END_TEST

START_TEST(a_created_webhook_has_an_id_and_a_secret)
{
	struct webhook_made m;

	ck_assert_int_eq(webhook_made_read(&m, STR("{\"id\":\"achA\",\"macSecretBase64\":\"AAEC\"}"), why), ERR_OK);
	ck_assert_str_eq(m.id, "achA");
	ck_assert_str_eq(m.secret, "AAEC");
	ck_assert_int_eq(webhook_made_read(&m, STR("{\"macSecretBase64\":\"AAEC\"}"), why),
	    ERR_AIRTABLE_BAD_RESPONSE);
}
END_TEST

/* ---- what the store keeps ------------------------------------------------------------- */
START_TEST(the_state_comes_back_from_the_store)
{
	struct feed_state s, back;
	struct buf b = { 0 };

	ck_assert_int_eq(feed_state_init(&s), ERR_OK);
	ck_assert_int_eq(feed_state_init(&back), ERR_OK);
	(void)strcpy(s.webhook, "achA");
	s.cursor = 123456789012345;
	s.wish = WEBHOOK_RECORDS;
	s.gap = false;
	s.since_ms = 1795255200123;
	s.whole_ms = 1795255200456;
	(void)strcpy(s.old, "achC");
	(void)strcpy(s.table, "tblOrders");
	(void)strcpy(s.names[1], "Customer \"1\"");
	(void)strcpy(s.fields[1], "fldB");
	s.creating = true;
	(void)strcpy(s.others[s.other_count++], "achB");
	ck_assert(feed_state_again(&s, STR("rec1"), 0, 5, 2));
	ck_assert(feed_state_again(&s, STR("rec2"), 0, 6, 0));
	feed_state_add(&s, &config, &b);
	feed_state_read(&back, &config, buf_str(&b));
	ck_assert_str_eq(back.webhook, "achA");
	ck_assert_uint_eq(back.cursor, s.cursor);
	ck_assert_uint_eq(back.wish, WEBHOOK_RECORDS);
	ck_assert(!back.gap);
	ck_assert_int_eq(back.since_ms, s.since_ms);
	ck_assert_int_eq(back.whole_ms, s.whole_ms);
	ck_assert_str_eq(back.old, "achC");
	ck_assert_str_eq(back.names[1], s.names[1]);
	ck_assert_str_eq(back.fields[1], "fldB");
	ck_assert(back.creating);
	ck_assert_str_eq(back.others[0], "achB");
	ck_assert_uint_eq(back.again_count, 2);
	ck_assert_int_eq(back.again[0].due_ms, 0);
	/* of another base nothing holds */
	(void)strcpy(config.airtable.base_id, "appB");
	feed_state_read(&back, &config, buf_str(&b));
	ck_assert(back.gap && back.webhook[0] == '\0' && back.again_count == 0 &&
	    back.whole_ms == 0 && back.old[0] == '\0');
	buf_free(&b);
	feed_state_free(&s);
	feed_state_free(&back);
}
END_TEST

START_TEST(an_invalid_state_is_a_gap)
{
	static const char *const texts[] = { "", "{", "[]", "7", "{\"base\":7}",
	    "{\"base\":\"appA\",\"table\":\"Orders\",\"webhook\":\"achA\",\"cursor\":0,\"gap\":1}",
	    "{\"base\":\"appA\",\"table\":\"Orders\",\"webhook\":\"achA\",\"cursor\":1e300}" };
	struct feed_state s;

	ck_assert_int_eq(feed_state_init(&s), ERR_OK);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		feed_state_read(&s, &config, str_of(texts[i]));
		ck_assert_msg(s.gap && s.webhook[0] == '\0', "%s", texts[i]);
	}
	feed_state_free(&s);
}
END_TEST

START_TEST(a_record_waits_once_and_is_looked_at_early)
{
	struct feed_state s;
	char id[32];

	ck_assert_int_eq(feed_state_init(&s), ERR_OK);
	ck_assert(feed_state_again(&s, STR("rec1"), 100, 2100, 1));
	ck_assert(feed_state_again(&s, STR("rec1"), 200, 200, 0));
	ck_assert_uint_eq(s.again_count, 1);
	ck_assert_int_eq(s.again[0].due_ms, 200);
	ck_assert_int_eq(s.again[0].looks, 1);
	ck_assert(feed_state_again(&s, STR("rec1"), 300, 2300, 1));
	ck_assert_int_eq(s.again[0].due_ms, 2300);
	for (int i = 1; i < FEED_AGAIN_MAX; i++) {
		(void)snprintf(id, sizeof(id), "recX%d", i);
		ck_assert(feed_state_again(&s, str_of(id), 0, 1, 1));
	}
	ck_assert(!feed_state_again(&s, STR("recY"), 0, 1, 1));
	ck_assert(feed_state_again(&s, STR("rec1"), 0, 1, 1));
	feed_state_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("airtable_webhooks");
	TCase *t = tcase_create("webhooks"), *k = tcase_create("state");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_field_of_our_key_has_to_be_there_and_text);
	tcase_add_test(t, table_and_fields_are_known_by_their_ids);
	tcase_add_test(t, what_can_be_set_are_the_options_in_airtables_order);
	tcase_add_test(t, a_renamed_field_is_found_by_the_id_that_it_had);
	tcase_add_test(t, a_field_that_is_gone_keeps_its_id_and_is_not_asked_for);
	tcase_add_test(t, computed_fields_and_fields_that_change_by_themselves_are_known);
	tcase_add_test(t, how_the_base_shows_amounts_is_known);
	tcase_add_test(t, a_renamed_table_is_found_by_the_id_that_it_had);
	tcase_add_test(t, an_invalid_schema_is_refused);
	tcase_add_test(t, options_may_be_added_but_not_renamed_or_removed);
	tcase_add_test(t, a_webhook_request_names_table_and_cells);
	tcase_add_test(t, our_webhook_is_told_from_others);
	tcase_add_test(t, a_created_webhook_has_an_id_and_a_secret);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(k, setup, teardown);
	tcase_add_test(k, the_state_comes_back_from_the_store);
	tcase_add_test(k, an_invalid_state_is_a_gap);
	tcase_add_test(k, a_record_waits_once_and_is_looked_at_early);
	suite_add_tcase(s, k);
	return run_suite(s);
}
