#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/zone.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "common/store/summary.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1795255200000)
#define ALL	600	/* orders that come and go in the random tests */

static struct config config;
static struct apply *a;
static struct store *st;
static uint64_t first;	/* the new store's generation */

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	first = store_generation(st);
	store_end(st);
}

static void
teardown(void)
{
	apply_close(a);
}

static void
check(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
	store_check(st);
	store_end(st);
}

static struct change
upsert(const struct made_order *m)
{
	return (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = m->r, .base = CHANGE_ANY_BASE };
}

/* Fill the store with orders [0, n) in one list. */
static void
fill(unsigned n, uint64_t seed)
{
	struct made_order *m = calloc(n, sizeof(*m));
	struct change *c = calloc(n, sizeof(*c));

	for (unsigned i = 0; i < n; i++) {
		made_order(&m[i], i, &seed);
		c[i] = upsert(&m[i]);
	}
	(void)made_apply(a, c, n);
	free(m);
	free(c);
}

/* The transaction of our own snapshot, newly begun. */
static struct db_txn *
own_txn(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
	return store_txn(st);
}

START_TEST(an_empty_store_is_consistent)
{
	check();
	ck_assert_uint_eq(store_row_count(st, &orders_schema), 0);
}
END_TEST

START_TEST(a_store_created_again_repeats_no_generation)
{
	char moved[600];
	uint64_t last;

	fill(3, 1);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	last = store_generation(st);
	apply_close(a);
	(void)snprintf(moved, sizeof(moved), "%s.old", config.store.path);
	ck_assert_int_eq(rename(config.store.path, moved), 0);
	(void)usleep(2000);	/* the clock it starts from counts milliseconds */
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_gt(store_generation(st), last);
}
END_TEST

struct told {
	int		 times;
	uint64_t	 generation;
	struct buf	 entry;
};

static void
on_commit(void *cookie, uint64_t generation, struct str entry)
{
	struct told *told = cookie;

	told->times++;
	told->generation = generation;
	buf_clear(&told->entry);
	buf_add_str(&told->entry, entry);
}

START_TEST(each_commit_is_announced_with_its_entry_in_the_change_log)
{
	struct told told = { 0 };
	struct str value;

	apply_on_commit(a, on_commit, &told);
	fill(3, 1);
	ck_assert_int_eq(told.times, 1);
	ck_assert_uint_eq(told.generation, first + 1);
	ck_assert(db_get(own_txn(), store_databases(st)->changes, key_u64(&told.generation), &value));
	ck_assert(str_eq(value, buf_str(&told.entry)));
	store_end(st);
	fill(3, 1);	/* changes nothing */
	ck_assert_int_eq(told.times, 1);
	apply_on_commit(a, NULL, NULL);
	fill(4, 1);
	ck_assert_int_eq(told.times, 1);
	buf_free(&told.entry);
}
END_TEST

START_TEST(a_list_becomes_one_generation)
{
	fill(300, 1);
	check();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(store_generation(st), first + 1);
	ck_assert_uint_eq(store_row_count(st, &orders_schema), 300);
}
END_TEST

START_TEST(a_change_that_changes_nothing_makes_no_generation)
{
	uint64_t seed = 5;
	struct made_order m;
	struct change c;
	struct apply_result r;

	made_order(&m, 1, &seed);
	c = upsert(&m);
	(void)made_apply(a, &c, 1);
	r = made_apply(a, &c, 1);
	ck_assert_uint_eq(r.generation, first + 1);
	ck_assert_uint_eq(r.unchanged, 1);
	c.record.id = STR("recNobody");
	c.kind = CHANGE_GONE;
	ck_assert_uint_eq(made_apply(a, &c, 1).generation, first + 1);
}
END_TEST

