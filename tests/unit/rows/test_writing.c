#include <stdio.h>

#include "common/base/instant.h"
#include "common/store/outbox.h"
#include "tests/lib/api_fixture.h"
#include "tests/lib/outbox_made.h"

/* One order changed, made or deleted: from the request to syncd and back. */

#define REC_A	"recAAAAAAAAAAAAAA"
#define SHIP	"{\"status\":\"Shipped\"}"

START_TEST(a_patch_is_refused_without_asking_when_it_cannot_be_right)
{
	static const struct { const char *body, *holds; } cases[] = {
		{ "{\"status\":\"Lost\"}", "must be one of Pending, Processing" },
		{ "{\"status\":1,\"x\":2,\"customer\":\"a\"}", "\"field\":\"customer\"" },
		{ "{\"status\":\"\"}", "must be one of Pending, Processing" },
		{ "{}", "names no field" }, { "[]", "must be an object" }, { "{", "not JSON" },
		{ "", "empty" }, { "{\"status\":null,\"status\":null}", "twice" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("PATCH", "/api/orders/ORD-1", NULL, NULL, cases[i].body);
		expect(400, cases[i].holds);
	}
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", "v1", "{\"status\":null}");
	expect(400, "If-Match");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", "\"v7\"", "{\"status\":null}");
	expect(412, "precondition_failed");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", "\"g7\", \"x\"", "{\"status\":null}");
	expect(412, "precondition_failed");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", "*", "{\"status\":null}");
	expect(412, "precondition_failed");
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_NONE_MATCH", with("\"x\", W/\"v%llu\"", *fx.committed), "{\"status\":null}");
	expect(412, "precondition_failed");
	ask("PATCH", "/api/orders/nope", "HTTP_IF_MATCH", "*", "{\"status\":null}");
	expect(404, "not_found");
	ask("PATCH", "/api/orders/nope", NULL, NULL, "{\"status\":null}");
	expect(404, "not_found");
	ask("PATCH", "/api/orders/ORD-3", NULL, NULL, "{\"status\":null}");
	expect(409, "recCCCCCCCCCCCCCC, recDDDDDDDDDDDDDD");
	ask("PATCH", "/api/orders/ORD-1?x=1", NULL, NULL, "{\"status\":null}");
	expect(400, "\"field\":\"x\"");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"status\":null}");
	expect(503, "syncd_unavailable");
	expect_text("Retry-After: ");
}
END_TEST

START_TEST(the_asker_is_the_user_named_by_the_web_server)
{
	static const struct { const char *header, *value, *by; } cases[] = {
		{ "REMOTE_USER", "J\xc3\xb6rg", "\"by\":\"J\xc3\xb6rg\"" }, { "HTTP_REMOTE_USER", "mallory", NULL },
		{ "HTTP_X_REMOTE_USER", "mallory", NULL }, { "REMOTE_USER", "", NULL }, { "REMOTE_USER", "a\xff", NULL },
		{ "REMOTE_USER", "\xe2\x80\xaegroj", NULL }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *line;

		ask("PATCH", "/api/orders/ORD-1", cases[i].header, cases[i].value, SHIP);
		line = syncd_line();
		if (cases[i].by != NULL)
			ck_assert_ptr_nonnull(strstr(line, cases[i].by));
		else
			ck_assert_ptr_null(strstr(line, "\"by\""));
		syncd_say(line, syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,\"order\":null}"));
		expect(200, "");
	}
}
END_TEST

START_TEST(a_confirmed_patch_answers_with_the_order_from_syncd)
{
	const char *line;

	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", with("\"v3\", \"v%llu\", \"x\"", *fx.committed),
	    "{\"status\":\"Shipped\",\"priority\":null}");
	ck_assert(!answered());
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"type\":\"write\""));
	ck_assert_ptr_nonnull(strstr(line, "\"requestId\":\"r1\",\"timeoutMs\":20000,\"deadlineMs\":"));
	ck_assert_ptr_nonnull(strstr(line, with("{\"kind\":\"update\",\"record\":\"" REC_A "\",\"version\":%llu,"
	    "\"fields\":{\"status\":\"Shipped\",\"priority\":null}}]", *fx.committed)));
	in_writer(api_ship);
	syncd_say(line, syncd_confirmed(*fx.committed, with("{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,"
	    "\"order\":\"{\\\"id\\\":\\\"" REC_A "\\\",\\\"status\\\":\\\"Shipped\\\",\\\"version\\\":%llu}\"}", *fx.committed)));
	expect(200, with("\r\n\r\n{\"id\":\"" REC_A "\",\"status\":\"Shipped\",\"version\":%llu}", *fx.committed));
	expect_text(with("ETag: \"v%llu\"\r\n", *fx.committed));
	expect_text(with("X-Generation: %llu\r\n", *fx.committed));
	expect_no_text("Preference-Applied");
}
END_TEST

