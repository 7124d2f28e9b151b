#ifndef FCGI_API_ROWS_ROW_BODY_H
#define FCGI_API_ROWS_ROW_BODY_H

#include <cjson/cJSON.h>

#include "common/store/options.h"
#include "fcgi-api/http/api.h"

/*
 * Take the member ${m} of a body as a field of api->table into ${record}, if
 * the field has the flag ${flag} (FIELD_WRITE, FIELD_CREATE); what is wrong
 * with it is added to api->errors.  Strings point into ${m}.  Call it within a
 * snapshot.  ${again}: the request was seen before, when Airtable may have offered
 * other options.
 */
void	row_member(struct api *, bool again, const cJSON *m, unsigned flag, struct record *);

/* May the field have this value, by its options?  OPTIONS_SENSE: yes.  Within a snapshot. */
enum options_sense row_sense(struct api *, const struct schema *, size_t field,
	    const struct value *);

/*
 * A value as history and rows have it in their JSON.  false: not one of
 * this field's kind.
 */
bool	row_value_parse(const struct field *, const cJSON *, struct value *);

#endif
