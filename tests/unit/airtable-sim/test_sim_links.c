/* Links between tables, and what is worked out from the other end of them. */
#include "airtable-sim/base/links.h"
#include "airtable-sim/base/random.h"
#include "tests/lib/sim_support.h"

#define HOOKS	"/v0/bases/" SIM_DATA_BASE_ID "/webhooks"
#define META	"/v0/meta/bases/" SIM_DATA_BASE_ID "/tables"
#define BOOKS	"/v0/" SIM_DATA_BASE_ID "/Books"
#define PEOPLE	"/v0/" SIM_DATA_BASE_ID "/People"

static char hook[SIM_ID_SIZE];

static struct sim_table *
table(const char *name)
{
	struct sim_table *t = sim_base_table(sim->base, str_of(name));

	ck_assert_ptr_nonnull(t);
	return t;
}

static void
schema(const char *body)
{
	ck_assert_msg(door("POST", "schema", body) == 200, "%s: %s", body, buf_cstr(&reply.body));
}

/* People and Books, which have authors; both know what is at the other end. */
static void
setup(void)
{
	char body[512];

	sim_start(3);
	ck_assert_int_eq(call("POST", META, "{\"name\":\"People\",\"fields\":[{\"name\":\"Name\","
	    "\"type\":\"singleLineText\"},{\"name\":\"Age\",\"type\":\"number\",\"options\":"
	    "{\"precision\":0}}]}"), 200);
	(void)snprintf(body, sizeof(body), "{\"name\":\"Books\",\"fields\":[{\"name\":\"Title\","
	    "\"type\":\"singleLineText\"},{\"name\":\"Price\",\"type\":\"currency\",\"options\":"
	    "{\"precision\":2,\"symbol\":\"$\"}},{\"name\":\"Authors\",\"type\":\"multipleRecordLinks\","
	    "\"options\":{\"linkedTableId\":\"%s\"}}]}", text_at("id"));
	ck_assert_int_eq(call("POST", META, body), 200);
	schema("{\"table\":\"Books\",\"add\":{\"name\":\"Ages\",\"type\":\"multipleLookupValues\","
	    "\"options\":{\"recordLinkFieldId\":\"Authors\",\"fieldIdInLinkedTable\":\"Age\"}}}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Written\",\"type\":\"count\","
	    "\"options\":{\"recordLinkFieldId\":\"Books\"}}}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Worth\",\"type\":\"rollup\",\"options\":"
	    "{\"recordLinkFieldId\":\"Books\",\"fieldIdInLinkedTable\":\"Price\",\"formula\":"
	    "\"SUM(values)\",\"result\":{\"type\":\"currency\",\"options\":{\"precision\":2}}}}}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Twice\",\"type\":\"formula\",\"options\":"
	    "{\"formula\":\"{Worth} * 2\"}}}");
}

/* A new record of the table; its slot. */
static uint32_t
add(const char *path, const char *fields)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"typecast\":true,\"fields\":%s}", fields);
	ck_assert_msg(call("POST", path, body) == 200, "%s: %s", body, buf_cstr(&reply.body));
	return table(strrchr(path, '/') + 1)->row_count - 1;
}

static void
patch(const char *path, uint32_t slot, const char *fields)
{
	char target[128], body[512];

	(void)snprintf(target, sizeof(target), "%s/%s", path, table(strrchr(path, '/') + 1)->rows[slot].id);
	(void)snprintf(body, sizeof(body), "{\"typecast\":true,\"fields\":%s}", fields);
	ck_assert_msg(call("PATCH", target, body) == 200, "%s: %s", body, buf_cstr(&reply.body));
}

static void
check(const char *path, uint32_t slot, const char *field, const char *json)
{
	char target[128], member[64];
	cJSON *wanted = json == NULL ? NULL : cJSON_Parse(json);

	(void)snprintf(target, sizeof(target), "%s/%s", path, table(strrchr(path, '/') + 1)->rows[slot].id);
	(void)snprintf(member, sizeof(member), "fields/%s", field);
	ck_assert_int_eq(call("GET", target, ""), 200);
	ck_assert_msg(wanted == NULL ? at(member) == NULL : cJSON_Compare(at(member), wanted, true),
	    "%s is not %s in %s", field, json == NULL ? "empty" : json, buf_cstr(&reply.body));
	cJSON_Delete(wanted);
}

