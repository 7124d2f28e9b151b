#include "syncd/airtable/keys.h"
#include "tests/lib/airtable_fixture.h"

/* ---- asking ---- */

START_TEST(a_page_is_requested_with_every_field_and_decoded)
{
	struct seen s = { 0 };

	canned_json(&server, 200, PAGE);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_has(request(0), "GET /v0/appAAAAAAAAAAAAAA/Orders?pageSize=100&fields%5B%5D=Order%20ID&"
	    "fields%5B%5D=Customer&fields%5B%5D=Status&fields%5B%5D=Priority&"
	    "fields%5B%5D=Order%20Total&fields%5B%5D=Created%20At&fields%5B%5D=Updated%20At HTTP/1.1\r\n");
	ck_assert_has(request(0), "Authorization: Bearer " TOKEN "\r\n");
	ck_assert_has(request(0), "User-Agent: orderdeck/");
	ck_assert_has(request(0), "Accept-Encoding: ");
	ck_assert_uint_eq(s.count, 1);
	ck_assert_uint_eq(s.warnings, 0);
	ck_assert_str_eq(buf_cstr(&s.texts), "rec00000000000001|ORD-1|M\xc3\xbcller|Shipped|High");
	ck_assert_str_eq(buf_cstr(&s.offset), "itr1/rec1");
	ck_assert_int_eq(s.record.values[ORDER_TOTAL].number, 123000);
	ck_assert_int_eq(s.record.values[ORDER_CREATED_AT].number, INT64_C(1767323045000));
	ck_assert_int_eq(s.record.values[ORDER_UPDATED_AT].number, INT64_C(1767323046000));
	ck_assert_uint_eq(s.record.known, schema_all(&orders_schema));
	ck_assert_int_gt(s.result.sent_ms, 0);
	ck_assert_int_eq(s.result.status, 200);
	seen_free(&s);
}
END_TEST

START_TEST(offset_and_names_are_percent_encoded)
{
	struct seen s = { 0 };

	strcpy(config.airtable.orders_table, "Bestellungen & \xc3\xbc/..?");
	canned_json(&server, 200, "{\"records\":[],\"offset\":\"\"}");
	list(&s, "itr1/rec 1&x=\xff");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_uint_eq(s.offset.len, 0);
	ck_assert_has(request(0), "GET /v0/appAAAAAAAAAAAAAA/Bestellungen%20%26%20%C3%BC%2F..%3F?pageSize");
	ck_assert_has(request(0), "&offset=itr1%2Frec%201%26x%3D%FF HTTP");
	seen_free(&s);
}
END_TEST

START_TEST(records_are_found_by_id_and_missing_ones_are_left_out)
{
	struct seen s = { 0 };
	const struct str ids[] = { STR("rec00000000000007"), STR("rec00000000000009") };

	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec00000000000009\",\"fields\":{\"Customer\":\"A\"}}]}");
	ck_assert_ptr_nonnull(airtable_find(airtable, &orders_schema, ids, 2, AIRTABLE_FEED, 0, on_done, &s));
	ck_assert(canned_run(&loop, &s.calls, 1, 5000));
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_has(request(0), "GET /v0/appAAAAAAAAAAAAAA/Orders?pageSize=100&fields%5B%5D=Order%20ID&");
	ck_assert_has(request(0), "&filterByFormula=OR(RECORD_ID()%3D%27rec00000000000007%27,"
	    "RECORD_ID()%3D%27rec00000000000009%27) HTTP/1.1\r\n");
	ck_assert_uint_eq(s.count, 1);
	ck_assert_str_eq(buf_cstr(&s.texts), "rec00000000000009|-|A|-|-");
	seen_free(&s);
}
END_TEST

static const char *const not_as_asked[] = {
	"{\"records\":[{\"id\":\"rec00000000000008\",\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"rec00000000000009\",\"fields\":{}},{\"id\":\"rec00000000000009\",\"fields\":{}}]}",
	"{\"records\":[{\"id\":\"rec00000000000009\",\"fields\":{}}],\"offset\":\"more\"}"
};

START_TEST(records_that_were_not_requested_are_a_bad_response)
{
	struct seen s = { 0 };
	const struct str id = STR("rec00000000000009");

	canned_json(&server, 200, not_as_asked[_i]);
	ck_assert_ptr_nonnull(airtable_find(airtable, &orders_schema, &id, 1, AIRTABLE_FEED, 0, on_done, &s));
	ck_assert(canned_run(&loop, &s.calls, 1, 5000));
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_BAD_RESPONSE);
	seen_free(&s);
}
END_TEST

