#ifndef FCGI_API_HTTP_ETAG_H
#define FCGI_API_HTTP_ETAG_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/str.h"
#include "fcgi-api/http/decimal.h"

/*
 * Conditional requests (RFC 9110, section 13) and content coding.
 */

/* A strong tag made of numbers: "g7", "s7-20500-1700000000000-3632233996-gz". */
#define ETAG_NUMBERS_MAX	4

struct etag {
	char	text[ETAG_NUMBERS_MAX * (DECIMAL_SIZE + 1) + 8];
	size_t	len;
};

/* The tag, with its quotes, of ${kind} and ${n} numbers; ${gzip}: of the compressed form. */
struct str	etag_make(struct etag *, char kind, const uint64_t *numbers, size_t n,
		    bool gzip);

/*
 * The tag of what a table's rows make at a generation: "g7-100", the table's number at its end.
 * That of table 1 has none, as it is from before there were others.
 */
struct str	etag_of_table(struct etag *, char kind, uint64_t generation, unsigned table, bool gzip);

/* A row's: "v7", or while changes of it are pending since generation 9, "v7-p9".  ${since} 0: none. */
struct str	etag_of_row(struct etag *, uint64_t version, uint64_t since);

/*
 * Does If-None-Match's list ${header} hold ${etag} (with its quotes)?  Weak
 * comparison; "*" matches any.  What is malformed matches nothing.
 */
bool		etag_listed(struct str header, struct str etag);

/*
 * If-Match as the version that a row, now of version ${current}, must have:
 * *version is 0 for "*", ${current} if the list names it, otherwise the newest
 * version that it names, or ETAG_NEVER if it names none.  A weak tag counts,
 * since versions are compared, and a web server that compresses weakens our
 * tags; the tag of a row with pending changes counts as its version.  Any
 * other tag matches no version.  ERR_INVALID_PARAMETER if ${header} is not a
 * list of tags.
 */
#define ETAG_NEVER	((UINT64_C(1) << 53) - 1)
enum err	etag_version(struct str header, uint64_t current, uint64_t *version);

/* Does Accept-Encoding allow gzip, and prefer it to identity? */
bool		accepts_gzip(struct str header);

#endif
