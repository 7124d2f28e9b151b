#ifndef SYNCD_AIRTABLE_AIRTABLE_H
#define SYNCD_AIRTABLE_AIRTABLE_H

#include <stdint.h>
#include <uv.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/tables/schema.h"
#include "syncd/airtable/keys.h"

/*
 * Airtable's Web API as this program needs it: each call is one HTTP
 * request, admitted by the governor and the circuit breaker, answered once
 * through its callback on the loop, never before the function that started
 * it has returned.  Retrying is the caller's business, except that a call
 * that was never sent because of a rate lockout stays queued until the
 * lockout is over or its deadline passes.
 *
 * Only this module and below see the token.
 */
struct airtable;
struct airtable_call;	/* a call under way */

enum airtable_priority { AIRTABLE_WRITE, AIRTABLE_FEED, AIRTABLE_SYNC, AIRTABLE_PRIORITIES };

/* What became of a call. */
struct airtable_result {
	enum err	err;		/* ERR_OK or one of ERR_AIRTABLE_*, ERR_CANCELLED */
	bool		maybe_applied;	/* a failed write that Airtable may have carried out */
	bool		adrift;		/* ... or may still be at: nothing came back, and not because it was
					   Airtable that ended the connection */
	bool		retryable;	/* a later identical read can succeed */
	bool		smaller;	/* the page was too large to be taken: asked for at once it will be smaller */
	int		status;		/* HTTP; 0: no answer */
	char		type[64];	/* Airtable's error type, or "" */
	char		message[300];	/* for people: Airtable's message or what failed; never the token */
	int64_t		retry_after_ms;	/* 0: not known */
	int64_t		sent_ms;	/* instant_monotonic() when it was sent; 0: never was */
	int64_t		server_ms;	/* the Date header as an instant; 0: none */
};

/* Cells of a field that were not understood, errors of its formula among them: taken as empty. */
#define AIRTABLE_ODD_EXAMPLES	2
struct airtable_oddity {
	uint64_t	count;
	struct {
		char	record[32];
		char	what[200];	/* why, and what came, for people */
	}		examples[AIRTABLE_ODD_EXAMPLES];	/* the first ones */
};

/* A page of records, or the records that a write returned. */
struct airtable_page {
	uint32_t	missing;	/* bit f: the base has no such field, it is not known of the records */
	struct record	*records;	/* strings live in the page */
	struct str	*keys;		/* airtable_find_keys(): of each, the key of ours that it has */
	size_t		 count;
	struct str	 offset;	/* len 0: last page */
	struct airtable_oddity	 odd[SCHEMA_FIELDS_MAX];	/* cells that were not understood, by field */
	struct str	 body;		/* airtable_ask(): the answer as it came, and no records */
};

/*
 * ${page} (NULL unless err is ERR_OK) is valid during the callback only, and
 * the struct airtable_call is gone when it starts.  It may start and cancel
 * calls, and, when no other call is pending, free the struct airtable.
 */
typedef void	 airtable_cb(void *cookie, const struct airtable_result *,
		    const struct airtable_page *page);

/*
 * Uses ${config} (kept by reference) for URL, token, base, table, field
 * names, rates.  NULL: out of memory.
 */
struct airtable	*airtable_new(uv_loop_t *, const struct config *, const struct schema *);
/*
 * Every pending call must have ended: cancel all first.  The loop must run
 * once more afterwards, before it is closed.
 */
void		 airtable_free(struct airtable *);
/* Cancels everything: each callback runs (ERR_CANCELLED) before this returns. */
void		 airtable_cancel_all(struct airtable *);
/*
 * The process before this one sent its last call so long ago, before any of
 * ours: what it sent is still in Airtable's one-second window.
 */
void		 airtable_assume_call(struct airtable *, int64_t ago_ms);
/*
 * After a reload of the configuration.  Calls already started keep the URL
 * and field names that they were composed with.
 */
void		 airtable_reconfigure(struct airtable *);

