#include <stdlib.h>

#include "common/base/instant.h"
#include "syncd/airtable/jitter.h"
#include "syncd/write/parts.h"

#define PAUSE_MS	250	/* after a failure, doubling with each */
#define PAUSE_MAX_MS	2000	/* while somebody waits: the circuit breaker knows longer ones */
#define PATIENCE_MS	60000	/* while nobody does */
#define SENT_FRESH_MS	2000	/* so old may the stored moment of sending be when it is sent again */
#define NOTHING_MS	10	/* between calls that turned out to have nothing to carry */
#define CUT_SHARE	0.15	/* of a time-out, at its end, is for reading back */

/* ---- batches --------------------------------------------------------------------- */
struct batch *
batch_new(struct writes *all, enum outbox_kind kind)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->all = all;
	b->kind = kind;
	(void)uv_timer_init(all->loop, &b->timer);	/* it never fails */
	b->timer.data = b;
	TAILQ_INSERT_TAIL(&all->batches, b, link);
	return b;
}

void
batch_add(struct batch *b, struct group *g)
{
	g->batch = b;
	b->groups[b->count++] = g;
}

void
batch_drop(struct batch *b, struct group *g)
{
	size_t i = 0;

	while (b->groups[i] != g)
		i++;
	for (b->count--; i < b->count; i++)
		b->groups[i] = b->groups[i + 1];
	g->batch = NULL;
}

static void
on_timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void
batch_free(struct batch *b)
{
	if (b->call != NULL)	/* a look that nobody waits for any more */
		airtable_cancel(b->call);
	b->call = NULL;
	TAILQ_REMOVE(&b->all->batches, b, link);
	uv_close((uv_handle_t *)&b->timer, on_timer_closed);
}

void
batch_return(struct batch *b)
{
	while (b->count > 0) {
		struct group *g = b->groups[b->count - 1];

		batch_drop(b, g);
		group_return(b->all, g);
	}
	batch_free(b);
}

/*
 * Has everybody been told, and will it not be sent again?  Then the order
 * waits no more, unless the next one expects a version.
 */
static bool
done_with(const struct group *g)
{
	const struct write *w, *next = g->line == NULL ? NULL : TAILQ_FIRST(&g->line->waiting);

	TAILQ_FOREACH(w, &g->writes, link)
		if (!w->told || w->entry.deferred)
			return false;
	return next == NULL || next->entry.version == 0;
}

/* May it still do something, or be sent? */
static bool
under_way(const struct batch *b)
{
	return b->state == BATCH_SENDING || b->state == BATCH_URGENT ||
	    b->state == BATCH_LOOKING || b->applied || instant_monotonic() < b->late_until_ms;
}

static void
sweep(struct batch *b)
{
	struct writes *all = b->all;

	for (size_t i = b->count; i-- > 0;) {
		struct group *g = b->groups[i];

		if (TAILQ_EMPTY(&g->writes)) {
			batch_drop(b, g);
			group_free(all, g);
			continue;
		}
		if (b->state != BATCH_SENDING)
			group_merge(all->schema, g);	/* one of its entries may have gone */
		if (!under_way(b) && done_with(g))
			group_leave(all, g);
	}
	if (b->count == 0)
		batch_free(b);
}

void
batch_sweep(struct writes *all)
{
	struct batch *b, *next;

	for (b = TAILQ_FIRST(&all->batches); b != NULL; b = next) {
		next = TAILQ_NEXT(b, link);
		sweep(b);
	}
}

/* ---- patience -------------------------------------------------------------------- */
int64_t
batch_pause_ms(unsigned tries, int64_t max_ms)
{
	int64_t ms = PAUSE_MS;

	for (unsigned i = 1; i < tries && ms < max_ms; i++)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	return ms / 2 + jitter_below(ms / 2 + 1);
}

static bool
somebody_waits(const struct writes *all)
{
	const struct errand *e;

	TAILQ_FOREACH(e, &all->errands, link)
		if (e->told_count < e->item_count)
			return true;
	return false;
}

void
batch_rest(struct writes *all)
{
	all->rest_until_ms = instant_monotonic() + batch_pause_ms(++all->failures,
	    somebody_waits(all) ? PAUSE_MAX_MS : PATIENCE_MS);
}

void
batch_hurry(struct writes *all)
{
	int64_t latest = instant_monotonic() + PAUSE_MAX_MS;

	if (all->rest_until_ms > latest)
		all->rest_until_ms = latest;
}

