#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/store/outbox.h"
#include "tests/lib/api_fixture.h"

/* The same request sent again with an Idempotency-Key. */

#define REC_A	"recAAAAAAAAAAAAAA"
#define SHIP	"{\"status\":\"Shipped\"}"

/* The fingerprint that a request with this key is sent with. */
static void
fingerprint_of(const char *method, const char *uri, const char *key, const char *body, char print[33])
{
	const char *line, *at;

	ask(method, uri, "HTTP_IDEMPOTENCY_KEY", key, body);
	line = syncd_line();
	ck_assert_ptr_nonnull(at = strstr(line, "\"fingerprint\":\""));
	memcpy(print, at + 15, 32);
	print[32] = '\0';
	ck_assert_uint_eq(strspn(print, "0123456789abcdef"), 32);
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	ck_assert(answered());
}

START_TEST(the_fingerprint_tells_requests_apart_and_knows_them_again)
{
	static const struct { const char *method, *uri, *key, *body; bool same; } cases[] = {
		{ "PATCH", "/api/orders/ORD-1", "k1", SHIP, true },
		{ "PATCH", "/api/orders/ORD%2D1", "k2", SHIP, true },
		{ "PATCH", "/api/orders/" REC_A, "k1", SHIP, false },
		{ "PATCH", "/api/orders/ORD-1", "k1", " " SHIP, false },
		{ "POST", "/api/orders", "k1", SHIP, false },
		{ "DELETE", "/api/orders/ORD-1", "k1", "", false }
	};
	char first[33], other[33];

	fx.config.write.create = fx.config.write.delete = true;
	fingerprint_of("PATCH", "/api/orders/ORD-1", "k1", SHIP, first);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fingerprint_of(cases[i].method, cases[i].uri, cases[i].key, cases[i].body, other);
		ck_assert_msg((strcmp(first, other) == 0) == cases[i].same, "%zu", i);
		/* either half alone tells them apart */
		ck_assert(cases[i].same || (memcmp(first, other, 16) != 0 &&
		    memcmp(first + 16, other + 16, 16) != 0));
	}
}
END_TEST

START_TEST(a_key_is_printable_and_not_too_long)
{
	static char longest[MESSAGE_KEY_MAX + 2];

	memset(longest, 'k', MESSAGE_KEY_MAX + 1);
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", longest, SHIP);
	expect(400, "\"field\":\"Idempotency-Key\"");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "", SHIP);
	expect(400, "\"field\":\"Idempotency-Key\"");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "caf\xc3\xa9", SHIP);
	expect(400, "\"field\":\"Idempotency-Key\"");
	longest[MESSAGE_KEY_MAX] = '\0';
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", longest, SHIP);
	ck_assert_ptr_nonnull(strstr(syncd_line(), longest));
}
END_TEST

/* The answer that the writer keeps for key k1. */
static struct {
	char		 print[33];
	const char	*body;		/* "": not settled yet */
	int64_t		 at_ms;
} kept;

static void
keep(struct apply *a)
{
	struct answer_step step = { .key = STR("k1"), .answer = { .at_ms = kept.at_ms,
	    .first = 1, .count = 1, .body = str_of(kept.body) } };
	struct apply_meta meta = { .answers = &step, .answer_count = 1 };
	char half[17];

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(half, sizeof(half), "%.16s", kept.print + i * 16);
		step.answer.fingerprint[i] = strtoull(half, NULL, 16);
	}
	apply_or_exit(a, NULL, 0, SOURCE_WRITE, &meta);
}

static void
keep_answer(const char *body, int64_t at_ms)
{
	kept.body = body;
	kept.at_ms = at_ms;
	in_writer(keep);
}

#define KEPT_ORDER	"{\"bulk\":null,\"results\":[{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false," \
	"\"order\":\"{\\\"id\\\":\\\"" REC_A "\\\",\\\"status\\\":\\\"Shipped\\\",\\\"version\\\":55}\"}]}"