START_TEST(fields_that_are_not_known_stay_as_they_are)
{
	uint64_t seed = 7;
	struct made_order m;
	struct change c;
	struct record r;
	struct row_view view;
	uint32_t row;

	made_order(&m, 1, &seed);
	m.r.values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("Kept") };
	c = upsert(&m);
	(void)made_apply(a, &c, 1);
	c.record.known = 1u << ORDER_STATUS;
	c.record.values[ORDER_CUSTOMER].present = false;
	c.record.values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Shipped") };
	(void)made_apply(a, &c, 1);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, &orders_schema, m.r.id, &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &orders_schema, row, &view), ERR_OK);
	ck_assert_int_eq(row_values(&view, &orders_schema, &r), ERR_OK);
	ck_assert(str_is(r.values[ORDER_CUSTOMER].text, "Kept"));
	ck_assert(str_is(r.values[ORDER_STATUS].text, "Shipped"));
	check();
}
END_TEST

START_TEST(news_older_than_the_row_is_left_out)
{
	uint64_t seed = 9;
	struct made_order m;
	struct change c;
	struct apply_result r;

	made_order(&m, 1, &seed);
	c = upsert(&m);
	(void)made_apply(a, &c, 1);	/* generation first + 1 */
	c.record.values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("Late") };
	c.base = first;
	r = made_apply(a, &c, 1);
	ck_assert_uint_eq(r.skipped, 1);
	ck_assert_uint_eq(r.generation, first + 1);
	c.kind = CHANGE_GONE;
	ck_assert_uint_eq(made_apply(a, &c, 1).deleted, 0);
	c.base = first + 1;
	ck_assert_uint_eq(made_apply(a, &c, 1).deleted, 1);
	check();
}
END_TEST

START_TEST(the_last_of_two_changes_of_a_record_in_a_list_counts)
{
	uint64_t seed = 11;
	struct made_order m, again;
	struct change c[3];

	made_order(&m, 1, &seed);
	made_order(&again, 1, &seed);
	c[0] = upsert(&m);
	c[1] = upsert(&again);
	ck_assert_uint_eq(made_apply(a, c, 2).created, 1);
	check();
	c[2] = c[0];
	c[0].kind = CHANGE_GONE;
	c[1].kind = CHANGE_GONE;
	ck_assert_uint_eq(made_apply(a, c, 3).deleted, 0);
	check();
}
END_TEST

/* 10,000 random edits, creations and deletions in lists of 1 to 40. */
START_TEST(random_changes_keep_all_parts_equal_to_a_recomputation)
{
	uint64_t seed = (uint64_t)_i + 100;
	struct made_order m[40];
	struct change c[40];

	fill(ALL / 2, seed);
	for (unsigned done = 0, round = 0; done < 10000; round++) {
		unsigned n = (unsigned)made_random(&seed, round % 10 == 0 ? 40 : 3) + 1;

		for (unsigned i = 0; i < n; i++) {
			made_order(&m[i], (unsigned)made_random(&seed, ALL), &seed);
			c[i] = upsert(&m[i]);
			if (made_random(&seed, 4) == 0)
				c[i].kind = CHANGE_GONE;
			else if (made_random(&seed, 2) == 0)
				c[i].record.known = (uint32_t)made_random(&seed, 128);
		}
		(void)made_apply(a, c, n);
		done += n;
		if (round % 250 == 0)
			check();
	}
	check();
}
END_TEST

START_TEST(chunks_split_and_empty_in_a_large_table)
{
	uint64_t seed = 77;
	struct made_order m;
	struct change c;

	fill(9000, 3);
	check();
	for (unsigned i = 0; i < 3000; i++) {
		made_order(&m, 9000 + i, &seed);
		/* all at one end, so that chunks split there */
		m.r.values[ORDER_CREATED_AT] = (struct value){ .present = true, .number = NOW_MS + i };
		c = upsert(&m);
		(void)made_apply(a, &c, 1);
	}
	check();
	for (unsigned i = 0; i < 3000; i++) {
		made_order(&m, i * 3 % 12000, &seed);
		c = upsert(&m);
		c.kind = CHANGE_GONE;
		(void)made_apply(a, &c, 1);
	}
	check();
}
END_TEST

