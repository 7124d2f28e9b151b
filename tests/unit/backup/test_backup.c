#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/store/keys.h"
#include "common/store/replaced.h"
#include "syncd/backup/backup.h"
#include "syncd/calls/budget.h"
#include "syncd/feed/state.h"
#include "tests/lib/store_check.h"
#include "tests/lib/store_full.h"
#include "tests/lib/support.h"

static struct config config;
static char file[CONFIG_TEXT_MAX + 32];
static struct buf why;

static void
setup(void)
{
	const char *dir = tmpdir_new();

	full_store(&config, dir, instant_now());
	(void)snprintf(file, sizeof(file), "%s/backup.mdb", dir);
}

static void
teardown(void)
{
	buf_free(&why);
}

static void
back_up(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_msg(backup_copy(config.store.path, fd, &why) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_int_eq(close(fd), 0);
}

static enum err
restore(enum backup_outbox outbox, struct backup_facts *f)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	enum err e;

	ck_assert_int_ge(fd, 0);
	buf_clear(&why);
	e = backup_restore(&config, &tables_builtin, fd, outbox, NULL, NULL, f, &why);
	ck_assert_int_eq(close(fd), 0);
	return e;
}

static struct backup_facts
facts_of(const char *path)
{
	struct backup_facts f;

	ck_assert_msg(backup_facts(path, &tables_builtin, &f, &why) == ERR_OK, "%s", buf_cstr(&why));
	return f;
}

static const char *
data_file(void)
{
	static char path[CONFIG_TEXT_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/data.mdb", config.store.path);
	return path;
}

static void
check_store(void)
{
	struct store *st;

	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_close(st);
}

static void
commit(const char *status)
{
	static unsigned n;
	struct made_order m;
	struct change c;
	struct apply *a;
	uint64_t seed = 99;

	made_order(&m, 40000 + n++, &seed);
	m.r.values[ORDER_STATUS] = (struct value){ .present = true, .text = str_of(status) };
	c = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m.r, .base = CHANGE_ANY_BASE };
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	(void)made_apply(a, &c, 1);
	apply_close(a);
}

START_TEST(a_backup_is_the_store_at_one_generation)
{
	struct backup_facts before = facts_of(data_file()), f;
	struct store *st;
	struct db db;

	back_up();
	f = facts_of(file);
	ck_assert_uint_eq(f.generation, before.generation);
	ck_assert_uint_eq(f.rows, before.rows);
	ck_assert_uint_eq(f.outbox, 2);
	ck_assert_int_eq(backup_open(file, &tables_builtin, &db, &st, &why), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_close(st);
	db_close(&db);
}
END_TEST

START_TEST(a_restored_store_has_a_generation_later_than_any_before)
{
	struct backup_facts f, before;

	back_up();
	commit("Shipped");
	commit("Pending");
	before = facts_of(data_file());
	ck_assert_msg(restore(BACKUP_OUTBOX_KEEP, &f) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_uint_gt(f.generation, before.generation);
	ck_assert_uint_eq(f.rows, before.rows - 2);
	ck_assert_uint_eq(f.outbox, 2);
	check_store();
	commit("Cancelled");	/* a syncd goes on with it */
	check_store();
	(void)snprintf(file, sizeof(file), "%s/" STORE_REPLACED ".1", config.store.path);
	ck_assert_uint_eq(facts_of(file).generation, before.generation);
}
END_TEST

/* A value of the store's meta database, as text or bytes. */
static struct buf
meta_value(const char *name)
{
	struct buf b = { .data = NULL };
	struct store *st;
	struct str s;

	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert(meta_get(store_txn(st), store_databases(st)->meta, name, &s));
	buf_add_str(&b, s);
	store_close(st);
	return b;
}

static void
check_feed(void)
{
	struct buf feed = meta_value(META_FEED);
	struct feed_state s;

	ck_assert_int_eq(feed_state_init(&s), ERR_OK);
	feed_state_read(&s, &config, buf_str(&feed));
	ck_assert_str_eq(s.webhook, "achFullStore00001");
	ck_assert_uint_eq(s.cursor, 7);
	ck_assert(s.gap);	/* a full sync makes up for it */
	feed_state_free(&s);
	buf_free(&feed);
}

/* Restoring a backup does not take Airtable back in time. */
START_TEST(webhook_and_calls_of_the_month_are_taken_over_from_the_old_store)
{
	struct budget_kept calls = { .format = BUDGET_FORMAT, .used = { 100, 200, 300 } };
	const struct apply_meta meta = { .calls = { (const char *)&calls, sizeof(calls) } };
	struct apply_result r;
	struct backup_facts f;
	struct apply *a;
	struct buf kept;

	back_up();
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_JOB, &meta, INT64_C(1795255200000), &r), ERR_OK);
	apply_close(a);
	for (int rebuild = 0; rebuild < 2; rebuild++) {
		buf_clear(&why);
		ck_assert_msg((rebuild ? backup_rebuild(&config, &tables_builtin, &f, &why) :
		    restore(BACKUP_OUTBOX_KEEP, &f)) == ERR_OK, "%s", buf_cstr(&why));
		check_feed();
		kept = meta_value(META_CALLS);
		ck_assert_uint_eq(kept.len, sizeof(calls));
		ck_assert_mem_eq(kept.data, &calls, sizeof(calls));
		buf_free(&kept);
	}
}
END_TEST

static uint64_t
birth(void)
{
	struct apply *a;
	uint64_t n;

	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	n = apply_birth(a);
	apply_close(a);
	return n;
}

