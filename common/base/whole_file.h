#ifndef COMMON_BASE_WHOLE_FILE_H
#define COMMON_BASE_WHOLE_FILE_H

#include "common/base/buf.h"

/*
 * A file that has its name only once it is complete and on the disk; until
 * then it is beside it, as NAME.partial.  It replaces a regular file of that
 * name and nothing else, and follows no link in its folder, which may be
 * another user's.  Only its owner may read it.
 */
struct whole_file {
	int	dir;		/* its folder */
	int	fd;		/* for writing and reading */
	char	name[256];	/* in the folder */
	char	partial[256 + 8];
};

/*
 * Begin it; what an earlier one that was killed left goes.  ERR_CONFLICT:
 * one of that name is being made.  The cause is added to ${why}; on failure
 * there is nothing to be dropped.
 */
enum err	 whole_file_begin(struct whole_file *, const char *path, struct buf *why);
/* Give it its name, and end. */
enum err	 whole_file_end(struct whole_file *, struct buf *why);
/* Remove it, and end. */
void		 whole_file_drop(struct whole_file *);

#endif
