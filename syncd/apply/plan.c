#include <errno.h>
#include <stdlib.h>

#include "common/base/fold.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/vec.h"
#include "common/store/options.h"
#include "common/store/row.h"
#include "syncd/apply/parts.h"

/* Folded texts live until the commit ends; blocks never move. */
struct apply_arena {
	struct apply_arena	*next;
	size_t			 len;
	char			 bytes[];
};

static int
index_make(struct apply_index *x, size_t items)
{
	size_t size = 16;

	while (size < items * 2)
		size *= 2;
	x->slots = calloc(size, sizeof(*x->slots));
	x->mask = size - 1;
	return x->slots == NULL ? ENOMEM : 0;
}

static struct apply_item *
find_id(const struct apply_txn *t, struct str id)
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
apply_item_of_row(const struct apply_txn *t, uint32_t row)
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
apply_field_changed(const struct apply_txn *t, const struct apply_item *i, unsigned f)
{
	return !i->existed || i->gone || !value_equal(t->schema->fields[f].kind,
	    &i->old.values[f], &i->now.values[f]);
}

int
apply_load(struct apply_txn *t, struct str id, struct apply_item *i, uint64_t *version)
{
	MDB_val key = key_str(id), data;
	struct row_view view;
	int rc;

	if ((rc = mdb_get(t->txn, t->dbs->orders.ids, &key, &data)) != 0)
		return rc;
	i->row = load_u32(data.mv_data, 0);
	if ((rc = row_get(t->txn, t->dbs->orders.rows, i->row, &view)) != 0)
		return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
	if (row_values(&view, t->schema, &i->old) != ERR_OK)
		return MDB_CORRUPTED;
	i->existed = true;
	*version = view.version;
	return 0;
}

int
apply_stored_entry(struct apply_txn *t, uint64_t sequence, struct outbox_entry *e)
{
	MDB_val key = key_u64(&sequence), data;
	int rc = mdb_get(t->txn, t->dbs->outbox, &key, &data);

	if (rc != 0)
		return rc;
	return outbox_decode(sequence, (struct str){ data.mv_data, data.mv_size }, t->schema, e) ==
	    ERR_OK ? 0 : MDB_CORRUPTED;
}

static void
merge(const struct schema *s, struct record *into, const struct record *news)
{
	for (size_t f = 0; f < s->field_count; f++)
		if (news->known >> f & 1)
			into->values[f] = news->values[f];
	into->known = schema_all(s);
}

/* An earlier change of the same list has touched this record: the later one counts. */
static void
change_again(struct apply_txn *t, struct apply_item *i, const struct change *c)
{
	i->steps = c->steps;
	if (c->kind == CHANGE_GONE) {
		i->gone = true;
		return;
	}
	i->gone = false;
	merge(t->schema, &i->now, &c->record);
}

int
apply_add_edit(struct apply_txn *t, struct apply_item *i, const struct apply_edit *edit)
{
	uint32_t *place = &i->first_edit;

	if (!vec_room(&t->edits, t->edit_count, &t->edit_room))
		return ENOMEM;
	while (*place != 0 && t->edits[*place - 1].entry->sequence <= edit->entry->sequence)
		place = &t->edits[*place - 1].next;
	t->edits[t->edit_count] = *edit;
	t->edits[t->edit_count].next = *place;
	*place = (uint32_t)++t->edit_count;
	return 0;
}

static int
add_edits(struct apply_txn *t, struct apply_item *i, const struct change *c)
{
	int rc = 0;

	for (size_t n = 0; n < c->edit_count && rc == 0; n++)
		rc = apply_add_edit(t, i, &(struct apply_edit){ .entry = c->edits[n] });
	return rc;
}

/* The row stays as it is, but the history may have to tell of edits. */
static void
keep_quiet(struct apply_txn *t, const struct apply_item *i)
{
	if (i->first_edit != 0)
		t->quiet[t->quiet_count++] = *i;
}

/*
 * What an answer to a change of ours says that is not older than the row,
 * which has changed since the call left: what was asked for, unless news have
 * shown that before, as then the row has what came after it.  A row that is
 * there before we know that we have created it is itself such news.
 */
