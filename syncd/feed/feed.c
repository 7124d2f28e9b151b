#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/keys.h"
#include "syncd/airtable/jitter.h"
#include "syncd/feed/parts.h"

#define BACKOFF_MS		250	/* before the second try, doubling */
#define BACKOFF_MAX_MS		10000	/* the circuit breaker takes care of longer ones */
#define REFUSED_MS		30000	/* when Airtable refused: somebody has to act */
#define STORE_PAUSE_MS		1000
#define PATIENCE_MS		2000	/* the shortest wait for an answer */
#define START_TRIES		3	/* before the first full sync begins without a cursor */
#define GAP_PAUSE_MS		5000	/* between full syncs that gaps ask for, doubling */
#define GAP_PAUSE_MAX_MS	600000
#define GAP_CALM_MS		600000	/* after so long without a gap the pause begins at 0 again */
#define CATCH_FIRST_MS		250	/* how often a full sync checks whether it still has to wait for the feed's calls */
#define WHOLE_MS		60000	/* how often kept.whole_ms is stored when nothing else is */

static void	 start_sync_timer(struct feed *, int64_t ms);
static void	 sync_ended(void *, uint64_t, enum err);

/* ---- life ------------------------------------------------------------------------ */
struct feed *
feed_new(uv_loop_t *loop, const struct config *config, const struct schema *schema,
    struct airtable *airtable, struct apply *apply, struct full_sync *sync, struct ledger *ledger)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->loop = loop;
	f->config = config;
	f->schema = schema;
	f->airtable = airtable;
	f->apply = apply;
	f->sync = sync;
	f->ledger = ledger;
	f->patience_ms = PATIENCE_MS;
	f->limit = FEED_LIMIT;
	if (feed_state_init(&f->kept) != ERR_OK || uv_timer_init(loop, &f->timer) != 0 ||
	    uv_timer_init(loop, &f->sync_timer) != 0) {
		feed_state_free(&f->kept);
		free(f);
		return NULL;
	}
	f->timer.data = f->sync_timer.data = f;
	return f;
}

/* Load how amounts are shown, unless it was read from another base or table. */
static void
load_money(struct feed *f, struct store *st)
{
	struct str text;

	buf_clear(&f->money);
	f->money_kept = f->kept.table[0] != '\0';
	if (meta_get(store_txn(st), store_databases(st)->meta, META_MONEY, &text))
		buf_add_str(&f->money, f->money_kept ? text : STR(CURRENCY_NOTHING));
}

static void
load(struct feed *f)
{
	struct store *st = apply_store(f->apply);
	struct str text = { NULL, 0 };

	if (store_begin(st) != ERR_OK)
		return;
	(void)meta_get(store_txn(st), store_databases(st)->meta, META_FEED, &text);
	feed_state_read(&f->kept, f->config, text);
	load_money(f, st);
	f->listed_ms = store_fresh_ms(st, f->schema);
	if (f->kept.told == 0)
		f->kept.told = store_generation(st);
	store_end(st);
	feed_secret_load(f);
	f->poll_stored_ms = f->kept.since_ms;
	f->whole_kept_ms = f->kept.whole_ms;
	f->catch_left = FEED_CATCH_CALLS;
	f->started_ms = instant_monotonic();
}

static void
begin(struct feed *f)
{
	f->failures = 0;
	f->why[0] = f->error[0] = '\0';
	f->table_known = false;
	if (f->config->sync.feed == FEED_OFF) {
		f->phase = FEED_RESTING;
		feed_fields_offer_none(f);
		feed_established(f);
		return;
	}
	f->gap_run = full_sync_runs(f->sync) + 1;
	f->phase = FEED_FINDING;
	feed_go(f, feed_find, 0);
}

void
feed_start(struct feed *f)
{
	load(f);
	apply_watch(f->apply, feed_watch, f);
	full_sync_watch(f->sync, sync_ended, f);
	f->sync_pending = true;
	feed_fields_load(f);
	begin(f);
}

/* Stop what is under way. */
static void
halt(struct feed *f)
{
	if (f->call != NULL)
		airtable_cancel(f->call);
	f->call = NULL;
	(void)uv_timer_stop(&f->timer);
	(void)uv_timer_stop(&f->sync_timer);
	feed_drop(f);
	feed_sweep_drop(f);
	buf_clear(&f->offset);
	f->catch_ms = 0;
}

void
feed_reconfigure(struct feed *f)
{
	if (f->stopped)
		return;
	halt(f);
	feed_fields_load(f);
	begin(f);
	if (f->kept.gap && f->phase != FEED_RESTING)
		start_sync_timer(f, 0);
}

void
feed_cancel(struct feed *f)
{
	if (f->stopped)
		return;
	f->stopped = true;
	apply_watch(f->apply, NULL, NULL);
	full_sync_watch(f->sync, NULL, NULL);
	halt(f);
}

