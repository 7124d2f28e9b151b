/* Webhooks: creating, reading and losing them. */
#include "tests/lib/sim_support.h"

#define HOOKS	"/v0/bases/" SIM_DATA_BASE_ID "/webhooks"
#define DAY	INT64_C(86400000)

static char hook[SIM_ID_SIZE];

static int
create_at(int64_t now, const char *filters)
{
	char body[1024];

	(void)snprintf(body, sizeof(body),
	    "{\"specification\":{\"options\":{\"filters\":%s}}}", filters);
	if (call_at(now, "POST", HOOKS, body) == 200)
		(void)snprintf(hook, sizeof(hook), "%s", text_at("id"));
	return reply.status;
}

static int
create(const char *filters)
{
	return create_at(SIM_NOW, filters);
}

static void
setup(void)
{
	sim_start(100);
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 200);
}

static int
hook_call(int64_t now, const char *method, const char *rest, const char *body)
{
	char target[256];

	(void)snprintf(target, sizeof(target), HOOKS "/%s%s", hook, rest);
	return call_at(now, method, target, body);
}

static int
payloads_at(int64_t now, const char *query)
{
	char rest[128];

	(void)snprintf(rest, sizeof(rest), "/payloads%s", query);
	return hook_call(now, "GET", rest, "");
}

/* Change the first record at that time. */
static void
change_at(int64_t now, int n)
{
	char target[128], body[128];

	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", orders_table()->rows[0].id);
	(void)snprintf(body, sizeof(body), "{\"fields\":{\"Customer\":\"customer %d\"}}", n);
	ck_assert_int_eq(call_at(now, "PATCH", target, body), 200);
}

static void
changes(int n)
{
	for (int i = 0; i < n; i++)
		change_at(SIM_NOW, i);
}

START_TEST(creation_answers_with_the_secret_and_the_listing_without)
{
	ck_assert_int_eq(call("POST", HOOKS, "{\"notificationUrl\":\"http://127.0.0.1:9/x\","
	    "\"specification\":{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"]}}}}"), 200);
	ck_assert(sim_id_valid(str_of(text_at("id")), "ach"));
	ck_assert_uint_eq(strlen(text_at("macSecretBase64")), 44);
	ck_assert_str_eq(text_at("expirationTime"), "2026-11-27T12:00:00.000Z");
	ck_assert_int_eq(call("GET", HOOKS, ""), 200);
	ck_assert(!reply_has("macSecret"));
	ck_assert_int_eq(size_at("webhooks"), 2);
	ck_assert_ptr_eq(text_at("webhooks/0/notificationUrl"), NULL);
	ck_assert(cJSON_IsFalse(at("webhooks/0/areNotificationsEnabled")));
	ck_assert(cJSON_IsTrue(at("webhooks/1/areNotificationsEnabled")));
	ck_assert(cJSON_IsTrue(at("webhooks/1/isHookEnabled")));
	ck_assert_int_eq(number_at("webhooks/1/cursorForNextPayload"), 1);
	ck_assert(cJSON_IsNull(at("webhooks/1/lastNotificationResult")));
	ck_assert(cJSON_IsNull(at("webhooks/1/lastSuccessfulNotificationTime")));
	ck_assert_str_eq(text_at("webhooks/1/specification/options/filters/dataTypes/0"), "tableData");
}
END_TEST

START_TEST(senseless_specifications_are_refused)
{
	static const char *const bad[] = {
		"{}", "[]", "{\"dataTypes\":[]}", "{\"dataTypes\":[\"records\"]}",
		"{\"dataTypes\":\"tableData\"}",
		"{\"dataTypes\":[\"tableData\"],\"recordChangeScope\":\"Orders\"}",
		"{\"dataTypes\":[\"tableData\"],\"recordChangeScope\":\"tblAAAAAAAAAAAAAA\"}",
		"{\"dataTypes\":[\"tableData\"],\"changeTypes\":[\"edit\"]}",
		"{\"dataTypes\":[\"tableData\"],\"fromSources\":[\"me\"]}",
		"{\"dataTypes\":[\"tableData\"],\"watchDataInFieldIds\":[\"Status\"]}",
		"{\"dataTypes\":[\"tableData\"],\"watchSchemasOfFieldIds\":[\"fldAAAAAAAAAAAAAA\"]}",
		"{\"dataTypes\":[\"tableData\"],\"what\":1}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(create(bad[i]) == 422, "%s", bad[i]);
	ck_assert_int_eq(call("POST", HOOKS, "{\"notificationUrl\":\"ftp://x\",\"specification\":"
	    "{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"]}}}}"), 422);
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\",\"tableFields\",\"tableMetadata\"],"
	    "\"recordChangeScope\":\"" SIM_DATA_TABLE_ID "\",\"changeTypes\":[\"add\",\"remove\","
	    "\"update\"],\"fromSources\":[\"client\",\"publicApi\"],\"watchDataInFieldIds\":"
	    "[\"fldStatus00000000\"],\"sourceOptions\":{\"formSubmission\":{}}}"), 200);
}
END_TEST

