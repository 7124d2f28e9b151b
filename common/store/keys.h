#ifndef COMMON_STORE_KEYS_H
#define COMMON_STORE_KEYS_H

#include <stdint.h>
#include <string.h>

#include "common/base/str.h"
#include "common/store/db.h"
#include "common/tables/tables.h"

/*
 * The databases of the environment and the bytes of every key and fixed
 * value.  Integers are the machine's own (little-endian; another byte order
 * fails the format check).  Small values may lie unaligned in the map: read
 * them with memcpy or load_u32().
 *
 * The many values of a kind share one database with a composite key, rather
 * than a database for each field: LMDB looks up the root of every database
 * that a transaction touches, and a read touches many fields.
 */
#define STORE_FORMAT		4u		/* raise when any layout below changes */
#define STORE_MIGRATED		3u		/* what syncd brings to STORE_FORMAT when it starts */
/*
 * A new store's generation starts at the milliseconds since this time, so that
 * a store made again never repeats a generation of the one before: versions
 * and ETags that clients kept from that match nothing.  No store commits a
 * thousand times a second for long.
 */
#define STORE_EPOCH_MS		INT64_C(1767225600000)	/* 2026-01-01T00:00:00Z */
#define STORE_MAX_READERS	1024

#define TABLE_DBS		7	/* databases of a table */

struct table_dbs {
	db_id	ids;		/* record id -> u32 row number */
	db_id	keys;		/* business id, cut -> u32 row numbers (dupsort) */
	db_id	rows;		/* u32 row / ROW_BLOCK -> row.h */
	db_id	free;		/* u32 row not in use below rows_end -> nothing */
	db_id	columns;	/* column_key() -> columns.h */
	db_id	orderings;	/* ordering_key() -> orderings.h */
	db_id	totals;		/* total_key() -> struct total, summary bodies */
};

struct store_dbs {
	db_id			meta;		/* text names -> below */
	db_id			changes;	/* u64 generation -> change_log.h */
	db_id			outbox;		/* u64 sequence -> outbox.c */
	db_id			pending;	/* pending_key() -> struct pending_head ... */
	db_id			answers;	/* Idempotency-Key -> struct answer_head, body */
	db_id			answers_due;	/* answers_due_key() -> nothing */
	db_id			history;	/* history_key() -> history.h, JSON */
	db_id			audit;		/* place_key() -> struct audit_head, record id */
	db_id			bulks;		/* bulk_key() -> u32 table, record id */
	struct table_dbs	table[TABLES_MAX];	/* by number; of those that the store holds */
};

/* Those of one table. */
static inline const struct table_dbs *
store_table(const struct store_dbs *d, const struct schema *s)
{
	return &d->table[s->number];
}

/* How many databases a store with these tables has at most. */
static inline unsigned
store_max_dbs(const struct tables *t)
{
	return 16 + (unsigned)t->count * TABLE_DBS;
}

/* Open all databases, creating them when ${create}.  ERR_NOT_FOUND: one is missing. */
enum err	store_keys_open(struct db_txn *, const struct tables *, bool create, struct store_dbs *);

/* meta "head": what every reader needs, in one value. */
#define META_HEAD	"head"
struct table_head {
	uint32_t	rows_live;	/* rows in use */
	uint32_t	rows_end;	/* row numbers in use are below this */
	uint32_t	pending;	/* see outbox_pending() */
	uint32_t	unused;
	int64_t		synced_ms;	/* 0: no sync was ever complete */
	int64_t		fresh_ms;	/* all that Airtable had then is in here; 0: not known */
};

struct store_head {
	uint32_t		format;		/* STORE_FORMAT */
	uint32_t		tables;		/* the stored value ends with the table before this one */
	uint64_t		generation;
	struct table_head	table[TABLES_MAX];	/* by number */
};
/* meta, other names */
#define META_LAST_SYNC	"lastSync"	/* progress document of the last run, JSON */
#define META_ZONE	"zone"		/* IANA name the daily totals were made with */
#define META_FOLD	"fold"		/* u32: FOLD_VERSION of the texts in columns; absent: 1 */
#define META_EXCLUDED	"excluded"	/* which options bring no revenue, see revenue.h */
#define META_MONEY	"money"		/* what the base says about amounts, see currency.h; absent: not known */
#define META_CURRENCY	"currency"	/* symbol to use where the base has none, see currency.h */
#define META_DERIVED	"derived"	/* u64: the generation for which all that is derived from the rows is right;
					   other than the head's: an older build, which derived less, wrote last */
#define META_BIRTH	"birth"		/* u64: the generation that the store began with */
#define META_SEQUENCE	"sequence"	/* u64: outbox sequence numbers in use are below this */
#define META_FEED	"feed"		/* where the feed of changes is, JSON, see syncd/feed/state.h */
#define META_CALLS	"calls"		/* the month's calls to Airtable, see syncd/calls/budget.h */
/* meta "options.<table>.<index of field>": further select options, see options.h */
#define META_OPTIONS	"options."
/* meta "offered.<table>.<index of field>": what Airtable offers for it, see options.h */
#define META_OFFERED	"offered."
/* meta "several.<table>.<index of field>": the field takes several of them at a time; a byte */
#define META_SEVERAL	"several."
/* The name of such a value of a field. */
#define META_NAME_SIZE	32
void	meta_field_name(char name[static META_NAME_SIZE], const char *prefix, const struct schema *,
	    unsigned field);

