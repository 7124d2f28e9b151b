#ifndef SYNCD_VERIFY_VERIFY_H
#define SYNCD_VERIFY_VERIFY_H

#include "common/store/store.h"

/*
 * Is the store what it should be?  Everything it keeps beside its rows is
 * worked out again from the rows alone and compared: ids, business ids, free
 * numbers, columns, orderings, totals, the summary's body; then what is kept
 * of writes: pending changes against the outbox, kept answers against when
 * they end, every order's history from entry to entry and its end against
 * the row, the audit log and the bulk edits against the history.
 *
 * It reads only, trusts no length it finds, and goes on after a fault.
 */

/* The first faults of each kind that are told; the rest is counted. */
#define VERIFY_TOLD	10

/*
 * One fault: ${where} is its kind ("rows", "columns", "orderings", ...),
 * ${what} a phrase for people without a final dot.
 */
typedef void	 verify_tell(void *cookie, const char *where, const char *what);

struct verify_result {
	uint64_t	generation;
	uint32_t	rows;
	uint64_t	history;	/* entries looked at */
	uint64_t	outbox;
	size_t		faults;		/* told or not */
	uint64_t	*doubt;		/* NULL, or the caller's: rows / 64 + 1 words, bit set: see below */
};

/* A row is in doubt when its own bytes or its history contradict it. */
static inline bool
verify_doubts(const struct verify_result *r, uint32_t row)
{
	return r->doubt != NULL && (r->doubt[row / 64] >> (row % 64) & 1);
}

/*
 * Check the snapshot that ${st} is in.  Uses zone.h, as the daily totals are
 * those of the store's zone.  ERR_OK: it was looked through to its end, what
 * is wrong is in ${result}, whose doubt the caller has set; else it could
 * not be (ERR_NOMEM).
 */
enum err	 verify_store(struct store *st, verify_tell *, void *cookie, struct verify_result *);

#endif
