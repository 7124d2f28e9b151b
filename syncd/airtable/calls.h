#ifndef SYNCD_AIRTABLE_CALLS_H
#define SYNCD_AIRTABLE_CALLS_H

#include <sys/queue.h>

#include "common/base/buf.h"
#include "syncd/airtable/airtable.h"
#include "syncd/airtable/breaker.h"
#include "syncd/airtable/forms.h"
#include "syncd/airtable/governor.h"
#include "syncd/airtable/http.h"
#include "syncd/airtable/keys.h"
#include "syncd/airtable/oddities.h"
#include "syncd/airtable/outcomes.h"

/*
 * The inside of airtable.h, shared by the files that implement it:
 * airtable.c composes calls (airtable/write.c those that change records),
 * airtable/queue.c starts or fails them, airtable/answer.c turns answers into
 * results and delivers them.
 *
 * 1. A call is in exactly one list: waiting[priority] until it starts,
 *    flying until its request is over, ended until its callback runs.
 * 2. Callbacks run in airtable_deliver() only, which the timer or
 *    airtable_cancel_all() calls: never inside libcurl, never while a list
 *    is walked.
 * 3. Any function that may allow a call to start or end calls airtable_wake().
 */
enum call_kind {
	CALL_LIST, CALL_FIND, CALL_FIND_KEYS, CALL_UPDATE, CALL_CREATE, CALL_DELETE, CALL_META, CALL_ASK
};
#define CALL_KINDS	(CALL_ASK + 1)
enum call_state { CALL_WAITING, CALL_FLYING, CALL_ENDED };

struct airtable_call {
	TAILQ_ENTRY(airtable_call) link;
	struct airtable		*owner;
	struct airtable_table	*table;		/* that it is about; NULL: CALL_META, CALL_ASK */
	enum call_kind		 kind;
	enum airtable_priority	 priority;
	enum call_state		 state;
	int64_t			 deadline_ms;	/* 0: none */
	airtable_compose	*compose;	/* NULL: composed already */
	airtable_cb		*callback;	/* NULL: CALL_META, which no caller started */
	void			*cookie;
	int64_t			 timeout_ms;	/* 0: the configured one */
	const char		*method;	/* CALL_ASK */

	struct buf		 url;
	struct buf		 path;		/* for the log: no query */
	struct buf		 json;		/* body of an update, a create or CALL_ASK */
	struct airtable_keys	 keys;		/* that it was composed with */
	size_t			 page_size;	/* CALL_LIST: records asked for */
	bool			 looks;		/* it asks for missing fields as well, as they may be back */
	size_t			 id_count;	/* records asked for or written */
	char			 ids[AIRTABLE_WRITE_MAX][AIRTABLE_OUR_KEY_MAX + 1];	/* or keys of ours */

	/* CALL_FLYING */
	struct http_request	*http;
	uint64_t		 ticket;	/* of the governor */
	bool			 probe;		/* of the breaker */
	int64_t			 started_ms;

	struct airtable_result	 result;
	struct airtable_page	 page;
	void			*arena;		/* holds what the page points to; NULL: no page */
};

TAILQ_HEAD(call_list, airtable_call);

/* What is of one table. */
struct airtable_table {
	struct airtable		*owner;
	const struct schema	*schema;
	struct airtable_keys	 keys;
	enum err		 refused;	/* the last look-up of its field ids, and why it failed */
	char			 why[sizeof(((struct airtable_result *)NULL)->message)];
	struct airtable_forms	 forms;		/* for values to be written */
	bool			 doubted;	/* Airtable refused a value written in them */
	size_t			 page_size;	/* of listings */
	char			 id[AIRTABLE_ID_MAX + 1];	/* "": as configured */
	int64_t			 missing_ms;	/* monotonic: missing fields were last asked for; 0: ask now */
	enum airtable_key	 create_key;	/* is the field fit for our keys? */
	char			 create_key_type[AIRTABLE_KEY_TYPE_SIZE];	/* if not: its type */
	uint32_t		 missing_told;	/* keys.missing as the watcher knows it */
	airtable_fields_cb	*fields_watcher;	/* may be NULL */
	void			*fields_cookie;
	struct oddities		 oddities;
};

