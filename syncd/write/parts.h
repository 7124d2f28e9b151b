#ifndef SYNCD_WRITE_PARTS_H
#define SYNCD_WRITE_PARTS_H

#include <sys/queue.h>

#include "syncd/write/write.h"

/*
 * The inside of write.h, included by write*.c only:
 *	write.c		the turn of the loop, the end of it all
 *	write/take.c	a message becomes entries, or is refused
 *	write/errand.c	a message: its results, its deadline, its answer
 *	write/line.c	the entries of an order in their order; which may go
 *	write/book.c	what goes into one commit, and who is told after it
 *	write/batch.c	when a call goes
 *	write/choose.c	and what it carries
 *	write/look.c	what expects a version is looked at before it is sent
 *	write/settle.c	what became of it: confirmed, or to be read back
 *	write/refuse.c	it is surely not applied
 *	write/recover.c	what an earlier process left
 */
#define WRITES_MAX	20000	/* entries at a time; further messages are ERR_OVERLOADED */

TAILQ_HEAD(write_list, write);
TAILQ_HEAD(errand_list, errand);
TAILQ_HEAD(batch_list, batch);
TAILQ_HEAD(waiter_list, waiter);

enum write_disk { DISK_NONE, DISK_ACCEPTED, DISK_SENT };

/*
 * An entry.  It is in the list of a line while it waits, else in that of a
 * group; in its errand's until it is over.
 */
struct write {
	TAILQ_ENTRY(write)	 link;		/* line->waiting, group->writes or writes.stale */
	TAILQ_ENTRY(write)	 in_ready;	/* errand->ready, while ${ready} */
	TAILQ_ENTRY(write)	 in_errand;
	TAILQ_ENTRY(write)	 in_fresh;	/* writes.fresh, while DISK_NONE */
	struct errand		*errand;
	size_t			 place;		/* among the errand's items */
	struct line		*line;		/* NULL: its group has left it */
	struct group		*group;		/* NULL: it waits */
	struct outbox_entry	 entry;		/* as it ought to be; strings in ${texts} */
	enum write_disk		 disk;		/* as it is stored */
	bool			 ready;
	bool			 told;		/* its asker knows something: pending, or outcome unknown */
	bool			 alone;		/* merged with others it was refused: by itself now */
	bool			 has;		/* its order was seen to have what it asks for */
	unsigned		 sends;		/* that ended without an outcome */
	enum outbox_verb	 verb;		/* writes.stale: how it goes from the disk */
	char			 texts[];
};

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

/* The entries of an order, oldest first: one group at work, the others wait. */
struct line {
	LIST_ENTRY(line)	 in_bucket;	/* a new order's is in none */
	struct write_list	 waiting;
	struct group		*group;		/* NULL: the first one may go */
	struct write		*ready;		/* it is in its errand's ready list */
	char			 id[];		/* "": an order to be created */
};
LIST_HEAD(line_bucket, line);

/* Entries of an order that travel as one. */
struct group {
	struct batch		*batch;
	struct line		*line;		/* NULL: it waits for this group no more */
	struct write_list	 writes;
	struct record		 record;	/* all that they ask for */
};

enum batch_state {
	BATCH_URGENT,		/* part of a refused batch, or looked at: the next call is its */
	BATCH_LOOKING,		/* its orders are read before it is sent */
	BATCH_SENDING,
	BATCH_CHECKING,		/* is being read back */
	BATCH_RESTING		/* a pause, then checking */
};

/* What travels, or travelled, in one call. */
struct batch {
	TAILQ_ENTRY(batch)	 link;		/* writes.batches */
	struct writes		*all;
	enum batch_state	 state;
	enum outbox_kind	 kind;
	struct group		*groups[AIRTABLE_WRITE_MAX];
	size_t			 count;
	struct airtable_call	*call;		/* looking, sending, checking */
	int64_t			 looked_ms;	/* monotonic: when its orders were read to be sent; 0: never */
	bool			 applied;	/* confirmed, and the store did not take it yet: lines wait */
	bool			 recovered;	/* by an earlier process, in one call or in several */
	int64_t			 late_until_ms;	/* monotonic: until then Airtable may still be at it,
						   and the lines stay closed */
	uint64_t		 sent_base;	/* the generation when it left */
	enum err		 why;		/* it was refused before it was read back; ERR_OK: no answer */
	char			 message[300];
	unsigned		 checks;
	int64_t			 check_ms;	/* monotonic: when reading back began */
	uint64_t		 check_base;	/* the generation then, or when the look began */
	uv_timer_t		 timer;		/* BATCH_RESTING */
};

#define SYNC_SOON_MS	5000	/* when only a sync can tell */
#define WRITE_BUCKETS	4096	/* a power of two */

struct writes {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;

	struct waiter_list	 arrived;	/* messages, until the turn */
	uv_timer_t		 turn;		/* at the loop's next */
	struct errand_list	 errands;
	struct errand_bucket	 keys[WRITE_BUCKETS];
	size_t			 count;		/* entries */

