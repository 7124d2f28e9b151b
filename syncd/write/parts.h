#ifndef SYNCD_WRITE_PARTS_H
#define SYNCD_WRITE_PARTS_H

#include "syncd/write/batch.h"
#include "syncd/write/book.h"
#include "syncd/write/entry.h"
#include "syncd/write/errand.h"
#include "syncd/write/line.h"
#include "syncd/write/write.h"

/*
 * The inside of write.h, for this folder only.  Its words:
 *
 *	entry	one change of one order, as it stands in the outbox (struct write)
 *	errand	a message with one entry or many: its askers, results, deadline
 *	result	what is known of one of its items: noted, then told after the commit
 *	line	the entries of one order in the sequence in which they were asked for
 *	group	entries of a line that are merged and travel as one record
 *	batch	up to ten groups that travel, or travelled, in one call
 *	look	a batch's orders are read before it is sent, as an entry expects a version
 *	check	a batch's orders are read back, as it is not known what became of it
 *	settle	decide what became of a group: confirmed, refused, gone, not applied
 *	book	all that one commit does about entries, and who is told after it
 *	fresh	not on the disk yet; stale: over, and still on the disk
 *	ready	the first of a line that waits for nothing but a call
 *
 * Files, each of which may call those above it:
 *
 *	line.c		the entries of an order, from their beginning to their end; which may go
 *	errand.c	a message's results and its answer
 *	batch.c		what travels together; patience after failures
 *	book.c		what goes into one commit, and who is told after it
 *	give_up.c	what was not sent, and will not be
 *	take.c		a message becomes entries, or is refused
 *	refuse.c	a call is surely not applied
 *
 * then those that go round, as a write that is not settled is sent again:
 *
 *	dispatch.c	when a call leaves, and what it carries
 *	look.c		what expects a version is held against Airtable first
 *	settle.c	what became of a call: confirmed, or to be read back
 *	recover.c	what an earlier process left
 *
 * and over all of them write.c: the turn of the loop, deadlines, the beginning
 * and the end.  Two timers are with what they begin: the next call (dispatch.c),
 * and reading back (settle.c).
 */
#define WRITES_MAX	20000	/* entries at a time; further messages are ERR_OVERLOADED */
#define SYNC_SOON_MS	5000	/* when only a sync can tell */
#define WRITE_BUCKETS	4096	/* a power of two */

/* All of it. */
struct writes {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;

	struct waiter_list	 arrived;	/* messages, until the turn */
	uv_timer_t		 turn;		/* at the loop's next */
	uv_timer_cb		 on_turn, on_deadline;	/* write.c's, for those below it to start */
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

/* Look at everything soon: what has come, what may go. */
static inline void
writes_wake(struct writes *all)
{
	if (!all->stopped)
		(void)uv_timer_start(&all->turn, all->on_turn, 0, 0);
}

/* ---- give_up.c ---- */
/* Give up, or make pending, whatever is not sent: all of it, or what can't be sent in time. */
void		 give_up_unsent(struct writes *, bool all_of_it, enum err, const char *why);
/*
 * What is said when nothing was sent because of ${why}: *text becomes one sentence where that
 * has its own.  What did not leave in time is as little known to Airtable as what can't.
 */
enum err	 give_up_reason(enum err why, const char **text);
/* No call can be made: ${w} is given up, or pending if its asker wants that. */
void		 give_up_entry(struct book *, struct write *, enum err, const char *why);

/* ---- take.c ---- */
/* Take or refuse every message that has come.  Not within a snapshot. */
void		 write_take_arrived(struct writes *);
/* Is the order there, and as the asker thinks?  Within a snapshot. */
enum err	 write_check_store(const struct writes *, const struct outbox_entry *,
		    char why[static 128]);

/* ---- dispatch.c ---- */
/* Let a call go when one should. */
void		 dispatch_calls(struct writes *);
/* Put fresh entries on the disk, and tell those that are to wait for better times. */
void		 dispatch_fresh(struct writes *);

/* ---- look.c ---- */
/* May the orders of one more batch be looked at? */
bool		 look_may_begin(const struct writes *);
/* Read the orders of the batch, then it is urgent: without those that are not as was expected. */
void		 look_begin(struct batch *);
/* An urgent batch that may leave as it is; those that were looked at too long ago are looked at again. */
struct batch	*look_urgent(struct book *);

/* ---- settle.c ---- */
/* An airtable_cb of a struct batch: what came of sending it. */
void		 settle_sent(void *batch, const struct airtable_result *, const struct airtable_page *);
/* Read its records back after ${ms}. */
void		 settle_rest(struct batch *, int64_t ms);
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

/* ---- refuse.c ---- */
/* The batch was not sent, for this reason: again later, or it will not work any better. */
void		 settle_unsent(struct batch *, const struct airtable_result *);
/* The batch is surely not applied: told, sent again, or taken apart to find what is wrong with it. */
void		 settle_refused(struct batch *, const struct airtable_result *);
/* Airtable does not have this order any more; ${maybe_before}: what was sent may have come before it went. */
void		 settle_gone(struct book *, struct group *, bool maybe_before);

/* ---- recover.c ---- */
/* The first of the line were sent by an earlier process: they are read back.  false: out of memory. */
bool		 recover_look(struct writes *, struct line *);

#endif
