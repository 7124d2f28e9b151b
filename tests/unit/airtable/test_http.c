#include <zlib.h>

#include "common/base/log.h"
#include "common/base/version.h"
#include "syncd/airtable/http.h"
#include "tests/lib/canned_server.h"
#include "tests/lib/support.h"

static uv_loop_t loop;
static struct canned_server server;
static struct http *http;
static char url[100];
static int64_t limit_ms;	/* what a request may take */

struct seen {
	int			 sent;
	int			 done;
	struct http_answer	 answer;	/* its pointers are not valid */
	struct buf		 body;
	char			 content_type[80];
};

static void
on_sent(void *cookie)
{
	struct seen *s = cookie;

	ck_assert_int_eq(s->done, 0);
	s->sent++;
}

static void
on_done(void *cookie, const struct http_answer *a)
{
	struct seen *s = cookie;

	s->done++;
	s->answer = *a;
	buf_add_str(&s->body, a->body);
	(void)snprintf(s->content_type, sizeof(s->content_type), "%s", a->content_type);
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test_http", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	limit_ms = 20000;
	canned_start(&server, &loop);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/a/../b?c", server.port);
	ck_assert_ptr_nonnull(http = http_new(&loop));
}

static void
teardown(void)
{
	http_free(http);
	canned_stop(&server);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static struct http_request *
start(struct seen *s, const char *method, const char *to, const char *json)
{
	struct http_call call = {
		.method = method, .url = to, .token = "secret", .json = str_of(json),
		.timeout_ms = limit_ms, .connect_timeout_ms = limit_ms
	};
	struct http_request *r = http_start(http, &call, on_sent, on_done, s);

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(s->sent + s->done, 0);
	return r;
}

static void
get(struct seen *s)
{
	(void)start(s, "GET", url, NULL);
	ck_assert(canned_run(&loop, &s->done, 1, 5000));
	ck_assert_int_eq(s->done, 1);
}

#define ck_assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

START_TEST(an_answer_has_its_status_body_and_headers)
{
	struct seen s = { 0 };

	canned_http(&server, 418, "Content-Type: text/teapot\r\nRetry-After: 12\r\n"
	    "Date: Sat, 21 Nov 2026 03:31:00 GMT\r\n", "short", 5);
	get(&s);
	ck_assert_int_eq(s.sent, 1);
	ck_assert_int_eq(s.answer.outcome, HTTP_ANSWERED);
	ck_assert(s.answer.complete);
	ck_assert_int_eq(s.answer.status, 418);
	ck_assert_str_eq(buf_cstr(&s.body), "short");
	ck_assert_str_eq(s.content_type, "text/teapot");
	ck_assert_int_eq(s.answer.retry_after_ms, 12000);
	ck_assert_int_eq(s.answer.date_ms, INT64_C(1795231860000));
	ck_assert_str_eq(s.answer.problem, "");
	buf_free(&s.body);
}
END_TEST

START_TEST(without_those_headers_they_are_empty)
{
	struct seen s = { 0 };

	canned_http(&server, 200, "Date: gibberish\r\nRetry-After: soon\r\n", "", 0);
	get(&s);
	ck_assert_str_eq(s.content_type, "");
	ck_assert_int_eq(s.answer.retry_after_ms, 0);
	ck_assert_int_eq(s.answer.date_ms, 0);
}
END_TEST

START_TEST(a_get_says_who_asks_and_leaves_the_path_alone)
{
	struct seen s = { 0 };

	canned_http(&server, 200, "", "", 0);
	get(&s);
	ck_assert_has(server.requests[0].text, "GET /a/../b?c HTTP/1.1\r\n");
	ck_assert_has(server.requests[0].text, "Authorization: Bearer secret\r\n");
	ck_assert_has(server.requests[0].text, "User-Agent: orderdeck/" ORDERDECK_VERSION "\r\n");
	ck_assert_has(server.requests[0].text, "gzip");
}
END_TEST

START_TEST(a_patch_carries_its_body_at_once)
{
	struct seen s = { 0 };

	canned_http(&server, 200, "", "", 0);
	(void)start(&s, "PATCH", url, "{\"a\":1}");
	ck_assert(canned_run(&loop, &s.done, 1, 5000));
	ck_assert_has(server.requests[0].text, "PATCH /a/../b?c HTTP/1.1\r\n");
	ck_assert_has(server.requests[0].text, "Content-Type: application/json\r\n");
	ck_assert_has(server.requests[0].text, "\r\n\r\n{\"a\":1}");
	ck_assert_ptr_null(strstr(server.requests[0].text, "Expect"));
}
END_TEST

START_TEST(connections_are_kept)
{
	struct seen s[3] = { 0 };

	canned_http(&server, 200, "", "x", 1);
	for (int i = 0; i < 3; i++) {
		get(&s[i]);
		buf_free(&s[i].body);
	}
	ck_assert_int_eq(server.connections, 1);
}
END_TEST

START_TEST(a_redirect_is_an_answer_and_not_followed)
{
	struct seen s = { 0 };
	char header[200];

	(void)snprintf(header, sizeof(header), "Location: %s\r\n", url);
	canned_http(&server, 302, header, "", 0);
	get(&s);
	ck_assert_int_eq(s.answer.status, 302);
	ck_assert_uint_eq(server.request_count, 1);
}
END_TEST

START_TEST(other_protocols_are_refused)
{
	struct seen s = { 0 };

	(void)start(&s, "GET", "file:///etc/passwd", NULL);
	ck_assert(canned_run(&loop, &s.done, 1, 5000));
	ck_assert_int_eq(s.answer.outcome, HTTP_NEVER_SENT);
	ck_assert_uint_eq(s.body.len, 0);
	ck_assert_str_ne(s.answer.problem, "");
}
END_TEST

START_TEST(plain_http_ignores_proxies_of_the_environment)
{
	struct seen s = { 0 };

	ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
	canned_http(&server, 200, "", "", 0);
	get(&s);
	ck_assert_int_eq(s.answer.status, 200);
}
END_TEST

START_TEST(a_refused_connection_was_never_sent)
{
	struct seen s = { 0 };

	(void)start(&s, "GET", "http://127.0.0.1:1/", NULL);
	ck_assert(canned_run(&loop, &s.done, 1, 5000));
	ck_assert_int_eq(s.sent, 0);
	ck_assert_int_eq(s.answer.outcome, HTTP_NEVER_SENT);
	ck_assert(!s.answer.timed_out);
	ck_assert_str_ne(s.answer.problem, "");
}
END_TEST

START_TEST(a_tls_handshake_that_hangs_was_never_sent)
{
	struct seen s = { 0 };

	limit_ms = patience(300);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/", server.port);
	get(&s);
	ck_assert_int_eq(s.sent, 0);
	ck_assert_int_eq(s.answer.outcome, HTTP_NEVER_SENT);
	ck_assert(s.answer.timed_out);
}
END_TEST

START_TEST(silence_is_a_time_out_without_answer)
{
	struct seen s = { 0 };

	limit_ms = patience(300);
	canned_raw(&server, "", 0)->hang = true;
	get(&s);
	ck_assert_int_eq(s.sent, 1);
	ck_assert_int_eq(s.answer.outcome, HTTP_NO_ANSWER);
	ck_assert(s.answer.timed_out);
}
END_TEST

START_TEST(a_body_that_drips_is_cut_at_the_time_out)
{
	static char body[2000];	/* 40 s of drops */
	struct seen s = { 0 };
	int64_t began = instant_monotonic();

	limit_ms = patience(300);
	memset(body, 'x', sizeof(body));
	canned_http(&server, 200, "", body, sizeof(body))->drip = true;
	get(&s);
	ck_assert(s.answer.timed_out);
	ck_assert(!s.answer.complete);
	ck_assert_int_lt(instant_monotonic() - began, patience(1500));
	buf_free(&s.body);
}
END_TEST

START_TEST(garbage_is_no_answer)
{
	struct seen s = { 0 };

	canned_raw(&server, "\x16\x03 what?\r\n\r\n", 13)->cut = true;
	get(&s);
	ck_assert_int_eq(s.answer.outcome, HTTP_NO_ANSWER);
	ck_assert_int_eq(s.answer.status, 0);
	buf_free(&s.body);
}
END_TEST

START_TEST(a_cut_body_is_an_incomplete_answer)
{
	struct seen s = { 0 };

	canned_raw(&server, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", 44)->cut = true;
	get(&s);
	ck_assert_int_eq(s.answer.outcome, HTTP_ANSWERED);
	ck_assert_int_eq(s.answer.status, 200);
	ck_assert(!s.answer.complete);
	ck_assert(!s.answer.unreadable);
	ck_assert_str_ne(s.answer.problem, "");
	buf_free(&s.body);
}
END_TEST

START_TEST(a_request_is_not_repeated_when_a_kept_connection_dies)
{
	struct seen s[3] = { 0 };

	canned_http(&server, 200, "", "", 0);
	canned_raw(&server, "", 0)->cut = true;
	canned_http(&server, 200, "", "", 0);
	for (int i = 0; i < 3; i++)
		get(&s[i]);
	ck_assert_int_eq(s[1].sent, 1);
	ck_assert_int_eq(s[1].answer.outcome, HTTP_NO_ANSWER);
	ck_assert(!s[1].answer.timed_out);
	ck_assert_str_ne(s[1].answer.problem, "");
	ck_assert_int_eq(s[2].answer.status, 200);
	ck_assert_uint_eq(server.request_count, 3);
}
END_TEST

/* The other side ends it without sending anything (0), or after garbage (1); or it never answers (2). */
START_TEST(a_request_without_an_answer_says_which_side_ended_it)
{
	struct seen s = { 0 };

	limit_ms = patience(_i == 2 ? 300 : 5000);
	if (_i == 2)
		canned_raw(&server, "", 0)->hang = true;
	else
		canned_raw(&server, "\x16\x03 what?\r\n\r\n", _i == 0 ? 0 : 13)->cut = true;
	(void)start(&s, "PATCH", url, "{\"a\":1}");
	ck_assert(canned_run(&loop, &s.done, 1, 9000));
	ck_assert_int_eq(s.answer.outcome, HTTP_NO_ANSWER);
	ck_assert_int_eq(s.answer.ended, _i < 2);
	ck_assert(!s.answer.unfinished);	/* all of it has left */
	buf_free(&s.body);
}
END_TEST

/* The other side hangs up (0), or stops reading (1): more has to be sent than buffers hold. */
START_TEST(a_request_that_was_cut_while_it_was_sent_is_reported_so)
{
	static char json[32 * 1024 * 1024];
	struct seen s = { 0 };

	limit_ms = patience(_i == 0 ? 9000 : 500);
	memset(json, ' ', sizeof(json) - 1);
	server.deaf = _i == 0 ? CANNED_HANGS_UP : CANNED_READS_NOTHING;
	(void)start(&s, "PATCH", url, json);
	ck_assert(canned_run(&loop, &s.done, 1, 10000));
	ck_assert_int_eq(s.sent, 1);
	ck_assert_int_eq(s.answer.outcome, HTTP_NO_ANSWER);
	ck_assert(s.answer.unfinished);
	ck_assert_int_eq(s.answer.ended, _i == 0);
	buf_free(&s.body);
}
END_TEST

/* ${bytes} zeros as gzip, which is about a thousandth of the size. */
static void
answer_packed(size_t bytes)
{
	static unsigned char zeros[65536], packed[65536];
	z_stream z = { 0 };

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	for (size_t done = 0; done < bytes; done += sizeof(zeros)) {
		z.next_in = zeros;
		z.avail_in = sizeof(zeros);
		ck_assert_int_eq(deflate(&z, Z_NO_FLUSH), Z_OK);
	}
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	canned_http(&server, 200, "Content-Encoding: gzip\r\n", (char *)packed, z.total_out);
	(void)deflateEnd(&z);
}

START_TEST(an_answer_may_unpack_to_16_mib_and_no_more)
{
	struct seen s[2] = { 0 };

	answer_packed(HTTP_ANSWER_MAX);
	answer_packed(HTTP_ANSWER_MAX + 65536);
	get(&s[0]);
	ck_assert(s[0].answer.complete);
	ck_assert_uint_eq(s[0].body.len, HTTP_ANSWER_MAX);
	get(&s[1]);
	ck_assert(!s[1].answer.complete);
	ck_assert(s[1].answer.unreadable);
	ck_assert_has(s[1].answer.problem, "16 MiB");
	buf_free(&s[0].body);
	buf_free(&s[1].body);
}
END_TEST

START_TEST(many_requests_at_once_all_get_their_answers)
{
	struct seen s[40] = { 0 };

	canned_http(&server, 200, "", "x", 1)->delay_ms = 20;
	for (int i = 0; i < 40; i++)
		(void)start(&s[i], "GET", url, NULL);
	for (int i = 0; i < 40; i++) {
		ck_assert(canned_run(&loop, &s[i].done, 1, 5000));
		ck_assert_int_eq(s[i].answer.status, 200);
		buf_free(&s[i].body);
	}
	ck_assert_uint_eq(server.request_count, 40);
}
END_TEST

START_TEST(a_cancelled_request_is_silent)
{
	struct seen s[2] = { 0 };
	int never = 0;

	canned_http(&server, 200, "", "", 0)->delay_ms = 50;
	http_cancel(start(&s[0], "GET", url, NULL));
	{
		struct http_request *r = start(&s[1], "GET", url, NULL);

		ck_assert(canned_run(&loop, &s[1].sent, 1, 1000));
		http_cancel(r);
	}
	ck_assert(!canned_run(&loop, &never, 1, 150));
	ck_assert_int_eq(s[0].sent + s[0].done + s[1].done, 0);
}
END_TEST

static Suite *
http_suite(void)
{
	Suite *suite = suite_create("http");
	TCase *t = tcase_create("requests");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, an_answer_has_its_status_body_and_headers);
	tcase_add_test(t, without_those_headers_they_are_empty);
	tcase_add_test(t, a_get_says_who_asks_and_leaves_the_path_alone);
	tcase_add_test(t, a_patch_carries_its_body_at_once);
	tcase_add_test(t, connections_are_kept);
	tcase_add_test(t, a_redirect_is_an_answer_and_not_followed);
	tcase_add_test(t, other_protocols_are_refused);
	tcase_add_test(t, plain_http_ignores_proxies_of_the_environment);
	tcase_add_test(t, a_refused_connection_was_never_sent);
	tcase_add_test(t, a_tls_handshake_that_hangs_was_never_sent);
	tcase_add_test(t, silence_is_a_time_out_without_answer);
	tcase_add_test(t, a_body_that_drips_is_cut_at_the_time_out);
	tcase_add_test(t, garbage_is_no_answer);
	tcase_add_test(t, a_cut_body_is_an_incomplete_answer);
	tcase_add_loop_test(t, a_request_without_an_answer_says_which_side_ended_it, 0, 3);
	tcase_add_loop_test(t, a_request_that_was_cut_while_it_was_sent_is_reported_so, 0, 2);
	tcase_add_test(t, a_request_is_not_repeated_when_a_kept_connection_dies);
	tcase_add_test(t, an_answer_may_unpack_to_16_mib_and_no_more);
	tcase_add_test(t, many_requests_at_once_all_get_their_answers);
	tcase_add_test(t, a_cancelled_request_is_silent);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(http_suite());
}
