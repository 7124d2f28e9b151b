/* Fields that go bad as a whole: as full syncs find them, and in news of every other kind. */
#include <stdio.h>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/store/row.h"
#include "syncd/sync/field_guard.h"
#include "syncd/sync/sync_run.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/support.h"

#define ORDERS	40
#define TOTAL	(UINT32_C(1) << ORDER_TOTAL)
#define STATUS	(UINT32_C(1) << ORDER_STATUS)
#define CUSTOMER (UINT32_C(1) << ORDER_CUSTOMER)

static struct config config;
static struct apply *a;
static struct sync_run *run;
static struct made_order made[ORDERS];

static void
progress(void *cookie, const struct sync_run_counts *counts, struct buf *b)
{
	(void)cookie, (void)counts;
	buf_add_cstr(b, "{}");
}

/* Run a full sync that finds ${made}; returns the fields that it held. */
static uint32_t
synced(bool accept)
{
	static struct airtable_page page;
	struct record records[ORDERS];
	char why[200];

	for (size_t i = 0; i < ORDERS; i++)
		records[i] = made[i].r;
	page = (struct airtable_page){ .records = records, .count = ORDERS };
	ck_assert_int_eq(sync_run_begin(run), ERR_OK);
	ck_assert_int_eq(sync_run_page(run, &page, apply_generation(a)), ERR_OK);
	ck_assert_int_eq(sync_run_finish(run, accept, progress, NULL, why), ERR_OK);
	sync_run_end(run);
	return sync_run_counts(run)->held;
}

/* The field of a made order is not understood, or (${failed}) an error of its formula. */
static void
spoil(size_t i, size_t field, bool failed)
{
	uint32_t *bits = failed ? &made[i].r.failed : &made[i].r.odd;

	made[i].r.values[field] = (struct value){ .present = false };
	*bits |= UINT32_C(1) << field;
}

static void
empty(size_t i, size_t field)
{
	made[i].r.values[field] = (struct value){ .present = false };
}

static struct record
stored(size_t i)
{
	struct store *st = apply_store(a);
	struct row_view view;
	struct record r;
	uint32_t row;

	ck_assert_int_eq(store_begin(st), ERR_OK);
	ck_assert_int_eq(store_find_record(st, &orders_schema, made[i].r.id, &row), ERR_OK);
	ck_assert_int_eq(store_row(st, &orders_schema, row, &view), ERR_OK);
	ck_assert_int_eq(row_values(&view, &orders_schema, &r), ERR_OK);
	store_end(st);
	return r;	/* only whether values are there, and numbers, are looked at */
}

/* How many orders have a value there. */
static size_t
filled(size_t field)
{
	size_t n = 0;

	for (size_t i = 0; i < ORDERS; i++)
		n += stored(i).values[field].present;
	return n;
}

