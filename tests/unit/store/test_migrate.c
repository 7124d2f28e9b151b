#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "common/base/log.h"
#include "common/store/history.h"
#include "common/store/keys.h"
#include "common/store/outbox.h"
#include "common/store/row.h"
#include "common/store/summary.h"
#include "syncd/apply/apply.h"
#include "syncd/backup/backup.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

/*
 * A store that the last version of format 3 has made: 400 orders, some with the
 * option "On Hold", 25 entries of history (4 of them bulk edit 7, by Ada, and one
 * of an order that Airtable refused to create), an outbox of three (an edit and a
 * new order that readers see, one edit that was sent), two kept answers.
 */
#define ORDERS_THERE	400u
#define HISTORY_THERE	25u
#define GENERATION	UINT64_C(28872249800)
#define FILE_BYTES	536576
#define NOW_MS		INT64_C(1795255200000)

static struct config config;

/* The file itself; as the store of a configuration. */
static void
unpack_to(const char *path)
{
	char *packed = source_file("tests/stores/format-3.mdb.gz"), bytes[65536];
	z_stream z = { .next_in = (Bytef *)packed, .avail_in = (1 << 20) - 1 };
	FILE *out;
	int rc;

	ck_assert_ptr_nonnull(out = fopen(path, "w"));
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	do {
		z.next_out = (Bytef *)bytes;
		z.avail_out = sizeof(bytes);
		rc = inflate(&z, Z_NO_FLUSH);
		ck_assert(rc == Z_OK || rc == Z_STREAM_END);
		ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes) - z.avail_out, out),
		    sizeof(bytes) - z.avail_out);
	} while (rc != Z_STREAM_END);
	(void)inflateEnd(&z);
	ck_assert_int_eq(fclose(out), 0);
	free(packed);
}

static void
unpack(void)
{
	char path[CONFIG_TEXT_MAX + 16];

	made_config(&config, tmpdir_new());
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(mkdir(config.store.path, 0750), 0);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", config.store.path);
	unpack_to(path);
}

struct seen {
	unsigned	history, bulk, refused, updates, creates, sent;
};

static enum err
see_history(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct seen *n = cookie;

	(void)place;
	ck_assert_ptr_eq(s, &orders_schema);
	n->history++;
	n->refused += memmem(json.ptr, json.len, "\"action\":\"rejected\"", 19) != NULL &&
	    memmem(json.ptr, json.len, "{\"id\":null,", 11) == json.ptr;
	return ERR_OK;
}

static enum err
see_bulk(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct seen *n = cookie;

	(void)place;
	ck_assert_ptr_eq(s, &orders_schema);
	ck_assert_ptr_nonnull(memmem(json.ptr, json.len, "\"by\":\"Ada\"", 10));
	ck_assert_ptr_nonnull(memmem(json.ptr, json.len, "\"to\":\"Cancelled\"", 16));
	n->bulk++;
	return ERR_OK;
}

static enum err
see_entry(void *cookie, const struct outbox_entry *e)
{
	struct seen *n = cookie;

	ck_assert_ptr_eq(e->table, &orders_schema);
	n->creates += e->kind == OUTBOX_CREATE && e->shown &&
	    str_is(e->record.values[ORDER_CUSTOMER].text, "Acme");
	n->updates += e->kind == OUTBOX_UPDATE && e->shown;
	n->sent += e->state == OUTBOX_SENT;
	return ERR_OK;
}

static enum err
see_shown(void *cookie, const struct outbox_entry *e)
{
	struct store *st = cookie;
	struct str json;

	if (e->kind != OUTBOX_UPDATE || !e->shown)
		return ERR_OK;
	ck_assert_int_eq(outbox_overlay(st, &orders_schema, e->record.id, &json, NULL), ERR_OK);
	ck_assert_ptr_nonnull(memmem(json.ptr, json.len, "\"priority\":\"High\"", 17));
	return ERR_OK;
}

static void
expect_all(struct apply *a)
{
	struct summary_cache *cache = summary_cache_new();
	struct store *st = apply_store(a);
	struct seen n = { .history = 0 };
	struct kept_answer answer;
	struct summary_body body;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_uint_eq(store_head(st)->format, STORE_FORMAT);
	ck_assert_uint_ge(store_generation(st), GENERATION);
	ck_assert_uint_eq(store_row_count(st, &orders_schema), ORDERS_THERE);
	ck_assert_int_eq(store_synced_ms(st, &orders_schema), NOW_MS);
	ck_assert_int_eq(store_fresh_ms(st, &orders_schema), NOW_MS);
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, see_history, &n), ERR_OK);
	ck_assert_int_eq(history_of_bulk(st, 7, see_bulk, &n), ERR_OK);
	ck_assert_int_eq(outbox_each(st, see_entry, &n), ERR_OK);
	ck_assert_int_eq(outbox_each(st, see_shown, st), ERR_OK);
	ck_assert_uint_eq(n.history, HISTORY_THERE);
	ck_assert_uint_eq(n.bulk, 4);
	ck_assert_uint_eq(n.refused, 1);
	ck_assert(n.updates == 1 && n.creates == 1 && n.sent == 1);
	ck_assert_uint_eq(outbox_pending(st, &orders_schema), 2);
	ck_assert_int_eq(outbox_answer(st, STR("settled"), &answer), ERR_OK);
	ck_assert(str_is(answer.body, "{}"));
	ck_assert_int_eq(outbox_answer(st, STR("unsettled"), &answer), ERR_OK);
	ck_assert_int_eq(summary_get(cache, st, &orders_schema, NOW_MS, &body), ERR_OK);
	ck_assert_ptr_nonnull(memmem(body.json.ptr, body.json.len, "\"status\":\"On Hold\"", 18));
	store_check(st);	/* change log, audit log and all that is derived included */
	store_end(st);
	summary_cache_free(cache);
}

