#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/request.h"
#include "syncd/feed/parts.h"

#define LOOK_FORBIDDEN_MS	(6 * INT64_C(3600000))	/* before a webhook is tried again */
#define LOOK_CROWDED_MS		INT64_C(3600000)

static void	 find_list(struct feed *);

/* ---- no webhook ------------------------------------------------------------------ */
static void
no_webhook(struct feed *f, const struct airtable_result *r, const char *what, const char *advice,
    int64_t look_in_ms)
{
	char why[FEED_WHY_SIZE];

	(void)snprintf(why, sizeof(why), "%s: %.160s (to fix it: %s)", what, r->message, advice);
	if (strcmp(why, f->why) != 0)
		log_warn("feed: no webhook; only sweeps find deletions: %s", why);
	(void)snprintf(f->why, sizeof(f->why), "%s", why);
	if (f->config->sync.feed == FEED_WEBHOOK) {
		f->step = feed_find;
		feed_failed(f, r);
	} else {
		feed_poll_begin(f, r, look_in_ms);
	}
}

static bool
not_permitted(const struct airtable_result *r)
{
	return r->err == ERR_AIRTABLE_FORBIDDEN || r->err == ERR_AIRTABLE_NOT_FOUND;
}

/* ---- calls ----------------------------------------------------------------------- */
static void
ask(struct feed *f, const char *method, const char *id, const char *rest, struct str json,
    airtable_cb *answer)
{
	struct buf path = { 0 };

	airtable_add_webhook_path(&path, f->config, id);
	buf_add_cstr(&path, rest);
	f->answer = answer;
	feed_asks(f);
	feed_asked(f, buf_status(&path) != ERR_OK ? NULL : airtable_ask(f->airtable, method,
	    buf_str(&path), json, AIRTABLE_FEED, feed_answered, f));
	buf_free(&path);
}

/* ---- creating one ---------------------------------------------------------------- */
static enum err
specify(struct feed *f)
{
	buf_clear(&f->specification);
	webhook_add_specification(&f->specification, &f->table, f->wish);
	return buf_status(&f->specification);
}

static void
start_reading(struct feed *f)
{
	f->phase = FEED_READING;
	f->alive_ms = f->began_server_ms;
	f->lost = f->crowded = false;
	f->old_tries = 0;
	f->idle = 0;
	feed_silence_restart(&f->silence, instant_monotonic());
	f->why[0] = '\0';
	feed_sweep_drop(f);
	feed_established(f);
	feed_read(f);
}

static void
made(struct feed *f, const struct webhook_made *m)
{
	struct feed_state *s = &f->kept;
	enum err e;

	memcpy(s->webhook, m->id, sizeof(s->webhook));
	memcpy(f->secret, m->secret, sizeof(f->secret));
	if (f->url.len > 0)
		feed_secret_keep(f);
	s->wish = f->wish;
	s->cursor = 1;
	s->told = f->base;
	s->since_ms = 0;
	s->creating = false;
	s->other_count = 0;
	log_info("feed: using the new webhook %s", s->webhook);
	feed_gap(f, "a new webhook, %s", s->webhook);
	feed_catch_up_on(f);
	if ((e = feed_commit(f, NULL, 0, true)) != ERR_OK) {
		/* without this a webhook that the store does not know would be left behind */
		s->creating = true;
		feed_store_failed(f, find_list, e);
		return;
	}
	start_reading(f);
}

/* Wish for less; false: the wish is not the reason, or there is none that is weaker. */
static bool
wish_less(struct feed *f, const struct airtable_result *r)
{
	if (strstr(r->type, "TOO_MANY_WEBHOOKS") != NULL || strstr(r->message, "TOO_MANY") != NULL ||
	    f->wish + 1 == WEBHOOK_WISHES)
		return false;
	f->wish++;
	return true;
}

/* Delete a webhook like ours that gets no payloads any more, as a base can have only ten. */
static bool
make_room(struct feed *f)
{
	for (size_t i = 0; i < f->seen_count && !f->crowded; i++)
		if ((f->seen[i].same && !f->seen[i].enabled) ||
		    strcmp(f->seen[i].id, f->kept.old) == 0) {
			f->crowded = true;
			memcpy(f->unwanted, f->seen[i].id, sizeof(f->unwanted));
			return true;
		}
	return false;
}

static void	 remove_unwanted(struct feed *);
static void	 create(struct feed *);

