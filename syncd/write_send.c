#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/row.h"
#include "syncd/write_parts.h"

#define SENDS_MAX	3	/* of one write */
#define CHECKS_MAX	12	/* of one outcome, then the next sync settles it */
#define REST_MS		250	/* doubling with every try, jittered */
#define REST_MAX_MS	30000
#define SYNC_SOON_MS	5000

static void	write_check(struct write *);

/*
 * Commit the record as Airtable has it now.  A field that is missing in the
 * answer is empty, or renamed, which an answer about one record can't tell:
 * unless the write was about it, it stays as it is until a listing decides.
 */
static enum err
commit(struct write *w, const struct record *record, uint64_t base, uint64_t *generation)
{
	struct change change = { .kind = CHANGE_UPSERT, .record = *record, .base = base };
	const struct apply_meta meta = { 0 };
	struct apply_result result;
	enum err e;

	for (size_t f = 0; f < w->all->schema->field_count; f++)
		if (!record->values[f].present && !(w->record.known >> f & 1))
			change.record.known &= ~(1u << f);
	e = apply_changes(w->all->apply, &change, 1, SOURCE_WRITE, &meta, instant_now(),
	    &result);
	*generation = result.generation;
	if (e != ERR_OK)
		full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
	return e;
}

/* Airtable has the change: commit, answer. */
static void
confirmed(struct write *w, const struct record *record, uint64_t base)
{
	struct message_reply reply = { .err = ERR_OK };
	enum err e = commit(w, record, base, &reply.generation);

	if (e != ERR_OK)
		write_answer_error(w, e, "Airtable has applied the change, but the store could not "
		    "record it; it will show after the next sync");
	else
		write_answer(w, &reply);
	write_end(w);
}

static void
rested(uv_timer_t *t)
{
	struct write *w = t->data;

	if (w->maybe_applied)
		write_check(w);
	else
		write_begin(w);
}

static int64_t
rest_ms(unsigned tries)
{
	int64_t ms = REST_MS;

	for (unsigned i = 1; i < tries && ms < REST_MAX_MS; i++)
		ms *= 2;
	return ms / 2 + random() % (ms / 2 + 1);
}

void
write_rest(struct write *w, int64_t ms)
{
	w->state = WRITE_RESTING;
	uv_update_time(w->all->loop);
	(void)uv_timer_start(&w->rest, rested, (uint64_t)ms, 0);
}

static void
give_up(struct write *w, enum err e, const char *why)
{
	/* what the user can do is the same whatever kept Airtable away */
	if (e == ERR_AIRTABLE_TIMEOUT || e == ERR_AIRTABLE_RATE_LIMITED ||
	    e == ERR_AIRTABLE_QUOTA)
		write_answer_error(w, ERR_AIRTABLE_UNAVAILABLE, "%s: %s; nothing was changed",
		    err_text(e), why);
	else
		write_answer_error(w, e, "%s", why);
	write_end(w);
}

/* Then waiting is for the sync, not for a person. */
static bool
circuit_open(int64_t blocked_ms, enum err why)
{
	return blocked_ms > 0 && why == ERR_AIRTABLE_UNAVAILABLE;
}

/* Surely not applied: again, if there is hope and time. */
static void
not_applied(struct write *w, const struct airtable_result *r)
{
	int64_t now = instant_monotonic(), ms = rest_ms(w->sends), blocked;
	bool transient = r->err == ERR_AIRTABLE_UNAVAILABLE || r->err == ERR_AIRTABLE_RATE_LIMITED;
	enum err why;

	if (r->err == ERR_AIRTABLE_REJECTED && r->type[0] != '\0') {
		write_answer_error(w, r->err, "%s: %s", r->type, r->message);
		write_end(w);
		return;
	}
	blocked = airtable_blocked_ms(w->all->airtable, &why);
	ms = ms > blocked ? ms : blocked;
	if (circuit_open(blocked, why))
		transient = false;
	if (transient && w->sends < SENDS_MAX && w->call != NULL && now + ms < w->send_by_ms)
		write_rest(w, ms);
	else
		give_up(w, r->err, r->message[0] != '\0' ? r->message : err_text(r->err));
}

static void
sent(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct write *w = cookie;

	w->out = NULL;
	if (r->err == ERR_OK) {
		confirmed(w, &page->records[0], CHANGE_ANY_BASE);
	} else if (r->maybe_applied) {
		w->maybe_applied = true;
		w->may_come_late = r->err == ERR_AIRTABLE_TIMEOUT;
		write_check(w);
	} else {
		not_applied(w, r);
	}
}