START_TEST(a_link_field_has_an_inverse_that_the_schema_names)
{
	const struct sim_table *people = table("People"), *books = table("Books");

	ck_assert_int_eq(call("GET", META, ""), 200);
	ck_assert_str_eq(text_at("tables/1/fields/2/name"), "Books");
	ck_assert_str_eq(text_at("tables/1/fields/2/options/linkedTableId"), books->id);
	ck_assert_str_eq(text_at("tables/1/fields/2/options/inverseLinkFieldId"), books->fields[2].id);
	ck_assert(cJSON_IsTrue(at("tables/1/fields/2/options/isReversed")));
	ck_assert_str_eq(text_at("tables/2/fields/2/options/inverseLinkFieldId"), people->fields[2].id);
	ck_assert(cJSON_IsFalse(at("tables/2/fields/2/options/isReversed")));
	ck_assert_str_eq(text_at("tables/2/fields/3/options/result/type"), "number");
	ck_assert_str_eq(text_at("tables/2/fields/3/options/fieldIdInLinkedTable"), people->fields[1].id);
	ck_assert_str_eq(text_at("tables/1/fields/3/type"), "count");
	ck_assert_str_eq(text_at("tables/1/fields/4/options/result/type"), "currency");
	ck_assert_str_eq(text_at("tables/1/fields/5/options/result/type"), "number");
	ck_assert_str_eq(text_at("tables/1/fields/5/options/referencedFieldIds/0"), people->fields[4].id);
}
END_TEST

START_TEST(either_side_changes_the_other_and_what_follows)
{
	uint32_t ada = add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	uint32_t ben = add(PEOPLE, "{\"Name\":\"Ben\",\"Age\":50}"), a, b;
	char json[128];

	a = add(BOOKS, "{\"Title\":\"A\",\"Price\":12.5,\"Authors\":\"Ada, Ben\"}");
	b = add(BOOKS, "{\"Title\":\"B\",\"Price\":2.25,\"Authors\":\"Ada\"}");
	check(BOOKS, a, "Ages", "[36,50]");
	check(PEOPLE, ada, "Written", "2");
	check(PEOPLE, ada, "Worth", "14.75");
	check(PEOPLE, ada, "Twice", "29.5");
	check(PEOPLE, ben, "Worth", "12.5");
	(void)snprintf(json, sizeof(json), "{\"Books\":[\"%s\"]}", table("Books")->rows[b].id);
	patch(PEOPLE, ben, json);
	(void)snprintf(json, sizeof(json), "[\"%s\"]", table("People")->rows[ada].id);
	check(BOOKS, a, "Authors", json);
	check(BOOKS, a, "Ages", "[36]");
	check(BOOKS, b, "Ages", "[36,50]");
	patch(BOOKS, b, "{\"Price\":10}");
	check(PEOPLE, ben, "Worth", "10");
	patch(PEOPLE, ada, "{\"Books\":null}");
	check(PEOPLE, ada, "Written", "0");
	check(PEOPLE, ada, "Worth", "0");
	check(BOOKS, a, "Authors", NULL);
	check(BOOKS, a, "Ages", NULL);
}
END_TEST

START_TEST(filters_and_sorts_know_what_is_worked_out)
{
	(void)add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	(void)add(PEOPLE, "{\"Name\":\"Ben\",\"Age\":50}");
	(void)add(BOOKS, "{\"Title\":\"A\",\"Price\":5,\"Authors\":\"Ada, Ben\"}");
	(void)add(BOOKS, "{\"Title\":\"B\",\"Price\":20,\"Authors\":\"Ben\"}");
	ck_assert_int_eq(call("GET", PEOPLE "?filterByFormula=%7BWorth%7D%3E20", ""), 200);
	ck_assert_int_eq(size_at("records"), 1);
	ck_assert_str_eq(text_at("records/0/fields/Name"), "Ben");
	ck_assert_int_eq(call("GET", BOOKS "?filterByFormula=FIND('Ada',ARRAYJOIN(Authors))", ""), 200);
	ck_assert_int_eq(size_at("records"), 1);
	ck_assert_int_eq(call("GET", PEOPLE "?sort[0][field]=Worth&sort[0][direction]=desc", ""), 200);
	ck_assert_str_eq(text_at("records/0/fields/Name"), "Ben");
	ck_assert_int_eq(call("GET", PEOPLE "?cellFormat=string&timeZone=UTC&userLocale=en&"
	    "sort[0][field]=Name", ""), 200);
	ck_assert_str_eq(text_at("records/1/fields/Worth"), "$25.00");
	ck_assert_str_eq(text_at("records/1/fields/Books"), "A, B");
	ck_assert_str_eq(text_at("records/1/fields/Written"), "2");
}
END_TEST