START_TEST(without_an_order_in_the_result_the_stores_is_sent)
{
	const char *line;

	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	line = syncd_line();
	ck_assert_ptr_eq(strstr(line, "version"), NULL);
	in_writer(api_ship);
	syncd_say(line, syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,\"order\":null}"));
	expect(200, "\"orderId\":\"ORD-1\"");
	expect_text("\"status\":\"Shipped\"");
	expect_text(with("ETag: \"v%llu\"\r\n", *fx.committed));
}
END_TEST

START_TEST(a_result_that_failed_becomes_a_problem)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), syncd_confirmed(1, "{\"ok\":false,\"record\":\"" REC_A "\",\"code\":\"airtable_rejected\",\"detail\":\"INVALID: no\",\"retryAfterMs\":0}"));
	expect(422, "\"detail\":\"INVALID: no\",\"code\":\"airtable_rejected\"");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), syncd_confirmed(1, "{\"ok\":false,\"record\":\"" REC_A "\",\"code\":\"airtable_unavailable\",\"detail\":\"\",\"retryAfterMs\":7001}"));
	expect(503, "Retry-After: 8\r\n");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), syncd_confirmed(1, "{\"ok\":false,\"record\":\"" REC_A "\",\"code\":\"precondition_failed\",\"detail\":\"\",\"retryAfterMs\":0}"));
	expect(412, "precondition_failed");
}
END_TEST

START_TEST(a_message_that_syncd_refuses_becomes_a_problem)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"idempotency_key_reused\",\"detail\":\"other\"");
	expect(422, "\"detail\":\"other\",\"code\":\"idempotency_key_reused\"");
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "Retry-After: 5\r\n");
}
END_TEST

START_TEST(an_answer_that_cannot_be_read_leaves_the_outcome_unknown)
{
	static const char *const bodies[] = { "{}", "{\"results\":[]}", "{\"results\":[{\"ok\":1}]}",
	    "{\"results\":[{\"ok\":true},{\"ok\":true}]}" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char rest[200];

		ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
		(void)snprintf(rest, sizeof(rest), "\"ok\":true,\"generation\":1,\"body\":%s", bodies[i]);
		syncd_say(syncd_line(), rest);
		expect(504, "\"code\":\"outcome_unknown\"");
	}
}
END_TEST

START_TEST(a_link_that_breaks_after_sending_leaves_the_outcome_unknown)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	(void)syncd_line();
	syncd_close();
	expect(504, "\"code\":\"outcome_unknown\"");
}
END_TEST

START_TEST(a_generation_that_the_store_does_not_have_is_an_error)
{
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	syncd_say(syncd_line(), syncd_confirmed(*fx.committed + 99, "{\"ok\":true,\"record\":\"" REC_A "\"}"));
	expect(500, "internal_error");
}
END_TEST

START_TEST(a_client_that_leaves_is_forgotten)
{
	const char *line;

	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, SHIP);
	line = syncd_line();
	close_web();
	ck_assert_uint_eq(connections_count(fx.cs), 0);
	syncd_say(line, syncd_confirmed(1, "{\"ok\":true}"));
	open_web();
	expect_get("/api/orders/ORD-1", 200, "ORD-1");
}
END_TEST

/* ---- what waits for Airtable ------------------------------------------------------ */
/* ORD-1 is to be Shipped, and readers see it already. */
static void
promise(struct apply *a)
{
	struct made_entry m;

	made_entry(&m, a, OUTBOX_UPDATE, REC_A);
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.deferred = m.e.shown = true;
	*fx.committed = made_store(a, &m, instant_now()).generation;
}

