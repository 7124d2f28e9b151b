#include "common/log.h"
#include "syncd/write_parts.h"

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

/*
 * One entry of each errand in turn, until the batch has ${most} or nobody has
 * more of its kind; of errands whose asker waits, or (not ${awaited}) of the others.
 */
static bool
fill(struct book *book, struct batch *b, bool awaited, size_t most)
{
	struct writes *all = b->all;
	struct errand *e;
	struct write *w;
	bool more = true;

	while (more) {
		size_t left = 0;

		more = false;
		TAILQ_FOREACH(e, &all->ring, in_ring)
			left++;
		for (; left > 0 && b->count < most; left--) {
			if ((e = TAILQ_FIRST(&all->ring)) == NULL)
				return true;
			TAILQ_REMOVE(&all->ring, e, in_ring);
			TAILQ_INSERT_TAIL(&all->ring, e, in_ring);
			if (awaited != (e->told_count < e->item_count) ||
			    (w = TAILQ_FIRST(&e->ready[b->kind])) == NULL)
				continue;
			if (!take(book, b, w))
				return false;
			more = true;
		}
		more = more && b->count < most;
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

struct batch *
batch_choose(struct book *book)
{
	struct writes *all = book->all;
	struct store *st = apply_store(all->apply);
	struct batch *b;

	if (TAILQ_EMPTY(&all->ring) || store_begin(st) != ERR_OK)
		return NULL;
	/* those who wait first, but for one place: what was promised must not starve */
	if ((b = batch_new(all, next_kind(TAILQ_FIRST(&all->ring)))) != NULL &&
	    (!fill(book, b, true, AIRTABLE_WRITE_MAX - 1) ||
	    !fill(book, b, false, AIRTABLE_WRITE_MAX) ||
	    !fill(book, b, true, AIRTABLE_WRITE_MAX)))
		log_error("write: out of memory");
	store_end(st);
	if (b != NULL && b->count == 0) {
		batch_free(b);
		b = NULL;
	}
	return b;
}

struct batch *
batch_urgent(const struct writes *all)
{
	struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		if (b->state == BATCH_URGENT)
			return b;
	return NULL;
}
