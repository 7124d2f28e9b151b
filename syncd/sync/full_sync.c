#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/jitter.h"
#include "syncd/airtable/oddities.h"
#include "syncd/sync/full_sync.h"
#include "syncd/sync/sync_progress.h"
#include "syncd/sync/sync_run.h"

#define RESTARTS_MAX		3		/* of a listing that Airtable dropped */
#define PAGES_MAX		100000u		/* ten million records; with more the listing counts as endless */
#define BACKOFF_MAX_MS		60000
#define RETRY_MIN_MS		15000		/* before a failed run is tried again, doubling ... */
#define RETRY_MAX_MS		3600000		/* ... to this */
#define RETRY_QUICK		3u		/* so many retries come before calls are saved ... */
#define RETRY_SHARE		8		/* ... and then so many in the interval of full syncs */
#define RETRY_REFUSED_MS	300000		/* when Airtable refused: somebody has to act */
#define FLUSH_SHARE		4		/* first sync: the pause between commits is this many times the last one's duration */
#define FLUSH_MIN_MS		200
#define FLUSH_RECORDS		50000u	/* first sync: most records to gather before a commit */

enum run_state { RUN_IDLE, RUN_LISTING, RUN_WAITING };

struct full_sync {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct ledger		*ledger;
	struct sync_run		*run;
	struct sync_waiters	 waiters;
	bool			 stopped;

	enum run_state		 state;
	bool			 accept_shrink;
	struct airtable_call	*call;		/* listing */
	struct buf		 offset;	/* of the page asked for */
	uint64_t		 base;		/* generation when it was asked for */
	unsigned		 tries;		/* failed ones for this page */
	unsigned		 restarts;
	int64_t			 flushed_ms;	/* monotonic, first sync */
	int64_t			 flush_took_ms;

	int64_t			 started_ms, finished_ms;	/* wall clock; 0: never */
	enum err		 result;
	char			 detail[600];
	unsigned		 failures;	/* runs in a row */
	struct sync_alarm	 alarm;
	unsigned		 left_out;	/* fields that this run found to be missing */
	uint64_t		 runs;
	full_sync_ended		*watcher;	/* may be NULL */
	void			*watcher_cookie;
	int64_t			 next_ms;	/* wall clock of the next scheduled run */
	bool			 paced;		/* and whether the ledger decides when */
	struct sync_run_counts	 counts;	/* of the last run, once run is idle */
	uint64_t		 odd[SCHEMA_FIELDS_MAX];	/* cells not understood in the last complete run */
	uint32_t		 held;		/* fields that it held */
	unsigned		 held_runs;	/* in a row that held any */
	struct outcomes		 ended;		/* of all runs */
	uint32_t		 expected;

	uv_timer_t		 wait_timer;	/* RUN_WAITING */
	uv_timer_t		 next_timer;	/* the next run */
};

static void	list_page(struct full_sync *);
static void	next_run(uv_timer_t *);
static void	fields_changed(void *, uint32_t);

struct full_sync *
full_sync_new(uv_loop_t *loop, const struct config *config, const struct schema *schema,
    struct airtable *airtable, struct apply *apply, struct ledger *ledger)
{
	struct full_sync *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->config = config;
	s->schema = schema;
	s->airtable = airtable;
	s->apply = apply;
	s->ledger = ledger;
	s->run = sync_run_new(schema, apply, config->sync.max_shrink_percent);
	if (s->run == NULL || uv_timer_init(loop, &s->wait_timer) != 0 ||
	    uv_timer_init(loop, &s->next_timer) != 0) {
		sync_run_free(s->run);
		free(s);
		return NULL;
	}
	s->wait_timer.data = s->next_timer.data = s;
	airtable_watch_fields(airtable, schema, fields_changed, s);
	if (store_begin(apply_store(apply)) == ERR_OK) {
		sync_alarm_load(&s->alarm, store_last_sync(apply_store(apply)));
		sync_progress_load(s->odd, &s->held, schema, store_last_sync(apply_store(apply)));
		store_end(apply_store(apply));
		apply_hold(apply, schema, s->held);
	}
	return s;
}

enum err
full_sync_wait(struct full_sync *s, int64_t wait_ms, full_sync_done *done, void *cookie)
{
	return sync_waiters_add(&s->waiters, s->loop, wait_ms, done, cookie);
}