START_TEST(everything_can_go_and_come_back)
{
	struct made_order *m = calloc(ALL, sizeof(*m));
	struct change *c = calloc(ALL, sizeof(*c));
	uint64_t seed = 21;

	fill(ALL, 20);
	for (unsigned i = 0; i < ALL; i++) {
		made_order(&m[i], i, &seed);
		c[i] = upsert(&m[i]);
		c[i].kind = CHANGE_GONE;
	}
	ck_assert_uint_eq(made_apply(a, c, ALL).deleted, ALL);
	check();
	for (unsigned i = 0; i < ALL; i++) {
		c[i].kind = CHANGE_UPSERT;
		(void)made_apply(a, &c[i], 1);
	}
	check();
	free(m);
	free(c);
}
END_TEST

START_TEST(the_store_survives_being_closed_and_opened)
{
	fill(100, 4);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	check();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(store_generation(st), first + 1);
}
END_TEST

START_TEST(a_second_writer_is_refused)
{
	struct apply *second;

	ck_assert_int_eq(apply_open(&config, &tables_builtin, &second), ERR_STORE_LOCKED);
}
END_TEST

/* Write the smallest store of a newer format. */
static void
put_newer_format(void)
{
	const struct store_head head = { .format = STORE_FORMAT + 1 };
	const struct db_options options = { .max_dbs = 1, .mode = 0640 };
	struct db_txn txn = { .txn = NULL };
	struct db db;
	db_id meta;

	ck_assert_int_eq(db_open(&db, config.store.path, &options), ERR_OK);
	ck_assert_int_eq(db_begin(&db, &txn, true), ERR_OK);
	ck_assert(db_handle(&txn, "meta", DB_BYTES, true, &meta));
	ck_assert_int_eq(db_put(&txn, meta, STR(META_HEAD),
	    (struct str){ (const char *)&head, sizeof(head) }), ERR_OK);
	ck_assert_int_eq(db_commit(&txn), ERR_OK);
	db_close(&db);
}

START_TEST(a_store_of_a_newer_format_is_refused_by_its_name)
{
	struct apply *other;
	struct store *reader;

	(void)snprintf(config.store.path, sizeof(config.store.path), "%s", tmpdir_new());
	put_newer_format();
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &reader), ERR_STORE_VERSION);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &other), ERR_STORE_VERSION);
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &reader), ERR_STORE_VERSION);
}
END_TEST

START_TEST(another_time_zone_counts_the_days_again)
{
	fill(400, 6);
	apply_close(a);
	(void)strcpy(config.summary.time_zone, "Pacific/Auckland");
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	check();	/* store_check counts days in the zone now in use */
}
END_TEST

START_TEST(a_full_map_grows_to_its_limit_and_then_refuses)
{
	struct made_order *m = calloc(20000, sizeof(*m));
	struct change *c = calloc(20000, sizeof(*c));
	struct apply_meta meta = { 0 };
	struct apply_result r;
	uint64_t seed = 1;

	apply_close(a);
	config.store.map_limit_bytes = 4 << 20;
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	for (unsigned i = 0; i < 20000; i++) {
		made_order(&m[i], i, &seed);
		c[i] = upsert(&m[i]);
	}
	(void)made_apply(a, c, 2000);
	ck_assert_int_eq(apply_changes(a, c, 20000, SOURCE_FULL_SYNC, &meta, NOW_MS, &r),
	    ERR_STORE_MAP_FULL);
	check();
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(store_row_count(st, &orders_schema), 2000);
	store_end(st);
	(void)made_apply(a, c, 2000);	/* and it still works */
	free(m);
	free(c);
}
END_TEST

