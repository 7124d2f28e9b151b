#include "syncd/feed/silence.h"
#include "tests/lib/support.h"

#define BEGIN	1000000	/* some moment */

static struct feed_silence s;

/* Pages with ${payloads} payloads each, a second apart; returns the time of the last. */
static int64_t
busy(int64_t from_ms, int pages, size_t payloads)
{
	for (int i = 0; i < pages; i++)
		feed_silence_news(&s, payloads, from_ms + i * 1000);
	return from_ms + (pages - 1) * 1000;
}

static void
setup(void)
{
	s = (struct feed_silence){ 0 };
}

START_TEST(the_first_empty_page_is_odd_where_news_was_frequent)
{
	int64_t last = busy(BEGIN, 5, 20);

	ck_assert(!feed_silence_odd(&s, last + FEED_SILENCE_LEAST_MS - 1));
	ck_assert(feed_silence_odd(&s, last + FEED_SILENCE_LEAST_MS));
}
END_TEST

START_TEST(a_few_pages_before_the_loss_do_not_make_news_rare)
{
	int64_t last = busy(BEGIN, 5, 20);

	feed_silence_news(&s, 1, last += 1000);
	ck_assert(feed_silence_odd(&s, last + 1000));
}
END_TEST

START_TEST(where_news_is_rare_silence_must_last_several_times_the_usual_gap)
{
	int64_t at = BEGIN;

	for (int i = 0; i < 50; i++)
		feed_silence_news(&s, 1, at += 5000);
	ck_assert(!feed_silence_odd(&s, at + FEED_SILENCE_TIMES * 5000 - 100));
	ck_assert(feed_silence_odd(&s, at + FEED_SILENCE_TIMES * 5000));
}
END_TEST

START_TEST(nothing_is_odd_where_no_two_pages_had_news)
{
	ck_assert(!feed_silence_odd(&s, BEGIN));
	(void)busy(BEGIN, 1, 50);
	ck_assert(!feed_silence_odd(&s, BEGIN + 86400000));
}
END_TEST

START_TEST(one_paste_after_a_quiet_night_does_not_make_news_frequent)
{
	int64_t last = busy(BEGIN, 1, 1);

	feed_silence_news(&s, 10, last += 8 * 3600000);
	ck_assert(!feed_silence_odd(&s, last + 10000));
}
END_TEST

START_TEST(a_silence_is_odd_once)
{
	int64_t last = busy(BEGIN, 5, 20);

	ck_assert(feed_silence_odd(&s, last + 1200));
	feed_silence_explain(&s, last + 1200);
	for (int64_t ms = 1200; ms < 86400000; ms += 1000)
		ck_assert(!feed_silence_odd(&s, last + ms));
}
END_TEST

START_TEST(each_mere_silence_doubles_the_patience_and_ten_minutes_halve_it)
{
	int64_t last = busy(BEGIN, 5, 20);

	feed_silence_explain(&s, last + 1000);
	last = busy(last + 2000, 20, 20);
	ck_assert(!feed_silence_odd(&s, last + 2 * FEED_SILENCE_LEAST_MS - 1));
	ck_assert(feed_silence_odd(&s, last + 2 * FEED_SILENCE_LEAST_MS));
	feed_silence_explain(&s, last + 2000);
	last = busy(last + 3000, 20, 20);
	ck_assert_int_eq(feed_silence_patience(&s, last), 4 * FEED_SILENCE_LEAST_MS);
	ck_assert_int_eq(feed_silence_patience(&s, last + FEED_SILENCE_HALVED_MS),
	    2 * FEED_SILENCE_LEAST_MS);
	ck_assert_int_eq(feed_silence_patience(&s, last + 2 * FEED_SILENCE_HALVED_MS),
	    FEED_SILENCE_LEAST_MS);
}
END_TEST

START_TEST(a_look_for_another_reason_needs_no_more_patience)
{
	int64_t last = busy(BEGIN, 5, 20);

	feed_silence_explain(&s, last + 500);
	ck_assert(!feed_silence_odd(&s, last + 5000));
	last = busy(last + 6000, 20, 20);
	ck_assert_int_eq(feed_silence_patience(&s, last), FEED_SILENCE_LEAST_MS);
}
END_TEST

START_TEST(a_log_that_begins_again_is_given_time)
{
	int64_t last = busy(BEGIN, 5, 20);

	feed_silence_restart(&s, last + 30000);
	ck_assert(!feed_silence_odd(&s, last + 30500));
	ck_assert(feed_silence_odd(&s, last + 31000));
}
END_TEST

/* A user works in bursts of five seconds, at various intervals, for a day. */
START_TEST(mere_silences_cost_few_calls_whatever_users_do)
{
	static const int64_t rests[] = { 2000, 5000, 10000, 30000, 70000, 700000 };

	for (size_t r = 0; r < sizeof(rests) / sizeof(rests[0]); r++) {
		int64_t now = BEGIN;
		int calls = 0;

		setup();
		while (now < BEGIN + 86400000) {
			int64_t last = busy(now, 5, 20);

			for (now = last + 1000; now < last + rests[r]; now += 1000)
				if (feed_silence_odd(&s, now)) {
					calls++;
					feed_silence_explain(&s, now);
				}
		}
		ck_assert_msg(calls > 0, "rests of %lld ms", (long long)rests[r]);
		ck_assert_msg(calls <= 147, "%d calls with rests of %lld ms", calls,
		    (long long)rests[r]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("feed_silence");
	TCase *t = tcase_create("feed_silence");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_first_empty_page_is_odd_where_news_was_frequent);
	tcase_add_test(t, a_few_pages_before_the_loss_do_not_make_news_rare);
	tcase_add_test(t, where_news_is_rare_silence_must_last_several_times_the_usual_gap);
	tcase_add_test(t, nothing_is_odd_where_no_two_pages_had_news);
	tcase_add_test(t, one_paste_after_a_quiet_night_does_not_make_news_frequent);
	tcase_add_test(t, a_silence_is_odd_once);
	tcase_add_test(t, each_mere_silence_doubles_the_patience_and_ten_minutes_halve_it);
	tcase_add_test(t, a_look_for_another_reason_needs_no_more_patience);
	tcase_add_test(t, a_log_that_begins_again_is_given_time);
	tcase_add_test(t, mere_silences_cost_few_calls_whatever_users_do);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
