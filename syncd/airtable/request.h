#ifndef SYNCD_AIRTABLE_REQUEST_H
#define SYNCD_AIRTABLE_REQUEST_H

#include "common/base/buf.h"
#include "common/base/str.h"
#include "common/config/config.h"
#include "common/tables/schema.h"
#include "syncd/airtable/forms.h"
#include "syncd/airtable/keys.h"

/* Requests to Airtable, as text.  Text from outside is percent-encoded or written as JSON. */

/* The path of a table (its name or id) and of the base's schema, each from "/v0/" on. */
void	airtable_add_table_path(struct buf *, const struct config *, const char *table);
void	airtable_add_meta_path(struct buf *, const struct config *);

/* The path of one webhook of the base (${id} NULL: of all). */
void	airtable_add_webhook_path(struct buf *, const struct config *, const char *id);

/* The query of a page of the listing, with its "?". */
void	airtable_add_list_query(struct buf *, const struct airtable_keys *, size_t page_size,
	    struct str offset);
/* The following add to that query with "&".  One field more. */
void	airtable_add_field_query(struct buf *, const char *field);
/* Only records with one of these ids, which have no quotes in them. */
void	airtable_add_ids_filter(struct buf *, const struct str *ids, size_t count);
/* Only records for which ${formula} holds. */
void	airtable_add_formula(struct buf *, struct str formula);
/*
 * The formula for records by id; AIRTABLE_IDS_MAX of them fit into a URL and on a
 * page.  The ids have no quotes in them.
 */
#define AIRTABLE_IDS_MAX	100
void	airtable_add_ids_formula(struct buf *, const struct str *ids, size_t count);
/* The formula for records whose ${field}, a text, is one of ${keys}. */
void	airtable_add_keys_formula(struct buf *, const char *field, const struct str *keys, size_t count);
/* A query that names the records to delete, with its "?". */
void	airtable_add_delete_query(struct buf *, const struct record *const *records, size_t count);

/* The body of a PATCH of records.  They fit the forms. */
void	airtable_add_patch(struct buf *, const struct schema *, const struct airtable_keys *,
	    const struct airtable_forms *, const struct record *const *records, size_t count);
/*
 * The body of a PATCH that creates records (an upsert): where the field ${key_field} of a record
 * has our key already, that record is updated.
 */
void	airtable_add_upsert(struct buf *, const struct schema *, const struct airtable_keys *,
	    const struct airtable_forms *, const char *key_field,
	    const struct record *const *records, const struct str *keys, size_t count);

#endif
