#ifndef SYNCD_WRITE_BATCH_H
#define SYNCD_WRITE_BATCH_H

#include <sys/queue.h>

#include "syncd/write/line.h"

TAILQ_HEAD(batch_list, batch);

enum batch_state {
	BATCH_URGENT,		/* part of a refused batch, or looked at: it has the next call */
	BATCH_LOOKING,		/* its orders are read before it is sent */
	BATCH_SENDING,
	BATCH_CHECKING,		/* its orders are being read back */
	BATCH_RESTING		/* pauses, then is checked (again) */
};

/* What travels, or travelled, in one call: records of one table. */
struct batch {
	TAILQ_ENTRY(batch)	 link;		/* writes.batches */
	struct writes		*all;
	enum batch_state	 state;
	const struct schema	*table;
	enum outbox_kind	 kind;
	struct group		*groups[AIRTABLE_WRITE_MAX];
	size_t			 count;
	struct airtable_call	*call;		/* looking, sending, checking */
	int64_t			 looked_ms;	/* monotonic: the last look at its orders; 0: none */
	bool			 applied;	/* confirmed, not in the store yet: lines wait */
	bool			 recovered;	/* sent by an earlier process, maybe in several calls */
	int64_t			 late_until_ms;	/* monotonic: until then Airtable may still
						   apply it, and the lines stay closed */
	uint64_t		 sent_base;	/* the generation when it left */
	enum err		 why;		/* of the refusal before the check; ERR_OK: no answer */
	char			 message[300];
	unsigned		 checks;
	int64_t			 check_ms;	/* monotonic: when reading back began */
	uint64_t		 check_base;	/* the generation then, or when the look began */
	uv_timer_t		 timer;		/* BATCH_RESTING */
};

/* An empty batch for groups of this table and kind.  NULL: out of memory. */
struct batch	*batch_new(struct writes *, const struct schema *, enum outbox_kind);
void		 batch_add(struct batch *, struct group *);
/* Take a group out of the batch.  The group stays. */
void		 batch_drop(struct batch *, struct group *);
/* Put its groups back into their lines, and free the batch. */
void		 batch_return(struct batch *);
/* Free the batch, but not its groups; a call of its own is cancelled. */
void		 batch_free(struct batch *);
/*
 * Call this after entries have ended or their askers were told something.
 * Frees groups without entries and batches without groups, and lets lines
 * go on that wait for what will not be sent again.
 */
void		 batch_sweep(struct writes *);
/* Is there an urgent batch, which waits for nothing else? */
bool		 batch_urgent(const struct writes *);
/* How long a call about it waits for its answer; 0: as long as any request. */
int64_t		 batch_timeout_ms(const struct batch *);

/* A pause after failures: ms, jittered, doubling with ${tries} up to ${max_ms}. */
int64_t		 batch_pause_ms(unsigned tries, int64_t max_ms);
/* Pause before anything is sent again.  Pauses grow until something succeeds. */
void		 batch_rest(struct writes *);
/* A new asker waits: cut a long pause short. */
void		 batch_hurry(struct writes *);
/* Is it clear that nothing can be sent by ${send_by_ms}?  *why is the reason. */
bool		 batch_hopeless(struct writes *, int64_t send_by_ms, enum err *why);

#endif