static int
still_new(struct apply_txn *t, const struct change *c, uint32_t *fields)
{
	struct outbox_entry stored;
	int rc;

	*fields = 0;
	for (size_t n = 0; n < c->edit_count; n++) {
		if (c->edits[n]->kind == OUTBOX_CREATE)
			continue;
		rc = apply_stored_entry(t, c->edits[n]->sequence, &stored);
		if (rc != 0 && rc != MDB_NOTFOUND)
			return rc;
		if (rc == MDB_NOTFOUND || !stored.seen)
			*fields |= c->edits[n]->record.known;
	}
	return 0;
}

/* Fields that are held stay as they are, unless it was we who emptied them. */
static void
hold(const struct apply_txn *t, struct change *news)
{
	uint32_t held = t->held;

	for (size_t n = 0; n < news->edit_count; n++)
		held &= ~news->edits[n]->record.known;
	for (unsigned f = 0; f < t->schema->field_count; f++)
		if (held >> f & 1 && !news->record.values[f].present)
			news->record.known &= ~(UINT32_C(1) << f);
}

static int
plan_one(struct apply_txn *t, const struct change *c)
{
	struct apply_item *i = find_id(t, c->record.id);
	struct change news = *c;
	uint64_t version = 0;
	bool gone;
	int rc;

	hold(t, &news);
	if (i != NULL) {
		change_again(t, i, &news);
		return add_edits(t, i, c);
	}
	i = &t->items[t->count];
	*i = (struct apply_item){ .now.id = c->record.id };
	rc = apply_load(t, c->record.id, i, &version);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (i->existed && version > c->base && !c->counts) {
		t->result.skipped++;
		i->now = i->old;
		rc = add_edits(t, i, c);
		keep_quiet(t, i);
		return rc;
	}
	if (!i->existed && c->kind == CHANGE_GONE) {
		t->result.unchanged++;
		return 0;
	}
	if (!i->existed) {
		if ((rc = apply_gone_since(t, c->record.id, c->base, &gone)) != 0)
			return rc;
		t->result.skipped += gone;
		if (gone) {
			i->gone = true;
			rc = add_edits(t, i, c);
			keep_quiet(t, i);
			return rc;
		}
	}
	if (i->existed)
		i->now = i->old;
	if (i->existed && version > c->base && c->kind == CHANGE_UPSERT) {
		if ((rc = still_new(t, c, &news.record.known)) != 0)
			return rc;
		news.record.known &= c->record.known;
	}
	change_again(t, i, &news);
	if ((rc = add_edits(t, i, c)) != 0)
		return rc;
	index_add(&t->by_id, hash_place(hash_str(i->now.id)), t->count);
	t->count++;
	return 0;
}

/* Leave out what turned out to be no change. */
static void
drop_unchanged(struct apply_txn *t)
{
	size_t kept = 0;

	for (size_t n = 0; n < t->count; n++) {
		struct apply_item *i = &t->items[n];

		if (i->existed && !i->gone && record_equal(t->schema, &i->old, &i->now)) {
			t->result.unchanged++;
			keep_quiet(t, i);
			continue;
		}
		if (!i->existed && i->gone)	/* came and went within the list */
			continue;
		if (i->gone)
			t->result.deleted++;
		else if (i->existed)
			t->result.changed++;
		else
			t->result.created++;
		if (kept != n)
			t->items[kept] = *i;
		kept++;
	}
	t->count = kept;
}

/* Row numbers for new rows: freed ones first. */
static int
number_rows(struct apply_txn *t)
{
	MDB_cursor *cursor = NULL;
	bool free_left = true;
	int rc = 0;

	for (size_t n = 0; n < t->count && rc == 0; n++) {
		MDB_val key, data;

		if (t->items[n].existed)
			continue;
		if (cursor == NULL &&
		    (rc = mdb_cursor_open(t->txn, t->dbs->orders.free, &cursor)) != 0)
			return rc;
		if (free_left) {
			rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
			if (rc == 0)
				t->items[n].row = load_u32(key.mv_data, 0);
			free_left = rc == 0;
			rc = rc == MDB_NOTFOUND ? 0 : rc;
		}
		if (rc == 0 && !free_left) {
			if (t->head.rows_end == UINT32_MAX)
				rc = MDB_MAP_FULL;
			else
				t->items[n].row = t->head.rows_end++;
		}
	}
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	return rc;
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

int
apply_fold(struct buf *out, struct str text)
{
	size_t from = out->len;

	if (fold_text(out, text) == ERR_INVALID_PARAMETER)
		buf_add_str(out, text);	/* not UTF-8: searched as it is */
	if (buf_status(out) != ERR_OK)
		return ENOMEM;
	/* a NUL ends a text in its column */
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == '\0')
			out->data[i] = ' ';
	return 0;
}

