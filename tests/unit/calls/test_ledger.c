#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "syncd/airtable/calls.h"
#include "syncd/calls/ledger.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

#define AHEAD	20	/* calls that are counted ahead at most */

static struct config config;
static uv_loop_t loop;
static struct apply *a;
static struct airtable *airtable;
static struct ledger *l;

static void
begin(void)
{
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_ptr_nonnull(airtable = airtable_new(&loop, &config, &tables_builtin));
	ck_assert_ptr_nonnull(l = ledger_new(&loop, &config, airtable, a));
}

static void
end(void)
{
	ledger_stop(l);
	airtable_free(airtable);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ledger_free(l);
	apply_close(a);
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	config.airtable.requests_per_second = 5;
	config.airtable.monthly_calls = 100000;
	config.sync.full_interval_ms = 86400000;
	config.sync.feed_interval_ms = 1000;
}

static void
turn(void)
{
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void
send_calls(unsigned n, enum airtable_priority priority)
{
	for (unsigned i = 0; i < n; i++) {
		airtable->meter.sent(airtable->meter.cookie, priority);
		turn();
	}
}

static uint64_t
used(void)
{
	struct buf b = { 0 };
	unsigned long long n = 0;

	airtable->meter.add_status(airtable->meter.cookie, &b);
	ck_assert_msg(sscanf(buf_cstr(&b), "\"monthlyCalls\":{\"used\":%llu,\"budget\":", &n) == 1,
	    "%s", buf_cstr(&b));
	buf_free(&b);
	return n;
}

static int64_t
stored_fresh(uint64_t *generation)
{
	struct store *st = apply_store(a);
	int64_t fresh;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	fresh = store_fresh_ms(st, &orders_schema);
	*generation = store_generation(st);
	store_end(st);
	return fresh;
}

START_TEST(an_orderly_stop_keeps_the_exact_count)
{
	begin();
	send_calls(7, AIRTABLE_SYNC);
	send_calls(3, AIRTABLE_WRITE);
	ck_assert_uint_eq(used(), 10);
	end();
	begin();
	ck_assert_uint_eq(used(), 10);
	end();
}
END_TEST

/* A process that makes ${calls} calls and is killed. */
static void
killed_after(unsigned calls)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		begin();
		send_calls(calls, AIRTABLE_FEED);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* With a budget, without one, and with one larger than any plan's. */
static const int64_t budgets[] = { 100000, 0, 1000000000 };

START_TEST(a_kill_forgets_no_call_and_adds_few)
{
	static const unsigned calls[] = { 0, 1, 2, 9, 10, 11, 19, 20, 137, 0, 0, 1 };
	uint64_t made = 0, before = 0, now;

	config.airtable.monthly_calls = budgets[_i];
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		killed_after(calls[i]);
		made += calls[i];
		begin();
		now = used();
		ck_assert_uint_ge(now, made);
		ck_assert_uint_ge(now, before + calls[i]);
		ck_assert_uint_le(now, before + calls[i] + AHEAD);
		if (calls[i] == 0)
			ck_assert_uint_eq(now, before);
		before = now;
		end();
	}
}
END_TEST

START_TEST(calls_are_refused_by_use_when_the_month_is_used_up)
{
	begin();
	ck_assert(airtable->meter.may_start(airtable->meter.cookie, AIRTABLE_FEED));
	config.airtable.monthly_calls = 100;
	ledger_reconfigure(l);
	send_calls(99, AIRTABLE_FEED);
	ck_assert(!airtable->meter.may_start(airtable->meter.cookie, AIRTABLE_FEED));
	ck_assert(airtable->meter.may_start(airtable->meter.cookie, AIRTABLE_WRITE));
	ck_assert_int_gt(ledger_poll_interval(l), 3000);
	config.airtable.monthly_calls = 0;
	ledger_reconfigure(l);
	ck_assert(airtable->meter.may_start(airtable->meter.cookie, AIRTABLE_FEED));
	ck_assert_int_eq(ledger_poll_interval(l), 1000);
	end();
}
END_TEST

START_TEST(a_first_sync_may_use_what_is_reserved_for_writes)
{
	static const struct apply_meta synced = { .table = &orders_schema, .synced_ms = 1 };
	struct apply_result result;
	int64_t wait_ms = 0;
	char why[200];

	config.airtable.monthly_calls = 100;
	begin();
	send_calls(97, AIRTABLE_FEED);
	ck_assert(ledger_allows_sync(l, &wait_ms, why));
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, instant_now(), &result),
	    ERR_OK);
	ck_assert(!ledger_allows_sync(l, &wait_ms, why));
	ck_assert_int_gt(wait_ms, 0);
	ck_assert_ptr_nonnull(strstr(why, "97 of the month's 100 calls"));
	end();
}
END_TEST

