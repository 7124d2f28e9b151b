#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "syncd/write/parts.h"

#define SENDS_MAX	3	/* of one entry, without an answer, while its asker waits */
#define REST_MAX_MS	30000	/* between checks */

static void	 check(struct batch *);

/* ---- what is known about a group ---------------------------------------------------- */
static bool
has_fields(const struct schema *s, const struct record *asked, uint32_t fields,
    const struct record *now)
{
	for (size_t f = 0; f < s->field_count; f++)
		if ((fields >> f & 1) && !value_equal(s->fields[f].kind, &asked->values[f],
		    &now->values[f]))
			return false;
	return true;
}

/*
 * Mark the entries of the group that the record shows.  ${together}: they
 * travelled in one call, so it is all or none.  Entries that an earlier process
 * sent may have travelled apart: each is judged by the fields that no later one
 * asks for, and one without such fields shares the verdict of the next.
 */
static void
judge(struct group *g, bool together, const struct record *now)
{
	const struct schema *s = g->table;
	bool all = has_fields(s, &g->record, g->record.known, now), has = all;
	uint32_t later = 0, own;
	struct write *w;

	TAILQ_FOREACH_REVERSE(w, &g->writes, write_list, link) {
		own = w->entry.record.known & ~later;
		if (own != 0)
			has = has_fields(s, &w->entry.record, own, now);
		w->has = together ? all : has;
		later |= own;
	}
}

static void
mark(struct group *g, bool has)
{
	struct write *w;

	TAILQ_FOREACH(w, &g->writes, link)
		w->has = has;
}

/*
 * The answer to a write leaves out a field that is empty, but also one that was
 * renamed.  A field that was not asked for stays as it is until a listing decides.
 */
static void
doubt_empty_fields(const struct group *g, struct record *r)
{
	for (size_t f = 0; f < g->table->field_count; f++)
		if (!r->values[f].present && !(g->record.known >> f & 1))
			r->known &= ~(UINT32_C(1) << f);
}

/* ---- confirmed ----------------------------------------------------------------------- */
/* Airtable has applied it but the store can't be written: tell the askers so, and try again. */
static void
unrecorded(struct batch *b, enum err why)
{
	struct book book;
	struct write *w;

	b->applied = true;
	book_open(&book, b->all);
	for (size_t i = 0; i < b->count; i++)
		TAILQ_FOREACH(w, &b->groups[i]->writes, link)
			if (!w->told)
				book_say(&book, w, why, "Airtable has applied the change, but the "
				    "store could not record it yet");
	book_tell_anyway(&book);
	book_close(&book);
	settle_rest(b, batch_pause_ms(++b->checks, REST_MAX_MS));
}

static void
confirmed(struct batch *b, const struct airtable_page *page)
{
	struct writes *all = b->all;
	struct book book;
	enum err e;

	all->failures = 0;
	book_open(&book, all);
	for (size_t i = 0; i < b->count; i++) {
		struct group *g = b->groups[i];
		struct record now = page->records[i];

		mark(g, true);
		doubt_empty_fields(g, &now);
		book_change(&book, b->kind == OUTBOX_DELETE ? CHANGE_GONE : CHANGE_UPSERT, b, &now,
		    b->sent_base, g)->counts = true;	/* its line has waited for this */
		book_end_group(&book, g, now.id);
	}
	if ((e = book_commit(&book)) != ERR_OK) {
		book_close(&book);
		unrecorded(b, e);
		return;
	}
	b->state = BATCH_RESTING;
	batch_sweep(all);
	book_close(&book);
}

/* ---- unknown ------------------------------------------------------------------------------ */
void
settle_unknown(struct book *book, struct write *w, const char *why)
{
	if (w->errand->defer)
		book_show(book, w, ERR_OK, "%s", "");
	else
		book_show(book, w, ERR_OUTCOME_UNKNOWN, "%s", why);
}

static void
on_rested(uv_timer_t *t)
{
	check(t->data);
}

void
settle_rest(struct batch *b, int64_t ms)
{
	int64_t blocked = airtable_blocked_ms(b->all->airtable, NULL);

	b->state = BATCH_RESTING;
	uv_update_time(b->all->loop);
	(void)uv_timer_start(&b->timer, on_rested, (uint64_t)(ms > blocked ? ms : blocked), 0);
}

void
settle_leave(struct writes *all, bool everything)
{
	struct errand *e;
	struct write *w;
	struct book book;

	book_open(&book, all);
	TAILQ_FOREACH(e, &all->errands, link)
		TAILQ_FOREACH(w, &e->list, in_errand) {
			enum batch_state state;

			if (w->told || write_is_unsent(w))
				continue;
			state = w->group->batch->state;
			if (everything || state == BATCH_RESTING)
				settle_unknown(&book, w, "syncd was stopped before Airtable answered");
		}
	book_finish(&book);
}