START_TEST(a_restored_store_has_a_new_birth_so_keys_of_created_orders_never_repeat)
{
	uint64_t before = birth();
	struct backup_facts f;

	back_up();
	ck_assert_int_eq(restore(BACKUP_OUTBOX_DROP, &f), ERR_OK);
	ck_assert_uint_gt(birth(), before);
}
END_TEST

START_TEST(an_outbox_is_not_restored_without_keep_or_drop)
{
	struct backup_facts before = facts_of(data_file()), f;
	struct kept_answer answer;
	struct store *st;

	back_up();
	ck_assert_int_eq(restore(BACKUP_OUTBOX_REFUSE, &f), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&why), "holds 2 changes"));
	ck_assert_uint_eq(facts_of(data_file()).generation, before.generation);
	ck_assert_msg(restore(BACKUP_OUTBOX_DROP, &f) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_uint_eq(f.outbox, 0);
	ck_assert_uint_eq(f.rows, before.rows);
	check_store();
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(outbox_pending(st, &orders_schema), 0);
	ck_assert_int_eq(outbox_answer(st, STR("settled"), &answer), ERR_OK);
	ck_assert_int_eq(outbox_answer(st, STR("unsettled"), &answer), ERR_NOT_FOUND);
	store_close(st);
}
END_TEST

START_TEST(a_store_in_use_by_syncd_is_left_alone)
{
	struct backup_facts f;
	struct apply *a;

	back_up();
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(restore(BACKUP_OUTBOX_KEEP, &f), ERR_STORE_LOCKED);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&why), "stop it first"));
	buf_clear(&why);
	ck_assert_int_eq(backup_rebuild(&config, &tables_builtin, &f, &why), ERR_STORE_LOCKED);
	apply_close(a);
	check_store();
}
END_TEST

START_TEST(a_reader_notices_that_the_store_was_replaced)
{
	struct store *old, *new;
	struct backup_facts f;
	uint64_t generation;

	back_up();
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &old), ERR_OK);
	ck_assert(!store_replaced(old));
	ck_assert_int_eq(store_begin(old), ERR_OK);
	generation = store_generation(old);
	store_end(old);
	ck_assert(!store_replaced(old));
	ck_assert_int_eq(restore(BACKUP_OUTBOX_KEEP, &f), ERR_OK);
	ck_assert(store_replaced(old));
	ck_assert_int_eq(store_begin(old), ERR_OK);	/* it goes on with what it had */
	ck_assert_uint_eq(store_generation(old), generation);
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &new), ERR_OK);
	ck_assert_int_eq(store_begin(new), ERR_OK);
	ck_assert_uint_eq(store_generation(new), f.generation);
	ck_assert(!store_replaced(new));
	store_close(old);
	ck_assert_int_eq(store_begin(new), ERR_OK);
	store_close(new);
}
END_TEST

START_TEST(files_that_are_not_backups_are_refused_and_nothing_is_touched)
{
	struct backup_facts before = facts_of(data_file()), f;
	struct stat st;
	char path[CONFIG_TEXT_MAX + 16];
	FILE *out;

	ck_assert_ptr_nonnull(out = fopen(file, "w"));
	ck_assert_int_ge(fputs("this is no store at all", out), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_ne(restore(BACKUP_OUTBOX_KEEP, &f), ERR_OK);
	ck_assert_uint_gt(why.len, 0);
	ck_assert_uint_eq(facts_of(data_file()).generation, before.generation);
	(void)snprintf(path, sizeof(path), "%s/" STORE_NEW, config.store.path);
	ck_assert_int_eq(stat(path, &st), -1);
	check_store();
}
END_TEST

/* A writer commits as fast as it can while copies are made: each copy is sound and of one generation. */
START_TEST(backups_beside_a_writer_are_whole)
{
	pid_t pid;
	int status;

	(void)fflush(NULL);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		struct apply *a;
		uint64_t seed = 5;

		if (apply_open(&config, &tables_builtin, &a) != ERR_OK)
			_exit(1);
		for (;;) {
			struct made_order m;
			struct change c;

			made_order(&m, (unsigned)made_random(&seed, FULL_ORDERS), &seed);
			c = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m.r, .base = CHANGE_ANY_BASE };
			(void)made_apply(a, &c, 1);
		}
	}
	for (int i = 0; i < 5; i++) {
		struct store *st;
		struct db db;

		(void)usleep(50000);
		back_up();
		ck_assert_int_eq(backup_open(file, &tables_builtin, &db, &st, &why), ERR_OK);
		ck_assert_int_eq(store_begin(st), ERR_OK);
		store_check(st);
		store_close(st);
		db_close(&db);
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backup");
	TCase *t = tcase_create("backup");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_backup_is_the_store_at_one_generation);
	tcase_add_test(t, a_restored_store_has_a_generation_later_than_any_before);
	tcase_add_test(t, a_restored_store_has_a_new_birth_so_keys_of_created_orders_never_repeat);
	tcase_add_test(t, an_outbox_is_not_restored_without_keep_or_drop);
	tcase_add_test(t, webhook_and_calls_of_the_month_are_taken_over_from_the_old_store);
	tcase_add_test(t, a_store_in_use_by_syncd_is_left_alone);
	tcase_add_test(t, a_reader_notices_that_the_store_was_replaced);
	tcase_add_test(t, files_that_are_not_backups_are_refused_and_nothing_is_touched);
	tcase_add_test(t, backups_beside_a_writer_are_whole);
	suite_add_tcase(s, t);
	return run_suite(s);
}
