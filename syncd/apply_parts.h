#ifndef SYNCD_APPLY_PARTS_H
#define SYNCD_APPLY_PARTS_H

#include "common/columns.h"
#include "common/store_keys.h"
#include "syncd/apply.h"

/*
 * The parts of one commit; included by apply*.c only.
 *
 * First comes the plan: all changes against the store as it was.  Then the
 * parts write, in an order that lets each of them still read what it needs
 * as it was: orderings (need old columns and rows), totals, columns, rows,
 * change log, head.  What was read before the transaction's first write
 * lies on pages that LMDB neither changes nor reuses before the commit, so
 * pointers into the map stay good throughout.
 */
struct apply_item {
	uint32_t	row;
	bool		existed;	/* the row was in use before */
	bool		gone;		/* and is no more after */
	struct record	old;		/* as stored before; strings in the map */
	struct record	now;		/* all fields; strings in the map or the caller's */
	struct str	folded[SCHEMA_FIELDS_MAX];	/* of now's texts */
	uint8_t		code[SCHEMA_FIELDS_MAX];	/* of now's selects */
};

/* A hash table of item numbers. */
struct apply_index {
	uint32_t	*slots;		/* item + 1; 0: free */
	size_t		 mask;
};

struct apply_txn {
	MDB_txn			*txn;
	const struct store_dbs	*dbs;
	const struct schema	*schema;
	struct store_head	 head;		/* as it was, then as it will be */
	uint32_t		 rows_end_before;
	int64_t			 now_ms;
	struct apply_item	*items;		/* sorted by row when planned */
	size_t			 count;
	struct apply_index	 by_id;		/* while planning */
	struct apply_index	 by_row;	/* afterwards */
	struct buf		 further[SCHEMA_FIELDS_MAX];	/* options beyond the schema's */
	bool			 further_new[SCHEMA_FIELDS_MAX];
	struct apply_result	 result;
	enum change_source	 source;
	struct apply_arena	*arena;		/* folded texts */
};

/* All return LMDB codes; ENOMEM among them. */
int	apply_plan(struct apply_txn *, const struct change *, size_t n);
void	apply_plan_free(struct apply_txn *);
/* The item of a row, or NULL. */
struct apply_item *apply_item_of_row(const struct apply_txn *, uint32_t row);

int	apply_orderings(struct apply_txn *);
int	apply_totals(struct apply_txn *);
int	apply_columns(struct apply_txn *);
int	apply_rows(struct apply_txn *);
int	apply_log(struct apply_txn *, uint64_t keep);

/* Daily totals anew, from the day field's column, after the zone has changed. */
int	apply_rebuild_days(struct apply_txn *);

/* Does this field differ between old and now (or has the row come or gone)? */
bool	apply_field_changed(const struct apply_txn *, const struct apply_item *, unsigned field);

/* Row order of items, for qsort. */
int	apply_item_cmp(const void *, const void *);

int	apply_put(MDB_txn *, MDB_dbi, MDB_val key, const void *bytes, size_t len);

#endif
