#ifndef SYNCD_APPLY_PARTS_H
#define SYNCD_APPLY_PARTS_H

#include "common/store/columns.h"
#include "common/store/keys.h"
#include "syncd/apply/apply.h"

/*
 * The parts of one commit; included by apply*.c only.
 *
 * First comes the plan: all changes against the store as it was, what they
 * mean for the pending changes that readers see, who made them, and the
 * history's entries.  After the plan it is known whether there is a new
 * generation.  Then the parts write, in an order that lets each of them still
 * read what it needs as it was: orderings (need old columns and rows), totals,
 * columns, rows, change log, outbox, history, answers, head.  What was read
 * before the transaction's first write lies on pages that LMDB neither changes
 * nor reuses before the commit, so pointers into the map stay valid throughout.
 */
struct apply_item {
	uint32_t	row;
	bool		existed;	/* the row was in use before */
	bool		gone;		/* and is free afterwards */
	struct record	old;		/* as stored before; strings in the map */
	struct record	now;		/* all fields; strings in the map or the caller's */
	struct str	folded[SCHEMA_FIELDS_MAX];	/* of now's texts */
	uint8_t		code[SCHEMA_FIELDS_MAX];	/* of now's selects */
	uint32_t	first_edit;	/* place in apply_txn.edits + 1; 0: none */
	uint64_t	steps_since;	/* see struct change */
	const struct change_step *steps;	/* NULL: none reported */
};

/* The result of one author's change to an item in Airtable. */
struct apply_doing {
	const struct author	*who;
	const char		*action;	/* as in the history */
	bool			 gone;		/* there is no to */
	struct record		 to;
};

/* One edit of an item: each item has its own list, oldest first. */
struct apply_edit {
	const struct outbox_entry	*entry;
	bool				 seen;	/* the history has it */
	bool				 found;	/* seen in news: it stays in the outbox, as seen */
	uint32_t			 next;	/* place + 1; 0: the last */
};

/* What readers see of an order's pending changes, to be written again. */
struct apply_overlay {
	const struct schema *table;
	struct str	id;		/* len 0: a row not yet created */
	uint64_t	sequence;	/* then: of its entry */
	size_t		at, len;	/* the value in apply_txn.overlay_bytes; len 0: drop it */
	bool		visible;	/* readers will see a difference */
	bool		of_item;	/* the order's row changes too */
};

/* An entry of the history that is to be written. */
struct apply_entry {
	unsigned	table;		/* its number */
	struct str	id;
	size_t		at, len;	/* its JSON in apply_txn.history_bytes */
	uint64_t	bulk;
	uint64_t	generation;	/* its place */
	uint32_t	index;
	bool		anew;		/* it replaces the entry in this place */
	int64_t		at_ms;		/* it goes between others, with this time; 0: the newest, now */
};

/* A row that was deleted, according to the change log. */
struct apply_gone {
	struct str	id;		/* in the map */
	uint64_t	generation;
};

/* A hash table of item numbers. */
struct apply_index {
	uint32_t	*slots;		/* item + 1; 0: free */
	size_t		 mask;
};

/* What a commit does to one table. */
struct apply_table {
	struct apply_table	*next;
	struct apply_txn	*all;		/* the commit */
	struct db_txn		*txn;		/* the commit's */
	const struct schema	*schema;
	const struct table_dbs	*dbs;
	struct table_head	*head;		/* in the commit's head: as it was, then as it will be */
	uint32_t		 rows_end_before;
	struct apply_item	*items;		/* sorted by row when planned */
	size_t			 count;
	struct apply_item	*quiet;		/* edited, and the row stays as it is */
	size_t			 quiet_count;
	struct apply_gone	*gone;		/* rows that went since gone_from, sorted by id */
	size_t			 gone_count, gone_room;
	uint64_t		 gone_from;
	bool			 gone_known;
	struct apply_index	 by_id;		/* while planning */
	struct apply_index	 by_row;	/* afterwards */
	struct buf		 further[SCHEMA_FIELDS_MAX];	/* options beyond the schema's */
	bool			 further_new[SCHEMA_FIELDS_MAX];
	bool			 told_new;	/* what the summary tells beside its figures is another */
	struct str		 excluded;	/* see revenue.h */
	uint32_t		 held;		/* fields, see apply_hold() */
};

