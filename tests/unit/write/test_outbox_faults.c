#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hash.h"
#include "common/store/keys.h"
#include "tests/lib/outbox_fixture.h"
#include "tests/lib/store_check.h"

/* ---- no room ------------------------------------------------------------------- */

/* A checksum of all databases. */
static uint64_t
fingerprint(struct store *s)
{
	const struct store_dbs *d = store_databases(s);
	const db_id list[] = {
		d->meta, d->changes, d->outbox, d->pending, d->answers, d->answers_due, d->history,
		d->audit, d->bulks, store_table(d, &orders_schema)->ids, store_table(d, &orders_schema)->keys, store_table(d, &orders_schema)->rows, store_table(d, &orders_schema)->free,
		store_table(d, &orders_schema)->columns, store_table(d, &orders_schema)->orderings, store_table(d, &orders_schema)->totals
	};
	uint64_t h = HASH_BEGIN;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct db_cursor c;

		for (db_walk(&c, store_txn(s), list[i]); c.found; db_next(&c)) {
			h = hash_add(h, &c.key.len, sizeof(c.key.len));
			h = hash_add(h, c.key.ptr, c.key.len);
			h = hash_add(h, &c.value.len, sizeof(c.value.len));
			h = hash_add(h, c.value.ptr, c.value.len);
		}
		db_walk_end(&c);
	}
	return h;
}

static uint64_t
fingerprint_now(void)
{
	uint64_t h;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	h = fingerprint(st);
	store_end(st);
	return h;
}

/* Accept edits of large texts until the store refuses one; how many it took. */
static size_t
accept_until_refused(enum err *e)
{
	static char large[3000];
	struct apply_result r;
	size_t n;

	memset(large, 'x', sizeof(large));
	for (n = 0; n < 100000; n++) {
		struct made_entry m;
		struct outbox_step step = { .verb = OUTBOX_STORE, .entry = &m.e };
		struct apply_meta meta = { .outbox = &step, .outbox_count = 1 };
		uint64_t before;

		made_entry(&m, a, OUTBOX_UPDATE, order.id);
		m.e.shown = n % 5 == 0;
		m.e.record.known = 1u << ORDER_CUSTOMER;
		m.e.record.values[ORDER_CUSTOMER] = (struct value){
			.present = true, .text = { large, sizeof(large) }
		};
		before = fingerprint_now();
		if ((*e = apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, NOW_MS, &r)) != ERR_OK) {
			ck_assert_uint_eq(fingerprint_now(), before);
			break;
		}
	}
	return n;
}

static enum err
drop_one(void *cookie, const struct outbox_entry *e)
{
	struct outbox_entry *out = cookie;

	*out = *e;	/* the caller needs no more than its sequence and flags */
	out->record.id = order.r.id;
	return ERR_CANCELLED;
}

START_TEST(a_full_store_refuses_an_entry_and_stays_as_it_was)
{
	struct outbox_entry e;
	enum err err;
	size_t n;

	apply_close(a);
	store_config.store.map_limit_bytes = 1 << 20;
	ck_assert_int_eq(apply_open(&store_config, &tables_builtin, &a), ERR_OK);
	st = apply_store(a);
	n = accept_until_refused(&err);
	ck_assert_int_eq(err, ERR_STORE_MAP_FULL);
	ck_assert_uint_gt(n, 20);
	ck_assert_uint_eq(entries(), n);
	check();
	/* what is settled makes room again */
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(store_begin(st), ERR_OK);
		ck_assert_int_eq(outbox_each(st, drop_one, &e), ERR_CANCELLED);
		store_end(st);
		(void)made_steps(a, &(struct outbox_step){ .verb = OUTBOX_DROP, .entry = &e }, 1, NOW_MS);
	}
	ck_assert_uint_eq(entries(), 0);
	ck_assert_uint_eq(pending(), 0);
	check();
	ck_assert_uint_gt(accept_until_refused(&err), 20);
}
END_TEST

START_TEST(a_full_disk_refuses_an_entry_and_stays_as_it_was)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct rlimit limit, small;
	struct stat data;
	enum err err;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", store_config.store.path);
	ck_assert_int_eq(stat(path, &data), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	small = limit;
	small.rlim_cur = (rlim_t)data.st_size + 100 * 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	n = accept_until_refused(&err);
	ck_assert_int_eq(err, ERR_IO);	/* EFBIG here, ENOSPC on a disk */
	ck_assert_uint_gt(n, 5);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_eq(entries(), n);
	check();
	small.rlim_cur = (rlim_t)data.st_size + 500 * 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_uint_gt(accept_until_refused(&err), 20);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	outbox_reopen();
	check();
}
END_TEST

/* ---- a commit that is cut short --------------------------------------------------- */

struct image {
	char	*bytes;
	size_t	 len;
};

