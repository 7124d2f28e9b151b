#include <stdlib.h>

#include "common/base/json_write.h"
#include "common/base/vec.h"
#include "common/store/row.h"
#include "syncd/apply/parts.h"

/*
 * Plan what readers see of pending changes, before anything is written: the
 * touches of this commit, by order; then, for each order touched, its entries
 * as they will be laid over its row as it will be.
 */
struct touch {
	const struct schema		*table;
	struct str			 id;		/* len 0: a creation */
	uint64_t			 sequence;	/* 0: only the row changes */
	const struct outbox_entry	*entry;		/* as it will be, if shown; NULL: no longer shown */
	struct apply_item		*item;		/* the row's change; NULL: the outbox's */
	size_t				 order;
};

/* One order while its overlay is computed. */
struct seen {
	struct apply_table	*table;
	const struct touch	*touches;
	size_t			 touch_count;
	struct apply_item	*item;
	struct pending_head	 stored;	/* count and json_len 0: none is stored */
	struct str		 stored_value, stored_json;
	struct shown {
		uint64_t			 sequence;
		const struct outbox_entry	*entry;	/* NULL: as stored */
	}			*shown;		/* by sequence */
	size_t			 shown_count;
};

static int
touch_cmp(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	int c = str_cmp(x->id, y->id);

	if (x->table != y->table)
		return x->table->number < y->table->number ? -1 : 1;
	if (c != 0)
		return c;
	if (x->id.len == 0 && x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool
same_row(const struct touch *x, const struct touch *y)
{
	return x->table == y->table && str_eq(x->id, y->id) && (x->id.len > 0 || x->sequence == y->sequence);
}

static struct touch
touch_of(const struct outbox_entry *e, bool stays)
{
	return (struct touch){
		.table = e->table,
		.id = e->kind == OUTBOX_CREATE ? (struct str){ NULL, 0 } : e->record.id,
		.sequence = e->sequence, .entry = stays && e->shown ? e : NULL
	};
}

static size_t
touches_of_changes(const struct change *changes, size_t n, struct touch *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < changes[i].edit_count; j++) {
			if (out != NULL)
				out[count] = touch_of(changes[i].edits[j], false);
			count++;
		}
	return count;
}

/* All touches, in the order in which they happen; NULL: no memory. */
static struct touch *
list_touches(const struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta, size_t *count)
{
	size_t edits = touches_of_changes(changes, n, NULL), at = 0;
	struct touch *list;
	size_t items = 0;

	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		items += of->count;
	if ((list = calloc(items + edits + meta->outbox_count + 1, sizeof(*list))) == NULL)
		return NULL;
	for (const struct apply_table *of = t->touched; of != NULL; of = of->next)
		for (size_t i = 0; i < of->count; i++)
			list[at++] = (struct touch){
				.table = of->schema, .id = of->items[i].now.id, .item = &of->items[i]
			};
	for (size_t i = 0; i < meta->outbox_count; i++)
		list[at++] = touch_of(meta->outbox[i].entry, meta->outbox[i].verb == OUTBOX_STORE);
	at += touches_of_changes(changes, n, list + at);
	for (size_t i = 0; i < at; i++)
		list[i].order = i;
	*count = at;
	return list;
}

static enum err
load_stored(struct apply_txn *t, struct seen *s)
{
	struct store_key k;
	struct str data;

	pending_key(&k, s->table->schema->number, s->touches[0].id, s->touches[0].sequence);
	if (!db_get(t->txn, t->dbs->pending, key_composed(&k), &data))
		return t->txn->fault.error;
	if (data.len < sizeof(s->stored))
		return ERR_STORE_CORRUPT;
	memcpy(&s->stored, data.ptr, sizeof(s->stored));
	if (data.len != sizeof(s->stored) + s->stored.count * sizeof(uint64_t) +
	    s->stored.json_len)
		return ERR_STORE_CORRUPT;
	s->stored_value = data;
	s->stored_json = (struct str){
		data.ptr + data.len - s->stored.json_len, s->stored.json_len
	};
	return ERR_OK;
}

static void
forget_shown(struct seen *s, uint64_t sequence)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->shown_count; i++)
		if (s->shown[i].sequence != sequence)
			s->shown[kept++] = s->shown[i];
	s->shown_count = kept;
}

