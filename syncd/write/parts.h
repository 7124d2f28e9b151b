#ifndef SYNCD_WRITE_PARTS_H
#define SYNCD_WRITE_PARTS_H

#include "syncd/write/batch.h"
#include "syncd/write/book.h"
#include "syncd/write/entry.h"
#include "syncd/write/errand.h"
#include "syncd/write/line.h"
#include "syncd/write/write.h"

/*
 * What the files of this folder share behind write.h.  The words they use, in the
 * order in which a change meets them:
 *
 *	errand	a message from a worker: its items, who waits for the answer, the deadline
 *	result	the outcome of one item: noted when it is decided, told after the commit
 *	entry	the change of one order that an item asks for, kept in the outbox on
 *		the disk until its outcome is known (struct write)
 *	fresh	an entry that is not on the disk yet
 *	stale	an entry that is over but still on the disk
 *	line	all entries of one order (a table's record), oldest first
 *	ready	the first entry of a line, when it waits for nothing but a call
 *	group	entries of a line, merged to one record of a call
 *	batch	up to ten groups of a table that travel, or travelled, in one call to Airtable
 *	look	reading a batch's orders before it is sent, as an entry expects a version
 *	check	reading a batch's orders back, as the outcome of its call is unknown
 *	settle	to decide the outcome of a group: confirmed, refused, gone, not applied
 *	book	everything that one commit does about entries, and whom it lets us tell
 *
 * Files, each of which may call those above it:
 *
 *	line.c		an entry begins, waits in line and ends; groups
 *	errand.c	results and answers of a message
 *	batch.c		batches; pauses after failures
 *	book.c		commits, and tells the askers
 *	give_up.c	ends what was not sent and will not be
 *	take.c		makes entries of a message, or refuses it
 *	refuse.c	deals with a call that is certainly not applied
 *
 * The next ones call each other in a circle, as a write that is not settled is sent again:
 *
 *	dispatch.c	when a call leaves, and what it carries
 *	look.c		looks, for entries that expect a version
 *	settle.c	the outcome of a call; checks
 *	recover.c	what an earlier process left
 *
 * write.c is above them all: the turn of the loop, deadlines, beginning and end.  Two
 * timers are elsewhere: the next call's in dispatch.c, the checks' in settle.c.
 */
#define WRITES_MAX	20000	/* entries at a time; a message beyond that gets ERR_OVERLOADED */
#define SYNC_SOON_MS	5000	/* until the full sync that has to find out what happened */
#define WRITE_BUCKETS	4096	/* a power of two */

/* The state of all writes. */
struct writes {
	uv_loop_t		*loop;
	const struct config	*config;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;

	struct waiter_list	 arrived;	/* messages, until the next turn */
	uv_timer_t		 turn;		/* fires at the loop's next turn */
	uv_timer_cb		 on_turn, on_deadline;	/* write.c's, for those below it to start */
	struct errand_list	 errands;
	struct errand_bucket	 keys[WRITE_BUCKETS];
	size_t			 count;		/* entries */

	struct line_bucket	 lines[WRITE_BUCKETS];
	struct errand_list	 ring;		/* errands with ready entries, next one first */
	size_t			 ready_count;
	size_t			 ready_versioned;	/* of them, those that expect a version */
	int64_t			 ready_since_ms;
	struct write_list	 fresh;		/* not on the disk yet */
	bool			 postponed;	/* fresh entries wait for a call about to leave */
	struct write_list	 stale;		/* over, but still on the disk */

	struct batch_list	 batches;
	struct airtable_call	*call;		/* in the queue, not composed yet */
	const struct schema	*call_table;	/* whose records it is to carry */
	bool			 leaving;	/* that call can start at once */
	uv_timer_t		 gather;
	int64_t			 sent_ms;	/* when the last call left */
	int64_t			 rest_until_ms;	/* after failures */
	unsigned		 failures;	/* in a row */

	bool			 unkept;	/* some errand is ->unkept */
	bool			 draining, stopped;
	void			(*drained)(void *);
	void			*drained_cookie;
};

/* Have write.c look soon at what has come and what may go. */
static inline void
writes_wake(struct writes *all)
{
	if (!all->stopped)
		(void)uv_timer_start(&all->turn, all->on_turn, 0, 0);
}

/* What people call a row of the table. */
static inline const char *
write_noun(const struct schema *table)
{
	return table == &orders_schema ? "order" : "record";
}

/* ---- give_up.c ---- */
/* Give up everything that was not sent, or only what can't be sent in time; see give_up_entry(). */
void		 give_up_unsent(struct writes *, bool all_of_it, enum err, const char *why);
/*
 * The error to report when nothing was sent because of ${why}: a time-out becomes "unavailable",
 * as no outcome is unknown.  *text becomes err_text() where Airtable's own words are no help.
 */
enum err	 give_up_reason(enum err why, const char **text);
/* No call can be made: end the entry, or make it pending if its asker allows that. */
void		 give_up_entry(struct book *, struct write *, enum err, const char *why);

/* ---- take.c ---- */
/* Take or refuse every message that has come.  Not within a snapshot. */
void		 write_take_arrived(struct writes *);
/* Has the store the order, at the version that the entry expects?  Within a snapshot. */
enum err	 write_check_store(const struct writes *, const struct outbox_entry *,
		    char why[static 128]);

/* ---- dispatch.c ---- */
/* Ask for a call, now or when one is due. */
void		 dispatch_calls(struct writes *);
/* Put fresh entries on the disk, and tell the askers of deferred ones "pending". */
void		 dispatch_fresh(struct writes *);

/* ---- look.c ---- */
/* May the orders of one more batch be looked at? */
bool		 look_may_begin(const struct writes *);
/* Read the orders of the batch.  It is urgent then, without entries whose version has changed. */
void		 look_begin(struct batch *);
/* An urgent batch that may leave now, or NULL.  Starts a new look at those whose look is too old. */
struct batch	*look_urgent(struct book *);

/* ---- settle.c ---- */
/* An airtable_cb of a struct batch: its call has ended. */
void		 settle_sent(void *batch, const struct airtable_result *, const struct airtable_page *);
/* Check the batch after ${ms}. */
void		 settle_rest(struct batch *, int64_t ms);
/* Tell the asker that the outcome is unknown, or "pending" if it allows that. */
void		 settle_unknown(struct book *, struct write *, const char *why);
/*
 * The process ends: report as unknown what rests between checks, or everything
 * that was sent.  The next process settles it.
 */
void		 settle_leave(struct writes *, bool everything);

/* Find the group's record in the page (NULL: not there).  false: several have its key. */
bool		 settle_record(const struct airtable_page *, const struct group *,
		    const struct record **found);

/* ---- refuse.c ---- */
/* The batch was not sent: send it again later if the reason may pass, else give it up. */
void		 settle_unsent(struct batch *, const struct airtable_result *);
/* The batch is certainly not applied: give it up, send it again, or split it to find the culprit. */
void		 settle_refused(struct batch *, const struct airtable_result *);
/*
 * Airtable does not have this order any more.  ${maybe_before}: the change may have been
 * applied before the order was deleted.
 */
void		 settle_gone(struct book *, struct group *, bool maybe_before);

/* ---- recover.c ---- */
/* Check the first entries of the line, which an earlier process sent.  false: out of memory. */
bool		 recover_look(struct writes *, struct line *);

#endif
