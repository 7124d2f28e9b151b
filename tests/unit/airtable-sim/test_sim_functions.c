#include <stdio.h>

#include "airtable-sim/cells/cell.h"
#include "tests/lib/sim_support.h"

/* An order with a total of 12.5 and tags b, a, "" and b. */
static struct sim_row *row;

static void
setup(void)
{
	struct sim_cell tags;
	struct sim_field *f;

	sim_start(1);
	ck_assert_ptr_nonnull(f = sim_table_add_field(sim->base, orders_table(), "Tags",
	    SIM_MULTIPLE_SELECTS));
	ck_assert_ptr_nonnull(f = sim_table_add_field(sim->base, orders_table(), "Sums", SIM_LOOKUP));
	row = &orders_table()->rows[0];
	ck_assert(sim_row_set(row, SIM_ORDER_TOTAL,
	    (struct sim_cell){ .kind = SIM_NUM, .number = 12.5 }));
	ck_assert(sim_row_set(row, SIM_ORDER_PRIORITY, (struct sim_cell){ .kind = SIM_EMPTY }));
	ck_assert(sim_cell_text(&tags, STR("[\"b\",\"a\",\"\",\"b\"]")));
	tags.kind = SIM_JSON;
	ck_assert(sim_row_set(row, SIM_ORDER_FIELDS, tags));
	ck_assert(sim_cell_text(&tags, STR("[1,2.5,null,4]")));
	tags.kind = SIM_JSON;
	ck_assert(sim_row_set(row, SIM_ORDER_FIELDS + 1, tags));
	row->created_ms = SIM_NOW - 3600000;	/* 2026-11-20T11:00:00Z */
	row->modified_ms = SIM_NOW - 60000;
}

static const char *
eval(const char *text)
{
	return formula_result(row, text);
}

struct example {
	const char	*formula, *result;
};

static void
check(const struct example *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strcmp(eval(list[i].formula), list[i].result) == 0, "%s is %s instead of %s",
		    list[i].formula, eval(list[i].formula), list[i].result);
}
#define CHECK(list)	check(list, sizeof(list) / sizeof((list)[0]))
#define ERROR		"{\"error\":\"#ERROR!\"}"

START_TEST(texts_are_cut_and_searched_by_characters)
{
	static const struct example list[] = {
		{ "LEFT('Müller',2)", "\"Mü\"" }, { "LEFT('abc')", "\"a\"" }, { "LEFT('abc',9)", "\"abc\"" },
		{ "RIGHT('Grüße',3)", "\"üße\"" }, { "RIGHT('abc',0)", "" }, { "RIGHT('abc',-1)", "" },
		{ "MID('Grüße',3,2)", "\"üß\"" }, { "MID('abc',0,2)", "\"ab\"" }, { "MID('abc',9,2)", "" },
		{ "LEN('Grüße')", "5" }, { "FIND('ß','Grüße')", "4" }, { "FIND('x','abc')", "0" },
		{ "FIND('a','banana',3)", "4" }, { "FIND('','abc')", "1" }, { "SEARCH('x','abc')", "" },
		{ "SEARCH('c','abc')", "3" }, { "FIND('B','abc')", "0" },
		{ "REPLACE('Grüße',3,2,'--')", "\"Gr--e\"" }, { "REPLACE('abc',9,1,'d')", "\"abcd\"" },
		{ "REPLACE('abc',2,0,'-')", "\"a-bc\"" },
		{ "SUBSTITUTE('a-b-c','-','+')", "\"a+b+c\"" },
		{ "SUBSTITUTE('a-b-c','-','+',2)", "\"a-b+c\"" }, { "SUBSTITUTE('aaa','aa','b')", "\"ba\"" },
		{ "SUBSTITUTE('abc','','x')", "\"abc\"" }, { "REPT('ab',3)", "\"ababab\"" },
		{ "REPT('ab',0)", "" }, { "REPT('abcdefgh',1000000)", ERROR },
		{ "TRIM('  a b ')", "\"a b\"" }, { "UPPER('straße é')", "\"STRASSE É\"" },
		{ "LOWER('ÄB')", "\"äb\"" }, { "T(1)", "" }, { "T('a')", "\"a\"" },
		{ "EXACT('a','a')", "1" }, { "EXACT('a','A')", "0" },
		{ "CONCATENATE('a',1,BLANK(),'b')", "\"a1b\"" }, { "'a'&1&{Priority}", "\"a1\"" },
		{ "ENCODE_URL_COMPONENT('a b/ü&(c)')", "\"a%20b%2F%C3%BC%26(c)\"" },
		{ "VALUE('$1,234.50')", "1234.5" }, { "VALUE('12%')", "0.12" }, { "VALUE('rec1a2')", "12" },
		{ "VALUE('none')", ERROR }, { "LEN(RECORD_ID())", "17" }, { "LEFT(RECORD_ID(),3)", "\"rec\"" },
	};

	CHECK(list);
}
END_TEST

