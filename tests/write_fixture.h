#ifndef TESTS_WRITE_FIXTURE_H
#define TESTS_WRITE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/instant.h"
#include "common/log.h"
#include "common/outbox.h"
#include "syncd/write.h"
#include "tests/canned_server.h"
#include "tests/orders_made.h"
#include "tests/store_check.h"
#include "tests/support.h"

/*
 * The delivery of changes on a real store, between two pretenders: an
 * Airtable that is a table in memory and does as it is told, and callers
 * whose answers can be looked at.  Included by the programs that test it.
 */
#define ORDERS		60
#define CALLS_MAX	256
#define ITEMS_MAX	50

/* ---- Airtable -------------------------------------------------------------------- */
struct held {
	char	id[18], order_id[16], customer[64], status[32], priority[32], key[64];
	bool	gone;
};

/* What becomes of a call. */
struct outcome {
	enum err	 err;		/* ERR_OK: done, or refused as Airtable would */
	bool		 maybe;		/* nobody can tell whether it was applied */
	bool		 applied;	/* ... and it was */
	const char	*type, *message;
	int64_t		 delay_ms;	/* until the answer; -1: none comes */
	int64_t		 late_ms;	/* it is applied so long after it came */
};

/* What was asked of Airtable. */
struct seen_call {
	bool		 find;
	enum airtable_change change;
	size_t		 count;
	char		 ids[AIRTABLE_WRITE_MAX][32];
	char		 statuses[AIRTABLE_WRITE_MAX][32];	/* "-": not asked for */
	char		 priorities[AIRTABLE_WRITE_MAX][32];
	char		 keys[AIRTABLE_WRITE_MAX][64];
	int64_t		 timeout_ms, at_ms;
	size_t		 sent_on_disk;	/* entries stored as sent at that moment */
};

struct airtable_call {
	TAILQ_ENTRY(airtable_call) link;
	bool			 find, late_done;
	airtable_compose	*compose;
	airtable_cb		*callback;
	void			*cookie;
	struct seen_call	*seen;
	struct record		 records[AIRTABLE_WRITE_MAX];
	struct outcome		 outcome;
	struct airtable_result	 result;
	uv_timer_t		 timer, late;
	int			 handles;
};

TAILQ_HEAD(fake_calls, airtable_call);

static struct {
	struct held		held[2 * ORDERS];
	size_t			count;
	struct fake_calls	waiting, flying;
	uv_timer_t		turn;
	int			room;		/* calls that may still start */
	int64_t			blocked_ms;
	enum err		blocked_why;
	struct outcome		script[32];	/* of the next changes; then all goes well */
	size_t			script_count, script_used;
	struct outcome		finds[32];	/* of the next readings */
	size_t			find_count, find_used;
	struct seen_call	seen[CALLS_MAX];
	size_t			seen_count;
	int			syncs;		/* that were wished for */
} fake;

static uv_loop_t loop;
static struct config config;
static struct apply *apply;
static struct writes *writes;

static struct held *
held(const char *id)
{
	for (size_t i = 0; i < fake.count; i++)
		if (strcmp(fake.held[i].id, id) == 0 && !fake.held[i].gone)
			return &fake.held[i];
	return NULL;
}

void
full_sync_schedule(struct full_sync *sync, int64_t in_ms)
{
	(void)sync, (void)in_ms;
	fake.syncs++;
}

int64_t
airtable_blocked_ms(struct airtable *a, enum err *why)
{
	(void)a;
	if (why != NULL)
		*why = fake.blocked_ms > 0 ? fake.blocked_why : ERR_OK;
	return fake.blocked_ms;
}

size_t
airtable_room(struct airtable *a)
{
	(void)a;
	return fake.blocked_ms > 0 || fake.room < 0 ? 0 : (size_t)fake.room;
}

static enum err
count_sent(void *cookie, const struct outbox_entry *e)
{
	*(size_t *)cookie += e->state == OUTBOX_SENT;
	return ERR_OK;
}

static size_t
sent_on_disk(void)
{
	struct store *st = apply_store(apply);
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, &orders_schema, count_sent, &n), ERR_OK);
	store_end(st);
	return n;
}

static void
copy_value(char to[static 32], const struct record *r, unsigned field)
{
	if (!(r->known >> field & 1))
		(void)strcpy(to, "-");
	else
		(void)snprintf(to, 32, "%.*s", STR_FMT(r->values[field].text));
}

