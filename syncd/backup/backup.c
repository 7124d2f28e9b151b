#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store/keys.h"
#include "common/store/outbox.h"
#include "syncd/backup/parts.h"

#define RESIZED_TRIES	5

enum err
backup_failed(struct buf *why, const char *what, int code)
{
	buf_printf(why, "%s: %s", what, mdb_strerror(code));
	switch (code) {
	case MDB_VERSION_MISMATCH:
		return ERR_STORE_VERSION;
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_NOTFOUND:
	case MDB_PAGE_NOTFOUND:
		return ERR_STORE_CORRUPT;
	default:
		return code > 0 ? err_from_errno(code) : ERR_INTERNAL;
	}
}

enum err
backup_system_failed(struct buf *why, const char *what)
{
	int cause = errno;

	buf_printf(why, "%s: %s", what, strerror(cause));
	return err_from_errno(cause);
}

static int
env_open(const char *path, unsigned flags, MDB_env **env)
{
	int rc = mdb_env_create(env);

	if (rc != 0)
		return rc;
	if ((rc = mdb_env_set_maxdbs(*env, STORE_MAX_DBS)) == 0 &&
	    (rc = mdb_env_open(*env, path, flags | MDB_RDONLY | MDB_NOTLS, 0660)) == 0)
		return 0;
	mdb_env_close(*env);
	*env = NULL;
	return rc;
}

enum err
backup_copy(const char *store_path, int fd, struct buf *why)
{
	MDB_env *env;
	int rc;

	/* a writer may grow the map between opening and copying */
	for (int n = 0; n < RESIZED_TRIES; n++) {
		if ((rc = env_open(store_path, 0, &env)) != 0)
			return backup_failed(why, store_path, rc);
		rc = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
		mdb_env_close(env);
		if (rc != MDB_MAP_RESIZED)
			break;
		if (lseek(fd, 0, SEEK_SET) == -1 || ftruncate(fd, 0) == -1)
			return backup_failed(why, "copy", errno);
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	return rc == 0 ? ERR_OK : backup_failed(why, "copy", rc);
}

enum err
backup_open(const char *file, MDB_env **env, struct store **store, struct buf *why)
{
	enum err e;
	int rc = env_open(file, MDB_NOSUBDIR | MDB_NOLOCK, env);

	*store = NULL;
	if (rc != 0)
		return backup_failed(why, file, rc);
	if ((e = store_attach(*env, store)) == ERR_OK)
		return ERR_OK;
	buf_printf(why, "%s: %s", file, err_text(e));
	mdb_env_close(*env);
	*env = NULL;
	return e;
}

static enum err
count(void *cookie, const struct outbox_entry *e)
{
	struct backup_facts *f = cookie;

	(void)e;
	f->outbox++;
	return ERR_OK;
}

enum err
backup_facts(const char *file, struct backup_facts *f, struct buf *why)
{
	struct store *store;
	struct stat st;
	MDB_env *env;
	enum err e = backup_open(file, &env, &store, why);

	if (e != ERR_OK)
		return e;
	if ((e = store_begin(store)) == ERR_OK) {
		f->generation = store_generation(store);
		f->orders = store_row_count(store);
		f->outbox = 0;
		f->bytes = stat(file, &st) == 0 ? (uint64_t)st.st_size : 0;
		e = outbox_each(store, &orders_schema, count, f);
	}
	if (e != ERR_OK)
		buf_printf(why, "%s: %s", file, err_text(e));
	store_close(store);
	mdb_env_close(env);
	return e;
}
