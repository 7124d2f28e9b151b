#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "syncd/airtable/outcomes.h"
#include "tests/lib/api_fixture.h"

/* A limit of the fixture's own, as the master would make it. */
static struct limits limits;
static struct counters *counters;

static void
setup_limits(void)
{
	api_setup_syncd();
	fx.config.limits.enabled = true;
	fx.config.limits.orders_list = 2;
	fx.config.limits.orders_summary = 1;
	fx.config.limits.get_order = 3;
	fx.config.limits.update_order = 2;
	fx.config.limits.sync_orders = 1;
	limits_configure(&limits, &fx.config);
	ck_assert_ptr_nonnull(counters = counters_new());
	fx.api->limits = &limits;
	fx.api->counters = &counters->blocks[3];
	fx.metrics = NULL;
}

static void
teardown_limits(void)
{
	api_teardown();
	limits_free(&limits);
	counters_free(counters);
}

static void
get_from(const char *address, const char *uri, int status, const char *holds)
{
	ask("GET", uri, "REMOTE_ADDR", address, NULL);
	expect(status, holds);
}

START_TEST(a_limited_route_says_what_is_left_and_then_refuses)
{
	get_from("192.0.2.1", "/api/orders", 200, "RateLimit-Policy: \"orders_list\";q=2;w=60\r\n");
	expect_text("RateLimit: \"orders_list\";r=1;t=60\r\n");
	/* problems say it too, and count */
	get_from("192.0.2.1", "/api/orders?nonsense=1", 400, "RateLimit: \"orders_list\";r=0;t=60\r\n");
	get_from("192.0.2.1", "/api/orders", 429, "\"code\":\"rate_limited\"");
	expect_text("RateLimit: \"orders_list\";r=0;");
	expect_text("Content-Type: application/problem+json\r\n");
	expect_text("Retry-After: 6");
	get_from("192.0.2.2", "/api/orders", 200, "r=1;");
	get_from("192.0.2.1", "/api/orders/summary", 200, "\"orders_summary\";r=0;");
}
END_TEST

START_TEST(a_not_modified_answer_counts_and_says_what_is_left_too)
{
	ask_with("GET", "/api/orders/ORD-1", (const char *const[]){ "REMOTE_ADDR", "192.0.2.1",
	    "HTTP_IF_NONE_MATCH", with("\"v%llu\"", *fx.committed), NULL }, NULL);
	expect(304, "RateLimit: \"get_order\";r=2;");
	get_from("192.0.2.1", "/api/orders/nothing", 404, "RateLimit: \"get_order\";r=1;");
	ask("HEAD", "/api/orders/ORD-1", "REMOTE_ADDR", "192.0.2.1", NULL);
	expect(200, "RateLimit: \"get_order\";r=0;");
	get_from("192.0.2.1", "/api/orders/ORD-1/history", 429, "rate_limited");
}
END_TEST

START_TEST(an_ipv6_network_is_one_client)
{
	get_from("2001:db8:0:5::1", "/api/orders", 200, "r=1;");
	get_from("2001:db8:0:5:ffff::9", "/api/orders", 200, "r=0;");
	get_from("2001:db8:0:5:1:2:3:4", "/api/orders", 429, "rate_limited");
	get_from("2001:db8:0:6::1", "/api/orders", 200, "r=1;");
}
END_TEST

START_TEST(a_request_that_waits_for_syncd_has_its_limits_in_the_answer)
{
	ask("POST", "/api/orders/sync", "REMOTE_ADDR", "192.0.2.1", NULL);
	ck_assert(!answered());
	/* others come and go meanwhile */
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"airtable_timeout\",\"detail\":\"slow\"");
	expect(504, "RateLimit: \"sync_orders\";r=0;t=60\r\n");
	ask("POST", "/api/orders/sync", "REMOTE_ADDR", "192.0.2.1", NULL);
	expect(429, "Retry-After: ");
	expect_no_line();	/* syncd hears nothing of it */
}
END_TEST

START_TEST(changes_share_a_limit_and_other_methods_have_none)
{
	ask("PATCH", "/api/orders/nothing", "REMOTE_ADDR", "192.0.2.1", "{\"status\":\"Shipped\"}");
	expect(404, "\"update_order\";r=1;");
	ask("POST", "/api/orders/undo", "REMOTE_ADDR", "192.0.2.1", "{}");
	expect(400, "\"update_order\";r=0;");
	ask("PATCH", "/api/orders", "REMOTE_ADDR", "192.0.2.1", "{}");
	expect(429, "rate_limited");
	ask("OPTIONS", "/api/orders", "REMOTE_ADDR", "192.0.2.1", NULL);
	expect(204, "Allow: ");
	expect_no_text("RateLimit");
	ask("POST", "/api/orders/summary", "REMOTE_ADDR", "192.0.2.1", NULL);
	expect(405, "Allow: ");
	expect_no_text("RateLimit");
	for (int i = 0; i < 5; i++) {
		get_from("192.0.2.1", "/api/openapi.json?x=1", 400, "");
		expect_no_text("RateLimit");
	}
}
END_TEST

