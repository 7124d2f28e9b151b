#ifndef SYNCD_EVENTS_EVENTS_H
#define SYNCD_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/str.h"
#include "common/tables/tables.h"

/*
 * What live clients are sent, and when.  An event names orders as its "orders" and
 * "summary", and as soon as it is about another table every table as one of its "tables":
 *
 *	{"event":"change","generation":7,"orders":["rec.."]|null,"summary":true,
 *	 "tables":{"parcels":{"ids":["rec.."]|null,"summary":true}}}
 *  Commits are noted as they happen and
 * gathered into at most one "change" every EVENTS_GAP_MS; the first after a
 * pause goes at once.  The more clients there are, the longer the gap, because
 * nginx sends each event to each client, and reads need the processors too.
 * Pure logic: now_ms is passed in, on a clock that never steps; the publisher
 * does what events_begin() says and reports how it went.
 *
 * nginx keeps the newest events, so that a client which was away for a moment
 * gets what it has missed.  That memory is lost when nginx is restarted or
 * reloaded, and has a hole when an event could not be handed over.  Either way
 * a "reset" makes every client fetch again:
 *
 *	lost --RESET--> told --READY--> sound --CHANGE, PING, CHECK-->
 *	 ^                | failed        | failed, or nginx has lost what it had
 *	 +----------------+---------------+
 *
 * nginx keeps an event until newer ones push it out.  So it has lost something
 * when its newest event is not the last one that it accepted (a CHECK asks),
 * or when a later event turns out to be alone in the channel.  The state starts
 * as lost: what the previous syncd failed to deliver is unknown.
 *
 * READY is a message in a channel of its own.  nginx admits returning clients
 * once it has been told two things, of which the first must be in the channel
 * of the events by then (nginx/orders.conf.in).
 *
 * When nothing happens, a "ping" is sent like any event: a client that gets
 * none is not reached, whatever the connection looks like.  It also advances
 * the id that clients come back with, so that a quiet night does not look like
 * a long absence.
 *
 * nginx numbers events within the second.  A reset waits until no event of
 * its second can be from before a restart; otherwise a client that has seen a
 * higher number would not be given the reset.
 */
#define EVENTS_IDS_MAX		200	/* changed rows of a table named in one event */
#define EVENTS_GAP_MS		100	/* from one change to the next, at least */
#define EVENTS_GAP_MAX_MS	400	/* for any number of clients: all should know within 500 ms */
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

/* What is not yet sent about a table. */
struct events_table {
	struct buf	 ids;		/* each a byte of length and the id */
	size_t		 count;
	bool		 named;		/* a commit was about it */
	bool		 many;		/* too many to name */
	bool		 summary;	/* rows have changed, and sums with them */
};

struct events {
	const struct tables *tables;
	/* not yet sent */
	uint64_t	 generation;	/* the newest */
	struct events_table of[TABLES_MAX];	/* in the order of ->tables */
	bool		 due;		/* there was a commit */
	/* what is known of nginx */
	bool		 lost;
	bool		 ready;		/* nginx admits returning clients */
	char		 newest[64];	/* the id of the last event that it accepted */
	enum events_step under_way;
	int64_t		 begun_ms;	/* the last change */
	int64_t		 accepted_ms;	/* the last event that nginx accepted */
	int64_t		 checked_ms;	/* the last check, or the reset */
	int64_t		 retry_ms;	/* nothing is done before */
	int64_t		 gap_ms;	/* for the number of clients last reported */
};

/* ${tables} are those of the store, and kept by reference. */
void		 events_init(struct events *, const struct tables *, int64_t now_ms);
void		 events_free(struct events *);

/* Note a commit: its entry in the change log (common/store/change_log.h). */
void		 events_note(struct events *, uint64_t generation, struct str entry);

/*
 * What is to be done now, with its message composed into ${body} (emptied
 * first; a check has none).  Any step but EVENTS_NOTHING is under way until
 * events_done() or events_failed().
 */
enum events_step events_begin(struct events *, int64_t now_ms, struct buf *body);
/* nginx has done it; its answer about the channel. */
void		 events_done(struct events *, const struct events_answer *, int64_t now_ms);
void		 events_failed(struct events *, int64_t now_ms);

/* Time until events_begin() has something; 0: now.  -1: not before the step under way has ended. */
int64_t		 events_wait_ms(const struct events *, int64_t now_ms);

#endif
