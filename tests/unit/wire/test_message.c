#include <stdio.h>
#include <stdlib.h>

#include "common/wire/message.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/support.h"

#define HEAD	"{\"v\":2,\"id\":7,\"type\":"

static struct message_request request;
static struct message_reply reply;
static struct buf body;
static char why[128];

static enum err
ask(const char *line)
{
	message_request_free(&request);
	return message_parse_request(str_of(line), &made_tables, &request, why);
}

static enum err
answer(const char *line)
{
	return message_parse_reply(str_of(line), &reply, &body);
}

START_TEST(a_name_is_one_that_can_be_shown)
{
	static const char *const good[] = { "a", "Zo\xc3\xab", "ann@example.com", "Ann O'Neil, \"x\" <b>", "\xf0\x9f\x98\x80" };
	static const char *const bad[] = { "", "a\nb", "\x7f", "a\xc2\x85", "a\xe2\x80\xa8", "a\xe2\x80\xae", "\xe2\x81\xa6x",
	    "\xff", "\xc3", "\xe2\x80" };
	char longest[MESSAGE_BY_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(message_user_valid(str_of(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!message_user_valid(str_of(bad[i])), "%zu", i);
	memset(longest, 'x', sizeof(longest));
	ck_assert(message_user_valid((struct str){ longest, MESSAGE_BY_MAX }));
	ck_assert(!message_user_valid((struct str){ longest, MESSAGE_BY_MAX + 1 }));
	ck_assert(!message_user_valid((struct str){ "a\0b", 3 }));
	ck_assert_int_eq(ask(HEAD "\"write\",\"by\":\"a\\u202eb\",\"items\":[{\"kind\":\"delete\",\"record\":\"recA\"}]}"), ERR_BAD_MESSAGE);
}
END_TEST

START_TEST(a_write_is_read)
{
	const struct message_item *item;

	ck_assert_int_eq(ask(HEAD "\"write\",\"requestId\":\"ab12\",\"timeoutMs\":20000,\"deadlineMs\":91234567,\"by\":\"Zoë\","
	    "\"defer\":true,\"bulk\":true,\"key\":\"a key\",\"fingerprint\":\"00112233445566778899aABBccddeeff\",\"items\":["
	    "{\"kind\":\"update\",\"record\":\"rec1\",\"version\":42,\"undoes\":\"1042.7\","
	    "\"fields\":{\"status\":\"Shipped\",\"priority\":null}},"
	    "{\"fields\":{\"customer\":\"Acme\",\"orderTotal\":123.45},\"kind\":\"create\"},"
	    "{\"kind\":\"delete\",\"record\":\"rec2\",\"version\":9}]}"), ERR_OK);
	ck_assert_uint_eq(request.id, 7);
	ck_assert_int_eq(request.type, MESSAGE_WRITE);
	ck_assert_str_eq(request.request_id, "ab12");
	ck_assert_str_eq(request.by, "Zoë");
	ck_assert(request.defer && request.bulk);
	ck_assert_str_eq(request.key, "a key");
	ck_assert_uint_eq(request.fingerprint[0], UINT64_C(0x0011223344556677));
	ck_assert_uint_eq(request.fingerprint[1], UINT64_C(0x8899aabbccddeeff));
	ck_assert_int_eq(request.timeout_ms, 20000);
	ck_assert_int_eq(request.deadline_ms, 91234567);
	ck_assert_uint_eq(request.item_count, 3);
	item = &request.items[0];
	ck_assert_int_eq(item->kind, MESSAGE_UPDATE);
	ck_assert(str_is(item->record.id, "rec1"));
	ck_assert_uint_eq(item->version, 42);
	ck_assert_uint_eq(item->undoes, 1042);
	ck_assert_uint_eq(item->undoes_index, 7);
	ck_assert_uint_eq(item->record.known, 1u << ORDER_STATUS | 1u << ORDER_PRIORITY);
	ck_assert(item->record.values[ORDER_STATUS].present);
	ck_assert(str_is(item->record.values[ORDER_STATUS].text, "Shipped"));
	ck_assert(!item->record.values[ORDER_PRIORITY].present);
	item++;
	ck_assert_int_eq(item->kind, MESSAGE_CREATE);
	ck_assert_uint_eq(item->record.id.len, 0);
	ck_assert(str_is(item->record.values[ORDER_CUSTOMER].text, "Acme"));
	ck_assert_int_eq(item->record.values[ORDER_TOTAL].number, 1234500);
	item++;
	ck_assert_int_eq(item->kind, MESSAGE_DELETE);
	ck_assert(str_is(item->record.id, "rec2"));
	ck_assert_uint_eq(item->record.known, 0);
	ck_assert_uint_eq(item->version, 9);
}
END_TEST

START_TEST(members_missing_in_a_write_count_as_none)
{
	ck_assert_int_eq(ask(HEAD "\"write\",\"items\":[{\"kind\":\"delete\",\"record\":\"r\"}]}"), ERR_OK);
	ck_assert(!request.defer && !request.bulk);
	ck_assert_str_eq(request.key, "");
	ck_assert_str_eq(request.by, "");
	ck_assert_int_eq(request.timeout_ms, 0);
	ck_assert_uint_eq(request.items[0].version, 0);
	ck_assert_uint_eq(request.items[0].undoes, 0);
}
END_TEST

/* A write of ${n} items. */
static void
compose_many(struct buf *line, size_t n)
{
	buf_clear(line);
	buf_add_cstr(line, HEAD "\"write\",\"items\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(line, "%s{\"kind\":\"update\",\"record\":\"rec%zu\",\"fields\":{\"status\":\"s%zu\"}}",
		    i > 0 ? "," : "", i, i);
	buf_add_cstr(line, "]}");
}

START_TEST(a_write_has_at_most_500_items_each_with_its_own_strings)
{
	struct buf line = { 0 };
	char text[16];

	compose_many(&line, MESSAGE_ITEMS_MAX);
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_OK);
	ck_assert_uint_eq(request.item_count, MESSAGE_ITEMS_MAX);
	for (size_t i = 0; i < MESSAGE_ITEMS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "rec%zu", i);
		ck_assert(str_is(request.items[i].record.id, text));
		(void)snprintf(text, sizeof(text), "s%zu", i);
		ck_assert(str_is(request.items[i].record.values[ORDER_STATUS].text, text));
	}
	compose_many(&line, MESSAGE_ITEMS_MAX + 1);
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, "\"items\" are not 1 to 500");
	buf_free(&line);
}
END_TEST

START_TEST(a_sync_and_a_status_are_read)
{
	ck_assert_int_eq(ask(HEAD "\"sync\",\"full\":true,\"acceptShrink\":true,\"waitMs\":25000}"), ERR_OK);
	ck_assert_int_eq(request.type, MESSAGE_SYNC);
	ck_assert(request.full && request.accept_shrink);
	ck_assert_int_eq(request.wait_ms, 25000);
	ck_assert_int_eq(ask(" { \"v\" : 2 , \"id\" : 9007199254740991 , \"type\" : \"status\" } "), ERR_OK);
	ck_assert_int_eq(request.type, MESSAGE_STATUS);
	ck_assert_uint_eq(request.id, MESSAGE_NUMBER_MAX);
	ck_assert_str_eq(request.request_id, "");
	ck_assert(!request.full);
}
END_TEST

#define WRITE(items)	HEAD "\"write\",\"items\":[" items "]}"
#define UPDATE(members)	WRITE("{\"kind\":\"update\",\"record\":\"rec1\"," members "}")

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
	{ "{\"v\":2,\"type\":\"status\"}", "no \"id\"" },
	{ "{\"v\":2,\"id\":7}", "no \"type\"" },
	{ "{\"v\":1,\"id\":7,\"type\":\"status\"}", "not version 2 of the protocol" },
	{ "{\"v\":\"2\",\"id\":7,\"type\":\"status\"}", "not version 2 of the protocol" },
	{ "{\"v\":2,\"id\":\"7\",\"type\":\"status\"}", "\"id\" is no number" },
	{ "{\"v\":2,\"id\":-1,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":2,\"id\":1.5,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":2,\"id\":9007199254740992,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ "{\"v\":2,\"id\":1e999,\"type\":\"status\"}", "\"id\" is no whole number in its range" },
	{ HEAD "1}", "\"type\" is no string" },
	{ HEAD "\"stop\"}", "unknown type \"stop\"" },
	{ HEAD "\"Status\"}", "unknown type \"Status\"" },
	{ HEAD "\"status\",\"id\":8}", "\"id\" twice" },
	{ HEAD "\"status\",\"v\":2}", "\"v\" twice" },
	{ HEAD "\"status\",\"extra\":1}", "unknown member \"extra\"" },
	{ HEAD "\"status\",\"full\":true}", "unknown member \"full\"" },
	{ HEAD "\"sync\",\"record\":\"rec1\"}", "unknown member \"record\"" },
	{ HEAD "\"sync\",\"full\":1}", "\"full\" is neither true nor false" },
	{ HEAD "\"sync\",\"waitMs\":86400001}", "\"waitMs\" is no whole number in its range" },
	{ HEAD "\"status\",\"requestId\":\"\"}", "\"requestId\" is no request id" },
	{ HEAD "\"status\",\"requestId\":\"a b\"}", "\"requestId\" is no request id" },
	{ HEAD "\"status\",\"requestId\":7}", "\"requestId\" is no string" },
	{ HEAD "\"patch\",\"record\":\"rec1\"}", "unknown type \"patch\"" },
	{ HEAD "\"write\"}", "no \"items\"" },
	{ HEAD "\"write\",\"items\":{}}", "\"items\" is no list" },
	{ HEAD "\"write\",\"items\":[]}", "\"items\" are not 1 to 500" },
	{ WRITE("1"), "an item without a \"kind\"" },
	{ WRITE("{}"), "an item without a \"kind\"" },
	{ WRITE("{\"kind\":1}"), "an item without a \"kind\"" },
	{ WRITE("{\"kind\":\"move\"}"), "unknown kind \"move\"" },
	{ WRITE("{\"kind\":\"refused\",\"problem\":\"{}\"}"), "no \"code\"" },
	{ WRITE("{\"kind\":\"refused\",\"code\":\"not_found\"}"), "no \"problem\"" },
	{ WRITE("{\"kind\":\"refused\",\"code\":\"ok\",\"problem\":\"{}\"}"), "\"code\" is no code of a problem" },
	{ WRITE("{\"kind\":\"refused\",\"code\":7,\"problem\":\"{}\"}"), "\"code\" is no code of a problem" },
	{ WRITE("{\"kind\":\"refused\",\"code\":\"not_found\",\"problem\":\"\"}"), "\"problem\" is empty" },
	{ WRITE("{\"kind\":\"refused\",\"code\":\"not_found\",\"problem\":\"{}\",\"version\":1}"), "unknown member \"version\"" },
	{ WRITE("{\"kind\":\"update\",\"record\":\"rec1\",\"fields\":{\"status\":null},\"problem\":\"{}\"}"), "unknown member \"problem\"" },
	{ UPDATE("\"kind\":\"update\",\"fields\":{\"status\":null}"), "\"kind\" twice" },
	{ WRITE("{\"kind\":\"update\",\"record\":\"rec1\"}"), "no \"fields\"" },
	{ WRITE("{\"kind\":\"update\",\"fields\":{\"status\":null}}"), "no \"record\"" },
	{ WRITE("{\"kind\":\"create\",\"record\":\"rec1\",\"fields\":{\"status\":null}}"), "unknown member \"record\"" },
	{ WRITE("{\"kind\":\"create\"}"), "no \"fields\"" },
	{ WRITE("{\"kind\":\"create\",\"fields\":{\"createdAt\":null}}"), "\"createdAt\" is no field that may be written" },
	{ WRITE("{\"kind\":\"create\",\"fields\":{\"orderTotal\":\"1\"}}"), "\"orderTotal\" is no number" },
	{ WRITE("{\"kind\":\"create\",\"fields\":{\"orderTotal\":1e11}}"), "\"orderTotal\" is out of range" },
	{ WRITE("{\"kind\":\"create\",\"fields\":{\"orderTotal\":-1e300}}"), "\"orderTotal\" is out of range" },
	{ WRITE("{\"kind\":\"delete\",\"record\":\"rec1\",\"fields\":{\"status\":null}}"), "unknown member \"fields\"" },
	{ WRITE("{\"kind\":\"delete\",\"record\":\"\"}"), "\"record\" is no record id" },
	{ WRITE("{\"kind\":\"delete\",\"record\":\"a b\"}"), "\"record\" is no record id" },
	{ WRITE("{\"kind\":\"delete\",\"record\":\"r\",\"version\":-1}"), "\"version\" is no whole number in its range" },
	{ WRITE("{\"kind\":\"delete\",\"record\":\"r\",\"undoes\":\"1.0\"}"), "unknown member \"undoes\"" },
	{ UPDATE("\"fields\":{}"), "\"fields\" is empty" },
	{ UPDATE("\"fields\":[]"), "\"fields\" is no object" },
	{ UPDATE("\"fields\":{\"nope\":\"x\"}"), "\"nope\" is no field that may be written" },
	{ UPDATE("\"fields\":{\"orderId\":\"x\"}"), "\"orderId\" is no field that may be written" },
	{ UPDATE("\"fields\":{\"status\":1}"), "\"status\" is no string" },
	{ UPDATE("\"fields\":{\"status\":null,\"status\":\"x\"}"), "\"status\" twice" },
	{ UPDATE("\"undoes\":1042,\"fields\":{\"status\":null}"), "\"undoes\" is no place in the history" },
	{ UPDATE("\"undoes\":\"1042\",\"fields\":{\"status\":null}"), "\"undoes\" is no place in the history" },
	{ UPDATE("\"undoes\":\"1042.4294967296\",\"fields\":{\"status\":null}"), "\"undoes\" is no place in the history" },
	{ HEAD "\"write\",\"key\":\"\"}", "\"key\" is no key" },
	{ HEAD "\"write\",\"key\":\"\\u00e9\"}", "\"key\" is no key" },
	{ HEAD "\"write\",\"table\":\"boxes\",\"items\":[]}", "unknown table \"boxes\"" },
	{ HEAD "\"write\",\"table\":\"\",\"items\":[]}", "unknown table \"\"" },
	{ HEAD "\"write\",\"table\":null,\"items\":[]}", "\"table\" is no string" },
	{ HEAD "\"write\",\"table\":\"orders\",\"table\":\"parcels\"}", "\"table\" twice" },
	{ HEAD "\"sync\",\"table\":\"Orders\"}", "unknown table \"Orders\"" },
	{ HEAD "\"status\",\"table\":\"orders\"}", "unknown member \"table\"" },
	{ HEAD "\"write\",\"fingerprint\":\"0\"}", "\"fingerprint\" is not 32 digits" },
	{ HEAD "\"write\",\"fingerprint\":\"0000000000000000000000000000000g\"}", "\"fingerprint\" is not 32 digits" },
	{ HEAD "\"write\",\"defer\":1}", "\"defer\" is neither true nor false" },
	{ HEAD "\"write\",\"waitMs\":1}", "unknown member \"waitMs\"" }
};

START_TEST(a_ping_goes_through_byte_for_byte)
{
	static struct message_request sent = { .id = 4, .type = MESSAGE_PING };
	struct buf line = { 0 };

	(void)strcpy(sent.mac, "hmac-sha256=00ff");
	(void)strcpy(sent.notice, "{\"base\":{\"id\":\"app\"},\t\"\\u00e9\xc3\xa9\r\n\"}");
	message_add_request(&line, &sent);
	line.data[--line.len] = '\0';	/* the line's end is not part of it */
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_OK);
	ck_assert_int_eq(request.type, MESSAGE_PING);
	ck_assert_str_eq(request.mac, sent.mac);
	ck_assert_str_eq(request.notice, sent.notice);
	memset(sent.notice, 'x', MESSAGE_NOTICE_MAX);
	buf_clear(&line);
	message_add_request(&line, &sent);
	line.data[--line.len] = '\0';
	ck_assert_int_eq(ask(buf_cstr(&line)), ERR_OK);
	buf_free(&line);
	ck_assert_int_eq(ask(HEAD "\"ping\",\"mac\":\"m\"}"), ERR_BAD_MESSAGE);
	ck_assert_int_eq(ask(HEAD "\"ping\",\"notice\":\"n\"}"), ERR_BAD_MESSAGE);
	ck_assert_int_eq(ask(HEAD "\"status\",\"mac\":\"m\"}"), ERR_BAD_MESSAGE);
}
END_TEST

