#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/store/db.h"
#include "tests/lib/support.h"

static const char *folder;
static struct db db;
static struct db_txn txn;
static db_id bytes, integers, pairs;

static const struct db_options options = {
	.max_dbs = 4, .max_readers = 2, .map_bytes = 1 << 20, .mode = 0600
};

static void
setup(void)
{
	folder = tmpdir_new();
	ck_assert_int_eq(db_open(&db, folder, &options), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &txn, true), ERR_OK);
	ck_assert(db_handle(&txn, "bytes", DB_BYTES, true, &bytes));
	ck_assert(db_handle(&txn, "integers", DB_INTEGERS, true, &integers));
	ck_assert(db_handle(&txn, "pairs", DB_PAIRS, true, &pairs));
}

static void
teardown(void)
{
	db_abort(&txn);
	db_close(&db);
}

static void
again(bool write)
{
	ck_assert_int_eq(db_commit(&txn), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &txn, write), ERR_OK);
}

static void
put(const char *key, const char *value)
{
	ck_assert_int_eq(db_put(&txn, bytes, str_of(key), str_of(value)), ERR_OK);
}

static struct str
number(const uint64_t *n)
{
	return (struct str){ (const char *)n, sizeof(*n) };
}

static void
put_number(uint64_t n)
{
	ck_assert_int_eq(db_put(&txn, integers, number(&n), STR("x")), ERR_OK);
}

/* The keys that a walk passes, each followed by a space. */
static const char *
walked(struct db_cursor *c)
{
	static char text[200];
	size_t at = 0;

	for (text[0] = '\0'; c->found; db_next(c))
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s ", STR_FMT(c->key));
	db_walk_end(c);
	return text;
}

/* The same for numbers. */
static const char *
numbers(void)
{
	static char text[200];
	struct db_cursor c;
	size_t at = 0;
	uint64_t n;

	text[0] = '\0';
	for (db_walk(&c, &txn, integers); c.found; db_next(&c)) {
		memcpy(&n, c.key.ptr, sizeof(n));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%llu ", (unsigned long long)n);
	}
	db_walk_end(&c);
	return text;
}

START_TEST(what_was_put_is_found_and_what_was_not_is_absent_without_a_fault)
{
	struct str v;
	db_id none;

	put("a", "one");
	again(false);
	ck_assert(db_get(&txn, bytes, STR("a"), &v));
	ck_assert(str_is(v, "one"));
	ck_assert(!db_get(&txn, bytes, STR("b"), &v));
	ck_assert_int_eq(db_absent(&txn), ERR_NOT_FOUND);
	ck_assert(!db_handle(&txn, "none", DB_BYTES, false, &none));
	ck_assert_int_eq(txn.fault.error, ERR_OK);
	ck_assert_uint_eq(db_count(&txn, bytes), 1);
}
END_TEST

START_TEST(the_first_fault_stays_and_nothing_is_read_written_or_committed_after_it)
{
	struct db_cursor c;
	struct str v;

	put("a", "one");
	again(true);
	put("b", "two");
	ck_assert_int_eq(db_fail(&txn, ERR_NOMEM), ERR_NOMEM);
	ck_assert_int_eq(db_fail(&txn, ERR_IO), ERR_IO);
	ck_assert_int_eq(txn.fault.error, ERR_NOMEM);
	ck_assert_int_eq(db_put(&txn, bytes, STR("c"), STR("")), ERR_NOMEM);
	ck_assert_int_eq(db_drop(&txn, bytes, STR("a")), ERR_NOMEM);
	ck_assert_ptr_null(db_reserve(&txn, bytes, STR("c"), 1));
	ck_assert(!db_get(&txn, bytes, STR("a"), &v));
	ck_assert_int_eq(db_absent(&txn), ERR_NOMEM);
	ck_assert_uint_eq(db_count(&txn, bytes), 0);
	db_walk(&c, &txn, bytes);
	ck_assert_str_eq(walked(&c), "");
	ck_assert_int_eq(db_commit(&txn), ERR_NOMEM);
	ck_assert_int_eq(db_begin(&db, &txn, false), ERR_OK);
	ck_assert(db_has(&txn, bytes, STR("a")));
	ck_assert(!db_has(&txn, bytes, STR("b")));
}
END_TEST

