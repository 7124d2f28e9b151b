#include <stdlib.h>

#include "common/base/fold.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/vec.h"
#include "common/store/options.h"
#include "common/store/row.h"
#include "common/tables/kind.h"
#include "syncd/apply/parts.h"

/* Folded texts live until the commit ends; blocks never move. */
struct apply_arena {
	struct apply_arena	*next;
	size_t			 len;
	char			 bytes[];
};

static enum err
index_make(struct apply_index *x, size_t items)
{
	size_t size = 16;

	while (size < items * 2)
		size *= 2;
	x->slots = calloc(size, sizeof(*x->slots));
	x->mask = size - 1;
	return x->slots == NULL ? ERR_NOMEM : ERR_OK;
}

static struct apply_item *
find_id(const struct apply_table *t, struct str id)
{
	for (uint64_t h = hash_place(hash_str(id));; h++) {
		uint32_t slot = t->by_id.slots[h & t->by_id.mask];

		if (slot == 0)
			return NULL;
		if (str_eq(t->items[slot - 1].now.id, id))
			return &t->items[slot - 1];
	}
}

static void
index_add(struct apply_index *x, uint64_t hash, size_t item)
{
	while (x->slots[hash & x->mask] != 0)
		hash++;
	x->slots[hash & x->mask] = (uint32_t)item + 1;
}

struct apply_item *
apply_item_of_row(const struct apply_table *t, uint32_t row)
{
	if (t->by_row.slots == NULL)	/* nothing is planned */
		return NULL;
	for (uint64_t h = hash_number(row);; h++) {
		uint32_t slot = t->by_row.slots[h & t->by_row.mask];

		if (slot == 0)
			return NULL;
		if (t->items[slot - 1].row == row)
			return &t->items[slot - 1];
	}
}

bool
apply_field_changed(const struct apply_table *t, const struct apply_item *i, unsigned f)
{
	return !i->existed || i->gone || !value_equal(t->schema->fields[f].kind,
	    &i->old.values[f], &i->now.values[f]);
}

enum err
apply_load(struct apply_table *t, struct str id, struct apply_item *i, uint64_t *version)
{
	struct row_view view;
	struct str row;
	enum err e;

	if (!db_get(t->txn, t->dbs->ids, id, &row))
		return db_absent(t->txn);
	i->row = load_u32(row.ptr, 0);
	if ((e = row_get(t->txn, t->dbs->rows, i->row, &view)) != ERR_OK)
		return db_needed(e);
	if (row_values(&view, t->schema, &i->old) != ERR_OK)
		return ERR_STORE_CORRUPT;
	i->existed = true;
	*version = view.version;
	return ERR_OK;
}

enum err
apply_stored_entry(struct apply_txn *t, uint64_t sequence, struct outbox_entry *e)
{
	struct str value;

	if (!db_get(t->txn, t->dbs->outbox, key_u64(&sequence), &value))
		return db_absent(t->txn);
	return outbox_decode(sequence, value, t->tables, e);
}

static void
merge(const struct schema *s, struct record *into, const struct record *news)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (news->known >> f & 1)
			into->values[f] = news->values[f];
	for (size_t f = 0; f < s->field_count; f++)
		if (!into->values[f].present)
			into->values[f] = kind_nothing(s->fields[f].kind);
	into->known = schema_all(s);
}

/* An earlier change of the same list has touched this record: the later one counts. */
static void
change_again(struct apply_table *t, struct apply_item *i, const struct change *c)
{
	i->steps = c->steps;
	i->steps_since = c->steps_since;
	if (c->kind == CHANGE_GONE) {
		i->gone = true;
		return;
	}
	i->gone = false;
	merge(t->schema, &i->now, &c->record);
}

enum err
apply_add_edit(struct apply_table *t, struct apply_item *i, const struct apply_edit *edit)
{
	struct apply_txn *all = t->all;
	uint32_t *place = &i->first_edit;

	if (!vec_room(&all->edits, all->edit_count, &all->edit_room))
		return ERR_NOMEM;
	while (*place != 0 && all->edits[*place - 1].entry->sequence <= edit->entry->sequence)
		place = &all->edits[*place - 1].next;
	all->edits[all->edit_count] = *edit;
	all->edits[all->edit_count].next = *place;
	*place = (uint32_t)++all->edit_count;
	return ERR_OK;
}

