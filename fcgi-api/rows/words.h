#ifndef FCGI_API_ROWS_WORDS_H
#define FCGI_API_ROWS_WORDS_H

#include <string.h>

#include "common/tables/schema.h"

/* "an" before the noun of a row of this table, or "a". */
static inline const char *
noun_article(const struct schema *s)
{
	return strchr("aeiou", schema_noun(s)[0]) != NULL ? "an" : "a";
}

/* What people call the field by which a row is found beside its record id; NULL: there is none. */
static inline const char *
key_title(const struct schema *s)
{
	size_t key = schema_key(s);

	return key == SCHEMA_NO_FIELD ? NULL : field_title(&s->fields[key]);
}

#endif
