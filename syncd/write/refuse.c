#include <stdio.h>

#include "syncd/write/parts.h"

void
settle_gone(struct book *book, struct group *g, bool maybe_before)
{
	struct write *w;

	TAILQ_FOREACH(w, &g->writes, link)
		book_end(book, w, w->told ? OUTBOX_NOT_APPLIED : OUTBOX_DROP, ERR_NOT_FOUND,
		    "the %s is no longer in Airtable%s", write_noun(g->table), maybe_before ?
		    "; it is unknown whether the change was made before that" : "");
	full_sync_schedule(book->all->full_sync, SYNC_SOON_MS);
}

/*
 * End the entries whose askers have stopped waiting and were not told "pending": they
 * are certainly not applied, and not sent again.  false: nothing is left of the batch.
 */
static bool
end_told(struct batch *b, const struct airtable_result *r)
{
	struct writes *all = b->all;
	size_t left = 0;
	struct book book;
	struct write *w;

	book_open(&book, all);
	for (size_t i = 0; i < b->count; i++)
		TAILQ_FOREACH(w, &b->groups[i]->writes, link)
			if (w->told && !w->entry.deferred)
				book_end(&book, w, OUTBOX_NOT_APPLIED, r->err, "%s", r->message);
			else
				left++;
	book_finish(&book);
	return left > 0;
}

/* ---- certainly not applied ---------------------------------------------------------------- */
/* Sending it again is no use: end the entries whose askers wait; promised ones wait in line. */
static void
give_up(struct batch *b, const struct airtable_result *r)
{
	struct writes *all = b->all;
	struct book book;
	struct write *w;

	book_open(&book, all);
	for (size_t i = 0; i < b->count; i++)
		TAILQ_FOREACH(w, &b->groups[i]->writes, link)
			if (!w->told && r->err == ERR_CANCELLED)
				give_up_entry(&book, w, r->err, r->message);
			else if (!w->told)
				book_end(&book, w, OUTBOX_DROP, r->err, "%s", r->message);
	if (book_commit(&book) != ERR_OK)
		book_tell_anyway(&book);
	batch_return(b);
	batch_sweep(all);
	book_close(&book);
	batch_rest(all);
}

/* Send it again after a pause, if there is time. */
static void
again(struct batch *b, const struct airtable_result *r)
{
	struct writes *all = b->all;

	batch_return(b);
	batch_rest(all);
	give_up_unsent(all, false, r->err, r->message[0] != '\0' ? r->message : err_text(r->err));
}

static bool
may_pass(enum err e)
{
	return e == ERR_AIRTABLE_UNAVAILABLE || e == ERR_AIRTABLE_RATE_LIMITED ||
	    e == ERR_AIRTABLE_QUOTA || e == ERR_AIRTABLE_TIMEOUT;
}

void
settle_unsent(struct batch *b, const struct airtable_result *r)
{
	if (may_pass(r->err))
		again(b, r);
	else
		give_up(b, r);
}

/* ---- refused for its content ------------------------------------------------------------ */
static bool
about_content(enum err e)
{
	return e == ERR_AIRTABLE_REJECTED || e == ERR_AIRTABLE_FIELD_MISSING;
}

static void
refused_single(struct batch *b, const struct airtable_result *r)
{
	struct writes *all = b->all;
	struct group *g = b->groups[0];
	struct write *first = TAILQ_FIRST(&g->writes), *w;
	struct book book;

	if (TAILQ_NEXT(first, link) != NULL) {	/* find out which entry */
		TAILQ_FOREACH(w, &g->writes, link)
			w->alone = true;
		batch_return(b);
		return;
	}
	if (r->err == ERR_AIRTABLE_FIELD_MISSING && first->told) {	/* once the field is there */
		give_up(b, r);
		return;
	}
	book_open(&book, all);
	if (r->type[0] != '\0')
		book_end(&book, first, OUTBOX_REJECTED, r->err, "%s: %s", r->type, r->message);
	else
		book_end(&book, first, OUTBOX_REJECTED, r->err, "%s", r->message);
	book_finish(&book);
}

/* The groups from ${from} on become a batch of their own, which is sent next. */
static void
split(struct batch *b, size_t from)
{
	struct batch *half = batch_new(b->all, b->table, b->kind);

	if (half == NULL)	/* the whole batch is sent again */
		return;
	half->state = BATCH_URGENT;
	half->looked_ms = b->looked_ms;
	for (size_t i = from; i < b->count; i++)
		batch_add(half, b->groups[i]);
	b->count = from;
}

/* The index of the group that Airtable's message names; b->count: none. */
static size_t
named(const struct batch *b, const struct airtable_result *r)
{
	size_t i = 0;

	while (i < b->count && (b->groups[i]->record.id.len == 0 || memmem(r->message,
	    strlen(r->message), b->groups[i]->record.id.ptr, b->groups[i]->record.id.len) == NULL))
		i++;
	return i;
}

/* Airtable does not have the group's order.  The others are sent again. */
static void
missing(struct batch *b, struct group *g)
{
	struct writes *all = b->all;
	struct book book;

	book_open(&book, all);
	settle_gone(&book, g, false);
	book_finish(&book);
}

/* Airtable refuses all groups because of one: split the batch to find it and send the others. */
static void
refused(struct batch *b, const struct airtable_result *r)
{
	size_t which = named(b, r), last = b->count - 1;
	bool row = b->kind == OUTBOX_UPDATE && strcmp(r->type, "ROW_DOES_NOT_EXIST") == 0;
	struct group *g;

	b->state = BATCH_URGENT;
	if (row && (which < b->count || b->count == 1)) {
		missing(b, b->groups[which < b->count ? which : 0]);
	} else if (b->count == 1) {
		refused_single(b, r);
	} else if (which < b->count) {
		g = b->groups[which];
		b->groups[which] = b->groups[last];
		b->groups[last] = g;
		split(b, last);
	} else {
		split(b, b->count / 2);
	}
}

static bool
single(const struct batch *b)
{
	return b->count == 1 && TAILQ_NEXT(TAILQ_FIRST(&b->groups[0]->writes), link) == NULL;
}

void
settle_refused(struct batch *b, const struct airtable_result *r)
{
	if (!(single(b) && about_content(r->err)) && !end_told(b, r))
		return;
	if (about_content(r->err))
		refused(b, r);
	else
		settle_unsent(b, r);
}
