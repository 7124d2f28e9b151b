#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/json_write.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/store/outbox.h"
#include "syncd/airtable/oddities.h"
#include "syncd/commands.h"

#define IDS_TOLD	10	/* at most, of a bulk edit, in the log */
#define QUOTA_RETRY_MS	3600000	/* when the month's calls may look better */

static void
add_space(struct buf *b, uint64_t used, uint64_t map)
{
	json_name(b, "store");
	buf_add_char(b, '{');
	json_member_uint(b, "usedBytes", used);
	json_member_uint(b, "mapBytes", map);
	buf_add_char(b, '}');
}

/* Add the counts since the start, for /metrics. */
static void
add_metrics(struct commands *c, struct buf *b)
{
	json_name(b, "metrics");
	buf_add_char(b, '{');
	airtable_add_metrics(c->airtable, b);
	json_name(b, "syncs");
	buf_add_char(b, '[');
	outcomes_json(full_sync_outcomes(c->full_sync), "full", b);
	buf_add_char(b, ']');
	json_name(b, "requests");
	buf_add_char(b, '[');
	for (enum message_type t = 0; t < MESSAGE_TYPES; t++)
		outcomes_json(&c->replies[t], message_type_name(t), b);
	buf_add_char(b, ']');
	buf_add_char(b, '}');
}

static enum err
take_first(void *cookie, const struct outbox_entry *e)
{
	*(int64_t *)cookie = e->accepted_ms;
	return ERR_CANCELLED;	/* the first one is the oldest */
}

/* When the oldest change that Airtable has not confirmed was accepted; 0: there is none. */
static int64_t
outbox_oldest(struct store *st)
{
	int64_t accepted_ms = 0;

	(void)outbox_each(st, take_first, &accepted_ms);
	return accepted_ms;
}

