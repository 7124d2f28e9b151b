#ifndef FCGI_API_HTTP_GZIP_H
#define FCGI_API_HTTP_GZIP_H

#include "common/base/buf.h"

/*
 * Compresses bodies with gzip at its fastest level.  One serves all of a
 * worker's answers; the first allocates its memory (a quarter of a MiB).
 */
struct gzip;

struct gzip	*gzip_new(void);		/* NULL: out of memory */
void		 gzip_free(struct gzip *);	/* NULL is harmless */

/* ${body} compressed as the new content of ${out}. */
enum err	 gzip_body(struct gzip *, struct str body, struct buf *out);

#endif
