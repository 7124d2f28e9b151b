#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "tests/lib/api_fixture.h"

START_TEST(without_a_store_reads_say_so_until_one_appears)
{
	int64_t until = instant_monotonic() + patience(5000);

	expect_get("/api/orders", 503, "\"code\":\"store_unavailable\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "Retry-After: "));
	expect_get("/api/health", 503, "\"status\":\"down\"");
	in_writer(api_fill);
	do {
		ask("GET", "/api/orders", NULL, NULL, NULL);
		ck_assert(answered());
	} while (strstr(buf_cstr(&fx.answer), "Status: ") != NULL && instant_monotonic() < until);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"total\":4"));
}
END_TEST

/* The first page of the first sync. */
static void
begin_to_fill(struct apply *a)
{
	struct change c = { .table = &orders_schema, .base = CHANGE_ANY_BASE };

	c.record.id = STR("recAAAAAAAAAAAAAA");
	c.record.known = schema_all(&orders_schema);
	c.record.values[ORDER_ORDER_ID] = text_value("ORD-1");
	apply_or_exit(a, &c, 1, SOURCE_FULL_SYNC, NULL);
}

static void
end_filling(struct apply *a)
{
	const struct apply_meta meta = { .table = &orders_schema, .synced_ms = 1700000000000 };

	apply_or_exit(a, NULL, 0, SOURCE_FULL_SYNC, &meta);
}

START_TEST(until_a_first_sync_is_complete_nothing_is_reported_missing)
{
	static const char *const silent[] = {
		"/api/orders", "/api/orders?status=Shipped", "/api/orders?page=9", "/api/orders/summary",
		"/api/orders/ORD-2", "/api/orders/recBBBBBBBBBBBBBB", "/api/orders/ORD-2/history",
		"/api/orders/recBBBBBBBBBBBBBB/history"
	};
	uint64_t generation;

	in_writer(begin_to_fill);
	generation = *fx.committed;
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		expect_get(silent[i], 503, "\"code\":\"filling\"");
		ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "Retry-After: "));
		ck_assert_ptr_null(strstr(buf_cstr(&fx.answer), "ETag"));
	}
	expect_get("/api/orders?colour=red", 400, "colour");
	/* what is there is there */
	expect_get("/api/orders/ORD-1", 200, "\"orderId\":\"ORD-1\"");
	expect_get("/api/orders/ORD-1/history", 200, "\"changes\":[]");
	expect_get("/api/health", 200, "\"syncedAt\":null");
	/* and who asks for that is told so */
	for (int i = 0; i < 3; i++) {
		ask("GET", "/api/orders", "HTTP_PREFER", "return=minimal, Partial", NULL);
		expect(200, "\"complete\":false");
		ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"total\":1,"));
	}
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("ETag: \"p%llu\"", generation)));
	ask("GET", "/api/orders/summary", "HTTP_PREFER", "partial", NULL);
	expect(200, "\"syncedAt\":null");
	/* its end need not change an order */
	in_writer(end_filling);
	ask("GET", "/api/orders", "HTTP_IF_NONE_MATCH", with("\"p%llu\"", generation), NULL);
	expect(200, "\"total\":1,");
	ck_assert_ptr_null(strstr(buf_cstr(&fx.answer), "complete"));
	ask("GET", "/api/orders", "HTTP_PREFER", "partial", NULL);
	expect(200, "\"total\":1,");
	ck_assert_ptr_null(strstr(buf_cstr(&fx.answer), "complete"));
	expect_get("/api/orders/ORD-2", 404, "\"code\":\"not_found\"");
}
END_TEST