struct apply_txn {
	struct db_txn		*txn;
	const struct store_dbs	*dbs;
	const struct tables	*tables;	/* of the store */
	struct store_head	 head;		/* as it was, then as it will be */
	int64_t			 now_ms;
	struct apply_table	*touched;	/* in the order in which the commit comes to them */
	struct apply_edit	*edits;
	size_t			 edit_count, edit_room;
	struct apply_overlay	*overlays;
	size_t			 overlay_count, overlay_room;
	struct buf		 overlay_bytes;
	struct apply_entry	*entries;
	size_t			 entry_count, entry_room;
	uint32_t		 entry_index;	/* of the next new one */
	struct buf		 history_bytes;
	int64_t			 history_from_ms;	/* entries from before are trimmed */
	uint64_t		 next;		/* the generation that this becomes, if it is one */
	uint64_t		 sequence_end;	/* outbox sequences below are never given again */
	struct apply_result	 result;
	enum change_source	 source;
	const uint32_t		*held;		/* by table's number, see apply_hold(); NULL: none */
	struct apply_arena	*arena;		/* folded texts */
	struct buf		 log;		/* the change log's entry */
};

/* The commit's part of this table, which it touches from now on.  ERR_NOMEM, or the transaction's fault. */
enum err	apply_touch(struct apply_txn *, const struct schema *, struct apply_table **);

/* Bring a store of STORE_MIGRATED, whose databases are open, to STORE_FORMAT; ${head} as it is then. */
enum err	apply_migrate(struct db_txn *, const struct store_dbs *, struct store_head *head);

/*
 * May the store in this folder be used?  Called before it is opened, and while
 * nobody else writes it.  A store of STORE_MIGRATED may: it is updated then.  A store
 * of an older format whose outbox is empty is set aside, so that a new one is made;
 * any other format is left alone: ERR_STORE_VERSION, and the log says what to do.
 */
enum err	apply_check_format(const char *store_path);

/* Errors below are the transaction's fault or the part's own; either way nothing is committed. */
enum err	apply_plan(struct apply_txn *, const struct change *, size_t n);
enum err	apply_plan_outbox(struct apply_txn *, const struct change *, size_t n,
	    const struct apply_meta *);
enum err	apply_plan_edits(struct apply_txn *, const struct apply_meta *);
enum err	apply_plan_history(struct apply_txn *, const struct apply_meta *);
enum err	apply_plan_offers(struct apply_txn *, const struct apply_meta *);
/* Enter what the steps of changes report and the history lacks, be it a change or its author. */
enum err	apply_plan_past(struct apply_txn *, const struct change *, size_t n);
/*
 * Move *steps past those that the history has told already, one after the other and
 * later than generation ${since}: a page may report our own edits again.
 */
enum err	apply_past_known(struct apply_table *, struct str id, uint64_t since,
	    const struct change_step **steps);
/* What one entry of the history says. */
struct apply_told {
	const struct schema		*table;
	struct str			 id;
	const char			*action;
	const struct outbox_entry	*by;		/* NULL: not made through us */
	const struct author		*who;		/* then: in Airtable; NULL: not reported */
	const struct record		*from, *to;	/* NULL: all empty */
	uint32_t			 fields;
	struct str			 why;		/* notApplied, rejected */
	const struct apply_entry	*place;		/* NULL: the next */
};
enum err	apply_tell(struct apply_txn *, const struct apply_told *);
/* Write the entry under ${key} again, attributed to ${e}. */
enum err	apply_tell_adopted(struct apply_txn *, const struct schema *, struct str id, struct str key, struct str json,
	    const struct outbox_entry *e);
/* Rewrite an existing entry: with other values in from (NULL: as they are), or with a name. */
struct apply_retold {
	const struct schema	*table;
	struct str		 id;
	uint64_t		 generation;
	uint32_t		 index;
	struct str		 json;		/* as it is, in the map */
	const char		*bulk;		/* "": none */
	uint32_t		 fields;
	const struct record	*from, *to;
	const struct author	*who;		/* NULL: as it is */
};
enum err	apply_tell_anew(struct apply_txn *, const struct apply_retold *);
/* Enter these fields of the step right before the entry in that place; ${at}: when. */
enum err	apply_tell_before(struct apply_txn *, const struct schema *, struct str id,
	    uint64_t generation, uint32_t index, const char *at, const struct change_step *, uint32_t fields);
