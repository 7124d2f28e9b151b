#ifndef COMMON_STORE_OUTBOX_H
#define COMMON_STORE_OUTBOX_H

#include "common/base/buf.h"
#include "common/store/row.h"
#include "common/store/store.h"

/*
 * Changes that people asked for and Airtable has not confirmed yet, one
 * entry each, in the order of their sequence numbers.  syncd alone writes
 * them, through the one door (syncd/apply/apply.h); an entry is on the disk before
 * the call that carries it leaves.
 *
 *	state		what it means after a crash
 *	accepted	never sent.  A deferred one will be; with any other,
 *			nobody was promised anything, and it is dropped.
 *	sent		Airtable may have it: its record is read back before
 *			anything else is answered or done about it.
 */
enum outbox_kind { OUTBOX_UPDATE = 1, OUTBOX_CREATE, OUTBOX_DELETE };
enum outbox_state { OUTBOX_ACCEPTED = 1, OUTBOX_SENT };

#define OUTBOX_CREATE_KEY_MAX	64	/* bytes of the key by which a created order is found again */

struct outbox_entry {
	uint64_t		sequence;	/* order of arrival, never used twice */
	enum outbox_kind	kind;
	const struct schema	*table;
	enum outbox_state	state;
	bool			deferred;	/* its caller was told 202: deliver it whatever happens */
	bool			seen;		/* apply's: news showed it after it was sent; the history has it */
	bool			shown;		/* readers see it as pending: deferred, or its outcome is unknown */
	int64_t			accepted_ms;	/* wall clock */
	int64_t			sent_ms;	/* wall clock, the last time; 0: never */
	uint64_t		version;	/* that the caller expects; 0: any */
	uint64_t		bulk;		/* sequence of the first entry of the bulk edit; 0: it came alone */
	uint64_t		undoes;		/* OUTBOX_UPDATE: generation of the change it takes back; 0: none */
	uint32_t		undoes_index;	/* and its index among that commit's, see history.h */
	struct str		request_id;
	struct str		by;		/* who asked; len 0: not known */
	struct str		create_key;	/* OUTBOX_CREATE */
	struct str		answer_key;	/* of the answer that is kept for its Idempotency-Key; len 0: none */
	struct record		record;		/* id (len 0: create) and the fields asked for */
};

/* The stored bytes; all strings of a decoded entry point into them.  ERR_STORE_CORRUPT. */
void		outbox_encode(struct buf *, const struct outbox_entry *);
enum err	outbox_decode(uint64_t sequence, struct str bytes, const struct tables *,
		    struct outbox_entry *);

/* Within a snapshot: all entries in order, until ${each} fails; its error is returned. */
enum err	outbox_each(struct store *,
		    enum err (*each)(void *cookie, const struct outbox_entry *), void *cookie);
/*
 * How many rows of a table wait for Airtable as readers see it: those that have an
 * overlay, and new ones not yet created.  It is in the head, so it costs
 * nothing.
 */
uint32_t	outbox_pending(const struct store *, const struct schema *);
/*
 * The row with record id ${id} as readers see it when changes of it are
 * pending: the JSON object with the values asked for, "version" as in its
 * row, and a last member "pending":true.  ${since} is the generation at
 * which this became what they see (NULL: not of interest): with the version
 * it makes the ETag "v<version>-p<since>".  ERR_NOT_FOUND: nothing is pending,
 * readers see the row itself.  While outbox_pending() is 0, nothing is looked
 * up.
 */
enum err	outbox_overlay(struct store *, const struct schema *, struct str id, struct str *json,
		    uint64_t *since);

/*
 * Answers kept for an Idempotency-Key, so that asking again gets the first
 * answer: ${fingerprint} is of the request, ${body} the reply's body as
 * message.h has it; len 0: it is not settled yet.
 */
struct kept_answer {
	int64_t		at_ms;		/* wall clock: when it was asked */
	uint64_t	fingerprint[2];
	uint64_t	first;		/* sequence of the first entry it stands for */
	uint32_t	count;		/* entries */
	struct str	body;
};
#define ANSWER_KEY_MAX		255	/* bytes of a key */
#define ANSWER_KEPT_MS		(24 * 3600 * INT64_C(1000))
enum err	outbox_answer(struct store *, struct str key, struct kept_answer *);	/* ERR_NOT_FOUND */

#endif