static void
created(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct airtable_result unread = { .err = ERR_AIRTABLE_BAD_RESPONSE, .retryable = true };
	struct feed *f = cookie;
	struct webhook_made m;

	if (r->err == ERR_OK &&
	    webhook_made_read(&m, page->body, unread.message) == ERR_OK) {
		feed_succeeded(f);
		made(f, &m);
	} else if (r->err == ERR_OK) {
		f->step = find_list;	/* it was created, but its id is not known */
		feed_failed(f, &unread);
	} else if ((r->err == ERR_AIRTABLE_FORBIDDEN || r->err == ERR_AIRTABLE_REJECTED) &&
	    wish_less(f, r)) {
		if (specify(f) != ERR_OK)
			feed_store_failed(f, feed_find, ERR_NOMEM);
		else
			create(f);
	} else if (r->err == ERR_AIRTABLE_REJECTED && make_room(f)) {
		remove_unwanted(f);
	} else if (r->err == ERR_AIRTABLE_REJECTED || not_permitted(r)) {
		f->kept.creating = false;
		no_webhook(f, r, "it can't be made", r->err == ERR_AIRTABLE_REJECTED ?
		    "delete one of the base's ten webhooks that is no longer used" :
		    "give the token's owner the creator's role in the base, and reload",
		    r->err == ERR_AIRTABLE_REJECTED ? LOOK_CROWDED_MS : LOOK_FORBIDDEN_MS);
	} else {
		/* the list will show whether it was created */
		f->step = find_list;
		feed_failed(f, r);
	}
}

/* Store which webhooks exist now: if the answer is lost, a further one like ours is ours. */
static enum err
intend(struct feed *f)
{
	struct feed_state *s = &f->kept;

	s->webhook[0] = f->secret[0] = '\0';
	s->creating = true;
	s->other_count = f->seen_count;
	for (size_t i = 0; i < f->seen_count; i++)
		memcpy(s->others[i], f->seen[i].id, sizeof(s->others[i]));
	return feed_commit(f, NULL, 0, true);
}

static void
create(struct feed *f)
{
	struct buf body = { 0 };
	enum err e;

	f->step = create;
	webhook_add_creation(&body, buf_str(&f->specification), buf_str(&f->url));
	if ((e = buf_status(&body)) != ERR_OK || (e = intend(f)) != ERR_OK)
		feed_store_failed(f, find_list, e);
	else
		ask(f, "POST", NULL, "", buf_str(&body), created);
	buf_free(&body);
}

/* ---- the base's webhooks --------------------------------------------------------- */
static void
removed(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;

	(void)page;
	if (r->err != ERR_OK && !not_permitted(r) && r->err != ERR_AIRTABLE_REJECTED) {
		feed_failed(f, r);
		return;
	}
	if (r->err == ERR_OK)
		log_info("feed: deleted the webhook %s", f->unwanted);
	if (strcmp(f->unwanted, f->kept.old) == 0)
		f->kept.old[0] = '\0';
	find_list(f);
}

static void
remove_unwanted(struct feed *f)
{
	f->step = remove_unwanted;
	ask(f, "DELETE", f->unwanted, "", STR(""), removed);
}

static const struct webhook_seen *
find_ours(const struct feed *f)
{
	for (size_t i = 0; i < f->seen_count; i++)
		if (f->kept.webhook[0] != '\0' && strcmp(f->seen[i].id, f->kept.webhook) == 0)
			return &f->seen[i];
	return NULL;
}

/* A webhook that we created without getting the answer; NULL: none. */
static const struct webhook_seen *
find_stray(const struct feed *f)
{
	for (size_t i = 0; i < f->seen_count && f->kept.creating; i++) {
		bool known = !f->seen[i].same;

		for (size_t k = 0; k < f->kept.other_count && !known; k++)
			known = strcmp(f->seen[i].id, f->kept.others[k]) == 0;
		if (!known)
			return &f->seen[i];
	}
	return NULL;
}

static void
woken(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct feed *f = cookie;

	(void)page;
	if (r->err != ERR_OK)
		log_warn("feed: pings stay off: %s", r->message);
	feed_read(f);
}