START_TEST(a_created_record_carries_our_key_and_is_merged_on_it)
{
	struct seen s = { 0 };
	struct record r = {
		.known = 1u << ORDER_CUSTOMER | 1u << ORDER_TOTAL,
		.values[ORDER_CUSTOMER] = { .present = true, .text = STR("Acme") },
		.values[ORDER_TOTAL] = { .present = true, .number = 1234500 }
	};

	strcpy(config.airtable.create_key, "Our \"Key\"");
	s.write.keys[0] = STR("od-1-2");
	canned_json(&server, 200, "{\"createdRecords\":[\"recNew\"],\"updatedRecords\":[],\"records\":"
	    "[{\"id\":\"recNew\",\"fields\":{\"Customer\":\"Acme\"}}]}");
	(void)change(&s, AIRTABLE_CREATE, &r, 1);
	ck_assert(canned_run(&loop, &s.calls, 1, 5000));
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_has(request(0), "PATCH /v0/appAAAAAAAAAAAAAA/Orders HTTP/1.1\r\n");
	ck_assert_has(request(0), "\r\n\r\n{\"performUpsert\":{\"fieldsToMergeOn\":[\"Our \\\"Key\\\"\"]},\"records\":"
	    "[{\"fields\":{\"Our \\\"Key\\\"\":\"od-1-2\",\"Customer\":\"Acme\",\"Order Total\":123.45}}]}");
	ck_assert_str_eq(buf_cstr(&s.texts), "recNew|-|Acme|-|-");
	seen_free(&s);
}
END_TEST

static void
find_keys(struct seen *s)
{
	const struct str keys[] = { STR("od-1-7"), STR("od-'1\\-8") };

	ck_assert_ptr_nonnull(airtable_find_keys(airtable, &orders_schema, keys, 2, AIRTABLE_WRITE, on_done, s));
	ck_assert(canned_run(&loop, &s->calls, 1, 5000));
}

START_TEST(created_records_are_found_by_our_keys)
{
	struct seen s = { 0 };

	strcpy(config.airtable.create_key, "Our {key}");
	/* what has a key and nothing else, two with the same one, a cell that is empty */
	canned_json(&server, 200, "{\"records\":[{\"id\":\"recA\",\"fields\":{\"Our {key}\":\"od-1-7\"}},"
	    "{\"id\":\"recB\",\"fields\":{\"Customer\":\"A\",\"Our {key}\":\"od-'1\\\\-8\"}},"
	    "{\"id\":\"recC\",\"fields\":{\"Our {key}\":\"od-1-7\",\"Status\":\"Shipped\"}}]}");
	find_keys(&s);
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_has(request(0), "GET /v0/appAAAAAAAAAAAAAA/Orders?pageSize=100&fields%5B%5D=Order%20ID&");
	/* OR({Our {key\}}='od-1-7',{Our {key\}}='od-\'1\\-8') */
	ck_assert_has(request(0), "&fields%5B%5D=Our%20%7Bkey%7D&filterByFormula=OR%28"
	    "%7BOur%20%7Bkey%5C%7D%7D%3D%27od-1-7%27%2C"
	    "%7BOur%20%7Bkey%5C%7D%7D%3D%27od-%5C%271%5C%5C-8%27%29 HTTP/1.1\r\n");
	ck_assert_uint_eq(s.count, 3);
	ck_assert_str_eq(buf_cstr(&s.keys), "od-1-7 od-'1\\-8 od-1-7 ");
	ck_assert_str_eq(buf_cstr(&s.texts), "recC|-|-|Shipped|-");
	seen_free(&s);
}
END_TEST

START_TEST(the_key_is_known_whatever_its_field_is_called)
{
	struct seen s = { 0 };
	struct airtable_keys ids = { .count = ORDER_FIELDS };

	strcpy(config.airtable.create_key, "Old name");
	for (int i = 0; i < ORDER_FIELDS; i++)
		(void)snprintf(ids.answer[i], sizeof(ids.answer[i]), "fld0000000000000%d", i);
	airtable_use_ids(airtable, &orders_schema, "tblO", &ids);
	canned_json(&server, 200, "{\"records\":[{\"id\":\"recA\",\"fields\":{\"fldKEYKEYKEYKEYK\":\"od-1-7\","
	    "\"fld00000000000001\":\"od-1-7\"}}]}");
	find_keys(&s);
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_has(request(0), "/tblO?pageSize=100&returnFieldsByFieldId=true&fields%5B%5D=fld00000000000000&");
	ck_assert_has(request(0), "&fields%5B%5D=Old%20name&filterByFormula=");
	ck_assert_str_eq(buf_cstr(&s.keys), "od-1-7 ");
	ck_assert_str_eq(buf_cstr(&s.texts), "recA|-|od-1-7|-|-");
	seen_free(&s);
}
END_TEST

