#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/request.h"
#include "syncd/feed/parts.h"

/*
 * After so many empty pages in a row the webhook is checked, as an expired one has
 * only empty pages.
 */
#define IDLE_CHECK	10
#define BUSY_CHECK	3	/* the same if there was news within BUSY_MS */
#define BUSY_MS		60000
#define HOLD_MS		250	/* between checks whether the first sync is over */
#define PINGS_MS	60000	/* with the last ping so long before the last news, pings are not relied on */

/* ---- what a page brings besides records ------------------------------------------ */
static void
note_schema(struct feed *f)
{
	const struct payload_page *p = &f->page;

	if (!p->schema)
		return;
	(void)snprintf(f->schema_what, sizeof(f->schema_what), "%.*s",
	    STR_FMT(buf_str(&p->schema_what)));
	f->schema_at_ms = instant_now();
	log_warn("feed: the base's schema has changed: %s", f->schema_what);
	feed_fields_payloads(f);
	/* our fields are known by their ids; their names and types are looked up again */
	f->table_known = false;
	f->broken = true;
}

static void
note_loss(struct feed *f)
{
	const struct payload_page *p = &f->page;
	uint64_t first = p->cursor - p->payloads, wanted = f->kept.cursor;

	if (p->cursor < p->payloads || first != wanted) {
		feed_gap(f, "payload %llu was to come next, and Airtable went on with %llu",
		    (unsigned long long)wanted, (unsigned long long)first);
		feed_catch_up_on(f);
	}
	if (p->error) {
		feed_gap(f, "payload %llu or one before it is an error: %s",
		    (unsigned long long)p->cursor - 1, p->code);
		feed_catch_up_on(f);
		if (strcmp(p->code, "INTERNAL_ERROR") != 0)
			f->broken = true;
	}
}

static void
note_news(struct feed *f)
{
	const struct payload_page *p = &f->page;
	int64_t now = instant_now();

	f->payloads += p->payloads;
	f->odd = p->payloads == 0 && feed_silence_odd(&f->silence, instant_monotonic());
	if (p->payloads == 0) {
		f->idle++;
		return;
	}
	f->idle = 0;
	f->busy_ms = instant_monotonic();
	feed_silence_news(&f->silence, p->payloads, f->began_ms);
	if (p->newest_ms > f->alive_ms)
		f->alive_ms = p->newest_ms;
	f->event_ms = p->newest_ms != 0 ? p->newest_ms : now;
	f->lag_ms = now > f->event_ms ? now - f->event_ms : 0;
	ledger_active(f->ledger, f->event_ms < now ? f->event_ms : now);
}

/* ---- our webhook before this one ---------------------------------------------------- */
static void
old_removed(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;

	(void)page;
	if (r->err == ERR_OK)
		log_info("feed: deleted the webhook %s", f->kept.old);
	/* stored with the next commit; deleting it twice does no harm */
	if (r->err == ERR_OK || !r->retryable)
		f->kept.old[0] = '\0';
	feed_read_next(f);
}

static void
remove_old(struct feed *f)
{
	struct buf path = { 0 };

	airtable_add_webhook_path(&path, f->config, f->kept.old);
	f->step = remove_old;
	f->old_tries++;
	f->answer = old_removed;
	feed_asks(f);
	feed_asked(f, buf_status(&path) != ERR_OK ? NULL : airtable_ask(f->airtable, "DELETE",
	    buf_str(&path), STR(""), AIRTABLE_FEED, feed_answered, f));
	buf_free(&path);
}

/* ---- a page ----------------------------------------------------------------------- */
static bool
calls_are_scarce(struct feed *f)
{
	return feed_pause(f) > f->config->sync.feed_interval_ms;
}

/*
 * Where pings come they say when to poll.  If they stop, either nothing happens
 * or they are not sent any more.
 */
static int64_t
until_odd(struct feed *f, int64_t now)
{
	const struct feed_silence *s = &f->silence;
	int64_t patience = feed_silence_patience(s, now);

	if (f->poked_ms == 0 || f->poked_ms < s->news_ms - PINGS_MS || patience == INT64_MAX ||
	    calls_are_scarce(f))
		return INT64_MAX;
	return s->news_ms + patience - now;
}

void
feed_read_next(struct feed *f)
{
	int64_t odd = until_odd(f, instant_monotonic()), rest = feed_rest(f);

	feed_go_on(f, feed_read, odd < rest ? odd : rest);
}

