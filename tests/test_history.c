#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/history.h"
#include "tests/orders_made.h"
#include "tests/outbox_made.h"
#include "tests/support.h"

#define NOW_MS	INT64_C(1795255200000)	/* 2026-11-21T10:00:00Z */
#define DAY_MS	INT64_C(86400000)

static struct config config;
static struct apply *a;
static struct store *st;
static struct made_order order;		/* Pending, Low; in the store since the first sync */

static struct value
text(const char *s)
{
	return (struct value){ .present = s != NULL, .text = str_of(s) };
}

static void
setup(void)
{
	a = made_synced(&config, &order);
	st = apply_store(a);
}

static void
teardown(void)
{
	apply_close(a);
}

static void
check(void)
{
	made_check(a);
}

/* Entries as one line each, oldest first: "changed api req-1 status:Pending>Shipped". */
struct lines {
	char	line[400][400];
	size_t	n;
};

static void
add(char *line, const char *fmt, const char *one, const char *two)
{
	size_t len = strlen(line);

	(void)snprintf(line + len, 400 - len, fmt, one, two);
}

static const char *
shown(const cJSON *j, const char *name, char *room)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, name);

	ck_assert_msg(v != NULL, "no %s", name);
	if (cJSON_IsString(v))
		return v->valuestring;
	ck_assert(cJSON_PrintPreallocated((cJSON *)(uintptr_t)v, room, 64, false));
	return room;
}

static enum err
add_line(void *cookie, struct history_place place, struct str json)
{
	struct lines *l = cookie;
	char *line = l->line[l->n++], room[2][64];
	cJSON *j = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *f;

	ck_assert_uint_lt(l->n, 400);
	(void)snprintf(room[0], 64, "%" PRIu64 ".%" PRIu32, place.generation, place.index);
	ck_assert_str_eq(shown(j, "change", room[1]), room[0]);
	line[0] = '\0';
	add(line, "%s %s", shown(j, "action", room[0]), shown(j, "source", room[1]));
	add(line, "%s%s", cJSON_IsNull(cJSON_GetObjectItem(j, "requestId")) ? "" : " ",
	    cJSON_IsNull(cJSON_GetObjectItem(j, "requestId")) ? "" : shown(j, "requestId", room[0]));
	cJSON_ArrayForEach(f, cJSON_GetObjectItemCaseSensitive(j, "fields")) {
		add(line, " %s:%s", shown(f, "field", room[0]), shown(f, "from", room[1]));
		add(line, ">%s%s", shown(f, "to", room[1]), "");
	}
	if (cJSON_HasObjectItem(j, "detail"))
		add(line, " %s: %s", shown(j, "asked", room[0]), shown(j, "detail", room[1]));
	cJSON_Delete(j);
	return ERR_OK;
}

static struct lines *
turned(struct lines *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		char line[400];

		memcpy(line, l->line[i], 400);
		memcpy(l->line[i], l->line[l->n - 1 - i], 400);
		memcpy(l->line[l->n - 1 - i], line, 400);
	}
	return l;
}

static struct lines *
history_of(struct str id)
{
	static struct lines l;

	l.n = 0;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_of_record(st, id, HISTORY_NEWEST, add_line, &l), ERR_OK);
	store_end(st);
	return turned(&l);
}

static struct lines *
audit(void)
{
	static struct lines l;

	l.n = 0;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, add_line, &l), ERR_OK);
	store_end(st);
	return turned(&l);
}

static void
expect(struct lines *l, size_t n, const char *const *lines)
{
	for (size_t i = 0; i < n && i < l->n; i++)
		ck_assert_str_eq(l->line[i], lines[i]);
	ck_assert_uint_eq(l->n, n);
}
#define EXPECT(l, ...)	expect((l), sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
    (const char *[]){ __VA_ARGS__ })

/* The order's record with some other values. */
static struct record
with(const char *status, const char *priority)
{
	struct record r = order.r;

	r.values[ORDER_STATUS] = text(status);
	r.values[ORDER_PRIORITY] = text(priority);
	return r;
}

