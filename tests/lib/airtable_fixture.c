#include "tests/lib/airtable_fixture.h"

uv_loop_t loop;
struct canned_server server;
struct config config;
struct airtable *airtable;

void
on_done(void *cookie, const struct airtable_result *r, const struct airtable_page *page)
{
	struct seen *s = cookie;

	s->calls++;
	s->result = *r;
	s->at_ms = instant_monotonic();
	ck_assert((page != NULL) == (r->err == ERR_OK));
	if (page == NULL)
		return;
	s->count = page->count;
	s->warnings = 0;
	for (size_t f = 0; f < SCHEMA_FIELDS_MAX; f++) {
		s->odd[f] = page->odd[f];
		s->warnings += page->odd[f].count;
	}
	buf_clear(&s->offset);
	buf_add_str(&s->offset, page->offset);
	buf_clear(&s->keys);
	for (size_t i = 0; page->keys != NULL && i < page->count; i++) {
		buf_add_str(&s->keys, page->keys[i]);
		buf_add_char(&s->keys, ' ');
	}
	buf_clear(&s->texts);
	if (page->count == 0)
		return;
	s->record = page->records[page->count - 1];
	buf_add_str(&s->texts, s->record.id);
	for (size_t i = 0; i < ORDER_TOTAL; i++) {
		buf_add_char(&s->texts, '|');
		if (s->record.values[i].present)
			buf_add_str(&s->texts, s->record.values[i].text);
		else
			buf_add_cstr(&s->texts, "-");
	}
}

void
seen_free(struct seen *s)
{
	buf_free(&s->offset);
	buf_free(&s->texts);
	buf_free(&s->keys);
}

void
airtable_setup(void)
{
	ck_assert_int_eq(zone_use(STR("UTC")), ERR_OK);	/* the desk's zone */
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	canned_start(&server, &loop);
	memset(&config, 0, sizeof(config));
	(void)snprintf(config.airtable.api_url, sizeof(config.airtable.api_url),
	    "http://127.0.0.1:%d", server.port);
	strcpy(config.airtable.token, TOKEN);
	strcpy(config.airtable.base_id, "appAAAAAAAAAAAAAA");
	strcpy(config.airtable.orders_table, "Orders");
	config.airtable.requests_per_second = 5;
	config.airtable.request_timeout_ms = patience(2000);
	config.airtable.connect_timeout_ms = patience(1000);
	config.airtable.lockout_ms = 300;
	config.airtable.breaker_failures = 3;
	config.airtable.breaker_cooldown_ms = 400;
	ck_assert_int_eq(log_open("test_airtable", NULL, LOG_ERROR, LOG_LOGFMT), 0);
	airtable = airtable_new(&loop, &config, &tables_builtin);
	ck_assert_ptr_nonnull(airtable);
}

void
airtable_teardown(void)
{
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	canned_stop(&server);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

void
reopen(void)
{
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	airtable = airtable_new(&loop, &config, &tables_builtin);
	ck_assert_ptr_nonnull(airtable);
}

void
list(struct seen *s, const char *offset)
{
	ck_assert_ptr_nonnull(airtable_list(airtable, &orders_schema, str_of(offset), AIRTABLE_SYNC, 0, on_done, s));
	ck_assert_int_eq(s->calls, 0);
	ck_assert(canned_run(&loop, &s->calls, 1, 5000));
}

static bool
compose_write(void *cookie, struct airtable_write *write)
{
	struct seen *s = cookie;

	s->composed++;
	*write = s->write;
	write->callback = on_done;
	write->cookie = s;
	return true;
}

struct airtable_call *
change(struct seen *s, enum airtable_change change, const struct record *records, size_t count)
{
	struct airtable_call *c;

	s->write.change = change;
	s->write.count = count;
	for (size_t i = 0; i < count; i++)
		s->write.records[i] = &records[i];
	c = airtable_write(airtable, &orders_schema, compose_write, on_done, s);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(s->calls + s->composed, 0);
	return c;
}

void
patch_status(struct seen *s, const char *status)
{
	struct record r = {
		.id = STR("rec00000000000001"), .known = 1u << ORDER_STATUS,
		.values[ORDER_STATUS] = { .present = true, .text = str_of(status) }
	};

	(void)change(s, AIRTABLE_UPDATE, &r, 1);
	ck_assert(canned_run(&loop, &s->calls, 1, 5000));
}

const char *
request(size_t i)
{
	ck_assert_uint_lt(i, server.request_count);
	return server.requests[i].text;
}
