#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/log.h"
#include "syncd/write_parts.h"

#define SEND_SHARE	0.7	/* of the time-out; the rest is for reading back */

struct writes *
writes_new(uv_loop_t *loop, const struct config *config, const struct schema *schema,
    struct airtable *airtable, struct apply *apply, struct full_sync *full_sync)
{
	struct writes *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->config = config;
	all->schema = schema;
	all->airtable = airtable;
	all->apply = apply;
	all->full_sync = full_sync;
	return all;
}

void
write_answer(struct write *w, const struct message_reply *reply)
{
	struct server_call *call = w->call;

	w->call = NULL;
	(void)uv_timer_stop(&w->deadline);
	if (call != NULL)
		server_reply(call, reply);
}

void
write_answer_error(struct write *w, enum err e, const char *fmt, ...)
{
	struct message_reply reply = { .err = e };
	va_list ap;

	if (w->call == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(reply.detail, sizeof(reply.detail), fmt, ap);
	va_end(ap);
	reply.retry_after_ms = airtable_blocked_ms(w->all->airtable, NULL);
	if (reply.retry_after_ms == 0 && e == ERR_AIRTABLE_UNAVAILABLE)
		reply.retry_after_ms = 1000;
	log_request(w->request.request_id);
	log_warn("write: %s: %s: %s", w->request.record, err_text(e), reply.detail);
	log_request(NULL);
	write_answer(w, &reply);
}

static void
handle_closed(uv_handle_t *h)
{
	struct write *w = h->data;

	if (--w->handles == 0)
		free(w);
}

/* The next write of a record, unless one whose caller waits is under way. */
static void
start_next(struct writes *all, const char *record)
{
	struct write *first = NULL;

	for (struct write *w = all->list; w != NULL; w = w->next) {
		if (strcmp(w->request.record, record) != 0)
			continue;
		if (w->state != WRITE_QUEUED && w->call != NULL)
			return;
		if (w->state == WRITE_QUEUED && first == NULL)
			first = w;
	}
	/* from the loop: a long queue that fails at once would nest deeply */
	if (first != NULL)
		write_rest(first, 0);
}

/* It is settled: out of the list. */
void
write_end(struct write *w)
{
	struct writes *all = w->all;
	struct write **p = &all->list;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	all->count--;
	uv_close((uv_handle_t *)&w->rest, handle_closed);
	uv_close((uv_handle_t *)&w->deadline, handle_closed);
	start_next(all, w->request.record);
	if (all->draining && all->count == 0 && all->drained != NULL) {
		void (*drained)(void *) = all->drained;

		all->drained = NULL;
		drained(all->drained_cookie);
	}
}

/* Time is up: say what is known.  What was sent goes on being settled. */
static void
deadline_passed(uv_timer_t *t)
{
	struct write *w = t->data;

	if (w->maybe_applied || w->state == WRITE_SENDING) {
		write_answer_error(w, ERR_OUTCOME_UNKNOWN, "no answer from Airtable within %" PRId64
		    " ms; the order shows what became of it as soon as it can be read back",
		    w->request.timeout_ms);
		start_next(w->all, w->request.record);
		return;
	}
	write_answer_error(w, ERR_AIRTABLE_UNAVAILABLE, "Airtable could not be reached within %" PRId64
	    " ms; nothing was changed", w->request.timeout_ms);
	write_end(w);
}

static bool
record_busy(const struct writes *all, const char *record)
{
	for (const struct write *w = all->list; w != NULL; w = w->next)
		if (w->call != NULL && strcmp(w->request.record, record) == 0)
			return true;
	return false;
}

static void
refuse(struct server_call *call, enum err e, const char *detail)
{
	struct message_reply reply = { .err = e };

	(void)snprintf(reply.detail, sizeof(reply.detail), "%s", detail);
	server_reply(call, &reply);
}

static struct write *
write_new(struct writes *all, struct server_call *call)
{
	struct write *w = calloc(1, sizeof(*w));
	int64_t now = instant_monotonic(), timeout;

	if (w == NULL || uv_timer_init(all->loop, &w->rest) != 0 ||
	    uv_timer_init(all->loop, &w->deadline) != 0) {
		free(w);
		return NULL;
	}
	w->all = all;
	w->call = call;
	w->request = *server_call_request(call);
	timeout = w->request.timeout_ms > 0 && w->request.timeout_ms < all->config->write.timeout_ms ?
	    w->request.timeout_ms : all->config->write.timeout_ms;
	w->request.timeout_ms = timeout;
	w->deadline_ms = now + timeout;
	w->send_by_ms = now + (int64_t)((double)timeout * SEND_SHARE);
	w->record.id = str_of(w->request.record);
	w->record.known = w->request.known;
	for (size_t f = 0; f < all->schema->field_count; f++)
		w->record.values[f] = (struct value){
			.present = w->request.values[f].present,
			.text = str_of(w->request.values[f].text)
		};
	w->rest.data = w->deadline.data = w;
	w->handles = 2;
	return w;
}

void
writes_submit(struct writes *all, struct server_call *call)
{
	const struct message_request *request = server_call_request(call);
	bool busy = record_busy(all, request->record);
	struct write *w, **p = &all->list;

	if (all->draining) {
		refuse(call, ERR_CANCELLED, "syncd is stopping; nothing was changed");
		return;
	}
	if ((w = write_new(all, call)) == NULL) {
		refuse(call, ERR_NOMEM, "out of memory");
		return;
	}
	while (*p != NULL)
		p = &(*p)->next;
	*p = w;
	all->count++;
	uv_update_time(all->loop);
	(void)uv_timer_start(&w->deadline, deadline_passed, (uint64_t)w->request.timeout_ms, 0);
	if (!busy)
		write_begin(w);
}

size_t
writes_pending(const struct writes *all)
{
	return all->count;
}

void
writes_drain(struct writes *all, void (*drained)(void *), void *cookie)
{
	struct write *next;

	all->draining = true;
	all->drained = drained;
	all->drained_cookie = cookie;
	if (all->count == 0) {
		all->drained = NULL;
		drained(cookie);
		return;
	}
	/* none that waits for another may start when that one ends */
	for (struct write *w = all->list; w != NULL; w = w->next)
		if (w->state == WRITE_QUEUED)
			w->state = WRITE_RESTING;
	for (struct write *w = all->list; w != NULL; w = next) {
		next = w->next;
		if (w->state != WRITE_RESTING || w->maybe_applied)
			continue;
		write_answer_error(w, ERR_CANCELLED, "syncd is stopping; nothing was changed");
		write_end(w);
	}
}

void
writes_stop(struct writes *all)
{
	all->draining = true;
	all->drained = NULL;
	for (struct write *w = all->list; w != NULL; w = w->next)
		if (w->state == WRITE_QUEUED)
			w->state = WRITE_RESTING;	/* so that ending the one before starts none */
	while (all->list != NULL) {
		struct write *w = all->list;

		if (w->out != NULL)
			airtable_cancel(w->out);
		if (w->maybe_applied || w->state == WRITE_SENDING)
			write_answer_error(w, ERR_OUTCOME_UNKNOWN, "syncd stopped before Airtable answered");
		else
			write_answer_error(w, ERR_CANCELLED, "syncd is stopping; nothing was changed");
		write_end(w);
	}
}

void
writes_free(struct writes *all)
{
	free(all);
}
