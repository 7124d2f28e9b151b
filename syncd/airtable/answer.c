#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/calls.h"
#include "syncd/airtable/decode.h"

#define TOKEN_PART	6	/* so few characters of a token give nothing away */
#define LITTLE		4	/* below 1/LITTLE of the limit the page may be doubled */

static bool
is_success(int status)
{
	return status >= 200 && status <= 299;
}

/* A server that echoes the request must not bring the token into logs and documents. */
static void
hide(char *text, const char *secret)
{
	size_t n = strlen(secret), len = strlen(text);
	char *at;

	if (n == 0)
		return;
	while ((at = strstr(text, secret)) != NULL)
		memset(at, '*', n);
	/* texts are cut, so one may end within the token */
	for (size_t k = n - 1; k >= TOKEN_PART && len >= TOKEN_PART; k--)
		if (k <= len && memcmp(text + len - k, secret, k) == 0) {
			memset(text + len - k, '*', k);
			return;
		}
}

/*
 * Adapt the page size to the answer: half after one that was too large, double after a
 * small one.
 */
static void
fit_pages(struct airtable_call *c, const struct http_answer *answer)
{
	struct airtable_table *t = c->table;

	if (c->kind != CALL_LIST || c->page_size != t->page_size)
		return;
	if (answer->too_large && c->page_size > 1) {
		t->page_size = c->page_size / 2;
		c->result.smaller = true;
		log_info("airtable: a page of %zu records is too large; the next has %zu",
		    c->page_size, t->page_size);
	} else if (answer->complete && answer->body.len < HTTP_ANSWER_MAX / LITTLE &&
	    c->page.count == c->page_size) {
		t->page_size = t->page_size * 2 < AIRTABLE_PAGE_MAX ? t->page_size * 2 :
		    AIRTABLE_PAGE_MAX;
	}
}

/* There is no complete answer: judge by what the transport says. */
static void
judge_transport(struct airtable_result *r, const struct http_answer *a)
{
	if (a->unreadable)
		r->err = ERR_AIRTABLE_BAD_RESPONSE;
	else if (a->timed_out && a->outcome != HTTP_NEVER_SENT)
		r->err = ERR_AIRTABLE_TIMEOUT;
	else
		r->err = ERR_AIRTABLE_UNAVAILABLE;
	r->retryable = true;
	(void)snprintf(r->message, sizeof(r->message), "%s", a->problem);
}

static enum err
refuse_page(struct airtable_result *r, const char *why)
{
	(void)snprintf(r->message, sizeof(r->message), "%s", why);
	return ERR_AIRTABLE_BAD_RESPONSE;
}

/* Is each record one of those that were asked for, and none there twice? */
static bool
among_asked(const struct airtable_call *c)
{
	bool seen[AIRTABLE_WRITE_MAX] = { false };

	for (size_t r = 0; r < c->page.count; r++) {
		size_t i = 0;

		while (i < c->id_count && !str_is(c->page.records[r].id, c->ids[i]))
			i++;
		if (i == c->id_count || seen[i])
			return false;
		seen[i] = true;
	}
	return c->page.offset.len == 0;
}

/* Has each record one of the keys that were asked for? */
static bool
keys_asked(const struct airtable_call *c)
{
	for (size_t r = 0; r < c->page.count; r++) {
		size_t i = 0;

		while (i < c->id_count && !str_is(c->page.keys[r], c->ids[i]))
			i++;
		if (i == c->id_count)
			return false;
	}
	return c->page.offset.len == 0;
}

/* Is the page about the records that were asked for, in their order? */
static bool
as_asked(const struct airtable_call *c)
{
	if (c->kind == CALL_LIST)
		return true;
	if (c->kind == CALL_FIND)
		return among_asked(c);
	if (c->kind == CALL_FIND_KEYS)
		return keys_asked(c);
	if (c->page.count != c->id_count)
		return false;
	for (size_t i = 0; i < c->id_count && c->kind != CALL_CREATE; i++)
		if (!str_is(c->page.records[i].id, c->ids[i]))
			return false;
	return true;
}

/* The body itself is the answer.  At least a byte is allocated, as arena NULL means no page. */
static enum err
keep_body(struct airtable_call *c, struct str body)
{
	if ((c->arena = malloc(body.len + 1)) == NULL)
		return ERR_NOMEM;
	if (body.len > 0)
		memcpy(c->arena, body.ptr, body.len);
	c->page = (struct airtable_page){ .body = { c->arena, body.len } };
	return ERR_OK;
}

static enum err
decode(struct airtable_call *c, struct str body)
{
	struct airtable_result *r = &c->result;
	enum err err;

	if (c->kind == CALL_ASK)
		return keep_body(c, body);
	if (c->kind == CALL_META)
		return airtable_fields_resolve(c->owner, body, r->message, sizeof(r->message));
	err = airtable_decode_page(c->table->schema, &c->keys, c->kind == CALL_DELETE ? AIRTABLE_DELETED :
	    c->kind == CALL_FIND_KEYS ? AIRTABLE_KEYED : AIRTABLE_RECORDS, body, &c->page,
	    &c->arena, r->message, sizeof(r->message));
	c->page.missing = c->keys.missing;
	if (err == ERR_OK && !as_asked(c))
		err = refuse_page(r, "the answer is about other records");
	if (err == ERR_OK)
		airtable_fields_seen(c);
	if (err != ERR_OK) {
		free(c->arena);
		c->arena = NULL;
	} else {
		oddities_note(&c->table->oddities, c->table->schema, c->page.odd, instant_now());
	}
	return err;
}