/* News of a sync, a job or a read-back. */
static struct apply_result
news(const struct record *r, struct str id, enum change_source source, int64_t now_ms)
{
	struct change c = { .kind = r == NULL ? CHANGE_GONE : CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	const struct apply_meta meta = { 0 };
	struct apply_result result;

	if (r != NULL)
		c.record = *r;
	c.record.id = id;
	ck_assert_int_eq(apply_changes(a, &c, 1, source, &meta, now_ms, &result), ERR_OK);
	return result;
}

static void
ask_status(struct made_entry *m, const char *status)
{
	made_entry(m, a, OUTBOX_UPDATE, order.id);
	made_ask(m, ORDER_STATUS, status);
	m->e.state = OUTBOX_SENT;
	(void)made_store(a, m, NOW_MS);
}

START_TEST(the_first_sync_is_not_history_and_later_ones_are)
{
	struct record r = with("Shipped", "Low");

	ck_assert_uint_eq(audit()->n, 0);
	(void)news(&r, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	r = (struct record){ .known = schema_all(&orders_schema) };
	r.values[ORDER_STATUS] = text("Pending");
	(void)news(&r, STR("recLater"), SOURCE_FEED, NOW_MS);
	(void)news(NULL, STR("recLater"), SOURCE_JOB, NOW_MS);
	EXPECT(audit(), "changed airtable status:Pending>Shipped",
	    "created airtable status:null>Pending", "deleted job status:Pending>null");
	EXPECT(history_of(STR("recLater")), "created airtable status:null>Pending",
	    "deleted job status:Pending>null");
	ck_assert_uint_eq(history_of(STR("recLate"))->n, 0);
	ck_assert_uint_eq(history_of(STR("recLates"))->n, 0);
	ck_assert_uint_eq(history_of(STR("recLater2"))->n, 0);
	check();
}
END_TEST

START_TEST(an_edit_is_shown_with_all_that_is_known_of_it)
{
	const struct outbox_entry *edit;
	struct made_entry m;
	struct record r = with("Shipped", NULL);
	struct apply_result result;
	struct str json;
	char expected[600];

	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	made_ask(&m, ORDER_PRIORITY, NULL);
	m.e.by = STR("j\"rg");
	m.e.bulk = 17;
	m.e.undoes = 1042;
	m.e.undoes_index = 2;
	(void)made_store(a, &m, NOW_MS);
	edit = &m.e;
	result = made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS + 1);
	(void)snprintf(expected, sizeof(expected), "{\"id\":\"%s\",\"generation\":%" PRIu64 ","
	    "\"at\":\"2026-11-21T10:00:00.001Z\",\"action\":\"changed\",\"source\":\"api\","
	    "\"by\":\"j\\\"rg\",\"requestId\":\"%s\",\"bulk\":\"17\",\"undoes\":\"1042.2\","
	    "\"change\":\"%" PRIu64 ".0\",\"fields\":[{\"field\":\"status\",\"from\":\"Pending\","
	    "\"to\":\"Shipped\"},{\"field\":\"priority\",\"from\":\"Low\",\"to\":null}]}",
	    order.id, result.generation, m.request_id, result.generation);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_get(st, order.r.id, (struct history_place){ result.generation, 0 },
	    &json), ERR_OK);
	ck_assert_msg(str_is(json, expected), "%.*s", STR_FMT(json));
	ck_assert_int_eq(history_get(st, order.r.id, (struct history_place){ result.generation, 1 },
	    &json), ERR_NOT_FOUND);
	ck_assert_int_eq(history_get(st, STR("rec"), (struct history_place){ result.generation, 0 },
	    &json), ERR_NOT_FOUND);
	store_end(st);
	check();
}
END_TEST

START_TEST(merged_edits_are_shown_one_by_one)
{
	const struct outbox_entry *edits[3];
	struct made_entry m[3];
	struct record r = with("Pending", "High");

	ask_status(&m[0], "Processing");
	ask_status(&m[1], "Shipped");
	ask_status(&m[2], "Pending");
	made_ask(&m[2], ORDER_PRIORITY, "High");
	for (int i = 0; i < 3; i++)
		edits[i] = &m[i].e;
	(void)made_confirm(a, &r, order.r.id, edits, 3, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Processing",
	    "changed api req-2 status:Processing>Shipped",
	    "changed api req-3 status:Shipped>Pending priority:Low>High");
	check();
	/* together they may change nothing at all */
	ask_status(&m[0], "Processing");
	ask_status(&m[1], "Pending");
	(void)made_confirm(a, &r, order.r.id, edits, 2, NOW_MS);
	ck_assert_uint_eq(history_of(order.r.id)->n, 5);
	check();
}
END_TEST

