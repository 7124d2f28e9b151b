#include "tests/fakes/fake_airtable.h"

uv_loop_t loop;
struct apply *apply;
struct fake_state fake;

struct held *
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

bool
airtable_serves(const struct airtable *a, const struct schema *table)
{
	(void)a;
	return fake.serves_all || table == &orders_schema;
}

uint32_t
airtable_missing(const struct airtable *a, const struct schema *schema)
{
	(void)a, (void)schema;
	return fake.missing;
}

enum airtable_key
airtable_create_key(const struct airtable *a, const struct schema *schema)
{
	(void)a, (void)schema;
	return fake.create_key;
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

size_t
sent_on_disk(void)
{
	struct store *st = apply_store(apply);
	size_t n = 0;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(outbox_each(st, count_sent, &n), ERR_OK);
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

void
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

void
end_call(struct airtable_call *c)
{
	if (c->handles == 0) {
		free(c);
		return;
	}
	uv_close((uv_handle_t *)&c->timer, on_fake_closed);
	if (c->outcome.late_ms == 0)		/* else the change is still to be applied */
		uv_close((uv_handle_t *)&c->late, on_fake_closed);
}

static struct value
held_text(const char *text)
{
	return (struct value){ .present = text[0] != '\0', .text = str_of(text) };
}

void
held_record(const struct held *h, struct record *r)
{
	*r = (struct record){ .id = str_of(h->id), .known = schema_all(&orders_schema) };
	r->values[ORDER_ORDER_ID] = held_text(h->order_id);
	r->values[ORDER_CUSTOMER] = held_text(h->customer);
	r->values[ORDER_STATUS] = held_text(h->status);
	r->values[ORDER_PRIORITY] = held_text(h->priority);
	if (h->updated_ms != 0)
		r->values[ORDER_UPDATED_AT] = (struct value){ .present = true, .number = h->updated_ms };
}

/* Records that have one of the keys asked for. */
static void
find_by_key(const struct seen_call *s, struct airtable_page *page)
{
	for (size_t h = 0; h < fake.count; h++)
		for (size_t i = 0; i < s->count; i++) {
			if (fake.held[h].gone || strcmp(fake.held[h].key, s->keys[i]) != 0)
				continue;
			ck_assert_uint_lt(page->count, 2 * AIRTABLE_WRITE_MAX);
			page->keys[page->count] = str_of(fake.held[h].key);
			held_record(&fake.held[h], &page->records[page->count++]);
		}
}

static void
on_answer(uv_timer_t *t)
{
	struct airtable_call *c = t->data;
	const struct seen_call *s = c->seen;
	struct record records[2 * AIRTABLE_WRITE_MAX];
	struct str keys[2 * AIRTABLE_WRITE_MAX];
	struct airtable_page page = { .records = records, .keys = c->by_key ? keys : NULL };

	if (c->by_key && c->result.err == ERR_OK)
		find_by_key(s, &page);
	for (size_t i = 0; i < s->count && c->result.err == ERR_OK && !c->by_key; i++) {
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
	uv_update_time(&loop);		/* or the timers would end too early */
	r->sent_ms = instant_monotonic();
	r->err = o.err;
	r->maybe_applied = o.maybe;
	r->adrift = o.maybe && (o.adrift || o.err == ERR_AIRTABLE_TIMEOUT);
	r->status = o.status;
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

void
fake_wake(void)
{
	(void)uv_timer_start(&fake.turn, on_fake_turn, 0, 0);
}

struct airtable_call *
airtable_write(struct airtable *a, const struct schema *schema, airtable_compose *compose,
    airtable_cb *refused, void *cookie)
{
	struct airtable_call *c = calloc(1, sizeof(*c));

	(void)a, (void)schema;
	ck_assert_ptr_nonnull(c);
	c->compose = compose;
	c->callback = refused;
	c->cookie = cookie;
	TAILQ_INSERT_TAIL(&fake.waiting, c, link);
	fake_wake();
	return c;
}

/* Look for records by their ids, or by our keys. */
static struct airtable_call *
start_find(bool by_key, const struct str *ids, size_t count, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c = calloc(1, sizeof(*c));
	struct airtable_write w = { .count = count };
	struct record records[AIRTABLE_WRITE_MAX] = { 0 };

	ck_assert_ptr_nonnull(c);
	c->find = true;
	c->by_key = by_key;
	c->callback = callback;
	c->cookie = cookie;
	for (size_t i = 0; i < count; i++) {
		*(by_key ? &w.keys[i] : &records[i].id) = ids[i];
		w.records[i] = &records[i];
	}
	if (fake.find_used < fake.find_count)
		c->outcome = fake.finds[fake.find_used++];
	see(c, &w);
	perform(c);
	return c;
}

struct airtable_call *
airtable_find(struct airtable *a, const struct schema *schema, const struct str *ids,
    size_t count, enum airtable_priority p, int64_t deadline_ms, airtable_cb *callback, void *cookie)
{
	(void)a, (void)schema, (void)p, (void)deadline_ms;
	return start_find(false, ids, count, callback, cookie);
}

struct airtable_call *
airtable_find_keys(struct airtable *a, const struct schema *schema, const struct str *keys,
    size_t count, enum airtable_priority p, airtable_cb *callback, void *cookie)
{
	(void)a, (void)schema, (void)p;
	return start_find(true, keys, count, callback, cookie);
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

void
airtable_set_timeout(struct airtable_call *c, int64_t ms)
{
	c->seen->timeout_ms = ms;
}

void
next_write(struct outcome o)
{
	fake.script[fake.script_count++] = o;
}

void
next_find(struct outcome o)
{
	fake.finds[fake.find_count++] = o;
}

void
finds_fail(bool fail)
{
	fake.find_used = 0;
	fake.find_count = 0;
	while (fail && fake.find_count < 32)
		next_find((struct outcome){ .err = ERR_AIRTABLE_UNAVAILABLE });
}

void
give_room(int calls)
{
	fake.room = calls;
	fake_wake();
}

size_t
finds_seen(void)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.seen_count; i++)
		n += fake.seen[i].find;
	return n;
}

size_t
changes_seen(void)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.seen_count; i++)
		n += !fake.seen[i].find;
	return n;
}
