#ifndef COMMON_FOLD_H
#define COMMON_FOLD_H

#include <stdbool.h>

#include "common/buf.h"

/*
 * Text as it is searched and sorted: Unicode case-folded and composed
 * (utf8proc: NFC with full case folding), so that "STRASSE" finds "Straße".
 * Adds to ${out}; bytes that are not UTF-8 are ERR_INVALID_PARAMETER, and
 * nothing is added.
 */
enum err	fold_text(struct buf *out, struct str text);

/* Is it UTF-8 without NUL? */
bool		utf8_valid(struct str);

#endif