START_TEST(numbers_are_rounded_and_gathered)
{
	static const struct example list[] = {
		{ "ROUND(2.5)", "3" }, { "ROUND(-2.5)", "-3" }, { "ROUND(2.345,2)", "2.35" },
		{ "ROUND(1234,-2)", "1200" }, { "ROUNDUP(1.01,1)", "1.1" },
		{ "ROUNDUP(-1.01,1)", "-1.1" }, { "ROUNDUP(1.1,1)", "1.1" }, { "ROUNDDOWN(1.19,1)", "1.1" },
		{ "ROUNDDOWN(-1.19,1)", "-1.1" }, { "INT(1.9)", "1" }, { "INT(-1.1)", "-2" },
		{ "FLOOR(7,5)", "5" }, { "FLOOR(1.7)", "1" }, { "CEILING(7,5)", "10" },
		{ "CEILING(-1.2)", "-1" }, { "MOD(7,3)", "1" }, { "MOD(7,-3)", "-2" },
		{ "MOD(7,0)", "{\"specialValue\":\"NaN\"}" }, { "ABS(-2)", "2" }, { "POWER(2,10)", "1024" },
		{ "SQRT(9)", "3" }, { "SQRT(-1)", "{\"specialValue\":\"NaN\"}" }, { "EXP(0)", "1" },
		{ "LOG(1000)", "3" }, { "LOG(8,2)", "3" }, { "EVEN(1.5)", "2" }, { "EVEN(-3)", "-4" },
		{ "ODD(2)", "3" }, { "ODD(-1)", "-1" }, { "MIN(3,{Priority},2)", "2" }, { "MAX(3,2)", "3" },
		{ "SUM(1,2,{Order Total})", "15.5" }, { "AVERAGE(1,2)", "1.5" },
		{ "AVERAGE({Priority})", "{\"specialValue\":\"NaN\"}" }, { "COUNT(1,'a',{Priority})", "1" },
		{ "COUNTA(1,'a',{Priority},'')", "2" }, { "COUNTALL(1,'a',{Priority},'')", "4" },
		{ "SUM({Sums})", "7.5" }, { "MAX({Sums})", "4" }, { "COUNT({Sums})", "3" },
		{ "COUNTALL({Sums})", "4" }, { "SUM('a')", ERROR },
	};

	CHECK(list);
}
END_TEST

