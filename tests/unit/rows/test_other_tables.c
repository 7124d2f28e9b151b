#include <stdio.h>

#include "tests/lib/api_fixture.h"
#include "tests/lib/made_tables.h"

/*
 * The API of tables beside the orders: parcels; bills, whose amounts and moments may be
 * written; and one that has the name of a path of its own.
 */
enum bill_field { BILL_NUMBER, BILL_AMOUNT, BILL_DUE, BILL_FIELDS };

static const struct field bill_fields[BILL_FIELDS] = {
	[BILL_NUMBER] = { .name = "number", .airtable = "Bill No.", .kind = FIELD_TEXT,
	    .flags = FIELD_SEARCH | FIELD_SORT | FIELD_KEY | FIELD_CREATE },
	[BILL_AMOUNT] = { .name = "amount", .airtable = "Amount", .kind = FIELD_MONEY,
	    .flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE, .from = "minAmount", .to = "maxAmount",
	    .to_inclusive = true },
	[BILL_DUE] = { .name = "due", .airtable = "Due", .kind = FIELD_INSTANT, .title = "To be paid by",
	    .flags = FIELD_SORT | FIELD_WRITE | FIELD_CREATE, .from = "dueFrom", .to = "dueTo" }
};

static const struct schema bills_schema = {
	.name = "bills", .number = 101, .fields = bill_fields, .field_count = BILL_FIELDS,
	.default_sort = BILL_NUMBER, .sum_field = BILL_AMOUNT, .day_field = BILL_DUE,
	.state_field = SCHEMA_NO_FIELD, .title = "Bills", .noun = "bill"
};

static const struct schema health_schema = {
	.name = "health", .number = 102, .fields = bill_fields, .field_count = 1,
	.sum_field = SCHEMA_NO_FIELD, .day_field = SCHEMA_NO_FIELD, .state_field = SCHEMA_NO_FIELD
};

static const struct schema *const list[] = {
	&orders_schema, &parcels_schema, &bills_schema, &health_schema
};
static const struct tables tables = { list, sizeof(list) / sizeof(list[0]) };

#define A	"recAAAAAAAAAAAAAA"	/* an order and a parcel have this id */
#define B	"recBBBBBBBBBBBBBB"
#define MADE_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00.000Z */

static struct value
number_value(int64_t n)
{
	return (struct value){ .present = true, .number = n };
}

static void
fill_all(struct apply *a)
{
	const struct apply_meta synced[] = {
		{ .table = &parcels_schema, .synced_ms = 1700000000000, .fresh_ms = 1700000000000 },
		{ .table = &bills_schema, .synced_ms = 1700000000000 }
	};
	struct change c[3] = {
		{ .table = &parcels_schema, .base = CHANGE_ANY_BASE },
		{ .table = &parcels_schema, .base = CHANGE_ANY_BASE },
		{ .table = &bills_schema, .base = CHANGE_ANY_BASE }
	};

	api_fill(a);
	for (size_t i = 0; i < 3; i++) {
		c[i].record.id = i == 1 ? STR(B) : STR(A);
		c[i].record.known = schema_all(c[i].table);
	}
	c[0].record.values[PARCEL_CODE] = text_value("P-1");
	c[0].record.values[PARCEL_STATE] = text_value("Packed");
	c[0].record.values[PARCEL_SENT_AT] = number_value(MADE_MS);
	c[1].record.values[PARCEL_CODE] = text_value("=P-2");
	c[1].record.values[PARCEL_STATE] = text_value("Sent");
	c[2].record.values[BILL_NUMBER] = text_value("B-1");
	c[2].record.values[BILL_AMOUNT] = number_value(50000);
	c[2].record.values[BILL_DUE] = number_value(MADE_MS);
	apply_or_exit(a, c, 2, SOURCE_FULL_SYNC, &synced[0]);
	apply_or_exit(a, &c[2], 1, SOURCE_FULL_SYNC, &synced[1]);
}

static void
setup(void)
{
	fx.tables = &tables;
	fx.config.write.create = fx.config.write.delete = true;
	api_setup_syncd();
	in_writer(fill_all);
}

static void
teardown(void)
{
	fx.config.write.create = fx.config.write.delete = false;
	api_teardown();
	fx.tables = NULL;
}

