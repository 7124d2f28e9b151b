#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "syncd/apply/store_files.h"

#define SETTLE_US	100000
#define DISK_RESERVE_BYTES	(1024 * 1024)	/* less than this left: full */
#define ASIDE_TRIES	16	/* names that another process takes meanwhile */

int
store_files_open(const char *store_path)
{
	return open(store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
store_files_lock(int dir)
{
	int fd = openat(dir, STORE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	(void)close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

bool
store_files_room(int dir, uint64_t bytes, uint64_t *left)
{
	struct statvfs disk;

	*left = 0;
	if (fstatvfs(dir, &disk) == -1)
		return true;	/* the write itself will show */
	*left = (uint64_t)disk.f_bavail * disk.f_frsize;
	return bytes < *left && *left - bytes >= DISK_RESERVE_BYTES;
}

enum err
store_files_cause(const char *path, enum err e)
{
	int dir = e == ERR_IO ? store_files_open(path) : -1;
	uint64_t left;

	if (dir != -1 && !store_files_room(dir, 0, &left))
		e = ERR_DISK_FULL;
	if (dir != -1)
		(void)close(dir);
	return e;
}

/* The number behind the stem; 0: another name, or none behind it. */
static unsigned long
number_of(const char *name, const char *stem)
{
	size_t len = strlen(stem);
	const char *digits = name + len + 1;

	if (strncmp(name, stem, len) != 0 || name[len] != '.' || *digits < '1' || *digits > '9' ||
	    digits[strspn(digits, "0123456789")] != '\0' || strlen(digits) > 9)
		return 0;
	return strtoul(digits, NULL, 10);
}

/* Call ${f} for each file in the folder.  -1 with errno. */
static int
each_name(int dir, void (*f)(void *cookie, const char *name), void *cookie)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	DIR *d;

	if (fd == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL)
		f(cookie, e->d_name);
	return closedir(d);
}

struct asides {
	const char	*stem;
	int		 dir;
	unsigned long	 highest;
	unsigned	 count;
	uint64_t	 bytes;
};

static void
take_name(void *cookie, const char *name)
{
	struct asides *a = cookie;
	unsigned long n = number_of(name, a->stem);
	struct stat st;

	if (n == 0 && strcmp(name, a->stem) != 0)
		return;
	if (n > a->highest)
		a->highest = n;
	if (fstatat(a->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
		a->count++;
		a->bytes += (uint64_t)st.st_size;
	}
}

void
store_asides(int dir, const char *stem, unsigned *count, uint64_t *bytes)
{
	struct asides a = { .stem = stem, .dir = dir };

	if (each_name(dir, take_name, &a) == -1)
		log_warn("store: the folder can't be read: %s", strerror(errno));
	*count = a.count;
	*bytes = a.bytes;
}

/* Rename, never over another file, even where the file system lacks RENAME_NOREPLACE. */
static int
rename_to_free(int dir, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(dir, from, dir, to) : -1;
}

int
store_set_aside(int dir, const char *name, const char *stem, char aside[static STORE_ASIDE_MAX])
{
	struct asides a = { .stem = stem, .dir = dir };

	if (each_name(dir, take_name, &a) == -1)
		return -1;
	for (int i = 0; i < ASIDE_TRIES; i++) {
		(void)snprintf(aside, STORE_ASIDE_MAX, "%s.%lu", stem, ++a.highest);
		if (rename_to_free(dir, name, aside) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	aside[0] = '\0';
	return -1;
}

void
store_remove_new(int dir)
{
	static const char *const names[] = { STORE_DATA, STORE_READERS, STORE_LOCK };
	int new = openat(dir, STORE_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (new == -1)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(new, names[i], 0);
	(void)close(new);
	(void)unlinkat(dir, STORE_NEW, AT_REMOVEDIR);
}

static int
remove_if_there(int dir, const char *name)
{
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

static bool
is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
store_settle(int dir)
{
	bool next = is_there(dir, STORE_NEXT), aside = !is_there(dir, STORE_DATA);

	if (next && aside && (remove_if_there(dir, STORE_READERS) == -1 ||
	    renameat(dir, STORE_NEXT, dir, STORE_DATA) == -1))
		return -1;
	if (next && !aside && remove_if_there(dir, STORE_NEXT) == -1)
		return -1;
	store_remove_new(dir);
	if (!next)
		return 0;
	log_warn("store: a restore or rebuild was interrupted: %s", aside ?
	    "it is complete now" : "it has been undone, and the store is as before");
	return fsync(dir);
}

/* Undo the exchange, which is safe as long as the readers' table is in place. */
static int
exchange_failed(int dir, const char *aside)
{
	int cause = errno;

	if (aside[0] != '\0')
		(void)rename_to_free(dir, aside, STORE_DATA);
	(void)unlinkat(dir, STORE_NEXT, 0);
	errno = cause;
	return -1;
}

/*
 * First the data file is moved away, then its readers' table, whose readers
 * know only the old data; no process can open one without the other.  A process
 * that opened the data a moment before may have made a new table, which is
 * removed too.  The new store brings its own table: readers may write to it,
 * but could not create one.  Once the old table is gone there is no way back,
 * as its readers would be unknown to the next writer of the old data.
 */
int
store_exchange(int dir, char aside[static STORE_ASIDE_MAX])
{
	aside[0] = '\0';
	fault_point("exchange-begin");
	/* a name must not reach the disk before the file it names */
	if (renameat(dir, STORE_NEW "/" STORE_DATA, dir, STORE_NEXT) == -1 || fsync(dir) == -1)
		return exchange_failed(dir, aside);
	fault_point("exchange-next");
	if (store_set_aside(dir, STORE_DATA, STORE_REPLACED, aside) == -1 && errno != ENOENT)
		return exchange_failed(dir, aside);
	fault_point("exchange-aside");
	if (remove_if_there(dir, STORE_READERS) == -1)
		return exchange_failed(dir, aside);
	(void)usleep(SETTLE_US);
	if (renameat(dir, STORE_NEW "/" STORE_READERS, dir, STORE_READERS) == -1)
		return store_settle(dir);
	fault_point("exchange-readers");
	if (renameat(dir, STORE_NEXT, dir, STORE_DATA) == -1)
		return store_settle(dir);
	fault_point("exchange-end");
	return fsync(dir);
}