struct airtable {
	const struct config	*config;
	struct http		*http;
	struct governor		*governor;
	struct breaker		 breaker;
	struct airtable_meter	 meter;		/* its functions may be NULL */
	struct airtable_call	*meta;		/* the look-up of all tables' field ids; NULL: none is under way */

	uv_timer_t		 timer;		/* the queue's next turn */
	struct call_list	 waiting[AIRTABLE_PRIORITIES];
	size_t			 waiting_count[AIRTABLE_PRIORITIES];
	struct call_list	 flying;
	struct call_list	 ended;
	size_t			 ended_count;

	struct outcomes		 outcomes[CALL_KINDS];	/* of calls that were sent, by kind */
	uint64_t		 batches[AIRTABLE_WRITE_MAX + 1];	/* writes that were sent, by number of records */
	int64_t			 last_success_ms;	/* wall clock; 0: none yet */
	int64_t			 last_error_ms;		/* wall clock; 0: none yet */
	struct airtable_result	 last_error;

	size_t			 table_count;
	struct airtable_table	 tables[];
};

/* airtable.c */
/* The table of ${schema}, which airtable_serves(). */
struct airtable_table *airtable_table_of(const struct airtable *, const struct schema *);
/* What stands for the table in a URL: its id, or as configured. */
const char	*airtable_table_called(const struct airtable_table *);
/* A call without URL and body, about a table or (NULL) none; NULL: out of memory. */
struct airtable_call *airtable_call_new(struct airtable *, struct airtable_table *, enum call_kind,
		    enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);
void		 airtable_call_free(struct airtable_call *);
/* Is all of its text there?  false: memory ran out. */
bool		 airtable_call_complete(struct airtable_call *);
/* Remember a record that the answer has to be about.  false: ${id} can't be a record's. */
bool		 airtable_call_expect(struct airtable_call *, struct str id);
const char	*airtable_call_method(const struct airtable_call *);
/* Does it change anything at Airtable? */
bool		 airtable_call_writes(const struct airtable_call *);
/* A call for the base's schema, to go before others; NULL: out of memory. */
struct airtable_call *airtable_meta_new(struct airtable *, enum airtable_priority);

/* airtable/fields.c */
/* If it is time to look for missing fields again, let the new call do so. */
void		 airtable_fields_look(struct airtable_call *);
/* An answer says that a field of the call is missing: learn which, and put it into the result. */
void		 airtable_fields_learn(struct airtable_call *);
/* The call has its records, so missing fields that it asked for are back. */
void		 airtable_fields_seen(const struct airtable_call *);
/* Member "missingFields": the API names of the missing fields. */
void		 airtable_add_missing(const struct airtable_table *, struct buf *);
void		 airtable_add_create_key(const struct airtable_table *, struct buf *);
/* Tell the watchers whose airtable_missing() has changed. */
void		 airtable_fields_tell(struct airtable *);
/* Take all tables' field ids from the base's schema: the first failure, with a text in ${why}. */
enum err	 airtable_fields_resolve(struct airtable *, struct str body, char *why, size_t size);

/* airtable/write.c: ask what the call is to carry.  false: it no longer exists, or has ended. */
bool		 airtable_call_compose(struct airtable_call *);

/* airtable/queue.c */
/* Run the queue after ${ms}. */
void		 airtable_wake(struct airtable *, int64_t ms);
/* Put a new call at the end of its lane. */
void		 airtable_enqueue(struct airtable_call *);
/* Take a call out of its list and stop its request. */
void		 airtable_withdraw(struct airtable_call *);
/* End a call as never sent. */
void		 airtable_fail(struct airtable_call *, enum err, int64_t retry_after_ms,
		    const char *message);

/* airtable/metrics.c: count a call that was sent and has its result. */
void		 airtable_count(struct airtable_call *, int64_t now_ms);

/* airtable/answer.c */
/* The callback of a request. */
void		 airtable_on_answer(void *call, const struct http_answer *);
/* Move a call from any list to ended, with the result that it has. */
void		 airtable_end(struct airtable_call *);
/* Run the callbacks of the calls that have ended until now. */
void		 airtable_deliver(struct airtable *);

#endif
