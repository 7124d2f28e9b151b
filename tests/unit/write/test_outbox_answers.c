#include <stdio.h>

#include "tests/lib/outbox_fixture.h"

/* Answers that are kept for an Idempotency-Key. */

static enum err
keep(const char *key, int64_t at_ms, uint32_t count, const char *body, int64_t now_ms)
{
	struct answer_step step = {
		.key = str_of(key),
		.answer = {
			.at_ms = at_ms, .fingerprint = { 7, 8 }, .first = 9, .count = count,
			.body = str_of(body)
		}
	};
	struct apply_meta meta = { .answers = &step, .answer_count = 1 };
	struct apply_result r;

	return apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, now_ms, &r);
}

static enum err
answer(const char *key, struct kept_answer *k)
{
	enum err e;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	e = outbox_answer(st, str_of(key), k);
	return e;	/* the snapshot lasts: k->body lies in it */
}

START_TEST(an_answer_is_kept_for_its_key)
{
	uint64_t before = apply_generation(a);
	struct kept_answer k;

	ck_assert_int_eq(answer("one", &k), ERR_NOT_FOUND);
	store_end(st);
	ck_assert_int_eq(keep("one", NOW_MS, 3, NULL, NOW_MS), ERR_OK);
	ck_assert_int_eq(answer("one", &k), ERR_OK);
	ck_assert_int_eq(k.at_ms, NOW_MS);
	ck_assert_uint_eq(k.fingerprint[0], 7);
	ck_assert_uint_eq(k.fingerprint[1], 8);
	ck_assert_uint_eq(k.first, 9);
	ck_assert_uint_eq(k.count, 3);
	ck_assert_uint_eq(k.body.len, 0);
	store_end(st);
	ck_assert_int_eq(keep("one", NOW_MS, 3, "{\"results\":[]}", NOW_MS), ERR_OK);
	outbox_reopen();
	ck_assert_int_eq(answer("one", &k), ERR_OK);
	ck_assert(str_is(k.body, "{\"results\":[]}"));
	store_end(st);
	ck_assert_int_eq(answer("on", &k), ERR_NOT_FOUND);
	store_end(st);
	ck_assert_int_eq(answer("", &k), ERR_NOT_FOUND);
	store_end(st);
	ck_assert_int_eq(keep("one", NOW_MS, 0, NULL, NOW_MS), ERR_OK);
	ck_assert_int_eq(answer("one", &k), ERR_NOT_FOUND);
	store_end(st);
	ck_assert_int_eq(keep("never was", NOW_MS, 0, NULL, NOW_MS), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), before);
	made_check(a);
}
END_TEST

START_TEST(answers_are_forgotten_after_a_day)
{
	struct kept_answer k;
	char key[32];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "key %d", i);
		ck_assert_int_eq(keep(key, NOW_MS + i, 1, "{}", NOW_MS + i), ERR_OK);
	}
	/* a moment before the first one's time is over */
	ck_assert_int_eq(keep("x", NOW_MS + 99, 1, "{}", NOW_MS + ANSWER_KEPT_MS - 1), ERR_OK);
	ck_assert_int_eq(answer("key 0", &k), ERR_OK);
	store_end(st);
	/* the first fifty are over: gone in a few commits, the rest stays */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(keep("x", NOW_MS + 99, 1, "{}", NOW_MS + ANSWER_KEPT_MS + 49), ERR_OK);
	ck_assert_int_eq(answer("key 49", &k), ERR_NOT_FOUND);
	store_end(st);
	ck_assert_int_eq(answer("key 50", &k), ERR_OK);
	store_end(st);
	made_check(a);
}
END_TEST

START_TEST(an_unsettled_answer_is_kept_until_it_is_settled)
{
	struct kept_answer k;

	ck_assert_int_eq(keep("slow", NOW_MS, 1, NULL, NOW_MS), ERR_OK);
	for (int day = 1; day < 5; day++) {
		ck_assert_int_eq(keep("x", NOW_MS, 0, NULL, NOW_MS + day * ANSWER_KEPT_MS + 1), ERR_OK);
		ck_assert_int_eq(answer("slow", &k), ERR_OK);
		ck_assert_int_eq(k.at_ms, NOW_MS);
		store_end(st);
	}
	ck_assert_int_eq(keep("slow", NOW_MS, 1, "{}", NOW_MS + 5 * ANSWER_KEPT_MS), ERR_OK);
	ck_assert_int_eq(keep("x", NOW_MS, 0, NULL, NOW_MS + 5 * ANSWER_KEPT_MS), ERR_OK);
	ck_assert_int_eq(answer("slow", &k), ERR_NOT_FOUND);
	store_end(st);
	made_check(a);
}
END_TEST

START_TEST(a_key_that_is_too_long_stops_the_commit)
{
	char key[ANSWER_KEY_MAX + 2];
	struct kept_answer k;

	memset(key, 'k', sizeof(key));
	key[ANSWER_KEY_MAX + 1] = '\0';
	ck_assert_int_ne(keep(key, NOW_MS, 1, "{}", NOW_MS), ERR_OK);
	key[ANSWER_KEY_MAX] = '\0';
	ck_assert_int_eq(keep(key, NOW_MS, 1, "{}", NOW_MS), ERR_OK);
	ck_assert_int_eq(answer(key, &k), ERR_OK);
	store_end(st);
	made_check(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outbox_answers");
	TCase *t = tcase_create("answers");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_answer_is_kept_for_its_key);
	tcase_add_test(t, answers_are_forgotten_after_a_day);
	tcase_add_test(t, an_unsettled_answer_is_kept_until_it_is_settled);
	tcase_add_test(t, a_key_that_is_too_long_stops_the_commit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
