#ifndef SYNCD_FEED_PARTS_H
#define SYNCD_FEED_PARTS_H

#include "syncd/airtable/listing.h"
#include "syncd/feed/feed.h"
#include "syncd/feed/payload.h"
#include "syncd/feed/silence.h"
#include "syncd/feed/state.h"

/*
 * The inside of feed.h, shared by the files that implement it:
 *
 *	feed.c		starting and stopping, pauses, gaps
 *	find.c		finding or creating our webhook
 *	webhook.c	its payloads
 *	modified.c	records by the time of their last change, also to bridge a gap
 *	sweep.c		sweeps over all ids
 *	take.c		applying news
 *	odd.c		values that are not understood any more
 *	look.c		records that are read again
 *	recent.c	what was changed just now
 *	fields.c	the base's fields
 *	silence.c	whether it is too quiet
 *	ping.c		pings; secret.c the secret that signs them
 *	status.c	the status
 *
 * 1. One thing at a time: either a call is under way, or a step is due on the
 *    timer, or (feed off) neither.  A step starts a call or names the next step.
 * 2. A page, and the ids in it that are still to be read, are kept until all of
 *    the page is in the store; only then, in the last commit, does the cursor move.
 */
#define FEED_WHY_SIZE		420
#define FEED_LIMIT		50	/* payloads a page, the most that Airtable sends */
#define FEED_LOOKS		2	/* further looks at a record that is not as a payload says */
#define FEED_LOOK_MS		2000	/* before the first of them */
#define FEED_LOOK_LATER_MS	30000	/* before the others, as listings may lag behind */
#define FEED_RECENT		4096
#define FEED_WROTE		2048	/* our writes; more than come within RECENT_MS at 5 calls a second */
#define FEED_FAILURES		3	/* in a row before the status reports them */
#define FEED_CATCH_CALLS	12	/* to bridge a gap by time */
#define FEED_OLD_TRIES		3	/* to delete a webhook that is not needed any more */

enum feed_phase { FEED_RESTING, FEED_FINDING, FEED_READING, FEED_POLLING };

/* A row that the feed changed lately. */
struct feed_recent {
	uint64_t	id, content;	/* hashes; content 0: the row was deleted */
	int64_t		at_ms;		/* monotonic */
};

/* A row that a write of ours changed lately. */
struct feed_wrote {
	uint64_t	id;		/* hash */
	int64_t		at_ms;		/* monotonic */
};

struct feed {
	uv_loop_t		*loop;
	const struct config	*config;
	const struct schema	*schema;
	struct airtable		*airtable;
	struct apply		*apply;
	struct full_sync	*sync;
	struct ledger		*ledger;

	enum feed_phase		 phase;
	bool			 stopped;
	bool			 closing;
	void			(*step)(struct feed *);
	uv_timer_t		 timer;		/* runs the step */
	struct airtable_call	*call;
	airtable_cb		*answer;	/* to the call */
	uint64_t		 base;		/* the generation when the call was made */
	uint64_t		 page_base;	/* the same for the page of payloads that is being taken */
	int64_t			 as_of_ms;	/* wall clock: when the page that is being taken was asked for */
	unsigned		 failures;	/* in a row */
	unsigned		 store_failures;	/* the same, of commits */
	int64_t			 patience_ms;	/* for an answer; longer after each that did not come */
	int64_t			 began_ms;	/* monotonic: the last poll */
	int64_t			 began_server_ms;	/* the same by Airtable's clock; 0: not known */
	int64_t			 alive_ms;	/* Airtable's clock: our webhook was last known to be enabled */
	int64_t			 whole_kept_ms;	/* kept.whole_ms as the store has it */
	struct buf		 money;		/* what the schema says about amounts; len 0: not known */
	bool			 money_kept;	/* the store has it */
	int64_t			 due_ms;	/* monotonic: when to poll again; 0: at once */
	bool			 looked;	/* records were read again since the last poll */
	bool			 poke;		/* ask again at once: a ping or a listener came */
	int64_t			 poked_ms;	/* monotonic: the last one; 0: none yet */
	struct feed_state	 kept;

