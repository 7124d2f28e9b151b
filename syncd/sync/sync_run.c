#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/vec.h"
#include "common/store/columns.h"
#include "common/store/row.h"
#include "syncd/airtable/listing.h"
#include "syncd/sync/sync_run.h"

/* A difference, kept until it is applied: the record with its strings behind it. */
struct difference {
	struct change	change;
	char		bytes[];
};

struct sync_run {
	const struct schema	*schema;
	struct apply		*apply;
	int64_t			 max_shrink_percent;
	bool			 first;
	uint64_t		 start_generation;
	int64_t			 start_ms;	/* wall clock */
	uint32_t		 start_rows;
	struct listing		 listing;
	struct difference	**list;
	size_t			 count, room;
	struct sync_run_counts	 counts;
	struct field_guard	 guard;		/* not in a first sync */
};

struct sync_run *
sync_run_new(const struct schema *schema, struct apply *apply, int64_t max_shrink_percent)
{
	struct sync_run *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->schema = schema;
	r->apply = apply;
	r->max_shrink_percent = max_shrink_percent;
	return r;
}

static void
drop_differences(struct sync_run *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i]);
	r->count = 0;
}

void
sync_run_end(struct sync_run *r)
{
	drop_differences(r);
	free(r->list);
	r->list = NULL;
	r->room = 0;
	listing_end(&r->listing);
}

void
sync_run_free(struct sync_run *r)
{
	if (r == NULL)
		return;
	sync_run_end(r);
	free(r);
}

enum err
sync_run_begin(struct sync_run *r)
{
	struct store *st = apply_store(r->apply);
	enum err e;

	sync_run_end(r);
	if ((e = store_begin(st)) != ERR_OK)
		return e;
	r->first = store_synced_ms(st, r->schema) == 0;
	r->start_generation = store_generation(st);
	r->start_rows = store_row_count(st, r->schema);
	e = listing_begin(&r->listing, st, r->schema);
	store_end(st);
	r->start_ms = instant_now();
	r->counts = (struct sync_run_counts){ .drift.known = !r->first };
	r->guard = (struct field_guard){ .records = 0 };
	return e;
}

/* A copy of the change, with all strings of its record. */
static enum err
add_difference(struct sync_run *r, const struct change *c)
{
	size_t size = c->record.id.len, fields = r->schema->field_count;
	struct difference *d;
	struct str *text;
	char *p;

	for (size_t f = 0; f < fields; f++)
		size += c->record.values[f].text.len;
	if (!vec_room(&r->list, r->count, &r->room) || (d = malloc(sizeof(*d) + size)) == NULL)
		return ERR_NOMEM;
	d->change = *c;
	p = d->bytes;
	memcpy(p, c->record.id.ptr, c->record.id.len);
	d->change.record.id.ptr = p;
	p += c->record.id.len;
	for (size_t f = 0; f < fields; f++) {
		text = &d->change.record.values[f].text;
		if (text->len > 0)
			memcpy(p, text->ptr, text->len);
		text->ptr = p;
		p += text->len;
	}
	r->list[r->count++] = d;
	return ERR_OK;
}

/* The stored record, with its strings in the map, and its row.  ERR_NOT_FOUND: there is none. */
static enum err
find_stored(const struct sync_run *r, struct store *st, struct str id, uint32_t *row,
    struct record *stored)
{
	struct row_view view;
	enum err e;

	if ((e = store_find_record(st, r->schema, id, row)) != ERR_OK ||
	    (e = store_row(st, r->schema, *row, &view)) != ERR_OK)
		return e;
	return row_values(&view, r->schema, stored);
}

static void
count_oddities(struct sync_run *r, const struct airtable_page *page)
{
	for (size_t f = 0; f < r->schema->field_count; f++) {
		r->counts.odd[f] += page->odd[f].count;
		r->counts.warnings += page->odd[f].count;
	}
}

enum err
sync_run_page(struct sync_run *r, const struct airtable_page *page, uint64_t base)
{
	struct store *st = apply_store(r->apply);
	enum err e = store_begin(st);
	struct record stored;
	uint32_t row;
	bool there;

	for (size_t i = 0; i < page->count && e == ERR_OK; i++) {
		const struct record *record = &page->records[i];

		if ((e = find_stored(r, st, record->id, &row, &stored)) != ERR_OK && e != ERR_NOT_FOUND)
			break;
		there = e == ERR_OK;
		e = ERR_OK;
		if (there)
			listing_see(&r->listing, row);
		field_guard_note(&r->guard, r->schema, there ? &stored : NULL, record);
		if (!there || !record_agrees(r->schema, record, &stored))
			e = add_difference(r, &(struct change){ .table = r->schema, .kind = CHANGE_UPSERT,
			    .record = *record, .base = base });
	}
	store_end(st);
	r->counts.pages++;
	r->counts.records += page->count;
	count_oddities(r, page);
	return e;
}

static enum err
note_drift(struct sync_run *r)
{
	struct store *st = apply_store(r->apply);
	enum err e;

	if (r->first || r->count == 0)
		return ERR_OK;
	e = store_begin(st);
	for (size_t i = 0; i < r->count && e == ERR_OK; i++)
		e = drift_add(&r->counts.drift, r->schema, st, &r->list[i]->change);
	store_end(st);
	return e;
}

