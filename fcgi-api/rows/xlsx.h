#ifndef FCGI_API_ROWS_XLSX_H
#define FCGI_API_ROWS_XLSX_H

#include <stdio.h>

#include "common/base/err.h"
#include "common/store/currency.h"
#include "common/tables/schema.h"

/*
 * Records as a workbook: a frozen header row of field names with a filter,
 * money as numbers, instants as dates (UTC), texts as texts whatever they
 * begin with.  What a spreadsheet can't hold as a number (money beyond 15
 * digits, dates before March 1900) is a text.  Memory does not grow with
 * the rows; they go through files without names below a folder.
 */
#define XLSX_SHEET_ROWS	1048576u	/* of a sheet, with its header: what a spreadsheet reads */
#define XLSX_TEXT_MAX	32767u		/* UTF-16 units of a cell; longer texts are cut */

struct xlsx;

/*
 * Sheets of at most ${sheet_rows} rows each (at least 2); further records go
 * on in further sheets.  ${dir} must stay until xlsx_free().  Money is shown
 * exactly, with the currency's symbol before it and at least the currency's
 * decimals; with a currency without decimals, none are shown.
 */
enum err	 xlsx_new(const char *dir, const struct schema *, const struct currency *,
		    unsigned sheet_rows, struct xlsx **);
void		 xlsx_free(struct xlsx *);	/* NULL is harmless */

enum err	 xlsx_add(struct xlsx *, const struct record *);
/*
 * Finish it: *file is at the workbook's beginning and stays the xlsx's own.
 * ERR_DISK_FULL, ERR_IO.
 */
enum err	 xlsx_finish(struct xlsx *, FILE **file, uint64_t *bytes);

#endif
