#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/query/query.h"
#include "common/store/change_log.h"
#include "common/store/history.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "common/store/summary.h"
#include "syncd/backup/backup.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/outbox_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

/* Two tables in one store, whose rows have the same record ids. */
#define NOW_MS	INT64_C(1795255200000)
#define ROWS	60u

static struct config config;
static struct apply *a;
static struct store *st;

static void
setup(void)
{
	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &made_tables, &a), ERR_OK);
	st = apply_store(a);
}

static void
teardown(void)
{
	apply_close(a);
}

static void
begin(void)
{
	ck_assert_int_eq(store_begin(st), ERR_OK);
}

static void
check_sound(void)
{
	begin();
	store_check(st);
	store_end(st);
}

static struct change
upsert(const struct schema *s, const struct made_row *m)
{
	return (struct change){ .table = s, .kind = CHANGE_UPSERT, .record = m->r, .base = CHANGE_ANY_BASE };
}

static struct apply_result
commit(const struct change *c, size_t n, enum change_source source)
{
	const struct apply_meta none = { 0 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, c, n, source, &none, NOW_MS, &r), ERR_OK);
	return r;
}

static struct value
text(const char *s)
{
	return (struct value){ .present = true, .text = str_of(s) };
}

/* Orders and parcels number 0 to n - 1, one after the other in one list; both tables are synced then. */
static void
fill(struct made_row *orders, struct made_row *parcels, unsigned n)
{
	struct change *c = calloc(2 * n, sizeof(*c));
	uint64_t seed = 3;

	ck_assert_ptr_nonnull(c);
	for (unsigned i = 0; i < n; i++) {
		made_row(&orders[i], &orders_schema, i, &seed);
		made_row(&parcels[i], &parcels_schema, i, &seed);
		if (i == 1)	/* which tests set to other states */
			parcels[i].r.values[PARCEL_STATE] = text("Packed");
		c[2 * i] = upsert(&orders_schema, &orders[i]);
		c[2 * i + 1] = upsert(&parcels_schema, &parcels[i]);
	}
	ck_assert_uint_eq(commit(c, 2 * n, SOURCE_FULL_SYNC).created, 2 * n);
	free(c);
	for (size_t i = 0; i < made_tables.count; i++) {
		const struct apply_meta synced = { .table = made_tables.list[i], .synced_ms = NOW_MS };
		struct apply_result r;

		ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_FULL_SYNC, &synced, NOW_MS, &r), ERR_OK);
	}
}

static struct record
stored(const struct schema *s, const char *id)
{
	struct row_view view;
	struct record r;
	uint32_t row;

	ck_assert_int_eq(store_find_record(st, s, str_of(id), &row), ERR_OK);
	ck_assert_int_eq(store_row(st, s, row, &view), ERR_OK);
	ck_assert_int_eq(row_values(&view, s, &r), ERR_OK);
	return r;
}

static char logged[400];
static uint64_t logged_generation;

static void
note(void *cookie, uint64_t generation, struct str entry)
{
	struct change_log_head head;
	struct change_logged one;
	size_t at = sizeof(head);

	(void)cookie;
	logged_generation = generation;
	logged[0] = '\0';
	memcpy(&head, entry.ptr, sizeof(head));
	for (uint32_t i = 0; i < head.count; i++, at += sizeof(one) + one.id_len) {
		memcpy(&one, entry.ptr + at, sizeof(one));
		(void)snprintf(logged + strlen(logged), sizeof(logged) - strlen(logged), "%u:%u:%.*s ",
		    one.table, one.kind, one.id_len, entry.ptr + at + sizeof(one));
	}
	ck_assert_uint_eq(at, entry.len);
}

START_TEST(one_commit_spans_tables_and_its_entry_names_them)
{
	struct made_row order, parcel;
	struct record now;
	struct change c[2];
	uint64_t seed = 1, before;

	made_row(&order, &orders_schema, 1, &seed);
	made_row(&parcel, &parcels_schema, 1, &seed);
	before = apply_generation(a);
	apply_on_commit(a, note, NULL);
	c[0] = upsert(&parcels_schema, &parcel);
	c[1] = upsert(&orders_schema, &order);
	ck_assert_uint_eq(commit(c, 2, SOURCE_FEED).created, 2);
	ck_assert_uint_eq(logged_generation, before + 1);
	ck_assert_str_eq(logged, "100:1:rec00000000000001 1:1:rec00000000000001 ");
	c[1].kind = CHANGE_GONE;
	ck_assert_uint_eq(commit(c + 1, 1, SOURCE_FEED).deleted, 1);
	ck_assert_str_eq(logged, "1:3:rec00000000000001 ");
	begin();
	ck_assert_uint_eq(store_row_count(st, &orders_schema), 0);
	ck_assert_uint_eq(store_row_count(st, &parcels_schema), 1);
	now = stored(&parcels_schema, parcel.id);
	ck_assert(record_equal(&parcels_schema, &parcel.r, &now));
	store_check(st);
	store_end(st);
}
END_TEST