static int
keep_folded(struct apply_txn *t, struct buf *scratch, struct str text, struct str *out)
{
	char *kept;
	int rc;

	buf_clear(scratch);
	if ((rc = apply_fold(scratch, text)) != 0)
		return rc;
	if ((kept = apply_keep(t, scratch->len)) == NULL)
		return ENOMEM;
	memcpy(kept, scratch->data, scratch->len);
	*out = (struct str){ kept, scratch->len };
	return 0;
}

/* The code of an option, which becomes one of the known ones if it is not yet. */
static unsigned
learn_option(struct apply_txn *t, unsigned f, struct str name)
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
	log_warn("store: %s '%.*s' is none of the known options; kept as it is",
	    field->name, STR_FMT(name));
	return options_count(field, buf_str(&t->further[f]));
}

static int
prepare_values(struct apply_txn *t)
{
	struct buf scratch = { 0 };
	int rc = 0;

	for (size_t n = 0; n < t->count && rc == 0; n++) {
		struct apply_item *i = &t->items[n];

		for (unsigned f = 0; f < t->schema->field_count && rc == 0; f++) {
			const struct value *v = &i->now.values[f];

			if (!v->present || i->gone)
				continue;
			if (t->schema->fields[f].kind == FIELD_TEXT)
				rc = keep_folded(t, &scratch, v->text, &i->folded[f]);
			else if (t->schema->fields[f].kind == FIELD_SELECT)
				i->code[f] = (uint8_t)learn_option(t, f, v->text);
		}
	}
	buf_free(&scratch);
	return rc;
}

int
apply_item_cmp(const void *a, const void *b)
{
	const struct apply_item *x = a, *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

static int
load_options(struct apply_txn *t)
{
	for (unsigned f = 0; f < t->schema->field_count; f++) {
		struct str further;
		int rc;

		if (t->schema->fields[f].kind != FIELD_SELECT)
			continue;
		if ((rc = options_load(t->txn, t->dbs->meta, f, &further)) != 0)
			return rc;
		buf_add_str(&t->further[f], further);
	}
	return 0;
}

/* As many items as there are changes with edits may turn out quiet. */
static int
make_quiet(struct apply_txn *t, const struct change *changes, size_t n)
{
	size_t edited = 0;

	for (size_t i = 0; i < n; i++)
		edited += changes[i].edit_count > 0;
	if (edited > 0 && (t->quiet = calloc(edited, sizeof(*t->quiet))) == NULL)
		return ENOMEM;
	return 0;
}

int
apply_plan(struct apply_txn *t, const struct change *changes, size_t n)
{
	int rc;

	if ((rc = make_quiet(t, changes, n)) != 0)
		return rc;
	t->rows_end_before = t->head.rows_end;
	t->items = calloc(n == 0 ? 1 : n, sizeof(*t->items));
	if (t->items == NULL || index_make(&t->by_id, n) != 0 ||
	    index_make(&t->by_row, n) != 0)
		return ENOMEM;
	if ((rc = load_options(t)) != 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = plan_one(t, &changes[i])) != 0)
			return rc;
	drop_unchanged(t);
	if ((rc = number_rows(t)) != 0 || (rc = prepare_values(t)) != 0)
		return rc;
	qsort(t->items, t->count, sizeof(*t->items), apply_item_cmp);
	for (size_t i = 0; i < t->count; i++)
		index_add(&t->by_row, hash_number(t->items[i].row), i);
	return 0;
}

void
apply_plan_free(struct apply_txn *t)
{
	while (t->arena != NULL) {
		struct apply_arena *next = t->arena->next;

		free(t->arena);
		t->arena = next;
	}
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++)
		buf_free(&t->further[f]);
	buf_free(&t->overlay_bytes);
	buf_free(&t->history_bytes);
	free(t->edits);
	free(t->overlays);
	free(t->entries);
	free(t->quiet);
	free(t->gone);
	buf_free(&t->log);
	free(t->items);
	free(t->by_id.slots);
	free(t->by_row.slots);
}
