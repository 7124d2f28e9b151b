#include <stdlib.h>

#include "syncd/write/parts.h"

/* ---- an entry ----------------------------------------------------------------- */
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
	TAILQ_INSERT_TAIL(&e->list, w, in_errand);
	e->open++;
	e->all->count++;
	return w;
}

/* ---- an entry's end -------------------------------------------------------------- */
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
