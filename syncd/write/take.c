#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/store/outbox.h"
#include "common/store/row.h"
#include "syncd/write/parts.h"

/* ---- may it be taken? ------------------------------------------------------------ */
enum err
write_check_store(const struct writes *all, const struct outbox_entry *entry, char why[static 128])
{
	struct store *st = apply_store(all->apply);
	struct row_view view;
	uint32_t row;
	enum err e;

	why[0] = '\0';
	if (entry->kind == OUTBOX_CREATE)
		return ERR_OK;
	if ((e = store_find_record(st, entry->table, entry->record.id, &row)) == ERR_OK)
		e = store_row(st, entry->table, row, &view);
	if (e == ERR_NOT_FOUND) {
		(void)snprintf(why, 128, "no %s has the record id %.*s", write_noun(entry->table),
		    STR_FMT(entry->record.id));
	} else if (e == ERR_OK && entry->version != 0 && view.version != entry->version) {
		(void)snprintf(why, 128, "the %s is at version %" PRIu64 ", not %" PRIu64,
		    write_noun(entry->table), view.version, entry->version);
		e = ERR_PRECONDITION_FAILED;
	} else if (e != ERR_OK) {
		(void)snprintf(why, 128, "%s", err_text(e));
	}
	return e;
}

static enum err
check_table(const struct writes *all, const struct schema *table, char why[static 128])
{
	if (airtable_serves(all->airtable, table))
		return ERR_OK;
	(void)snprintf(why, 128, "syncd does not serve the table %s at Airtable; nothing was changed",
	    table->name);
	return ERR_FORBIDDEN;
}

static enum err
check_settings(const struct writes *all, const struct schema *table, enum outbox_kind kind,
    char why[static 128])
{
	const struct config *c = all->config;
	enum airtable_key key = airtable_create_key(all->airtable, table);

	if (kind == OUTBOX_CREATE && (!c->write.create || c->airtable.create_key[0] == '\0')) {
		(void)snprintf(why, 128, "%s can't be created here: write.create is off", table->name);
		return ERR_FORBIDDEN;
	}
	if (kind == OUTBOX_CREATE && key > AIRTABLE_KEY_FIT) {
		(void)snprintf(why, 128, "%s; nothing was changed", key == AIRTABLE_KEY_MISSING ?
		    "the Airtable table does not have the field that airtable.create_key names" :
		    "the field that airtable.create_key names is not a text field");
		return ERR_AIRTABLE_FIELD_MISSING;
	}
	if (kind == OUTBOX_DELETE && !c->write.delete) {
		(void)snprintf(why, 128, "%s can't be deleted here: write.delete is off", table->name);
		return ERR_FORBIDDEN;
	}
	return ERR_OK;
}

/* Refuse a field that the base is known to lack, without a call. */
static enum err
check_fields(const struct writes *all, const struct outbox_entry *entry, char why[static 128])
{
	const struct schema *table = entry->table;
	uint32_t missing = airtable_missing(all->airtable, table) & entry->record.known;

	for (size_t f = 0; f < table->field_count && missing != 0; f++)
		if (missing >> f & 1) {
			(void)snprintf(why, 128, "the Airtable table does not have the field that "
			    "fields.%s.%s names; nothing was changed", table->name,
			    table->fields[f].name);
			return ERR_AIRTABLE_FIELD_MISSING;
		}
	return ERR_OK;
}

static enum err
check(struct errand *e, const struct outbox_entry *entry, char why[static 128])
{
	struct writes *all = e->all;
	struct outbox_entry now = *entry;
	enum err err, reason;
	const char *text;

	if ((err = check_table(all, entry->table, why)) != ERR_OK ||
	    (err = check_settings(all, entry->table, entry->kind, why)) != ERR_OK ||
	    (err = check_fields(all, entry, why)) != ERR_OK)
		return err;
	if (line_exists(all, entry->table, entry->record.id))
		now.version = 0;	/* it is checked when its turn comes */
	if ((err = write_check_store(all, &now, why)) != ERR_OK)
		return err;
	if (!e->defer && batch_hopeless(all, e->send_by_ms, &reason)) {
		text = reason == ERR_AIRTABLE_UNAVAILABLE ?
		    "the circuit to Airtable is open after repeated failures" : err_text(reason);
		err = give_up_reason(reason, &text);
		(void)snprintf(why, 128, "%s; nothing was changed", text);
		return err;
	}
	return ERR_OK;
}

