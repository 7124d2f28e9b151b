#ifndef SYNCD_AIRTABLE_KEYS_H
#define SYNCD_AIRTABLE_KEYS_H

#include "common/base/err.h"
#include "common/base/str.h"
#include "common/config/config.h"
#include "common/tables/schema.h"

#define AIRTABLE_KEY_MAX	128	/* with the NUL */
#define AIRTABLE_ID_MAX		31	/* characters of any id, all of them among these: */
#define AIRTABLE_ID_CHARACTERS	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Is the field that airtable.create_key names fit for our key of a created order? */
enum airtable_key {
	AIRTABLE_KEY_NOT_KNOWN, AIRTABLE_KEY_FIT, AIRTABLE_KEY_MISSING, AIRTABLE_KEY_UNFIT
};
#define AIRTABLE_KEY_TYPE_SIZE	32	/* of a field's type, as Airtable calls it */

/*
 * What the fields of the schema are called in Airtable: by name, or by id
 * (fld...), which survives renames.  Airtable keys an answer by names or, if
 * asked to, by ids, but never by both.  So as soon as one field is configured by
 * id, all answers are keyed by ids, and the ids of the fields configured by name
 * are looked up once in the base's schema.
 */
struct airtable_keys {
	size_t	count;				/* fields of the schema */
	bool	by_id;				/* answers are keyed by id */
	bool	resolved;			/* answer[] is complete, except for missing fields */
	uint32_t missing;			/* bit f: the base has no such field, as far as is known */
	uint32_t skip;				/* bit f: not wanted this time */
	char	request[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];	/* as configured */
	char	answer[SCHEMA_FIELDS_MAX][AIRTABLE_KEY_MAX];	/* in answers; "": not resolved */
};

/* The fields that are asked for, and therefore known in answers: bit f for field f. */
static inline uint32_t
airtable_keys_asked(const struct airtable_keys *k)
{
	return (uint32_t)((UINT64_C(1) << k->count) - 1) & ~(k->missing | k->skip);
}

/*
 * What stands for a table and its fields in Airtable, as configured: names or ids.
 * Settings exist for the orders; other tables have the names that their schema gives.
 */
const char	*airtable_table_name(const struct config *, const struct schema *);
const char	*airtable_field_name(const struct config *, const struct schema *, size_t field);
/* The text field for our key of a created record; "": none, and no record can be created. */
const char	*airtable_create_field(const struct config *, const struct schema *);
/* What names the table, for people who are to mend it: a setting, or the table itself. */
const char	*airtable_table_setting(const struct schema *);

void		airtable_keys_set(struct airtable_keys *, const struct config *, const struct schema *);

/*
 * Take the ids that are not known yet from ${body}, the answer of the meta route,
 * for ${table} (name or id), which stands for
 * ${schema}.  Fields that it does not have become missing.
 * ERR_AIRTABLE_BAD_RESPONSE, ERR_AIRTABLE_NOT_FOUND (no such table) or
 * ERR_AIRTABLE_FIELD_MISSING (it has none of the fields), with a text in ${why}.
 */
enum err	airtable_keys_resolve(struct airtable_keys *, const struct schema *, struct str body,
		    const char *table, char *why, size_t why_size);

/* The field of an answer's member ${key}; -1: none of ours. */
int		airtable_keys_field(const struct airtable_keys *, const char *key);

/* Does it look like an id: 1 to 31 printable ASCII characters, no space? */
bool		airtable_id_valid(const char *);
/* Strictly an id of ${kind}, "rec" or "fld", as a field's name may begin with these letters too. */
bool		airtable_id_is(const char *id, const char *kind);

#endif