START_TEST(a_list_is_a_page_with_its_total_and_one_generation)
{
	expect_get("/api/orders?sort=orderId&pageSize=1", 200, "\"orders\":[{\"id\":\"recAAAAAAAAAAAAAA\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer),
	    with("\"page\":1,\"pageSize\":1,\"total\":4,\"totalPages\":4,\"generation\":%llu,"
	    "\"nextCursor\":\"", *fx.committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("X-Generation: %llu\r\n", *fx.committed)));
	expect_get("/api/orders?page=9", 200, "\"orders\":[],\"page\":9");
	expect_get("/api/orders?status=Shipped", 200, "\"nextCursor\":null}");
}
END_TEST

START_TEST(a_cursor_walks_to_the_end)
{
	char uri[600] = "/api/orders?sort=orderId&pageSize=3";
	const char *cursor;

	expect_get(uri, 200, "\"nextCursor\":\"");
	cursor = strstr(buf_cstr(&fx.answer), "\"nextCursor\":\"") + 14;
	(void)snprintf(uri, sizeof(uri), "/api/orders?sort=orderId&pageSize=3&after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	expect_get(uri, 200, "\"page\":null,");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"id\":\"recBBBBBBBBBBBBBB\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"nextCursor\":null}"));
}
END_TEST

START_TEST(an_unchanged_body_is_not_sent_again)
{
	ask("GET", "/api/orders?pageSize=2", "HTTP_IF_NONE_MATCH", with("W/\"g%llu\"", *fx.committed), NULL);
	expect(304, with("ETag: \"g%llu\"", *fx.committed));
	ask("GET", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", with("\"v%llu\"", *fx.committed), NULL);
	expect(304, with("ETag: \"v%llu\"", *fx.committed));
	ck_assert_ptr_eq(strstr(buf_cstr(&fx.answer), "Content-Length"), NULL);
	in_writer(api_ship);
	ask("GET", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", with("\"v%llu\"", *fx.committed - 1), NULL);
	expect(200, with("ETag: \"v%llu\"", *fx.committed));
}
END_TEST

/* Without a commit in between, a repeated request begins no snapshot; after one, the answer differs. */
START_TEST(a_summary_that_is_held_is_told_apart_from_one_that_has_moved)
{
	static const char uri[] = "/api/orders/summary";
	char tag[64];
	const char *at;

	for (int round = 0; round < 3; round++) {
		ask("GET", uri, NULL, NULL, NULL);
		expect(200, with("\"generation\":%llu,", *fx.committed));
		ck_assert_ptr_nonnull(at = strstr(buf_cstr(&fx.answer), "ETag: "));
		(void)snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
		for (int i = 0; i < 3; i++) {
			ask("GET", uri, "HTTP_IF_NONE_MATCH", tag, NULL);
			expect(304, with("X-Generation: %llu\r\n", *fx.committed));
			ask("GET", uri, "HTTP_IF_NONE_MATCH", "\"s1-2-3-4\", W/\"other\"", NULL);
			expect(200, tag);
			ask("GET", "/api/orders/summary?x=1", "HTTP_IF_NONE_MATCH", tag, NULL);
			expect(400, "\"field\":\"x\"");
			/* compressed, it has another tag */
			ask_with("GET", uri, (const char *const[]){ "HTTP_IF_NONE_MATCH", tag,
			    "HTTP_ACCEPT_ENCODING", "gzip", NULL }, NULL);
			expect(200, "Content-Encoding: gzip");
		}
		in_writer(api_ship);
		ask("GET", uri, "HTTP_IF_NONE_MATCH", tag, NULL);
		expect(round == 0 ? 200 : 304, with("X-Generation: %llu\r\n", *fx.committed));
	}
}
END_TEST

