#ifndef FCGI_API_FASTCGI_CONNECTIONS_H
#define FCGI_API_FASTCGI_CONNECTIONS_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/str.h"
#include "fcgi-api/fastcgi/loop.h"

/*
 * Kept FastCGI connections on an event loop: one FCGX_Request per connection,
 * and nothing that can block.
 *
 *  - A plain request (records.h) that arrives whole is parsed here: libfcgi
 *    took a third of a summary's instructions and one of its system calls.
 *  - Any other request (with a body, or in pieces) is gathered here, as
 *    libfcgi's reads block; libfcgi reads it from a memfd once it is whole.
 *  - libfcgi's writer blocks and copies, so the answer's records are framed
 *    here and sent in one call; what the socket does not take waits until it
 *    does.
 *  - When a connection fails, libfcgi lingers and accepts another by itself,
 *    so it is given no listening socket and told that connections are detached.
 *
 * This folder and slow.c alone touch FCGX_Request's members.  Call FCGX_Init()
 * first.
 */
struct connections;
struct connection;

#define BODY_MAX	(1024u * 1024)	/* bytes of a request's body */

/*
 * A request has arrived.  Call connection_answer() or connection_park()
 * before returning.  ${envp} holds the parameters ("NAME=value",
 * NULL-ended); it and ${body} are valid during the call.  ${error}: ERR_OK,
 * or ERR_TOO_LARGE (body is then empty).
 */
typedef void	connections_request(void *cookie, struct connection *, char *const *envp,
		    struct str body, enum err error);

struct connections_setup {
	struct loop	*loop;
	int		 listen_fd;	/* non-blocking; stays the caller's */
	size_t		 max;		/* connections open at once; then accepting pauses */
	int64_t		 stall_ms;	/* half a request or answer older than this: closed */
	connections_request *request;
	void		*cookie;
};

/* NULL: out of memory or descriptors (logged). */
struct connections *connections_new(const struct connections_setup *);
/* Closes them all; gone() is called for those that are parked. */
void		 connections_free(struct connections *);

/* Take the accepted connection ${fd}, which is closed here, on failure at once. */
enum err	 connections_adopt(struct connections *, int fd);

/* Send the CGI header block ${head} and ${body}: both are copied if they must wait. */
void		 connection_answer(struct connection *, struct str head, struct str body);
/*
 * Answer later.  Until then ${gone}(${cookie}) is called if the web server
 * hangs up; after that the connection must not be used.
 */
void		 connection_park(struct connection *, void (*gone)(void *cookie), void *cookie);

/*
 * Stop accepting; close connections once they are answered, and those that
 * stay idle one by one after a moment.
 */
void		 connections_drain(struct connections *);
/* How many are open. */
size_t		 connections_count(const struct connections *);

/* Close what stalls, accept again after a pause.  Returns when to call again (INT64_MAX: no need). */
int64_t		 connections_tick(struct connections *, int64_t now_ms);

#endif
