#include <stdio.h>
#include <stdlib.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "syncd/airtable/calls.h"
#include "syncd/airtable/jitter.h"
#include "syncd/airtable/request.h"

_Static_assert((int)AIRTABLE_PRIORITIES == GOVERNOR_LANES, "a priority is a lane");

static struct governor_limits
limits_of(const struct config *c)
{
	return (struct governor_limits){
		.per_second = c->airtable.requests_per_second,
		.lockout_ms = c->airtable.lockout_ms
	};
}

/* What is of a table, as configured and before anything is known of it. */
static void
table_init(struct airtable_table *t, struct airtable *owner, const struct schema *schema)
{
	t->owner = owner;
	t->schema = schema;
	airtable_keys_set(&t->keys, owner->config, schema);
	t->page_size = AIRTABLE_PAGE_MAX;
}

struct airtable *
airtable_new(uv_loop_t *loop, const struct config *config, const struct tables *tables)
{
	struct governor_limits limits = limits_of(config);
	struct airtable *a;

	if ((a = calloc(1, sizeof(*a) + tables->count * sizeof(a->tables[0]))) == NULL)
		goto err0;
	a->config = config;
	a->table_count = tables->count;
	for (size_t i = 0; i < tables->count; i++)
		table_init(&a->tables[i], a, tables->list[i]);
	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		TAILQ_INIT(&a->waiting[i]);
	TAILQ_INIT(&a->flying);
	TAILQ_INIT(&a->ended);
	breaker_init(&a->breaker, config->airtable.breaker_failures,
	    config->airtable.breaker_cooldown_ms, jitter, NULL);
	if ((a->governor = governor_new(&limits, jitter, NULL)) == NULL)
		goto err1;
	if ((a->http = http_new(loop)) == NULL)
		goto err2;
	if (uv_timer_init(loop, &a->timer) != 0)
		goto err3;
	a->timer.data = a;
	return a;

err3:
	http_free(a->http);
err2:
	governor_free(a->governor);
err1:
	free(a);
err0:
	return NULL;
}

static void
airtable_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
airtable_free(struct airtable *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->table_count; i++)
		airtable_forms_clear(&a->tables[i].forms);
	http_free(a->http);
	governor_free(a->governor);
	uv_close((uv_handle_t *)&a->timer, airtable_closed);
}

void
airtable_set_meter(struct airtable *a, const struct airtable_meter *meter)
{
	a->meter = *meter;
}

void
airtable_assume_call(struct airtable *a, int64_t ago_ms)
{
	governor_assume(a->governor, instant_monotonic() - ago_ms);
}

void
airtable_reconfigure(struct airtable *a)
{
	struct governor_limits limits = limits_of(a->config);

	if (governor_configure(a->governor, &limits) != ERR_OK)
		log_error("airtable: the new rate limit is not in force: %s", err_text(ERR_NOMEM));
	breaker_configure(&a->breaker, a->config->airtable.breaker_failures,
	    a->config->airtable.breaker_cooldown_ms);
	for (size_t i = 0; i < a->table_count; i++) {
		struct airtable_table *t = &a->tables[i];

		airtable_keys_set(&t->keys, a->config, t->schema);
		airtable_forms_clear(&t->forms);
		t->id[0] = '\0';
	}
	airtable_wake(a, 0);
}

bool
airtable_serves(const struct airtable *a, const struct schema *schema)
{
	for (size_t i = 0; i < a->table_count; i++)
		if (a->tables[i].schema == schema)
			return true;
	return false;
}

struct airtable_table *
airtable_table_of(const struct airtable *a, const struct schema *schema)
{
	size_t i = 0;

	while (a->tables[i].schema != schema)
		if (++i == a->table_count)
			abort();	/* it would be taken for another table */
	return (struct airtable_table *)&a->tables[i];
}

const char *
airtable_table_called(const struct airtable_table *t)
{
	return t->id[0] != '\0' ? t->id : airtable_table_name(t->owner->config, t->schema);
}

void
airtable_use_ids(struct airtable *a, const struct schema *schema, const char *table,
    const struct airtable_keys *keys)
{
	struct airtable_table *t = airtable_table_of(a, schema);
	struct airtable_keys *k = &t->keys;

	(void)snprintf(t->id, sizeof(t->id), "%s", table);
	memcpy(k->answer, keys->answer, sizeof(k->answer));
	for (size_t f = 0; f < k->count; f++)
		if (keys->answer[f][0] != '\0')	/* the id of a missing field may never have been known */
			memcpy(k->request[f], keys->answer[f], sizeof(k->request[f]));
	k->by_id = k->resolved = true;
	k->missing = keys->missing;
	t->missing_ms = instant_monotonic();
	airtable_wake(a, 0);
}

