#ifndef SYNCD_WRITE_ERRAND_H
#define SYNCD_WRITE_ERRAND_H

#include <sys/queue.h>

#include "syncd/write/entry.h"

struct write;
TAILQ_HEAD(errand_list, errand);
TAILQ_HEAD(waiter_list, waiter);

/* What is said about an item. */
struct result {
	bool		noted;		/* decided, told after the commit */
	bool		told;
	enum err	err;
	bool		pending;
	int64_t		retry_after_ms;
	char		record[64];
	bool		refused;	/* by who asked: nothing of it is to be done */
	char		*order;		/* JSON: the order, or why it was refused; NULL: none */
	char		*detail;	/* NULL: "" */
	struct result	*before;	/* what was told, while something else is noted */
};

/* Somebody who waits for the answer of an errand. */
struct waiter {
	TAILQ_ENTRY(waiter)	 link;
	struct server_call	*call;
};

/*
 * A message, until all its entries are over.  It is answered when each item
 * has a result; those of items told "pending" or "outcome unknown" are
 * replaced when they are settled, for the sake of the answer that is kept.
 */
struct errand {
	TAILQ_ENTRY(errand)	 link;		/* writes.errands */
	TAILQ_ENTRY(errand)	 in_ring;	/* writes.ring, while something is ready */
	TAILQ_ENTRY(errand)	 in_book;	/* book.errands, while ${booked} */
	LIST_ENTRY(errand)	 in_keys;	/* writes.keys, if it has a key */
	struct writes		*all;
	struct waiter_list	 waiters;
	struct write_list	 list;		/* its entries that are not over */
	struct write_list	 ready[OUTBOX_DELETE + 1];	/* of each kind */
	size_t			 ready_count;
	struct result		*results;
	size_t			 item_count, told_count;
	size_t			 open;		/* entries in ${list} */
	size_t			 ending;	/* of them, with the book's commit */
	bool			 bulk, defer, booked;
	bool			 again;		/* asked again with its key: what is not known is waited for */
	bool			 unkept;	/* its orders are still to be put into the kept answer */
	uint64_t		 first;		/* sequence of its first item; 0: nothing was taken */
	uint64_t		 generation;	/* at which all that is told can be read */
	char			 request_id[REQUEST_ID_MAX + 1];
	char			 key[MESSAGE_KEY_MAX + 1];
	uint64_t		 fingerprint[2];
	int64_t			 asked_ms;	/* wall clock */
	int64_t			 timeout_ms;
	int64_t			 send_by_ms, deadline_ms;	/* monotonic */
	uv_timer_t		 timer;
};
LIST_HEAD(errand_bucket, errand);

/* Has ${items} items, none of which has a result.  NULL: out of memory. */
struct errand	*errand_new(struct writes *, size_t items);
/* It has a key from now on. */
void		 errand_set_key(struct errand *, struct str key, const uint64_t fingerprint[2]);
struct errand	*errand_find(struct writes *, struct str key);
/* One more who waits for its answer.  false: out of memory. */
bool		 errand_join(struct errand *, struct server_call *);
/* Start the clock for those who wait, until ${deadline_ms} at most (0: none). */
void		 errand_start(struct errand *, int64_t deadline_ms);
/* Its timer: first at the moment after which nothing is sent any more, then at the deadline. */
void		 errand_set_timer(struct errand *, int64_t now);
/* Note a result.  ${detail} is copied; ${record} len 0: none. */
void		 errand_note(struct errand *, size_t place, enum err, struct str record,
		    const char *detail);
/* Who asked has refused this item by itself: that is noted and told, with its ${problem}. */
void		 errand_tell_refused(struct errand *, size_t place, enum err, struct str record,
		    struct str problem);
/* What was noted is so: it is told, with the order ${json} (len 0: none). */
void		 errand_tell(struct errand *, size_t place, struct str json);
/* What was noted has not come true: it is as it was told before, if it was. */
void		 errand_forget(struct errand *, size_t place);
/* Answer if there is an answer; the end of it when nothing is left of it. */
void		 errand_check(struct errand *);
/* The reply's body, of all results noted and told; the others' outcome is unknown. */
void		 errand_body(const struct errand *, struct buf *);
/* Will asking again find that nothing was changed? */
bool		 errand_in_vain(const struct errand *);
/* Without an answer: for the end of the process. */
void		 errand_discard(struct errand *);
/* Answer a call that was not taken. */
void		 errand_refuse(struct writes *, struct server_call *, enum err, const char *detail);

#endif
