#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi-api/http/etag.h"
#include "fcgi-api/http/problem.h"
#include "fcgi-api/http/response.h"
#include "fcgi-api/rows/csv.h"
#include "tests/lib/support.h"

static struct response r;

static void
setup(void)
{
	response_init(&r);
	response_begin(&r, false);
}

static void
teardown(void)
{
	response_free(&r);
}

static void
expect(const char *want_head, const char *want_body)
{
	struct str head, body;

	ck_assert_int_eq(response_finish(&r, &head, &body), ERR_OK);
	ck_assert_msg(str_is(head, want_head), "%.*s", STR_FMT(head));
	ck_assert_msg(str_is(body, want_body), "%.*s", STR_FMT(body));
}

START_TEST(an_answer_has_status_headers_length_and_body)
{
	r.type = "application/json";
	response_header_uint(&r, "X-N", UINT64_MAX);
	buf_add_cstr(&r.own, "{}");
	expect("X-N: 18446744073709551615\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n", "{}");
}
END_TEST

/* Is ${word} in a list like "a, b, c"? */
static bool
lists(const char *list, const char *end, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at < end; at += strcspn(at, ",]") + 2)
		if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == ']'))
			return true;
	return false;
}

/* nginx's own problems are in its configuration. */
static bool
said_by_nginx(const char *nginx, const char *word, size_t len)
{
	char text[100];

	(void)snprintf(text, sizeof(text), "\"code\":\"%.*s\"", (int)len, word);
	return strstr(nginx, text) != NULL;
}

START_TEST(the_codes_of_problems_are_those_that_the_description_lists)
{
	char *yaml = source_file("openapi.yaml"), *nginx = source_file("nginx/orders.conf.in");
	const char *list = strstr(yaml, "examples: [invalid_parameter, "), *end;

	ck_assert_ptr_nonnull(list);
	list += strlen("examples: [");
	end = strchr(list, ']');
	for (int e = ERR_OK + 1; e < ERR__COUNT; e++)
		ck_assert_msg(lists(list, end, problem_code((enum err)e)), "%s is not listed",
		    problem_code((enum err)e));
	for (const char *at = nginx; (at = strstr(at, "\"code\":\"")) != NULL; at++) {
		char word[64];

		ck_assert_int_eq(sscanf(at, "\"code\":\"%63[a-z_]", word), 1);
		ck_assert_msg(lists(list, end, word), "%s is not listed", word);
	}
	/* and no code is listed that is never used */
	for (const char *at = list; at < end; at += strcspn(at, ",]") + 2) {
		size_t n = strcspn(at, ",]");
		bool said = said_by_nginx(nginx, at, n);

		for (int e = ERR_OK + 1; e < ERR__COUNT && !said; e++)
			said = strlen(problem_code((enum err)e)) == n &&
			    memcmp(problem_code((enum err)e), at, n) == 0;
		ck_assert_msg(said, "%.*s is never said", (int)n, at);
	}
	free(yaml);
	free(nginx);
}
END_TEST

