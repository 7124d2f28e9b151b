#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/json_read.h"
#include "syncd/ctl/ctl.h"
#include "syncd/ctl/show.h"

#define POLL_TTY_MS	250	/* how often to ask for progress */
#define POLL_LINES_MS	1000

/* On a terminal, overwrite the line before; elsewhere, print a line if it says something new. */
static void
show_progress(struct ctl *ctl, const cJSON *sync)
{
	struct buf line = { 0 };

	if (ctl->json || !ctl_state_is(sync, "running"))
		return;
	ctl_show_progress(sync, &line);
	if (strcmp(ctl->shown, buf_cstr(&line)) != 0) {
		(void)snprintf(ctl->shown, sizeof(ctl->shown), "%s", buf_cstr(&line));
		ctl->painted = isatty(STDERR_FILENO) == 1;
		(void)fprintf(stderr, ctl->painted ? "\r\033[K%s" : "%s\n", ctl->shown);
	}
	buf_free(&line);
}

/* Print how the sync ended (or, without --wait, that it is running). */
static enum ctl_exit
show_outcome(struct ctl *ctl, const cJSON *sync)
{
	bool failed = ctl_state_is(sync, "failed");
	struct buf out = { 0 }, cause = { 0 };
	enum ctl_exit printed;

	if (ctl->painted)
		(void)fputs("\r\033[K", stderr);
	if (ctl->json) {
		char *text = cJSON_PrintUnformatted(sync);

		buf_add_cstr(&out, text == NULL ? "{}" : text);
		cJSON_free(text);
	} else if (ctl_state_is(sync, "running")) {
		buf_add_cstr(&out, "running, ");
		ctl_show_progress(sync, &out);
	} else {
		ctl_show_result(sync, &out);
	}
	buf_add_char(&out, '\n');
	printed = ctl_print(&out);
	if (!failed)
		return printed;
	ctl_show_cause(cJSON_GetObjectItemCaseSensitive(sync, "error"), &cause);
	(void)fprintf(stderr, "syncctl: %s\n", buf_cstr(&cause));
	buf_free(&cause);
	return CTL_FAILED;
}

static enum ctl_exit
still_running(struct ctl *ctl)
{
	if (ctl->painted)
		(void)fputc('\n', stderr);
	(void)fprintf(stderr, "syncctl: still running after --timeout; "
	    "the sync goes on\n");
	return CTL_FAILED;
}

/* A sync that is waited for: what is known of it, and of the open status request. */
struct waiting {
	uint64_t	sync_id;	/* of our request */
	int64_t		until;		/* then we stop waiting */
	int64_t		asked_ms;	/* when the open status request was sent; 0: none is open */
	bool		answered;	/* our request was answered: from now on only status reports */
	char		started[64];	/* startedAt of our run, once known */
};

/* Is ${sync} our run, still under way?  Another run means that ours is over. */
static bool
ours_runs(struct waiting *w, const cJSON *sync)
{
	const char *started = json_text(sync, "startedAt");

	if (!ctl_state_is(sync, "running"))
		return false;
	if (started == NULL)
		return true;
	if (w->started[0] == '\0')
		(void)snprintf(w->started, sizeof(w->started), "%s", started);
	return strcmp(w->started, started) == 0;
}

/* Handle a reply.  true: the run is over, *status says how. */
static bool
take_reply(struct ctl *ctl, struct waiting *w, const struct message_reply *reply,
    enum ctl_exit *status)
{
	bool own = reply->id == w->sync_id, over = false;
	const cJSON *sync;
	cJSON *body;

	if (reply->err != ERR_OK) {
		*status = ctl_refused(ctl, reply);
		return true;
	}
	body = ctl_body(reply);
	sync = own ? body : cJSON_GetObjectItemCaseSensitive(body, "sync");
	if (own)
		w->answered = true;
	else
		w->asked_ms = 0;
	show_progress(ctl, sync);
	if (w->answered && !ours_runs(w, sync)) {
		over = true;
		*status = show_outcome(ctl, sync);
	}
	cJSON_Delete(body);
	return over;
}

/*
 * The request itself is answered at the end of the run (or when syncd has
 * waited long enough); meanwhile status requests show the progress, and
 * afterwards the end.
 */
static enum ctl_exit
wait_for_end(struct ctl *ctl, struct waiting *w)
{
	int64_t interval = isatty(STDERR_FILENO) == 1 ? POLL_TTY_MS : POLL_LINES_MS;
	int64_t next = instant_monotonic() + interval, now;
	struct message_reply reply;
	enum ctl_exit status;
	enum ctl_outcome outcome;

	while ((now = instant_monotonic()) < w->until) {
		if (w->asked_ms != 0 && now - w->asked_ms > CTL_TIMEOUT_MS)
			return ctl_unreachable(ctl, CTL_TIMEOUT);
		if (now >= next) {
			if (w->asked_ms == 0) {
				if ((outcome = ctl_ask_status(ctl, now + CTL_TIMEOUT_MS)) != CTL_OK)
					return ctl_unreachable(ctl, outcome);
				w->asked_ms = now;
			}
			next = now + interval;
		}
		outcome = ctl_receive(ctl->link, &reply, next < w->until ? next : w->until);
		if (outcome == CTL_GONE)
			return ctl_unreachable(ctl, outcome);
		if (outcome == CTL_OK && take_reply(ctl, w, &reply, &status))
			return status;
	}
	return still_running(ctl);
}

enum ctl_exit
ctl_sync(struct ctl *ctl)
{
	struct message_request request = { .type = MESSAGE_SYNC, .full = ctl->full,
	    .accept_shrink = ctl->accept_shrink };
	struct waiting w = { .until = ctl_deadline(ctl,
	    ctl->wait ? MESSAGE_WAIT_MAX_MS : CTL_TIMEOUT_MS) };
	struct message_reply reply;
	enum ctl_exit status;
	enum ctl_outcome outcome;
	cJSON *body;

	if ((status = ctl_connect(ctl)) != CTL_DONE)
		return status;
	request.id = w.sync_id = ++ctl->last_id;
	if (ctl->wait)
		request.wait_ms = ctl->timeout_ms > 0 && ctl->timeout_ms < MESSAGE_WAIT_MAX_MS ?
		    ctl->timeout_ms : MESSAGE_WAIT_MAX_MS;
	if ((outcome = ctl_send(ctl->link, &request, w.until)) != CTL_OK)
		return ctl_unreachable(ctl, outcome);
	if (ctl->wait)
		return wait_for_end(ctl, &w);
	if ((outcome = ctl_receive(ctl->link, &reply, w.until)) != CTL_OK)
		return ctl_unreachable(ctl, outcome);
	if (reply.err != ERR_OK)
		return ctl_refused(ctl, &reply);
	body = ctl_body(&reply);
	status = show_outcome(ctl, body);
	cJSON_Delete(body);
	return status;
}