static struct image
read_image(void)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct image i;
	struct stat s;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", store_config.store.path);
	ck_assert_int_ge(fd = open(path, O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_eq(fstat(fd, &s), 0);
	i.len = (size_t)s.st_size;
	ck_assert_ptr_nonnull(i.bytes = malloc(i.len));
	ck_assert_int_eq(pread(fd, i.bytes, i.len, 0), s.st_size);
	ck_assert_int_eq(close(fd), 0);
	return i;
}

/* What a store with this data file holds: fingerprint, after a full check, by a syncd and by a reader. */
static uint64_t
open_image(const struct image *i)
{
	static char dir[64];
	struct config other = store_config;
	char path[CONFIG_TEXT_MAX + 16];
	struct apply *b;
	struct store *s;
	uint64_t h;
	int fd;

	if (dir[0] == '\0')
		(void)snprintf(dir, sizeof(dir), "%s", tmpdir_new());
	(void)snprintf(other.store.path, sizeof(other.store.path), "%s", dir);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", other.store.path);
	ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640), 0);
	ck_assert_int_eq(pwrite(fd, i->bytes, i->len, 0), (ssize_t)i->len);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(apply_open(&other, &tables_builtin, &b), ERR_OK);
	s = apply_store(b);
	ck_assert_int_eq(store_begin(s), ERR_OK);
	store_check(s);
	h = fingerprint(s);
	store_end(s);
	apply_close(b);
	return h;
}

#define PAGE	4096	/* LMDB's here; the first two are its meta pages */

/*
 * The file when a commit was cut short: of the pages it wrote, those with
 * their bit in *seed's next numbers arrived; its meta page only if asked for.
 */
static struct image
hybrid(const struct image *before, const struct image *after, bool all, bool meta, uint64_t *seed)
{
	struct image h;
	size_t end = before->len;

	ck_assert_ptr_nonnull(h.bytes = calloc(1, after->len));
	memcpy(h.bytes, before->bytes, before->len);
	for (size_t at = 2 * PAGE; at < after->len; at += PAGE)
		if (all || made_random(seed, 2) == 0) {
			memcpy(h.bytes + at, after->bytes + at, PAGE);
			end = at + PAGE > end ? at + PAGE : end;
		}
	if (meta)
		memcpy(h.bytes, after->bytes, 2 * PAGE);
	h.len = all ? after->len : end;
	return h;
}

static void
keep_unsettled(const char *key)
{
	struct answer_step step = {
		.key = str_of(key), .answer = { .at_ms = NOW_MS, .first = 9, .count = 3 }
	};
	struct apply_meta meta = { .answers = &step, .answer_count = 1 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, NOW_MS, &r), ERR_OK);
}

/* One of the commits that syncd makes in normal operation. */
static void
any_commit(unsigned n, uint64_t *seed)
{
	struct made_entry m[3];
	struct outbox_step steps[3];
	struct made_order news;
	struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
	const struct outbox_entry *edit = &m[0].e;

	made_order(&news, (unsigned)made_random(seed, 30), seed);
	for (int i = 0; i < 3; i++) {
		made_entry(&m[i], a, OUTBOX_UPDATE, news.id);
		made_ask(&m[i], ORDER_STATUS, "Shipped");
		m[i].e.shown = made_random(seed, 3) == 0;
		m[i].e.bulk = m[0].e.sequence;
		steps[i] = (struct outbox_step){ .verb = OUTBOX_STORE, .entry = &m[i].e };
	}
	(void)made_steps(a, steps, 3, NOW_MS);
	keep_unsettled(m[0].request_id);
	c.record = news.r;
	c.edits = &edit;
	c.edit_count = n % 2;
	(void)made_apply(a, &c, 1);
	if (n % 3 == 0) {
		steps[1].verb = OUTBOX_NOT_APPLIED;
		steps[1].why = STR("nobody knows");
		(void)made_steps(a, &steps[1], 1, NOW_MS);
	}
}

START_TEST(a_commit_that_is_cut_short_never_happened)
{
	uint64_t seed = 5, was;

	for (unsigned n = 0; n < 20; n++)
		any_commit(n, &seed);
	for (unsigned n = 0; n < 25; n++) {
		struct image before = read_image(), after, h;
		struct made_entry m;
		struct made_order news;
		struct change c = { .table = &orders_schema, .kind = CHANGE_UPSERT, .base = CHANGE_ANY_BASE };
		const struct outbox_entry *edit = &m.e;

		was = fingerprint_now();
		made_order(&news, (unsigned)made_random(&seed, 30), &seed);
		made_entry(&m, a, OUTBOX_UPDATE, news.id);
		made_ask(&m, ORDER_PRIORITY, "High");
		m.e.shown = n % 4 == 0;
		c.record = news.r;
		c.edits = &edit;
		c.edit_count = 1;
		if (n % 2 == 0)
			(void)made_store(a, &m, NOW_MS);
		else
			(void)made_apply(a, &c, 1);
		after = read_image();
		for (unsigned i = 0; i < 6; i++) {
			h = hybrid(&before, &after, i == 0, false, &seed);
			ck_assert_uint_eq(open_image(&h), was);
			free(h.bytes);
		}
		h = hybrid(&before, &after, true, true, &seed);
		ck_assert_uint_eq(open_image(&h), fingerprint_now());
		free(h.bytes);
		free(before.bytes);
		free(after.bytes);
		any_commit(n, &seed);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outbox faults");
	TCase *t = tcase_create("outbox faults");

	tcase_add_checked_fixture(t, outbox_setup, outbox_teardown);
	tcase_set_timeout(t, 300);
	tcase_set_tags(t, "long");
	tcase_add_test(t, a_full_store_refuses_an_entry_and_stays_as_it_was);
	tcase_add_test(t, a_full_disk_refuses_an_entry_and_stays_as_it_was);
	tcase_add_test(t, a_commit_that_is_cut_short_never_happened);
	suite_add_tcase(s, t);
	return run_suite(s);
}