START_TEST(asking_again_with_a_key_gets_the_first_answer_without_asking_syncd)
{
	fingerprint_of("PATCH", "/api/orders/ORD-1", "k1", SHIP, kept.print);
	keep_answer(KEPT_ORDER, instant_now());
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", SHIP);
	expect(200, "\r\n\r\n{\"id\":\"" REC_A "\",\"status\":\"Shipped\",\"version\":55}");
	expect_text("ETag: \"v55\"\r\n");
	/* whatever has become of the order since, and though the version has moved on */
	ask_with("PATCH", "/api/orders/ORD-1", (const char *const[]){ "HTTP_IDEMPOTENCY_KEY", "k1",
	    "HTTP_IF_MATCH", "\"v3\"", NULL }, SHIP);
	expect(200, "\"version\":55}");
	keep_answer("{\"bulk\":null,\"results\":[{\"ok\":false,\"record\":\"" REC_A "\","
	    "\"code\":\"airtable_rejected\",\"detail\":\"NO: never\",\"retryAfterMs\":0}]}", instant_now());
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", SHIP);
	expect(422, "NO: never");
	expect_no_line();
}
END_TEST

START_TEST(a_key_that_was_used_for_something_else_is_refused)
{
	fingerprint_of("PATCH", "/api/orders/ORD-1", "k1", SHIP, kept.print);
	keep_answer(KEPT_ORDER, instant_now());
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", "{\"status\":null}");
	expect(422, "\"code\":\"idempotency_key_reused\"");
	keep_answer("", instant_now());
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", "{\"status\":null}");
	expect(422, "\"code\":\"idempotency_key_reused\"");
	expect_no_line();
}
END_TEST

START_TEST(a_key_is_forgotten_after_its_time)
{
	fingerprint_of("PATCH", "/api/orders/ORD-1", "k1", SHIP, kept.print);
	keep_answer(KEPT_ORDER, instant_now() - ANSWER_KEPT_MS - 1000);
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", SHIP);
	ck_assert_ptr_nonnull(strstr(syncd_line(), "\"key\":\"k1\""));
}
END_TEST

START_TEST(a_pending_request_may_be_repeated_whatever_its_version)
{
	fingerprint_of("PATCH", "/api/orders/ORD-1", "k1", SHIP, kept.print);
	keep_answer("", instant_now());
	ask_with("PATCH", "/api/orders/ORD-1", (const char *const[]){ "HTTP_IDEMPOTENCY_KEY", "k1",
	    "HTTP_IF_MATCH", "\"v3\"", NULL }, SHIP);
	ck_assert_ptr_nonnull(strstr(syncd_line(), "\"version\":3"));
}
END_TEST

static void
remove_it(struct apply *a)
{
	struct change c = { .table = &orders_schema, .kind = CHANGE_GONE, .base = CHANGE_ANY_BASE, .record.id = STR(REC_A) };

	apply_or_exit(a, &c, 1, SOURCE_WRITE, NULL);
}

START_TEST(a_deletion_is_answered_again_though_the_order_is_gone)
{
	fx.config.write.delete = true;
	fingerprint_of("DELETE", "/api/orders/ORD-1", "k1", "", kept.print);
	in_writer(remove_it);
	ask("DELETE", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", NULL);
	expect(404, "not_found");
	/* a sync has seen it before the answer is settled: syncd knows whose doing it was */
	keep_answer("", instant_now());
	ask("DELETE", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", NULL);
	syncd_say(syncd_line(), syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,\"order\":null}"));
	expect(204, "X-Generation: ");
	keep_answer("{\"bulk\":null,\"results\":[{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,\"order\":null}]}", instant_now());
	ask("DELETE", "/api/orders/ORD-1", "HTTP_IDEMPOTENCY_KEY", "k1", NULL);
	expect(204, "X-Generation: ");
	expect_no_line();
}
END_TEST

static void
reset_config(void)
{
	fx.config.write.create = fx.config.write.delete = false;
	api_teardown();
}

int
main(void)
{
	Suite *s = suite_create("writing_keys");
	TCase *t = tcase_create("with syncd");

	tcase_add_checked_fixture(t, api_setup_syncd, reset_config);
	tcase_add_test(t, the_fingerprint_tells_requests_apart_and_knows_them_again);
	tcase_add_test(t, a_key_is_printable_and_not_too_long);
	tcase_add_test(t, asking_again_with_a_key_gets_the_first_answer_without_asking_syncd);
	tcase_add_test(t, a_key_that_was_used_for_something_else_is_refused);
	tcase_add_test(t, a_key_is_forgotten_after_its_time);
	tcase_add_test(t, a_pending_request_may_be_repeated_whatever_its_version);
	tcase_add_test(t, a_deletion_is_answered_again_though_the_order_is_gone);
	suite_add_tcase(s, t);
	return run_suite(s);
}
