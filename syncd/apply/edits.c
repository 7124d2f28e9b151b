#include <errno.h>
#include <stdlib.h>

#include "common/base/vec.h"
#include "common/store/row.h"
#include "syncd/apply/parts.h"

/*
 * Whose doing the news are: what changes name, and what was sent, is not
 * settled yet and can be seen in them.
 */
struct candidate {
	struct apply_item	*item;
	struct outbox_entry	 entry;		/* strings in the map */
	bool			 shows;
};

struct candidates {
	struct candidate	*list;
	size_t			 count, room;
};

static int
decode(const struct apply_txn *t, MDB_val key, MDB_val data, struct outbox_entry *e)
{
	uint64_t sequence;

	memcpy(&sequence, key.mv_data, sizeof(sequence));
	return outbox_decode(sequence, (struct str){ data.mv_data, data.mv_size }, t->schema, e) ==
	    ERR_OK ? 0 : MDB_CORRUPTED;
}

/* News that came before have shown some of what is confirmed now. */
static int
mark_seen(struct apply_txn *t)
{
	struct outbox_entry stored;
	int rc = 0;

	for (size_t n = 0; n < t->edit_count && (rc == 0 || rc == MDB_NOTFOUND); n++)
		if ((rc = apply_stored_entry(t, t->edits[n].entry->sequence, &stored)) == 0)
			t->edits[n].seen = stored.seen;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Has the item changed in a way that its edits don't explain? */
static bool
unexplained(const struct apply_txn *t, const struct apply_item *i)
{
	struct record r = i->old;

	for (uint32_t n = i->first_edit; n != 0; n = t->edits[n - 1].next) {
		const struct outbox_entry *e = t->edits[n - 1].entry;

		if (e->kind == OUTBOX_DELETE)
			return false;
		for (size_t f = 0; f < t->schema->field_count; f++)
			if (e->record.known >> f & 1)
				r.values[f] = e->record.values[f];
	}
	return i->existed && (i->gone || apply_differing(t->schema, &r, &i->now) != 0);
}

/* Are there news that what we have sent may explain? */
static bool
wanted(const struct apply_txn *t)
{
	if (t->source == SOURCE_JOB)
		return false;
	for (size_t n = 0; n < t->count; n++)
		if (unexplained(t, &t->items[n]))
			return true;
	return false;
}

/* Is the entry dealt with in this commit anyway? */
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

static int
consider(struct apply_txn *t, const struct apply_meta *meta, const struct outbox_entry *e,
    struct candidates *c)
{
	struct apply_item *i;
	MDB_val id = key_str(e->record.id), row;
	int rc;

	if (e->state != OUTBOX_SENT || e->seen || e->kind == OUTBOX_CREATE || id.mv_size == 0)
		return 0;
	if ((rc = mdb_get(t->txn, t->dbs->orders.ids, &id, &row)) != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	i = apply_item_of_row(t, load_u32(row.mv_data, 0));
	if (i == NULL || !i->existed || ends_here(t, meta, e))
		return 0;
	if (!vec_room(&c->list, c->count, &c->room))
		return ENOMEM;
	c->list[c->count++] = (struct candidate){ .item = i, .entry = *e };
	return 0;
}

static int
collect(struct apply_txn *t, const struct apply_meta *meta, struct candidates *c)
{
	struct outbox_entry entry;
	MDB_cursor *cursor;
	MDB_val key, data;
	int rc;

	if ((rc = mdb_cursor_open(t->txn, t->dbs->outbox, &cursor)) != 0)
		return rc;
	while ((rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0)
		if ((rc = decode(t, key, data, &entry)) != 0 ||
		    (rc = consider(t, meta, &entry, c)) != 0)
			break;
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* What is asked for by the item's edits, and by what was sent after ${which}. */
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
 * Nothing can be seen of an entry that asks only for what later ones ask
 * for: it was there if one of them was that has travelled in the same call.
 */
static bool
shows(const struct apply_txn *t, const struct candidates *c, size_t which)
{
	const struct candidate *one = &c->list[which];
	uint32_t own;

	if (one->entry.kind == OUTBOX_DELETE || one->item->gone)
		return one->entry.kind == OUTBOX_DELETE && one->item->gone;
	if ((own = one->entry.record.known & ~asked_later(t, c, which)) != 0)
		return shows_fields(t->schema, one->item, &one->entry, own);
	for (size_t n = which + 1; n < c->count; n++)
		if (c->list[n].item == one->item && c->list[n].entry.sent_ms == one->entry.sent_ms)
			return c->list[n].shows;
	return false;
}

static int
add_found(struct apply_txn *t, const struct candidate *c)
{
	struct outbox_entry *kept = apply_keep(t, sizeof(*kept));

	if (kept == NULL)
		return ENOMEM;
	*kept = c->entry;
	return apply_add_edit(t, c->item, &(struct apply_edit){ .entry = kept, .found = true });
}

int
apply_plan_edits(struct apply_txn *t, const struct apply_meta *meta)
{
	struct candidates c = { .count = 0 };
	int rc = mark_seen(t);

	if (rc != 0 || !wanted(t))
		return rc;
	rc = collect(t, meta, &c);
	for (size_t n = c.count; n-- > 0 && rc == 0;)
		c.list[n].shows = shows(t, &c, n);
	for (size_t n = 0; n < c.count && rc == 0; n++)
		if (c.list[n].shows)
			rc = add_found(t, &c.list[n]);
	free(c.list);
	return rc;
}