bool
batch_hopeless(struct writes *all, int64_t send_by_ms, enum err *why)
{
	int64_t now = instant_monotonic(), blocked = airtable_blocked_ms(all->airtable, why);

	if (blocked > 0 && *why != ERR_AIRTABLE_RATE_LIMITED)
		return true;	/* then waiting is for the sync, not for a person */
	if (all->rest_until_ms - now > blocked)
		blocked = all->rest_until_ms - now;
	if (now + blocked < send_by_ms)
		return false;
	*why = *why == ERR_OK ? ERR_AIRTABLE_TIMEOUT : *why;
	return true;
}

enum err
batch_reason(enum err why, const char **text)
{
	if (why == ERR_AIRTABLE_QUOTA || why == ERR_AIRTABLE_RATE_LIMITED) {
		*text = err_text(why);	/* what else Airtable says of it is in the log */
		return why;
	}
	/* not a call was made, or none arrived: nothing is unknown about that */
	return why == ERR_AIRTABLE_TIMEOUT ? ERR_AIRTABLE_UNAVAILABLE : why;
}

void
batch_give_up(struct book *book, struct write *w, enum err why, const char *text)
{
	enum err e = batch_reason(why, &text);

	if (w->errand->defer)
		book_show(book, w, ERR_OK, "%s", "");
	else
		book_end(book, w, OUTBOX_DROP, e, "%s; nothing was changed", text);
}

/* ---- what goes into a commit before sending --------------------------------------- */
/* Those that are not on the disk yet, but for the ones of ${but} and those that have just ended. */
static void
book_fresh(struct book *book, const struct batch *but)
{
	struct write *w;

	TAILQ_FOREACH(w, &book->all->fresh, in_fresh) {
		if (w->group != NULL ? w->group->batch == but : w->line == NULL)
			continue;
		if (w->entry.deferred && !w->told)
			book_show(book, w, ERR_OK, "%s", "");
		else
			book_store(book, w);
	}
}

/* The store can't take them: nobody's change is lost, it just does not happen. */
static void
refuse_fresh(struct writes *all, enum err why)
{
	struct write *w;
	struct book book;

	book_open(&book, all);
	TAILQ_FOREACH(w, &all->fresh, in_fresh)
		book_end(&book, w, OUTBOX_DROP, why,
		    "the change could not be put into the outbox; nothing was changed");
	book_tell_anyway(&book);
	batch_sweep(all);
	book_close(&book);
}

void
batch_store_fresh(struct writes *all)
{
	struct book book;
	enum err e;

	book_open(&book, all);
	book_fresh(&book, NULL);
	e = book_commit(&book);
	book_close(&book);
	if (e != ERR_OK)
		refuse_fresh(all, e);
}

/* Is the disk right about when it is sent: some time ago, all of it together? */
static bool
stored_as_sent(const struct group *g, int64_t now)
{
	const struct write *first = TAILQ_FIRST(&g->writes), *w;

	TAILQ_FOREACH(w, &g->writes, link)
		if (w->disk != DISK_SENT || w->entry.sent_ms != first->entry.sent_ms)
			return false;
	return now >= first->entry.sent_ms && now - first->entry.sent_ms <= SENT_FRESH_MS;
}

static void
book_group(struct book *book, struct group *g, int64_t now)
{
	bool stored = stored_as_sent(g, now);
	struct write *w;

	TAILQ_FOREACH(w, &g->writes, link) {
		w->entry.state = OUTBOX_SENT;
		if (stored)
			continue;
		w->entry.sent_ms = now;
		book_store(book, w);
	}
	/* once sent together and refused: on the disk only what leaves now may count as sent */
	if (g->line != NULL)
		TAILQ_FOREACH(w, &g->line->waiting, link)
			if (w->disk == DISK_SENT)
				book_store(book, w);
}

/* ---- a call ------------------------------------------------------------------------ */
/* Some time is left to read back before the first asker gives up. */
int64_t
batch_timeout_ms(const struct batch *b)
{
	int64_t least = (int64_t)((double)b->all->config->write.timeout_ms * CUT_SHARE), ms = 0;
	int64_t now = instant_monotonic();
	const struct write *w;

	for (size_t i = 0; i < b->count; i++)
		TAILQ_FOREACH(w, &b->groups[i]->writes, link) {
			const struct errand *e = w->errand;
			int64_t cut = e->deadline_ms - (int64_t)((double)e->timeout_ms * CUT_SHARE) - now;

			if (!w->told && (ms == 0 || cut < ms))
				ms = cut > least ? cut : least;
		}
	return ms;
}

static void
fill_write(struct batch *b, struct airtable_write *write)
{
	static const enum airtable_change changes[] = {
		[OUTBOX_UPDATE] = AIRTABLE_UPDATE, [OUTBOX_CREATE] = AIRTABLE_CREATE,
		[OUTBOX_DELETE] = AIRTABLE_DELETE
	};

	*write = (struct airtable_write){
		.change = changes[b->kind], .count = b->count,
		.timeout_ms = batch_timeout_ms(b),
		.callback = settle_sent, .cookie = b
	};
	for (size_t i = 0; i < b->count; i++) {
		write->records[i] = &b->groups[i]->record;
		write->keys[i] = TAILQ_FIRST(&b->groups[i]->writes)->entry.create_key;
	}
}