/* A call has ended while the process ends: what is left of it is not sent again. */
static void
leave_if_draining(struct writes *all)
{
	if (!all->draining)
		return;
	give_up_unsent(all, true, ERR_CANCELLED, "syncd is stopping");
	settle_leave(all, false);
	writes_wake(all);
}

/* Not settled yet: check again later. */
static void
look_again(struct batch *b)
{
	int64_t ms = batch_pause_ms(++b->checks, REST_MAX_MS);
	int64_t late = b->late_until_ms - instant_monotonic();

	/* at late_until_ms the call can't be applied any more, and the next check decides */
	settle_rest(b, late > 0 && late < ms ? late : ms);
	batch_sweep(b->all);
}

/* It was sent and not applied: send it again if its asker still waits or was told "pending"? */
static bool
goes_again(struct batch *b, struct write *w)
{
	enum err why;

	if (w->entry.deferred)
		return true;
	return !w->told && ++w->sends < SENDS_MAX && !b->all->draining &&
	    !batch_hopeless(b->all, w->errand->send_by_ms, &why);
}

static void
book_not_applied(struct book *book, struct batch *b, struct write *w)
{
	enum err e = b->why == ERR_OK ? ERR_AIRTABLE_UNAVAILABLE : b->why;
	char text[300];

	if (b->why == ERR_OK)
		(void)snprintf(text, sizeof(text), "Airtable did not answer, and the %s does not show "
		    "the change", write_noun(b->table));
	else
		(void)snprintf(text, sizeof(text), "%s", b->message);
	if (!w->told && w->errand->defer)
		book_show(book, w, ERR_OK, "%s", "");
	else
		book_end(book, w, w->told ? OUTBOX_NOT_APPLIED : OUTBOX_DROP, e, "%s", text);
}

/* Airtable refused the first call that was to delete it.  So somebody else had deleted it. */
static bool
gone_before(const struct batch *b, const struct group *g)
{
	const struct write *w;

	if (b->kind != OUTBOX_DELETE || b->why == ERR_OK || b->recovered)
		return false;
	TAILQ_FOREACH(w, &g->writes, link)
		if (w->sends > 0 || w->entry.deferred)
			return false;
	return true;
}

static void
judge_found(struct batch *b, struct group *g, const struct record *now)
{
	if (now == NULL)
		mark(g, b->kind == OUTBOX_DELETE && !gone_before(b, g));
	else if (b->kind == OUTBOX_DELETE)
		mark(g, false);
	else if (b->applied || b->kind == OUTBOX_CREATE)	/* whatever was made of it since */
		mark(g, true);
	else
		judge(g, !b->recovered, now);
}

/* Did all its entries travel in one call? */
static bool
one_call(const struct group *g)
{
	const struct write *w;

	TAILQ_FOREACH(w, &g->writes, link)
		if (w->entry.sent_ms != TAILQ_FIRST(&g->writes)->entry.sent_ms)
			return false;
	return true;
}

/*
 * Does the record that was read back (NULL: there is none) decide the outcome?  Not if the
 * row has changed since the check began.  While the call may still be applied, only if the
 * record has all that was asked for and the row had not.  Within a snapshot.
 */
static bool
conclusive(const struct batch *b, const struct group *g, const struct record *now)
{
	const struct schema *s = b->table;
	bool late = b->check_ms < b->late_until_ms && !b->applied;
	struct store *st = apply_store(b->all->apply);
	struct row_view view;
	struct record row;
	uint32_t number;

	if (now == NULL)
		return b->kind != OUTBOX_CREATE || !late;
	if (b->kind == OUTBOX_CREATE)	/* it was created, and its key is used once */
		return true;
	if (b->kind == OUTBOX_DELETE)
		return !late;
	if (store_find_record(st, s, g->record.id, &number) != ERR_OK)
		return !late;
	if (store_row(st, s, number, &view) != ERR_OK || row_values(&view, s, &row) != ERR_OK ||
	    view.version > b->check_base)
		return false;
	return !late || (one_call(g) && has_fields(s, &g->record, g->record.known, now) &&
	    !has_fields(s, &g->record, g->record.known, &row));
}

/* Settle a group by its record as it was read back; NULL: there is none. */
static void
book_found(struct book *book, struct batch *b, struct group *g, const struct record *now)
{
	struct record deleted = { .id = g->record.id };
	bool absent = now == NULL && b->kind == OUTBOX_CREATE && !b->applied;	/* never made */
	bool others = now == NULL && gone_before(b, g);
	struct write *w;

	judge_found(b, g, now);
	if (now != NULL)
		(void)book_change(book, CHANGE_UPSERT, b, now, b->check_base, g);
	else if (b->kind == OUTBOX_DELETE)
		(void)book_change(book, CHANGE_GONE, b, &deleted, b->check_base, g);
	else if (!absent)
		settle_gone(book, g, !b->applied);
	book_end_group(book, g, now != NULL ? now->id : g->record.id);
	TAILQ_FOREACH(w, &g->writes, link)
		if (others)	/* it is as was asked for, but the asker did not do it */
			book_end(book, w, OUTBOX_DROP, ERR_OK, "%s", "");
		else if (!w->has && (now != NULL || absent) && !goes_again(b, w))
			book_not_applied(book, b, w);
}