static enum err
add_edits(struct apply_table *t, struct apply_item *i, const struct change *c)
{
	enum err e = ERR_OK;

	for (size_t n = 0; n < c->edit_count && e == ERR_OK; n++)
		e = apply_add_edit(t, i, &(struct apply_edit){ .entry = c->edits[n] });
	return e;
}

/* The row stays as it is, but its edits may have to go into the history. */
static void
keep_quiet(struct apply_table *t, const struct apply_item *i)
{
	if (i->first_edit != 0)
		t->quiet[t->quiet_count++] = *i;
}

/*
 * The row has changed since the call left.  Which fields of the answer are not
 * older than the row?  Those that the change asked for, unless news has shown
 * them before, as then the row has what came after them.  A row that exists
 * before we know that we have created it is itself such news.
 */
static enum err
still_new(struct apply_table *t, const struct change *c, uint32_t *fields)
{
	struct outbox_entry stored = { .seen = false };
	enum err e;

	*fields = 0;
	for (size_t n = 0; n < c->edit_count; n++) {
		if (c->edits[n]->kind == OUTBOX_CREATE)
			continue;
		e = apply_stored_entry(t->all, c->edits[n]->sequence, &stored);
		if (e != ERR_OK && e != ERR_NOT_FOUND)
			return e;
		if (e == ERR_NOT_FOUND || !stored.seen)
			*fields |= c->edits[n]->record.known;
	}
	return ERR_OK;
}

/* Held fields that come empty stay as they are, unless we emptied them ourselves. */
static void
hold(const struct apply_table *t, struct change *news)
{
	uint32_t held = t->held;

	for (size_t n = 0; n < news->edit_count; n++)
		held &= ~news->edits[n]->record.known;
	for (unsigned f = 0; f < t->schema->field_count; f++)
		if (held >> f & 1 && !news->record.values[f].present)
			news->record.known &= ~(UINT32_C(1) << f);
}

static enum err
plan_one(struct apply_table *t, const struct change *c)
{
	struct apply_item *i = find_id(t, c->record.id);
	struct change news = *c;
	uint64_t version = 0;
	bool gone;
	enum err e;

	hold(t, &news);
	if (i != NULL) {
		change_again(t, i, &news);
		return add_edits(t, i, c);
	}
	i = &t->items[t->count];
	*i = (struct apply_item){ .now.id = c->record.id };
	e = apply_load(t, c->record.id, i, &version);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (i->existed && version > c->base && !c->counts) {
		t->all->result.skipped++;
		i->now = i->old;
		e = add_edits(t, i, c);
		keep_quiet(t, i);
		return e;
	}
	if (!i->existed && c->kind == CHANGE_GONE) {
		t->all->result.unchanged++;
		return ERR_OK;
	}
	if (!i->existed) {
		if ((e = apply_gone_since(t, c->record.id, c->base, &gone)) != ERR_OK)
			return e;
		t->all->result.skipped += gone;
		if (gone) {
			i->gone = true;
			e = add_edits(t, i, c);
			keep_quiet(t, i);
			return e;
		}
	}
	if (i->existed)
		i->now = i->old;
	if (i->existed && version > c->base && c->kind == CHANGE_UPSERT) {
		if ((e = still_new(t, c, &news.record.known)) != ERR_OK)
			return e;
		news.record.known &= c->record.known;
	}
	change_again(t, i, &news);
	if ((e = add_edits(t, i, c)) != ERR_OK)
		return e;
	index_add(&t->by_id, hash_place(hash_str(i->now.id)), t->count);
	t->count++;
	return ERR_OK;
}

