#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <stdlib.h>
#include <xlsxwriter.h>

#include "common/base/buf.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/money.h"
#include "common/tables/kind.h"
#include "common/tables/moment.h"
#include "fcgi-api/rows/row_spool.h"
#include "fcgi-api/rows/xlsx.h"

#define DAY_MS		INT64_C(86400000)
#define DAYS_TO_1970	25569		/* a spreadsheet's day 0 is 1899-12-30 ... */
#define DAY_MIN		61		/* ... as long as it is not before March 1900 */
#define UNITS_MAX	INT64_C(999999999999999)	/* 15 digits: what a spreadsheet's number holds */
#define DISK_RESERVE_BYTES	(1024 * 1024)

struct xlsx {
	const char		*dir;
	const struct schema	*schema;
	FILE			*file;
	lxw_workbook		*book;
	lxw_worksheet		*sheet;
	lxw_format		*head, *time, *day, *money;
	unsigned		 sheet_rows, sheets;
	lxw_row_t		 row;	/* the next of the sheet */
	struct buf		 text;	/* of a cell */
};

static enum err
failed(lxw_error code)
{
	log_error("export: workbook: %s", lxw_strerror(code));
	return code == LXW_ERROR_MEMORY_MALLOC_FAILED ? ERR_NOMEM : ERR_IO;
}

