#ifndef SYNCD_AIRTABLE_JSON_H
#define SYNCD_AIRTABLE_JSON_H

#include <cjson/cJSON.h>

#include "common/base/str.h"

/*
 * JSON as Airtable (or something that stands in its way) sends it.  What
 * cJSON would cut or refuse for the sake of one bad cell is mended first:
 * NUL characters, lone surrogates and bytes that are not UTF-8 become
 * U+FFFD, numbers of very many digits their nearest double.
 */

/*
 * NULL unless ${body} is one JSON value.  The strings in it are valid UTF-8
 * and no longer in all than *text_bytes.  cJSON_Delete() it.
 */
cJSON		*airtable_json_parse(struct str body, size_t *text_bytes);

/* The member ${name} of an object, of several the last; NULL: none, or ${json} is no object. */
const cJSON	*airtable_json_member(const cJSON *json, const char *name);
/* Its text; "": none, or no text. */
const char	*airtable_json_text(const cJSON *json, const char *name);
/* Of a list of tables or fields the first whose id or name that is; NULL: there is none. */
const cJSON	*airtable_json_called(const cJSON *list, const char *wanted);

#endif
