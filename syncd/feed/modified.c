#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "syncd/feed/parts.h"

/*
 * Records by the time of their last change.  That is Airtable's clock in whole
 * seconds, listings may lag behind it, and the filter may yield more than was
 * asked for.  So each poll reaches back some seconds more, and content decides.
 */
#define OVERLAP_MS	10000
#define CATCH_OVERLAP_MS 2000	/* less in a gap, as a full sync follows */
#define NO_CLOCK_MS	60000	/* the overlap if Airtable does not send its time */
#define STORE_MS	60000	/* how often the time asked for is stored while nothing changes */
#define HOLD_MS		250
#define PAGE_ROOM	1000	/* records of a page, see AIRTABLE_RECORDS_MAX */
#define CATCH_GAP_MS	600000	/* bridging a longer gap may take as long as a full sync */

/* The time from which to bridge a gap; 0: too long ago, or not known. */
static int64_t
catch_from(const struct feed *f)
{
	int64_t now = f->began_server_ms != 0 ? f->began_server_ms : instant_now();

	return now - f->kept.whole_ms <= CATCH_GAP_MS ? f->kept.whole_ms : 0;
}

void
feed_poll_begin(struct feed *f, const struct airtable_result *r, int64_t look_in_ms)
{
	bool was = f->phase == FEED_POLLING;

	f->phase = FEED_POLLING;
	f->look_ms = instant_monotonic() + look_in_ms;
	f->wish = WEBHOOK_ALL;
	buf_clear(&f->offset);
	f->catch_ms = 0;
	f->kept.webhook[0] = f->secret[0] = '\0';
	if (f->kept.since_ms == 0) {
		if ((f->kept.since_ms = catch_from(f)) == 0)
			f->kept.since_ms = r->server_ms != 0 ? r->server_ms :
			    instant_now() - NO_CLOCK_MS;
		feed_gap(f, "the feed starts over, by modification time");
	}
	if (!was)
		log_info("feed: following Airtable by modification time");
	feed_established(f);
	feed_poll(f);
}

void
feed_poll_next(struct feed *f)
{
	feed_go_on(f, feed_poll, feed_rest(f));
}

/*
 * A listing may lag behind what a write of ours or a payload has just brought.
 * While polling, the next poll would correct this, but after a gap there is none,
 * so the record is read again.  Without room for it, it is left to the full sync.
 */
static void
look_later(struct feed *f, struct str id)
{
	int64_t now = instant_monotonic();

	if (f->catch_ms != 0 && feed_changed_lately(f, id))
		(void)feed_state_again(&f->kept, id, now, now + FEED_LOOK_MS, 0);
}

/* The records of the page that differ from the store. */
static enum err
differing(struct feed *f, const struct airtable_page *page, struct change *changes, size_t *n)
{
	struct store *st = apply_store(f->apply);
	enum err e = store_begin(st);

	*n = 0;
	for (size_t i = 0; i < page->count && e == ERR_OK && i < PAGE_ROOM; i++) {
		struct row_view view;
		struct record stored;
		uint32_t row;

		if (store_find_record(st, f->schema, page->records[i].id, &row) == ERR_OK) {
			if (store_row(st, f->schema, row, &view) == ERR_OK &&
			    row_values(&view, f->schema, &stored) == ERR_OK &&
			    record_agrees(f->schema, &page->records[i], &stored))
				continue;
			look_later(f, page->records[i].id);
		}
		changes[(*n)++] = (struct change){
			.table = f->schema,
			.kind = CHANGE_UPSERT, .record = page->records[i], .base = f->base
		};
	}
	if (e == ERR_OK)
		feed_keep_odd(f, st, changes, *n);
	store_end(st);
	return e;
}

static enum err
take(struct feed *f, const struct airtable_page *page, bool last)
{
	struct change *changes = calloc(page->count + 1, sizeof(*changes));
	int64_t since = f->kept.since_ms, now = instant_now();
	size_t n = 0;
	enum err e = changes == NULL ? ERR_NOMEM : differing(f, page, changes, &n);

	if (e == ERR_OK) {
		if (last)
			f->kept.since_ms = f->poll_server_ms;
		last = last && (n > 0 || f->kept.since_ms - f->poll_stored_ms > STORE_MS);
		e = feed_commit(f, changes, n, last);
	}
	if (e == ERR_OK && last)
		f->poll_stored_ms = f->kept.since_ms;
	if (e != ERR_OK)
		f->kept.since_ms = since;
	if (e == ERR_OK && n > 0) {
		f->event_ms = now;
		f->lag_ms = 0;		/* records do not tell when they changed */
		ledger_active(f->ledger, now);
	}
	free(changes);
	return e;
}

