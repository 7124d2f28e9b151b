#ifndef SYNCD_COMMANDS_H
#define SYNCD_COMMANDS_H

#include <uv.h>

#include "syncd/airtable/airtable.h"
#include "syncd/airtable/outcomes.h"
#include "syncd/apply/apply.h"
#include "syncd/feed/feed.h"
#include "syncd/server/server.h"
#include "syncd/sync/full_sync.h"
#include "syncd/write/write.h"

/* What syncd's socket is asked, and what it does about it: type -> function. */
struct commands {
	const struct config	*config;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;
	struct feed		*feed;
	struct writes		*writes;
	int64_t			 started_ms;	/* wall clock */
	struct outcomes		 replies[MESSAGE_TYPES];
};

/* A server_request_cb; ${cookie} is a struct commands. */
void	commands_request(void *cookie, struct server_call *);
/* A server_replied_cb likewise: counts and logs. */
void	commands_replied(void *cookie, const struct message_request *, enum err, int64_t ms);

#endif