	/* the webhook */
	enum webhook_wish	 wish;
	struct webhook_table	 table;
	bool			 table_known;
	int64_t			 looked_ms;	/* monotonic: the schema was last looked at */
	bool			 option_seen;	/* a value had an option that the schema did not have when last read */
	uint32_t		 fields_told;	/* bit f: payloads since then say that field f was changed */
	struct buf		 specification, url;
	struct webhook_seen	 seen[WEBHOOKS_MAX];
	size_t			 seen_count;
	char			 unwanted[AIRTABLE_ID_MAX + 1];	/* being deleted */
	bool			 lost;		/* its cursor can't be relied on */
	bool			 broken;	/* check the webhook once the page is taken */
	bool			 crowded;	/* a webhook was deleted to make room */
	unsigned		 old_tries;	/* to delete kept.old */
	size_t			 limit;		/* payloads asked for */
	unsigned		 idle;		/* pages in a row without a payload */
	int64_t			 busy_ms;	/* monotonic: the last page with a payload */
	struct feed_silence	 silence;
	bool			 odd;		/* the page has no payload, oddly (silence.h) */
	bool			 more;		/* there are payloads after the page */
	int64_t			 look_ms;	/* monotonic: when to try a webhook again; FEED_POLLING */

	/* what is being taken */
	struct payload_page	 page;		/* count 0: none */
	char			(*ids)[AIRTABLE_ID_MAX + 1];	/* to be read */
	size_t			 id_count, id_room, id_at;
	size_t			 id_chunk;	/* how many were asked for in one call */
	void			(*taken)(struct feed *);	/* the step once all of it is in the store */
	bool			 again;		/* ids are the due ones of kept.again */
	bool			 sweep_gone;	/* ids are those that the sweep did not find */

	/* the records by time, and by id */
	int64_t			 poll_server_ms;	/* Airtable's time at the poll's first page */
	int64_t			 poll_stored_ms;	/* kept.since_ms as the store has it */
	struct buf		 offset;		/* len 0: the next page is the first */
	int64_t			 catch_ms;		/* ask for what has changed since, Airtable's time; 0: no */
	unsigned		 catch_left;		/* calls that this may still take, until the gap is closed */
	struct buf		 sweep_offset;
	struct listing		 sweep_listing;	/* under way while a sweep is */
	uint64_t		 sweep_base;
	uint64_t		 sweep_pages;
	int64_t			 sweep_ended_ms;	/* monotonic: the last sweep ended; 0: none did, or it failed */
	int64_t			 sweep_next_ms;	/* monotonic: no sweep sooner than that */
	int64_t			 sweep_every_ms;	/* from one sweep to the next; 0: none was made yet */
	int64_t			 sweep_ms;	/* wall clock: the sweep began; 0 once it counts in listed_ms */
	uint32_t		 sweep_fields;	/* that the sweep asks for */
	bool			 finding;	/* the schema or the webhook is being looked up */
	int64_t			 listed_ms;	/* wall clock: what only sweeps show (deletions, derived cells) is here up to then */

	/* full syncs */
	bool			 sync_pending;	/* start or schedule one when the cursor is known */
	uv_timer_t		 sync_timer;
	uint64_t		 gap_run;	/* number of the first run that closes the gap */
	int64_t			 gap_ms;	/* monotonic: when the last gap was noticed */
	int64_t			 gap_pause_ms;

	/* values that stopped being understood in the last hour */
	int64_t			 odd_ms;	/* monotonic; 0: none yet */
	uint64_t		 odd_cells[SCHEMA_FIELDS_MAX];
	bool			 odd_told;	/* a full sync was requested for them */

	/* deletions of the last hour */
	int64_t			 window_ms;	/* monotonic; 0: none yet */
	uint64_t		 window_rows, window_gone;

