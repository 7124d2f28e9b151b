#include <stdio.h>

#include "common/instant.h"
#include "common/json_write.h"
#include "syncd/airtable_calls.h"

/*
 * Which of the schema's fields the base has not.  A call that names one is
 * refused as a whole, so that one field would stop all others: it is left out
 * instead, and asked for again now and then, by which it is found to be back.
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
		buf_printf(&b, ": %s in the Airtable table; what is shown of %s is what %s last. "
		    "Restore %s there or name %s in orders.conf and reload",
		    n == 1 ? "there is no such field" : "there are no such fields",
		    n == 1 ? "it" : "them", n == 1 ? "it held" : "they held",
		    n == 1 ? "it" : "them", n == 1 ? "another" : "others");
	(void)snprintf(text, size, "%s", buf_cstr(&b));
	buf_free(&b);
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
	/* those that answers would have under an id that is not known are looked up first */
	for (size_t f = 0; f < a->keys.count; f++)
		if (a->keys.by_id && a->keys.answer[f][0] == '\0')
			a->keys.resolved = c->keys.resolved = false;
	c->keys.missing = 0;
	c->looks = true;
}

/* Which field is it that Airtable names?  -1: none of ours. */
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

	if (f < 0 || strcmp(a->keys.request[f], c->keys.request[f]) != 0)
		return;
	next.missing |= UINT32_C(1) << f;
	if (airtable_keys_asked(&next) == 0)
		return;		/* that is another table */
	a->missing_ms = instant_monotonic();
	a->keys.missing = next.missing;
	airtable_missing_text(a, UINT32_C(1) << f, r->message, sizeof(r->message));
	r->retryable = !airtable_call_writes(c);	/* the next one is without it */
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