/* Each of these answers would make an existing order count as missing, or take another order for it. */
static const char *const not_our_keys[] = {
	"{\"records\":[{\"id\":\"recA\",\"fields\":{\"Key\":\"od-1-9\"}}]}",
	"{\"records\":[{\"id\":\"recA\",\"fields\":{\"Customer\":\"od-1-7\"}}]}",
	"{\"records\":[{\"id\":\"recA\",\"fields\":{\"Key\":7}}]}",
	"{\"records\":[{\"id\":\"recA\",\"fields\":{\"Key\":\"od-1-7\"}}],\"offset\":\"more\"}",
	"{\"records\":[],\"offset\":\"more\"}"
};

START_TEST(an_answer_about_other_keys_is_a_bad_response)
{
	struct seen s = { 0 };

	strcpy(config.airtable.create_key, "Key");
	canned_json(&server, 200, not_our_keys[_i]);
	find_keys(&s);
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_BAD_RESPONSE);
	seen_free(&s);
}
END_TEST

START_TEST(without_a_key_field_keys_are_not_looked_for)
{
	struct seen s = { 0 };

	find_keys(&s);
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_REJECTED);
	ck_assert_uint_eq(server.request_count, 0);
	seen_free(&s);
}
END_TEST

START_TEST(records_are_deleted_by_id_and_each_has_to_be_confirmed)
{
	struct seen s[2] = { 0 };
	struct record r[2] = { { .id = STR("recA") }, { .id = STR("recB") } };

	canned_json(&server, 200, "{\"records\":[{\"id\":\"recA\",\"deleted\":true},{\"id\":\"recB\",\"deleted\":true}]}");
	canned_json(&server, 200, "{\"records\":[{\"id\":\"recA\",\"deleted\":true},{\"id\":\"recB\"}]}");
	for (int i = 0; i < 2; i++) {
		(void)change(&s[i], AIRTABLE_DELETE, r, 2);
		ck_assert(canned_run(&loop, &s[i].calls, 1, 5000));
	}
	ck_assert_has(request(0), "DELETE /v0/appAAAAAAAAAAAAAA/Orders?records%5B%5D=recA&records%5B%5D=recB HTTP/1.1\r\n");
	ck_assert_int_eq(s[0].result.err, ERR_OK);
	ck_assert_uint_eq(s[0].count, 2);
	ck_assert_uint_eq(s[0].record.known, 0);
	ck_assert_int_eq(s[1].result.err, ERR_AIRTABLE_BAD_RESPONSE);
	ck_assert(s[1].result.maybe_applied);
	seen_free(&s[0]);
}
END_TEST

START_TEST(a_patch_carries_each_kind_of_value_exactly)
{
	struct seen s = { 0 };
	struct record r[2] = {
		{ .id = STR("recA"), .known = schema_all(&orders_schema) & ~(1u << ORDER_UPDATED_AT) },
		{ .id = STR("recB"), .known = 1u << ORDER_PRIORITY }
	};

	r[0].values[ORDER_CUSTOMER] = (struct value){ .present = true, .text = STR("a\"\\\n\xf0\x9f\x98\x80") };
	r[0].values[ORDER_STATUS] = (struct value){ .present = true, .text = STR("Pending") };
	r[0].values[ORDER_TOTAL] = (struct value){ .present = true, .number = 1234567890123 };
	r[0].values[ORDER_CREATED_AT] = (struct value){ .present = true, .number = INT64_C(1767323045006) };
	canned_json(&server, 200, "{\"records\":[{\"id\":\"recA\",\"fields\":{}},"
	    "{\"id\":\"recB\",\"fields\":{\"Priority\":\"Low\"}}]}");
	(void)change(&s, AIRTABLE_UPDATE, r, 2);
	ck_assert(canned_run(&loop, &s.calls, 1, 5000));
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert(!s.result.maybe_applied);
	ck_assert_has(request(0), "PATCH /v0/appAAAAAAAAAAAAAA/Orders HTTP/1.1\r\n");
	ck_assert_has(request(0), "Content-Type: application/json\r\n");
	ck_assert_has(request(0), "\r\n\r\n{\"records\":[{\"id\":\"recA\",\"fields\":{\"Order ID\":null,"
	    "\"Customer\":\"a\\\"\\\\\\n\xf0\x9f\x98\x80\",\"Status\":\"Pending\",\"Priority\":null,"
	    "\"Order Total\":123456789.0123,\"Created At\":\"2026-01-02T03:04:05.006Z\"}},"
	    "{\"id\":\"recB\",\"fields\":{\"Priority\":null}}]}");
	ck_assert_uint_eq(s.count, 2);
	ck_assert_str_eq(buf_cstr(&s.texts), "recB|-|-|-|Low");
	seen_free(&s);
}
END_TEST

