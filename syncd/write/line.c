#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/instant.h"
#include "syncd/write/parts.h"

uint64_t
write_hash(struct str s)
{
	return hash_place(hash_str(s));
}

static struct line *
find(const struct writes *all, struct str id)
{
	struct line *l;

	LIST_FOREACH(l, &all->lines[write_hash(id) % WRITE_BUCKETS], in_bucket)
		if (str_is(id, l->id))
			return l;
	return NULL;
}

bool
line_exists(const struct writes *all, struct str id)
{
	return find(all, id) != NULL;
}

struct line *
line_of(struct writes *all, struct str id)
{
	struct line *l = id.len == 0 ? NULL : find(all, id);

	if (l != NULL)
		return l;
	if ((l = calloc(1, sizeof(*l) + id.len + 1)) == NULL)
		return NULL;
	memcpy(l->id, id.ptr == NULL ? "" : id.ptr, id.len);
	TAILQ_INIT(&l->waiting);
	if (id.len > 0)
		LIST_INSERT_HEAD(&all->lines[write_hash(id) % WRITE_BUCKETS], l, in_bucket);
	return l;
}

void
line_append(struct line *l, struct write *w)
{
	w->line = l;
	TAILQ_INSERT_TAIL(&l->waiting, w, link);
}

static void
unready(struct writes *all, struct write *w)
{
	struct errand *e = w->errand;

	w->line->ready = NULL;
	w->ready = false;
	TAILQ_REMOVE(&e->ready[w->entry.kind], w, in_ready);
	all->ready_count--;
	all->ready_versioned -= w->entry.version != 0;
	if (--e->ready_count == 0)
		TAILQ_REMOVE(&all->ring, e, in_ring);
}

static void
make_ready(struct writes *all, struct write *w)
{
	struct errand *e = w->errand;

	w->line->ready = w;
	w->ready = true;
	TAILQ_INSERT_TAIL(&e->ready[w->entry.kind], w, in_ready);
	all->ready_versioned += w->entry.version != 0;
	if (all->ready_count++ == 0)
		all->ready_since_ms = instant_monotonic();
	if (e->ready_count++ == 0)
		TAILQ_INSERT_TAIL(&all->ring, e, in_ring);
}

void
line_remove(struct writes *all, struct write *w)
{
	if (w->ready)
		unready(all, w);
	TAILQ_REMOVE(&w->line->waiting, w, link);
	w->line = NULL;
}

void
line_refresh(struct writes *all, struct line *l)
{
	struct write *first = l->group == NULL ? TAILQ_FIRST(&l->waiting) : NULL;

	if (l->ready != NULL && l->ready != first)
		unready(all, l->ready);
	if (first != NULL && l->ready == NULL)
		make_ready(all, first);
	if (first != NULL || l->group != NULL)
		return;
	if (l->id[0] != '\0')
		LIST_REMOVE(l, in_bucket);
	free(l);
}

bool
write_is_unsent(const struct write *w)
{
	return w->group == NULL || (w->group->batch != NULL &&
	    (w->group->batch->state == BATCH_URGENT || w->group->batch->state == BATCH_LOOKING));
}

void
group_merge(const struct schema *s, struct group *g)
{
	struct write *w = TAILQ_FIRST(&g->writes);

	g->record = (struct record){ .known = 0 };
	if (w != NULL)
		g->record.id = w->entry.record.id;
	TAILQ_FOREACH(w, &g->writes, link) {
		g->record.known |= w->entry.record.known;
		for (size_t f = 0; f < s->field_count; f++)
			if (w->entry.record.known >> f & 1)
				g->record.values[f] = w->entry.record.values[f];
	}
}

/* May ${w} travel with the one before it? */
static bool
goes_along(const struct write *first, const struct write *w)
{
	return w->entry.kind == first->entry.kind && w->entry.version == 0 && !first->alone &&
	    !w->alone;
}

/* Was it sent by an earlier process, as the one before it? */
static bool
was_sent_too(const struct write *first, const struct write *w)
{
	return w->entry.kind == first->entry.kind && w->entry.state == OUTBOX_SENT;
}

static struct group *
take(struct writes *all, struct line *l, bool (*along)(const struct write *, const struct write *))
{
	struct write *first = TAILQ_FIRST(&l->waiting), *w = first, *next;
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	TAILQ_INIT(&g->writes);
	g->line = l;
	l->group = g;
	line_refresh(all, l);
	for (; w != NULL && (w == first || along(first, w)); w = next) {
		next = TAILQ_NEXT(w, link);
		TAILQ_REMOVE(&l->waiting, w, link);
		TAILQ_INSERT_TAIL(&g->writes, w, link);
		w->group = g;
	}
	group_merge(all->schema, g);
	return g;
}

struct group *
group_take(struct writes *all, struct line *l)
{
	return take(all, l, goes_along);
}

struct group *
group_take_sent(struct writes *all, struct line *l)
{
	return take(all, l, was_sent_too);
}

void
group_return(struct writes *all, struct group *g)
{
	struct write *w;

	while ((w = TAILQ_LAST(&g->writes, write_list)) != NULL) {
		TAILQ_REMOVE(&g->writes, w, link);
		TAILQ_INSERT_HEAD(&g->line->waiting, w, link);
		w->group = NULL;
		w->entry.state = OUTBOX_ACCEPTED;
	}
	group_free(all, g);
}

void
group_leave(struct writes *all, struct group *g)
{
	struct line *l = g->line;
	struct write *w;

	if (l == NULL)
		return;
	g->line = NULL;
	TAILQ_FOREACH(w, &g->writes, link)
		w->line = NULL;
	l->group = NULL;
	line_refresh(all, l);
}

/* One that has left its line and is not settled. */
static struct group *
find_left(const struct writes *all, struct str id)
{
	struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		for (size_t i = 0; i < b->count; i++)
			if (b->groups[i]->line == NULL && str_eq(b->groups[i]->record.id, id))
				return b->groups[i];
	return NULL;
}

bool
line_waits_again(struct writes *all, struct line *l)
{
	struct group *g = find_left(all, str_of(l->id));
	struct write *w;

	if (g == NULL)
		return false;
	g->line = l;
	TAILQ_FOREACH(w, &g->writes, link)
		w->line = l;
	l->group = g;
	line_refresh(all, l);
	return true;
}

void
group_free(struct writes *all, struct group *g)
{
	group_leave(all, g);
	free(g);
}