START_TEST(the_eleventh_webhook_is_refused_with_its_own_type)
{
	for (int i = 1; i < 10; i++)
		ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 200);
	set("tooManyWebhooksStatus", "403");
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 403);
	ck_assert_str_eq(text_at("error/type"), "TOO_MANY_WEBHOOKS_IN_BASE");
	ck_assert_int_eq(hook_call(SIM_NOW, "DELETE", "", ""), 200);
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 200);
}
END_TEST

START_TEST(a_token_needs_the_scopes_of_what_it_watches)
{
	sim->tokens[0].scopes = SIM_SCOPE_WEBHOOK;
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 403);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 403);
	sim->tokens[0].scopes = SIM_SCOPE_WEBHOOK | SIM_SCOPE_RECORDS_READ;
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 200);
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableFields\"]}"), 403);
	sim->tokens[0].scopes = SIM_SCOPE_ALL & ~(unsigned)SIM_SCOPE_WEBHOOK;
	ck_assert_int_eq(call("GET", HOOKS, ""), 403);
}
END_TEST

START_TEST(payloads_are_numbered_from_1_and_paged_by_cursor)
{
	changes(120);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert_uint_eq(reply.records, 50);
	ck_assert_int_eq(number_at("cursor"), 51);
	ck_assert(cJSON_IsTrue(at("mightHaveMore")));
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=101&limit=50"), 200);
	ck_assert_int_eq(size_at("payloads"), 20);
	ck_assert_int_eq(number_at("cursor"), 121);
	ck_assert(cJSON_IsFalse(at("mightHaveMore")));
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 101);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=121"), 200);
	ck_assert_int_eq(size_at("payloads"), 0);
	ck_assert_int_eq(number_at("cursor"), 121);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=7&limit=1"), 200);
	ck_assert_int_eq(number_at("payloads/0/baseTransactionNumber"), 7);
}
END_TEST

START_TEST(a_full_last_page_may_claim_that_there_is_more)
{
	changes(50);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert(cJSON_IsFalse(at("mightHaveMore")));
	set("eagerMore", "true");
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert(cJSON_IsTrue(at("mightHaveMore")));
}
END_TEST

START_TEST(bad_cursors_and_limits_are_refused)
{
	static const char *const bad[] = { "?cursor=0", "?cursor=-1", "?cursor=x", "?cursor=",
	    "?limit=0", "?limit=51", "?cursor=1.5", "?what=1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(payloads_at(SIM_NOW, bad[i]) == 422, "%s", bad[i]);
}
END_TEST

START_TEST(a_cursor_beyond_the_end_is_echoed_clamped_or_refused)
{
	changes(3);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=9"), 200);
	ck_assert_int_eq(number_at("cursor"), 9);
	set("highCursor", "clamp");
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=9"), 200);
	ck_assert_int_eq(number_at("cursor"), 4);
	set("highCursor", "error");
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=9"), 422);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=4"), 200);
}
END_TEST

START_TEST(payloads_are_gone_after_seven_days_but_numbers_continue)
{
	set("webhookTtlMs", "0");
	ck_assert_int_eq(hook_call(SIM_NOW, "POST", "/refresh", ""), 200);
	ck_assert_str_eq(buf_cstr(&reply.body), "{}");	/* it never expires now */
	change_at(SIM_NOW, 1);
	change_at(SIM_NOW + DAY, 2);
	ck_assert_int_eq(payloads_at(SIM_NOW + 7 * DAY, ""), 200);
	ck_assert_int_eq(size_at("payloads"), 1);
	ck_assert_int_eq(number_at("cursor"), 3);	/* 3 - 1 > 1: a reader sees the gap */
	set("oldCursor", "error");
	ck_assert_int_eq(payloads_at(SIM_NOW + 7 * DAY, "?cursor=1"), 422);
	ck_assert_int_eq(payloads_at(SIM_NOW + 7 * DAY, "?cursor=2"), 200);
	change_at(SIM_NOW + 7 * DAY, 3);
	ck_assert_int_eq(payloads_at(SIM_NOW + 7 * DAY, "?cursor=3"), 200);
	ck_assert_int_eq(number_at("cursor"), 4);
}
END_TEST

START_TEST(a_log_that_grows_too_large_loses_its_oldest)
{
	set("payloadLogBytes", "3000");
	changes(40);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert_int_lt(size_at("payloads"), 20);
	ck_assert_int_gt(size_at("payloads"), 3);
	ck_assert_int_eq(number_at("cursor"), 41);
}
END_TEST

