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

/*
 * The path of what is counted at ${counter}, with the table's name in it; "/api/{table}" and so on
 * of the tables that share counters.  false: no route.
 */
bool		route_name(size_t counter, const struct tables *, char text[static ROUTE_TEXT_SIZE]);

#endif
