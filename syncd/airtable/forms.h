#ifndef SYNCD_AIRTABLE_FORMS_H
#define SYNCD_AIRTABLE_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/config/config.h"
#include "common/tables/schema.h"

/*
 * In which form Airtable takes a value, by the type that the field has there.  One
 * value in a wrong form makes Airtable refuse the whole call, with a message that
 * names neither the setting nor the fault.
 */
enum field_form {
	FORM_NOT_KNOWN,		/* written by the kind of our field; Airtable may refuse it */
	FORM_TEXT,		/* a text; a single select's option is its name */
	FORM_SEVERAL,		/* a list of the names of options */
	FORM_NUMBER,
	FORM_BARCODE,		/* an object with a text */
	FORM_NONE		/* the desk can't write to it */
};

#define FORM_TYPE_SIZE	32	/* of a type's name, with the NUL; longer ones are cut */

struct airtable_form {
	enum field_form	form;
	char		type[FORM_TYPE_SIZE];	/* Airtable's word for it; "": not known */
	struct buf	names;			/* FORM_SEVERAL: the options, each ended by a NUL */
};

struct airtable_forms {
	struct airtable_form	field[SCHEMA_FIELDS_MAX];
};

enum field_form	airtable_form_of(const char *type);
/* ${names} are copied.  false: out of memory, and the field's form is not known. */
bool		airtable_forms_set(struct airtable_forms *, size_t field, const char *type,
		    struct str names);
void		airtable_forms_clear(struct airtable_forms *);

/*
 * Can the known fields of the record be written as they are?  If not, ${why} names
 * the setting, what is wrong and what to do.
 */
bool		airtable_forms_fit(const struct airtable_forms *, const struct config *,
		    const struct schema *, const struct record *, char *why, size_t size);

/*
 * The JSON of a value that fits.  An instant that is out of range makes the
 * buffer fail with ERR_INVALID_PARAMETER.
 */
void		airtable_form_add(const struct airtable_form *, struct buf *, const struct field *,
		    const struct value *);

#endif
