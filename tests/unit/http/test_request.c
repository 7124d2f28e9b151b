#include <stdio.h>

#include "fcgi-api/http/query_string.h"
#include "fcgi-api/http/request.h"
#include "tests/lib/support.h"

static struct request r;
static struct field_errors errors;
static char uri_text[40000];

static enum err
parse(const char *uri)
{
	char *envp[] = { (char *)"FCGI_ROLE=RESPONDER", (char *)"REQUEST_METHOD=GET",
	    uri_text, NULL };

	(void)snprintf(uri_text, sizeof(uri_text), "REQUEST_URI=%s", uri);
	return request_parse(&r, envp, STR(""), ERR_OK, &errors);
}

static bool
segment_is(size_t i, const char *text)
{
	return i < r.segment_count && str_is(r.segments[i], text);
}

START_TEST(a_path_is_split_and_then_decoded_once)
{
	ck_assert_int_eq(parse("/api/orders/a%2Fb%2520c+d"), ERR_OK);
	ck_assert_uint_eq(r.segment_count, 3);
	ck_assert(segment_is(0, "api") && segment_is(1, "orders"));
	ck_assert(segment_is(2, "a/b%20c+d"));
}
END_TEST

START_TEST(a_query_is_taken_from_the_address_or_its_own_parameter)
{
	char *envp[] = { (char *)"REQUEST_METHOD=POST", (char *)"REQUEST_URI=/x?a=1",
	    (char *)"QUERY_STRING=b=%C3%BC+1&&c&=&d=a=b", NULL };
	static const char *const uris[] = { "/x?a=1", "/x?a=1#b?c=2", "/x?a=1#" };

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		ck_assert_int_eq(parse(uris[i]), ERR_OK);
		ck_assert_uint_eq(r.param_count, 1);
		ck_assert(str_is(r.params[0].name, "a") && str_is(r.params[0].value, "1"));
	}
	ck_assert_int_eq(parse("/x?#a=1"), ERR_OK);
	ck_assert_uint_eq(r.param_count, 0);
	ck_assert_int_eq(request_parse(&r, envp, STR(""), ERR_OK, &errors), ERR_OK);
	ck_assert_int_eq(r.method, METHOD_POST);
	ck_assert_uint_eq(r.param_count, 4);
	ck_assert(str_is(r.params[0].name, "b") && str_is(r.params[0].value, "ü 1"));
	ck_assert(str_is(r.params[1].name, "c") && str_is(r.params[1].value, ""));
	ck_assert(str_is(r.params[2].name, "") && str_is(r.params[2].value, ""));
	ck_assert(str_is(r.params[3].name, "d") && str_is(r.params[3].value, "a=b"));
}
END_TEST

