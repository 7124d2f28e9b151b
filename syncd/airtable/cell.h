#ifndef SYNCD_AIRTABLE_CELL_H
#define SYNCD_AIRTABLE_CELL_H

#include <cjson/cJSON.h>

#include "common/tables/schema.h"

/*
 * One cell as Airtable sends it -> a value.  Airtable has more types of fields than
 * we have kinds: a cell becomes what Airtable's grid shows of it.
 *
 *	a list of one		its element
 *	a list of several	their texts, joined by ", "; for money and instants not understood
 *	an object		its text: a barcode's, an option's or collaborator's name, an AI
 *				field's text, a button's label, a file's name
 *	{"error":..}, {"specialValue":..}	an error of the field's formula: empty
 *	ids of linked records	not understood: they are not what people see
 *
 * Numbers that come as text have to be plain ("12.50"): "1,234" is ambiguous.
 * Money is rounded to its four decimals; another number with more decimals than
 * its kind has is not understood.  A box that is not ticked is false.
 */
enum cell_sense {
	CELL_UNDERSTOOD,	/* or empty */
	CELL_FAILED,		/* an error of the field's formula; taken as empty */
	CELL_ODD		/* not understood; taken as empty */
};

/* Joined texts take at most this many times the bytes of their JSON. */
#define CELL_TEXT_FACTOR	4
/* Bytes that a number or a bool takes as text, at most. */
#define CELL_NUMBER_TEXT	32

/*
 * Text is written to *text, which is moved behind it.  Unless the cell was
 * understood, *v is empty and *problem, a literal, says why.
 */
enum cell_sense	airtable_cell_read(enum field_kind, const cJSON *cell, char **text, struct value *v,
		    const char **problem);
/* The beginning of the cell, as JSON, cut between characters of UTF-8. */
void		airtable_cell_show(const cJSON *cell, char *out, size_t size);

#endif
