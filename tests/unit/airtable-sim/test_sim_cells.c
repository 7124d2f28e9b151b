#include <stdio.h>

#include "tests/lib/sim_support.h"

#define FIELDS	"/v0/meta/bases/" SIM_DATA_BASE_ID "/tables/" SIM_DATA_TABLE_ID "/fields"

static void
add_field(const char *name, const char *type, const char *options)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"type\":\"%s\"%s%s}", name, type,
	    options[0] == '\0' ? "" : ",\"options\":", options);
	ck_assert_msg(call("POST", FIELDS, body) == 200, "%s: %s", body, buf_cstr(&reply.body));
}

/* A base with Ada among its collaborators, and a field of each kind in Orders. */
static void
setup(void)
{
	char people[128];

	sim_start(3);
	ck_assert_int_eq(call("POST", "/v0/meta/bases/" SIM_DATA_BASE_ID "/tables",
	    "{\"name\":\"Customers\",\"fields\":[{\"name\":\"Name\",\"type\":\"singleLineText\"}]}"), 200);
	(void)snprintf(people, sizeof(people), "{\"linkedTableId\":\"%s\"}", text_at("id"));
	ck_assert_int_eq(call("POST", "/v0/" SIM_DATA_BASE_ID "/Customers",
	    "{\"records\":[{\"fields\":{\"Name\":\"Ada\"}},{\"fields\":{\"Name\":\"Smith, John\"}}]}"), 200);
	add_field("Line", "singleLineText", "");
	add_field("Number", "number", "{\"precision\":1}");
	add_field("Percent", "percent", "{\"precision\":1}");
	add_field("Minutes", "duration", "{\"durationFormat\":\"h:mm\"}");
	add_field("Seconds", "duration", "{\"durationFormat\":\"h:mm:ss.SS\"}");
	add_field("Stars", "rating", "{\"max\":5,\"icon\":\"star\",\"color\":\"yellowBright\"}");
	add_field("Paid", "checkbox", "{\"icon\":\"check\",\"color\":\"greenBright\"}");
	add_field("Day", "date", "{\"dateFormat\":{\"name\":\"us\"}}");
	add_field("Tag", "date", "{\"dateFormat\":{\"name\":\"european\"}}");
	add_field("At", "dateTime", "{\"timeZone\":\"utc\",\"dateFormat\":{\"name\":\"iso\"},"
	    "\"timeFormat\":{\"name\":\"24hour\"}}");
	add_field("Berlin", "dateTime", "{\"timeZone\":\"Europe/Berlin\",\"dateFormat\":{\"name\":"
	    "\"european\"},\"timeFormat\":{\"name\":\"12hour\"}}");
	add_field("Mine", "dateTime", "{\"timeZone\":\"client\",\"dateFormat\":{\"name\":\"friendly\"},"
	    "\"timeFormat\":{\"name\":\"24hour\"}}");
	add_field("Local", "date", "{\"dateFormat\":{\"name\":\"local\"}}");
	add_field("Tags", "multipleSelects", "{\"choices\":[{\"name\":\"red\"},{\"name\":\"a, b\"}]}");
	add_field("Code", "barcode", "");
	add_field("Who", "singleCollaborator", "");
	add_field("Files", "multipleAttachments", "");
	add_field("Buyer", "multipleRecordLinks", people);
}

/* Create a record with ${fields}; returns the status. */
static int
create(bool typecast, const char *fields)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), "{\"typecast\":%s,\"fields\":%s}",
	    typecast ? "true" : "false", fields);
	return call("POST", SIM_ORDERS, body);
}

/* The field's value in the last answer, as JSON; "": it is empty. */
static const char *
cell(const char *field)
{
	static char text[512];
	char path[80], *json;
	const cJSON *v;

	(void)snprintf(path, sizeof(path), "fields/%s", field);
	if ((v = at(path)) == NULL)
		return "";
	ck_assert_ptr_nonnull(json = cJSON_PrintUnformatted(v));
	(void)snprintf(text, sizeof(text), "%s", json);
	cJSON_free(json);
	return text;
}