START_TEST(what_others_changed_meanwhile_is_shown_as_theirs)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = with("Shipped", "Low");

	ask_status(&m, "Shipped");
	r.values[ORDER_CUSTOMER] = text("Other");
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable customer:Acme \"Inc\">Other");
	/* the same field: the last one counts, both are shown */
	ask_status(&m, "Delivered");
	r.values[ORDER_STATUS] = text("Cancelled");
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable customer:Acme \"Inc\">Other",
	    "changed api req-2 status:Shipped>Delivered",
	    "changed airtable status:Delivered>Cancelled");
	check();
}
END_TEST

START_TEST(an_edit_that_was_overtaken_is_shown_and_so_is_what_came_of_it)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct change c = {
		.kind = CHANGE_UPSERT, .record = with("Shipped", "Low"), .base = apply_generation(a),
		.edits = &edit, .edit_count = 1
	};
	struct record r = with("Delivered", "Low");

	ask_status(&m, "Shipped");
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	ck_assert_uint_eq(made_apply(a, &c, 1).skipped, 1);
	EXPECT(history_of(order.r.id), "changed airtable status:Pending>Delivered",
	    "changed api req-1 status:Delivered>Shipped",
	    "changed airtable status:Shipped>Delivered");
	check();
}
END_TEST

START_TEST(an_edit_that_asks_for_what_is_there_is_no_history)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = with("Pending", "Low");
	uint64_t before = apply_generation(a);

	ask_status(&m, "Pending");
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	ck_assert_uint_eq(audit()->n, 0);
	ck_assert_uint_eq(apply_generation(a), before);
}
END_TEST

START_TEST(a_stamp_is_told_only_when_nothing_else_is)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = with("Shipped", "Low");

	ask_status(&m, "Shipped");
	r.values[ORDER_UPDATED_AT] = (struct value){ .present = true, .number = NOW_MS };
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	r.values[ORDER_PRIORITY] = text("High");
	r.values[ORDER_UPDATED_AT].number += 60000;
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	r.values[ORDER_UPDATED_AT].number += 60000;
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable priority:Low>High",
	    "changed airtable updatedAt:2026-11-21T10:01:00.000Z>2026-11-21T10:02:00.000Z");
	check();
}
END_TEST

START_TEST(creations_and_deletions_are_put_down_to_who_asked)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = { .known = schema_all(&orders_schema) };

	made_entry(&m, a, OUTBOX_CREATE, NULL);
	made_ask(&m, ORDER_CUSTOMER, "New");
	made_ask(&m, ORDER_STATUS, "Pending");
	(void)made_store(a, &m, NOW_MS);
	r.values[ORDER_CUSTOMER] = text("New");
	r.values[ORDER_STATUS] = text("Processing");	/* an automation was quick */
	r.values[ORDER_ORDER_ID] = text("od-1");
	(void)made_confirm(a, &r, STR("recNew"), &edit, 1, NOW_MS);
	made_entry(&m, a, OUTBOX_DELETE, "recNew");
	(void)made_store(a, &m, NOW_MS);
	(void)made_confirm(a, NULL, STR("recNew"), &edit, 1, NOW_MS);
	EXPECT(history_of(STR("recNew")),
	    "created api req-1 orderId:null>od-1 customer:null>New status:null>Pending",
	    "changed airtable status:Pending>Processing",
	    "deleted api req-2 orderId:od-1>null customer:New>null status:Processing>null");
	check();
	/* gone already: nothing more to tell */
	made_entry(&m, a, OUTBOX_DELETE, "recNew");
	(void)made_store(a, &m, NOW_MS);
	(void)made_confirm(a, NULL, STR("recNew"), &edit, 1, NOW_MS);
	ck_assert_uint_eq(history_of(STR("recNew"))->n, 3);
	check();
}
END_TEST

