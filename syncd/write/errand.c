#include <stdio.h>
#include <stdlib.h>

#include "common/base/fault_point.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/write/parts.h"

#define SEND_SHARE	0.7	/* of the time-out; the rest is for the answer and checks */
#define RETRY_MS	1000	/* Retry-After, when there is no better estimate */

struct errand *
errand_new(struct writes *all, const struct schema *table, size_t items)
{
	struct errand *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->results = calloc(items, sizeof(*e->results))) == NULL) {
		free(e);
		return NULL;
	}
	e->all = all;
	e->table = table;
	e->item_count = items;
	TAILQ_INIT(&e->waiters);
	TAILQ_INIT(&e->list);
	for (int kind = 0; kind <= OUTBOX_DELETE; kind++)
		TAILQ_INIT(&e->ready[kind]);
	(void)uv_timer_init(all->loop, &e->timer);	/* it never fails */
	e->timer.data = e;
	TAILQ_INSERT_TAIL(&all->errands, e, link);
	return e;
}

void
errand_set_key(struct errand *e, struct str key, const uint64_t fingerprint[2])
{
	if (key.len == 0 || key.len >= sizeof(e->key))
		return;
	memcpy(e->key, key.ptr, key.len);
	e->fingerprint[0] = fingerprint[0];
	e->fingerprint[1] = fingerprint[1];
	LIST_INSERT_HEAD(&e->all->keys[write_hash(key) % WRITE_BUCKETS], e, in_keys);
}

struct errand *
errand_find(struct writes *all, struct str key)
{
	struct errand *e;

	LIST_FOREACH(e, &all->keys[write_hash(key) % WRITE_BUCKETS], in_keys)
		if (str_is(key, e->key))
			return e;
	return NULL;
}

bool
errand_join(struct errand *e, struct server_call *call)
{
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL)
		return false;
	w->call = call;
	TAILQ_INSERT_TAIL(&e->waiters, w, link);
	return true;
}

void
errand_set_timer(struct errand *e, int64_t now)
{
	int64_t at = now < e->send_by_ms ? e->send_by_ms : e->deadline_ms;

	uv_update_time(e->all->loop);
	(void)uv_timer_start(&e->timer, e->all->on_deadline, at > now ? (uint64_t)(at - now) : 0, 0);
}

void
errand_start(struct errand *e, int64_t deadline_ms)
{
	int64_t now = instant_monotonic();

	e->deadline_ms = now + e->timeout_ms;
	if (deadline_ms != 0 && deadline_ms < e->deadline_ms)
		e->deadline_ms = deadline_ms;	/* part of the time has gone by on the way here */
	e->send_by_ms = e->deadline_ms - (int64_t)((double)e->timeout_ms * (1 - SEND_SHARE));
	errand_set_timer(e, now);
}

static void
drop_before(struct result *r)
{
	if (r->before == NULL)
		return;
	free(r->before->order);
	free(r->before->detail);
	free(r->before);
	r->before = NULL;
}

static void
result_clear(struct result *r)
{
	drop_before(r);
	free(r->order);
	free(r->detail);
	*r = (struct result){ .noted = false };
}

static char *
copy_str(struct str s)
{
	return s.len == 0 ? NULL : strndup(s.ptr, s.len);
}

/* How long the asker should wait before it asks again; 0: not known. */
static int64_t
retry_after(const struct errand *e, enum err err)
{
	int64_t blocked;

	if (err == ERR_OK)
		return 0;
	blocked = airtable_blocked_ms(e->all->airtable, NULL);
	return blocked > 0 || err != ERR_AIRTABLE_UNAVAILABLE ? blocked : RETRY_MS;
}

/* Make room for a new result, and keep one that was told: it may come back. */
static void
set_aside(struct result *r)
{
	struct result *before = r->before;
	bool told = r->told;

	r->before = NULL;
	if (told && before == NULL && (before = malloc(sizeof(*before))) != NULL) {
		*before = *r;
		*r = (struct result){ .noted = false };
	}
	result_clear(r);
	r->told = told;
	r->before = before;
}

void
errand_note(struct errand *e, size_t place, enum err err, struct str record, const char *detail)
{
	struct result *r = &e->results[place];

	set_aside(r);
	r->noted = true;
	r->err = err;
	r->detail = copy_str(str_of(detail));	/* NULL without memory: err_text() stands in */
	r->retry_after_ms = retry_after(e, err);
	if (record.len > 0 && record.len < sizeof(r->record))
		memcpy(r->record, record.ptr, record.len);
	if (err == ERR_OK)
		return;
	log_request(e->request_id);
	log_warn("write: %s: %s: %s", r->record[0] != '\0' ? r->record : "new", err_text(err), detail);
	log_request(NULL);
}

void
errand_tell_refused(struct errand *e, size_t place, enum err err, struct str record, struct str problem)
{
	struct result *r = &e->results[place];

	r->noted = r->refused = true;
	r->err = err;
	if (record.len > 0 && record.len < sizeof(r->record))
		memcpy(r->record, record.ptr, record.len);
	errand_tell(e, place, problem);
}

void
errand_tell(struct errand *e, size_t place, struct str json)
{
	struct result *r = &e->results[place];

	drop_before(r);
	free(r->order);
	r->order = copy_str(json);
	if (!r->told)
		e->told_count++;
	r->told = true;
}

void
errand_forget(struct errand *e, size_t place)
{
	struct result *r = &e->results[place], *before = r->before;

	r->before = NULL;
	if (r->told && before == NULL)
		e->told_count--;
	result_clear(r);
	if (before != NULL)
		*r = *before;
	free(before);
}

