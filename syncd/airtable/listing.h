#ifndef SYNCD_AIRTABLE_LISTING_H
#define SYNCD_AIRTABLE_LISTING_H

#include "common/store/store.h"

/*
 * Which rows of a table a listing of all of Airtable's records has shown: a
 * bit for each row number that existed when the listing began.  Rows created since
 * come from newer news, and the listing says nothing about them.
 */
struct listing {
	uint64_t	*seen;		/* NULL: none is under way */
	uint32_t	 rows;
};

/* Begin a listing of a table, within a snapshot; one under way ends.  ERR_NOMEM. */
enum err	listing_begin(struct listing *, struct store *, const struct schema *);
bool		listing_under_way(const struct listing *);
/* The listing shows the record of this row. */
void		listing_see(struct listing *, uint32_t row);
/*
 * The first row number from *row on that the listing has not shown, whether or not
 * the row still exists; false: no more.
 *
 *	for (uint32_t row = 0; listing_unseen(&l, &row); row++)
 */
bool		listing_unseen(const struct listing *, uint32_t *row);
void		listing_end(struct listing *);

#endif