START_TEST(lmdbs_own_fault_sticks_with_its_words)
{
	char longer[600] = { 'x' };

	/* no key is so long */
	ck_assert_int_eq(db_put(&txn, bytes, (struct str){ longer, sizeof(longer) }, STR("")),
	    ERR_INTERNAL);
	ck_assert_str_eq(db_fault_text(&txn.fault, ERR_INTERNAL),
	    "MDB_BAD_VALSIZE: Unsupported size of key/DB name/data, or wrong DUPFIXED size");
	ck_assert_str_eq(db_fault_text(&txn.fault, ERR_NOMEM), "out of memory");
	ck_assert_int_eq(db_tell(&txn, "test", ERR_INTERNAL), ERR_INTERNAL);
	ck_assert_int_eq(db_commit(&txn), ERR_INTERNAL);
}
END_TEST

START_TEST(a_required_or_new_entry_is_a_fault_otherwise)
{
	put("a", "one");
	ck_assert_int_eq(db_drop(&txn, bytes, STR("b")), ERR_OK);
	ck_assert_int_eq(db_del(&txn, bytes, STR("a")), ERR_OK);
	ck_assert_int_eq(db_put_new(&txn, bytes, STR("a"), STR("one")), ERR_OK);
	ck_assert_int_eq(db_put_new(&txn, bytes, STR("a"), STR("two")), ERR_INTERNAL);
	db_forgive(&txn);
	ck_assert_int_eq(db_del(&txn, bytes, STR("b")), ERR_STORE_CORRUPT);
	ck_assert_int_eq(db_tell(&txn, "b", db_absent(&txn)), ERR_STORE_CORRUPT);
	db_forgive(&txn);
	ck_assert_int_eq(db_tell(&txn, "b", db_absent(&txn)), ERR_STORE_CORRUPT);
	ck_assert_int_eq(db_tell(&txn, "b", ERR_OK), ERR_OK);
}
END_TEST

START_TEST(a_reserved_value_is_filled_in_by_the_caller)
{
	struct str v;
	char *p;

	ck_assert_ptr_nonnull(p = db_reserve(&txn, bytes, STR("m"), 3));
	memset(p, 'm', 3);
	ck_assert_ptr_nonnull(p = db_reserve_last(&txn, bytes, STR("n"), 2));
	memset(p, 'n', 2);
	ck_assert(db_get(&txn, bytes, STR("m"), &v) && str_is(v, "mmm"));
	ck_assert(db_get(&txn, bytes, STR("n"), &v) && str_is(v, "nn"));
	/* not behind all that there is */
	ck_assert_ptr_null(db_reserve_last(&txn, bytes, STR("a"), 1));
	ck_assert_int_ne(txn.fault.error, ERR_OK);
}
END_TEST

START_TEST(a_walk_along_a_prefix_ends_at_its_borders)
{
	static const char *const keys[] = { "a", "b", "b\x01", "ba", "b\xff", "b\xff\xff", "c", "\xff", "\xff\x01",
	    "\xff\xff" };
	struct db_cursor c;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put(keys[i], "");
	db_walk_prefix(&c, &txn, bytes, STR("b"));
	ck_assert_str_eq(walked(&c), "b b\x01 ba b\xff b\xff\xff ");
	db_walk_prefix(&c, &txn, bytes, STR("b\xff"));
	ck_assert_str_eq(walked(&c), "b\xff b\xff\xff ");
	db_walk_prefix(&c, &txn, bytes, STR("\xff"));
	ck_assert_str_eq(walked(&c), "\xff \xff\x01 \xff\xff ");
	db_walk_prefix(&c, &txn, bytes, STR("\xff\xff\xff"));
	ck_assert_str_eq(walked(&c), "");
	db_walk_prefix(&c, &txn, bytes, STR("bb"));
	ck_assert_str_eq(walked(&c), "");
	db_walk_from(&c, &txn, bytes, STR("bb"));
	ck_assert_str_eq(walked(&c), "b\xff b\xff\xff c \xff \xff\x01 \xff\xff ");
	db_walk(&c, &txn, bytes);
	ck_assert_str_eq(walked(&c), "a b b\x01 ba b\xff b\xff\xff c \xff \xff\x01 \xff\xff ");
}
END_TEST

