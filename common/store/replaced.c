#include <stdio.h>
#include <sys/stat.h>

#include "common/store/replaced.h"

bool
store_replaced(struct store *st)
{
	char path[4096];
	struct stat opened, there;
	const struct db *db = store_txn(st)->db;

	if (db == NULL)	/* no snapshot was begun yet */
		return false;
	if ((size_t)snprintf(path, sizeof(path), "%s/data.mdb", db_path(db)) >= sizeof(path))
		return false;
	/* no file there: it is being replaced, or somebody removed it */
	return fstat(db_fd(db), &opened) == 0 && stat(path, &there) == 0 &&
	    (opened.st_ino != there.st_ino || opened.st_dev != there.st_dev);
}
