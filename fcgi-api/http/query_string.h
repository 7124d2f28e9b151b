#ifndef FCGI_API_HTTP_QUERY_STRING_H
#define FCGI_API_HTTP_QUERY_STRING_H

#include "common/base/err.h"
#include "common/base/str.h"
#include "common/query/field_errors.h"
#include "common/query/query.h"

/*
 * From the raw bytes of an address to text.
 */

/*
 * Decode %XX once (and, if ${plus}, "+" as a space) into *scratch, which has
 * room for text.len bytes and moves past what is written; *out is the result.
 * It may hold any byte, NUL included.  false: a % without two hexadecimal
 * digits; *scratch has not moved.
 */
bool		percent_decode(struct str text, bool plus, char **scratch, struct str *out);

/*
 * "a=1&b=2" into at most QUERY_PARAMS_MAX params, whose strings point into
 * ${scratch}, which has room for query.len bytes.  Empty pieces are skipped.
 * Malformed escapes, NULs and too many parameters are added to ${errors};
 * ERR_INVALID_PARAMETER if there was any.
 */
enum err	query_string_parse(struct str query, char *scratch,
		    struct param params[static QUERY_PARAMS_MAX], size_t *n,
		    struct field_errors *errors);

#endif
