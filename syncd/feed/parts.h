#ifndef SYNCD_FEED_PARTS_H
#define SYNCD_FEED_PARTS_H

#include "syncd/airtable/listing.h"
#include "syncd/feed/feed.h"
#include "syncd/feed/payload.h"
#include "syncd/feed/silence.h"
#include "syncd/feed/state.h"

/*
 * The inside of feed.h, shared by the files that implement it: feed.c its
 * life, gaps and status, feed/find.c our webhook, feed/webhook.c its payloads,
 * feed/modified.c and feed/sweep.c the records by time and by id (by time also
 * those of a gap, which a full sync would bring later), feed/take.c
 * what becomes of news, feed/odd.c values that are not understood any more,
 * feed/look.c records that are read again, feed/recent.c
 * what was changed just now, feed/fields.c what the base's fields are, feed/silence.c whether it is too quiet,
 * feed/ping.c pings, feed/secret.c what they are signed with, feed/status.c the
 * status.
 *
 * 1. One thing at a time: either a call is under way, or a step is due on the
 *    timer, or (off) neither.  A step starts a call or names the next step.
 * 2. A page and the ids still to be read of it are kept until all of it is in
 *    the store; only then, in the last commit, does the cursor move.
 */
#define FEED_WHY_SIZE		420
#define FEED_LIMIT		50	/* payloads a page, as many as there can be */
#define FEED_LOOKS		2	/* further ones at a record that is not as was told */
#define FEED_LOOK_MS		2000	/* before the first of them, */
#define FEED_LOOK_LATER_MS	30000	/* and the others: listings may lag behind */
#define FEED_RECENT		4096
#define FEED_WROTE		2048	/* of writes, at 5 calls a second more than RECENT_MS brings */
#define FEED_FAILURES		3	/* in a row before people are told */
#define FEED_CATCH_CALLS	12	/* to ask for what has changed in a gap */
#define FEED_OLD_TRIES		3	/* to delete a webhook that is of no use any more */

enum feed_phase { FEED_RESTING, FEED_FINDING, FEED_READING, FEED_POLLING };

/* A row that the feed changed lately. */
struct feed_recent {
	uint64_t	id, content;	/* hashes; content 0: it went */
	int64_t		at_ms;		/* monotonic */
};

