#ifndef COMMON_STORE_REVENUE_H
#define COMMON_STORE_REVENUE_H

#include "common/base/buf.h"
#include "common/store/db.h"
#include "common/tables/schema.h"

/*
 * Which orders bring revenue: all but those whose status (the schema's
 * state_field) is one of summary.excluded.  The names with which the totals of
 * days were made lie in meta as META_EXCLUDED, each ended by a NUL.  Options
 * that have no code of their own (OPTION_OTHER) always count.
 */

/*
 * Read the setting: names with commas between; a name that holds a comma, or
 * begins or ends with a space, stands in double quotes.  Adds each name once to
 * ${names} (NULL: only checks).  false: it is no such list.
 */
bool		revenue_parse(const char *setting, struct buf *names);
/*
 * The names in the store; len 0: all orders count; ptr NULL: a build that did
 * not know them wrote it last, or the transaction has a fault.
 */
struct str	revenue_excluded(struct db_txn *, db_id meta);
/* Is it one of them? */
bool		revenue_excludes(struct str names, struct str option);
/* Each in turn; len 0 at the end. */
struct str	revenue_next(struct str *names);
/* Which codes of the state field bring no revenue. */
void		revenue_codes(const struct schema *, struct str further, struct str names,
		    bool out[static 256]);

#endif