/* Answer /metrics in this process; ${reply}: syncd's, NULL: it is away. */
static void
scrape(const char *reply)
{
	fx.metrics = counters;
	ask_with("GET", "/metrics", (const char *const[]){ "CONNECTIONS_ACTIVE", "17",
	    "CONNECTIONS_READING", "x", "SUBSCRIBERS", "4", NULL }, NULL);
	if (reply != NULL)
		syncd_say(syncd_line(), reply);
	expect(200, "Content-Type: text/plain; version=0.0.4");
	fx.metrics = NULL;
}

START_TEST(requests_are_summed_over_all_workers)
{
	for (int i = 0; i < 3; i++)
		get_from("192.0.2.1", "/api/orders", i < 2 ? 200 : 429, "");
	fx.api->counters = &counters->blocks[COUNTERS_BLOCKS - 1];
	get_from("192.0.2.9", "/api/orders", 200, "");
	get_from("192.0.2.9", "/nowhere", 404, "");
	ask("BREW", "/api/orders", NULL, NULL, NULL);
	expect(405, "");
	fx.api->counters = NULL;
	scrape("\"ok\":true,\"body\":{}");
	expect_text("\norderdeck_http_requests_total{route=\"/api/orders\",method=\"GET\",status=\"200\"} 3\n");
	expect_text("\norderdeck_http_requests_total{route=\"/api/orders\",method=\"GET\",status=\"429\"} 1\n");
	expect_text("\norderdeck_http_requests_total{route=\"/api/orders\",method=\"other\",status=\"405\"} 1\n");
	expect_text("\norderdeck_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 1\n");
	expect_text("\norderdeck_http_request_duration_seconds_bucket{route=\"/api/orders\",method=\"GET\",le=\"+Inf\"} 4\n");
	expect_text("\norderdeck_http_request_duration_seconds_count{route=\"/api/orders\",method=\"GET\"} 4\n");
	expect_text("\norderdeck_http_limited_total{limit=\"orders_list\"} 1\n");
	expect_text(with("\norderdeck_generation %llu\n", *fx.committed));
	expect_text("\norderdeck_orders 4\n");
	expect_text("\norderdeck_store_up 1\n");
	expect_text("\norderdeck_nginx_connections{state=\"active\"} 17\n");
	expect_no_text("state=\"reading\"");
	expect_text("\norderdeck_subscribers 4\n");
}
END_TEST

START_TEST(abandoned_requests_are_counted_too)
{
	ask("POST", "/api/orders/sync", "REMOTE_ADDR", "192.0.2.1", NULL);
	ck_assert_ptr_nonnull(syncd_line());
	close_web();
	open_web();
	fx.api->counters = NULL;
	scrape("\"ok\":true,\"body\":{}");
	expect_text("\norderdeck_http_requests_total{route=\"/api/orders/sync\",method=\"POST\",status=\"499\"} 1\n");
}
END_TEST