START_TEST(a_change_that_is_delivered_later_is_a_202_with_the_order_as_it_will_be)
{
	uint64_t version = *fx.committed;
	const char *line;
	char tag[80];

	ask("PATCH", "/api/orders/ORD-1", "HTTP_PREFER", "return=minimal, Respond-Async;wait=3", SHIP);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"defer\":true"));
	in_writer(promise);
	syncd_say(line, syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":true,\"order\":null}"));
	expect(202, "Preference-Applied: respond-async\r\n");
	expect_text("\"status\":\"Shipped\"");
	expect_text(",\"pending\":true}");
	(void)snprintf(tag, sizeof(tag), "ETag: \"v%llu-p%llu\"\r\n", (unsigned long long)version,
	    (unsigned long long)*fx.committed);
	expect_text(tag);
}
END_TEST

START_TEST(only_respond_async_requests_later_delivery)
{
	static const char *const values[] = { "", "respond-asynchronously", "wait=10", "\"respond-async\"",
	    "foo=\"a, respond-async\"", "respond-async=1" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *line;

		ask("PATCH", "/api/orders/ORD-1", "HTTP_PREFER", values[i], SHIP);
		line = syncd_line();
		ck_assert_msg(strstr(line, "defer") == NULL, "%s", values[i]);
		syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
		ck_assert(answered());
	}
}
END_TEST

START_TEST(pending_changes_are_visible_but_filters_use_confirmed_values)
{
	uint64_t version = *fx.committed;
	char tag[80];

	expect_get("/api/orders?sort=orderId&pageSize=1", 200, "\"status\":\"Pending\"");
	in_writer(promise);
	expect_get("/api/orders?sort=orderId&pageSize=1", 200, "\"status\":\"Shipped\"");
	expect_text(with("\"version\":%llu,\"pending\":true}]", version));
	expect_get("/api/orders?sort=orderId", 200, "\"pending\":true}");
	expect_text(with("\"version\":%llu},{", version));	/* the others as they are */
	expect_get("/api/orders?status=Shipped", 200, "\"total\":0");
	expect_get("/api/orders?status=Pending", 200, "\"total\":1");
	expect_text("\"status\":\"Shipped\"");
	expect_get("/api/orders/ORD-1", 200, "\"status\":\"Shipped\"");
	(void)snprintf(tag, sizeof(tag), "\"v%llu-p%llu\"", (unsigned long long)version,
	    (unsigned long long)*fx.committed);
	expect_text(tag);
	ask("GET", "/api/orders/" REC_A, "HTTP_IF_NONE_MATCH", tag, NULL);
	expect(304, tag);
	ask("GET", "/api/orders/" REC_A, "HTTP_IF_NONE_MATCH", with("\"v%llu\"", version), NULL);
	expect(200, "\"pending\":true");
	/* for If-Match it is the version */
	ask("PATCH", "/api/orders/ORD-1", "HTTP_IF_MATCH", tag, SHIP);
	ck_assert_ptr_nonnull(strstr(syncd_line(), with("\"version\":%llu,", version)));
}
END_TEST

/* ---- making and deleting --------------------------------------------------------- */
START_TEST(creating_and_deleting_are_off_until_switched_on)
{
	ask("POST", "/api/orders", NULL, NULL, "{\"customer\":\"Acme\"}");
	expect(403, "write.create is off");
	ask("DELETE", "/api/orders/ORD-1", NULL, NULL, NULL);
	expect(403, "write.delete is off");
	expect_text("\"code\":\"forbidden\"");
	expect_no_line();
}
END_TEST

START_TEST(a_new_order_is_a_201_with_its_location)
{
	const char *line;

	fx.config.write.create = true;
	ask("POST", "/api/orders", NULL, NULL, "{\"orderId\":\"ORD-9\",\"customer\":\"\\u00dcnal\",\"status\":\"Pending\","
	    "\"priority\":null,\"orderTotal\":99.95}");
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"items\":[{\"kind\":\"create\",\"fields\":{\"orderId\":\"ORD-9\",\"customer\":\"Ünal\","
	    "\"status\":\"Pending\",\"priority\":null,\"orderTotal\":99.95}}]"));
	syncd_say(line, syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"recNEW\",\"pending\":false,"
	    "\"order\":\"{\\\"id\\\":\\\"recNEW\\\",\\\"version\\\":77}\"}"));
	expect(201, "Location: /api/orders/recNEW\r\n");
	expect_text("ETag: \"v77\"\r\n");
	expect_text("\r\n\r\n{\"id\":\"recNEW\",\"version\":77}");
}
END_TEST

