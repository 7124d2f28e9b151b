#include "common/store/change_log.h"
#include "common/tables/tables.h"
#include "syncd/events/events.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/support.h"

#define START	INT64_C(50000)

static struct events e;
static struct buf body;
static int64_t now;
static uint64_t clients;

/* An entry of the change log: ${n} ids "rec<first>".."rec<first+n-1>" of one kind. */
static void
note_of(const struct schema *table, uint64_t generation, int kind, int first, int n)
{
	struct change_log_head head = { .at_ms = 1, .count = (uint32_t)n };
	struct buf b = { 0 }, id = { 0 };
	struct change_logged logged;

	buf_add(&b, &head, sizeof(head));
	for (int i = 0; i < n; i++) {
		buf_clear(&id);
		buf_printf(&id, "rec%d", first + i);
		if (kind == LOGGED_TOLD)
			buf_clear(&id);
		logged = (struct change_logged){
			.kind = (uint8_t)kind, .id_len = (uint8_t)id.len, .table = (uint16_t)table->number
		};
		buf_add(&b, &logged, sizeof(logged));
		buf_add_str(&b, buf_str(&id));
	}
	events_note(&e, generation, buf_str(&b));
	buf_free(&b);
	buf_free(&id);
}

static void
note(uint64_t generation, int kind, int first, int n)
{
	note_of(&orders_schema, generation, kind, first, n);
}

/* Let time pass until the next step begins. */
static enum events_step
next(void)
{
	int64_t ms = events_wait_ms(&e, now);
	enum events_step step;

	ck_assert_int_ge(ms, 0);
	if (ms > 0)
		ck_assert_int_eq(events_begin(&e, now + ms - 1, &body), EVENTS_NOTHING);
	now += ms;
	step = events_begin(&e, now, &body);
	ck_assert_int_ne(step, EVENTS_NOTHING);
	ck_assert_int_eq(events_wait_ms(&e, now), -1);
	return step;
}

/* nginx has done it; ${id} is that of its newest event, and there are others before it. */
static void
done(struct str id)
{
	events_done(&e, &(struct events_answer){ .last_id = id, .messages = 2, .clients = clients }, now);
}

/* From here on nginx has one event, with the id 17:0. */
static void
make_sound(void)
{
	ck_assert_int_eq(next(), EVENTS_RESET);
	done(STR("17:0"));
	ck_assert_int_eq(next(), EVENTS_READY);
	done(STR("9:0"));
}

static void
setup(void)
{
	now = START;
	clients = 0;
	events_init(&e, &made_tables, now);
}

static void
teardown(void)
{
	events_free(&e);
	buf_free(&body);
}

START_TEST(it_starts_with_a_reset_and_then_admits_returning_clients)
{
	ck_assert_int_eq(next(), EVENTS_RESET);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"reset\"}");
	ck_assert_int_ge(now, START + EVENTS_QUIET_MS);
	events_done(&e, &(struct events_answer){ .last_id = STR("17:0"), .messages = 1 }, now);
	ck_assert_int_eq(events_wait_ms(&e, now), 0);
	ck_assert_int_eq(next(), EVENTS_READY);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"reset\"}");
	events_done(&e, &(struct events_answer){ .last_id = STR("17:0"), .messages = 1 }, now);
	ck_assert_int_eq(events_wait_ms(&e, now), EVENTS_CHECK_MS);
}
END_TEST

START_TEST(a_change_after_a_pause_goes_at_once)
{
	make_sound();
	now += 700;
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(events_wait_ms(&e, now), 0);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":5,\"orders\":[\"rec1\"],\"summary\":true}");
}
END_TEST

START_TEST(an_event_about_another_table_names_every_table)
{
	make_sound();
	note_of(&parcels_schema, 5, LOGGED_CHANGED, 1, 2);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"change\",\"generation\":5,\"orders\":[],\"summary\":false,"
	    "\"tables\":{\"parcels\":{\"ids\":[\"rec1\",\"rec2\"],\"summary\":true}}}");
	done(STR("18:0"));
	note(6, LOGGED_PENDING, 1, 1);
	note_of(&parcels_schema, 7, LOGGED_PENDING, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"change\",\"generation\":7,\"orders\":[\"rec1\"],\"summary\":false,"
	    "\"tables\":{\"orders\":{\"ids\":[\"rec1\"],\"summary\":false},\"parcels\":{\"ids\":[\"rec1\"],\"summary\":false}}}");
	done(STR("19:0"));
	note(8, LOGGED_CHANGED, 3, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"change\",\"generation\":8,\"orders\":[\"rec3\"],\"summary\":true}");
}
END_TEST

