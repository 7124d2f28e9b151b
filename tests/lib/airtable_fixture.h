#ifndef TESTS_LIB_AIRTABLE_FIXTURE_H
#define TESTS_LIB_AIRTABLE_FIXTURE_H

#include "common/base/zone.h"
#include "syncd/airtable/airtable.h"
#include "tests/lib/canned_server.h"
#include "tests/lib/support.h"

/* An airtable on a loop with a canned server to talk to, for the programs that test it. */

#define TOKEN	"patTESTTESTTEST00.secretsecretsecret"
#define PAGE	"{\"records\":[{\"id\":\"rec00000000000001\",\"createdTime\":\"2026-01-02T03:04:05.000Z\"," \
		"\"fields\":{\"Order ID\":\"ORD-1\",\"Customer\":\"M\xc3\xbcller\",\"Status\":\"Shipped\"," \
		"\"Priority\":\"High\",\"Order Total\":12.3,\"Created At\":\"2026-01-02T03:04:05.000Z\"," \
		"\"Updated At\":\"2026-01-02T03:04:06Z\"}}],\"offset\":\"itr1/rec1\"}"

extern uv_loop_t loop;

extern struct canned_server server;

extern struct config config;

extern struct airtable *airtable;

/* What a callback was given, copied. */
struct seen {
	int			 calls;
	struct airtable_result	 result;
	size_t			 count;
	size_t			 warnings;
	struct airtable_oddity	 odd[SCHEMA_FIELDS_MAX];
	struct buf		 offset;
	struct buf		 texts;		/* id|text,text,... of the last record */
	struct buf		 keys;		/* of all records, each followed by a space */
	struct record		 record;	/* numbers are valid, texts not */
	int64_t			 at_ms;
	int			 composed;	/* how often the call was composed */
	struct airtable_write	 write;		/* what a change then carries */
};

void on_done(void *cookie, const struct airtable_result *r, const struct airtable_page *page);
void seen_free(struct seen *s);
void airtable_setup(void);
void airtable_teardown(void);
void reopen(void);
void list(struct seen *s, const char *offset);

/* Queue a change of ${records}, which must stay until it has left. */
struct airtable_call *change(struct seen *s, enum airtable_change change,
    const struct record *records, size_t count);

void patch_status(struct seen *s, const char *status);
const char *request(size_t i);

#define ck_assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

#endif
