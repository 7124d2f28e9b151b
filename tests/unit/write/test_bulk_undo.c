#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "tests/lib/api_fixture.h"
#include "tests/lib/outbox_made.h"

/* Bulk edits, the history, and undo. */

#define REC_A	"recAAAAAAAAAAAAAA"
#define REC_B	"recBBBBBBBBBBBBBB"
#define REC_C	"recCCCCCCCCCCCCCC"
#define REC_D	"recDDDDDDDDDDDDDD"

/* syncd's answer: bulk 17 and these results. */
static const char *
results(const char *list)
{
	static char text[8000];

	(void)snprintf(text, sizeof(text), "\"ok\":true,\"generation\":%llu,\"body\":{\"bulk\":\"17\",\"results\":[%s]}",
	    (unsigned long long)*fx.committed, list);
	return text;
}

#define OK(record, order)	"{\"ok\":true,\"record\":\"" record "\",\"pending\":false,\"order\":" order "}"
#define REFUSED(code)		"{\"ok\":false,\"record\":null,\"code\":\"" code "\",\"problem\":\"{\\\"was\\\":\\\"" code "\\\"}\"}"
#define BAD(record, code)	"{\"ok\":false,\"record\":\"" record "\",\"code\":\"" code "\",\"detail\":\"why\",\"retryAfterMs\":0}"

/* ---- PATCH /api/orders -------------------------------------------------------------- */
START_TEST(every_update_has_its_own_result_in_the_order_asked_for)
{
	const char *line;

	ask("PATCH", "/api/orders", NULL, NULL, "{\"updates\":["
	    "{\"id\":\"nope\",\"status\":\"Shipped\"},"
	    "{\"id\":\"ORD-1\",\"status\":\"Shipped\",\"version\":42},"
	    "{\"id\":\"ORD-1\",\"status\":\"Lost\",\"x\":1},"
	    "{\"id\":\"ORD-3\",\"status\":null},"
	    "{\"id\":\"" REC_B "\",\"priority\":\"Low\"},"
	    "7,"
	    "{\"status\":\"Shipped\"},"
	    "{\"id\":\"ORD-1\",\"priority\":null},"
	    "{\"id\":\"ORD-1\"}]}");
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"bulk\":true,\"items\":[{\"kind\":\"refused\",\"code\":\"not_found\",\"problem\":\""));
	ck_assert_ptr_nonnull(strstr(line, "},{\"kind\":\"update\",\"record\":\"" REC_A "\",\"version\":42,"
	    "\"fields\":{\"status\":\"Shipped\"}},{\"kind\":\"refused\",\"code\":\"invalid_body\",\"problem\":\""));
	ck_assert_ptr_nonnull(strstr(line, "\\\"errors\\\":[{\\\"field\\\":\\\"status\\\",\\\"message\\\":\\\"must be one of"));
	ck_assert_ptr_nonnull(strstr(line, "{\\\"field\\\":\\\"x\\\",\\\"message\\\":\\\"unknown member\\\"}]}\"},"
	    "{\"kind\":\"refused\",\"code\":\"conflict\",\"problem\":\""));
	ck_assert_ptr_nonnull(strstr(line, REC_C ", " REC_D "\\\",\\\"code\\\":\\\"conflict\\\"}\"},"
	    "{\"kind\":\"update\",\"record\":\"" REC_B "\",\"fields\":{\"priority\":\"Low\"}},"
	    "{\"kind\":\"refused\",\"code\":\"invalid_body\",\"problem\":\""));
	ck_assert_ptr_nonnull(strstr(line, "\\\"detail\\\":\\\"an update must be an object\\\""));
	ck_assert_ptr_nonnull(strstr(line, "\\\"errors\\\":[{\\\"field\\\":\\\"id\\\",\\\"message\\\":\\\"is missing\\\"}]}\"},"
	    "{\"kind\":\"update\",\"record\":\"" REC_A "\",\"fields\":{\"priority\":null}},"
	    "{\"kind\":\"refused\",\"code\":\"invalid_body\",\"problem\":\""));
	ck_assert_ptr_nonnull(strstr(line, "\\\"detail\\\":\\\"the update names no field to change\\\",\\\"code\\\":\\\"invalid_body\\\"}\"}]"));
	/* as syncd says it, each at its place */
	syncd_say(line, results(REFUSED("not_found") "," OK(REC_A, "\"{\\\"version\\\":5}\"") "," REFUSED("invalid_body") ","
	    REFUSED("conflict") "," BAD(REC_B, "airtable_rejected") "," REFUSED("invalid_body") "," REFUSED("invalid_body") ","
	    OK(REC_A, "null") "," REFUSED("invalid_body")));
	expect(200, "{\"bulk\":\"17\",\"results\":[{\"id\":\"nope\",\"ok\":false,\"error\":{\"was\":\"not_found\"}},"
	    "{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"version\":5}},"
	    "{\"id\":\"ORD-1\",\"ok\":false,\"error\":{\"was\":\"invalid_body\"}},"
	    "{\"id\":\"ORD-3\",\"ok\":false,\"error\":{\"was\":\"conflict\"}},"
	    "{\"id\":\"" REC_B "\",\"ok\":false,\"error\":{");
	expect_text("\"status\":422,\"detail\":\"why\",\"code\":\"airtable_rejected\"}},"
	    "{\"id\":null,\"ok\":false,\"error\":{\"was\":\"invalid_body\"}},"
	    "{\"id\":null,\"ok\":false,\"error\":{\"was\":\"invalid_body\"}},"
	    "{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"id\":\"" REC_A "\",\"orderId\":\"ORD-1\"");
	expect_text("{\"id\":\"ORD-1\",\"ok\":false,\"error\":{\"was\":\"invalid_body\"}}]}");
	expect_text(with("X-Generation: %llu\r\n", *fx.committed));
}
END_TEST

