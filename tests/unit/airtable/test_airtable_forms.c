#include <stdio.h>

#include "syncd/airtable/forms.h"
#include "tests/lib/support.h"

static struct config config;
static struct airtable_forms forms;

#define NAMES	STR("Pending\0Rework, minor\0Rework\0Sent\0")

static void
setup(void)
{
	memset(&config, 0, sizeof(config));
	for (size_t f = 0; f < ORDER_FIELDS; f++)
		ck_assert(airtable_forms_set(&forms, f, "", STR("")));
}

static void
teardown(void)
{
	airtable_forms_clear(&forms);
}

static struct value
text_of(const char *s)
{
	return (struct value){ .present = s != NULL, .text = str_of(s) };
}

/* What is sent for a value that fits; otherwise "refused" and why. */
static const char *
written(size_t field, const char *type, const struct value *v)
{
	static struct buf b;
	struct record r = { .id = STR("recA"), .known = UINT32_C(1) << field };
	char why[300];

	r.values[field] = *v;
	buf_clear(&b);
	ck_assert(airtable_forms_set(&forms, field, type, NAMES));
	if (airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)))
		airtable_form_add(&forms.field[field], &b, &orders_schema.fields[field], v);
	else
		buf_printf(&b, "refused: %s", why);
	return buf_cstr(&b);
}

static void
expect(size_t field, const char *type, const char *text, const char *json)
{
	struct value v = text_of(text);

	ck_assert_str_eq(written(field, type, &v), json);
}

static void
expect_refused(size_t field, const char *type, const struct value *v, const char *part)
{
	const char *told = written(field, type, v);

	ck_assert_msg(strncmp(told, "refused", 7) == 0 && strstr(told, part) != NULL, "%s: %s", type, told);
	ck_assert_ptr_nonnull(strstr(told, type));
	ck_assert_ptr_nonnull(strstr(told, "recA"));
	ck_assert_ptr_nonnull(strstr(told, orders_schema.fields[field].name));
}

/* ---- several options ------------------------------------------------------------------ */
START_TEST(a_value_of_a_field_that_takes_several_is_a_list_of_names)
{
	static const struct { const char *value, *json; } cases[] = {
		{ NULL, "null" },
		{ "Pending", "[\"Pending\"]" },
		{ "Pending, Sent", "[\"Pending\",\"Sent\"]" },
		{ "Sent, Pending", "[\"Sent\",\"Pending\"]" },	/* in the order that it was shown */
		{ "Rework, minor", "[\"Rework, minor\"]" },
		{ "Rework", "[\"Rework\"]" },
		{ "Pending, Rework, minor", "[\"Pending\",\"Rework, minor\"]" },
		{ "Rework, minor, Sent", "[\"Rework, minor\",\"Sent\"]" },
		{ "Rework, Rework, minor", "[\"Rework\",\"Rework, minor\"]" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(ORDER_STATUS, "multipleSelects", cases[i].value, cases[i].json);
		expect(ORDER_CUSTOMER, "multipleSelects", cases[i].value, cases[i].json);
	}
}
END_TEST

static const char *const nonsense[] = {
	"Lost", "Pending, Lost", "Lost, Pending", "Pending,Sent", "Pending, ", ", Pending", ", ",
	"pending", "Pending,  Sent", "Pending, Sent, ", "Rework, minor, ", "minor", "Pendin"
};

START_TEST(names_that_the_field_does_not_offer_are_refused)
{
	struct value v = text_of(nonsense[_i]);

	expect_refused(ORDER_STATUS, "multipleSelects", &v, "fields.orders.status = \"Status\"");
	expect_refused(ORDER_STATUS, "multipleSelects", &v, "not offer");
}
END_TEST

START_TEST(a_value_that_may_mean_two_things_or_one_twice_is_refused)
{
	struct value v = text_of("A, B");
	struct record r = { .known = 1u << ORDER_STATUS };
	char why[300];

	r.values[ORDER_STATUS] = v;
	ck_assert(airtable_forms_set(&forms, ORDER_STATUS, "multipleSelects", STR("A\0B\0A, B\0")));
	ck_assert(!airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "one or another"));
	/* no less when others stand around it */
	r.values[ORDER_STATUS] = text_of("C, A, B, C2");
	ck_assert(airtable_forms_set(&forms, ORDER_STATUS, "multipleSelects", STR("A\0B\0A, B\0C\0C2\0")));
	ck_assert(!airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)));
	/* a name that the base has twice is one */
	r.values[ORDER_STATUS] = v;
	ck_assert(airtable_forms_set(&forms, ORDER_STATUS, "multipleSelects", STR("A\0B\0A\0")));
	ck_assert(airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)));
	v = text_of("Sent, Sent");
	expect_refused(ORDER_STATUS, "multipleSelects", &v, "twice");
}
END_TEST

