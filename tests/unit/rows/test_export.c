#include <sys/wait.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "fcgi-api/rows/csv.h"
#include "fcgi-api/rows/row_spool.h"
#include "fcgi-api/rows/xlsx.h"
#include "tests/lib/support.h"

static const struct schema *const schema = &orders_schema;
static struct currency currency = { .precision = CURRENCY_PRECISION };

static void
expect_cell(struct str text, const char *cell)
{
	struct buf b = { .data = NULL };

	csv_add_text(&b, text);
	ck_assert_str_eq(buf_cstr(&b), cell);
	buf_free(&b);
}

START_TEST(a_csv_cell_is_quoted_where_it_must_be)
{
	expect_cell(STR(""), "");
	expect_cell(STR("plain"), "plain");
	expect_cell(STR("Acme, Inc."), "\"Acme, Inc.\"");
	expect_cell(STR("say \"hi\""), "\"say \"\"hi\"\"\"");
	expect_cell(STR("two\r\nlines"), "\"two\r\nlines\"");
	expect_cell(STR(" space "), "\" space \"");
	expect_cell(STR("a;=1+1"), "\"a;=1+1\"");
}
END_TEST

START_TEST(a_csv_text_that_looks_like_a_formula_is_defused)
{
	expect_cell(STR("=1+1"), "'=1+1");
	expect_cell(STR("+1"), "'+1");
	expect_cell(STR("-2+3"), "'-2+3");
	expect_cell(STR("@SUM(A1)"), "'@SUM(A1)");
	expect_cell(STR("\t=1"), "\"'\t=1\"");
	expect_cell(STR("\r=1"), "\"'\r=1\"");
	expect_cell(STR("\n=1"), "\"'\n=1\"");
	expect_cell(STR("\uff1d1+1"), "'\uff1d1+1");
	expect_cell(STR("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
	expect_cell(STR("a=1"), "a=1");
	expect_cell(STR("\xef\xbc"), "\xef\xbc");	/* cut */
}
END_TEST

static struct record
sample(struct str id)
{
	struct record r = { .id = id, .known = schema_all(schema) };

	r.values[ORDER_ORDER_ID] = (struct value){ .present = true, .text = STR("ORD-1") };
	r.values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("=1+1 <&> \x01 \u00e9") };
	r.values[ORDER_TOTAL] = (struct value){ .present = true, .number = -125000 };
	r.values[ORDER_CREATED_AT] = (struct value){ .present = true, .number = 1795168800000 };
	return r;
}

START_TEST(rows_come_out_of_the_file_as_they_went_in)
{
	struct record in = sample(STR("recAAAAAAAAAAAAAA")), out;
	struct row_spool *s;

	ck_assert_int_eq(row_spool_new(tmpdir_new(), schema, &s), ERR_OK);
	for (int i = 0; i < 5000; i++) {
		in.values[ORDER_TOTAL].number = i;
		in.values[ORDER_CREATED_AT].text = i % 3 != 0 ? (struct str){ NULL, 0 } : STR("2026-11-20");
		in.values[ORDER_PRIORITY].present = i % 2;
		in.values[ORDER_PRIORITY].text = STR("High");
		ck_assert_int_eq(row_spool_add(s, &in), ERR_OK);
	}
	ck_assert_int_eq(row_spool_rewind(s), ERR_OK);
	for (int i = 0; i < 5000; i++) {
		ck_assert_int_eq(row_spool_next(s, &out), ERR_OK);
		ck_assert(str_eq(out.id, in.id));
		ck_assert_int_eq(out.values[ORDER_TOTAL].number, i);
		ck_assert(str_eq(out.values[ORDER_CUSTOMER].text, in.values[ORDER_CUSTOMER].text));
		ck_assert_int_eq(out.values[ORDER_CREATED_AT].number, 1795168800000);
		ck_assert(str_is(out.values[ORDER_CREATED_AT].text, i % 3 != 0 ? "" : "2026-11-20"));
		ck_assert_int_eq(out.values[ORDER_PRIORITY].present, i % 2);
		ck_assert(!out.values[ORDER_STATUS].present);
	}
	ck_assert_int_eq(row_spool_next(s, &out), ERR_NOT_FOUND);
	row_spool_free(s);
}
END_TEST

static size_t
files_in(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;	/* . and .. */
}

/* What ${command} says of the workbook in ${dir}/x.xlsx. */
static char *
said_of(const char *dir, const char *command)
{
	static char text[65536];
	char line[600];
	size_t n;
	FILE *p;

	(void)snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	ck_assert_ptr_nonnull(p = popen(line, "r"));
	n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = '\0';
	ck_assert_int_eq(pclose(p), 0);
	return text;
}

static void
make_workbook(const char *dir, unsigned sheet_rows, const struct record *list, size_t n)
{
	char path[300], bytes[4096];
	struct xlsx *x;
	FILE *from, *to;
	uint64_t size;
	size_t got;

	ck_assert_int_eq(xlsx_new(dir, schema, &currency, sheet_rows, &x), ERR_OK);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(xlsx_add(x, &list[i]), ERR_OK);
	ck_assert_uint_eq(files_in(dir), 0);	/* all of them without names */
	ck_assert_int_eq(xlsx_finish(x, &from, &size), ERR_OK);
	(void)snprintf(path, sizeof(path), "%s/x.xlsx", dir);
	ck_assert_ptr_nonnull(to = fopen(path, "w"));
	while ((got = fread(bytes, 1, sizeof(bytes), from)) > 0) {
		ck_assert_uint_eq(fwrite(bytes, 1, got, to), got);
		size -= got;
	}
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(fclose(to), 0);
	xlsx_free(x);
}

#define PART(name)	"python3 -c 'import zipfile; z = zipfile.ZipFile(\"x.xlsx\"); assert z.testzip() is None; " \
			"print(z.read(\"" name "\").decode())'"

START_TEST(a_workbook_has_numbers_dates_and_texts_of_their_kinds)
{
	struct record list[2] = { sample(STR("recAAAAAAAAAAAAAA")), sample(STR("recBBBBBBBBBBBBBB")) };
	const char *dir = tmpdir_new(), *xml;

	list[1].values[ORDER_TOTAL].number = INT64_C(1000000000000001);	/* more than 15 digits */
	list[1].values[ORDER_CREATED_AT].number = INSTANT_MIN;
	/* dates without a time, wherever their days begin */
	list[0].values[ORDER_UPDATED_AT] = (struct value){ true, STR("2026-11-20"), 1795158000000 };
	list[1].values[ORDER_UPDATED_AT] = (struct value){ true, STR("1900-02-28"), -2203938000000 };
	make_workbook(dir, XLSX_SHEET_ROWS, list, 2);
	xml = said_of(dir, PART("xl/worksheets/sheet1.xml"));
	ck_assert_ptr_nonnull(strstr(xml, "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"));
	ck_assert_ptr_nonnull(strstr(xml, "<c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>id</t></is></c>"));
	ck_assert_ptr_nonnull(strstr(xml, "<c r=\"C2\" t=\"inlineStr\"><is><t>=1+1 &lt;&amp;&gt; _x0001_ \u00e9</t></is></c>"));
	ck_assert_ptr_null(strstr(xml, "<f>"));
	ck_assert_ptr_nonnull(strstr(xml, "<c r=\"F2\" s=\"2\"><v>-12.5</v></c>"));
	/* 2026-11-20T10:00 */
	ck_assert_ptr_nonnull(strstr(xml, "<c r=\"G2\" s=\"3\"><v>46346.41666666667</v></c>"));
	ck_assert_ptr_nonnull(strstr(xml, "<c r=\"H2\" s=\"4\"><v>46346</v></c>"));
	ck_assert_ptr_nonnull(strstr(xml, "<t>1900-02-28</t>"));
	ck_assert_ptr_nonnull(strstr(xml, "<t>100000000000.0001</t>"));
	ck_assert_ptr_nonnull(strstr(xml, "<t>0000-01-01T00:00:00.000Z</t>"));
	ck_assert_ptr_nonnull(strstr(xml, "<autoFilter ref=\"A1:H3\"/>"));
	ck_assert_ptr_null(strstr(xml, "r=\"D2\""));	/* empty */
	xml = said_of(dir, PART("xl/styles.xml"));
	ck_assert_ptr_nonnull(strstr(xml, "formatCode=\"yyyy-mm-dd hh:mm:ss\""));
	ck_assert_ptr_nonnull(strstr(xml, "formatCode=\"yyyy-mm-dd\""));
	ck_assert_ptr_nonnull(strstr(xml, "formatCode=\"#,##0.00##\""));
}
END_TEST

static const struct {
	const char	*symbol;
	int		 precision;
	const char	*format;	/* as the XML has it */
} currencies[] = {
	{ "", 2, "#,##0.00##" }, { "", 0, "#,##0" }, { "", 4, "#,##0.0000" },
	{ "$", 2, "&quot;$&quot;#,##0.00##" }, { "\u20ac", 0, "&quot;\u20ac&quot;#,##0" },
	{ "\u00a5", 1, "&quot;\u00a5&quot;#,##0.0###" }, { "CHF", 2, "&quot;CHF &quot;#,##0.00##" },
	{ "z\u0142", 3, "&quot;z\u0142 &quot;#,##0.000#" }, { "US$", 4, "&quot;US$&quot;#,##0.0000" },
	{ "\"", 2, "\\&quot;#,##0.00##" }, { "\\", 2, "\\\\#,##0.00##" },
	{ "a\"b\\c", 2, "&quot;a&quot;\\&quot;&quot;b&quot;\\\\&quot;c&quot;#,##0.00##" },
	{ "\"\"\\\\", 0, "\\&quot;\\&quot;\\\\\\\\#,##0" },
	{ "<&>;[]@#", 0, "&quot;&lt;&amp;&gt;;[]@#&quot;#,##0" },
	{ "0.0;-0;0", 2, "&quot;0.0;-0;0&quot;#,##0.00##" },
	{ "_x0041_", 2, "&quot;_x005F_x0041_&quot;#,##0.00##" },
	{ "\uffff", 2, "&quot;\ufffd&quot;#,##0.00##" },
	{ "\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\"", 4,
	    "&quot;\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0\U0001f4b0&quot;\\&quot;#,##0.0000" }
};

START_TEST(amounts_have_the_symbol_and_the_decimals_of_their_currency)
{
	struct record r = sample(STR("recAAAAAAAAAAAAAA"));
	const char *dir = tmpdir_new(), *xml;
	char code[200];

	ck_assert(currency_symbol_valid(str_of(currencies[_i].symbol)));
	(void)snprintf(currency.symbol, sizeof(currency.symbol), "%s", currencies[_i].symbol);
	currency.precision = currencies[_i].precision;
	make_workbook(dir, XLSX_SHEET_ROWS, &r, 1);
	xml = said_of(dir, PART("xl/styles.xml"));
	(void)snprintf(code, sizeof(code), " formatCode=\"%s\"/>", currencies[_i].format);
	ck_assert_msg(strstr(xml, code) != NULL, "%s: %s", code, xml);
	ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/worksheets/sheet1.xml")), "<v>-12.5</v>"));
}
END_TEST

START_TEST(a_text_that_reads_as_an_escape_stays_what_it_is)
{
	static const struct {
		const char	*text, *cell;
	} cases[] = {
		{ "SKU_x0041_7", "SKU_x005F_x0041_7" }, { "_x0041_x0042_", "_x005F_x0041_x005F_x0042_" },
		{ "_x005F_", "_x005F_x005F_" }, { "_xabCD_", "_x005F_xabCD_" }, { "_x00g1_", "_x00g1_" },
		{ "_x0041", "_x0041" }, { "_X0041_", "_X0041_" }, { "x0041_", "x0041_" }, { "__x000D__", "__x005F_x000D__" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record r = sample(STR("recAAAAAAAAAAAAAA"));
		const char *dir = tmpdir_new();
		char cell[64];

		r.values[ORDER_CUSTOMER].text = str_of(cases[i].text);
		r.values[ORDER_STATUS] = r.values[ORDER_CUSTOMER];
		make_workbook(dir, XLSX_SHEET_ROWS, &r, 1);
		(void)snprintf(cell, sizeof(cell), "r=\"D2\" t=\"inlineStr\"><is><t>%s</t>", cases[i].cell);
		ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/worksheets/sheet1.xml")), cell));
	}
}
END_TEST

START_TEST(rows_beyond_a_sheets_limit_continue_in_the_next)
{
	struct record list[7];
	const char *dir = tmpdir_new();

	for (size_t i = 0; i < 7; i++)
		list[i] = sample(STR("recAAAAAAAAAAAAAA"));
	make_workbook(dir, 4, list, 7);	/* a header and three rows each */
	ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/workbook.xml")), "name=\"orders 3\""));
	ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/worksheets/sheet2.xml")), "r=\"A4\""));
	ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/worksheets/sheet3.xml")), "ref=\"A1:H2\""));
}
END_TEST