START_TEST(a_deleted_record_leaves_all_links_and_comes_back_into_them)
{
	uint32_t ada = add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	uint32_t a = add(BOOKS, "{\"Title\":\"A\",\"Price\":5,\"Authors\":\"Ada\"}"), b;
	char target[128], body[128];

	b = add(BOOKS, "{\"Title\":\"B\",\"Price\":7,\"Authors\":\"Ada\"}");
	(void)snprintf(target, sizeof(target), BOOKS "/%s", table("Books")->rows[a].id);
	ck_assert_int_eq(call("DELETE", target, ""), 200);
	check(PEOPLE, ada, "Written", "1");
	check(PEOPLE, ada, "Worth", "7");
	(void)snprintf(body, sizeof(body), "{\"table\":\"Books\",\"ids\":[\"%s\"]}", table("Books")->rows[a].id);
	ck_assert_int_eq(door("POST", "restore", body), 200);
	check(PEOPLE, ada, "Worth", "12");
	ck_assert_int_eq(door("POST", "delete", "{\"table\":\"People\",\"all\":true}"), 200);
	check(BOOKS, b, "Authors", NULL);
	ck_assert_int_eq(door("POST", "restore", "{\"table\":\"People\",\"all\":true}"), 200);
	check(BOOKS, b, "Ages", "[36]");
}
END_TEST

/* Does each record's side of every link agree with the other's? */
static void
check_mirror(const struct sim_table *t, size_t place)
{
	const struct sim_field *f = &t->fields[place];

	for (uint32_t i = 0; i < t->row_count; i++) {
		size_t n;
		const uint32_t *links = sim_links(sim_row_cell(&t->rows[i], place), &n);

		for (size_t k = 0; k < n && !t->rows[i].deleted; k++) {
			size_t others, times = 0;
			const uint32_t *back = sim_links(
			    sim_row_cell(&f->linked->rows[links[k]], f->inverse - 1u), &others);

			ck_assert(!f->linked->rows[links[k]].deleted);
			for (size_t j = 0; j < others; j++)
				times += back[j] == i;
			ck_assert_uint_eq(times, 1);
		}
	}
}

#define PAIRS	12

/* A list of random links into ${json}, and into the model that ${has} is. */
static void
random_links(struct sim_random *r, const struct sim_table *to, bool *has, size_t step, char *json)
{
	bool first = true;

	(void)strcpy(json, "[");
	for (uint32_t i = 0; i < PAIRS; i++) {
		has[i * step] = !to->rows[i].deleted && sim_random_below(r, 3) == 0;
		if (!has[i * step])
			continue;
		(void)sprintf(json + strlen(json), "%s\"%s\"", first ? "" : ",", to->rows[i].id);
		first = false;
	}
	(void)strcat(json, "]");
}

START_TEST(random_edits_of_both_sides_equal_a_recomputation)
{
	struct sim_table *books = table("Books"), *people = table("People");
	struct sim_random r = { (uint64_t)_i + 1 };
	bool has[PAIRS][PAIRS] = { { false } };		/* book, person */
	char json[512], fields[600], body[128];

	for (int i = 0; i < PAIRS; i++) {
		(void)add(PEOPLE, "{\"Age\":1}");
		(void)add(BOOKS, "{\"Price\":1}");
	}
	for (int step = 0; step < 150; step++) {
		uint32_t slot = sim_random_below(&r, PAIRS);
		bool of_book = sim_random_below(&r, 2) == 0;
		struct sim_table *t = of_book ? books : people;

		if (sim_random_below(&r, 6) == 0) {	/* into the bin, or out of it */
			bool back = t->rows[slot].deleted;

			(void)snprintf(body, sizeof(body), "{\"table\":\"%s\",\"ids\":[\"%s\"]}", t->name,
			    t->rows[slot].id);
			ck_assert_int_eq(door("POST", back ? "restore" : "delete", body), 200);
			if (back) {	/* what it had is there again, as far as that is there */
				size_t n;
				const uint32_t *links = sim_links(sim_row_cell(&t->rows[slot], 2), &n);

				for (size_t k = 0; k < n; k++)
					*(of_book ? &has[slot][links[k]] : &has[links[k]][slot]) = true;
			} else {
				for (uint32_t i = 0; i < PAIRS; i++)
					*(of_book ? &has[slot][i] : &has[i][slot]) = false;
			}
		} else if (!t->rows[slot].deleted) {
			if (of_book)
				random_links(&r, people, &has[slot][0], 1, json);
			else
				random_links(&r, books, &has[0][slot], PAIRS, json);
			(void)snprintf(fields, sizeof(fields), "{\"%s\":%s}", of_book ? "Authors" : "Books", json);
			patch(of_book ? BOOKS : PEOPLE, slot, fields);
		}
		check_mirror(books, 2);
		check_mirror(people, 2);
	}
	for (uint32_t p = 0; p < PAIRS; p++) {
		int n = 0;

		for (uint32_t b = 0; b < PAIRS; b++)
			n += has[b][p];
		if (people->rows[p].deleted)
			continue;
		(void)snprintf(json, sizeof(json), "%d", n);
		check(PEOPLE, p, "Written", json);
		check(PEOPLE, p, "Worth", json);
	}
}
END_TEST