/* What the store has of each table.  Within a snapshot. */
static void
add_tables(struct store *st, struct buf *b)
{
	const struct tables *tables = store_tables(st);

	json_name(b, "tables");
	buf_add_char(b, '[');
	for (size_t i = 0; i < tables->count; i++) {
		const struct schema *table = tables->list[i];

		json_next(b);
		buf_add_char(b, '{');
		json_member_string(b, "name", str_of(table->name));
		json_member_uint(b, "rows", store_row_count(st, table));
		json_member_uint(b, "pending", outbox_pending(st, table));
		json_member_instant(b, "syncedAt", store_synced_ms(st, table));
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void
do_status(struct commands *c, struct server_call *call)
{
	struct message_reply reply = { .err = ERR_OK };
	struct store *st = apply_store(c->apply);
	struct buf b = { 0 };
	uint64_t used, map;
	int64_t oldest_ms;

	if ((reply.err = store_begin(st)) != ERR_OK) {
		server_reply(call, &reply);
		return;
	}
	reply.generation = store_generation(st);
	buf_add_char(&b, '{');
	json_member_int(&b, "pid", getpid());
	json_member_instant(&b, "startedAt", c->started_ms);
	json_member_string(&b, "version", STR(ORDERDECK_VERSION));
	json_member_uint(&b, "generation", store_generation(st));
	json_member_instant(&b, "syncedAt", store_synced_ms(st, &orders_schema));
	json_member_uint(&b, "orders", store_row_count(st, &orders_schema));
	add_tables(st, &b);
	store_space(st, &used, &map);
	oldest_ms = outbox_oldest(st);
	store_end(st);
	json_name(&b, "sync");
	full_sync_add_progress(c->full_sync, &b);
	oddities_add(airtable_oddities(c->airtable, &orders_schema), &orders_schema, full_sync_odd(c->full_sync), &b);
	feed_add_status(c->feed, &b);
	airtable_add_status(c->airtable, &b);
	json_name(&b, "outbox");
	buf_add_char(&b, '{');
	json_member_uint(&b, "pending", writes_pending(c->writes));
	json_member_instant(&b, "oldestAt", oldest_ms);
	buf_add_char(&b, '}');
	add_space(&b, used, map);
	add_metrics(c, &b);
	buf_add_char(&b, '}');
	reply.body = buf_str(&b);
	if ((reply.err = buf_status(&b)) != ERR_OK)
		reply.body.len = 0;
	server_reply(call, &reply);
	buf_free(&b);
}

struct sync_asker {
	struct commands		*commands;
	struct server_call	*call;
};

static void
answer_sync(struct sync_asker *a, enum err e, const char *detail)
{
	struct message_reply reply = { .err = e };
	struct store *st = apply_store(a->commands->apply);
	struct buf b = { 0 };

	if (store_begin(st) == ERR_OK) {
		reply.generation = store_generation(st);
		store_end(st);
	}
	full_sync_add_progress(a->commands->full_sync, &b);
	if (buf_status(&b) == ERR_OK)
		reply.body = buf_str(&b);
	if (e != ERR_OK) {
		(void)snprintf(reply.detail, sizeof(reply.detail), "%s", detail);
		reply.retry_after_ms = airtable_blocked_ms(a->commands->airtable, NULL);
		if (reply.retry_after_ms == 0 && e == ERR_AIRTABLE_QUOTA)
			reply.retry_after_ms = QUOTA_RETRY_MS;	/* the budget is used, not Airtable's quota */
	}
	server_reply(a->call, &reply);
	buf_free(&b);
	free(a);
}

static void
sync_done(void *cookie, enum err e, const char *detail, bool still_running)
{
	(void)still_running;	/* the progress document says that */
	answer_sync(cookie, e, detail);
}

/* The table is not one of those that syncd has from Airtable. */
static void
refuse_table(struct server_call *call, const struct schema *table)
{
	struct message_reply reply = { .err = ERR_NOT_FOUND };

	(void)snprintf(reply.detail, sizeof(reply.detail), "the table %s is not synced with Airtable",
	    table->name);
	server_reply(call, &reply);
}

static void
do_sync(struct commands *c, struct server_call *call)
{
	const struct message_request *request = server_call_request(call);
	struct message_reply reply = { .err = ERR_NOMEM };
	struct sync_asker *a;

	if (request->table != NULL && !airtable_serves(c->airtable, request->table)) {
		refuse_table(call, request->table);
		return;
	}
	if ((a = malloc(sizeof(*a))) == NULL) {
		server_reply(call, &reply);
		return;
	}
	*a = (struct sync_asker){ c, call };
	/*
	 * wait first, as a run that fails at once ends its waiters before
	 * full_sync_start() returns
	 */
	if (full_sync_wait(c->full_sync, request->wait_ms, sync_done, a) != ERR_OK) {
		free(a);
		server_reply(call, &reply);
		return;
	}
	full_sync_start(c->full_sync, request->accept_shrink);
}

static void
do_ping(struct commands *c, struct server_call *call)
{
	const struct message_request *request = server_call_request(call);
	struct message_reply reply = {
		.err = feed_ping(c->feed, str_of(request->notice), str_of(request->mac))
	};

	server_reply(call, &reply);
}

void
commands_request(void *cookie, struct server_call *call)
{
	struct commands *c = cookie;

	switch (server_call_request(call)->type) {
	case MESSAGE_STATUS:
		do_status(c, call);
		break;
	case MESSAGE_SYNC:
		do_sync(c, call);
		break;
	case MESSAGE_WRITE:
		writes_submit(c->writes, call);
		break;
	case MESSAGE_PING:
		do_ping(c, call);
		break;
	case MESSAGE_TYPES:	/* not a type of requests */
		break;
	}
}

void
commands_replied(void *cookie, const struct message_request *request, enum err e, int64_t ms)
{
	struct commands *c = cookie;
	bool slow = c->config->log.slow_ms > 0 && ms >= c->config->log.slow_ms;
	struct buf ids = { 0 };

	outcomes_add(&c->replies[request->type], e, ms, request->item_count);
	if (!slow && !log_enabled(LOG_DEBUG))
		return;
	/* calls to Airtable carry changes of several requests and are found by these ids */
	for (size_t i = 0; i < request->item_count && i < IDS_TOLD; i++)
		if (request->items[i].record.id.len > 0)
			buf_printf(&ids, "%s%.*s", i == 0 ? ": " : " ", STR_FMT(request->items[i].record.id));
	log_request(request->request_id);
	(slow ? log_info : log_debug)("%s: %s, %zu orders, %lld ms%s%s",
	    message_type_name(request->type), err_code(e), request->item_count, (long long)ms,
	    slow ? ", slow" : "", ids.len > 0 ? buf_cstr(&ids) : "");
	log_request(NULL);
	buf_free(&ids);
}
