#include "fcgi-api/http/json_body.h"
#include "tests/lib/support.h"

static enum err
parse(struct str text)
{
	cJSON *json;
	const char *why;
	enum err e = json_body_parse(text, &json, &why);

	ck_assert((e == ERR_OK) == (json != NULL));
	ck_assert((e == ERR_OK) == (why == NULL));
	cJSON_Delete(json);
	return e;
}

START_TEST(json_values_are_accepted)
{
	ck_assert_int_eq(parse(STR("{\"status\":\"Shipped\",\"priority\":null}")), ERR_OK);
	ck_assert_int_eq(parse(STR(" [1, {\"a\":{\"a\":1}}, \"\\\\u0000 \\\" {[\"] \r\n\t")), ERR_OK);
	ck_assert_int_eq(parse(STR("\"\xc3\xbc\"")), ERR_OK);
}
END_TEST

START_TEST(invalid_json_is_refused)
{
	static const char *const texts[] = { "", " ", "{", "}", "{\"a\"}", "{\"a\":1,}", "{a:1}",
	    "[1", "\"", "nul", "{} {}", "{}x", "[1]]", "{\"a\":\"\n\"}", "{'a':1}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(parse(str_of(texts[i])) == ERR_INVALID_BODY, "%s", texts[i]);
}
END_TEST

START_TEST(a_member_may_not_appear_twice_at_any_depth)
{
	ck_assert_int_eq(parse(STR("{\"a\":1,\"b\":2,\"a\":3}")), ERR_INVALID_BODY);
	ck_assert_int_eq(parse(STR("{\"x\":[{\"a\":1,\"\\u0061\":3}]}")), ERR_INVALID_BODY);
	ck_assert_int_eq(parse(STR("[{\"a\":1},{\"a\":1}]")), ERR_OK);
	ck_assert_int_eq(parse(STR("{\"a\":1,\"A\":1}")), ERR_OK);
}
END_TEST

START_TEST(nuls_and_invalid_utf8_are_refused)
{
	ck_assert_int_eq(parse(STR("{\"a\":\"x\\u0000y\"}")), ERR_INVALID_BODY);
	ck_assert_int_eq(parse((struct str){ "{}\0", 3 }), ERR_INVALID_BODY);
	ck_assert_int_eq(parse(STR("{\"a\":\"\xff\"}")), ERR_INVALID_BODY);
	ck_assert_int_eq(parse(STR("\"\xc3\"")), ERR_INVALID_BODY);
}
END_TEST

START_TEST(nesting_is_limited)
{
	char text[256];

	for (int depth = 32; depth <= 33; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		ck_assert_int_eq(parse((struct str){ text, 2 * (size_t)depth }),
		    depth == 32 ? ERR_OK : ERR_INVALID_BODY);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("json_body");
	TCase *t = tcase_create("json_body");

	tcase_add_test(t, json_values_are_accepted);
	tcase_add_test(t, invalid_json_is_refused);
	tcase_add_test(t, a_member_may_not_appear_twice_at_any_depth);
	tcase_add_test(t, nuls_and_invalid_utf8_are_refused);
	tcase_add_test(t, nesting_is_limited);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}
