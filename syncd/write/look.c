#include <stdio.h>

#include "common/base/instant.h"
#include "common/store/row.h"
#include "syncd/write/parts.h"

/*
 * Airtable has no conditional writes, and the store lags behind it by what the feed
 * has not brought yet.  So the orders of changes that expect a version are read right
 * before the changes are sent, up to ten in one call.  What others have changed goes
 * into store and history, and the versions are compared with that.  A look can never
 * be left out: the feed knows of nothing later than its last question, and a change may
 * be newer than that.  A change that somebody makes between the look and the write is
 * overwritten unseen.
 */
#define LOOK_FRESH_MS	3000	/* the write leaves this soon after a look, or there is another look */

bool
look_may_begin(const struct writes *all)
{
	int64_t most = all->config->airtable.requests_per_second / 2, open = 0;
	const struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		open += b->state == BATCH_LOOKING || (b->state == BATCH_URGENT && b->looked_ms != 0);
	/* each look takes a call from the writes that follow it: more looks would only grow old */
	return open < (most > 1 ? most : 1);
}

static bool
expects_version(const struct group *g)
{
	const struct write *first = TAILQ_FIRST(&g->writes);

	return first != NULL && first->entry.version != 0;
}

static bool
is_due(const struct batch *b)
{
	if (b->looked_ms != 0 && instant_monotonic() - b->looked_ms <= LOOK_FRESH_MS)
		return false;
	for (size_t i = 0; i < b->count; i++)
		if (expects_version(b->groups[i]))
			return true;
	return false;
}

/* The store can't be read or written, or memory is out: everything goes back to its line. */
static void
put_off(struct batch *b)
{
	struct writes *all = b->all;

	batch_return(b);
	batch_rest(all);
}

/*
 * End the entries whose orders are not at the version that they expect.  What was
 * merged with them goes on without them.  false: the store can't be read.
 */
static bool
hold_against_store(struct book *book, struct batch *b)
{
	struct writes *all = b->all;
	struct store *st = apply_store(all->apply);
	char why[128];
	enum err e;

	if (store_begin(st) != ERR_OK)
		return false;
	for (size_t i = b->count; i-- > 0;) {
		struct group *g = b->groups[i];
		struct write *first = TAILQ_FIRST(&g->writes);
		struct line *l = g->line;

		if (!expects_version(g) ||
		    (e = write_check_store(all, &first->entry, why)) == ERR_OK)
			continue;
		batch_drop(b, g);
		group_return(all, g);
		line_remove(all, first);
		line_refresh(all, l);
		book_end(book, first, first->told ? OUTBOX_NOT_APPLIED : OUTBOX_DROP, e, "%s", why);
	}
	store_end(st);
	return true;
}

/* Is the record that was read older than the row?  Listings may lag behind. */
static bool
lags(struct store *st, const struct schema *s, const struct record *now)
{
	struct row_view view;
	struct record row;
	uint32_t number;

	if (store_find_record(st, s, now->id, &number) != ERR_OK ||
	    store_row(st, s, number, &view) != ERR_OK || row_values(&view, s, &row) != ERR_OK)
		return false;
	for (size_t f = 0; f < s->field_count; f++)
		if ((s->fields[f].flags & FIELD_STAMP) && now->values[f].present &&
		    row.values[f].present && now->values[f].number < row.values[f].number)
			return true;
	return false;
}

/*
 * Put what was read into the store, as changes that were made in Airtable.  An order
 * that was not found may be too new to be found; if it is gone, the write will fail.
 */
static enum err
take_news(struct batch *b, const struct airtable_page *page)
{
	struct writes *all = b->all;
	struct store *st = apply_store(all->apply);
	const struct record *now;
	struct book book;
	enum err e;

	if ((e = store_begin(st)) != ERR_OK)
		return e;
	book_open(&book, all);
	for (size_t i = 0; i < b->count; i++)
		if (settle_record(page, b->groups[i], &now) && now != NULL &&
		    !lags(st, b->table, now))
			(void)book_change(&book, CHANGE_UPSERT, b, now, b->check_base, NULL);
	store_end(st);
	e = book_commit(&book);
	book_close(&book);
	return e;
}

static void
judge(struct batch *b, const struct airtable_page *page)
{
	struct writes *all = b->all;
	struct book book;
	bool held;

	if (take_news(b, page) != ERR_OK) {
		put_off(b);
		return;
	}
	b->state = BATCH_URGENT;
	b->looked_ms = instant_monotonic();
	book_open(&book, all);
	held = hold_against_store(&book, b);
	if (book_commit(&book) != ERR_OK)
		book_tell_anyway(&book);
	if (!held)
		put_off(b);
	else if (b->count == 0)
		batch_free(b);
	book_close(&book);
}

static void
not_read(struct batch *b, const struct airtable_result *r)
{
	struct airtable_result why = *r;

	(void)snprintf(why.message, sizeof(why.message), "the %s could not be read before the "
	    "change was sent: %.200s", write_noun(b->table), r->message[0] != '\0' ? r->message : err_text(r->err));
	settle_unsent(b, &why);
}

/* An airtable_cb: the orders were read, or not. */
static void
looked(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct batch *b = cookie;
	struct writes *all = b->all;

	b->call = NULL;
	if (r->err != ERR_OK)
		not_read(b, r);
	else if (all->draining)
		batch_return(b);
	else
		judge(b, page);
	dispatch_calls(all);
}

void
look_begin(struct batch *b)
{
	struct str ids[AIRTABLE_WRITE_MAX];

	for (size_t i = 0; i < b->count; i++)
		ids[i] = b->groups[i]->record.id;
	b->state = BATCH_LOOKING;
	b->check_base = apply_generation(b->all->apply);
	b->call = airtable_find(b->all->airtable, b->table, ids, b->count, AIRTABLE_WRITE, 0, looked, b);
	if (b->call == NULL) {
		put_off(b);
		return;
	}
	airtable_set_timeout(b->call, batch_timeout_ms(b));
}

struct batch *
look_urgent(struct book *book)
{
	struct writes *all = book->all;
	struct batch *b, *next;

	for (b = TAILQ_FIRST(&all->batches); b != NULL; b = next) {
		next = TAILQ_NEXT(b, link);
		if (b->state != BATCH_URGENT || b->table != all->call_table)
			continue;
		if (is_due(b)) {
			look_begin(b);
			continue;
		}
		if (!hold_against_store(book, b))
			return NULL;
		if (b->count > 0)
			return b;
		batch_free(b);
	}
	return NULL;
}