START_TEST(when_nothing_can_be_sent_the_answer_lists_the_problems)
{
	ask("PATCH", "/api/orders", NULL, NULL, "{\"updates\":[{\"id\":\"nope\",\"status\":null},{\"id\":\"\",\"status\":null},"
	    "{\"id\":\"ORD-1\",\"status\":null,\"version\":1.5}]}");
	expect(200, "{\"bulk\":null,\"results\":[{\"id\":\"nope\",\"ok\":false");
	expect_text("must be a text of 1 to 1024 bytes");
	expect_text("must be the version of an order");
	expect_no_line();
}
END_TEST

START_TEST(an_invalid_list_of_updates_is_refused_as_a_whole)
{
	static const struct { const char *body, *holds; } cases[] = {
		{ "{}", "\"field\":\"updates\"" }, { "[]", "must be an object" }, { "{\"updates\":[]}", "1 to 500" },
		{ "{\"updates\":{}}", "1 to 500" }, { "{\"updates\":[{}],\"dryRun\":true}", "\"field\":\"dryRun\"" },
		{ "{\"updates\":[{\"id\":\"a\",\"id\":\"b\"}]}", "twice" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("PATCH", "/api/orders", NULL, NULL, cases[i].body);
		expect(400, cases[i].holds);
	}
	ask("PATCH", "/api/orders", "HTTP_IF_MATCH", "\"v1\"", "{\"updates\":[{\"id\":\"ORD-1\",\"status\":null}]}");
	expect(400, "each update may have a version");
	expect_no_line();
}
END_TEST

/* {"updates":[...]} of ${n} orders. */
static const char *
many(size_t n)
{
	static struct buf b;

	buf_clear(&b);
	buf_add_cstr(&b, "{\"updates\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s{\"id\":\"%s\",\"status\":\"Shipped\"}", i > 0 ? "," : "", i % 2 ? REC_A : REC_B);
	buf_add_cstr(&b, "]}");
	return buf_cstr(&b);
}

START_TEST(five_hundred_updates_are_one_message_and_one_more_is_too_many)
{
	struct buf list = { 0 };
	const char *line, *at;
	size_t n = 0;

	ask("PATCH", "/api/orders", NULL, NULL, many(501));
	expect(400, "1 to 500");
	ask("PATCH", "/api/orders", NULL, NULL, many(500));
	line = syncd_line();
	for (at = line; (at = strstr(at, "\"kind\"")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, 500);
	for (size_t i = 0; i < 500; i++)
		buf_printf(&list, "%s{\"ok\":true,\"record\":\"%s\"}", i > 0 ? "," : "", i % 2 ? REC_A : REC_B);
	{
		struct buf rest = { 0 };

		buf_printf(&rest, "\"ok\":true,\"generation\":1,\"body\":{\"bulk\":\"3\",\"results\":[%s]}", buf_cstr(&list));
		syncd_say(line, buf_cstr(&rest));
		buf_free(&rest);
	}
	expect(200, "{\"bulk\":\"3\",\"results\":[{\"id\":\"" REC_B "\",\"ok\":true,\"order\":{\"id\":\"" REC_B "\"");
	for (n = 0, at = buf_cstr(&fx.answer); (at = strstr(at, "\"ok\":true")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, 500);
	buf_free(&list);
}
END_TEST

static void
remove_b(struct apply *a)
{
	struct change gone = { .table = &orders_schema, .kind = CHANGE_GONE, .base = CHANGE_ANY_BASE, .record.id = STR(REC_B) };

	apply_or_exit(a, &gone, 1, SOURCE_FULL_SYNC, NULL);
}

/* Confirmed before (0), or only promised (1). */
START_TEST(only_facts_are_reported_of_an_order_deleted_meanwhile)
{
	static const char *const told[] = { OK(REC_B, "null"),
	    "{\"ok\":true,\"record\":\"" REC_B "\",\"pending\":true,\"order\":null}" };
	static const char *const answers[] = { "[{\"id\":\"" REC_B "\",\"ok\":true,\"order\":null}]",
	    "[{\"id\":\"" REC_B "\",\"ok\":false,\"error\":{\"type\":\"about:blank\",\"title\":\"Not Found\","
	    "\"status\":404,\"detail\":\"the order was deleted before the change was confirmed\",\"code\":\"not_found\"}}]" };
	const char *line;

	ask("PATCH", "/api/orders", "HTTP_PREFER", "respond-async",
	    "{\"updates\":[{\"id\":\"" REC_B "\",\"status\":\"Shipped\"}]}");
	line = syncd_line();
	in_writer(remove_b);
	syncd_say(line, results(told[_i]));
	expect(200, answers[_i]);
}
END_TEST

/* Whose updates of ORD-1 and recB were confirmed when this key was first used; ORD-1 was the second. */
static char fingerprint[33];
static const char *kept_body;

static void
keep(struct apply *a)
{
	struct answer_step step = { .key = STR("k1"), .answer = { .at_ms = instant_now(), .first = 1, .count = 2,
	    .body = str_of(kept_body) } };
	struct apply_meta meta = { .answers = &step, .answer_count = 1 };
	struct change gone = { .table = &orders_schema, .kind = CHANGE_GONE, .base = CHANGE_ANY_BASE, .record.id = STR(REC_B) };
	char half[17];

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(half, sizeof(half), "%.16s", fingerprint + i * 16);
		step.answer.fingerprint[i] = strtoull(half, NULL, 16);
	}
	apply_or_exit(a, &gone, 1, SOURCE_FULL_SYNC, &meta);
}

/* The option Shipped has been renamed to Sent. */
static void
offer_sent(struct apply *a)
{
	struct offer_step step = { .table = &orders_schema, .field = ORDER_STATUS, .known = true, .names = STR("Processing\0Sent\0") };
	struct apply_meta meta = { .offers = &step, .offer_count = 1 };

	apply_or_exit(a, NULL, 0, SOURCE_FEED, &meta);
}

START_TEST(a_kept_answer_is_repeated_for_the_same_orders_though_one_is_gone)
{
	static const char body[] = "{\"updates\":[{\"id\":\"" REC_B "\",\"status\":\"Shipped\"},{\"id\":\"nope\",\"status\":null},"
	    "{\"id\":\"ORD-1\",\"status\":\"Lost\"},{\"id\":\"ORD-1\",\"status\":\"Shipped\"},{\"id\":\"" REC_D "\",\"status\":null}]}";
	const char *line;

	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	line = syncd_line();
	memcpy(fingerprint, strstr(line, "\"fingerprint\":\"") + 15, 32);
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "overloaded");
	/* kept by a build that left out what it refused: by their orders.  REC_D was not known then */
	kept_body = "{\"bulk\":\"9\",\"results\":[" OK(REC_B, "\"{\\\"b\\\":1}\"") "," OK(REC_A, "\"{\\\"a\\\":1}\"") "]}";
	in_writer(keep);
	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	expect(200, "{\"bulk\":\"9\",\"results\":[{\"id\":\"" REC_B "\",\"ok\":true,\"order\":{\"b\":1}},{\"id\":\"nope\",\"ok\":false,");
	expect_text("\"code\":\"invalid_body\"");
	expect_text("{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"a\":1}},{\"id\":\"" REC_D "\",\"ok\":false,\"error\":{");
	expect_text("there was no such order at the first request");
	/* though what was set can't be set any more */
	in_writer(offer_sent);
	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	expect(200, "{\"bulk\":\"9\",\"results\":[{\"id\":\"" REC_B "\",\"ok\":true,\"order\":{\"b\":1}},{\"id\":\"nope\",\"ok\":false,");
	expect_text("{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"a\":1}},{\"id\":\"" REC_D "\",\"ok\":false,\"error\":{");
	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k2", body);
	line = syncd_line();	/* what is left: to clear one */
	ck_assert_ptr_null(strstr(line, "Shipped"));
	syncd_say(line, results(OK(REC_D, "null")));
	expect(200, "must be one of Processing, Sent, or null");
}
END_TEST

/*
 * One order four times, and what is asked for once is refused at first and may be done later, and
 * the other way round: an option, an order that is not there, one that is unknown.
 */
START_TEST(a_kept_result_stays_at_its_place_whatever_would_be_refused_now)
{
	static const char body[] = "{\"updates\":[{\"id\":\"ORD-1\",\"status\":\"Shipped\"},{\"id\":\"ORD-1\",\"status\":\"Sent\"},"
	    "{\"id\":\"ORD-1\",\"priority\":null},{\"id\":\"recNOBODY\",\"status\":null},{\"id\":\"ORD-1\",\"status\":null}]}";
	const char *line;

	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"fields\":{\"status\":\"Shipped\"}},{\"kind\":\"refused\",\"code\":\"invalid_body\","));
	memcpy(fingerprint, strstr(line, "\"fingerprint\":\"") + 15, 32);
	syncd_say(line, "\"ok\":false,\"code\":\"overloaded\"");
	expect(503, "overloaded");
	in_writer(offer_sent);	/* the other way round: Sent can be set, Shipped can't */
	kept_body = "{\"bulk\":\"9\",\"results\":[" OK(REC_A, "\"{\\\"n\\\":1}\"") "," REFUSED("invalid_body") ","
	    OK(REC_A, "\"{\\\"n\\\":3}\"") "," REFUSED("not_found") "," BAD(REC_A, "airtable_rejected") "]}";
	in_writer(keep);
	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	expect(200, "{\"bulk\":\"9\",\"results\":[{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"n\":1}},"
	    "{\"id\":\"ORD-1\",\"ok\":false,\"error\":{\"was\":\"invalid_body\"}},{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"n\":3}},"
	    "{\"id\":\"recNOBODY\",\"ok\":false,\"error\":{\"was\":\"not_found\"}},{\"id\":\"ORD-1\",\"ok\":false,\"error\":{");
	expect_text("\"code\":\"airtable_rejected\"");
	expect_no_line();
	/* not settled: syncd is asked, though all of it would be refused now */
	kept_body = "";
	in_writer(keep);
	ask("PATCH", "/api/orders", "HTTP_IDEMPOTENCY_KEY", "k1", body);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"items\":[{\"kind\":\"update\",\"record\":\"" REC_A "\","));
	syncd_say(line, results(OK(REC_A, "\"{\\\"n\\\":1}\"") "," REFUSED("invalid_body") "," OK(REC_A, "\"{\\\"n\\\":3}\"") ","
	    REFUSED("not_found") "," OK(REC_A, "\"{\\\"n\\\":5}\"")));
	expect(200, "\"order\":{\"n\":1}},{\"id\":\"ORD-1\",\"ok\":false,\"error\":{\"was\":\"invalid_body\"}},"
	    "{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"n\":3}},{\"id\":\"recNOBODY\",\"ok\":false,\"error\":{\"was\":\"not_found\"}},"
	    "{\"id\":\"ORD-1\",\"ok\":true,\"order\":{\"n\":5}}]}");
}
END_TEST

