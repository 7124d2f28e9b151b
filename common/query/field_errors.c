#include <stdarg.h>
#include <stdio.h>

#include "common/query/field_errors.h"

void
field_errors_add(struct field_errors *e, struct str field, const char *fmt, ...)
{
	struct field_error *f;
	va_list ap;

	if (e->count++ >= FIELD_ERRORS_MAX)
		return;
	f = &e->list[e->count - 1];
	if (field.len > sizeof(f->field) - 1)
		field.len = sizeof(f->field) - 1;
	(void)snprintf(f->field, sizeof(f->field), "%.*s", STR_FMT(field));
	va_start(ap, fmt);
	(void)vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
}
