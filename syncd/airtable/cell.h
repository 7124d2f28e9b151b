#ifndef SYNCD_AIRTABLE_CELL_H
#define SYNCD_AIRTABLE_CELL_H

#include <cjson/cJSON.h>

#include "common/tables/schema.h"

/*
 * One cell as Airtable sends it -> a value.  A field may be of more kinds in
 * Airtable than we have: what a cell comes down to is what the grid shows of it.
 *
 *	a list of one		its element
 *	a list of several	their texts, joined by ", "; nothing else can be made of them
 *	an object		its text: a barcode's, an option's or collaborator's name, what an
 *				AI wrote, a button's label, a file's name
 *	{"error":..}, {"specialValue":..}	an error of the field's formula: empty
 *	ids of linked records	not understood: they are not what people see
 *
 * Money that is written as text has to be a plain number ("12.50"): what "1,234"
 * is nobody can tell.
 */
enum cell_sense {
	CELL_UNDERSTOOD,	/* empty, too */
	CELL_FAILED,		/* an error of the field's formula; taken as empty */
	CELL_ODD		/* not understood; taken as empty */
};

/* Texts that are joined take no more than the bytes of their JSON times this. */
#define CELL_TEXT_FACTOR	4
/* Bytes that a number or a bool takes as text. */
#define CELL_NUMBER_TEXT	32

/*
 * Text is kept at *text, which is moved on.  Unless it was understood, *v is
 * empty and *problem says why, as a literal.
 */
enum cell_sense	airtable_cell_read(enum field_kind, const cJSON *cell, char **text, struct value *v,
		    const char **problem);
/* The beginning of what came, as JSON: whole characters of UTF-8. */
void		airtable_cell_show(const cJSON *cell, char *out, size_t size);

#endif