START_TEST(a_patch_answered_with_other_records_may_have_been_applied)
{
	struct seen s = { 0 };

	canned_json(&server, 200, "{\"records\":[{\"id\":\"recOther\",\"fields\":{}}]}");
	patch_status(&s, "Shipped");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_BAD_RESPONSE);
	ck_assert(s.result.maybe_applied);
	seen_free(&s);
}
END_TEST

START_TEST(senseless_calls_fail_without_being_sent)
{
	struct seen s[5] = { 0 };
	const struct str strange[] = { STR("recXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"), STR("rec'1") };
	struct record r = { .id = STR("rec with space") };
	struct record late = {
		.id = STR("rec1"), .known = 1u << ORDER_CREATED_AT,
		.values[ORDER_CREATED_AT] = { .present = true, .number = INSTANT_MAX + 1 }
	};

	(void)change(&s[0], AIRTABLE_DELETE, &r, 1);
	(void)change(&s[1], AIRTABLE_UPDATE, &r, 1);
	(void)change(&s[2], AIRTABLE_UPDATE, &r, 0);
	(void)change(&s[3], AIRTABLE_UPDATE, &late, 1);
	ck_assert_ptr_nonnull(airtable_find(airtable, &orders_schema, &strange[0], 1, AIRTABLE_SYNC, 0, on_done, &s[4]));
	for (int i = 0; i < 5; i++) {
		ck_assert(canned_run(&loop, &s[i].calls, 1, 1000));
		ck_assert_int_eq(s[i].result.err, ERR_AIRTABLE_REJECTED);
		ck_assert(!s[i].result.maybe_applied);
	}
	s[4].calls = 0;
	ck_assert_ptr_nonnull(airtable_find(airtable, &orders_schema, &strange[1], 1, AIRTABLE_SYNC, 0, on_done, &s[4]));
	ck_assert(canned_run(&loop, &s[4].calls, 1, 1000));
	ck_assert_int_eq(s[4].result.err, ERR_AIRTABLE_REJECTED);
	ck_assert_uint_eq(server.request_count, 0);
}
END_TEST

/* ---- field ids ---- */

START_TEST(fields_configured_by_id_are_requested_and_read_by_id)
{
	struct seen s = { 0 };

	for (int i = 0; i < ORDER_FIELDS; i++)
		(void)snprintf(config.orders_fields[i], sizeof(config.orders_fields[i]), "fld0000000000000%d", i);
	reopen();
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"fld00000000000001\":\"A\","
	    "\"Customer\":\"B\",\"fld00000000000002\":{\"name\":\"Shipped\",\"id\":\"selX\"}}}]}");
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_OK);
	ck_assert_uint_eq(server.request_count, 1);
	ck_assert_has(request(0), "&returnFieldsByFieldId=true&fields%5B%5D=fld00000000000000&");
	ck_assert_str_eq(buf_cstr(&s.texts), "rec1|-|A|Shipped|-");
	seen_free(&s);
}
END_TEST

#define META	"{\"tables\":[{\"id\":\"tblX\",\"name\":\"Other\",\"fields\":[]},{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":[" \
		"{\"id\":\"fldA\",\"name\":\"Order ID\"},{\"id\":\"fldB\",\"name\":\"Customer\"}," \
		"{\"id\":\"fld00000000000002\",\"name\":\"Status\"}," \
		"{\"id\":\"fldD\",\"name\":\"Priority\"},{\"id\":\"fldE\",\"name\":\"Order Total\"}," \
		"{\"id\":\"fldF\",\"name\":\"Created At\"},{\"id\":\"fldG\",\"name\":\"Updated At\"}]}]}"

