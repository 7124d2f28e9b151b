#ifndef SYNCD_AIRTABLE_HTTP_H
#define SYNCD_AIRTABLE_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/base/str.h"

/*
 * HTTP requests on the loop: kept connections, gzip, verified TLS, no
 * redirects, http and https only, answers of limited size.  The token is never
 * logged.
 *
 * A request is sent once.  When a kept connection turns out to be dead after
 * the request's bytes have left, the request ends without an answer and is not
 * silently repeated, since the other side may have counted and obeyed it.
 */
#define HTTP_ANSWER_MAX	(16 * 1024 * 1024)	/* bytes, after unpacking */

struct http;
struct http_request;	/* one under way */

struct http_call {
	const char	*method;
	const char	*url;
	const char	*token;			/* for "Authorization: Bearer"; "": none */
	struct str	 json;			/* the body; ptr NULL: none */
	int64_t		 timeout_ms;		/* for everything; >= 1 */
	int64_t		 connect_timeout_ms;	/* for the connection; >= 1 */
	const char	*unix_socket;		/* connect to it, whatever host the url names; NULL: to that host */
};

enum http_outcome {
	HTTP_NEVER_SENT,	/* no connection */
	HTTP_NO_ANSWER,		/* sent, but no valid answer came back */
	HTTP_ANSWERED		/* there is a status */
};

/* Valid during the callback only. */
struct http_answer {
	enum http_outcome outcome;
	bool		timed_out;
	bool		unfinished;		/* part of the request's body never left: nobody can have obeyed it */
	bool		ended;			/* HTTP_NO_ANSWER: the other side closed the connection, or
						   sent something that is not HTTP */
	bool		unreadable;		/* the body is too large or badly packed */
	bool		too_large;		/* unreadable because it is too large */
	bool		complete;		/* HTTP_ANSWERED: the whole body is there */
	int		status;			/* 0: none */
	struct str	body;			/* unpacked; if not complete, the part that came */
	const char	*content_type;		/* "" when none */
	int64_t		retry_after_ms;		/* 0: none */
	int64_t		date_ms;		/* the Date header as an instant; 0: none */
	char		problem[256];		/* why it is not a complete answer; "" when it is */
};

/*
 * The request's bytes are about to leave.  Called at most once, before the
 * other callback; must not call functions of this module.
 */
typedef void	 http_sent_cb(void *cookie);
/* The request is over, and the struct http_request no longer exists. */
typedef void	 http_done_cb(void *cookie, const struct http_answer *);

/* NULL: out of memory, or libcurl can't start (the log says which). */
struct http	*http_new(uv_loop_t *);
/*
 * No request may be under way.  The handles close on the loop, which must
 * run once more before it is closed.
 */
void		 http_free(struct http *);

/*
 * Start it; all strings are copied.  Callbacks run on the loop, never before
 * this returns.  NULL: out of memory, and no callback.
 */
struct http_request *http_start(struct http *, const struct http_call *, http_sent_cb *,
		    http_done_cb *, void *cookie);
/* Stop it without a callback; its connection is closed.  Must not be called from http_sent_cb. */
void		 http_cancel(struct http_request *);

#endif
