#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "syncd/feed/parts.h"

/*
 * No filter finds deleted records, and cells that Airtable computes from other
 * records change without the record's time of change and without a payload.  So now
 * and then a sweep lists all ids, with these computed cells.  Cells that differ are
 * taken.  Rows that are not in the listing are read again by id, and those that
 * Airtable does not have are deleted.
 */
#define SWEEP_MIN_MS	60000	/* from one to the next, */
#define SWEEP_PAGE_MS	5000	/* and so much for each of its pages */
#define SWEEP_RETRY_MS	15000

void
feed_sweep_drop(struct feed *f)
{
	listing_end(&f->sweep_listing);
	buf_clear(&f->sweep_offset);
}

bool
feed_sweep_needed(const struct feed *f)
{
	return f->phase != FEED_READING || feed_fields_derived(f) != 0;
}

/* The time from one sweep to the next, as things are now. */
static int64_t
every_ms(struct feed *f)
{
	int64_t ms = (int64_t)f->sweep_pages * SWEEP_PAGE_MS;

	return ledger_sweep_interval(f->ledger, f->sweep_pages, ms > SWEEP_MIN_MS ? ms : SWEEP_MIN_MS);
}

bool
feed_sweep_due(struct feed *f)
{
	int64_t now = instant_monotonic();

	if (!feed_sweep_needed(f) || f->failures > 0)
		return false;
	if (listing_under_way(&f->sweep_listing))
		return true;
	/* computed again each time, as a quiet base may get busy */
	if (f->sweep_ended_ms != 0)
		f->sweep_every_ms = every_ms(f);
	return now >= (f->sweep_ended_ms != 0 ? f->sweep_ended_ms + f->sweep_every_ms :
	    f->sweep_next_ms);
}

static enum err
begin(struct feed *f)
{
	struct store *st = apply_store(f->apply);
	enum err e = store_begin(st);

	if (e != ERR_OK)
		return e;
	f->sweep_base = store_generation(st);
	e = listing_begin(&f->sweep_listing, st, f->schema);
	store_end(st);
	f->sweep_pages = 0;
	f->sweep_ms = instant_now();
	f->sweep_fields = feed_fields_derived(f);
	buf_clear(&f->sweep_offset);
	return e;
}

/* Does the record have a row with other cells?  New records are found in other ways. */
static bool
differs(struct feed *f, struct store *st, const struct record *record)
{
	struct row_view view;
	struct record stored;
	uint32_t row;

	if (store_find_record(st, f->schema, record->id, &row) != ERR_OK)
		return false;
	listing_see(&f->sweep_listing, row);
	return f->sweep_fields != 0 && store_row(st, f->schema, row, &view) == ERR_OK &&
	    row_values(&view, f->schema, &stored) == ERR_OK &&
	    !record_agrees(f->schema, record, &stored);
}

/* Mark the rows of a page as seen, and take what differs. */
static enum err
take(struct feed *f, const struct airtable_page *page)
{
	struct change *changes = calloc(page->count + 1, sizeof(*changes));
	struct store *st = apply_store(f->apply);
	size_t n = 0;
	enum err e = changes == NULL ? ERR_NOMEM : store_begin(st);

	for (size_t i = 0; i < page->count && e == ERR_OK; i++)
		if (differs(f, st, &page->records[i]))
			changes[n++] = (struct change){
				.table = f->schema,
				.kind = CHANGE_UPSERT, .record = page->records[i], .base = f->base
			};
	if (e == ERR_OK)
		feed_keep_odd(f, st, changes, n);
	store_end(st);
	if (e == ERR_OK)
		e = feed_commit(f, changes, n, false);
	free(changes);
	return e;
}

/* Want the rows that existed all the time and are not in the listing. */
static enum err
want_missing(struct feed *f)
{
	struct store *st = apply_store(f->apply);
	enum err e = store_begin(st);
	uint32_t rows;

	if (e != ERR_OK)
		return e;
	rows = store_row_count(st, f->schema);
	for (uint32_t row = 0; e == ERR_OK && listing_unseen(&f->sweep_listing, &row); row++) {
		struct row_view view;

		if ((e = store_row(st, f->schema, row, &view)) == ERR_OK && view.version <= f->sweep_base)
			e = feed_want(f, view.id) ? ERR_OK : ERR_NOMEM;
		else if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	store_end(st);
	if (e == ERR_OK && f->id_count * 100 > rows * (uint64_t)f->config->sync.max_shrink_percent) {
		feed_gap(f, "%zu of %u orders are missing in the listing of ids, too many to delete "
		    "without a full sync", f->id_count, rows);
		feed_drop(f);
	}
	return e;
}

/* The sweep is over, and all that it showed is in the store. */
static void
complete(struct feed *f)
{
	if (f->sweep_ms > f->listed_ms)
		f->listed_ms = f->sweep_ms;
	feed_follow_next(f);
}

static void
finish(struct feed *f)
{
	enum err e;

	feed_drop(f);
	f->sweeps++;
	e = want_missing(f);
	feed_sweep_drop(f);
	f->sweep_ended_ms = instant_monotonic();
	f->sweep_every_ms = every_ms(f);
	if (e != ERR_OK) {
		feed_store_failed(f, feed_follow, e);
	} else if (f->id_count > 0) {
		f->taken = complete;
		feed_look(f);
	} else {
		complete(f);
	}
}

static void
page_arrived(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;
	enum err e;

	if (r->err != ERR_OK) {
		/* another sweep begins later; meanwhile changes are still asked for */
		feed_sweep_drop(f);
		f->sweep_ended_ms = 0;
		f->sweep_next_ms = instant_monotonic() + SWEEP_RETRY_MS;
		f->step = feed_follow;
		feed_failed(f, r);
		return;
	}
	feed_succeeded(f);
	f->sweep_pages++;
	if ((e = take(f, page)) != ERR_OK) {
		feed_sweep_drop(f);
		feed_store_failed(f, feed_follow, e);
		return;
	}
	if (page->offset.len == 0) {
		finish(f);
		return;
	}
	buf_clear(&f->sweep_offset);
	buf_add_str(&f->sweep_offset, page->offset);
	feed_follow_next(f);
}

void
feed_sweep(struct feed *f)
{
	enum err e = listing_under_way(&f->sweep_listing) ? buf_status(&f->sweep_offset) : begin(f);

	f->step = feed_sweep;
	if (e != ERR_OK) {
		feed_sweep_drop(f);
		feed_store_failed(f, feed_follow, e);
		return;
	}
	f->answer = page_arrived;
	feed_asks(f);
	feed_asked(f, airtable_list_some(f->airtable, f->schema, buf_str(&f->sweep_offset),
	    f->sweep_fields, AIRTABLE_SYNC, feed_answered, f));
}
