#ifndef FCGI_API_FASTCGI_RECORDS_H
#define FCGI_API_FASTCGI_RECORDS_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"

/*
 * FastCGI records, as far as a worker must know them itself: it parses plain
 * requests, which nearly all are; finds out whether the whole of any other has
 * arrived (libfcgi's reads block, so it is called only then); and frames
 * answers (libfcgi's writer blocks too).
 */

/*
 * A request as a web server sends it for a read: BEGIN_REQUEST (responder),
 * one record of PARAMS, the ends of PARAMS and STDIN, and nothing after them.
 */
#define RECORDS_PLAIN_PAIRS	64

struct records_plain {
	int	 request_id;
	bool	 keep;
	char	*envp[RECORDS_PLAIN_PAIRS + 1];	/* "NAME=value", NULL-ended */
};

/*
 * Read the ${len} bytes as a plain request; the strings of envp are put into
 * ${text}, which has room for ${len} bytes.  false: it is not a plain request,
 * or not all of it is here; ask records_scan().
 */
bool		records_plain(const unsigned char *, size_t len, char *text,
		    struct records_plain *);

enum scan {
	SCAN_MORE,	/* so far so good, but not all of it is here */
	SCAN_WHOLE,	/* a complete request */
	SCAN_LARGE,	/* parameters complete, the body exceeds what is looked at */
	SCAN_ABORTED,	/* the web server takes the request back */
	SCAN_BAD	/* no request of a responder that we serve */
};

#define RECORDS_PARAMS_MAX	(64u * 1024)	/* bytes of parameters in one request */

/*
 * Look at the ${len} bytes from the start of a request.  ${full}: there is
 * no room to look at more.  *used: bytes of the request, when whole.
 * Accepted are BEGIN_REQUEST (responder), PARAMS... and STDIN... of one
 * request id, the names and values of PARAMS within their stream, padding
 * on records with content, not on BEGIN.
 */
enum scan	records_scan(const unsigned char *, size_t len, bool full, size_t *used);

/*
 * Frame an answer.  ${head} and ${body} are the CGI header block and the
 * body; the records are delivered as iovecs that point into them and into
 * the framer.
 */
struct framer {
	struct str	part[2];	/* what is left of head and body */
	uint16_t	request_id;
	bool		done;
	unsigned char	headers[16][8];
	unsigned char	end[24];
};

#define FRAMER_IOVECS	50	/* at most this many at a time */

void		framer_begin(struct framer *, int request_id, struct str head, struct str body);
/* The next iovecs into ${iov}; 0 when everything was delivered.  *bytes: their sum. */
int		framer_next(struct framer *, struct iovec iov[static FRAMER_IOVECS], size_t *bytes);

#endif