static void
set(struct apply *a, const struct schema *s, const char *id, unsigned field, struct value v)
{
	struct change c = { .table = s, .base = CHANGE_ANY_BASE };

	c.record.id = str_of(id);
	c.record.known = UINT32_C(1) << field;
	c.record.values[field] = v;
	apply_or_exit(a, &c, 1, SOURCE_FULL_SYNC, NULL);
}

START_TEST(a_list_is_of_its_table_alone)
{
	expect_get("/api/parcels", 200, "{\"parcels\":[{\"id\":\"" A "\",\"code\":\"P-1\"");
	expect_text("\"total\":2,");
	expect_no_text("orderId");
	expect_get("/api/orders", 200, "{\"orders\":[{\"id\":\"" A "\",\"orderId\":\"ORD-1\"");
	expect_get("/api/parcels?state=Sent", 200, "{\"parcels\":[{\"id\":\"" B "\",\"code\":\"=P-2\"");
	expect_text("\"total\":1,");
	expect_get("/api/parcels?search=p-1&sort=code", 200, "\"total\":1,");
	expect_get("/api/parcels?sentFrom=2026-11-21&sentTo=2026-11-22", 200, "\"total\":1,");
	expect_get("/api/bills?minAmount=5&maxAmount=5", 200, "\"amount\":5.00,\"due\":\"2026-11-21T10:00:00.000Z\"");
	/* what is a parameter of one table is none of another */
	expect_get("/api/parcels?status=Shipped", 400, "\"field\":\"status\"");
	expect_get("/api/orders?state=Sent", 400, "\"field\":\"state\"");
}
END_TEST

START_TEST(a_row_is_found_by_record_id_and_by_its_tables_key)
{
	expect_get("/api/parcels/P-1", 200, "{\"id\":\"" A "\",\"code\":\"P-1\",\"state\":\"Packed\"");
	expect_get("/api/parcels/" A, 200, "\"code\":\"P-1\"");
	expect_get("/api/orders/" A, 200, "\"orderId\":\"ORD-1\"");
	expect_get("/api/parcels/ORD-1", 404, "\"detail\":\"no row has this record id or Code\"");
	expect_get("/api/bills/P-1", 404, "\"detail\":\"no bill has this record id or Bill No.\"");
	expect_get("/api/orders/P-1", 404, "\"detail\":\"no order has this record id or Order ID\"");
}
END_TEST