START_TEST(syncds_counts_arrive_as_it_made_them)
{
	static struct outcomes list, update;
	struct buf b = { .data = NULL };

	outcomes_add(&list, ERR_OK, 3, 100);
	outcomes_add(&list, ERR_OK, 70, 100);
	outcomes_add(&list, ERR_AIRTABLE_TIMEOUT, 30001, 0);
	outcomes_add(&update, ERR_AIRTABLE_REJECTED, 5, 10);
	buf_add_cstr(&b, "\"ok\":true,\"body\":{\"startedAt\":\"2026-11-20T10:00:00.500Z\","
	    "\"sync\":{\"state\":\"failed\",\"drift\":{\"missing\":1,\"extra\":0,\"changed\":12,\"fields\":{\"status\":12},"
	    "\"records\":[\"recA\"]},\"alarm\":{\"code\":\"airtable_shrunk\"}},"
	    "\"notUnderstood\":[{\"field\":\"orderTotal\",\"cells\":2,\"since\":1,\"total\":9},{\"field\":\"evil\\\"} 1\"}],"
	    "\"feed\":{\"mode\":\"modified\",\"state\":\"polling\",\"cursor\":17,\"complete\":true,\"lagMs\":1250,"
	    "\"lastPoll\":\"2026-11-20T10:00:02.000Z\",\"error\":{\"code\":\"airtable_timeout\"},\"polls\":40,\"payloads\":3,"
	    "\"changes\":5,\"echoes\":2,\"waiting\":4,\"gaps\":1,\"pings\":6,\"sweeps\":7},\"outbox\":{\"pending\":7,\"oldestAt\":\"2026-11-20T10:00:01.000Z\"},"
	    "\"airtable\":{\"circuit\":\"open\",\"lastSuccessAt\":null,\"monthlyCalls\":{\"used\":9,\"budget\":100,"
	    "\"forecast\":80,\"left\":{\"writes\":20,\"syncs\":30,\"feed\":41},\"pollSeconds\":90,\"syncSeconds\":86400},"
	    "\"rateLimit\":{\"lockedForMs\":1500,\"quotaUsedUp\":true},\"calls\":{\"waiting\":2}},"
	    "\"metrics\":{\"calls\":[");
	outcomes_json(&list, "list", &b);
	outcomes_json(&update, "update", &b);
	buf_add_cstr(&b, "],\"batches\":[1,0,0,0,0,0,0,0,0,2],\"syncs\":[],\"requests\":[]}}");
	scrape(buf_cstr(&b));
	buf_free(&b);
	expect_text("\norderdeck_syncd_up 1\n");
	expect_text("\norderdeck_syncd_start_timestamp_seconds 1795168800.5\n");
	expect_text("\norderdeck_airtable_calls_total{kind=\"list\",outcome=\"ok\"} 2\n");
	expect_text("\norderdeck_airtable_calls_total{kind=\"list\",outcome=\"airtable_timeout\"} 1\n");
	expect_text("\norderdeck_airtable_calls_total{kind=\"update\",outcome=\"airtable_rejected\"} 1\n");
	expect_text("\norderdeck_airtable_calls_duration_seconds_bucket{kind=\"list\",le=\"0.005\"} 1\n");
	expect_text("\norderdeck_airtable_calls_duration_seconds_bucket{kind=\"list\",le=\"0.1\"} 2\n");
	expect_text("\norderdeck_airtable_calls_duration_seconds_bucket{kind=\"list\",le=\"30\"} 2\n");
	expect_text("\norderdeck_airtable_calls_duration_seconds_bucket{kind=\"list\",le=\"+Inf\"} 3\n");
	expect_text("\norderdeck_airtable_calls_duration_seconds_sum{kind=\"list\"} 30.074000000\n");
	expect_text("\norderdeck_airtable_batch_records_bucket{le=\"9\"} 1\n");
	expect_text("\norderdeck_airtable_batch_records_sum 21\n");
	expect_text("\norderdeck_airtable_circuit{state=\"open\"} 1\n");
	expect_text("\norderdeck_airtable_circuit{state=\"closed\"} 0\n");
	expect_text("\norderdeck_airtable_locked_seconds 1.5\n");
	expect_text("\norderdeck_airtable_quota_used_up 1\n");
	expect_text("\norderdeck_airtable_month_calls 9\n");
	expect_text("\norderdeck_airtable_month_budget 100\n");
	expect_text("\norderdeck_outbox_pending 7\n");
	expect_text("\norderdeck_outbox_oldest_timestamp_seconds 1795168801\n");
	expect_text("\norderdeck_sync_failed 1\n");
	expect_text("\norderdeck_airtable_month_forecast 80\n");
	expect_text("\norderdeck_airtable_month_left{use=\"feed\"} 41\n");
	expect_text("\norderdeck_shrink_alarm 1\n");
	expect_text("\norderdeck_cells_not_understood{field=\"orderTotal\"} 3\n");
	expect_text("\norderdeck_cells_not_understood_total{field=\"orderTotal\"} 9\n");
	expect_text("\norderdeck_cells_not_understood{field=\"other\"} 0\n");
	expect_text("\norderdeck_drift_orders{kind=\"missing\"} 1\n");
	expect_text("\norderdeck_drift_orders{kind=\"changed\"} 12\n");
	expect_text("\norderdeck_feed{source=\"modified\"} 1\n");
	expect_text("\norderdeck_feed{source=\"webhook\"} 0\n");
	expect_text("\norderdeck_feed_complete 1\n");
	expect_text("\norderdeck_feed_failing 1\n");
	expect_text("\norderdeck_feed_cursor 17\n");
	expect_text("\norderdeck_feed_lag_seconds 1.25\n");
	expect_text("\norderdeck_feed_waiting 4\n");
	expect_text("\norderdeck_feed_last_poll_timestamp_seconds 1795168802\n");
	expect_text("\norderdeck_feed_polls_total 40\n");
	expect_text("\norderdeck_feed_sweeps_total 7\n");
	expect_text("\norderdeck_expected_staleness_seconds 90\n");
	expect_text("\norderdeck_history_entries 0\n");
	expect_text("\norderdeck_store_limit_bytes ");
}
END_TEST

