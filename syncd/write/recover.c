#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/outbox.h"
#include "syncd/write/parts.h"

#define SLACK_MS	3000	/* between the stored moment and the call: see SENT_FRESH_MS */

/* ---- their errands ------------------------------------------------------ */
static void
keep_result(void *cookie, size_t place, const struct message_result *m)
{
	struct errand *e = cookie;

	if (place >= e->item_count || m->err == ERR_OUTCOME_UNKNOWN)
		return;
	if (m->problem.len > 0) {
		errand_tell_refused(e, place, m->err, str_of(m->record), m->problem);
		return;
	}
	errand_note(e, place, m->err, str_of(m->record), m->detail);
	e->results[place].pending = m->pending;
	errand_tell(e, place, m->order);
}

/* No result is kept: the connection broke, so the asker knows that the outcome is unknown. */
static void
tell_rest(struct errand *e)
{
	for (size_t i = 0; i < e->item_count; i++)
		if (!e->results[i].told) {
			e->results[i].err = ERR_OUTCOME_UNKNOWN;
			errand_tell(e, i, (struct str){ NULL, 0 });
		}
}

/* The entry's errand: one for all entries with the same kept answer, else one for itself. */
static struct errand *
errand_for(struct writes *all, const struct outbox_entry *entry, size_t *place)
{
	struct kept_answer kept = { .count = 0 };
	struct errand *e = entry->answer_key.len == 0 ? NULL : errand_find(all, entry->answer_key);
	uint64_t bulk;

	if (e == NULL || e->table != entry->table) {
		if (entry->answer_key.len > 0)
			(void)outbox_answer(apply_store(all->apply), entry->answer_key, &kept);
		if (kept.count == 0 || kept.count > MESSAGE_ITEMS_MAX ||
		    entry->sequence - kept.first >= kept.count)
			kept = (struct kept_answer){ .first = entry->sequence, .count = 1 };
		if ((e = errand_new(all, entry->table, kept.count)) == NULL)
			return NULL;
		e->first = kept.first;
		e->bulk = entry->bulk != 0;
		e->asked_ms = entry->accepted_ms;
		(void)snprintf(e->request_id, sizeof(e->request_id), "%.*s",
		    STR_FMT(entry->request_id));
		if (kept.at_ms != 0)
			errand_set_key(e, entry->answer_key, kept.fingerprint);
		if (kept.body.len > 0)
			(void)message_each_result(kept.body, kept.count, &bulk, keep_result, e);
		tell_rest(e);
	}
	*place = (size_t)(entry->sequence - e->first);
	return *place < e->item_count ? e : NULL;
}

/* ---- the entries ------------------------------------------------------------------------ */
static enum err
load(void *cookie, const struct outbox_entry *entry)
{
	struct writes *all = cookie;
	size_t place;
	struct errand *e = errand_for(all, entry, &place);
	struct write *w = e == NULL ? NULL : write_new(e, place, entry);

	if (w == NULL)
		return ERR_NOMEM;
	w->told = true;
	w->disk = entry->state == OUTBOX_SENT ? DISK_SENT : DISK_ACCEPTED;
	e->results[place].pending = entry->deferred;
	if (entry->deferred)
		e->results[place].err = ERR_OK;
	/* the record tells the results apart when it is asked again with its key */
	(void)snprintf(e->results[place].record, sizeof(e->results[place].record), "%.*s",
	    STR_FMT(entry->record.id));
	return ERR_OK;
}

/* End the entries that were never sent and not promised ("pending"). */
static void
drop_unsent(struct writes *all)
{
	struct errand *e;
	struct write *w;
	struct book book;

	book_open(&book, all);
	TAILQ_FOREACH(e, &all->errands, link)
		TAILQ_FOREACH(w, &e->list, in_errand)
			if (w->entry.state == OUTBOX_ACCEPTED && !w->entry.deferred)
				book_end(&book, w, OUTBOX_NOT_APPLIED, ERR_AIRTABLE_UNAVAILABLE,
				    "syncd stopped before the change was sent");
	if (book_commit(&book) != ERR_OK)
		book_tell_anyway(&book);
	book_close(&book);
}

/* Until when may Airtable still apply what was sent then?  Monotonic. */
static int64_t
late_until(const struct writes *all, const struct group *g)
{
	int64_t wall = instant_now(), most = all->config->airtable.request_timeout_ms + SLACK_MS;
	int64_t left = 0, ms;
	const struct write *w;

	TAILQ_FOREACH(w, &g->writes, link) {
		ms = w->entry.sent_ms + most - wall;
		left = ms > left ? ms : left;
	}
	return instant_monotonic() + (left < most ? left : most);
}

/* A batch of this table and kind with room for one more group.  NULL: out of memory. */
static struct batch *
batch_for(struct writes *all, const struct schema *table, enum outbox_kind kind)
{
	struct batch *b = TAILQ_LAST(&all->batches, batch_list);

	if (b != NULL && b->recovered && b->state == BATCH_RESTING && b->checks == 0 &&
	    b->table == table && b->kind == kind && b->count < AIRTABLE_WRITE_MAX)
		return b;
	if ((b = batch_new(all, table, kind)) == NULL)
		return NULL;
	b->state = BATCH_RESTING;
	b->recovered = true;
	return b;
}

bool
recover_look(struct writes *all, struct line *l)
{
	struct group *g;
	struct batch *b;
	int64_t late;

	if ((b = batch_for(all, l->table, TAILQ_FIRST(&l->waiting)->entry.kind)) == NULL)
		return false;
	if ((g = group_take(all, l, true)) == NULL) {
		if (b->count == 0)
			batch_free(b);
		return false;
	}
	batch_add(b, g);
	if ((late = late_until(all, g)) > b->late_until_ms)
		b->late_until_ms = late;
	settle_rest(b, 0);
	return true;
}

/*
 * Check what was sent before anything else of its order.  Sent entries of another
 * kind behind it are checked when their turn comes.  Entries of a table that is not
 * served stay where they are: they never become ready.
 */
static enum err
take_up(struct writes *all)
{
	struct errand *e;
	struct write *w;

	TAILQ_FOREACH(e, &all->errands, link) {
		if (!airtable_serves(all->airtable, e->table)) {
			log_warn("outbox: %zu changes of table %s wait, as it is not served", e->open,
			    e->table->name);
			continue;
		}
		TAILQ_FOREACH(w, &e->list, in_errand) {
			if (w->line->group != NULL || TAILQ_FIRST(&w->line->waiting) != w)
				continue;
			if (w->entry.state != OUTBOX_SENT)
				line_refresh(all, w->line);
			else if (!recover_look(all, w->line))
				return ERR_NOMEM;
		}
	}
	return ERR_OK;
}

enum err
writes_recover(struct writes *all)
{
	struct store *st = apply_store(all->apply);
	enum err e;

	if ((e = store_begin(st)) == ERR_OK) {
		e = outbox_each(st, load, all);
		store_end(st);
	}
	if (e != ERR_OK) {
		log_error("outbox: %s", err_text(e));
		return e;
	}
	if (all->count > 0)
		log_info("outbox: %zu changes left by the previous process", all->count);
	drop_unsent(all);
	if ((e = take_up(all)) != ERR_OK)
		log_error("outbox: %s", err_text(e));
	dispatch_calls(all);
	return e;
}
