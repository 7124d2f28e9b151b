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
 * A page of a webhook's payloads, with all that it tells of one record put
 * together: what it was before the page and what it is after it.  Nothing
 * here trusts its input.
 */
struct payload_record {
	struct record	before;		/* known: the fields of which it is told */
	struct record	now;
	bool		created;	/* before the page there was no such record */
	bool		gone;		/* after it there is none */
	bool		unclear;	/* not all is told, or not understood: it has to be read */
	/* While the page is read, bit f for field f: */
	uint32_t	doubt;		/* what it holds now was not told */
	uint32_t	owed;		/* it moves with the change that was told, and has not yet */
	uint32_t	still;		/* told as unchanged, and not as changed */
	struct change_step *steps, *last;	/* each payload's word of it, oldest first */
};

struct payload_page {
	uint64_t		 cursor;	/* to ask for next */
	bool			 more;		/* at once */
	size_t			 payloads;	/* how many there were, errors among them */
	struct payload_record	*records;	/* strings live in the page */
	size_t			 count;
	int64_t			 newest_ms;	/* Airtable's time of the last payload; 0: none */
	bool			 error;		/* a payload was lost, */
	char			 code[64];	/* with this code: the last one */
	bool			 schema;	/* something about the table or its fields changed; */
	uint32_t		 renamed;	/* bit f: our field f got another name */
	uint32_t		 changed;	/* something else of it is another one */
	uint32_t		 retyped;	/* it is of another kind, be it for a moment */
	bool			 foreign;	/* a field was changed or removed that is none of ours */
	struct buf		 schema_what;	/* for people */
	/* what it is made of */
	struct change_step	*steps;
	struct record		*told;	/* what steps point to */
	size_t			 step_count, told_count;
	char			*text;
	uint32_t		*slots;		/* record + 1 by hash of its id; 0: free */
	size_t			 mask;
};

/*
 * ERR_AIRTABLE_BAD_RESPONSE with a text in ${why}, ERR_NOMEM; the page is
 * then empty.  Else payload_page_free() it.
 */
enum err	payload_page_read(struct payload_page *, const struct schema *,
		    const struct webhook_table *, struct str body,
		    char why[static WEBHOOK_WHY_SIZE]);
void		payload_page_free(struct payload_page *);
/* What the page tells of a record; NULL: nothing. */
const struct payload_record *payload_page_find(const struct payload_page *, struct str id);

/* May it stand in a formula: 1 to AIRTABLE_ID_MAX letters and digits? */
bool		payload_id_valid(const char *);

#endif
