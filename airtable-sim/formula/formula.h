#ifndef AIRTABLE_SIM_FORMULA_FORMULA_H
#define AIRTABLE_SIM_FORMULA_FORMULA_H

#include <stdint.h>

#include "airtable-sim/base/base.h"
#include "common/base/buf.h"

/*
 * The part of Airtable's formula language that filters and simple formula
 * fields need.  A formula is parsed once for a table and then evaluated per
 * row; both are bounded in depth, and text results in length.
 */
#define FORMULA_DEPTH_MAX	200	/* nested operators, parentheses and calls */
#define FORMULA_TEXT_MAX	(1 << 20)
#define FORMULA_READS_MAX	5000	/* records linked by linked records, for one result */
#define FORMULA_LEVELS_MAX	8	/* computed fields that refer to computed fields */

struct formula;

/*
 * Parse ${text}.  ERR_INVALID_PARAMETER with Airtable's message in ${why}
 * (NULL: not wanted) when it is not valid, ERR_NOMEM.  Fields are bound to
 * their places in ${table} now: renaming one does not break it.
 */
enum err	 formula_parse(struct str text, const struct sim_table *, struct formula **,
		    struct buf *why);
/* The same for the formula of a rollup, in which "values" is the list of what was looked up. */
enum err	 formula_parse_rollup(struct str text, const struct sim_table *, struct formula **);
void		 formula_free(struct formula *);	/* NULL is allowed */
/* What its results are, as far as that can be told without a row: number, dateTime, singleLineText. */
enum sim_type	 formula_type(const struct formula *, const struct sim_table *);
/* Does it read the field at that place? */
bool		 formula_reads(const struct formula *, size_t field);

/* What a formula is evaluated for. */
struct formula_context {
	const struct sim_table	*table;
	const struct sim_row	*row;
	int64_t			 modified_ms;	/* as LAST_MODIFIED_TIME() sees it */
	int64_t			 now_ms;
};

/* Would a filter keep the row: is the result none of 0, "", NaN, blank, an error? */
bool		 formula_keeps(const struct formula *, const struct formula_context *);
/* The result as a cell's JSON; nothing is added when it is empty. */
void		 formula_json(struct buf *, const struct formula *, const struct formula_context *);
/* The result as text. */
void		 formula_plain(struct buf *, const struct formula *, const struct formula_context *);
/* What the row's field holds or works out to, as a formula would have it: JSON, text. */
void		 formula_field_json(struct buf *, size_t field, const struct formula_context *);
void		 formula_field_plain(struct buf *, size_t field, const struct formula_context *);

#endif
