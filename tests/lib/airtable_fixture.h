#ifndef TESTS_LIB_AIRTABLE_FIXTURE_H
#define TESTS_LIB_AIRTABLE_FIXTURE_H

/* An airtable on a loop with a canned server to talk to, for the programs that test it. */

#include "common/base/zone.h"
#include "syncd/airtable/airtable.h"
#include "tests/lib/canned_server.h"
#include "tests/lib/support.h"

#define TOKEN	"patTESTTESTTEST00.secretsecretsecret"
#define PAGE	"{\"records\":[{\"id\":\"rec00000000000001\",\"createdTime\":\"2026-01-02T03:04:05.000Z\"," \
		"\"fields\":{\"Order ID\":\"ORD-1\",\"Customer\":\"M\xc3\xbcller\",\"Status\":\"Shipped\"," \
		"\"Priority\":\"High\",\"Order Total\":12.3,\"Created At\":\"2026-01-02T03:04:05.000Z\"," \
		"\"Updated At\":\"2026-01-02T03:04:06Z\"}}],\"offset\":\"itr1/rec1\"}"

static uv_loop_t loop;
static struct canned_server server;
static struct config config;
static struct airtable *airtable;

/* What a callback was given, copied. */
struct seen {
	int			 calls;
	struct airtable_result	 result;
	size_t			 count;
	size_t			 warnings;
	struct airtable_oddity	 odd[SCHEMA_FIELDS_MAX];
	struct buf		 offset;
	struct buf		 texts;		/* id|text,text,... of the last record */
	struct buf		 keys;		/* of all, each with a space behind it */
	struct record		 record;	/* numbers are valid, texts not */
	int64_t			 at_ms;
	int			 composed;	/* how often it was asked what it carries */
	struct airtable_write	 write;		/* a change: what it says then */
};

static __attribute__((unused)) void
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

static __attribute__((unused)) void
seen_free(struct seen *s)
{
	buf_free(&s->offset);
	buf_free(&s->texts);
	buf_free(&s->keys);
}

static __attribute__((unused)) void
setup(void)
{
	ck_assert_int_eq(zone_use(STR("UTC")), ERR_OK);	/* days are those of the desk */
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
	airtable = airtable_new(&loop, &config, &orders_schema);
	ck_assert_ptr_nonnull(airtable);
}

static __attribute__((unused)) void
teardown(void)
{
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	canned_stop(&server);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static __attribute__((unused)) void
reopen(void)
{
	airtable_cancel_all(airtable);
	airtable_free(airtable);
	airtable = airtable_new(&loop, &config, &orders_schema);
	ck_assert_ptr_nonnull(airtable);
}

static __attribute__((unused)) void
list(struct seen *s, const char *offset)
{
	ck_assert_ptr_nonnull(airtable_list(airtable, str_of(offset), AIRTABLE_SYNC, 0, on_done, s));
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

/* Queue a change of records, which have to stay until it has left. */
static __attribute__((unused)) struct airtable_call *
change(struct seen *s, enum airtable_change change, const struct record *records, size_t count)
{
	struct airtable_call *c;

	s->write.change = change;
	s->write.count = count;
	for (size_t i = 0; i < count; i++)
		s->write.records[i] = &records[i];
	c = airtable_write(airtable, compose_write, on_done, s);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(s->calls + s->composed, 0);
	return c;
}

static __attribute__((unused)) void
patch_status(struct seen *s, const char *status)
{
	struct record r = {
		.id = STR("rec00000000000001"), .known = 1u << ORDER_STATUS,
		.values[ORDER_STATUS] = { .present = true, .text = str_of(status) }
	};

	(void)change(s, AIRTABLE_UPDATE, &r, 1);
	ck_assert(canned_run(&loop, &s->calls, 1, 5000));
}

static __attribute__((unused)) const char *
request(size_t i)
{
	ck_assert_uint_lt(i, server.request_count);
	return server.requests[i].text;
}

#define ck_assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

#endif