START_TEST(a_new_order_that_waits_has_no_id_yet)
{
	fx.config.write.create = true;
	ask("POST", "/api/orders", "HTTP_PREFER", "respond-async", "{\"customer\":\"Acme\",\"orderTotal\":1}");
	syncd_say(syncd_line(), syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":null,\"pending\":true,\"order\":null}"));
	expect(202, "\r\n\r\n{\"id\":null,\"orderId\":null,\"customer\":\"Acme\",\"status\":null,\"priority\":null,"
	    "\"orderTotal\":1.00,\"createdAt\":null,\"updatedAt\":null,\"version\":null,\"pending\":true}");
	expect_text("Preference-Applied: respond-async\r\n");
	expect_no_text("ETag");
}
END_TEST

START_TEST(a_new_order_is_refused_without_asking_when_it_cannot_be_right)
{
	static const struct { const char *body, *holds; } cases[] = {
		{ "{}", "names no field" }, { "[]", "must be an object" }, { "", "empty" },
		{ "{\"id\":\"rec1\"}", "unknown member" }, { "{\"createdAt\":null}", "can't be given" },
		{ "{\"orderTotal\":\"1\"}", "must be a number" }, { "{\"orderTotal\":1e12}", "out of range" },
		{ "{\"orderTotal\":1.00001}", "more than four decimals" }, { "{\"customer\":\"\"}", "must not be empty" },
		{ "{\"customer\":7,\"status\":\"x\"}", "\"field\":\"status\"" }
	};

	fx.config.write.create = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("POST", "/api/orders", NULL, NULL, cases[i].body);
		expect(400, cases[i].holds);
		expect_text("\"code\":\"invalid_body\"");
	}
	ask("POST", "/api/orders", "HTTP_IF_MATCH", "\"v1\"", "{\"customer\":\"A\"}");
	expect(400, "\"field\":\"If-Match\"");
	expect_no_line();
}
END_TEST

START_TEST(amounts_arrive_as_they_were_given)
{
	static const struct { const char *given, *sent; } sums[] = {
		{ "0.1", "0.10" }, { "12.3456", "12.3456" }, { "-5", "-5.00" }, { "1e3", "1000.00" },
		{ "99999999999.9999", "99999999999.9999" }, { "0.07", "0.07" }, { "1.005", "1.005" }, { "null", "null" }
	};
	char text[100];

	fx.config.write.create = true;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		const char *line;

		(void)snprintf(text, sizeof(text), "{\"orderTotal\":%s}", sums[i].given);
		ask("POST", "/api/orders", NULL, NULL, text);
		line = syncd_line();
		(void)snprintf(text, sizeof(text), "\"fields\":{\"orderTotal\":%s}", sums[i].sent);
		ck_assert_msg(strstr(line, text) != NULL, "%s: %s", text, line);
		syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
		ck_assert(answered());
	}
}
END_TEST

START_TEST(a_deleted_order_is_a_204)
{
	const char *line;

	fx.config.write.delete = true;
	ask("DELETE", "/api/orders/ORD-1", NULL, NULL, "{}");
	expect(400, "must have no body");
	ask("DELETE", "/api/orders/nope", NULL, NULL, NULL);
	expect(404, "not_found");
	ask("DELETE", "/api/orders/ORD-1", "HTTP_IF_MATCH", "\"v7\"", NULL);
	expect(412, "precondition_failed");
	ask("DELETE", "/api/orders/ORD-1", "HTTP_IF_MATCH", with("W/\"v%llu\"", *fx.committed), NULL);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, with("\"items\":[{\"kind\":\"delete\",\"record\":\"" REC_A "\",\"version\":%llu}]", *fx.committed)));
	syncd_say(line, syncd_confirmed(*fx.committed, "{\"ok\":true,\"record\":\"" REC_A "\",\"pending\":false,\"order\":null}"));
	expect(204, "X-Generation: ");
	expect_no_text("Content-Length");
}
END_TEST

/* ---- what can be set ------------------------------------------------------------------ */
static void
offer(struct apply *a, bool known, struct str names)
{
	struct offer_step step = { .table = &orders_schema, .field = ORDER_STATUS, .known = known, .names = names };
	struct apply_meta meta = { .offers = &step, .offer_count = 1 };

	apply_or_exit(a, NULL, 0, SOURCE_FEED, &meta);
}