/* Is any entry of the history due to be trimmed? */
enum err	apply_history_due(struct apply_txn *, bool *due);
void	apply_plan_free(struct apply_txn *);
/* Memory that lasts as long as the plan; NULL: there is none. */
void	*apply_keep(struct apply_txn *, size_t bytes);
/* The item of a row, or NULL. */
struct apply_item *apply_item_of_row(const struct apply_table *, uint32_t row);
/* The stored row of a record into ${i}'s row, old and existed; ERR_NOT_FOUND. */
enum err	apply_load(struct apply_table *, struct str id, struct apply_item *i, uint64_t *version);
/* Was this record, which has no row, deleted after generation ${base}?  As far as the log goes back. */
enum err	apply_gone_since(struct apply_table *, struct str id, uint64_t base, bool *gone);
/* Add an edit to an item, in its place by sequence. */
enum err	apply_add_edit(struct apply_table *, struct apply_item *, const struct apply_edit *);
/* The entry as it is stored; ERR_NOT_FOUND. */
enum err	apply_stored_entry(struct apply_txn *, uint64_t sequence, struct outbox_entry *);
/* Fields that differ between two records, except stamps. */
uint32_t apply_differing(const struct schema *, const struct record *, const struct record *);
/*
 * The next change that the item's steps from *next on report, for a record
 * that is ${now} by then (${live}: it exists); *next moves on.  false: no more.
 */
bool	apply_next_doing(const struct apply_table *, const struct apply_item *,
	    const struct change_step **next, bool live, const struct record *now,
	    struct apply_doing *);
/* What this step alone changes from ${now}.  false: nothing. */
bool	apply_step_doing(const struct schema *, const struct change_step *,
	    const struct record *now, struct apply_doing *);
/* Who touched one of these fields last; NULL: not reported. */
const struct author *apply_last_author(const struct apply_item *, uint32_t fields);

enum err	apply_orderings(struct apply_table *);
enum err	apply_totals(struct apply_table *);
enum err	apply_columns(struct apply_table *);
enum err	apply_rows(struct apply_table *);
enum err	apply_log(struct apply_txn *, uint64_t keep);
enum err	apply_outbox(struct apply_txn *, const struct change *, size_t n, const struct apply_meta *);
enum err	apply_history(struct apply_txn *);
enum err	apply_answers(struct apply_txn *, const struct apply_meta *);
enum err	apply_offers(struct apply_txn *, const struct apply_meta *);

/* Compute the daily totals again from the rows. */
enum err	apply_rebuild_days(struct apply_table *);
/*
 * Compute again what an older build or another zone derived from the rows:
 * folded texts (${texts}), or the moments at which dates begin and the daily
 * totals (${dates}); and the orderings by them.  No row shows a difference.
 */
enum err	apply_renew(struct apply_table *, bool texts, bool dates);

/* apply/settings.c */
/* Write the head, and a note that all derived data is right for its generation; the summary's body. */
enum err	apply_put_head(struct apply_txn *);
enum err	apply_put_body(struct apply_table *);
/* Compare a text in meta that the summary uses; *differs: the stored one is another, or missing. */
enum err	apply_text_differs(struct apply_txn *, const char *name, struct str text, bool *differs);
/*
 * Bring what depends on settings up to date in all tables, and (${opening}) what another
 * build or another zone made.  If readers see a difference (*newer), it is a generation of
 * its own, with t->log as its entry.
 */
enum err	apply_use_settings(struct apply_txn *, const struct config *, bool opening, bool *newer);

/* Append ${text} in the form in which it is searched and sorted. */
enum err	apply_fold(struct buf *, struct str text);

/* Does this field differ between old and now (or has the row come or gone)? */
bool	apply_field_changed(const struct apply_table *, const struct apply_item *, unsigned field);

/* Row order of items, for qsort. */
int	apply_item_cmp(const void *, const void *);

enum err	apply_put(struct db_txn *, db_id, struct str key, const void *bytes, size_t len);

#endif
