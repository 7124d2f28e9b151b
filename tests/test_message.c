#include <stdlib.h>

#include "common/message.h"
#include "tests/support.h"

#define HEAD	"{\"v\":1,\"id\":7,\"type\":"

static struct message_request request;
static struct message_reply reply;
static struct buf body;
static char why[128];

static enum err
ask(const char *line)
{
	return message_parse_request(str_of(line), &orders_schema, &request, why);
}

static enum err
answer(const char *line)
{
	return message_parse_reply(str_of(line), &reply, &body);
}

START_TEST(a_patch_is_read)
{
	ck_assert_int_eq(ask(HEAD "\"patch\",\"requestId\":\"ab12\",\"record\":\"rec1\",\"version\":42,"
	    "\"fields\":{\"status\":\"Shipped\",\"priority\":null},\"timeoutMs\":20000}"), ERR_OK);
	ck_assert_uint_eq(request.id, 7);
	ck_assert_int_eq(request.type, MESSAGE_PATCH);
	ck_assert_str_eq(request.request_id, "ab12");
	ck_assert_str_eq(request.record, "rec1");
	ck_assert_uint_eq(request.version, 42);
	ck_assert_uint_eq(request.known, 1u << ORDER_STATUS | 1u << ORDER_PRIORITY);
	ck_assert(request.values[ORDER_STATUS].present);
	ck_assert_str_eq(request.values[ORDER_STATUS].text, "Shipped");
	ck_assert(!request.values[ORDER_PRIORITY].present);
	ck_assert_int_eq(request.timeout_ms, 20000);
}
END_TEST

START_TEST(a_sync_and_a_status_are_read)
{
	ck_assert_int_eq(ask(HEAD "\"sync\",\"full\":true,\"acceptShrink\":true,\"waitMs\":25000}"), ERR_OK);
	ck_assert_int_eq(request.type, MESSAGE_SYNC);
	ck_assert(request.full && request.accept_shrink);
	ck_assert_int_eq(request.wait_ms, 25000);
	ck_assert_int_eq(ask(" { \"v\" : 1 , \"id\" : 9007199254740991 , \"type\" : \"status\" } "), ERR_OK);
	ck_assert_int_eq(request.type, MESSAGE_STATUS);
	ck_assert_uint_eq(request.id, MESSAGE_NUMBER_MAX);
	ck_assert_str_eq(request.request_id, "");
	ck_assert(!request.full);
}
END_TEST