START_TEST(dates_are_taken_apart_and_counted)
{
	static const struct example list[] = {
		{ "YEAR('2026-02-03T04:05:06Z')", "2026" }, { "MONTH('2026-02-03')", "2" },
		{ "DAY('2026-02-03')", "3" }, { "HOUR('2026-02-03T04:05:06Z')", "4" },
		{ "MINUTE('2026-02-03T04:05:06Z')", "5" }, { "SECOND('2026-02-03T04:05:06Z')", "6" },
		{ "WEEKDAY('2026-11-20')", "5" }, { "WEEKDAY('2026-11-20','Monday')", "4" },
		{ "WEEKDAY('2026-11-22')", "0" }, { "WEEKDAY('2026-11-22','Monday')", "6" },
		{ "WEEKDAY('1969-12-31')", "3" }, { "WEEKNUM('2026-01-01')", "1" },
		{ "WEEKNUM('2026-01-04')", "2" }, { "WEEKNUM('2027-01-01','Monday')", "53" },
		{ "WEEKNUM('2026-12-31')", "1" }, { "YEAR('soon')", ERROR },
		{ "DATEADD('2026-01-31',1,'month')", "\"2026-02-28T00:00:00.000Z\"" },
		{ "DATEADD('2024-02-29',1,'year')", "\"2025-02-28T00:00:00.000Z\"" },
		{ "DATEADD('2026-01-31',-1,'Q')", "\"2025-10-31T00:00:00.000Z\"" },
		{ "DATEADD('2026-01-31',90,'m')", "\"2026-01-31T01:30:00.000Z\"" },
		{ "DATEADD('2026-01-31',2,'weeks')", "\"2026-02-14T00:00:00.000Z\"" },
		{ "DATETIME_DIFF('2026-03-01','2026-01-31','months')", "1" },
		{ "DATETIME_DIFF('2026-02-28','2026-01-31','months')", "1" },
		{ "DATETIME_DIFF('2026-01-31','2026-03-01','months')", "-1" },
		{ "DATETIME_DIFF('2026-01-31','2024-02-01','years')", "1" },
		{ "DATETIME_DIFF('2026-01-03','2026-01-01','days')", "2" },
		{ "DATETIME_DIFF('2026-01-03','2026-01-01','h')", "48" },
		{ "IS_SAME('2026-11-20T01:00Z','2026-11-20T23:00Z','day')", "1" },
		{ "IS_SAME('2026-10-01','2026-12-31','quarter')", "1" },
		{ "IS_SAME('2026-09-30','2026-10-01','quarter')", "0" },
		{ "IS_SAME(CREATED_TIME(),NOW(),'hour')", "0" },
		{ "IS_BEFORE(CREATED_TIME(),LAST_MODIFIED_TIME())", "1" },
		{ "TODAY()", "\"2026-11-20T00:00:00.000Z\"" }, { "NOW()", "\"2026-11-20T12:00:00.000Z\"" },
		{ "DATESTR(NOW())", "\"2026-11-20\"" }, { "TIMESTR(NOW())", "\"12:00:00\"" },
		{ "WORKDAY('2026-11-20',1)", "\"2026-11-23T00:00:00.000Z\"" },
		{ "WORKDAY('2026-11-20',2,'2026-11-23')", "\"2026-11-25T00:00:00.000Z\"" },
		{ "WORKDAY('2026-11-23',-1)", "\"2026-11-20T00:00:00.000Z\"" },
		{ "WORKDAY_DIFF('2026-11-20','2026-11-23')", "2" },
		{ "WORKDAY_DIFF('2026-11-16','2026-11-20','2026-11-18')", "4" },
		{ "DATETIME_PARSE('3/2/2026 4:05 pm','D/M/YYYY h:mm a')", "\"2026-02-03T16:05:00.000Z\"" },
		{ "DATETIME_PARSE('20 Nov 2026','D MMM YYYY')", "\"2026-11-20T00:00:00.000Z\"" },
		{ "DATETIME_PARSE('20.11.2026','D/M/YYYY')", ERROR },
		{ "DATETIME_PARSE('2026-02-30','YYYY-MM-DD')", ERROR },
	};

	CHECK(list);
}
END_TEST

