#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/store/columns.h"
#include "common/store/history.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "syncd/backup/backup.h"
#include "syncd/verify/verify.h"
#include "tests/lib/closed_store.h"
#include "tests/lib/store_full.h"
#include "tests/lib/support.h"

/*
 * A sound store, then one thing in it changed behind its back: each kind of
 * damage is found, and reported under the name of what is damaged.
 */
static struct config config;
static struct closed_store closed;	/* while it is damaged */
static struct db_txn *txn = &closed.txn;
#define dbs	closed.dbs

/* ---- means of damage ------------------------------------------------------------ */
static void
put(db_id dbi, struct str key, const void *bytes, size_t len)
{
	ck_assert_int_eq(db_put(txn, dbi, key, (struct str){ bytes, len }), ERR_OK);
}

/* A copy of the value under ${key}, to be put back with changes; NULL key: the first one. */
static char *
value_of(db_id dbi, struct str *key, size_t *len)
{
	struct db_cursor c;
	char *copy;

	if (key->ptr == NULL)
		db_walk(&c, txn, dbi);
	else
		db_walk_from(&c, txn, dbi, *key);
	ck_assert(c.found && (key->ptr == NULL || str_eq(c.key, *key)));
	*key = c.key;
	ck_assert_ptr_nonnull(copy = malloc(c.value.len + 8));
	memcpy(copy, c.value.ptr, *len = c.value.len);
	db_walk_end(&c);
	return copy;
}

static void
flip(db_id dbi, struct str key, size_t at)
{
	char own[STORE_KEY_MAX], *copy;
	size_t len;

	copy = value_of(dbi, &key, &len);
	memcpy(own, key.ptr, key.len);	/* it lies in the page that is about to change */
	key.ptr = own;
	ck_assert_uint_lt(at, len);
	copy[at] ^= 1;
	put(dbi, key, copy, len);
	free(copy);
}

static void
drop(db_id dbi, struct str key)
{
	char own[STORE_KEY_MAX];
	size_t len;

	free(value_of(dbi, &key, &len));
	memcpy(own, key.ptr, key.len);
	key.ptr = own;
	ck_assert_int_eq(db_del(txn, dbi, key), ERR_OK);
}

#define FIRST	((struct str){ NULL, 0 })

static struct str
column(unsigned field, uint32_t segment)
{
	static uint64_t k;

	k = column_key(field, segment);
	return key_u64(&k);
}

static struct str
total(enum total_kind kind, unsigned field, uint32_t which)
{
	static uint64_t k;

	k = total_key(kind, field, which);
	return key_u64(&k);
}

static struct str
ordering(unsigned field, int descending, uint32_t chunk)
{
	static uint64_t k;

	k = ordering_key(field, descending, chunk);
	return key_u64(&k);
}

/* The head with one thing changed. */
static struct store_head
head(void)
{
	struct store_head h;

	ck_assert_int_eq(meta_head(txn, dbs.meta, &h), 0);
	return h;
}

static void
put_head(struct store_head h)
{
	struct str bytes = meta_head_bytes(&h);

	put(dbs.meta, STR(META_HEAD), bytes.ptr, bytes.len);
}

/* A text in the first value of a database replaced by another of its length. */
static void
replace(db_id dbi, const char *from, const char *to)
{
	struct str key = FIRST;
	char own[STORE_KEY_MAX], *copy, *at;
	size_t len, n = strlen(to);

	copy = value_of(dbi, &key, &len);
	memcpy(own, key.ptr, key.len);
	key.ptr = own;
	ck_assert_uint_eq(strlen(from), n);
	ck_assert_ptr_nonnull(at = memmem(copy, len, from, n));
	for (size_t i = 0; i < n; i++)
		at[i] = to[i];
	put(dbi, key, copy, len);
	free(copy);
}