START_TEST(a_payload_may_be_late)
{
	set("payloadLagMs", "2000");
	changes(1);
	ck_assert_int_eq(payloads_at(SIM_NOW + 1999, ""), 200);
	ck_assert_int_eq(number_at("cursor"), 1);
	ck_assert_int_eq(call_at(SIM_NOW + 1999, "GET", HOOKS, ""), 200);
	ck_assert_int_eq(number_at("webhooks/0/cursorForNextPayload"), 1);
	ck_assert_int_eq(payloads_at(SIM_NOW + 2000, ""), 200);
	ck_assert_int_eq(number_at("cursor"), 2);
}
END_TEST

START_TEST(reading_and_refreshing_prolong_a_webhooks_life)
{
	ck_assert_int_eq(payloads_at(SIM_NOW + 6 * DAY, ""), 200);
	ck_assert_int_eq(hook_call(SIM_NOW + 12 * DAY, "POST", "/refresh", ""), 200);
	ck_assert_str_eq(text_at("expirationTime"), "2026-12-09T12:00:00.000Z");
	change_at(SIM_NOW + 18 * DAY, 1);
	ck_assert_int_eq(payloads_at(SIM_NOW + 18 * DAY, ""), 200);
	ck_assert_int_eq(size_at("payloads"), 1);
}
END_TEST

START_TEST(an_expired_webhook_gets_nothing_is_readable_for_a_week_and_can_not_be_revived)
{
	change_at(SIM_NOW + 7 * DAY - 1, 1);
	change_at(SIM_NOW + 7 * DAY, 2);
	ck_assert_int_eq(hook_call(SIM_NOW + 7 * DAY, "POST", "/refresh", ""), 422);
	ck_assert_int_eq(payloads_at(SIM_NOW + 8 * DAY, ""), 200);
	ck_assert_int_eq(size_at("payloads"), 1);
	ck_assert_int_eq(call_at(SIM_NOW + 8 * DAY, "GET", HOOKS, ""), 200);
	ck_assert(cJSON_IsFalse(at("webhooks/0/isHookEnabled")));
	ck_assert_int_eq(payloads_at(SIM_NOW + 14 * DAY - 1, ""), 200);
	ck_assert_int_eq(payloads_at(SIM_NOW + 14 * DAY, ""), 404);
	ck_assert_int_eq(call_at(SIM_NOW + 14 * DAY, "GET", HOOKS, ""), 200);
	ck_assert_int_eq(size_at("webhooks"), 0);
}
END_TEST

START_TEST(deleting_and_switching_acknowledge_with_an_empty_body_or_an_object)
{
	ck_assert_int_eq(hook_call(SIM_NOW, "POST", "/enableNotifications", "{\"enable\":true}"), 200);
	ck_assert_uint_eq(reply.body.len, 0);
	ck_assert_int_eq(hook_call(SIM_NOW, "POST", "/enableNotifications", "{\"enable\":1}"), 422);
	set("acknowledgement", "object");
	ck_assert_int_eq(hook_call(SIM_NOW, "DELETE", "", ""), 200);
	ck_assert_str_eq(buf_cstr(&reply.body), "{}");
	ck_assert_int_eq(hook_call(SIM_NOW, "DELETE", "", ""), 404);
	set("goneWebhookStatus", "403");
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 403);
	ck_assert_str_eq(text_at("error/type"), "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND");
}
END_TEST

START_TEST(removing_what_it_watches_breaks_it_with_an_error_payload)
{
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"],\"watchDataInFieldIds\":"
	    "[\"fldNotes000000000\"]}"), 200);
	ck_assert_int_eq(door("POST", "schema", "{\"remove\":{\"field\":\"Notes\"}}"), 200);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert_int_eq(size_at("payloads"), 1);
	ck_assert(cJSON_IsTrue(at("payloads/0/error")));
	ck_assert_str_eq(text_at("payloads/0/code"), "INVALID_FILTERS");
	ck_assert_int_eq(call("GET", HOOKS, ""), 200);
	ck_assert(cJSON_IsTrue(at("webhooks/0/isHookEnabled")));
	ck_assert(cJSON_IsFalse(at("webhooks/1/isHookEnabled")));
	changes(1);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=2"), 200);
	ck_assert_int_eq(size_at("payloads"), 0);
}
END_TEST

START_TEST(removing_its_table_breaks_it_too)
{
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"],\"recordChangeScope\":\""
	    SIM_DATA_TABLE_ID "\"}"), 200);
	set("brokenCode", "INVALID_HOOK");
	ck_assert_int_eq(door("POST", "schema", "{\"removeTable\":{}}"), 200);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 200);
	ck_assert_str_eq(text_at("payloads/0/code"), "INVALID_HOOK");
	ck_assert_int_eq(call("GET", SIM_ORDERS, ""), 403);
	ck_assert_int_eq(call("GET", "/v0/meta/bases/" SIM_DATA_BASE_ID "/tables", ""), 200);
	ck_assert_int_eq(size_at("tables"), 0);
}
END_TEST

