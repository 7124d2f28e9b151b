#ifndef SYNCD_CTL_LINK_H
#define SYNCD_CTL_LINK_H

#include <stdint.h>

#include "common/wire/message.h"

/*
 * syncctl's side of the socket: blocking, each step with a deadline
 * (instant_monotonic() ms).
 */
struct ctl_link;

enum ctl_outcome {
	CTL_OK,
	CTL_TIMEOUT,	/* the deadline has passed; the link remains usable */
	CTL_GONE	/* no connection, or no longer; errno says why, 0: syncd closed it */
};

enum ctl_outcome ctl_open(const char *path, int64_t deadline_ms, struct ctl_link **);
void		 ctl_close(struct ctl_link *);	/* NULL is fine */

/* Send a request.  After a time-out it may be cut short, so close the link. */
enum ctl_outcome ctl_send(struct ctl_link *, const struct message_request *, int64_t deadline_ms);
/*
 * The next reply.  Its body is valid until the next call.  A line that is not
 * a reply is CTL_GONE with errno EPROTO.
 */
enum ctl_outcome ctl_receive(struct ctl_link *, struct message_reply *, int64_t deadline_ms);

#endif
