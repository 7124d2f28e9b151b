#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/log.h"
#include "common/row.h"
#include "syncd/write.h"

#define SENDS_MAX	3	/* of one write */
#define CHECKS_MAX	12	/* of one outcome, then the next sync settles it */
#define REST_MS		250	/* doubling with every try, jittered */
#define REST_MAX_MS	30000
#define SEND_SHARE	0.7	/* of the time-out; the rest is for reading back */
#define SYNC_SOON_MS	5000

enum write_state { WRITE_QUEUED, WRITE_SENDING, WRITE_RESTING, WRITE_CHECKING };

struct write {
	struct writes		*all;
	struct write		*next;		/* in the order of arrival */
	struct server_call	*call;		/* NULL: answered already */
	struct message_request	 request;
	struct record		 record;	/* what is asked for; strings in request */
	enum write_state	 state;
	bool			 maybe_applied;	/* sent, and no answer told the outcome */
	unsigned		 sends, checks;
	struct airtable_call	*out;
	int64_t			 send_by_ms, deadline_ms;	/* monotonic */
	uv_timer_t		 rest;		/* WRITE_RESTING */
	uv_timer_t		 deadline;
	int			 handles;	/* of the two, still open */
};

struct writes {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;
	struct write		*list;
	size_t			 count;
	bool			 draining;
	void			(*drained)(void *);
	void			*drained_cookie;
};

static void	write_begin(struct write *);
static void	write_check(struct write *);
static void	take_rest(struct write *, int64_t ms);

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

static void
answer(struct write *w, const struct message_reply *reply)
{
	struct server_call *call = w->call;

	w->call = NULL;
	(void)uv_timer_stop(&w->deadline);
	if (call != NULL)
		server_reply(call, reply);
}

__attribute__((format(printf, 3, 4)))
static void
answer_error(struct write *w, enum err e, const char *fmt, ...)
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
	answer(w, &reply);
}

static void
handle_closed(uv_handle_t *h)
{
	struct write *w = h->data;

	if (--w->handles == 0)
		free(w);
}

/* It is settled: out of the list, and the next of the same record may go. */
static void
write_end(struct write *w)
{
	struct writes *all = w->all;
	struct write **p = &all->list, *next;

	while (*p != w)
		p = &(*p)->next;
	next = *p = w->next;
	all->count--;
	uv_close((uv_handle_t *)&w->rest, handle_closed);
	uv_close((uv_handle_t *)&w->deadline, handle_closed);
	for (; next != NULL; next = next->next)
		if (next->state == WRITE_QUEUED &&
		    strcmp(next->request.record, w->request.record) == 0) {
			/* from the loop: a long queue that fails at once would nest deeply */
			take_rest(next, 0);
			break;
		}
	if (all->draining && all->count == 0 && all->drained != NULL) {
		void (*drained)(void *) = all->drained;

		all->drained = NULL;
		drained(all->drained_cookie);
	}
}

/*
 * Commit the record as Airtable has it now.  A field that is missing in the
 * answer is empty, or renamed, which an answer about one record can't tell:
 * unless the write was about it, it stays as it is until a listing decides.
 */
static enum err
commit(struct write *w, const struct record *record, uint64_t *generation)
{
	struct change change = {
		.kind = CHANGE_UPSERT, .record = *record, .base = CHANGE_ANY_BASE
	};
	const struct apply_meta meta = { 0 };
	struct apply_result result;
	enum err e;

	for (size_t f = 0; f < w->all->schema->field_count; f++)
		if (!record->values[f].present && !(w->record.known >> f & 1))
			change.record.known &= ~(1u << f);
	e = apply_changes(w->all->apply, &change, 1, SOURCE_WRITE, &meta, instant_now(),
	    &result);
	*generation = result.generation;
	if (e != ERR_OK)
		full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
	return e;
}

/* Airtable has the change: commit, answer. */
static void
confirmed(struct write *w, const struct record *record)
{
	struct message_reply reply = { .err = ERR_OK };
	enum err e = commit(w, record, &reply.generation);

	if (e != ERR_OK)
		answer_error(w, e, "Airtable has applied the change, but the store could not "
		    "record it; it will show after the next sync");
	else
		answer(w, &reply);
	write_end(w);
}