START_TEST(a_head_request_has_the_headers_of_a_get)
{
	ask("HEAD", "/api/orders/ORD-1", NULL, NULL, NULL);
	expect(200, "Content-Length: ");
	ck_assert_str_eq(strstr(buf_cstr(&fx.answer), "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

/* Request it three times, so that the last answers come from the worker's memory; all are equal. */
static void
expect_thrice(const char *method, const char *uri, const char *accept, const char *holds)
{
	struct buf first = { .data = NULL };

	for (int i = 0; i < 3; i++) {
		ask(method, uri, "HTTP_ACCEPT_ENCODING", accept, NULL);
		expect(200, holds);
		if (i == 0)
			buf_add_str(&first, buf_str(&fx.answer));
		ck_assert(str_eq(buf_str(&fx.answer), buf_str(&first)));
	}
	buf_free(&first);
}

START_TEST(a_list_requested_repeatedly_is_always_of_the_newest_generation)
{
	static const char uri[] = "/api/orders?sort=orderId&pageSize=1";

	expect_thrice("GET", uri, "", "\"status\":\"Pending\"");
	in_writer(api_ship);
	expect_thrice("GET", uri, "", "\"status\":\"Shipped\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("\"generation\":%llu,", *fx.committed)));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("ETag: \"g%llu\"\r\n", *fx.committed)));
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu\"", *fx.committed - 1), NULL);
	expect(200, "\"status\":\"Shipped\"");
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu\"", *fx.committed), NULL);
	expect(304, with("ETag: \"g%llu\"", *fx.committed));
	/* what is faulty is not remembered */
	for (int i = 0; i < 3; i++)
		expect_get("/api/orders?sort=orderId&pageSize=1&page=%zz", 400, "\"field\":\"page\"");
}
END_TEST

START_TEST(a_compressed_list_has_its_own_tag_and_the_same_length_for_head)
{
	static const char uri[] = "/api/orders?pageSize=4";
	char length[40];
	const char *line;

	expect_thrice("GET", uri, "gzip, br", "Content-Encoding: gzip\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("ETag: \"g%llu-gz\"\r\n", *fx.committed)));
	ck_assert_ptr_nonnull(line = strstr(buf_cstr(&fx.answer), "Content-Length: "));
	(void)snprintf(length, sizeof(length), "%.*s\r\n", (int)strcspn(line, "\r"), line);
	expect_thrice("HEAD", uri, "gzip, br", length);
	ck_assert_str_eq(strstr(buf_cstr(&fx.answer), "\r\n\r\n"), "\r\n\r\n");
	/* who takes no gzip gets none, and its tag is not the other's */
	expect_thrice("GET", uri, "br", "{\"orders\":[{");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), with("ETag: \"g%llu\"\r\n", *fx.committed)));
	ask("GET", uri, "HTTP_IF_NONE_MATCH", with("\"g%llu-gz\"", *fx.committed), NULL);
	expect(200, "{\"orders\":[{");
}
END_TEST

START_TEST(an_order_is_found_by_either_id_and_literal_paths_come_first)
{
	expect_get("/api/orders/recBBBBBBBBBBBBBB", 200, "\"orderId\":\"sync\"");
	expect_get("/api/orders/ORD%2D1", 200, "\"id\":\"recAAAAAAAAAAAAAA\"");
	expect_get("/api/orders/ORD-3", 409, "recCCCCCCCCCCCCCC, recDDDDDDDDDDDDDD");
	expect_get("/api/orders/nope", 404, "\"code\":\"not_found\"");
	expect_get("/api/orders/sync", 405, "Allow: POST, OPTIONS\r\n");
	expect_get("/api/orders/x%00", 400, "\"field\":\"path\"");
}
END_TEST

START_TEST(every_path_refuses_parameters_that_it_does_not_know)
{
	static const char *const paths[] = { "/api/orders", "/api/orders/ORD-1",
	    "/api/orders/summary", "/api/sync", "/api/health", "/health", "/api/openapi.json",
	    "/api/docs", "/docs", "/api/audit", "/api/orders/ORD-1/history" };
	char uri[100];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "%s?nope=1&bad=%%zz", paths[i]);
		expect_get(uri, 400, "\"field\":\"nope\"");
		ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"field\":\"bad\""));
	}
	ask("POST", "/api/orders/sync?mode=half&nope&mode=full", NULL, NULL, NULL);
	expect(400, "must be auto or full");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "given more than once"));
}
END_TEST

