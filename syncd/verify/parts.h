#ifndef SYNCD_VERIFY_PARTS_H
#define SYNCD_VERIFY_PARTS_H

#include <cjson/cJSON.h>

#include "common/base/buf.h"
#include "common/store/columns.h"
#include "common/store/keys.h"
#include "common/store/options.h"
#include "common/store/orderings.h"
#include "common/store/revenue.h"
#include "syncd/verify/verify.h"

/* Between verify*.c. */
enum verify_kind {
	VERIFY_META, VERIFY_ROWS, VERIFY_IDS, VERIFY_COLUMNS, VERIFY_ORDERINGS, VERIFY_TOTALS,
	VERIFY_SUMMARY, VERIFY_CHANGES, VERIFY_OUTBOX, VERIFY_PENDING, VERIFY_ANSWERS,
	VERIFY_HISTORY, VERIFY_KINDS
};

/* A total as computed from the rows. */
struct tally {
	uint64_t	key;		/* 0: free place */
	int64_t		count;
	__int128	sum;
	bool		stored;		/* the store has one of this key */
};

/* One segment of every column; ptr NULL: it is missing or not sound, which has been reported. */
struct segments {
	struct str	field[SCHEMA_FIELDS_MAX];
	struct str	hash[SCHEMA_FIELDS_MAX];
	struct str	live;
};

struct verify {
	struct store		*st;
	struct db_txn		*txn;
	const struct store_dbs	*dbs;
	const struct schema	*schema;	/* the table that is looked at */
	verify_tell		*tell;
	void			*cookie;
	struct verify_result	*result;
	size_t			 faults[VERIFY_KINDS];
	enum err		 error;		/* ERR_OK, or why the check can't go on */
	uint32_t		 end;		/* row numbers are below this */
	uint64_t		*used;		/* bit: this row is in use and can be read */
	uint64_t		*seen;		/* for orderings */
	struct str		 further[SCHEMA_FIELDS_MAX];	/* select options */
	struct tally		*tallies;
	size_t			 tally_room, tally_count;
	struct str		 excluded;	/* which statuses bring no revenue */
	bool			 zoned;		/* the store's zone is in use */
	bool			 other_fold;	/* texts were folded by another build */
	struct buf		 folded, encoded;
};

/* Count a fault, and report it if it is among the first VERIFY_TOLD of its kind. */
void	verify_fault(struct verify *, enum verify_kind, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Report how many more there were of each kind. */
void	verify_tell_rest(struct verify *);
/* Mark the row as not to be trusted, if the caller asked for that. */
void	verify_doubt(struct verify *, uint32_t row);
/* How many entries a database has. */
size_t	verify_entries(struct verify *, db_id);
/* Walk along a database; a failure to read it, or to read on, is reported. */
void	verify_walk(struct verify *, struct db_cursor *, db_id);
void	verify_walk_end(struct verify *, struct db_cursor *);

static inline bool
verify_bit(const uint64_t *bits, uint32_t row)
{
	return bits[row / 64] >> (row % 64) & 1;
}

/* The parts, in this order. */
void	verify_rows(struct verify *);		/* rows, ids, free numbers; fills used */
void	verify_orderings(struct verify *);
void	verify_totals(struct verify *);		/* after verify_rows() has counted */
void	verify_writes(struct verify *);		/* outbox, pending, answers */
void	verify_history(struct verify *);

/* For verify_rows(): */
void	verify_segments_load(struct verify *, uint32_t segment, struct segments *);
void	verify_row_columns(struct verify *, const struct segments *, uint32_t row,
	    const struct record *);	/* NULL: not in use */
/* Count the row into every total that it belongs to. */
void	verify_tally(struct verify *, const struct record *);

#endif