START_TEST(with_names_and_ids_mixed_the_ids_are_looked_up_once)
{
	struct seen s[3] = { 0 };

	strcpy(config.orders_fields[ORDER_STATUS], "fld00000000000002");
	reopen();
	canned_json(&server, 200, META);
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"fldA\":\"O1\",\"fldB\":\"A\","
	    "\"fld00000000000002\":\"Shipped\",\"fldD\":\"Low\"}}]}");
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), (enum airtable_priority)i, 0,
		    on_done, &s[i]));
	for (int i = 0; i < 3; i++) {
		ck_assert(canned_run(&loop, &s[i].calls, 1, 5000));
		ck_assert_int_eq(s[i].result.err, ERR_OK);
		ck_assert_str_eq(buf_cstr(&s[i].texts), "rec1|O1|A|Shipped|Low");
		seen_free(&s[i]);
	}
	ck_assert_uint_eq(server.request_count, 4);
	ck_assert_has(request(0), "GET /v0/meta/bases/appAAAAAAAAAAAAAA/tables HTTP");
	ck_assert_has(request(1), "returnFieldsByFieldId=true&fields%5B%5D=Order%20ID&");
	ck_assert_has(request(1), "fields%5B%5D=fld00000000000002&");
}
END_TEST

START_TEST(a_failed_look_up_of_ids_fails_the_calls_that_wait_for_it)
{
	struct seen s[2] = { 0 };

	strcpy(config.orders_fields[ORDER_STATUS], "fld00000000000002");
	reopen();
	canned_json(&server, 200, "{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":["
	    "{\"id\":\"fldX\",\"name\":\"Notes\"}]}]}");
	for (int i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, 0, on_done, &s[i]));
	for (int i = 0; i < 2; i++) {
		ck_assert(canned_run(&loop, &s[i].calls, 1, 5000));
		ck_assert_int_eq(s[i].result.err, ERR_AIRTABLE_FIELD_MISSING);
		ck_assert_has(s[i].result.message, "Order ID");
	}
	ck_assert_uint_eq(server.request_count, 1);
}
END_TEST

/* ---- fields that are not there ---- */
static uint32_t missing_told;
static int missing_calls;

static void
on_missing(void *cookie, uint32_t missing)
{
	(void)cookie;
	missing_told = missing;
	missing_calls++;
}

#define UNKNOWN(name)	"{\"error\":{\"type\":\"UNKNOWN_FIELD_NAME\",\"message\":\"Unknown field name: \\\"" \
			name "\\\"\"}}"
#define BIT(f)		(UINT32_C(1) << (f))

START_TEST(a_field_that_the_base_lacks_is_left_out_and_reported)
{
	struct seen s[3] = { 0 };
	char text[600];

	airtable_watch_fields(airtable, &orders_schema, on_missing, NULL);
	canned_json(&server, 422, UNKNOWN("Priority"));
	canned_json(&server, 422, UNKNOWN("Customer"));
	canned_json(&server, 200, PAGE);
	for (int i = 0; i < 3; i++)
		list(&s[i], "");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(s[i].result.err, ERR_AIRTABLE_FIELD_MISSING);
		ck_assert(s[i].result.retryable);
	}
	ck_assert_has(s[0].result.message, "fields.orders.priority");
	ck_assert_int_eq(s[2].result.err, ERR_OK);
	ck_assert_uint_eq(s[2].record.known, schema_all(&orders_schema) &
	    ~(BIT(ORDER_PRIORITY) | BIT(ORDER_CUSTOMER)));
	ck_assert_ptr_null(strstr(request(2), "Priority"));
	ck_assert_ptr_null(strstr(request(2), "Customer"));
	ck_assert_has(request(2), "fields%5B%5D=Status");
	ck_assert_uint_eq(airtable_missing(airtable, &orders_schema), BIT(ORDER_PRIORITY) | BIT(ORDER_CUSTOMER));
	ck_assert_uint_eq(missing_told, airtable_missing(airtable, &orders_schema));
	ck_assert_int_eq(missing_calls, 2);
	airtable_missing_text(airtable, &orders_schema, missing_told, text, sizeof(text));
	ck_assert_has(text, "fields.orders.customer = \"Customer\", fields.orders.priority = \"Priority\"");
	ck_assert_has(text, "reload");
	seen_free(&s[2]);
}
END_TEST

