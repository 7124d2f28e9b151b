#ifndef FCGI_API_ROWS_ORDER_BODY_H
#define FCGI_API_ROWS_ORDER_BODY_H

#include <cjson/cJSON.h>

#include "common/store/options.h"
#include "fcgi-api/http/api.h"

/*
 * Take the member ${m} of a body as a field of an order into ${record}, if
 * the field has the flag ${flag} (FIELD_WRITE, FIELD_CREATE); what is wrong
 * with it is added to api->errors.  Strings point into ${m}.  Call it within a
 * snapshot.  ${again}: the request was seen before, when Airtable may have offered
 * other options.
 */
void	order_member(struct api *, bool again, const cJSON *m, unsigned flag, struct record *);

/* May the field have this value, by its options?  OPTIONS_SENSE: yes.  Within a snapshot. */
enum options_sense order_sense(struct api *, size_t field, const struct value *);

/*
 * A value as history and orders have it in their JSON.  false: not one of
 * this field's kind.
 */
bool	order_value(const struct field *, const cJSON *, struct value *);

#endif