size_t
airtable_page_size(const struct airtable *a, const struct schema *schema)
{
	return airtable_table_of(a, schema)->page_size;
}

void
airtable_set_timeout(struct airtable_call *c, int64_t ms)
{
	c->timeout_ms = ms;
}

struct airtable_call *
airtable_call_new(struct airtable *a, struct airtable_table *t, enum call_kind kind,
    enum airtable_priority priority, int64_t deadline_ms, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->owner = a;
	c->table = t;
	c->kind = kind;
	c->priority = priority;
	c->deadline_ms = deadline_ms;
	c->callback = callback;
	c->cookie = cookie;
	if (t != NULL)
		c->keys = t->keys;
	/*
	 * other calls ask for few records, which always fit: ten with two texts of 100,000
	 * characters
	 */
	c->page_size = kind == CALL_LIST ? t->page_size : AIRTABLE_PAGE_MAX;
	if (kind == CALL_LIST)
		airtable_fields_look(c);
	buf_add_cstr(&c->url, a->config->airtable.api_url);
	return c;
}

void
airtable_call_free(struct airtable_call *c)
{
	buf_free(&c->url);
	buf_free(&c->path);
	buf_free(&c->json);
	free(c->arena);
	free(c);
}

bool
airtable_call_complete(struct airtable_call *c)
{
	(void)buf_cstr(&c->url);	/* adds the NUL, or makes the buffer fail */
	(void)buf_cstr(&c->path);
	return buf_status(&c->url) == ERR_OK && buf_status(&c->path) == ERR_OK &&
	    buf_status(&c->json) == ERR_OK;
}

bool
airtable_call_writes(const struct airtable_call *c)
{
	return c->kind == CALL_UPDATE || c->kind == CALL_CREATE || c->kind == CALL_DELETE ||
	    (c->kind == CALL_ASK && strcmp(c->method, "GET") != 0);
}

const char *
airtable_call_method(const struct airtable_call *c)
{
	if (c->kind == CALL_ASK)
		return c->method;
	if (!airtable_call_writes(c))
		return "GET";
	return c->kind == CALL_DELETE ? "DELETE" : "PATCH";
}

bool
airtable_call_expect(struct airtable_call *c, struct str id)
{
	char *to = c->ids[c->id_count];

	if (id.len == 0 || id.len > AIRTABLE_ID_MAX)
		return false;
	memcpy(to, id.ptr, id.len);
	c->id_count++;
	return strlen(to) == id.len && airtable_id_valid(to);
}

/* Queue a call, or end it at once unless it is ${sensible}: about ids that can be records'. */
static struct airtable_call *
submit(struct airtable_call *c, bool sensible)
{
	if (!airtable_call_complete(c)) {
		airtable_call_free(c);
		return NULL;
	}
	airtable_enqueue(c);
	if (!sensible)
		airtable_fail(c, ERR_AIRTABLE_REJECTED, 0, "the values do not make a valid record");
	return c;
}

/* The URL of a page of the listing, with the fields that ${c} asks for. */
static void
add_listing(struct airtable_call *c, struct str offset)
{
	airtable_add_table_path(&c->path, c->owner->config, airtable_table_called(c->table));
	buf_add_str(&c->url, buf_str(&c->path));
	airtable_add_list_query(&c->url, &c->keys, c->page_size, offset);
}

struct airtable_call *
airtable_list(struct airtable *a, const struct schema *schema, struct str offset,
    enum airtable_priority priority, int64_t deadline_ms, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;

	if ((c = airtable_call_new(a, airtable_table_of(a, schema), CALL_LIST, priority, deadline_ms,
	    callback, cookie)) == NULL)
		return NULL;
	add_listing(c, offset);
	return submit(c, true);
}

struct airtable_call *
airtable_find(struct airtable *a, const struct schema *schema, const struct str *ids, size_t count,
    enum airtable_priority priority, int64_t deadline_ms, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;
	bool sensible = count > 0 && count <= AIRTABLE_WRITE_MAX;

	if ((c = airtable_call_new(a, airtable_table_of(a, schema), CALL_FIND, priority, deadline_ms,
	    callback, cookie)) == NULL)
		return NULL;
	for (size_t i = 0; sensible && i < count; i++)	/* the key will stand in quotes */
		sensible = airtable_call_expect(c, ids[i]) && strpbrk(c->ids[i], "'\\") == NULL;
	add_listing(c, STR(""));
	if (sensible)
		airtable_add_ids_filter(&c->url, ids, count);
	return submit(c, sensible);
}