static void
see(struct airtable_call *c, const struct airtable_write *w)
{
	struct seen_call *s = c->seen = &fake.seen[fake.seen_count++];

	ck_assert_uint_le(fake.seen_count, CALLS_MAX);
	*s = (struct seen_call){
		.find = c->find, .change = w->change, .count = w->count,
		.timeout_ms = w->timeout_ms, .at_ms = instant_monotonic(),
		.sent_on_disk = sent_on_disk()
	};
	for (size_t i = 0; i < w->count; i++) {
		const struct record *r = w->records[i];

		(void)snprintf(s->ids[i], sizeof(s->ids[i]), "%.*s", STR_FMT(r->id));
		(void)snprintf(s->keys[i], sizeof(s->keys[i]), "%.*s", STR_FMT(w->keys[i]));
		copy_value(s->statuses[i], r, ORDER_STATUS);
		copy_value(s->priorities[i], r, ORDER_PRIORITY);
		c->records[i] = *r;
	}
}

/* Why Airtable would refuse the call; ERR_OK: it does not. */
static enum err
refusal(const struct airtable_call *c, struct airtable_result *r)
{
	const struct seen_call *s = c->seen;

	for (size_t i = 0; i < s->count; i++) {
		if (s->change != AIRTABLE_CREATE && held(s->ids[i]) == NULL) {
			if (s->change == AIRTABLE_DELETE)
				return ERR_AIRTABLE_NOT_FOUND;
			(void)strcpy(r->type, "ROW_DOES_NOT_EXIST");
			(void)snprintf(r->message, sizeof(r->message),
			    "Record ID %s does not exist in this table", s->ids[i]);
			return ERR_AIRTABLE_REJECTED;
		}
		if (strcmp(s->statuses[i], "Bad") == 0) {
			(void)strcpy(r->type, "INVALID_MULTIPLE_CHOICE_OPTIONS");
			(void)strcpy(r->message, "Insufficient permissions to create new select option");
			return ERR_AIRTABLE_REJECTED;
		}
	}
	return ERR_OK;
}

static struct held *
held_by_key(const char *key)
{
	for (size_t i = 0; i < fake.count; i++)
		if (strcmp(fake.held[i].key, key) == 0)
			return &fake.held[i];
	return NULL;
}

static void
change_held(const struct seen_call *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct held *h = s->change == AIRTABLE_CREATE ? held_by_key(s->keys[i]) : held(s->ids[i]);

		if (h == NULL && s->change == AIRTABLE_CREATE) {
			h = &fake.held[fake.count++];
			ck_assert_uint_lt(fake.count, 2 * ORDERS);
			*h = (struct held){ .gone = false };
			(void)snprintf(h->id, sizeof(h->id), "recNew%011zu", fake.count);
			(void)strcpy(h->key, s->keys[i]);
		}
		if (h == NULL)
			continue;
		if (s->change == AIRTABLE_DELETE)
			h->gone = true;
		if (strcmp(s->statuses[i], "-") != 0)
			(void)strcpy(h->status, s->statuses[i]);
		if (strcmp(s->priorities[i], "-") != 0)
			(void)strcpy(h->priority, s->priorities[i]);
	}
}

static void
on_fake_closed(uv_handle_t *h)
{
	struct airtable_call *c = h->data;

	if (--c->handles == 0)
		free(c);
}

static void
on_late(uv_timer_t *t)
{
	struct airtable_call *c = t->data;

	change_held(c->seen);
	uv_close((uv_handle_t *)&c->late, on_fake_closed);
}

static void
end_call(struct airtable_call *c)
{
	if (c->handles == 0) {
		free(c);
		return;
	}
	uv_close((uv_handle_t *)&c->timer, on_fake_closed);
	if (c->outcome.late_ms == 0)		/* else Airtable is still at it */
		uv_close((uv_handle_t *)&c->late, on_fake_closed);
}

static struct value
held_text(const char *text)
{
	return (struct value){ .present = text[0] != '\0', .text = str_of(text) };
}

static void
held_record(const struct held *h, struct record *r)
{
	*r = (struct record){ .id = str_of(h->id), .known = schema_all(&orders_schema) };
	r->values[ORDER_ORDER_ID] = held_text(h->order_id);
	r->values[ORDER_CUSTOMER] = held_text(h->customer);
	r->values[ORDER_STATUS] = held_text(h->status);
	r->values[ORDER_PRIORITY] = held_text(h->priority);
}

