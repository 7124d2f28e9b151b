#ifndef FCGI_API_HTTP_RESPONSE_H
#define FCGI_API_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/str.h"

/*
 * One answer.  Its memory is reused by every request of a worker; the body
 * is either composed into own, or lies elsewhere (the store's map) and is
 * sent from there.
 */
struct response {
	int		 status;
	const char	*type;		/* Content-Type, a literal; NULL: no body */
	struct buf	 fields;	/* further header lines */
	struct buf	 own;		/* a composed body */
	struct str	 body;		/* what is sent; by default own */
	bool		 elsewhere;	/* body is not own */
	bool		 head_only;	/* the request was a HEAD */
	int64_t		 data_age_s;	/* of the snapshot that it shows; -1: not known, or none */
	struct buf	 head;		/* the finished CGI header block */
};

#define NO_GENERATION		UINT64_MAX
#define RESPONSE_BODY_MAX	(32u * 1024 * 1024)
/* A body that can go on in a further answer, or omit items, ends here; one more and its tail fit. */
#define RESPONSE_ENOUGH		(16u * 1024 * 1024)

void		response_init(struct response *);	/* a zeroed one also needs it */
void		response_free(struct response *);

/*
 * Start an answer: 200 without body.  Until it is finished its head holds what
 * survives a restart.
 */
void		response_begin(struct response *, bool head_only);
/* After a failure in the middle: forget what was composed, keep what the request itself set. */
void		response_restart(struct response *);

/* "Name: value"; they must hold no line ends. */
void		response_header(struct response *, const char *name, struct str value);
void		response_header_uint(struct response *, const char *name, uint64_t value);

/*
 * Which state of the store the answer shows: X-Generation (unless
 * NO_GENERATION) and X-Data-Age (unless -1).
 */
void		response_state(struct response *, uint64_t generation);

/*
 * What every read carries: ETag (${etag} with its quotes), Cache-Control and
 * response_state(), on which no ETag depends.  true: If-None-Match
 * ${condition} names the tag, and the answer is 304; compose nothing more.
 */
bool		response_validators(struct response *, struct str condition,
		    struct str etag, uint64_t generation);

/* The same with a tag made of the composed own body, for what has no version. */
bool		response_validators_of_body(struct response *, struct str condition,
		    uint64_t generation);

/* Send ${body}, which must stay until the answer is sent, instead of own. */
void		response_body(struct response *, const char *type, struct str body);

/*
 * Finish: the CGI header block and the body to send.  ERR_NOMEM or
 * ERR_TOO_LARGE when composing failed: then restart and answer a problem.
 */
enum err	response_finish(struct response *, struct str *head, struct str *body);

/* Start an answer whose length is not known: add its header block to ${out}. */
enum err	response_stream(struct response *, const char *type, struct buf *out);

/* "No Content" and so on; "" for codes that are not used. */
const char	*status_text(int status);

#endif
