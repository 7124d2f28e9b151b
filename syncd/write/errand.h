#ifndef SYNCD_WRITE_ERRAND_H
#define SYNCD_WRITE_ERRAND_H

#include <sys/queue.h>

#include "syncd/write/entry.h"

struct write;
TAILQ_HEAD(errand_list, errand);
TAILQ_HEAD(waiter_list, waiter);

/* What is known about an item. */
struct result {
	bool		noted;		/* decided; its asker is told after the commit */
	bool		told;
	enum err	err;
	bool		pending;
	int64_t		retry_after_ms;
	char		record[64];
	bool		refused;	/* by the worker that sent it: there is nothing to do */
	char		*order;		/* JSON: the order, or why it was refused; NULL: none */
	char		*detail;	/* NULL: "" */
	struct result	*before;	/* what the asker was told, while something new is noted */
};

/* A call that waits for an errand's answer. */
struct waiter {
	TAILQ_ENTRY(waiter)	 link;
	struct server_call	*call;
};

/*
 * A message, until all its entries are over.  It is answered when each item
 * has a result.  A result "pending" or "outcome unknown" is replaced when its
 * entry is settled, so that the kept answer has the outcome.
 */
struct errand {
	TAILQ_ENTRY(errand)	 link;		/* writes.errands */
	TAILQ_ENTRY(errand)	 in_ring;	/* writes.ring, while something is ready */
	TAILQ_ENTRY(errand)	 in_book;	/* book.errands, while ${booked} */
	LIST_ENTRY(errand)	 in_keys;	/* writes.keys, if it has a key */
	struct writes		*all;
	const struct schema	*table;		/* of all its entries */
	struct waiter_list	 waiters;
	struct write_list	 list;		/* its entries that are not over */
	struct write_list	 ready[OUTBOX_DELETE + 1];	/* of each kind */
	size_t			 ready_count;
	struct result		*results;
	size_t			 item_count, told_count;
	size_t			 open;		/* entries in ${list} */
	size_t			 ending;	/* of them, those that end with the book's commit */
	bool			 bulk, defer, booked;
	bool			 again;		/* asked again: the answer waits for unknown outcomes */
	bool			 unkept;	/* the kept answer lacks its orders */
	uint64_t		 first;		/* sequence of its first item; 0: none was taken */
	uint64_t		 generation;	/* at which everything in the answer can be read */
	char			 request_id[REQUEST_ID_MAX + 1];
	char			 key[MESSAGE_KEY_MAX + 1];
	uint64_t		 fingerprint[2];
	int64_t			 asked_ms;	/* wall clock */
	int64_t			 timeout_ms;
	int64_t			 send_by_ms, deadline_ms;	/* monotonic */
	uv_timer_t		 timer;
};
LIST_HEAD(errand_bucket, errand);

/* An errand about ${items} items of the table, without results.  NULL: out of memory. */
struct errand	*errand_new(struct writes *, const struct schema *, size_t items);
/* Give it a key, by which errand_find() finds it (len 0: none), with its message_fingerprint(). */
void		 errand_set_key(struct errand *, struct str key, const uint64_t fingerprint[2]);
struct errand	*errand_find(struct writes *, struct str key);
/* Let one more call wait for its answer.  false: out of memory. */
bool		 errand_join(struct errand *, struct server_call *);
/* Start the clock for its waiters: ->timeout_ms from now, at most to ${deadline_ms} (0: none). */
void		 errand_start(struct errand *, int64_t deadline_ms);
/* Set its timer: to send_by_ms, after which nothing more is sent, then to the deadline. */
void		 errand_set_timer(struct errand *, int64_t now);
/* Note a result.  ${detail} is copied; ${record} len 0: none. */
void		 errand_note(struct errand *, size_t place, enum err, struct str record,
		    const char *detail);
/* The worker has refused this item: note and tell that, with its ${problem} (JSON). */
void		 errand_tell_refused(struct errand *, size_t place, enum err, struct str record,
		    struct str problem);
/* What was noted has come true: it counts as told, with the order ${json} (len 0: none). */
void		 errand_tell(struct errand *, size_t place, struct str json);
/* What was noted has not come true: back to what was told before, if anything was. */
void		 errand_forget(struct errand *, size_t place);
/* Answer the waiters if every item has its result.  Frees the errand when nothing is left of it. */
void		 errand_check(struct errand *);
/* Add the reply's body: all results that are noted or told; the others are "outcome unknown". */
void		 errand_body(const struct errand *, struct buf *);
/* Was nothing changed, for reasons that may pass?  Then the answer need not be kept. */
bool		 errand_in_vain(const struct errand *);
/* Free it, its waiters being told that the outcome is unknown: for the end of the process. */
void		 errand_discard(struct errand *);
/* Answer a call that gets no errand. */
void		 errand_refuse(struct writes *, struct server_call *, enum err, const char *detail);

#endif
