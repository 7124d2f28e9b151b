#ifndef SYNCD_SERVER_PARTS_H
#define SYNCD_SERVER_PARTS_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "syncd/server/server.h"

/* Between server.c (the socket, the calls) and server/peer.c (one connection). */
#define SERVER_READ_BYTES	(64 * 1024)

struct server_call {
	LIST_ENTRY(server_call)	 in_server;
	LIST_ENTRY(server_call)	 in_peer;
	struct server		*server;	/* NULL: freed meanwhile */
	struct peer		*peer;		/* NULL: gone meanwhile */
	struct message_request	 request;
	int64_t			 came_ms;	/* monotonic */
};
LIST_HEAD(call_list, server_call);

/*
 * A connection.  Invariants:
 *  1. Its calls are on ->calls until they are answered or it is dropped.
 *  2. ->sending is in the hands of uv_write while ->writing; new output goes
 *     to ->out and follows when the write is done.
 *  3. Once ->closed, nothing but the handles' close callbacks touches it.
 */
struct peer {
	LIST_ENTRY(peer)	 entry;
	struct server		*server;
	uv_pipe_t		 pipe;
	uv_timer_t		 linger;
	int			 handles;	/* not closed yet */
	uv_write_t		 write;
	struct buf		 in, out, sending;
	struct call_list	 calls;
	size_t			 open;		/* calls on the list */
	bool			 writing;
	bool			 reading;
	bool			 paused;	/* too many open calls */
	bool			 mute;		/* it has ended, or broke the protocol: read no more */
	bool			 leaving;	/* close when all is answered and sent */
	bool			 closed;
};
LIST_HEAD(peer_list, peer);

struct server {
	uv_loop_t		*loop;
	uv_poll_t		 listener;
	uv_timer_t		 pause;		/* runs while no connections are accepted */
	uv_timer_t		 resume;	/* at the next turn, for peers that were paused */
	int			 handles;	/* the three above, not closed yet */
	int			 fd;		/* listening; -1: no longer */
	char			*path;
	dev_t			 device;	/* of the socket file, to remove no other */
	ino_t			 inode;
	gid_t			 gid;		/* its group */
	const struct tables	*tables;
	server_request_cb	*request;
	void			*cookie;
	server_replied_cb	*replied;	/* NULL: none */
	void			*replied_cookie;
	struct peer_list	 peers;
	size_t			 connections;
	struct call_list	 calls;		/* of all peers, those that left included */
	size_t			 open;
	bool			 draining;
	void			(*drained)(void *);
	void			*drained_cookie;
	bool			 freed;
	char			 chunk[SERVER_READ_BYTES];	/* what libuv reads into, one peer at a time */
};


/* Add a connection on a new descriptor, which it takes over.  false: no memory; ${fd} is not taken. */
bool	 peer_add(struct server *, int fd);
/* Send an answer.  This may close the peer. */
void	 peer_send(struct peer *, const struct message_reply *);
/* After calls were answered: resume reading from a paused peer that has few enough left. */
void	 peer_resume(struct peer *);
/* Close it when all is answered and sent. */
void	 peer_leave(struct peer *);
/* Forget the peer now; its calls live on without it.  The memory goes with its handles. */
void	 peer_close(struct peer *);

/* A peer or a handle has ended: free the server if it was the last. */
void	 server_settle(struct server *);

#endif
