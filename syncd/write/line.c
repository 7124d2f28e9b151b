#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/instant.h"
#include "syncd/write/parts.h"

/* ---- a line -------------------------------------------------------------------------- */
uint64_t
write_hash(struct str s)
{
	return hash_place(hash_str(s));
}

static size_t
bucket_of(const struct schema *table, struct str id)
{
	return (write_hash(id) + table->number) % WRITE_BUCKETS;
}

static struct line *
find(const struct writes *all, const struct schema *table, struct str id)
{
	struct line *l;

	LIST_FOREACH(l, &all->lines[bucket_of(table, id)], in_bucket)
		if (l->table == table && str_is(id, l->id))
			return l;
	return NULL;
}

bool
line_exists(const struct writes *all, const struct schema *table, struct str id)
{
	return find(all, table, id) != NULL;
}

/* Put the entry at the end of its order's line; one that creates an order gets its own line. */
static bool
line_append(struct writes *all, struct write *w)
{
	const struct schema *table = w->entry.table;
	struct str id = w->entry.record.id;
	struct line *l = id.len == 0 ? NULL : find(all, table, id);

	if (l == NULL) {
		if ((l = calloc(1, sizeof(*l) + id.len + 1)) == NULL)
			return false;
		l->table = table;
		if (id.len > 0) {
			memcpy(l->id, id.ptr, id.len);
			LIST_INSERT_HEAD(&all->lines[bucket_of(table, id)], l, in_bucket);
		}
		TAILQ_INIT(&l->waiting);
	}
	w->line = l;
	TAILQ_INSERT_TAIL(&l->waiting, w, link);
	return true;
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
	struct errand *e;

	if (l->ready != NULL && l->ready != first)
		unready(all, l->ready);
	if (first == NULL && l->group == NULL) {
		if (l->id[0] != '\0')
			LIST_REMOVE(l, in_bucket);
		free(l);
		return;
	}
	if (first == NULL || l->ready != NULL)
		return;
	l->ready = first;
	first->ready = true;
	e = first->errand;
	TAILQ_INSERT_TAIL(&e->ready[first->entry.kind], first, in_ready);
	all->ready_versioned += first->entry.version != 0;
	if (all->ready_count++ == 0)
		all->ready_since_ms = instant_monotonic();
	if (e->ready_count++ == 0)
		TAILQ_INSERT_TAIL(&all->ring, e, in_ring);
}

/* ---- an entry ------------------------------------------------------------------------ */
static size_t
texts_len(const struct outbox_entry *e)
{
	size_t n = e->request_id.len + e->by.len + e->create_key.len + e->answer_key.len +
	    e->record.id.len;

	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		n += (e->record.known >> f & 1) ? e->record.values[f].text.len : 0;
	return n;
}

static void
copy(char **to, struct str *s)
{
	if (s->len > 0)
		memcpy(*to, s->ptr, s->len);
	s->ptr = *to;
	*to += s->len;
}

struct write *
write_new(struct errand *e, size_t place, const struct outbox_entry *entry)
{
	struct write *w = calloc(1, sizeof(*w) + texts_len(entry) + 1);
	char *to;

	if (w == NULL)
		return NULL;
	w->errand = e;
	w->place = place;
	w->entry = *entry;
	to = w->texts;
	copy(&to, &w->entry.request_id);
	copy(&to, &w->entry.by);
	copy(&to, &w->entry.create_key);
	copy(&to, &w->entry.answer_key);
	copy(&to, &w->entry.record.id);
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		if (w->entry.record.known >> f & 1)
			copy(&to, &w->entry.record.values[f].text);
		else
			w->entry.record.values[f] = (struct value){ .present = false };
	if (!line_append(e->all, w)) {
		free(w);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->list, w, in_errand);
	e->open++;
	e->all->count++;
	return w;
}

void
write_detach(struct write *w)
{
	struct errand *e = w->errand;
	struct writes *all = e->all;
	struct line *l = w->line;

	if (w->group != NULL) {
		TAILQ_REMOVE(&w->group->writes, w, link);
	} else if (l != NULL) {
		line_remove(all, w);
		line_refresh(all, l);
	}
	if (w->disk == DISK_NONE)
		TAILQ_REMOVE(&all->fresh, w, in_fresh);
	TAILQ_REMOVE(&e->list, w, in_errand);
	e->open--;
	all->count--;
	w->errand = NULL;
	w->group = NULL;
	w->line = NULL;
}

void
write_free(struct write *w)
{
	write_detach(w);
	free(w);
}

/* ---- a group ------------------------------------------------------------------------- */
bool
write_is_unsent(const struct write *w)
{
	return w->group == NULL || (w->group->batch != NULL &&
	    (w->group->batch->state == BATCH_URGENT || w->group->batch->state == BATCH_LOOKING));
}

void
group_merge(struct group *g)
{
	struct write *w = TAILQ_FIRST(&g->writes);

	g->record = (struct record){ .known = 0 };
	if (w != NULL)
		g->record.id = w->entry.record.id;
	TAILQ_FOREACH(w, &g->writes, link) {
		g->record.known |= w->entry.record.known;
		for (size_t f = 0; f < g->table->field_count; f++)
			if (w->entry.record.known >> f & 1)
				g->record.values[f] = w->entry.record.values[f];
	}
}

/* May ${w} travel with the one before it?  ${sent}: was it sent with it by an earlier process? */
static bool
goes_along(const struct write *first, const struct write *w, bool sent)
{
	if (w->entry.kind != first->entry.kind)
		return false;
	if (sent)
		return w->entry.state == OUTBOX_SENT;
	return w->entry.version == 0 && !first->alone && !w->alone;
}

struct group *
group_take(struct writes *all, struct line *l, bool sent)
{
	struct write *first = TAILQ_FIRST(&l->waiting), *w = first, *next;
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	TAILQ_INIT(&g->writes);
	g->table = l->table;
	g->line = l;
	l->group = g;
	line_refresh(all, l);
	for (; w != NULL && (w == first || goes_along(first, w, sent)); w = next) {
		next = TAILQ_NEXT(w, link);
		TAILQ_REMOVE(&l->waiting, w, link);
		TAILQ_INSERT_TAIL(&g->writes, w, link);
		w->group = g;
	}
	group_merge(g);
	return g;
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

/* A group of the line's order that has left its line and is not settled; NULL: none. */
static struct group *
find_left(const struct writes *all, const struct line *l)
{
	struct batch *b;

	TAILQ_FOREACH(b, &all->batches, link)
		for (size_t i = 0; i < b->count; i++)
			if (b->table == l->table && b->groups[i]->line == NULL &&
			    str_is(b->groups[i]->record.id, l->id))
				return b->groups[i];
	return NULL;
}

bool
line_waits_again(struct writes *all, struct line *l)
{
	struct group *g = find_left(all, l);
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
