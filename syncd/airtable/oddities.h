#ifndef SYNCD_AIRTABLE_ODDITIES_H
#define SYNCD_AIRTABLE_ODDITIES_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/tables/schema.h"
#include "syncd/airtable/airtable.h"

/*
 * Cells that were not understood, wherever they came from: listings, records
 * read by id, answers to changes.  (Records with such cells in a webhook's payloads
 * are read by id.)  They count as empty, but never silently: the field is named in the log,
 * at most a few times a minute, and in the status.
 */
struct oddities {
	struct {
		uint64_t		total;		/* cells since the start */
		uint64_t		recent;		/* those since the last full sync */
		int64_t			at_ms;		/* wall clock: the last one; 0: none */
		int64_t			minute_ms;	/* wall clock: the minute of lines; 0: none yet */
		unsigned		lines;		/* logged in that minute */
		struct airtable_oddity	example;	/* of the last page that had one */
	}		fields[SCHEMA_FIELDS_MAX];
};

/* Note the cells of a page, and log them. */
void	oddities_note(struct oddities *, const struct schema *,
	    const struct airtable_oddity odd[static SCHEMA_FIELDS_MAX], int64_t now_ms);
/* A full sync has counted all such cells: recent begins at 0 again. */
void	oddities_synced(struct oddities *);
/*
 * Member "notUnderstood": an array with an object for each field that has such
 * cells: how many the last full sync had (${synced}, by field) and how many came since.
 */
void	oddities_add(const struct oddities *, const struct schema *,
	    const uint64_t synced[static SCHEMA_FIELDS_MAX], struct buf *);

#endif
