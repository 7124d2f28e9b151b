#ifndef SYNCD_APPLY_APPLY_H
#define SYNCD_APPLY_APPLY_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/config/config.h"
#include "common/store/outbox.h"
#include "common/store/store.h"
#include "common/tables/schema.h"
#include "syncd/apply/change_step.h"

/*
 * The only way to write the store.  A list of changes, of one table or several,
 * becomes one LMDB write transaction that updates rows, columns, orderings, totals,
 * the summaries' bodies, the change log and the generation together, or none of
 * them.  A list that changes nothing makes no generation.
 *
 * The process that has an apply open is the store's only writer: a lock
 * file beside the data keeps a second one out.
 */
struct apply;

enum change_kind { CHANGE_UPSERT, CHANGE_GONE };

/* "This record now has these fields" (the known ones), or "it is gone". */
struct change {
	enum change_kind	kind;
	const struct schema	*table;
	struct record		record;	/* strings belong to the caller */
	/*
	 * What the news is based on: a row that has changed after this
	 * generation, or has gone, is newer than the news and is left alone.
	 */
	uint64_t		base;
	/*
	 * Airtable's answer to a change of ours.  Even if the row has changed
	 * since, the values that the change asked for are applied, and no others,
	 * unless those values had already been seen in Airtable.
	 */
	bool			counts;
	/*
	 * The edits that caused it, oldest first.  The history shows each edit,
	 * from the value before it to its own, and what differs beyond them as
	 * done in Airtable.  The entries are dropped from the outbox in this
	 * commit, even when the row is left alone (base) or has the values
	 * already.  Entries that are in the history already (seen) are not
	 * written to it again.
	 */
	const struct outbox_entry *const *edits;
	size_t			edit_count;
	/*
	 * The steps that led to it, as Airtable reported them, oldest first; owned
	 * by the caller; NULL: not reported.  What differs beyond the edits goes
	 * into the history step by step, each with its author, as far as the
	 * steps lead from what the row was to what it is.
	 */
	const struct change_step *steps;
	/*
	 * A plain edit of ours may have overwritten one of the steps, which only
	 * now enters the history.  Entries newer than this generation are checked
	 * for that; earlier ones are older than the steps.
	 */
	uint64_t		steps_since;
};
#define CHANGE_ANY_BASE	UINT64_MAX

enum change_source { SOURCE_FULL_SYNC, SOURCE_FEED, SOURCE_WRITE, SOURCE_JOB };

/* One step of the outbox's bookkeeping. */
struct outbox_step {
	enum outbox_verb {
		OUTBOX_STORE,		/* add it, or replace what is there */
		OUTBOX_DROP,		/* settled; the caller takes care of the rest */
		OUTBOX_NOT_APPLIED,	/* dropped, and shown in the history with why */
		OUTBOX_REJECTED		/* Airtable refused it: dropped, in the history if readers
					   saw it (shown) or were promised it (deferred) */
	}				 verb;
	const struct outbox_entry	*entry;
	struct str			 why;
};

/*
 * An answer kept for an Idempotency-Key; body len 0: not settled yet.
 * answer.count 0: forget the key.  Settled answers are forgotten
 * ANSWER_KEPT_MS after at_ms; the others stay until they are settled.
 */
struct answer_step {
	struct str		key;
	struct kept_answer	answer;
};

/* What Airtable offers for a select (options.h); known false: this can't be found out any more. */
struct offer_step {
	const struct schema *table;
	unsigned	field;
	bool		known;
	bool		several;	/* it takes more than one at a time */
	struct str	names;		/* each ended by a NUL */
};

struct apply_result {
	size_t		created;
	size_t		changed;
	size_t		deleted;
	size_t		unchanged;
	size_t		skipped;	/* newer in the store, see base */
	uint64_t	generation;	/* the store's, after this */
};
typedef void	 apply_compose(void *cookie, const struct apply_result *, struct buf *document);

/*
 * What else goes into the same commit; zeroed: nothing.  Outbox steps and
 * answers alone make no generation, unless they change what readers see of
 * an order (shown) or add an entry to the history.  Offers make one when
 * they differ from what the store has.
 */
