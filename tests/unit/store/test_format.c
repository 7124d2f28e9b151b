#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/store/keys.h"
#include "tests/lib/closed_store.h"
#include "tests/lib/store_check.h"
#include "tests/lib/store_full.h"
#include "tests/lib/support.h"

/* A store that another version of the programs has made. */
static struct config config;

static void
setup(void)
{
	full_store(&config, tmpdir_new(), instant_now());
}

static const char *
data_file(const char *end)
{
	static char path[CONFIG_TEXT_MAX + 40];

	(void)snprintf(path, sizeof(path), "%s/data.mdb%s", config.store.path, end);
	return path;
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A store as the other version would have left it; ${waiting}: its outbox has entries. */
static void
make_format(uint32_t format, bool waiting)
{
	struct closed_store s;
	struct db_cursor c;

	closed_store_set_format(config.store.path, format);
	if (waiting)
		return;
	closed_store_open(&s, config.store.path);
	for (db_walk(&c, &s.txn, s.dbs.outbox); c.found; db_next(&c))
		ck_assert_int_eq(db_walk_del(&c), ERR_OK);
	db_walk_end(&c);
	closed_store_commit(&s);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(an_older_store_without_waiting_changes_is_set_aside_for_a_new_one)
{
	char aside[32];
	struct apply *a;
	off_t size;

	make_format(STORE_MIGRATED - 1, false);
	size = size_of(data_file(""));
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(store_begin(apply_store(a)), ERR_OK);
	ck_assert_uint_eq(store_row_count(apply_store(a), &orders_schema), 0);	/* a full sync fills it */
	ck_assert_int_eq(store_synced_ms(apply_store(a), &orders_schema), 0);
	store_end(apply_store(a));
	apply_close(a);
	(void)snprintf(aside, sizeof(aside), ".format-%u.1", STORE_MIGRATED - 1);
	ck_assert_int_eq(size_of(data_file(aside)), size);	/* the history is in there */
}
END_TEST

/* As when the older version runs again for a while, and then this one. */
START_TEST(a_second_older_store_is_set_aside_beside_the_first)
{
	char aside[32];
	struct apply *a;
	off_t first, second;

	make_format(STORE_MIGRATED - 1, false);
	first = size_of(data_file(""));
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	apply_close(a);
	make_format(STORE_MIGRATED - 1, false);
	second = size_of(data_file(""));
	ck_assert_int_ne(first, second);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	apply_close(a);
	(void)snprintf(aside, sizeof(aside), ".format-%u.1", STORE_MIGRATED - 1);
	ck_assert_int_eq(size_of(data_file(aside)), first);
	(void)snprintf(aside, sizeof(aside), ".format-%u.2", STORE_MIGRATED - 1);
	ck_assert_int_eq(size_of(data_file(aside)), second);
}
END_TEST

START_TEST(an_older_store_with_waiting_changes_is_left_as_it_is)
{
	struct apply *a;
	off_t size;

	make_format(STORE_MIGRATED - 1, true);
	size = size_of(data_file(""));
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_STORE_VERSION);
	ck_assert_int_eq(size_of(data_file("")), size);
	make_format(STORE_FORMAT, true);	/* the older version goes on with it */
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(store_begin(apply_store(a)), ERR_OK);
	store_check(apply_store(a));
	apply_close(a);
}
END_TEST

START_TEST(a_newer_store_is_left_as_it_is)
{
	struct apply *a;

	make_format(STORE_FORMAT + 1, false);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_STORE_VERSION);
	ck_assert(is_there(data_file("")));
	make_format(STORE_FORMAT, false);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(store_begin(apply_store(a)), ERR_OK);
	ck_assert_uint_gt(store_row_count(apply_store(a), &orders_schema), 2000);
	apply_close(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("format");
	TCase *t = tcase_create("format");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_older_store_without_waiting_changes_is_set_aside_for_a_new_one);
	tcase_add_test(t, a_second_older_store_is_set_aside_beside_the_first);
	tcase_add_test(t, an_older_store_with_waiting_changes_is_left_as_it_is);
	tcase_add_test(t, a_newer_store_is_left_as_it_is);
	suite_add_tcase(s, t);
	return run_suite(s);
}