START_TEST(a_line_that_is_not_a_request_is_refused_with_its_reason)
{
	ck_assert_int_eq(ask(bad_requests[_i].line), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, bad_requests[_i].why);
}
END_TEST

START_TEST(a_refusal_carries_the_id_where_there_is_one)
{
	ck_assert_int_eq(ask("{\"v\":9,\"type\":\"x\",\"id\":55}"), ERR_BAD_MESSAGE);
	ck_assert_uint_eq(request.id, 55);
	ck_assert_int_eq(ask("{\"v\":2,\"id\":-5}"), ERR_BAD_MESSAGE);
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
		buf_add_cstr(&line, HEAD "\"write\",\"items\":[{\"kind\":\"update\",\"record\":\"rec1\",\"fields\":{\"status\":\"");
		for (size_t i = 0; i < MESSAGE_TEXT_MAX + extra; i++)
			buf_add_char(&line, 's');
		buf_add_cstr(&line, "\"}}]}");
		ck_assert_int_eq(ask(buf_cstr(&line)), extra == 0 ? ERR_OK : ERR_BAD_MESSAGE);
	}
	ck_assert_str_eq(why, "\"status\" is longer than 1000 bytes");
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
	ck_assert_str_eq(why, "longer than 1048576 bytes");
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
	    &made_tables, &request, why), ERR_OK);
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		ck_assert_int_eq(message_parse_request((struct str){ exact, len },
		    &made_tables, &request, why), ERR_BAD_MESSAGE);
	free(exact);
}
END_TEST

