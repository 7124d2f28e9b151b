#include "syncd/airtable/forms.h"
#include "tests/lib/airtable_fixture.h"
#include "tests/lib/made_tables.h"

/* Several tables of one base: what is known of one of them concerns no other. */

#define PARCELS	"{\"records\":[{\"id\":\"rec00000000000001\",\"fields\":{\"Code\":\"K-1\"," \
		"\"State\":\"Sent\",\"Sent At\":\"2026-01-02T03:04:05.000Z\"}}]}"
#define UNKNOWN(name)	"{\"error\":{\"type\":\"UNKNOWN_FIELD_NAME\",\"message\":\"Unknown field name: \\\"" \
			name "\\\"\"}}"
#define STATUS_ID	"fld00000000000002"
#define ORDERS_META	"{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[" \
			"{\"id\":\"fldA\",\"name\":\"Order ID\"},{\"id\":\"fldB\",\"name\":\"Customer\"}," \
			"{\"id\":\"" STATUS_ID "\",\"name\":\"Status\"}]}"
#define PARCELS_META	"{\"id\":\"tblP\",\"name\":\"Parcels\",\"fields\":[" \
			"{\"id\":\"fldX\",\"name\":\"Code\"},{\"id\":\"fldY\",\"name\":\"State\"}]}"

static void
setup(void)
{
	airtable_setup();
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	ck_assert_ptr_nonnull(airtable = airtable_new(&loop, &config, &made_tables));
}

static void
start_list(struct seen *s, const struct schema *schema)
{
	ck_assert_ptr_nonnull(airtable_list(airtable, schema, STR(""), AIRTABLE_SYNC, 0, on_done, s));
}

static void
list_of(struct seen *s, const struct schema *schema)
{
	start_list(s, schema);
	ck_assert(canned_run(&loop, &s->calls, 1, 5000));
}

START_TEST(each_table_has_its_own_path_and_fields)
{
	struct seen s[2] = { 0 };

	ck_assert(airtable_serves(airtable, &orders_schema) && airtable_serves(airtable, &parcels_schema));
	canned_json(&server, 200, PARCELS);
	canned_json(&server, 200, PAGE);
	list_of(&s[0], &parcels_schema);
	list_of(&s[1], &orders_schema);
	ck_assert_has(request(0), "GET /v0/appAAAAAAAAAAAAAA/Parcels?pageSize=100&fields%5B%5D=Code&"
	    "fields%5B%5D=State&fields%5B%5D=Sent%20At HTTP/1.1\r\n");
	ck_assert_uint_eq(s[0].record.known, schema_all(&parcels_schema));
	ck_assert_str_eq(buf_cstr(&s[0].texts), "rec00000000000001|K-1|Sent||-");
	ck_assert_int_eq(s[0].record.values[PARCEL_SENT_AT].number, INT64_C(1767323045000));
	ck_assert_has(request(1), "GET /v0/appAAAAAAAAAAAAAA/Orders?pageSize=100&fields%5B%5D=Order%20ID");
	ck_assert_str_eq(buf_cstr(&s[1].texts), "rec00000000000001|ORD-1|M\xc3\xbcller|Shipped|High");
	seen_free(&s[0]);
	seen_free(&s[1]);
}
END_TEST

START_TEST(a_table_that_is_not_in_the_list_is_not_served)
{
	reopen();
	ck_assert(!airtable_serves(airtable, &parcels_schema));
}
END_TEST

static bool
compose_state(void *cookie, struct airtable_write *w)
{
	static const struct record r = {
		.id = STR("rec00000000000001"), .known = 1u << PARCEL_STATE,
		.values[PARCEL_STATE] = { .present = true, .text = STR("Sent") }
	};

	*w = (struct airtable_write){
		.change = AIRTABLE_UPDATE, .records[0] = &r, .count = 1, .callback = on_done,
		.cookie = cookie
	};
	return true;
}

