#include <check.h>

#include "common/tables/kind.h"
#include "syncd/airtable/cell.h"
#include "tests/lib/support.h"

/* One cell of each kind, as Airtable sends it. */
static const struct {
	enum field_kind	 kind;
	const char	*cell;
	const char	*json;		/* as the API shows it; NULL: not understood, because: */
	const char	*problem;
} cells[] = {
	{ FIELD_LONG_TEXT, "\"two\\nlines\\n\"", "\"two\\nlines\\n\"", NULL },
	{ FIELD_EMAIL, "\"ada@example.com\"", "\"ada@example.com\"", NULL },
	{ FIELD_EMAIL, "\"not an address\"", "\"not an address\"", NULL },	/* Airtable takes any */
	{ FIELD_URL, "\"\"", "null", NULL },
	{ FIELD_PHONE, "\"112\"", "\"112\"", NULL },
	{ FIELD_INTEGER, "3", "3", NULL },
	{ FIELD_INTEGER, "[3]", "3", NULL },
	{ FIELD_INTEGER, "\"-3\"", "-3", NULL },
	{ FIELD_INTEGER, "\"\"", "null", NULL },
	{ FIELD_INTEGER, "3.5", NULL, "must be a whole number or null" },
	{ FIELD_INTEGER, "[3,4]", NULL, "several values for one number" },
	{ FIELD_DECIMAL, "0.1", "0.1", NULL },
	{ FIELD_DECIMAL, "0.30000000000000004", "0.3", NULL },
	{ FIELD_DECIMAL, "0.123456789", NULL, "has more than eight decimals" },
	{ FIELD_DECIMAL, "1e10", NULL, "is out of range" },
	{ FIELD_DECIMAL, "\"1,5\"", NULL, "must be a number such as 12.5, with at most eight decimals" },
	{ FIELD_DECIMAL, "{\"specialValue\":\"NaN\"}", NULL, "an error of its formula" },
	{ FIELD_PERCENT, "0.123", "0.123", NULL },
	{ FIELD_DURATION, "5400", "5400", NULL },
	{ FIELD_DURATION, "1.5", "1.5", NULL },
	{ FIELD_DURATION, "true", NULL, "must be a number of seconds or null" },
	{ FIELD_BOOLEAN, "true", "true", NULL },
	{ FIELD_BOOLEAN, "false", "false", NULL },
	{ FIELD_BOOLEAN, "null", "false", NULL },
	{ FIELD_BOOLEAN, "[true]", "true", NULL },
	{ FIELD_BOOLEAN, "1", NULL, "not true or false" },
	{ FIELD_DATE, "\"2022-09-05\"", "\"2022-09-05\"", NULL },
	{ FIELD_DATE, "\"\"", "null", NULL },
	{ FIELD_DATE, "\"2022-09-05T07:00:00.000Z\"", NULL, "not a date such as 2026-11-20" },
	{ FIELD_DATE, "5", NULL, "not a date such as 2026-11-20" },
	{ FIELD_DATE, "[\"2022-09-05\",\"2022-09-06\"]", NULL, "several values for one date" }
};

START_TEST(a_cell_of_each_kind_is_what_airtable_shows)
{
	cJSON *cell = cJSON_Parse(cells[_i].cell);
	char texts[200], *text = texts;
	const char *problem;
	struct buf b = { 0 };
	struct value v;
	enum cell_sense sense;

	ck_assert_ptr_nonnull(cell);
	sense = airtable_cell_read(cells[_i].kind, cell, &text, &v, &problem);
	if (cells[_i].json == NULL) {
		ck_assert_int_ne(sense, CELL_UNDERSTOOD);
		ck_assert_str_eq(problem, cells[_i].problem);
		ck_assert(!v.present);
	} else {
		ck_assert_int_eq(sense, CELL_UNDERSTOOD);
		kind_add_json(&b, cells[_i].kind, &v);
		ck_assert_str_eq(buf_cstr(&b), cells[_i].json);
	}
	buf_free(&b);
	cJSON_Delete(cell);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("airtable cells");
	TCase *t = tcase_create("cells");

	tcase_add_loop_test(t, a_cell_of_each_kind_is_what_airtable_shows, 0, (int)(sizeof(cells) / sizeof(cells[0])));
	suite_add_tcase(s, t);
	return run_suite(s);
}