START_TEST(a_walk_back_begins_before_its_key)
{
	static const char *const keys[] = { "a1", "b1", "b2", "b3", "c1" };
	struct db_cursor c;

	db_walk_back(&c, &txn, bytes, STR("b"), STR(""));
	ck_assert_str_eq(walked(&c), "");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put(keys[i], "");
	db_walk_back(&c, &txn, bytes, STR("b3"), STR("b"));
	ck_assert_str_eq(walked(&c), "b2 b1 ");
	db_walk_back(&c, &txn, bytes, STR("b\xff"), STR("b"));
	ck_assert_str_eq(walked(&c), "b3 b2 b1 ");
	db_walk_back(&c, &txn, bytes, STR("\xff"), STR("c"));
	ck_assert_str_eq(walked(&c), "c1 ");
	db_walk_back(&c, &txn, bytes, STR("\xff"), STR("b"));
	ck_assert_str_eq(walked(&c), "");
	db_walk_back(&c, &txn, bytes, STR("a1"), STR("a"));
	ck_assert_str_eq(walked(&c), "");
	db_walk_back(&c, &txn, bytes, STR("b2"), STR(""));
	ck_assert_str_eq(walked(&c), "b1 a1 ");
}
END_TEST

START_TEST(entries_are_deleted_while_they_are_walked_along)
{
	struct db_cursor c;
	uint64_t n;

	/* more than a page of them */
	for (n = 0; n < 1000; n++)
		put_number(n);
	for (db_walk(&c, &txn, integers); c.found; db_next(&c)) {
		memcpy(&n, c.key.ptr, sizeof(n));
		if (n % 250 != 0)
			ck_assert_int_eq(db_walk_del(&c), ERR_OK);
	}
	db_walk_end(&c);
	ck_assert_str_eq(numbers(), "0 250 500 750 ");
}
END_TEST

START_TEST(a_range_is_deleted_by_number_and_by_bytes)
{
	uint64_t from = 255, below = 70000;

	/* which as bytes of this machine would be in another order */
	for (uint64_t n = 1; n <= 1u << 20; n *= 2)
		put_number(n);
	ck_assert_int_eq(db_del_range(&txn, integers, number(&from), number(&below)), ERR_OK);
	ck_assert_str_eq(numbers(), "1 2 4 8 16 32 64 128 131072 262144 524288 1048576 ");
	ck_assert_int_eq(db_del_range(&txn, integers, number(&from), number(&below)), ERR_OK);
	below = UINT64_MAX;
	ck_assert_int_eq(db_del_range(&txn, integers, number(&from), number(&below)), ERR_OK);
	ck_assert_str_eq(numbers(), "1 2 4 8 16 32 64 128 ");
	put("a", "");
	put("b", "");
	put("b\xff", "");
	put("c", "");
	ck_assert_int_eq(db_del_range(&txn, bytes, STR("b"), STR("c")), ERR_OK);
	ck_assert(db_has(&txn, bytes, STR("a")) && db_has(&txn, bytes, STR("c")));
	ck_assert_uint_eq(db_count(&txn, bytes), 2);
}
END_TEST