START_TEST(a_change_goes_to_the_table_it_is_for)
{
	struct airtable_forms forms = { .field[0].form = FORM_NOT_KNOWN };
	struct seen s[2] = { 0 };

	canned_json(&server, 200, PARCELS);
	ck_assert_ptr_nonnull(airtable_write(airtable, &parcels_schema, compose_state, on_done, &s[0]));
	ck_assert(canned_run(&loop, &s[0].calls, 1, 5000));
	ck_assert_int_eq(s[0].result.err, ERR_OK);
	ck_assert_has(request(0), "PATCH /v0/appAAAAAAAAAAAAAA/Parcels HTTP/1.1\r\n");
	ck_assert_has(request(0), "{\"State\":\"Sent\"}");
	/* Airtable computes the second field of the orders, not that of the parcels */
	ck_assert(airtable_forms_set(&forms, PARCEL_STATE, "formula", STR("")));
	airtable_use_forms(airtable, &orders_schema, &forms);
	canned_json(&server, 200, PARCELS);
	ck_assert_ptr_nonnull(airtable_write(airtable, &parcels_schema, compose_state, on_done, &s[1]));
	ck_assert(canned_run(&loop, &s[1].calls, 1, 5000));
	ck_assert_int_eq(s[1].result.err, ERR_OK);
	airtable_forms_clear(&forms);
	seen_free(&s[0]);
	seen_free(&s[1]);
}
END_TEST

static int told;

static void
on_fields(void *cookie, uint32_t missing)
{
	ck_assert_ptr_eq(cookie, &parcels_schema);
	ck_assert_uint_eq(missing, 1u << PARCEL_STATE);
	told++;
}

static void
on_orders_fields(void *cookie, uint32_t missing)
{
	(void)cookie, (void)missing;
	ck_abort_msg("no field of the orders is missing");
}

START_TEST(a_field_that_one_table_lacks_is_missing_in_no_other)
{
	struct seen s[3] = { 0 };
	struct buf b = { 0 };
	char text[300];

	told = 0;
	airtable_watch_fields(airtable, &parcels_schema, on_fields, (void *)&parcels_schema);
	airtable_watch_fields(airtable, &orders_schema, on_orders_fields, NULL);
	canned_json(&server, 422, UNKNOWN("State"));
	canned_json(&server, 200, PARCELS);
	canned_json(&server, 200, PAGE);
	list_of(&s[0], &parcels_schema);
	list_of(&s[1], &parcels_schema);
	list_of(&s[2], &orders_schema);
	ck_assert_int_eq(s[0].result.err, ERR_AIRTABLE_FIELD_MISSING);
	ck_assert_has(s[0].result.message, "fields.parcels.state = \"State\"");
	ck_assert_ptr_null(strstr(request(1), "State"));
	ck_assert_uint_eq(s[1].record.known, schema_all(&parcels_schema) & ~(1u << PARCEL_STATE));
	ck_assert_uint_eq(s[2].record.known, schema_all(&orders_schema));
	ck_assert_uint_eq(airtable_missing(airtable, &parcels_schema), 1u << PARCEL_STATE);
	ck_assert_uint_eq(airtable_missing(airtable, &orders_schema), 0);
	ck_assert_int_eq(told, 1);
	airtable_missing_text(airtable, &parcels_schema, 1u << PARCEL_STATE, text, sizeof(text));
	ck_assert_has(text, "fields.parcels.state");
	airtable_add_status(airtable, &b);
	ck_assert_has(buf_cstr(&b), "\"missingFields\":[],\"createKeyProblem\":null,\"tables\":["
	    "{\"name\":\"orders\",\"missingFields\":[],\"createKeyProblem\":null},"
	    "{\"name\":\"parcels\",\"missingFields\":[\"state\"],\"createKeyProblem\":null}]");
	buf_free(&b);
	seen_free(&s[1]);
	seen_free(&s[2]);
}
END_TEST

/* Both tables are keyed by ids, and those of a field of each are still to be found. */
static void
lack_ids(void)
{
	struct airtable_keys ids = { .count = PARCEL_FIELDS, .missing = 1u << PARCEL_CODE };

	strcpy(config.orders_fields[ORDER_STATUS], STATUS_ID);
	airtable_reconfigure(airtable);
	strcpy(ids.answer[PARCEL_STATE], "fldY");
	strcpy(ids.answer[PARCEL_SENT_AT], "fldZ");
	airtable_use_ids(airtable, &parcels_schema, "tblP", &ids);
	airtable_look_for_fields(airtable, &parcels_schema);
}