START_TEST(a_missing_field_is_requested_again_and_may_be_back)
{
	struct seen s[4] = { 0 };

	airtable_watch_fields(airtable, &orders_schema, on_missing, NULL);
	canned_json(&server, 422, UNKNOWN("Priority"));
	canned_json(&server, 422, UNKNOWN("Priority"));
	canned_json(&server, 200, PAGE);
	canned_json(&server, 200, PAGE);
	list(&s[0], "");
	airtable_look_for_fields(airtable, &orders_schema);
	list(&s[1], "");
	ck_assert_has(request(1), "Priority");
	ck_assert(s[1].result.retryable);
	ck_assert_int_eq(missing_calls, 1);	/* it was known */
	list(&s[2], "");
	ck_assert_ptr_null(strstr(request(2), "Priority"));
	airtable_look_for_fields(airtable, &orders_schema);
	list(&s[3], "");
	ck_assert_has(request(3), "Priority");
	ck_assert_uint_eq(s[3].record.known, schema_all(&orders_schema));
	ck_assert_uint_eq(airtable_missing(airtable, &orders_schema), 0);
	ck_assert_uint_eq(missing_told, 0);
	ck_assert_int_eq(missing_calls, 2);
	seen_free(&s[2]);
	seen_free(&s[3]);
}
END_TEST

START_TEST(a_field_whose_id_is_not_found_does_not_stop_the_others)
{
	struct seen s[3] = { 0 };

	strcpy(config.orders_fields[ORDER_STATUS], "fld00000000000002");
	strcpy(config.orders_fields[ORDER_CUSTOMER], "Kunde");
	reopen();
	canned_json(&server, 200, META);
	canned_json(&server, 422, UNKNOWN("Kunde"));
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"fldA\":\"O1\","
	    "\"fld00000000000002\":\"Shipped\",\"fldD\":\"Low\"}}]}");
	list(&s[0], "");
	ck_assert(s[0].result.err == ERR_AIRTABLE_FIELD_MISSING && s[0].result.retryable);
	list(&s[1], "");
	ck_assert_str_eq(buf_cstr(&s[1].texts), "rec1|O1|-|Shipped|Low");
	ck_assert_uint_eq(s[1].record.known, schema_all(&orders_schema) & ~BIT(ORDER_CUSTOMER));
	/* by its id only, which is looked up again */
	airtable_look_for_fields(airtable, &orders_schema);
	canned_json(&server, 200, "{\"tables\":[{\"id\":\"tblO\",\"name\":\"Orders\",\"fields\":["
	    "{\"id\":\"fldA\",\"name\":\"Order ID\"},{\"id\":\"fldK\",\"name\":\"Kunde\"},"
	    "{\"id\":\"fld00000000000002\",\"name\":\"Status\"},"
	    "{\"id\":\"fldD\",\"name\":\"Priority\"},{\"id\":\"fldE\",\"name\":\"Order Total\"},"
	    "{\"id\":\"fldF\",\"name\":\"Created At\"},{\"id\":\"fldG\",\"name\":\"Updated At\"}]}]}");
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec1\",\"fields\":{\"fldA\":\"O1\",\"fldK\":\"Ada\","
	    "\"fld00000000000002\":\"Shipped\",\"fldD\":\"Low\"}}]}");
	list(&s[2], "");
	ck_assert_str_eq(buf_cstr(&s[2].texts), "rec1|O1|Ada|Shipped|Low");
	ck_assert_uint_eq(s[2].record.known, schema_all(&orders_schema));
	ck_assert_uint_eq(airtable_missing(airtable, &orders_schema), 0);
	seen_free(&s[1]);
	seen_free(&s[2]);
}
END_TEST

START_TEST(a_change_of_a_missing_field_names_the_setting_that_maps_it)
{
	struct seen s = { 0 };

	canned_json(&server, 422, UNKNOWN("Status"));
	patch_status(&s, "Shipped");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_FIELD_MISSING);
	ck_assert(!s.result.retryable && !s.result.maybe_applied);
	ck_assert_has(s.result.message, "fields.orders.status");
	ck_assert_uint_eq(airtable_missing(airtable, &orders_schema), BIT(ORDER_STATUS));
}
END_TEST

