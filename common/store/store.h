#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/str.h"
#include "common/store/db.h"
#include "common/tables/tables.h"

/*
 * Reading the store: one LMDB environment per process, opened after any
 * fork, and one snapshot at a time per struct store (one per thread).  A
 * snapshot is one generation: all that is read in it is consistent.  Memory
 * that these functions hand out lies in the map and is valid until the
 * snapshot ends.
 */
struct store;

/*
 * Open the environment in folder ${path}, which holds these tables, for reading only.
 * ERR_STORE_UNAVAILABLE: there is none yet, or no permission (the log says
 * which).  ERR_STORE_VERSION: another format.
 */
enum err	 store_open(const char *path, const struct tables *, struct store **);
/* A second reader of the same environment, for another thread. */
enum err	 store_share(struct store *, struct store **);
/* A reader on the writer's own environment, which must outlive it (a process opens one only once). */
enum err	 store_attach(struct db *, const struct tables *, struct store **);
void		 store_close(struct store *);	/* NULL is allowed */

/* Begin a snapshot of the newest generation, ending any before it.  No malloc. */
enum err	 store_begin(struct store *);
void		 store_end(struct store *);	/* does nothing without a snapshot */
/*
 * Has nothing been committed since the last snapshot began?  Then what its head
 * says (generation and times, below) still holds, without another snapshot.
 */
bool		 store_unmoved(const struct store *);

/* Within a snapshot, of a table where one is named: */
uint64_t	 store_generation(const struct store *);
/* When the last complete sync ended (ms); 0: never, what is there is partial. */
int64_t		 store_synced_ms(const struct store *, const struct schema *);
/*
 * All that Airtable held at this moment (wall clock, ms) is in the snapshot; 0:
 * not known.  It lags some seconds behind when nothing else changes.
 */
int64_t		 store_fresh_ms(const struct store *, const struct schema *);
/* The last finished sync's progress document as JSON; len 0: none yet. */
struct str	 store_last_sync(struct store *);
/* Rows that are in use. */
uint32_t	 store_row_count(const struct store *, const struct schema *);
/* Row numbers in use are below this. */
uint32_t	 store_rows_end(const struct store *, const struct schema *);
/* The pages in use and the map, in bytes, for health and metrics. */
void		 store_space(struct store *, uint64_t *used_bytes, uint64_t *map_bytes);

/* One stored row. */
struct row_view {
	uint64_t	version;	/* generation of its last change */
	struct str	id;
	struct str	json;		/* the object exactly as the API sends it */
	const void	*values;	/* raw field values, for row_values() */
	size_t		values_len;
};

/* ERR_NOT_FOUND for a row number not in use. */
enum err	 store_row(struct store *, const struct schema *, uint32_t row, struct row_view *);
/*
 * Many at once (all must be in use): looks all of them up before it reads
 * any, so that the memory they lie in arrives meanwhile.
 */
enum err	 store_rows(struct store *, const struct schema *, const uint32_t *rows, size_t n,
		    struct row_view *);
/* By Airtable record id. */
enum err	 store_find_record(struct store *, const struct schema *, struct str id, uint32_t *row);
/*
 * By business id; ${matches} is how many rows carry it, ${rows} the first
 * ${max} of them.  ERR_NOT_FOUND when none.
 */
enum err	 store_find_key(struct store *, const struct schema *, struct str key, uint32_t *rows,
		    size_t max, size_t *matches);

/* For modules of common/ that read more (columns, orderings, query, summary): */
struct db_txn	*store_txn(struct store *);
const struct store_dbs	*store_databases(const struct store *);
const struct store_head	*store_head(const struct store *);
const struct tables	*store_tables(const struct store *);

#endif
