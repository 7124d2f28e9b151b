#ifndef SYNCD_SYNC_FIELD_GUARD_H
#define SYNCD_SYNC_FIELD_GUARD_H

#include "common/tables/schema.h"

/*
 * Has a field as a whole gone bad?  Counts, over all records that were looked at, what
 * has become of the cells for which the store has a value.  Somebody who empties
 * cells means it; a field that became another type, a formula that was broken
 * and a column that is not told any more are no instruction: the field is held, that is
 * what was there stays, when of its cells that had a value
 *
 *	most are not understood or are errors of the formula, or
 *	none is left, and no record has any.
 *
 * A few cells (FIELD_GUARD_FEW) are never a whole field, unless they are most of the table.
 */
#define FIELD_GUARD_FEW	10

struct field_guard {
	uint64_t	records;
	struct {
		uint64_t	present;	/* understood, whether or not there was a value before */
		/* of those that had a value */
		uint64_t	kept, odd, failed, emptied;
	}		fields[SCHEMA_FIELDS_MAX];
};

/* Airtable has ${now}, the store ${stored} (NULL: no such row). */
void		field_guard_note(struct field_guard *, const struct schema *,
		    const struct record *stored, const struct record *now);
/* The fields to be held, as bits. */
uint32_t	field_guard_held(const struct field_guard *, const struct schema *);
/* What is wrong with the held ones, and what to do, for people. */
void		field_guard_explain(const struct field_guard *, const struct schema *, uint32_t held,
		    char *text, size_t size);

#endif
