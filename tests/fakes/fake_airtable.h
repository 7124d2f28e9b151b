#ifndef TESTS_FAKES_FAKE_AIRTABLE_H
#define TESTS_FAKES_FAKE_AIRTABLE_H

#include <stdlib.h>
#include <sys/queue.h>

#include "common/base/instant.h"
#include "common/store/outbox.h"
#include "syncd/write/write.h"
#include "tests/lib/canned_server.h"

/*
 * An Airtable that is a table in memory, for tests of the delivery of changes.
 * It answers as the test's script says, and notes each call and how many entries
 * the store had as sent at that moment.
 */
#define ORDERS		60

#define CALLS_MAX	256

extern uv_loop_t loop;

extern struct apply *apply;

struct held {
	char	id[18], order_id[16], customer[64], status[32], priority[32], key[64];
	int64_t	updated_ms;	/* 0: it has none */
	bool	gone;
};

/* How a call ends. */
struct outcome {
	enum err	 err;		/* ERR_OK: done, or refused as Airtable would */
	bool		 maybe;		/* the caller can't know whether it was applied */
	bool		 applied;	/* ... and it was */
	bool		 adrift;	/* ... and it may still be, as after each time-out */
	int		 status;	/* HTTP; 0: no answer came */
	const char	*type, *message;
	int64_t		 delay_ms;	/* until the answer; -1: none comes */
	int64_t		 late_ms;	/* it is applied this long after it arrived; 0: at once */
};

/* A call as Airtable received it. */
struct seen_call {
	bool		 find;
	enum airtable_change change;
	size_t		 count;
	char		 ids[AIRTABLE_WRITE_MAX][32];
	char		 statuses[AIRTABLE_WRITE_MAX][32];	/* "-": not asked for */
	char		 priorities[AIRTABLE_WRITE_MAX][32];
	char		 keys[AIRTABLE_WRITE_MAX][64];
	int64_t		 timeout_ms, at_ms;
	size_t		 sent_on_disk;	/* entries stored as sent at that moment */
};

struct airtable_call {
	TAILQ_ENTRY(airtable_call) link;
	bool			 find, by_key;
	airtable_compose	*compose;
	airtable_cb		*callback;
	void			*cookie;
	struct seen_call	*seen;
	struct record		 records[AIRTABLE_WRITE_MAX];
	struct outcome		 outcome;
	struct airtable_result	 result;
	uv_timer_t		 timer, late;
	int			 handles;
};

TAILQ_HEAD(fake_calls, airtable_call);

struct fake_state {
	struct held		held[2 * ORDERS];
	size_t			count;
	struct fake_calls	waiting, flying;
	uv_timer_t		turn;
	int			room;		/* calls that may still start */
	int64_t			blocked_ms;
	enum err		blocked_why;
	uint32_t		missing;	/* fields that the base does not have */
	enum airtable_key	create_key;	/* what the schema says about its field */
	struct outcome		script[32];	/* of the next changes; those after them succeed */
	size_t			script_count, script_used;
	struct outcome		finds[32];	/* of the next reads */
	size_t			find_count, find_used;
	struct seen_call	seen[CALLS_MAX];
	size_t			seen_count;
	bool			serves_all;	/* tables; else orders only */
	int			syncs;		/* that were requested */
};
extern struct fake_state fake;

struct held *held(const char *id);
void full_sync_schedule(struct full_sync *sync, int64_t in_ms);
int64_t airtable_blocked_ms(struct airtable *a, enum err *why);
bool airtable_serves(const struct airtable *a, const struct schema *table);
uint32_t airtable_missing(const struct airtable *a, const struct schema *schema);
enum airtable_key airtable_create_key(const struct airtable *a, const struct schema *schema);
size_t airtable_room(struct airtable *a);
size_t sent_on_disk(void);
void see(struct airtable_call *c, const struct airtable_write *w);
void end_call(struct airtable_call *c);
void held_record(const struct held *h, struct record *r);
void fake_wake(void);
struct airtable_call *airtable_write(struct airtable *a, const struct schema *schema, airtable_compose *compose,
    airtable_cb *refused, void *cookie);

struct airtable_call *airtable_find(struct airtable *a, const struct schema *schema, const struct str *ids,
    size_t count, enum airtable_priority p, int64_t deadline_ms, airtable_cb *callback, void *cookie);

struct airtable_call *airtable_find_keys(struct airtable *a, const struct schema *schema, const struct str *keys,
    size_t count, enum airtable_priority p, airtable_cb *callback, void *cookie);

void airtable_cancel(struct airtable_call *c);
void airtable_set_timeout(struct airtable_call *c, int64_t ms);

/* The next change ends like this. */
void next_write(struct outcome o);

void next_find(struct outcome o);

/* Let all reads fail from now on, or let them succeed again. */
void finds_fail(bool fail);

/* Let this many more calls start. */
void give_room(int calls);

/* Calls that read records. */
size_t finds_seen(void);

/* Calls that were changes. */
size_t changes_seen(void);

#endif
