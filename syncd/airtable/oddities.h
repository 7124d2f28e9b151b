#ifndef SYNCD_AIRTABLE_ODDITIES_H
#define SYNCD_AIRTABLE_ODDITIES_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/tables/schema.h"
#include "syncd/airtable/airtable.h"

/*
 * Cells that were not understood, by whatever way they came: listings, records
 * read by id, answers to changes.  (What a webhook tells and is not understood is
 * read by id.)  None is empty without a word: each field is named in the log, at
 * most a few times a minute, and in the status.
 */
struct oddities {
	struct {
		uint64_t		total;		/* cells since the start */
		uint64_t		recent;		/* of them since the last full sync */
		int64_t			at_ms;		/* wall clock: the last one; 0: none */
		int64_t			minute_ms;	/* wall clock: the log's; 0: none yet */
		unsigned		lines;		/* written in it */
		struct airtable_oddity	example;	/* of the last page that had one */
	}		fields[SCHEMA_FIELDS_MAX];
};

/* Those of a page. */
void	oddities_note(struct oddities *, const struct schema *,
	    const struct airtable_oddity odd[static SCHEMA_FIELDS_MAX], int64_t now_ms);
/* A full sync has counted them all: cells by field. */
void	oddities_synced(struct oddities *);
/*
 * Member "notUnderstood": an array with an object for each field that has any:
 * how many the last full sync had (${synced}, by field) and how many came since.
 */
void	oddities_add(const struct oddities *, const struct schema *,
	    const uint64_t synced[static SCHEMA_FIELDS_MAX], struct buf *);

#endif