static void
offer_them(struct apply *a, struct str names)
{
	struct offer_step step = { .table = &orders_schema, .field = ORDER_STATUS, .known = true, .several = true, .names = names };
	struct apply_meta meta = { .offers = &step, .offer_count = 1 };

	apply_or_exit(a, NULL, 0, SOURCE_FEED, &meta);
}

static void
offer_several(struct apply *a)
{
	offer_them(a, STR("Pending\0Rework, minor\0Sent\0minor\0"));
}

static void
offer_ambiguous(struct apply *a)
{
	offer_them(a, STR("Rework, minor\0Rework\0minor\0"));
}

static void
offer_renamed(struct apply *a)
{
	offer(a, true, STR("Backorder\0Sent\0Pending\0"));
}

static void
offer_many(struct apply *a)
{
	static char names[200 * 9];

	for (size_t i = 0; i < 200; i++)
		(void)snprintf(names + i * 9, 9, "Stage%03zu", i);
	offer(a, true, (struct str){ names, sizeof(names) });
}

static void
offer_nothing(struct apply *a)
{
	offer(a, true, STR(""));
}

static void
offer_not_known(struct apply *a)
{
	offer(a, false, STR(""));
}

static void
see_hold(struct apply *a)
{
	struct change c = { .table = &orders_schema, .base = CHANGE_ANY_BASE };

	c.record.id = STR("recBBBBBBBBBBBBBB");
	c.record.known = UINT32_C(1) << ORDER_STATUS;
	c.record.values[ORDER_STATUS] = text_value("On Hold");
	apply_or_exit(a, &c, 1, SOURCE_FULL_SYNC, NULL);
}

/* Send the change by every kind of request; values that may be set reach syncd. */
static void
expect_settable(const char *status)
{
	static const struct { const char *method, *uri, *format; } ways[] = {
		{ "PATCH", "/api/orders/ORD-1", "{\"status\":\"%s\"}" },
		{ "POST", "/api/orders", "{\"orderId\":\"n\",\"status\":\"%s\"}" },
		{ "PATCH", "/api/orders", "{\"updates\":[{\"id\":\"ORD-1\",\"status\":\"%s\"}]}" }
	};
	char body[200];

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *line;

		(void)snprintf(body, sizeof(body), ways[i].format, status);
		ask(ways[i].method, ways[i].uri, NULL, NULL, body);
		line = syncd_line();
		ck_assert_msg(strstr(line, status) != NULL, "%s: %s", ways[i].method, line);
		syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
		expect(503, "overloaded");
	}
}

static void
expect_not_settable(const char *status, const char *message)
{
	char body[200];

	(void)snprintf(body, sizeof(body), "{\"status\":\"%s\"}", status);
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, body);
	expect(400, message);
	ask("POST", "/api/orders", NULL, NULL, body);
	expect(400, message);
	(void)snprintf(body, sizeof(body), "{\"updates\":[{\"id\":\"ORD-1\",\"status\":\"%s\"}]}", status);
	ask("PATCH", "/api/orders", NULL, NULL, body);
	expect(200, message);
	expect_no_line();
}

START_TEST(what_airtable_offers_can_be_set_and_nothing_else)
{
	uint64_t before = *fx.committed;

	fx.config.write.create = true;
	in_writer(offer_renamed);
	ck_assert_uint_gt(*fx.committed, before);	/* readers see another summary */
	expect_settable("Backorder");
	expect_settable("Sent");
	expect_not_settable("Shipped", "must be one of Backorder, Sent, Pending, or null");
	expect_not_settable("", "must be one of Backorder, Sent, Pending, or null");
	expect_get("/api/orders/summary", 200, "\"offered\":{\"status\":[\"Backorder\",\"Sent\",\"Pending\"]}");
	/* nothing was reported about priorities */
	ask("PATCH", "/api/orders/ORD-1", NULL, NULL, "{\"priority\":\"Soon\"}");
	expect(400, "must be one of Low, Medium, High, or null");
	before = *fx.committed;
	in_writer(offer_renamed);
	ck_assert_uint_eq(*fx.committed, before);
	in_writer(offer_many);
	expect_settable("Stage199");
	expect_not_settable("Stage200", "Stage011, ..., or null");
	in_writer(offer_nothing);
	expect_not_settable("Pending", "must be null");
	expect_get("/api/orders/summary", 200, "\"offered\":{\"status\":[]}");
}
END_TEST