/*
 * Call the table and its fields by these ids from now on (of ${keys} answer[]
 * and missing count), which outlive renames, until the next
 * airtable_reconfigure().
 */
struct airtable_keys;
void		 airtable_use_ids(struct airtable *, const char *table,
		    const struct airtable_keys *keys);

/*
 * In which forms values are written (airtable/forms.h) from now on, until the
 * next airtable_reconfigure(); they are copied.
 */
struct airtable_forms;
void		 airtable_use_forms(struct airtable *, const struct airtable_forms *);
/* Was a change refused for what it holds since?  The forms may be others by now. */
bool		 airtable_doubts_forms(const struct airtable *);

/*
 * Fields of the schema that the base has not (bit f: field f), as the base's
 * schema or a refused call told.  Listings and look-ups go on without them:
 * their bits are not in a record's known.  After AIRTABLE_FIELDS_MS, or
 * airtable_look_for_fields(), the next listing asks for them once more.
 */
#define AIRTABLE_FIELDS_MS	300000
uint32_t	 airtable_missing(const struct airtable *);
/*
 * The field that airtable.create_key names, as the base's schema told (the feed reads
 * it): a table that has it not, or not as text, can't take new orders.  What is news is
 * logged.  ${type}: its kind, Airtable's word.
 */
void		 airtable_set_create_key(struct airtable *, enum airtable_key, const char *type);
enum airtable_key airtable_create_key(const struct airtable *);
/* How many records a page of a listing may have now, 1 to AIRTABLE_PAGE_MAX. */
#define AIRTABLE_PAGE_MAX	100
size_t		 airtable_page_size(const struct airtable *);
void		 airtable_look_for_fields(struct airtable *);
/* For people: which they are, by which settings, and what to do.  Empty when none is missing. */
void		 airtable_missing_text(const struct airtable *, uint32_t fields, char *text, size_t size);
/* Call back on the loop when they have become others. */
typedef void	 airtable_fields_cb(void *cookie, uint32_t missing);
void		 airtable_watch_fields(struct airtable *, airtable_fields_cb *, void *cookie);

/*
 * One page of the table: GET with fields[] for every schema field.  It has up to
 * airtable_page_size() records, which are 100 until an answer is too large and
 * again when answers are small.
 * ${offset} len 0: the first page.  Not later than ${deadline_ms}
 * (instant_monotonic(); 0: no deadline but the request's own time-out).
 * NULL: out of memory, and no callback.
 */
struct airtable_call *airtable_list(struct airtable *, struct str offset,
		    enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);
/*
 * Those of 1 to AIRTABLE_WRITE_MAX records that Airtable has, by id, in any
 * order; what it has not is not in the answer.  Like a listing it fails with
 * ERR_AIRTABLE_FIELD_MISSING when a field was renamed, which the answer to a
 * write can't tell from an empty cell.
 */
struct airtable_call *airtable_find(struct airtable *, const struct str *ids, size_t count,
		    enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);

/*
 * The records that have one of 1 to AIRTABLE_WRITE_MAX keys of ours (at most
 * AIRTABLE_OUR_KEY_MAX bytes) in the field airtable.create_key, in any order:
 * those that were created with it, and nothing says that there is only one.
 */
#define AIRTABLE_OUR_KEY_MAX	63
struct airtable_call *airtable_find_keys(struct airtable *, const struct str *keys, size_t count,
		    enum airtable_priority, airtable_cb *, void *cookie);

/*
 * A page of the records that ${formula} holds for (as Airtable reads
 * it; no more than fits into an address of 16,000 bytes).
 */
struct airtable_call *airtable_list_where(struct airtable *, struct str formula, struct str offset,
		    enum airtable_priority, airtable_cb *, void *cookie);
/*
 * A page of the listing with some fields only (bit f: field f), which are all
 * that is known of its records.  0: as little as can be asked for, only the ids
 * mean anything.
 */