static void
on_answer(uv_timer_t *t)
{
	struct airtable_call *c = t->data;
	const struct seen_call *s = c->seen;
	struct record records[AIRTABLE_WRITE_MAX];
	struct airtable_page page = { .records = records };

	for (size_t i = 0; i < s->count && c->result.err == ERR_OK; i++) {
		const struct held *h = !s->find && s->change == AIRTABLE_CREATE ?
		    held_by_key(s->keys[i]) : held(s->ids[i]);

		if (h != NULL)
			held_record(h, &records[page.count++]);
		else if (!s->find)
			records[page.count++] = (struct record){ .id = str_of(s->ids[i]) };
	}
	TAILQ_REMOVE(&fake.flying, c, link);
	c->callback(c->cookie, &c->result, c->result.err == ERR_OK ? &page : NULL);
	end_call(c);
}

static void
perform(struct airtable_call *c)
{
	struct outcome o = c->outcome;
	struct airtable_result *r = &c->result;

	(void)uv_timer_init(&loop, &c->timer);
	(void)uv_timer_init(&loop, &c->late);
	c->timer.data = c->late.data = c;
	c->handles = 2;
	r->sent_ms = instant_monotonic();
	r->err = o.err;
	r->maybe_applied = o.maybe;
	(void)snprintf(r->type, sizeof(r->type), "%s", o.type == NULL ? "" : o.type);
	(void)snprintf(r->message, sizeof(r->message), "%s", o.message == NULL ? "" : o.message);
	if (!c->find && o.err == ERR_OK)
		r->err = refusal(c, r);
	if (!c->find && o.late_ms > 0)
		(void)uv_timer_start(&c->late, on_late, (uint64_t)o.late_ms, 0);
	else if (!c->find && (r->err == ERR_OK || o.applied))
		change_held(c->seen);
	TAILQ_INSERT_TAIL(&fake.flying, c, link);
	if (o.delay_ms >= 0)
		(void)uv_timer_start(&c->timer, on_answer, (uint64_t)o.delay_ms, 0);
}

static void
start_call(struct airtable_call *c)
{
	struct airtable_write w = { .count = 0 };

	if (fake.blocked_ms > 0) {
		c->result = (struct airtable_result){ .err = fake.blocked_why, .message = "blocked" };
		c->callback(c->cookie, &c->result, NULL);
		end_call(c);
		return;
	}
	if (!c->compose(c->cookie, &w)) {
		end_call(c);
		return;
	}
	fake.room--;
	c->callback = w.callback;
	c->cookie = w.cookie;
	if (fake.script_used < fake.script_count)
		c->outcome = fake.script[fake.script_used++];
	see(c, &w);
	perform(c);
}

static void
on_fake_turn(uv_timer_t *t)
{
	struct airtable_call *c;

	(void)t;
	while ((c = TAILQ_FIRST(&fake.waiting)) != NULL && (fake.room > 0 || fake.blocked_ms > 0)) {
		TAILQ_REMOVE(&fake.waiting, c, link);
		start_call(c);
	}
}

static void
fake_wake(void)
{
	(void)uv_timer_start(&fake.turn, on_fake_turn, 0, 0);
}

struct airtable_call *
airtable_write(struct airtable *a, airtable_compose *compose, airtable_cb *refused, void *cookie)
{
	struct airtable_call *c = calloc(1, sizeof(*c));

	(void)a;
	ck_assert_ptr_nonnull(c);
	c->compose = compose;
	c->callback = refused;
	c->cookie = cookie;
	TAILQ_INSERT_TAIL(&fake.waiting, c, link);
	fake_wake();
	return c;
}

struct airtable_call *
airtable_find(struct airtable *a, const struct str *ids, size_t count, enum airtable_priority p,
    int64_t deadline_ms, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c = calloc(1, sizeof(*c));
	struct airtable_write w = { .count = count };
	struct record records[AIRTABLE_WRITE_MAX] = { 0 };

	(void)a, (void)p, (void)deadline_ms;
	ck_assert_ptr_nonnull(c);
	c->find = true;
	c->callback = callback;
	c->cookie = cookie;
	for (size_t i = 0; i < count; i++) {
		records[i].id = ids[i];
		w.records[i] = &records[i];
	}
	if (fake.find_used < fake.find_count)
		c->outcome = fake.finds[fake.find_used++];
	see(c, &w);
	perform(c);
	return c;
}

