#ifndef SYNCD_FEED_STATE_H
#define SYNCD_FEED_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/config/config.h"
#include "syncd/airtable/webhooks.h"

/*
 * Where the feed is, as the store keeps it (META_FEED, JSON).  A webhook of
 * ours is known by its id; while one is being made the ids of all others are,
 * so that one whose answer was lost is found and removed again.
 */
#define FEED_AGAIN_MAX	2000	/* records to be looked at again */

struct feed_again {
	char	id[AIRTABLE_ID_MAX + 1];
	int64_t	due_ms;		/* monotonic; after a restart at once */
	int	looks;		/* left after that */
};

struct feed_state {
	char			 webhook[AIRTABLE_ID_MAX + 1];	/* "": none */
	uint64_t		 wish;		/* which enum webhook_wish it was made with */
	uint64_t		 cursor;	/* the next payload that is not in the store */
	uint64_t		 told;		/* the store's generation when those before it were asked for; 0: not known */
	bool			 gap;		/* a full sync has to make up for what the feed has not seen */
	int64_t			 since_ms;	/* the modified-time feed: Airtable's clock; 0: never asked */
	int64_t			 whole_ms;	/* the same until when nothing was missed, with no gap before; 0: not known */
	char			 old[AIRTABLE_ID_MAX + 1];	/* our webhook before this one, still to be deleted; "": none */
	/* What the configured names of the table and its fields stood for when last seen; "": not known. */
	char			 table[AIRTABLE_ID_MAX + 1];
	char			 names[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];
	char			 fields[SCHEMA_FIELDS_MAX][AIRTABLE_ID_MAX + 1];
	uint64_t		 shapes[SCHEMA_FIELDS_MAX];	/* webhook_table's; 0: not known */
	uint32_t		 missing;	/* bit f: the base did not have field f, what the store has is old */
	bool			 creating;	/* a webhook may have been made of which we know nothing: */
	char			 others[WEBHOOKS_MAX][AIRTABLE_ID_MAX + 1];	/* it is none of these */
	size_t			 other_count;
	struct feed_again	*again;		/* room for FEED_AGAIN_MAX */
	size_t			 again_count;
};

/* ERR_NOMEM. */
enum err	feed_state_init(struct feed_state *);
void		feed_state_free(struct feed_state *);
/*
 * From ${text}; what is no state, or of another base or table than
 * ${config}'s, is none at all: a gap without a webhook.
 */
void		feed_state_read(struct feed_state *, const struct config *, struct str text);
void		feed_state_add(const struct feed_state *, const struct config *, struct buf *);

/*
 * Look at a record (again) at ${due_ms}, and so often afterwards.  One that
 * waits already is looked at at the earlier time; one that was due by
 * ${now_ms} is taken to be looked at just now.  false: there is no room.
 */
bool		feed_state_again(struct feed_state *, struct str id, int64_t now_ms,
		    int64_t due_ms, int looks);

#endif