START_TEST(the_change_log_keeps_as_many_generations_as_configured)
{
	for (unsigned i = 0; i < 150; i++) {
		uint64_t seed = i;
		struct made_order m;
		struct change c;

		made_order(&m, i, &seed);
		c = upsert(&m);
		(void)made_apply(a, &c, 1);
	}
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(db_count(store_txn(st), store_databases(st)->changes), 100);
}
END_TEST

START_TEST(a_snapshot_does_not_move_while_the_writer_commits)
{
	struct store *reader;

	fill(10, 1);
	ck_assert_int_eq(store_share(st, &reader), ERR_OK);
	ck_assert_int_eq(store_begin(reader), ERR_OK);
	fill(20, 2);
	ck_assert_uint_eq(store_generation(reader), first + 1);
	ck_assert_uint_eq(store_row_count(reader, &orders_schema), 10);
	ck_assert_int_eq(store_begin(reader), ERR_OK);
	ck_assert_uint_eq(store_generation(reader), first + 2);
	store_close(reader);
}
END_TEST

START_TEST(a_killed_readers_snapshot_is_dropped)
{
	const struct apply_meta nothing = { 0 };
	struct apply_result result;
	int ready[2], status;
	unsigned left = 9;
	char byte;
	pid_t reader;

	fill(10, 1);
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ge(reader = fork(), 0);
	if (reader == 0) {
		struct store *own;

		if (store_open(config.store.path, &tables_builtin, &own) != ERR_OK || store_begin(own) != ERR_OK ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(kill(reader, SIGKILL), 0);
	ck_assert_int_eq(waitpid(reader, &status, 0), reader);
	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_JOB, &nothing, NOW_MS + 60000, &result), ERR_OK);
	ck_assert_int_eq(db_drop_dead_readers(own_txn()->db, &left), ERR_OK);
	ck_assert_uint_eq(left, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("apply");
	TCase *t = tcase_create("apply"), *many = tcase_create("many changes");
	TCase *forking = tcase_create("readers");

	tcase_add_checked_fixture(many, setup, teardown);
	tcase_set_timeout(many, 120);
	tcase_set_tags(many, "long");
	tcase_add_loop_test(many, random_changes_keep_all_parts_equal_to_a_recomputation, 0, 3);
	tcase_add_test(many, chunks_split_and_empty_in_a_large_table);
	suite_add_tcase(s, many);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, an_empty_store_is_consistent);
	tcase_add_test(t, a_store_created_again_repeats_no_generation);
	tcase_add_test(t, each_commit_is_announced_with_its_entry_in_the_change_log);
	tcase_add_test(t, a_list_becomes_one_generation);
	tcase_add_test(t, a_change_that_changes_nothing_makes_no_generation);
	tcase_add_test(t, fields_that_are_not_known_stay_as_they_are);
	tcase_add_test(t, news_older_than_the_row_is_left_out);
	tcase_add_test(t, the_last_of_two_changes_of_a_record_in_a_list_counts);
	tcase_add_test(t, everything_can_go_and_come_back);
	tcase_add_test(t, the_store_survives_being_closed_and_opened);
	tcase_add_test(t, a_second_writer_is_refused);
	tcase_add_test(t, a_store_of_a_newer_format_is_refused_by_its_name);
	tcase_add_test(t, another_time_zone_counts_the_days_again);
	tcase_add_test(t, a_full_map_grows_to_its_limit_and_then_refuses);
	tcase_add_test(t, the_change_log_keeps_as_many_generations_as_configured);
	tcase_add_test(t, a_snapshot_does_not_move_while_the_writer_commits);
	suite_add_tcase(s, t);

	tcase_set_tags(forking, "no-valgrind");	/* a child of a child without Check */
	tcase_add_checked_fixture(forking, setup, teardown);
	tcase_add_test(forking, a_killed_readers_snapshot_is_dropped);
	suite_add_tcase(s, forking);
	return run_suite(s);
}
