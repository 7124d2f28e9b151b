#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "syncd/airtable/calls.h"

/*
 * Which of the schema's fields the base lacks.  Airtable refuses a call that names one
 * as a whole, so one field would stop all others.  Instead it is left out, and asked
 * for again now and then to find out when it is back.
 */

uint32_t
airtable_missing(const struct airtable *a, const struct schema *schema)
{
	return airtable_table_of(a, schema)->keys.missing;
}

void
airtable_look_for_fields(struct airtable *a, const struct schema *schema)
{
	airtable_table_of(a, schema)->missing_ms = 0;
}

void
airtable_watch_fields(struct airtable *a, const struct schema *schema, airtable_fields_cb *watcher,
    void *cookie)
{
	struct airtable_table *t = airtable_table_of(a, schema);

	t->fields_watcher = watcher;
	t->fields_cookie = cookie;
}

void
airtable_missing_text(const struct airtable *a, const struct schema *schema, uint32_t fields,
    char *text, size_t size)
{
	struct buf b = { 0 };
	size_t n = 0;

	for (size_t f = 0; f < schema->field_count; f++) {
		if (!(fields >> f & 1))
			continue;
		buf_printf(&b, "%sfields.%s.%s = \"%.60s\"", n++ == 0 ? "" : ", ", schema->name,
		    schema->fields[f].name, airtable_field_name(a->config, schema, f));
	}
	if (n > 0)
		buf_printf(&b, ": %s in the Airtable table; the values shown for %s are what %s last. "
		    "Restore %s there or name %s in orders.conf and reload",
		    n == 1 ? "there is no such field" : "there are no such fields",
		    n == 1 ? "it" : "them", n == 1 ? "it held" : "they held",
		    n == 1 ? "it" : "them", n == 1 ? "another" : "others");
	(void)snprintf(text, size, "%s", buf_cstr(&b));
	buf_free(&b);
}

enum airtable_key
airtable_create_key(const struct airtable *a, const struct schema *schema)
{
	return airtable_table_of(a, schema)->create_key;
}

/* The setting, what is wrong with the field and what to do; "": nothing is known to be wrong. */
static void
key_text(const struct airtable_table *t, enum airtable_key key, char *text, size_t size)
{
	const char *field = airtable_create_field(t->owner->config, t->schema);

	text[0] = '\0';
	if (key == AIRTABLE_KEY_MISSING)
		(void)snprintf(text, size, "airtable.create_key = \"%.60s\": there is no such field in the "
		    "Airtable table, and without it no order is created. Make a single line text field of "
		    "that name there or name another in orders.conf and reload", field);
	else if (key == AIRTABLE_KEY_UNFIT)
		(void)snprintf(text, size, "airtable.create_key = \"%.60s\": a field of the kind %s does not "
		    "take the key, and without it no order is created. Make it a single line text field or "
		    "name another in orders.conf and reload", field, t->create_key_type);
}

static void
set_create_key(struct airtable_table *t, enum airtable_key key, const char *type)
{
	enum airtable_key before = t->create_key;
	char text[sizeof(((struct airtable_result *)NULL)->message)];

	t->create_key = key;
	(void)snprintf(t->create_key_type, sizeof(t->create_key_type), "%s", type);
	if (key == before)
		return;
	key_text(t, key, text, sizeof(text));
	if (text[0] != '\0')
		log_error("airtable: %s", text);
	else if (key == AIRTABLE_KEY_FIT && before != AIRTABLE_KEY_NOT_KNOWN)
		log_info("airtable: the field of airtable.create_key can take the key now");
}

void
airtable_set_create_key(struct airtable *a, const struct schema *schema, enum airtable_key key,
    const char *type)
{
	set_create_key(airtable_table_of(a, schema), key, type);
}

void
airtable_add_create_key(const struct airtable_table *t, struct buf *b)
{
	char text[sizeof(((struct airtable_result *)NULL)->message)];

	key_text(t, t->create_key, text, sizeof(text));
	json_member_string_or_null(b, "createKeyProblem",
	    text[0] == '\0' ? (struct str){ NULL, 0 } : str_of(text));
}

/*
 * A call that creates orders, or finds them by their key, was refused: is the key's
 * field the reason?
 */
