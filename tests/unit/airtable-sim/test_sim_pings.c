/* Webhooks: the MAC of pings, and when one is due. */
#include "common/base/hmac.h"
#include "tests/lib/sim_support.h"

#define BASE	SIM_DATA_BASE_ID
#define SPEC	"{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"]}}}"

static struct sim_webhooks hooks;
static struct sim_settings settings;
static struct sim_webhook *hook;
static struct sim_ping ping;
static int64_t now, wait_ms;
static int woken;

static void
count_wake(void *cookie)
{
	(void)cookie;
	woken++;
}

static void
setup(void)
{
	struct sim_spec spec = { .data_types = SIM_TABLE_DATA };

	sim_settings_default(&settings);
	sim_webhooks_init(&hooks);
	hooks.wake = count_wake;
	now = SIM_NOW;
	hook = sim_webhooks_add(&hooks, &settings, now, strdup("http://127.0.0.1:9/hook"),
	    strdup(SPEC), &spec);
	ck_assert_ptr_nonnull(hook);
}

static void
teardown(void)
{
	sim_ping_free(&ping);
	sim_webhooks_clear(&hooks);
}

static void
payload(void)
{
	sim_webhook_log(hook, &settings, now, strdup("{}"));
}

static bool
take(void)
{
	struct sim_ping next;

	if (!sim_webhooks_take_ping(&hooks, BASE, now, &next, &wait_ms))
		return false;
	sim_ping_free(&ping);
	ping = next;
	return true;
}

static void
answer(const char *why)
{
	sim_webhooks_pinged(&hooks, &settings, now, &ping, 2.5, why);
}

static void
check_mac(struct str key, struct str message, const char *expected)
{
	unsigned char mac[HMAC_BYTES];
	struct buf hex = { 0 };

	hmac_sha256(key, message, mac);
	hex_add(&hex, (struct str){ (const char *)mac, sizeof(mac) });
	ck_assert_str_eq(buf_cstr(&hex), expected);
	buf_free(&hex);
}

START_TEST(the_mac_is_that_of_the_standard)
{
	char long_key[131];
	char key[32];

	/* RFC 4231, cases 2 and 6 */
	check_mac(STR("Jefe"), STR("what do ya want for nothing?"),
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(long_key, 0xaa, sizeof(long_key));
	check_mac((struct str){ long_key, sizeof(long_key) },
	    STR("Test Using Larger Than Block-Size Key - Hash Key First"),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	/* a ping, its secret the bytes 0 to 31 */
	for (int i = 0; i < 32; i++)
		key[i] = (char)i;
	check_mac((struct str){ key, sizeof(key) }, STR("{\"base\":{\"id\":\"appAAAAAAAAAAAAAA\"},"
	    "\"webhook\":{\"id\":\"achAAAAAAAAAAAAAA\"},\"timestamp\":\"2024-01-02T03:04:05.678Z\"}"),
	    "5e56c0cd5cb41542e67c9f9a690d502cf38a7cc6ba518ad3f9a32388f4326ede");
}
END_TEST

START_TEST(base64_pads)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
	    { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "\xff\xfe\xfd", "//79" } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf b = { 0 };

		base64_add(&b, str_of(pairs[i][0]));
		ck_assert_str_eq(buf_cstr(&b), pairs[i][1]);
		buf_free(&b);
	}
}
END_TEST

START_TEST(a_ping_says_who_and_when_and_nothing_else)
{
	payload();
	ck_assert(take());
	ck_assert_str_eq(ping.url, "http://127.0.0.1:9/hook");
	ck_assert(strncmp(buf_cstr(&ping.body), "{\"base\":{\"id\":\"" BASE "\"},\"webhook\":{\"id\":\"", 47) == 0);
	ck_assert(strstr(buf_cstr(&ping.body), "\"timestamp\":\"2026-11-20T12:00:00.000Z\"}") != NULL);
	ck_assert(strncmp(buf_cstr(&ping.mac), "hmac-sha256=", 12) == 0);
	ck_assert_uint_eq(ping.mac.len, 12 + 64);
}
END_TEST

START_TEST(many_payloads_are_one_ping_and_those_during_it_one_more)
{
	ck_assert(!take());
	ck_assert_int_eq(wait_ms, -1);
	payload();
	payload();
	ck_assert(take());
	ck_assert(!take());
	payload();
	payload();
	ck_assert(!take());
	answer(NULL);
	ck_assert(take());
	answer(NULL);
	ck_assert(!take());
	ck_assert_uint_eq(hook->ping.sent, 2);
	ck_assert_int_eq(hook->ping.last_success_ms, now);
}
END_TEST

START_TEST(a_ping_may_be_delayed)
{
	settings.ping_delay_ms = 700;
	settings.payload_lag_ms = 300;
	payload();
	ck_assert(!take());
	ck_assert_int_eq(wait_ms, 1000);
	now += 999;
	ck_assert(!take());
	ck_assert_int_eq(wait_ms, 1);
	now++;
	ck_assert(take());
}
END_TEST

