#include <stdio.h>

#include "common/base/json_write.h"
#include "common/store/change_log.h"
#include "common/tables/tables.h"
#include "syncd/events/events.h"

void
events_init(struct events *e, const struct tables *tables, int64_t now_ms)
{
	*e = (struct events){
		.tables = tables,
		.lost = true, .accepted_ms = now_ms, .begun_ms = now_ms - EVENTS_GAP_MS,
		.checked_ms = now_ms, .retry_ms = now_ms + EVENTS_RETRY_MS,	/* nginx is starting too */
		.gap_ms = EVENTS_GAP_MS
	};
}

void
events_free(struct events *e)
{
	for (size_t i = 0; i < e->tables->count; i++)
		buf_free(&e->of[i].ids);
}

/* Start gathering again. */
static void
forget(struct events *e)
{
	for (size_t i = 0; i < e->tables->count; i++) {
		struct events_table *t = &e->of[i];

		buf_clear(&t->ids);
		t->count = 0;
		t->named = t->many = t->summary = false;
	}
	e->due = false;
}

static void
lose(struct events *e)
{
	e->lost = true;
	e->ready = false;
	forget(e);	/* the reset covers it */
}

static bool
has(const struct events_table *t, struct str id)
{
	for (size_t at = 0; at < t->ids.len; at += (uint8_t)t->ids.data[at] + 1u) {
		struct str known = { t->ids.data + at + 1, (uint8_t)t->ids.data[at] };

		if (str_eq(known, id))
			return true;
	}
	return false;
}

static void
name(struct events_table *t, struct str id)
{
	if (t->many || has(t, id))
		return;
	if (t->count == EVENTS_IDS_MAX) {
		t->many = true;
		return;
	}
	buf_add_char(&t->ids, (char)id.len);
	buf_add_str(&t->ids, id);
	t->count++;
	t->many = buf_status(&t->ids) != ERR_OK;
}

/* NULL: no table of ours has this number. */
static struct events_table *
numbered(struct events *e, unsigned number)
{
	for (size_t i = 0; i < e->tables->count; i++)
		if (e->tables->list[i]->number == number)
			return &e->of[i];
	return NULL;
}

/* A row of the table, or its summary; ${large}: the commit has more rows than are named. */
static void
note(struct events_table *t, enum change_log_kind kind, struct str id, bool large)
{
	t->named = true;
	switch (kind) {
	case LOGGED_TOLD:
	case LOGGED_CREATED:
	case LOGGED_CHANGED:
	case LOGGED_DELETED:
		t->summary = true;
		break;
	case LOGGED_PENDING:	/* readers see a difference, the row is the same */
		break;
	}
	if (large)
		t->many = t->summary = true;
	else if (kind != LOGGED_TOLD)
		name(t, id);
}

void
events_note(struct events *e, uint64_t generation, struct str entry)
{
	struct change_log_head head = { .count = 0 };
	struct change_logged logged;
	struct events_table *t;
	struct str id;

	e->generation = generation;
	if (e->lost)
		return;
	e->due = true;
	if (entry.len < sizeof(head))
		return;
	memcpy(&head, entry.ptr, sizeof(head));
	entry.ptr += sizeof(head);
	entry.len -= sizeof(head);
	while (change_log_next(&entry, &logged, &id)) {
		if ((t = numbered(e, logged.table)) != NULL)
			note(t, logged.kind, id, head.count > EVENTS_IDS_MAX);
	}
}

static void
add_ids(const struct events_table *t, const char *member, struct buf *b)
{
	if (t->many) {
		json_member_null(b, member);
		return;
	}
	json_name(b, member);
	buf_add_char(b, '[');
	for (size_t at = 0; at < t->ids.len; at += (uint8_t)t->ids.data[at] + 1u) {
		json_next(b);
		json_add_string(b, (struct str){ t->ids.data + at + 1, (uint8_t)t->ids.data[at] });
	}
	buf_add_char(b, ']');
}

