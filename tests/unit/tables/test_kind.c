#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/store/row.h"
#include "common/tables/kind.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/support.h"

static struct buf b;

static void
teardown(void)
{
	buf_free(&b);
}

/* Reads ${text}, a JSON value; the problem, or NULL. */
static const char *
parse(enum field_kind kind, const char *text, struct value *v)
{
	static cJSON *json;

	cJSON_Delete(json);
	json = cJSON_Parse(text);
	return kind_parse_json(kind, json, v);
}

static const struct {
	enum field_kind	 kind;
	const char	*json, *again;		/* again NULL: the same */
	int64_t		 number;
} right[] = {
	{ FIELD_INTEGER, "0", NULL, 0 },
	{ FIELD_INTEGER, "-7", NULL, -7 },
	{ FIELD_INTEGER, "1e3", "1000", 1000 },
	{ FIELD_INTEGER, "9007199254740991", NULL, FIELD_INTEGER_MAX },
	{ FIELD_DECIMAL, "12.5", NULL, 1250000000 },
	{ FIELD_DECIMAL, "-0.00000001", NULL, -1 },
	{ FIELD_DECIMAL, "0.30000000000000004", "0.3", 30000000 },	/* 0.1 + 0.2 */
	{ FIELD_DECIMAL, "1234567.12345678", NULL, 123456712345678 },
	{ FIELD_DECIMAL, "9999999999", NULL, 999999999900000000 },
	{ FIELD_PERCENT, "0.25", NULL, 2500000000 },
	{ FIELD_PERCENT, "-1.5", NULL, -15000000000 },
	{ FIELD_PERCENT, "0.0012345678", NULL, 12345678 },
	{ FIELD_DURATION, "90", NULL, 90000 },
	{ FIELD_DURATION, "0.125", NULL, 125 },
	{ FIELD_MONEY, "12.3", "12.30", 123000 },
	{ FIELD_BOOLEAN, "true", NULL, 1 },
	{ FIELD_BOOLEAN, "false", NULL, 0 },
	{ FIELD_BOOLEAN, "null", "false", 0 },
	{ FIELD_DATE, "\"1970-01-01\"", NULL, 0 },
	{ FIELD_DATE, "\"2026-11-28\"", NULL, 20785 },
	{ FIELD_DATE, "\"0000-01-01\"", NULL, -719528 },
	{ FIELD_DATE, "\"9999-12-31\"", NULL, 2932896 },
	{ FIELD_INSTANT, "\"2026-11-21T10:00:00.000Z\"", NULL, INT64_C(1795255200000) }
};

START_TEST(a_value_comes_back_as_it_is_shown)
{
	struct value v;

	ck_assert_ptr_null(parse(right[_i].kind, right[_i].json, &v));
	ck_assert(v.present);
	ck_assert_int_eq(v.number, right[_i].number);
	ck_assert(kind_in_range(right[_i].kind, v.number));
	kind_add_json(&b, right[_i].kind, &v);
	ck_assert_str_eq(buf_cstr(&b), right[_i].again == NULL ? right[_i].json : right[_i].again);
	ck_assert_ptr_null(parse(right[_i].kind, buf_cstr(&b), &v));
	ck_assert_int_eq(v.number, right[_i].number);
}
END_TEST

static const struct {
	enum field_kind	 kind;
	const char	*json, *problem;
} wrong[] = {
	{ FIELD_INTEGER, "1.5", "must be a whole number or null" },
	{ FIELD_INTEGER, "\"1\"", "must be a whole number or null" },
	{ FIELD_INTEGER, "9007199254740992", "is out of range" },
	{ FIELD_INTEGER, "1e300", "is out of range" },
	{ FIELD_DECIMAL, "0.333333333333", "has more than eight decimals" },
	{ FIELD_DECIMAL, "1e-9", "has more than eight decimals" },
	{ FIELD_DECIMAL, "10000000000", "is out of range" },
	{ FIELD_DECIMAL, "true", "must be a number or null" },
	{ FIELD_PERCENT, "\"25 %\"", "must be a number such as 0.25 for 25 %, or null" },
	{ FIELD_PERCENT, "0.33333333333333", "has more than ten decimals" },
	{ FIELD_DURATION, "\"1:30\"", "must be a number of seconds or null" },
	{ FIELD_DURATION, "0.0001", "has more than three decimals" },
	{ FIELD_MONEY, "0.00001", "has more than four decimals" },
	{ FIELD_BOOLEAN, "1", "must be true or false" },
	{ FIELD_BOOLEAN, "\"true\"", "must be true or false" },
	{ FIELD_DATE, "\"2026-11-28T10:00:00Z\"", "must be a date such as \"2026-11-20\", or null" },
	{ FIELD_DATE, "\"2026-02-30\"", "must be a date such as \"2026-11-20\", or null" },
	{ FIELD_DATE, "20785", "must be a date such as \"2026-11-20\", or null" },
	{ FIELD_INSTANT, "\"yesterday\"", "must be a date-time such as \"2026-11-20T10:00:00Z\", or null" },
	{ FIELD_EMAIL, "5", "must be an e-mail address such as ada@example.com, or null" },
	{ FIELD_LONG_TEXT, "\"\"", "must not be empty; use null for none" },
	{ FIELD_TEXT, "[]", "must be a text or null" }
};

