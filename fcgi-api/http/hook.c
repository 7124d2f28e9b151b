#include <stdio.h>

#include "common/base/fold.h"
#include "fcgi-api/http/handlers.h"

#define PING_MS	5000	/* Airtable waits for 25 s, and tries again */

static void
hook_finish(struct api *api, const struct waiting *w, enum err e, const struct message_reply *reply)
{
	(void)w;
	if (e == ERR_OUTCOME_UNKNOWN)
		e = ERR_SYNCD_UNAVAILABLE;
	if (e == ERR_OK)
		e = reply->err;
	if (e != ERR_OK)
		(void)api_problem(api, e, NULL);
	else
		api->response.status = 204;	/* with a body, Airtable counts it as a failure */
}

/*
 * A notice that something has changed in the base.  syncd, which has the
 * secret, checks whether it is from Airtable.
 */
enum outcome
hook_airtable(struct api *api)
{
	const struct request *r = &api->request;
	struct message_request *m = &api->message;

	if (api->config->sync.public_url[0] == '\0')
		return api_problem(api, ERR_NOT_FOUND, "no notices are expected (sync.public_url)");
	if (r->body.len == 0 || r->body.len > MESSAGE_NOTICE_MAX || !utf8_valid(r->body))
		return api_problem(api, ERR_INVALID_BODY, "the body is not a notice");
	if (r->airtable_mac.len == 0 || r->airtable_mac.len > MESSAGE_MAC_MAX ||
	    !utf8_valid(r->airtable_mac))
		return api_problem(api, ERR_FORBIDDEN, "the notice is not signed");
	m->type = MESSAGE_PING;
	(void)snprintf(m->mac, sizeof(m->mac), "%.*s", STR_FMT(r->airtable_mac));
	(void)snprintf(m->notice, sizeof(m->notice), "%.*s", STR_FMT(r->body));
	return api_wait(api, PING_MS, hook_finish, NULL, NULL);
}