static void
start_timer(uv_timer_t *t, uv_timer_cb cb, int64_t ms)
{
	uv_update_time(t->loop);
	(void)uv_timer_start(t, cb, ms > 0 ? (uint64_t)ms : 0, 0);
}

void
full_sync_schedule(struct full_sync *s, int64_t in_ms)
{
	if (s->stopped)
		return;
	s->paced = false;
	s->next_ms = instant_now() + in_ms;
	start_timer(&s->next_timer, next_run, in_ms);
}

/*
 * Schedule the next run for when the ledger says, or ask again then, as that may
 * change.  false: it is due.
 */
static bool
pace(struct full_sync *s)
{
	int64_t now = instant_now(), interval = s->config->sync.full_interval_ms;
	int64_t wait = s->finished_ms + ledger_sync_interval(s->ledger) - now;

	if (wait <= 0)
		return false;
	full_sync_schedule(s, wait < interval ? wait : interval);
	s->paced = true;
	s->next_ms = now + wait;
	return true;
}

static bool
refused(enum err e)
{
	return e == ERR_AIRTABLE_UNAUTHORIZED || e == ERR_AIRTABLE_FORBIDDEN ||
	    e == ERR_AIRTABLE_NOT_FOUND || e == ERR_AIRTABLE_FIELD_MISSING ||
	    e == ERR_AIRTABLE_SHRUNK || e == ERR_AIRTABLE_REJECTED || e == ERR_AIRTABLE_FIELD_LOST;
}