struct airtable_call *
airtable_find_keys(struct airtable *a, const struct schema *schema, const struct str *keys,
    size_t count, enum airtable_priority priority, airtable_cb *callback, void *cookie)
{
	const char *field = airtable_create_field(a->config, schema);
	bool sensible = count > 0 && count <= AIRTABLE_WRITE_MAX && field[0] != '\0';
	struct buf formula = { 0 };
	struct airtable_call *c;

	if ((c = airtable_call_new(a, airtable_table_of(a, schema), CALL_FIND_KEYS, priority, 0,
	    callback, cookie)) == NULL)
		return NULL;
	for (size_t i = 0; sensible && i < count; i++) {
		sensible = keys[i].len > 0 && keys[i].len <= AIRTABLE_OUR_KEY_MAX;
		if (sensible)
			memcpy(c->ids[c->id_count++], keys[i].ptr, keys[i].len);
	}
	add_listing(c, STR(""));
	if (sensible) {
		airtable_add_field_query(&c->url, field);
		airtable_add_keys_formula(&formula, field, keys, count);
		airtable_add_formula(&c->url, buf_str(&formula));
	}
	if (buf_status(&formula) != ERR_OK)
		c->url.error = buf_status(&formula);
	buf_free(&formula);
	return submit(c, sensible);
}

struct airtable_call *
airtable_list_where(struct airtable *a, const struct schema *schema, struct str formula,
    struct str offset, enum airtable_priority priority, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;

	if ((c = airtable_call_new(a, airtable_table_of(a, schema), CALL_LIST, priority, 0, callback,
	    cookie)) == NULL)
		return NULL;
	add_listing(c, offset);
	airtable_add_formula(&c->url, formula);
	return submit(c, true);
}

struct airtable_call *
airtable_list_some(struct airtable *a, const struct schema *schema, struct str offset,
    uint32_t fields, enum airtable_priority priority, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;
	uint32_t asked;

	if ((c = airtable_call_new(a, airtable_table_of(a, schema), CALL_LIST, priority, 0, callback,
	    cookie)) == NULL)
		return NULL;
	asked = airtable_keys_asked(&c->keys);
	/* a request without fields would be answered with all of them */
	fields = (fields & asked) != 0 ? fields & asked : asked & -asked;
	c->keys.skip = asked & ~fields;
	add_listing(c, offset);
	return submit(c, true);
}

struct airtable_call *
airtable_ask(struct airtable *a, const char *method, struct str path, struct str json,
    enum airtable_priority priority, airtable_cb *callback, void *cookie)
{
	struct airtable_call *c;

	if ((c = airtable_call_new(a, NULL, CALL_ASK, priority, 0, callback, cookie)) == NULL)
		return NULL;
	c->method = method;
	c->keys.resolved = true;
	buf_add_str(&c->path, path);
	buf_add_str(&c->url, path);
	if (json.len > 0)	/* no body is different from an empty one */
		buf_add_str(&c->json, json);
	return submit(c, true);
}

struct airtable_call *
airtable_meta_new(struct airtable *a, enum airtable_priority priority)
{
	struct airtable_call *c;

	if ((c = airtable_call_new(a, NULL, CALL_META, priority, 0, NULL, NULL)) == NULL)
		return NULL;
	airtable_add_meta_path(&c->path, a->config);
	buf_add_str(&c->url, buf_str(&c->path));
	if (airtable_call_complete(c))
		return c;
	airtable_call_free(c);
	return NULL;
}

void
airtable_cancel(struct airtable_call *c)
{
	struct airtable *a = c->owner;

	airtable_withdraw(c);
	airtable_call_free(c);
	airtable_wake(a, 0);
}

static void
cancel_list(struct call_list *list)
{
	struct airtable_call *c, *next;

	for (c = TAILQ_FIRST(list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->kind == CALL_META) {
			c->owner->meta = NULL;
			airtable_withdraw(c);
			airtable_call_free(c);
			continue;
		}
		c->result.err = ERR_CANCELLED;
		c->result.maybe_applied = airtable_call_writes(c) && c->result.sent_ms != 0;
		(void)snprintf(c->result.message, sizeof(c->result.message), "%s",
		    err_text(ERR_CANCELLED));
		airtable_end(c);
	}
}