	struct feed_recent	 recent[FEED_RECENT];
	size_t			 recent_next;
	struct feed_wrote	 wrote[FEED_WROTE];
	size_t			 wrote_next;
	int64_t			 started_ms;	/* monotonic: writes before then are not known */

	/* pings */
	char			 secret[WEBHOOK_SECRET_MAX + 1];	/* of kept.webhook, in base64; "": not known */
	int64_t			 ping_ms;	/* Airtable's time of the last new one */

	/* for the status */
	char			 why[FEED_WHY_SIZE];	/* why there is no webhook */
	char			 error[FEED_WHY_SIZE];	/* of the last call, if it failed */
	enum err		 error_code;
	bool			 refused;	/* trying again can't help until somebody acts */
	char			 gap_why[FEED_WHY_SIZE];
	char			 schema_what[FEED_WHY_SIZE];
	int64_t			 gap_at_ms, schema_at_ms, event_ms, success_ms, fresh_ms, lag_ms;
	uint64_t		 polls, payloads, taken_count, reread, skipped_echoes, gaps, pings, sweeps;
};

/* ---- feed.c ---- */
/* Run ${step} in ${ms}. */
void	feed_go(struct feed *, void (*step)(struct feed *), int64_t ms);
/* What is left of the pause since the last poll began, shorter after a ping or a listener. */
int64_t	feed_rest(struct feed *);
/*
 * Run ${step}, a poll, in ${ms}; records that are due and a sweep, if there is time,
 * come before it.
 */
