#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/vec.h"
#include "common/store/row.h"
#include "syncd/airtable/request.h"
#include "syncd/feed/parts.h"

bool
feed_want(struct feed *f, struct str id)
{
	if (id.len > AIRTABLE_ID_MAX || !vec_room(&f->ids, f->id_count, &f->id_room))
		return false;
	memcpy(f->ids[f->id_count], id.ptr, id.len);
	f->ids[f->id_count++][id.len] = '\0';
	return true;
}

/* The record is not as a payload says, or can't be seen yet: read it again later. */
static void
doubt(struct feed *f, struct str id)
{
	int64_t now = instant_monotonic();

	if (!feed_state_again(&f->kept, id, now, now + FEED_LOOK_MS, FEED_LOOKS - 1))
		feed_gap(f, "too many records have to be read again");
}

/* Does the record as read fit what a payload says? */
static bool
fits(const struct feed *f, const struct record *found)
{
	const struct payload_record *told = payload_page_find(&f->page, found->id);

	if (told == NULL)
		return true;
	if (told->gone)
		return false;
	for (size_t i = 0; i < f->schema->field_count; i++)
		if (told->now.known >> i & 1 && !value_equal(f->schema->fields[i].kind,
		    &told->now.values[i], &found->values[i]))
			return false;
	return true;
}

/* The further looks that kept.again has for a record that is being read again; 0: none. */
static int
looks_left(const struct feed *f, struct str id)
{
	for (size_t i = 0; i < f->kept.again_count; i++)
		if (f->again && str_is(id, f->kept.again[i].id))
			return f->kept.again[i].looks;
	return 0;
}

/* Has the row changed since the call was made? */
static bool
outdated(struct feed *f, struct store *st, struct str id)
{
	struct row_view view;
	uint32_t row;

	return store_find_record(st, f->schema, id, &row) == ERR_OK && store_row(st, f->schema, row, &view) == ERR_OK &&
	    view.version > f->base;
}

/* The steps that payloads name for a record; NULL: none. */
static const struct change_step *
steps_of(const struct feed *f, struct str id)
{
	const struct payload_record *told = payload_page_find(&f->page, id);

	return told == NULL ? NULL : told->steps;
}

/* A record that was asked for is not in the answer.  true: *c is its deletion; false: not yet. */
static bool
missing(struct feed *f, struct str id, struct change *c)
{
	const struct payload_record *told = payload_page_find(&f->page, id);

	if (told != NULL && !told->gone) {
		doubt(f, id);	/* it existed a moment ago */
		return false;
	}
	if (looks_left(f, id) > 0)
		return false;	/* it will be read again */
	*c = (struct change){
		.table = f->schema,
		.kind = CHANGE_GONE, .record = { .id = id }, .base = f->base,
		.steps = steps_of(f, id), .steps_since = f->kept.told
	};
	return true;
}

static const struct record *
find(const struct airtable_page *page, struct str id)
{
	for (size_t i = 0; i < page->count; i++)
		if (str_eq(page->records[i].id, id))
			return &page->records[i];
	return NULL;
}

/* Turn the answer about the records asked for into changes. */
static size_t
judge(struct feed *f, struct store *st, const struct airtable_page *page, struct change *changes,
    size_t *gone)
{
	size_t n = 0;

	for (size_t i = f->id_at, end = f->id_at + f->id_chunk; i < end; i++) {
		struct str id = str_of(f->ids[i]);
		const struct record *r = find(page, id);

		if (outdated(f, st, id)) {
			doubt(f, id);
		} else if (r != NULL) {
			changes[n++] = (struct change){
				.table = f->schema,
				.kind = CHANGE_UPSERT, .record = *r, .base = f->base,
				.steps = steps_of(f, id), .steps_since = f->kept.told
			};
			if (!fits(f, r))
				doubt(f, id);
		} else if (missing(f, id, &changes[n])) {
			n++;
			++*gone;
		}
	}
	return n;
}

