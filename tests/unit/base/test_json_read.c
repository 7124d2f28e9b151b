#include "common/base/json_read.h"
#include "tests/lib/support.h"

static cJSON *json;

static void
setup(void)
{
	json = cJSON_Parse("{\"state\":\"idle\",\"State\":\"busy\",\"none\":null,\"number\":7,\"empty\":\"\"}");
	ck_assert_ptr_nonnull(json);
}

static void
teardown(void)
{
	cJSON_Delete(json);
}

START_TEST(a_member_is_found_by_its_exact_name)
{
	ck_assert_str_eq(json_text(json, "state"), "idle");
	ck_assert_str_eq(json_text(json, "State"), "busy");
	ck_assert_str_eq(json_text(json, "empty"), "");
	ck_assert_str_eq(json_text_or_empty(json, "state"), "idle");
}
END_TEST

START_TEST(a_member_that_is_not_a_text_counts_as_missing)
{
	static const char *const names[] = { "none", "number", "missing", "" };

	ck_assert_ptr_null(json_text(json, names[_i]));
	ck_assert_str_eq(json_text_or_empty(json, names[_i]), "");
}
END_TEST

/* As cJSON answers for what could not be parsed, and for a member that is not an object. */
START_TEST(a_value_that_is_not_an_object_has_no_members)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, "number");

	ck_assert_ptr_null(json_text(NULL, "state"));
	ck_assert_ptr_null(json_text(number, "state"));
	ck_assert_str_eq(json_text_or_empty(NULL, "state"), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_read");
	TCase *t = tcase_create("json_read");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_member_is_found_by_its_exact_name);
	tcase_add_loop_test(t, a_member_that_is_not_a_text_counts_as_missing, 0, 4);
	tcase_add_test(t, a_value_that_is_not_an_object_has_no_members);
	suite_add_tcase(s, t);
	return run_suite(s);
}
