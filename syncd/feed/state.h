#ifndef SYNCD_FEED_STATE_H
#define SYNCD_FEED_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/config/config.h"
#include "syncd/airtable/webhooks.h"

/*
 * Where the feed is, as the store keeps it (META_FEED, JSON).  Our webhook is known
 * by its id.  While one is being created the ids of all others are kept, so that
 * one whose answer was lost can be recognized and removed.
 */
#define FEED_AGAIN_MAX	2000	/* records to be read again */

struct feed_again {
	char	id[AIRTABLE_ID_MAX + 1];
	int64_t	due_ms;		/* monotonic; due at once after a restart */
	int	looks;		/* further ones after that */
};

struct feed_state {
	char			 webhook[AIRTABLE_ID_MAX + 1];	/* "": none */
	uint64_t		 wish;		/* which enum webhook_wish it was made with */
	uint64_t		 cursor;	/* the next payload that is not in the store */
	uint64_t		 told;		/* the store's generation when the payloads before the cursor were asked for; 0: not known */
	bool			 gap;		/* a full sync has to make up for what the feed has not seen */
	int64_t			 since_ms;	/* the modified-time feed: Airtable's clock; 0: never asked */
	int64_t			 whole_ms;	/* Airtable's clock: up to then nothing was missed, and there was no gap; 0: not known */
	char			 old[AIRTABLE_ID_MAX + 1];	/* our webhook before this one, still to be deleted; "": none */
	/* What the configured names of the table and its fields stood for when last seen; "": not known. */
	char			 table[AIRTABLE_ID_MAX + 1];
	char			 names[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];
	char			 fields[SCHEMA_FIELDS_MAX][AIRTABLE_ID_MAX + 1];
	uint64_t		 shapes[SCHEMA_FIELDS_MAX];	/* webhook_table's; 0: not known */
	uint32_t		 missing;	/* bit f: the base did not have field f, and the store's values of it are old */
	bool			 creating;	/* a webhook may have been created whose id we don't know: */
	char			 others[WEBHOOKS_MAX][AIRTABLE_ID_MAX + 1];	/* it is none of these */
	size_t			 other_count;
	struct feed_again	*again;		/* room for FEED_AGAIN_MAX */
	size_t			 again_count;
};

/* ERR_NOMEM. */
enum err	feed_state_init(struct feed_state *);
void		feed_state_free(struct feed_state *);
/*
 * Read the state from ${text}.  An invalid one, or one of another base or table than
 * ${config}'s, is ignored: the result is a gap without a webhook.
 */
void		feed_state_read(struct feed_state *, const struct config *, struct str text);
void		feed_state_add(const struct feed_state *, const struct config *, struct buf *);

/*
 * Read a record (again) at ${due_ms}, and ${looks} times afterwards.  One that
 * waits already is read at the earlier of both times; one that was due by
 * ${now_ms} counts as being read right now.  false: there is no room.
 */
bool		feed_state_again(struct feed_state *, struct str id, int64_t now_ms,
		    int64_t due_ms, int looks);

#endif