static struct outbox_entry
entry_of(const struct schema *s, const char *id, unsigned field, const char *to)
{
	struct outbox_entry e = {
		.sequence = apply_sequence(a), .kind = OUTBOX_UPDATE, .table = s, .state = OUTBOX_ACCEPTED,
		.deferred = true, .shown = true, .accepted_ms = NOW_MS, .record.id = str_of(id),
		.request_id = STR("r1")
	};

	e.record.known = 1u << field;
	e.record.values[field] = text(to);
	return e;
}

static void
store_entry(const struct outbox_entry *e)
{
	const struct outbox_step step = { .verb = OUTBOX_STORE, .entry = e };
	const struct apply_meta meta = { .outbox = &step, .outbox_count = 1 };
	struct apply_result r;

	ck_assert_int_eq(apply_changes(a, NULL, 0, SOURCE_WRITE, &meta, NOW_MS, &r), ERR_OK);
}

static enum err
same_entry(void *cookie, const struct outbox_entry *e)
{
	const struct outbox_entry *expected = cookie;

	ck_assert_ptr_eq(e->table, expected->table);
	ck_assert(str_eq(e->record.id, expected->record.id));
	return ERR_OK;
}

START_TEST(what_is_pending_belongs_to_its_table)
{
	static struct made_row orders[2], parcels[2];
	struct outbox_entry e;
	struct str json;

	fill(orders, parcels, 2);
	e = entry_of(&parcels_schema, parcels[1].id, PARCEL_STATE, "Arrived");
	store_entry(&e);
	begin();
	ck_assert_uint_eq(outbox_pending(st, &parcels_schema), 1);
	ck_assert_uint_eq(outbox_pending(st, &orders_schema), 0);
	ck_assert_int_eq(outbox_overlay(st, &parcels_schema, parcels[1].r.id, &json, NULL), ERR_OK);
	ck_assert_ptr_nonnull(memmem(json.ptr, json.len, "\"state\":\"Arrived\"", 17));
	ck_assert_int_eq(outbox_overlay(st, &orders_schema, orders[1].r.id, &json, NULL), ERR_NOT_FOUND);
	ck_assert_int_eq(outbox_each(st, same_entry, &e), ERR_OK);
	store_check(st);
	store_end(st);
}
END_TEST

struct told {
	char	line[400];
};

static enum err
add_told(void *cookie, const struct schema *s, struct history_place place, struct str json)
{
	struct told *t = cookie;

	(void)place, (void)json;
	(void)snprintf(t->line + strlen(t->line), sizeof(t->line) - strlen(t->line), "%s ", s->name);
	return ERR_OK;
}

START_TEST(history_belongs_to_its_table_and_the_audit_log_names_it)
{
	static struct made_row orders[2], parcels[2];
	const struct outbox_entry *edits[1];
	struct told of_parcel = { "" }, of_order = { "" }, all = { "" }, bulk = { "" };
	struct outbox_entry e;
	struct change c;

	fill(orders, parcels, 2);
	e = entry_of(&parcels_schema, parcels[1].id, PARCEL_STATE, "Arrived");
	e.bulk = e.sequence;
	store_entry(&e);
	parcels[1].r.values[PARCEL_STATE] = text("Arrived");
	edits[0] = &e;
	c = upsert(&parcels_schema, &parcels[1]);
	c.edits = edits;
	c.edit_count = 1;
	ck_assert_uint_eq(commit(&c, 1, SOURCE_WRITE).changed, 1);
	orders[1].r.values[ORDER_CUSTOMER] = text("Other");
	c = upsert(&orders_schema, &orders[1]);
	ck_assert_uint_eq(commit(&c, 1, SOURCE_FEED).changed, 1);
	begin();
	ck_assert_int_eq(history_of_record(st, &parcels_schema, parcels[1].r.id, HISTORY_NEWEST, add_told,
	    &of_parcel), ERR_OK);
	ck_assert_int_eq(history_of_record(st, &orders_schema, orders[1].r.id, HISTORY_NEWEST, add_told,
	    &of_order), ERR_OK);
	ck_assert_int_eq(history_audit(st, HISTORY_NEWEST, add_told, &all), ERR_OK);
	ck_assert_int_eq(history_of_bulk(st, e.bulk, add_told, &bulk), ERR_OK);
	ck_assert_str_eq(of_parcel.line, "parcels ");
	ck_assert_str_eq(of_order.line, "orders ");
	ck_assert_str_eq(all.line, "orders parcels ");
	ck_assert_str_eq(bulk.line, "parcels ");
	ck_assert_uint_eq(outbox_pending(st, &parcels_schema), 0);
	store_check(st);
	store_end(st);
}
END_TEST