/* Is the webhook checked at once?  Where calls are scarce, the check replaces a poll. */
static bool
look_at_once(struct feed *f)
{
	if (!f->odd || !calls_are_scarce(f))
		return f->odd;
	f->idle = IDLE_CHECK;
	return false;
}

static void
page_taken(struct feed *f)
{
	feed_drop(f);
	f->due_ms = 0;
	if (f->broken) {
		f->broken = false;
		feed_find(f);
	} else if (f->more || f->catch_ms != 0) {
		feed_read(f);
	} else if (look_at_once(f)) {
		feed_check(f);
	} else {
		feed_is_fresh(f);
		if (f->kept.old[0] != '\0' && f->old_tries < FEED_OLD_TRIES)
			remove_old(f);
		else
			feed_read_next(f);
	}
}

/* The page can't be read: ask for fewer payloads, and in the end skip the payload. */
static void
page_unreadable(struct feed *f, const struct airtable_result *r)
{
	if (f->limit > 1) {
		f->limit = f->limit / 4 > 0 ? f->limit / 4 : 1;
	} else if (f->failures >= 5) {
		log_error("feed: payload %llu can't be read: %s", (unsigned long long)f->kept.cursor,
		    r->message);
		f->lost = true;
		f->limit = FEED_LIMIT;
		f->step = feed_check;
	}
	feed_failed(f, r);
}

static void
page_failed(struct feed *f, const struct airtable_result *r)
{
	switch (r->err) {
	case ERR_AIRTABLE_FORBIDDEN:
	case ERR_AIRTABLE_NOT_FOUND:
		log_warn("feed: the webhook %s can't be read: %s", f->kept.webhook, r->message);
		feed_check(f);
		break;
	case ERR_AIRTABLE_REJECTED:
		log_warn("feed: the webhook %s has no payload %llu: %s", f->kept.webhook,
		    (unsigned long long)f->kept.cursor, r->message);
		f->lost = true;
		feed_check(f);
		break;
	case ERR_AIRTABLE_BAD_RESPONSE:
		page_unreadable(f, r);
		break;
	default:
		feed_failed(f, r);
	}
}

static void
page_arrived(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct airtable_result unread = { .err = ERR_AIRTABLE_BAD_RESPONSE, .retryable = true };
	struct feed *f = cookie;
	char why[WEBHOOK_WHY_SIZE];
	enum err e;

	if (r->err != ERR_OK) {
		page_failed(f, r);
		return;
	}
	feed_drop(f);
	if ((e = payload_page_read(&f->page, f->schema, &f->table, page->body, why)) == ERR_NOMEM) {
		feed_store_failed(f, feed_read, e);
		return;
	}
	if (e != ERR_OK) {
		(void)snprintf(unread.message, sizeof(unread.message), "%s", why);
		page_unreadable(f, &unread);
		return;
	}
	feed_succeeded(f);
	if (f->limit < FEED_LIMIT)
		f->limit = f->limit * 2 < FEED_LIMIT ? f->limit * 2 : FEED_LIMIT;
	note_loss(f);
	note_schema(f);
	note_news(f);
	f->more = f->page.more;
	f->taken = page_taken;
	feed_take(f);
}

static void
ask_page(struct feed *f)
{
	struct buf path = { 0 };

	airtable_add_webhook_path(&path, f->config, f->kept.webhook);
	buf_printf(&path, "/payloads?cursor=%llu&limit=%zu", (unsigned long long)f->kept.cursor,
	    f->limit);
	f->polls++;
	f->looked = false;
	f->began_ms = instant_monotonic();
	f->as_of_ms = instant_now();
	f->answer = page_arrived;
	feed_asks(f);
	f->page_base = f->base;
	feed_asked(f, buf_status(&path) != ERR_OK ? NULL : airtable_ask(f->airtable, "GET",
	    buf_str(&path), STR(""), AIRTABLE_FEED, feed_answered, f));
	buf_free(&path);
}

void
feed_read(struct feed *f)
{
	f->step = feed_read;
	f->finding = false;
	if (feed_holds(f))
		feed_go(f, feed_read, HOLD_MS);
	else if (f->catch_ms != 0)
		feed_catch_up(f);
	else if (feed_fields_due(f))
		feed_look_anew(f);
	else if (feed_again_due(f))
		feed_again(f);
	else if (f->idle >= (instant_monotonic() - f->busy_ms < BUSY_MS ? BUSY_CHECK : IDLE_CHECK))
		feed_check(f);
	else
		ask_page(f);
}
