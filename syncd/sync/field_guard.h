#ifndef SYNCD_SYNC_FIELD_GUARD_H
#define SYNCD_SYNC_FIELD_GUARD_H

#include "common/tables/schema.h"

/*
 * Has a field as a whole gone bad?  Counts, over all records of a listing, what has
 * become of the cells for which the store has a value.  People who empty cells mean
 * it.  A field that got another type, a formula that broke or a column that is not
 * sent any more does not mean that the values are to go.  So the field is held, that
 * is, keeps its stored values, when of its cells that had a value
 *
 *	most are not understood or are formula errors, or
 *	all are gone, and no record has a value in this field.
 *
 * Up to FIELD_GUARD_FEW cells never count as a whole field, except not understood ones
 * or formula errors in most of the table.
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

/* Count a record: Airtable has ${now}, the store ${stored} (NULL: no such row). */
void		field_guard_note(struct field_guard *, const struct schema *,
		    const struct record *stored, const struct record *now);
/* The fields to be held, as bits. */
uint32_t	field_guard_held(const struct field_guard *, const struct schema *);
/* What is wrong with the held fields, and what to do, for people. */
void		field_guard_explain(const struct field_guard *, const struct schema *, uint32_t held,
		    char *text, size_t size);

#endif
