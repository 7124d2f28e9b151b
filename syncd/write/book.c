#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/fault_point.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/vec.h"
#include "common/store/outbox.h"
#include "syncd/write/parts.h"

void
book_open(struct book *b, struct writes *all)
{
	*b = (struct book){ .all = all };
	TAILQ_INIT(&b->errands);
}

/* Room for one more in a list of ${count}. */
static bool
room(struct book *b, void *list, size_t count, size_t *have, size_t bytes)
{
	if (vec_grow(list, count, have, bytes))
		return true;
	b->error = ERR_NOMEM;
	return false;
}

static void
add_step(struct book *b, enum outbox_verb verb, const struct write *w, struct str why)
{
	if (!room(b, &b->steps, b->step_count, &b->step_room, sizeof(*b->steps)))
		return;
	b->steps[b->step_count++] = (struct outbox_step){
		.verb = verb, .entry = &w->entry, .why = why
	};
}

/* The errand has a part in this commit. */
static void
involve(struct book *b, struct errand *e)
{
	if (e->booked)
		return;
	e->booked = true;
	TAILQ_INSERT_TAIL(&b->errands, e, in_book);
}

static void
rule(struct book *b, const struct ruling *r)
{
	involve(b, r->write->errand);
	if (room(b, &b->rulings, b->count, &b->room, sizeof(*b->rulings)))
		b->rulings[b->count++] = *r;
}

/*
 * A cell that is not understood is no news here.  Whether a whole field has gone bad
 * (field_guard.h) can't be seen from a few changed orders; full syncs find out.
 */
static void
doubt_odd_fields(struct record *r, const struct group *by)
{
	r->known &= ~((r->odd | r->failed) & ~(by != NULL ? by->record.known : 0));
}

struct change *
book_change(struct book *b, enum change_kind kind, const struct batch *of,
    const struct record *record, uint64_t base, const struct group *by)
{
	struct write *w;

	b->confirms = true;
	b->edit_at[b->change_count] = b->edit_count;
	b->changes[b->change_count] = (struct change){
		.kind = kind, .table = of->table, .record = *record, .base = base
	};
	doubt_odd_fields(&b->changes[b->change_count].record, by);
	if (by != NULL)
		TAILQ_FOREACH(w, &by->writes, link)
			if (w->has && room(b, &b->edits, b->edit_count, &b->edit_room, sizeof(*b->edits))) {
				b->edits[b->edit_count++] = &w->entry;
				b->changes[b->change_count].edit_count++;
			}
	return &b->changes[b->change_count++];
}

void
book_store(struct book *b, struct write *w)
{
	add_step(b, OUTBOX_STORE, w, (struct str){ NULL, 0 });
	rule(b, &(struct ruling){ .write = w });
}

void
book_end(struct book *b, struct write *w, enum outbox_verb verb, enum err err, const char *fmt, ...)
{
	struct errand *e = w->errand;
	char detail[512];
	va_list ap;

	b->confirms = true;
	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	errand_note(e, w->place, err, w->entry.record.id, detail);
	e->ending++;
	if (w->disk != DISK_NONE)
		add_step(b, verb, w, str_of(e->results[w->place].detail));
	rule(b, &(struct ruling){ .write = w, .over = true, .verb = verb, .tell = true });
}

void
book_end_group(struct book *b, const struct group *g, struct str record)
{
	struct write *w;

	TAILQ_FOREACH(w, &g->writes, link) {
		if (!w->has)
			continue;
		errand_note(w->errand, w->place, ERR_OK, record, "");
		w->errand->ending++;
		rule(b, &(struct ruling){ .write = w, .over = true, .verb = OUTBOX_DROP,
		    .tell = true, .read = w->entry.kind != OUTBOX_DELETE });
	}
}

void
book_show(struct book *b, struct write *w, enum err err, const char *fmt, ...)
{
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	errand_note(w->errand, w->place, err, w->entry.record.id, detail);
	w->errand->results[w->place].pending = err == ERR_OK;
	w->entry.shown = true;
	if (err == ERR_OK)
		w->entry.deferred = true;
	add_step(b, OUTBOX_STORE, w, (struct str){ NULL, 0 });
	rule(b, &(struct ruling){ .write = w, .tell = true, .read = err == ERR_OK });
}