/* The meta value of this name; false, and len 0: there is none, or the transaction has a fault. */
bool	meta_get(struct db_txn *, db_id meta, const char *name, struct str *value);
/*
 * The head; if its format is not STORE_FORMAT, only the format is read.
 * ERR_NOT_FOUND: the store is not made yet.
 */
enum err	meta_head(struct db_txn *, db_id meta, struct store_head *);
/* The head as it is stored: tables that never had anything at its end are left out. */
struct str	meta_head_bytes(struct store_head *);

/*
 * Keys of the outbox's bookkeeping and of the history, composed into one
 * struct: numbers are big-endian, so that LMDB's order of bytes is theirs.
 */
#define STORE_KEY_MAX	511		/* LMDB's own limit */
struct store_key {
	size_t		len;
	unsigned char	bytes[STORE_KEY_MAX];
};

#define PLACE_BYTES	12		/* u64 generation, u32 index */

void	place_key(struct store_key *, uint64_t generation, uint32_t index);
/* All keys of a record: its table's number, its id, a NUL, then the place.  The id is at most KEY_TEXT_MAX bytes. */
void	history_key(struct store_key *, unsigned table, struct str id, uint64_t generation,
	    uint32_t index);
/* Of such a key: the table, NULL when it is no key of one of these; the record's id. */
const struct schema	*history_key_table(const struct tables *, struct str key);
struct str	history_key_record(struct str key);
void	bulk_key(struct store_key *, uint64_t bulk, uint64_t generation, uint32_t index);
/* When a kept answer is looked at again, and its key of at most 255 bytes. */
void	answers_due_key(struct store_key *, int64_t due_ms, struct str key);
/*
 * Where a row's pending changes are: its table's number, then its record id, or, not yet
 * created, "+" and the entry's sequence.
 */
void	pending_key(struct store_key *, unsigned table, struct str id, uint64_t sequence);
/* The table of a pending_key(), and what follows its number; NULL: it is none of these tables. */
const struct schema	*pending_key_table(const struct tables *, struct str key, struct str *rest);
/* The place in the last PLACE_BYTES of a key. */
void	place_of_key(struct str key, uint64_t *generation, uint32_t *index);

/* Value of pending, followed by the sequences (u64 each, ascending) and the overlay's JSON. */
struct pending_head {
	uint64_t	since;		/* generation at which readers began to see this */
	uint32_t	count;		/* of sequences */
	uint32_t	json_len;	/* 0: there is no such row (any more) */
};

/* Value of answers, followed by the body. */
struct answer_head {
	int64_t		at_ms;
	int64_t		due_ms;		/* its answers_due_key() */
	uint64_t	fingerprint[2];
	uint64_t	first;
	uint32_t	count;
	uint32_t	unused;
};

/* Value of audit, followed by the record id. */
struct audit_head {
	int64_t		at_ms;
	uint64_t	bulk;		/* 0: none */
	uint32_t	table;
	uint32_t	unused;
};

static inline struct str
key_composed(const struct store_key *k)
{
	return (struct str){ (const char *)k->bytes, k->len };
}

static inline struct str
key_u32(const uint32_t *k)
{
	return (struct str){ (const char *)k, sizeof(*k) };
}

static inline struct str
key_u64(const uint64_t *k)
{
	return (struct str){ (const char *)k, sizeof(*k) };
}

static inline uint32_t
load_u32(const void *p, size_t index)
{
	uint32_t v;

	memcpy(&v, (const char *)p + index * sizeof(v), sizeof(v));
	return v;
}

/* Business ids too long for an LMDB key are cut; the row itself decides about a match. */
#define KEY_TEXT_MAX	400

static inline struct str
key_business(struct str s)
{
	if (s.len > KEY_TEXT_MAX)
		s.len = KEY_TEXT_MAX;
	return s;
}

#define COLUMN_LIVE	255u	/* in place of a field: which rows are in use */
#define COLUMN_HASH	128u	/* added to a field: hashes of its texts */

static inline uint64_t
column_key(unsigned field, uint32_t segment)
{
	return (uint64_t)field << 32 | segment;
}

/* Chunk 0 is the directory. */
static inline uint64_t
ordering_key(unsigned field, int descending, uint32_t chunk)
{
	return (uint64_t)(field * 2 + (descending ? 1 : 0)) << 32 | chunk;
}

enum total_kind {
	TOTAL_ALL = 1,
	TOTAL_OPTION,	/* rows by a select field's code; code 0: empty */
	TOTAL_DAY,	/* rows by calendar day of the schema's day field */
	TOTAL_BODY,	/* the summary as a finished body, see summary.c */
	TOTAL_DAY_OUT	/* the rows of a day that bring no revenue, see revenue.h */
};

static inline uint64_t
total_key(enum total_kind kind, unsigned field, uint32_t which)
{
	return (uint64_t)kind << 56 | (uint64_t)field << 40 | which;
}

/* Days before 1970 sort before later ones. */
static inline uint32_t
total_day(int32_t day)
{
	return (uint32_t)day + 0x80000000u;
}

struct total {
	int64_t		count;
	uint64_t	sum_low;	/* 128-bit sum of money, two's complement */
	int64_t		sum_high;
};

static inline __int128
total_sum(const struct total *t)
{
	return (__int128)((unsigned __int128)(uint64_t)t->sum_high << 64 | t->sum_low);
}

static inline void
total_set_sum(struct total *t, __int128 sum)
{
	t->sum_low = (uint64_t)(unsigned __int128)sum;
	t->sum_high = (int64_t)(uint64_t)((unsigned __int128)sum >> 64);
}

#endif