void
feed_stop(struct feed *f)
{
	feed_cancel(f);
	uv_close((uv_handle_t *)&f->timer, NULL);
	uv_close((uv_handle_t *)&f->sync_timer, NULL);
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	feed_drop(f);
	feed_sweep_drop(f);
	webhook_table_free(&f->table);
	buf_free(&f->specification);
	buf_free(&f->url);
	buf_free(&f->offset);
	buf_free(&f->money);
	buf_free(&f->sweep_offset);
	explicit_bzero(f->secret, sizeof(f->secret));
	feed_state_free(&f->kept);
	free(f);
}

/* ---- steps and calls ------------------------------------------------------------- */
static void
on_timer(uv_timer_t *t)
{
	struct feed *f = t->data;

	f->step(f);
}

void
feed_go(struct feed *f, void (*step)(struct feed *), int64_t ms)
{
	f->step = step;
	if (f->stopped)
		return;
	uv_update_time(f->loop);
	(void)uv_timer_start(&f->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

int64_t
feed_rest(struct feed *f)
{
	int64_t ms = f->poke ? feed_poke_ms(f) : feed_pause(f);

	f->poke = false;
	return ms - (instant_monotonic() - f->began_ms);
}

void
feed_go_on(struct feed *f, void (*step)(struct feed *), int64_t ms)
{
	int64_t now = instant_monotonic();

	f->due_ms = now + ms;
	if (f->kept.again_count > 0 && feed_again_ms(f) - now < ms)
		ms = feed_again_ms(f) - now;
	if (ms > 0 && feed_sweep_due(f))
		feed_go(f, feed_sweep, 0);
	else
		feed_go(f, step, ms);
}

void
feed_asks(struct feed *f)
{
	f->base = apply_generation(f->apply);
}

void
feed_asked(struct feed *f, struct airtable_call *call)
{
	if (call == NULL) {
		feed_store_failed(f, f->step, ERR_NOMEM);
		return;
	}
	airtable_set_timeout(call, f->patience_ms);
	f->call = call;
}

static int64_t
within(int64_t ms, int64_t low, int64_t high)
{
	return ms < low ? low : ms > high ? high : ms;
}

void
feed_answered(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;
	int64_t most = f->config->airtable.request_timeout_ms;
	int64_t least = PATIENCE_MS < most ? PATIENCE_MS : most;

	f->call = NULL;
	if (f->stopped)
		return;
	if (r->server_ms != 0)
		f->began_server_ms = r->server_ms - (instant_monotonic() - f->began_ms);
	if (r->err == ERR_AIRTABLE_TIMEOUT)
		f->patience_ms = within(f->patience_ms * 2, least, most);
	else if (r->err == ERR_OK && r->sent_ms != 0)
		f->patience_ms = within((instant_monotonic() - r->sent_ms) * 4, least, most);
	feed_fields_check(f);
	if (r->smaller)
		f->step(f);
	else
		f->answer(f, r, page);
}

void
feed_succeeded(struct feed *f)
{
	bool back = f->failures >= FEED_FAILURES;

	f->failures = 0;
	f->error[0] = '\0';
	/* a full sync that failed meanwhile would otherwise wait for longer than needed */
	if (back && f->kept.gap && !f->sync_pending && !full_sync_running(f->sync))
		start_sync_timer(f, 0);
}

/* Without a cursor a full sync is better than none. */
static void
sync_without_cursor(struct feed *f, bool refused)
{
	if (!f->sync_pending || (!refused && f->failures < START_TRIES))
		return;
	f->sync_pending = false;
	full_sync_start(f->sync, false);
}

void
feed_failed(struct feed *f, const struct airtable_result *r)
{
	int64_t ms = BACKOFF_MS, blocked = airtable_blocked_ms(f->airtable, NULL);

	f->failures++;
	f->error_code = r->err;
	f->refused = !r->retryable;
	(void)snprintf(f->error, sizeof(f->error), "%s", r->message);
	for (unsigned i = 1; i < f->failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	ms = jitter_below(ms);
	/* an outage must not use more of the month's calls than normal polls do */
	if (f->failures >= FEED_FAILURES && ms < feed_pause(f))
		ms = feed_pause(f);
	if (!r->retryable)
		ms = REFUSED_MS;
	ms = ms > r->retry_after_ms ? ms : r->retry_after_ms;
	feed_go(f, f->step, ms > blocked ? ms : blocked);
	sync_without_cursor(f, !r->retryable);
}

void
feed_store_failed(struct feed *f, void (*step)(struct feed *), enum err e)
{
	int64_t ms = STORE_PAUSE_MS << (f->store_failures < 5 ? f->store_failures : 5);

	f->failures++;
	f->store_failures++;
	f->error_code = e;
	f->refused = false;
	(void)snprintf(f->error, sizeof(f->error), "%s", err_text(e));
	log_error("feed: %s; the same changes will be read again", err_text(e));
	feed_drop(f);
	buf_clear(&f->offset);
	feed_go(f, step, ms);
}

int64_t
feed_pause(struct feed *f)
{
	return ledger_poll_interval(f->ledger);
}

static int64_t
synced_ms(struct feed *f)
{
	struct store *st = apply_store(f->apply);
	int64_t ms;

	if (store_begin(st) != ERR_OK)
		return 0;
	ms = store_synced_ms(st, f->schema);
	store_end(st);
	return ms;
}

bool
feed_holds(struct feed *f)
{
	return synced_ms(f) == 0;
}

/* Store kept.whole_ms for the process after this one; commits of news store it as well. */
static void
keep_whole(struct feed *f)
{
	enum err e;

	if (f->kept.whole_ms - f->whole_kept_ms < WHOLE_MS)
		return;
	f->whole_kept_ms = f->kept.whole_ms;	/* even if this fails it is not tried again sooner */
	if ((e = feed_commit(f, NULL, 0, true)) != ERR_OK)
		log_error("feed: %s; its position will be stored later", err_text(e));
}

void
feed_follow(struct feed *f)
{
	(f->phase == FEED_READING ? feed_read : feed_poll)(f);
}

void
feed_follow_next(struct feed *f)
{
	(f->phase == FEED_READING ? feed_read_next : feed_poll_next)(f);
}

void
feed_is_fresh(struct feed *f)
{
	f->success_ms = instant_now();
	ledger_polled(f->ledger, f->as_of_ms);
	if (f->kept.gap)
		return;
	if (!feed_sweep_needed(f))
		f->listed_ms = f->as_of_ms;
	f->fresh_ms = f->as_of_ms < f->listed_ms ? f->as_of_ms : f->listed_ms;
	/* not the last page's time: an expired webhook answers with empty pages */
	f->kept.whole_ms = f->phase == FEED_READING ? f->alive_ms : f->began_server_ms;
	f->catch_left = FEED_CATCH_CALLS;
	keep_whole(f);
	if (f->fresh_ms != 0)
		ledger_fresh(f->ledger, f->fresh_ms);
}

/* ---- full syncs ------------------------------------------------------------------ */
/* A run under way has to end first: it began too early.  sync_ended() then sets the timer again. */
static void
on_sync_timer(uv_timer_t *t)
{
	struct feed *f = t->data;

	/*
	 * wait for what the feed is about to find: it may be another gap, which the same
	 * sync then closes
	 */
	if (f->catch_ms != 0 || ((f->finding || f->broken) && f->failures < START_TRIES))
		start_sync_timer(f, CATCH_FIRST_MS);
	else if (f->kept.gap && !full_sync_running(f->sync))
		full_sync_start(f->sync, false);
}

static void
start_sync_timer(struct feed *f, int64_t ms)
{
	uv_update_time(f->loop);
	(void)uv_timer_start(&f->sync_timer, on_sync_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

void
feed_gap(struct feed *f, const char *fmt, ...)
{
	int64_t now = instant_monotonic();
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->gap_why, sizeof(f->gap_why), fmt, ap);
	va_end(ap);
	if (f->sync_pending)
		log_info("feed: %s", f->gap_why);	/* the feed is only starting */
	else
		log_warn("feed: %s; a full sync makes up for it", f->gap_why);
	f->gap_at_ms = instant_now();
	f->gaps++;
	f->kept.gap = true;
	f->gap_run = full_sync_runs(f->sync) + 1;
	if (f->gap_ms == 0 || now - f->gap_ms > GAP_CALM_MS)
		f->gap_pause_ms = 0;
	f->gap_ms = now;
	if (!f->sync_pending)
		start_sync_timer(f, f->gap_pause_ms);
}

static void
gap_closed(struct feed *f)
{
	enum err e;

	f->kept.gap = false;
	f->window_ms = 0;
	log_info("feed: the gap is closed");
	if ((e = feed_commit(f, NULL, 0, true)) != ERR_OK) {
		log_error("feed: %s; another full sync will be made", err_text(e));
		f->kept.gap = true;
	}
}

/* A full sync has listed everything: the store has all that Airtable had when it began. */
static void
note_listing(struct feed *f)
{
	struct store *st = apply_store(f->apply);

	if (store_begin(st) != ERR_OK)
		return;
	if (store_fresh_ms(st, f->schema) > f->listed_ms)
		f->listed_ms = store_fresh_ms(st, f->schema);
	store_end(st);
}

static void
sync_ended(void *cookie, uint64_t run, enum err e)
{
	struct feed *f = cookie;

	if (e == ERR_OK)
		note_listing(f);
	if (f->phase == FEED_RESTING || e != ERR_OK)
		return;		/* the full sync tries again by itself */
	feed_fields_check(f);
	f->window_ms = f->odd_ms = 0;
	f->odd_told = false;
	if (!f->kept.gap)
		return;
	if (run >= f->gap_run) {
		gap_closed(f);
		return;
	}
	f->gap_pause_ms = within(f->gap_pause_ms * 2, GAP_PAUSE_MS, GAP_PAUSE_MAX_MS);
	start_sync_timer(f, f->gap_pause_ms);
}

void
feed_established(struct feed *f)
{
	int64_t since, now = instant_now();

	if (!f->sync_pending)
		return;
	f->sync_pending = false;
	since = synced_ms(f);
	if (f->phase == FEED_RESTING || f->kept.gap || since == 0 || since > now ||
	    now - since >= ledger_sync_interval(f->ledger))
		full_sync_start(f->sync, false);
	else
		full_sync_schedule(f->sync, since + ledger_sync_interval(f->ledger) - now);
}
