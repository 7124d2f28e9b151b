#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "common/store/keys.h"
#include "syncd/calls/ledger.h"

#define AHEAD_SHARE	5000	/* this part of the month's calls is counted ahead ... */
#define AHEAD_MIN	2
#define AHEAD_MAX	20	/* ... within these bounds; a kill adds so many */
#define FRESH_MS	5000	/* how often the store's freshness is stored if nothing else is */
#define WEEK_MS		INT64_C(604800000)
#define DAY_MS		INT64_C(86400000)
#define HELD_MAX_MS	INT64_C(21600000)	/* a full sync is put off no longer than this at a time */
#define CALLED_FILE	"syncd.called"	/* in store.path; only its time matters */

struct ledger {
	const struct config	*config;
	struct airtable		*airtable;
	struct apply		*apply;
	struct budget		 budget;
	uv_timer_t		 timer;		/* the next keep() */
	uint64_t		 uncounted;	/* calls since the count in the store, which is ahead */
	int64_t			 fresh_ms;	/* wall clock, 0: not known */
	int64_t			 fresh_kept_ms;	/* fresh_ms as the store has it */
	bool			 tight;		/* full syncs come less often than configured, and this was logged */
	int			 called_fd;	/* -1: none */
};

static uint64_t
ahead_of(const struct ledger *l)
{
	uint64_t n = (uint64_t)l->config->airtable.monthly_calls / AHEAD_SHARE;

	/*
	 * without a budget nothing depends on it; with one, a commit every few calls costs
	 * little
	 */
	if (l->config->airtable.monthly_calls == 0 || n > AHEAD_MAX)
		return AHEAD_MAX;
	return n > AHEAD_MIN ? n : AHEAD_MIN;
}

static void
keep(struct ledger *l, uint64_t ahead)
{
	struct apply_meta meta = { .table = &orders_schema, .fresh_ms = l->fresh_ms };
	struct apply_result result;
	struct buf b = { 0 };

	budget_save(&l->budget, ahead, &b);
	meta.calls = buf_str(&b);
	/* failures are logged, and the next call tries again */
	if (buf_status(&b) == ERR_OK && apply_changes(l->apply, NULL, 0, SOURCE_JOB, &meta,
	    instant_now(), &result) == ERR_OK) {
		l->uncounted = 0;
		l->fresh_kept_ms = l->fresh_ms;
	}
	buf_free(&b);
}

static void
keep_now(uv_timer_t *t)
{
	struct ledger *l = t->data;

	keep(l, ahead_of(l));
}

/* Keep at the loop's next turn, as the caller may be within a snapshot. */
static void
keep_soon(struct ledger *l)
{
	if (!uv_is_closing((uv_handle_t *)&l->timer))
		(void)uv_timer_start(&l->timer, keep_now, 0, 0);
}

static void
warn(struct ledger *l, int64_t now)
{
	unsigned percent = budget_warning(&l->budget, now);

	if (percent == 0)
		return;
	log_warn("airtable: %u%% of this month's calls are used: %llu of %lld with %lld days to go, "
	    "%llu by then at this rate", percent,
	    (unsigned long long)budget_used(&l->budget, now),
	    (long long)l->config->airtable.monthly_calls,
	    (long long)((instant_month(now, 1) - now) / DAY_MS),
	    (unsigned long long)budget_forecast(&l->budget, now));
	keep_soon(l);	/* so that it is logged once only */
}

static bool
may_start(void *cookie, enum airtable_priority priority)
{
	struct ledger *l = cookie;

	return budget_allows(&l->budget, (enum budget_use)priority, instant_now());
}

static void
sent(void *cookie, enum airtable_priority priority)
{
	struct ledger *l = cookie;
	int64_t now = instant_now();

	budget_count(&l->budget, (enum budget_use)priority, now);
	if (priority == AIRTABLE_WRITE)
		budget_active(&l->budget, now);
	if (l->called_fd != -1 && futimens(l->called_fd, NULL) == -1)
		log_warn("airtable: the time of a call can't be stored: %s", strerror(errno));
	if (++l->uncounted * 2 >= ahead_of(l))
		keep_soon(l);
	warn(l, now);
}

static void
add_status(void *cookie, struct buf *b)
{
	struct ledger *l = cookie;
	int64_t now = instant_now();
	struct budget_plan p = budget_plan(&l->budget, now);
	bool limited = l->config->airtable.monthly_calls > 0;

	json_name(b, "monthlyCalls");
	buf_add_char(b, '{');
	json_member_uint(b, "used", budget_used(&l->budget, now));
	if (limited)
		json_member_int(b, "budget", l->config->airtable.monthly_calls);
	else
		json_member_null(b, "budget");
	json_member_uint(b, "forecast", budget_forecast(&l->budget, now));
	json_member_instant(b, "resetsAt", p.until_ms);
	if (limited) {
		json_name(b, "left");
		buf_add_char(b, '{');
		json_member_uint(b, "writes", p.writes);
		json_member_uint(b, "syncs", p.syncs);
		json_member_uint(b, "feed", p.feed);
		buf_add_char(b, '}');
	}
	json_member_int(b, "pollSeconds",
	    (budget_interval(&l->budget, now) + 999) / 1000);
	json_member_int(b, "syncSeconds", p.sync_interval_ms / 1000);
	buf_add_char(b, '}');
}

