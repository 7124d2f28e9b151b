#ifndef SYNCD_AIRTABLE_REQUEST_H
#define SYNCD_AIRTABLE_REQUEST_H

#include "common/base/buf.h"
#include "common/base/str.h"
#include "common/config/config.h"
#include "common/tables/schema.h"
#include "syncd/airtable/forms.h"
#include "syncd/airtable/keys.h"

/* What is asked of Airtable, as text.  Outside text is percent-encoded or written as JSON. */

/* Path of the table (${id} "": as it is configured) and of the base's schema, each from "/v0/" on. */
void	airtable_add_table_path(struct buf *, const struct config *, const char *id);
void	airtable_add_meta_path(struct buf *, const struct config *);

/* All webhooks of the base, or one (${id} NULL: all). */
void	airtable_add_webhook_path(struct buf *, const struct config *, const char *id);

/* "?..." of a page of the listing. */
void	airtable_add_list_query(struct buf *, const struct airtable_keys *, size_t page_size,
	    struct str offset);
/* "&..." behind it: one field more. */
void	airtable_add_field_query(struct buf *, const char *field);
/* "&..." behind it: only records with one of these ids, which hold no quotes. */
void	airtable_add_ids_filter(struct buf *, const struct str *ids, size_t count);
/* "&..." behind it: only records for which this holds. */
void	airtable_add_formula(struct buf *, struct str formula);
/*
 * The formula for some records by id; AIRTABLE_IDS_MAX of them fit into an
 * address and on a page.  The ids hold no quotes.
 */
#define AIRTABLE_IDS_MAX	100
void	airtable_add_ids_formula(struct buf *, const struct str *ids, size_t count);
/* The formula for records of which ${field}, a text, is one of these. */
void	airtable_add_keys_formula(struct buf *, const char *field, const struct str *keys, size_t count);
/* "?..." that names the records to delete. */
void	airtable_add_delete_query(struct buf *, const struct record *const *records, size_t count);

/* The body of a PATCH of records, which fit the forms. */
void	airtable_add_patch(struct buf *, const struct schema *, const struct airtable_keys *,
	    const struct airtable_forms *, const struct record *const *records, size_t count);
/* The body of a PATCH that makes records unless the field ${key_field} of one has our key already. */
void	airtable_add_upsert(struct buf *, const struct schema *, const struct airtable_keys *,
	    const struct airtable_forms *, const char *key_field,
	    const struct record *const *records, const struct str *keys, size_t count);

#endif