/* ---- history -------------------------------------------------------------------------- */
/* What the writer is to do: a change of an order's fields by an edit, or (bulk NO_EDIT) in Airtable. */
#define NO_EDIT	UINT64_MAX

static struct {
	const char	*id;
	enum orders_field field;
	const char	*to;
	uint64_t	 bulk;
	bool		 gone;
} step;

static void
do_step(struct apply *a)
{
	struct change c = { .table = &orders_schema, .base = CHANGE_ANY_BASE, .record.id = str_of(step.id) };
	const struct outbox_entry *edits[1];
	struct made_entry m;

	if (step.gone)
		c.kind = CHANGE_GONE;
	else
		c.record.known = 1u << step.field;
	c.record.values[step.field] = text_value(step.to);
	if (step.bulk != NO_EDIT) {
		made_entry(&m, a, OUTBOX_UPDATE, step.id);
		made_ask(&m, step.field, step.to);
		m.e.bulk = step.bulk;
		edits[0] = &m.e;
		c.edits = edits;
		c.edit_count = 1;
	}
	apply_or_exit(a, &c, 1, step.bulk != NO_EDIT ? SOURCE_WRITE : SOURCE_FULL_SYNC, NULL);
}

/* Returns the generation of the change. */
static uint64_t
change(const char *id, enum orders_field field, const char *to, uint64_t bulk)
{
	step.id = id;
	step.field = field;
	step.to = to;
	step.bulk = bulk;
	step.gone = false;
	in_writer(do_step);
	return *fx.committed;
}