/* ---- the damages -------------------------------------------------------------- */
static void select_column(void) { flip(dbs.table[orders_schema.number].columns, column(ORDER_STATUS, 0), 17); }
static void money_column(void) { flip(dbs.table[orders_schema.number].columns, column(ORDER_TOTAL, 0), 8 * 400); }
static void text_column(void) { flip(dbs.table[orders_schema.number].columns, column(ORDER_CUSTOMER, 0), COLUMN_ENDS_BYTES + 3); }
static void text_ends(void) { flip(dbs.table[orders_schema.number].columns, column(ORDER_CUSTOMER, 0), 4 * 50 + 2); }
static void hash_column(void) { flip(dbs.table[orders_schema.number].columns, column(COLUMN_HASH + ORDER_CUSTOMER, 0), 8 * 30); }
static void live_bit(void) { flip(dbs.table[orders_schema.number].columns, column(COLUMN_LIVE, 0), 9); }
static void column_missing(void) { drop(dbs.table[orders_schema.number].columns, column(ORDER_PRIORITY, 0)); }
static void free_missing(void) { drop(dbs.table[orders_schema.number].free, FIRST); }
static void id_missing(void) { drop(dbs.table[orders_schema.number].ids, FIRST); }
static void id_elsewhere(void) { flip(dbs.table[orders_schema.number].ids, FIRST, 0); }
static void key_missing(void) { drop(dbs.table[orders_schema.number].keys, FIRST); }
static void ordering_swapped(void) { flip(dbs.table[orders_schema.number].orderings, ordering(ORDER_TOTAL, 0, 1), 4 * 9); }
static void chunk_missing(void) { drop(dbs.table[orders_schema.number].orderings, ordering(ORDER_CUSTOMER, 1, 2)); }
static void directory_wrong(void) { flip(dbs.table[orders_schema.number].orderings, ordering(ORDER_CREATED_AT, 1, 0), 8 + 12); }
static void total_of_all(void) { flip(dbs.table[orders_schema.number].totals, total(TOTAL_ALL, 0, 0), 0); }
static void total_sum_wrong(void) { flip(dbs.table[orders_schema.number].totals, total(TOTAL_ALL, 0, 0), 9); }
static void total_of_option(void) { drop(dbs.table[orders_schema.number].totals, total(TOTAL_OPTION, ORDER_STATUS, 2)); }
static void summary_text(void) { flip(dbs.table[orders_schema.number].totals, total(TOTAL_BODY, 0, 0), 32 + 60); }
static void audit_missing(void) { drop(dbs.audit, FIRST); }
static void audit_other(void) { flip(dbs.audit, FIRST, 1); }
static void bulk_missing(void) { drop(dbs.bulks, FIRST); }
static void history_missing(void) { drop(dbs.history, FIRST); }
static void history_no_json(void) { flip(dbs.history, FIRST, 0); }
static void outbox_cut(void) { flip(dbs.outbox, FIRST, 60); }
static void pending_missing(void) { drop(dbs.pending, FIRST); }
static void pending_other(void) { replace(dbs.pending, "\"High\"", "\"Hugh\""); }
static void answer_endless(void) { drop(dbs.answers_due, FIRST); }
static void change_cut(void) { flip(dbs.changes, FIRST, 8); }
static void birth_missing(void) { drop(dbs.meta, STR(META_BIRTH)); }
static void sequence_behind(void) { put(dbs.meta, STR(META_SEQUENCE), &(uint64_t){ 2 }, 8); }

/* The first of its kind. */
static void
flip_day(enum total_kind kind)
{
	uint64_t k = total_key(kind, ORDER_CREATED_AT, 0), found;
	struct db_cursor c;

	db_walk_from(&c, txn, dbs.table[orders_schema.number].totals, key_u64(&k));
	ck_assert(c.found);
	memcpy(&found, c.key.ptr, sizeof(found));
	db_walk_end(&c);
	ck_assert_uint_eq(found >> 56, kind);
	flip(dbs.table[orders_schema.number].totals, key_u64(&found), 0);
}

static void total_of_a_day(void) { flip_day(TOTAL_DAY); }
static void total_of_a_day_out(void) { flip_day(TOTAL_DAY_OUT); }
static void excluded_other(void) { put(dbs.meta, STR(META_EXCLUDED), "Shipped", 8); }

static void
gzip_other(void)
{
	struct str key = total(TOTAL_BODY, 0, 0);
	size_t len;

	free(value_of(dbs.table[orders_schema.number].totals, &key, &len));
	flip(dbs.table[orders_schema.number].totals, total(TOTAL_BODY, 0, 0), len - 6);	/* its checksum */
}

static void
rows_counted_wrong(void)
{
	struct store_head h = head();

	h.table[orders_schema.number].rows_live++;
	put_head(h);
}

static void
pending_counted_wrong(void)
{
	struct store_head h = head();

	h.table[orders_schema.number].pending++;
	put_head(h);
}

