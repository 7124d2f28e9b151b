#include <stdio.h>

#include "common/base/json_write.h"
#include "common/store/change_log.h"
#include "common/tables/tables.h"
#include "syncd/events/events.h"

void
events_init(struct events *e, int64_t now_ms)
{
	*e = (struct events){
		.lost = true, .accepted_ms = now_ms, .begun_ms = now_ms - EVENTS_GAP_MS,
		.checked_ms = now_ms, .retry_ms = now_ms + EVENTS_RETRY_MS,	/* nginx is starting too */
		.gap_ms = EVENTS_GAP_MS
	};
}

void
events_free(struct events *e)
{
	buf_free(&e->ids);
}

/* Start gathering again. */
static void
forget(struct events *e)
{
	buf_clear(&e->ids);
	e->count = 0;
	e->many = e->summary = e->due = false;
}

static void
lose(struct events *e)
{
	e->lost = true;
	e->ready = false;
	forget(e);	/* the reset covers it */
}

static bool
named(const struct events *e, struct str id)
{
	for (size_t at = 0; at < e->ids.len; at += (uint8_t)e->ids.data[at] + 1u) {
		struct str known = { e->ids.data + at + 1, (uint8_t)e->ids.data[at] };

		if (str_eq(known, id))
			return true;
	}
	return false;
}

static void
name(struct events *e, struct str id)
{
	if (e->many || named(e, id))
		return;
	if (e->count == EVENTS_IDS_MAX) {
		e->many = true;
		return;
	}
	buf_add_char(&e->ids, (char)id.len);
	buf_add_str(&e->ids, id);
	e->count++;
	e->many = buf_status(&e->ids) != ERR_OK;
}

void
events_note(struct events *e, uint64_t generation, struct str entry)
{
	struct change_log_head head = { .count = 0 };
	size_t at = sizeof(head);

	e->generation = generation;
	if (e->lost)
		return;
	e->due = true;
	if (entry.len >= sizeof(head))
		memcpy(&head, entry.ptr, sizeof(head));
	if (head.count > EVENTS_IDS_MAX) {
		e->many = e->summary = true;
		return;
	}
	while (at + sizeof(struct change_logged) <= entry.len) {
		struct change_logged logged;
		struct str id = { entry.ptr + at + sizeof(logged), 0 };

		memcpy(&logged, entry.ptr + at, sizeof(logged));
		id.len = logged.id_len;
		at += sizeof(logged) + id.len;
		if (at > entry.len)
			break;
		if (logged.table != orders_schema.number)
			continue;
		switch (logged.kind) {
		case LOGGED_TOLD:
			e->summary = true;
			continue;
		case LOGGED_CREATED:
		case LOGGED_CHANGED:
		case LOGGED_DELETED:
			e->summary = true;
			break;
		default:	/* readers see a difference, the row is the same */
			break;
		}
		name(e, id);
	}
}

static void
add_orders(const struct events *e, struct buf *b)
{
	if (e->many) {
		json_member_null(b, "orders");
		return;
	}
	json_name(b, "orders");
	buf_add_char(b, '[');
	for (size_t at = 0; at < e->ids.len; at += (uint8_t)e->ids.data[at] + 1u) {
		json_next(b);
		json_add_string(b, (struct str){ e->ids.data + at + 1, (uint8_t)e->ids.data[at] });
	}
	buf_add_char(b, ']');
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
		add_orders(e, b);
		json_member_bool(b, "summary", e->summary);
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
