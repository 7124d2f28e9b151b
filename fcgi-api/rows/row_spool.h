#ifndef FCGI_API_ROWS_ROW_SPOOL_H
#define FCGI_API_ROWS_ROW_SPOOL_H

#include <stdio.h>

#include "common/base/err.h"
#include "common/tables/schema.h"

/*
 * Records on their way through a file without a name.  An export reads its
 * rows into one at the speed of memory, within one snapshot, and lets go of
 * the store before it composes anything or waits for anybody.
 */
struct row_spool;

/* A file below folder ${dir} that has no name and is gone with its descriptor.  NULL: see errno. */
FILE		*spool_file(const char *dir);

/* ERR_DISK_FULL, ERR_IO, ERR_NOMEM; the log says why. */
enum err	 row_spool_new(const char *dir, const struct schema *, struct row_spool **);
void		 row_spool_free(struct row_spool *);	/* NULL is harmless */

/* The id and the values are copied; which fields are known is not kept. */
enum err	 row_spool_add(struct row_spool *, const struct record *);
/* Read what was added from its beginning; nothing more can be added. */
enum err	 row_spool_rewind(struct row_spool *);
/* The next one; its strings are good until the next call.  ERR_NOT_FOUND: that was all. */
enum err	 row_spool_next(struct row_spool *, struct record *);

#endif