/* Drop the items that turned out to be unchanged. */
static void
drop_unchanged(struct apply_table *t)
{
	size_t kept = 0;

	for (size_t n = 0; n < t->count; n++) {
		struct apply_item *i = &t->items[n];

		if (i->existed && !i->gone && record_equal(t->schema, &i->old, &i->now)) {
			t->all->result.unchanged++;
			keep_quiet(t, i);
			continue;
		}
		if (!i->existed && i->gone)	/* came and went within the list */
			continue;
		if (i->gone)
			t->all->result.deleted++;
		else if (i->existed)
			t->all->result.changed++;
		else
			t->all->result.created++;
		if (kept != n)
			t->items[kept] = *i;
		kept++;
	}
	t->count = kept;
}

/* Row numbers for new rows: freed ones first. */
static enum err
number_rows(struct apply_table *t)
{
	struct db_cursor unused;
	size_t n = 0;

	while (n < t->count && t->items[n].existed)
		n++;
	if (n == t->count)
		return ERR_OK;
	for (db_walk(&unused, t->txn, t->dbs->free); n < t->count; n++) {
		if (t->items[n].existed)
			continue;
		if (unused.found) {
			t->items[n].row = load_u32(unused.key.ptr, 0);
			db_next(&unused);
		} else if (t->head->rows_end < UINT32_MAX) {
			t->items[n].row = t->head->rows_end++;
		} else {
			(void)db_fail(t->txn, ERR_STORE_MAP_FULL);
		}
	}
	db_walk_end(&unused);
	return t->txn->fault.error;
}

void *
apply_keep(struct apply_txn *t, size_t bytes)
{
	struct apply_arena *a = malloc(sizeof(*a) + bytes);

	if (a == NULL)
		return NULL;
	a->next = t->arena;
	a->len = bytes;
	t->arena = a;
	return a->bytes;
}

enum err
apply_fold(struct buf *out, struct str text)
{
	size_t from = out->len;

	if (fold_text(out, text) == ERR_INVALID_PARAMETER)
		buf_add_str(out, text);	/* not UTF-8: searched as it is */
	if (buf_status(out) != ERR_OK)
		return ERR_NOMEM;
	/* a NUL ends a text in its column */
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == '\0')
			out->data[i] = ' ';
	return ERR_OK;
}

static enum err
keep_folded(struct apply_table *t, struct buf *scratch, struct str text, struct str *out)
{
	char *kept;
	enum err e;

	buf_clear(scratch);
	if ((e = apply_fold(scratch, text)) != ERR_OK)
		return e;
	if ((kept = apply_keep(t->all, scratch->len)) == NULL)
		return ERR_NOMEM;
	memcpy(kept, scratch->data, scratch->len);
	*out = (struct str){ kept, scratch->len };
	return ERR_OK;
}

/* The code of an option, which is added to the known ones if it is new. */
static unsigned
learn_option(struct apply_table *t, unsigned f, struct str name)
{
	const struct field *field = &t->schema->fields[f];
	struct str further = buf_str(&t->further[f]);
	unsigned code = options_code(field, further, name);

	if (code != OPTION_NONE)
		return code;
	if (options_count(field, further) + 1 >= OPTION_OTHER ||
	    memchr(name.ptr, '\0', name.len) != NULL)
		return OPTION_OTHER;
	buf_add_str(&t->further[f], name);
	buf_add_char(&t->further[f], '\0');
	t->further_new[f] = true;
	log_warn("store: %s '%.*s' is not a known option; kept as it is",
	    field->name, STR_FMT(name));
	return options_count(field, buf_str(&t->further[f]));
}

static enum err
prepare_values(struct apply_table *t)
{
	struct buf scratch = { 0 };
	enum err e = ERR_OK;

	for (size_t n = 0; n < t->count && e == ERR_OK; n++) {
		struct apply_item *i = &t->items[n];

		for (unsigned f = 0; f < t->schema->field_count && e == ERR_OK; f++) {
			const struct value *v = &i->now.values[f];

			if (!v->present || i->gone)
				continue;
			switch (kind_storage(t->schema->fields[f].kind)) {
			case STORED_TEXT:
				e = keep_folded(t, &scratch, v->text, &i->folded[f]);
				break;
			case STORED_CODE:
				i->code[f] = (uint8_t)learn_option(t, f, v->text);
				break;
			case STORED_NUMBER:
				break;
			}
		}
	}
	buf_free(&scratch);
	return e;
}

