#include "tests/lib/history_lines.h"

/* What the history says of a change, and to whom it attributes it. */

START_TEST(the_first_sync_is_not_history_and_later_ones_are)
{
	struct record r = order_with("Shipped", "Low");

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
	struct record r = order_with("Shipped", NULL);
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
	ck_assert_int_eq(history_get(st, &orders_schema, order.r.id, (struct history_place){ result.generation, 0 },
	    &json), ERR_OK);
	ck_assert_msg(str_is(json, expected), "%.*s", STR_FMT(json));
	ck_assert_int_eq(history_get(st, &orders_schema, order.r.id, (struct history_place){ result.generation, 1 },
	    &json), ERR_NOT_FOUND);
	ck_assert_int_eq(history_get(st, &orders_schema, STR("rec"), (struct history_place){ result.generation, 0 },
	    &json), ERR_NOT_FOUND);
	store_end(st);
	check();
}
END_TEST

START_TEST(merged_edits_are_shown_one_by_one)
{
	const struct outbox_entry *edits[3];
	struct made_entry m[3];
	struct record r = order_with("Pending", "High");

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
	struct record r = order_with("Shipped", "Low");

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

START_TEST(an_overtaken_edit_is_shown_and_so_is_the_result)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct change c = {
		.table = &orders_schema,
		.kind = CHANGE_UPSERT, .record = order_with("Shipped", "Low"), .base = apply_generation(a),
		.edits = &edit, .edit_count = 1
	};
	struct record r = order_with("Delivered", "Low");

	ask_status(&m, "Shipped");
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	ck_assert_uint_eq(made_apply(a, &c, 1).skipped, 1);
	EXPECT(history_of(order.r.id), "changed airtable status:Pending>Delivered",
	    "changed api req-1 status:Delivered>Shipped",
	    "changed airtable status:Shipped>Delivered");
	check();
}
END_TEST

START_TEST(an_edit_that_asks_for_the_present_values_is_not_history)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = order_with("Pending", "Low");
	uint64_t before = apply_generation(a);

	ask_status(&m, "Pending");
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	ck_assert_uint_eq(audit()->n, 0);
	ck_assert_uint_eq(apply_generation(a), before);
}
END_TEST

START_TEST(a_stamp_is_shown_only_when_nothing_else_is)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = order_with("Shipped", "Low");

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

START_TEST(creations_and_deletions_are_attributed_to_the_asker)
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
	/* gone already: nothing more to show */
	made_entry(&m, a, OUTBOX_DELETE, "recNew");
	(void)made_store(a, &m, NOW_MS);
	(void)made_confirm(a, NULL, STR("recNew"), &edit, 1, NOW_MS);
	ck_assert_uint_eq(history_of(STR("recNew"))->n, 3);
	check();
}
END_TEST