static void
watch(const char *filters)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"specification\":{\"options\":{\"filters\":"
	    "{\"dataTypes\":[\"tableData\",\"tableFields\"]%s},\"includes\":"
	    "{\"includePreviousCellValues\":true}}}}", filters);
	ck_assert_msg(call("POST", HOOKS, body) == 200, "%s: %s", body, buf_cstr(&reply.body));
	(void)snprintf(hook, sizeof(hook), "%s", text_at("id"));
}

static int
payloads(void)
{
	char target[128];

	(void)snprintf(target, sizeof(target), HOOKS "/%s/payloads", hook);
	ck_assert_int_eq(call("GET", target, ""), 200);
	return size_at("payloads");
}

/* A member of what the ${n}th payload says of a record's change. */
static const cJSON *
told(int n, const char *name, uint32_t slot, const char *part, size_t field, const char *rest)
{
	const struct sim_table *t = table(name);
	char path[256];

	(void)snprintf(path, sizeof(path), "payloads/%d/changedTablesById/%s/changedRecordsById/%s/%s/"
	    "cellValuesByFieldId/%s%s", n, t->id, t->rows[slot].id, part, t->fields[field].id, rest);
	return at(path);
}

START_TEST(one_webhook_hears_of_both_tables_and_of_what_follows)
{
	uint32_t ada = add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	uint32_t a = add(BOOKS, "{\"Title\":\"A\",\"Price\":5}");
	char json[128];

	watch("");
	(void)snprintf(json, sizeof(json), "{\"Authors\":[\"%s\"]}", table("People")->rows[ada].id);
	patch(BOOKS, a, json);
	patch(BOOKS, a, "{\"Price\":8}");
	patch(PEOPLE, ada, "{\"Age\":37}");
	ck_assert_int_eq(payloads(), 3);
	ck_assert_str_eq(cJSON_GetStringValue(told(0, "Books", a, "current", 2, "/0/name")), "Ada");
	ck_assert_ptr_nonnull(told(0, "Books", a, "current", 3, "/linkedRecordIds/0"));
	ck_assert_str_eq(cJSON_GetStringValue(told(0, "People", ada, "current", 2, "/0/name")), "A");
	ck_assert(told(0, "People", ada, "previous", 3, "")->valuedouble == 0);
	ck_assert(told(0, "People", ada, "current", 4, "")->valuedouble == 5);
	ck_assert(told(1, "People", ada, "current", 4, "")->valuedouble == 8);
	ck_assert(told(1, "People", ada, "previous", 5, "")->valuedouble == 10);
	ck_assert_ptr_null(told(1, "People", ada, "current", 2, ""));
	(void)snprintf(json, sizeof(json), "/valuesByLinkedRecordId/%s/0", table("People")->rows[ada].id);
	ck_assert(told(2, "Books", a, "current", 3, json)->valuedouble == 37);
}
END_TEST