int
apply_item_cmp(const void *a, const void *b)
{
	const struct apply_item *x = a, *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

static enum err
load_options(struct apply_table *t)
{
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		if (kind_storage(t->schema->fields[f].kind) == STORED_CODE)
			buf_add_str(&t->further[f], options_load(t->txn, t->all->dbs->meta, t->schema, f));
	}
	return t->txn->fault.error;
}

enum err
apply_touch(struct apply_txn *all, const struct schema *schema, struct apply_table **out)
{
	struct apply_table **end = &all->touched, *t;

	for (; *end != NULL; end = &(*end)->next)
		if ((*end)->schema == schema) {
			*out = *end;
			return ERR_OK;
		}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return ERR_NOMEM;
	*t = (struct apply_table){
		.all = all, .txn = all->txn, .schema = schema, .dbs = store_table(all->dbs, schema),
		.head = &all->head.table[schema->number],
		.held = all->held == NULL ? 0 : all->held[schema->number]
	};
	*end = *out = t;
	return load_options(t);
}

/* As many items as there are changes with edits may turn out quiet. */
static enum err
make_quiet(struct apply_table *t, const struct change *changes, size_t n)
{
	size_t edited = 0;

	for (size_t i = 0; i < n; i++)
		edited += changes[i].table == t->schema && changes[i].edit_count > 0;
	if (edited > 0 && (t->quiet = calloc(edited, sizeof(*t->quiet))) == NULL)
		return ERR_NOMEM;
	return ERR_OK;
}

/* All changes of one table. */
static enum err
plan_table(struct apply_table *t, const struct change *changes, size_t n)
{
	size_t own = 0;
	enum err e;

	for (size_t i = 0; i < n; i++)
		own += changes[i].table == t->schema;
	if ((e = make_quiet(t, changes, n)) != ERR_OK)
		return e;
	t->rows_end_before = t->head->rows_end;
	t->items = calloc(own == 0 ? 1 : own, sizeof(*t->items));
	if (t->items == NULL || index_make(&t->by_id, own) != 0 || index_make(&t->by_row, own) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (changes[i].table == t->schema && (e = plan_one(t, &changes[i])) != ERR_OK)
			return e;
	drop_unchanged(t);
	if ((e = number_rows(t)) != ERR_OK || (e = prepare_values(t)) != ERR_OK)
		return e;
	qsort(t->items, t->count, sizeof(*t->items), apply_item_cmp);
	for (size_t i = 0; i < t->count; i++)
		index_add(&t->by_row, hash_number(t->items[i].row), i);
	return ERR_OK;
}

enum err
apply_plan(struct apply_txn *all, const struct change *changes, size_t n)
{
	struct apply_table *t;
	enum err e;

	for (size_t i = 0; i < n; i++)
		if ((i == 0 || changes[i].table != changes[i - 1].table) &&
		    (e = apply_touch(all, changes[i].table, &t)) != ERR_OK)
			return e;
	for (t = all->touched; t != NULL; t = t->next)
		if ((e = plan_table(t, changes, n)) != ERR_OK)
			return e;
	return ERR_OK;
}

static void
table_free(struct apply_table *t)
{
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		buf_free(&t->further[f]);
	free(t->quiet);
	free(t->gone);
	free(t->items);
	free(t->by_id.slots);
	free(t->by_row.slots);
	free(t);
}

void
apply_plan_free(struct apply_txn *all)
{
	while (all->arena != NULL) {
		struct apply_arena *next = all->arena->next;

		free(all->arena);
		all->arena = next;
	}
	while (all->touched != NULL) {
		struct apply_table *next = all->touched->next;

		table_free(all->touched);
		all->touched = next;
	}
	buf_free(&all->overlay_bytes);
	buf_free(&all->history_bytes);
	free(all->edits);
	free(all->overlays);
	free(all->entries);
	buf_free(&all->log);
}
