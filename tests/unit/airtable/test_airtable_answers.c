#include <zlib.h>

#include "common/base/json_write.h"
#include "tests/lib/airtable_fixture.h"

/* ---- cells ---- */

static const struct cell_case {
	const char	*fields;
	const char	*texts;		/* NULL: not looked at */
	int		 field;		/* whose number is looked at; -1: none */
	bool		 present;
	int64_t		 number;
	const char	*warned;	/* API name of a warning, or NULL */
} cells[] = {
	{ "\"Customer\":194", "rec1|-|194|-|-", -1, false, 0, NULL },
	{ "\"Customer\":0.1", "rec1|-|0.1|-|-", -1, false, 0, NULL },
	{ "\"Customer\":-1e300", "rec1|-|-1e+300|-|-", -1, false, 0, NULL },
	{ "\"Customer\":1e15", "rec1|-|1000000000000000|-|-", -1, false, 0, NULL },
	{ "\"Customer\":true,\"Order ID\":false", "rec1|false|true|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"a\\u0000b\"", "rec1|-|a\xef\xbf\xbd" "b|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"a\\\\u0000b\"", "rec1|-|a\\u0000b|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"\\uD83D\\uDE00\"", "rec1|-|\xf0\x9f\x98\x80|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"x\\uD83Dy\"", "rec1|-|x\xef\xbf\xbdy|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"x\\uDE00\\uD83D\"", "rec1|-|x\xef\xbf\xbd\xef\xbf\xbd|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"\xed\xa0\x80y\xc0\xaf\"", "rec1|-|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd|-|-",
	    -1, false, 0, NULL },
	{ "\"Customer\":\"x\xff\xc3(\"", "rec1|-|x\xef\xbf\xbd\xef\xbf\xbd(|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"\"", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"  \"", "rec1|-|  |-|-", -1, false, 0, NULL },
	{ "\"Customer\":null", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":\"first\",\"Customer\":\"last\"", "rec1|-|last|-|-", -1, false, 0, NULL },
	{ "\"customer\":\"other case\",\"Notes\":[[]]", "rec1|-|-|-|-", -1, false, 0, NULL },
	/* lists: what the grid shows */
	{ "\"Customer\":[\"a\"]", "rec1|-|a|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[\"a\",\"b, c\",\"a\"]", "rec1|-|a, b, c, a|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[]", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[null]", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[[]]", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[null,\"a\",null,\"\"]", "rec1|-|a|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[[\"a\"],[\"b\",7]]", "rec1|-|a, b, 7|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[1e15,9e15,true,0.5]", "rec1|-|1000000000000000, 9000000000000000, true, 0.5|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[[[[[\"a\"]]]]]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[\"recA1b2C3d4E5f6G7\"]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[\"recA1b2C3d4E5f6G7\",\"recA1b2C3d4E5f6G8\"]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[{\"id\":\"recA1b2C3d4E5f6G7\",\"name\":\"Acme\"}]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":\"recA1b2C3d4E5f6G7\"", "rec1|-|recA1b2C3d4E5f6G7|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[\"recess\"]", "rec1|-|recess|-|-", -1, false, 0, NULL },
	/* objects: their text */
	{ "\"Customer\":{\"text\":\"000123\",\"type\":\"code39\"}", "rec1|-|000123|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"id\":\"usrA\",\"email\":\"ada@example.com\",\"name\":\"Ada\"}", "rec1|-|Ada|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"id\":\"usrA\",\"email\":\"ada@example.com\"}", "rec1|-|ada@example.com|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[{\"id\":\"usrA\",\"name\":\"Ada\"},{\"id\":\"usrB\",\"name\":\"Bob\"}]", "rec1|-|Ada, Bob|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"value\":\"Acme\",\"state\":\"generated\",\"isStale\":false}", "rec1|-|Acme|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"value\":null,\"state\":\"error\",\"errorType\":\"emptyDependency\"}", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"state\":\"empty\",\"isStale\":false}", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{\"label\":\"Open\",\"url\":\"https://example.com\"}", "rec1|-|Open|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[{\"id\":\"attA\",\"url\":\"https://x\",\"filename\":\"a.pdf\"},{\"id\":\"attB\",\"filename\":\"b.png\"}]", "rec1|-|a.pdf, b.png|-|-", -1, false, 0, NULL },
	{ "\"Customer\":{}", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":{\"url\":\"https://x\"}", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[\"a\",{\"url\":\"x\"}]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[\"\",\"a\",\"\",\"b\"]", "rec1|-|a, b|-|-", -1, false, 0, NULL },
	{ "\"Customer\":[{\"error\":\"#ERROR!\"}]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":[1e999]", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Status\":[\"Pending\"]", "rec1|-|-|Pending|-", -1, false, 0, NULL },
	{ "\"Status\":[\"Pending\",\"Shipped\"]", "rec1|-|-|Pending, Shipped|-", -1, false, 0, NULL },
	{ "\"Status\":[{\"id\":\"selX\",\"name\":\"Foreign\",\"color\":\"redLight2\"}]", "rec1|-|-|Foreign|-", -1, false, 0, NULL },
	{ "\"Status\":[]", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Status\":[7]", "rec1|-|-|-|-", -1, false, 0, "status" },
	{ "\"Status\":true", "rec1|-|-|-|-", -1, false, 0, "status" },
	{ "\"Customer\":{\"error\":\"#ERROR!\"}", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Customer\":{\"specialValue\":\"NaN\"}", "rec1|-|-|-|-", -1, false, 0, "customer" },
	{ "\"Status\":{\"id\":\"selX\",\"name\":\"Foreign\"}", "rec1|-|-|Foreign|-", -1, false, 0, NULL },
	{ "\"Status\":\"\"", "rec1|-|-|-|-", -1, false, 0, NULL },
	{ "\"Status\":7", "rec1|-|-|-|-", -1, false, 0, "status" },
	{ "\"Status\":{\"id\":\"selX\"}", "rec1|-|-|-|-", -1, false, 0, "status" },
	{ "\"Order Total\":0", NULL, ORDER_TOTAL, true, 0, NULL },
	{ "\"Order Total\":-0.00005", NULL, ORDER_TOTAL, true, -1, NULL },
	{ "\"Order Total\":12.345678901234", NULL, ORDER_TOTAL, true, 123457, NULL },
	{ "\"Order Total\":\"12.30\"", NULL, ORDER_TOTAL, true, 123000, NULL },
	{ "\"Order Total\":\"\"", NULL, ORDER_TOTAL, false, 0, NULL },
	{ "\"Order Total\":\"$5\"", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":1e308", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":1e999", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":10000000000000000000000000000000000000000000000000000000000000000000",
	    NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":0.10000000000000000000000000000000000000000000000000000000000000000000",
	    NULL, ORDER_TOTAL, true, 1000, NULL },
	{ "\"Order Total\":[12.5]", NULL, ORDER_TOTAL, true, 125000, NULL },
	{ "\"Order Total\":[null,\"12.5\"]", NULL, ORDER_TOTAL, true, 125000, NULL },
	{ "\"Order Total\":{\"value\":\"7\",\"state\":\"generated\"}", NULL, ORDER_TOTAL, true, 70000, NULL },
	{ "\"Order Total\":[]", NULL, ORDER_TOTAL, false, 0, NULL },
	{ "\"Order Total\":[1,2]", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":[[[[[1]]]]]", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":[{\"specialValue\":\"NaN\"}]", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":\"1,234.50\"", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":\"12,50 \u20ac\"", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":\"12.5%\"", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":99999999999999", NULL, ORDER_TOTAL, true, INT64_C(999999999999990000), NULL },
	{ "\"Order Total\":1e14", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":-1e14", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":\"100000000000000\"", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Created At\":[\"2026-01-02\"]", NULL, ORDER_CREATED_AT, true, INT64_C(1767312000000), NULL },
	{ "\"Created At\":[\"2026-01-02\",\"2026-01-03\"]", NULL, ORDER_CREATED_AT, false, 0, "createdAt" },
	{ "\"Created At\":\"1/2/2026\"", NULL, ORDER_CREATED_AT, false, 0, "createdAt" },
	{ "\"Order Total\":true", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Order Total\":{\"specialValue\":\"Infinity\"}", NULL, ORDER_TOTAL, false, 0, "orderTotal" },
	{ "\"Created At\":\"2026-01-02\"", NULL, ORDER_CREATED_AT, true, INT64_C(1767312000000), NULL },
	{ "\"Created At\":\"2026-01-02T04:04:05.5+01:00\"", NULL, ORDER_CREATED_AT, true, INT64_C(1767323045500), NULL },
	{ "\"Created At\":\"yesterday\"", NULL, ORDER_CREATED_AT, false, 0, "createdAt" },
	{ "\"Created At\":\"99999-01-01T00:00:00Z\"", NULL, ORDER_CREATED_AT, false, 0, "createdAt" },
	{ "\"Updated At\":1767323045", NULL, ORDER_UPDATED_AT, false, 0, "updatedAt" }
};

START_TEST(a_cell_is_understood_or_empty_with_a_warning)
{
	const struct cell_case *c = &cells[_i];
	struct seen s = { 0 };
	struct buf body = { 0 };
	int f;

	buf_printf(&body, "{\"records\":[{\"fields\":{%s},\"new\":1,\"id\":\"rec1\"}]}", c->fields);
	canned_json(&server, 200, buf_cstr(&body));
	buf_free(&body);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_uint_eq(s.count, 1);
	if (c->texts != NULL)
		ck_assert_str_eq(buf_cstr(&s.texts), c->texts);
	if (c->field >= 0) {
		ck_assert_int_eq(s.record.values[c->field].present, c->present);
		if (c->present)
			ck_assert_int_eq(s.record.values[c->field].number, c->number);
	}
	ck_assert_uint_eq(s.warnings, c->warned == NULL ? 0 : 1);
	if (c->warned != NULL) {
		f = schema_field(&orders_schema, str_of(c->warned));
		ck_assert_int_ge(f, 0);
		ck_assert_uint_eq(s.odd[f].count, 1);
		ck_assert_str_eq(s.odd[f].examples[0].record, "rec1");
		ck_assert_str_ne(s.odd[f].examples[0].what, "");
		/* an error of a formula is one, and nothing else */
		ck_assert_uint_eq(s.record.failed >> f & 1, strstr(c->fields, "\"error\"") != NULL ||
		    strstr(c->fields, "specialValue") != NULL);
		ck_assert_uint_eq(s.record.odd >> f & 1, !(s.record.failed >> f & 1));
	}
	seen_free(&s);
}
END_TEST

START_TEST(warnings_beyond_those_kept_are_counted)
{
	struct seen s = { 0 };
	struct buf body = { 0 };

	buf_add_cstr(&body, "{\"records\":[");
	for (int i = 0; i < 100; i++)
		buf_printf(&body, "%s{\"id\":\"rec%d\",\"fields\":{\"Status\":1,\"Order Total\":\"x\"}}", i ? "," : "", i);
	buf_add_cstr(&body, "]}");
	canned_json(&server, 200, buf_cstr(&body));
	buf_free(&body);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_uint_eq(s.count, 100);
	ck_assert_uint_eq(s.warnings, 200);
	seen_free(&s);
}
END_TEST

/* ---- bad answers ---- */

static const char *const bad_bodies[] = {
	"", "null", "[]", "{}", "<html><body>Hello</body></html>", "{\"records\":{}}", "{\"records\":null}",
	"{\"records\":[1]}", "{\"records\":[{\"fields\":{}}]}", "{\"records\":[{\"id\":1,\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"\",\"fields\":{}}]}", "{\"records\":[{\"id\":\"rec 1\",\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"rec\xc3\xbc\",\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"rec45678901234567890123456789012\",\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"rec1\"}]}", "{\"records\":[{\"id\":\"rec1\",\"fields\":[]}]}",
	"{\"records\":[{\"id\":\"rec1\",\"fields\":{}}],\"offset\":7}",
	"{\"records\":[{\"id\":\"rec1\",\"fields\":{}}", "{\"records\":[]}garbage", "{\"records\":[]}{}",
	"{\"records\":[{\"id\":\"rec1\",\"fields\":{\"Customer\":\"abc", "\"records\""
};

START_TEST(a_page_of_the_wrong_shape_is_refused_whole)
{
	struct seen s = { 0 };

	canned_json(&server, 200, bad_bodies[_i]);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_BAD_RESPONSE);
	ck_assert(s.result.retryable);
	ck_assert(!s.result.maybe_applied);
	ck_assert_str_ne(s.result.message, "");
	seen_free(&s);
}
END_TEST

static const struct error_case {
	int		 status;
	const char	*body;
	enum err	 err;
	bool		 retryable, maybe_applied;
	const char	*type;
	const char	*message;	/* a part of it */
} errors[] = {
	{ 404, "{\"error\":\"NOT_FOUND\"}", ERR_AIRTABLE_NOT_FOUND, false, false, "NOT_FOUND",
	    "airtable.base_id or airtable.orders_table: NOT_FOUND" },
	{ 422, "{\"error\":{\"type\":\"LIST_RECORDS_ITERATOR_NOT_AVAILABLE\"}}", ERR_AIRTABLE_ITERATOR, false, false,
	    "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "HTTP 422" },
	{ 422, "{\"error\":{\"type\":\"INVALID_OFFSET_VALUE\",\"message\":\"The value of offset x is invalid\"}}",
	    ERR_AIRTABLE_ITERATOR, false, false, "INVALID_OFFSET_VALUE", "is invalid" },
	{ 422, "{\"error\":{\"type\":\"UNKNOWN_FIELD_NAME\",\"message\":\"Unknown field name: \\\"Nobody's\\\"\"}}",
	    ERR_AIRTABLE_FIELD_MISSING, false, false, "UNKNOWN_FIELD_NAME", "\"Nobody's\"" },
	{ 422, "{\"error\":{\"type\":\"INVALID_VALUE_FOR_COLUMN\",\"message\":\"no\\nnot\"}}", ERR_AIRTABLE_REJECTED,
	    false, false, "INVALID_VALUE_FOR_COLUMN", "no not" },
	{ 400, "", ERR_AIRTABLE_REJECTED, false, false, "", "HTTP 400" },
	{ 413, "too big", ERR_AIRTABLE_REJECTED, false, false, "", "HTTP 413" },
	{ 401, "{\"error\":null}", ERR_AIRTABLE_UNAUTHORIZED, false, false, "",
	    "airtable.token_file (or AIRTABLE_API_KEY): Airtable does not accept the token" },
	{ 401, "{\"error\":{\"type\":\"AUTHENTICATION_REQUIRED\",\"message\":\"you sent " TOKEN "\"}}",
	    ERR_AIRTABLE_UNAUTHORIZED, false, false, "AUTHENTICATION_REQUIRED",
	    "airtable.token_file (or AIRTABLE_API_KEY): you sent ****" },
	{ 403, "{\"error\":{\"type\":\"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND\",\"message\":\"Invalid\"}}",
	    ERR_AIRTABLE_FORBIDDEN, false, false, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
	    "airtable.base_id, airtable.orders_table, or the token's bases and scopes: Invalid" },
	{ 408, "", ERR_AIRTABLE_TIMEOUT, true, true, "", "HTTP 408" },
	{ 429, "{\"errors\":[{\"error\":\"RATE_LIMIT_REACHED\",\"message\":\"Rate limit exceeded\"}]}",
	    ERR_AIRTABLE_RATE_LIMITED, true, false, "RATE_LIMIT_REACHED", "Rate limit" },
	{ 429, "{\"error\":{\"type\":\"RATE_LIMIT_REACHED\",\"message\":\"x\"}}", ERR_AIRTABLE_RATE_LIMITED, true, false,
	    "RATE_LIMIT_REACHED", "x" },
	{ 429, "<html>slow down</html>", ERR_AIRTABLE_RATE_LIMITED, true, false, "", "HTTP 429" },
	{ 429, "{\"errors\":[{\"error\":\"PUBLIC_API_BILLING_LIMIT_EXCEEDED\",\"message\":\"month\"}]}",
	    ERR_AIRTABLE_QUOTA, false, false, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "the monthly Airtable call quota is used up" },
	{ 500, "{\"error\":{\"type\":\"SERVER_ERROR\"", ERR_AIRTABLE_UNAVAILABLE, true, true, "", "HTTP 500" },
	{ 502, "<html><h1>502 Bad Gateway</h1></html>", ERR_AIRTABLE_UNAVAILABLE, true, true, "", "HTTP 502" },
	{ 503, "{\"error\":{\"type\":\"RETRIABLE_ERROR\",\"message\":\"safe\"}}", ERR_AIRTABLE_UNAVAILABLE, true, true,
	    "RETRIABLE_ERROR", "safe" },
	{ 504, "", ERR_AIRTABLE_TIMEOUT, true, true, "", "HTTP 504" },
	{ 302, "", ERR_AIRTABLE_BAD_RESPONSE, true, true, "", "HTTP 302" },
	{ 204, "", ERR_AIRTABLE_BAD_RESPONSE, true, true, "", "JSON" },
	{ 422, "{\"errors\":[]}", ERR_AIRTABLE_REJECTED, false, false, "", "HTTP 422" },
	{ 422, "{\"errors\":[7]}", ERR_AIRTABLE_REJECTED, false, false, "", "HTTP 422" },
	{ 422, "{\"error\":{\"type\":7,\"message\":[]}}", ERR_AIRTABLE_REJECTED, false, false, "", "HTTP 422" }
};

START_TEST(an_error_is_recognized_by_status_then_type)
{
	const struct error_case *c = &errors[_i];
	struct seen read = { 0 }, write = { 0 };

	if (c->status == 204)
		canned_raw(&server, "HTTP/1.1 204 No Content\r\n\r\n", 27);
	else
		canned_json(&server, c->status, c->body);
	list(&read, "");
	ck_assert_int_eq(read.result.err, c->err);
	ck_assert_int_eq(read.result.retryable, c->retryable);
	ck_assert(!read.result.maybe_applied);
	ck_assert_int_eq(read.result.status, c->status);
	ck_assert_str_eq(read.result.type, c->type);
	ck_assert_has(read.result.message, c->message);
	ck_assert_ptr_null(strstr(read.result.message, TOKEN));
	reopen();	/* forget lockouts */
	patch_status(&write, "Shipped");
	ck_assert_int_eq(write.result.err, c->err);
	ck_assert_int_eq(write.result.maybe_applied, c->maybe_applied);
}
END_TEST

START_TEST(a_long_message_is_cut_between_characters)
{
	int status = _i == 0 ? 400 : 403;	/* 403: behind the settings it is about */
	struct seen s = { 0 };
	struct buf b = { 0 };

	buf_add_cstr(&b, "{\"error\":{\"type\":\"X\",\"message\":\"a");
	for (int i = 0; i < 200; i++)
		buf_add_cstr(&b, "\xc3\xbc");
	buf_add_cstr(&b, "\"}}");
	canned_json(&server, status, buf_cstr(&b));
	buf_free(&b);
	list(&s, "");
	ck_assert_uint_ge(strlen(s.result.message), 298);
	buf_add_cstr(&b, "");
	json_add_string(&b, str_of(s.result.message));
	ck_assert_ptr_null(strstr(buf_cstr(&b), "\xef\xbf\xbd"));
	buf_free(&b);
}
END_TEST

START_TEST(a_gzipped_page_is_unpacked)
{
	struct seen s = { 0 };
	unsigned char packed[2048];
	z_stream z = { 0 };

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)PAGE;
	z.avail_in = sizeof(PAGE) - 1;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	canned_http(&server, 200, "Content-Encoding: gzip\r\n", (char *)packed, z.total_out);
	(void)deflateEnd(&z);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_uint_eq(s.count, 1);
	seen_free(&s);
}
END_TEST

START_TEST(a_body_that_claims_to_be_gzip_is_a_bad_response)
{
	struct seen s = { 0 };

	canned_http(&server, 200, "Content-Encoding: gzip\r\n", PAGE, sizeof(PAGE) - 1);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_BAD_RESPONSE);
}
END_TEST

static Suite *
airtable_answers_suite(void)
{
	Suite *suite = suite_create("airtable_answers");
	TCase *t = tcase_create("calls"), *forms = tcase_create("cells");

	tcase_add_checked_fixture(forms, airtable_setup, airtable_teardown);
	tcase_set_timeout(forms, 60);
	tcase_set_tags(forms, "no-valgrind");	/* two minutes of starting, and ASan sees as much */
	tcase_add_loop_test(forms, a_cell_is_understood_or_empty_with_a_warning, 0,
	    (int)(sizeof(cells) / sizeof(cells[0])));
	suite_add_tcase(suite, forms);
	tcase_add_checked_fixture(t, airtable_setup, airtable_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, warnings_beyond_those_kept_are_counted);
	tcase_add_loop_test(t, a_page_of_the_wrong_shape_is_refused_whole, 0,
	    (int)(sizeof(bad_bodies) / sizeof(bad_bodies[0])));
	tcase_add_loop_test(t, an_error_is_recognized_by_status_then_type, 0,
	    (int)(sizeof(errors) / sizeof(errors[0])));
	tcase_add_loop_test(t, a_long_message_is_cut_between_characters, 0, 2);
	tcase_add_test(t, a_gzipped_page_is_unpacked);
	tcase_add_test(t, a_body_that_claims_to_be_gzip_is_a_bad_response);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(airtable_answers_suite());
}