void
airtable_cancel_all(struct airtable *a)
{
	cancel_list(&a->flying);
	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		cancel_list(&a->waiting[i]);
	airtable_deliver(a);
}

int64_t
airtable_blocked_ms(struct airtable *a, enum err *why)
{
	int64_t now = instant_monotonic();
	enum err reason;
	int64_t ms = governor_blocked_ms(a->governor, now, &reason);
	int64_t circuit = breaker_wait_ms(&a->breaker, now);

	if (circuit > ms) {
		ms = circuit;
		reason = ERR_AIRTABLE_UNAVAILABLE;
	}
	if (why != NULL)
		*why = reason;
	return ms;
}

size_t
airtable_room(struct airtable *a)
{
	int64_t now = instant_monotonic();
	size_t room, waiting = 0;

	if (governor_blocked_ms(a->governor, now, NULL) > 0 || !breaker_allows(&a->breaker, now))
		return 0;
	room = governor_room(a->governor, now);
	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		waiting += a->waiting_count[i];
	return room > waiting ? room - waiting : 0;
}

static void
add_last_error(struct airtable *a, struct buf *b)
{
	if (a->last_error_ms == 0) {
		json_member_null(b, "lastError");
		return;
	}
	json_name(b, "lastError");
	buf_add_char(b, '{');
	json_member_string(b, "code", str_of(err_code(a->last_error.err)));
	json_member_string(b, "detail", str_of(a->last_error.message));
	json_member_int(b, "status", a->last_error.status);
	json_member_string(b, "type", str_of(a->last_error.type));
	json_member_instant(b, "at", a->last_error_ms);
	buf_add_char(b, '}');
}

static void
add_calls(struct airtable *a, struct buf *b)
{
	static const struct {
		const char		*name;
		enum governor_outcome	 outcome;
	} counts[] = {
		{ "ok", GOVERNOR_OK },
		{ "refused", GOVERNOR_REFUSED },
		{ "rateLimited", GOVERNOR_RATE_LIMITED },
		{ "quota", GOVERNOR_QUOTA },
		{ "failed", GOVERNOR_FAILED },
		{ "unanswered", GOVERNOR_NO_ANSWER },
		{ "notSent", GOVERNOR_NEVER_SENT }
	};
	size_t waiting = 0;

	for (int i = 0; i < AIRTABLE_PRIORITIES; i++)
		waiting += a->waiting_count[i];
	json_name(b, "calls");
	buf_add_char(b, '{');
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_member_uint(b, counts[i].name, governor_count(a->governor, counts[i].outcome));
	json_member_uint(b, "waiting", waiting);
	buf_add_char(b, '}');
}

static void
add_limits(struct airtable *a, struct buf *b, int64_t now)
{
	enum err why;
	int64_t locked = governor_blocked_ms(a->governor, now, &why);

	json_name(b, "rateLimit");
	buf_add_char(b, '{');
	json_member_int(b, "perSecond", governor_per_second(a->governor));
	json_member_int(b, "lockedForMs", locked);
	json_member_bool(b, "quotaUsedUp", why == ERR_AIRTABLE_QUOTA);
	buf_add_char(b, '}');
	if (a->meter.add_status != NULL)
		a->meter.add_status(a->meter.cookie, b);
}

static void
add_tables(const struct airtable *a, struct buf *b)
{
	json_name(b, "tables");
	buf_add_char(b, '[');
	for (size_t i = 0; i < a->table_count; i++) {
		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "name", str_of(a->tables[i].schema->name));
		airtable_add_missing(&a->tables[i], b);
		airtable_add_create_key(&a->tables[i], b);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void
airtable_add_status(struct airtable *a, struct buf *b)
{
	static const char *const states[] = {
		[BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_HALF_OPEN] = "halfOpen"
	};
	int64_t now = instant_monotonic();

	json_name(b, "airtable");
	buf_add_char(b, '{');
	json_member_string(b, "circuit", str_of(states[breaker_state(&a->breaker, now)]));
	json_member_instant(b, "lastSuccessAt", a->last_success_ms);
	add_last_error(a, b);
	add_limits(a, b, now);
	add_calls(a, b);
	airtable_add_missing(&a->tables[0], b);
	airtable_add_create_key(&a->tables[0], b);
	if (a->table_count > 1)
		add_tables(a, b);
	buf_add_char(b, '}');
}