/* What becomes of ${value} (JSON) in the field with typecast. */
static const char *
cast(const char *field, const char *value)
{
	char fields[512];

	(void)snprintf(fields, sizeof(fields), "{\"%s\":%s}", field, value);
	ck_assert_msg(create(true, fields) == 200, "%s: %s", fields, buf_cstr(&reply.body));
	return cell(field);
}

START_TEST(typecast_reads_what_somebody_would_type)
{
	static const struct {
		const char	*field, *value, *cell;
	} casts[] = {
		{ "Order Total", "\"$1,234.50\"", "1234.5" }, { "Order Total", "\"-$3\"", "-3" },
		{ "Order Total", "\"($2.25)\"", "-2.25" }, { "Order Total", "\"12 USD\"", "12" },
		{ "Order Total", "\"€ 7\"", "7" }, { "Number", "\"1,000,000\"", "1000000" },
		{ "Number", "\"1e3\"", "1000" }, { "Number", "\" +.5 \"", "0.5" },
		{ "Number", "\"10,00\"", "" }, { "Number", "\"1,2345\"", "" }, { "Number", "\"--1\"", "" },
		{ "Number", "\"soon\"", "" }, { "Number", "\"\"", "" }, { "Number", "\"order 5\"", "" },
		{ "Percent", "\"12.5%\"", "0.125" }, { "Percent", "\"12.5\"", "0.125" },
		{ "Percent", "0.5", "0.5" }, { "Minutes", "\"1:30\"", "5400" },
		{ "Minutes", "\"90\"", "5400" }, { "Minutes", "\"1:00:05\"", "3605" },
		{ "Seconds", "\"1:30\"", "90" }, { "Seconds", "\"1:30.25\"", "90.25" },
		{ "Seconds", "\"90\"", "90" }, { "Seconds", "\"-1:00\"", "-60" },
		{ "Seconds", "\"1h 30m\"", "5400" }, { "Minutes", "\"1.5 hours\"", "5400" },
		{ "Minutes", "\"1:2:3:4\"", "" }, { "Stars", "\"4\"", "4" }, { "Stars", "\"6\"", "" },
		{ "Stars", "\"0\"", "" }, { "Paid", "\"yes\"", "true" }, { "Paid", "\"checked\"", "true" },
		{ "Paid", "1", "true" }, { "Paid", "\"no\"", "" }, { "Paid", "\"perhaps\"", "" },
		{ "Line", "12.5", "\"12.5\"" }, { "Line", "true", "\"true\"" },
		{ "Line", "[\"a\",1]", "\"a, 1\"" }, { "Status", "\" Shipped \"", "\"Shipped\"" },
		{ "Status", "7", "\"7\"" }, { "Status", "[\"Brand new\"]", "\"Brand new\"" },
		{ "Tags", "\"red, blue\"", "[\"red\",\"blue\"]" },
		{ "Tags", "\"\\\"a, b\\\",red,,red\"", "[\"a, b\",\"red\"]" },
		{ "Tags", "[\"green\",3]", "[\"green\",\"3\"]" }, { "Tags", "\" , \"", "" },
		{ "Code", "\"40170725\"", "{\"text\":\"40170725\"}" }, { "Code", "12", "{\"text\":\"12\"}" },
		{ "Who", "\"DEMO@example.com\"", "{\"id\":\"" SIM_USER_ID "\",\"email\":\"" SIM_USER_EMAIL
		    "\",\"name\":\"" SIM_USER_NAME "\"}" },
		{ "Who", "\"nobody@example.com\"", "" },
	};

	for (size_t i = 0; i < sizeof(casts) / sizeof(casts[0]); i++)
		ck_assert_msg(strcmp(cast(casts[i].field, casts[i].value), casts[i].cell) == 0,
		    "%s %s: %s instead of %s", casts[i].field, casts[i].value,
		    cell(casts[i].field), casts[i].cell);
}
END_TEST