/* One that a write of ours changed. */
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
	uv_timer_t		 timer;		/* for the step */
	struct airtable_call	*call;
	airtable_cb		*answer;	/* of the call */
	uint64_t		 base;		/* the generation when it was made */
	uint64_t		 page_base;	/* the same of the page of payloads that is taken */
	int64_t			 as_of_ms;	/* wall clock: the page that is taken was asked for */
	unsigned		 failures;	/* in a row */
	unsigned		 store_failures;	/* the same of commits */
	int64_t			 patience_ms;	/* for an answer; longer after each that did not come */
	int64_t			 began_ms;	/* monotonic: the last poll */
	int64_t			 began_server_ms;	/* the same by Airtable's clock; 0: not known */
	int64_t			 alive_ms;	/* the same when our webhook was known to be enabled */
	int64_t			 whole_kept_ms;	/* kept.whole_ms as the store has it */
	struct buf		 money;		/* what the schema told of amounts; len 0: not known */
	bool			 money_kept;	/* the store has it */
	int64_t			 due_ms;	/* monotonic: when to poll again; 0: at once */
	bool			 looked;	/* records were looked at again since the last poll */
	bool			 poke;		/* ask again at once: a ping or a listener came */
	int64_t			 poked_ms;	/* monotonic: the last one; 0: none yet */
	struct feed_state	 kept;

	/* the webhook */
	enum webhook_wish	 wish;
	struct webhook_table	 table;
	bool			 table_known;
	int64_t			 looked_ms;	/* monotonic: the schema was last looked at */
	bool			 option_seen;	/* that was not offered when the schema was looked at */
	uint32_t		 fields_told;	/* bit f: payloads told since that field f was changed */
	struct buf		 specification, url;
	struct webhook_seen	 seen[WEBHOOKS_MAX];
	size_t			 seen_count;
	char			 unwanted[AIRTABLE_ID_MAX + 1];	/* being deleted */
	bool			 lost;		/* its cursor is not to be relied on */
	bool			 broken;	/* look at the webhook when the page is taken */
	bool			 crowded;	/* one was deleted to make room */
	unsigned		 old_tries;	/* to delete kept.old */
	size_t			 limit;		/* payloads asked for */
	unsigned		 idle;		/* pages without a payload in a row */
	int64_t			 busy_ms;	/* monotonic: the last one with */
	struct feed_silence	 silence;
	bool			 odd;		/* the page has none, and should have */
	bool			 more;		/* payloads behind the page */
	int64_t			 look_ms;	/* monotonic: try a webhook again; FEED_POLLING */

	/* what is being taken */
	struct payload_page	 page;		/* count 0: none */
	char			(*ids)[AIRTABLE_ID_MAX + 1];	/* to be read */
	size_t			 id_count, id_room, id_at;
	size_t			 id_chunk;	/* that were asked for in one call */
	void			(*taken)(struct feed *);	/* all of it is in the store */
	bool			 again;		/* ids are those of kept.again that were due */
	bool			 sweep_gone;	/* ids are those that the sweep missed */

	/* the records by time, and by id */
	int64_t			 poll_server_ms;	/* Airtable's time at its first page */
	int64_t			 poll_stored_ms;	/* kept.since_ms as the store has it */
	struct buf		 offset;		/* len 0: the next page is the first */
	int64_t			 catch_ms;		/* what has changed since is to be asked for; 0: no */
	unsigned		 catch_left;		/* calls that may take until the gap is closed */
	struct buf		 sweep_offset;
	struct listing		 sweep_listing;	/* under way: a sweep is on */
	uint64_t		 sweep_base;
	uint64_t		 sweep_pages;
	int64_t			 sweep_ended_ms;	/* monotonic: the last one; 0: none, or it failed: */
	int64_t			 sweep_next_ms;	/* monotonic: no sooner than that */
	int64_t			 sweep_every_ms;	/* from one to the next; 0: none was made yet */
	int64_t			 sweep_ms;	/* wall clock: it began; 0 once it counts in listed_ms */
	uint32_t		 sweep_fields;	/* that it asks for */
	bool			 finding;	/* the webhook, or the schema, is being looked for */
	int64_t			 listed_ms;	/* wall clock: what no news tell of (deletions by time, derived cells) is here until then */

	/* full syncs */
	bool			 sync_pending;	/* one is to be started or scheduled when the cursor is known */
	uv_timer_t		 sync_timer;
	uint64_t		 gap_run;	/* the first that covers the gap */
	int64_t			 gap_ms;	/* monotonic: when the last one was noticed */
	int64_t			 gap_pause_ms;

	/* values of the last hour that are not understood any more */
	int64_t			 odd_ms;	/* monotonic; 0: none yet */
	uint64_t		 odd_cells[SCHEMA_FIELDS_MAX];
	bool			 odd_told;	/* a full sync is to look at them */

	/* deletions of the last hour */
	int64_t			 window_ms;	/* monotonic; 0: none yet */
	uint64_t		 window_rows, window_gone;

	struct feed_recent	 recent[FEED_RECENT];
	size_t			 recent_next;
	struct feed_wrote	 wrote[FEED_WROTE];
	size_t			 wrote_next;
	int64_t			 started_ms;	/* monotonic: what was written before is not known */

	/* pings */
	char			 secret[WEBHOOK_SECRET_MAX + 1];	/* of kept.webhook, base64; "": not known */
	int64_t			 ping_ms;	/* Airtable's time of the last new one */

	/* for the status */
	char			 why[FEED_WHY_SIZE];	/* there is no webhook because ... */
	char			 error[FEED_WHY_SIZE];	/* of the last call, if it failed */
	enum err		 error_code;
	bool			 refused;	/* trying again will not help by itself */
	char			 gap_why[FEED_WHY_SIZE];
	char			 schema_what[FEED_WHY_SIZE];
	int64_t			 gap_at_ms, schema_at_ms, event_ms, success_ms, fresh_ms, lag_ms;
	uint64_t		 polls, payloads, taken_count, reread, skipped_echoes, gaps, pings, sweeps;
};

