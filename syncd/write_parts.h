#ifndef SYNCD_WRITE_PARTS_H
#define SYNCD_WRITE_PARTS_H

#include "syncd/write.h"

/* One write, inside; write.c (its life) and write_send.c (its talk with Airtable) only. */
enum write_state { WRITE_QUEUED, WRITE_SENDING, WRITE_RESTING, WRITE_CHECKING };

struct write {
	struct writes		*all;
	struct write		*next;		/* in the order of arrival */
	struct server_call	*call;		/* NULL: answered already */
	struct message_request	 request;
	struct record		 record;	/* what is asked for; strings in request */
	enum write_state	 state;
	bool			 maybe_applied;	/* sent, and no answer told the outcome */
	bool			 may_come_late;	/* timed out: Airtable may still be at it */
	unsigned		 sends, checks;
	uint64_t		 check_base;	/* generation when reading back began */
	struct airtable_call	*out;
	int64_t			 send_by_ms, deadline_ms;	/* monotonic */
	uv_timer_t		 rest;		/* WRITE_RESTING */
	uv_timer_t		 deadline;
	int			 handles;	/* of the two, still open */
};

struct writes {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*full_sync;
	struct write		*list;
	size_t			 count;
	bool			 draining;
	void			(*drained)(void *);
	void			*drained_cookie;
};

/* write.c: tell the caller, once; harmless when it was told. */
void	write_answer(struct write *, const struct message_reply *);
void	write_answer_error(struct write *, enum err, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* It is settled: free it, and let the next of its record go. */
void	write_end(struct write *);

/* write_send.c: send it, now that no other write of the record is under way. */
void	write_begin(struct write *);
/* Go on in ${ms}: sending, or reading back when it may be applied. */
void	write_rest(struct write *, int64_t ms);

#endif
