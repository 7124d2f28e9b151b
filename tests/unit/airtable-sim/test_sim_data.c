#include "airtable-sim/base/row_json.h"
#include "common/base/hash.h"
#include "tests/lib/sim_support.h"

/* Checksum of all records as JSON. */
static uint64_t
fingerprint(uint32_t orders, uint64_t seed)
{
	static const struct sim_projection all;
	struct sim_base *b = sim_data_new(SIM_DATA_BASE_ID, orders, seed, SIM_NOW);
	struct buf json = { 0 };
	uint64_t h;

	ck_assert_ptr_nonnull(b);
	for (uint32_t i = 0; i < b->tables[0]->row_count; i++)
		sim_row_json(&json, b->tables[0], &b->tables[0]->rows[i], &all, SIM_NOW);
	h = hash_str(buf_str(&json));
	buf_free(&json);
	sim_base_free(b);
	return h;
}

START_TEST(the_same_seed_makes_the_same_orders_on_every_machine)
{
	ck_assert_uint_eq(fingerprint(1000, 1), UINT64_C(1337269414666678089));
	ck_assert_uint_ne(fingerprint(1000, 2), fingerprint(1000, 1));
}
END_TEST

START_TEST(the_spread_is_realistic)
{
	struct sim_base *b = sim_data_new(SIM_DATA_BASE_ID, 20000, 1, SIM_NOW);
	const struct sim_table *t;
	uint32_t status[5] = { 0 }, empty[SIM_ORDER_FIELDS] = { 0 };

	ck_assert_ptr_nonnull(b);
	t = b->tables[0];
	for (uint32_t i = 0; i < t->row_count; i++) {
		for (size_t f = 0; f < SIM_ORDER_FIELDS; f++)
			empty[f] += sim_row_cell(&t->rows[i], f)->kind == SIM_EMPTY;
		if (sim_row_cell(&t->rows[i], SIM_ORDER_STATUS)->kind == SIM_CHOICE)
			status[sim_row_cell(&t->rows[i], SIM_ORDER_STATUS)->choice]++;
		ck_assert_int_ge(t->rows[i].modified_ms, t->rows[i].created_ms);
		ck_assert_int_lt(t->rows[i].modified_ms, SIM_NOW);
		ck_assert_int_ge(t->rows[i].created_ms, SIM_NOW - INT64_C(45) * 86400000 - 1000);
	}
	for (int i = 0; i < 5; i++)
		ck_assert_uint_gt(status[i], 500);
	ck_assert_uint_eq(empty[SIM_ORDER_ID], 0);
	ck_assert_uint_gt(empty[SIM_ORDER_TOTAL], 400);
	ck_assert_uint_lt(empty[SIM_ORDER_TOTAL], 800);
	sim_base_free(b);
}
END_TEST

START_TEST(records_are_found_by_id_among_many)
{
	struct sim_base *b = sim_data_new(SIM_DATA_BASE_ID, 5000, 1, SIM_NOW);
	const struct sim_table *t;

	ck_assert_ptr_nonnull(b);
	t = b->tables[0];
	for (uint32_t i = 0; i < t->row_count; i++)
		ck_assert_uint_eq(sim_table_row(t, str_of(t->rows[i].id)), i);
	ck_assert_uint_eq(sim_table_row(t, STR("recAAAAAAAAAAAAAA")), SIM_NO_ROW);
	sim_base_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_data");
	TCase *t = tcase_create("data");

	tcase_add_test(t, the_same_seed_makes_the_same_orders_on_every_machine);
	tcase_add_test(t, the_spread_is_realistic);
	tcase_add_test(t, records_are_found_by_id_among_many);
	suite_add_tcase(s, t);
	return run_suite(s);
}