START_TEST(unknown_paths_and_methods_are_problems)
{
	expect_get("/api/nope", 404, "application/problem+json");
	expect_get("/api/orders/export.csv", 404, "not_found");
	ask("PUT", "/api/orders/ORD-1", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
	ask("OPTIONS", "/api/orders", NULL, NULL, NULL);
	expect(204, "Allow: GET, HEAD, POST, PATCH, OPTIONS\r\n");
	expect_get("/api/orders/undo", 405, "Allow: POST, OPTIONS\r\n");
	expect_get("/api/orders/ORD-1/undo", 405, "Allow: POST, OPTIONS\r\n");
	ask("POST", "/api/audit", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, OPTIONS\r\n");
}
END_TEST

START_TEST(the_summary_is_sent_compressed_to_clients_that_accept_it)
{
	expect_get("/api/orders/summary", 200, "\"total\":{\"count\":4,\"orderTotal\":49.20}");
	ask("GET", "/api/orders/summary", "HTTP_ACCEPT_ENCODING", "gzip, br", NULL);
	expect(200, "Content-Encoding: gzip\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "-gz\"\r\n"));
}
END_TEST

START_TEST(today_so_far_has_the_same_part_of_other_days_beside_it)
{
	expect_get("/api/orders/summary/today", 200, "\"timeZone\":\"UTC\",\"today\":{\"date\":\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"yesterday\":{\"date\":\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"weekAgo\":{\"date\":\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "ETag: \"t"));
	expect_get("/api/orders/summary/today?day=1", 400, "unknown parameter");
	ask("DELETE", "/api/orders/summary/today", NULL, NULL, NULL);
	expect(405, "Allow: GET, HEAD, OPTIONS\r\n");
}
END_TEST

START_TEST(a_finished_sync_answers_with_the_summary_and_a_long_one_with_its_progress)
{
	const char *line;

	ask("POST", "/api/orders/sync?mode=full", NULL, NULL, NULL);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"full\":true"));
	ck_assert_ptr_nonnull(strstr(line, "\"waitMs\":25000"));
	syncd_say(line, "\"ok\":true,\"generation\":1,\"body\":{\"state\":\"idle\"}");
	expect(200, "\"byStatus\":");
	ask("POST", "/api/orders/sync", NULL, NULL, "{}");
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"state\":\"running\",\"pages\":7}");
	expect(202, "Location: /api/sync\r\n");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"pages\":7"));
	ask("POST", "/api/orders/sync", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"airtable_unauthorized\",\"detail\":\"401\"");
	expect(502, "airtable_unauthorized");
	ask("POST", "/api/orders/sync", NULL, NULL, "{\"full\":true}");
	expect(400, "must be empty");
}
END_TEST

START_TEST(progress_is_syncds_or_what_was_stored_last)
{
	expect_get("/api/sync", 200, "\"state\":\"failed\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"syncd\":\"down\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer),
	    "\"error\":{\"type\":\"about:blank\",\"title\":\"Gateway Timeout\",\"status\":504,\"detail\":\"slow\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"mode\":null"));
}
END_TEST

START_TEST(progress_comes_from_syncd_when_it_is_there)
{
	ask("GET", "/api/sync", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"sync\":{\"state\":\"running\",\"records\":5}}");
	expect(200, "\"state\":\"running\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"syncd\":\"up\""));
}
END_TEST