START_TEST(a_webhook_of_one_table_hears_of_no_other)
{
	uint32_t ada = add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	uint32_t a = add(BOOKS, "{\"Title\":\"A\",\"Price\":5,\"Authors\":\"Ada\"}");
	char filters[128];

	set("computedInPayloads", "none");
	(void)snprintf(filters, sizeof(filters), ",\"recordChangeScope\":\"%s\",\"fromSources\":"
	    "[\"publicApi\"]", table("People")->id);
	watch(filters);
	patch(BOOKS, a, "{\"Price\":8}");
	ck_assert_int_eq(payloads(), 0);
	patch(BOOKS, a, "{\"Authors\":[]}");
	ck_assert_int_eq(payloads(), 1);
	ck_assert(cJSON_IsNull(told(0, "People", ada, "current", 2, "")));
	ck_assert_int_eq(size_at("payloads/0/changedTablesById"), 1);
	ck_assert_int_eq(door("POST", "delete", "{\"table\":\"People\",\"all\":true}"), 200);
	ck_assert_int_eq(payloads(), 1);	/* a colleague's */
}
END_TEST

START_TEST(a_deletion_tells_of_the_links_that_go)
{
	uint32_t ada = add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	uint32_t a = add(BOOKS, "{\"Title\":\"A\",\"Price\":5,\"Authors\":\"Ada\"}");
	char target[128];

	watch("");
	(void)snprintf(target, sizeof(target), BOOKS "/%s", table("Books")->rows[a].id);
	ck_assert_int_eq(call("DELETE", target, ""), 200);
	ck_assert_int_eq(payloads(), 1);
	ck_assert(reply_has("\"destroyedRecordIds\":[\"rec"));
	ck_assert(cJSON_IsNull(told(0, "People", ada, "current", 2, "")));
	ck_assert(told(0, "People", ada, "previous", 4, "")->valuedouble == 5);
	ck_assert(told(0, "People", ada, "current", 4, "")->valuedouble == 0);
}
END_TEST

START_TEST(when_a_link_field_or_its_table_goes_texts_remain)
{
	uint32_t a;

	(void)add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	a = add(BOOKS, "{\"Title\":\"A\",\"Authors\":\"Ada\"}");
	watch("");
	schema("{\"table\":\"Books\",\"remove\":{\"field\":\"Authors\"}}");
	check(PEOPLE, 0, "Books", "\"A\"");
	check(PEOPLE, 0, "Written", NULL);
	check(BOOKS, a, "Ages", NULL);
	ck_assert_int_eq(payloads(), 1);
	ck_assert(reply_has("\"destroyedFieldIds\"") && reply_has("\"changedFieldsById\""));
	schema("{\"table\":\"Books\",\"restore\":{\"field\":\"Authors\"}}");
	ck_assert_int_eq(sim_table_field(table("People"), STR("Books 2")), 6);
	check(BOOKS, a, "Ages", "[36]");
	schema("{\"table\":\"People\",\"removeTable\":{}}");
	check(BOOKS, a, "Authors", "\"Ada\"");
}
END_TEST

START_TEST(a_field_becomes_links_and_a_text_again)
{
	uint32_t a = (schema("{\"table\":\"Books\",\"add\":{\"name\":\"Shelf\",\"type\":"
	    "\"singleLineText\"}}"), add(BOOKS, "{\"Title\":\"A\",\"Shelf\":\"A, or B\"}"));
	size_t tables = sim->base->table_count;

	ck_assert_int_eq(door("POST", "schema", "{\"table\":\"Books\",\"retype\":{\"field\":"
	    "\"Title\",\"type\":\"multipleRecordLinks\"}}"), 400);
	schema("{\"table\":\"Books\",\"retype\":{\"field\":\"Shelf\",\"type\":\"multipleRecordLinks\"}}");
	ck_assert_uint_eq(sim->base->table_count, tables + 1);
	ck_assert_str_eq(sim->base->tables[tables]->fields[1].name, "Books");
	ck_assert_uint_eq(sim->base->tables[tables]->rows[0].cells[1].len, 1);
	schema("{\"table\":\"Books\",\"retype\":{\"field\":\"Shelf\",\"type\":\"singleLineText\"}}");
	check(BOOKS, a, "Shelf", "\"A, or B\"");
	ck_assert_int_eq(sim->base->tables[tables]->fields[1].type, SIM_SINGLE_LINE_TEXT);
}
END_TEST