START_TEST(retries_back_off_and_the_last_failure_ends_notifications)
{
	int64_t began = now;

	payload();
	ck_assert(take());
	for (int64_t delay = 10000; hook->ping.retries < 13; delay *= 2) {
		answer("refused");
		ck_assert(hook->notify && hook->ping.last_will_retry);
		now += delay - 1;
		ck_assert(!take());
		now++;
		ck_assert(take());
	}
	ck_assert_int_gt(now - began, 22 * 3600000);	/* about a day */
	answer("refused");
	ck_assert(!hook->notify && !hook->ping.last_will_retry);
	ck_assert_uint_eq(hook->ping.failed, 14);
	ck_assert_int_eq(hook->ping.last_retry, 13);
	payload();		/* payloads go on */
	ck_assert(!take());
	ck_assert_uint_eq(hook->next, 3);
	sim_webhook_notify(hook, true, now);
	ck_assert(take());
	answer("refused");
	ck_assert(hook->notify);	/* all retries again */
}
END_TEST

START_TEST(a_success_resets_the_retries)
{
	payload();
	ck_assert(take());
	answer("refused");
	now += 10000;
	ck_assert(take());
	answer(NULL);
	ck_assert_int_eq(hook->ping.last_retry, 1);
	payload();
	ck_assert(take());
	answer("refused");
	ck_assert_int_eq(hook->ping.at_ms, now + 10000);
}
END_TEST

START_TEST(every_ping_may_come_in_copies)
{
	settings.ping_copies = 3;
	payload();
	for (int i = 0; i < 3; i++) {
		ck_assert(take());
		answer(NULL);
	}
	ck_assert(!take());
	payload();
	ck_assert(take());
	answer(NULL);
	ck_assert(take());
}
END_TEST

START_TEST(without_an_address_or_while_switched_off_no_ping_is_sent)
{
	struct sim_spec spec = { .data_types = SIM_TABLE_DATA };

	sim_webhook_notify(hook, false, now);
	payload();
	ck_assert(!take());
	sim_webhook_notify(hook, true, now);
	ck_assert(take());
	answer(NULL);
	sim_webhooks_remove(&hooks, hook);
	hook = sim_webhooks_add(&hooks, &settings, now, NULL, strdup(SPEC), &spec);
	ck_assert(!hook->notify);
	sim_webhook_notify(hook, true, now);
	payload();
	ck_assert(!take());
}
END_TEST

START_TEST(a_webhook_may_be_deleted_during_its_ping)
{
	payload();
	ck_assert(take());
	sim_webhooks_remove(&hooks, hook);
	answer("refused");
	ck_assert(!take());
}
END_TEST

START_TEST(the_listing_shows_the_last_result)
{
	struct buf b = { 0 };

	payload();
	ck_assert(take());
	answer("The HTTP status was 500");
	sim_webhook_json(&b, hook, &settings, now);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&b), "\"lastNotificationResult\":{\"success\":false,"
	    "\"completionTimestamp\":\"2026-11-20T12:00:00.000Z\",\"durationMs\":2.500,\"retryNumber\":0,"
	    "\"error\":{\"message\":\"The HTTP status was 500\"},\"willBeRetried\":true}"));
	buf_free(&b);
}
END_TEST

START_TEST(changes_wake_the_sender)
{
	char target[128];

	sim_start(5);
	sim->webhooks.wake = count_wake;
	ck_assert_int_eq(call("POST", "/v0/bases/" BASE "/webhooks", "{\"notificationUrl\":"
	    "\"http://127.0.0.1:9/\",\"specification\":" SPEC "}"), 200);
	woken = 0;
	(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s", orders_table()->rows[0].id);
	ck_assert_int_eq(call("PATCH", target, "{\"fields\":{\"Customer\":\"x\"}}"), 200);
	ck_assert_int_eq(woken, 1);
	ck_assert_int_eq(door("POST", "clock", "{\"advanceMs\":1}"), 200);
	ck_assert_int_eq(door("POST", "webhooks", "{\"action\":\"ping\"}"), 200);
	ck_assert_int_eq(woken, 3);
	sim_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_pings");
	TCase *t = tcase_create("pings");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_mac_is_that_of_the_standard);
	tcase_add_test(t, base64_pads);
	tcase_add_test(t, a_ping_says_who_and_when_and_nothing_else);
	tcase_add_test(t, many_payloads_are_one_ping_and_those_during_it_one_more);
	tcase_add_test(t, a_ping_may_be_delayed);
	tcase_add_test(t, retries_back_off_and_the_last_failure_ends_notifications);
	tcase_add_test(t, a_success_resets_the_retries);
	tcase_add_test(t, every_ping_may_come_in_copies);
	tcase_add_test(t, without_an_address_or_while_switched_off_no_ping_is_sent);
	tcase_add_test(t, a_webhook_may_be_deleted_during_its_ping);
	tcase_add_test(t, the_listing_shows_the_last_result);
	tcase_add_test(t, changes_wake_the_sender);
	suite_add_tcase(s, t);
	return run_suite(s);
}