	struct line_bucket	 lines[WRITE_BUCKETS];
	struct errand_list	 ring;		/* errands with something ready: the first one's turn */
	size_t			 ready_count;
	size_t			 ready_versioned;	/* of them, those that expect a version */
	int64_t			 ready_since_ms;
	struct write_list	 fresh;		/* not on the disk yet */
	bool			 postponed;	/* fresh ones wait for a call that is about to leave */
	struct write_list	 stale;		/* over, and still on the disk */

	struct batch_list	 batches;
	struct airtable_call	*call;		/* in the queue, not composed yet */
	bool			 leaving;	/* it can start at once */
	uv_timer_t		 gather;
	int64_t			 sent_ms;	/* when the last call left */
	int64_t			 rest_until_ms;	/* after failures */
	unsigned		 failures;	/* in a row */

	bool			 unkept;	/* an errand has answers still to be kept */
	bool			 draining, stopped;
	void			(*drained)(void *);
	void			*drained_cookie;
};

/* ---- write.c ---- */
/* Look at everything soon: what has come, what may go. */
void		 writes_wake(struct writes *);
/* An entry with copies of all strings of ${entry}; it belongs to the errand.  NULL: out of memory. */
struct write	*write_new(struct errand *, size_t place, const struct outbox_entry *entry);
/* Out of its errand, its line or group. */
void		 write_detach(struct write *);
/* That, and freed. */
void		 write_free(struct write *);
/* Give up, or make pending, whatever is not sent: all of it, or what can't be sent in time. */
void		 writes_give_up(struct writes *, bool all_of_it, enum err, const char *why);

/* ---- write/take.c ---- */
/* Of a message that has come: not within a snapshot. */
void		 write_take(struct writes *, struct server_call *);
/* Is the order there, and as the asker thinks?  Within a snapshot. */
enum err	 write_check_store(const struct writes *, const struct outbox_entry *,
		    char why[static 128]);

/* ---- write/errand.c ---- */
/* Has ${items} items, none of which has a result.  NULL: out of memory. */
struct errand	*errand_new(struct writes *, size_t items);
/* It has a key from now on. */
void		 errand_set_key(struct errand *, struct str key, const uint64_t fingerprint[2]);
struct errand	*errand_find(struct writes *, struct str key);
/* One more who waits for its answer.  false: out of memory. */
bool		 errand_join(struct errand *, struct server_call *);
/* Start the clock for those who wait, until ${deadline_ms} at most (0: none). */
void		 errand_start(struct errand *, int64_t deadline_ms);
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

/* ---- write/line.c ---- */
uint64_t	 write_hash(struct str);
/* The line of a record; len 0: one of its own.  NULL: out of memory. */
struct line	*line_of(struct writes *, struct str id);
/* Is anything of this record under way? */
bool		 line_exists(const struct writes *, struct str id);
void		 line_append(struct line *, struct write *);
/* Is it surely not at Airtable, nor on the way? */
bool		 write_is_unsent(const struct write *);
/* Take a waiting one out. */
void		 line_remove(struct writes *, struct write *);
/* Who may go has changed.  Frees the line when nothing is left of it. */
void		 line_refresh(struct writes *, struct line *);
/*
 * For a group of its order that it did not wait for, as the first one
 * expects a version, and what that will be is not known yet.  false: there is none.
 */
bool		 line_waits_again(struct writes *, struct line *);
/*
 * The first of the line and what may travel with it, as a group; the line
 * waits for it.  NULL: out of memory, and nothing has changed.
 */
struct group	*group_take(struct writes *, struct line *);
/* The first of the line that an earlier process has sent. */
struct group	*group_take_sent(struct writes *, struct line *);
/* The group's entries back to the front of the line.  The group is gone. */
void		 group_return(struct writes *, struct group *);
/* The line need not wait for it any more. */
void		 group_leave(struct writes *, struct group *);
/* Over, without its entries. */
void		 group_free(struct writes *, struct group *);
/* What its entries ask for, anew, as one of them has gone. */
void		 group_merge(const struct schema *, struct group *);

/* ---- write/book.c ---- */
/* What is decided about an entry. */
struct ruling {
	struct write		*write;
	bool			 over;	/* it ends with the commit */
	enum outbox_verb	 verb;	/* how it goes from the disk */
	bool			 tell;	/* its result is told after the commit */
	bool			 read;	/* with the order as it is then */
};

struct book {
	struct writes		*all;
	struct change		 changes[AIRTABLE_WRITE_MAX];
	size_t			 change_count;
	struct ruling		*rulings;
	size_t			 count, room;
	struct outbox_step	*steps;
	size_t			 step_count, step_room;
	const struct outbox_entry **edits;
	size_t			 edit_count, edit_room;
	size_t			 edit_at[AIRTABLE_WRITE_MAX];
	struct errand_list	 errands;
	bool			 confirms;	/* for the fault points */
	enum err		 error;		/* ERR_NOMEM: it can't be kept */
};

void		 book_open(struct book *, struct writes *);
/* News of a record, done by those entries of ${by} that have what they ask for (NULL: none). */
struct change	*book_change(struct book *, enum change_kind, const struct record *, uint64_t base,
		    const struct group *by);