START_TEST(news_of_what_we_sent_are_put_down_to_who_asked)
{
	struct made_entry m, other;
	const struct outbox_entry *edit = &m.e;
	struct record r = with("Shipped", "High");
	uint64_t before;

	ask_status(&m, "Shipped");
	made_entry(&other, a, OUTBOX_UPDATE, order.id);	/* not sent: can't be its doing */
	made_ask(&other, ORDER_PRIORITY, "High");
	(void)made_store(a, &other, NOW_MS);
	(void)news(&r, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable priority:Low>High");
	check();
	/* the answer comes later, and tells nothing new */
	before = apply_generation(a);
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	ck_assert_uint_eq(apply_generation(a), before);
	ck_assert_uint_eq(history_of(order.r.id)->n, 2);
	check();
	made_entry(&m, a, OUTBOX_DELETE, order.id);
	m.e.state = OUTBOX_SENT;
	(void)made_store(a, &m, NOW_MS);
	(void)news(NULL, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	ck_assert_int_eq(strncmp(history_of(order.r.id)->line[2], "deleted api req-3 ", 18), 0);
	check();
}
END_TEST

START_TEST(news_of_what_travelled_together_are_told_once_and_in_its_order)
{
	const struct outbox_entry *edits[2];
	struct made_entry m[2];
	struct record r = with("Shipped", "Low");
	uint64_t before;

	for (int i = 0; i < 2; i++) {
		ask_status(&m[i], i == 0 ? "Delivered" : "Shipped");
		edits[i] = &m[i].e;
	}
	(void)news(&r, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Delivered",
	    "changed api req-2 status:Delivered>Shipped");
	before = apply_generation(a);
	/* kept when it is stored again, e.g. as one that readers see */
	m[0].e.shown = true;
	(void)made_store(a, &m[0], NOW_MS);
	(void)made_confirm(a, &r, order.r.id, edits, 2, NOW_MS);
	ck_assert_uint_le(apply_generation(a), before + 2);
	ck_assert_uint_eq(history_of(order.r.id)->n, 2);
	check();
}
END_TEST

START_TEST(what_was_seen_is_never_told_as_not_applied_until_it_is_sent_again)
{
	struct made_entry m;
	struct outbox_step step = { .verb = OUTBOX_NOT_APPLIED, .entry = &m.e, .why = STR("why") };
	struct record r = with("Shipped", "Low"), other = with("Cancelled", "Low");

	for (int i = 0; i < 2; i++) {
		ask_status(&m, "Shipped");
		(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
		(void)news(&other, order.r.id, SOURCE_FEED, NOW_MS);
		m.e.shown = true;
		m.e.sent_ms += i;
		(void)made_store(a, &m, NOW_MS);
		(void)made_steps(a, &step, 1, NOW_MS);
	}
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable status:Shipped>Cancelled", "changed api req-2 status:Cancelled>Shipped",
	    "changed airtable status:Shipped>Cancelled",
	    "notApplied api req-2 status:Cancelled>Shipped changed: why");
	check();
}
END_TEST

START_TEST(an_answer_that_shows_what_else_was_sent_is_put_down_to_who_asked)
{
	struct made_entry m, next;
	const struct outbox_entry *edit = &next.e;
	struct record r = with("Shipped", "High");

	ask_status(&m, "Shipped");
	m.e.sent_ms = 1;
	(void)made_store(a, &m, NOW_MS);
	made_entry(&next, a, OUTBOX_UPDATE, order.id);
	made_ask(&next, ORDER_PRIORITY, "High");
	next.e.state = OUTBOX_SENT;
	(void)made_store(a, &next, NOW_MS);
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed api req-2 priority:Low>High");
	edit = &m.e;
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	ck_assert_uint_eq(history_of(order.r.id)->n, 2);
	check();
}
END_TEST

START_TEST(a_creation_that_a_sync_saw_first_is_ours_in_the_end)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = { .known = schema_all(&orders_schema) };
	struct lines *l;
	uint64_t before;

	made_entry(&m, a, OUTBOX_CREATE, NULL);
	made_ask(&m, ORDER_STATUS, "Pending");
	m.e.bulk = m.e.sequence;
	(void)made_store(a, &m, NOW_MS);
	r.values[ORDER_STATUS] = text("Pending");
	(void)news(&r, STR("recNew"), SOURCE_FULL_SYNC, NOW_MS);
	r.values[ORDER_STATUS] = text("Shipped");
	(void)news(&r, STR("recNew"), SOURCE_FULL_SYNC, NOW_MS);
	EXPECT(history_of(STR("recNew")), "created airtable status:null>Pending",
	    "changed airtable status:Pending>Shipped");
	before = apply_generation(a);
	(void)made_confirm(a, &r, STR("recNew"), &edit, 1, NOW_MS + DAY_MS);
	EXPECT(history_of(STR("recNew")), "created api req-1 status:null>Pending",
	    "changed airtable status:Pending>Shipped");
	ck_assert_uint_eq(apply_generation(a), before + 1);	/* the audit log reads otherwise now */
	check();
	static struct lines of_bulk;
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_of_bulk(st, m.e.sequence, add_line, l = &of_bulk), ERR_OK);
	store_end(st);
	ck_assert_uint_eq(l->n, 1);
}
END_TEST