static struct sync_run_counts
counts_after(const struct sync_run *r, const struct apply_result *result)
{
	struct sync_run_counts c = r->counts;

	c.created += result->created;
	c.changed += result->changed;
	c.deleted += result->deleted;
	if (!r->first)
		drift_applied(&c.drift, result);
	return c;
}

/* Apply all gathered differences in one commit. */
static enum err
commit(struct sync_run *r, const struct apply_meta *meta)
{
	struct change *changes = calloc(r->count + 1, sizeof(*changes));
	struct apply_result result;
	enum err e = note_drift(r);

	if (changes == NULL || e != ERR_OK) {
		free(changes);
		return e != ERR_OK ? e : ERR_NOMEM;
	}
	for (size_t i = 0; i < r->count; i++)
		changes[i] = r->list[i]->change;
	e = apply_changes(r->apply, changes, r->count, SOURCE_FULL_SYNC, meta, instant_now(),
	    &result);
	free(changes);
	if (e != ERR_OK)
		return e;
	r->counts = counts_after(r, &result);
	drop_differences(r);
	return ERR_OK;
}

enum err
sync_run_flush(struct sync_run *r)
{
	const struct apply_meta meta = { 0 };

	return r->count == 0 ? ERR_OK : commit(r, &meta);
}

size_t
sync_run_pending(const struct sync_run *r)
{
	return r->count;
}

bool
sync_run_first(const struct sync_run *r)
{
	return r->first;
}

uint32_t
sync_run_expected(const struct sync_run *r)
{
	return r->start_rows;
}

/* Add the deletion of a row that is not in the listing, unless the row is newer than that. */
static enum err
add_if_gone(struct sync_run *r, struct store *st, uint32_t row, uint64_t *gone)
{
	struct row_view view;
	enum err e = store_row(st, r->schema, row, &view);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK || view.version > r->start_generation)
		return e;
	(*gone)++;
	return add_difference(r, &(struct change){ .table = r->schema, .kind = CHANGE_GONE, .record.id = view.id,
	    .base = r->start_generation });
}

static enum err
find_gone(struct sync_run *r, uint64_t *gone)
{
	struct store *st = apply_store(r->apply);
	enum err e = store_begin(st);

	*gone = 0;
	for (uint32_t row = 0; e == ERR_OK && listing_unseen(&r->listing, &row); row++)
		e = add_if_gone(r, st, row, gone);
	store_end(st);
	return e;
}

/* Leave empty held fields out of a change.  *none: no difference is left. */
static enum err
without_held(struct sync_run *r, struct store *st, struct change *c, bool *none)
{
	struct record stored;
	uint32_t row;
	enum err e;

	*none = false;
	if (c->kind != CHANGE_UPSERT)
		return ERR_OK;
	for (size_t f = 0; f < r->schema->field_count; f++)
		if (r->counts.held >> f & 1 && !c->record.values[f].present)
			c->record.known &= ~(UINT32_C(1) << f);
	if ((e = find_stored(r, st, c->record.id, &row, &stored)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	*none = record_agrees(r->schema, &c->record, &stored);
	return ERR_OK;
}

/* Leave fields that are held as they are. */
static enum err
hold_fields(struct sync_run *r)
{
	struct store *st = apply_store(r->apply);
	size_t kept = 0;
	enum err e;

	if ((e = store_begin(st)) != ERR_OK)
		return e;
	for (size_t i = 0; i < r->count; i++) {
		bool none = false;

		if (e == ERR_OK)
			e = without_held(r, st, &r->list[i]->change, &none);
		if (none)
			free(r->list[i]);
		else
			r->list[kept++] = r->list[i];
	}
	r->count = kept;
	store_end(st);
	return e;
}

void
sync_run_explain(const struct sync_run *r, char *text, size_t size)
{
	field_guard_explain(&r->guard, r->schema, r->counts.held, text, size);
}

struct finish {
	const struct sync_run	*run;
	sync_run_progress	*progress;
	void			*cookie;
};

static void
compose(void *cookie, const struct apply_result *result, struct buf *document)
{
	const struct finish *f = cookie;
	struct sync_run_counts c = counts_after(f->run, result);

	f->progress(f->cookie, &c, document);
}

enum err
sync_run_finish(struct sync_run *r, bool accept_shrink, sync_run_progress *progress, void *cookie,
    char why[static 200])
{
	struct finish finish = { .run = r, .progress = progress, .cookie = cookie };
	const struct apply_meta meta = { .table = r->schema, .synced_ms = instant_now(), .fresh_ms = r->start_ms,
	    .compose = compose, .compose_cookie = &finish };
	uint64_t gone;
	enum err e;

	why[0] = '\0';
	if ((e = find_gone(r, &gone)) != ERR_OK)
		return e;
	if (!accept_shrink && gone * 100 > r->start_rows * (uint64_t)r->max_shrink_percent) {
		(void)snprintf(why, 200, "%llu of %u orders are missing in Airtable's listing, more than "
		    "sync.max_shrink = %lld%%; nothing was deleted (if that is right: "
		    "syncctl sync --accept-shrink)", (unsigned long long)gone, r->start_rows,
		    (long long)r->max_shrink_percent);
		return ERR_AIRTABLE_SHRUNK;
	}
	if (!accept_shrink && !r->first)
		r->counts.held = field_guard_held(&r->guard, r->schema);
	if (r->counts.held != 0 && (e = hold_fields(r)) != ERR_OK)
		return e;
	return commit(r, &meta);
}

const struct sync_run_counts *
sync_run_counts(const struct sync_run *r)
{
	return &r->counts;
}