/* How many bytes the character has that begins with ${first}. */
static size_t
utf8_len(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Would a workbook read the text there as an escaped character, such as "_x0041_"? */
static bool
reads_as_escape(struct str s, size_t i)
{
	if (s.len - i < 7 || s.ptr[i] != '_' || s.ptr[i + 1] != 'x' || s.ptr[i + 6] != '_')
		return false;
	for (size_t d = i + 2; d < i + 6; d++)
		if (hex_digit(s.ptr[d]) == -1)
			return false;
	return true;
}

/* The text as a cell can hold it: not too long, and nothing that XML can't say. */
static const char *
cell_text(struct xlsx *x, struct str s)
{
	size_t n;

	buf_clear(&x->text);
	for (size_t i = 0, units = 0; i < s.len; i += n) {
		n = utf8_len((unsigned char)s.ptr[i]);
		units += n == 4 ? 2 : 1;
		if (n > s.len - i || units > XLSX_TEXT_MAX)
			break;
		if (s.ptr[i] == '\0' || (n == 3 && (memcmp(s.ptr + i, "\xef\xbf\xbe", 3) == 0 ||
		    memcmp(s.ptr + i, "\xef\xbf\xbf", 3) == 0)))
			buf_add(&x->text, "\xef\xbf\xbd", 3);
		else if (reads_as_escape(s, i))
			buf_add_cstr(&x->text, "_x005F_");
		else
			buf_add(&x->text, s.ptr + i, n);
	}
	return buf_cstr(&x->text);
}

/*
 * The number format of amounts.  Text stands in quotes there, which can't hold
 * a quote or a backslash: each of these stands outside, after a backslash
 * (ECMA-376, 18.8.31).
 */
static void
add_money_format(struct xlsx *x, const struct currency *c, struct buf *b)
{
	const char *text = cell_text(x, str_of(c->symbol));
	bool quoted = false;

	for (; *text != '\0'; text++) {
		bool special = *text == '"' || *text == '\\';

		if (special == quoted)
			buf_add_char(b, '"');
		quoted = !special;
		if (special)
			buf_add_char(b, '\\');
		buf_add_char(b, *text);
	}
	if (quoted)
		buf_add_cstr(b, currency_is_word(c) ? " \"" : "\"");
	buf_add_cstr(b, c->precision > 0 ? "#,##0." : "#,##0");
	for (int d = 0; d < CURRENCY_PRECISION_MAX && c->precision > 0; d++)
		buf_add_char(b, d < c->precision ? '0' : '#');
}

static lxw_format *
new_format(struct xlsx *x, const char *numbers)
{
	lxw_format *f = workbook_add_format(x->book);

	if (f != NULL && numbers != NULL)
		format_set_num_format(f, numbers);
	return f;
}

static enum err
open_formats(struct xlsx *x, const struct currency *currency)
{
	struct buf money = { .data = NULL };
	const char *numbers;

	add_money_format(x, currency, &money);
	numbers = buf_cstr(&money);
	if (buf_status(&x->text) == ERR_OK && buf_status(&money) == ERR_OK)
		x->money = new_format(x, numbers);
	buf_free(&money);
	if (x->money == NULL || (x->head = new_format(x, NULL)) == NULL ||
	    (x->time = new_format(x, "yyyy-mm-dd hh:mm:ss")) == NULL ||
	    (x->day = new_format(x, "yyyy-mm-dd")) == NULL)
		return ERR_NOMEM;
	format_set_bold(x->head);
	return ERR_OK;
}

static enum err
open_book(struct xlsx *x)
{
	char path[40];
	lxw_workbook_options options = {
		.constant_memory = LXW_TRUE, .tmpdir = (char *)(uintptr_t)x->dir,
		.use_zip64 = LXW_FALSE
	};

	/* it wants a name to write to; the file has none but this */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(x->file));
	x->book = workbook_new_opt(path, &options);
	return x->book == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
xlsx_new(const char *dir, const struct schema *schema, const struct currency *currency,
    unsigned sheet_rows, struct xlsx **out)
{
	struct xlsx *x = calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		return ERR_NOMEM;
	x->dir = dir;
	x->schema = schema;
	x->sheet_rows = sheet_rows;
	if ((x->file = spool_file(dir)) == NULL) {
		e = err_from_errno(errno);
		log_error("export: %s: %s", dir, strerror(errno));
		goto fail;
	}
	if ((e = open_book(x)) != ERR_OK || (e = open_formats(x, currency)) != ERR_OK)
		goto fail;
	*out = x;
	return ERR_OK;
fail:
	xlsx_free(x);
	return e;
}

void
xlsx_free(struct xlsx *x)
{
	if (x == NULL)
		return;
	lxw_workbook_free(x->book);
	if (x->file != NULL)
		(void)fclose(x->file);	/* nothing in it is wanted any more */
	buf_free(&x->text);
	free(x);
}

static lxw_error
write_text(struct xlsx *x, lxw_col_t column, struct str s, lxw_format *format)
{
	const char *text = cell_text(x, s);

	if (buf_status(&x->text) != ERR_OK)
		return LXW_ERROR_MEMORY_MALLOC_FAILED;
	return s.len == 0 ? LXW_NO_ERROR :
	    worksheet_write_string(x->sheet, x->row, column, text, format);
}

static lxw_error
write_money(struct xlsx *x, lxw_col_t column, int64_t units)
{
	struct buf b = { .data = NULL };
	lxw_error rc;

	if (units >= -UNITS_MAX && units <= UNITS_MAX)
		return worksheet_write_number(x->sheet, x->row, column,
		    (double)units / (double)MONEY_UNIT, x->money);
	money_add(&b, units);
	rc = write_text(x, column, buf_str(&b), NULL);
	buf_free(&b);
	return rc;
}

/* A number of units; one with more digits than a cell has is a text. */
static lxw_error
write_number(struct xlsx *x, lxw_col_t column, enum field_kind kind, const struct value *v)
{
	struct buf b = { .data = NULL };
	double unit = 1;
	lxw_error rc;

	for (int i = 0; i < kind_of(kind)->decimals; i++)
		unit *= 10;
	if (v->number >= -UNITS_MAX && v->number <= UNITS_MAX)
		return worksheet_write_number(x->sheet, x->row, column, (double)v->number / unit, NULL);
	kind_add_json(&b, kind, v);
	rc = write_text(x, column, buf_str(&b), NULL);
	buf_free(&b);
	return rc;
}

static lxw_error
write_date(struct xlsx *x, lxw_col_t column, int64_t date)
{
	double day = DAYS_TO_1970 + (double)date;
	char text[INSTANT_TEXT_SIZE];

	if (day >= DAY_MIN)
		return worksheet_write_number(x->sheet, x->row, column, day, x->day);
	(void)instant_format(date * DAY_MS, text);	/* "" when out of range */
	return write_text(x, column, (struct str){ text, strnlen(text, MOMENT_DATE_LEN) }, NULL);
}

/* A date without a time is whole days, shown without one. */
static lxw_error
write_moment(struct xlsx *x, lxw_col_t column, const struct value *v)
{
	bool date = moment_is_date(v);
	double day = DAYS_TO_1970 + (date ? (double)moment_day(v) :
	    (double)v->number / (double)DAY_MS);
	char text[INSTANT_TEXT_SIZE];

	if (day >= DAY_MIN && v->number <= INSTANT_MAX)
		return worksheet_write_number(x->sheet, x->row, column, day, date ? x->day : x->time);
	(void)moment_format(v, text);	/* "" when out of range */
	return write_text(x, column, str_of(text), NULL);
}

static lxw_error
write_value(struct xlsx *x, lxw_col_t column, enum field_kind kind, const struct value *v)
{
	if (!v->present)
		return LXW_NO_ERROR;
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
	case FIELD_PHONE:
	case FIELD_SELECT:
		return write_text(x, column, v->text, NULL);
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
		return write_number(x, column, kind, v);
	case FIELD_BOOLEAN:
		return worksheet_write_boolean(x->sheet, x->row, column, v->number != 0, NULL);
	case FIELD_DATE:
		return write_date(x, column, v->number);
	case FIELD_MONEY:
		return write_money(x, column, v->number);
	case FIELD_INSTANT:
		return write_moment(x, column, v);
	}
	return LXW_NO_ERROR;
}