void
airtable_cancel(struct airtable_call *c)
{
	if (c->handles > 0)
		TAILQ_REMOVE(&fake.flying, c, link);
	else
		TAILQ_REMOVE(&fake.waiting, c, link);
	end_call(c);
}

/* The next change ends like this. */
static __attribute__((unused)) void
next_write(struct outcome o)
{
	fake.script[fake.script_count++] = o;
}

static __attribute__((unused)) void
next_find(struct outcome o)
{
	fake.finds[fake.find_count++] = o;
}

/* Nothing can be read back until further notice. */
static __attribute__((unused)) void
finds_fail(bool fail)
{
	fake.find_used = 0;
	fake.find_count = 0;
	while (fail && fake.find_count < 32)
		next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
}

/* So many more calls may start. */
static __attribute__((unused)) void
give_room(int calls)
{
	fake.room = calls;
	fake_wake();
}

/* Calls that were changes. */
static __attribute__((unused)) size_t
changes_seen(void)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.seen_count; i++)
		n += !fake.seen[i].find;
	return n;
}

/* ---- callers ------------------------------------------------------------------------ */
struct told {
	enum err	err;
	bool		pending;
	char		record[64], order[600], detail[512];
};

struct asked {
	int			 replies;
	struct message_reply	 reply;
	uint64_t		 bulk;
	struct told		*results;	/* ITEMS_MAX of them, when there is a reply */
	size_t			 count;
	char			*body;
};

struct server_call {
	struct message_request	 request;
	struct asked		*asked;
};

const struct message_request *
server_call_request(const struct server_call *call)
{
	return &call->request;
}

static void
keep_told(void *cookie, size_t i, const struct message_result *r)
{
	struct asked *a = cookie;
	struct told *t = &a->results[i];

	t->err = r->err;
	t->pending = r->pending;
	(void)snprintf(t->record, sizeof(t->record), "%s", r->record);
	(void)snprintf(t->order, sizeof(t->order), "%.*s", STR_FMT(r->order));
	(void)snprintf(t->detail, sizeof(t->detail), "%s", r->detail);
	a->count = i + 1;
}

void
server_reply(struct server_call *call, const struct message_reply *reply)
{
	struct asked *a = call->asked;

	a->replies++;
	a->reply = *reply;
	if (a->results == NULL)
		ck_assert_ptr_nonnull(a->results = calloc(ITEMS_MAX, sizeof(*a->results)));
	if (reply->body.len > 0) {
		free(a->body);
		ck_assert_ptr_nonnull(a->body = strndup(reply->body.ptr, reply->body.len));
		ck_assert_int_eq(message_each_result(str_of(a->body), 0, &a->bulk, keep_told, a), ERR_OK);
	}
	a->reply.body = (struct str){ NULL, 0 };
	free(call->request.items);
	free(call);
}

static __attribute__((unused)) void
asked_free(struct asked *a)
{
	free(a->body);
	free(a->results);
	*a = (struct asked){ 0 };
}

/* A message in the making. */
struct form {
	struct message_request	m;
	struct message_item	items[ITEMS_MAX];
};

static struct message_item *
form_add(struct form *f, enum message_kind kind, const char *id)
{
	struct message_item *item = &f->items[f->m.item_count++];

	ck_assert_uint_le(f->m.item_count, ITEMS_MAX);
	item->kind = kind;
	item->record.id = str_of(id);
	return item;
}

static __attribute__((unused)) void
want(struct message_item *item, unsigned field, const char *text)
{
	item->record.known |= 1u << field;
	item->record.values[field] = (struct value){ .present = true, .text = str_of(text) };
}

static __attribute__((unused)) void
submit(struct form *f, struct asked *a)
{
	struct server_call *call = calloc(1, sizeof(*call));
	size_t bytes = f->m.item_count * sizeof(f->items[0]);

	ck_assert_ptr_nonnull(call);
	call->request = f->m;
	call->asked = a;
	ck_assert_ptr_nonnull(call->request.items = malloc(bytes));
	memcpy(call->request.items, f->items, bytes);
	writes_submit(writes, call);
}

/* One order is to have this status. */
static __attribute__((unused)) void
set_status(struct asked *a, const char *id, const char *status)
{
	struct form f = { .m.request_id = "test" };

	want(form_add(&f, MESSAGE_UPDATE, id), ORDER_STATUS, status);
	submit(&f, a);
}