START_TEST(internal_errors_are_answered_with_a_public_code)
{
	static const struct { enum err e; const char *code; int status; } cases[] = {
		{ ERR_NOMEM, "internal_error", 500 }, { ERR_IO, "internal_error", 500 },
		{ ERR_STORE_CORRUPT, "internal_error", 500 }, { ERR_INTERNAL, "internal_error", 500 },
		{ ERR_STORE_VERSION, "store_unavailable", 503 }, { ERR_STORE_READERS, "store_unavailable", 503 },
		{ ERR_STORE_LOCKED, "store_unavailable", 503 }, { ERR__COUNT, "internal_error", 500 },
		{ ERR_AIRTABLE_QUOTA, "airtable_quota_exceeded", 503 },
		{ ERR_AIRTABLE_RATE_LIMITED, "airtable_rate_limited", 503 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_str_eq(problem_code(cases[i].e), cases[i].code);
		ck_assert_int_eq(problem_status(cases[i].e), cases[i].status);
	}
	problem_answer(&r, ERR_STORE_VERSION, NULL, NULL);
	expect("Status: 503 Service Unavailable\r\nCache-Control: no-store\r\n"
	    "Content-Type: application/problem+json\r\nContent-Length: 140\r\n\r\n",
	    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"the store has "
	    "another format version\",\"code\":\"store_unavailable\"}");
}
END_TEST

START_TEST(a_head_request_gets_the_length_without_the_body)
{
	response_begin(&r, true);
	response_body(&r, "text/plain", STR("hello"));
	expect("Content-Type: text/plain\r\nContent-Length: 5\r\n\r\n", "");
}
END_TEST

START_TEST(a_matching_tag_gives_304_without_body_or_length)
{
	ck_assert(response_validators(&r, STR("\"g1\", W/\"g2\""), STR("\"g2\""), 2));
	expect("Status: 304 Not Modified\r\nETag: \"g2\"\r\n"
	    "Cache-Control: no-cache\r\nX-Generation: 2\r\n\r\n", "");
}
END_TEST

START_TEST(generation_zero_is_a_generation)
{
	ck_assert(!response_validators(&r, (struct str){ NULL, 0 }, STR("\"g0\""), 0));
	expect("ETag: \"g0\"\r\n"
	    "Cache-Control: no-cache\r\nX-Generation: 0\r\nContent-Length: 0\r\n\r\n", "");
}
END_TEST

START_TEST(a_problem_replaces_what_was_composed)
{
	struct field_errors errors = { .count = 0 };

	field_errors_add(&errors, STR("a\"b"), "bad %d", 1);
	response_header(&r, "ETag", STR("\"x\""));
	buf_add_cstr(&r.own, "half a body");
	problem_answer(&r, ERR_INVALID_PARAMETER, "no \xff good", &errors);
	expect("Status: 400 Bad Request\r\nCache-Control: no-store\r\n"
	    "Content-Type: application/problem+json\r\nContent-Length: 153\r\n\r\n",
	    "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
	    "\"detail\":\"no \xef\xbf\xbd good\",\"code\":\"invalid_parameter\","
	    "\"errors\":[{\"field\":\"a\\\"b\",\"message\":\"bad 1\"}]}");
}
END_TEST

START_TEST(every_error_has_a_status_with_a_reason_phrase)
{
	for (int e = ERR_INTERNAL; e < ERR__COUNT; e++) {
		int status = problem_status((enum err)e);

		ck_assert_msg(status >= 400 && status <= 599, "%s", err_code((enum err)e));
		ck_assert_str_ne(status_text(status), "");
	}
}
END_TEST

START_TEST(a_body_that_failed_to_compose_is_no_answer)
{
	struct str head, body;

	r.own.limit = 4;
	buf_add_cstr(&r.own, "too long");
	ck_assert_int_eq(response_finish(&r, &head, &body), ERR_TOO_LARGE);
	r.own.limit = 0;
	problem_answer(&r, ERR_INTERNAL, NULL, NULL);
	ck_assert_int_eq(response_finish(&r, &head, &body), ERR_OK);
	ck_assert_ptr_eq(strstr(buf_cstr(&r.head), "Status: 500 "), r.head.data);
	ck_assert_ptr_eq(strstr(buf_cstr(&r.head) + 1, "Status: "), NULL);
}
END_TEST

START_TEST(tags_are_compared_weakly_in_a_list)
{
	ck_assert(etag_listed(STR("*"), STR("\"a\"")));
	ck_assert(etag_listed(STR(" W/\"a\""), STR("\"a\"")));
	ck_assert(etag_listed(STR("\"x,y\" ,\"a\""), STR("\"a\"")));
	ck_assert(!etag_listed(STR("\"ab\""), STR("\"a\"")));
	ck_assert(!etag_listed(STR("a"), STR("\"a\"")));
	ck_assert(!etag_listed(STR("\"b\" \"a\""), STR("\"a\"")));
	ck_assert(!etag_listed(STR("\"a"), STR("\"a\"")));
	ck_assert(!etag_listed(STR(""), STR("\"a\"")));
	ck_assert(etag_listed(STR(", \"b\",, W/\"a\" ,"), STR("\"a\"")));
	ck_assert(etag_listed(STR(" * "), STR("\"a\"")));
	ck_assert(!etag_listed(STR("*a"), STR("\"a\"")));
	ck_assert(!etag_listed(STR("*, \"b\""), STR("\"a\"")));
}
END_TEST

START_TEST(if_match_is_a_list_of_versions)
{
	static const char *const bad[] = { "", " ", ",", "v1", "**", "W/*", "*,\"v7\"", "\"v7\",*", "\"v7", "\"v7\" \"v8\"",
	    "\"v7\";\"v8\"", "w/\"v7\"", "\"v7\",v8" };
	static const char *const others[] = { "\"1\"", "\"v\"", "\"v0\"", "\"v01\"", "\"v7x\"", "\"v-7\"", "\"\"",
	    "\"v99999999999999999\"", "\"v9007199254740991\"", "\"v7-\"", "\"v7-p\"", "\"v7-p0\"",
	    "\"v7-p9x\"", "\"v7-gz\"", "\"v7p9\"", "\"v-p9\"", "\"g7\", W/\"h\"" };
	static const struct { const char *header; uint64_t v; } held[] = {
		{ "\"v1042\"", 1042 }, { "W/\"v7\" ", 7 }, { "\"v41-p1043\"", 41 }, { "*", 0 }, { " * ", 0 },
		{ "\"v6\", \"v7\"", 7 }, { "\"v7\",\"v1042\"", 7 }, { ", \"v7\" ,, \"x,*\",", 7 },
		{ "\"v1\",W/\"v3-p8\",\"v2\"", 3 }, { "\"g\",\"v9\",\"v7-p8\"", 7 }
	};
	uint64_t v = 9;

	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		ck_assert_msg(etag_version(str_of(held[i].header), 7, &v) == ERR_OK, "%s", held[i].header);
		ck_assert_msg(v == held[i].v, "%s: %llu", held[i].header, (unsigned long long)v);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_msg(etag_version(str_of(others[i]), 7, &v) == ERR_OK, "%s", others[i]);
		ck_assert_msg(v == ETAG_NEVER, "%s: %llu", others[i], (unsigned long long)v);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(etag_version(str_of(bad[i]), 7, &v) != ERR_OK, "%s", bad[i]);
}
END_TEST

START_TEST(an_order_with_pending_changes_has_a_tag_of_its_own)
{
	struct etag tag;

	ck_assert(str_is(etag_of_row(&tag, 7, 0), "\"v7\""));
	ck_assert(str_is(etag_of_row(&tag, 7, 9), "\"v7-p9\""));
	ck_assert(str_is(etag_of_row(&tag, UINT64_MAX, UINT64_MAX),
	    "\"v18446744073709551615-p18446744073709551615\""));
}
END_TEST

START_TEST(gzip_is_used_when_it_is_accepted)
{
	static const char *const yes[] = { "gzip", "deflate, GZIP;q=0.5", "*", "br, *;q=0.1",
	    "gzip;q=1.0, identity;q=0.5", "gzip ;q=1.000", "identity;q=0, x-gzip" };
	static const char *const no[] = { "", "br", "gzip;q=0", "gzip;q=0.000, *", "identity, gzip;q=0.5",
	    "gzipx", "gzip;x=1", "*;q=0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(accepts_gzip(str_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!accepts_gzip(str_of(no[i])), "%s", no[i]);
}
END_TEST

START_TEST(csv_cells_are_quoted_and_defused)
{
	static const struct { const char *text, *cell; } cases[] = {
		{ "plain", "plain" }, { "", "" }, { "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
		{ "a\r\nb", "\"a\r\nb\"" }, { "=1+1", "'=1+1" }, { "+1", "'+1" }, { "-1", "'-1" },
		{ "@x", "'@x" }, { "\tx", "\"'\tx\"" }, { "a;b", "\"a;b\"" }, { "\rx", "\"'\rx\"" },
		{ "=HYPERLINK(\"a\",1)", "\"'=HYPERLINK(\"\"a\"\",1)\"" }, { " x", "\" x\"" }, { "a=1", "a=1" }
	};
	struct buf b = { .data = NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&b);
		csv_add_text(&b, str_of(cases[i].text));
		ck_assert_str_eq(buf_cstr(&b), cases[i].cell);
	}
	buf_free(&b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("response");
	TCase *t = tcase_create("response");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_codes_of_problems_are_those_that_the_description_lists);
	tcase_add_test(t, internal_errors_are_answered_with_a_public_code);
	tcase_add_test(t, an_answer_has_status_headers_length_and_body);
	tcase_add_test(t, a_head_request_gets_the_length_without_the_body);
	tcase_add_test(t, a_matching_tag_gives_304_without_body_or_length);
	tcase_add_test(t, generation_zero_is_a_generation);
	tcase_add_test(t, a_problem_replaces_what_was_composed);
	tcase_add_test(t, every_error_has_a_status_with_a_reason_phrase);
	tcase_add_test(t, a_body_that_failed_to_compose_is_no_answer);
	tcase_add_test(t, tags_are_compared_weakly_in_a_list);
	tcase_add_test(t, if_match_is_a_list_of_versions);
	tcase_add_test(t, an_order_with_pending_changes_has_a_tag_of_its_own);
	tcase_add_test(t, gzip_is_used_when_it_is_accepted);
	tcase_add_test(t, csv_cells_are_quoted_and_defused);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}
