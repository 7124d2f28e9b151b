#ifndef COMMON_BASE_JSON_WRITE_H
#define COMMON_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/*
 * JSON straight into a buf.  Compose objects with the json_member_*
 * functions between literal braces:
 *	buf_add_char(b, '{');
 *	json_member_string(b, "id", id);	writes "id":"..." and, when
 *	json_member_int(b, "n", 3);		something stands before it, a comma
 *	buf_add_char(b, '}');
 * A comma is put before a member or element unless the last byte is one of
 * "{[:," or the buf is empty.
 */

/* A string in quotes: ", \ and control characters escaped; bytes that are not UTF-8 become U+FFFD. */
void	json_add_string(struct buf *, struct str);
/* Comma if needed. */
void	json_next(struct buf *);
/* Comma if needed, then "name": */
void	json_name(struct buf *, const char *name);

void	json_member_string(struct buf *, const char *name, struct str);
/* null when ${s}.ptr is NULL */
void	json_member_string_or_null(struct buf *, const char *name, struct str);
void	json_member_int(struct buf *, const char *name, int64_t);
void	json_member_uint(struct buf *, const char *name, uint64_t);
void	json_member_bool(struct buf *, const char *name, bool);
void	json_member_null(struct buf *, const char *name);
/* Milliseconds as RFC 3339, null when ms is 0 or out of range. */
void	json_member_instant(struct buf *, const char *name, int64_t ms);

#endif