static void
expect_same_record(const struct record *a, const struct record *b)
{
	ck_assert(str_eq(a->id, b->id));
	ck_assert_uint_eq(a->known, b->known);
	for (size_t f = 0; f < ORDER_FIELDS; f++) {
		ck_assert_int_eq(a->values[f].present, b->values[f].present);
		ck_assert_int_eq(a->values[f].number, b->values[f].number);
		ck_assert(str_eq(a->values[f].text, b->values[f].text));
	}
}

START_TEST(what_is_written_is_read_back_the_same)
{
	struct message_item items[5] = {
		{ .kind = MESSAGE_UPDATE, .version = 3, .undoes = 8, .undoes_index = UINT32_MAX,
		  .record = { .id = STR("recA"), .known = 1u << ORDER_STATUS | 1u << ORDER_PRIORITY } },
		{ .kind = MESSAGE_CREATE, .record = { .known = 1u << ORDER_TOTAL } },
		{ .kind = MESSAGE_DELETE, .record = { .id = STR("recB") } },
		{ .kind = MESSAGE_REFUSED, .record = { .id = STR("recB") }, .code = ERR_CONFLICT, .problem = STR("{\"a\":\"b\"}") },
		{ .kind = MESSAGE_REFUSED, .code = ERR_NOT_FOUND, .problem = STR("{}") }
	};
	struct message_request out = { .id = MESSAGE_NUMBER_MAX, .type = MESSAGE_WRITE, .table = &orders_schema,
	    .request_id = "a.b-c_9", .timeout_ms = 5, .deadline_ms = 6, .items = items, .item_count = 5, .bulk = true,
	    .defer = true, .key = "k \"1\"", .by = "me", .fingerprint = { 1, UINT64_MAX } };
	struct buf line = { 0 };

	items[0].record.values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Zur \"Prüfung\"\\\n\t") };
	items[1].record.values[ORDER_TOTAL] = (struct value){ .present = true, .number = -MESSAGE_MONEY_MAX };
	message_add_request(&line, &out);
	ck_assert_int_eq(line.data[line.len - 1], '\n');
	ck_assert_ptr_eq(memchr(line.data, '\n', line.len), line.data + line.len - 1);
	ck_assert_int_eq(message_parse_request((struct str){ line.data, line.len - 1 },
	    &made_tables, &request, why), ERR_OK);
	ck_assert_uint_eq(request.id, out.id);
	ck_assert_str_eq(request.request_id, out.request_id);
	ck_assert_str_eq(request.key, out.key);
	ck_assert_str_eq(request.by, out.by);
	ck_assert_mem_eq(request.fingerprint, out.fingerprint, sizeof(out.fingerprint));
	ck_assert(request.bulk && request.defer);
	ck_assert_int_eq(request.timeout_ms, 5);
	ck_assert_int_eq(request.deadline_ms, 6);
	ck_assert_uint_eq(request.item_count, 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(request.items[i].kind, items[i].kind);
		ck_assert_int_eq(request.items[i].code, items[i].code);
		ck_assert(str_eq(request.items[i].problem, items[i].problem));
		ck_assert_uint_eq(request.items[i].version, items[i].version);
		ck_assert_uint_eq(request.items[i].undoes, items[i].undoes);
		ck_assert_uint_eq(request.items[i].undoes_index, items[i].undoes_index);
		expect_same_record(&request.items[i].record, &items[i].record);
	}
	buf_free(&line);
}
END_TEST