struct airtable_call *airtable_list_some(struct airtable *, struct str offset, uint32_t fields,
		    enum airtable_priority, airtable_cb *, void *cookie);
/*
 * Anything else, such as webhooks: ${method} (a literal), ${path} from "/v0/"
 * on with its query, ${json} for the body (len 0: none).
 */
struct airtable_call *airtable_ask(struct airtable *, const char *method, struct str path,
		    struct str json, enum airtable_priority, airtable_cb *, void *cookie);

/*
 * A call that changes records.  What it carries is asked for when the
 * governor lets it go, not before, so that all that has come meanwhile
 * travels together.
 */
#define AIRTABLE_WRITE_MAX	10	/* records in one call */
enum airtable_change { AIRTABLE_UPDATE, AIRTABLE_CREATE, AIRTABLE_DELETE };

struct airtable_write {
	enum airtable_change	 change;
	/*
	 * Each once.  Update: the id and the known fields (a value that is
	 * not present clears the cell).  Create: the known fields.  Delete:
	 * the id.
	 */
	const struct record	*records[AIRTABLE_WRITE_MAX];
	/* Create: our key of each, for the field airtable.create_key, by which sending it again finds it. */
	struct str		 keys[AIRTABLE_WRITE_MAX];
	size_t			 count;		/* 1 to AIRTABLE_WRITE_MAX */
	int64_t			 timeout_ms;	/* how long its answer is waited for; 0: the request's own time-out */
	/*
	 * Answers with the records as Airtable has them now (ids only when
	 * deleted), in the same order.  Records that can't be (no id, an
	 * instant out of range) end as ERR_AIRTABLE_REJECTED without being sent.
	 */
	airtable_cb		*callback;
	void			*cookie;
};

/* Fill *write; what it points to is read before the loop goes on.  false: nothing is to be sent, the call is gone. */
typedef bool	 airtable_compose(void *cookie, struct airtable_write *write);
/*
 * ${refused} is called instead of ${compose} when the call can't start: open
 * circuit, quota, cancelled.  NULL: out of memory, and no callback.
 */
struct airtable_call *airtable_write(struct airtable *, airtable_compose *compose,
		    airtable_cb *refused, void *cookie);
/* How many calls could start at once, beyond those that wait already. */
size_t		 airtable_room(struct airtable *);

/* How long its answer is waited for, if that is shorter than the request's own time-out. */
void		 airtable_set_timeout(struct airtable_call *, int64_t ms);
/* Stop one call: its callback will not run.  A write already sent stays sent. */
void		 airtable_cancel(struct airtable_call *);

/*
 * "airtable" member for status documents: circuit, rate limit, calls, last
 * success and error.  ("lastError" stays after a success: compare the times.)
 */
void		 airtable_add_status(struct airtable *, struct buf *);
/* Cells that were not understood (oddities.h), as the answers of all calls had them. */
struct oddities	*airtable_oddities(struct airtable *);
/* Members "calls" (how those of each kind ended) and "batches" (writes of 1, 2... records). */
void		 airtable_add_metrics(const struct airtable *, struct buf *);

/*
 * Who counts the calls of a month and divides them.  may_start: may a call of
 * that priority start?  Else it fails with ERR_AIRTABLE_QUOTA; writes are not
 * asked about.  sent: one was sent.  add_status: the member "monthlyCalls".
 * NULL for each: nobody.
 */
struct airtable_meter {
	bool	(*may_start)(void *cookie, enum airtable_priority);
	void	(*sent)(void *cookie, enum airtable_priority);
	void	(*add_status)(void *cookie, struct buf *);
	void	 *cookie;
};
void		 airtable_set_meter(struct airtable *, const struct airtable_meter *);

/* How long no call can start now (lockout, open circuit, quota): ms; 0: at once.
 * ${why} (may be NULL) gets ERR_AIRTABLE_RATE_LIMITED, _UNAVAILABLE or _QUOTA. */
int64_t		 airtable_blocked_ms(struct airtable *, enum err *why);

#endif
