#ifndef SYNCD_AIRTABLE_LISTING_H
#define SYNCD_AIRTABLE_LISTING_H

#include "common/store/store.h"

/*
 * Which rows of the store a listing of all of Airtable's records has shown: a
 * bit for each row number that there was when it began.  Rows made since are
 * none of its business: they were made of something newer.
 */
struct listing {
	uint64_t	*seen;		/* NULL: none is under way */
	uint32_t	 rows;
};

/* Begin one, within a snapshot; one that was under way ends.  ERR_NOMEM. */
enum err	listing_begin(struct listing *, struct store *);
bool		listing_under_way(const struct listing *);
/* It shows the record of this row. */
void		listing_see(struct listing *, uint32_t row);
/*
 * The first row from *row on that it has not shown, whether or not there is
 * such a row; false: no more.
 *
 *	for (uint32_t row = 0; listing_unseen(&l, &row); row++)
 */
bool		listing_unseen(const struct listing *, uint32_t *row);
void		listing_end(struct listing *);

#endif