static void
generation_set_back(void)
{
	struct store_head h = head();

	h.generation -= 3;
	put_head(h);
}

/* A row's JSON says something else than its values. */
static void
row_json(void)
{
	uint32_t block = 0;
	struct str key = key_u32(&block);
	char *copy, *at;
	size_t len;

	copy = value_of(dbs.table[orders_schema.number].rows, &key, &len);
	ck_assert_ptr_nonnull(at = memmem(copy, len, "\"updatedAt\":\"20", 15));
	at[14] = '1';
	put(dbs.table[orders_schema.number].rows, key_u32(&block), copy, len);
	free(copy);
}

static void
row_cut(void)
{
	uint32_t block = 1;

	flip(dbs.table[orders_schema.number].rows, key_u32(&block), 4 * 3 + 2);	/* where a row ends */
}

static void
block_missing(void)
{
	uint32_t block = 2;

	drop(dbs.table[orders_schema.number].rows, key_u32(&block));
}

static void
option_twice(void)
{
	put(dbs.meta, STR(META_OPTIONS "1.2"), "On Hold\0On Hold", 16);
}

static void
feed_cut(void)
{
	put(dbs.meta, STR(META_FEED), "{\"base\":\"\",\"webh", 15);
}

static void
calls_other(void)
{
	flip(dbs.meta, STR(META_CALLS), 0);
}

/* The first order's history ends with another value. */
static void
history_other(void)
{
	struct str key = FIRST;
	char own[STORE_KEY_MAX], *copy, *at;
	size_t len;

	copy = value_of(dbs.history, &key, &len);
	memcpy(own, key.ptr, key.len);
	key.ptr = own;
	ck_assert_ptr_nonnull(at = memmem(copy, len, "\"action\":\"", 10));
	at[10] = 'X';
	put(dbs.history, key, copy, len);
	free(copy);
}

static const struct {
	const char	*what;
	const char	*where;		/* under which it is reported */
	void		(*damage)(void);
} damages[] = {
	{ "a select's code", "columns", select_column },
	{ "a number in a column", "columns", money_column },
	{ "a folded text", "columns", text_column },
	{ "the ends of texts", "columns", text_ends },
	{ "the hash of a text", "columns", hash_column },
	{ "a bit of use", "columns", live_bit },
	{ "a missing column", "columns", column_missing },
	{ "a free row not listed", "ids", free_missing },
	{ "a record id lost", "ids", id_missing },
	{ "a record id that leads elsewhere", "ids", id_elsewhere },
	{ "a business id lost", "ids", key_missing },
	{ "an ordering out of order", "orderings", ordering_swapped },
	{ "a chunk of an ordering lost", "orderings", chunk_missing },
	{ "an ordering's directory", "orderings", directory_wrong },
	{ "the count of all", "totals", total_of_all },
	{ "the sum of all", "totals", total_sum_wrong },
	{ "an option's total lost", "totals", total_of_option },
	{ "a day's count", "totals", total_of_a_day },
	{ "what is no revenue of a day", "totals", total_of_a_day_out },
	{ "which orders are no revenue", "totals", excluded_other },
	{ "the summary's text", "summary", summary_text },
	{ "the summary's gzip", "summary", gzip_other },
	{ "a row's JSON", "rows", row_json },
	{ "a row's end", "rows", row_cut },
	{ "a block of rows lost", "ids", block_missing },
	{ "the head's count of orders", "meta", rows_counted_wrong },
	{ "the head's count of pending orders", "meta", pending_counted_wrong },
	{ "a generation set back", "rows", generation_set_back },
	{ "the birth lost", "meta", birth_missing },
	{ "an option listed twice", "meta", option_twice },
	{ "where the feed is", "meta", feed_cut },
	{ "the month's calls", "meta", calls_other },
	{ "numbers that would be given again", "outbox", sequence_behind },
	{ "an entry of the outbox", "outbox", outbox_cut },
	{ "a pending order lost", "pending", pending_missing },
	{ "a pending order shown wrong", "pending", pending_other },
	{ "an answer that never ends", "answers", answer_endless },
	{ "the change log", "changes", change_cut },
	{ "the audit log lost an entry", "history", audit_missing },
	{ "the audit log's time", "history", audit_other },
	{ "a bulk edit lost an entry", "history", bulk_missing },
	{ "the history lost an entry", "history", history_missing },
	{ "history that is no JSON", "history", history_no_json },
	{ "history of no known kind", "history", history_other }
};