static bool
keep_from(void *cookie, struct str key, struct str value)
{
	uint64_t n;

	(void)value;
	memcpy(&n, key.ptr, sizeof(n));
	return n >= *(const uint64_t *)cookie;
}

START_TEST(trimming_ends_at_the_first_that_stays_and_at_its_count)
{
	uint64_t stay = 6;

	ck_assert_int_eq(db_trim(&txn, integers, 10, keep_from, &stay), ERR_OK);
	for (uint64_t n = 0; n < 10; n++)
		put_number(n);
	ck_assert_int_eq(db_trim(&txn, integers, 0, keep_from, &stay), ERR_OK);
	ck_assert_int_eq(db_trim(&txn, integers, 2, keep_from, &stay), ERR_OK);
	ck_assert_str_eq(numbers(), "2 3 4 5 6 7 8 9 ");
	ck_assert_int_eq(db_trim(&txn, integers, 100, keep_from, &stay), ERR_OK);
	ck_assert_str_eq(numbers(), "6 7 8 9 ");
	ck_assert_int_eq(db_trim(&txn, integers, 100, keep_from, &stay), ERR_OK);
	ck_assert_str_eq(numbers(), "6 7 8 9 ");
	stay = 100;
	ck_assert_int_eq(db_trim(&txn, integers, 100, keep_from, &stay), ERR_OK);
	ck_assert_str_eq(numbers(), "");
}
END_TEST

static struct str
row(const uint32_t *n)
{
	return (struct str){ (const char *)n, sizeof(*n) };
}

START_TEST(a_key_has_many_values_in_the_order_of_their_numbers)
{
	uint32_t rows[] = { 300, 2, 70000 }, sum = 0, other = 5, n;
	struct db_cursor c;

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(db_put_pair(&txn, pairs, STR("k"), row(&rows[i])), ERR_OK);
	ck_assert_int_eq(db_put_pair(&txn, pairs, STR("l"), row(&other)), ERR_OK);
	ck_assert(db_has_pair(&txn, pairs, STR("k"), row(&rows[0])));
	ck_assert(!db_has_pair(&txn, pairs, STR("k"), row(&other)));
	for (db_walk_pairs(&c, &txn, pairs, STR("k")); c.found; db_next(&c)) {
		memcpy(&n, c.value.ptr, sizeof(n));
		ck_assert_uint_gt(n, sum);
		sum += n;
	}
	db_walk_end(&c);
	ck_assert_uint_eq(sum, 70302);
	db_walk_pairs(&c, &txn, pairs, STR("none"));
	ck_assert(!c.found);
	db_walk_end(&c);
	ck_assert_int_eq(db_del_pair(&txn, pairs, STR("k"), row(&rows[0])), ERR_OK);
	ck_assert_uint_eq(db_count(&txn, pairs), 3);
	ck_assert_int_eq(db_del_pair(&txn, pairs, STR("k"), row(&rows[0])), ERR_STORE_CORRUPT);
	db_forgive(&txn);
	ck_assert_int_ne(db_put_pair(&txn, pairs, STR("k"), row(&rows[1])), ERR_OK);
}
END_TEST

/* Fill what is left of the map, until ERR_STORE_MAP_FULL. */
static enum err
fill(void)
{
	static char value[10000];
	enum err e = ERR_OK;

	for (uint64_t n = 0; n < 1000 && e == ERR_OK; n++)
		e = db_put(&txn, integers, number(&n), (struct str){ value, sizeof(value) });
	return e;
}