/* What both tables hold, besides the store. */
struct model {
	struct made_row	rows[2][ROWS];
	bool		there[2][ROWS];
};

static void
random_changes(struct model *m, uint64_t *seed)
{
	struct change c[12];
	size_t n = 1 + made_random(seed, 12);

	for (size_t i = 0; i < n; i++) {
		size_t table = made_random(seed, 2);
		unsigned row = (unsigned)made_random(seed, ROWS);
		bool gone = made_random(seed, 5) == 0;

		made_row(&m->rows[table][row], made_tables.list[table], row, seed);
		m->there[table][row] = !gone;
		c[i] = upsert(made_tables.list[table], &m->rows[table][row]);
		c[i].kind = gone ? CHANGE_GONE : CHANGE_UPSERT;
	}
	/* a row that is in the list twice has its last value in both places, as it would from Airtable */
	(void)commit(c, n, made_random(seed, 3) == 0 ? SOURCE_FULL_SYNC : SOURCE_FEED);
}

static void
compare(const struct model *m)
{
	for (size_t table = 0; table < 2; table++) {
		const struct schema *s = made_tables.list[table];
		uint32_t row, count = 0;

		for (unsigned i = 0; i < ROWS; i++) {
			const struct made_row *made = &m->rows[table][i];

			count += m->there[table][i];
			if (m->there[table][i]) {
				struct record now = stored(s, made->id);

				ck_assert(record_equal(s, &made->r, &now));
			} else if (made->id[0] != '\0') {
				ck_assert_int_eq(store_find_record(st, s, made->r.id, &row), ERR_NOT_FOUND);
			}
		}
		ck_assert_uint_eq(store_row_count(st, s), count);
	}
}

START_TEST(random_commits_over_both_tables_equal_a_recomputation_each)
{
	static struct model m;
	uint64_t seed = 77 + (uint64_t)_i;

	for (int i = 0; i < 150; i++) {
		random_changes(&m, &seed);
		begin();
		compare(&m);
		store_check(st);
		store_end(st);
	}
}
END_TEST

START_TEST(each_table_is_listed_by_its_own_fields)
{
	static struct made_row orders[ROWS], parcels[ROWS];
	struct query *q = query_new(&parcels_schema);
	static struct query_page page;
	struct field_errors errors = { .count = 0 };
	struct param params[] = { { STR("state"), STR("Sent") }, { STR("sort"), STR("code") } };
	size_t expected = 0;
	struct row_view view;

	fill(orders, parcels, ROWS);
	for (unsigned i = 0; i < ROWS; i++)
		expected += str_is(parcels[i].r.values[PARCEL_STATE].text, "Sent");
	begin();
	ck_assert_int_eq(query_parse(q, st, params, 2, true, &errors), ERR_OK);
	ck_assert_int_eq(query_run(q, st, &page), ERR_OK);
	ck_assert_uint_eq(page.total, expected);
	ck_assert_uint_gt(expected, 5);
	for (size_t i = 0; i < page.count; i++) {
		ck_assert_int_eq(store_row(st, &parcels_schema, page.rows[i], &view), ERR_OK);
		ck_assert_ptr_nonnull(memmem(view.json.ptr, view.json.len, "\"state\":\"Sent\"", 14));
	}
	params[0].name = STR("status");
	ck_assert_int_eq(query_parse(q, st, params, 2, true, &errors), ERR_INVALID_PARAMETER);
	store_end(st);
	query_free(q);
}
END_TEST

