#ifndef SYNCD_AIRTABLE_AIRTABLE_H
#define SYNCD_AIRTABLE_AIRTABLE_H

#include <stdint.h>
#include <uv.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/tables/tables.h"
#include "syncd/airtable/keys.h"

/*
 * Airtable's Web API as this program needs it.  Each call is one HTTP
 * request, admitted by the governor and the circuit breaker.  Its callback
 * runs once, on the loop, never before the function that started the call
 * has returned.  Retrying is the caller's business, with one exception: a call
 * that a rate lockout kept from being sent stays queued until the lockout is
 * over or its deadline passes.
 *
 * Only this folder sees the token.
 */
struct airtable;
struct airtable_call;	/* a call under way */

enum airtable_priority { AIRTABLE_WRITE, AIRTABLE_FEED, AIRTABLE_SYNC, AIRTABLE_PRIORITIES };

/* How a call ended. */
struct airtable_result {
	enum err	err;		/* ERR_OK or one of ERR_AIRTABLE_*, ERR_CANCELLED */
	bool		maybe_applied;	/* a failed write that Airtable may have carried out */
	bool		adrift;		/* ... or may still carry out: nothing came back, and it was not
					   Airtable that ended the connection */
	bool		retryable;	/* a later identical read can succeed */
	bool		smaller;	/* the answer was too large; the same page asked for again will be smaller */
	int		status;		/* HTTP; 0: no answer */
	char		type[64];	/* Airtable's error type, or "" */
	char		message[300];	/* for people: Airtable's message or what failed; never the token */
	int64_t		retry_after_ms;	/* 0: not known */
	int64_t		sent_ms;	/* instant_monotonic() when it was sent; 0: never */
	int64_t		server_ms;	/* the Date header as an instant; 0: none */
};

/* Cells of a field that were not understood, formula errors included; they count as empty. */
#define AIRTABLE_ODD_EXAMPLES	2
struct airtable_oddity {
	uint64_t	count;
	struct {
		char	record[32];
		char	what[200];	/* the reason and the cell's content, for people */
	}		examples[AIRTABLE_ODD_EXAMPLES];	/* the first ones */
};

/* A page of records, or the records that a write returned. */
struct airtable_page {
	uint32_t	missing;	/* bit f: the base has no field f, and the records' known does not have it */
	struct record	*records;	/* strings live in the page */
	struct str	*keys;		/* airtable_find_keys(): our key in each record */
	size_t		 count;
	struct str	 offset;	/* len 0: last page */
	struct airtable_oddity	 odd[SCHEMA_FIELDS_MAX];	/* cells that were not understood, by field */
	struct str	 body;		/* airtable_ask(): the answer as it came; there are no records */
};

/*
 * ${page} (NULL unless err is ERR_OK) is valid during the callback only.  The
 * struct airtable_call no longer exists.  The callback may start and cancel
 * calls, and may free the struct airtable when no other call is pending.
 */
typedef void	 airtable_cb(void *cookie, const struct airtable_result *,
		    const struct airtable_page *page);

/*
 * ${config} (kept by reference) has URL, token, base, tables, field names and
 * rates.  All tables are of one base and share its limits; what is known of one of
 * them concerns no other.  NULL: out of memory.
 */
struct airtable	*airtable_new(uv_loop_t *, const struct config *, const struct tables *);
/*
 * Can it read and write this table's records: is it one of those it was made with?  Nothing
 * about another table may be asked of it, by any function below that takes a schema.
 */
bool		 airtable_serves(const struct airtable *, const struct schema *);
/*
 * No call may be pending: airtable_cancel_all() first.  The loop must run once
 * more before it is closed.
 */
void		 airtable_free(struct airtable *);
/* Cancel all calls.  Each callback runs, with ERR_CANCELLED, before this returns. */
void		 airtable_cancel_all(struct airtable *);
/*
 * The process before this one sent its last call ${ago_ms} ago: its calls may still
 * count in Airtable's one-second window.  To be called before the first call.
 */