/* ---- looking for it ------------------------------------------------------------- */
static void
setup(void)
{
	full_store(&config, tmpdir_new(), instant_now());
}

static void
damage(void (*how)(void))
{
	closed_store_open(&closed, config.store.path);
	how();
	closed_store_commit(&closed);
}

static void
note(void *cookie, const char *where, const char *what)
{
	buf_printf(cookie, "\n%s: %s", where, what);
}

static size_t
verify(struct buf *said)
{
	struct verify_result r = { .faults = 0 };
	struct store *st;

	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(verify_store(st, note, said, &r), ERR_OK);
	store_close(st);
	return r.faults;
}

START_TEST(a_sound_store_has_no_faults)
{
	struct buf said = { .data = NULL };

	ck_assert_msg(verify(&said) == 0, "%s", buf_cstr(&said));
	buf_free(&said);
}
END_TEST

START_TEST(each_kind_of_damage_is_found_and_named)
{
	struct buf said = { .data = NULL };
	char line[32];

	damage(damages[_i].damage);
	ck_assert_msg(verify(&said) > 0, "%s: not found", damages[_i].what);
	(void)snprintf(line, sizeof(line), "\n%s: ", damages[_i].where);
	ck_assert_msg(strstr(buf_cstr(&said), line) != NULL, "%s: told as%s", damages[_i].what,
	    buf_cstr(&said));
	buf_free(&said);
}
END_TEST

/* Damage that no rebuild can repair: it can't know which entry of the history is lost. */
static bool
lost_for_good(const char *what)
{
	return strcmp(what, "the history lost an entry") == 0 ||
	    strcmp(what, "history that is no JSON") == 0 ||
	    strcmp(what, "history of no known kind") == 0;
}

static void
sync_again(const struct record *r, size_t n)
{
	const struct apply_meta synced = { .table = &orders_schema, .synced_ms = INT64_C(1795255300000) };
	struct change *c = calloc(n, sizeof(*c));
	struct apply_result result;
	struct apply *a;

	ck_assert_ptr_nonnull(c);
	for (size_t i = 0; i < n; i++)
		c[i] = (struct change){ .table = &orders_schema, .kind = CHANGE_UPSERT, .record = r[i], .base = CHANGE_ANY_BASE };
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(apply_changes(a, c, n, SOURCE_FULL_SYNC, &synced, synced.synced_ms, &result), ERR_OK);
	apply_close(a);
	free(c);
}

/* Every record of the store, as Airtable would list it; strings lie in ${st}. */
static struct record *
records(struct store *st, size_t *n)
{
	struct record *list = calloc(store_rows_end(st, &orders_schema), sizeof(*list));
	struct row_view view;

	*n = 0;
	for (uint32_t row = 0; row < store_rows_end(st, &orders_schema); row++)
		if (store_row(st, &orders_schema, row, &view) == ERR_OK)
			ck_assert_int_eq(row_values(&view, &orders_schema, &list[(*n)++]), ERR_OK);
	return list;
}

START_TEST(a_rebuild_and_a_sync_make_it_sound_again)
{
	struct buf said = { .data = NULL };
	struct backup_facts f;
	char path[2 * CONFIG_TEXT_MAX + 64];
	uint64_t generation;
	struct record *list;
	struct store *st;
	struct db db;
	size_t n;

	/* what Airtable has: the store before */
	(void)snprintf(path, sizeof(path), "cp %s/data.mdb %s/../before.mdb", config.store.path, config.store.path);
	ck_assert_int_eq(system(path), 0);
	(void)snprintf(path, sizeof(path), "%s/../before.mdb", config.store.path);
	ck_assert_int_eq(backup_open(path, &tables_builtin, &db, &st, &said), ERR_OK);
	ck_assert_int_eq(store_begin(st), ERR_OK);
	generation = store_generation(st);
	list = records(st, &n);
	damage(damages[_i].damage);
	ck_assert_msg(backup_rebuild(&config, &tables_builtin, &f, &said) == ERR_OK, "%s: %s", damages[_i].what, buf_cstr(&said));
	ck_assert_uint_gt(f.generation, generation);
	ck_assert_uint_ge(f.outbox + (damages[_i].damage == outbox_cut), 2);
	ck_assert_uint_eq(f.rows + f.in_doubt >= n - ROW_BLOCK, true);
	sync_again(list, n);
	free(list);
	store_close(st);
	db_close(&db);
	if (!lost_for_good(damages[_i].what))
		ck_assert_msg(verify(&said) == 0, "%s: %s", damages[_i].what, buf_cstr(&said));
	buf_free(&said);
}
END_TEST

