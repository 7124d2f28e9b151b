#ifndef FCGI_API_HTTP_REQUEST_H
#define FCGI_API_HTTP_REQUEST_H

#include "common/base/err.h"
#include "common/base/str.h"
#include "common/query/field_errors.h"
#include "common/query/query.h"
#include "common/wire/message.h"

/*
 * One request as handlers see it: method, decoded path, parameters, the
 * headers that matter, body.  All of it is bounded and checked here.
 */
enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_PATCH = 8,
	METHOD_OPTIONS = 16,
	METHOD_DELETE = 32,
	METHOD_OTHER = 64
};

#define REQUEST_SEGMENTS_MAX	8	/* parts of a path */
#define REQUEST_ID_BYTES_MAX	1024	/* of one part of a path */
#define REQUEST_URI_MAX		16384	/* path and query, encoded */

struct request {
	enum method	method;
	char		id[REQUEST_ID_MAX + 1];	/* X-Request-Id; "" when none was given */
	struct str	segments[REQUEST_SEGMENTS_MAX];	/* "/api/orders" -> api, orders */
	size_t		segment_count;
	struct param	params[QUERY_PARAMS_MAX];
	size_t		param_count;
	struct str	query;			/* the parameters as they came */
	struct str	if_none_match;		/* headers: ptr NULL when absent */
	struct str	if_match;
	struct str	accept_encoding;
	struct str	prefer;
	struct str	idempotency_key;
	struct str	airtable_mac;
	struct str	content_type;
	struct str	client;			/* its address, as the web server gives it */
	struct str	user;			/* who asks, likewise; not checked */
	struct str	body;
	char		scratch[REQUEST_URI_MAX];
};

/*
 * Fill ${r} from FastCGI parameters and a body.  Strings point into ${envp},
 * ${body} and r->scratch.  Everything wrong with the path's and query's
 * encoding is added to ${errors} (emptied first).
 *	ERR_INVALID_PARAMETER: the path, see errors
 *	ERR_NOT_FOUND: an impossible path ("..", too many parts)
 *	ERR_TOO_LARGE: the address
 *	ERR_INVALID_BODY: CONTENT_LENGTH is not the body's length
 * Malformed parameters are added to errors without failing here: the route
 * adds what else is wrong with them, so that one answer lists it all.
 * Method and id are set in any case.  ${body_error} is what the connection
 * reported.
 */
enum err	request_parse(struct request *, char *const *envp, struct str body,
		    enum err body_error, struct field_errors *errors);

/* ERR_INVALID_PARAMETER when faults were found so far. */
enum err	request_params_fault(const struct field_errors *);
/* The same for a route without parameters: any is a fault. */
enum err	request_no_params(const struct request *, struct field_errors *errors);

/* Does Prefer say respond-async? */
bool		request_prefers_async(const struct request *);
/* Does it say partial, so that an answer may hold what has arrived so far? */
bool		request_prefers_partial(const struct request *);

/* ERR_UNSUPPORTED_MEDIA_TYPE unless the body is announced as JSON (in UTF-8, if it says so). */
enum err	request_check_json(const struct request *);

#endif