START_TEST(the_control_door_expires_breaks_loses_and_deletes_webhooks)
{
	changes(5);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"lose\",\"keep\":2}"), 200);
	ck_assert_int_eq(number_at("webhooks"), 1);
	ck_assert_int_eq(payloads_at(SIM_NOW, "?cursor=3"), 200);
	ck_assert_int_eq(size_at("payloads"), 2);
	ck_assert_int_eq(number_at("cursor"), 6);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"error\",\"code\":\"INVALID_HOOK\"}"), 200);
	ck_assert_int_eq(payloads_at(SIM_NOW + 10000, "?cursor=6"), 200);
	ck_assert_str_eq(text_at("payloads/0/code"), "INVALID_HOOK");
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"expire\"}"), 200);
	ck_assert_int_eq(hook_call(SIM_NOW + 10000, "POST", "/refresh", ""), 422);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"delete\",\"id\":\"achNoSuch\"}"), 200);
	ck_assert_int_eq(number_at("webhooks"), 0);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"delete\"}"), 200);
	ck_assert_int_eq(payloads_at(SIM_NOW, ""), 404);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"explode\"}"), 400);
}
END_TEST

START_TEST(the_control_door_fills_the_base_with_webhooks_of_others)
{
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"create\",\"count\":99}"), 200);
	ck_assert_int_eq(size_at("ids"), 9);
	ck_assert_int_eq(create("{\"dataTypes\":[\"tableData\"]}"), 422);
	ck_assert_int_eq(door("GET", "webhooks", ""), 200);
	ck_assert_int_eq(size_at("webhooks"), 10);
	ck_assert_uint_eq(strlen(text_at("webhooks/0/macSecretBase64")), 44);
}
END_TEST

START_TEST(webhook_calls_count_for_base_and_quota_unless_configured)
{
	struct sim_limits limits = { 0 };
	struct sim_request q = { .method = "GET", .target = HOOKS };
	struct sim_arrival a = { .monotonic_ms = 1, .simulated_ms = SIM_NOW, .token = STR("a") };

	ck_assert_int_eq(sim_uri_parse(&q.uri, q.target), ERR_OK);
	ck_assert(sim_request_of_base(&q, SIM_DATA_BASE_ID));
	a.of_base = true;
	a.webhook = sim_request_is_webhook(&q);
	ck_assert(a.webhook);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(sim_limits_arrive(&limits, &sim->settings, &a), SIM_ADMIT);
	ck_assert_int_eq(sim_limits_arrive(&limits, &sim->settings, &a), SIM_RATE_EXCEEDED);
	ck_assert_uint_eq(limits.month_calls, 6);
	set("webhookCounts", "false");
	(void)sim_limits_arrive(&limits, &sim->settings, &a);
	ck_assert_uint_eq(limits.month_calls, 6);
	sim_limits_reset(&limits);
	sim_uri_free(&q.uri);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_webhooks");
	TCase *t = tcase_create("webhooks");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, creation_answers_with_the_secret_and_the_listing_without);
	tcase_add_test(t, senseless_specifications_are_refused);
	tcase_add_test(t, the_eleventh_webhook_is_refused_with_its_own_type);
	tcase_add_test(t, a_token_needs_the_scopes_of_what_it_watches);
	tcase_add_test(t, payloads_are_numbered_from_1_and_paged_by_cursor);
	tcase_add_test(t, a_full_last_page_may_claim_that_there_is_more);
	tcase_add_test(t, bad_cursors_and_limits_are_refused);
	tcase_add_test(t, a_cursor_beyond_the_end_is_echoed_clamped_or_refused);
	tcase_add_test(t, payloads_are_gone_after_seven_days_but_numbers_continue);
	tcase_add_test(t, a_log_that_grows_too_large_loses_its_oldest);
	tcase_add_test(t, a_payload_may_be_late);
	tcase_add_test(t, reading_and_refreshing_prolong_a_webhooks_life);
	tcase_add_test(t, an_expired_webhook_gets_nothing_is_readable_for_a_week_and_can_not_be_revived);
	tcase_add_test(t, deleting_and_switching_acknowledge_with_an_empty_body_or_an_object);
	tcase_add_test(t, removing_what_it_watches_breaks_it_with_an_error_payload);
	tcase_add_test(t, removing_its_table_breaks_it_too);
	tcase_add_test(t, the_control_door_expires_breaks_loses_and_deletes_webhooks);
	tcase_add_test(t, the_control_door_fills_the_base_with_webhooks_of_others);
	tcase_add_test(t, webhook_calls_count_for_base_and_quota_unless_configured);
	suite_add_tcase(s, t);
	return run_suite(s);
}