START_TEST(the_longest_values_are_read_and_longer_ones_are_refused)
{
	struct buf names = { 0 }, value = { 0 };
	struct record r = { .known = 1u << ORDER_STATUS };
	char why[300];

	for (int i = 0; i < 333; i++) {
		buf_printf(&names, "%c", "abcdefghijklmnopqrstuvwxyz"[i % 26]);
		buf_add_char(&names, '\0');
	}
	for (int i = 0; i < 26; i++)
		buf_printf(&value, "%s%c", i == 0 ? "" : ", ", 'a' + i);
	r.values[ORDER_STATUS] = text_of(buf_cstr(&value));
	ck_assert(airtable_forms_set(&forms, ORDER_STATUS, "multipleSelects", buf_str(&names)));
	ck_assert(airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)));
	while (value.len < 1001)
		buf_add_cstr(&value, ", a");
	r.values[ORDER_STATUS] = text_of(buf_cstr(&value));
	ck_assert(!airtable_forms_fit(&forms, &config, &orders_schema, &r, why, sizeof(why)));
	buf_free(&names);
	buf_free(&value);
}
END_TEST

/* ---- other types ---------------------------------------------------------------------- */
START_TEST(other_types_get_what_they_take)
{
	struct value total = { .present = true, .number = 125000 };
	static const char *const texts[] = {
		"singleSelect", "singleLineText", "multilineText", "richText", "email", "url", "phoneNumber",
		"", "somethingNew"
	};
	static const char *const numbers[] = { "currency", "number", "percent", "", "somethingNew" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect(ORDER_STATUS, texts[i], "Pending, \"Sent\"", "\"Pending, \\\"Sent\\\"\"");
		expect(ORDER_ORDER_ID, texts[i], "ORD-1", "\"ORD-1\"");
		expect(ORDER_STATUS, texts[i], NULL, "null");
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ck_assert_str_eq(written(ORDER_TOTAL, numbers[i], &total), "12.50");
	ck_assert_str_eq(written(ORDER_TOTAL, "singleLineText", &total), "\"12.50\"");
	expect(ORDER_ORDER_ID, "barcode", "ORD-1", "{\"text\":\"ORD-1\"}");
	expect(ORDER_ORDER_ID, "barcode", NULL, "null");
}
END_TEST

static const struct { const char *type, *why; } unwritable[] = {
	{ "formula", "computes it" }, { "rollup", "computes it" }, { "multipleLookupValues", "computes it" },
	{ "count", "computes it" }, { "autoNumber", "computes it" }, { "createdBy", "computes it" },
	{ "lastModifiedTime", "computes it" }, { "aiText", "computes it" }, { "button", "computes it" },
	{ "multipleRecordLinks", "links" }, { "singleCollaborator", "people" },
	{ "multipleCollaborators", "people" }, { "multipleAttachments", "files" },
	{ "checkbox", "yes or no" }, { "date", "dates" }, { "dateTime", "dates" }
};

START_TEST(what_the_desk_can_not_write_is_refused_with_setting_and_reason)
{
	struct value v = text_of("Pending"), none = text_of(NULL), total = { .present = true, .number = 1 };
	const char *type = unwritable[_i].type;

	expect_refused(ORDER_STATUS, type, &v, unwritable[_i].why);
	expect_refused(ORDER_STATUS, type, &none, unwritable[_i].why);
	expect_refused(ORDER_TOTAL, type, &total, unwritable[_i].why);
	(void)snprintf(config.orders_fields[ORDER_STATUS], sizeof(config.orders_fields[0]), "Stage");
	expect_refused(ORDER_STATUS, type, &v, "fields.orders.status = \"Stage\"");
}
END_TEST

START_TEST(kinds_that_do_not_go_together_are_refused)
{
	struct value v = text_of("12"), total = { .present = true, .number = 1 };

	expect_refused(ORDER_STATUS, "number", &v, "numbers");
	expect_refused(ORDER_CUSTOMER, "currency", &v, "numbers");
	expect_refused(ORDER_TOTAL, "singleSelect", &total, "options");
	expect_refused(ORDER_TOTAL, "multipleSelects", &total, "options");
	v = text_of(NULL);	/* an empty cell has no kind */
	ck_assert_str_eq(written(ORDER_STATUS, "number", &v), "null");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("airtable forms");
	TCase *t = tcase_create("forms");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_value_of_a_field_that_takes_several_is_a_list_of_names);
	tcase_add_loop_test(t, names_that_the_field_does_not_offer_are_refused, 0,
	    sizeof(nonsense) / sizeof(nonsense[0]));
	tcase_add_test(t, a_value_that_may_mean_two_things_or_one_twice_is_refused);
	tcase_add_test(t, the_longest_values_are_read_and_longer_ones_are_refused);
	tcase_add_test(t, other_types_get_what_they_take);
	tcase_add_loop_test(t, what_the_desk_can_not_write_is_refused_with_setting_and_reason, 0,
	    sizeof(unwritable) / sizeof(unwritable[0]));
	tcase_add_test(t, kinds_that_do_not_go_together_are_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