/* Load what the store has, and estimate the pages of a full sync. */
static void
load(struct ledger *l, int64_t now)
{
	struct store *st = apply_store(l->apply);
	struct str kept;

	if (store_begin(st) != ERR_OK)
		return;
	if (meta_get(store_txn(st), store_databases(st)->meta, META_CALLS, &kept))
		budget_load(&l->budget, kept, now);
	l->fresh_ms = l->fresh_kept_ms = store_fresh_ms(st, &orders_schema);
	budget_set_listing(&l->budget, store_row_count(st, &orders_schema) / 100 + 1);
	store_end(st);
}

/*
 * How long ago the process before this one sent its last call; -1: it never
 * sent one; 0 if that is not known or the clock was set back.
 */
static int64_t
called_ms(struct ledger *l, int64_t now)
{
	char path[sizeof(l->config->store.path) + sizeof(CALLED_FILE) + 1];
	struct stat st;
	int64_t ago;

	(void)snprintf(path, sizeof(path), "%s/%s", l->config->store.path, CALLED_FILE);
	if ((l->called_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)) != -1)
		return -1;
	if (errno != EEXIST || (l->called_fd = open(path, O_WRONLY | O_CLOEXEC)) == -1 ||
	    fstat(l->called_fd, &st) == -1) {
		log_warn("store: %s: %s", path, strerror(errno));
		return 0;
	}
	ago = now - (int64_t)st.st_mtim.tv_sec * 1000 - st.st_mtim.tv_nsec / 1000000;
	return ago > 0 ? ago : 0;
}

struct ledger *
ledger_new(uv_loop_t *loop, const struct config *config, struct airtable *airtable,
    struct apply *apply)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int64_t ago, now = instant_now();

	if (l == NULL)
		return NULL;
	l->config = config;
	l->airtable = airtable;
	l->apply = apply;
	budget_init(&l->budget, now);
	ledger_reconfigure(l);
	if (uv_timer_init(loop, &l->timer) != 0) {
		free(l);
		return NULL;
	}
	l->timer.data = l;
	load(l, now);
	if ((ago = called_ms(l, now)) >= 0)
		airtable_assume_call(airtable, ago);
	/* save after the next call: what the store has counted ahead covers calls until then */
	l->uncounted = AHEAD_MAX;
	airtable_set_meter(airtable, &(struct airtable_meter){
		.may_start = may_start, .sent = sent, .add_status = add_status, .cookie = l
	});
	return l;
}

void
ledger_stop(struct ledger *l)
{
	airtable_set_meter(l->airtable, &(struct airtable_meter){ 0 });
	keep(l, 0);
	if (l->called_fd != -1)
		(void)close(l->called_fd);	/* nothing was written, so no error matters */
	uv_close((uv_handle_t *)&l->timer, NULL);
}

void
ledger_free(struct ledger *l)
{
	free(l);
}

void
ledger_reconfigure(struct ledger *l)
{
	budget_configure(&l->budget, l->config->airtable.monthly_calls,
	    l->config->sync.full_interval_ms, l->config->sync.feed == FEED_OFF ? 0 :
	    l->config->sync.feed_interval_ms);
}

int64_t
ledger_poll_interval(struct ledger *l)
{
	return budget_interval(&l->budget, instant_now());
}

int64_t
ledger_sweep_interval(struct ledger *l, uint64_t pages, int64_t wanted_ms)
{
	return budget_sweep_interval(&l->budget, instant_now(), pages, wanted_ms);
}

void
ledger_active(struct ledger *l, int64_t at_ms)
{
	int64_t now = instant_now();

	/* the time is from another clock */
	if (at_ms > now)
		at_ms = now;
	if (at_ms > now - WEEK_MS)
		budget_active(&l->budget, at_ms);
}

void
ledger_polled(struct ledger *l, int64_t as_of_ms)
{
	budget_polled(&l->budget, as_of_ms);
}

void
ledger_fresh(struct ledger *l, int64_t as_of_ms)
{
	l->fresh_ms = as_of_ms;
	if (as_of_ms - l->fresh_kept_ms >= FRESH_MS || as_of_ms < l->fresh_kept_ms)
		keep_soon(l);
}

int64_t
ledger_sync_interval(struct ledger *l)
{
	struct budget_plan p = budget_plan(&l->budget, instant_now());

	if (p.tight && !l->tight)
		log_warn("airtable: airtable.monthly_calls allows a full sync only every %lld hours, "
		    "not as often as sync.full_interval says",
		    (long long)(p.sync_interval_ms / 3600000));
	l->tight = p.tight;
	return p.sync_interval_ms;
}

bool
ledger_allows_sync(struct ledger *l, int64_t *wait_ms, char why[static 200])
{
	struct store *st = apply_store(l->apply);
	int64_t now = instant_now();
	bool first = false;

	if (budget_allows_sync(&l->budget, now))
		return true;
	if (store_begin(st) == ERR_OK) {
		first = store_synced_ms(st, &orders_schema) == 0;
		store_end(st);
	}
	if (first && budget_allows(&l->budget, BUDGET_SYNC, now))
		return true;
	*wait_ms = instant_month(now, 1) - now;
	if (*wait_ms > HELD_MAX_MS)
		*wait_ms = HELD_MAX_MS;
	(void)snprintf(why, 200, "%llu of the month's %lld calls are used, and the rest is kept for "
	    "writes (airtable.monthly_calls)", (unsigned long long)budget_used(&l->budget, now),
	    (long long)l->config->airtable.monthly_calls);
	return false;
}

void
ledger_synced(struct ledger *l, uint64_t pages)
{
	budget_set_listing(&l->budget, pages);
}
