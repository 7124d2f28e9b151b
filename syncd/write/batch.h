#ifndef SYNCD_WRITE_BATCH_H
#define SYNCD_WRITE_BATCH_H

#include <sys/queue.h>

#include "syncd/write/line.h"

TAILQ_HEAD(batch_list, batch);

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
/* Does one not wait for others? */
bool		 batch_urgent(const struct writes *);
/* So long the answer to a call about it is waited for; 0: the request's own time-out. */
int64_t		 batch_timeout_ms(const struct batch *);

/* Some patience after failures: ms, jittered, doubling with ${tries}. */
int64_t		 batch_pause_ms(unsigned tries, int64_t max_ms);
/* Wait before anything is sent again, ever longer until something succeeds. */
void		 batch_rest(struct writes *);
/* Somebody new waits: not that long any more. */
void		 batch_hurry(struct writes *);
/* Can't it be sent in time? */
bool		 batch_hopeless(struct writes *, int64_t send_by_ms, enum err *why);

#endif