static void
delete_order(const char *id)
{
	step.id = id;
	step.bulk = NO_EDIT;
	step.gone = true;
	in_writer(do_step);
}

START_TEST(the_history_is_newest_first_and_paged)
{
	uint64_t first = change(REC_A, ORDER_STATUS, "Shipped", 0), second = change(REC_A, ORDER_PRIORITY, "High", NO_EDIT);
	uint64_t third = change(REC_B, ORDER_STATUS, "Pending", 0);
	const char *a, *b;

	expect_get("/api/orders/ORD-1/history", 200, "{\"changes\":[{");
	a = strstr(buf_cstr(&fx.answer), with("\"change\":\"%llu.0\"", second));
	b = strstr(buf_cstr(&fx.answer), with("\"change\":\"%llu.0\"", first));
	ck_assert(a != NULL && b != NULL && a < b);
	expect_no_text(with("\"change\":\"%llu.0\"", third));
	expect_text("\"fields\":[{\"field\":\"status\",\"from\":\"Pending\",\"to\":\"Shipped\"}]");
	expect_text(with("],\"nextCursor\":null,\"generation\":%llu}", third));
	expect_text(with("ETag: \"h%llu\"\r\n", third));
	expect_get("/api/orders/ORD-1/history?limit=1", 200, with("],\"nextCursor\":\"%llu.0\"", second));
	expect_no_text(with("\"change\":\"%llu.0\"", first));
	expect_get(with("/api/orders/" REC_A "/history?limit=1&after=%llu.0", second), 200, "\"nextCursor\":null");
	expect_text(with("\"change\":\"%llu.0\"", first));
	ask("GET", "/api/orders/ORD-1/history", "HTTP_IF_NONE_MATCH", with("\"h%llu\"", third), NULL);
	expect(304, "ETag");
	expect_get("/api/audit?limit=2", 200, with("\"change\":\"%llu.0\"", third));
	expect_text(with("\"change\":\"%llu.0\"", second));
	expect_text(with("],\"nextCursor\":\"%llu.0\"", second));
	expect_get(with("/api/audit?after=%llu.0", second), 200, with("{\"changes\":[{\"table\":\"orders\",\"id\":\"" REC_A "\",\"generation\":%llu", first));
}
END_TEST

