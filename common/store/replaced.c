#include <stdio.h>
#include <sys/stat.h>

#include "common/store/replaced.h"

bool
store_replaced(struct store *st)
{
	char path[4096];
	struct stat opened, there;
	mdb_filehandle_t fd;
	const char *dir;
	MDB_env *env;

	if (store_txn(st) == NULL)	/* nothing was read from it yet */
		return false;
	env = mdb_txn_env(store_txn(st));
	if (mdb_env_get_path(env, &dir) != 0 || mdb_env_get_fd(env, &fd) != 0 ||
	    (size_t)snprintf(path, sizeof(path), "%s/data.mdb", dir) >= sizeof(path))
		return false;
	/* none there: it is being replaced, or somebody took it away */
	return fstat(fd, &opened) == 0 && stat(path, &there) == 0 &&
	    (opened.st_ino != there.st_ino || opened.st_dev != there.st_dev);
}