/* Our webhook is there and well. */
static void
keep(struct feed *f, const struct webhook_seen *w)
{
	bool behind = w->next > f->kept.cursor, established = f->phase == FEED_READING;

	if (w->next != 0 && (f->lost || w->next < f->kept.cursor)) {
		feed_gap(f, "payload %llu of the webhook is lost; it goes on with %llu",
		    (unsigned long long)f->kept.cursor, (unsigned long long)w->next);
		feed_catch_up_on(f);
		f->kept.cursor = w->next;
		behind = false;
	}
	if (!established && f->kept.gap && f->catch_ms == 0)
		feed_catch_up_on(f);	/* the process before this one may not have finished */
	feed_silence_explain(&f->silence, instant_monotonic());
	f->phase = FEED_READING;
	f->alive_ms = f->began_server_ms;
	f->lost = false;
	f->idle = 0;
	f->why[0] = '\0';
	feed_established(f);
	if (!w->pings) {
		log_info("feed: switching the pings of the webhook on again");
		ask(f, "POST", f->kept.webhook, "/enableNotifications", STR("{\"enable\":true}"),
		    woken);
	} else if (established && !behind && w->next != 0 && f->catch_ms == 0) {
		/* as good as an empty page */
		feed_is_fresh(f);
		feed_read_next(f);
	} else {
		feed_read(f);
	}
}

static void
remove_that(struct feed *f, const struct webhook_seen *w)
{
	memcpy(f->unwanted, w->id, sizeof(f->unwanted));
	remove_unwanted(f);
}

/* The new webhook comes first, as people wait for it; the old one is deleted when there is time. */
static void
replace(struct feed *f, const struct webhook_seen *w)
{
	if (f->kept.old[0] != '\0') {
		remove_that(f, w);
		return;
	}
	memcpy(f->kept.old, w->id, sizeof(f->kept.old));
	create(f);
}

static void
listed(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct airtable_result unread = { .err = ERR_AIRTABLE_BAD_RESPONSE, .retryable = true };
	const struct webhook_seen *ours, *stray;
	struct feed *f = cookie;

	if (not_permitted(r)) {
		no_webhook(f, r, "webhooks can't be listed",
		    "give the token the scope webhook:manage, and reload", LOOK_FORBIDDEN_MS);
		return;
	}
	if (r->err == ERR_OK && webhook_list_read(f->seen, &f->seen_count,
	    buf_str(&f->specification), buf_str(&f->url), page->body, unread.message) != ERR_OK)
		r = &unread;
	if (r->err != ERR_OK) {
		feed_failed(f, r);
		return;
	}
	feed_succeeded(f);
	ours = find_ours(f);
	stray = find_stray(f);
	if (stray != NULL) {
		remove_that(f, stray);
	} else if (ours != NULL && ours->enabled && ours->same &&
	    (!f->lost || ours->next != 0) && !feed_secret_missing(f)) {
		keep(f, ours);
	} else if (ours != NULL) {
		log_warn("feed: the webhook %s %s", ours->id, !ours->enabled ?
		    "has expired or is disabled" : !ours->same ?
		    "does not report what the settings ask for now" : f->lost && ours->next == 0 ?
		    "does not say at which payload it is" : "has a secret that is no longer known");
		replace(f, ours);
	} else {
		if (f->kept.webhook[0] != '\0')
			log_warn("feed: the webhook %s is gone", f->kept.webhook);
		create(f);
	}
}

static void
find_list(struct feed *f)
{
	f->step = find_list;
	f->finding = true;
	f->began_ms = instant_monotonic();
	f->as_of_ms = instant_now();
	ask(f, "GET", NULL, "", STR(""), listed);
}

void
feed_check(struct feed *f)
{
	find_list(f);
}

/* ---- the table ------------------------------------------------------------------- */
static struct webhook_remembered
remembered(const struct feed_state *s)
{
	struct webhook_remembered m = { .table = s->table };

	for (size_t i = 0; i < SCHEMA_FIELDS_MAX; i++) {
		m.names[i] = s->names[i];
		m.fields[i] = s->fields[i];
	}
	return m;
}