START_TEST(dates_are_written_by_their_patterns)
{
	static const struct example list[] = {
		{ "DATETIME_FORMAT('2026-02-03T16:05:06.789Z')", "\"2026-02-03T16:05:06+00:00\"" },
		{ "DATETIME_FORMAT('2026-02-03T16:05:06.789Z','DD.MM.YY HH:mm')", "\"03.02.26 16:05\"" },
		{ "DATETIME_FORMAT('2026-02-03T16:05:06Z','dddd, MMMM Do YYYY, h:mm a')",
		    "\"Tuesday, February 3rd 2026, 4:05 pm\"" },
		{ "DATETIME_FORMAT('2026-02-11','Do')", "\"11th\"" },
		{ "DATETIME_FORMAT('2026-02-03T16:05:06.789Z','[D]D S.SS.SSS A')", "\"D3 7.78.789 PM\"" },
		{ "DATETIME_FORMAT('2026-02-03','ddd dd d E DDD DDDD')", "\"Tue Tu 2 2 34 034\"" },
		{ "DATETIME_FORMAT('2026-02-03','Q w WW')", "\"1 6 06\"" },
		{ "DATETIME_FORMAT('2026-02-03T16:05:06Z','L LT')", "\"02/03/2026 4:05 PM\"" },
		{ "DATETIME_FORMAT('2026-02-03','LL')", "\"February 3, 2026\"" },
		{ "DATETIME_FORMAT('2026-02-03T00:00:01Z','X x')", "\"1770076801 1770076801000\"" },
		{ "DATETIME_FORMAT(SET_TIMEZONE('2026-07-01T12:00:00Z','Europe/Berlin'),'HH:mm Z')",
		    "\"14:00 +02:00\"" },
		{ "DATETIME_FORMAT(SET_TIMEZONE('2026-01-01T12:00:00Z','America/St_Johns'),'HH:mm ZZ')",
		    "\"08:30 -0330\"" },
		{ "DATETIME_FORMAT(SET_LOCALE('2026-03-01','de'),'D. MMMM, dddd')", "\"1. März, Sonntag\"" },
		{ "DATETIME_FORMAT(SET_TIMEZONE('2026-01-01','Nowhere/Near'),'HH')", ERROR },
	};

	CHECK(list);
}
END_TEST

START_TEST(patterns_match_as_in_re2)
{
	static const struct example list[] = {
		{ "REGEX_MATCH('ORD-000123','^ORD-\\\\d+$')", "1" }, { "REGEX_MATCH('abc','B')", "0" },
		{ "REGEX_MATCH('abc','(?i)B')", "1" }, { "REGEX_MATCH('','^$')", "1" },
		{ "REGEX_MATCH('grüße','^.{5}$')", "1" }, { "REGEX_EXTRACT('a1b22','[0-9]{2}')", "\"22\"" },
		{ "REGEX_EXTRACT('abc','[0-9]')", ERROR },
		{ "REGEX_REPLACE('a1b22','[0-9]+','#')", "\"a#b#\"" },
		{ "REGEX_REPLACE('Smith, John','(\\\\w+), (\\\\w+)','$2 $1')", "\"John Smith\"" },
		{ "REGEX_REPLACE('baac','a*','x')", "\"xbxcx\"" }, { "REGEX_REPLACE('üb','','-')", ERROR },
		{ "REGEX_REPLACE('a','a','$$')", "\"$\"" }, { "REGEX_MATCH('a','(')", ERROR },
		{ "REGEX_MATCH('aa','(a)\\\\1')", ERROR }, { "REGEX_MATCH('ab','a(?=b)')", ERROR },
		{ "REGEX_MATCH('ab','(?<!x)b')", ERROR }, { "REGEX_MATCH('(?=','[(?=]')", "1" },
		{ "REGEX_MATCH('a1','a'&1)", "1" },
		{ "REGEX_MATCH(REPT('a',5000)&'b','^(a+)+$')", ERROR },
	};

	CHECK(list);
}
END_TEST

