#ifndef FCGI_API_FASTCGI_PARTS_H
#define FCGI_API_FASTCGI_PARTS_H

#include <sys/epoll.h>

#include <fcgiapp.h>

#include "fcgi-api/fastcgi/connections.h"
#include "fcgi-api/fastcgi/records.h"

/*
 * Between connection.c (the life of one), request.c (its requests and their
 * answers) and connections.c (accepting, draining and what stalls), each of
 * which uses those before it.
 */
#define READ_BYTES	(16 * 1024)	/* a plain request is hardly larger */

/* By edges: part of a request, in the socket or in our buffer, must not wake us again. */
#define WATCHED		(EPOLLIN | EPOLLRDHUP | EPOLLET)
#define PAUSE_MS	1000	/* without accepting, after running out of descriptors */

enum state {
	IDLE,		/* between requests */
	RECEIVING,	/* part of a request is here */
	BUSY,		/* a request is being handled or answered */
	PARKED,		/* the answer comes later; gone() is called on a hang-up */
	SENDING,	/* part of the answer waits in out */
	CLOSED		/* off the list; freed at the end of the turn */
};

struct connection {
	struct watch		 watch;
	struct connections	*owner;
	struct connection	*next, **link;	/* list of all */
	FCGX_Request		 fcgx;
	enum state		 state;
	int			 request_id;
	bool			 keep;
	bool			 served;	/* it has had an answer */
	int64_t			 since_ms;	/* RECEIVING, SENDING: when that began */
	struct buf		 in;		/* a request in pieces */
	struct buf		 out;		/* framed rest of an answer */
	void			(*gone)(void *cookie);
	void			*gone_cookie;
};

struct connections {
	struct connections_setup setup;
	struct watch		 listen;
	struct connection	*all;
	size_t			 count;
	size_t			 slow;		/* RECEIVING or SENDING */
	size_t			 gathered;	/* bytes in the in of all connections */
	bool			 paused, draining;
	int64_t			 resume_ms;	/* paused: until then, or one has closed */
	int64_t			 sweep_ms;
	int64_t			 part_ms;	/* draining: one more idle connection ends */
	int			 feed_fd;	/* memfd, or -1 */
	struct buf		 body;
	/* a plain request, and its parameters */
	unsigned char		 bytes[READ_BYTES];
	char			 text[READ_BYTES];
	struct records_plain	 plain;
};

/* ---- connection.c ---- */
void	connection_state(struct connection *, enum state);
/* Close it and take it off the list; accepting may go on then. */
void	connection_close(struct connection *);
/* Forget what was gathered. */
void	connection_drop_input(struct connection *);
/* Accept again; if the kernel has no memory for that, PAUSE_MS later. */
void	connections_resume(struct connections *);

/* ---- request.c ---- */
/* A watch's ready(); also to be called for an idle connection that may have a request. */
void	connection_ready(void *cookie, uint32_t events);

#endif