START_TEST(a_value_of_another_kind_is_refused_in_words)
{
	const char *problem;
	struct value v;

	problem = parse(wrong[_i].kind, wrong[_i].json, &v);
	ck_assert_ptr_nonnull(problem);
	ck_assert_str_eq(problem, wrong[_i].problem);
}
END_TEST

START_TEST(texts_that_are_written_look_like_their_kind)
{
	ck_assert_ptr_null(kind_check_text(FIELD_EMAIL, STR("ada@example.com")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_EMAIL, STR("ada")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_EMAIL, STR("@example.com")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_EMAIL, STR("ada@")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_EMAIL, STR("ada @example.com")));
	ck_assert_ptr_null(kind_check_text(FIELD_URL, STR("example.com/a?b=%20")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_URL, STR("two words")));
	ck_assert_ptr_null(kind_check_text(FIELD_PHONE, STR("+49 (30) 1234")));
	ck_assert_ptr_nonnull(kind_check_text(FIELD_PHONE, STR("112\n")));
	ck_assert_ptr_null(kind_check_text(FIELD_LONG_TEXT, STR("two\nlines")));
	ck_assert_ptr_null(kind_check_text(FIELD_TEXT, STR("ada")));
}
END_TEST

START_TEST(every_kind_has_a_name_of_its_own)
{
	for (enum field_kind k = FIELD_TEXT; k <= FIELD_INSTANT; k++)
		for (enum field_kind other = FIELD_TEXT; other < k; other++)
			ck_assert_str_ne(kind_of(k)->name, kind_of(other)->name);
	ck_assert_str_eq(kind_of(FIELD_LONG_TEXT)->name, "longText");
	ck_assert_str_eq(kind_of(FIELD_BOOLEAN)->name, "boolean");
}
END_TEST

/* ---- rows of as many fields as there may be --------------------------------------- */
static struct field many[SCHEMA_FIELDS_MAX];
static char names[SCHEMA_FIELDS_MAX][24];

static struct schema
table_of(size_t n)
{
	for (size_t f = 0; f < n; f++) {
		(void)snprintf(names[f], sizeof(names[f]), "f%zu", f);
		many[f] = (struct field){ .name = names[f], .kind = (enum field_kind)(f % (FIELD_INSTANT + 1)) };
	}
	return (struct schema){ .name = "many", .number = 2, .fields = many, .field_count = n };
}

static void
through(const struct schema *s, uint64_t *seed)
{
	struct record r = { .id = STR("rec1"), .known = schema_all(s) }, back;
	struct row_view view;
	char *bytes;

	for (size_t f = 0; f < s->field_count; f++) {
		enum field_kind kind = many[f].kind;

		r.values[f] = kind_nothing(kind);
		if (made_random(seed, 3) == 0)
			continue;
		r.values[f].present = true;
		if (kind_is_text(kind))
			r.values[f].text = made_random(seed, 2) == 0 ? STR("plain") : STR("\"es\\caped\n");
		else
			r.values[f].number = kind == FIELD_BOOLEAN ? 1 : (int64_t)made_random(seed, 2000) - 1000;
	}
	buf_clear(&b);
	row_encode(&b, s, &r, 7);
	ck_assert_int_eq(buf_status(&b), ERR_OK);
	ck_assert_int_eq(row_decode(buf_str(&b), &view), ERR_OK);
	ck_assert_int_eq(row_values(&view, s, &back), ERR_OK);
	ck_assert(record_equal(s, &r, &back));
	/* a copy of its own size, so that reading behind a cut row is seen */
	for (size_t cut = 0; cut < b.len; cut++) {
		ck_assert_ptr_nonnull(bytes = malloc(cut + 1));
		memcpy(bytes, b.data, cut);
		if (row_decode((struct str){ bytes, cut }, &view) == ERR_OK)
			(void)row_values(&view, s, &back);
		free(bytes);
	}
}

START_TEST(a_row_has_a_bit_for_each_of_its_fields)
{
	struct schema s = table_of((size_t)_i);
	uint64_t seed = 5;

	for (int n = 0; n < 20; n++)
		through(&s, &seed);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kind");
	TCase *t = tcase_create("kind");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, a_value_comes_back_as_it_is_shown, 0, (int)(sizeof(right) / sizeof(right[0])));
	tcase_add_loop_test(t, a_value_of_another_kind_is_refused_in_words, 0,
	    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, texts_that_are_written_look_like_their_kind);
	tcase_add_test(t, every_kind_has_a_name_of_its_own);
	tcase_add_loop_test(t, a_row_has_a_bit_for_each_of_its_fields, 1, SCHEMA_FIELDS_MAX + 1);
	suite_add_tcase(s, t);
	return run_suite(s);
}