static const struct { const char *line, *why; } bad_requests[] = {
	{ "", "not a JSON object" },
	{ "null", "not a JSON object" },
	{ "[]", "not a JSON object" },
	{ "{", "not a JSON object" },
	{ HEAD "\"status\"} x", "not a JSON object" },
	{ HEAD "\"status\"}{}", "not a JSON object" },
	{ "\xef\xbb\xbf" HEAD "\"status\"}", "not a JSON object" },
	{ HEAD "\"status\",\"requestId\":\"\xff\"}", "not UTF-8" },
	{ HEAD "\"status\",\"requestId\":\"a\\u0000b\"}", "\\u0000" },
	{ HEAD "\"status\",\"requestId\":\"a\tb\"}", "a control character" },
	{ "{\"id\":7,\"type\":\"status\"}", "no \"v\"" },
	{ "{\"v\":1,\"type\":\"status\"}", "no \"id\"" },
	{ "{\"v\":1,\"id\":7}", "no \"type\"" },
	{ "{\"v\":2,\"id\":7,\"type\":\"status\"}", "not version 1 of the protocol" },
	{ "{\"v\":\"1\",\"id\":7,\"type\":\"status\"}", "not version 1 of the protocol" },
	{ "{\"v\":1,\"id\":\"7\",\"type\":\"status\"}", "\"id\" is no number" },
	{ "{\"v\":1,\"id\":-1,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":1,\"id\":1.5,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":1,\"id\":9007199254740992,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":1,\"id\":1e999,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ HEAD "1}", "\"type\" is no string" },
	{ HEAD "\"stop\"}", "unknown type \"stop\"" },
	{ HEAD "\"Status\"}", "unknown type \"Status\"" },
	{ HEAD "\"status\",\"id\":8}", "\"id\" twice" },
	{ HEAD "\"status\",\"v\":1}", "\"v\" twice" },
	{ HEAD "\"status\",\"extra\":1}", "unknown member \"extra\"" },
	{ HEAD "\"status\",\"full\":true}", "unknown member \"full\"" },
	{ HEAD "\"sync\",\"record\":\"rec1\"}", "unknown member \"record\"" },
	{ HEAD "\"sync\",\"full\":1}", "\"full\" is neither true nor false" },
	{ HEAD "\"sync\",\"waitMs\":86400001}", "\"waitMs\" is no whole number in its range" },
	{ HEAD "\"status\",\"requestId\":\"\"}", "\"requestId\" is no request id" },
	{ HEAD "\"status\",\"requestId\":\"a b\"}", "\"requestId\" is no request id" },
	{ HEAD "\"status\",\"requestId\":7}", "\"requestId\" is no string" },
	{ HEAD "\"patch\",\"record\":\"rec1\"}", "no \"fields\"" },
	{ HEAD "\"patch\",\"fields\":{\"status\":null}}", "no \"record\"" },
	{ HEAD "\"patch\",\"record\":\"\",\"fields\":{\"status\":null}}", "\"record\" is no record id" },
	{ HEAD "\"patch\",\"record\":\"a b\",\"fields\":{\"status\":null}}", "\"record\" is no record id" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{}}", "\"fields\" is empty" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":[]}", "\"fields\" is no object" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"nope\":\"x\"}}", "\"nope\" is no field that may be written" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"orderId\":\"x\"}}", "\"orderId\" is no field that may be written" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"status\":1}}", "\"status\" is no string" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"status\":null,\"status\":\"x\"}}", "\"status\" twice" },
	{ HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"status\":null},\"version\":-1}", "\"version\" is no whole number in its range" }
};

START_TEST(a_line_that_is_no_request_is_refused_with_its_reason)
{
	ck_assert_int_eq(ask(bad_requests[_i].line), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, bad_requests[_i].why);
}
END_TEST

START_TEST(a_refusal_carries_the_id_where_there_is_one)
{
	ck_assert_int_eq(ask("{\"v\":9,\"type\":\"x\",\"id\":55}"), ERR_BAD_MESSAGE);
	ck_assert_uint_eq(request.id, 55);
	ck_assert_int_eq(ask("{\"v\":1,\"id\":-5}"), ERR_BAD_MESSAGE);
	ck_assert_uint_eq(request.id, 0);
	ck_assert_int_eq(ask("garbage"), ERR_BAD_MESSAGE);
	ck_assert_uint_eq(request.id, 0);
}
END_TEST

START_TEST(text_may_be_as_long_as_its_room_and_no_longer)
{
	struct buf line = { 0 };

	for (size_t extra = 0; extra < 2; extra++) {
		buf_clear(&line);
		buf_add_cstr(&line, HEAD "\"patch\",\"record\":\"rec1\",\"fields\":{\"status\":\"");
		for (size_t i = 0; i < MESSAGE_TEXT_MAX + extra; i++)
			buf_add_char(&line, 's');
		buf_add_cstr(&line, "\"}}");
		ck_assert_int_eq(ask(buf_cstr(&line)), extra == 0 ? ERR_OK : ERR_BAD_MESSAGE);
	}
	ck_assert_str_eq(why, "\"status\" is longer than 256 bytes");
	buf_free(&line);
}
END_TEST

START_TEST(deep_nesting_and_huge_lines_are_refused)
{
	struct buf line = { 0 };

	for (int i = 0; i < 50000; i++)
		buf_add_char(&line, '[');
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, "nested too deeply");
	buf_clear(&line);
	buf_add_cstr(&line, HEAD "\"status\"");
	while (line.len <= MESSAGE_BYTES_MAX)
		buf_add_char(&line, ' ');
	buf_add_char(&line, '}');
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, "longer than 262144 bytes");
	buf_free(&line);
}
END_TEST