static double
width_of(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_EMAIL:
	case FIELD_URL:
		return 28;
	case FIELD_INSTANT:
		return 20;
	case FIELD_PHONE:
	case FIELD_SELECT:
	case FIELD_MONEY:
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_PERCENT:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
	case FIELD_DATE:
		break;
	}
	return 14;
}

static lxw_error
write_head(struct xlsx *x)
{
	lxw_error rc = worksheet_set_column(x->sheet, 0, 0, 20, NULL);

	if (rc == LXW_NO_ERROR)
		rc = write_text(x, 0, STR("id"), x->head);
	for (size_t f = 0; rc == LXW_NO_ERROR && f < x->schema->field_count; f++) {
		lxw_col_t column = (lxw_col_t)(f + 1);

		rc = worksheet_set_column(x->sheet, column, column,
		    width_of(x->schema->fields[f].kind), NULL);
		if (rc == LXW_NO_ERROR)
			rc = write_text(x, column, str_of(x->schema->fields[f].name), x->head);
	}
	worksheet_freeze_panes(x->sheet, 1, 0);
	x->row = 1;
	return rc;
}

/* The library does not check whether its file took what was written. */
static enum err
end_sheet(struct xlsx *x)
{
	lxw_error rc;

	if (x->sheet == NULL)
		return ERR_OK;
	if (ferror(x->sheet->optimize_tmpfile)) {
		log_error("export: the rows of a workbook can't be written");
		return ERR_DISK_FULL;
	}
	rc = worksheet_autofilter(x->sheet, 0, 0, x->row - 1, (lxw_col_t)x->schema->field_count);
	return rc == LXW_NO_ERROR ? ERR_OK : failed(rc);
}

static enum err
begin_sheet(struct xlsx *x)
{
	char name[32];
	lxw_error rc;
	enum err e;

	if ((e = end_sheet(x)) != ERR_OK)
		return e;
	if (++x->sheets == 1)
		(void)snprintf(name, sizeof(name), "%s", x->schema->name);
	else
		(void)snprintf(name, sizeof(name), "%s %u", x->schema->name, x->sheets);
	x->row = 0;
	if ((x->sheet = workbook_add_worksheet(x->book, name)) == NULL)
		return ERR_NOMEM;
	return (rc = write_head(x)) == LXW_NO_ERROR ? ERR_OK : failed(rc);
}

enum err
xlsx_add(struct xlsx *x, const struct record *r)
{
	lxw_error rc;
	enum err e;

	if ((x->sheet == NULL || x->row == x->sheet_rows) && (e = begin_sheet(x)) != ERR_OK)
		return e;
	rc = write_text(x, 0, r->id, NULL);
	for (size_t f = 0; rc == LXW_NO_ERROR && f < x->schema->field_count; f++)
		rc = write_value(x, (lxw_col_t)(f + 1), x->schema->fields[f].kind, &r->values[f]);
	x->row++;
	return rc == LXW_NO_ERROR ? ERR_OK : failed(rc);
}

/* If the disk is full now, it may have been when the library did not check. */
static enum err
check_room(const struct xlsx *x)
{
	struct statvfs disk;

	if (fstatvfs(fileno(x->file), &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < DISK_RESERVE_BYTES) {
		log_error("export: %s: the disk is full", x->dir);
		return ERR_DISK_FULL;
	}
	return ERR_OK;
}

enum err
xlsx_finish(struct xlsx *x, FILE **file, uint64_t *bytes)
{
	struct stat st;
	lxw_error rc;
	enum err e;

	if ((x->sheet == NULL && (e = begin_sheet(x)) != ERR_OK) ||
	    (e = end_sheet(x)) != ERR_OK)
		return e;
	rc = workbook_close(x->book);	/* frees it */
	x->book = NULL;
	x->sheet = NULL;
	if ((e = check_room(x)) != ERR_OK)
		return e;
	if (rc != LXW_NO_ERROR)
		return failed(rc);
	if (fstat(fileno(x->file), &st) == -1 || fseek(x->file, 0, SEEK_SET) != 0)
		return err_from_errno(errno);
	*bytes = (uint64_t)st.st_size;
	*file = x->file;
	return ERR_OK;
}
