/* The tables that the simulator may start with beside Orders. */
#include "airtable-sim/base/data_more.h"
#include "airtable-sim/base/field_json.h"
#include "airtable-sim/base/row_json.h"
#include "tests/lib/sim_support.h"

#define BASE	"/v0/" SIM_DATA_BASE_ID "/"
#define HOOKS	"/v0/bases/" SIM_DATA_BASE_ID "/webhooks"

static void
setup(void)
{
	sim_start(2000);
}

static const struct sim_table *
table(const char *name)
{
	const struct sim_table *t = sim_base_table(sim->base, str_of(name));

	ck_assert_msg(t != NULL, "no %s", name);
	return t;
}

static size_t
links(const struct sim_table *t, uint32_t slot, const char *field)
{
	size_t n;

	(void)sim_links(sim_row_cell(&t->rows[slot], (size_t)sim_table_field(t, str_of(field))), &n);
	return n;
}

/* All records of a table as text. */
static void
dump(const char *name, struct buf *b)
{
	const struct sim_table *t = table(name);
	uint32_t next = 0;
	size_t before;

	do {
		before = b->len;
		door_dump_some(t, &next, SIM_NOW, b);
	} while (b->len > before);
	ck_assert_int_eq(buf_status(b), ERR_OK);
}

START_TEST(orders_are_the_same_with_and_without_further_tables)
{
	static struct sim_projection plain = { .some = true };
	struct buf before = { 0 }, after = { 0 };

	for (int i = 0; i < SIM_ORDER_FIELDS; i++)
		plain.wanted[i] = true;
	for (int i = 0; i < 2; i++) {
		struct buf *b = i == 0 ? &before : &after;

		for (uint32_t slot = 0; slot < orders_table()->row_count; slot++)
			sim_row_json(b, orders_table(), &orders_table()->rows[slot], &plain, SIM_NOW);
		if (i == 0) {
			ck_assert_uint_eq(sim->base->table_count, 1);
			ck_assert_int_eq(door("POST", "reset", "{\"tables\":\"shop,everything\"}"), 200);
		}
	}
	ck_assert_uint_eq(sim->base->table_count, 6);
	ck_assert(str_eq(buf_str(&before), buf_str(&after)));
	buf_free(&before);
	buf_free(&after);
}
END_TEST

START_TEST(the_shop_fits_together)
{
	const struct sim_table *orders, *customers, *products, *suppliers;
	size_t linked = 0, named = 0, back = 0, supplied = 0;

	ck_assert_int_eq(door("POST", "reset", "{\"tables\":\"shop\"}"), 200);
	orders = table("Orders");
	customers = table("Customers");
	products = table("Products");
	suppliers = table("Suppliers");
	ck_assert_uint_eq(customers->live_count, SIM_SHOP_CUSTOMERS);
	ck_assert_uint_eq(products->live_count, SIM_SHOP_PRODUCTS);
	ck_assert_uint_eq(suppliers->live_count, SIM_SHOP_SUPPLIERS);
	for (uint32_t i = 0; i < orders->row_count; i++) {
		const struct sim_cell *name = sim_row_cell(&orders->rows[i], SIM_ORDER_CUSTOMER);
		const struct sim_cell *link = sim_row_cell(&orders->rows[i], SIM_ORDER_FIELDS);

		ck_assert_int_eq(name->kind == SIM_TEXT, link->kind == SIM_LINKED);
		named += name->kind == SIM_TEXT;
		linked += links(orders, i, "Products");
		if (name->kind == SIM_TEXT)
			ck_assert_str_eq(customers->rows[link->links[0]].cells[0].text, name->text);
	}
	for (uint32_t i = 0; i < customers->row_count; i++)
		named -= links(customers, i, "Orders");
	for (uint32_t i = 0; i < products->row_count; i++) {
		back += links(products, i, "Orders");
		supplied += links(products, i, "Supplier");
	}
	for (uint32_t i = 0; i < suppliers->row_count; i++)
		supplied -= links(suppliers, i, "Products");
	ck_assert_uint_eq(named, 0);
	ck_assert_uint_eq(supplied, 0);
	ck_assert_uint_eq(back, linked);
	ck_assert_uint_gt(linked, 2000);
}
END_TEST

START_TEST(the_shop_is_the_same_for_the_same_seed)
{
	static const char *const names[] = { "Orders", "Products", "Suppliers", "Customers", "Everything" };
	struct buf all[2] = { { 0 }, { 0 } };

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(door("POST", "reset", "{\"orders\":300,\"tables\":\"shop,everything\"}"), 200);
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			dump(names[n], &all[i]);
	}
	ck_assert(all[0].len > 100000 && str_eq(buf_str(&all[0]), buf_str(&all[1])));
	buf_free(&all[0]);
	buf_free(&all[1]);
}
END_TEST

