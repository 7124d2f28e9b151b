#ifndef COMMON_STORE_DB_H
#define COMMON_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/str.h"

/*
 * LMDB, and the one module that calls it: an environment (a file with many
 * databases), transactions, walks along keys.  keys.h says which databases
 * there are; their users say what they mean.
 *
 * Errors stick.  The first one of a transaction stays in its fault; from then
 * on whatever is read is absent, nothing is written, and db_commit() aborts
 * and returns it.  So a caller may look at each step, or once at the end.
 * An absent key is no error: a bool reports it.
 *
 * Pointers.  Keys and values that are handed out lie in the map and belong to
 * the transaction: they are valid until it ends or rests, and in a writing one
 * only until the next write to the same database.  (A value that was read
 * before the transaction's first write stays valid until its end, as LMDB
 * writes to other pages.)  Small values may lie unaligned.
 *
 * A process opens an environment once, after any fork.
 */
struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

/* What went wrong first. */
struct db_fault {
	enum err	error;		/* ERR_OK: nothing */
	int		cause;		/* an errno, or LMDB's own (below 0); 0: a caller's db_fail() */
};
/* A text for ${e}: that of the fault's cause if the fault is ${e}, else err_text(). */
const char	*db_fault_text(const struct db_fault *, enum err e);

/* ---- the environment --------------------------------------------------------- */
struct db {
	struct MDB_env	*env;		/* NULL: not open */
	struct db_fault	 fault;		/* of the last operation */
};

struct db_options {
	bool		read_only;
	bool		file;		/* ${path} is the data file itself, and there is no lock beside it */
	unsigned	max_dbs;	/* databases that may be opened */
	unsigned	max_readers;	/* 0: LMDB's own number */
	size_t		map_bytes;	/* 0: as it is */
	unsigned	mode;		/* rights of files that are made */
};

/*
 * ERR_STORE_CORRUPT, ERR_STORE_VERSION (another LMDB's), ERR_IO, ...; then it
 * is not open, and db->fault has the cause.
 */
enum err	 db_open(struct db *, const char *path, const struct db_options *);
void		 db_close(struct db *);		/* does nothing when it is not open */

/* Make the map as large as this.  The process must have no transaction open, here and below. */
enum err	 db_set_map(struct db *, size_t bytes);
/* Take over the size that another process has given the map. */
enum err	 db_follow_map(struct db *);
/* Give back the reader slots of processes that were killed; *n: how many. */
enum err	 db_drop_dead_readers(struct db *, unsigned *n);
/* Make sure that all commits are on the disk. */
enum err	 db_sync(struct db *);
/*
 * Copy the current state to ${fd}, from the file's beginning, without free
 * pages.  Others may write meanwhile.
 */
enum err	 db_copy(struct db *, int fd);

struct db_space {
	size_t		page_bytes;
	uint64_t	pages;		/* used, free ones among them included */
	uint64_t	map_bytes;
	unsigned	readers;	/* the most slots that were ever in use at once */
	unsigned	readers_max;
	uint64_t	oldest;		/* id of the oldest snapshot in use; 0: none is */
};
/* Zeros when LMDB does not say. */
void		 db_space(const struct db *, struct db_space *);
/* The id of the newest commit; 0: not known. */
uint64_t	 db_newest(const struct db *);
const char	*db_path(const struct db *);
/* The data file's descriptor, LMDB's own; -1: not known. */
int		 db_fd(const struct db *);

/* ---- transactions ------------------------------------------------------------ */
struct db_txn {
	struct db	*db;
	struct MDB_txn	*txn;		/* NULL: none */
	struct db_fault	 fault;
	bool		 told;		/* db_tell() has logged it */
};

/*
 * Begin one in a struct that is zeroed or was ended.  To read, it may also be
 * one that rests, which costs no memory and keeps its reader slot.  When all
 * slots are taken, those of dead processes are given back first; if none was,
 * ERR_STORE_READERS.
 */
enum err	 db_begin(struct db *, struct db_txn *, bool write);
/* Has it failed because another process has made the map larger (db_follow_map())? */
bool		 db_map_moved(const struct db_txn *);
/* End a snapshot, keep its slot. */
void		 db_rest(struct db_txn *);
/* All or nothing: the fault, if there is one. */
enum err	 db_commit(struct db_txn *);
void		 db_abort(struct db_txn *);	/* does nothing when there is none */
/* Which state it sees; each commit makes another. */
uint64_t	 db_txn_id(const struct db_txn *);