START_TEST(a_path_of_no_table_is_not_found_and_literal_paths_win)
{
	expect_get("/api/invoices", 404, "\"code\":\"not_found\"");
	expect_get("/api/invoices/" A, 404, "there is nothing at this path");
	expect_get("/parcels", 404, "there is nothing at this path");
	expect_get("/api/parcel", 404, "there is nothing at this path");
	expect_get("/api/health/" A, 404, "there is nothing at this path");
	ask("PUT", "/api/parcels/P-1", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
}
END_TEST

START_TEST(tags_and_kept_pages_of_two_tables_are_never_mixed_up)
{
	const char *tag = with("\"g%llu\"", *fx.committed);

	for (int i = 0; i < 3; i++) {	/* from the second on the page is kept */
		expect_get("/api/orders?pageSize=3", 200, "\"orderId\"");
		expect_text(tag);
		expect_get("/api/parcels?pageSize=3", 200, "\"code\"");
		expect_text(with("ETag: \"g%llu-100\"", *fx.committed));
	}
	ask("GET", "/api/parcels?pageSize=3", "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(200, "\"code\"");
	ask("GET", "/api/parcels?pageSize=3", "HTTP_IF_NONE_MATCH", with("\"g%llu-100\"", *fx.committed), NULL);
	expect(304, "");
	ask("GET", "/api/orders?pageSize=3", "HTTP_IF_NONE_MATCH", with("\"g%llu-100\"", *fx.committed), NULL);
	expect(200, "\"orderId\"");
}
END_TEST

START_TEST(a_summary_counts_its_own_table)
{
	char tag[100];
	const char *at;

	expect_get("/api/parcels/summary", 200, "\"total\":{\"count\":2}");
	expect_text("\"byState\":[{\"state\":\"Packed\",\"count\":1},{\"state\":\"Sent\",\"count\":1}");
	expect_no_text("daily");
	at = strstr(buf_cstr(&fx.answer), "ETag: ");
	(void)snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
	expect_get("/api/orders/summary", 200, "\"total\":{\"count\":4,");
	ask("GET", "/api/orders/summary", "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(200, "\"byStatus\"");
	ask("GET", "/api/parcels/summary", "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(304, "");
	expect_get("/api/bills/summary", 200, "\"total\":{\"count\":1,\"amount\":5.00}");
	expect_get("/api/parcels/summary/today", 404, "parcels are not counted by days");
	expect_get("/api/bills/summary/today", 200, "\"today\":{");
}
END_TEST

START_TEST(an_export_has_the_columns_and_the_name_of_its_table)
{
	fx.slow = true;
	(void)strcpy(fx.config.api.spool, tmpdir_new());
	expect_get("/api/parcels/export.csv?sort=code", 200, "attachment; filename=\"parcels-");
	expect_text("\r\n\r\nid,code,state,sentAt\r\n" B ",'=P-2,Sent,\r\n" A ",P-1,Packed,2026-11-21T10:00:00.000Z\r\n");
	expect_text("X-Total-Count: 2\r\n");
	expect_get("/api/orders/export.csv?search=ord-1", 200, "attachment; filename=\"orders-");
	expect_text("id,orderId,customer,status,priority,orderTotal,createdAt,updatedAt\r\n" A ",ORD-1,");
	expect_get("/api/parcels/export.xlsx", 200, "attachment; filename=\"parcels-");
	expect_get("/api/parcels/export.csv?status=Shipped", 400, "\"field\":\"status\"");
}
END_TEST

static void
change_some(struct apply *a)
{
	set(a, &orders_schema, A, ORDER_STATUS, text_value("Shipped"));
	set(a, &parcels_schema, A, PARCEL_STATE, text_value("Sent"));
	set(a, &bills_schema, A, BILL_AMOUNT, number_value(70000));
	set(a, &bills_schema, A, BILL_AMOUNT, number_value(90000));
}

START_TEST(the_history_says_of_which_table_each_change_is)
{
	in_writer(change_some);
	expect_get("/api/parcels/P-1/history", 200, "{\"changes\":[{\"table\":\"parcels\",\"id\":\"" A "\",");
	expect_text("\"fields\":[{\"field\":\"state\",\"from\":\"Packed\",\"to\":\"Sent\"}]");
	expect_text("\"code\":\"P-1\"}],");
	expect_no_text("orders");
	expect_get("/api/audit?limit=4", 200, "{\"changes\":[{\"table\":\"bills\",");
	expect_text("\"number\":\"B-1\"},{\"table\":\"parcels\",\"id\":\"" A "\",");
	/* neighbours with the same record id have names of their own */
	expect_text("\"code\":\"P-1\"},{\"table\":\"orders\",\"id\":\"" A "\",");
	expect_text("\"orderId\":\"ORD-1\",\"customer\":\"=A, \\\"B\\\"\"}");
}
END_TEST

static void
lose_parcel(struct apply *a)
{
	struct change c = { .kind = CHANGE_GONE, .table = &parcels_schema, .base = CHANGE_ANY_BASE };

	c.record.id = STR(A);
	apply_or_exit(a, &c, 1, SOURCE_FULL_SYNC, NULL);
}

START_TEST(a_deleted_row_is_known_by_its_last_name_in_its_table)
{
	in_writer(lose_parcel);
	expect_get("/api/parcels/" A, 404, "no row has this record id");
	expect_get("/api/orders/" A, 200, "ORD-1");
	expect_get("/api/parcels/" A "/history", 200, "\"action\":\"deleted\"");
	expect_text("\"code\":\"P-1\"}");
	expect_get("/api/bills/" B "/history", 404, "no bill has this record id");
}
END_TEST

START_TEST(a_conflict_shows_values_of_every_kind)
{
	in_writer(change_some);
	/* the change before the last; another one has come since */
	ask("POST", "/api/bills/B-1/undo", NULL, NULL, with("{\"change\":\"%llu.0\"}", *fx.committed - 1));
	expect(409, "\"detail\":\"the bill has been changed since\"");
	expect_text("{\"field\":\"amount\",\"message\":\"has been changed since\",\"expected\":7.00,\"current\":9.00}");
	expect_no_line();
}
END_TEST

START_TEST(a_moment_that_may_be_written_is_read_as_one)
{
	static const char *const wrong[] = { "\"\"", "\"yesterday\"", "\"2026-13-01\"", "0", "true", "[]" };
	char body[100];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(body, sizeof(body), "{\"due\":%s,\"amount\":\"x\"}", wrong[i]);
		ask("PATCH", "/api/bills/B-1", NULL, NULL, body);
		expect(400, "\"field\":\"due\",\"message\":\"must be a date (2026-11-20), a date-time");
		expect_text("\"field\":\"amount\",\"message\":\"must be a number or null\"");
	}
	ask("PATCH", "/api/parcels/P-1", NULL, NULL, "{\"code\":\"P-9\",\"status\":\"Sent\"}");
	expect(400, "\"field\":\"code\",\"message\":\"can't be changed\"");
	expect_text("\"field\":\"status\",\"message\":\"unknown member\"");
	ask("PATCH", "/api/parcels/P-1", NULL, NULL, "{\"state\":\"Shipped\"}");
	expect(400, "must be one of Packed, Sent, Arrived, or null");
	expect_no_line();
}
END_TEST

/* Ask for a change; syncd must get it with the table's name and ${holds}.  Its line. */
static const char *
asked_of_syncd(const char *method, const char *uri, const char *body, const char *table,
    const char *holds)
{
	const char *line;
	char name[100];

	ask(method, uri, NULL, NULL, body);
	line = syncd_line();
	(void)snprintf(name, sizeof(name), "\"table\":\"%s\"", table);
	ck_assert_msg(strstr(line, name) != NULL, "%s: %s", name, line);
	ck_assert_msg(strstr(line, holds) != NULL, "%s: %s", holds, line);
	return line;
}

#define DONE(record)	"{\"ok\":true,\"record\":\"" record "\",\"pending\":false,\"order\":null}"

START_TEST(a_change_is_sent_and_answered_with_its_table)
{
	const char *line;

	line = asked_of_syncd("PATCH", "/api/bills/B-1", "{\"amount\":6.5,\"due\":\"2026-12-24\"}",
	    "bills", "\"record\":\"" A "\",\"fields\":{\"amount\":6.50,\"due\":\"2026-12-24\"}");
	syncd_say(line, syncd_confirmed(*fx.committed, DONE(A)));
	expect(200, "{\"id\":\"" A "\",\"number\":\"B-1\"");
	line = asked_of_syncd("PATCH", "/api/bills/B-1", "{\"due\":\"2026-12-24T12:00:00+02:00\"}",
	    "bills", "\"due\":\"2026-12-24T10:00:00.000Z\"");
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "overloaded");
	line = asked_of_syncd("POST", "/api/parcels", "{\"code\":\"P-3\"}", "parcels",
	    "\"kind\":\"create\",\"fields\":{\"code\":\"P-3\"}");
	syncd_say(line, syncd_confirmed(*fx.committed, DONE(B)));
	expect(201, "Location: /api/parcels/" B "\r\n");
	line = asked_of_syncd("PATCH", "/api/parcels", "{\"updates\":[{\"id\":\"P-1\",\"state\":\"Sent\"},"
	    "{\"id\":\"ORD-1\",\"state\":\"Sent\"}]}", "parcels", "\"record\":\"" A "\"");
	ck_assert_ptr_nonnull(strstr(line, "no row has this record id or Code"));
	syncd_say(line, syncd_confirmed(*fx.committed, DONE(A) ",{\"ok\":false,\"record\":null,"
	    "\"code\":\"not_found\",\"problem\":\"{}\"}"));
	expect(200, "{\"id\":\"P-1\",\"ok\":true,\"row\":{\"id\":\"" A "\",\"code\":\"P-1\"");
	line = asked_of_syncd("DELETE", "/api/parcels/P-1", NULL, "parcels", "\"kind\":\"delete\"");
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "overloaded");
}
END_TEST

