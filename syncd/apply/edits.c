#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/row.h"
#include "syncd/apply/parts.h"

/*
 * Which edits the news comes from: those that the changes name, and those that
 * were sent, are not settled yet and show in the news.
 */
struct candidate {
	struct apply_table	*table;
	struct apply_item	*item;
	struct outbox_entry	 entry;		/* strings in the map */
	bool			 shows;
};

struct candidates {
	struct candidate	*list;
	size_t			 count, room;
};

static enum err
decode(const struct apply_txn *t, struct str key, struct str data, struct outbox_entry *e)
{
	uint64_t sequence;

	memcpy(&sequence, key.ptr, sizeof(sequence));
	return outbox_decode(sequence, data, t->tables, e);
}

/* Earlier news may have shown some of what is confirmed now. */
static enum err
mark_seen(struct apply_txn *t)
{
	struct outbox_entry stored;
	enum err e = ERR_OK;

	for (size_t n = 0; n < t->edit_count && (e == ERR_OK || e == ERR_NOT_FOUND); n++)
		if ((e = apply_stored_entry(t, t->edits[n].entry->sequence, &stored)) == ERR_OK)
			t->edits[n].seen = stored.seen;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Has the item changed in a way that its edits don't explain? */
static bool
unexplained(const struct apply_table *t, const struct apply_item *i)
{
	struct record r = i->old;

	for (uint32_t n = i->first_edit; n != 0; n = t->all->edits[n - 1].next) {
		const struct outbox_entry *e = t->all->edits[n - 1].entry;

		if (e->kind == OUTBOX_DELETE)
			return false;
		for (size_t f = 0; f < t->schema->field_count; f++)
			if (e->record.known >> f & 1)
				r.values[f] = e->record.values[f];
	}
	return i->existed && (i->gone || apply_differing(t->schema, &r, &i->now) != 0);
}

/* Is there news that edits which we have sent may explain? */
static bool
wanted(const struct apply_txn *t)
{
	if (t->source == SOURCE_JOB)
		return false;
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		for (size_t n = 0; n < of->count; n++)
			if (unexplained(of, &of->items[n]))
				return true;
	return false;
}

/* Does this commit settle the entry anyway? */
static bool
ends_here(const struct apply_txn *t, const struct apply_meta *meta, const struct outbox_entry *e)
{
	for (size_t n = 0; n < t->edit_count; n++)
		if (t->edits[n].entry->sequence == e->sequence)
			return true;
	for (size_t n = 0; n < meta->outbox_count; n++)
		if (meta->outbox[n].verb != OUTBOX_STORE && meta->outbox[n].entry->sequence == e->sequence)
			return true;
	return false;
}

/* NULL: the commit changes none of its rows. */
static struct apply_table *
touched(const struct apply_txn *t, const struct schema *schema)
{
	struct apply_table *of = t->touched;

	while (of != NULL && of->schema != schema)
		of = of->next;
	return of;
}

static enum err
consider(struct apply_txn *t, const struct apply_meta *meta, const struct outbox_entry *e,
    struct candidates *c)
{
	struct apply_table *of = touched(t, e->table);
	struct apply_item *i;
	struct str row;

	if (of == NULL || e->state != OUTBOX_SENT || e->seen || e->kind == OUTBOX_CREATE ||
	    e->record.id.len == 0)
		return ERR_OK;
	if (!db_get(t->txn, of->dbs->ids, e->record.id, &row))
		return t->txn->fault.error;
	i = apply_item_of_row(of, load_u32(row.ptr, 0));
	if (i == NULL || !i->existed || ends_here(t, meta, e))
		return ERR_OK;
	if (!vec_room(&c->list, c->count, &c->room))
		return ERR_NOMEM;
	c->list[c->count++] = (struct candidate){ .table = of, .item = i, .entry = *e };
	return ERR_OK;
}

static enum err
collect(struct apply_txn *t, const struct apply_meta *meta, struct candidates *c)
{
	struct outbox_entry entry;
	struct db_cursor walk;
	enum err e = ERR_OK;

	for (db_walk(&walk, t->txn, t->dbs->outbox); walk.found && e == ERR_OK; db_next(&walk))
		if ((e = decode(t, walk.key, walk.value, &entry)) == ERR_OK)
			e = consider(t, meta, &entry, c);
	db_walk_end(&walk);
	return e != ERR_OK ? e : t->txn->fault.error;
}

/* The fields that the item's edits and the candidates sent after ${which} ask for. */
static uint32_t
asked_later(const struct apply_txn *t, const struct candidates *c, size_t which)
{
	const struct apply_item *i = c->list[which].item;
	uint32_t fields = 0;

	for (uint32_t n = i->first_edit; n != 0; n = t->edits[n - 1].next)
		fields |= t->edits[n - 1].entry->record.known;
	for (size_t n = which + 1; n < c->count; n++)
		if (c->list[n].item == i)
			fields |= c->list[n].entry.record.known;
	return fields;
}

/* Does the item show these fields of the entry, and that they have changed? */
static bool
shows_fields(const struct schema *s, const struct apply_item *i, const struct outbox_entry *e,
    uint32_t fields)
{
	bool any = false;

	for (size_t f = 0; f < s->field_count; f++) {
		enum field_kind kind = s->fields[f].kind;

		if (!(fields >> f & 1))
			continue;
		if (!value_equal(kind, &e->record.values[f], &i->now.values[f]))
			return false;
		any |= !value_equal(kind, &i->old.values[f], &i->now.values[f]);
	}
	return any;
}

/*
 * An entry that asks only for fields that later ones ask for too can't be seen
 * itself: it has arrived if a later one that was sent in the same call has.
 */
static bool
shows(const struct apply_txn *t, const struct candidates *c, size_t which)
{
	const struct candidate *one = &c->list[which];
	uint32_t own;

	if (one->entry.kind == OUTBOX_DELETE || one->item->gone)
		return one->entry.kind == OUTBOX_DELETE && one->item->gone;
	if ((own = one->entry.record.known & ~asked_later(t, c, which)) != 0)
		return shows_fields(one->table->schema, one->item, &one->entry, own);
	for (size_t n = which + 1; n < c->count; n++)
		if (c->list[n].item == one->item && c->list[n].entry.sent_ms == one->entry.sent_ms)
			return c->list[n].shows;
	return false;
}

static enum err
add_found(struct apply_txn *t, const struct candidate *c)
{
	struct outbox_entry *kept = apply_keep(t, sizeof(*kept));

	if (kept == NULL)
		return ERR_NOMEM;
	*kept = c->entry;
	return apply_add_edit(c->table, c->item, &(struct apply_edit){ .entry = kept, .found = true });
}

enum err
apply_plan_edits(struct apply_txn *t, const struct apply_meta *meta)
{
	struct candidates c = { .count = 0 };
	enum err e = mark_seen(t);

	if (e != ERR_OK || !wanted(t))
		return e;
	e = collect(t, meta, &c);
	for (size_t n = c.count; n-- > 0 && e == ERR_OK;)
		c.list[n].shows = shows(t, &c, n);
	for (size_t n = 0; n < c.count && e == ERR_OK; n++)
		if (c.list[n].shows)
			e = add_found(t, &c.list[n]);
	free(c.list);
	return e;
}