START_TEST(what_the_shop_works_out_is_right)
{
	const struct sim_table *customers, *orders;
	char target[128];

	ck_assert_int_eq(door("POST", "reset", "{\"tables\":\"shop\"}"), 200);
	customers = table("Customers");
	orders = table("Orders");
	for (uint32_t i = 0; i < 20; i++) {
		size_t n = links(customers, i, "Orders");
		const uint32_t *of = sim_links(sim_row_cell(&customers->rows[i],
		    (size_t)sim_table_field(customers, STR("Orders"))), &n);
		double sum = 0;

		for (size_t k = 0; k < n; k++) {
			const struct sim_cell *c = sim_row_cell(&orders->rows[of[k]], SIM_ORDER_TOTAL);

			sum += c->kind == SIM_NUM ? c->number : 0;
		}
		(void)snprintf(target, sizeof(target), BASE "Customers/%s", customers->rows[i].id);
		ck_assert_int_eq(call("GET", target, ""), 200);
		ck_assert_int_eq(number_at("fields/Order Count"), (int)n);
		ck_assert(at("fields/Lifetime Value")->valuedouble - sum < 0.005);
		ck_assert(at("fields/Lifetime Value")->valuedouble - sum > -0.005);
	}
	ck_assert_int_eq(call("GET", BASE "Products?sort[0][field]=Stock%20Value&sort[0][direction]=desc"
	    "&maxRecords=1", ""), 200);
	ck_assert(at("records/0/fields/Stock Value")->valuedouble > 1000);
	ck_assert_int_eq(call("GET", "/v0/meta/bases/" SIM_DATA_BASE_ID "/tables", ""), 200);
	ck_assert(reply_has("\"name\":\"Stock Value\",\"type\":\"formula\""));
	ck_assert(reply_has("\"inverseLinkFieldId\":\"fldCustomerLink00\""));
}
END_TEST

START_TEST(new_orders_are_linked_too_and_webhooks_hear_of_the_customers)
{
	const struct sim_table *orders;
	char target[128];

	ck_assert_int_eq(door("POST", "reset", "{\"tables\":\"shop\"}"), 200);
	orders = table("Orders");
	ck_assert_int_eq(call("POST", HOOKS, "{\"specification\":{\"options\":{\"filters\":"
	    "{\"dataTypes\":[\"tableData\"]}}}}"), 200);
	(void)snprintf(target, sizeof(target), HOOKS "/%s/payloads", text_at("id"));
	ck_assert_int_eq(door("POST", "create", "{\"count\":20}"), 200);
	ck_assert_uint_gt(links(orders, 2005, "Products") + links(orders, 2006, "Products"), 0);
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert(reply_has("tblCustomers00000") && reply_has("tblProducts000000"));
	ck_assert_int_eq(door("POST", "editor", "{\"seed\":3,\"now\":300}"), 200);
	ck_assert_int_eq(call("GET", target, ""), 200);
}
END_TEST

START_TEST(everything_has_a_field_of_every_kind)
{
	const struct sim_table *t;
	bool seen[SIM_TYPES] = { false };
	struct buf all = { 0 };

	ck_assert_int_eq(door("POST", "reset", "{\"orders\":0,\"tables\":\"everything\"}"), 200);
	t = table("Everything");
	for (size_t i = 0; i < t->field_count; i++)
		seen[t->fields[i].type] = true;
	for (int k = 0; k < SIM_TYPES; k++)
		ck_assert_msg(seen[k], "no %s", sim_type_name((enum sim_type)k));
	dump("Everything", &all);
	for (size_t from = 0; from < all.len;) {
		const char *line = all.data + from, *end = memchr(line, '\n', all.len - from);
		cJSON *json = cJSON_ParseWithLength(line, (size_t)(end - line));

		ck_assert_msg(json != NULL, "%.*s", (int)(end - line), line);
		cJSON_Delete(json);
		from += (size_t)(end - line) + 1;
	}
	buf_free(&all);
	ck_assert_int_eq(call("GET", BASE "Everything?sort[0][field]=Number", ""), 200);
	ck_assert_int_eq(number_at("records/1/fields/Count"), 2);
	ck_assert(at("records/1/fields/Rollup")->valuedouble == 2.5);
	ck_assert_int_eq(size_at("records/1/fields/Lookup"), 2);
	ck_assert_str_eq(text_at("records/1/fields/Created By/name"), SIM_USER_NAME);
	ck_assert_str_eq(text_at("records/5/fields/Formula/specialValue"), "Infinity");
	ck_assert_str_eq(text_at("records/8/fields/Integer"), "seven");
	ck_assert_int_eq(call("GET", BASE "Everything?cellFormat=string&timeZone=UTC&userLocale=en", ""), 200);
	ck_assert_int_eq(call("GET", "/v0/meta/bases/" SIM_DATA_BASE_ID "/tables", ""), 200);
	ck_assert_ptr_nonnull(at("tables/2/fields/30"));
}
END_TEST

START_TEST(unknown_tables_are_refused)
{
	unsigned tables = 7;

	ck_assert_int_eq(door("POST", "reset", "{\"tables\":\"shops\"}"), 400);
	ck_assert(!sim_tables_read("", &tables) && !sim_tables_read("shop,", &tables));
	ck_assert_uint_eq(tables, 7);
	ck_assert(sim_tables_read("orders", &tables) && tables == 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_tables");
	TCase *t = tcase_create("tables");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, orders_are_the_same_with_and_without_further_tables);
	tcase_add_test(t, the_shop_fits_together);
	tcase_add_test(t, the_shop_is_the_same_for_the_same_seed);
	tcase_add_test(t, what_the_shop_works_out_is_right);
	tcase_add_test(t, new_orders_are_linked_too_and_webhooks_hear_of_the_customers);
	tcase_add_test(t, everything_has_a_field_of_every_kind);
	tcase_add_test(t, unknown_tables_are_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