START_TEST(a_workbook_without_rows_has_its_header)
{
	const char *dir = tmpdir_new();

	make_workbook(dir, XLSX_SHEET_ROWS, NULL, 0);
	ck_assert_ptr_nonnull(strstr(said_of(dir, PART("xl/worksheets/sheet1.xml")), "<t>updatedAt</t>"));
}
END_TEST

START_TEST(a_text_too_long_for_a_cell_is_cut_between_characters)
{
	struct record r = sample(STR("recAAAAAAAAAAAAAA"));
	struct buf text = { .data = NULL };
	const char *dir = tmpdir_new(), *xml, *at;
	size_t units = 0;

	buf_add_char(&text, '\0');
	for (int i = 0; i < 20000; i++)
		buf_add_cstr(&text, "\U0001f600");	/* two units each */
	r.values[ORDER_CUSTOMER].text = buf_str(&text);
	make_workbook(dir, XLSX_SHEET_ROWS, &r, 1);
	xml = said_of(dir, "python3 -c 'import zipfile; t = zipfile.ZipFile(\"x.xlsx\").read(\"xl/worksheets/sheet1.xml\").decode();"
	    " c = t[t.index(\"r=\\\"C2\\\"\"):]; c = c[c.index(\"<t>\") + 3:c.index(\"</t>\")];"
	    " print(len(c.encode(\"utf-16-le\")) // 2, hex(ord(c[0])), hex(ord(c[-1])))'");
	units = strtoul(xml, NULL, 10);
	ck_assert_uint_eq(units, XLSX_TEXT_MAX);
	ck_assert_ptr_nonnull(at = strstr(xml, "0xfffd 0x1f600"));
	buf_free(&text);
}
END_TEST