void		 airtable_assume_call(struct airtable *, int64_t ago_ms);
/*
 * The configuration was reloaded.  Calls already started keep the URL and the
 * field names that they were composed with.
 */
void		 airtable_reconfigure(struct airtable *);

/*
 * Name the table and its fields by these ids, which survive renames, until the
 * next airtable_reconfigure().  Only answer[] and missing of ${keys} are used.
 */
struct airtable_keys;
void		 airtable_use_ids(struct airtable *, const struct schema *, const char *table,
		    const struct airtable_keys *keys);

/*
 * Write values in these forms (airtable/forms.h), which are copied, until the
 * next airtable_reconfigure().
 */
struct airtable_forms;
void		 airtable_use_forms(struct airtable *, const struct schema *,
		    const struct airtable_forms *);
/* Has a change been refused for its content since?  The forms may be out of date. */
bool		 airtable_doubts_forms(const struct airtable *, const struct schema *);

/*
 * Our fields that the base does not have (bit f: field f), according to the base's
 * schema or a refused call.  Listings and look-ups go on without them, and
 * their bits are not in a record's known.  After AIRTABLE_FIELDS_MS, or
 * airtable_look_for_fields(), the next listing asks for them again.
 */
#define AIRTABLE_FIELDS_MS	300000
uint32_t	 airtable_missing(const struct airtable *, const struct schema *);
/*
 * The state of the field that airtable.create_key names, from the base's schema (which
 * the feed reads).  A table without this field, or with one that is not text, can't take new
 * orders.  Changes are logged.  ${type}: the field's type, in Airtable's word.
 */
void		 airtable_set_create_key(struct airtable *, const struct schema *, enum airtable_key,
		    const char *type);
enum airtable_key airtable_create_key(const struct airtable *, const struct schema *);
/* How many records a page of a listing may have at present, 1 to AIRTABLE_PAGE_MAX. */
#define AIRTABLE_PAGE_MAX	100
size_t		 airtable_page_size(const struct airtable *, const struct schema *);
void		 airtable_look_for_fields(struct airtable *, const struct schema *);
/* For people: which fields are missing, their settings, and what to do.  Empty when none is. */
void		 airtable_missing_text(const struct airtable *, const struct schema *, uint32_t fields,
		    char *text, size_t size);
/* Call back on the loop when airtable_missing() changes. */
typedef void	 airtable_fields_cb(void *cookie, uint32_t missing);
void		 airtable_watch_fields(struct airtable *, const struct schema *, airtable_fields_cb *,
		    void *cookie);

/*
 * One page of the table: GET with fields[] for every schema field.  It has up to
 * airtable_page_size() records: 100, fewer after an answer that was too large, and
 * 100 again once answers are small.  ${offset} len 0: the first page.  The call ends at
 * ${deadline_ms} at the latest (instant_monotonic(); 0: only the request's own time-out
 * holds).  NULL: out of memory, and no callback.
 */
struct airtable_call *airtable_list(struct airtable *, const struct schema *, struct str offset,
		    enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);
/*
 * Look up 1 to AIRTABLE_WRITE_MAX records by id.  The answer has them in any
 * order, without those that Airtable does not have.  Like a listing it fails with
 * ERR_AIRTABLE_FIELD_MISSING when a field was renamed; in the answer to a write
 * that would look like an empty cell.
 */
struct airtable_call *airtable_find(struct airtable *, const struct schema *, const struct str *ids,
		    size_t count, enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);

/*
 * The records, in any order, whose field airtable.create_key has one of 1 to
 * AIRTABLE_WRITE_MAX keys of ours (at most AIRTABLE_OUR_KEY_MAX bytes each): those
 * that were created with it.  There may be several for one key.
 */
#define AIRTABLE_OUR_KEY_MAX	63
struct airtable_call *airtable_find_keys(struct airtable *, const struct schema *,
		    const struct str *keys, size_t count, enum airtable_priority, airtable_cb *, void *cookie);

/*
 * A page of the records for which ${formula} holds.  ${formula} is in Airtable's
 * language and has to fit into a URL of 16,000 bytes.
 */
