#ifndef FCGI_API_ROWS_CSV_H
#define FCGI_API_ROWS_CSV_H

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * CSV as RFC 4180 has it: commas, CRLF, quotes doubled.
 */

/*
 * A text cell.  One that a spreadsheet would take for a formula (it begins
 * with = + - @ or their full-width forms, a tab or the end of a line) gets a '
 * in front.  Numbers are not texts: write them as they are.
 */
void	csv_add_text(struct buf *, struct str);
void	csv_end_line(struct buf *);

#endif
