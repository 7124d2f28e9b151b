#include "common/base/instant.h"
#include "fcgi-api/http/handlers.h"

/*
 * nginx's nchan keeps as many of the newest events as there can be within
 * events.buffer, and numbers them "seconds:number within the second".  A
 * client that comes back with a number is handed to nchan when all events
 * since must still be there; otherwise it gets a reset.  Either way the worker
 * is done with it.
 */
#define LIVE	"/_events_live"		/* nginx's locations */
#define GONE	"/_events_gone"		/* a reset and the end, for a WebSocket */
#define SLACK_S	2			/* clocks of processes, and the end of the buffer */

static bool
read_seconds(struct str id, int64_t *seconds)
{
	size_t i;

	*seconds = 0;
	for (i = 0; i < id.len && i < 12 && id.ptr[i] >= '0' && id.ptr[i] <= '9'; i++)
		*seconds = *seconds * 10 + (id.ptr[i] - '0');
	return i > 0 && i < id.len && id.ptr[i] == ':';
}

static bool
kept(const struct config *config, struct str id, int64_t now_ms)
{
	int64_t seconds, age;

	if (!read_seconds(id, &seconds))
		return false;
	age = now_ms / 1000 - seconds;
	return age >= -SLACK_S && age <= config->events.buffer_ms / 1000 - SLACK_S;
}

/* A whole answer: the client comes again by itself, with an id from before it fetches. */
static void
add_reset(struct buf *b, int64_t now_ms)
{
	buf_printf(b, "retry: 1000\nid: %lld:0\nevent: reset\ndata: {\"event\":\"reset\"}\n\n",
	    (long long)(now_ms / 1000 - 1));
}

enum outcome
events_resume(struct api *api)
{
	const struct request *q = &api->request;
	struct response *r = &api->response;
	struct str id = { NULL, 0 };
	bool socket = false;
	int64_t now = instant_now();

	for (size_t i = 0; i < q->param_count; i++) {
		if (str_is(q->params[i].name, "id"))
			id = q->params[i].value;
		else if (str_is(q->params[i].name, "socket"))
			socket = str_is(q->params[i].value, "1");
	}
	if (kept(api->config, id, now)) {
		response_header(r, "X-Accel-Redirect", STR(LIVE));
	} else if (socket) {
		response_header(r, "X-Accel-Redirect", STR(GONE));
	} else {
		response_header(r, "Cache-Control", STR("no-cache"));
		add_reset(&r->own, now);
		r->type = "text/event-stream";
	}
	return ANSWERED;
}