START_TEST(a_line_need_not_end_with_a_nul)
{
	static const char text[] = HEAD "\"status\"}";
	char *exact = malloc(sizeof(text) - 1);

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, sizeof(text) - 1);
	ck_assert_int_eq(message_parse_request((struct str){ exact, sizeof(text) - 1 },
	    &orders_schema, &request, why), ERR_OK);
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		ck_assert_int_eq(message_parse_request((struct str){ exact, len },
		    &orders_schema, &request, why), ERR_BAD_MESSAGE);
	free(exact);
}
END_TEST

START_TEST(what_is_written_is_read_back_the_same)
{
	struct message_request out = { .id = MESSAGE_NUMBER_MAX, .type = MESSAGE_PATCH,
	    .request_id = "a.b-c_9", .record = "recA", .version = 3, .timeout_ms = 5,
	    .known = 1u << ORDER_STATUS | 1u << ORDER_PRIORITY };
	struct buf line = { 0 };

	out.values[ORDER_STATUS].present = true;
	(void)strcpy(out.values[ORDER_STATUS].text, "Zur \"Prüfung\"\\\n\t");
	message_add_request(&line, &orders_schema, &out);
	ck_assert_int_eq(line.data[line.len - 1], '\n');
	ck_assert_ptr_eq(memchr(line.data, '\n', line.len), line.data + line.len - 1);
	ck_assert_int_eq(message_parse_request((struct str){ line.data, line.len - 1 },
	    &orders_schema, &request, why), ERR_OK);
	ck_assert_mem_eq(&request, &out, sizeof(out));
	buf_free(&line);
}
END_TEST

START_TEST(replies_are_read)
{
	ck_assert_int_eq(answer("{\"id\":7,\"ok\":true,\"generation\":1043}"), ERR_OK);
	ck_assert_int_eq(reply.err, ERR_OK);
	ck_assert_uint_eq(reply.generation, 1043);
	ck_assert_uint_eq(reply.body.len, 0);
	ck_assert_int_eq(answer("{\"id\":7,\"ok\":false,\"code\":\"airtable_rejected\",\"detail\":\"no\","
	    "\"retryAfterMs\":30000,\"body\":{\"a\":[1,{\"b\":null}],\"n\":9007199254740991,\"t\":\"\xc3\xa9\\n\"}}"), ERR_OK);
	ck_assert_int_eq(reply.err, ERR_AIRTABLE_REJECTED);
	ck_assert_str_eq(reply.detail, "no");
	ck_assert_int_eq(reply.retry_after_ms, 30000);
	ck_assert(str_is(reply.body, "{\"a\":[1,{\"b\":null}],\"n\":9007199254740991,\"t\":\"\xc3\xa9\\n\"}"));
}
END_TEST

START_TEST(the_body_is_found_wherever_it_stands)
{
	ck_assert_int_eq(answer("{\"body\" : { \"body\":{\"x\":\"}\\\"{\"} , \"n\":12.30}, \"id\":7,\"ok\":true}"), ERR_OK);
	ck_assert(str_is(reply.body, "{ \"body\":{\"x\":\"}\\\"{\"} , \"n\":12.30}"));
	ck_assert_int_eq(answer("{\"detail\":\"body\",\"id\":7,\"ok\":true,\"body\":{}}"), ERR_OK);
	ck_assert(str_is(reply.body, "{}"));
}
END_TEST

START_TEST(a_failure_that_this_program_does_not_know_is_an_internal_one)
{
	ck_assert_int_eq(answer("{\"id\":7,\"ok\":false,\"code\":\"of_tomorrow\"}"), ERR_OK);
	ck_assert_int_eq(reply.err, ERR_INTERNAL);
}
END_TEST

static const char *const bad_replies[] = {
	"", "{}", "x", "{\"id\":7}", "{\"ok\":true}", "{\"id\":7,\"ok\":1}", "{\"id\":7,\"ok\":false}",
	"{\"id\":7,\"ok\":true,\"code\":\"io_error\"}", "{\"id\":7,\"ok\":false,\"code\":\"ok\"}",
	"{\"id\":7,\"ok\":true,\"body\":[]}", "{\"id\":7,\"ok\":true,\"body\":{},\"body\":{}}",
	"{\"id\":7,\"ok\":true,\"more\":1}", "{\"id\":7,\"ok\":true,\"generation\":-1}",
	"{\"id\":7,\"ok\":true,\"detail\":5}", "{\"id\":7,\"ok\":true,\"b\\u006fdy\":{}}", "{\"id\":7,\"ok\":true}}"
};

