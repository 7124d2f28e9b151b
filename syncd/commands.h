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

/* The requests that come over syncd's socket: each type has a function. */
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
/* A server_replied_cb, with the same ${cookie}: counts and logs the reply. */
void	commands_replied(void *cookie, const struct message_request *, enum err, int64_t ms);

#endif
