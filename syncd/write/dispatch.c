#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/write/parts.h"

#define SENT_FRESH_MS	2000	/* max. age of a stored moment of sending when the call leaves */
#define NOTHING_MS	10	/* pause after a call that found nothing to carry */
#define RETRY_MS	250	/* when memory was out */

/* ---- what goes into a commit before sending --------------------------------------- */
/* Store fresh entries, except those of batch ${but} and those that have just ended. */
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

/* The store can't be written: end the fresh entries; nothing was changed. */
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
dispatch_fresh(struct writes *all)
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

/* Does the disk say that all its entries were sent, together and not long before ${now}? */
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
	/* those left in line were once sent with it and refused: they are not on the way now */
	if (g->line != NULL)
		TAILQ_FOREACH(w, &g->line->waiting, link)
			if (w->disk == DISK_SENT)
				book_store(book, w);
}

/* ---- what is next -------------------------------------------------------------------- */
/* The batches being filled: for the call, and for a look; ${most} groups each. */
struct choice {
	struct batch	*send, *look;
	size_t		 most;
};

/* The batch that the entry goes to; NULL: there is no room. */
static struct batch *
place_for(const struct choice *c, const struct write *w)
{
	struct batch *b = w->entry.version == 0 ? c->send : c->look;

	return b != NULL && b->count < c->most ? b : NULL;
}

/* Take ${w} and what may travel with it, or end it if the store rules it out.  false: no memory. */
static bool
take(struct book *book, struct batch *b, struct write *w)
{
	struct writes *all = b->all;
	struct line *l = w->line;
	struct group *g;
	char why[128];
	enum err e;

	if (w->entry.state == OUTBOX_SENT)
		return recover_look(all, l);
	if (w->entry.version != 0 && line_waits_again(all, l))
		return true;
	if ((e = write_check_store(all, &w->entry, why)) != ERR_OK) {
		line_remove(all, w);
		line_refresh(all, l);
		book_end(book, w, w->told ? OUTBOX_NOT_APPLIED : OUTBOX_DROP, e, "%s", why);
		return true;
	}
	if ((g = group_take(all, l, false)) == NULL)
		return false;
	batch_add(b, g);
	return true;
}

/*
 * One entry of each errand in turn, until there is no room (${most} in a batch) or
 * nobody has more of its table and kind; of errands whose asker waits, or (not ${awaited}) of
 * the others.  false: no memory.
 */
static bool
fill(struct book *book, struct choice *c, size_t most, bool awaited)
{
	struct errand_list *ring = &book->all->ring;
	struct errand *e;
	struct write *w;
	struct batch *b;
	bool more = true;

	c->most = most;
	while (more) {
		size_t left = 0;

		more = false;
		TAILQ_FOREACH(e, ring, in_ring)
			left++;
		for (; left > 0 && (e = TAILQ_FIRST(ring)) != NULL; left--) {
			TAILQ_REMOVE(ring, e, in_ring);
			TAILQ_INSERT_TAIL(ring, e, in_ring);
			w = TAILQ_FIRST(&e->ready[c->send->kind]);
			if (awaited != (e->told_count < e->item_count) || w == NULL ||
			    e->table != c->send->table || (b = place_for(c, w)) == NULL)
				continue;
			more = true;
			if (!take(book, b, w))
				return false;
		}
	}
	return true;
}

/* The kind of the errand's oldest ready entry. */
static enum outbox_kind
next_kind(const struct errand *e)
{
	enum outbox_kind first = OUTBOX_UPDATE;
	uint64_t sequence = UINT64_MAX;
	const struct write *w;

	for (int kind = OUTBOX_UPDATE; kind <= OUTBOX_DELETE; kind++) {
		w = TAILQ_FIRST(&e->ready[kind]);
		if (w != NULL && w->entry.sequence < sequence) {
			sequence = w->entry.sequence;
			first = (enum outbox_kind)kind;
		}
	}
	return first;
}

/* The first errand of this table in the ring; NULL: none is ready. */
static struct errand *
first_of(const struct errand_list *ring, const struct schema *table)
{
	struct errand *e;

	TAILQ_FOREACH(e, ring, in_ring)
		if (e->table == table)
			return e;
	return NULL;
}

/* Whose records the next call carries. */
static const struct schema *
next_table(const struct writes *all)
{
	const struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		if (b->state == BATCH_URGENT)
			return b->table;
	return TAILQ_EMPTY(&all->ring) ? NULL : TAILQ_FIRST(&all->ring)->table;
}

static struct batch *
unless_empty(struct batch *b)
{
	if (b == NULL || b->count > 0)
		return b;
	batch_free(b);
	return NULL;
}

/*
 * What the next call carries; NULL: nothing is ready, or none can be made.
 * ${look}: what is to be looked at first, or NULL.
 */
static struct batch *
choose_batch(struct book *book, struct batch **look)
{
	struct writes *all = book->all;
	struct store *st = apply_store(all->apply);
	struct errand *leader = first_of(&all->ring, all->call_table);
	struct choice c = { .look = NULL };

	*look = NULL;
	if (leader == NULL || store_begin(st) != ERR_OK)
		return NULL;
	c.send = batch_new(all, leader->table, next_kind(leader));
	if (c.send != NULL && all->ready_versioned > 0 && look_may_begin(all) &&
	    (c.look = batch_new(all, c.send->table, c.send->kind)) != NULL)
		c.look->state = BATCH_LOOKING;
	/* askers who wait come first, except for one place: promised changes must not starve */
	if (c.send == NULL || !fill(book, &c, AIRTABLE_WRITE_MAX - 1, true) ||
	    !fill(book, &c, AIRTABLE_WRITE_MAX, false) || !fill(book, &c, AIRTABLE_WRITE_MAX, true))
		log_error("write: out of memory");
	store_end(st);
	if (leader->ready_count > 0) {	/* another one says what the next call is about */
		TAILQ_REMOVE(&all->ring, leader, in_ring);
		TAILQ_INSERT_TAIL(&all->ring, leader, in_ring);
	}
	*look = unless_empty(c.look);
	return unless_empty(c.send);
}

/* ---- a call ------------------------------------------------------------------------ */
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

/* The commit failed: what waits goes on waiting for a while, what is fresh is refused. */
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
	if ((b = look_urgent(&book)) == NULL && (b = choose_batch(&book, &look)) != NULL)
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
	dispatch_calls(all);
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
	give_up_unsent(all, true, r->err, r->err == ERR_AIRTABLE_UNAVAILABLE ?
	    "Airtable has not been available lately" : r->message);
	batch_rest(all);
	dispatch_calls(all);
}

static void
on_gathered(uv_timer_t *t)
{
	dispatch_calls(t->data);
}

/*
 * How long to gather before the next call leaves.  While calls are plentiful it leaves at
 * once, unless another has just left.  When they are scarce, it waits for write.gather.
 * When none is free there is no need to wait: what arrives until one is travels in it.
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
dispatch_calls(struct writes *all)
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
		/* an open circuit is waited out by pending entries only */
		give_up_unsent(all, false, why, err_text(why));
	else
		blocked = 0;
	ms = delay_ms(all, instant_monotonic());
	if (blocked > ms)
		ms = blocked;
	if (ms == 0) {
		all->leaving = airtable_room(all->airtable) > 0;
		all->call_table = next_table(all);
		all->call = airtable_write(all->airtable, all->call_table, compose, refused, all);
		if (all->call != NULL)
			return;
		ms = RETRY_MS;
	}
	uv_update_time(all->loop);
	(void)uv_timer_start(&all->gather, on_gathered, (uint64_t)ms, 0);
}