START_TEST(impossible_paths_are_not_found)
{
	static const char *const paths[] = { "", "x", "/api/../x", "/api/%2e%2E/x", "/api/.",
	    "/api//orders", "/api/orders/", "/1/2/3/4/5/6/7/8/9" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ck_assert_msg(parse(paths[i]) == ERR_NOT_FOUND, "%s", paths[i]);
}
END_TEST

START_TEST(ids_that_are_not_text_are_refused)
{
	static const char *const paths[] = { "/a/%00", "/a/x%00y", "/a/%ff", "/a/%C3",
	    "/a/%zz", "/a/%", "/a/%1" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_msg(parse(paths[i]) == ERR_INVALID_PARAMETER, "%s", paths[i]);
		ck_assert_uint_eq(errors.count, 1);
		ck_assert_str_eq(errors.list[0].field, "path");
	}
}
END_TEST

START_TEST(long_ids_and_addresses_are_refused)
{
	static char path[20000] = "/api/orders/";
	size_t at = strlen(path);

	memset(path + at, 'x', 1024);
	ck_assert_int_eq(parse(path), ERR_OK);
	memset(path + at, 'x', 1025);
	ck_assert_int_eq(parse(path), ERR_INVALID_PARAMETER);
	memset(path + at, 'x', 17000);
	ck_assert_int_eq(parse(path), ERR_TOO_LARGE);
}
END_TEST

START_TEST(every_malformed_parameter_is_listed_and_the_good_ones_stay)
{
	ck_assert_int_eq(parse("/x?a=%zz&b=1&c=%00&%=2&d%00=3"), ERR_OK);
	ck_assert_uint_eq(errors.count, 4);
	ck_assert_str_eq(errors.list[0].field, "a");
	ck_assert_str_eq(errors.list[1].field, "c");
	ck_assert_str_eq(errors.list[2].field, "%");
	ck_assert_str_eq(errors.list[3].field, "d%00");
	ck_assert_uint_eq(r.param_count, 1);
	ck_assert(str_is(r.params[0].name, "b"));
	ck_assert_int_eq(request_params_fault(&errors), ERR_INVALID_PARAMETER);
}
END_TEST

START_TEST(more_than_64_parameters_are_refused)
{
	char uri[600] = "/x?";

	for (int i = 0; i < 64; i++)
		(void)strcat(uri, "a=1&");
	ck_assert_int_eq(parse(uri), ERR_OK);
	ck_assert_uint_eq(errors.count, 0);
	ck_assert_uint_eq(r.param_count, 64);
	(void)strcat(uri, "b=1&c=2");
	ck_assert_int_eq(parse(uri), ERR_OK);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_uint_eq(r.param_count, 64);
}
END_TEST

START_TEST(content_length_must_be_the_bodys)
{
	char *envp[] = { (char *)"REQUEST_URI=/x", uri_text, NULL };
	static const struct { const char *length; enum err want; } cases[] = {
		{ "4", ERR_OK }, { "", ERR_OK }, { "3", ERR_INVALID_BODY }, { "5", ERR_INVALID_BODY },
		{ "-4", ERR_INVALID_BODY }, { "4x", ERR_INVALID_BODY },
		{ "18446744073709551620", ERR_INVALID_BODY }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(uri_text, sizeof(uri_text), "CONTENT_LENGTH=%s", cases[i].length);
		ck_assert_msg(request_parse(&r, envp, STR("body"), ERR_OK, &errors) ==
		    cases[i].want, "%s", cases[i].length);
	}
	ck_assert_int_eq(request_parse(&r, envp, STR(""), ERR_TOO_LARGE, &errors), ERR_TOO_LARGE);
}
END_TEST

START_TEST(only_harmless_request_ids_are_kept)
{
	char *envp[] = { (char *)"REQUEST_URI=/x", uri_text, NULL };

	(void)strcpy(uri_text, "REQUEST_ID=Ab-1_2.3");
	ck_assert_int_eq(request_parse(&r, envp, STR(""), ERR_OK, &errors), ERR_OK);
	ck_assert_str_eq(r.id, "Ab-1_2.3");
	(void)strcpy(uri_text, "REQUEST_ID=a\r\nSet-Cookie: x");
	ck_assert_int_eq(request_parse(&r, envp, STR(""), ERR_OK, &errors), ERR_OK);
	ck_assert_str_eq(r.id, "");
}
END_TEST

START_TEST(json_is_announced_as_such)
{
	static const struct { const char *type; enum err want; } cases[] = {
		{ "application/json", ERR_OK }, { "Application/JSON ; charset=UTF-8", ERR_OK },
		{ "application/json;charset=\"utf-8\"", ERR_OK },
		{ "application/json; charset=latin1", ERR_UNSUPPORTED_MEDIA_TYPE },
		{ "text/plain", ERR_UNSUPPORTED_MEDIA_TYPE }, { "", ERR_UNSUPPORTED_MEDIA_TYPE },
		{ "application/jsonx", ERR_UNSUPPORTED_MEDIA_TYPE }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r.content_type = str_of(cases[i].type);
		ck_assert_msg(request_check_json(&r) == cases[i].want, "%s", cases[i].type);
	}
	r.content_type = (struct str){ NULL, 0 };
	ck_assert_int_eq(request_check_json(&r), ERR_UNSUPPORTED_MEDIA_TYPE);
}
END_TEST

START_TEST(the_headers_of_changes_are_read)
{
	char *envp[] = { (char *)"REQUEST_METHOD=DELETE", (char *)"REQUEST_URI=/x",
	    (char *)"HTTP_IDEMPOTENCY_KEY=\"k 1\"", (char *)"HTTP_PREFER=wait=3",
	    (char *)"HTTP_IF_MATCH=*", NULL };
	char *none[] = { (char *)"REQUEST_METHOD=DELETE", (char *)"REQUEST_URI=/x", NULL };

	ck_assert_int_eq(request_parse(&r, envp, STR(""), ERR_OK, &errors), ERR_OK);
	ck_assert_int_eq(r.method, METHOD_DELETE);
	ck_assert(str_is(r.idempotency_key, "\"k 1\"") && str_is(r.prefer, "wait=3") && str_is(r.if_match, "*"));
	ck_assert_int_eq(request_parse(&r, none, STR(""), ERR_OK, &errors), ERR_OK);
	ck_assert(r.idempotency_key.ptr == NULL && r.prefer.ptr == NULL && r.if_match.ptr == NULL);
}
END_TEST

START_TEST(a_preference_is_a_word_of_a_list)
{
	static const char *const yes[] = { "respond-async", " Respond-Async ", "wait=5, respond-async",
	    "respond-async;x=\"a,b\", return=minimal", "a=\"q\\\",\", respond-async", ",,respond-async,", "x;y=1,respond-async" };
	static const char *const no[] = { "", ",", "respond", "respond-async-x", "respond-async=1", "\"respond-async\"",
	    "a=\"x, respond-async\"", "a=\"x\\\", respond-async", "wait=5;respond-async" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		r.prefer = str_of(yes[i]);
		ck_assert_msg(request_prefers_async(&r), "%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		r.prefer = str_of(no[i]);
		ck_assert_msg(!request_prefers_async(&r), "%s", no[i]);
	}
	r.prefer = (struct str){ NULL, 0 };
	ck_assert(!request_prefers_async(&r));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");

	tcase_add_test(t, a_path_is_split_and_then_decoded_once);
	tcase_add_test(t, a_query_is_taken_from_the_address_or_its_own_parameter);
	tcase_add_test(t, impossible_paths_are_not_found);
	tcase_add_test(t, ids_that_are_not_text_are_refused);
	tcase_add_test(t, long_ids_and_addresses_are_refused);
	tcase_add_test(t, every_malformed_parameter_is_listed_and_the_good_ones_stay);
	tcase_add_test(t, more_than_64_parameters_are_refused);
	tcase_add_test(t, content_length_must_be_the_bodys);
	tcase_add_test(t, only_harmless_request_ids_are_kept);
	tcase_add_test(t, json_is_announced_as_such);
	tcase_add_test(t, the_headers_of_changes_are_read);
	tcase_add_test(t, a_preference_is_a_word_of_a_list);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}