START_TEST(what_is_undone_is_the_row_of_the_paths_table)
{
	const char *line;

	in_writer(change_some);
	/* the changes are those of an order, a parcel, a bill and the bill again */
	line = asked_of_syncd("POST", "/api/parcels/" A "/undo", with("{\"change\":\"%llu.0\"}",
	    *fx.committed - 2), "parcels", "\"fields\":{\"state\":\"Packed\"}");
	syncd_say(line, syncd_confirmed(*fx.committed, DONE(A)));
	expect(200, "\"code\":\"P-1\"");
	line = asked_of_syncd("POST", "/api/bills/" A "/undo", with("{\"change\":\"%llu.0\"}",
	    *fx.committed), "bills", "\"fields\":{\"amount\":7.00}");
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "overloaded");
	/* the order's change is in no other history */
	ask("POST", "/api/parcels/" A "/undo", NULL, NULL, with("{\"change\":\"%llu.0\"}",
	    *fx.committed - 3));
	expect(404, "the row's history has no such change");
	ask("POST", "/api/parcels/undo", NULL, NULL, "{\"bulk\":\"17\"}");
	expect(404, "the history has no change by this bulk edit");
	expect_no_line();
}
END_TEST

/* A bulk edit, number 17, of one parcel. */
static void
edit_parcel(struct apply *a)
{
	struct outbox_entry e = { .sequence = 17, .kind = OUTBOX_UPDATE, .table = &parcels_schema,
	    .state = OUTBOX_SENT, .bulk = 17, .accepted_ms = 1700000000000, .sent_ms = 1700000000000 };
	const struct outbox_entry *edits[] = { &e };
	const struct outbox_step step = { .verb = OUTBOX_STORE, .entry = &e };
	const struct apply_meta meta = { .outbox = &step, .outbox_count = 1 };
	struct change c = { .table = &parcels_schema, .base = CHANGE_ANY_BASE, .edits = edits,
	    .edit_count = 1 };

	e.record.id = STR(A);
	e.record.known = UINT32_C(1) << PARCEL_STATE;
	e.record.values[PARCEL_STATE] = text_value("Sent");
	apply_or_exit(a, NULL, 0, SOURCE_WRITE, &meta);
	c.record = e.record;
	apply_or_exit(a, &c, 1, SOURCE_WRITE, NULL);
}