START_TEST(a_summary_tells_what_its_table_has)
{
	static struct made_row orders[4], parcels[4];
	struct summary_cache *cache = summary_cache_new();
	struct summary_body body;
	char json[1000];

	fill(orders, parcels, 4);
	begin();
	ck_assert_int_eq(summary_get(cache, st, &parcels_schema, NOW_MS, &body), ERR_OK);
	(void)snprintf(json, sizeof(json), "%.*s", STR_FMT(body.json));
	ck_assert_ptr_nonnull(strstr(json, "\"total\":{\"count\":4}"));
	ck_assert_ptr_nonnull(strstr(json, "\"byState\":["));
	ck_assert_ptr_null(strstr(json, "daily"));
	ck_assert_ptr_null(strstr(json, "revenue"));
	ck_assert_ptr_null(strstr(json, "currency"));
	ck_assert_ptr_null(strstr(json, "orderTotal"));
	/* the next day it is composed again, with nothing else in it */
	ck_assert_int_eq(summary_get(cache, st, &parcels_schema, NOW_MS + 86400000, &body), ERR_OK);
	(void)snprintf(json, sizeof(json), "%.*s", STR_FMT(body.json));
	ck_assert_ptr_nonnull(strstr(json, "\"total\":{\"count\":4}"));
	ck_assert_ptr_null(strstr(json, "daily"));
	store_end(st);
	summary_cache_free(cache);
}
END_TEST

START_TEST(a_table_that_is_new_begins_empty_beside_the_rows_there_are)
{
	static struct made_row orders[ROWS], parcels[ROWS];
	uint64_t generation;

	apply_close(a);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &made_tables, &a), ERR_OK);
	st = apply_store(a);
	check_sound();
	begin();
	ck_assert_uint_eq(store_row_count(st, &parcels_schema), 0);
	ck_assert_int_eq(store_synced_ms(st, &parcels_schema), 0);
	store_end(st);
	fill(orders, parcels, ROWS);
	generation = apply_generation(a);
	/* as after a table was taken out of the configuration: the others are as they were, and so is it, later */
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_uint_eq(apply_generation(a), generation);
	apply_close(a);
	ck_assert_int_eq(apply_open(&config, &made_tables, &a), ERR_OK);
	st = apply_store(a);
	begin();
	ck_assert_uint_eq(store_row_count(st, &parcels_schema), ROWS);
	store_check(st);
	store_end(st);
}
END_TEST

START_TEST(a_rebuild_makes_both_tables_again)
{
	static struct made_row orders[ROWS], parcels[ROWS];
	struct backup_facts f;
	struct buf why = { 0 };
	struct outbox_entry e;
	struct change c;

	fill(orders, parcels, ROWS);
	parcels[5].r.values[PARCEL_STATE] = text("Lost, found");
	c = upsert(&parcels_schema, &parcels[5]);
	ck_assert_uint_eq(commit(&c, 1, SOURCE_FEED).changed, 1);
	e = entry_of(&parcels_schema, parcels[1].id, PARCEL_STATE, "Arrived");
	store_entry(&e);
	apply_close(a);
	ck_assert_msg(backup_rebuild(&config, &made_tables, &f, &why) == ERR_OK, "%s", buf_cstr(&why));
	ck_assert_uint_eq(f.rows, 2 * ROWS);
	ck_assert_uint_eq(f.outbox, 1);
	ck_assert_uint_eq(f.history, 1);
	buf_free(&why);
	ck_assert_int_eq(apply_open(&config, &made_tables, &a), ERR_OK);
	st = apply_store(a);
	begin();
	ck_assert_int_eq(store_synced_ms(st, &parcels_schema), NOW_MS);
	ck_assert_uint_eq(outbox_pending(st, &parcels_schema), 1);
	store_check(st);
	store_end(st);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tables");
	TCase *t = tcase_create("tables");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_commit_spans_tables_and_its_entry_names_them);
	tcase_add_test(t, what_is_pending_belongs_to_its_table);
	tcase_add_test(t, history_belongs_to_its_table_and_the_audit_log_names_it);
	tcase_add_loop_test(t, random_commits_over_both_tables_equal_a_recomputation_each, 0, 4);
	tcase_add_test(t, each_table_is_listed_by_its_own_fields);
	tcase_add_test(t, a_summary_tells_what_its_table_has);
	tcase_add_test(t, a_table_that_is_new_begins_empty_beside_the_rows_there_are);
	tcase_add_test(t, a_rebuild_makes_both_tables_again);
	suite_add_tcase(s, t);
	return run_suite(s);
}
