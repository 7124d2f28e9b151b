#include <check.h>
#include <stdlib.h>

#include "common/store/row.h"
#include "tests/lib/support.h"

static struct buf b, block;

static void
teardown(void)
{
	buf_free(&b);
	buf_free(&block);
}

static struct value
text(const char *s)
{
	return (struct value){ .present = true, .text = str_of(s) };
}

static struct value
number(int64_t n)
{
	return (struct value){ .present = true, .number = n };
}

static struct record
example(void)
{
	struct record r = { .id = STR("recA1b2C3d4E5f6G7"), .known = schema_all(&orders_schema) };

	r.values[ORDER_ORDER_ID] = text("ORD-1");
	r.values[ORDER_CUSTOMER] = text("M\xc3\xbcller & S\xc3\xb6hne");
	r.values[ORDER_PRIORITY] = text("High");
	r.values[ORDER_TOTAL] = number(1234500);
	r.values[ORDER_CREATED_AT] = number(INT64_C(1795168800000));
	return r;
}

/* The record read back from its row. */
static struct record
through(const struct record *r, struct row_view *view)
{
	struct record back;

	buf_clear(&b);
	row_encode(&b, &orders_schema, r, 1042);
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	ck_assert_int_eq(row_decode(buf_str(&b), view), ERR_OK);
	ck_assert_int_eq(row_values(view, &orders_schema, &back), ERR_OK);
	return back;
}

START_TEST(a_row_gives_back_its_values_and_the_json)
{
	struct record r = example(), back;
	struct row_view view;

	back = through(&r, &view);
	ck_assert(record_equal(&orders_schema, &r, &back));
	ck_assert(str_eq(back.id, r.id));
	ck_assert(str_eq(view.id, r.id));
	ck_assert_uint_eq(view.version, 1042);
	ck_assert(str_is(view.json, "{\"id\":\"recA1b2C3d4E5f6G7\",\"orderId\":\"ORD-1\","
	    "\"customer\":\"M\xc3\xbcller & S\xc3\xb6hne\",\"status\":null,\"priority\":\"High\","
	    "\"orderTotal\":123.45,\"createdAt\":\"2026-11-20T10:00:00.000Z\",\"updatedAt\":null,"
	    "\"version\":1042}"));
}
END_TEST

START_TEST(texts_that_json_escapes_come_back_as_they_were)
{
	static const char *const texts[] = {
		"", "\"", "\\", "a\"b\\c\n", "\x01\x1f", "bytes that are no text: \xff\xfe", "null", "\"null\""
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record r = example(), back;
		struct row_view view;

		r.values[ORDER_ORDER_ID] = text(texts[i]);
		r.values[ORDER_CUSTOMER] = text(texts[sizeof(texts) / sizeof(texts[0]) - 1 - i]);
		r.values[ORDER_UPDATED_AT] = number(-1);
		back = through(&r, &view);
		ck_assert_msg(record_equal(&orders_schema, &r, &back), "text %zu", i);
	}
}
END_TEST

START_TEST(text_without_escapes_is_stored_once)
{
	struct record r = example();
	struct row_view view;
	char *large = malloc(50001);
	size_t before;

	ck_assert_ptr_nonnull(large);
	(void)through(&r, &view);
	before = b.len;
	memset(large, 'x', 50000);
	large[50000] = '\0';
	r.values[ORDER_CUSTOMER] = text(large);
	(void)through(&r, &view);
	ck_assert_uint_lt(b.len, before + 50000);
	free(large);
}
END_TEST

START_TEST(an_empty_record_is_a_row_too)
{
	struct record r = { .id = STR("recA1b2C3d4E5f6G7") }, back;
	struct row_view view;

	back = through(&r, &view);
	ck_assert(record_equal(&orders_schema, &r, &back));
}
END_TEST

START_TEST(a_block_finds_each_of_its_rows)
{
	struct str rows[ROW_BLOCK] = { [0] = STR("first"), [7] = STR("seventh"), [31] = STR("last") };

	row_block_encode(&block, rows);
	for (uint32_t i = 0; i < ROW_BLOCK; i++) {
		struct str found;

		ck_assert_int_eq(row_block_find(buf_str(&block), ROW_BLOCK * 5 + i, &found), ERR_OK);
		ck_assert(str_eq(found, rows[i]));
	}
}
END_TEST

START_TEST(broken_bytes_are_told_from_rows)
{
	struct record r = example(), back;
	struct row_view view;
	uint64_t seed = 1;
	unsigned refused = 0;

	(void)through(&r, &view);
	for (size_t n = 0; n < b.len; n++)	/* cut off: the JSON is looked for at the end */
		if (row_decode((struct str){ b.data, n }, &view) != ERR_OK ||
		    row_values(&view, &orders_schema, &back) != ERR_OK)
			refused++;
	ck_assert_uint_gt(refused, 0);
	for (unsigned n = 0; n < 20000; n++) {	/* memory errors show under the sanitizers */
		char *copy = malloc(b.len);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, b.data, b.len);
		for (unsigned i = 0; i < 3; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			copy[(seed >> 33) % 60 % b.len] = (char)(seed >> 20);
		}
		if (row_decode((struct str){ copy, b.len }, &view) == ERR_OK &&
		    row_values(&view, &orders_schema, &back) == ERR_OK)
			(void)record_equal(&orders_schema, &r, &back);
		free(copy);
	}
	row_block_encode(&block, (struct str[ROW_BLOCK]){ STR("x") });
	ck_assert_int_eq(row_block_find((struct str){ block.data, 100 }, 0, &view.json), ERR_STORE_CORRUPT);
	memset(block.data, 0xff, 4);
	ck_assert_int_eq(row_block_find(buf_str(&block), 0, &view.json), ERR_STORE_CORRUPT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("row");
	TCase *t = tcase_create("row");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_row_gives_back_its_values_and_the_json);
	tcase_add_test(t, texts_that_json_escapes_come_back_as_they_were);
	tcase_add_test(t, text_without_escapes_is_stored_once);
	tcase_add_test(t, an_empty_record_is_a_row_too);
	tcase_add_test(t, a_block_finds_each_of_its_rows);
	tcase_add_test(t, broken_bytes_are_told_from_rows);
	suite_add_tcase(s, t);
	return run_suite(s);
}