/* Let the message of a refused read about a table begin with the settings that it may be about. */
static void
name_settings(struct airtable_result *r, const struct schema *schema)
{
	const char *table = airtable_table_setting(schema);
	char settings[160];

	if (r->err == ERR_AIRTABLE_FORBIDDEN)
		(void)snprintf(settings, sizeof(settings), "airtable.base_id, %s, or the token's bases and "
		    "scopes", table);
	else if (r->err == ERR_AIRTABLE_NOT_FOUND)
		(void)snprintf(settings, sizeof(settings), "airtable.base_id or %s", table);
	else
		return;
	airtable_error_about(r, settings);
}

/* Let the message of a refusal begin with the setting that it is about, if there is one. */
static void
name_setting(struct airtable_call *c)
{
	const struct airtable_table *t = c->table != NULL ? c->table : &c->owner->tables[0];

	if (c->result.err == ERR_AIRTABLE_UNAUTHORIZED)
		airtable_error_about(&c->result, "airtable.token_file (or AIRTABLE_API_KEY)");
	/*
	 * otherwise not the settings: a webhook or record is gone, or the token lacks an
	 * optional permission
	 */
	else if (c->kind != CALL_ASK && !airtable_call_writes(c))
		name_settings(&c->result, t->schema);
}

static void
judge(struct airtable_call *c, const struct http_answer *a)
{
	struct airtable_result *r = &c->result;

	r->status = a->status;
	r->retry_after_ms = a->retry_after_ms;
	r->server_ms = a->date_ms;
	if (a->outcome != HTTP_ANSWERED || (is_success(a->status) && !a->complete)) {
		judge_transport(r, a);
	} else if (is_success(a->status)) {
		r->err = decode(c, a->body);
		r->retryable = r->err == ERR_AIRTABLE_BAD_RESPONSE;
		if (r->err == ERR_NOMEM)
			(void)snprintf(r->message, sizeof(r->message), "%s", err_text(r->err));
	} else {
		/* the status holds even if the body was cut */
		airtable_decode_error(a->status, a->body, r);
		if (r->err == ERR_AIRTABLE_FIELD_MISSING && c->table != NULL)
			airtable_fields_learn(c);
		if (c->table != NULL)
			c->table->doubted |= r->err == ERR_AIRTABLE_REJECTED &&
			    airtable_call_writes(c);
	}
	fit_pages(c, a);
	hide(r->message, c->owner->config->airtable.token);
	hide(r->type, c->owner->config->airtable.token);
	name_setting(c);
	/* refusals and 429s change nothing; after any other failure Airtable may have obeyed */
	r->maybe_applied = airtable_call_writes(c) && r->err != ERR_OK && r->sent_ms != 0 &&
	    (r->status < 400 || r->status >= 500 || r->status == 408) && !a->unfinished;
	r->adrift = r->maybe_applied && (a->timed_out || (r->status == 0 && !a->ended));
}

static enum governor_outcome
outcome_of(const struct airtable_result *r, const struct http_answer *a)
{
	if (a->outcome == HTTP_NEVER_SENT)
		return GOVERNOR_NEVER_SENT;
	if (a->outcome == HTTP_NO_ANSWER)
		return GOVERNOR_NO_ANSWER;
	if (is_success(a->status))
		return GOVERNOR_OK;
	if (a->status == 429)
		return r->err == ERR_AIRTABLE_QUOTA ? GOVERNOR_QUOTA : GOVERNOR_RATE_LIMITED;
	return a->status >= 500 ? GOVERNOR_FAILED : GOVERNOR_REFUSED;
}

/*
 * Did the circuit carry the call?  An answer that was cut counts as its failure, a bad
 * one does not.
 */
static bool
carried(const struct http_answer *a)
{
	return a->outcome == HTTP_ANSWERED && a->status < 500 && (a->complete || a->unreadable ||
	    !is_success(a->status));
}

static void
tell_breaker(struct airtable_call *c, const struct http_answer *answer, int64_t now)
{
	struct breaker *b = &c->owner->breaker;
	enum breaker_state before = breaker_state(b, now), after;

	if (carried(answer))
		breaker_success(b);
	else
		breaker_failure(b, c->probe, now);
	if ((after = breaker_state(b, now)) == before)
		return;
	if (after == BREAKER_OPEN)
		log_warn("airtable: circuit open for %lld s",
		    (long long)(breaker_wait_ms(b, now) + 999) / 1000);
	else
		log_info("airtable: circuit closed");
}