/* The disk does not take it: what waits goes on waiting for some time, what is new is refused. */
static void
not_stored(struct book *book, struct batch *b, struct batch *look, enum err why)
{
	struct writes *all = book->all;

	book_tell_anyway(book);
	if (b != NULL && b->state != BATCH_URGENT)
		batch_return(b);
	if (look != NULL)
		batch_return(look);
	book_close(book);
	refuse_fresh(all, why);
	batch_rest(all);
}

/* An airtable_compose: a call can leave now. */
static bool
compose(void *cookie, struct airtable_write *write)
{
	struct writes *all = cookie;
	struct airtable_call *call = all->call;
	struct batch *b, *look = NULL;
	struct book book;
	enum err e;

	all->call = NULL;
	all->leaving = false;
	book_open(&book, all);
	if ((b = look_urgent(&book)) == NULL && (b = batch_choose(&book, &look)) != NULL)
		b->state = BATCH_SENDING;
	for (size_t i = 0; b != NULL && i < b->count; i++)
		book_group(&book, b->groups[i], instant_now());
	book_fresh(&book, b);
	if ((e = book_commit(&book)) != ERR_OK) {
		not_stored(&book, b, look, e);
		b = look = NULL;
	} else {
		book_close(&book);
	}
	if (look != NULL)
		look_begin(look);
	if (b != NULL) {
		b->state = BATCH_SENDING;
		b->call = call;
		b->sent_base = apply_generation(all->apply);
		fill_write(b, write);
		all->sent_ms = instant_monotonic();
	}
	all->ready_since_ms = instant_monotonic();
	if (b == NULL && look == NULL && all->rest_until_ms < all->ready_since_ms + NOTHING_MS)
		all->rest_until_ms = all->ready_since_ms + NOTHING_MS;
	batch_dispatch(all);
	return b != NULL;
}

/* An airtable_cb: no call can leave at all. */
static void
refused(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct writes *all = cookie;

	(void)page;
	all->call = NULL;
	all->leaving = false;
	writes_give_up(all, true, r->err, r->err == ERR_AIRTABLE_UNAVAILABLE ?
	    "Airtable has not been available lately" : r->message);
	batch_rest(all);
	batch_dispatch(all);
}

static void
on_gathered(uv_timer_t *t)
{
	batch_dispatch(t->data);
}

/*
 * While calls are plentiful each leaves at once, except that what comes just
 * behind one is gathered; when they are scarce, everything is, unless none
 * is free anyway: then all that comes until one is travels in it.
 */
static int64_t
delay_ms(const struct writes *all, int64_t now)
{
	int64_t gather = all->config->write.gather_ms, since;
	size_t room;

	if (all->rest_until_ms > now)
		return all->rest_until_ms - now;
	if (batch_urgent(all) || all->ready_count >= AIRTABLE_WRITE_MAX)
		return 0;
	if ((room = airtable_room(all->airtable)) == 0)
		return 0;
	since = (int64_t)room * 2 > all->config->airtable.requests_per_second ? all->sent_ms :
	    all->ready_since_ms;
	return since + gather > now ? since + gather - now : 0;
}

/* Is there something that a call could carry, or look at? */
static bool
may_go(const struct writes *all)
{
	return batch_urgent(all) || all->ready_count > all->ready_versioned ||
	    (all->ready_count > 0 && look_may_begin(all));
}

void
batch_dispatch(struct writes *all)
{
	int64_t ms, blocked = 0;
	enum err why;

	if (all->call != NULL || all->draining)
		return;
	if (!may_go(all)) {
		(void)uv_timer_stop(&all->gather);
		return;
	}
	blocked = airtable_blocked_ms(all->airtable, &why);
	if (blocked > 0 && why != ERR_AIRTABLE_RATE_LIMITED)
		/* nobody waits out an open circuit but what is pending, and that here */
		writes_give_up(all, false, why, err_text(why));
	else
		blocked = 0;
	ms = delay_ms(all, instant_monotonic());
	if (blocked > ms)
		ms = blocked;
	if (ms == 0) {
		all->leaving = airtable_room(all->airtable) > 0;
		all->call = airtable_write(all->airtable, compose, refused, all);
		if (all->call != NULL)
			return;
		ms = PAUSE_MS;	/* out of memory */
	}
	uv_update_time(all->loop);
	(void)uv_timer_start(&all->gather, on_gathered, (uint64_t)ms, 0);
}