START_TEST(typecast_reads_dates_as_the_field_writes_them)
{
	static const struct {
		const char	*field, *value, *cell;
	} casts[] = {	/* now is 2026-11-20T12:00:00Z */
		{ "Day", "November 20, 2026", "2026-11-20" }, { "Day", "20 Nov 2026", "2026-11-20" },
		{ "Day", "Fri, 20th of November 2026", "2026-11-20" }, { "Day", "Nov 20", "2026-11-20" },
		{ "Day", "2/3/2026", "2026-02-03" }, { "Tag", "2/3/2026", "2026-03-02" },
		{ "Day", "2-3-26", "2026-02-03" }, { "Tag", "2.3.99", "1999-03-02" },
		{ "Day", "2026/2/3", "2026-02-03" }, { "Tag", "2026-02-03", "2026-02-03" },
		{ "Day", "2/3", "2026-02-03" }, { "Day", "tomorrow", "2026-11-21" },
		{ "Day", "2026-02-29", "" }, { "Day", "29 Feb 2024", "2024-02-29" },
		{ "Day", "20/11/2026", "" }, { "Tag", "20/11/2026", "2026-11-20" },
		{ "Day", "soon", "" }, { "Day", "", "" }, { "Day", "November 20, 2026 23:30", "2026-11-20" },
		{ "At", "November 20, 2026", "2026-11-20T00:00:00.000Z" },
		{ "At", "11/20/2026 3:30pm", "2026-11-20T15:30:00.000Z" },
		{ "At", "11/20/2026 12am", "2026-11-20T00:00:00.000Z" },
		{ "At", "20 Nov 2026 15:30:05.25+02:00", "2026-11-20T13:30:05.250Z" },
		{ "Berlin", "20/11/2026 3:30 PM", "2026-11-20T14:30:00.000Z" },
		{ "Berlin", "1/7/2026", "2026-06-30T22:00:00.000Z" },
		{ "Berlin", "2026-07-01T10:00", "2026-07-01T08:00:00.000Z" },
		{ "Berlin", "2026-07-01T10:00:00Z", "2026-07-01T10:00:00.000Z" },
		{ "At", "25:00 20 Nov 2026", "" }, { "At", "10:30", "" },
	};

	for (size_t i = 0; i < sizeof(casts) / sizeof(casts[0]); i++) {
		char value[80], want[80] = "";

		(void)snprintf(value, sizeof(value), "\"%s\"", casts[i].value);
		if (casts[i].cell[0] != '\0')
			(void)snprintf(want, sizeof(want), "\"%s\"", casts[i].cell);
		ck_assert_msg(strcmp(cast(casts[i].field, value), want) == 0, "%s %s: %s instead of %s",
		    casts[i].field, value, cell(casts[i].field), want);
	}
}
END_TEST

START_TEST(typecast_finds_linked_records_by_name_and_creates_the_missing)
{
	const struct sim_table *people = sim->base->tables[1];
	char ids[200];

	(void)snprintf(ids, sizeof(ids), "[\"%s\",\"%s\"]", people->rows[0].id, people->rows[1].id);
	ck_assert_str_eq(cast("Buyer", "\"Ada, \\\"Smith, John\\\", Ada\""), ids);
	ck_assert_uint_eq(people->live_count, 2);
	ck_assert_int_eq(create(true, "{\"Buyer\":[\"Grace\",\"Ada\"]}"), 200);
	ck_assert_uint_eq(people->live_count, 3);
	ck_assert_str_eq(text_at("fields/Buyer/0"), people->rows[2].id);
	ck_assert_int_eq(call("POST", SIM_ORDERS, "{\"typecast\":true,\"records\":["
	    "{\"fields\":{\"Buyer\":\"Linus\"}},{\"fields\":{\"Buyer\":\"Linus\"}}]}"), 200);
	ck_assert_uint_eq(people->live_count, 4);
	ck_assert_int_eq(create(true, "{\"Buyer\":\"Nobody\",\"Nope\":1}"), 422);
	ck_assert_uint_eq(people->live_count, 4);
}
END_TEST