struct airtable_call *airtable_list_where(struct airtable *, const struct schema *,
		    struct str formula, struct str offset, enum airtable_priority, airtable_cb *, void *cookie);
/*
 * A page of the listing with some fields only (bit f: field f); the records' known
 * has no others.  0: ask for as little as Airtable allows; only the ids are
 * meaningful.
 */
struct airtable_call *airtable_list_some(struct airtable *, const struct schema *,
		    struct str offset, uint32_t fields, enum airtable_priority, airtable_cb *, void *cookie);
/*
 * Any other call, such as those about webhooks.  ${method} is a literal, ${path}
 * begins at "/v0/" and includes the query, ${json} is the body (len 0: none).
 */
struct airtable_call *airtable_ask(struct airtable *, const char *method, struct str path,
		    struct str json, enum airtable_priority, airtable_cb *, void *cookie);

/*
 * A call that changes records of a table.  It asks what it is to carry only when the
 * governor admits it, so that all changes that came meanwhile travel together.
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
	/* Create: our key of each record, for the field airtable.create_key; by it a repeated create finds
	 * the record of the first. */
	struct str		 keys[AIRTABLE_WRITE_MAX];
	size_t			 count;		/* 1 to AIRTABLE_WRITE_MAX */
	int64_t			 timeout_ms;	/* how long its answer is waited for; 0: the request's own time-out */
	/*
	 * Gets the records as Airtable has them now (ids only when deleted), in
	 * the same order.  Invalid records (no id, an instant out of range)
	 * end as ERR_AIRTABLE_REJECTED without being sent.
	 */
	airtable_cb		*callback;
	void			*cookie;
};

/*
 * Fill *write; what it points to is read before the loop goes on.  false: there is nothing to
 * send, and the call no longer exists.
 */
typedef bool	 airtable_compose(void *cookie, struct airtable_write *write);
/*
 * ${refused} is called instead of ${compose} when the call can't start: open
 * circuit, quota, cancelled.  NULL: out of memory, and no callback.
 */
struct airtable_call *airtable_write(struct airtable *, const struct schema *,
		    airtable_compose *compose, airtable_cb *refused, void *cookie);
/* How many calls could start now, beyond those that already wait. */
size_t		 airtable_room(struct airtable *);

/* Wait so long for the call's answer, if that is shorter than the request's own time-out. */
void		 airtable_set_timeout(struct airtable_call *, int64_t ms);
/* Stop one call: its callback will not run.  A write already sent stays sent. */
void		 airtable_cancel(struct airtable_call *);

/*
 * "airtable" member for status documents: circuit, rate limit, calls, last
 * success and error.  "lastError" stays after a success; the times tell which is newer.
 * "missingFields" and "createKeyProblem" are the first table's; "tables" (if there are
 * several) has these of each.
 */
void		 airtable_add_status(struct airtable *, struct buf *);
/* Cells that were not understood (oddities.h), from the answers of all calls. */
struct oddities	*airtable_oddities(struct airtable *, const struct schema *);
/*
 * Members "calls" (outcomes by kind of call) and "batches" (numbers of writes with 1,
 * 2... records).
 */
void		 airtable_add_metrics(const struct airtable *, struct buf *);

/*
 * The meter counts the calls of a month and divides them.  may_start: may a call of
 * that priority start?  If not, it fails with ERR_AIRTABLE_QUOTA.  Writes start without
 * asking.  sent: a call was sent.  add_status: add the member "monthlyCalls".  Each may
 * be NULL.
 */
struct airtable_meter {
	bool	(*may_start)(void *cookie, enum airtable_priority);
	void	(*sent)(void *cookie, enum airtable_priority);
	void	(*add_status)(void *cookie, struct buf *);
	void	 *cookie;
};
void		 airtable_set_meter(struct airtable *, const struct airtable_meter *);

/*
 * Milliseconds until a call can start (lockout, open circuit, quota); 0: now.
 * ${why} (may be NULL) gets ERR_AIRTABLE_RATE_LIMITED, _UNAVAILABLE or _QUOTA.
 */
int64_t		 airtable_blocked_ms(struct airtable *, enum err *why);

#endif