static void
learn_key(struct airtable_call *c)
{
	const char *field = airtable_create_field(c->owner->config, c->table->schema);
	struct airtable_result *r = &c->result;
	char quoted[AIRTABLE_KEY_MAX + 2];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", field);
	if ((c->kind != CALL_CREATE && c->kind != CALL_FIND_KEYS) || field[0] == '\0' ||
	    strstr(r->message, quoted) == NULL)
		return;
	key_text(c->table, AIRTABLE_KEY_MISSING, r->message, sizeof(r->message));
	/* only where the schema is read, as that also finds out when the field is back */
	if (c->table->create_key == AIRTABLE_KEY_FIT)
		set_create_key(c->table, AIRTABLE_KEY_MISSING, "");
}

void
airtable_add_missing(const struct airtable_table *t, struct buf *b)
{
	json_name(b, "missingFields");
	buf_add_char(b, '[');
	for (size_t f = 0; f < t->schema->field_count; f++) {
		if (!(t->keys.missing >> f & 1))
			continue;
		json_next(b);
		json_add_string(b, str_of(t->schema->fields[f].name));
	}
	buf_add_char(b, ']');
}

void
airtable_fields_look(struct airtable_call *c)
{
	struct airtable_table *t = c->table;
	int64_t now = instant_monotonic();

	if (t->keys.missing == 0 ||
	    (t->missing_ms != 0 && now - t->missing_ms < AIRTABLE_FIELDS_MS))
		return;
	t->missing_ms = now;
	/* fields whose id in answers is not known are looked up first */
	for (size_t f = 0; f < t->keys.count; f++)
		if (t->keys.by_id && t->keys.answer[f][0] == '\0')
			t->keys.resolved = c->keys.resolved = false;
	c->keys.missing = 0;
	c->looks = true;
}

/* The field that Airtable's message names; -1: none of ours. */
static int
named(const struct airtable_call *c)
{
	const struct airtable_keys *k = &c->keys;

	for (size_t f = 0; f < k->count; f++) {
		char quoted[AIRTABLE_KEY_MAX + 2];

		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", k->request[f]);
		if (k->request[f][0] != '\0' && strstr(c->result.message, quoted) != NULL)
			return (int)f;
	}
	return -1;
}

void
airtable_fields_learn(struct airtable_call *c)
{
	struct airtable_table *t = c->table;
	struct airtable_result *r = &c->result;
	struct airtable_keys next = t->keys;
	int f = named(c);

	if (f < 0) {
		learn_key(c);
		return;
	}
	if (strcmp(t->keys.request[f], c->keys.request[f]) != 0)
		return;
	next.missing |= UINT32_C(1) << f;
	if (airtable_keys_asked(&next) == 0)
		return;		/* a call about another table */
	t->missing_ms = instant_monotonic();
	t->keys.missing = next.missing;
	airtable_missing_text(c->owner, t->schema, UINT32_C(1) << f, r->message,
	    sizeof(r->message));
	r->retryable = !airtable_call_writes(c);	/* the next call leaves the field out */
}

void
airtable_fields_seen(const struct airtable_call *c)
{
	struct airtable_table *t = c->table;

	if (c->looks && memcmp(c->keys.request, t->keys.request, sizeof(c->keys.request)) == 0)
		t->keys.missing &= c->keys.missing | c->keys.skip;
}

static void
tell(struct airtable_table *t)
{
	uint32_t missing = t->keys.missing;

	if (missing == t->missing_told)
		return;
	t->missing_told = missing;
	if (t->fields_watcher != NULL)
		t->fields_watcher(t->fields_cookie, missing);
}

void
airtable_fields_tell(struct airtable *a)
{
	for (size_t i = 0; i < a->table_count; i++)
		tell(&a->tables[i]);
}

enum err
airtable_fields_resolve(struct airtable *a, struct str body, char *why, size_t size)
{
	enum err first = ERR_OK;

	for (size_t i = 0; i < a->table_count; i++) {
		struct airtable_table *t = &a->tables[i];

		t->refused = ERR_OK;
		if (t->keys.resolved)
			continue;
		t->refused = airtable_keys_resolve(&t->keys, t->schema, body, airtable_table_called(t),
		    t->why, sizeof(t->why));
		t->missing_ms = instant_monotonic();
		if (t->refused != ERR_OK && first == ERR_OK) {
			first = t->refused;
			(void)snprintf(why, size, "%s", t->why);
		}
	}
	return first;
}