static void
remember(struct feed *f)
{
	const struct webhook_table *t = &f->table;
	struct feed_state *s = &f->kept;
	struct airtable_keys configured;

	airtable_keys_set(&configured, f->config, f->schema);
	memcpy(s->table, t->id, sizeof(s->table));
	for (size_t i = 0; i < f->schema->field_count; i++) {
		(void)snprintf(s->names[i], sizeof(s->names[i]), "%s", configured.request[i]);
		(void)snprintf(s->fields[i], sizeof(s->fields[i]), "%.*s", AIRTABLE_ID_MAX,
		    t->keys.answer[i]);
		s->shapes[i] = t->shapes[i];
		if (strcmp(t->names[i], configured.request[i]) != 0 &&
		    strcmp(t->keys.answer[i], configured.request[i]) != 0)
			log_warn("feed: the field configured as \"%s\" is called \"%s\" now; its id %s "
			    "is used", configured.request[i], t->names[i], t->keys.answer[i]);
	}
	airtable_use_ids(f->airtable, f->schema, t->id, &t->keys);
	airtable_use_forms(f->airtable, f->schema, &t->forms);
}

static void
table_is_known(struct feed *f)
{
	static const struct airtable_result by_choice = { .err = ERR_OK };

	f->table_known = true;
	f->wish = f->kept.webhook[0] != '\0' ? (enum webhook_wish)f->kept.wish : WEBHOOK_ALL;
	if (f->config->sync.feed == FEED_MODIFIED)
		feed_poll_begin(f, &by_choice, 0);
	else if (specify(f) != ERR_OK)
		feed_store_failed(f, feed_find, ERR_NOMEM);
	else
		find_list(f);
}

/* The token can't read the schema.  With the table's id payloads still name the records touched. */
static void
table_unknown(struct feed *f, const struct airtable_result *r)
{
	const char *configured = airtable_table_name(f->config, f->schema);

	if (f->table.fields_known || f->config->sync.feed == FEED_MODIFIED) {
		table_is_known(f);	/* as it was last read; polls by time need no more */
	} else if (strncmp(configured, "tbl", 3) == 0 && payload_id_valid(configured)) {
		(void)snprintf(f->table.id, sizeof(f->table.id), "%.*s", AIRTABLE_ID_MAX, configured);
		table_is_known(f);
	} else {
		no_webhook(f, r, "the ids of table and fields can't be looked up", "give the token the "
		    "scope schema.bases:read, or name the table by its id, tbl..., and reload",
		    LOOK_FORBIDDEN_MS);
	}
}

static void
table_failed(struct feed *f, const struct airtable_result *r)
{
	if (r->err == ERR_AIRTABLE_FIELD_MISSING || r->err == ERR_AIRTABLE_NOT_FOUND)
		log_error("feed: %s", r->message);
	if (not_permitted(r))
		feed_fields_offer_none(f);
	if (not_permitted(r) || (r->err == ERR_AIRTABLE_FIELD_MISSING && f->table.fields_known))
		table_unknown(f, r);
	else
		feed_failed(f, r);
}

static void
table_told(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct airtable_result unread = { .retryable = true };
	struct feed *f = cookie;
	struct webhook_remembered then = remembered(&f->kept);
	struct webhook_table before = f->table;

	if (r->err != ERR_OK) {
		table_failed(f, r);
		return;
	}
	f->table = (struct webhook_table){ .fields_known = false };
	unread.err = webhook_table_read(&f->table, f->config, f->schema, &then, page->body,
	    unread.message);
	if (unread.err != ERR_OK) {
		f->table = before;
		table_failed(f, &unread);
		return;
	}
	feed_succeeded(f);
	feed_fields_told(f, &before);
	webhook_table_free(&before);
	remember(f);
	feed_fields_check(f);
	feed_fields_offer(f);
	table_is_known(f);
}

void
feed_look_anew(struct feed *f)
{
	f->table_known = false;
	f->looked_ms = instant_monotonic();	/* even if it fails */
	feed_find(f);
}

void
feed_find(struct feed *f)
{
	struct buf path = { 0 };

	f->step = feed_find;
	f->finding = true;
	buf_clear(&f->url);
	if (f->config->sync.public_url[0] != '\0')
		buf_printf(&f->url, "%s/hooks/airtable", f->config->sync.public_url);
	if (buf_status(&f->url) != ERR_OK) {
		feed_store_failed(f, feed_find, ERR_NOMEM);
		return;
	}
	if (f->table_known) {
		table_is_known(f);
		return;
	}
	airtable_add_meta_path(&path, f->config);
	f->began_ms = instant_monotonic();
	f->answer = table_told;
	feed_asks(f);
	feed_asked(f, buf_status(&path) != ERR_OK ? NULL : airtable_ask(f->airtable, "GET",
	    buf_str(&path), STR(""), AIRTABLE_FEED, feed_answered, f));
	buf_free(&path);
}
