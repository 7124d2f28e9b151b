#ifndef TESTS_FAKES_WRITE_FIXTURE_H
#define TESTS_FAKES_WRITE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/store/history.h"
#include "tests/fakes/fake_airtable.h"
#include "tests/lib/made_tables.h"
#include "tests/lib/orders_made.h"
#include "tests/lib/store_check.h"
#include "tests/lib/support.h"

/*
 * The delivery of changes on a real store, between two stand-ins: an Airtable
 * that is a table in memory and follows a script, and callers whose answers the
 * test can see.
 */
#define ITEMS_MAX	50

extern struct config config;

extern struct writes *writes;

/* ---- callers ------------------------------------------------------------------------ */
struct told {
	enum err	err;
	bool		pending;
	char		record[64], order[600], detail[512], problem[64];
};

struct asked {
	int			 replies;
	struct message_reply	 reply;
	uint64_t		 bulk;
	struct told		*results;	/* ITEMS_MAX of them, when there is a reply */
	size_t			 count;
	char			*body;
};

struct server_call {
	struct message_request	 request;
	struct asked		*asked;
};

const struct message_request *server_call_request(const struct server_call *call);
void server_reply(struct server_call *call, const struct message_reply *reply);
void asked_free(struct asked *a);

/* A message that a test composes. */
struct form {
	struct message_request	m;
	struct message_item	items[ITEMS_MAX];
};

struct message_item *form_add(struct form *f, enum message_kind kind, const char *id);
void want(struct message_item *item, unsigned field, const char *text);
void submit(struct form *f, struct asked *a);

/* Ask for this status of one order. */
void set_status(struct asked *a, const char *id, const char *status);

/* The same, to be delivered later if that takes longer than the caller waits. */
void set_status_later(struct asked *a, const char *id, const char *status);

void answered(struct asked *a);
void pass(int64_t ms);

/* ---- the store ----------------------------------------------------------------------- */
void order_json(const char *id, char json[static 600]);

uint64_t version_of(const char *id);
size_t outbox_count(void);
uint32_t pending_count(void);

/* The store is consistent and holds what Airtable holds. */
void in_agreement(void);

/* Wait until all changes are settled, and check that the store agrees with Airtable. */
void until_settled(void);

struct found {
	size_t	count;
	char	json[16][1000];
};

/* The history of an order (len 0: of those never created), newest first. */
void history(const char *id, struct found *f);

void newest_history(const char *id, char json[static 1000]);
void open_writes(void);

/* Stop them as the end of a process does. */
void close_writes(void);

void write_setup(void);
void write_teardown(void);

#define ID(n)	fake.held[n].id
#define ck_assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

#endif