START_TEST(a_history_request_with_wrong_parameters_is_refused)
{
	static const char *const bad[] = { "limit=0", "limit=501", "limit=x", "limit=", "after=", "after=12", "after=1.x",
	    "limit=1&limit=2", "after=1.0&after=1.0", "page=1" };
	char uri[100];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "/api/orders/ORD-1/history?%s", bad[i]);
		expect_get(uri, 400, "invalid_parameter");
		(void)snprintf(uri, sizeof(uri), "/api/audit?%s", bad[i]);
		expect_get(uri, 400, "invalid_parameter");
	}
	expect_get("/api/orders/ORD-1/history?limit=500", 200, "{\"changes\":[],\"nextCursor\":null,");
	expect_get("/api/orders/ORD-3/history", 409, "conflict");
	expect_get("/api/orders/nope/history", 404, "not_found");
}
END_TEST

START_TEST(the_history_of_a_deleted_order_is_found_by_its_record_id)
{
	(void)change(REC_A, ORDER_STATUS, "Shipped", 0);
	delete_order(REC_A);
	expect_get("/api/orders/" REC_A "/history", 200, "\"action\":\"deleted\"");
	expect_text("\"to\":\"Shipped\"");
	expect_get("/api/orders/ORD-1/history", 404, "not_found");
	expect_get("/api/orders/ORD-1", 404, "not_found");
}
END_TEST

