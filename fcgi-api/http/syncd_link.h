#ifndef FCGI_API_HTTP_SYNCD_LINK_H
#define FCGI_API_HTTP_SYNCD_LINK_H

#include "common/wire/message.h"
#include "fcgi-api/fastcgi/loop.h"

/*
 * A worker's one connection to syncd: requests go out with ids, replies come
 * back in any order, each by its deadline or not at all.  It connects when
 * it is needed and never blocks.
 */
struct syncd_link;
struct syncd_call;	/* a request under way */

#define LINK_CALLS_MAX	1024	/* under way at once */

/*
 * How a call ended.  ${e}:
 *	ERR_OK			${reply} is syncd's, valid during the call back
 *	ERR_SYNCD_UNAVAILABLE	it was not sent, and never will be; ${reply} is NULL, as below
 *	ERR_OUTCOME_UNKNOWN	it was sent, but the link broke or time ran out
 */
typedef void	 syncd_done(void *cookie, enum err e, const struct message_reply *reply);

/* NULL: out of memory. */
struct syncd_link *syncd_link_new(struct loop *, const char *socket_path);
/* Calls under way are forgotten without a call back. */
void		 syncd_link_free(struct syncd_link *);

/*
 * Send ${request} (its id is set here); ${done} is called once, later, at
 * the latest at ${deadline_ms} (instant_monotonic) or soon after.
 * ERR_SYNCD_UNAVAILABLE: no connection to its socket.  ERR_OVERLOADED: too many
 * under way.  ERR_TOO_LARGE: longer than a message may be.  Then ${done} is
 * not called.
 */
enum err	 syncd_link_request(struct syncd_link *, struct message_request *request,
		    int64_t deadline_ms, syncd_done *done, void *cookie,
		    struct syncd_call **call);
/* The answer is no longer wanted: ${done} is not called. */
void		 syncd_link_cancel(struct syncd_link *, struct syncd_call *);

/* End what is overdue; returns when to call again (INT64_MAX: no need). */
int64_t		 syncd_link_tick(struct syncd_link *, int64_t now_ms);

#endif