/* Does the record have all the values that were asked for? */
static bool
has_values(const struct write *w, const struct record *now)
{
	for (size_t f = 0; f < w->all->schema->field_count; f++)
		if ((w->record.known >> f & 1) && !value_equal(w->all->schema->fields[f].kind,
		    &w->record.values[f], &now->values[f]))
			return false;
	return true;
}

/* Read back once more, after a pause.  false: often enough. */
static bool
check_again(struct write *w)
{
	int64_t blocked = airtable_blocked_ms(w->all->airtable, NULL), ms;

	if (++w->checks >= CHECKS_MAX || w->all->draining)
		return false;
	ms = rest_ms(w->checks);
	write_rest(w, ms > blocked ? ms : blocked);
	return true;
}

/* The record was read back. */
static void
settled(struct write *w, const struct record *now)
{
	uint64_t generation;
	bool committed;

	if (has_values(w, now)) {
		confirmed(w, now, w->check_base);
		return;
	}
	committed = commit(w, now, w->check_base, &generation) == ERR_OK;
	/* not there yet is not "no" while the request may still be on its way */
	if (w->may_come_late && check_again(w))
		return;
	w->maybe_applied = false;
	if (committed && !w->may_come_late && w->call != NULL && w->sends < SENDS_MAX &&
	    instant_monotonic() + REST_MS < w->send_by_ms) {
		write_rest(w, rest_ms(w->sends));
		return;
	}
	write_answer_error(w, ERR_AIRTABLE_UNAVAILABLE,
	    "Airtable did not answer and has not applied the change");
	write_end(w);
}

static void
checked(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct write *w = cookie;

	w->out = NULL;
	if (r->err == ERR_OK) {
		settled(w, &page->records[0]);
		return;
	}
	if (r->err == ERR_AIRTABLE_NOT_FOUND) {
		write_answer_error(w, ERR_AIRTABLE_NOT_FOUND, "the order is no longer in Airtable");
		full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
		write_end(w);
		return;
	}
	if (check_again(w))
		return;
	write_answer_error(w, ERR_OUTCOME_UNKNOWN, "the record could not be read back: %s", r->message);
	full_sync_schedule(w->all->full_sync, SYNC_SOON_MS);
	write_end(w);
}

static void
write_check(struct write *w)
{
	w->state = WRITE_CHECKING;
	w->check_base = apply_generation(w->all->apply);
	w->out = airtable_get(w->all->airtable, w->record.id, AIRTABLE_WRITE, 0, checked, w);
	if (w->out == NULL) {
		write_answer_error(w, ERR_OUTCOME_UNKNOWN, "out of memory");
		write_end(w);
	}
}

/* The store's word on the order: is it there, and as the asker thinks? */
static enum err
check_store(struct write *w, char why[static 128])
{
	struct store *st = apply_store(w->all->apply);
	struct row_view view;
	uint32_t row;
	enum err e;

	why[0] = '\0';
	if ((e = store_begin(st)) != ERR_OK)
		return e;
	if ((e = store_find_record(st, w->record.id, &row)) == ERR_OK)
		e = store_row(st, row, &view);
	if (e == ERR_NOT_FOUND)
		(void)snprintf(why, 128, "no order has the record id %s", w->request.record);
	else if (e == ERR_OK && w->request.version != 0 && view.version != w->request.version) {
		(void)snprintf(why, 128, "the order is at version %" PRIu64 ", not %" PRIu64,
		    view.version, w->request.version);
		e = ERR_PRECONDITION_FAILED;
	}
	store_end(st);
	return e;
}

/* Send it, now that no other write of the record is under way. */
void
write_begin(struct write *w)
{
	int64_t now = instant_monotonic(), blocked;
	char why[128];
	enum err e;

	if ((e = check_store(w, why)) != ERR_OK) {
		write_answer_error(w, e, "%s", why[0] != '\0' ? why : err_text(e));
		write_end(w);
		return;
	}
	blocked = airtable_blocked_ms(w->all->airtable, &e);
	if (circuit_open(blocked, e) || now + blocked >= w->send_by_ms) {
		give_up(w, e == ERR_OK ? ERR_AIRTABLE_TIMEOUT : e, circuit_open(blocked, e) ?
		    "the circuit to Airtable is open after repeated failures; nothing was changed" :
		    "no call can be made in time");
		return;
	}
	w->state = WRITE_SENDING;
	w->sends++;
	w->out = airtable_patch(w->all->airtable, &w->record, 1, w->send_by_ms, sent, w);
	if (w->out == NULL) {
		write_answer_error(w, ERR_NOMEM, "out of memory");
		write_end(w);
	}
}
