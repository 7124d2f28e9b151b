#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/calls.h"

#define PROBE_PATIENCE_MS	1000	/* how long calls wait for a half-open circuit's probe */
#define BUDGET_RETRY_MS		3600000	/* when the month's calls may look better */

static void	 turn(struct airtable *);

static void
on_timer(uv_timer_t *timer)
{
	turn(timer->data);
}

void
airtable_wake(struct airtable *a, int64_t ms)
{
	/* fails only while the timer is closing, when there is nothing left to do */
	(void)uv_timer_start(&a->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

void
airtable_enqueue(struct airtable_call *c)
{
	struct airtable *a = c->owner;

	c->state = CALL_WAITING;
	TAILQ_INSERT_TAIL(&a->waiting[c->priority], c, link);
	a->waiting_count[c->priority]++;
	airtable_wake(a, 0);
}

/* Stop the call's request; a cancelled call says nothing about the circuit. */
static void
ground(struct airtable_call *c)
{
	struct airtable *a = c->owner;
	struct governor_ended end = {
		.outcome = c->result.sent_ms != 0 ? GOVERNOR_NO_ANSWER : GOVERNOR_NEVER_SENT,
		.sent_ms = c->result.sent_ms
	};

	http_cancel(c->http);
	c->http = NULL;
	governor_end(a->governor, c->ticket, &end, instant_monotonic(), instant_now());
	breaker_no_verdict(&a->breaker, c->probe);
}

void
airtable_withdraw(struct airtable_call *c)
{
	struct airtable *a = c->owner;

	switch (c->state) {
	case CALL_WAITING:
		TAILQ_REMOVE(&a->waiting[c->priority], c, link);
		a->waiting_count[c->priority]--;
		break;
	case CALL_FLYING:
		if (c->http != NULL)
			ground(c);
		TAILQ_REMOVE(&a->flying, c, link);
		break;
	case CALL_ENDED:
	default:
		TAILQ_REMOVE(&a->ended, c, link);
		a->ended_count--;
	}
}

void
airtable_fail(struct airtable_call *c, enum err err, int64_t retry_after_ms, const char *message)
{
	struct airtable_result *r = &c->result;

	r->err = err;
	r->retryable = err == ERR_AIRTABLE_TIMEOUT || err == ERR_AIRTABLE_UNAVAILABLE ||
	    err == ERR_AIRTABLE_RATE_LIMITED;
	r->retry_after_ms = retry_after_ms;
	(void)snprintf(r->message, sizeof(r->message), "%s",
	    message != NULL ? message : err_text(err));
	log_debug("airtable: %s not sent: %s", c->path.data, r->message);
	airtable_end(c);
}

/* Fail all waiting calls of a lane, or only those whose deadline has passed. */
static void
fail_lane(struct airtable *a, int lane, int64_t deadline_ms, enum err err,
    int64_t retry_after_ms, const char *message)
{
	struct airtable_call *c, *next;

	for (c = TAILQ_FIRST(&a->waiting[lane]); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (deadline_ms != 0 && (c->deadline_ms == 0 || c->deadline_ms > deadline_ms))
			continue;
		if (c == a->meta) {
			a->meta = NULL;
			airtable_withdraw(c);
			airtable_call_free(c);
		} else {
			airtable_fail(c, err, retry_after_ms, message);
		}
	}
}

static void
fail_waiting(struct airtable *a, int64_t deadline_ms, enum err err, int64_t retry_after_ms,
    const char *message)
{
	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		fail_lane(a, i, deadline_ms, err, retry_after_ms, message);
}

/* Fail calls for which the month has none left. */
static void
mind_budget(struct airtable *a)
{
	if (a->meter.may_start == NULL)
		return;
	for (int i = AIRTABLE_WRITE + 1; i < AIRTABLE_PRIORITIES; i++)
		if (a->waiting_count[i] > 0 &&
		    !a->meter.may_start(a->meter.cookie, (enum airtable_priority)i))
			fail_lane(a, i, 0, ERR_AIRTABLE_QUOTA, BUDGET_RETRY_MS,
			    "the rest of airtable.monthly_calls is kept for writes");
}

/* End what can't start any more: quota, open circuit, deadlines. */
static void
give_up(struct airtable *a, int64_t now)
{
	enum err why;
	int64_t blocked = governor_blocked_ms(a->governor, now, &why);
	int64_t circuit = breaker_wait_ms(&a->breaker, now);

	mind_budget(a);
	if (why == ERR_AIRTABLE_QUOTA)
		fail_waiting(a, 0, ERR_AIRTABLE_QUOTA, blocked, NULL);
	else if (circuit > 0)
		fail_waiting(a, 0, ERR_AIRTABLE_UNAVAILABLE, circuit,
		    "Airtable is not available; retrying later");
	else if (breaker_probing_ms(&a->breaker, now) >= PROBE_PATIENCE_MS)
		fail_waiting(a, 0, ERR_AIRTABLE_UNAVAILABLE, PROBE_PATIENCE_MS,
		    "Airtable is not available; a retry is under way");
	else if (blocked > 0)
		fail_waiting(a, now, ERR_AIRTABLE_RATE_LIMITED, blocked, NULL);
	else if (breaker_state(&a->breaker, now) != BREAKER_CLOSED)
		fail_waiting(a, now, ERR_AIRTABLE_UNAVAILABLE, 0, NULL);
	else
		fail_waiting(a, now, ERR_AIRTABLE_TIMEOUT, 0, "no call was free in time");
}

static void
on_sent(void *cookie)
{
	struct airtable_call *c = cookie;

	c->result.sent_ms = instant_monotonic();
	governor_sent(c->owner->governor, c->ticket, c->result.sent_ms);
	if (c->owner->meter.sent != NULL)
		c->owner->meter.sent(c->owner->meter.cookie, c->priority);
	airtable_wake(c->owner, 0);	/* it is known now when the next one may start */
}

static void
start(struct airtable_call *c, int64_t now)
{
	struct airtable *a = c->owner;
	int64_t timeout = a->config->airtable.request_timeout_ms;
	struct http_call call = {
		.method = airtable_call_method(c),
		.url = c->url.data,
		.token = a->config->airtable.token,
		.json = buf_str(&c->json),
		.connect_timeout_ms = a->config->airtable.connect_timeout_ms
	};

	if (c->deadline_ms != 0 && c->deadline_ms - now < timeout)
		timeout = c->deadline_ms - now;
	if (c->timeout_ms != 0 && c->timeout_ms < timeout)
		timeout = c->timeout_ms;
	call.timeout_ms = timeout;
	c->ticket = governor_admit(a->governor, (int)c->priority, a->waiting_count, now);
	c->probe = breaker_start(&a->breaker, now);
	c->started_ms = now;
	airtable_withdraw(c);
	c->state = CALL_FLYING;
	TAILQ_INSERT_TAIL(&a->flying, c, link);
	c->http = http_start(a->http, &call, on_sent, airtable_on_answer, c);
	if (c->http == NULL) {
		struct http_answer none = { .outcome = HTTP_NEVER_SENT, .content_type = "" };

		(void)snprintf(none.problem, sizeof(none.problem), "%s", err_text(ERR_NOMEM));
		airtable_on_answer(c, &none);
	}
}

/*
 * The ids of fields that are configured by name are looked up before the
 * first call that needs them.  Returns the call that may start now: ${c},
 * the look-up, or NULL while that is under way or when ${c} has failed.
 */
static struct airtable_call *
with_keys(struct airtable_call *c)
{
	struct airtable *a = c->owner;
	struct airtable_keys composed = c->keys;

	if (c->compose != NULL)
		c->keys = c->table->keys;
	if (c->keys.resolved || c->kind == CALL_META)
		return c;
	if (memcmp(c->keys.request, c->table->keys.request, sizeof(c->keys.request)) != 0) {
		airtable_fail(c, ERR_AIRTABLE_UNAVAILABLE, 0, "the configuration has changed");
		return NULL;
	}
	if (c->table->keys.resolved) {
		c->keys = c->table->keys;
		c->keys.missing |= composed.missing;	/* the call does not ask for them */
		c->keys.skip = composed.skip;
		return c;
	}
	if (a->meta != NULL)
		return NULL;
	if ((a->meta = airtable_meta_new(a, c->priority)) == NULL) {
		airtable_fail(c, ERR_NOMEM, 0, NULL);
		return NULL;
	}
	/* before ${c}, so that the look-up is the lane's next call */
	TAILQ_INSERT_BEFORE(c, a->meta, link);
	a->waiting_count[c->priority]++;
	return a->meta;
}

static bool
may_start(struct airtable *a, int64_t now)
{
	return governor_blocked_ms(a->governor, now, NULL) == 0 &&
	    governor_wait_ms(a->governor, now) == 0 && breaker_allows(&a->breaker, now);
}

/* The earlier of two moments from now; -1: never. */
static int64_t
sooner(int64_t x, int64_t y)
{
	if (x < 0 || y < 0)
		return x < 0 ? y : x;
	return x < y ? x : y;
}

/* Set the timer for when a waiting call can start or has to end. */
static void
schedule(struct airtable *a, int64_t now)
{
	struct airtable_call *c;
	int64_t next = -1, go, probing;
	bool any = false;

	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		TAILQ_FOREACH(c, &a->waiting[i], link) {
			any = true;
			if (c->deadline_ms != 0)
				next = sooner(next, c->deadline_ms > now ? c->deadline_ms - now : 0);
		}
	if (any) {
		probing = breaker_probing_ms(&a->breaker, now);
		if ((go = governor_blocked_ms(a->governor, now, NULL)) > 0)
			next = sooner(next, go);
		else if (probing >= 0)
			next = sooner(next, PROBE_PATIENCE_MS - probing);
		else if (a->meta == NULL || a->meta->state == CALL_WAITING)
			next = sooner(next, governor_wait_ms(a->governor, now));
	}
	if (a->ended_count > 0)
		next = 0;
	if (next >= 0)
		airtable_wake(a, next);
}

static void
turn(struct airtable *a)
{
	int64_t now = instant_monotonic();
	struct airtable_call *c;
	int lane;

	give_up(a, now);
	while ((lane = governor_choose(a->governor, a->waiting_count)) >= 0 &&
	    may_start(a, now)) {
		if ((c = with_keys(TAILQ_FIRST(&a->waiting[lane]))) == NULL)
			break;
		if (c->compose != NULL && !airtable_call_compose(c))
			continue;
		start(c, instant_monotonic());
	}
	schedule(a, now);
	airtable_deliver(a);	/* last: a callback may free everything */
}