/* Records of kept.again were read: they are done, or due later. */
static void
note_looked(struct feed *f)
{
	struct feed_state *s = &f->kept;
	int64_t now = instant_monotonic();
	size_t kept = 0;

	for (size_t i = 0; i < s->again_count; i++) {
		struct feed_again a = s->again[i];
		bool looked = false;

		/* one that is in doubt again is due in the future */
		for (size_t k = f->id_at, end = k + f->id_chunk; k < end && a.due_ms <= now; k++)
			looked |= strcmp(a.id, f->ids[k]) == 0;
		if (looked && a.looks == 0)
			continue;
		if (looked) {
			a.looks--;
			a.due_ms = now + FEED_LOOK_LATER_MS;
		}
		s->again[kept++] = a;
	}
	s->again_count = kept;
}

static enum err
take_answer(struct feed *f, const struct airtable_page *page)
{
	struct store *st = apply_store(f->apply);
	struct change changes[AIRTABLE_IDS_MAX];
	size_t n, gone = 0;
	bool last = f->id_at + f->id_chunk == f->id_count;
	uint64_t cursor = f->kept.cursor, told = f->kept.told;
	enum err e;

	if ((e = store_begin(st)) != ERR_OK)
		return e;
	n = judge(f, st, page, changes, &gone);
	feed_keep_odd(f, st, changes, n);
	store_end(st);
	if (gone > 0 && !feed_may_delete(f, gone))
		feed_without_gone(changes, &n);
	if (f->again)
		note_looked(f);
	if (last && f->page.cursor != 0)
		feed_move_on(f);
	if ((e = feed_commit(f, changes, n, last)) != ERR_OK) {
		f->kept.cursor = cursor;
		f->kept.told = told;
	}
	return e;
}

static void
look_done(struct feed *f)
{
	void (*taken)(struct feed *) = f->taken;

	feed_drop(f);
	taken(f);
}

static void
looked(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	static const struct airtable_result too_many = {
		.err = ERR_AIRTABLE_BAD_RESPONSE, .retryable = true,
		.message = "more records than were asked for"
	};
	struct feed *f = cookie;
	enum err e;

	if (r->err != ERR_OK || page->offset.len > 0) {
		feed_failed(f, r->err != ERR_OK ? r : &too_many);
		return;
	}
	feed_succeeded(f);
	if ((e = take_answer(f, page)) != ERR_OK) {
		feed_store_failed(f, f->phase == FEED_READING ? feed_read : feed_poll, e);
		return;
	}
	f->reread += f->id_chunk;
	f->id_at += f->id_chunk;
	if (f->id_at < f->id_count)
		feed_look(f);
	else
		look_done(f);
}

void
feed_look(struct feed *f)
{
	struct str ids[AIRTABLE_IDS_MAX];
	struct buf formula = { 0 };
	size_t n = airtable_page_size(f->airtable, f->schema), left = f->id_count - f->id_at;

	/* the records have to fit on one page */
	n = f->id_chunk = n < left ? n : left;

	for (size_t i = 0; i < n; i++)
		ids[i] = str_of(f->ids[f->id_at + i]);
	airtable_add_ids_formula(&formula, ids, n);
	f->step = feed_look;
	f->answer = looked;
	feed_asks(f);
	feed_asked(f, buf_status(&formula) != ERR_OK ? NULL : airtable_list_where(f->airtable,
	    f->schema, buf_str(&formula), STR(""), AIRTABLE_FEED, feed_answered, f));
	buf_free(&formula);
}

/* ---- records that are read again ------------------------------------------------- */
int64_t
feed_again_ms(const struct feed *f)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < f->kept.again_count; i++)
		if (f->kept.again[i].due_ms < next)
			next = f->kept.again[i].due_ms;
	return next;
}

bool
feed_again_due(const struct feed *f)
{
	int64_t now = instant_monotonic();

	/* many records to be read again must not keep news waiting */
	return f->kept.again_count > 0 && feed_again_ms(f) <= now &&
	    (!f->looked || now < f->due_ms);
}

void
feed_again(struct feed *f)
{
	int64_t now = instant_monotonic();

	feed_drop(f);
	f->again = f->looked = true;
	for (size_t i = 0; i < f->kept.again_count && f->id_count < AIRTABLE_IDS_MAX; i++)
		if (f->kept.again[i].due_ms <= now && !feed_want(f, str_of(f->kept.again[i].id))) {
			feed_store_failed(f, feed_again, ERR_NOMEM);
			return;
		}
	f->taken = f->phase == FEED_READING ? feed_read_next : feed_poll_next;
	feed_look(f);
}