void
errand_body(const struct errand *e, struct buf *b)
{
	struct message_result *list = calloc(e->item_count, sizeof(*list));

	if (list == NULL) {
		b->error = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < e->item_count; i++) {
		const struct result *r = &e->results[i];
		struct message_result *m = &list[i];

		m->err = r->noted || r->told ? r->err : ERR_OUTCOME_UNKNOWN;
		memcpy(m->record, r->record, sizeof(m->record));
		m->pending = r->pending;
		if (r->refused)
			m->problem = str_of(r->order);
		else
			m->order = str_of(r->order);
		m->retry_after_ms = r->retry_after_ms;
		(void)snprintf(m->detail, sizeof(m->detail), "%s", r->detail == NULL ?
		    err_text(m->err) : r->detail);
	}
	message_add_results(b, e->bulk ? e->first : 0, list, e->item_count);
	free(list);
}

bool
errand_in_vain(const struct errand *e)
{
	for (size_t i = 0; i < e->item_count; i++) {
		enum err err = e->results[i].err;

		if (!e->results[i].refused && err != ERR_AIRTABLE_UNAVAILABLE && err != ERR_AIRTABLE_QUOTA &&
		    err != ERR_AIRTABLE_RATE_LIMITED && err != ERR_CANCELLED && err != ERR_NOMEM &&
		    err != ERR_DISK_FULL && err != ERR_STORE_MAP_FULL)
			return false;
	}
	return true;
}

static bool
any_unknown(const struct errand *e)
{
	for (size_t i = 0; i < e->item_count; i++)
		if (e->results[i].err == ERR_OUTCOME_UNKNOWN)
			return true;
	return false;
}

/* The first result that is not the worker's own refusal; NULL: there is none. */
static const struct result *
first_taken(const struct errand *e)
{
	for (size_t i = 0; i < e->item_count; i++)
		if (!e->results[i].refused)
			return &e->results[i];
	return NULL;
}

/* The error if no item was taken, all for one reason that is not in the items; else ERR_OK. */
static enum err
refused_as_whole(const struct errand *e)
{
	const struct result *first = first_taken(e);
	enum err err = first == NULL ? ERR_OK : first->err;

	if (err != ERR_CANCELLED && err != ERR_NOMEM && err != ERR_IO && err != ERR_DISK_FULL &&
	    err != ERR_STORE_MAP_FULL && err != ERR_STORE_UNAVAILABLE)
		return ERR_OK;
	for (size_t i = 0; i < e->item_count; i++)
		if (!e->results[i].refused && e->results[i].err != err)
			return ERR_OK;
	return err;
}

static void
compose_reply(const struct errand *e, struct message_reply *reply, struct buf *body)
{
	if ((reply->err = refused_as_whole(e)) != ERR_OK) {
		(void)snprintf(reply->detail, sizeof(reply->detail), "%s",
		    first_taken(e)->detail != NULL ? first_taken(e)->detail : err_text(reply->err));
		reply->retry_after_ms = first_taken(e)->retry_after_ms;
		return;
	}
	errand_body(e, body);
	if (buf_status(body) == ERR_OK)
		reply->body = buf_str(body);
	else
		reply->err = ERR_NOMEM;
}

static void
answer(struct errand *e)
{
	struct message_reply reply = { .generation = e->generation };
	struct buf body = { 0 };
	struct waiter *w;

	compose_reply(e, &reply, &body);
	if (reply.generation == 0)
		reply.generation = apply_generation(e->all->apply);
	fault_point("before-answer");
	while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, w, link);
		server_reply(w->call, &reply);
		free(w);
	}
	fault_point("after-answer");
	buf_free(&body);
}

static void
timer_closed(uv_handle_t *h)
{
	struct errand *e = h->data;

	for (size_t i = 0; i < e->item_count; i++)
		result_clear(&e->results[i]);
	free(e->results);
	free(e);
}

static void
finish(struct errand *e)
{
	TAILQ_REMOVE(&e->all->errands, e, link);
	if (e->key[0] != '\0')
		LIST_REMOVE(e, in_keys);
	uv_close((uv_handle_t *)&e->timer, timer_closed);
	if (e->all->drained != NULL)
		writes_wake(e->all);	/* it may be the last one */
}

void
errand_check(struct errand *e)
{
	if (e->booked)		/* book_close() checks it */
		return;
	if (e->told_count == e->item_count) {
		/* a process that ends settles nothing more: answer with what is known */
		if (e->open == 0 || !e->again || e->all->draining || !any_unknown(e)) {
			(void)uv_timer_stop(&e->timer);
			if (!TAILQ_EMPTY(&e->waiters))
				answer(e);
		}
		if (e->open == 0 && !e->unkept)
			finish(e);
	}
}

void
errand_discard(struct errand *e)
{
	struct waiter *w;

	while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, w, link);
		errand_refuse(e->all, w->call, ERR_OUTCOME_UNKNOWN, "syncd stopped");
		free(w);
	}
	finish(e);
}

void
errand_refuse(struct writes *all, struct server_call *call, enum err err, const char *detail)
{
	struct message_reply reply = { .err = err };

	reply.retry_after_ms = err == ERR_CANCELLED || err == ERR_OVERLOADED ? RETRY_MS :
	    airtable_blocked_ms(all->airtable, NULL);
	(void)snprintf(reply.detail, sizeof(reply.detail), "%s", detail);
	server_reply(call, &reply);
}
