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
 * airtable/queue.c lets them start or fail, airtable/answer.c makes results
 * of answers and delivers them.
 *
 * 1. A call is in exactly one list: waiting[priority] until it starts,
 *    flying until its request is over, ended until its callback runs.
 * 2. Callbacks run in airtable_deliver() only, which the timer or
 *    airtable_cancel_all() calls: never inside libcurl, never while a list
 *    is walked.
 * 3. Whatever may let a call start or end calls airtable_wake().
 */
enum call_kind {
	CALL_LIST, CALL_FIND, CALL_FIND_KEYS, CALL_UPDATE, CALL_CREATE, CALL_DELETE, CALL_META, CALL_ASK
};
#define CALL_KINDS	(CALL_ASK + 1)
enum call_state { CALL_WAITING, CALL_FLYING, CALL_ENDED };

struct airtable_call {
	TAILQ_ENTRY(airtable_call) link;
	struct airtable		*owner;
	enum call_kind		 kind;
	enum airtable_priority	 priority;
	enum call_state		 state;
	int64_t			 deadline_ms;	/* 0: none */
	airtable_compose	*compose;	/* NULL: it is composed */
	airtable_cb		*callback;	/* NULL: CALL_META, which nobody asked for */
	void			*cookie;
	int64_t			 timeout_ms;	/* 0: the configured one */
	const char		*method;	/* CALL_ASK */

	struct buf		 url;
	struct buf		 path;		/* for the log: no query */
	struct buf		 json;		/* body of an update, a create or CALL_ASK */
	struct airtable_keys	 keys;		/* as it was composed with */
	size_t			 page_size;	/* CALL_LIST: records asked for */
	bool			 looks;		/* it asks for missing fields too, should they be back */
	size_t			 id_count;	/* records asked for or written */
	char			 ids[AIRTABLE_WRITE_MAX][AIRTABLE_OUR_KEY_MAX + 1];	/* or keys of ours */

	/* CALL_FLYING */
	struct http_request	*http;
	uint64_t		 ticket;	/* of the governor */
	bool			 probe;		/* of the breaker */
	int64_t			 started_ms;

	struct airtable_result	 result;
	struct airtable_page	 page;
	void			*arena;		/* what the page points into; NULL: no page */
};

TAILQ_HEAD(call_list, airtable_call);

struct airtable {
	const struct config	*config;
	const struct schema	*schema;
	struct http		*http;
	struct governor		*governor;
	struct breaker		 breaker;
	struct airtable_meter	 meter;		/* its functions may be NULL */
	struct airtable_keys	 keys;
	struct airtable_forms	 forms;		/* of values that are written */
	bool			 doubted;	/* Airtable refused what was written by them */
	size_t			 page_size;	/* of listings */
	char			 table[AIRTABLE_ID_MAX + 1];	/* its id; "": as configured */
	struct airtable_call	*meta;		/* the look-up of field ids; NULL: none is on its way */
	int64_t			 missing_ms;	/* monotonic: missing fields were last asked for; 0: ask now */
	enum airtable_key	 create_key;	/* is the field fit for it? */
	char			 create_key_type[AIRTABLE_KEY_TYPE_SIZE];	/* if not: its kind */
	uint32_t		 missing_told;	/* keys.missing as the watcher knows it */
	airtable_fields_cb	*fields_watcher;	/* NULL: nobody */
	void			*fields_cookie;

	uv_timer_t		 timer;		/* the queue's next turn */
	struct call_list	 waiting[AIRTABLE_PRIORITIES];
	size_t			 waiting_count[AIRTABLE_PRIORITIES];
	struct call_list	 flying;
	struct call_list	 ended;
	size_t			 ended_count;

	struct outcomes		 outcomes[CALL_KINDS];	/* of calls that left, by kind */
	uint64_t		 batches[AIRTABLE_WRITE_MAX + 1];	/* writes that left, by records */
	int64_t			 last_success_ms;	/* wall clock; 0: none yet */
	int64_t			 last_error_ms;		/* wall clock; 0: none yet */
	struct airtable_result	 last_error;
	struct oddities		 oddities;
};

/* airtable.c: a call without URL and body; NULL: out of memory. */
struct airtable_call *airtable_call_new(struct airtable *, enum call_kind,
		    enum airtable_priority, int64_t deadline_ms, airtable_cb *, void *cookie);
void		 airtable_call_free(struct airtable_call *);
/* Is all of its text there?  Memory may have run out. */
bool		 airtable_call_complete(struct airtable_call *);
/* Remember which record the answer has to be about.  false: that can't be one. */
bool		 airtable_call_expect(struct airtable_call *, struct str id);
const char	*airtable_call_method(const struct airtable_call *);
/* Does it change anything at Airtable? */
bool		 airtable_call_writes(const struct airtable_call *);
/* The base's schema, to be put before other calls; NULL: out of memory. */
struct airtable_call *airtable_meta_new(struct airtable *, enum airtable_priority);

/* airtable/fields.c */
/* Is it time to ask for missing fields again?  Then the new call ${c} does. */
void		 airtable_fields_look(struct airtable_call *);
/* An answer says that a field of the call's is not there; its result is made to say so. */
void		 airtable_fields_learn(struct airtable_call *);
/* The call has its records: fields that it asked for again are back. */
void		 airtable_fields_seen(const struct airtable_call *);
/* The member "missingFields": the API names of those that are. */
void		 airtable_add_missing(const struct airtable *, struct buf *);
void		 airtable_add_create_key(const struct airtable *, struct buf *);
/* Tell the watcher what has changed. */
void		 airtable_fields_tell(struct airtable *);

/* airtable/write.c: ask what the call carries.  false: it is gone, or has ended. */
bool		 airtable_call_compose(struct airtable_call *);

/* airtable/queue.c */
/* Look at the queue after ${ms}. */
void		 airtable_wake(struct airtable *, int64_t ms);
/* Put a new call at the end of its lane. */
void		 airtable_enqueue(struct airtable_call *);
/* Take it out of its list, stop its request. */
void		 airtable_withdraw(struct airtable_call *);
/* End it as never sent. */
void		 airtable_fail(struct airtable_call *, enum err, int64_t retry_after_ms,
		    const char *message);

/* airtable/metrics.c: the call, which left, has its result. */
void		 airtable_count(struct airtable_call *, int64_t now_ms);

/* airtable/answer.c */
/* The callback of a request. */
void		 airtable_on_answer(void *call, const struct http_answer *);
/* From any list to ended, with the result it has. */
void		 airtable_end(struct airtable_call *);
/* Run the callbacks of the calls that have ended until now. */
void		 airtable_deliver(struct airtable *);

#endif