START_TEST(without_typecast_a_value_of_another_kind_is_refused)
{
	static const struct {
		const char	*field, *value, *type, *message;
	} bad[] = {
		{ "Order Total", "\"$1,234.50\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Order Total\" cannot accept the provided value" },
		{ "Percent", "\"12%\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Percent\" cannot accept the provided value" },
		{ "Seconds", "\"1:30\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Seconds\" cannot accept the provided value" },
		{ "Stars", "6", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Stars\" cannot accept the provided value" },
		{ "Paid", "\"yes\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Paid\" cannot accept the provided value" },
		{ "Line", "12", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Line\" cannot accept the provided value" },
		{ "Tags", "\"red\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Tags\" cannot accept the provided value" },
		{ "Code", "\"4\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Code\" cannot accept the provided value" },
		{ "Who", "\"" SIM_USER_EMAIL "\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Who\" cannot accept the provided value" },
		{ "Who", "{\"email\":\"nobody@example.com\"}", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Who\" cannot accept the provided value" },
		{ "Day", "\"November 20, 2026\"", "INVALID_VALUE_FOR_COLUMN",
		    "Cannot parse value \"November 20, 2026\" for field Day" },
		{ "Status", "\"Nope\"", "INVALID_MULTIPLE_CHOICE_OPTIONS",
		    "Insufficient permissions to create new select option \"\"Nope\"\"" },
		{ "Tags", "[\"red\",\"Nope\"]", "INVALID_MULTIPLE_CHOICE_OPTIONS",
		    "Insufficient permissions to create new select option \"\"Nope\"\"" },
		{ "Buyer", "\"Ada\"", "INVALID_VALUE_FOR_COLUMN",
		    "Value is not an array of record IDs." },
		{ "Buyer", "[\"Ada\"]", "INVALID_RECORD_ID", "Value \"Ada\" is not a valid record ID." },
		{ "Buyer", "[\"recAAAAAAAAAAAAAA\"]", "ROW_DOES_NOT_EXIST",
		    "Record ID recAAAAAAAAAAAAAA does not exist" },
		{ "Label", "\"x\"", "INVALID_VALUE_FOR_COLUMN",
		    "Field \"Label\" cannot accept a value because the field is computed" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char fields[256];

		(void)snprintf(fields, sizeof(fields), "{\"%s\":%s}", bad[i].field, bad[i].value);
		ck_assert_int_eq(create(false, fields), 422);
		ck_assert_str_eq(text_at("error/type"), bad[i].type);
		ck_assert_str_eq(text_at("error/message"), bad[i].message);
	}
}
END_TEST

START_TEST(each_kind_takes_what_it_gives)
{
	char fields[512], id[SIM_ID_SIZE], target[128];

	(void)snprintf(fields, sizeof(fields), "{\"Number\":0,\"Percent\":0.5,\"Seconds\":90,\"Stars\":5,"
	    "\"Paid\":true,\"Day\":\"2026-11-20\",\"At\":\"2026-11-20T10:00:00.123Z\",\"Tags\":[\"red\"],"
	    "\"Code\":{\"text\":\"1\",\"type\":\"ean8\"},\"Who\":{\"id\":\"" SIM_USER_ID "\"},\"Buyer\":[\"%s\"],"
	    "\"Files\":[{\"url\":\"https://files.example.com/a/b%%20c.pdf?x=1\"}]}",
	    sim->base->tables[1]->rows[0].id);
	ck_assert_int_eq(create(false, fields), 200);
	ck_assert_str_eq(cell("Number"), "0");
	ck_assert_str_eq(cell("At"), "\"2026-11-20T10:00:00.123Z\"");
	ck_assert_str_eq(cell("Code"), "{\"text\":\"1\",\"type\":\"ean8\"}");
	ck_assert_str_eq(text_at("fields/Who/email"), SIM_USER_EMAIL);
	ck_assert_str_eq(text_at("fields/Buyer/0"), sim->base->tables[1]->rows[0].id);
	ck_assert_str_eq(text_at("fields/Files/0/filename"), "b%20c.pdf");
	ck_assert(sim_id_valid(str_of(text_at("fields/Files/0/id")), "att"));
	(void)snprintf(id, sizeof(id), "%s", text_at("id"));
	(void)snprintf(target, sizeof(target), "%s/%s", SIM_ORDERS, id);
	/* an attachment that is there stays by its id; another's is none */
	(void)snprintf(fields, sizeof(fields), "{\"fields\":{\"Files\":[{\"id\":\"%s\"},"
	    "{\"url\":\"https://files.example.com/d\",\"filename\":\"e\"}]}}", text_at("fields/Files/0/id"));
	ck_assert_int_eq(call("PATCH", target, fields), 200);
	ck_assert_str_eq(text_at("fields/Files/0/filename"), "b%20c.pdf");
	ck_assert_str_eq(text_at("fields/Files/1/filename"), "e");
	ck_assert_int_eq(call("PATCH", target,
	    "{\"fields\":{\"Files\":[{\"id\":\"attAAAAAAAAAAAAAA\"}]}}"), 422);
	ck_assert_int_eq(call("PATCH", target, "{\"fields\":{\"Number\":null,\"Percent\":null,\"Seconds\":null,"
	    "\"Stars\":0,\"Paid\":false,\"Day\":null,\"At\":\"\",\"Tags\":[],\"Code\":null,\"Who\":null,"
	    "\"Buyer\":[],\"Files\":[]}}"), 200);
	ck_assert_int_eq(size_at("fields"), 2);	/* Label and Updated At */
}
END_TEST

START_TEST(what_typecast_does_with_nonsense_is_a_setting)
{
	set("castFailure", "refuse");
	ck_assert_int_eq(create(true, "{\"Number\":\"soon\"}"), 422);
	ck_assert_str_eq(text_at("error/message"), "Field \"Number\" cannot accept the provided value");
	ck_assert_int_eq(create(true, "{\"Day\":\"soon\"}"), 422);
	ck_assert_str_eq(text_at("error/message"), "Cannot parse value \"soon\" for field Day");
	ck_assert_int_eq(create(true, "{\"Who\":\"nobody@example.com\"}"), 422);
	ck_assert_int_eq(create(true, "{\"Number\":\"\",\"Day\":\"\"}"), 200);
	set("barePercent", "fraction");
	ck_assert_str_eq(cast("Percent", "\"0.5\""), "0.5");
	ck_assert_str_eq(cast("Percent", "\"50%\""), "0.5");
	set("freeChoices", "false");
	ck_assert_int_eq(create(true, "{\"Tags\":\"red, Nope\"}"), 422);
	ck_assert_str_eq(text_at("error/message"),
	    "Insufficient permissions to create new select option \"\"Nope\"\"");
	ck_assert_int_eq(create(true, "{\"Tags\":\"red\"}"), 200);
}
END_TEST

START_TEST(a_person_who_works_in_the_base_is_a_collaborator)
{
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"id\":\"%s\",\"user\":\"Ada Lovelace\",\"fields\":{}}",
	    orders_table()->rows[0].id);
	ck_assert_int_eq(door("POST", "edit", body), 200);
	ck_assert_int_eq(create(true, "{\"Who\":\"ada.lovelace@example.com\"}"), 200);
	ck_assert_str_eq(text_at("fields/Who/name"), "Ada Lovelace");
}
END_TEST

