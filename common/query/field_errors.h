#ifndef COMMON_QUERY_FIELD_ERRORS_H
#define COMMON_QUERY_FIELD_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/str.h"

/*
 * Everything wrong with one request, so that one answer lists it all: the
 * "errors" member of a problem document.  Text is copied and cut; names and
 * values that come from outside are made valid UTF-8 when written.
 */
#define FIELD_ERRORS_MAX	16	/* further ones are counted, not kept */

struct field_error {
	char	field[64];
	char	message[192];
};

struct field_errors {
	size_t			count;	/* found; may exceed FIELD_ERRORS_MAX */
	struct field_error	list[FIELD_ERRORS_MAX];
};

void	field_errors_add(struct field_errors *, struct str field, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

static inline bool
field_errors_any(const struct field_errors *e)
{
	return e->count > 0;
}

/* How many of them are in list. */
static inline size_t
field_errors_kept(const struct field_errors *e)
{
	return e->count < FIELD_ERRORS_MAX ? e->count : FIELD_ERRORS_MAX;
}

#endif
