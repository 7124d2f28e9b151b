#include "common/base/log.h"
#include "syncd/write/parts.h"

/* What a call may carry, and what is looked at before it may; most so many of each. */
struct choice {
	struct batch	*send, *look;
	size_t		 most;
};

/* Where the entry would go; NULL: there is no room for it. */
static struct batch *
place_for(const struct choice *c, const struct write *w)
{
	struct batch *b = w->entry.version == 0 ? c->send : c->look;

	return b != NULL && b->count < c->most ? b : NULL;
}

/* The next entry of ${w}'s order into the batch, unless the store says no to it.  false: no memory. */
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
	if ((g = group_take(all, l)) == NULL)
		return false;
	batch_add(b, g);
	return true;
}

/* An entry of the errand whose turn it is.  *took: there was one with a place. */
static bool
take_of(struct book *book, const struct choice *c, const struct errand *e, bool *took)
{
	struct write *w = TAILQ_FIRST(&e->ready[c->send->kind]);
	struct batch *b = w == NULL ? NULL : place_for(c, w);

	if (b == NULL)
		return true;
	*took = true;
	return take(book, b, w);
}

/*
 * One entry of each errand in turn, until there is no room or nobody has
 * more of its kind; of errands whose asker waits, or (not ${awaited}) of the others.
 */
static bool
fill(struct book *book, const struct choice *c, bool awaited)
{
	struct writes *all = book->all;
	struct errand *e;
	bool more = true;

	while (more) {
		size_t left = 0;

		more = false;
		TAILQ_FOREACH(e, &all->ring, in_ring)
			left++;
		for (; left > 0; left--) {
			if ((e = TAILQ_FIRST(&all->ring)) == NULL)
				return true;
			TAILQ_REMOVE(&all->ring, e, in_ring);
			TAILQ_INSERT_TAIL(&all->ring, e, in_ring);
			if (awaited == (e->told_count < e->item_count) &&
			    !take_of(book, c, e, &more))
				return false;
		}
	}
	return true;
}

/* The kind of the entry whose turn it is. */
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

/* Those who wait first, but for one place: what was promised must not starve. */
static bool
fill_all(struct book *book, struct choice *c)
{
	c->most = AIRTABLE_WRITE_MAX - 1;
	if (!fill(book, c, true))
		return false;
	c->most = AIRTABLE_WRITE_MAX;
	return fill(book, c, false) && fill(book, c, true);
}

static struct batch *
unless_empty(struct batch *b)
{
	if (b == NULL || b->count > 0)
		return b;
	batch_free(b);
	return NULL;
}

struct batch *
choose_batch(struct book *book, struct batch **look)
{
	struct writes *all = book->all;
	struct store *st = apply_store(all->apply);
	struct choice c = { .look = NULL };

	*look = NULL;
	if (TAILQ_EMPTY(&all->ring) || store_begin(st) != ERR_OK)
		return NULL;
	c.send = batch_new(all, next_kind(TAILQ_FIRST(&all->ring)));
	if (c.send != NULL && all->ready_versioned > 0 && look_may_begin(all) &&
	    (c.look = batch_new(all, c.send->kind)) != NULL)
		c.look->state = BATCH_LOOKING;
	if (c.send == NULL || !fill_all(book, &c))
		log_error("write: out of memory");
	store_end(st);
	*look = unless_empty(c.look);
	return unless_empty(c.send);
}
