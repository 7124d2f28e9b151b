#ifndef COMMON_QUERY_QUERY_H
#define COMMON_QUERY_QUERY_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/query/field_errors.h"
#include "common/store/store.h"
#include "common/tables/schema.h"

/*
 * The list of a table: parameters -> a checked query -> the rows of one
 * page with the exact total.  Everything follows the schema's descriptor.
 */
#define QUERY_PAGE_SIZE_DEFAULT	50
#define QUERY_PAGE_SIZE_MAX	500
#define QUERY_PAGE_MAX		1000000000u
#define QUERY_SEARCH_MAX	400	/* bytes of a search term or exact text */
#define QUERY_CURSOR_MAX	400	/* bytes of a cursor in text form */
#define QUERY_PARAMS_MAX	64	/* more parameters are refused */

/* One decoded request parameter. */
struct param {
	struct str	name;
	struct str	value;
};

struct query;	/* parsed; see query_new() */

/* One per worker; reused by every request.  NULL: out of memory. */
struct query	*query_new(const struct schema *);
void		 query_free(struct query *);

/*
 * Check ${params} and refill the query with them.  A select's parameter may be
 * given several times, as "status", "status[]" or "status[0]": each value is one option.
 * A value that stands alone is an option or else a comma-separated list of them;
 * "none" means empty unless an option has that name.  "empty" and "filled"
 * name fields; beside other conditions on its field, "empty" lets empty values
 * match as well.  Every fault found is added to
 * ${errors} (unknown names, repeats, values out of range, not UTF-8);
 * ERR_INVALID_PARAMETER if there was any.  paging false (exports): page,
 * pageSize and after are unknown names.  ${store} must be in a snapshot: it
 * says which select options exist besides the schema's own.
 */
enum err	 query_parse(struct query *, struct store *, const struct param *params,
		    size_t n, bool paging, struct field_errors *errors);

struct query_page {
	uint64_t	total;		/* rows that match */
	uint32_t	page;		/* asked for; 0 when a cursor was given */
	uint32_t	page_size;
	uint64_t	total_pages;
	size_t		count;		/* rows in this page */
	uint32_t	rows[QUERY_PAGE_SIZE_MAX];
	char		next[QUERY_CURSOR_MAX + 1];	/* cursor; "" after the last row */
};

/* Run it on the store's snapshot.  ERR_STORE_* when the store fails. */
enum err	 query_run(struct query *, struct store *, struct query_page *);

/*
 * All matching rows in order, for exports: calls ${each} with every row
 * number until it fails, and returns its error.
 */
enum err	 query_each(struct query *, struct store *, uint64_t *total,
		    enum err (*each)(void *cookie, uint32_t row), void *cookie);

#endif
