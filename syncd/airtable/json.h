#ifndef SYNCD_AIRTABLE_JSON_H
#define SYNCD_AIRTABLE_JSON_H

#include <cjson/cJSON.h>

#include "common/base/str.h"

/*
 * JSON as Airtable (or a proxy on the way) sends it.  Where cJSON would cut a text or
 * refuse the whole document for one bad cell, the text is mended first:
 * NUL characters, lone surrogates and bytes that are not UTF-8 become
 * U+FFFD, numbers with very many digits the nearest double.
 */

/*
 * NULL unless ${body} is one JSON value.  The strings in it are valid UTF-8
 * and no longer in all than *text_bytes.  cJSON_Delete() it.
 */
cJSON		*airtable_json_parse(struct str body, size_t *text_bytes);

/* The member ${name} of an object, the last of several; NULL: none, or ${json} is not an object. */
const cJSON	*airtable_json_member(const cJSON *json, const char *name);
/* The text of that member; "": none, or not a text. */
const char	*airtable_json_text(const cJSON *json, const char *name);
/* The first in a list of tables or fields whose id or name is ${wanted}; NULL: there is none. */
const cJSON	*airtable_json_called(const cJSON *list, const char *wanted);

#endif