/* What an entry says at its end: how its order is called. */
#define NAMED(order, customer)	"],\"orderId\":" order ",\"customer\":" customer "}"

START_TEST(an_entry_says_what_its_order_is_called_now)
{
	(void)change(REC_A, ORDER_STATUS, "Shipped", 0);
	(void)change(REC_B, ORDER_STATUS, "Shipped", NO_EDIT);
	(void)change(REC_A, ORDER_ORDER_ID, "ORD \"1\"", NO_EDIT);
	expect_get("/api/audit", 200, "\"to\":\"ORD \\\"1\\\"\"}" NAMED("\"ORD \\\"1\\\"\"", "\"=A, \\\"B\\\"\""));
	expect_text("\"to\":\"Shipped\"}" NAMED("\"sync\"", "null"));
	expect_text("\"to\":\"Shipped\"}" NAMED("\"ORD \\\"1\\\"\"", "\"=A, \\\"B\\\"\""));
	expect_no_text("\"orderId\":\"ORD-1\"");
	(void)change(REC_A, ORDER_ORDER_ID, NULL, NO_EDIT);
	expect_get("/api/orders/" REC_A "/history?limit=1", 200, NAMED("null", "\"=A, \\\"B\\\"\""));
}
END_TEST

static void
fail_deletion_and_creation(struct apply *a)
{
	struct made_entry m[2];
	struct outbox_step steps[2];
	struct apply_meta meta = { .outbox = steps, .outbox_count = 2 };

	made_entry(&m[0], a, OUTBOX_DELETE, REC_A);
	made_entry(&m[1], a, OUTBOX_CREATE, NULL);
	made_ask(&m[1], ORDER_ORDER_ID, "ORD-9");
	for (size_t i = 0; i < 2; i++)
		steps[i] = (struct outbox_step){ OUTBOX_NOT_APPLIED, &m[i].e, STR("late") };
	apply_or_exit(a, NULL, 0, SOURCE_WRITE, &meta);
}

START_TEST(a_deleted_or_never_created_order_is_called_by_its_last_name)
{
	(void)change(REC_A, ORDER_STATUS, "Shipped", 0);
	(void)change(REC_A, ORDER_ORDER_ID, "ORD-7", NO_EDIT);
	delete_order(REC_A);
	in_writer(fail_deletion_and_creation);
	expect_get("/api/audit?limit=2", 200, "{\"table\":\"orders\",\"id\":null,");
	expect_text("\"asked\":\"created\",\"detail\":\"late\",\"orderId\":\"ORD-9\",\"customer\":null}");
	expect_text("\"asked\":\"deleted\",\"detail\":\"late\",\"orderId\":\"ORD-7\",\"customer\":\"=A, \\\"B\\\"\"}");
	expect_get("/api/orders/" REC_A "/history", 200, "\"to\":\"Shipped\"}" NAMED("\"ORD-7\"", "\"=A, \\\"B\\\"\""));
	expect_no_text("\"orderId\":null");
}
END_TEST

/* ---- undo ------------------------------------------------------------------------------ */
START_TEST(undo_writes_back_what_was_before_the_last_change_through_the_api)
{
	uint64_t first = change(REC_A, ORDER_STATUS, "Shipped", 0), version;
	char want[300];
	const char *line;

	version = change(REC_A, ORDER_PRIORITY, "High", NO_EDIT);	/* made in Airtable */
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{}");
	line = syncd_line();
	(void)snprintf(want, sizeof(want), "\"items\":[{\"kind\":\"update\",\"record\":\"" REC_A "\",\"version\":%llu,"
	    "\"undoes\":\"%llu.0\",\"fields\":{\"status\":\"Pending\"}}]", (unsigned long long)version, (unsigned long long)first);
	ck_assert_msg(strstr(line, want) != NULL, "%s: %s", want, line);
	syncd_say(line, results(OK(REC_A, "\"{\\\"id\\\":\\\"x\\\",\\\"version\\\":9}\"")));
	expect(200, "ETag: \"v9\"\r\n");
	/* without a body too */
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, NULL);
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"undoes\""));
	syncd_say(line, results(BAD(REC_A, "precondition_failed")));
	expect(409, "the order has changed meanwhile");
}
END_TEST

