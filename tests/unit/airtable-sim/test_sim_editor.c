/* The foreign editor. */
#include "tests/lib/sim_support.h"

static void
setup(void)
{
	sim_start(2000);
}

/* Perform ${n} actions of one kind. */
static void
act(const char *kind, int n)
{
	static const char *const kinds[] = { "edit", "create", "delete", "paste", "schema" };
	struct buf body = { 0 };

	buf_printf(&body, "{\"now\":%d", n);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		buf_printf(&body, ",\"%s\":%d", kinds[i], strcmp(kinds[i], kind) == 0);
	buf_add_char(&body, '}');
	ck_assert_int_eq(door("POST", "editor", buf_cstr(&body)), 200);
	buf_free(&body);
	ck_assert_int_eq(size_at("entries"), n);
	ck_assert_str_eq(text_at("entries/0/kind"), kind);
}

START_TEST(the_same_seed_makes_the_same_edits)
{
	uint64_t first;

	ck_assert_int_eq(door("POST", "editor", "{\"seed\":5,\"now\":200}"), 200);
	first = sim->editor.random.state;
	ck_assert_int_eq(door("POST", "reset", "{}"), 200);
	ck_assert_int_eq(door("POST", "editor", "{\"seed\":5,\"now\":200}"), 200);
	ck_assert_uint_eq(sim->editor.random.state, first);
	ck_assert_int_eq(number_at("last"), 200);
}
END_TEST

START_TEST(an_entry_shows_what_the_record_has_now)
{
	char target[128], id[SIM_ID_SIZE];
	cJSON *wrote, *has;
	int compared = 0;

	for (int i = 0; i < 40; i++) {
		act("edit", 1);
		if (size_at("entries/0/ids") == 0)
			continue;	/* it wrote what was there */
		(void)snprintf(id, sizeof(id), "%s", text_at("entries/0/ids/0"));
		ck_assert_ptr_nonnull(wrote = cJSON_Duplicate(at("entries/0/fields"), true));
		(void)snprintf(target, sizeof(target), SIM_ORDERS "/%s?returnFieldsByFieldId=true", id);
		ck_assert_int_eq(call("GET", target, ""), 200);
		ck_assert_ptr_nonnull(has = cJSON_Duplicate(at("fields"), true));
		for (const cJSON *f = wrote->child; f != NULL; f = f->next, compared++)
			ck_assert(cJSON_IsNull(f) ? !cJSON_HasObjectItem(has, f->string) :
			    cJSON_Compare(f, cJSON_GetObjectItemCaseSensitive(has, f->string), true));
		cJSON_Delete(wrote);
		cJSON_Delete(has);
	}
	ck_assert_int_gt(compared, 30);
}
END_TEST

START_TEST(pastes_go_into_many_records)
{
	ck_assert_int_eq(door("POST", "editor", "{\"pasteRecords\":50}"), 200);
	act("paste", 20);
	for (int i = 0; i < 20; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "entries/%d/ids", i);
		ck_assert_int_le(size_at(path), 50);
	}
	ck_assert_int_eq(number_at("made/paste"), 20);
}
END_TEST

START_TEST(creates_and_deletes_change_how_many_there_are)
{
	act("create", 30);
	ck_assert_uint_eq(orders_table()->live_count, 2030);
	ck_assert_int_eq(door("POST", "reset", "{}"), 200);
	act("delete", 2000);
	ck_assert_uint_eq(orders_table()->live_count, 0);
	ck_assert_int_eq(door("POST", "editor", "{\"now\":50,\"edit\":1,\"paste\":1}"), 200);
}
END_TEST

START_TEST(schema_changes_keep_fields_and_options_within_bounds)
{
	act("schema", 500);
	ck_assert_uint_eq(orders_table()->field_count, SIM_ORDER_FIELDS);
	ck_assert_uint_le(orders_table()->fields[SIM_ORDER_STATUS].choice_count, 20);
	for (size_t i = 0; i < SIM_ORDER_FIELDS; i++)
		ck_assert_uint_lt(strlen(orders_table()->fields[i].name), 20);
}
END_TEST

START_TEST(every_action_is_a_payload_that_names_its_records)
{
	char target[128], hook[SIM_ID_SIZE], id[SIM_ID_SIZE];

	ck_assert_int_eq(call("POST", "/v0/bases/" SIM_DATA_BASE_ID "/webhooks",
	    "{\"specification\":{\"options\":{\"filters\":{\"dataTypes\":[\"tableData\"]}}}}"), 200);
	(void)snprintf(hook, sizeof(hook), "%s", text_at("id"));
	act("create", 3);
	(void)snprintf(id, sizeof(id), "%s", text_at("entries/2/ids/0"));
	(void)snprintf(target, sizeof(target), "/v0/bases/" SIM_DATA_BASE_ID "/webhooks/%s/payloads", hook);
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_int_eq(size_at("payloads"), 3);
	ck_assert_str_eq(text_at("payloads/2/actionMetadata/source"), "client");
	ck_assert_ptr_nonnull(text_at("payloads/2/actionMetadata/sourceMetadata/user/name"));
	ck_assert(reply_has(id));
}
END_TEST

START_TEST(the_ring_forgets_the_oldest_and_can_be_read_from_any_point)
{
	ck_assert_int_eq(door("POST", "editor", "{\"now\":10500,\"paste\":0}"), 200);
	ck_assert_int_eq(size_at("entries"), SIM_EDITS_MAX);
	ck_assert_int_eq(number_at("entries/0/seq"), 501);
	ck_assert_int_eq(door("GET", "editor?since=10490&max=3", ""), 200);
	ck_assert_int_eq(size_at("entries"), 3);
	ck_assert_int_eq(number_at("entries/0/seq"), 10491);
	ck_assert_int_eq(number_at("last"), 10500);
}
END_TEST

START_TEST(bad_commands_change_nothing)
{
	static const char *const bad[] = { "{\"perSecond\":-1}", "{\"perSecond\":\"fast\"}",
	    "{\"perSecond\":1001}", "{\"what\":1}", "{\"now\":-1}", "{\"paste\":1e9}",
	    "{\"edit\":0,\"create\":0,\"delete\":0,\"paste\":0}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(door("POST", "editor", bad[i]) == 400, "%s", bad[i]);
	ck_assert_int_eq(door("GET", "editor", ""), 200);
	ck_assert_int_eq(number_at("perSecond"), 0);
	ck_assert_int_eq(number_at("weights/edit"), 900);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_editor");
	TCase *t = tcase_create("editor");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, the_same_seed_makes_the_same_edits);
	tcase_add_test(t, an_entry_shows_what_the_record_has_now);
	tcase_add_test(t, pastes_go_into_many_records);
	tcase_add_test(t, creates_and_deletes_change_how_many_there_are);
	tcase_add_test(t, schema_changes_keep_fields_and_options_within_bounds);
	tcase_add_test(t, every_action_is_a_payload_that_names_its_records);
	tcase_add_test(t, the_ring_forgets_the_oldest_and_can_be_read_from_any_point);
	tcase_add_test(t, bad_commands_change_nothing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