static void
add_shown(struct seen *s, const struct outbox_entry *entry)
{
	size_t i = s->shown_count++;

	for (; i > 0 && s->shown[i - 1].sequence > entry->sequence; i--)
		s->shown[i] = s->shown[i - 1];
	s->shown[i] = (struct shown){ entry->sequence, entry };
}

/* List the entries that are shown after all touches. */
static enum err
list_shown(struct seen *s)
{
	s->shown = calloc(s->stored.count + s->touch_count, sizeof(*s->shown));
	if (s->shown == NULL)
		return ERR_NOMEM;
	for (; s->shown_count < s->stored.count; s->shown_count++)
		memcpy(&s->shown[s->shown_count].sequence,
		    s->stored_value.ptr + sizeof(s->stored) + s->shown_count * sizeof(uint64_t),
		    sizeof(uint64_t));
	for (size_t i = 0; i < s->touch_count; i++) {
		const struct touch *touch = &s->touches[i];

		if (touch->item != NULL) {
			s->item = touch->item;
			continue;
		}
		forget_shown(s, touch->sequence);
		if (touch->entry != NULL)
			add_shown(s, touch->entry);
	}
	return ERR_OK;
}

/* The row as it will be; ERR_NOT_FOUND: there will be none. */
static enum err
future_row(const struct seen *s, struct record *r, uint64_t *version)
{
	struct apply_item stored = { 0 };
	enum err e;

	if (s->touches[0].id.len == 0 || (s->item != NULL && s->item->gone))
		return ERR_NOT_FOUND;
	if (s->item != NULL) {
		*r = s->item->now;
		*version = s->table->all->next;
		return ERR_OK;
	}
	if ((e = apply_load(s->table, s->touches[0].id, &stored, version)) == ERR_OK)
		*r = stored.old;
	return e;
}

/* Set the values that an entry asks for in the record. */
static enum err
ask(struct apply_txn *t, const struct shown *shown, struct record *r)
{
	const struct outbox_entry *e = shown->entry;
	struct outbox_entry stored;

	if (e == NULL) {
		enum err error = apply_stored_entry(t, shown->sequence, &stored);

		if (error != ERR_OK)
			return db_needed(error);
		e = &stored;
	}
	for (size_t f = 0; f < e->table->field_count && e->kind == OUTBOX_UPDATE; f++)
		if (e->record.known >> f & 1)
			r->values[f] = e->record.values[f];
	return ERR_OK;
}

/* Append the order as readers will see it; nothing if it will have no row. */
static enum err
add_json(struct apply_txn *t, const struct seen *s, struct buf *out)
{
	struct buf row = { 0 };
	struct row_view view;
	uint64_t version = 0;
	struct record r;
	enum err e = future_row(s, &r, &version);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (size_t i = 0; i < s->shown_count; i++)
		if ((e = ask(t, &s->shown[i], &r)) != ERR_OK)
			return e;
	row_encode(&row, s->table->schema, &r, version);
	if (buf_status(&row) != ERR_OK)
		e = ERR_NOMEM;
	else if (row_decode(buf_str(&row), &view) != ERR_OK)
		e = ERR_STORE_CORRUPT;
	if (e == ERR_OK) {
		buf_add(out, view.json.ptr, view.json.len - 1);	/* all but the brace */
		json_member_bool(out, "pending", true);
		buf_add_char(out, '}');
	}
	buf_free(&row);
	return e;
}