static __attribute__((unused)) void
answered(struct asked *a)
{
	ck_assert_msg(canned_run(&loop, &a->replies, 1, 5000), "no answer");
	ck_assert_int_eq(a->replies, 1);
}

static __attribute__((unused)) void
pass(int64_t ms)
{
	int never = 0;

	ck_assert(!canned_run(&loop, &never, 1, ms));
}

/* ---- the store ----------------------------------------------------------------------- */
static __attribute__((unused)) void
order_json(const char *id, char json[static 600])
{
	struct store *st = apply_store(apply);
	struct row_view view;
	struct str text;
	uint32_t row;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, row, &view), ERR_OK);
	text = view.json;
	(void)outbox_overlay(st, str_of(id), &text, NULL);
	(void)snprintf(json, 600, "%.*s", STR_FMT(text));
	store_end(st);
}

static __attribute__((unused)) uint64_t
version_of(const char *id)
{
	struct store *st = apply_store(apply);
	struct row_view view;
	uint32_t row;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, row, &view), ERR_OK);
	store_end(st);
	return view.version;
}

static enum err
count_all(void *cookie, const struct outbox_entry *e)
{
	(void)e;
	++*(size_t *)cookie;
	return ERR_OK;
}

static __attribute__((unused)) size_t
outbox_count(void)
{
	struct store *st = apply_store(apply);
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, &orders_schema, count_all, &n), ERR_OK);
	store_end(st);
	return n;
}

static __attribute__((unused)) uint32_t
pending_count(void)
{
	struct store *st = apply_store(apply);
	uint32_t n;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	n = outbox_pending(st);
	store_check(st);
	store_end(st);
	return n;
}

/* The store is consistent and holds what Airtable holds. */
static __attribute__((unused)) void
in_agreement(void)
{
	char json[600], part[64];

	(void)pending_count();
	for (size_t i = 0; i < fake.count; i++) {
		if (fake.held[i].gone)
			continue;
		order_json(fake.held[i].id, json);
		(void)snprintf(part, sizeof(part), "\"status\":\"%s\",\"priority\":\"%s\"",
		    fake.held[i].status, fake.held[i].priority);
		ck_assert_msg(strstr(json, part) != NULL, "no %s in %s", part, json);
	}
}

static void
fill_store(void)
{
	struct change c[ORDERS];

	for (size_t i = 0; i < ORDERS; i++) {
		struct held *h = &fake.held[i];

		*h = (struct held){ .status = "Pending", .priority = "Low", .customer = "Acme" };
		(void)snprintf(h->id, sizeof(h->id), "rec%014zu", i);
		(void)snprintf(h->order_id, sizeof(h->order_id), "ORD-%03zu", i);
		c[i] = (struct change){ .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		held_record(h, &c[i].record);
	}
	fake.count = ORDERS;
	(void)made_apply(apply, c, ORDERS);
}

static __attribute__((unused)) void
open_writes(void)
{
	ck_assert_ptr_nonnull(writes = writes_new(&loop, &config, &orders_schema, NULL, apply, NULL));
	ck_assert_int_eq(writes_recover(writes), ERR_OK);
}

/* As the end of a process does. */
static __attribute__((unused)) void
close_writes(void)
{
	writes_stop(writes);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	writes_free(writes);
}

static __attribute__((unused)) void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	memset(&fake, 0, sizeof(fake));
	TAILQ_INIT(&fake.waiting);
	TAILQ_INIT(&fake.flying);
	fake.room = CALLS_MAX;
	(void)uv_timer_init(&loop, &fake.turn);
	made_config(&config, tmpdir_new());
	config.airtable.requests_per_second = 5;
	config.airtable.request_timeout_ms = patience(300);
	config.write.timeout_ms = patience(1000);
	config.write.gather_ms = 10;
	config.write.create = config.write.delete = true;
	(void)strcpy(config.airtable.create_key, "Key");
	ck_assert_int_eq(apply_open(&config, &orders_schema, &apply), ERR_OK);
	fill_store();
	open_writes();
}

static __attribute__((unused)) void
teardown(void)
{
	struct airtable_call *c;

	close_writes();
	while ((c = TAILQ_FIRST(&fake.flying)) != NULL) {
		TAILQ_REMOVE(&fake.flying, c, link);
		end_call(c);
	}
	uv_close((uv_handle_t *)&fake.turn, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	apply_close(apply);
}

#define ID(n)	fake.held[n].id
#define ck_assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

#endif