#define PARCELS		HEAD "\"write\",\"table\":\"parcels\",\"items\":["
#define STATE_OF(fields)	"{\"kind\":\"update\",\"record\":\"r\",\"fields\":{" fields "}}]}"

START_TEST(items_have_the_fields_of_the_table_that_is_named)
{
	/* the table is found wherever it stands in the line */
	ck_assert_int_eq(ask(HEAD "\"write\",\"items\":[" "{\"kind\":\"create\",\"fields\":{\"code\":\"K-1\",\"state\":\"Sent\"}}],"
	    "\"table\":\"parcels\"}"), ERR_OK);
	ck_assert_ptr_eq(request.table, &parcels_schema);
	ck_assert_uint_eq(request.items[0].record.known, 1u << PARCEL_CODE | 1u << PARCEL_STATE);
	ck_assert(str_is(request.items[0].record.values[PARCEL_CODE].text, "K-1"));
	ck_assert(str_is(request.items[0].record.values[PARCEL_STATE].text, "Sent"));
	ck_assert_int_eq(ask(PARCELS STATE_OF("\"state\":null")), ERR_OK);
	ck_assert_uint_eq(request.items[0].record.known, 1u << PARCEL_STATE);
	ck_assert(!request.items[0].record.values[PARCEL_STATE].present);
	ck_assert_int_eq(ask(PARCELS STATE_OF("\"status\":\"Shipped\"")), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, "\"status\" is no field that may be written");
	ck_assert_int_eq(ask(PARCELS STATE_OF("\"code\":\"K-1\"")), ERR_BAD_MESSAGE);
	ck_assert_str_eq(why, "\"code\" is no field that may be written");
}
END_TEST