static void
rested(uv_timer_t *t)
{
	struct write *w = t->data;

	if (w->maybe_applied)
		write_check(w);
	else
		write_begin(w);
}

static int64_t
rest_ms(unsigned tries)
{
	int64_t ms = REST_MS;

	for (unsigned i = 1; i < tries && ms < REST_MAX_MS; i++)
		ms *= 2;
	return ms / 2 + random() % (ms / 2 + 1);
}

static void
take_rest(struct write *w, int64_t ms)
{
	w->state = WRITE_RESTING;
	uv_update_time(w->all->loop);
	(void)uv_timer_start(&w->rest, rested, (uint64_t)ms, 0);
}

static void
give_up(struct write *w, enum err e, const char *why)
{
	/* what the user can do is the same whatever kept Airtable away */
	if (e == ERR_AIRTABLE_TIMEOUT || e == ERR_AIRTABLE_RATE_LIMITED ||
	    e == ERR_AIRTABLE_QUOTA)
		answer_error(w, ERR_AIRTABLE_UNAVAILABLE, "%s: %s; nothing was changed",
		    err_text(e), why);
	else
		answer_error(w, e, "%s", why);
	write_end(w);
}

/* Then waiting is for the sync, not for a person. */
static bool
circuit_open(int64_t blocked_ms, enum err why)
{
	return blocked_ms > 0 && why == ERR_AIRTABLE_UNAVAILABLE;
}

/* Surely not applied: again, if there is hope and time. */
static void
not_applied(struct write *w, const struct airtable_result *r)
{
	int64_t now = instant_monotonic(), ms = rest_ms(w->sends), blocked;
	bool transient = r->err == ERR_AIRTABLE_UNAVAILABLE || r->err == ERR_AIRTABLE_RATE_LIMITED;
	enum err why;

	if (r->err == ERR_AIRTABLE_REJECTED && r->type[0] != '\0') {
		answer_error(w, r->err, "%s: %s", r->type, r->message);
		write_end(w);
		return;
	}
	blocked = airtable_blocked_ms(w->all->airtable, &why);
	ms = ms > blocked ? ms : blocked;
	if (circuit_open(blocked, why))
		transient = false;
	if (transient && w->sends < SENDS_MAX && w->call != NULL && now + ms < w->send_by_ms)
		take_rest(w, ms);
	else
		give_up(w, r->err, r->message[0] != '\0' ? r->message : err_text(r->err));
}

static void
sent(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct write *w = cookie;

	w->out = NULL;
	if (r->err == ERR_OK) {
		confirmed(w, &page->records[0]);
	} else if (r->maybe_applied) {
		w->maybe_applied = true;
		write_check(w);
	} else {
		not_applied(w, r);
	}
}

/* Does the record have all the values that were asked for? */
static bool
has_values(const struct write *w, const struct record *now)
{
	for (size_t f = 0; f < w->all->schema->field_count; f++)
		if ((w->record.known >> f & 1) && !value_equal(w->all->schema->fields[f].kind,
		    &w->record.values[f], &now->values[f]))
			return false;
	return true;
}

static void
settled(struct write *w, const struct record *now)
{
	uint64_t generation;

	w->maybe_applied = false;
	if (has_values(w, now)) {
		confirmed(w, now);
		return;
	}
	if (commit(w, now, &generation) == ERR_OK && w->call != NULL &&
	    w->sends < SENDS_MAX && instant_monotonic() + REST_MS < w->send_by_ms) {
		take_rest(w, rest_ms(w->sends));
		return;
	}
	answer_error(w, ERR_AIRTABLE_UNAVAILABLE,
	    "Airtable did not answer and has not applied the change");
	write_end(w);
}

