#ifndef FCGI_API_HTTP_JSON_BODY_H
#define FCGI_API_HTTP_JSON_BODY_H

#include <cjson/cJSON.h>

#include "common/base/err.h"
#include "common/base/str.h"

#define JSON_DEPTH_MAX	32

/*
 * Parse a request's body, strictly: one JSON value, UTF-8, no NUL (raw or
 * \u0000), no member twice in one object, at most JSON_DEPTH_MAX levels, nothing after
 * it.  *out: the caller's, to be given to cJSON_Delete().
 * ERR_INVALID_BODY with a sentence in *why (a literal).
 */
enum err	json_body_parse(struct str body, cJSON **out, const char **why);

#endif
