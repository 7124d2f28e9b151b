#ifndef FCGI_API_FASTCGI_OUTBOUND_H
#define FCGI_API_FASTCGI_OUTBOUND_H

#include "common/base/buf.h"

/*
 * Sending an answer's records without ever waiting: what the socket does not
 * take at once is copied and goes out when it is writable again.
 */
enum sent { SENT_ALL, SENT_PART, SENT_FAILED };

/* Frame and send; ${rest} (empty before) gets what has to wait. */
enum sent	outbound_send(int fd, int request_id, struct str head, struct str body,
		    struct buf *rest);
/* Go on with ${rest}. */
enum sent	outbound_flush(int fd, struct buf *rest);

#endif