START_TEST(a_line_that_is_no_reply_is_refused)
{
	ck_assert_int_eq(answer(bad_replies[_i]), ERR_BAD_MESSAGE);
}
END_TEST

START_TEST(a_reply_comes_back_as_it_was_sent)
{
	struct message_reply out = { .id = 9, .err = ERR_CONFLICT, .retry_after_ms = 1, .generation = 2,
	    .body = STR("{\n\"a\":\r\n1}") };
	struct buf line = { 0 };

	(void)strcpy(out.detail, "a \"b\" \x01");
	message_add_reply(&line, &out);
	ck_assert_ptr_eq(memchr(line.data, '\n', line.len), line.data + line.len - 1);
	ck_assert_int_eq(message_parse_reply((struct str){ line.data, line.len - 1 }, &reply, &body), ERR_OK);
	ck_assert_int_eq(reply.err, ERR_CONFLICT);
	ck_assert_str_eq(reply.detail, out.detail);
	ck_assert_int_eq(reply.retry_after_ms, 1);
	ck_assert_uint_eq(reply.generation, 2);
	ck_assert(str_is(reply.body, "{ \"a\":  1}"));
	buf_free(&line);
}
END_TEST

START_TEST(detail_that_grew_on_its_way_is_cut_between_characters)
{
	struct message_reply out = { .id = 9, .err = ERR_IO };
	struct buf line = { 0 };

	memset(out.detail, 0xff, sizeof(out.detail) - 1);	/* each byte becomes U+FFFD */
	message_add_reply(&line, &out);
	ck_assert_int_eq(message_parse_reply((struct str){ line.data, line.len - 1 }, &reply, &body), ERR_OK);
	ck_assert_uint_eq(strlen(reply.detail), 510);
	ck_assert_str_eq(reply.detail + 507, "\xef\xbf\xbd");
	buf_free(&line);
}
END_TEST

START_TEST(request_ids_are_short_and_plain)
{
	ck_assert(request_id_valid(STR("aZ09._-")));
	ck_assert(request_id_valid(STR("0123456789012345678901234567890123456789012345678901234567890123")));
	ck_assert(!request_id_valid(STR("01234567890123456789012345678901234567890123456789012345678901234")));
	ck_assert(!request_id_valid(STR("")));
	ck_assert(!request_id_valid(STR("a b")));
	ck_assert(!request_id_valid(STR("a\n")));
	ck_assert(!request_id_valid(STR("\xc3\xa9")));
	ck_assert(!request_id_valid((struct str){ "a\0b", 3 }));
}
END_TEST

static void
teardown(void)
{
	buf_free(&body);
}

int
main(void)
{
	Suite *s = suite_create("message");
	TCase *t = tcase_create("message");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_patch_is_read);
	tcase_add_test(t, a_sync_and_a_status_are_read);
	tcase_add_loop_test(t, a_line_that_is_no_request_is_refused_with_its_reason, 0,
	    sizeof(bad_requests) / sizeof(bad_requests[0]));
	tcase_add_test(t, a_refusal_carries_the_id_where_there_is_one);
	tcase_add_test(t, text_may_be_as_long_as_its_room_and_no_longer);
	tcase_add_test(t, deep_nesting_and_huge_lines_are_refused);
	tcase_add_test(t, a_line_need_not_end_with_a_nul);
	tcase_add_test(t, what_is_written_is_read_back_the_same);
	tcase_add_test(t, replies_are_read);
	tcase_add_test(t, the_body_is_found_wherever_it_stands);
	tcase_add_test(t, a_failure_that_this_program_does_not_know_is_an_internal_one);
	tcase_add_loop_test(t, a_line_that_is_no_reply_is_refused, 0,
	    sizeof(bad_replies) / sizeof(bad_replies[0]));
	tcase_add_test(t, a_reply_comes_back_as_it_was_sent);
	tcase_add_test(t, detail_that_grew_on_its_way_is_cut_between_characters);
	tcase_add_test(t, request_ids_are_short_and_plain);
	suite_add_tcase(s, t);
	return run_suite(s);
}