START_TEST(too_many_rows_of_one_table_leave_the_other_one_named)
{
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);
	note_of(&parcels_schema, 6, LOGGED_CREATED, 1, EVENTS_IDS_MAX + 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"change\",\"generation\":6,\"orders\":[\"rec1\"],\"summary\":true,"
	    "\"tables\":{\"orders\":{\"ids\":[\"rec1\"],\"summary\":true},\"parcels\":{\"ids\":null,\"summary\":true}}}");
	done(STR("18:0"));
	note_of(&parcels_schema, 7, LOGGED_TOLD, 0, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"change\",\"generation\":7,\"orders\":[],\"summary\":false,"
	    "\"tables\":{\"parcels\":{\"ids\":[],\"summary\":true}}}");
}
END_TEST

START_TEST(commits_within_a_gap_become_one_event_that_names_each_order_once)
{
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	note(6, LOGGED_CREATED, 2, 2);
	done(STR("18:0"));
	note(7, LOGGED_DELETED, 3, 1);
	ck_assert_int_eq(events_wait_ms(&e, now), EVENTS_GAP_MS);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":7,\"orders\":[\"rec2\",\"rec3\"],\"summary\":true}");
}
END_TEST

START_TEST(never_more_than_ten_events_begin_in_a_second)
{
	int64_t begun[200], end;
	int n = 0;

	make_sound();
	for (end = now + 5000; now < end; now++) {
		enum events_step step;

		note((uint64_t)now, LOGGED_CHANGED, 1, 1);
		step = events_begin(&e, now, &body);
		if (step == EVENTS_CHANGE)
			begun[n++] = now;
		if (step != EVENTS_NOTHING)
			done(STR("17:0"));
	}
	ck_assert_int_ge(n, 48);
	for (int i = 10; i < n; i++)
		ck_assert_int_ge(begun[i] - begun[i - 10], 1000);
}
END_TEST

/* How many changes begin in ten seconds of endless commits; also the longest time a commit waited. */
static int
changes_begun(int64_t *waited)
{
	int64_t end = now + 10000, first = 0;
	int n = 0;

	*waited = 0;
	for (; now < end; now++) {
		enum events_step step;

		note((uint64_t)now, LOGGED_CHANGED, 1, 1);
		first = first == 0 ? now : first;
		if ((step = events_begin(&e, now, &body)) == EVENTS_CHANGE) {
			*waited = now - first > *waited ? now - first : *waited;
			first = 0;
			n++;
		}
		if (step != EVENTS_NOTHING)
			done(STR("17:0"));
	}
	return n;
}

START_TEST(the_more_clients_the_fewer_events_up_to_a_limit)
{
	static const struct { uint64_t clients; int events; } cases[] = {
		{ 0, 100 }, { 300, 100 }, { 600, 50 }, { 1000, 30 }, { 5000, 25 }, { UINT64_MAX, 25 },
		{ 2, 100 }
	};
	int64_t waited;

	make_sound();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n;

		clients = cases[i].clients;
		(void)changes_begun(&waited);	/* nginx has reported how many */
		n = changes_begun(&waited);
		ck_assert_int_le(n, cases[i].events + 2);
		ck_assert_int_ge(n, cases[i].events - 2);
		ck_assert_int_le(waited, EVENTS_GAP_MAX_MS);
	}
	clients = 5000;
	(void)changes_begun(&waited);
	now += 700;	/* the first after a pause goes at once all the same */
	if (next() == EVENTS_CHECK)
		done(STR("17:0"));
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(events_wait_ms(&e, now), 0);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
}
END_TEST

START_TEST(the_last_commit_is_sent_though_nothing_follows_it)
{
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	note(6, LOGGED_CHANGED, 1, 1);
	done(STR("18:0"));
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&body), "\"generation\":6"));
	done(STR("18:1"));
	ck_assert_int_eq(next(), EVENTS_CHECK);
}
END_TEST