static void
checked(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct write *w = cookie;

	w->out = NULL;
	if (r->err == ERR_OK) {
		settled(w, &page->records[0]);
		return;
	}
	if (r->err == ERR_AIRTABLE_NOT_FOUND) {
		answer_error(w, ERR_AIRTABLE_NOT_FOUND, "the order is no longer in Airtable");
		full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
		write_end(w);
		return;
	}
	if (++w->checks < CHECKS_MAX && !w->all->draining) {
		int64_t blocked = airtable_blocked_ms(w->all->airtable, NULL);
		int64_t ms = rest_ms(w->checks);

		take_rest(w, ms > blocked ? ms : blocked);
		return;
	}
	answer_error(w, ERR_OUTCOME_UNKNOWN, "the record could not be read back: %s", r->message);
	full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
	write_end(w);
}

static void
write_check(struct write *w)
{
	w->state = WRITE_CHECKING;
	w->out = airtable_get(w->all->airtable, w->record.id, AIRTABLE_WRITE, 0, checked, w);
	if (w->out == NULL) {
		answer_error(w, ERR_OUTCOME_UNKNOWN, "out of memory");
		write_end(w);
	}
}

/* The store's word on the order: is it there, and as the asker thinks? */
static enum err
check_store(struct write *w, char why[static 128])
{
	struct store *st = apply_store(w->all->apply);
	struct row_view view;
	uint32_t row;
	enum err e;

	why[0] = '\0';
	if ((e = store_begin(st)) != ERR_OK)
		return e;
	if ((e = store_find_record(st, w->record.id, &row)) == ERR_OK)
		e = store_row(st, row, &view);
	if (e == ERR_NOT_FOUND)
		(void)snprintf(why, 128, "no order has the record id %s", w->request.record);
	else if (e == ERR_OK && w->request.version != 0 && view.version != w->request.version) {
		(void)snprintf(why, 128, "the order is at version %" PRIu64 ", not %" PRIu64,
		    view.version, w->request.version);
		e = ERR_PRECONDITION_FAILED;
	}
	store_end(st);
	return e;
}

/* Send it, now that no other write of the record is under way. */
static void
write_begin(struct write *w)
{
	int64_t now = instant_monotonic(), blocked;
	char why[128];
	enum err e;

	if ((e = check_store(w, why)) != ERR_OK) {
		answer_error(w, e, "%s", why[0] != '\0' ? why : err_text(e));
		write_end(w);
		return;
	}
	blocked = airtable_blocked_ms(w->all->airtable, &e);
	if (circuit_open(blocked, e) || now + blocked >= w->send_by_ms) {
		give_up(w, e == ERR_OK ? ERR_AIRTABLE_TIMEOUT : e, circuit_open(blocked, e) ?
		    "the circuit to Airtable is open after repeated failures; nothing was changed" :
		    "no call can be made in time");
		return;
	}
	w->state = WRITE_SENDING;
	w->sends++;
	w->out = airtable_patch(w->all->airtable, &w->record, 1, w->send_by_ms, sent, w);
	if (w->out == NULL) {
		answer_error(w, ERR_NOMEM, "out of memory");
		write_end(w);
	}
}

/* Time is up: say what is known.  What was sent goes on being settled. */
static void
deadline_passed(uv_timer_t *t)
{
	struct write *w = t->data;

	if (w->maybe_applied || w->state == WRITE_SENDING) {
		answer_error(w, ERR_OUTCOME_UNKNOWN, "no answer from Airtable within %" PRId64
		    " ms; the order shows what became of it as soon as it can be read back",
		    w->request.timeout_ms);
		return;
	}
	answer_error(w, ERR_AIRTABLE_UNAVAILABLE, "Airtable could not be reached within %" PRId64
	    " ms; nothing was changed", w->request.timeout_ms);
	write_end(w);
}

static bool
record_busy(const struct writes *all, const char *record)
{
	for (const struct write *w = all->list; w != NULL; w = w->next)
		if (strcmp(w->request.record, record) == 0)
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
		answer_error(w, ERR_CANCELLED, "syncd is stopping; nothing was changed");
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
			answer_error(w, ERR_OUTCOME_UNKNOWN, "syncd stopped before Airtable answered");
		else
			answer_error(w, ERR_CANCELLED, "syncd is stopping; nothing was changed");
		write_end(w);
	}
}

void
writes_free(struct writes *all)
{
	free(all);
}