START_TEST(a_full_map_undoes_the_transaction_and_a_larger_one_takes_it)
{
	struct db_space before, after;

	put("a", "one");
	again(true);
	db_space(&db, &before);
	ck_assert_int_eq(fill(), ERR_STORE_MAP_FULL);
	ck_assert_int_eq(db_commit(&txn), ERR_STORE_MAP_FULL);
	ck_assert_int_eq(db_begin(&db, &txn, false), ERR_OK);
	ck_assert_uint_eq(db_count(&txn, integers), 0);
	ck_assert(db_has(&txn, bytes, STR("a")));
	db_abort(&txn);
	ck_assert_int_eq(db_set_map(&db, 1 << 25), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &txn, true), ERR_OK);
	ck_assert_int_eq(fill(), ERR_OK);
	again(false);
	ck_assert_uint_eq(db_count(&txn, integers), 1000);
	db_space(&db, &after);
	ck_assert_uint_eq(before.map_bytes, 1 << 20);
	ck_assert_uint_eq(after.map_bytes, 1 << 25);
	ck_assert_uint_gt(after.pages, before.pages + 1000);
}
END_TEST

START_TEST(all_reader_slots_may_be_taken_and_an_idle_reader_keeps_its_own)
{
	struct db_txn one = { .txn = NULL }, two = { .txn = NULL }, third = { .txn = NULL };
	struct db_space s;

	again(true);
	ck_assert_int_eq(db_begin(&db, &one, false), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &two, false), ERR_OK);
	put("a", "");
	ck_assert_int_eq(db_commit(&txn), ERR_OK);
	db_space(&db, &s);
	ck_assert_uint_eq(s.readers, 2);
	ck_assert_uint_eq(s.readers_max, 2);
	ck_assert_uint_eq(s.oldest, db_txn_id(&one));
	ck_assert_uint_eq(db_newest(&db), db_txn_id(&one) + 1);
	ck_assert_int_eq(db_begin(&db, &third, false), ERR_STORE_READERS);
	db_rest(&two);
	ck_assert_int_eq(db_begin(&db, &third, false), ERR_STORE_READERS);
	ck_assert_int_eq(db_begin(&db, &two, false), ERR_OK);
	ck_assert_uint_gt(db_txn_id(&two), db_txn_id(&one));
	ck_assert(db_has(&two, bytes, STR("a")) && !db_has(&one, bytes, STR("a")));
	db_abort(&one);
	ck_assert_int_eq(db_begin(&db, &third, false), ERR_OK);
	db_abort(&two);
	db_abort(&third);
}
END_TEST