START_TEST(several_can_be_set_where_airtable_takes_several)
{
	fx.config.write.create = true;
	in_writer(offer_several);
	expect_get("/api/orders/summary", 200, "\"offered\":{\"status\":[\"Pending\",\"Rework, minor\",\"Sent\",\"minor\"]},\"several\":[\"status\"]");
	expect_settable("Pending");
	expect_settable("Pending, Sent");
	expect_settable("Rework, minor");
	expect_settable("Sent, Rework, minor");
	expect_not_settable("Pending, Lost", "must be one or several (\\\"A, B\\\") of Pending, Rework, minor, Sent, minor, or null");
	expect_not_settable("Pending,Sent", "must be one or several");
	expect_not_settable("Rework", "must be one or several");
	expect_not_settable("", "must be one or several");
	expect_not_settable("Sent, Sent", "names an option twice");
	in_writer(offer_ambiguous);
	expect_not_settable("Rework, minor", "may mean different options");
	expect_settable("Rework");
	/* what takes one again */
	in_writer(offer_renamed);
	expect_not_settable("Backorder, Sent", "must be one of Backorder");
	expect_get("/api/orders/summary", 200, "\"offered\"");
	expect_no_text("\"several\"");
}
END_TEST

START_TEST(without_airtables_offer_known_and_seen_options_can_be_set)
{
	fx.config.write.create = true;
	expect_not_settable("On Hold", "must be one of Pending, Processing, Shipped, Delivered, Cancelled, or null");
	in_writer(see_hold);
	expect_settable("On Hold");
	expect_settable("Cancelled");
	expect_get("/api/orders/summary", 200, "");
	expect_no_text("\"offered\"");
	in_writer(offer_renamed);
	expect_not_settable("On Hold", "must be one of Backorder");
	in_writer(offer_not_known);
	expect_settable("On Hold");
	expect_get("/api/orders/summary", 200, "");
	expect_no_text("\"offered\"");
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
	Suite *s = suite_create("writing");
	TCase *alone = tcase_create("alone"), *t = tcase_create("with syncd");

	tcase_add_checked_fixture(alone, api_setup_filled, api_teardown);
	tcase_add_test(alone, a_patch_is_refused_without_asking_when_it_cannot_be_right);
	suite_add_tcase(s, alone);
	tcase_add_checked_fixture(t, api_setup_syncd, reset_config);
	tcase_add_test(t, the_asker_is_the_user_named_by_the_web_server);
	tcase_add_test(t, a_confirmed_patch_answers_with_the_order_from_syncd);
	tcase_add_test(t, without_an_order_in_the_result_the_stores_is_sent);
	tcase_add_test(t, a_result_that_failed_becomes_a_problem);
	tcase_add_test(t, a_message_that_syncd_refuses_becomes_a_problem);
	tcase_add_test(t, an_answer_that_cannot_be_read_leaves_the_outcome_unknown);
	tcase_add_test(t, a_link_that_breaks_after_sending_leaves_the_outcome_unknown);
	tcase_add_test(t, a_generation_that_the_store_does_not_have_is_an_error);
	tcase_add_test(t, a_client_that_leaves_is_forgotten);
	tcase_add_test(t, a_change_that_is_delivered_later_is_a_202_with_the_order_as_it_will_be);
	tcase_add_test(t, only_respond_async_requests_later_delivery);
	tcase_add_test(t, pending_changes_are_visible_but_filters_use_confirmed_values);
	tcase_add_test(t, creating_and_deleting_are_off_until_switched_on);
	tcase_add_test(t, a_new_order_is_a_201_with_its_location);
	tcase_add_test(t, a_new_order_that_waits_has_no_id_yet);
	tcase_add_test(t, a_new_order_is_refused_without_asking_when_it_cannot_be_right);
	tcase_add_test(t, amounts_arrive_as_they_were_given);
	tcase_add_test(t, a_deleted_order_is_a_204);
	tcase_add_test(t, what_airtable_offers_can_be_set_and_nothing_else);
	tcase_add_test(t, several_can_be_set_where_airtable_takes_several);
	tcase_add_test(t, without_airtables_offer_known_and_seen_options_can_be_set);
	suite_add_tcase(s, t);
	return run_suite(s);
}