/* All tables by their names, if any but the orders is concerned. */
static void
add_tables(const struct events *e, struct buf *b)
{
	bool others = false;

	for (size_t i = 0; i < e->tables->count; i++)
		others |= e->of[i].named && e->tables->list[i] != &orders_schema;
	if (!others)
		return;
	json_name(b, "tables");
	buf_add_char(b, '{');
	for (size_t i = 0; i < e->tables->count; i++) {
		if (!e->of[i].named)
			continue;
		json_name(b, e->tables->list[i]->name);
		buf_add_char(b, '{');
		add_ids(&e->of[i], "ids", b);
		json_member_bool(b, "summary", e->of[i].summary);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

/* What has changed: the orders, as if there were no other table, then the tables. */
static void
add_change(const struct events *e, struct buf *b)
{
	static const struct events_table none;
	const struct events_table *orders = &none;

	for (size_t i = 0; i < e->tables->count; i++)
		if (e->tables->list[i] == &orders_schema)
			orders = &e->of[i];
	add_ids(orders, "orders", b);
	json_member_bool(b, "summary", orders->summary);
	add_tables(e, b);
}

static void
compose(const struct events *e, enum events_step step, struct buf *b)
{
	buf_clear(b);
	if (step == EVENTS_CHECK)
		return;
	buf_add_char(b, '{');
	json_member_string(b, "event", step == EVENTS_CHANGE ? STR("change") :
	    step == EVENTS_PING ? STR("ping") : STR("reset"));
	if (step == EVENTS_CHANGE) {
		json_member_uint(b, "generation", e->generation);
		add_change(e, b);
	}
	buf_add_char(b, '}');
}

/* The next step, and when it may begin. */
static enum events_step
plan(const struct events *e, int64_t *at_ms)
{
	enum events_step step;

	if (e->lost) {
		step = EVENTS_RESET;
		*at_ms = e->accepted_ms + EVENTS_QUIET_MS;
		if (*at_ms < e->retry_ms)
			*at_ms = e->retry_ms;
	} else if (!e->ready) {
		step = EVENTS_READY;
		*at_ms = e->checked_ms;	/* now */
	} else if (e->due && e->begun_ms + e->gap_ms < e->checked_ms + EVENTS_CHECK_MS) {
		step = EVENTS_CHANGE;
		*at_ms = e->begun_ms + e->gap_ms;
	} else if (!e->due && e->accepted_ms + EVENTS_PING_MS < e->checked_ms + EVENTS_CHECK_MS) {
		step = EVENTS_PING;
		*at_ms = e->accepted_ms + EVENTS_PING_MS;
	} else {
		step = EVENTS_CHECK;
		*at_ms = e->checked_ms + EVENTS_CHECK_MS;
	}
	return step;
}

int64_t
events_wait_ms(const struct events *e, int64_t now_ms)
{
	int64_t at_ms;

	if (e->under_way != EVENTS_NOTHING)
		return -1;
	(void)plan(e, &at_ms);
	return at_ms > now_ms ? at_ms - now_ms : 0;
}

enum events_step
events_begin(struct events *e, int64_t now_ms, struct buf *body)
{
	int64_t at_ms;

	if (events_wait_ms(e, now_ms) != 0)
		return EVENTS_NOTHING;
	e->under_way = plan(e, &at_ms);
	compose(e, e->under_way, body);
	if (e->under_way == EVENTS_CHANGE) {
		e->begun_ms = now_ms;
		forget(e);
	} else if (e->under_way == EVENTS_RESET) {
		/* clients that fetch again may do so before later commits */
		e->lost = false;
		e->checked_ms = now_ms;
	}
	return e->under_way;
}

/* The more clients, the longer the gap. */
static int64_t
gap_ms(uint64_t clients)
{
	if (clients >= EVENTS_SENDS * EVENTS_GAP_MAX_MS / 1000)
		return EVENTS_GAP_MAX_MS;
	if (clients <= EVENTS_SENDS * EVENTS_GAP_MS / 1000)
		return EVENTS_GAP_MS;
	return (int64_t)clients * 1000 / EVENTS_SENDS;
}

/* nginx has accepted an event. */
static void
accept_event(struct events *e, const struct events_answer *answer, int64_t now_ms)
{
	e->accepted_ms = now_ms;
	e->gap_ms = gap_ms(answer->clients);
	if (answer->last_id.len == 0 || answer->last_id.len >= sizeof(e->newest)) {
		events_failed(e, now_ms);
		return;
	}
	(void)snprintf(e->newest, sizeof(e->newest), "%.*s", STR_FMT(answer->last_id));
}

void
events_done(struct events *e, const struct events_answer *answer, int64_t now_ms)
{
	enum events_step step = e->under_way;

	e->under_way = EVENTS_NOTHING;
	if (step == EVENTS_READY) {
		e->ready = true;
	} else if (step == EVENTS_CHECK) {
		e->checked_ms = now_ms;
		if (!str_is(answer->last_id, e->newest))
			lose(e);
	} else {
		accept_event(e, answer, now_ms);
		if (step != EVENTS_RESET && answer->messages < 2)
			lose(e);	/* the reset has gone */
	}
}

void
events_failed(struct events *e, int64_t now_ms)
{
	e->under_way = EVENTS_NOTHING;
	e->retry_ms = now_ms + EVENTS_RETRY_MS;
	lose(e);
}