/* The record of all kinds as people in that time zone and language see it. */
static void
show(const char *record, const char *zone, const char *locale)
{
	char target[256];

	(void)snprintf(target, sizeof(target), "%s/%s?cellFormat=string&timeZone=%s&userLocale=%s",
	    SIM_ORDERS, record, zone, locale);
	ck_assert_int_eq(call("GET", target, ""), 200);
}

START_TEST(cells_as_strings_are_what_people_see)
{
	char id[SIM_ID_SIZE];

	ck_assert_int_eq(create(true, "{\"Order Total\":-1234.5,\"Number\":1234.56,\"Percent\":0.1234,"
	    "\"Minutes\":5430,\"Seconds\":3723.456,\"Stars\":3,\"Paid\":true,\"Day\":\"2026-02-03\","
	    "\"Tag\":\"2026-02-03\",\"Local\":\"2026-02-03\",\"At\":\"2026-11-20T22:05:00Z\","
	    "\"Berlin\":\"2026-11-20T22:05:00Z\",\"Mine\":\"2026-11-20T23:30:00Z\",\"Status\":\"Shipped\","
	    "\"Tags\":[\"red\",\"a, b\"],\"Code\":\"401\",\"Who\":\"demo@example.com\","
	    "\"Files\":\"https://x.example.com/a.pdf\",\"Buyer\":\"Ada,\\\"Smith, John\\\"\"}"), 200);
	(void)snprintf(id, sizeof(id), "%s", text_at("id"));
	show(id, "America/New_York", "en");
	ck_assert_str_eq(text_at("fields/Order Total"), "-$1,234.50");
	ck_assert_str_eq(text_at("fields/Number"), "1234.6");
	ck_assert_str_eq(text_at("fields/Percent"), "12.3%");
	ck_assert_str_eq(text_at("fields/Minutes"), "1:30");
	ck_assert_str_eq(text_at("fields/Seconds"), "1:02:03.46");
	ck_assert_str_eq(text_at("fields/Stars"), "3");
	ck_assert_str_eq(text_at("fields/Paid"), "checked");
	ck_assert_str_eq(text_at("fields/Day"), "2/3/2026");
	ck_assert_str_eq(text_at("fields/Tag"), "3/2/2026");
	ck_assert_str_eq(text_at("fields/Local"), "2/3/2026");
	ck_assert_str_eq(text_at("fields/At"), "2026-11-20 22:05");
	ck_assert_str_eq(text_at("fields/Berlin"), "20/11/2026 11:05pm");
	ck_assert_str_eq(text_at("fields/Mine"), "November 20, 2026 18:30");
	ck_assert_str_eq(text_at("fields/Status"), "Shipped");
	ck_assert_str_eq(text_at("fields/Tags"), "red, \"a, b\"");
	ck_assert_str_eq(text_at("fields/Code"), "401");
	ck_assert_str_eq(text_at("fields/Who"), SIM_USER_NAME);
	ck_assert_str_eq(text_at("fields/Files"), "a.pdf (https://x.example.com/a.pdf)");
	ck_assert_str_eq(text_at("fields/Buyer"), "Ada, \"Smith, John\"");
	ck_assert_str_eq(text_at("fields/Label"), " / ");
	ck_assert_str_eq(text_at("fields/Updated At"), "2026-11-20 12:00");
	show(id, "Asia/Tokyo", "de");
	ck_assert_str_eq(text_at("fields/Local"), "3.2.2026");
	ck_assert_str_eq(text_at("fields/Day"), "2/3/2026");
	ck_assert_str_eq(text_at("fields/Mine"), "21. November 2026 08:30");
	show(id, "Europe/Madrid", "es");
	ck_assert_str_eq(text_at("fields/Mine"), "21 de noviembre de 2026 00:30");
	show(id, "Europe/Vienna", "de-at");
	ck_assert_str_eq(text_at("fields/Local"), "3.2.2026");
	show(id, "utc", "tlh");
	ck_assert_str_eq(text_at("fields/Local"), "2/3/2026");
}
END_TEST

