#ifndef COMMON_QUERY_TEXT_SEARCH_H
#define COMMON_QUERY_TEXT_SEARCH_H

#include <stdint.h>

#include "common/base/str.h"

/*
 * Which texts of a text segment (columns.h) hold the term?  Sets bit i of
 * ${hits} for text i; bits of others stay as they are.  The term is not
 * empty and has no NUL, so that no hit spans two texts.
 */
void	 text_search(struct str segment, struct str term, uint64_t *hits);

/*
 * A number that stands for a text when texts are compared for equality
 * (columns.h, COLUMN_HASH): 64 bits, never COLUMN_EMPTY.  The probability that
 * two of a million different texts share one is 3 in 10^8.
 */
int64_t	 text_hash(struct str);

#endif