/* ---- a message -------------------------------------------------------------------- */
static void
take_item(struct errand *e, size_t place, const struct message_request *m, uint64_t first)
{
	static const enum outbox_kind kinds[MESSAGE_KINDS] = {
		[MESSAGE_UPDATE] = OUTBOX_UPDATE, [MESSAGE_CREATE] = OUTBOX_CREATE,
		[MESSAGE_DELETE] = OUTBOX_DELETE
	};
	const struct message_item *item = &m->items[place];
	struct writes *all = e->all;
	char why[128], key[OUTBOX_CREATE_KEY_MAX];
	struct outbox_entry entry = {
		.sequence = first + place, .table = e->table, .kind = kinds[item->kind],
		.state = OUTBOX_ACCEPTED,
		.accepted_ms = e->asked_ms, .version = item->version, .bulk = m->bulk ? first : 0,
		.undoes = item->undoes, .undoes_index = item->undoes_index,
		.request_id = str_of(m->request_id), .by = str_of(m->by),
		.answer_key = str_of(m->key), .record = item->record
	};
	struct write *w;
	enum err err, reason;

	if (item->kind == MESSAGE_REFUSED) {
		errand_tell_refused(e, place, item->code, item->record.id, item->problem);
		return;
	}
	if (entry.kind == OUTBOX_CREATE) {
		(void)snprintf(key, sizeof(key), "od-%" PRIu64 "-%" PRIu64,
		    apply_birth(all->apply), entry.sequence);
		entry.create_key = str_of(key);
		entry.record.id = (struct str){ NULL, 0 };
	}
	if ((err = check(e, &entry, why)) == ERR_OK) {
		e->first = first;
		if ((w = write_new(e, place, &entry)) != NULL) {
			TAILQ_INSERT_TAIL(&all->fresh, w, in_fresh);
			w->entry.deferred = e->defer && batch_hopeless(all, e->send_by_ms, &reason);
			line_refresh(all, w->line);
			return;
		}
		err = ERR_NOMEM;
		(void)strcpy(why, "out of memory; nothing was changed");
	}
	errand_note(e, place, err, entry.record.id, why);
	errand_tell(e, place, (struct str){ NULL, 0 });
}

static struct errand *
errand_of(struct writes *all, struct server_call *call, const struct message_request *m)
{
	struct errand *e = errand_new(all, m->table, m->item_count);

	if (e == NULL)
		return NULL;
	if (!errand_join(e, call)) {
		errand_discard(e);
		return NULL;
	}
	e->bulk = m->bulk;
	e->defer = m->defer;
	e->asked_ms = instant_now();
	memcpy(e->request_id, m->request_id, sizeof(e->request_id));
	e->timeout_ms = m->timeout_ms > 0 && m->timeout_ms < all->config->write.timeout_ms ?
	    m->timeout_ms : all->config->write.timeout_ms;
	errand_start(e, m->deadline_ms);
	return e;
}