START_TEST(a_write_without_a_table_is_of_orders_and_a_sync_of_all)
{
	ck_assert_int_eq(ask(WRITE("{\"kind\":\"delete\",\"record\":\"r\"}")), ERR_OK);
	ck_assert_ptr_eq(request.table, &orders_schema);
	ck_assert_int_eq(ask(HEAD "\"sync\"}"), ERR_OK);
	ck_assert_ptr_null(request.table);
	ck_assert_int_eq(ask(HEAD "\"sync\",\"table\":\"parcels\"}"), ERR_OK);
	ck_assert_ptr_eq(request.table, &parcels_schema);
	ck_assert_int_eq(ask(HEAD "\"status\"}"), ERR_OK);
	ck_assert_ptr_null(request.table);
}
END_TEST

/* The request as a line, and as that line is read. */
static void
send_and_read(const struct message_request *sent, struct buf *line)
{
	buf_clear(line);
	message_add_request(line, sent);
	ck_assert_uint_gt(line->len, 0);
	line->data[line->len - 1] = '\0';
	ck_assert_int_eq(ask(buf_cstr(line)), ERR_OK);
}

START_TEST(the_table_is_written_and_read_back)
{
	struct message_item item = { .kind = MESSAGE_UPDATE, .record = { .id = STR("recA"), .known = 1u << PARCEL_STATE } };
	struct message_request out = { .id = 3, .type = MESSAGE_WRITE, .table = &parcels_schema, .items = &item,
	    .item_count = 1 };
	struct buf line = { 0 };

	item.record.values[PARCEL_STATE] = (struct value){ .present = true, .text = STR("Lost, found") };
	send_and_read(&out, &line);
	ck_assert_str_eq(buf_cstr(&line), "{\"v\":2,\"id\":3,\"type\":\"write\",\"table\":\"parcels\",\"items\":["
	    "{\"kind\":\"update\",\"record\":\"recA\",\"fields\":{\"state\":\"Lost, found\"}}]}");
	ck_assert_ptr_eq(request.table, &parcels_schema);
	expect_same_record(&request.items[0].record, &item.record);
	out = (struct message_request){ .id = 4, .type = MESSAGE_SYNC, .table = &parcels_schema };
	send_and_read(&out, &line);
	ck_assert_ptr_eq(request.table, &parcels_schema);
	out.table = NULL;
	send_and_read(&out, &line);
	ck_assert_ptr_null(strstr(buf_cstr(&line), "table"));
	ck_assert_ptr_null(request.table);
	buf_free(&line);
}
END_TEST