START_TEST(the_schema_of_the_base_is_read_once_for_all_tables)
{
	struct seen s[2] = { 0 };

	lack_ids();
	canned_json(&server, 200, "{\"tables\":[" ORDERS_META "," PARCELS_META "]}");
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"" STATUS_ID "\":\"Shipped\"}}]}");
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"fldX\":\"K-1\"}}]}");
	start_list(&s[0], &orders_schema);
	start_list(&s[1], &parcels_schema);
	ck_assert(canned_run(&loop, &s[1].calls, 1, 5000));
	ck_assert(canned_run(&loop, &s[0].calls, 1, 5000));
	ck_assert_uint_eq(server.request_count, 3);
	ck_assert_has(request(0), "GET /v0/meta/bases/");
	ck_assert_str_eq(buf_cstr(&s[0].texts), "rec1|-|-|Shipped|-");
	ck_assert_str_eq(buf_cstr(&s[1].texts), "rec1|K-1|-|-|-");
	ck_assert_has(request(2), "/tblP?pageSize=100&returnFieldsByFieldId=true&fields%5B%5D=Code&"
	    "fields%5B%5D=fldY");
	seen_free(&s[0]);
	seen_free(&s[1]);
}
END_TEST

START_TEST(a_table_that_is_gone_stops_only_its_own_calls)
{
	struct seen s[2] = { 0 };

	lack_ids();
	canned_json(&server, 200, "{\"tables\":[" ORDERS_META "]}");
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"" STATUS_ID "\":\"Shipped\"}}]}");
	start_list(&s[0], &orders_schema);
	start_list(&s[1], &parcels_schema);
	ck_assert(canned_run(&loop, &s[0].calls, 1, 5000));
	ck_assert(canned_run(&loop, &s[1].calls, 1, 5000));
	ck_assert_int_eq(s[0].result.err, ERR_OK);
	ck_assert_int_eq(s[1].result.err, ERR_AIRTABLE_NOT_FOUND);
	ck_assert(!s[1].result.retryable);
	ck_assert_has(s[1].result.message, "the base has no table \"tblP\"");
	ck_assert_ptr_null(strstr(s[1].result.message, "orders_table"));
	seen_free(&s[0]);
}
END_TEST

START_TEST(a_refused_listing_names_the_table)
{
	struct seen s[2] = { 0 };

	for (int i = 0; i < 2; i++)
		canned_json(&server, 403, "{\"error\":{\"type\":\"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND\","
		    "\"message\":\"No.\"}}");
	list_of(&s[0], &parcels_schema);
	list_of(&s[1], &orders_schema);
	ck_assert_str_eq(s[0].result.message,
	    "airtable.base_id, Parcels, or the token's bases and scopes: No.");
	ck_assert_str_eq(s[1].result.message,
	    "airtable.base_id, airtable.orders_table, or the token's bases and scopes: No.");
}
END_TEST

START_TEST(the_tables_share_one_rate_limit)
{
	struct seen s[8] = { 0 };

	for (int i = 0; i < 8; i++) {
		canned_json(&server, 200, "{\"records\":[]}");
		start_list(&s[i], made_tables.list[i % 2]);
	}
	for (int i = 0; i < 8; i++)
		ck_assert(canned_run(&loop, &s[i].calls, 1, 5000));
	ck_assert_uint_le(canned_most_in_a_second(&server), 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("airtable_tables");
	TCase *t = tcase_create("tables");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, airtable_teardown);
	tcase_add_test(t, each_table_has_its_own_path_and_fields);
	tcase_add_test(t, a_table_that_is_not_in_the_list_is_not_served);
	tcase_add_test(t, a_change_goes_to_the_table_it_is_for);
	tcase_add_test(t, a_field_that_one_table_lacks_is_missing_in_no_other);
	tcase_add_test(t, the_schema_of_the_base_is_read_once_for_all_tables);
	tcase_add_test(t, a_table_that_is_gone_stops_only_its_own_calls);
	tcase_add_test(t, a_refused_listing_names_the_table);
	tcase_add_test(t, the_tables_share_one_rate_limit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