static void
tell_governor(struct airtable_call *c, const struct http_answer *answer, int64_t now)
{
	struct governor *g = c->owner->governor;
	struct governor_ended end = {
		.outcome = outcome_of(&c->result, answer),
		.sent_ms = c->result.sent_ms,
		.retry_after_ms = c->result.retry_after_ms
	};
	enum err why;
	int64_t blocked;

	governor_end(g, c->ticket, &end, now, instant_now());
	if (answer->status != 429)
		return;
	blocked = governor_blocked_ms(g, now, &why);
	if (c->result.retry_after_ms < blocked)
		c->result.retry_after_ms = blocked;
	log_warn("airtable: no calls for %lld s: %s", (long long)(blocked + 999) / 1000, err_text(why));
}

/*
 * Log the call, if it was slow or at level debug, with its records: by these it is
 * found for a request.
 */
static void
note_success(const struct airtable_call *c, const char *method, long long ms)
{
	const struct config *config = c->owner->config;
	bool slow = config->log.slow_ms > 0 && ms >= config->log.slow_ms;
	struct buf ids = { 0 };

	if (!slow && !log_enabled(LOG_DEBUG))
		return;
	for (size_t i = 0; i < c->id_count && c->ids[i][0] != '\0'; i++)
		buf_printf(&ids, "%s%s", i == 0 ? ": " : " ", c->ids[i]);
	(slow ? log_info : log_debug)("airtable: %s %s: %d, %zu records, %lld ms%s%s", method,
	    c->path.data, c->result.status, c->page.count, ms, slow ? ", slow" : "",
	    ids.len > 0 ? buf_cstr(&ids) : "");
	buf_free(&ids);
}

static void
note(struct airtable_call *c, int64_t now)
{
	struct airtable *a = c->owner;
	const struct airtable_result *r = &c->result;
	const char *method = airtable_call_method(c);
	long long ms = (long long)(now - c->started_ms);

	if (r->err == ERR_OK) {
		a->last_success_ms = instant_now();
		note_success(c, method, ms);
		return;
	}
	a->last_error_ms = instant_now();
	a->last_error = *r;
	log_warn("airtable: %s %s: status %d, type \"%s\", %lld ms: %s", method, c->path.data,
	    r->status, r->type, ms, r->message);
}

void
airtable_end(struct airtable_call *c)
{
	struct airtable *a = c->owner;

	airtable_withdraw(c);
	c->state = CALL_ENDED;
	TAILQ_INSERT_TAIL(&a->ended, c, link);
	a->ended_count++;
	airtable_wake(a, 0);
}

/* End a call that has no field ids: their look-up failed, or found its table to be wrong. */
static void
fail_unresolved(struct airtable_call *c, const struct airtable_result *meta)
{
	const struct airtable_table *t = c->table;
	struct airtable_result *r = &c->result;

	*r = *meta;
	r->maybe_applied = false;
	r->sent_ms = 0;
	if (is_success(meta->status) && t->refused != ERR_OK) {
		r->err = t->refused;
		r->retryable = r->err == ERR_AIRTABLE_BAD_RESPONSE;
		(void)snprintf(r->message, sizeof(r->message), "%s", t->why);
		name_settings(r, t->schema);
	}
	airtable_end(c);
}

/* The look-up of field ids ended: calls that waited for it go on, or fail. */
static void
end_meta(struct airtable_call *meta, int64_t now)
{
	struct airtable *a = meta->owner;
	struct airtable_call *c, *next;

	a->meta = NULL;
	for (size_t i = 0; i < a->table_count; i++)
		if (!a->tables[i].keys.resolved)
			a->tables[i].missing_ms = now;
	for (int i = 0; i < AIRTABLE_PRIORITIES && meta->result.err != ERR_OK; i++)
		for (c = TAILQ_FIRST(&a->waiting[i]); c != NULL; c = next) {
			next = TAILQ_NEXT(c, link);
			if (!c->keys.resolved && !c->table->keys.resolved)
				fail_unresolved(c, &meta->result);
		}
	airtable_withdraw(meta);
	airtable_call_free(meta);
	airtable_wake(a, 0);
}

void
airtable_on_answer(void *call, const struct http_answer *answer)
{
	struct airtable_call *c = call;
	int64_t now = instant_monotonic();

	c->http = NULL;		/* the request is over: nothing to cancel */
	judge(c, answer);
	tell_governor(c, answer, now);
	tell_breaker(c, answer, now);
	note(c, now);
	airtable_count(c, now);
	if (c->kind == CALL_META)
		end_meta(c, now);
	else
		airtable_end(c);
}

void
airtable_deliver(struct airtable *a)
{
	struct airtable_call *c;

	airtable_fields_tell(a);
	/* only calls that have ended by now, as callbacks start new ones */
	for (size_t n = a->ended_count; n > 0; n--) {
		if ((c = TAILQ_FIRST(&a->ended)) == NULL)
			break;
		airtable_withdraw(c);
		c->callback(c->cookie, &c->result, c->arena == NULL ? NULL : &c->page);
		airtable_call_free(c);
	}
}