struct apply_meta {
	const struct schema		*table;		/* of the moments and the amounts; NULL: there are none */
	int64_t				 synced_ms;	/* when a complete sync ended; 0: leave as it is */
	int64_t				 fresh_ms;	/* the store now has what Airtable had then; 0: leave as it is */
	struct str			 calls;		/* the ledger's (META_CALLS); len 0: leave as it is */
	struct str			 last_sync;	/* progress document; len 0: leave as it is */
	/*
	 * The same for a document that describes this commit: composed from its
	 * result, perhaps more than once, so the callback must have no side
	 * effects.  NULL: last_sync is used.
	 */
	apply_compose			*compose;
	void				*compose_cookie;
	/*
	 * What the base's schema says about amounts (META_MONEY); len 0: leave as it is.
	 * A different text makes a generation.
	 */
	struct str			 money;
	struct str			 feed;		/* the feed's position (META_FEED); len 0: leave as it is */
	const struct outbox_step	*outbox;
	size_t				 outbox_count;
	const struct answer_step	*answers;
	size_t				 answer_count;
	const struct offer_step		*offers;
	size_t				 offer_count;
};

/*
 * Open or create the store of these tables below store.path, lock it, and bring the daily
 * totals to summary.time_zone.  ERR_STORE_LOCKED, ERR_STORE_VERSION, ...;
 * the log says why.
 */
enum err	 apply_open(const struct config *, const struct tables *, struct apply **);
void		 apply_close(struct apply *);
/* The format of the store in this folder, which nobody writes; 0: there is none that can be read. */
uint32_t	 apply_store_format(const char *store_path);
/*
 * The configuration has changed: from now on revenue is counted by
 * summary.excluded, and amounts are in summary.currency.  If that makes a
 * difference, it is a generation of its own, and announced as any other.
 */
void		 apply_reconfigure(struct apply *);

/*
 * Make the changes.  On failure the store is as before.  ${now_ms}: wall
 * clock.  When a sync, the feed or the answer to another entry shows what an
 * entry in state sent asked for, the history attributes the change to that
 * entry; it stays in the outbox, and is "seen" until it is sent again.
 */
enum err	 apply_changes(struct apply *, const struct change *, size_t n,
		    enum change_source, const struct apply_meta *, int64_t now_ms,
		    struct apply_result *);

/* Called after each commit that had changes, with apply_changes()'s arguments.  Only one watcher. */
typedef void	 apply_watcher(void *cookie, const struct change *, size_t n, enum change_source);
void		 apply_watch(struct apply *, apply_watcher *, void *cookie);

/*
 * These fields of the table (bits) went bad as a whole in Airtable: news that they are
 * empty is ignored, unless it comes from a full sync or the value is what a change of
 * ours asked for.  0: none.
 */
void		 apply_hold(struct apply *, const struct schema *, uint32_t fields);
uint32_t	 apply_held(const struct apply *, const struct schema *);

/*
 * The sequence number for the next outbox entry (kept in memory; unused ones
 * are skipped).  Never the same twice in the life of a store, crashes included.
 */
uint64_t	 apply_sequence(struct apply *);
/* Distinguishes this store from any earlier one: the generation it was born with. */
uint64_t	 apply_birth(struct apply *);

/*
 * From now on call ${tell} right after each commit that makes a generation,
 * with the new generation and its entry in the change log, valid during the
 * call.  It must not call apply_changes().  NULL: no callback.
 */
typedef void	 apply_commit_cb(void *cookie, uint64_t generation, struct str entry);
void		 apply_on_commit(struct apply *, apply_commit_cb *tell, void *cookie);

/*
 * Would the steps add something to the history of this record, which is
 * ${now} at Airtable, though the row does not change?  Within a snapshot.
 */
struct apply_past_ask {
	const struct schema		*table;
	struct str			 id;
	const struct change_step	*steps;
	uint64_t			 since;		/* as steps_since */
	const struct record		*now;
};
bool		 apply_past_differs(struct store *, const struct apply_past_ask *);

/*
 * For reading, on the same environment.  Snapshots must have ended before
 * apply_changes() is called.
 */
struct store	*apply_store(struct apply *);

/*
 * The newest generation, as the base of news that is requested now; 0, which
 * overrules nothing, when the store can't be read.
 */
uint64_t	 apply_generation(struct apply *);

#endif