START_TEST(freshness_goes_to_the_store_now_and_then_and_makes_no_generation)
{
	int64_t now = instant_now();
	uint64_t generation, before;

	begin();
	ck_assert_int_eq(stored_fresh(&before), 0);
	ledger_fresh(l, now);
	turn();
	ck_assert_int_eq(stored_fresh(&generation), now);
	ledger_fresh(l, now + 1000);
	turn();
	ck_assert_int_eq(stored_fresh(&generation), now);
	ledger_fresh(l, now + 5000);
	turn();
	ck_assert_int_eq(stored_fresh(&generation), now + 5000);
	ledger_fresh(l, now + 6000);
	end();
	begin();
	ck_assert_int_eq(stored_fresh(&generation), now + 6000);
	ck_assert_uint_eq(generation, before);
	end();
}
END_TEST

START_TEST(an_older_commit_does_not_make_the_store_less_fresh)
{
	struct apply_meta meta = { .table = &orders_schema, .fresh_ms = 5000 };
	struct apply_result result;
	uint64_t generation;

	begin();
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FEED, &meta, 9000, &result), ERR_OK);
	meta.fresh_ms = 4000;
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FEED, &meta, 9000, &result), ERR_OK);
	ck_assert_int_eq(stored_fresh(&generation), 5000);
	/* but a clock that was set back does */
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FEED, &meta, 4500, &result), ERR_OK);
	ck_assert_int_eq(stored_fresh(&generation), 4000);
	end();
}
END_TEST

static const char *
called_file(void)
{
	static char path[sizeof(config.store.path) + 20];

	(void)snprintf(path, sizeof(path), "%s/syncd.called", config.store.path);
	return path;
}

/* How long the first call has to wait after a start, the last one sent ${ago_s} seconds ago. */
static int64_t
first_call_ms(time_t ago_s)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	int64_t ms;

	(void)clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec -= ago_s;
	ck_assert_int_eq(utimensat(AT_FDCWD, called_file(), times, 0), 0);
	begin();
	ms = governor_wait_ms(airtable->governor, instant_monotonic());
	end();
	return ms;
}

START_TEST(calls_of_the_previous_process_are_still_in_the_window)
{
	struct stat st;

	begin();
	ck_assert_int_eq(governor_wait_ms(airtable->governor, instant_monotonic()), 0);
	end();
	ck_assert_int_eq(first_call_ms(10), 0);
	/* a clock that was set back must not stop calls for long */
	ck_assert_int_gt(first_call_ms(-7200), 0);
	ck_assert_int_le(first_call_ms(-7200), 1000 + GOVERNOR_MARGIN_MS);
	ck_assert_int_eq(first_call_ms(600), 0);
	begin();
	send_calls(1, AIRTABLE_FEED);
	end();
	ck_assert_int_eq(stat(called_file(), &st), 0);
	ck_assert_int_gt(st.st_mtim.tv_sec, instant_now() / 1000 - 300);
}
END_TEST

static Suite *
ledger_suite(void)
{
	Suite *suite = suite_create("ledger");
	TCase *t = tcase_create("kept"), *forking = tcase_create("killed");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_orderly_stop_keeps_the_exact_count);
	tcase_add_test(t, calls_are_refused_by_use_when_the_month_is_used_up);
	tcase_add_test(t, a_first_sync_may_use_what_is_reserved_for_writes);
	tcase_add_test(t, freshness_goes_to_the_store_now_and_then_and_makes_no_generation);
	tcase_add_test(t, an_older_commit_does_not_make_the_store_less_fresh);
	tcase_add_test(t, calls_of_the_previous_process_are_still_in_the_window);
	suite_add_tcase(suite, t);
	tcase_set_tags(forking, "no-valgrind");	/* a child of a child without Check */
	tcase_add_checked_fixture(forking, setup, NULL);
	tcase_set_timeout(forking, 60);
	tcase_add_loop_test(forking, a_kill_forgets_no_call_and_adds_few, 0,
	    sizeof(budgets) / sizeof(budgets[0]));
	suite_add_tcase(suite, forking);
	return suite;
}

int
main(void)
{
	return run_suite(ledger_suite());
}
