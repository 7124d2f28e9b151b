#include "tests/lib/sim_support.h"

static struct sim_row *row;

static void
setup(void)
{
	sim_start(1);
	row = &orders_table()->rows[0];
	ck_assert(sim_row_set(row, SIM_ORDER_TOTAL,
	    (struct sim_cell){ .kind = SIM_NUM, .number = 12.5 }));
	ck_assert(sim_row_set(row, SIM_ORDER_STATUS,
	    (struct sim_cell){ .kind = SIM_CHOICE, .choice = 2 }));
	ck_assert(sim_row_set(row, SIM_ORDER_PRIORITY, (struct sim_cell){ .kind = SIM_EMPTY }));
	row->created_ms = SIM_NOW - 3600000;
	row->modified_ms = SIM_NOW - 60000;	/* 11:59:00 */
}

static const char *
eval(const char *text)
{
	return formula_result(row, text);
}

static bool
keeps(const char *text)
{
	struct formula *f;
	struct formula_context context = { .table = orders_table(), .row = row,
	    .modified_ms = row->modified_ms, .now_ms = SIM_NOW };
	bool kept;

	ck_assert_int_eq(formula_parse(str_of(text), orders_table(), &f, NULL), ERR_OK);
	kept = formula_keeps(f, &context);
	formula_free(f);
	return kept;
}

START_TEST(operators_bind_as_in_airtable)
{
	ck_assert_str_eq(eval("1+2*3"), "7");
	ck_assert_str_eq(eval("(1+2)*3"), "9");
	ck_assert_str_eq(eval("-2+3"), "1");
	ck_assert_str_eq(eval("10-2-3"), "5");
	ck_assert_str_eq(eval("1+1&2"), "\"22\"");
	ck_assert_str_eq(eval("1+1=2"), "1");
	ck_assert_str_eq(eval("'a'&'b'='ab'"), "1");
	ck_assert_str_eq(eval("1<=1"), "1");
	ck_assert_str_eq(eval("1!=1"), "0");
}
END_TEST

START_TEST(fields_go_by_name_by_id_and_bare)
{
	ck_assert_str_eq(eval("{Order Total}*2"), "25");
	ck_assert_str_eq(eval("{fldOrderTotal0000}*2"), "25");
	ck_assert_str_eq(eval("Status"), "\"Shipped\"");
	ck_assert_str_eq(eval("{Priority}"), "");
	ck_assert_str_eq(eval("{Priority}=BLANK()"), "1");

}
END_TEST

START_TEST(the_patterns_for_modified_since_work_to_the_second)
{
	ck_assert(keeps("NOT(IS_BEFORE(LAST_MODIFIED_TIME(),DATETIME_PARSE('2026-11-20T11:59:00Z')))"));
	ck_assert(!keeps("IS_AFTER(LAST_MODIFIED_TIME(),DATETIME_PARSE('2026-11-20T11:59:00Z'))"));
	ck_assert(keeps("IS_SAME(LAST_MODIFIED_TIME(),DATETIME_PARSE('2026-11-20T11:59:00.900Z'),'second')"));
	ck_assert(!keeps("IS_SAME(LAST_MODIFIED_TIME(),DATETIME_PARSE('2026-11-20T11:59:01Z'),'second')"));
	ck_assert(keeps("AND(IS_BEFORE(CREATED_TIME(),NOW()),IS_SAME(CREATED_TIME(),TODAY(),'day'))"));
}
END_TEST

START_TEST(a_date_against_a_bare_text_is_always_true)
{
	ck_assert(keeps("LAST_MODIFIED_TIME()>\"2099-01-01T00:00:00Z\""));
	ck_assert(keeps("LAST_MODIFIED_TIME()<\"1999-01-01T00:00:00Z\""));
}
END_TEST

START_TEST(a_filter_drops_zero_empty_text_nan_blank_and_errors)
{
	ck_assert(!keeps("0"));
	ck_assert(!keeps("''"));
	ck_assert(!keeps("0/0"));
	ck_assert(!keeps("BLANK()"));
	ck_assert(!keeps("ERROR()"));
	ck_assert(!keeps("OR(TRUE(),ERROR())"));
	ck_assert(keeps("'x'"));
	ck_assert(keeps("-1"));
}
END_TEST

START_TEST(odd_results_have_their_own_json)
{
	ck_assert_str_eq(eval("0/0"), "{\"specialValue\":\"NaN\"}");
	ck_assert_str_eq(eval("1/0"), "{\"specialValue\":\"Infinity\"}");
	ck_assert_str_eq(eval("'a'+1"), "{\"error\":\"#ERROR!\"}");
	ck_assert_str_eq(eval("0.1+0.2"), "0.30000000000000004");
}
END_TEST

START_TEST(functions_return_their_results)
{
	ck_assert_str_eq(eval("IF({Order Total}>10,'big','small')"), "\"big\"");
	ck_assert_str_eq(eval("LEN('Müller')"), "6");
	ck_assert_str_eq(eval("ROUND(2.345,1)"), "2.3");
	ck_assert_str_eq(eval("MOD(-1,3)"), "2");
	ck_assert_str_eq(eval("SUM(1,BLANK(),2)"), "3");
	ck_assert_str_eq(eval("DATEADD('2026-01-31',1,'month')"), "\"2026-02-28T00:00:00.000Z\"");
	ck_assert_str_eq(eval("DATETIME_DIFF('2026-01-02','2026-01-01')"), "86400");
	ck_assert_str_eq(eval("DATETIME_DIFF('2026-01-02','2026-01-01','fortnights')"), "86400000");
	ck_assert_str_eq(eval("DATETIME_FORMAT('2026-01-02T03:04:05Z','DD.MM.YY HH:mm')"), "\"02.01.26 03:04\"");
	ck_assert_str_eq(eval("xor(true(),false())"), "1");
}
END_TEST

START_TEST(what_is_not_a_formula_is_refused_with_the_reason)
{
	static const char *const broken[] = {
		"", "(", "1+", "AND(1", "NOT()", "NOPE(1)", "'open", "{Status", "1 2", "==1", "IF(1)",
		"“curly”"
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		ck_assert_msg(strncmp(eval(broken[i]), "The formula for filtering records is invalid: ", 46) == 0,
		    "%s gave %s", broken[i], eval(broken[i]));
	ck_assert_str_eq(eval("{Foo}=Bar"),
	    "The formula for filtering records is invalid: Unknown field names: foo, bar");
}
END_TEST

START_TEST(deep_nesting_and_long_chains_are_refused_not_followed)
{
	char deep[100001];

	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_ptr_nonnull(strstr(eval(deep), "Invalid formula"));
	for (size_t i = 0; i < sizeof(deep) - 1; i++)
		deep[i] = i % 2 == 0 ? '1' : '+';
	deep[sizeof(deep) - 2] = '\0';
	ck_assert_ptr_nonnull(strstr(eval(deep), "Invalid formula"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_formula");
	TCase *t = tcase_create("formula");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, operators_bind_as_in_airtable);
	tcase_add_test(t, fields_go_by_name_by_id_and_bare);
	tcase_add_test(t, the_patterns_for_modified_since_work_to_the_second);
	tcase_add_test(t, a_date_against_a_bare_text_is_always_true);
	tcase_add_test(t, a_filter_drops_zero_empty_text_nan_blank_and_errors);
	tcase_add_test(t, odd_results_have_their_own_json);
	tcase_add_test(t, functions_return_their_results);
	tcase_add_test(t, what_is_not_a_formula_is_refused_with_the_reason);
	tcase_add_test(t, deep_nesting_and_long_chains_are_refused_not_followed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