START_TEST(news_of_what_we_sent_is_attributed_to_the_asker)
{
	struct made_entry m, other;
	const struct outbox_entry *edit = &m.e;
	struct record r = order_with("Shipped", "High");
	uint64_t before;

	ask_status(&m, "Shipped");
	made_entry(&other, a, OUTBOX_UPDATE, order.id);	/* not sent: can't be its doing */
	made_ask(&other, ORDER_PRIORITY, "High");
	(void)made_store(a, &other, NOW_MS);
	(void)news(&r, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed airtable priority:Low>High");
	check();
	/* the answer comes later and brings nothing new */
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

START_TEST(changes_sent_in_one_call_are_shown_once_and_in_order)
{
	const struct outbox_entry *edits[2];
	struct made_entry m[2];
	struct record r = order_with("Shipped", "Low");
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

/* The first was sent in a call of its own, whose outcome is unknown. */
START_TEST(news_of_a_later_call_says_nothing_about_an_earlier_one_that_it_overtook)
{
	const struct outbox_entry *edits[2];
	struct made_entry m[2];
	struct record r = order_with("Delivered", "Low");

	for (int i = 0; i < 2; i++) {
		ask_status(&m[i], i == 0 ? "Shipped" : "Delivered");
		m[i].e.sent_ms = i + 1;
		(void)made_store(a, &m[i], NOW_MS);
		edits[i] = &m[i].e;
	}
	(void)news(&r, order.r.id, SOURCE_FEED, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-2 status:Pending>Delivered");
	/* an overtaken change is not shown after the one that overtook it */
	(void)made_confirm(a, &r, order.r.id, edits, 2, NOW_MS);
	ck_assert_uint_eq(history_of(order.r.id)->n, 1);
	check();
}
END_TEST

START_TEST(the_result_of_a_confirmed_edit_is_attributed_to_no_other)
{
	struct made_entry m, next;
	const struct outbox_entry *edit = &next.e;
	struct record r = order_with("Shipped", "High");

	ask_status(&m, "Shipped");
	m.e.sent_ms = 1;
	(void)made_store(a, &m, NOW_MS);
	ask_status(&next, "Shipped");
	(void)made_confirm(a, &r, order.r.id, &edit, 1, NOW_MS);
	EXPECT(history_of(order.r.id), "changed api req-2 status:Pending>Shipped",
	    "changed airtable priority:Low>High");
	check();
}
END_TEST

START_TEST(what_was_seen_is_never_shown_as_not_applied_until_it_is_sent_again)
{
	struct made_entry m;
	struct outbox_step step = { .verb = OUTBOX_NOT_APPLIED, .entry = &m.e, .why = STR("why") };
	struct record r = order_with("Shipped", "Low"), other = order_with("Cancelled", "Low");

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

START_TEST(an_answer_that_shows_another_sent_change_is_attributed_to_its_asker)
{
	struct made_entry m, next;
	const struct outbox_entry *edit = &next.e;
	struct record r = order_with("Shipped", "High");

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

START_TEST(a_creation_known_to_be_another_users_stays_so)
{
	struct made_entry m;
	const struct outbox_entry *edit = &m.e;
	struct record r = { .known = schema_all(&orders_schema) };

	made_entry(&m, a, OUTBOX_CREATE, NULL);
	made_ask(&m, ORDER_STATUS, "Pending");
	(void)made_store(a, &m, NOW_MS);
	r.values[ORDER_STATUS] = text("Pending");
	(void)news(&r, STR("recNew"), SOURCE_JOB, NOW_MS);
	(void)made_confirm(a, &r, STR("recNew"), &edit, 1, NOW_MS);
	EXPECT(history_of(STR("recNew")), "created job status:null>Pending");
	check();
}
END_TEST

START_TEST(what_was_not_applied_is_shown_with_its_cause)
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

/* ---- whom Airtable names ------------------------------------------------------------------ */
#define TEXT(s)	{ s, sizeof(s) - 1 }
static const struct author ada = { .name = TEXT("Ada"), .id = TEXT("usrA"), .email = TEXT("ada@example.com"), .via = TEXT("client") };
static const struct author bob = { .name = TEXT("Bob"), .id = TEXT("usrB"), .via = TEXT("client") };
static const struct author robot = { .via = TEXT("automation") };

/* Steps of one record, in order. */
static struct told_step {
	struct change_step	s;
	struct record		from, to;
} steps[8];
static size_t step_count;

static void
step(enum step_kind kind, const struct author *who, enum orders_field f, const char *from, const char *to)
{
	struct told_step *one = &steps[step_count++];

	*one = (struct told_step){ .s = { .kind = kind, .who = *who, .from = &one->from, .to = &one->to } };
	one->from.known = one->to.known = kind == STEP_CREATED ? schema_all(&orders_schema) : 1u << f;
	one->from.values[f] = text(from);
	one->to.values[f] = text(to);
	if (kind == STEP_CREATED)
		one->s.from = NULL;
	if (kind == STEP_GONE)
		one->s.from = one->s.to = NULL;
	if (step_count > 1)
		steps[step_count - 2].s.next = &one->s;
}

/* The generation at which the earlier steps had been requested. */
static uint64_t steps_since;

/* The feed's news of the order, with these steps; NULL: it is gone. */
static void
told(const struct record *r, struct str id)
{
	struct change c = { .table = &orders_schema, .kind = r == NULL ? CHANGE_GONE : CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	const struct apply_meta meta = { 0 };
	struct apply_result result;

	if (r != NULL)
		c.record = *r;
	c.record.id = id;
	c.steps = &steps[0].s;
	c.steps_since = steps_since;
	ck_assert_int_eq(apply_changes(a, &c, 1, SOURCE_FEED, &meta, NOW_MS, &result), ERR_OK);
	step_count = 0;
	check();
}

#define CHANGED(who, f, from, to)	step(STEP_CHANGED, &(who), ORDER_ ## f, from, to)

START_TEST(what_several_people_did_is_attributed_to_each)
{
	struct record r = order_with("Delivered", "High");

	CHANGED(ada, STATUS, "Pending", "Shipped");
	CHANGED(ada, PRIORITY, "Low", "Medium");	/* one entry: it is hers, too */
	CHANGED(robot, STATUS, "Shipped", "Delivered");
	CHANGED(bob, PRIORITY, "Medium", "High");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Shipped priority:Low>Medium",
	    "changed airtable null/automation status:Shipped>Delivered", "changed airtable Bob/client priority:Medium>High");
}
END_TEST

START_TEST(the_author_is_shown_with_what_airtable_says_about_him)
{
	static const char who[] = "\"source\":\"airtable\",\"by\":\"Ada\",\"via\":\"client\","
	    "\"user\":{\"id\":\"usrA\",\"email\":\"ada@example.com\"},\"requestId\":null";
	struct record r = order_with("Shipped", "Low");
	struct str json;

	CHANGED(ada, STATUS, "Pending", "Shipped");
	told(&r, order.r.id);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(history_get(st, &orders_schema, order.r.id, (struct history_place){ store_generation(st), 0 }, &json), ERR_OK);
	ck_assert_ptr_nonnull(memmem(json.ptr, json.len, who, sizeof(who) - 1));
	store_end(st);
}
END_TEST

START_TEST(steps_that_the_store_is_past_are_not_shown_again)
{
	struct record r = order_with("Shipped", "Low");

	(void)news(&r, order.r.id, SOURCE_FULL_SYNC, NOW_MS);
	r = order_with("Delivered", "Low");
	CHANGED(bob, STATUS, "Pending", "Shipped");
	CHANGED(ada, STATUS, "Shipped", "Delivered");
	told(&r, order.r.id);
	CHANGED(ada, STATUS, "Shipped", "Delivered");	/* the row stays: nothing is new */
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Bob/client status:Pending>Shipped", "changed airtable Ada/client status:Shipped>Delivered");
}
END_TEST

START_TEST(what_was_read_again_is_attributed_to_its_author)
{
	struct record r = order_with("Shipped", "High");

	CHANGED(bob, STATUS, "Delivered", "Cancelled");	/* the store knows nothing of these values, */
	CHANGED(ada, STATUS, "Cancelled", "Shipped");	/* but this is what it is now */
	told(&r, order.r.id);
	r = order_with("Pending", "Low");
	CHANGED(bob, STATUS, "Shipped", "Delivered");
	CHANGED(bob, PRIORITY, "Medium", NULL);
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Shipped",
	    "changed airtable priority:Low>High",	/* this change was not reported */
	    "changed airtable Bob/client status:Shipped>Delivered",
	    "changed airtable status:Delivered>Pending priority:High>Low");
}
END_TEST

START_TEST(who_created_and_who_deleted_is_shown)
{
	struct record r = { .known = schema_all(&orders_schema) };
	struct str id = STR("recLater");

	r.values[ORDER_STATUS] = text("Shipped");
	r.values[ORDER_PRIORITY] = text("High");
	step(STEP_CREATED, &ada, ORDER_STATUS, NULL, "Pending");
	CHANGED(ada, PRIORITY, NULL, "High");
	CHANGED(bob, STATUS, "Pending", "Shipped");
	told(&r, id);
	CHANGED(robot, STATUS, "Shipped", "Delivered");
	step(STEP_GONE, &bob, ORDER_STATUS, NULL, NULL);
	told(NULL, id);
	EXPECT(history_of(id), "created airtable Ada/client status:null>Pending priority:null>High",
	    "changed airtable Bob/client status:Pending>Shipped",
	    "changed airtable null/automation status:Shipped>Delivered",
	    "deleted airtable Bob/client status:Delivered>null priority:High>null");
}
END_TEST

/* ---- what a plain edit of ours has overwritten --------------------------------------------- */
static const struct author ours = { .via = TEXT("publicApi") };

/* Confirm the edit, with the row as it is by now. */
static void
edit(const char *status, const char *now)
{
	struct made_entry m;
	const struct outbox_entry *e = &m.e;
	struct record r = order_with(now, "Low");

	ask_status(&m, status);
	(void)made_confirm(a, &r, order.r.id, &e, 1, NOW_MS);
}

START_TEST(what_was_overwritten_is_shown_before_what_overwrote_it)
{
	struct record r = order_with("Shipped", "Low");

	edit("Shipped", "Shipped");
	for (int again = 0; again < 2; again++) {	/* the page may come twice */
		CHANGED(ada, STATUS, "Pending", "Cancelled");
		CHANGED(bob, STATUS, "Cancelled", "Processing");
		CHANGED(ours, STATUS, "Processing", "Shipped");
		told(&r, order.r.id);
		EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Cancelled",
		    "changed airtable Bob/client status:Cancelled>Processing",
		    "changed api req-1 status:Processing>Shipped");
		EXPECT(audit(), "changed airtable Ada/client status:Pending>Cancelled",
		    "changed airtable Bob/client status:Cancelled>Processing",
		    "changed api req-1 status:Processing>Shipped");
	}
}
END_TEST

/* The steps come in two pages; before and after them there are more edits, ours and others'. */
START_TEST(what_was_overwritten_may_be_reported_bit_by_bit)
{
	struct record r = order_with("Delivered", "Low");

	edit("Shipped", "Shipped");
	edit("Delivered", "Delivered");
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	told(&r, order.r.id);
	CHANGED(ours, STATUS, "Cancelled", "Shipped");
	CHANGED(bob, STATUS, "Shipped", "Processing");
	CHANGED(ours, STATUS, "Processing", "Delivered");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Cancelled",
	    "changed api req-1 status:Cancelled>Shipped",
	    "changed airtable Bob/client status:Shipped>Processing",
	    "changed api req-2 status:Processing>Delivered");
}
END_TEST

/* The feed was quicker than the answer to our call. */
START_TEST(what_was_overwritten_is_shown_first_when_all_of_it_comes_at_once)
{
	struct record r = order_with("Shipped", "Low");
	struct made_entry m;
	const struct outbox_entry *e = &m.e;

	ask_status(&m, "Shipped");
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	CHANGED(ours, STATUS, "Cancelled", "Shipped");
	told(&r, order.r.id);
	(void)made_confirm(a, &r, order.r.id, &e, 1, NOW_MS);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Cancelled",
	    "changed api req-1 status:Cancelled>Shipped");
	check();
}
END_TEST

START_TEST(one_bulk_edit_may_overwrite_several_changes)
{
	struct record r = order_with("Shipped", "High");
	struct made_entry m[2];
	const struct outbox_entry *edits[2] = { &m[0].e, &m[1].e };

	for (int i = 0; i < 2; i++) {
		made_entry(&m[i], a, OUTBOX_UPDATE, order.id);
		made_ask(&m[i], i == 0 ? ORDER_STATUS : ORDER_PRIORITY, i == 0 ? "Shipped" : "High");
		m[i].e.bulk = 17;
		m[i].e.state = OUTBOX_SENT;
		(void)made_store(a, &m[i], NOW_MS);
	}
	(void)made_confirm(a, &r, order.r.id, edits, 2, NOW_MS);
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	CHANGED(ours, STATUS, "Cancelled", "Shipped");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Cancelled",
	    "changed api req-1 status:Cancelled>Shipped", "changed api req-2 priority:Low>High");
}
END_TEST

/* The last answer was lost, and a page reports all three; the first two lead back to where they began. */
START_TEST(a_page_that_reports_our_own_edits_again_does_not_repeat_them)
{
	struct record r = order_with("Shipped", "Low");
	struct made_entry m;

	edit("Shipped", "Shipped");
	edit("Pending", "Pending");
	made_entry(&m, a, OUTBOX_UPDATE, order.id);
	made_ask(&m, ORDER_STATUS, "Shipped");
	m.e.state = OUTBOX_SENT;
	m.e.sent_ms = NOW_MS;
	(void)made_store(a, &m, NOW_MS);
	CHANGED(ours, STATUS, "Pending", "Shipped");
	CHANGED(ours, STATUS, "Shipped", "Pending");
	CHANGED(ours, STATUS, "Pending", "Shipped");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed api req-2 status:Shipped>Pending", "changed api req-3 status:Pending>Shipped");
}
END_TEST

START_TEST(what_is_older_than_the_page_was_not_overwritten_by_it)
{
	struct record r = order_with("Shipped", "Low");

	edit("Shipped", "Shipped");
	steps_since = apply_generation(a);
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	CHANGED(ours, STATUS, "Cancelled", "Shipped");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped");
}
END_TEST

/* It was read by a look before another edit, which then was not sent. */
START_TEST(what_was_read_without_an_author_gets_its_author)
{
	struct record r = order_with("Cancelled", "Low");

	(void)news(&r, order.r.id, SOURCE_WRITE, NOW_MS);
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Cancelled");
}
END_TEST

START_TEST(what_was_not_overwritten_by_us_is_shown_as_it_is)
{
	struct record r = order_with("Shipped", "Low");

	edit("Shipped", "Shipped");
	CHANGED(ours, STATUS, "Pending", "Shipped");
	told(&r, order.r.id);
	edit("Pending", "Pending");
	r = order_with("Pending", "Low");	/* where it had been before */
	CHANGED(ours, STATUS, "Shipped", "Pending");
	told(&r, order.r.id);
	r = order_with("Cancelled", "Low");
	CHANGED(ada, STATUS, "Pending", "Cancelled");
	told(&r, order.r.id);
	r = order_with("Pending", "Low");
	CHANGED(bob, STATUS, "Cancelled", "Pending");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed api req-1 status:Pending>Shipped",
	    "changed api req-2 status:Shipped>Pending",
	    "changed airtable Ada/client status:Pending>Cancelled",
	    "changed airtable Bob/client status:Cancelled>Pending");
}
END_TEST

