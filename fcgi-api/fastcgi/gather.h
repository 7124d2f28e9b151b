#ifndef FCGI_API_FASTCGI_GATHER_H
#define FCGI_API_FASTCGI_GATHER_H

#include "common/base/buf.h"

/*
 * A request that comes in pieces: gathered in memory, then handed to libfcgi,
 * which wants a descriptor to read from, as a file in memory.
 */

/*
 * Add what the socket has at the moment to ${in}, up to ${max} bytes in all.
 * ERR_CANCELLED: the peer is gone.
 */
enum err	gather_read(int fd, struct buf *in, size_t max);

/*
 * Make *feed_fd (-1: created) a file that holds ${bytes}, read from its
 * start.  ERR_IO: no descriptors or memory (logged).
 */
enum err	gather_feed(int *feed_fd, struct str bytes);

#endif
