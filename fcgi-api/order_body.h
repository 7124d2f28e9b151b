#ifndef FCGI_API_ORDER_BODY_H
#define FCGI_API_ORDER_BODY_H

#include <cjson/cJSON.h>

#include "common/field_errors.h"
#include "common/schema.h"

/*
 * Take the member ${m} of a body as a field of an order into ${record}, if
 * the field has the flag ${flag} (FIELD_WRITE, FIELD_CREATE); what is wrong
 * with it is added to ${errors}.  Strings point into ${m}.
 */
void	order_member(const cJSON *m, unsigned flag, struct record *, struct field_errors *);

/*
 * A value as history and orders have it in their JSON.  false: not one of
 * this field's kind.
 */
bool	order_value(const struct field *, const cJSON *, struct value *);

#endif
