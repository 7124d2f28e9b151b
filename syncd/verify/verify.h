#ifndef SYNCD_VERIFY_VERIFY_H
#define SYNCD_VERIFY_VERIFY_H

#include "common/store/store.h"

/*
 * Is the store what it should be?  Everything derived from the rows is
 * computed again from the rows alone and compared: ids, business ids, free
 * numbers, columns, orderings, totals, the summary's body.  Then come the
 * writes: pending changes against the outbox, kept answers against the times
 * at which they end, every order's history from entry to entry and its end
 * against the row, the audit log and the bulk edits against the history.
 *
 * It only reads, trusts no length it finds, and goes on after a fault.
 */

/* How many faults of each kind are reported; further ones are only counted. */
#define VERIFY_TOLD	10

/*
 * One fault: ${where} is its kind ("rows", "columns", "orderings", ...),
 * ${what} a phrase for people without a final dot.
 */
typedef void	 verify_tell(void *cookie, const char *where, const char *what);

struct verify_result {
	uint64_t	generation;
	uint32_t	rows;		/* of all tables */
	uint64_t	history;	/* entries looked at */
	uint64_t	outbox;
	size_t		faults;		/* reported or not */
	uint64_t	*doubt[TABLES_MAX];	/* by table's number: NULL, or the caller's: rows / 64 + 1 words, see below */
};

/* A row is in doubt when its own bytes or its history contradict it. */
static inline bool
verify_doubts(const struct verify_result *r, const struct schema *s, uint32_t row)
{
	const uint64_t *bits = r->doubt[s->number];

	return bits != NULL && (bits[row / 64] >> (row % 64) & 1);
}

/*
 * Check the snapshot that ${st} is in, with all its tables.  Uses zone.h, as the daily
 * totals are those of the store's zone.  The caller sets ${result}'s doubt.  ERR_OK: the
 * check went through to the end, and ${result} says what is wrong; otherwise
 * it could not (ERR_NOMEM).
 */
enum err	 verify_store(struct store *st, verify_tell *, void *cookie, struct verify_result *);

#endif