START_TEST(what_was_not_applied_is_told_with_its_cause)
{
	struct made_entry m[5];
	struct outbox_step steps[5];

	ask_status(&m[0], "Shipped");
	ask_status(&m[1], "Shipped");
	ask_status(&m[2], "Bad");
	made_entry(&m[3], a, OUTBOX_CREATE, NULL);
	made_ask(&m[3], ORDER_CUSTOMER, "New");
	made_entry(&m[4], a, OUTBOX_DELETE, order.id);
	for (int i = 0; i < 5; i++)
		steps[i] = (struct outbox_step){
			.verb = OUTBOX_NOT_APPLIED, .entry = &m[i].e, .why = STR("the link broke")
		};
	steps[0].verb = OUTBOX_REJECTED;	/* its caller alone hears of it */
	m[2].e.deferred = true;
	steps[2].verb = OUTBOX_REJECTED;
	steps[2].why = STR("INVALID_MULTIPLE_CHOICE_OPTIONS: no \"Bad\"");
	(void)made_steps(a, steps, 5, NOW_MS);
	EXPECT(audit(),
	    "notApplied api req-2 status:Pending>Shipped changed: the link broke",
	    "rejected api req-3 status:Pending>Bad changed: INVALID_MULTIPLE_CHOICE_OPTIONS: no \"Bad\"",
	    "notApplied api req-4 customer:null>New created: the link broke",
	    "notApplied api req-5 deleted: the link broke");
	ck_assert_uint_eq(history_of(order.r.id)->n, 3);
	check();
}
END_TEST

