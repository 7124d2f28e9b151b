#include <cjson/cJSON.h>
#include <stdio.h>

#include "common/base/log.h"
#include "syncd/airtable/oddities.h"
#include "syncd/sync/sync_progress.h"
#include "tests/lib/support.h"

#define NOW_MS	INT64_C(1790000000000)

static struct airtable_oddity page[SCHEMA_FIELDS_MAX];
static const uint64_t none[SCHEMA_FIELDS_MAX];

static void
setup(void)
{
	memset(page, 0, sizeof(page));
	page[ORDER_TOTAL].count = 3;
	(void)snprintf(page[ORDER_TOTAL].examples[0].record, 32, "rec1");
	(void)snprintf(page[ORDER_TOTAL].examples[0].what, 200, "not a plain number: \"$12.50\"");
}

/* The member "notUnderstood"; the caller deletes it. */
static cJSON *
shown(const struct oddities *o, const uint64_t *synced)
{
	struct buf b = { 0 };
	cJSON *json;

	buf_add_char(&b, '{');
	oddities_add(o, &orders_schema, synced, &b);
	buf_add_char(&b, '}');
	ck_assert_ptr_nonnull(json = cJSON_Parse(buf_cstr(&b)));
	buf_free(&b);
	return json;
}

static double
number(const cJSON *field, const char *name)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItem(field, name));
}

/* How often the log names the field, with the record. */
static size_t
lines_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	size_t n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, "rec1: orderTotal is not understood") != NULL;
	(void)fclose(file);
	return n;
}

START_TEST(a_field_is_named_with_the_value_that_came)
{
	struct oddities o = { 0 };
	const cJSON *field;
	cJSON *json;

	json = shown(&o, none);
	ck_assert_int_eq(cJSON_GetArraySize(json->child), 0);
	cJSON_Delete(json);
	oddities_note(&o, &orders_schema, page, NOW_MS);
	oddities_note(&o, &orders_schema, page, NOW_MS + 1);
	json = shown(&o, none);
	ck_assert_int_eq(cJSON_GetArraySize(json->child), 1);
	field = json->child->child;
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(field, "field")), "orderTotal");
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(field, "record")), "rec1");
	ck_assert_ptr_nonnull(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(field, "what")), "$12.50"));
	ck_assert(number(field, "cells") == 0 && number(field, "since") == 6 && number(field, "total") == 6);
	cJSON_Delete(json);
}
END_TEST

START_TEST(a_full_sync_counts_oddities_again)
{
	uint64_t synced[SCHEMA_FIELDS_MAX] = { [ORDER_TOTAL] = 2, [ORDER_STATUS] = 1 };
	struct oddities o = { 0 };
	cJSON *json;

	oddities_note(&o, &orders_schema, page, NOW_MS);
	oddities_synced(&o);
	json = shown(&o, none);		/* all is well again */
	ck_assert_int_eq(cJSON_GetArraySize(json->child), 0);
	cJSON_Delete(json);
	json = shown(&o, synced);
	ck_assert_int_eq(cJSON_GetArraySize(json->child), 2);
	/* counted by a process before this one: there is no example */
	ck_assert(cJSON_IsNull(cJSON_GetObjectItem(json->child->child, "record")));
	ck_assert(number(json->child->child->next, "cells") == 2);
	ck_assert(number(json->child->child->next, "since") == 0);
	ck_assert(number(json->child->child->next, "total") == 3);
	cJSON_Delete(json);
}
END_TEST

START_TEST(the_log_is_not_flooded)
{
	struct oddities o = { 0 };
	char path[256];
	size_t before, lines;

	(void)snprintf(path, sizeof(path), "%s/log", tmpdir_new());
	ck_assert_int_eq(log_open("test", path, LOG_INFO, LOG_LOGFMT), 0);
	for (int i = 0; i < 100; i++)
		oddities_note(&o, &orders_schema, page, NOW_MS + i);
	before = lines_of(path);
	ck_assert_uint_ge(before, 1);
	ck_assert_uint_le(before, 10);
	/* a minute later, and when the clock was set back, it speaks again */
	oddities_note(&o, &orders_schema, page, NOW_MS + 61000);
	lines = lines_of(path);
	ck_assert_uint_gt(lines, before);
	oddities_note(&o, &orders_schema, page, NOW_MS - 61000);
	ck_assert_uint_gt(lines_of(path), lines);
}
END_TEST

START_TEST(the_counts_outlive_the_process_in_the_progress_document)
{
	const uint64_t odd[SCHEMA_FIELDS_MAX] = { [ORDER_CUSTOMER] = 250 };
	const struct sync_run_counts counts = { 0 };
	const struct sync_alarm alarm = { 0 };
	const struct sync_progress p = { .counts = &counts, .odd = odd, .detail = "", .alarm = &alarm,
		.held = UINT32_C(1) << ORDER_CUSTOMER };
	uint64_t loaded[SCHEMA_FIELDS_MAX] = { 7, 7, 7, 7, 7, 7, 7, 7 };
	uint32_t held = 7;
	struct buf b = { 0 };

	sync_progress_add(&p, &orders_schema, &b);
	sync_progress_load(loaded, &held, &orders_schema, buf_str(&b));
	for (size_t f = 0; f < orders_schema.field_count; f++)
		ck_assert_uint_eq(loaded[f], odd[f]);
	ck_assert_uint_eq(held, UINT32_C(1) << ORDER_CUSTOMER);
	sync_progress_load(loaded, &held, &orders_schema, STR("{\"held\":[7,\"x\"],"
	    "\"notUnderstood\":{\"customer\":-1,\"status\":\"x\"}}"));
	ck_assert_uint_eq(loaded[ORDER_CUSTOMER] + loaded[ORDER_STATUS] + held, 0);
	sync_progress_load(loaded, &held, &orders_schema, STR("nonsense"));
	ck_assert_uint_eq(loaded[ORDER_CUSTOMER], 0);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oddities");
	TCase *t = tcase_create("oddities");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_field_is_named_with_the_value_that_came);
	tcase_add_test(t, a_full_sync_counts_oddities_again);
	tcase_add_test(t, the_log_is_not_flooded);
	tcase_add_test(t, the_counts_outlive_the_process_in_the_progress_document);
	suite_add_tcase(s, t);
	return run_suite(s);
}