START_TEST(a_page_of_some_fields_knows_only_those)
{
	struct seen s[2] = { 0 };

	canned_json(&server, 200, PAGE);
	canned_json(&server, 200, PAGE);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(airtable_list_some(airtable, &orders_schema, STR(""), i == 0 ? 0 :
		    BIT(ORDER_STATUS) | BIT(ORDER_TOTAL), AIRTABLE_SYNC, on_done, &s[i]));
		ck_assert(canned_run(&loop, &s[i].calls, 1, 5000));
		ck_assert_int_eq(s[i].result.err, ERR_OK);
		seen_free(&s[i]);
	}
	ck_assert_has(request(0), "?pageSize=100&fields%5B%5D=Order%20ID HTTP");
	ck_assert_has(request(1), "?pageSize=100&fields%5B%5D=Status&fields%5B%5D=Order%20Total HTTP");
	ck_assert_uint_eq(s[1].record.known, BIT(ORDER_STATUS) | BIT(ORDER_TOTAL));
}
END_TEST

/* ---- pages that are too large ---- */
static void
answer_bytes(size_t bytes)
{
	struct buf b = { 0 };

	buf_printf(&b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", bytes);
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(&b, ' ');
	canned_raw(&server, b.data, b.len);
	buf_free(&b);
}

START_TEST(after_a_page_that_is_too_large_pages_are_smaller_and_grow_again)
{
	struct seen s[6] = { 0 };
	struct buf full = { 0 };

	config.airtable.request_timeout_ms = patience(20000);
	buf_add_cstr(&full, "{\"records\":[");
	for (int i = 0; i < 25; i++)
		buf_printf(&full, "%s{\"id\":\"rec%d\",\"fields\":{}}", i == 0 ? "" : ",", i);
	buf_add_cstr(&full, "]}");
	answer_bytes(17 << 20);
	answer_bytes(17 << 20);
	for (int i = 0; i < 4; i++)
		canned_json(&server, 200, i == 0 ? buf_cstr(&full) : PAGE);
	list(&s[0], "");
	ck_assert_int_eq(s[0].result.err, ERR_AIRTABLE_BAD_RESPONSE);
	ck_assert(s[0].result.smaller && s[0].result.retryable);
	ck_assert_has(s[0].result.message, "16 MiB");
	ck_assert_uint_eq(airtable_page_size(airtable, &orders_schema), 50);
	list(&s[1], "");
	ck_assert(s[1].result.smaller);
	list(&s[2], "itr1/rec1");
	ck_assert_int_eq(s[2].result.err, ERR_OK);
	ck_assert_has(request(2), "?pageSize=25&");
	ck_assert_has(request(2), "&offset=itr1%2Frec1");
	list(&s[3], "");
	ck_assert_has(request(3), "?pageSize=50&");
	list(&s[4], "");		/* a page that is not full says little */
	ck_assert_has(request(4), "?pageSize=50&");
	for (int i = 2; i < 5; i++)
		seen_free(&s[i]);
	buf_free(&full);
}
END_TEST

/* ---- the wire ---- */

START_TEST(a_cut_answer_to_a_write_may_have_been_applied)
{
	struct seen s = { 0 };

	canned_raw(&server, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"rec", 45)->cut = true;
	patch_status(&s, "Shipped");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert(s.result.maybe_applied);
	ck_assert(s.result.retryable);
	ck_assert_int_gt(s.result.sent_ms, 0);
}
END_TEST

START_TEST(a_write_on_a_kept_connection_that_dies_is_not_sent_again)
{
	struct seen first = { 0 }, second = { 0 };

	canned_json(&server, 200, PAGE);
	canned_raw(&server, "", 0)->cut = true;
	canned_json(&server, 200, "{\"records\":[{\"id\":\"rec00000000000001\",\"fields\":{}}]}");
	list(&first, "");
	ck_assert_int_eq(first.result.err, ERR_OK);
	patch_status(&second, "Shipped");
	ck_assert_int_eq(server.requests[0].connection, server.requests[1].connection);
	ck_assert_int_eq(second.result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert(second.result.maybe_applied);
	ck_assert_uint_eq(server.request_count, 2);
	seen_free(&first);
}
END_TEST

START_TEST(a_hanging_write_times_out_and_may_have_been_applied)
{
	struct seen s = { 0 };

	config.airtable.request_timeout_ms = patience(150);
	canned_raw(&server, "", 0)->hang = true;
	patch_status(&s, "Shipped");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_TIMEOUT);
	ck_assert(s.result.maybe_applied);
}
END_TEST

START_TEST(a_dripping_body_times_out_at_the_deadline)
{
	struct seen s = { 0 };
	int64_t began = instant_monotonic();

	canned_json(&server, 200, PAGE)->drip = true;
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, STR(""), AIRTABLE_SYNC, began + patience(300), on_done, &s));
	ck_assert(canned_run(&loop, &s.calls, 1, 5000));
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_TIMEOUT);
	ck_assert_int_ge(s.at_ms, began + patience(300) - 10);
	ck_assert_int_lt(s.at_ms, began + patience(1000));
}
END_TEST