START_TEST(a_held_field_does_not_count_as_a_shrunk_base)
{
	scrape("\"ok\":true,\"body\":{\"sync\":{\"state\":\"idle\",\"drift\":null,\"held\":[\"customer\"],"
	    "\"alarm\":{\"code\":\"airtable_field_lost\"}}}");
	expect_text("\norderdeck_shrink_alarm 0\n");
	expect_text("\norderdeck_field_held{field=\"customer\"} 1\n");
}
END_TEST

START_TEST(without_a_feed_the_data_may_be_as_old_as_full_syncs_are_apart)
{
	scrape("\"ok\":true,\"body\":{\"sync\":{\"state\":\"idle\",\"drift\":null,\"alarm\":null},"
	    "\"feed\":{\"mode\":\"off\",\"error\":null},"
	    "\"airtable\":{\"monthlyCalls\":{\"pollSeconds\":90,\"syncSeconds\":86400}}}");
	expect_text("\norderdeck_expected_staleness_seconds 86400\n");
	expect_text("\norderdeck_feed{source=\"off\"} 1\n");
	expect_text("\norderdeck_feed_failing 0\n");
	expect_text("\norderdeck_shrink_alarm 0\n");
	expect_text("\norderdeck_fields_missing 0\n");
}
END_TEST

START_TEST(missing_fields_are_counted_and_do_not_count_as_a_shrunk_base)
{
	scrape("\"ok\":true,\"body\":{\"sync\":{\"state\":\"idle\",\"drift\":null,\"alarm\":"
	    "{\"code\":\"airtable_field_missing\"}},\"feed\":{\"mode\":\"off\",\"error\":null},"
	    "\"airtable\":{\"missingFields\":[\"status\",\"priority\"]}}");
	expect_text("\norderdeck_shrink_alarm 0\n");
	expect_text("\norderdeck_fields_missing 2\n");
}
END_TEST

/* Another process with a snapshot that it does not end. */
static pid_t
hold_snapshot(void)
{
	struct store *st;
	int ready[2];
	char byte = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		if (store_open(fx.config.store.path, &tables_builtin, &st) != ERR_OK || store_begin(st) != ERR_OK ||
		    write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	return pid;
}

START_TEST(a_reader_that_holds_an_old_snapshot_is_seen)
{
	pid_t pid = hold_snapshot();
	int status;

	in_writer(api_ship);
	scrape("\"ok\":true,\"body\":{}");
	expect_text("\norderdeck_store_reader_lag 1\n");
	expect_text("\norderdeck_store_readers_max ");
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}
END_TEST

START_TEST(without_store_and_syncd_metrics_say_so)
{
	ck_assert_ptr_nonnull(counters = counters_new());
	scrape(NULL);
	expect_text("\norderdeck_store_up 0\n");
	expect_text("\norderdeck_syncd_up 0\n");
	expect_no_text("orderdeck_generation");
	expect_no_text("orderdeck_airtable");
	counters_free(counters);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limits and metrics");
	TCase *limited = tcase_create("limits"), *bare = tcase_create("without store");

	tcase_add_checked_fixture(limited, setup_limits, teardown_limits);
	tcase_add_test(limited, a_limited_route_says_what_is_left_and_then_refuses);
	tcase_add_test(limited, a_not_modified_answer_counts_and_says_what_is_left_too);
	tcase_add_test(limited, an_ipv6_network_is_one_client);
	tcase_add_test(limited, a_request_that_waits_for_syncd_has_its_limits_in_the_answer);
	tcase_add_test(limited, changes_share_a_limit_and_other_methods_have_none);
	tcase_add_test(limited, requests_are_summed_over_all_workers);
	tcase_add_test(limited, abandoned_requests_are_counted_too);
	tcase_add_test(limited, a_reader_that_holds_an_old_snapshot_is_seen);
	tcase_add_test(limited, syncds_counts_arrive_as_it_made_them);
	tcase_add_test(limited, missing_fields_are_counted_and_do_not_count_as_a_shrunk_base);
	tcase_add_test(limited, a_held_field_does_not_count_as_a_shrunk_base);
	tcase_add_test(limited, without_a_feed_the_data_may_be_as_old_as_full_syncs_are_apart);
	suite_add_tcase(s, limited);
	tcase_add_checked_fixture(bare, api_setup, api_teardown);
	tcase_add_test(bare, without_store_and_syncd_metrics_say_so);
	suite_add_tcase(s, bare);
	return run_suite(s);
}