START_TEST(a_file_that_was_cut_is_reported_and_not_read)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct buf said = { .data = NULL };
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", config.store.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size - 4096), 0);
	ck_assert_uint_gt(verify(&said), 0);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "meta: the file has "));
	buf_free(&said);
}
END_TEST

static void
all_codes(void)
{
	char codes[COLUMN_SEGMENT];

	memset(codes, 5, sizeof(codes));
	put(dbs.table[orders_schema.number].columns, column(ORDER_STATUS, 0), codes, sizeof(codes));
}

START_TEST(many_faults_are_counted_and_the_first_are_reported)
{
	struct buf said = { .data = NULL };
	size_t lines = 0, faults;

	damage(all_codes);
	faults = verify(&said);
	for (const char *p = buf_cstr(&said); (p = strstr(p, "\ncolumns: ")) != NULL; p++)
		lines++;
	ck_assert_uint_gt(faults, 1000);
	ck_assert_uint_eq(lines, VERIFY_TOLD + 1);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "columns: and "));
	buf_free(&said);
}
END_TEST

/*
 * Bytes changed at random in the data file, anywhere but in the meta pages:
 * whatever LMDB makes of its pages, our own code does not crash.  LMDB itself
 * may crash, so syncctl reads such files in a child process.
 */
START_TEST(random_bytes_are_read_without_harm)
{
	uint64_t seed = 300 + (uint64_t)_i;
	struct buf said = { .data = NULL };

	closed_store_open(&closed, config.store.path);
	for (int n = 0; n < 60; n++) {
		const db_id list[] = { dbs.meta, dbs.changes, dbs.outbox, dbs.pending, dbs.answers,
		    dbs.history, dbs.audit, dbs.table[orders_schema.number].rows, dbs.table[orders_schema.number].columns, dbs.table[orders_schema.number].orderings,
		    dbs.table[orders_schema.number].totals };
		db_id dbi = list[made_random(&seed, sizeof(list) / sizeof(list[0]))];
		uint64_t skip = made_random(&seed, 20) + 1;
		struct str key = FIRST, value = FIRST;
		char own[STORE_KEY_MAX], *copy;
		struct db_cursor c;

		for (db_walk(&c, txn, dbi); c.found && skip > 0; db_next(&c), skip--) {
			key = c.key;
			value = c.value;
		}
		db_walk_end(&c);
		if (value.len <= 8 || (dbi == dbs.meta && memcmp(key.ptr, "head", 4) == 0))
			continue;
		ck_assert_ptr_nonnull(copy = malloc(value.len));
		memcpy(copy, value.ptr, value.len);
		memcpy(own, key.ptr, key.len);
		key.ptr = own;
		for (int b = 0; b < 4; b++)
			copy[made_random(&seed, made_random(&seed, 2) == 0 ? value.len : 64 % value.len + 1)] =
			    (char)made_random(&seed, 256);
		put(dbi, key, copy, made_random(&seed, 3) == 0 ? made_random(&seed, value.len) + 1 : value.len);
		free(copy);
	}
	closed_store_commit(&closed);
	ck_assert_uint_gt(verify(&said), 0);
	buf_free(&said);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verify");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_sound_store_has_no_faults);
	tcase_add_loop_test(t, each_kind_of_damage_is_found_and_named, 0,
	    sizeof(damages) / sizeof(damages[0]));
	tcase_add_test(t, a_file_that_was_cut_is_reported_and_not_read);
	tcase_add_test(t, many_faults_are_counted_and_the_first_are_reported);
	suite_add_tcase(s, t);
	t = tcase_create("random");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_tags(t, "long");
	tcase_add_loop_test(t, a_rebuild_and_a_sync_make_it_sound_again, 0,
	    sizeof(damages) / sizeof(damages[0]));
	tcase_add_loop_test(t, random_bytes_are_read_without_harm, 0, 12);
	suite_add_tcase(s, t);
	return run_suite(s);
}