START_TEST(without_a_connection_nothing_was_sent_or_applied)
{
	struct seen s = { 0 };

	strcpy(config.airtable.api_url, "http://127.0.0.1:1");
	patch_status(&s, "Shipped");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert(!s.result.maybe_applied);
	ck_assert_int_eq(s.result.sent_ms, 0);
	ck_assert(s.result.retryable);
}
END_TEST

START_TEST(date_and_retry_after_are_passed_on)
{
	struct seen s = { 0 };

	canned_http(&server, 503, "Date: Sat, 21 Nov 2026 03:31:00 GMT\r\nRetry-After: 7\r\n", "", 0);
	list(&s, "");
	ck_assert_int_eq(s.result.err, ERR_AIRTABLE_UNAVAILABLE);
	ck_assert_int_eq(s.result.server_ms, INT64_C(1795231860000));
	ck_assert_int_eq(s.result.retry_after_ms, 7000);
}
END_TEST

static Suite *
airtable_suite(void)
{
	Suite *suite = suite_create("airtable");
	TCase *t = tcase_create("calls");

	tcase_add_checked_fixture(t, airtable_setup, airtable_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_page_is_requested_with_every_field_and_decoded);
	tcase_add_test(t, offset_and_names_are_percent_encoded);
	tcase_add_test(t, records_are_found_by_id_and_missing_ones_are_left_out);
	tcase_add_loop_test(t, records_that_were_not_requested_are_a_bad_response, 0, 3);
	tcase_add_test(t, a_created_record_carries_our_key_and_is_merged_on_it);
	tcase_add_test(t, created_records_are_found_by_our_keys);
	tcase_add_test(t, the_key_is_known_whatever_its_field_is_called);
	tcase_add_loop_test(t, an_answer_about_other_keys_is_a_bad_response, 0, 5);
	tcase_add_test(t, without_a_key_field_keys_are_not_looked_for);
	tcase_add_test(t, records_are_deleted_by_id_and_each_has_to_be_confirmed);
	tcase_add_test(t, a_patch_carries_each_kind_of_value_exactly);
	tcase_add_test(t, a_patch_answered_with_other_records_may_have_been_applied);
	tcase_add_test(t, senseless_calls_fail_without_being_sent);
	tcase_add_test(t, fields_configured_by_id_are_requested_and_read_by_id);
	tcase_add_test(t, with_names_and_ids_mixed_the_ids_are_looked_up_once);
	tcase_add_test(t, a_failed_look_up_of_ids_fails_the_calls_that_wait_for_it);
	tcase_add_test(t, a_field_that_the_base_lacks_is_left_out_and_reported);
	tcase_add_test(t, a_missing_field_is_requested_again_and_may_be_back);
	tcase_add_test(t, a_field_whose_id_is_not_found_does_not_stop_the_others);
	tcase_add_test(t, a_change_of_a_missing_field_names_the_setting_that_maps_it);
	tcase_add_test(t, a_page_of_some_fields_knows_only_those);
	tcase_add_test(t, after_a_page_that_is_too_large_pages_are_smaller_and_grow_again);
	tcase_add_test(t, a_cut_answer_to_a_write_may_have_been_applied);
	tcase_add_test(t, a_write_on_a_kept_connection_that_dies_is_not_sent_again);
	tcase_add_test(t, a_hanging_write_times_out_and_may_have_been_applied);
	tcase_add_test(t, a_dripping_body_times_out_at_the_deadline);
	tcase_add_test(t, without_a_connection_nothing_was_sent_or_applied);
	tcase_add_test(t, date_and_retry_after_are_passed_on);
	suite_add_tcase(suite, t);
	return suite;
}

int
main(void)
{
	return run_suite(airtable_suite());
}
