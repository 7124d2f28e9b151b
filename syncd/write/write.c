#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/write/parts.h"

/* ---- deadlines -------------------------------------------------------------------- */
static const char *
unanswered(const struct schema *table)
{
	return table == &orders_schema ? "no answer from Airtable in time; the order shows "
	    "the outcome as soon as it can be read back" : "no answer from Airtable in time; the "
	    "record shows the outcome as soon as it can be read back";
}

/* Give up what was not sent, or make it pending; what was sent has an unknown outcome. */
static void
on_deadline(uv_timer_t *t)
{
	struct errand *e = t->data;
	struct writes *all = e->all;
	int64_t now = instant_monotonic();
	bool late = now >= e->deadline_ms;
	struct write *w;
	struct book book;

	book_open(&book, all);
	TAILQ_FOREACH(w, &e->list, in_errand) {
		if (w->told)
			continue;
		if (write_is_unsent(w))
			give_up_entry(&book, w, ERR_AIRTABLE_UNAVAILABLE,
			    "Airtable could not be reached in time");
		else if (late)
			settle_unknown(&book, w, unanswered(w->entry.table));
	}
	if (book_commit(&book) != ERR_OK)
		book_tell_anyway(&book);
	batch_sweep(all);
	if (late) {
		e->again = false;
		errand_check(e);	/* book_close() answers if the book is about it */
	} else {
		errand_set_timer(e, now);
	}
	book_close(&book);	/* may free the errand */
	dispatch_calls(all);
}

/* ---- the turn -------------------------------------------------------------------- */
/* Is anybody waiting, or is a call on its way? */
static bool
busy(const struct writes *all)
{
	const struct batch *b;
	const struct errand *e;

	TAILQ_FOREACH(b, &all->batches, link)
		if (b->state == BATCH_SENDING)
			return true;
	TAILQ_FOREACH(e, &all->errands, link)
		if (!TAILQ_EMPTY(&e->waiters))
			return true;
	return false;
}

/* Called from the loop only, as ${drained} may free everything. */
static void
tell_drained(struct writes *all)
{
	void (*drained)(void *) = all->drained;

	if (drained == NULL || busy(all))
		return;
	all->drained = NULL;
	drained(all->drained_cookie);
}

/*
 * Everything that has come since the last turn may leave together and shares a
 * commit: if a call can leave now, the one that precedes the call.
 */
static void
on_turn(uv_timer_t *t)
{
	struct writes *all = t->data;

	write_take_arrived(all);
	dispatch_calls(all);
	if (TAILQ_EMPTY(&all->fresh)) {
		all->postponed = false;
	} else if (all->call != NULL && all->leaving && !all->postponed) {
		all->postponed = true;
		writes_wake(all);
	} else {
		all->postponed = false;
		dispatch_fresh(all);
	}
	book_keep_answers(all);
	tell_drained(all);
}

void
writes_submit(struct writes *all, struct server_call *call)
{
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL || all->stopped) {
		free(w);
		errand_refuse(all, call, w == NULL ? ERR_NOMEM : ERR_CANCELLED, "nothing was changed");
		return;
	}
	w->call = call;
	TAILQ_INSERT_TAIL(&all->arrived, w, link);
	writes_wake(all);
}

size_t
writes_pending(const struct writes *all)
{
	return all->count;
}

/* ---- beginning and end --------------------------------------------------------------- */
struct writes *
writes_new(uv_loop_t *loop, const struct config *config, struct airtable *airtable,
    struct apply *apply, struct full_sync *full_sync)
{
	struct writes *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	*all = (struct writes){
		.loop = loop, .config = config, .airtable = airtable,
		.apply = apply, .full_sync = full_sync, .on_turn = on_turn, .on_deadline = on_deadline
	};
	TAILQ_INIT(&all->arrived);
	TAILQ_INIT(&all->errands);
	TAILQ_INIT(&all->ring);
	TAILQ_INIT(&all->fresh);
	TAILQ_INIT(&all->stale);
	TAILQ_INIT(&all->batches);
	(void)uv_timer_init(loop, &all->turn);		/* neither can fail */
	(void)uv_timer_init(loop, &all->gather);
	all->turn.data = all->gather.data = all;
	return all;
}

void
writes_drain(struct writes *all, void (*drained)(void *), void *cookie)
{
	struct errand *e, *next;

	all->draining = true;
	all->drained = drained;
	all->drained_cookie = cookie;
	if (all->call != NULL)
		airtable_cancel(all->call);
	all->call = NULL;
	give_up_unsent(all, true, ERR_CANCELLED, "syncd is stopping");
	settle_leave(all, false);
	all->unkept = true;	/* also of errands that are not over */
	for (e = TAILQ_FIRST(&all->errands); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		errand_check(e);
	}
	writes_wake(all);
}

static void
close_timers(struct writes *all)
{
	uv_close((uv_handle_t *)&all->turn, NULL);
	uv_close((uv_handle_t *)&all->gather, NULL);
}

/* Free all errands and entries.  No call waits any more; what is left is on the disk. */
static void
forget_all(struct writes *all)
{
	struct errand *e, *next;
	struct write *w, *after;

	TAILQ_FOREACH(e, &all->errands, link)
		for (w = TAILQ_FIRST(&e->list); w != NULL; w = after) {
			after = TAILQ_NEXT(w, in_errand);
			write_free(w);
		}
	batch_sweep(all);
	for (e = TAILQ_FIRST(&all->errands); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		errand_discard(e);
	}
	while ((w = TAILQ_FIRST(&all->stale)) != NULL) {
		TAILQ_REMOVE(&all->stale, w, link);
		free(w);
	}
}

void
writes_stop(struct writes *all)
{
	struct batch *b;

	all->draining = true;
	all->drained = NULL;
	write_take_arrived(all);
	if (all->call != NULL)
		airtable_cancel(all->call);
	all->call = NULL;
	give_up_unsent(all, true, ERR_CANCELLED, "syncd is stopping");
	TAILQ_FOREACH(b, &all->batches, link) {
		if (b->call != NULL)
			airtable_cancel(b->call);
		b->call = NULL;
	}
	settle_leave(all, true);
	all->unkept = true;
	book_keep_answers(all);
	all->stopped = true;
	forget_all(all);
	close_timers(all);
}

void
writes_free(struct writes *all)
{
	free(all);
}