/* Note the next page.  true: this was the last. */
static bool
turn_page(struct feed *f, const struct airtable_page *page)
{
	bool last = page->offset.len == 0 || str_eq(page->offset, buf_str(&f->offset));

	buf_clear(&f->offset);
	if (!last)
		buf_add_str(&f->offset, page->offset);
	return last;
}

static void
page_arrived(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;
	bool first = f->offset.len == 0, last;
	enum err e;

	if (r->err != ERR_OK) {
		if (r->err == ERR_AIRTABLE_ITERATOR)
			buf_clear(&f->offset);
		feed_failed(f, r);
		return;
	}
	feed_succeeded(f);
	if (first)
		f->poll_server_ms = r->server_ms != 0 ? r->server_ms :
		    f->as_of_ms - NO_CLOCK_MS + OVERLAP_MS;
	last = turn_page(f, page);
	if ((e = buf_status(&f->offset)) != ERR_OK || (e = take(f, page, last)) != ERR_OK) {
		feed_store_failed(f, feed_poll, e);
	} else if (!last) {
		feed_poll(f);
	} else {
		feed_is_fresh(f);
		feed_poll_next(f);
	}
}

static void
add_formula(struct buf *b, int64_t from)
{
	char text[INSTANT_TEXT_SIZE];

	from -= from % 1000;
	if (instant_format(from, text) != ERR_OK) {
		b->error = ERR_INVALID_PARAMETER;
		return;
	}
	buf_printf(b, "OR(NOT(IS_BEFORE(LAST_MODIFIED_TIME(),DATETIME_PARSE('%s'))),"
	    "NOT(IS_BEFORE(CREATED_TIME(),DATETIME_PARSE('%s'))))", text, text);
}

static void
ask(struct feed *f, int64_t from_ms, airtable_cb *answer)
{
	struct buf formula = { 0 };

	add_formula(&formula, from_ms);
	if (f->offset.len == 0) {
		f->began_ms = instant_monotonic();
		f->as_of_ms = instant_now();
		f->looked = false;
		f->polls++;
	}
	f->answer = answer;
	feed_asks(f);
	feed_asked(f, buf_status(&formula) != ERR_OK ? NULL : airtable_list_where(f->airtable,
	    f->schema, buf_str(&formula), buf_str(&f->offset), AIRTABLE_FEED, feed_answered, f));
	buf_free(&formula);
}

void
feed_poll(struct feed *f)
{
	f->step = feed_poll;
	f->finding = false;
	if (feed_holds(f)) {
		feed_go(f, feed_poll, HOLD_MS);
	} else if (f->offset.len > 0) {
		ask(f, f->kept.since_ms - OVERLAP_MS, page_arrived);
	} else if (feed_again_due(f)) {
		feed_again(f);
	} else if ((f->config->sync.feed == FEED_AUTO && instant_monotonic() >= f->look_ms) ||
	    feed_fields_due(f)) {
		feed_look_anew(f);
	} else {
		ask(f, f->kept.since_ms - OVERLAP_MS, page_arrived);
	}
}

/* ---- bridging a gap -------------------------------------------------------------- */
void
feed_catch_up_on(struct feed *f)
{
	f->catch_ms = catch_from(f);
}

static void
catch_up_ended(struct feed *f)
{
	f->catch_ms = f->due_ms = 0;
	buf_clear(&f->offset);
	feed_read(f);
}

static void
catch_up_failed(struct feed *f, const struct airtable_result *r)
{
	if (r->err == ERR_AIRTABLE_ITERATOR) {
		buf_clear(&f->offset);
		feed_catch_up(f);
	} else if (r->retryable && f->failures + 1 < FEED_FAILURES) {
		feed_failed(f, r);
	} else {
		catch_up_ended(f);
	}
}

static void
caught(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;
	bool last;
	enum err e;

	if (r->err != ERR_OK) {
		catch_up_failed(f, r);
		return;
	}
	feed_succeeded(f);
	last = turn_page(f, page);
	if ((e = buf_status(&f->offset)) != ERR_OK || (e = take(f, page, false)) != ERR_OK) {
		f->catch_ms = 0;
		feed_store_failed(f, feed_read, e);
	} else if (last) {
		log_info("feed: the store has the changes of the gap; deletions follow with the next full sync");
		catch_up_ended(f);
	} else {
		feed_catch_up(f);
	}
}

void
feed_catch_up(struct feed *f)
{
	f->step = feed_catch_up;
	if (f->catch_left == 0) {
		catch_up_ended(f);
		return;
	}
	f->catch_left--;
	ask(f, f->catch_ms - CATCH_OVERLAP_MS, caught);
}
