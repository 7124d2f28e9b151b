#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/whole_file.h"

#define PATH_ROOM	4096
#define TRIES		8	/* somebody else may create or remove the name meanwhile */

static enum err
failed(struct buf *why, const char *what)
{
	int cause = errno;

	buf_printf(why, "%s: %s", what, strerror(cause));
	return err_from_errno(cause);
}

static enum err
open_folder(struct whole_file *f, const char *path, struct buf *why)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char folder[PATH_ROOM];

	if (len >= sizeof(folder) || strlen(name) >= sizeof(f->name)) {
		errno = ENAMETOOLONG;
		return failed(why, path);
	}
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	(void)snprintf(f->partial, sizeof(f->partial), "%s.partial", name);
	(void)snprintf(folder, sizeof(folder), "%.*s", len == 0 ? 1 : (int)len, len == 0 ? "." : path);
	f->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->dir == -1 ? failed(why, folder) : ERR_OK;
}

/* A device, a folder or a link of that name is not replaced. */
static enum err
check_target(const struct whole_file *f, struct buf *why)
{
	struct stat st;

	if (f->name[0] == '\0') {
		buf_add_cstr(why, "names a folder: add the name of a file in it");
		return ERR_INVALID_PARAMETER;
	}
	if (fstatat(f->dir, f->name, &st, AT_SYMLINK_NOFOLLOW) == -1 || S_ISREG(st.st_mode))
		return ERR_OK;
	buf_printf(why, "%s exists and is not a regular file: it is not replaced", f->name);
	return ERR_INVALID_PARAMETER;
}

/* Does the name still lead to the open file? */
static bool
named(const struct whole_file *f)
{
	struct stat opened, there;

	return fstat(f->fd, &opened) == 0 &&
	    fstatat(f->dir, f->partial, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
}

/* Remove NAME.partial, unless it is being written.  0, or -1 with errno. */
static int
remove_stale(const struct whole_file *f)
{
	int fd = openat(f->dir, f->partial, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
		(void)close(fd);
		errno = EWOULDBLOCK;
		return -1;
	}
	/* the lock is held until the name has gone */
	rc = unlinkat(f->dir, f->partial, 0);
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	if (fd != -1)
		(void)close(fd);
	return rc;
}

/* Create NAME.partial.  Its lock tells a file that is being written from one left behind. */
static int
create(struct whole_file *f)
{
	for (int i = 0; i < TRIES; i++) {
		f->fd = openat(f->dir, f->partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (f->fd == -1 && (errno != EEXIST || remove_stale(f) == -1))
			return -1;
		if (f->fd == -1)
			continue;
		if (flock(f->fd, LOCK_EX | LOCK_NB) == 0 && named(f))
			return 0;
		(void)close(f->fd);
		f->fd = -1;
	}
	errno = EWOULDBLOCK;
	return -1;
}

enum err
whole_file_begin(struct whole_file *f, const char *path, struct buf *why)
{
	enum err e = open_folder(f, path, why);

	if (e != ERR_OK)
		return e;
	if ((e = check_target(f, why)) == ERR_OK && create(f) == -1) {
		if (errno == EWOULDBLOCK) {
			buf_printf(why, "another process is writing %s", f->name);
			e = ERR_CONFLICT;
		} else {
			e = failed(why, f->partial);
		}
	}
	if (e != ERR_OK)
		(void)close(f->dir);
	return e;
}

enum err
whole_file_end(struct whole_file *f, struct buf *why)
{
	enum err e = check_target(f, why);

	if (e == ERR_OK && !named(f)) {
		buf_printf(why, "%s has been removed meanwhile", f->partial);
		e = ERR_IO;
	}
	if (e == ERR_OK && (fsync(f->fd) == -1 ||
	    renameat(f->dir, f->partial, f->dir, f->name) == -1 || fsync(f->dir) == -1))
		e = failed(why, f->name);
	if (e != ERR_OK) {
		whole_file_drop(f);
		return e;
	}
	(void)close(f->fd);	/* all of it is on the disk */
	(void)close(f->dir);
	return ERR_OK;
}

void
whole_file_drop(struct whole_file *f)
{
	if (named(f))
		(void)unlinkat(f->dir, f->partial, 0);
	(void)close(f->fd);
	(void)close(f->dir);
}