START_TEST(the_same_fingerprint_with_another_table_is_another_request)
{
	struct message_request r = { .type = MESSAGE_WRITE, .table = &orders_schema, .fingerprint = { 5, UINT64_MAX } };
	uint64_t orders[2], parcels[2];

	message_fingerprint(&r, orders);
	ck_assert_mem_eq(orders, r.fingerprint, sizeof(orders));
	r.table = &parcels_schema;
	message_fingerprint(&r, parcels);
	for (size_t k = 0; k < 2; k++)
		ck_assert_uint_ne(orders[k], parcels[k]);
}
END_TEST

START_TEST(freeing_a_request_twice_is_harmless)
{
	ck_assert_int_eq(ask(WRITE("{\"kind\":\"delete\",\"record\":\"r\"}")), ERR_OK);
	message_request_free(&request);
	message_request_free(&request);
	ck_assert_uint_eq(request.item_count, 0);
	ck_assert_uint_eq(request.id, 7);
}
END_TEST

/* ---- results ------------------------------------------------------------------ */
static struct message_result seen[4];
static char orders_seen[4][64];
static size_t seen_count;

static void
see(void *cookie, size_t i, const struct message_result *r)
{
	ck_assert_ptr_eq(cookie, seen);
	ck_assert_uint_eq(i, seen_count++);
	seen[i] = *r;
	(void)snprintf(orders_seen[i], sizeof(orders_seen[i]), "%.*s", STR_FMT(r->order));
}