START_TEST(undo_of_a_named_change_also_takes_back_what_was_done_in_airtable)
{
	uint64_t first = change(REC_A, ORDER_PRIORITY, "High", NO_EDIT);

	(void)change(REC_A, ORDER_STATUS, "Shipped", 0);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, with("{\"change\":\"%llu.0\"}", first));
	ck_assert_ptr_nonnull(strstr(syncd_line(), with("\"undoes\":\"%llu.0\",\"fields\":{\"priority\":null}}", first)));
}
END_TEST

START_TEST(undo_of_a_value_changed_since_is_a_conflict_with_both_values)
{
	uint64_t first = change(REC_A, ORDER_STATUS, "Shipped", 0);

	(void)change(REC_A, ORDER_STATUS, "Delivered", NO_EDIT);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{}");
	expect(409, "\"detail\":\"the order has been changed since\",\"code\":\"conflict\",\"errors\":[{\"field\":\"status\","
	    "\"message\":\"has been changed since\",\"expected\":\"Shipped\",\"current\":\"Delivered\"}]}");
	(void)change(REC_A, ORDER_STATUS, NULL, NO_EDIT);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, with("{\"change\":\"%llu.0\"}", first));
	expect(409, "\"expected\":\"Shipped\",\"current\":null");
	/* it is again what the change made of it */
	(void)change(REC_A, ORDER_STATUS, "Shipped", NO_EDIT);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{}");
	ck_assert_ptr_nonnull(strstr(syncd_line(), "\"fields\":{\"status\":\"Pending\"}"));
}
END_TEST

START_TEST(undo_says_why_it_cannot_be_done)
{
	uint64_t customer;

	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{}");
	expect(409, "no change was made to this order through the API lately");
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{\"change\":\"1043.0\"}");
	expect(404, "no such change");
	ask("POST", "/api/orders/nope/undo", NULL, NULL, "{}");
	expect(404, "not_found");
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{\"change\":1043}");
	expect(400, "\"field\":\"change\"");
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{\"generation\":1}");
	expect(400, "\"field\":\"generation\"");
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "[]");
	expect(400, "must be an object");
	customer = change(REC_A, ORDER_CUSTOMER, "Bella", NO_EDIT);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, with("{\"change\":\"%llu.0\"}", customer));
	expect(409, "can't be changed through the API");
	(void)change(REC_A, ORDER_STATUS, "Shipped", 0);
	ask("POST", "/api/orders/ORD-1/undo", "HTTP_IF_MATCH", "\"v7\"", "{}");
	expect(412, "precondition_failed");
	(void)change(REC_A, ORDER_STATUS, "Processing", 0);
	in_writer(offer_sent);
	ask("POST", "/api/orders/ORD-1/undo", NULL, NULL, "{}");
	expect(409, "the earlier value can no longer be set");
	expect_text("\"errors\":[{\"field\":\"status\",\"message\":\"Airtable no longer offers the earlier value\"}]");
	expect_no_line();
}
END_TEST

