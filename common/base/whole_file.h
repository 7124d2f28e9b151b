#ifndef COMMON_BASE_WHOLE_FILE_H
#define COMMON_BASE_WHOLE_FILE_H

#include "common/base/buf.h"

/*
 * A file that gets its name only once it is complete and on the disk; until
 * then it is NAME.partial in the same folder.  It replaces a regular file of
 * that name and nothing else, and follows no link in the folder, which may be
 * another user's.  Only its owner may read it.
 */
struct whole_file {
	int	dir;		/* its folder */
	int	fd;		/* for writing and reading */
	char	name[256];	/* in the folder */
	char	partial[256 + 8];
};

/*
 * Begin it; the remains of a process that was killed are removed.
 * ERR_CONFLICT: another process is writing a file of that name.  On failure
 * the cause is added to ${why}, and there is nothing to drop.
 */
enum err	 whole_file_begin(struct whole_file *, const char *path, struct buf *why);
/* Give the file its name and close it. */
enum err	 whole_file_end(struct whole_file *, struct buf *why);
/* Close the file and remove it. */
void		 whole_file_drop(struct whole_file *);

#endif