static enum err
results(struct str text, size_t n, uint64_t *bulk)
{
	seen_count = 0;
	return message_each_result(text, n, bulk, see, seen);
}

START_TEST(results_are_read_back_in_their_order)
{
	struct message_result refused = { .err = ERR_CONFLICT, .record = "rec4", .problem = STR("{\"status\":409}") };
	struct message_result out[3] = {
		{ .record = "rec1", .order = STR("{\"id\":\"rec1\",\"n\":12.30}") },
		{ .err = ERR_AIRTABLE_REJECTED, .record = "rec2", .detail = "INVALID: \"no\"", .retry_after_ms = 7 },
		{ .record = "rec3", .pending = true }
	};
	struct buf text = { 0 };
	uint64_t bulk;

	message_add_results(&text, 17, out, 3);
	ck_assert_int_eq(results(buf_str(&text), 3, &bulk), ERR_OK);
	ck_assert_uint_eq(bulk, 17);
	ck_assert_uint_eq(seen_count, 3);
	ck_assert_int_eq(seen[0].err, ERR_OK);
	ck_assert_str_eq(seen[0].record, "rec1");
	ck_assert_str_eq(orders_seen[0], "{\"id\":\"rec1\",\"n\":12.30}");
	ck_assert(!seen[0].pending && seen[2].pending);
	ck_assert_int_eq(seen[1].err, ERR_AIRTABLE_REJECTED);
	ck_assert_str_eq(seen[1].record, "rec2");
	ck_assert_str_eq(seen[1].detail, "INVALID: \"no\"");
	ck_assert_int_eq(seen[1].retry_after_ms, 7);
	ck_assert_uint_eq(seen[2].order.len, 0);
	/* a wrong number of them yields none */
	ck_assert_int_eq(results(buf_str(&text), 2, &bulk), ERR_BAD_MESSAGE);
	ck_assert_uint_eq(seen_count, 0);
	ck_assert_int_eq(results(buf_str(&text), 0, &bulk), ERR_OK);
	ck_assert_uint_eq(seen_count, 3);
	buf_clear(&text);
	message_add_results(&text, 0, out, 1);
	ck_assert_int_eq(results(buf_str(&text), 1, &bulk), ERR_OK);
	ck_assert_uint_eq(bulk, 0);
	buf_clear(&text);
	message_add_results(&text, 0, &refused, 1);
	ck_assert_str_eq(buf_cstr(&text), "{\"bulk\":null,\"results\":[{\"ok\":false,\"record\":\"rec4\","
	    "\"code\":\"conflict\",\"problem\":\"{\\\"status\\\":409}\"}]}");
	ck_assert_int_eq(results(buf_str(&text), 1, &bulk), ERR_OK);
	ck_assert_int_eq(seen[0].err, ERR_CONFLICT);
	ck_assert_uint_eq(seen[0].problem.len, strlen("{\"status\":409}"));
	ck_assert_int_eq(results(STR("{\"results\":[{\"ok\":true,\"problem\":\"{}\"}]}"), 1, &bulk), ERR_BAD_MESSAGE);
	buf_free(&text);
}
END_TEST

START_TEST(results_that_would_not_fit_a_reply_leave_their_orders_out)
{
	static struct message_result out[MESSAGE_ITEMS_MAX];
	struct buf text = { 0 }, order = { 0 };

	while (order.len < 4000)
		buf_add_char(&order, '"');
	for (size_t i = 0; i < MESSAGE_ITEMS_MAX; i++) {
		(void)snprintf(out[i].record, sizeof(out[i].record), "rec%zu", i);
		out[i].order = buf_str(&order);
	}
	buf_add_cstr(&text, "before");
	message_add_results(&text, 1, out, MESSAGE_ITEMS_MAX);
	ck_assert_int_eq(buf_status(&text), ERR_OK);
	ck_assert_uint_lt(text.len, MESSAGE_BYTES_MAX);
	ck_assert_int_eq(memcmp(text.data, "before{\"bulk\":\"1\",", 17), 0);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "{\"ok\":true,\"record\":\"rec499\",\"pending\":false,\"order\":null}]}"));
	buf_free(&text);
	buf_free(&order);
}
END_TEST

static const char *const bad_results[] = {
	"", "{}", "[]", "{\"results\":1}", "{\"results\":[1]}", "{\"results\":[{}]}", "{\"results\":[],\"x\":1}",
	"{\"bulk\":17,\"results\":[{\"ok\":true}]}", "{\"bulk\":\"0\",\"results\":[{\"ok\":true}]}",
	"{\"results\":[{\"ok\":true,\"code\":\"conflict\"}]}", "{\"results\":[{\"ok\":false}]}",
	"{\"results\":[{\"ok\":true,\"order\":{}}]}", "{\"results\":[{\"ok\":true,\"record\":\"a b\"}]}",
	"{\"results\":[{\"ok\":true,\"pending\":1}]}", "{\"results\":[{\"ok\":true,\"ok\":true}]}",
	"{\"results\":[{\"ok\":true},{\"ok\":true}]}"
};

