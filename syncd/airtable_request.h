#ifndef SYNCD_AIRTABLE_REQUEST_H
#define SYNCD_AIRTABLE_REQUEST_H

#include "common/buf.h"
#include "common/config.h"
#include "common/schema.h"
#include "common/str.h"
#include "syncd/airtable_keys.h"

/* What is asked of Airtable, as text.  Outside text is percent-encoded or written as JSON. */

/* Path of the table, of a record in it, and of the base's schema, each from "/v0/" on. */
void	airtable_add_table_path(struct buf *, const struct config *);
void	airtable_add_record_path(struct buf *, const struct config *, struct str record);
void	airtable_add_meta_path(struct buf *, const struct config *);

/* "?..." of a page of the listing, and of one record ("" if nothing is to be said). */
void	airtable_add_list_query(struct buf *, const struct airtable_keys *, struct str offset);
void	airtable_add_record_query(struct buf *, const struct airtable_keys *);

/* The body of a PATCH of records. */
void	airtable_add_patch(struct buf *, const struct schema *, const struct airtable_keys *,
	    const struct record *records, size_t count);

#endif
