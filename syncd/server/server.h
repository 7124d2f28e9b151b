#ifndef SYNCD_SERVER_SERVER_H
#define SYNCD_SERVER_SERVER_H

#include <stdint.h>
#include <uv.h>

#include "common/tables/tables.h"
#include "common/wire/message.h"

/*
 * The Unix socket over which fcgi-api and syncctl send requests: one a line,
 * replies in any order (message.h).  Everything runs on the loop's thread.
 *
 * Who may connect: the socket is made with mode 0660, so that the kernel lets
 * in root, syncd's own user and the members of the file's group.  Peers are
 * checked for the same by their credentials (SO_PEERCRED, SO_PEERGROUPS);
 * others, however they got in, are dropped.
 *
 * A line that is not a valid request is answered with ERR_BAD_MESSAGE; when
 * not even its id can be read, or it is too long, the connection is closed
 * as well.  A peer that has shut down its sending side still gets its
 * answers.
 */
#define SERVER_CONNECTIONS_MAX	1024		/* further ones get ERR_OVERLOADED and are closed */
#define SERVER_OPEN_PER_PEER	1024		/* unanswered requests: then nothing more is read from
						 * that peer until half of them are answered */
#define SERVER_OPEN_MAX		8192		/* of all peers: further ones get ERR_OVERLOADED */
#define SERVER_OUTPUT_MAX	(16 * 1024 * 1024)	/* bytes unread by a peer: beyond, it is dropped */
#define SERVER_LINGER_MS	5000		/* for a peer to take the last answers before the connection is closed */
#define SERVER_PAUSE_MS		1000		/* no accepting after the descriptors ran out */

struct server;
struct server_call;	/* one request; each is answered exactly once */

/*
 * A request has come.  Answer it with server_reply(), now or later, even if
 * the peer has left meanwhile.
 */
typedef void		 server_request_cb(void *cookie, struct server_call *);

/*
 * Listen on ${path}.  An existing socket file is replaced when no process
 * listens on it.  NULL, with the cause logged: another process listens, the
 * path is too long or can't be made, no memory.  Requests are about these tables,
 * which are kept by reference.  SIGPIPE is ignored from here on.
 */
struct server		*server_new(uv_loop_t *, const char *path, const struct tables *,
			    server_request_cb *, void *cookie);

/*
 * ${replied} is called with each answer to a request, before it goes out;
 * ${ms} is the time it took.  For logs and metrics.
 */
typedef void		 server_replied_cb(void *cookie, const struct message_request *,
			    enum err, int64_t ms);
void			 server_on_reply(struct server *, server_replied_cb *, void *cookie);

/* The request of a call, valid until it is answered. */
const struct message_request *server_call_request(const struct server_call *);

/*
 * Answer; ${reply}'s id is filled in here, its body is copied.  The call is
 * freed.  Safe when the peer or the server no longer exists.
 */
void			 server_reply(struct server_call *, const struct message_reply *);

/* Peers connected, requests unanswered. */
size_t			 server_connections(const struct server *);
size_t			 server_open_calls(const struct server *);

/*
 * End cleanly: stop listening, answer further requests with ERR_CANCELLED,
 * close each connection when its open calls are answered; ${drained} is
 * called from the loop when the last is closed.  Call this at most once.
 */
void			 server_drain(struct server *, void (*drained)(void *cookie), void *cookie);

/*
 * Close everything at once; NULL is fine.  The memory is freed in the loop's
 * next turns, so run it until it has nothing left.  Open calls must still be
 * answered by those who hold them.  A drain's callback does not run.
 */
void			 server_free(struct server *);

#endif