/* Record a fault that the caller found: ${e} sticks, unless there is one already.  Returns ${e}. */
enum err	 db_fail(struct db_txn *, enum err e);
/* Forget the fault, to go on looking for damage after it. */
void		 db_forgive(struct db_txn *);
/* Why something was absent: ERR_NOT_FOUND, or the fault that kept it from being read. */
enum err	 db_absent(const struct db_txn *);
/* The same for something that has to be there: without it the store is damaged. */
static inline enum err
db_needed(enum err e)
{
	return e == ERR_NOT_FOUND ? ERR_STORE_CORRUPT : e;
}
/*
 * Log that ${what} failed, once for each fault, and return ${e}; ERR_OK logs
 * nothing.  ERR_NOT_FOUND is ERR_STORE_CORRUPT here: ${what} has to be there.
 */
enum err	 db_tell(struct db_txn *, const char *what, enum err e);
/* db_absent(); a fault that kept ${what} from being read is logged. */
enum err	 db_tell_absent(struct db_txn *, const char *what);

/* ---- databases ---------------------------------------------------------------- */
typedef unsigned db_id;		/* LMDB's number of a database */

enum db_kind {
	DB_BYTES,		/* keys by their bytes */
	DB_INTEGERS,		/* u32 or u64 keys, the machine's own, by number */
	DB_PAIRS		/* keys by their bytes, each with many u32 values, by number */
};
/* Open the database of this name.  false: there is none and ${create} is false, or a fault. */
bool		 db_handle(struct db_txn *, const char *name, enum db_kind, bool create, db_id *);

bool		 db_get(struct db_txn *, db_id, struct str key, struct str *value);
static inline bool
db_has(struct db_txn *t, db_id dbi, struct str key)
{
	struct str ignored;

	return db_get(t, dbi, key, &ignored);
}
/* How many entries there are; pairs count each. */
size_t		 db_count(struct db_txn *, db_id);
/* Pages of the file that hold nothing. */
uint64_t	 db_free_pages(struct db_txn *);

/* These return the transaction's fault. */
enum err	 db_put(struct db_txn *, db_id, struct str key, struct str value);
/* The key must be new, else ERR_INTERNAL. */
enum err	 db_put_new(struct db_txn *, db_id, struct str key, struct str value);
/* Room for a value that the caller fills in at once, before any other write; NULL: a fault. */
void		*db_reserve(struct db_txn *, db_id, struct str key, size_t len);
/* The same for a key after all existing ones, which costs less. */
void		*db_reserve_last(struct db_txn *, db_id, struct str key, size_t len);
/* The key must be there, else ERR_STORE_CORRUPT. */
enum err	 db_del(struct db_txn *, db_id, struct str key);
/* The same for a key that may be absent. */
enum err	 db_drop(struct db_txn *, db_id, struct str key);
/*
 * One pair of a DB_PAIRS.  To put it, it must be new, else ERR_INTERNAL; to
 * delete it, it must be there, else ERR_STORE_CORRUPT.
 */
enum err	 db_put_pair(struct db_txn *, db_id, struct str key, struct str value);
enum err	 db_del_pair(struct db_txn *, db_id, struct str key, struct str value);
bool		 db_has_pair(struct db_txn *, db_id, struct str key, struct str value);

/* Delete all keys from ${from} on that are below ${below}. */
enum err	 db_del_range(struct db_txn *, db_id, struct str from, struct str below);
/*
 * Delete entries from the first on until ${keep} returns true for one, ${most}
 * of them at most.  ${keep} may write to other databases.
 */
typedef bool	 db_keep(void *cookie, struct str key, struct str value);
enum err	 db_trim(struct db_txn *, db_id, size_t most, db_keep *keep, void *cookie);

/* ---- walks --------------------------------------------------------------------- */
/*
 *	for (db_walk(&c, t, dbi); c.found; db_next(&c))
 *		... c.key, c.value ...
 *	db_walk_end(&c);
 *
 * A walk that meets a fault ends.  Only db_walk_del() may delete the entry at
 * which it stands; db_next() then goes to the one after it.
 */
struct db_cursor {
	struct db_txn		*txn;
	struct MDB_cursor	*cursor;
	int			 step;		/* LMDB's op of db_next() */
	struct str		 prefix;	/* of the keys to walk along */
	bool			 found;
	struct str		 key, value;
};

/* All entries; those from a key on; those whose keys begin with ${prefix}, which is not copied. */
void		 db_walk(struct db_cursor *, struct db_txn *, db_id);
void		 db_walk_from(struct db_cursor *, struct db_txn *, db_id, struct str from);
void		 db_walk_prefix(struct db_cursor *, struct db_txn *, db_id, struct str prefix);
/* The same backwards, from the last one before ${before} on. */
void		 db_walk_back(struct db_cursor *, struct db_txn *, db_id, struct str before,
		    struct str prefix);
/* The values of one key of a DB_PAIRS. */
void		 db_walk_pairs(struct db_cursor *, struct db_txn *, db_id, struct str key);
void		 db_next(struct db_cursor *);
enum err	 db_walk_del(struct db_cursor *);
void		 db_walk_end(struct db_cursor *);

#endif