START_TEST(people_and_numbers_that_nobody_writes)
{
	uint32_t ada;
	char body[256];

	schema("{\"table\":\"People\",\"add\":{\"name\":\"No\",\"type\":\"autoNumber\"},"
	    "\"add\":{\"name\":\"By\",\"type\":\"createdBy\"}}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Last\",\"type\":\"lastModifiedBy\"}}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Source\",\"type\":\"externalSyncSource\","
	    "\"options\":{\"choices\":[{\"name\":\"Elsewhere\"}]}}}");
	ck_assert_int_eq(call("POST", META "/People/fields",
	    "{\"name\":\"Team\",\"type\":\"multipleCollaborators\"}"), 200);
	(void)add(PEOPLE, "{\"Name\":\"Ada\"}");
	ada = add(PEOPLE, "{\"Name\":\"Ben\"}");
	(void)snprintf(body, sizeof(body), "{\"table\":\"People\",\"user\":\"Grace Hopper\",\"id\":\"%s\","
	    "\"fields\":{\"Age\":7}}", table("People")->rows[ada].id);
	ck_assert_int_eq(door("POST", "edit", body), 200);
	check(PEOPLE, ada, "No", "2");
	check(PEOPLE, ada, "Source", NULL);
	check(PEOPLE, ada, "By", "{\"id\":\"" SIM_USER_ID "\",\"email\":\"" SIM_USER_EMAIL "\",\"name\":\""
	    SIM_USER_NAME "\"}");
	ck_assert_str_eq(text_at("fields/Last/name"), "Grace Hopper");
	patch(PEOPLE, ada, "{\"Team\":\"Grace Hopper, " SIM_USER_EMAIL ", grace.hopper@example.com\"}");
	ck_assert_int_eq(size_at("fields/Team"), 2);
	ck_assert_str_eq(text_at("fields/Last/name"), SIM_USER_NAME);
	ck_assert_int_eq(call("PATCH", PEOPLE, "{\"records\":[]}"), 422);
	(void)snprintf(body, sizeof(body), "{\"records\":[{\"id\":\"%s\",\"fields\":{\"No\":3}}]}",
	    table("People")->rows[ada].id);
	ck_assert_int_eq(call("PATCH", PEOPLE, body), 422);
	ck_assert(reply_has("because the field is computed"));
}
END_TEST

START_TEST(what_refers_to_itself_ends)
{
	(void)add(PEOPLE, "{\"Name\":\"Ada\",\"Age\":36}");
	(void)add(BOOKS, "{\"Title\":\"A\",\"Authors\":\"Ada\"}");
	schema("{\"table\":\"People\",\"add\":{\"name\":\"Theirs\",\"type\":\"multipleLookupValues\","
	    "\"options\":{\"recordLinkFieldId\":\"Books\",\"fieldIdInLinkedTable\":\"Ages\"}}}");
	schema("{\"table\":\"Books\",\"retype\":{\"field\":\"Ages\",\"type\":\"multipleLookupValues\","
	    "\"options\":{\"recordLinkFieldId\":\"Authors\",\"fieldIdInLinkedTable\":\"Theirs\"}}}");
	schema("{\"table\":\"Books\",\"formula\":{\"field\":\"Title\",\"formula\":\"{Authors} & ''\"}}");
	schema("{\"table\":\"People\",\"formula\":{\"field\":\"Name\",\"formula\":\"{Books} & ''\"}}");
	ck_assert_int_eq(call("GET", PEOPLE, ""), 200);
	ck_assert_int_eq(call("GET", PEOPLE "?filterByFormula=%7BTheirs%7D", ""), 200);
	watch("");
	patch(PEOPLE, 0, "{\"Age\":1}");
	ck_assert_int_eq(payloads(), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_links");
	TCase *t = tcase_create("links");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, a_link_field_has_an_inverse_that_the_schema_names);
	tcase_add_test(t, either_side_changes_the_other_and_what_follows);
	tcase_add_test(t, filters_and_sorts_know_what_is_worked_out);
	tcase_add_test(t, a_deleted_record_leaves_all_links_and_comes_back_into_them);
	tcase_add_loop_test(t, random_edits_of_both_sides_equal_a_recomputation, 0, 8);
	tcase_add_test(t, one_webhook_hears_of_both_tables_and_of_what_follows);
	tcase_add_test(t, a_webhook_of_one_table_hears_of_no_other);
	tcase_add_test(t, a_deletion_tells_of_the_links_that_go);
	tcase_add_test(t, when_a_link_field_or_its_table_goes_texts_remain);
	tcase_add_test(t, a_field_becomes_links_and_a_text_again);
	tcase_add_test(t, people_and_numbers_that_nobody_writes);
	tcase_add_test(t, what_refers_to_itself_ends);
	suite_add_tcase(s, t);
	return run_suite(s);
}
