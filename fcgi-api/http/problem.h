#ifndef FCGI_API_HTTP_PROBLEM_H
#define FCGI_API_HTTP_PROBLEM_H

#include "common/base/err.h"
#include "common/query/field_errors.h"
#include "fcgi-api/http/response.h"

/*
 * Errors as problem documents (RFC 9457):
 *	{"type":"about:blank","title":"Not Found","status":404,
 *	 "detail":"...","code":"not_found","errors":[{"field":"..","message":".."}]}
 */

/* The HTTP status of an error, and the word for it, one of those that openapi.yaml lists. */
int		problem_status(enum err);
const char	*problem_code(enum err);
/*
 * The same for a sync: its request holds nothing that Airtable could refuse or not
 * find, so that such an error is a 502.
 */
int		problem_status_of_sync(enum err);

/*
 * Make ${r} the problem document of ${e}, dropping what was composed.
 * ${detail}: for people; NULL: the error's own text.  ${errors}: NULL or
 * none: no such member.
 */
void	problem_answer(struct response *, enum err e, const char *detail,
	    const struct field_errors *errors);

/* The same with another status than the error's usual one. */
void	problem_answer_as(struct response *, int status, enum err e, const char *detail,
	    const struct field_errors *errors);

/* Add the document as a JSON object; ${errors}: the list as JSON, len 0: none. */
void	problem_add(struct buf *, enum err e, struct str detail, struct str errors);
/* The same with another status, and without a list. */
void	problem_add_as(struct buf *, int status, enum err e, struct str detail);
/* problem_answer() with such a list. */
void	problem_answer_list(struct response *, enum err e, const char *detail, struct str errors);
/* Add the list; nothing when there are none. */
void	problem_add_errors(struct buf *, const struct field_errors *);

#endif
