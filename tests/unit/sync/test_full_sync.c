#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "syncd/calls/ledger.h"
#include "syncd/sync/full_sync.h"
#include "tests/lib/canned_server.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

/* Callers that wait for a sync while the process ends; other tests need a whole stack. */

static uv_loop_t loop;
static struct config config;
static struct apply *apply;
static struct airtable *airtable;
static struct ledger *ledger;
static int silent;
static struct full_sync *full;

/* A listener that accepts connections and never answers. */
static unsigned
silent_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	ck_assert_int_ne(silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -1);
	ck_assert_int_eq(bind(silent, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(silent, 16), 0);
	ck_assert_int_eq(getsockname(silent, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	made_config(&config, tmpdir_new());
	config.airtable.connect_timeout_ms = config.airtable.request_timeout_ms = 60000;
	config.sync.full_interval_ms = 60000;
	(void)snprintf(config.airtable.api_url, sizeof(config.airtable.api_url),
	    "http://127.0.0.1:%u", silent_port());
	config.airtable.connect_timeout_ms = config.airtable.request_timeout_ms = 60000;
	config.airtable.requests_per_second = 5;
	config.airtable.breaker_failures = 3;
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &apply), ERR_OK);
	ck_assert_ptr_nonnull(airtable = airtable_new(&loop, &config, &tables_builtin));
	ck_assert_ptr_nonnull(ledger = ledger_new(&loop, &config, airtable, apply));
	ck_assert_ptr_nonnull(full = full_sync_new(&loop, &config, &orders_schema, airtable, apply,
	    ledger));
}

static void
teardown(void)
{
	full_sync_stop(full);
	airtable_cancel_all(airtable);
	ledger_stop(ledger);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ledger_free(ledger);
	airtable_free(airtable);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	full_sync_free(full);
	apply_close(apply);
	(void)close(silent);
}

struct told {
	int		count;
	enum err	err;
	bool		running;
};

static void
done(void *cookie, enum err e, const char *detail, bool still_running)
{
	struct told *t = cookie;

	(void)detail;
	t->count++;
	t->err = e;
	t->running = still_running;
}

START_TEST(no_caller_waits_for_a_sync_that_will_not_happen)
{
	struct told before = { 0 }, after = { 0 };

	ck_assert_int_eq(full_sync_wait(full, 60000, done, &before), ERR_OK);
	full_sync_start(full, false);
	ck_assert_int_eq(before.count, 0);
	full_sync_cancel(full);
	ck_assert_int_eq(before.count, 1);
	ck_assert_int_eq(before.err, ERR_CANCELLED);
	ck_assert_int_eq(full_sync_wait(full, 60000, done, &after), ERR_OK);
	full_sync_start(full, false);
	ck_assert_int_eq(after.count, 1);
	ck_assert_int_eq(after.err, ERR_CANCELLED);
	ck_assert(!after.running);
	ck_assert(!full_sync_running(full));
}
END_TEST

START_TEST(a_caller_that_waits_too_long_learns_that_the_sync_goes_on)
{
	struct told told = { 0 };

	ck_assert_int_eq(full_sync_wait(full, 20, done, &told), ERR_OK);
	full_sync_start(full, false);
	ck_assert(canned_run(&loop, &told.count, 1, 2000));
	ck_assert_int_eq(told.err, ERR_OK);
	ck_assert(told.running);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("full_sync");
	TCase *t = tcase_create("waiters");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_caller_that_waits_too_long_learns_that_the_sync_goes_on);
	tcase_add_test(t, no_caller_waits_for_a_sync_that_will_not_happen);
	suite_add_tcase(s, t);
	return run_suite(s);
}