static void
setup(void)
{
	uint64_t seed = 7;

	ck_assert_int_eq(log_open("test", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	made_config(&config, tmpdir_new());
	ck_assert_int_eq(apply_open(&config, &tables_builtin, &a), ERR_OK);
	ck_assert_ptr_nonnull(run = sync_run_new(&orders_schema, a, 50));
	for (unsigned i = 0; i < ORDERS; i++) {
		made_order(&made[i], i, &seed);
		made[i].r.values[ORDER_STATUS] = (struct value){ true, STR("Pending"), 0 };
		made[i].r.values[ORDER_CUSTOMER] = (struct value){ true, STR("Ada"), 0 };
		made[i].r.values[ORDER_TOTAL] = (struct value){ .present = true, .number = 125000 + i };
	}
	ck_assert_uint_eq(synced(false), 0);
}

static void
teardown(void)
{
	sync_run_free(run);
	apply_close(a);
}

START_TEST(if_most_values_are_not_understood_the_old_ones_stay_until_they_are)
{
	uint64_t generation = apply_generation(a);

	for (size_t i = 0; i < ORDERS; i++)
		spoil(i, ORDER_TOTAL, false);
	made[3].r.values[ORDER_STATUS].text = STR("Shipped");	/* other fields go on */
	ck_assert_uint_eq(synced(false), TOTAL);
	ck_assert_uint_eq(filled(ORDER_TOTAL), ORDERS);
	ck_assert_int_eq(stored(3).values[ORDER_TOTAL].number, 125003);
	ck_assert_uint_eq(apply_generation(a), generation + 1);
	ck_assert_uint_eq(synced(false), TOTAL);		/* and again, which changes nothing */
	ck_assert_uint_eq(apply_generation(a), generation + 1);
	for (size_t i = 0; i < ORDERS; i++) {
		made[i].r.odd = 0;
		made[i].r.values[ORDER_TOTAL] = (struct value){ .present = true, .number = 5 };
	}
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_int_eq(stored(3).values[ORDER_TOTAL].number, 5);
}
END_TEST

START_TEST(a_few_values_not_understood_become_empty)
{
	for (size_t i = 0; i < FIELD_GUARD_FEW; i++)
		spoil(i, ORDER_TOTAL, i % 2 == 0);
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_uint_eq(filled(ORDER_TOTAL), ORDERS - FIELD_GUARD_FEW);
}
END_TEST

START_TEST(half_of_them_is_not_most)
{
	for (size_t i = 0; i < ORDERS / 2; i++)
		spoil(i, ORDER_TOTAL, false);
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_uint_eq(filled(ORDER_TOTAL), ORDERS / 2);
}
END_TEST

START_TEST(a_broken_formula_empties_nothing)
{
	for (size_t i = 0; i < ORDERS; i++)
		spoil(i, ORDER_TOTAL, i > 5);
	ck_assert_uint_eq(synced(false), TOTAL);
	ck_assert_uint_eq(filled(ORDER_TOTAL), ORDERS);
}
END_TEST

START_TEST(a_column_that_vanishes_as_a_whole_stays)
{
	for (size_t i = 0; i < ORDERS; i++)
		empty(i, ORDER_CUSTOMER);
	ck_assert_uint_eq(synced(false), CUSTOMER);
	ck_assert_uint_eq(filled(ORDER_CUSTOMER), ORDERS);
	ck_assert_uint_eq(synced(true), 0);	/* an operator says that it is so */
	ck_assert_uint_eq(filled(ORDER_CUSTOMER), 0);
	ck_assert_uint_eq(synced(false), 0);
}
END_TEST

START_TEST(people_may_empty_nearly_all_of_it)
{
	for (size_t i = 1; i < ORDERS; i++)
		empty(i, ORDER_CUSTOMER);
	spoil(0, ORDER_STATUS, false);
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_uint_eq(filled(ORDER_CUSTOMER), 1);
	empty(0, ORDER_CUSTOMER);		/* and then the last one */
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_uint_eq(filled(ORDER_CUSTOMER), 0);
}
END_TEST

START_TEST(an_operator_may_accept_it)
{
	for (size_t i = 0; i < ORDERS; i++)
		spoil(i, ORDER_TOTAL, false);
	ck_assert_uint_eq(synced(true), 0);
	ck_assert_uint_eq(filled(ORDER_TOTAL), 0);
	ck_assert_uint_eq(synced(false), 0);	/* what is not there can't be lost */
}
END_TEST

START_TEST(a_field_that_is_filled_for_the_first_time_is_no_alarm)
{
	for (size_t i = 0; i < ORDERS; i++)
		empty(i, ORDER_CUSTOMER);
	ck_assert_uint_eq(synced(true), 0);
	for (size_t i = 0; i < ORDERS; i++) {
		if (i < 20)
			spoil(i, ORDER_CUSTOMER, false);
		else
			made[i].r.values[ORDER_CUSTOMER] = (struct value){ true, STR("Bob"), 0 };
	}
	ck_assert_uint_eq(synced(false), 0);
	ck_assert_uint_eq(filled(ORDER_CUSTOMER), 20);
}
END_TEST

START_TEST(several_fields_can_go_bad_at_once_and_come_back_one_by_one)
{
	for (size_t i = 0; i < ORDERS; i++) {
		spoil(i, ORDER_TOTAL, false);
		spoil(i, ORDER_STATUS, false);
	}
	ck_assert_uint_eq(synced(false), TOTAL | STATUS);
	for (size_t i = 0; i < ORDERS; i++) {
		made[i].r.odd &= ~STATUS;
		made[i].r.values[ORDER_STATUS] = (struct value){ true, STR("Delivered"), 0 };
	}
	ck_assert_uint_eq(synced(false), TOTAL);
	ck_assert_uint_eq(filled(ORDER_TOTAL), ORDERS);
	ck_assert_uint_eq(filled(ORDER_STATUS), ORDERS);
}
END_TEST

START_TEST(new_orders_come_though_their_field_is_held)
{
	static char id[] = "recNewNewNewNew01";
	struct made_order before = made[0];
	struct record r;

	for (size_t i = 1; i < ORDERS; i++)
		spoil(i, ORDER_TOTAL, false);
	made[0].r.id = str_of(id);
	spoil(0, ORDER_TOTAL, false);
	ck_assert_uint_eq(synced(false), TOTAL);
	r = stored(0);
	ck_assert(!r.values[ORDER_TOTAL].present && r.values[ORDER_CUSTOMER].present);
	ck_assert(before.r.values[ORDER_TOTAL].present);
}
END_TEST

/* ---- news of a held field in other ways ---- */
static void
bring(const struct record *r, enum change_source source, const struct outbox_entry *edit)
{
	const struct outbox_entry *edits[1] = { edit };
	const struct change c = {
		.table = &orders_schema,
		.record = *r, .base = CHANGE_ANY_BASE, .edits = edits, .edit_count = edit != NULL
	};
	const struct apply_meta meta = { 0 };
	struct apply_result result;

	ck_assert_int_eq(apply_changes(a, &c, 1, source, &meta, instant_now(), &result), ERR_OK);
}

START_TEST(news_does_not_empty_a_held_field)
{
	apply_hold(a, &orders_schema, TOTAL);
	empty(0, ORDER_TOTAL);
	empty(0, ORDER_CUSTOMER);
	bring(&made[0].r, SOURCE_FEED, NULL);
	ck_assert(stored(0).values[ORDER_TOTAL].present);
	ck_assert(!stored(0).values[ORDER_CUSTOMER].present);	/* which is not held */
	made[0].r.values[ORDER_TOTAL] = (struct value){ .present = true, .number = 9 };
	bring(&made[0].r, SOURCE_FEED, NULL);
	ck_assert_int_eq(stored(0).values[ORDER_TOTAL].number, 9);
	apply_hold(a, &orders_schema, 0);
	empty(0, ORDER_TOTAL);
	bring(&made[0].r, SOURCE_FEED, NULL);
	ck_assert(!stored(0).values[ORDER_TOTAL].present);
}
END_TEST

START_TEST(what_we_empty_ourselves_is_empty_though_the_field_is_held)
{
	struct outbox_entry entry = {
		.table = &orders_schema,
		.sequence = 1, .kind = OUTBOX_UPDATE, .state = OUTBOX_SENT, .record = {
			.id = made[0].r.id, .known = STATUS
		}
	};

	apply_hold(a, &orders_schema, STATUS | TOTAL);
	empty(0, ORDER_STATUS);
	empty(0, ORDER_TOTAL);
	bring(&made[0].r, SOURCE_WRITE, &entry);
	ck_assert(!stored(0).values[ORDER_STATUS].present);
	ck_assert(stored(0).values[ORDER_TOTAL].present);
}
END_TEST

START_TEST(the_text_says_what_is_wrong_and_what_to_do)
{
	struct field_guard g = { .records = 250 };
	char text[500];

	g.fields[ORDER_STATUS].odd = 250;
	g.fields[ORDER_TOTAL].failed = 200;
	g.fields[ORDER_TOTAL].emptied = 10;
	g.fields[ORDER_TOTAL].kept = 40;
	ck_assert_uint_eq(field_guard_held(&g, &orders_schema), STATUS | TOTAL);
	field_guard_explain(&g, &orders_schema, STATUS | TOTAL, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "status: of 250 values 250 are not understood any more"));
	ck_assert_ptr_nonnull(strstr(text, "orderTotal: of 250 values 200 are errors of a formula, 10 are gone"));
	ck_assert_ptr_nonnull(strstr(text, "--accept-shrink"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("field_guard");
	TCase *t = tcase_create("field_guard");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, if_most_values_are_not_understood_the_old_ones_stay_until_they_are);
	tcase_add_test(t, a_few_values_not_understood_become_empty);
	tcase_add_test(t, half_of_them_is_not_most);
	tcase_add_test(t, a_broken_formula_empties_nothing);
	tcase_add_test(t, a_column_that_vanishes_as_a_whole_stays);
	tcase_add_test(t, people_may_empty_nearly_all_of_it);
	tcase_add_test(t, an_operator_may_accept_it);
	tcase_add_test(t, a_field_that_is_filled_for_the_first_time_is_no_alarm);
	tcase_add_test(t, several_fields_can_go_bad_at_once_and_come_back_one_by_one);
	tcase_add_test(t, new_orders_come_though_their_field_is_held);
	tcase_add_test(t, news_does_not_empty_a_held_field);
	tcase_add_test(t, what_we_empty_ourselves_is_empty_though_the_field_is_held);
	tcase_add_test(t, the_text_says_what_is_wrong_and_what_to_do);
	suite_add_tcase(s, t);
	return run_suite(s);
}
