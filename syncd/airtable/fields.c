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
airtable_missing(const struct airtable *a)
{
	return a->keys.missing;
}

void
airtable_look_for_fields(struct airtable *a)
{
	a->missing_ms = 0;
}

void
airtable_watch_fields(struct airtable *a, airtable_fields_cb *watcher, void *cookie)
{
	a->fields_watcher = watcher;
	a->fields_cookie = cookie;
}

void
airtable_missing_text(const struct airtable *a, uint32_t fields, char *text, size_t size)
{
	struct buf b = { 0 };
	size_t n = 0;

	for (size_t f = 0; f < a->schema->field_count; f++) {
		if (!(fields >> f & 1))
			continue;
		buf_printf(&b, "%sfields.%s.%s = \"%.60s\"", n++ == 0 ? "" : ", ", a->schema->name,
		    a->schema->fields[f].name, a->config->orders_fields[f][0] != '\0' ?
		    a->config->orders_fields[f] : a->schema->fields[f].airtable);
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
airtable_create_key(const struct airtable *a)
{
	return a->create_key;
}

/* The setting, what is wrong with the field and what to do; "": nothing is known to be wrong. */
static void
key_text(const struct airtable *a, enum airtable_key key, char *text, size_t size)
{
	const char *field = a->config->airtable.create_key;

	text[0] = '\0';
	if (key == AIRTABLE_KEY_MISSING)
		(void)snprintf(text, size, "airtable.create_key = \"%.60s\": there is no such field in the "
		    "Airtable table, and without it no order is created. Make a single line text field of "
		    "that name there or name another in orders.conf and reload", field);
	else if (key == AIRTABLE_KEY_UNFIT)
		(void)snprintf(text, size, "airtable.create_key = \"%.60s\": a field of the kind %s does not "
		    "take the key, and without it no order is created. Make it a single line text field or "
		    "name another in orders.conf and reload", field, a->create_key_type);
}

void
airtable_set_create_key(struct airtable *a, enum airtable_key key, const char *type)
{
	enum airtable_key before = a->create_key;
	char text[sizeof(((struct airtable_result *)NULL)->message)];

	a->create_key = key;
	(void)snprintf(a->create_key_type, sizeof(a->create_key_type), "%s", type);
	if (key == before)
		return;
	key_text(a, key, text, sizeof(text));
	if (text[0] != '\0')
		log_error("airtable: %s", text);
	else if (key == AIRTABLE_KEY_FIT && before != AIRTABLE_KEY_NOT_KNOWN)
		log_info("airtable: the field of airtable.create_key can take the key now");
}

void
airtable_add_create_key(const struct airtable *a, struct buf *b)
{
	char text[sizeof(((struct airtable_result *)NULL)->message)];

	key_text(a, a->create_key, text, sizeof(text));
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
	const char *field = c->owner->config->airtable.create_key;
	struct airtable_result *r = &c->result;
	char quoted[AIRTABLE_KEY_MAX + 2];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", field);
	if ((c->kind != CALL_CREATE && c->kind != CALL_FIND_KEYS) || field[0] == '\0' ||
	    strstr(r->message, quoted) == NULL)
		return;
	key_text(c->owner, AIRTABLE_KEY_MISSING, r->message, sizeof(r->message));
	/* only where the schema is read, as that also finds out when the field is back */
	if (c->owner->create_key == AIRTABLE_KEY_FIT)
		airtable_set_create_key(c->owner, AIRTABLE_KEY_MISSING, "");
}

void
airtable_add_missing(const struct airtable *a, struct buf *b)
{
	json_name(b, "missingFields");
	buf_add_char(b, '[');
	for (size_t f = 0; f < a->schema->field_count; f++) {
		if (!(a->keys.missing >> f & 1))
			continue;
		json_next(b);
		json_add_string(b, str_of(a->schema->fields[f].name));
	}
	buf_add_char(b, ']');
}

void
airtable_fields_look(struct airtable_call *c)
{
	struct airtable *a = c->owner;
	int64_t now = instant_monotonic();

	if (a->keys.missing == 0 ||
	    (a->missing_ms != 0 && now - a->missing_ms < AIRTABLE_FIELDS_MS))
		return;
	a->missing_ms = now;
	/* fields whose id in answers is not known are looked up first */
	for (size_t f = 0; f < a->keys.count; f++)
		if (a->keys.by_id && a->keys.answer[f][0] == '\0')
			a->keys.resolved = c->keys.resolved = false;
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
	struct airtable *a = c->owner;
	struct airtable_result *r = &c->result;
	struct airtable_keys next = a->keys;
	int f = named(c);

	if (f < 0) {
		learn_key(c);
		return;
	}
	if (strcmp(a->keys.request[f], c->keys.request[f]) != 0)
		return;
	next.missing |= UINT32_C(1) << f;
	if (airtable_keys_asked(&next) == 0)
		return;		/* a call about another table */
	a->missing_ms = instant_monotonic();
	a->keys.missing = next.missing;
	airtable_missing_text(a, UINT32_C(1) << f, r->message, sizeof(r->message));
	r->retryable = !airtable_call_writes(c);	/* the next call leaves the field out */
}

void
airtable_fields_seen(const struct airtable_call *c)
{
	struct airtable *a = c->owner;

	if (c->looks && memcmp(c->keys.request, a->keys.request, sizeof(c->keys.request)) == 0)
		a->keys.missing &= c->keys.missing | c->keys.skip;
}

void
airtable_fields_tell(struct airtable *a)
{
	uint32_t missing = a->keys.missing;

	if (missing == a->missing_told)
		return;
	a->missing_told = missing;
	if (a->fields_watcher != NULL)
		a->fields_watcher(a->fields_cookie, missing);
}