START_TEST(strings_need_a_zone_and_a_language)
{
	static const char *const incomplete[] = {
		"?cellFormat=string", "?cellFormat=string&timeZone=utc", "?cellFormat=string&userLocale=en",
		"?cellFormat=string&timeZone=Nowhere/Near&userLocale=en", "?cellFormat=text"
	};
	char target[256];

	for (size_t i = 0; i < sizeof(incomplete) / sizeof(incomplete[0]); i++) {
		(void)snprintf(target, sizeof(target), "%s%s", SIM_ORDERS, incomplete[i]);
		ck_assert_int_eq(call("GET", target, ""), 422);
		ck_assert_str_eq(text_at("error/type"), "INVALID_REQUEST_UNKNOWN");
		(void)snprintf(target, sizeof(target), "%s/%s%s", SIM_ORDERS,
		    orders_table()->rows[0].id, incomplete[i]);
		ck_assert_int_eq(call("GET", target, ""), 422);
	}
	ck_assert_int_eq(create(false, "{\"Order Total\":7}"), 200);
	ck_assert_int_eq(call("POST", SIM_ORDERS "/listRecords?timeZone=utc&userLocale=en",
	    "{\"cellFormat\":\"string\",\"fields\":[\"Order Total\"],\"filterByFormula\":\"{Order Total}=7\"}"), 200);
	ck_assert_str_eq(text_at("records/0/fields/Order Total"), "$7.00");
}
END_TEST