void	feed_go_on(struct feed *, void (*step)(struct feed *), int64_t ms);
/* Try the step again, after a growing pause; ${r} says what went wrong. */
void	feed_failed(struct feed *, const struct airtable_result *r);
/* The same after a failure of the store. */
void	feed_store_failed(struct feed *, void (*step)(struct feed *), enum err);
/* A call is about to be made: note the store's generation as its base. */
void	feed_asks(struct feed *);
/* Go on with payloads, or by time: at once, or when the next poll is due. */
void	feed_follow(struct feed *);
void	feed_follow_next(struct feed *);
void	feed_asked(struct feed *, struct airtable_call *);
/* The callback of all calls: notes what all answers have in common, then runs f->answer. */
void	feed_answered(void *feed, const struct airtable_result *, const struct airtable_page *);
/* An answer came that is usable. */
void	feed_succeeded(struct feed *);
/* News was missed: a full sync has to close this gap. */
void	feed_gap(struct feed *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The cursor is known: full syncs may begin. */
void	feed_established(struct feed *);
/* Has no sync ever completed?  News waits until the first one has. */
bool	feed_holds(struct feed *);
/* How long after the last poll to ask again. */
int64_t	feed_pause(struct feed *);
/* All news up to the last call is in the store. */
void	feed_is_fresh(struct feed *);

/* ---- feed/fields.c ---- */
/* f->page was read: if fields changed so that their cells may be others, that is a gap. */
void	feed_fields_payloads(struct feed *);
/*
 * f->table was read again, ${before} is the previous one; kept.fields and kept.shapes
 * are still the old.
 */
void	feed_fields_told(struct feed *, const struct webhook_table *before);
/* Fields may be missing or back, and the way to show amounts may differ: act on it. */
void	feed_fields_check(struct feed *);
/* Is it time to read the schema again, for missing fields or for options that it did not have? */
bool	feed_fields_due(struct feed *);
/* If a change has an option that the schema did not have, have the schema read again. */
void	feed_fields_seen(struct feed *, const struct change *);
/* From now on selects can be set to the options of f->table. */
void	feed_fields_offer(struct feed *);
/* It is no longer known which options there are. */
void	feed_fields_offer_none(struct feed *);
/* Until the schema is read, write values in the forms that the store remembers. */
void	feed_fields_load(struct feed *);
/*
 * Fields whose cells may change without a change of their record; all if the schema is
 * not known.
 */
uint32_t feed_fields_derived(const struct feed *);

/* ---- feed/ping.c ---- */
/* How long after the last poll to ask again when a ping or a listener came. */
int64_t	feed_poke_ms(struct feed *);

/* ---- feed/secret.c ---- */
/* The secret of kept.webhook, as far as it is known. */
void	feed_secret_load(struct feed *);
/* Remember it; what goes wrong is logged. */
void	feed_secret_keep(struct feed *);
/* Pings are wanted, but can't be verified. */
bool	feed_secret_missing(const struct feed *);

/* ---- feed/find.c ---- */
/* Steps: find our webhook, beginning with the table; beginning with the list of webhooks. */
void	feed_find(struct feed *);
void	feed_check(struct feed *);
/* As feed_find(), and read the schema again. */
void	feed_look_anew(struct feed *);

/* ---- feed/webhook.c ---- */
/* Step: read the next page of payloads; the same, when the next poll is due. */
void	feed_read(struct feed *);
void	feed_read_next(struct feed *);

/* ---- feed/modified.c, feed/sweep.c ---- */
/* There is no webhook for now: go on by time, and look for one again in ${look_in_ms}. */
void	feed_poll_begin(struct feed *, const struct airtable_result *, int64_t look_in_ms);
/* Step: the next page of what has changed. */
void	feed_poll(struct feed *);
void	feed_poll_next(struct feed *);
/*
 * Payloads were missed: before reading more, ask for what has changed since the
 * feed was last whole, if that is not long ago.  This only shortens the wait; the
 * gap stays open: deletions, and all that this fails at, are left to the full sync.
 */
void	feed_catch_up_on(struct feed *);
/* Step: the next page of that, then feed_read; only while f->catch_ms is set. */
void	feed_catch_up(struct feed *);
/* Is it time for a sweep? */
bool	feed_sweep_due(struct feed *);
/* Is there anything that only a sweep shows? */
bool	feed_sweep_needed(const struct feed *);
/* Step: the sweep's next page. */
void	feed_sweep(struct feed *);
void	feed_sweep_drop(struct feed *);

/* ---- feed/take.c ---- */
/*
 * Apply f->page, asked for at f->base, and move the cursor to the page's; then
 * run f->taken.
 */
void	feed_take(struct feed *);
/* Commit changes; ${last}: with them the place where the feed is now. */
enum err feed_commit(struct feed *, const struct change *, size_t n, bool last);
/* The next commit completes the page: the cursor moves behind it. */
void	feed_move_on(struct feed *);
/* May ${n} more rows be deleted? */
bool	feed_may_delete(struct feed *, size_t n);
/* Leave deletions out of the changes. */
void	feed_without_gone(struct change *, size_t *n);
/* Forget what is half applied. */
void	feed_drop(struct feed *);

/* ---- feed/odd.c ---- */
/*
 * Of records that were read: where many values of a field are not understood any more, keep
 * the stored ones and let a full sync decide (field_guard.h).  Within a snapshot.
 */
void	feed_keep_odd(struct feed *, struct store *, struct change *, size_t n);

/* ---- feed/look.c ---- */
/* ${id} has to be read.  false: out of memory. */
bool	feed_want(struct feed *, struct str id);
/* Step: read the records in f->ids, then run f->taken. */
void	feed_look(struct feed *);
/*
 * Are records due to be read again, and is it their turn?  If so, feed_again is
 * the step.  A poll that is due comes in between.
 */
bool	feed_again_due(const struct feed *);
int64_t	feed_again_ms(const struct feed *);
void	feed_again(struct feed *);

/* ---- feed/recent.c ---- */
/* An apply_watcher; ${cookie} is the feed. */
void	feed_watch(void *cookie, const struct change *, size_t n, enum change_source);
/* Did a write of ours or a payload change the record so lately that listings may lag behind? */
bool	feed_changed_lately(const struct feed *, struct str id);

#endif