START_TEST(a_listing_goes_on_where_the_one_before_ended)
{
	struct history_place places[40];
	static struct lines l;
	size_t n = 0;

	for (int i = 0; i < 40; i++) {
		struct record r = with(i % 2 == 0 ? "Shipped" : "Pending", "Low");

		places[i] = (struct history_place){ news(&r, order.r.id, SOURCE_FEED, NOW_MS).generation, 0 };
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	for (int i = 39; i >= 0; i--) {
		l.n = 0;
		ck_assert_int_eq(history_of_record(st, order.r.id, places[i], add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, (size_t)i);
		l.n = 0;
		ck_assert_int_eq(history_audit(st, places[i], add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, (size_t)i);
		n++;
	}
	ck_assert_uint_eq(n, 40);
}
END_TEST

static enum err
three_at_most(void *cookie, struct history_place place, struct str json)
{
	(void)place, (void)json;
	return ++*(int *)cookie == 3 ? ERR_CANCELLED : ERR_OK;
}

START_TEST(a_listing_stops_when_it_is_told_to)
{
	int n = 0;

	for (int i = 0; i < 10; i++) {
		struct record r = with(i % 2 == 0 ? "Shipped" : "Pending", "Low");

		(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_of_record(st, order.r.id, HISTORY_NEWEST, three_at_most, &n), ERR_CANCELLED);
	ck_assert_int_eq(n, 3);
	n = 0;
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, three_at_most, &n), ERR_CANCELLED);
	ck_assert_int_eq(n, 3);
}
END_TEST

START_TEST(a_bulk_edit_is_found_by_its_id)
{
	static struct lines l;

	for (unsigned n = 0; n < 30; n++) {	/* three bulks, mixed, the same order each time */
		struct made_entry m;
		const struct outbox_entry *edit = &m.e;
		struct record r = with(n % 2 == 0 ? "Shipped" : "Pending", "Low");

		made_entry(&m, a, OUTBOX_UPDATE, order.id);
		made_ask(&m, ORDER_STATUS, n % 2 == 0 ? "Shipped" : "Pending");
		m.e.bulk = 256 + n % 3;
		(void)made_store(a, &m, NOW_MS);
		(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	for (uint64_t bulk = 255; bulk < 260; bulk++) {
		l.n = 0;
		ck_assert_int_eq(history_of_bulk(st, bulk, add_line, &l), ERR_OK);
		ck_assert_uint_eq(l.n, bulk >= 256 && bulk < 259 ? 10 : 0);
	}
	ck_assert_str_eq(l.line[0], "changed api req-3 status:Pending>Shipped");	/* of 258, oldest first */
	store_end(st);
	check();
}
END_TEST

START_TEST(history_is_kept_as_long_as_configured)
{
	struct record r;

	config.audit.retention_ms = 10 * DAY_MS;
	for (int day = 0; day < 30; day++) {
		r = with(day % 2 == 0 ? "Shipped" : "Pending", "Low");
		(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS + day * DAY_MS);
	}
	ck_assert_uint_eq(audit()->n, 11);	/* of the last ten days, to the millisecond */
	ck_assert_uint_eq(history_of(order.r.id)->n, 11);
	check();
}
END_TEST

START_TEST(old_history_goes_a_bounded_number_a_commit)
{
	struct change c[300];
	struct made_order m[300];
	const struct apply_meta synced = { .synced_ms = NOW_MS };
	struct apply_result result;
	uint64_t seed = 9;
	struct record r = with("Shipped", "Low");
	size_t left = 300;

	for (unsigned i = 0; i < 300; i++) {
		made_order(&m[i], i + 2, &seed);
		c[i] = (struct change){ .kind = CHANGE_UPSERT, .record = m[i].r, .base = CHANGE_ANY_BASE };
	}
	(void)made_apply(a, c, 300);
	ck_assert_uint_eq(audit()->n, 300);
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS + 366 * DAY_MS);
	ck_assert_uint_eq(audit()->n, left = 300 - 66 + 1);
	check();
	/* a store where nothing happens forgets too, and says that it has changed */
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, NOW_MS + 366 * DAY_MS,
	    &result), ERR_OK);
	ck_assert_uint_eq(audit()->n, left = left - 64);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced,
		    NOW_MS + 366 * DAY_MS, &result), ERR_OK);
	ck_assert_uint_eq(audit()->n, 1);
	check();
	left = apply_generation(a);
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced,
	    NOW_MS + 366 * DAY_MS, &result), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), left);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("history");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_first_sync_is_not_history_and_later_ones_are);
	tcase_add_test(t, an_edit_is_shown_with_all_that_is_known_of_it);
	tcase_add_test(t, merged_edits_are_shown_one_by_one);
	tcase_add_test(t, what_others_changed_meanwhile_is_shown_as_theirs);
	tcase_add_test(t, an_edit_that_was_overtaken_is_shown_and_so_is_what_came_of_it);
	tcase_add_test(t, an_edit_that_asks_for_what_is_there_is_no_history);
	tcase_add_test(t, a_stamp_is_told_only_when_nothing_else_is);
	tcase_add_test(t, creations_and_deletions_are_put_down_to_who_asked);
	tcase_add_test(t, news_of_what_we_sent_are_put_down_to_who_asked);
	tcase_add_test(t, news_of_what_travelled_together_are_told_once_and_in_its_order);
	tcase_add_test(t, what_was_seen_is_never_told_as_not_applied_until_it_is_sent_again);
	tcase_add_test(t, an_answer_that_shows_what_else_was_sent_is_put_down_to_who_asked);
	tcase_add_test(t, a_creation_that_a_sync_saw_first_is_ours_in_the_end);
	tcase_add_test(t, what_was_not_applied_is_told_with_its_cause);
	tcase_add_test(t, a_listing_goes_on_where_the_one_before_ended);
	tcase_add_test(t, a_listing_stops_when_it_is_told_to);
	tcase_add_test(t, a_bulk_edit_is_found_by_its_id);
	tcase_add_test(t, history_is_kept_as_long_as_configured);
	tcase_add_test(t, old_history_goes_a_bounded_number_a_commit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