/* Groups that are decided leave the batch; entries that did not end go back to their lines. */
static void
return_decided(struct batch *b, const bool decided[static AIRTABLE_WRITE_MAX])
{
	struct writes *all = b->all;
	bool any = false;

	for (size_t i = b->count; i-- > 0;) {
		struct group *g = b->groups[i];

		if (!decided[i])
			continue;
		any |= !TAILQ_EMPTY(&g->writes);
		batch_drop(b, g);
		if (g->line == NULL)
			group_free(all, g);
		else
			group_return(all, g);
	}
	if (any)
		batch_rest(all);
}

bool
settle_record(const struct airtable_page *page, const struct group *g, const struct record **found)
{
	struct str key = TAILQ_FIRST(&g->writes)->entry.create_key;

	*found = NULL;
	for (size_t r = 0; r < page->count; r++) {
		if (page->keys != NULL ? !str_eq(page->keys[r], key) :
		    !str_eq(page->records[r].id, g->record.id))
			continue;
		if (*found != NULL) {
			log_error("write: %.*s and %.*s both have the key %.*s; it is unknown which "
			    "of them was created with it", STR_FMT((*found)->id),
			    STR_FMT(page->records[r].id), STR_FMT(key));
			return false;
		}
		*found = &page->records[r];
	}
	return true;
}

static void
found(struct batch *b, const struct airtable_page *page)
{
	struct writes *all = b->all;
	struct store *st = apply_store(all->apply);
	bool decided[AIRTABLE_WRITE_MAX] = { false }, readable = store_begin(st) == ERR_OK;
	const struct record *now[AIRTABLE_WRITE_MAX];
	struct book book;

	for (size_t i = 0; i < b->count; i++) {
		const struct group *g = b->groups[i];

		decided[i] = readable && settle_record(page, g, &now[i]) && conclusive(b, g, now[i]);
	}
	store_end(st);
	book_open(&book, all);
	for (size_t i = 0; i < b->count; i++)
		if (decided[i])
			book_found(&book, b, b->groups[i], now[i]);
	if (book_commit(&book) != ERR_OK) {
		book_close(&book);
		look_again(b);
		return;
	}
	return_decided(b, decided);
	if (b->count > 0)
		look_again(b);
	else
		batch_free(b);
	book_close(&book);
}

/* An airtable_cb: the records were read back. */
static void
checked(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct batch *b = cookie;
	struct writes *all = b->all;

	b->call = NULL;
	if (r->err == ERR_OK)
		found(b, page);
	else
		look_again(b);
	leave_if_draining(all);
	dispatch_calls(all);
}

static void
check(struct batch *b)
{
	bool create = b->kind == OUTBOX_CREATE;
	struct str ids[AIRTABLE_WRITE_MAX];

	for (size_t i = 0; i < b->count; i++)
		ids[i] = create ? TAILQ_FIRST(&b->groups[i]->writes)->entry.create_key :
		    b->groups[i]->record.id;
	b->state = BATCH_CHECKING;
	b->check_ms = instant_monotonic();
	b->check_base = apply_generation(b->all->apply);
	b->call = create ?
	    airtable_find_keys(b->all->airtable, b->table, ids, b->count, AIRTABLE_WRITE, checked, b) :
	    airtable_find(b->all->airtable, b->table, ids, b->count, AIRTABLE_WRITE, 0, checked, b);
	if (b->call == NULL)
		look_again(b);
}

static void
unknown(struct batch *b, const struct airtable_result *r)
{
	/*
	 * If Airtable closed the connection it is done with the call.  Should a create be applied
	 * after all, after it was not found and was sent again, Airtable merges the two by their key.
	 */
	if (r->adrift)
		b->late_until_ms = r->sent_ms + b->all->config->airtable.request_timeout_ms;
	check(b);
}

/* A delete was refused as not found or forbidden: a check finds out which orders are there. */
static void
look_which(struct batch *b, const struct airtable_result *r)
{
	b->why = r->err;
	(void)snprintf(b->message, sizeof(b->message), "%s", r->message);
	check(b);
}

void
settle_sent(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct batch *b = cookie;
	struct writes *all = b->all;

	b->call = NULL;
	if (r->err == ERR_OK)
		confirmed(b, page);
	else if (r->maybe_applied)
		unknown(b, r);
	else if (b->kind == OUTBOX_DELETE &&
	    (r->err == ERR_AIRTABLE_NOT_FOUND || r->err == ERR_AIRTABLE_FORBIDDEN))
		look_which(b, r);
	else
		settle_refused(b, r);
	leave_if_draining(all);
	dispatch_calls(all);
}