/* The pause after ${runs} runs in a row that failed with ${e} or held fields. */
static int64_t
retry_in(const struct full_sync *s, enum err e, unsigned runs)
{
	int64_t ms = refused(e) ? RETRY_REFUSED_MS : RETRY_MIN_MS;

	for (unsigned i = 1; i < runs && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	ms = ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
	if (s->config->airtable.monthly_calls > 0 && runs > RETRY_QUICK &&
	    ms < ledger_sync_interval(s->ledger) / RETRY_SHARE)
		ms = ledger_sync_interval(s->ledger) / RETRY_SHARE;
	return ms < s->config->sync.full_interval_ms ? ms : s->config->sync.full_interval_ms;
}

static void
tell_drift(const struct full_sync *s)
{
	const struct drift *d = &s->counts.drift;
	struct buf b = { 0 };

	drift_add_text(d, s->schema, &b);
	if (d->known && drift_any(d))
		log_info("sync: the store had drifted: %s", buf_cstr(&b));
	buf_free(&b);
}

/* Raise the alarm, and store it so that it survives this process. */
static void
raise_alarm(struct full_sync *s, enum err e, const char *detail)
{
	struct apply_meta meta = { 0 };
	struct apply_result result;
	struct buf b = { 0 };

	sync_alarm_raise(&s->alarm, e, detail, instant_now());
	full_sync_add_progress(s, &b);
	meta.last_sync = buf_str(&b);
	/* a failure to store it is logged; the alarm is on all the same */
	if (buf_status(&b) == ERR_OK)
		(void)apply_changes(s->apply, NULL, 0, SOURCE_FULL_SYNC, &meta, instant_now(), &result);
	buf_free(&b);
}

/* Raise the alarm about missing fields; it ends with a full sync that has them all. */
static void
fields_changed(void *cookie, uint32_t missing)
{
	struct full_sync *s = cookie;
	char text[sizeof(s->alarm.detail)];

	airtable_missing_text(s->airtable, s->schema, missing, text, sizeof(text));
	if (missing != 0 && !s->stopped)
		raise_alarm(s, ERR_AIRTABLE_FIELD_MISSING, text);
}

/* The alarm after a complete sync: on while fields are missing, or held because they went bad. */
static struct sync_alarm
alarm_after(const struct full_sync *s, uint32_t held, int64_t now_ms)
{
	uint32_t missing = airtable_missing(s->airtable, s->schema);
	struct sync_alarm a = s->alarm;
	char text[sizeof(a.detail)] = "";
	size_t n = 0;

	if (missing == 0 && held == 0)
		return (struct sync_alarm){ .on = false };
	if (missing != 0) {
		airtable_missing_text(s->airtable, s->schema, missing, text, sizeof(text));
		n = strlen(text);
	}
	if (held != 0 && n + 2 < sizeof(text)) {
		if (n > 0)
			n = (size_t)(stpcpy(text + n, "; ") - text);
		sync_run_explain(s->run, text + n, sizeof(text) - n);
	}
	sync_alarm_set(&a, missing != 0 ? ERR_AIRTABLE_FIELD_MISSING : ERR_AIRTABLE_FIELD_LOST, text,
	    now_ms);
	return a;
}

/* Note what a complete sync found out about fields. */
static void
note_fields(struct full_sync *s)
{
	s->held = s->counts.held;
	memcpy(s->odd, s->counts.odd, sizeof(s->odd));
	apply_hold(s->apply, s->schema, s->held);
	oddities_synced(airtable_oddities(s->airtable, s->schema));
	sync_alarm_become(&s->alarm, alarm_after(s, s->held, s->finished_ms));
}

/* Schedule the next run as usual, or sooner while a field is held, to see when it is well again. */
static void
schedule_next(struct full_sync *s)
{
	s->held_runs = s->held != 0 ? s->held_runs + 1 : 0;
	if (s->held != 0)
		full_sync_schedule(s, retry_in(s, ERR_AIRTABLE_FIELD_LOST, s->held_runs));
	else
		(void)pace(s);
}

/* End the run, and call back all who wait for it. */
static void
end_run(struct full_sync *s, enum err e, const char *detail)
{
	s->state = RUN_IDLE;
	s->result = e;
	s->counts = *sync_run_counts(s->run);
	s->finished_ms = instant_now();
	outcomes_add(&s->ended, e, s->finished_ms - s->started_ms, s->counts.records);
	if (detail != s->detail)
		(void)snprintf(s->detail, sizeof(s->detail), "%s", detail);
	(void)uv_timer_stop(&s->wait_timer);
	buf_clear(&s->offset);
	if (e == ERR_OK) {
		s->failures = 0;
		note_fields(s);
		log_info("sync: %llu orders in %llu pages, %lld ms: %llu created, %llu changed, "
		    "%llu deleted, %llu cells not understood",
		    (unsigned long long)s->counts.records, (unsigned long long)s->counts.pages,
		    (long long)(s->finished_ms - s->started_ms),
		    (unsigned long long)s->counts.created, (unsigned long long)s->counts.changed,
		    (unsigned long long)s->counts.deleted, (unsigned long long)s->counts.warnings);
		tell_drift(s);
		ledger_synced(s->ledger, s->counts.pages);
		schedule_next(s);
	} else if (e != ERR_CANCELLED) {
		s->failures++;
		log_error("sync: failed after %llu pages: %s: %s", (unsigned long long)s->counts.pages,
		    err_text(e), s->detail);
		if (sync_alarming(e))
			raise_alarm(s, e, s->detail);
		full_sync_schedule(s, retry_in(s, e, s->failures));
	}
	sync_waiters_end(&s->waiters, e, s->detail);
	/* a run gathers much memory that is not needed again for hours */
	sync_run_end(s->run);
	(void)malloc_trim(0);
	if (s->watcher != NULL)
		s->watcher(s->watcher_cookie, s->runs, e);
}

static void
waited(uv_timer_t *t)
{
	list_page(t->data);
}

static void
wait_then_list(struct full_sync *s, int64_t ms)
{
	s->state = RUN_WAITING;
	start_timer(&s->wait_timer, waited, ms);
}

/*
 * An exponential pause with full jitter, but not shorter than the circuit or
 * Airtable's answer demand.
 */
static int64_t
backoff(struct full_sync *s, int64_t at_least_ms)
{
	int64_t ms = s->config->airtable.retry_base_ms, blocked;

	for (unsigned i = 1; i < s->tries && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	ms = ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
	ms = jitter_below(ms);
	blocked = airtable_blocked_ms(s->airtable, NULL);
	ms = ms > at_least_ms ? ms : at_least_ms;
	return ms > blocked ? ms : blocked;
}

static bool
listing_lost(const struct airtable_result *r)
{
	return r->err == ERR_AIRTABLE_ITERATOR || strcmp(r->type, "INVALID_OFFSET_VALUE") == 0;
}

static void
page_failed(struct full_sync *s, const struct airtable_result *r)
{
	enum err e, why;
	/*
	 * the circuit is open after failures in a row: fail the run for those who wait,
	 * try again later
	 */
	bool away = airtable_blocked_ms(s->airtable, &why) > 0 && why == ERR_AIRTABLE_UNAVAILABLE;

	if (r->smaller || (r->err == ERR_AIRTABLE_FIELD_MISSING && r->retryable &&
	    s->left_out++ < SCHEMA_FIELDS_MAX)) {
		list_page(s);	/* with fewer records, or without the field */
		return;
	}
	if (listing_lost(r) && s->restarts < RESTARTS_MAX) {
		s->restarts++;
		s->tries++;
		log_warn("sync: Airtable dropped the listing after %llu pages; starting over (%u of %d)",
		    (unsigned long long)sync_run_counts(s->run)->pages, s->restarts, RESTARTS_MAX);
		buf_clear(&s->offset);
		if ((e = sync_run_begin(s->run)) != ERR_OK)
			end_run(s, e, "the store can't be read");
		else
			wait_then_list(s, backoff(s, 0));
		return;
	}
	if ((r->retryable || r->err == ERR_AIRTABLE_BAD_RESPONSE) && !away &&
	    s->tries < (unsigned)s->config->airtable.retries) {
		s->tries++;
		wait_then_list(s, backoff(s, r->retry_after_ms));
		return;
	}
	end_run(s, r->err, r->message);
}

/* First sync: commit what has arrived, as often as commits stay cheap compared with the listing. */
static enum err
flush_if_due(struct full_sync *s)
{
	int64_t now = instant_monotonic(), pause = s->flush_took_ms * FLUSH_SHARE;
	enum err e;

	if (!sync_run_first(s->run) || sync_run_pending(s->run) == 0)
		return ERR_OK;
	if (sync_run_pending(s->run) < FLUSH_RECORDS &&
	    now - s->flushed_ms < (pause > FLUSH_MIN_MS ? pause : FLUSH_MIN_MS))
		return ERR_OK;
	e = sync_run_flush(s->run);
	s->flushed_ms = instant_monotonic();
	s->flush_took_ms = s->flushed_ms - now;
	return e;
}

/* The progress document as it will be once the sync is committed. */
static void
add_finished_progress(void *cookie, const struct sync_run_counts *counts, struct buf *b)
{
	const struct full_sync *s = cookie;
	int64_t now_ms = instant_now();
	struct sync_alarm alarm = alarm_after(s, counts->held, now_ms);
	const struct sync_progress p = {
		.started_ms = s->started_ms, .finished_ms = now_ms, .next_ms = s->next_ms,
		.counts = counts, .expected = s->expected, .result = ERR_OK, .detail = "",
		.alarm = &alarm, .odd = counts->odd, .held = counts->held
	};

	sync_progress_add(&p, s->schema, b);
}

static void
next_page(struct full_sync *s, struct str offset)
{
	if (str_eq(offset, buf_str(&s->offset)) || sync_run_counts(s->run)->pages >= PAGES_MAX) {
		end_run(s, ERR_AIRTABLE_BAD_RESPONSE, "the listing does not end");
		return;
	}
	buf_clear(&s->offset);
	buf_add_str(&s->offset, offset);
	list_page(s);
}

static void
page_arrived(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct full_sync *s = cookie;
	char why[200];
	enum err e;

	s->call = NULL;
	if (s->stopped)
		return;
	if (r->err != ERR_OK) {
		page_failed(s, r);
		return;
	}
	/*
	 * in the first sync this is a mistake in the settings; later it must not stop the
	 * other fields
	 */
	if (page->missing != 0 && sync_run_first(s->run)) {
		airtable_missing_text(s->airtable, s->schema, page->missing, s->detail, sizeof(s->detail));
		end_run(s, ERR_AIRTABLE_FIELD_MISSING, s->detail);
		return;
	}
	if ((e = sync_run_page(s->run, page, s->base)) != ERR_OK ||
	    (e = flush_if_due(s)) != ERR_OK) {
		end_run(s, e, "the store could not be written");
		return;
	}
	s->tries = 0;
	if (page->offset.len > 0) {
		next_page(s, page->offset);
		return;
	}
	e = sync_run_finish(s->run, s->accept_shrink, add_finished_progress, s, why);
	end_run(s, e, why[0] != '\0' || e == ERR_OK ? why : "the store could not be written");
}

static void
list_page(struct full_sync *s)
{
	s->state = RUN_LISTING;
	s->base = apply_generation(s->apply);
	s->call = buf_status(&s->offset) != ERR_OK ? NULL : airtable_list(s->airtable,
	    s->schema, buf_str(&s->offset), AIRTABLE_SYNC, 0, page_arrived, s);
	if (s->call == NULL)
		end_run(s, ERR_NOMEM, "out of memory");
}

/* If the month has no calls left for a run, fail it for those who wait, and try again later. */
static bool
held_back(struct full_sync *s)
{
	char why[200];
	int64_t wait_ms;

	if (ledger_allows_sync(s->ledger, &wait_ms, why))
		return false;
	log_warn("sync: not started: %s", why);
	full_sync_schedule(s, wait_ms);
	sync_waiters_end(&s->waiters, ERR_AIRTABLE_QUOTA, why);
	return true;
}

static void
refuse_waiters(struct full_sync *s)
{
	sync_waiters_end(&s->waiters, ERR_CANCELLED, "syncd is stopping");
}

void
full_sync_start(struct full_sync *s, bool accept_shrink)
{
	enum err e;

	if (s->stopped) {
		refuse_waiters(s);
		return;
	}
	if (s->state != RUN_IDLE) {
		s->accept_shrink |= accept_shrink;
		return;
	}
	if (held_back(s))
		return;
	(void)uv_timer_stop(&s->next_timer);
	s->next_ms = 0;
	s->accept_shrink = accept_shrink;
	s->tries = s->restarts = s->left_out = 0;
	airtable_look_for_fields(s->airtable, s->schema);
	s->started_ms = instant_now();
	s->finished_ms = 0;
	s->flushed_ms = s->flush_took_ms = 0;
	s->detail[0] = '\0';
	s->runs++;
	buf_clear(&s->offset);
	log_info("sync: started");
	if ((e = sync_run_begin(s->run)) != ERR_OK) {
		end_run(s, e, "the store can't be read");
		return;
	}
	s->expected = sync_run_first(s->run) ? 0 : sync_run_expected(s->run);
	list_page(s);
}

static void
next_run(uv_timer_t *t)
{
	struct full_sync *s = t->data;

	if (!s->paced || !pace(s))
		full_sync_start(s, false);
}

uint64_t
full_sync_runs(const struct full_sync *s)
{
	return s->runs;
}

void
full_sync_watch(struct full_sync *s, full_sync_ended *watcher, void *cookie)
{
	s->watcher = watcher;
	s->watcher_cookie = cookie;
}

bool
full_sync_running(const struct full_sync *s)
{
	return s->state != RUN_IDLE;
}

const uint64_t *
full_sync_odd(const struct full_sync *s)
{
	return s->odd;
}

const struct outcomes *
full_sync_outcomes(const struct full_sync *s)
{
	return &s->ended;
}

void
full_sync_add_progress(const struct full_sync *s, struct buf *b)
{
	bool running = full_sync_running(s);
	const struct sync_progress p = {
		.running = running, .started_ms = s->started_ms, .finished_ms = s->finished_ms,
		.next_ms = s->next_ms, .odd = s->odd, .held = s->held,
		.counts = running ? sync_run_counts(s->run) : &s->counts,
		.expected = s->expected, .result = s->result, .detail = s->detail,
		.alarm = &s->alarm
	};

	sync_progress_add(&p, s->schema, b);
}

void
full_sync_cancel(struct full_sync *s)
{
	s->stopped = true;
	if (s->call != NULL)
		airtable_cancel(s->call);
	s->call = NULL;
	if (s->state != RUN_IDLE)
		end_run(s, ERR_CANCELLED, "syncd is stopping");
	(void)uv_timer_stop(&s->next_timer);
}

void
full_sync_stop(struct full_sync *s)
{
	full_sync_cancel(s);
	refuse_waiters(s);	/* those that came after the cancel */
	uv_close((uv_handle_t *)&s->wait_timer, NULL);
	uv_close((uv_handle_t *)&s->next_timer, NULL);
}

void
full_sync_free(struct full_sync *s)
{
	if (s == NULL)
		return;
	sync_run_free(s->run);
	buf_free(&s->offset);
	free(s);
}