/* ---- feed.c ---- */
/* Do ${step} in ${ms}. */
void	feed_go(struct feed *, void (*step)(struct feed *), int64_t ms);
/* What is left of the pause since the last question was begun, or since somebody poked. */
int64_t	feed_rest(struct feed *);
/* Do ${step}, a question for news, in ${ms}: sooner where records are due, after a sweep where there is time. */
void	feed_go_on(struct feed *, void (*step)(struct feed *), int64_t ms);
/* Try the step again, ever later; ${r} says what went wrong. */
void	feed_failed(struct feed *, const struct airtable_result *r);
/* The same for the store. */
void	feed_store_failed(struct feed *, void (*step)(struct feed *), enum err);
/* A call is to be made: note when, and how its answer is taken.  */
void	feed_asks(struct feed *);
/* Go on with payloads or by time: at once; when it is time for it. */
void	feed_follow(struct feed *);
void	feed_follow_next(struct feed *);
void	feed_asked(struct feed *, struct airtable_call *);
/* The callback of all calls: takes notes, then f->answer. */
void	feed_answered(void *feed, const struct airtable_result *, const struct airtable_page *);
/* An answer came that can be worked with. */
void	feed_succeeded(struct feed *);
/* News were missed: a full sync has to make up for it. */
void	feed_gap(struct feed *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The cursor is known: full syncs may begin. */
void	feed_established(struct feed *);
/* Was no sync ever complete?  Then news wait until the first one is. */
bool	feed_holds(struct feed *);
/* How long after the last poll to ask again; the same when a ping came. */
int64_t	feed_pause(struct feed *);
/* All that it tells until the last call is in the store. */
void	feed_is_fresh(struct feed *);

/* ---- feed/fields.c ---- */
/* f->page is here: do the changes of fields that it tells make other cells? */
void	feed_fields_payloads(struct feed *);
/* f->table was read anew, ${before} is what it was; before kept.fields and kept.shapes follow. */
void	feed_fields_told(struct feed *, const struct webhook_table *before);
/* Fields may be missing now, or back, and amounts be shown in another way. */
void	feed_fields_check(struct feed *);
/* Has the schema to be looked at: for fields that are missing, for options that nobody told of? */
bool	feed_fields_due(struct feed *);
/* Has it an option that was not offered when the schema was looked at?  Then that is looked at again. */
void	feed_fields_seen(struct feed *, const struct change *);
/* What f->table says of options is what can be set from now on. */
void	feed_fields_offer(struct feed *);
/* The same: nobody can say any more. */
void	feed_fields_offer_none(struct feed *);
/* Until the schema was read, values are written in the forms that the store tells of. */
void	feed_fields_load(struct feed *);
/* Fields whose cells may change without a change of their record; all, where the schema is not known. */
uint32_t feed_fields_derived(const struct feed *);

/* ---- feed/ping.c ---- */
/* How long after the last poll to ask again when a ping or a listener came. */
int64_t	feed_poke_ms(struct feed *);

/* ---- feed/secret.c ---- */
/* The secret of kept.webhook, as far as it is known. */
void	feed_secret_load(struct feed *);
/* Remember it; what goes wrong is logged. */
void	feed_secret_keep(struct feed *);
/* Pings are wanted, and can't be told from others'. */
bool	feed_secret_missing(const struct feed *);

/* ---- feed/find.c ---- */
/* Steps: find our webhook, from the table on; from the list on. */
void	feed_find(struct feed *);
void	feed_check(struct feed *);
/* The same with another look at the schema. */
void	feed_look_anew(struct feed *);

/* ---- feed/webhook.c ---- */
/* Step: the next page of payloads; the same when it is time for it. */
void	feed_read(struct feed *);
void	feed_read_next(struct feed *);

/* ---- feed/modified.c, feed/sweep.c ---- */
/* Webhooks are not to be had. */
void	feed_poll_begin(struct feed *, const struct airtable_result *, int64_t look_in_ms);
/* Step: the next page of what has changed. */
void	feed_poll(struct feed *);
void	feed_poll_next(struct feed *);
/*
 * Payloads were missed: ask for what has changed since nothing was, if that
 * is not long ago, before more are read.  It is for people who wait, and the
 * gap stays one: what went, and all this fails at, is left to the full sync.
 */
void	feed_catch_up_on(struct feed *);
/* Step: the next page of it, then feed_read; only while f->catch_ms. */
void	feed_catch_up(struct feed *);
/* Is it time for the sweep?  Step: its next page. */
bool	feed_sweep_due(struct feed *);
/* Is there anything that only a sweep shows? */
bool	feed_sweep_needed(const struct feed *);
void	feed_sweep(struct feed *);
void	feed_sweep_drop(struct feed *);

/* ---- feed/take.c ---- */
/*
 * Take f->page, asked for at f->base; then f->taken.  It moves the cursor to
 * the page's.
 */
void	feed_take(struct feed *);
/* Commit changes; ${last}: and where the feed is now. */
enum err feed_commit(struct feed *, const struct change *, size_t n, bool last);
/* All of the page is in the next commit: the cursor moves behind it. */
void	feed_move_on(struct feed *);
/* May ${n} more rows go? */
bool	feed_may_delete(struct feed *, size_t n);
/* They may not: leave those changes out. */
void	feed_without_gone(struct change *, size_t *n);
/* Forget what is half taken. */
void	feed_drop(struct feed *);

/* ---- feed/odd.c ---- */
/*
 * Of records that were read: where many values of a field are not understood any more,
 * they stay as they are, and a full sync decides (field_guard.h).  Within a snapshot.
 */
void	feed_keep_odd(struct feed *, struct store *, struct change *, size_t n);

/* ---- feed/look.c ---- */
/* ${id} has to be read.  false: memory is out. */
bool	feed_want(struct feed *, struct str id);
/* Step: read those that are wanted, then f->taken. */
void	feed_look(struct feed *);
/*
 * Are records to be looked at again, and is it their turn?  Then feed_again is
 * the step.  A poll that is due comes in between.
 */
bool	feed_again_due(const struct feed *);
int64_t	feed_again_ms(const struct feed *);
void	feed_again(struct feed *);

/* ---- feed/recent.c ---- */
/* An apply_watcher; ${cookie} is the feed. */
void	feed_watch(void *cookie, const struct change *, size_t n, enum change_source);
/* May a write of ours or a payload have changed it so lately that listings lag behind? */
bool	feed_changed_lately(const struct feed *, struct str id);

#endif