/* Append the new value to overlay_bytes; ${o} says where. */
static enum err
compose(struct apply_txn *t, const struct seen *s, struct apply_overlay *o)
{
	struct pending_head head = { .since = s->stored.since, .count = (uint32_t)s->shown_count };
	struct buf *b = &t->overlay_bytes;
	size_t json_at;
	struct str json;
	enum err e;

	o->at = b->len;
	if (s->shown_count > 0) {
		buf_add(b, &head, sizeof(head));
		for (size_t i = 0; i < s->shown_count; i++)
			buf_add(b, &s->shown[i].sequence, sizeof(uint64_t));
	}
	json_at = b->len;
	if (s->shown_count > 0 && (e = add_json(t, s, b)) != ERR_OK)
		return e;
	if (buf_status(b) != ERR_OK)
		return ERR_NOMEM;
	o->len = b->len - o->at;
	json = o->len == 0 ? STR("") : (struct str){ b->data + json_at, b->len - json_at };
	o->visible = !str_eq(json, s->stored_json) ||
	    (o->id.len == 0 && (o->len > 0) != (s->stored_value.len > 0));
	if (s->shown_count == 0)
		return ERR_OK;
	head.json_len = (uint32_t)json.len;
	if (o->visible)
		head.since = t->next;
	memcpy(b->data + o->at, &head, sizeof(head));
	return ERR_OK;
}

/* Do readers see this order as pending? */
static bool
counts(struct str id, size_t value_len, size_t json_len)
{
	return id.len == 0 ? value_len > 0 : json_len > 0;
}

static enum err
work_out(struct apply_txn *t, struct seen *s)
{
	struct apply_overlay o = {
		.table = s->table->schema, .id = s->touches[0].id, .sequence = s->touches[0].sequence
	};
	struct pending_head head = { 0 };
	struct str value;
	enum err e;

	if ((e = load_stored(t, s)) != ERR_OK || (e = list_shown(s)) != ERR_OK)
		return e;
	if (s->shown_count == 0 && s->stored_value.len == 0)
		return ERR_OK;
	o.of_item = s->item != NULL;
	if ((e = compose(t, s, &o)) != ERR_OK)
		return e;
	value = o.len == 0 ? STR("") : (struct str){ t->overlay_bytes.data + o.at, o.len };
	if (str_eq(value, s->stored_value))
		return ERR_OK;
	if (o.len > 0)
		memcpy(&head, value.ptr, sizeof(head));
	s->table->head->pending -= counts(o.id, s->stored_value.len, s->stored.json_len);
	s->table->head->pending += counts(o.id, o.len, head.json_len);
	if (!vec_room(&t->overlays, t->overlay_count, &t->overlay_room))
		return ERR_NOMEM;
	t->overlays[t->overlay_count++] = o;
	return ERR_OK;
}

/* Is nothing shown before and after this commit?  The usual case. */
static enum err
none_shown(struct apply_txn *t, const struct apply_meta *meta, bool *none)
{
	*none = db_count(t->txn, t->dbs->pending) == 0;
	for (size_t i = 0; i < meta->outbox_count && *none; i++)
		*none = !meta->outbox[i].entry->shown;
	return t->txn->fault.error;
}

enum err
apply_plan_outbox(struct apply_txn *t, const struct change *changes, size_t n,
    const struct apply_meta *meta)
{
	struct touch *touches;
	size_t count;
	bool none;
	enum err e;

	if ((e = none_shown(t, meta, &none)) != ERR_OK || none)
		return e;
	if ((touches = list_touches(t, changes, n, meta, &count)) == NULL)
		return ERR_NOMEM;
	qsort(touches, count, sizeof(*touches), touch_cmp);
	for (size_t i = 0, end; i < count && e == ERR_OK; i = end) {
		struct seen s = { .touches = &touches[i] };

		for (end = i + 1; end < count && same_row(&touches[i], &touches[end]); )
			end++;
		s.touch_count = end - i;
		if ((e = apply_touch(t, touches[i].table, &s.table)) == ERR_OK)
			e = work_out(t, &s);
		free(s.shown);
	}
	free(touches);
	return e;
}