START_TEST(lists_are_joined_cut_and_flattened)
{
	static const struct example list[] = {
		{ "{Tags}", "\"b, a, , b\"" }, { "{Tags}&'!'", "\"b, a, , b!\"" },
		{ "ARRAYJOIN({Tags})", "\"b, a, , b\"" }, { "ARRAYJOIN({Tags},'/')", "\"b/a//b\"" },
		{ "ARRAYJOIN('a','/')", "\"a\"" }, { "ARRAYJOIN({Priority})", "" },
		{ "ARRAYCOMPACT({Tags})", "[\"b\",\"a\",\"b\"]" }, { "ARRAYUNIQUE({Tags})", "[\"b\",\"a\",\"\"]" },
		{ "ARRAYUNIQUE(ARRAYCOMPACT({Tags}))", "[\"b\",\"a\"]" },
		{ "ARRAYFLATTEN({Tags},{Sums})", "[\"b\",\"a\",\"\",\"b\",1,2.5,null,4]" },
		{ "ARRAYSLICE({Tags},2)", "[\"a\",\"\",\"b\"]" }, { "ARRAYSLICE({Tags},1,2)", "[\"b\",\"a\"]" },
		{ "ARRAYSLICE({Tags},-2)", "[\"\",\"b\"]" }, { "ARRAYSLICE({Tags},9)", "" },
		{ "FIND('a',ARRAYJOIN({Tags}))", "4" }, { "IF({Tags},'some','none')", "\"some\"" },
	};

	CHECK(list);
}
END_TEST

START_TEST(choices_and_errors_are_distinguished)
{
	static const struct example list[] = {
		{ "SWITCH(2,1,'one',2,'two','many')", "\"two\"" },
		{ "SWITCH(3,1,'one',2,'two','many')", "\"many\"" }, { "SWITCH(3,1,'one',2,'two')", "" },
		{ "SWITCH({Priority},'Low',1,0)", "0" }, { "SWITCH(ERROR(),1,2)", ERROR },
		{ "ISERROR(ERROR())", "1" }, { "ISERROR('a'+1)", "1" }, { "ISERROR(1/0)", "0" },
		{ "ISERROR(1)", "0" }, { "IF(ISERROR(VALUE('x')),'none')", "\"none\"" },
		{ "XOR(1,1,1)", "1" }, { "XOR(1,1)", "0" }, { "IF(BLANK(),1)", "" },
	};

	CHECK(list);
}
END_TEST

START_TEST(the_reason_distinguishes_functions_fields_and_syntax)
{
	static const struct example list[] = {
		{ "NOPE(1,BAR())", "Unknown function names: nope, bar" },
		{ "{Nope}+{Other}", "Unknown field names: nope, other" },
		{ "NOPE({Other})", "Unknown function names: nope" },
		{ "NOPE(1", "Invalid formula. Please check your formula text." },
		{ "LEFT()", "Invalid formula. Please check your formula text." },
		{ "SWITCH(1,2)", "Invalid formula. Please check your formula text." },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const char *why = eval(list[i].formula);
		static const char prefix[] = "The formula for filtering records is invalid: ";

		ck_assert_msg(strncmp(why, prefix, sizeof(prefix) - 1) == 0, "%s", why);
		ck_assert_str_eq(why + sizeof(prefix) - 1, list[i].result);
	}
}
END_TEST

START_TEST(a_field_that_refers_to_itself_ends_in_an_error_not_in_the_stack)
{
	char text[2000] = "", body[2200];

	for (int i = 0; i < 180; i++)
		(void)strcat(text, "IF(1,");
	(void)strcat(text, "{Label}");
	for (int i = 0; i < 180; i++)
		(void)strcat(text, ")");
	(void)snprintf(body, sizeof(body), "{\"formula\":{\"field\":\"Label\",\"formula\":\"%s\"}}", text);
	ck_assert_int_eq(door("POST", "schema", body), 200);
	row = &orders_table()->rows[0];
	ck_assert_str_eq(eval("{Label}"), ERROR);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_functions");
	TCase *t = tcase_create("functions");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, texts_are_cut_and_searched_by_characters);
	tcase_add_test(t, numbers_are_rounded_and_gathered);
	tcase_add_test(t, dates_are_taken_apart_and_counted);
	tcase_add_test(t, dates_are_written_by_their_patterns);
	tcase_add_test(t, patterns_match_as_in_re2);
	tcase_add_test(t, lists_are_joined_cut_and_flattened);
	tcase_add_test(t, choices_and_errors_are_distinguished);
	tcase_add_test(t, the_reason_distinguishes_functions_fields_and_syntax);
	tcase_add_test(t, a_field_that_refers_to_itself_ends_in_an_error_not_in_the_stack);
	suite_add_tcase(s, t);
	return run_suite(s);
}