/* A process that ends with a snapshot open. */
static void
die_reading(void)
{
	pid_t pid;
	int status;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		struct db other;
		struct db_txn t = { .txn = NULL };

		if (db_open(&other, folder, &options) != ERR_OK || db_begin(&other, &t, false) != ERR_OK)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(slots_of_dead_processes_are_given_back_when_they_are_needed)
{
	struct db_txn one = { .txn = NULL };
	unsigned n = 9;

	ck_assert_int_eq(db_commit(&txn), ERR_OK);
	db_close(&db);
	die_reading();
	die_reading();
	ck_assert_int_eq(db_open(&db, folder, &options), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &one, false), ERR_OK);
	ck_assert_int_eq(db_drop_dead_readers(&db, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	db_abort(&one);
	die_reading();
	ck_assert_int_eq(db_drop_dead_readers(&db, &n), ERR_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_read_only_database_is_not_written)
{
	struct db_options reading = { .read_only = true, .max_dbs = 4 };
	struct db_space s;
	struct str v;

	put("a", "one");
	ck_assert_int_eq(db_commit(&txn), ERR_OK);
	db_close(&db);
	ck_assert_int_eq(db_open(&db, folder, &reading), ERR_OK);
	ck_assert_str_eq(db_path(&db), folder);
	ck_assert_int_ge(db_fd(&db), 0);
	ck_assert_int_eq(db_begin(&db, &txn, true), ERR_IO);
	ck_assert_int_eq(db_begin(&db, &txn, false), ERR_OK);
	ck_assert(db_handle(&txn, "bytes", DB_BYTES, false, &bytes));
	ck_assert(db_get(&txn, bytes, STR("a"), &v) && str_is(v, "one"));
	ck_assert_int_eq(db_put(&txn, bytes, STR("b"), STR("")), ERR_IO);
	db_space(&db, &s);
	ck_assert_uint_ge(s.readers, 1);
}
END_TEST

START_TEST(a_failure_to_open_says_why)
{
	struct db_options o = { .read_only = true, .file = true };
	char path[200];
	struct db other;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/none", folder);
	ck_assert_int_eq(db_open(&other, path, &o), ERR_IO);
	ck_assert_str_eq(db_fault_text(&other.fault, ERR_IO), "No such file or directory");
	ck_assert_ptr_null(other.env);
	db_close(&other);
	ck_assert_int_ne(fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), -1);
	ck_assert_int_eq(ftruncate(fd, 8192), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(db_open(&other, path, &o), ERR_STORE_CORRUPT);
	ck_assert_str_eq(db_fault_text(&other.fault, ERR_STORE_CORRUPT),
	    "MDB_INVALID: File is not an LMDB file");
}
END_TEST

START_TEST(a_copy_has_everything_but_the_free_pages)
{
	const struct db_options reading = { .read_only = true, .file = true, .max_dbs = 4 };
	struct db_space s, c;
	struct db_txn t = { .txn = NULL };
	uint64_t zero = 0, end = 90;
	char path[200] = "";
	struct db copy;
	int fd;

	for (uint64_t n = 0; n < 100; n++)
		ck_assert_int_eq(db_put(&txn, integers, number(&n), (struct str){ path, 100 }), ERR_OK);
	again(true);
	ck_assert_int_eq(db_del_range(&txn, integers, number(&zero), number(&end)), ERR_OK);
	again(false);
	ck_assert_uint_gt(db_free_pages(&txn), 0);
	(void)snprintf(path, sizeof(path), "%s/copy", folder);
	ck_assert_int_ne(fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), -1);
	ck_assert_int_eq(db_copy(&db, fd), ERR_OK);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(db_open(&copy, path, &reading), ERR_OK);
	ck_assert_int_eq(db_begin(&copy, &t, false), ERR_OK);
	ck_assert(db_handle(&t, "integers", DB_INTEGERS, false, &integers));
	ck_assert_uint_eq(db_count(&t, integers), 10);
	ck_assert_uint_eq(db_free_pages(&t), 0);
	db_space(&db, &s);
	db_space(&copy, &c);
	ck_assert_uint_lt(c.pages, s.pages);
	db_abort(&t);
	db_close(&copy);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("db");
	TCase *c = tcase_create("db");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, what_was_put_is_found_and_what_was_not_is_absent_without_a_fault);
	tcase_add_test(c, the_first_fault_stays_and_nothing_is_read_written_or_committed_after_it);
	tcase_add_test(c, lmdbs_own_fault_sticks_with_its_words);
	tcase_add_test(c, a_required_or_new_entry_is_a_fault_otherwise);
	tcase_add_test(c, a_reserved_value_is_filled_in_by_the_caller);
	tcase_add_test(c, a_walk_along_a_prefix_ends_at_its_borders);
	tcase_add_test(c, a_walk_back_begins_before_its_key);
	tcase_add_test(c, entries_are_deleted_while_they_are_walked_along);
	tcase_add_test(c, a_range_is_deleted_by_number_and_by_bytes);
	tcase_add_test(c, trimming_ends_at_the_first_that_stays_and_at_its_count);
	tcase_add_test(c, a_key_has_many_values_in_the_order_of_their_numbers);
	tcase_add_test(c, a_full_map_undoes_the_transaction_and_a_larger_one_takes_it);
	tcase_add_test(c, all_reader_slots_may_be_taken_and_an_idle_reader_keeps_its_own);
	tcase_add_test(c, slots_of_dead_processes_are_given_back_when_they_are_needed);
	tcase_add_test(c, a_read_only_database_is_not_written);
	tcase_add_test(c, a_failure_to_open_says_why);
	tcase_add_test(c, a_copy_has_everything_but_the_free_pages);
	suite_add_tcase(s, c);
	return run_suite(s);
}
