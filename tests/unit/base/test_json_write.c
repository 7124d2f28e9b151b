#include <cjson/cJSON.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "tests/lib/support.h"

static const char *
quoted(struct str s)
{
	static char text[512];
	struct buf b = { 0 };

	json_add_string(&b, s);
	ck_assert_uint_lt(b.len, sizeof(text));
	(void)strcpy(text, buf_cstr(&b));
	buf_free(&b);
	return text;
}

START_TEST(plain_text_is_only_quoted)
{
	ck_assert_str_eq(quoted(STR("")), "\"\"");
	ck_assert_str_eq(quoted((struct str){ NULL, 0 }), "\"\"");
	ck_assert_str_eq(quoted(STR("abc / <&> '")), "\"abc / <&> '\"");
	ck_assert_str_eq(quoted(STR("Müller 株式会社 😀")), "\"Müller 株式会社 😀\"");
}
END_TEST

START_TEST(what_json_reserves_is_escaped)
{
	ck_assert_str_eq(quoted(STR("a\"b\\c\nd\re\tf")), "\"a\\\"b\\\\c\\nd\\re\\tf\"");
	ck_assert_str_eq(quoted(STR("\0\x01\x1f")), "\"\\u0000\\u0001\\u001f\"");
	ck_assert_str_eq(quoted(STR("\x7f")), "\"\x7f\"");
}
END_TEST

START_TEST(bytes_that_are_not_utf8_become_the_replacement_character)
{
#define R "\xef\xbf\xbd"
	ck_assert_str_eq(quoted(STR("\xff")), "\"" R "\"");
	ck_assert_str_eq(quoted(STR("a\x80z")), "\"a" R "z\"");
	ck_assert_str_eq(quoted(STR("\xc0\xaf")), "\"" R R "\"");		/* overlong */
	ck_assert_str_eq(quoted(STR("\xed\xa0\x80")), "\"" R R R "\"");	/* a surrogate */
	ck_assert_str_eq(quoted(STR("\xf4\x90\x80\x80")), "\"" R R R R "\"");	/* beyond U+10FFFF */
	ck_assert_str_eq(quoted(STR("x\xe2\x82")), "\"x" R R "\"");		/* cut */
	ck_assert_str_eq(quoted(STR("\xe2\"")), "\"" R "\\\"\"");
}
END_TEST

START_TEST(random_bytes_always_make_a_string_that_a_json_reader_takes)
{
	unsigned seed = 11;

	for (int i = 0; i < 20000; i++) {
		char bytes[24];
		size_t len = (size_t)rand_r(&seed) % sizeof(bytes);
		struct buf b = { 0 };
		const char *end;
		cJSON *json;

		for (size_t j = 0; j < len; j++)
			bytes[j] = (char)(1 + rand_r(&seed) % 255);
		json_add_string(&b, (struct str){ bytes, len });
		json = cJSON_ParseWithOpts(buf_cstr(&b), &end, true);
		ck_assert_msg(cJSON_IsString(json), "%s", buf_cstr(&b));
		cJSON_Delete(json);
		buf_free(&b);
	}
}
END_TEST

START_TEST(members_get_their_commas)
{
	struct buf b = { 0 };

	buf_add_char(&b, '{');
	json_member_string(&b, "id", STR("x{"));
	json_member_int(&b, "min", INT64_MIN);
	json_member_uint(&b, "max", UINT64_MAX);
	json_member_bool(&b, "yes", true);
	json_member_bool(&b, "no", false);
	json_member_null(&b, "none");
	json_member_string_or_null(&b, "a", (struct str){ NULL, 0 });
	json_member_string_or_null(&b, "b", STR(""));
	json_name(&b, "list");
	buf_add_char(&b, '[');
	for (int i = 0; i < 3; i++) {
		json_next(&b);
		buf_printf(&b, "%d", i);
	}
	buf_add_cstr(&b, "]");
	json_name(&b, "in");
	buf_add_char(&b, '{');
	json_member_int(&b, "n", 1);
	buf_add_cstr(&b, "}");
	json_member_int(&b, "z", -1);
	buf_add_char(&b, '}');
	ck_assert_str_eq(buf_cstr(&b),
	    "{\"id\":\"x{\",\"min\":-9223372036854775808,\"max\":18446744073709551615,"
	    "\"yes\":true,\"no\":false,\"none\":null,\"a\":null,\"b\":\"\",\"list\":[0,1,2],"
	    "\"in\":{\"n\":1},\"z\":-1}");
	buf_free(&b);
}
END_TEST

START_TEST(instants_without_a_text_are_null)
{
	struct buf b = { 0 };

	buf_add_char(&b, '{');
	json_member_instant(&b, "a", 0);
	json_member_instant(&b, "b", 1);
	json_member_instant(&b, "c", INSTANT_MAX + 1);
	buf_add_char(&b, '}');
	ck_assert_str_eq(buf_cstr(&b), "{\"a\":null,\"b\":\"1970-01-01T00:00:00.001Z\",\"c\":null}");
	buf_free(&b);
}
END_TEST

START_TEST(a_full_buf_is_left_alone)
{
	struct buf b = { .limit = 3 };

	buf_add_cstr(&b, "{");
	json_member_string(&b, "name", STR("value"));
	json_member_int(&b, "n", 1);
	ck_assert_int_eq(buf_status(&b), ERR_TOO_LARGE);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_write");
	TCase *t = tcase_create("json_write");

	tcase_add_test(t, plain_text_is_only_quoted);
	tcase_add_test(t, what_json_reserves_is_escaped);
	tcase_add_test(t, bytes_that_are_not_utf8_become_the_replacement_character);
	tcase_add_test(t, random_bytes_always_make_a_string_that_a_json_reader_takes);
	tcase_add_test(t, members_get_their_commas);
	tcase_add_test(t, instants_without_a_text_are_null);
	tcase_add_test(t, a_full_buf_is_left_alone);
	suite_add_tcase(s, t);
	return run_suite(s);
}