START_TEST(a_missing_folder_is_reported)
{
	struct row_spool *s;
	struct xlsx *x;

	ck_assert_int_eq(row_spool_new("/nonexistent", schema, &s), ERR_IO);
	ck_assert_int_eq(xlsx_new("/nonexistent", schema, &currency, XLSX_SHEET_ROWS, &x), ERR_IO);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("export");
	TCase *t = tcase_create("export");

	tcase_add_test(t, a_csv_cell_is_quoted_where_it_must_be);
	tcase_add_test(t, a_csv_text_that_looks_like_a_formula_is_defused);
	tcase_add_test(t, rows_come_out_of_the_file_as_they_went_in);
	tcase_add_test(t, a_workbook_has_numbers_dates_and_texts_of_their_kinds);
	tcase_add_loop_test(t, amounts_have_the_symbol_and_the_decimals_of_their_currency, 0,
	    sizeof(currencies) / sizeof(currencies[0]));
	tcase_add_test(t, a_text_that_reads_as_an_escape_stays_what_it_is);
	tcase_add_test(t, rows_beyond_a_sheets_limit_continue_in_the_next);
	tcase_add_test(t, a_workbook_without_rows_has_its_header);
	tcase_add_test(t, a_text_too_long_for_a_cell_is_cut_between_characters);
	tcase_add_test(t, a_missing_folder_is_reported);
	suite_add_tcase(s, t);
	return run_suite(s);
}