/* The entry is to be stored as it is now. */
void		 book_store(struct book *, struct write *);
/* The entry is over, with this result. */
void		 book_end(struct book *, struct write *, enum outbox_verb, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
/* Over, confirmed: those that a change of this book is put down to. */
void		 book_end_group(struct book *, const struct group *, struct str record);
/* Tell its asker, and go on with it; readers see it as pending. */
void		 book_show(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/* Tell its asker this only; nothing of it is stored. */
void		 book_say(struct book *, struct write *, enum err, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));
/*
 * Commit, then tell: over with the entries that are.  On failure nothing has
 * changed, and nobody is told: book_tell_anyway() or book_close().
 */
enum err	 book_commit(struct book *);
/*
 * After a failed commit, of books where what is said is true all the same:
 * entries that are over go from the disk with a later commit.  What can't be
 * promised ("pending") is refused.
 */
void		 book_tell_anyway(struct book *);
void		 book_close(struct book *);
/* The kept answers of errands that have ended, with all that was told. */
void		 book_keep_answers(struct writes *);

/* ---- write/batch.c ---- */
/* Let a call go when one should. */
void		 batch_dispatch(struct writes *);
/* Entries of the same kind, to be read back or sent.  NULL: out of memory. */
struct batch	*batch_new(struct writes *, enum outbox_kind);
void		 batch_add(struct batch *, struct group *);
/* Take a group out of it: the group stays. */
void		 batch_drop(struct batch *, struct group *);
/* Its groups back to their lines; it is gone. */
void		 batch_return(struct batch *);
/* Without its groups. */
void		 batch_free(struct batch *);
/*
 * After entries have ended or were told something: groups without entries
 * and batches without groups go, lines wait no more for what will not be
 * sent again.
 */
void		 batch_sweep(struct writes *);
/* Wait before anything is sent again, ever longer until something succeeds. */
void		 batch_rest(struct writes *);
/* Somebody new waits: not that long any more. */
void		 batch_hurry(struct writes *);
/* ---- write/choose.c ---- */
/*
 * What the next call carries; NULL: nothing is ready, or none can be made.
 * ${look}: what is to be looked at first, or NULL.
 */
struct batch	*batch_choose(struct book *, struct batch **look);
/* Does one not wait for others? */
bool		 batch_urgent(const struct writes *);

/* ---- write/look.c ---- */
/* May the orders of one more batch be looked at? */
bool		 look_may_begin(const struct writes *);
/* Read the orders of the batch, then it is urgent: without those that are not as was expected. */
void		 look_begin(struct batch *);
/* An urgent batch that may leave as it is; those that were looked at too long ago are looked at again. */
struct batch	*look_urgent(struct book *);

/* ---- write/batch.c, still ---- */
/* Put fresh entries on the disk, and tell those that are to wait for better times. */
void		 batch_store_fresh(struct writes *);
/*
 * What is said when nothing was sent because of ${why}: *text becomes one sentence where that
 * has its own.  What did not leave in time is as little known to Airtable as what can't.
 */
enum err	 batch_reason(enum err why, const char **text);
/* No call can be made: ${w} is given up, or pending if its asker wants that. */
void		 batch_give_up(struct book *, struct write *, enum err, const char *why);
/* So long the answer to a call about it is waited for; 0: the request's own time-out. */
int64_t		 batch_timeout_ms(const struct batch *);
/* Can't it be sent in time? */
bool		 batch_hopeless(struct writes *, int64_t send_by_ms, enum err *why);
/* Some patience after failures: ms, jittered, doubling with ${tries}. */
int64_t		 batch_pause_ms(unsigned tries, int64_t max_ms);

/* ---- write/settle.c ---- */
/* An airtable_cb of a struct batch: what came of sending it. */
void		 settle_sent(void *batch, const struct airtable_result *, const struct airtable_page *);
/* Read its records back after ${ms}. */
void		 settle_rest(struct batch *, int64_t ms);
/* Not settled yet: another look, later. */
void		 settle_look_again(struct batch *);
/* Tell the asker that the outcome is not known. */
void		 settle_unknown(struct book *, struct write *, const char *why);
/*
 * The process ends: all that rests, or everything, has an unknown outcome,
 * and is the next one's to settle.
 */
void		 settle_leave(struct writes *, bool everything);

/* The record of a group in the page, NULL: there is none.  false: there are several with its key. */
bool		 settle_record(const struct airtable_page *, const struct group *,
		    const struct record **found);

/* ---- write/refuse.c ---- */
/* The batch was not sent, for this reason: again later, or it will not work any better. */
void		 settle_unsent(struct batch *, const struct airtable_result *);
/* The batch is surely not applied: told, sent again, or taken apart to find what is wrong with it. */
void		 settle_refused(struct batch *, const struct airtable_result *);
/* Airtable does not have this order any more; ${maybe_before}: what was sent may have come before it went. */
void		 settle_gone(struct book *, struct group *, bool maybe_before);

/* ---- write/recover.c ---- */
/* The first of the line were sent by an earlier process: they are read back.  false: out of memory. */
bool		 recover_look(struct writes *, struct line *);

#endif