START_TEST(a_store_of_format_3_is_brought_along_with_all_that_it_holds)
{
	struct apply *a;

	unpack();
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	expect_all(a);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);	/* it is of this format now */
	expect_all(a);
	apply_close(a);
}
END_TEST

START_TEST(another_table_joins_a_store_of_format_3)
{
	struct apply *a;

	unpack();
	ck_assert_int_eq(apply_open(&config, &made_tables, &a), ERR_OK);
	expect_all(a);
	apply_close(a);
}
END_TEST

START_TEST(there_is_room_made_for_it)
{
	struct apply *a;

	unpack();
	config.store.map_size_bytes = FILE_BYTES;
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	expect_all(a);
	apply_close(a);
}
END_TEST

START_TEST(readers_wait_until_it_is_brought_along)
{
	struct store *st;

	unpack();
	ck_assert_int_eq(store_open(config.store.path, &tables_builtin, &st), ERR_STORE_VERSION);
}
END_TEST

/* A store with nothing in it, and the backup; ${bytes} of it. */
static enum err
restore(off_t bytes, backup_check *check, struct buf *why)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct backup_facts f;
	struct apply *a;
	enum err e;
	int fd;

	made_config(&config, tmpdir_new());
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	apply_close(a);
	(void)snprintf(path, sizeof(path), "%s.backup", config.store.path);
	unpack_to(path);
	ck_assert_int_eq(truncate(path, bytes), 0);
	ck_assert_int_ge(fd = open(path, O_RDONLY), 0);
	e = backup_restore(&config, &tables_builtin, fd, BACKUP_OUTBOX_KEEP, check, NULL, &f, why);
	ck_assert_int_eq(close(fd), 0);
	return e;
}

START_TEST(a_backup_of_format_3_can_be_restored)
{
	struct buf why = { 0 };
	struct apply *a;

	ck_assert_msg(restore(FILE_BYTES, NULL, &why) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	expect_all(a);
	apply_close(a);
	buf_free(&why);
}
END_TEST

/* What syncctl's check finds of a file that ends early. */
static bool
never_sound(void *cookie, const char *file)
{
	(void)cookie, (void)file;
	return false;
}

START_TEST(a_backup_of_format_3_that_was_cut_is_refused_and_the_store_stays)
{
	struct buf why = { 0 };
	struct apply *a;

	ck_assert_int_eq(restore(FILE_BYTES / 3, never_sound, &why), ERR_STORE_CORRUPT);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_int_eq(store_begin(apply_store(a)), ERR_OK);
	ck_assert_uint_eq(store_row_count(apply_store(a), &orders_schema), 0);
	store_check(apply_store(a));
	apply_close(a);
	buf_free(&why);
}
END_TEST

#ifdef ORDERDECK_FAULT_POINTS
START_TEST(killed_at_each_point_it_begins_again)
{
	static const char *const points[] = { "migrate-meta:1", "migrate-writes:1", "migrate-history:1" };
	struct apply *a;
	int status;
	pid_t pid;

	unpack();
	if ((pid = fork()) == 0) {
		ck_assert_int_eq(setenv("ORDERDECK_FAULT", points[_i], 1), 0);
		(void)apply_open(&config, &tables_builtin, &a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	expect_all(a);
	apply_close(a);
}
END_TEST
#endif

int
main(void)
{
	Suite *s = suite_create("migrate");
	TCase *t = tcase_create("migrate");

	tcase_add_test(t, a_store_of_format_3_is_brought_along_with_all_that_it_holds);
	tcase_add_test(t, another_table_joins_a_store_of_format_3);
	tcase_add_test(t, there_is_room_made_for_it);
	tcase_add_test(t, readers_wait_until_it_is_brought_along);
	tcase_add_test(t, a_backup_of_format_3_can_be_restored);
	tcase_add_test(t, a_backup_of_format_3_that_was_cut_is_refused_and_the_store_stays);
#ifdef ORDERDECK_FAULT_POINTS
	tcase_add_loop_test(t, killed_at_each_point_it_begins_again, 0, 3);
#endif
	suite_add_tcase(s, t);
	return run_suite(s);
}