START_TEST(created_fields_list_their_options)
{
	static const char *const bad[] = {
		"{\"name\":\"X\",\"type\":\"dateTime\",\"options\":{\"timeZone\":\"Nowhere/Near\"}}",
		"{\"name\":\"X\",\"type\":\"date\",\"options\":{\"dateFormat\":{\"name\":\"roman\"}}}",
		"{\"name\":\"X\",\"type\":\"duration\",\"options\":{\"durationFormat\":\"mm\"}}",
		"{\"name\":\"X\",\"type\":\"multipleRecordLinks\",\"options\":{\"linkedTableId\":\"tblAAAAAAAAAAAAAA\"}}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(call("POST", FIELDS, bad[i]), 422);
	ck_assert_int_eq(call("GET", "/v0/meta/bases/" SIM_DATA_BASE_ID "/tables", ""), 200);
	ck_assert(reply_has("\"timeZone\":\"Europe/Berlin\",\"dateFormat\":{\"name\":\"european\","
	    "\"format\":\"D/M/YYYY\"},\"timeFormat\":{\"name\":\"12hour\",\"format\":\"h:mma\"}"));
	ck_assert(reply_has("\"durationFormat\":\"h:mm:ss.SS\""));
	ck_assert(!reply_has("\"name\":\"X\""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim_cells");
	TCase *t = tcase_create("cells");

	tcase_add_checked_fixture(t, setup, sim_end);
	tcase_add_test(t, typecast_reads_what_somebody_would_type);
	tcase_add_test(t, typecast_reads_dates_as_the_field_writes_them);
	tcase_add_test(t, typecast_finds_linked_records_by_name_and_creates_the_missing);
	tcase_add_test(t, without_typecast_a_value_of_another_kind_is_refused);
	tcase_add_test(t, each_kind_takes_what_it_gives);
	tcase_add_test(t, what_typecast_does_with_nonsense_is_a_setting);
	tcase_add_test(t, a_person_who_works_in_the_base_is_a_collaborator);
	tcase_add_test(t, cells_as_strings_are_what_people_see);
	tcase_add_test(t, strings_need_a_zone_and_a_language);
	tcase_add_test(t, created_fields_list_their_options);
	suite_add_tcase(s, t);
	return run_suite(s);
}
