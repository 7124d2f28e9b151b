#ifndef COMMON_STORE_ORDERINGS_H
#define COMMON_STORE_ORDERINGS_H

#include <stdint.h>

#include "common/store/columns.h"
#include "common/store/keys.h"
#include "common/tables/schema.h"

/*
 * Row numbers in sort order, one sequence for each field and direction.
 * Both directions are kept because ties go by record id, ascending, in
 * both, and empty values come last in both: one is not the other reversed.
 *
 * A sequence is cut into chunks.  Its directory (chunk 0) is
 *	u32 count of entries; u32 next unused chunk number;
 *	entries of { u32 chunk; u32 start }, start being the position of the
 *	chunk's first row in the sequence
 * and a chunk is a plain array of u32 row numbers, never empty.  A page is
 * a binary search in the directory and a slice, whatever its number.
 */
#define ORDERING_CHUNK_MAX	1016u	/* rows; one LMDB overflow page */
#define ORDERING_TEXT_MAX	128u	/* bytes of folded text that count for sorting */

struct ordering {
	struct db_txn	*txn;
	db_id		 dbi;
	unsigned	 field;
	bool		 descending;
	uint32_t	 count;		/* rows in the sequence */
	uint32_t	 chunks;
	const char	*entries;	/* of the directory, unaligned */
	/* the chunk last looked at */
	uint32_t	 chunk_index;	/* UINT32_MAX: none */
	uint32_t	 chunk_start;
	struct str	 chunk;
};

/* A sequence that does not exist yet has no rows. */
enum err	ordering_open(struct ordering *, struct db_txn *, db_id orderings, unsigned field,
	    bool descending, uint32_t rows);
/* The row at a position < count. */
enum err	ordering_row(struct ordering *, uint32_t position, uint32_t *row);
/*
 * The rows from ${position} on that lie together: *rows (unaligned u32s, see
 * load_u32()) and how many.
 */
enum err	ordering_run(struct ordering *, uint32_t position, const char **rows, uint32_t *n);

/* What a row is sorted by. */
struct sort_key {
	bool		present;
	int64_t		number;		/* or the option's code */
	struct str	text;		/* folded, cut to ORDERING_TEXT_MAX */
	struct str	id;		/* record id: ties */
};

/* Order of two keys without their ids: < 0, 0, > 0.  Empty is last in both directions. */
int	sort_key_cmp(const struct sort_key *, const struct sort_key *, bool descending);

/* How the search below learns a row's key; ids may be left out unless ${with_id}. */
typedef enum err sort_key_fetch(void *cookie, uint32_t row, bool with_id, struct sort_key *);

/*
 * The first position whose row sorts after ${key} (by id when equal); equal
 * ids count as after when ${inclusive}.
 */
enum err	ordering_search(struct ordering *, const struct sort_key *key, bool inclusive,
	    sort_key_fetch *, void *cookie, uint32_t *position);

/* The key at entry ${i} of a column's segment; id is left empty. */
void	sort_key_from_column(enum field_kind, struct str segment, size_t i, struct sort_key *);

/* A row's key as the store's columns have it; id is left empty. */
enum err	sort_key_load(struct db_txn *, db_id columns, const struct schema *, unsigned field,
	    uint32_t row, struct sort_key *);

#endif