void
book_say(struct book *b, struct write *w, enum err err, const char *fmt, ...)
{
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	errand_note(w->errand, w->place, err, w->entry.record.id, detail);
	rule(b, &(struct ruling){ .write = w, .tell = true });
}

/* The answers that the commit keeps for askers who repeat their key. */
struct kept {
	struct answer_step	*steps;
	struct buf		*bodies;
	size_t			 count;
};

static void
kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->count; i++)
		buf_free(&k->bodies[i]);
	free(k->bodies);
	free(k->steps);
}

static void
keep(struct kept *k, const struct errand *e)
{
	struct answer_step *step = &k->steps[k->count];
	struct buf *body = &k->bodies[k->count++];
	bool known = false, over = e->open == e->ending;

	*step = (struct answer_step){ .key = str_of(e->key), .answer = {
		.at_ms = e->asked_ms, .fingerprint = { e->fingerprint[0], e->fingerprint[1] },
		.first = e->first, .count = (uint32_t)e->item_count
	} };
	if (over && errand_in_vain(e)) {
		step->answer.count = 0;
		return;
	}
	for (size_t i = 0; i < e->item_count && !known; i++)
		known = e->results[i].noted;
	if (known)
		errand_body(e, body);
	step->answer.body = buf_str(body);
}

static enum err
keep_all(struct kept *k, const struct errand_list *errands)
{
	const struct errand *e;
	size_t n = 0;

	*k = (struct kept){ .count = 0 };
	TAILQ_FOREACH(e, errands, in_book)
		n += e->key[0] != '\0' && e->first != 0;
	if (n == 0)
		return ERR_OK;
	k->steps = calloc(n, sizeof(*k->steps));
	k->bodies = calloc(n, sizeof(*k->bodies));
	if (k->steps == NULL || k->bodies == NULL)
		return ERR_NOMEM;
	TAILQ_FOREACH(e, errands, in_book) {
		if (e->key[0] == '\0' || e->first == 0)
			continue;
		keep(k, e);
		if (buf_status(&k->bodies[k->count - 1]) != ERR_OK)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

/* The row's JSON as readers see it now.  Within a snapshot; len 0: it is gone. */
static struct str
row_json(struct store *st, const struct schema *s, struct str id)
{
	struct row_view view;
	struct str json = { NULL, 0 };
	uint32_t row;

	if (store_find_record(st, s, id, &row) != ERR_OK)
		return json;
	if (outbox_overlay(st, s, id, &json, NULL) == ERR_OK)
		return json;
	if (store_row(st, s, row, &view) == ERR_OK)
		json = view.json;
	return json;
}

static enum write_disk
disk_of(const struct write *w)
{
	return w->entry.state == OUTBOX_SENT ? DISK_SENT : DISK_ACCEPTED;
}

/* The entry is over: free it, or, if it is still on the disk, make it stale. */
static void
dispose(struct book *b, const struct ruling *r, bool committed)
{
	struct write *w = r->write;

	if (committed || w->disk == DISK_NONE) {
		write_free(w);
		return;
	}
	write_detach(w);
	w->verb = r->verb;
	TAILQ_INSERT_TAIL(&b->all->stale, w, link);
}

/* Tell the errands the results and end what is over.  book_close() lets errands answer. */
static void
carry_out(struct book *b, bool committed, uint64_t generation)
{
	struct store *st = apply_store(b->all->apply);
	bool reading = committed && store_begin(st) == ERR_OK;

	for (size_t i = 0; i < b->count; i++) {
		struct ruling *r = &b->rulings[i];
		struct write *w = r->write;
		struct errand *e = w->errand;
		struct str json = { NULL, 0 };

		if (committed && !r->over) {
			if (w->disk == DISK_NONE)
				TAILQ_REMOVE(&b->all->fresh, w, in_fresh);
			w->disk = disk_of(w);
		}
		if (generation > e->generation)
			e->generation = generation;
		if (!r->tell)
			continue;
		if (r->read && reading)
			json = row_json(st, e->table, str_of(e->results[w->place].record));
		errand_tell(e, w->place, json);
		if (e->key[0] != '\0' && e->first != 0 && json.len > 0)
			e->unkept = b->all->unkept = true;
		w->told = true;
		if (r->over) {
			e->ending--;
			dispose(b, r, committed);
		}
	}
	store_end(st);
	b->count = 0;
}

/* Entries that ended earlier and could not be taken off the disk then. */
static void
add_stale(struct book *b)
{
	struct write *w;

	TAILQ_FOREACH(w, &b->all->stale, link)
		add_step(b, w->verb, w, STR("the store could not be written when this was decided"));
}

static void
free_stale(struct writes *all)
{
	struct write *w;

	while ((w = TAILQ_FIRST(&all->stale)) != NULL) {
		TAILQ_REMOVE(&all->stale, w, link);
		free(w);
	}
}

enum err
book_commit(struct book *b)
{
	struct writes *all = b->all;
	struct apply_result result = { .generation = 0 };
	struct kept kept;
	struct apply_meta meta;
	enum err e;

	add_stale(b);
	if ((e = keep_all(&kept, &b->errands)) == ERR_OK)
		e = b->error;
	for (size_t i = 0; i < b->change_count; i++)	/* the list does not move any more */
		b->changes[i].edits = b->edits == NULL ? NULL : b->edits + b->edit_at[i];
	meta = (struct apply_meta){
		.outbox = b->steps, .outbox_count = b->step_count,
		.answers = kept.steps, .answer_count = kept.count
	};
	if (e == ERR_OK && b->change_count + b->step_count + kept.count > 0) {
		fault_point(b->confirms ? "before-confirm-commit" : "before-outbox-commit");
		e = apply_changes(all->apply, b->changes, b->change_count, SOURCE_WRITE, &meta,
		    instant_now(), &result);
	}
	kept_free(&kept);
	if (e != ERR_OK) {
		b->error = e;
		return e;
	}
	fault_point(b->confirms ? "after-confirm-commit" : "after-outbox-commit");
	free_stale(all);
	carry_out(b, true, result.generation);
	return ERR_OK;
}

/* "Pending" is only true of what is on the disk: refuse those entries instead. */
static void
withdraw_promises(struct book *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct ruling *r = &b->rulings[i];
		struct write *w = r->write;

		if (!r->tell || r->over || !w->errand->results[w->place].pending)
			continue;
		w->entry.deferred = w->entry.shown = false;
		errand_note(w->errand, w->place, b->error, w->entry.record.id,
		    "the change could not be put into the outbox; nothing was changed");
		w->errand->ending++;
		r->over = true;
		r->verb = OUTBOX_DROP;
	}
}

void
book_tell_anyway(struct book *b)
{
	withdraw_promises(b);
	carry_out(b, false, 0);
}

void
book_close(struct book *b)
{
	struct errand *e;

	for (size_t i = 0; i < b->count; i++) {		/* these were not carried out */
		struct ruling *r = &b->rulings[i];

		if (r->tell)
			errand_forget(r->write->errand, r->write->place);
		if (r->over)
			r->write->errand->ending--;
	}
	while ((e = TAILQ_FIRST(&b->errands)) != NULL) {
		TAILQ_REMOVE(&b->errands, e, in_book);
		e->booked = false;
		if (e->unkept) {
			b->all->unkept = true;
			writes_wake(b->all);
		}
		errand_check(e);
	}
	free(b->rulings);
	free(b->steps);
	free(b->edits);
}

void
book_finish(struct book *b)
{
	if (book_commit(b) != ERR_OK)
		book_tell_anyway(b);
	batch_sweep(b->all);
	book_close(b);
}

void
book_keep_answers(struct writes *all)
{
	struct errand *e;
	struct book b;

	if (!all->unkept)
		return;
	all->unkept = false;
	book_open(&b, all);
	TAILQ_FOREACH(e, &all->errands, link)
		if (e->unkept && (e->open == 0 || all->draining)) {
			e->unkept = false;
			involve(&b, e);
		}
	if (!TAILQ_EMPTY(&b.errands))
		(void)book_commit(&b);	/* without it the kept answer lacks the orders */
	book_close(&b);
}
