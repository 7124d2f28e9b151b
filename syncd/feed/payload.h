#ifndef SYNCD_FEED_PAYLOAD_H
#define SYNCD_FEED_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/tables/schema.h"
#include "syncd/airtable/webhooks.h"
#include "syncd/apply/change_step.h"

/*
 * A page of a webhook's payloads, with all that it says about one record put
 * together: the record before the page and after it.  Nothing here trusts its
 * input.
 */
struct payload_record {
	struct record	before;		/* known: the fields that the page names */
	struct record	now;
	bool		created;	/* it did not exist before the page */
	bool		gone;		/* it does not exist after the page */
	bool		unclear;	/* something is not told or not understood: the record has to be read */
	/* While the page is read, bit f for field f: */
	uint32_t	doubt;		/* what it holds now was not told */
	uint32_t	owed;		/* it changes with every change of the record, and its new value has not come yet */
	uint32_t	still;		/* told as unchanged, and not yet as changed */
	struct change_step *steps, *last;	/* what each payload says of it, oldest first */
};

struct payload_page {
	uint64_t		 cursor;	/* of the next page */
	bool			 more;		/* there are more payloads now */
	size_t			 payloads;	/* how many there were, errors among them */
	struct payload_record	*records;	/* strings live in the page */
	size_t			 count;
	int64_t			 newest_ms;	/* Airtable's time of the last payload; 0: none */
	bool			 error;		/* a payload was lost, */
	char			 code[64];	/* with this code (of the last such payload) */
	bool			 schema;	/* something about the table or its fields changed: */
	uint32_t		 renamed;	/* bit f: our field f got another name */
	uint32_t		 changed;	/* bit f: something else of it changed */
	uint32_t		 retyped;	/* bit f: its type changed, even if only for a moment */
	bool			 foreign;	/* a field that is not one of ours was changed or removed */
	struct buf		 schema_what;	/* for people */
	/* what the above points to */
	struct change_step	*steps;
	struct record		*told;	/* what steps point to */
	size_t			 step_count, told_count;
	char			*text;
	uint32_t		*slots;		/* record + 1 by hash of its id; 0: free */
	size_t			 mask;
};

/*
 * Read the page in ${body}.  ERR_AIRTABLE_BAD_RESPONSE with a text in ${why},
 * ERR_NOMEM: the page is empty.  Otherwise payload_page_free() it.
 */
enum err	payload_page_read(struct payload_page *, const struct schema *,
		    const struct webhook_table *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);
void		payload_page_free(struct payload_page *);
/* What the page says about a record; NULL: nothing. */
const struct payload_record *payload_page_find(const struct payload_page *, struct str id);

/* May the id stand in a formula: 1 to AIRTABLE_ID_MAX letters and digits? */
bool		payload_id_valid(const char *);

#endif
