#ifndef FCGI_API_HTTP_PAGE_CACHE_H
#define FCGI_API_HTTP_PAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/*
 * Finished bodies of pages that are asked for again and again.  A body is a
 * function of (table, generation, query as it came, coding), which is its key: only
 * the same request at the same generation gets it.  A page is kept when it is
 * asked for a second time, so that clients that leaf through all pages do not
 * displace what everybody looks at.
 */
struct page_cache;

#define PAGE_CACHE_BYTES_MAX	(4u * 1024 * 1024)	/* of all bodies */
#define PAGE_CACHE_BODY_MAX	(192u * 1024)		/* larger ones are not kept */
#define PAGE_CACHE_QUERY_MAX	256			/* nor pages with longer queries */

struct page_key {
	unsigned	table;		/* its schema's number */
	uint64_t	generation;
	struct str	query;
	bool		gzip;
};

struct page_cache	*page_cache_new(void);		/* NULL: out of memory */
void			 page_cache_free(struct page_cache *);	/* NULL is harmless */

/* The body at ${key}, valid until the next page_cache_put().  false: it is not here. */
bool			 page_cache_get(struct page_cache *, const struct page_key *,
			    struct str *body);
/* ${body} was composed for ${key}: keep a copy if it is worth that. */
void			 page_cache_put(struct page_cache *, const struct page_key *,
			    struct str body);
/* Bytes of memory that the bodies take. */
size_t			 page_cache_bytes(const struct page_cache *);

#endif