START_TEST(too_many_orders_are_not_named)
{
	make_sound();
	note(5, LOGGED_CHANGED, 0, EVENTS_IDS_MAX);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&body), "\"rec199\"],"));
	done(STR("18:0"));
	note(6, LOGGED_CHANGED, 0, 150);
	note(7, LOGGED_CHANGED, 100, 150);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":7,\"orders\":null,\"summary\":true}");
	done(STR("18:1"));
	note(8, LOGGED_CHANGED, 0, EVENTS_IDS_MAX + 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&body), "\"orders\":null"));
	done(STR("18:2"));
	note(9, LOGGED_CHANGED, 7, 1);	/* the one after it names again */
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&body), "\"orders\":[\"rec7\"]"));
}
END_TEST

START_TEST(a_commit_that_changes_no_rows_leaves_the_summary)
{
	make_sound();
	note(5, LOGGED_DELETED + 1, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":5,\"orders\":[\"rec1\"],\"summary\":false}");
	done(STR("18:0"));
	note(6, 0, 0, 0);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":6,\"orders\":[],\"summary\":false}");
}
END_TEST

START_TEST(other_options_that_can_be_set_are_another_summary)
{
	make_sound();
	note(5, LOGGED_TOLD, 0, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":5,\"orders\":[],\"summary\":true}");
}
END_TEST

START_TEST(an_event_that_was_not_accepted_causes_a_reset)
{
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	events_failed(&e, now);
	ck_assert_int_ge(events_wait_ms(&e, now), EVENTS_RETRY_MS);
	note(6, LOGGED_CHANGED, 1, 1);	/* the reset stands for it too */
	ck_assert_int_eq(next(), EVENTS_RESET);
	events_failed(&e, now);
	ck_assert_int_eq(events_wait_ms(&e, now), EVENTS_RETRY_MS);
	ck_assert_int_eq(next(), EVENTS_RESET);
	done(STR("17:0"));
	ck_assert_int_eq(next(), EVENTS_READY);
	events_failed(&e, now);	/* it may be another nginx by now */
	make_sound();
	ck_assert_int_eq(events_wait_ms(&e, now), EVENTS_CHECK_MS);
}
END_TEST

START_TEST(a_commit_during_a_reset_is_sent_after_it)
{
	note(4, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(next(), EVENTS_RESET);
	note(5, LOGGED_CHANGED, 2, 1);
	done(STR("17:0"));
	ck_assert_int_eq(next(), EVENTS_READY);
	done(STR("9:0"));
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":5,\"orders\":[\"rec2\"],\"summary\":true}");
}
END_TEST

START_TEST(a_lost_newest_event_causes_a_reset)
{
	static const struct str found[] = { STR(""), STR("99:0"), STR("17:00") };

	for (int i = 0; i < 3; i++) {
		make_sound();
		ck_assert_int_eq(next(), EVENTS_CHECK);
		ck_assert_uint_eq(body.len, 0);
		done(STR("17:0"));
		ck_assert_int_eq(next(), EVENTS_CHECK);
		done(found[i]);
	}
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);	/* from now on it is this one */
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	done(STR("18:0"));
	ck_assert_int_eq(next(), EVENTS_CHECK);
	done(STR("18:0"));
	ck_assert_int_eq(next(), EVENTS_CHECK);
	done(STR("17:0"));
	ck_assert_int_eq(next(), EVENTS_RESET);
}
END_TEST

/* Go on until the next step that is not a check; returns how long that took. */
static int64_t
next_but_checks(enum events_step *step)
{
	int64_t from = now;

	while ((*step = next()) == EVENTS_CHECK)
		done(STR("17:0"));
	return now - from;
}

START_TEST(a_ping_comes_when_there_was_no_event_for_long)
{
	enum events_step step;

	make_sound();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(next_but_checks(&step), EVENTS_PING_MS);
		ck_assert_int_eq(step, EVENTS_PING);
		ck_assert_str_eq(buf_cstr(&body), "{\"event\":\"ping\"}");
		done(STR("17:0"));
	}
	now += EVENTS_PING_MS - 10;	/* nearly the next */
	note(5, LOGGED_CHANGED, 1, 1);
	(void)next_but_checks(&step);
	ck_assert_int_eq(step, EVENTS_CHANGE);
	done(STR("17:0"));
	ck_assert_int_eq(next_but_checks(&step), EVENTS_PING_MS);
	ck_assert_int_eq(step, EVENTS_PING);
	events_failed(&e, now);
	make_sound();
	(void)next_but_checks(&step);
	ck_assert_int_eq(step, EVENTS_PING);
	events_done(&e, &(struct events_answer){ .last_id = STR("18:0"), .messages = 1 }, now);
	make_sound();
}
END_TEST

