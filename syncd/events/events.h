#ifndef SYNCD_EVENTS_EVENTS_H
#define SYNCD_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"

/*
 * What live clients are told, and when.  Commits are noted as they happen and
 * gathered into at most one "change" every EVENTS_GAP_MS; the first after a
 * pause goes at once.  The more clients there are, the longer the gap, so that
 * telling them leaves the processors to those who read: nginx sends each event
 * to each of them.  Pure logic: now_ms is passed in, on a clock that never
 * steps; the publisher does what events_begin() says and tells how it went.
 *
 * nginx keeps the newest events, so that a client which was away for a moment
 * gets what it has missed.  That memory is lost when nginx is restarted or
 * reloaded, and has a hole when an event could not be handed over.  Either way
 * everybody is told to fetch anew, by a "reset":
 *
 *	lost --RESET--> told --READY--> sound --CHANGE, PING, CHECK-->
 *	 ^                | failed        | failed, or nginx has lost what it had
 *	 +----------------+---------------+
 *
 * What nginx has, it keeps until newer events push it out.  So it has lost
 * something when its newest event is not the last one that it took (a CHECK
 * asks), or when one that follows finds itself alone.  It starts lost: what the syncd
 * before this one did not get through is unknown.
 *
 * READY is a message in a channel of its own.  nginx lets those who come back
 * in as soon as it has been told two things, of which the first must be in the
 * channel of the events by then (nginx/orders.conf.in).
 *
 * When nothing happens a "ping" goes the way of all events: who hears none is
 * not reached, whatever the connection looks like.  It also moves on the id to
 * come back with, so that a quiet night is no long absence.
 *
 * nginx numbers events within the second.  A reset waits until no event of
 * its second can be from before a restart, or a client that has seen a higher
 * number would not be given the reset.
 */
#define EVENTS_IDS_MAX		200	/* changed orders named in one event */
#define EVENTS_GAP_MS		100	/* from one change to the next, at least */
#define EVENTS_GAP_MAX_MS	400	/* for however many clients: all should know within 500 ms */
#define EVENTS_SENDS		3000	/* a second, to all clients together, up to that gap */
#define EVENTS_RETRY_MS		1000	/* after a failure */
#define EVENTS_CHECK_MS		2000	/* from one check to the next */
#define EVENTS_QUIET_MS		1500	/* from the last event to a reset */

#define EVENTS_PING_MS		15000	/* from the last event to a ping */

enum events_step {
	EVENTS_NOTHING, EVENTS_RESET, EVENTS_READY, EVENTS_CHECK, EVENTS_CHANGE, EVENTS_PING
};

/* What nginx answers about a channel; all 0: it has no such channel. */
struct events_answer {
	struct str	last_id;	/* of the newest message */
	uint64_t	messages;
	uint64_t	clients;
};

struct events {
	/* not yet told */
	uint64_t	 generation;	/* the newest */
	struct buf	 ids;		/* each a byte of length and the id */
	size_t		 count;
	bool		 many;		/* too many to name */
	bool		 summary;	/* rows have changed, and sums with them */
	bool		 due;		/* there was a commit */
	/* what is known of nginx */
	bool		 lost;
	bool		 ready;		/* nginx lets those in who come back */
	char		 newest[64];	/* the id of the last event that it took */
	enum events_step under_way;
	int64_t		 begun_ms;	/* the last change */
	int64_t		 accepted_ms;	/* the last event that nginx took */
	int64_t		 checked_ms;	/* the last check, or the reset */
	int64_t		 retry_ms;	/* nothing before */
	int64_t		 gap_ms;	/* for as many clients as there were last */
};

void		 events_init(struct events *, int64_t now_ms);
void		 events_free(struct events *);

/* A commit: its entry in the change log (common/store/change_log.h). */
void		 events_note(struct events *, uint64_t generation, struct str entry);

/*
 * What is to be done now, its message composed into ${body} (emptied first;
 * none for a check).  Other than EVENTS_NOTHING: it is under way until
 * events_done() or events_failed().
 */
enum events_step events_begin(struct events *, int64_t now_ms, struct buf *body);
/* nginx has done it, and answers so about the channel. */
void		 events_done(struct events *, const struct events_answer *, int64_t now_ms);
void		 events_failed(struct events *, int64_t now_ms);

/* Until events_begin() has something; 0: now.  -1: nothing before the step under way has ended. */
int64_t		 events_wait_ms(const struct events *, int64_t now_ms);

#endif