START_TEST(health_distinguishes_ok_from_degraded)
{
	ask("GET", "/health", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"version\":\"1\",\"startedAt\":null,"
	    "\"sync\":{\"state\":\"idle\",\"error\":null},\"airtable\":{\"circuit\":\"closed\"},\"outbox\":{\"pending\":0}}");
	expect(200, "\"status\":\"ok\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"airtable\":{\"circuit\":\"closed\"},\"outbox\":{\"pending\":0}"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"writes\":{\"create\":false,\"delete\":false}"));
	fx.config.write.delete = true;
	ask("GET", "/api/health", NULL, NULL, NULL);
	syncd_say(syncd_line(), "\"ok\":true,\"generation\":1,\"body\":{\"airtable\":{\"circuit\":\"open\"}}");
	expect(200, "\"status\":\"degraded\"");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"writes\":{\"create\":false,\"delete\":true}"));
	for (int used_up = 0; used_up < 2; used_up++) {
		char body[200];

		(void)snprintf(body, sizeof(body), "\"ok\":true,\"generation\":1,\"body\":{\"sync\":{\"state\":\"idle\",\"error\":null},"
		    "\"airtable\":{\"circuit\":\"closed\",\"rateLimit\":{\"quotaUsedUp\":%s}}}", used_up ? "true" : "false");
		ask("GET", "/api/health", NULL, NULL, NULL);
		syncd_say(syncd_line(), body);
		expect(200, used_up ? "\"status\":\"degraded\"" : "\"status\":\"ok\"");
	}
}
END_TEST

START_TEST(health_answers_within_a_second_though_syncd_hangs)
{
	int64_t began = instant_monotonic();

	ask("GET", "/api/health", NULL, NULL, NULL);
	while (!answered() && instant_monotonic() < began + patience(3000)) {
		(void)syncd_link_tick(fx.api->link, instant_monotonic());
		ck_assert_int_eq(loop_turn(fx.loop, instant_monotonic() + 10), ERR_OK);
	}
	ck_assert_int_lt(instant_monotonic(), began + patience(1000));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"status\":\"degraded\""));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&fx.answer), "\"syncd\":{\"up\":false"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("route");
	TCase *empty = tcase_create("empty"), *alone = tcase_create("alone");
	TCase *both = tcase_create("with syncd");

	tcase_add_checked_fixture(empty, api_setup, api_teardown);
	tcase_add_test(empty, without_a_store_reads_say_so_until_one_appears);
	tcase_add_test(empty, until_a_first_sync_is_complete_nothing_is_reported_missing);
	suite_add_tcase(s, empty);
	tcase_add_checked_fixture(alone, api_setup_filled, api_teardown);
	tcase_add_test(alone, a_list_is_a_page_with_its_total_and_one_generation);
	tcase_add_test(alone, a_cursor_walks_to_the_end);
	tcase_add_test(alone, an_unchanged_body_is_not_sent_again);
	tcase_add_test(alone, a_summary_that_is_held_is_told_apart_from_one_that_has_moved);
	tcase_add_test(alone, a_head_request_has_the_headers_of_a_get);
	tcase_add_test(alone, a_list_requested_repeatedly_is_always_of_the_newest_generation);
	tcase_add_test(alone, a_compressed_list_has_its_own_tag_and_the_same_length_for_head);
	tcase_add_test(alone, an_order_is_found_by_either_id_and_literal_paths_come_first);
	tcase_add_test(alone, every_path_refuses_parameters_that_it_does_not_know);
	tcase_add_test(alone, unknown_paths_and_methods_are_problems);
	tcase_add_test(alone, the_summary_is_sent_compressed_to_clients_that_accept_it);
	tcase_add_test(alone, today_so_far_has_the_same_part_of_other_days_beside_it);
	tcase_add_test(alone, progress_is_syncds_or_what_was_stored_last);
	suite_add_tcase(s, alone);
	tcase_add_checked_fixture(both, api_setup_syncd, api_teardown);
	tcase_add_test(both, a_finished_sync_answers_with_the_summary_and_a_long_one_with_its_progress);
	tcase_add_test(both, progress_comes_from_syncd_when_it_is_there);
	tcase_add_test(both, health_distinguishes_ok_from_degraded);
	tcase_add_test(both, health_answers_within_a_second_though_syncd_hangs);
	suite_add_tcase(s, both);
	return s;
}

int
main(void)
{
	return run_suite(suite());
}
