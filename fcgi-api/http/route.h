#ifndef FCGI_API_HTTP_ROUTE_H
#define FCGI_API_HTTP_ROUTE_H

#include "fcgi-api/http/handlers.h"

/*
 * Method and path -> handler.  api->request and api->errors are what
 * request_parse() left, ${parsed} what it returned; api->response has begun.
 *
 * A path belongs to one pool: a fast worker answers 404 to what the slow
 * pool streams, and the slow pool answers 404 to all else (the web server's
 * locations decide).  ${sink}: the slow pool's; NULL in fast workers.
 */
enum outcome	route_run(struct api *, enum err parsed, struct sink *sink);

/* The path of what is counted at ${counter}, as in account.route.  NULL: no route. */
const char	*route_name(size_t counter);

#endif
