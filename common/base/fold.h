#ifndef COMMON_BASE_FOLD_H
#define COMMON_BASE_FOLD_H

#include <stdbool.h>

#include "common/base/buf.h"

/*
 * Text as it is searched and sorted: by what a reader sees, in any case.
 * Unicode's compatibility forms and full case folding (NFKC, by utf8proc)
 * let "STRASSE" find "Straße" and "ACME" find its full-width form.
 * Invisible characters (soft hyphens, zero-width ones, controls) are left
 * out; white space of any kind is one space; i is one letter with and
 * without its dot; typographic dashes, quotes and apostrophes become those
 * of a keyboard.  Accents count: "é" is not "e".  A text of which nothing
 * would be left is only case-folded.
 *
 * Adds to ${out}.  Bytes that are not UTF-8 are ERR_INVALID_PARAMETER, and
 * nothing is added.
 */
enum err	fold_text(struct buf *out, struct str text);

/* Raise when the result changes for any text: stored folded texts are then rebuilt. */
#define FOLD_VERSION	3u

/* Is it UTF-8 without NUL? */
bool		utf8_valid(struct str);

#endif
