#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "syncd/feed/parts.h"

#define WINDOW_MS	3600000	/* how long deletions are counted */
#define WINDOW_FEW	10	/* so many are always allowed */

/* What to do with a record that the page names. */
enum verdict { VERDICT_NOTHING, VERDICT_TAKE, VERDICT_READ };

void
feed_drop(struct feed *f)
{
	payload_page_free(&f->page);
	free(f->ids);
	f->ids = NULL;
	f->id_count = f->id_room = f->id_at = 0;
	f->again = f->sweep_gone = false;
}

void
feed_move_on(struct feed *f)
{
	f->kept.cursor = f->page.cursor;
	f->kept.told = f->page_base;
}

bool
feed_may_delete(struct feed *f, size_t n)
{
	struct store *st = apply_store(f->apply);
	int64_t now = instant_monotonic();

	if (f->window_ms == 0 || now - f->window_ms > WINDOW_MS) {
		if (store_begin(st) != ERR_OK)
			return false;
		f->window_rows = store_row_count(st, f->schema);
		store_end(st);
		f->window_ms = now;
		f->window_gone = 0;
	}
	f->window_gone += n;
	if (f->window_gone <= WINDOW_FEW || f->window_gone * 100 <=
	    f->window_rows * (uint64_t)f->config->sync.max_shrink_percent)
		return true;
	feed_gap(f, "%llu of %llu orders are gone, more than sync.max_shrink = %lld%%, too many to "
	    "delete without a full sync", (unsigned long long)f->window_gone,
	    (unsigned long long)f->window_rows, (long long)f->config->sync.max_shrink_percent);
	return false;
}

enum err
feed_commit(struct feed *f, const struct change *changes, size_t n, bool last)
{
	static const struct change none;
	struct apply_meta meta = { 0 };
	struct apply_result result;
	struct buf state = { 0 };
	enum err e;

	if (n == 0 && !last)
		return ERR_OK;
	if (last) {
		feed_state_add(&f->kept, f->config, &state);
		meta.feed = buf_str(&state);
		meta.table = f->schema;
		meta.money = buf_str(&f->money);
	}
	if ((e = buf_status(&state)) == ERR_OK)
		e = apply_changes(f->apply, n == 0 ? &none : changes, n, SOURCE_FEED, &meta,
		    instant_now(), &result);
	buf_free(&state);
	if (e != ERR_OK)
		return e;
	f->store_failures = 0;
	if (last) {
		f->whole_kept_ms = f->kept.whole_ms;
		f->money_kept = true;
	}
	f->taken_count += result.created + result.changed + result.deleted;
	return ERR_OK;
}

/* Does the stored row have what the page gives as previous, in all fields that the base has? */
static bool
was_so(const struct feed *f, const struct payload_record *p, const struct record *stored)
{
	return p->before.known == airtable_keys_asked(&f->table.keys) &&
	    record_agrees(f->schema, &p->before, stored);
}

static enum verdict
judge_stored(const struct feed *f, const struct payload_record *p, const struct row_view *view)
{
	struct record stored;

	if (view->version > f->base || row_values(view, f->schema, &stored) != ERR_OK)
		return VERDICT_READ;
	if (p->gone)
		return VERDICT_TAKE;
	if (p->unclear)
		return VERDICT_READ;
	if (p->now.known == airtable_keys_asked(&f->table.keys) &&
	    record_agrees(f->schema, &p->now, &stored))
		return VERDICT_NOTHING;		/* an echo */
	return !p->created && was_so(f, p, &stored) ? VERDICT_TAKE : VERDICT_READ;
}

static enum verdict
judge(const struct feed *f, struct store *st, const struct payload_record *p)
{
	struct row_view view;
	uint32_t row;

	if (store_find_record(st, f->schema, p->now.id, &row) == ERR_OK &&
	    store_row(st, f->schema, row, &view) == ERR_OK)
		return judge_stored(f, p, &view);
	if (p->gone)
		return VERDICT_NOTHING;
	return p->created && !p->unclear ? VERDICT_TAKE : VERDICT_READ;
}

static struct change
as_change(const struct feed *f, const struct payload_record *p)
{
	return (struct change){
		.table = f->schema,
		.kind = p->gone ? CHANGE_GONE : CHANGE_UPSERT, .record = p->now, .base = f->base,
		.steps = p->steps, .steps_since = f->kept.told
	};
}

/*
 * An echo changes nothing, but its steps may show what we have overwritten, or who
 * made a change.
 */
static bool
tells_of_past(const struct feed *f, const struct payload_record *p)
{
	struct apply_past_ask ask = {
		.table = f->schema, .id = p->now.id, .steps = p->steps, .since = f->kept.told, .now = &p->now
	};

	return !p->gone && apply_past_differs(apply_store(f->apply), &ask);
}

/* Sort the page into changes and ids to be read. */
static enum err
sort_out(struct feed *f, struct change *changes, size_t *n, size_t *gone)
{
	struct store *st = apply_store(f->apply);
	enum err e = store_begin(st);

	*n = *gone = 0;
	for (size_t i = 0; i < f->page.count && e == ERR_OK; i++) {
		const struct payload_record *p = &f->page.records[i];

		switch (judge(f, st, p)) {
		case VERDICT_TAKE:
			changes[(*n)++] = as_change(f, p);
			*gone += p->gone;
			break;
		case VERDICT_READ:
			e = feed_want(f, p->now.id) ? ERR_OK : ERR_NOMEM;
			break;
		case VERDICT_NOTHING:
		default:
			if (tells_of_past(f, p))
				changes[(*n)++] = as_change(f, p);
			else
				f->skipped_echoes++;
		}
	}
	store_end(st);
	return e;
}

void
feed_without_gone(struct change *changes, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (changes[i].kind != CHANGE_GONE)
			changes[kept++] = changes[i];
	*n = kept;
}

static enum err
take_told(struct feed *f, struct change *changes)
{
	uint64_t cursor = f->kept.cursor, told = f->kept.told;
	size_t n, gone;
	bool last;
	enum err e;

	if ((e = sort_out(f, changes, &n, &gone)) != ERR_OK)
		return e;
	if (gone > 0 && !feed_may_delete(f, gone))
		feed_without_gone(changes, &n);
	last = f->id_count == 0;
	/* if nothing is new, nothing is written */
	if (last && n == 0 && f->page.cursor == cursor && f->page.payloads == 0)
		return ERR_OK;
	if (last)
		feed_move_on(f);
	if ((e = feed_commit(f, changes, n, last)) != ERR_OK) {
		f->kept.cursor = cursor;
		f->kept.told = told;
	}
	return e;
}

void
feed_take(struct feed *f)
{
	struct change *changes = calloc(f->page.count + 1, sizeof(*changes));
	enum err e = changes == NULL ? ERR_NOMEM : take_told(f, changes);

	free(changes);
	if (e != ERR_OK) {
		feed_store_failed(f, feed_read, e);
	} else if (f->id_count > 0) {
		feed_look(f);
	} else {
		void (*taken)(struct feed *) = f->taken;

		taken(f);	/* the page is still there */
	}
}
