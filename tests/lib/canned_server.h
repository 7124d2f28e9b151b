#ifndef TESTS_LIB_CANNED_SERVER_H
#define TESTS_LIB_CANNED_SERVER_H

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "common/base/buf.h"
#include "common/base/instant.h"
#include "tests/lib/support.h"

/*
 * An HTTP server on the test's own loop that plays a script: request i gets
 * answer i, later ones the last.  It remembers each request and its time.
 */
#define CANNED_ANSWERS	64

#define CANNED_REQUESTS	256

struct canned_answer {
	char	*bytes;
	size_t	 len;
	int64_t	 delay_ms;	/* before the first byte */
	bool	 drip;		/* then one byte every 20 ms */
	bool	 hang;		/* no answer at all */
	bool	 cut;		/* close after the bytes */
};

struct canned_request {
	char	*text;		/* head and body */
	int64_t	 at_ms;		/* instant_monotonic() */
	int	 connection;	/* 1.. */
};

/* Whether requests are read to their end. */
enum canned_ear { CANNED_READS, CANNED_HANGS_UP, CANNED_READS_NOTHING };

struct canned_server {
	uv_loop_t		*loop;
	uv_tcp_t		 listener;
	int			 port;
	int			 connections;
	struct canned_answer	 answers[CANNED_ANSWERS];
	size_t			 answer_count;
	struct canned_request	 requests[CANNED_REQUESTS];
	size_t			 request_count;
	enum canned_ear		 deaf;
};

void canned_start(struct canned_server *s, uv_loop_t *loop);

/* Raw bytes as the next answer of the script, which may be adjusted. */
struct canned_answer *canned_raw(struct canned_server *s, const char *bytes, size_t len);

/* A whole answer; ${headers}: further lines, each with its CRLF. */
struct canned_answer *canned_http(struct canned_server *s, int status, const char *headers,
    const char *body, size_t len);

struct canned_answer *canned_json(struct canned_server *s, int status, const char *body);

/* The most requests that came within any one second. */
size_t canned_most_in_a_second(const struct canned_server *s);

/* Close the server and its connections, and check that nothing else is open on the loop. */
void canned_stop(struct canned_server *s);

/* Run the loop until *flag reaches ${target}, at most ${ms}.  false: it did not. */
bool canned_run(uv_loop_t *loop, const int *flag, int target, int64_t ms);

#endif