START_TEST(a_record_that_came_back_has_not_gone)
{
	struct record r = order_with("Shipped", "Low");

	step(STEP_GONE, &bob, ORDER_STATUS, NULL, NULL);
	step(STEP_CREATED, &ada, ORDER_STATUS, NULL, "Shipped");
	told(&r, order.r.id);
	EXPECT(history_of(order.r.id), "changed airtable Ada/client status:Pending>Shipped");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("history");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_first_sync_is_not_history_and_later_ones_are);
	tcase_add_test(t, an_edit_is_shown_with_all_that_is_known_of_it);
	tcase_add_test(t, merged_edits_are_shown_one_by_one);
	tcase_add_test(t, what_others_changed_meanwhile_is_shown_as_theirs);
	tcase_add_test(t, an_overtaken_edit_is_shown_and_so_is_the_result);
	tcase_add_test(t, an_edit_that_asks_for_the_present_values_is_not_history);
	tcase_add_test(t, a_stamp_is_shown_only_when_nothing_else_is);
	tcase_add_test(t, creations_and_deletions_are_attributed_to_the_asker);
	tcase_add_test(t, news_of_what_we_sent_is_attributed_to_the_asker);
	tcase_add_test(t, changes_sent_in_one_call_are_shown_once_and_in_order);
	tcase_add_test(t, news_of_a_later_call_says_nothing_about_an_earlier_one_that_it_overtook);
	tcase_add_test(t, the_result_of_a_confirmed_edit_is_attributed_to_no_other);
	tcase_add_test(t, what_was_seen_is_never_shown_as_not_applied_until_it_is_sent_again);
	tcase_add_test(t, an_answer_that_shows_another_sent_change_is_attributed_to_its_asker);
	tcase_add_test(t, a_creation_that_a_sync_saw_first_is_ours_in_the_end);
	tcase_add_test(t, a_creation_known_to_be_another_users_stays_so);
	tcase_add_test(t, what_was_not_applied_is_shown_with_its_cause);
	tcase_add_test(t, what_several_people_did_is_attributed_to_each);
	tcase_add_test(t, the_author_is_shown_with_what_airtable_says_about_him);
	tcase_add_test(t, steps_that_the_store_is_past_are_not_shown_again);
	tcase_add_test(t, what_was_read_again_is_attributed_to_its_author);
	tcase_add_test(t, who_created_and_who_deleted_is_shown);
	tcase_add_test(t, what_was_overwritten_is_shown_before_what_overwrote_it);
	tcase_add_test(t, what_was_overwritten_may_be_reported_bit_by_bit);
	tcase_add_test(t, what_was_overwritten_is_shown_first_when_all_of_it_comes_at_once);
	tcase_add_test(t, one_bulk_edit_may_overwrite_several_changes);
	tcase_add_test(t, a_page_that_reports_our_own_edits_again_does_not_repeat_them);
	tcase_add_test(t, what_is_older_than_the_page_was_not_overwritten_by_it);
	tcase_add_test(t, what_was_read_without_an_author_gets_its_author);
	tcase_add_test(t, what_was_not_overwritten_by_us_is_shown_as_it_is);
	tcase_add_test(t, a_record_that_came_back_has_not_gone);
	suite_add_tcase(s, t);
	return run_suite(s);
}