static void
take_new(struct writes *all, struct server_call *call, const struct message_request *m)
{
	struct store *st = apply_store(all->apply);
	uint64_t first, fingerprint[2];
	struct errand *e;
	enum err err;

	if (all->count + m->item_count > WRITES_MAX) {
		errand_refuse(all, call, ERR_OVERLOADED, "too many changes are waiting for Airtable");
		return;
	}
	if ((e = errand_of(all, call, m)) == NULL) {
		errand_refuse(all, call, ERR_NOMEM, "out of memory; nothing was changed");
		return;
	}
	batch_hurry(all);
	first = apply_sequence(all->apply);
	for (size_t i = 1; i < m->item_count; i++)
		(void)apply_sequence(all->apply);	/* the items' numbers follow one another */
	err = store_begin(st);
	for (size_t i = 0; i < m->item_count; i++) {
		if (err == ERR_OK) {
			take_item(e, i, m, first);
			continue;
		}
		errand_note(e, i, err, m->items[i].record.id,
		    "the store can't be read; nothing was changed");
		errand_tell(e, i, (struct str){ NULL, 0 });
	}
	store_end(st);
	message_fingerprint(m, fingerprint);
	if (e->open > 0)
		errand_set_key(e, str_of(m->key), fingerprint);
	errand_check(e);	/* the call may be gone after it */
}

/* ---- asked before -------------------------------------------------------------------- */
static bool
same_request(const uint64_t kept[2], const struct message_request *m)
{
	uint64_t asked[2];

	message_fingerprint(m, asked);
	return kept[0] == asked[0] && kept[1] == asked[1];
}

static void
refuse_key(struct writes *all, struct server_call *call)
{
	errand_refuse(all, call, ERR_IDEMPOTENCY_CONFLICT,
	    "this Idempotency-Key was used for another request");
}

/* The request is under way: wait for its answer, or take what is known. */
static void
join(struct errand *e, struct server_call *call, const struct message_request *m)
{
	if (!same_request(e->fingerprint, m)) {
		refuse_key(e->all, call);
	} else if (!errand_join(e, call)) {
		errand_refuse(e->all, call, ERR_NOMEM, "out of memory");
	} else {
		if (e->told_count == e->item_count) {
			e->again = true;
			e->timeout_ms = e->all->config->write.timeout_ms;
			errand_start(e, m->deadline_ms);
		}
		errand_check(e);
	}
}

/* Answer with the kept answer to this key.  Within a snapshot; false: there is none. */
static bool
reply_as_kept(struct store *st, struct writes *all, struct server_call *call,
    const struct message_request *m)
{
	struct message_reply reply = { .err = ERR_OK, .generation = store_generation(st) };
	struct kept_answer kept;

	if (outbox_answer(st, str_of(m->key), &kept) != ERR_OK ||
	    instant_now() - kept.at_ms >= ANSWER_KEPT_MS)
		return false;
	if (!same_request(kept.fingerprint, m)) {
		refuse_key(all, call);
		return true;
	}
	if (kept.body.len == 0)
		return false;
	reply.body = kept.body;
	server_reply(call, &reply);
	return true;
}

/* Answer from the last 24 hours' kept answers.  true: the call is dealt with. */
static bool
answer_again(struct writes *all, struct server_call *call, const struct message_request *m)
{
	struct store *st = apply_store(all->apply);
	bool answered;

	if (store_begin(st) != ERR_OK)
		return false;
	answered = reply_as_kept(st, all, call, m);
	store_end(st);
	return answered;
}

void
write_take_arrived(struct writes *all)
{
	const struct message_request *m;
	struct server_call *call;
	struct waiter *w;
	struct errand *e;

	while ((w = TAILQ_FIRST(&all->arrived)) != NULL) {
		TAILQ_REMOVE(&all->arrived, w, link);
		call = w->call;
		free(w);
		m = server_call_request(call);
		if (all->draining)
			errand_refuse(all, call, ERR_CANCELLED, "syncd is stopping; nothing was changed");
		else if (m->deadline_ms != 0 && instant_monotonic() >= m->deadline_ms)
			/* its asker was told by now that nothing happens, or does not count on it */
			errand_refuse(all, call, ERR_CANCELLED,
			    "the request arrived after its deadline; nothing was changed");
		else if (m->key[0] != '\0' && (e = errand_find(all, str_of(m->key))) != NULL)
			join(e, call, m);
		else if (m->key[0] == '\0' || !answer_again(all, call, m))
			take_new(all, call, m);
	}
}
