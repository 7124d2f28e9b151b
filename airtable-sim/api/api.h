#ifndef AIRTABLE_SIM_API_API_H
#define AIRTABLE_SIM_API_API_H

#include "airtable-sim/api/reply.h"
#include "airtable-sim/api/uri.h"
#include "airtable-sim/base/state.h"

/*
 * Airtable's routes: which call a request is, whether its token may make
 * it, and the handler that answers.
 */
#define SIM_URL_MAX	16000	/* characters, scheme and host included */

struct sim_request {
	const char	*method;
	const char	*target;	/* path and query as sent */
	const char	*host;		/* header, or NULL */
	const char	*authorization;	/* header, or NULL */
	const char	*content_type;	/* header, or NULL */
	struct sim_uri	 uri;
	struct str	 body;
	bool		 body_too_large;
};

/* The token that is presented; len 0: none. */
struct str	sim_request_token(const struct sim_request *);
/* Is it about the base (its rate), about webhooks, about the schema (meta)? */
bool		sim_request_of_base(const struct sim_request *, const char *base_id);
bool		sim_request_is_webhook(const struct sim_request *);
bool		sim_request_is_meta(const struct sim_request *);

/* Does a browser ask whether a page may call?  That is no call: it needs no token, and has no limits. */
bool		sim_request_is_preflight(const struct sim_request *);
/* Answer the call as of ${now_ms}, data locked. */
void		sim_api_serve(struct sim_state *, const struct sim_request *, int64_t now_ms,
		    struct sim_reply *);
/* The answer to a call that the limits refused. */
void		sim_api_refuse(const struct sim_settings *, enum sim_verdict, struct sim_reply *);

#endif