START_TEST(invalid_results_are_refused)
{
	uint64_t bulk;

	ck_assert_int_eq(results(str_of(bad_results[_i]), 1, &bulk), ERR_BAD_MESSAGE);
}
END_TEST

START_TEST(places_and_numbers_have_one_spelling)
{
	uint64_t generation, number;
	uint32_t index;

	ck_assert(message_place_parse(STR("1042.0"), &generation, &index));
	ck_assert(generation == 1042 && index == 0);
	ck_assert(message_place_parse(STR("9007199254740991.4294967295"), &generation, &index));
	ck_assert(generation == MESSAGE_NUMBER_MAX && index == UINT32_MAX);
	for (const char *const *p = (const char *const[]){ "", ".", "1", "1.", ".1", "0.1", "01.1", "1.01", "1.x",
	    "1.1.1", "-1.1", "9007199254740992.0", "1.4294967296", " 1.1", NULL }; *p != NULL; p++)
		ck_assert_msg(!message_place_parse(str_of(*p), &generation, &index), "%s", *p);
	ck_assert(message_number_parse(STR("9007199254740991"), &number) && number == MESSAGE_NUMBER_MAX);
	for (const char *const *p = (const char *const[]){ "", "0", "01", "-1", "1x", "9007199254740992",
	    "99999999999999999999", NULL }; *p != NULL; p++)
		ck_assert_msg(!message_number_parse(str_of(*p), &number), "%s", *p);
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

START_TEST(an_unknown_failure_is_an_internal_error)
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

START_TEST(a_line_that_is_not_a_reply_is_refused)
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
	message_request_free(&request);
	buf_free(&body);
}

int
main(void)
{
	Suite *s = suite_create("message");
	TCase *t = tcase_create("message");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_write_is_read);
	tcase_add_test(t, a_name_is_one_that_can_be_shown);
	tcase_add_test(t, members_missing_in_a_write_count_as_none);
	tcase_add_test(t, a_write_has_at_most_500_items_each_with_its_own_strings);
	tcase_add_test(t, a_sync_and_a_status_are_read);
	tcase_add_test(t, a_ping_goes_through_byte_for_byte);
	tcase_add_loop_test(t, a_line_that_is_not_a_request_is_refused_with_its_reason, 0,
	    sizeof(bad_requests) / sizeof(bad_requests[0]));
	tcase_add_test(t, a_refusal_carries_the_id_where_there_is_one);
	tcase_add_test(t, text_may_be_as_long_as_its_room_and_no_longer);
	tcase_add_test(t, deep_nesting_and_huge_lines_are_refused);
	tcase_add_test(t, a_line_need_not_end_with_a_nul);
	tcase_add_test(t, what_is_written_is_read_back_the_same);
	tcase_add_test(t, items_have_the_fields_of_the_table_that_is_named);
	tcase_add_test(t, a_write_without_a_table_is_of_orders_and_a_sync_of_all);
	tcase_add_test(t, the_table_is_written_and_read_back);
	tcase_add_test(t, the_same_fingerprint_with_another_table_is_another_request);
	tcase_add_test(t, freeing_a_request_twice_is_harmless);
	tcase_add_test(t, results_are_read_back_in_their_order);
	tcase_add_test(t, results_that_would_not_fit_a_reply_leave_their_orders_out);
	tcase_add_loop_test(t, invalid_results_are_refused, 0,
	    sizeof(bad_results) / sizeof(bad_results[0]));
	tcase_add_test(t, places_and_numbers_have_one_spelling);
	tcase_add_test(t, replies_are_read);
	tcase_add_test(t, the_body_is_found_wherever_it_stands);
	tcase_add_test(t, an_unknown_failure_is_an_internal_error);
	tcase_add_loop_test(t, a_line_that_is_not_a_reply_is_refused, 0,
	    sizeof(bad_replies) / sizeof(bad_replies[0]));
	tcase_add_test(t, a_reply_comes_back_as_it_was_sent);
	tcase_add_test(t, detail_that_grew_on_its_way_is_cut_between_characters);
	tcase_add_test(t, request_ids_are_short_and_plain);
	suite_add_tcase(s, t);
	return run_suite(s);
}