START_TEST(a_bulk_edit_is_undone_at_the_path_of_its_table)
{
	const char *line;

	in_writer(edit_parcel);
	expect_get("/api/parcels/P-1/history", 200, "\"bulk\":\"17\"");
	ask("POST", "/api/orders/undo", NULL, NULL, "{\"bulk\":\"17\"}");
	expect(404, "the history has no change by this bulk edit");
	line = asked_of_syncd("POST", "/api/parcels/undo", "{\"bulk\":\"17\"}", "parcels",
	    "\"record\":\"" A "\"");
	ck_assert_ptr_nonnull(strstr(line, "\"fields\":{\"state\":\"Packed\"}"));
	syncd_say(line, syncd_confirmed(*fx.committed, DONE(A)));
	expect(200, "{\"id\":\"" A "\",\"ok\":true,\"row\":{\"id\":\"" A "\",\"code\":\"P-1\"");
}
END_TEST

START_TEST(the_tables_are_listed_with_what_can_be_done_with_them)
{
	char tag[100];
	const char *at;

	expect_get("/api/tables", 200, "{\"tables\":[{\"name\":\"orders\",\"title\":\"Orders\",\"noun\":\"order\","
	    "\"source\":\"airtable\",\"key\":\"orderId\",\"count\":4,\"fields\":[{\"name\":\"orderId\","
	    "\"title\":\"Order ID\",\"kind\":\"text\",\"sortable\":true,\"filterable\":false,"
	    "\"searchable\":true,\"writable\":false,\"creatable\":true}");
	expect_text("{\"name\":\"parcels\",\"title\":\"parcels\",\"noun\":\"row\",\"source\":\"airtable\","
	    "\"key\":\"code\",\"count\":2,");
	expect_text("{\"name\":\"state\",\"title\":\"State\",\"kind\":\"select\",\"sortable\":true,"
	    "\"filterable\":true,\"searchable\":false,\"writable\":true,\"creatable\":true,"
	    "\"several\":false,\"options\":[\"Packed\",\"Sent\",\"Arrived\"]}");
	expect_text("{\"name\":\"due\",\"title\":\"To be paid by\",\"kind\":\"instant\"");
	expect_text("\"from\":\"minTotal\",\"to\":\"maxTotal\",\"currency\":");
	expect_text("\"can\":{\"create\":true,\"update\":true,\"delete\":true}}");
	at = strstr(buf_cstr(&fx.answer), "ETag: ");
	(void)snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
	ask("GET", "/api/tables", "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(304, "");
	in_writer(lose_parcel);
	ask("GET", "/api/tables", "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(200, "\"key\":\"code\",\"count\":1,");
	expect_get("/api/tables?x=1", 400, "\"field\":\"x\"");
	ask("POST", "/api/tables", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, OPTIONS\r\n");
}
END_TEST

START_TEST(each_table_is_as_old_as_its_own_data)
{
	/* of parcels it is known how old they are, of orders it is not */
	expect_get("/api/parcels", 200, "X-Data-Age: ");
	expect_get("/api/orders", 200, "");
	expect_no_text("X-Data-Age: ");
	expect_get("/api/audit", 200, "");
	expect_no_text("X-Data-Age: ");
}
END_TEST

static const char *
counted_as(const char *uri)
{
	static char name[ROUTE_TEXT_SIZE];

	ask("GET", uri, NULL, NULL, NULL);
	ck_assert(answered());
	return route_name(fx.api->account.counter, fx.api->tables, name) ? name : "none";
}

START_TEST(requests_are_counted_by_table)
{
	ck_assert_str_eq(counted_as("/api/orders/" A), "/api/orders/{id}");
	ck_assert_uint_lt(fx.api->account.counter, COUNTERS_ROUTES);
	ck_assert_str_eq(counted_as("/api/parcels/" A), "/api/parcels/{id}");
	ck_assert_str_eq(counted_as("/api/bills"), "/api/bills");
	ck_assert_str_eq(counted_as("/api/tables"), "/api/tables");
	ck_assert_str_eq(counted_as("/api/orders/sync"), "/api/orders/sync");
	ck_assert_str_eq(counted_as("/api/nope"), "none");
}
END_TEST

START_TEST(tables_beyond_the_first_ones_are_counted_together)
{
	const struct schema *many[COUNTERS_TABLES + 1];
	struct tables t = { many, COUNTERS_TABLES };
	char name[ROUTE_TEXT_SIZE];

	for (size_t i = 0; i < COUNTERS_TABLES + 1; i++)
		many[i] = i == 0 ? &orders_schema : &bills_schema;
	ck_assert(route_name((COUNTERS_TABLES - 1) * COUNTERS_ROUTES, &t, name));
	ck_assert_str_eq(name, "/api/bills");
	t.count++;
	ck_assert(route_name((COUNTERS_TABLES - 1) * COUNTERS_ROUTES, &t, name));
	ck_assert_str_eq(name, "/api/{table}");
	ck_assert(route_name((COUNTERS_TABLES - 2) * COUNTERS_ROUTES, &t, name));
	ck_assert_str_eq(name, "/api/bills");
	t.count = 1;
	ck_assert(!route_name(COUNTERS_ROUTES, &t, name));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("other tables");
	TCase *t = tcase_create("with syncd");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_list_is_of_its_table_alone);
	tcase_add_test(t, a_row_is_found_by_record_id_and_by_its_tables_key);
	tcase_add_test(t, a_path_of_no_table_is_not_found_and_literal_paths_win);
	tcase_add_test(t, tags_and_kept_pages_of_two_tables_are_never_mixed_up);
	tcase_add_test(t, a_summary_counts_its_own_table);
	tcase_add_test(t, an_export_has_the_columns_and_the_name_of_its_table);
	tcase_add_test(t, the_history_says_of_which_table_each_change_is);
	tcase_add_test(t, a_deleted_row_is_known_by_its_last_name_in_its_table);
	tcase_add_test(t, a_conflict_shows_values_of_every_kind);
	tcase_add_test(t, a_moment_that_may_be_written_is_read_as_one);
	tcase_add_test(t, a_change_is_sent_and_answered_with_its_table);
	tcase_add_test(t, what_is_undone_is_the_row_of_the_paths_table);
	tcase_add_test(t, a_bulk_edit_is_undone_at_the_path_of_its_table);
	tcase_add_test(t, the_tables_are_listed_with_what_can_be_done_with_them);
	tcase_add_test(t, requests_are_counted_by_table);
	tcase_add_test(t, tables_beyond_the_first_ones_are_counted_together);
	tcase_add_test(t, each_table_is_as_old_as_its_own_data);
	suite_add_tcase(s, t);
	return run_suite(s);
}