START_TEST(a_change_that_finds_itself_alone_causes_a_reset)
{
	make_sound();
	note(5, LOGGED_CHANGED, 1, 1);
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	events_done(&e, &(struct events_answer){ .last_id = STR("18:0"), .messages = 1 }, now);
	make_sound();
}
END_TEST

START_TEST(nginx_is_checked_though_events_never_end)
{
	int64_t end, last;
	int checks = 0;

	make_sound();
	end = now + 20000;
	last = now;
	for (; now < end; now++) {
		enum events_step step;

		note(9, LOGGED_CHANGED, 1, 1);
		if ((step = events_begin(&e, now, &body)) == EVENTS_NOTHING)
			continue;
		if (step == EVENTS_CHECK) {
			ck_assert_int_le(now - last, EVENTS_CHECK_MS + EVENTS_GAP_MS);
			last = now;
			checks++;
		}
		done(STR("17:0"));
	}
	ck_assert_int_ge(checks, 9);
}
END_TEST

START_TEST(a_reset_is_never_in_the_second_of_an_event_before_it)
{
	int64_t told;

	make_sound();
	now += 10000;
	note(5, LOGGED_CHANGED, 1, 1);
	(void)next();	/* a check or the event */
	if (body.len == 0) {
		done(STR("17:0"));
		(void)next();
	}
	done(STR("18:7"));
	told = now;
	note(6, LOGGED_CHANGED, 1, 1);
	(void)next();
	events_failed(&e, now);
	make_sound();
	ck_assert_int_gt(now - told, 1000);
}
END_TEST

START_TEST(a_reset_without_an_id_is_tried_again)
{
	char longer[100];

	memset(longer, '1', sizeof(longer));
	ck_assert_int_eq(next(), EVENTS_RESET);
	done(STR(""));
	ck_assert_int_ge(events_wait_ms(&e, now), EVENTS_RETRY_MS);
	ck_assert_int_eq(next(), EVENTS_RESET);
	done((struct str){ longer, sizeof(longer) });
	make_sound();
}
END_TEST

START_TEST(an_entry_that_ends_early_names_its_complete_ids)
{
	static const char entry[] = "\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\4\1\0rec1\2\200\1\0re";

	make_sound();
	events_note(&e, 5, (struct str){ entry, sizeof(entry) - 1 });
	ck_assert_int_eq(next(), EVENTS_CHANGE);
	ck_assert_str_eq(buf_cstr(&body),
	    "{\"event\":\"change\",\"generation\":5,\"orders\":[\"rec1\"],\"summary\":true}");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("events");
	TCase *t = tcase_create("events");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, it_starts_with_a_reset_and_then_admits_returning_clients);
	tcase_add_test(t, a_change_after_a_pause_goes_at_once);
	tcase_add_test(t, an_event_about_another_table_names_every_table);
	tcase_add_test(t, too_many_rows_of_one_table_leave_the_other_one_named);
	tcase_add_test(t, commits_within_a_gap_become_one_event_that_names_each_order_once);
	tcase_add_test(t, never_more_than_ten_events_begin_in_a_second);
	tcase_add_test(t, the_more_clients_the_fewer_events_up_to_a_limit);
	tcase_add_test(t, the_last_commit_is_sent_though_nothing_follows_it);
	tcase_add_test(t, too_many_orders_are_not_named);
	tcase_add_test(t, a_commit_that_changes_no_rows_leaves_the_summary);
	tcase_add_test(t, other_options_that_can_be_set_are_another_summary);
	tcase_add_test(t, an_event_that_was_not_accepted_causes_a_reset);
	tcase_add_test(t, a_commit_during_a_reset_is_sent_after_it);
	tcase_add_test(t, a_lost_newest_event_causes_a_reset);
	tcase_add_test(t, a_ping_comes_when_there_was_no_event_for_long);
	tcase_add_test(t, a_change_that_finds_itself_alone_causes_a_reset);
	tcase_add_test(t, nginx_is_checked_though_events_never_end);
	tcase_add_test(t, a_reset_is_never_in_the_second_of_an_event_before_it);
	tcase_add_test(t, a_reset_without_an_id_is_tried_again);
	tcase_add_test(t, an_entry_that_ends_early_names_its_complete_ids);
	suite_add_tcase(s, t);
	return run_suite(s);
}