START_TEST(a_bulk_edit_is_taken_back_order_by_order)
{
	uint64_t b, c;
	char want[800];
	const char *line;

	/* one order twice in the bulk: what was before the first, expecting what the second made of it */
	(void)change(REC_A, ORDER_STATUS, "Processing", 5);
	(void)change(REC_B, ORDER_STATUS, "Processing", 5);
	c = change(REC_A, ORDER_STATUS, "Shipped", 5);
	(void)change(REC_C, ORDER_STATUS, "Processing", 5);
	(void)change(REC_D, ORDER_STATUS, "Processing", 5);
	(void)change(REC_A, ORDER_PRIORITY, "Low", 6);	/* another bulk */
	b = change(REC_B, ORDER_STATUS, "Cancelled", NO_EDIT);
	delete_order(REC_D);
	(void)b;
	ask("POST", "/api/orders/undo", NULL, NULL, "{\"bulk\":\"5\"}");
	line = syncd_line();
	ck_assert_ptr_nonnull(strstr(line, "\"bulk\":true,\"items\":[{\"kind\":\"update\",\"record\":\"" REC_A "\","));
	(void)snprintf(want, sizeof(want), "\"undoes\":\"%llu.0\",\"fields\":{\"status\":\"Pending\"}},"
	    "{\"kind\":\"refused\",\"record\":\"" REC_B "\",\"code\":\"conflict\",\"problem\":\"", (unsigned long long)c);
	ck_assert_msg(strstr(line, want) != NULL, "%s: %s", want, line);
	ck_assert_ptr_nonnull(strstr(line, "\\\"errors\\\":[{\\\"field\\\":\\\"status\\\",\\\"message\\\":\\\"has been changed since\\\","
	    "\\\"expected\\\":\\\"Processing\\\",\\\"current\\\":\\\"Cancelled\\\"}]}\"},{\"kind\":\"update\",\"record\":\"" REC_C "\","));
	ck_assert_ptr_nonnull(strstr(line, "\"fields\":{\"status\":null}},{\"kind\":\"refused\",\"record\":\"" REC_D "\",\"code\":\"not_found\","));
	ck_assert_ptr_nonnull(strstr(line, "\\\"detail\\\":\\\"the order has been deleted since\\\""));
	syncd_say(line, results(OK(REC_A, "\"{\\\"a\\\":1}\"") "," REFUSED("conflict") "," BAD(REC_C, "precondition_failed") "," REFUSED("not_found")));
	expect(200, "{\"bulk\":\"17\",\"results\":[{\"id\":\"" REC_A "\",\"ok\":true,\"order\":{\"a\":1}},"
	    "{\"id\":\"" REC_B "\",\"ok\":false,\"error\":{\"was\":\"conflict\"}},{\"id\":\"" REC_C "\",\"ok\":false,\"error\":{");
	expect_text("\"detail\":\"the order has changed meanwhile\",\"code\":\"conflict\"}},"
	    "{\"id\":\"" REC_D "\",\"ok\":false,\"error\":{\"was\":\"not_found\"}}]}");
}
END_TEST

START_TEST(a_bulk_edit_that_is_not_in_the_history_cannot_be_taken_back)
{
	ask("POST", "/api/orders/undo", NULL, NULL, "{\"bulk\":\"5\"}");
	expect(404, "no change by this bulk edit");
	ask("POST", "/api/orders/undo", NULL, NULL, "{\"bulk\":5}");
	expect(400, "\"field\":\"bulk\"");
	ask("POST", "/api/orders/undo", NULL, NULL, "{}");
	expect(400, "is missing");
	ask("POST", "/api/orders/undo", NULL, NULL, NULL);
	expect(400, "empty");
	expect_no_line();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bulk and undo");
	TCase *t = tcase_create("with syncd");

	tcase_add_checked_fixture(t, api_setup_syncd, api_teardown);
	tcase_add_test(t, every_update_has_its_own_result_in_the_order_asked_for);
	tcase_add_test(t, when_nothing_can_be_sent_the_answer_lists_the_problems);
	tcase_add_test(t, an_invalid_list_of_updates_is_refused_as_a_whole);
	tcase_add_test(t, five_hundred_updates_are_one_message_and_one_more_is_too_many);
	tcase_add_loop_test(t, only_facts_are_reported_of_an_order_deleted_meanwhile, 0, 2);
	tcase_add_test(t, a_kept_answer_is_repeated_for_the_same_orders_though_one_is_gone);
	tcase_add_test(t, a_kept_result_stays_at_its_place_whatever_would_be_refused_now);
	tcase_add_test(t, the_history_is_newest_first_and_paged);
	tcase_add_test(t, a_history_request_with_wrong_parameters_is_refused);
	tcase_add_test(t, the_history_of_a_deleted_order_is_found_by_its_record_id);
	tcase_add_test(t, an_entry_says_what_its_order_is_called_now);
	tcase_add_test(t, a_deleted_or_never_created_order_is_called_by_its_last_name);
	tcase_add_test(t, undo_writes_back_what_was_before_the_last_change_through_the_api);
	tcase_add_test(t, undo_of_a_named_change_also_takes_back_what_was_done_in_airtable);
	tcase_add_test(t, undo_of_a_value_changed_since_is_a_conflict_with_both_values);
	tcase_add_test(t, undo_says_why_it_cannot_be_done);
	tcase_add_test(t, a_bulk_edit_is_taken_back_order_by_order);
	tcase_add_test(t, a_bulk_edit_that_is_not_in_the_history_cannot_be_taken_back);
	suite_add_tcase(s, t);
	return run_suite(s);
}
