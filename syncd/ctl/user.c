#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syncd/apply/store_files.h"
#include "syncd/ctl/user.h"

#define PATH_ROOM	4096

static bool
refuse(const char *store_path, const char *why)
{
	(void)fprintf(stderr, "syncctl: %s: %s\n", store_path, why);
	return false;
}

/* A link made by another user could lead root into a third user's store. */
static bool
link_trusted(const char *store_path, const struct stat *folder)
{
	struct stat link;

	return lstat(store_path, &link) == 0 && (!S_ISLNK(link.st_mode) || link.st_uid == 0 ||
	    link.st_uid == folder->st_uid);
}

/*
 * May other users put links, or files of others, into root's folder?  Members
 * of a group may write there if the store is not root's.
 */
static bool
others_write(const struct stat *folder, uid_t uid)
{
	return folder->st_uid == 0 && ((folder->st_mode & S_IWOTH) != 0 ||
	    (uid == 0 && (folder->st_mode & S_IWGRP) != 0 && folder->st_gid != 0));
}

static void
find_user(const char *store_path, const struct stat *folder, uid_t *uid, gid_t *gid)
{
	char path[PATH_ROOM];
	struct stat data;

	*uid = folder->st_uid;
	*gid = folder->st_gid;
	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_DATA, store_path) >= sizeof(path) ||
	    lstat(path, &data) == -1 || !S_ISREG(data.st_mode))
		return;
	if (data.st_nlink != 1)	/* a file with another name elsewhere may be another user's */
		return;
	if (*uid == 0)
		*uid = data.st_uid;
	if (data.st_uid == *uid)
		*gid = data.st_gid;
}

static bool
become(uid_t uid, gid_t gid)
{
	const struct passwd *known = getpwuid(uid);
	int groups = known != NULL ? initgroups(known->pw_name, gid) : setgroups(0, NULL);

	if (groups == 0 && setegid(gid) == 0 && seteuid(uid) == 0)
		return true;
	(void)fprintf(stderr, "syncctl: change of user: %s\n", strerror(errno));
	return false;
}

bool
user_of_store(const char *store_path, bool changes)
{
	struct stat folder;
	uid_t uid;
	gid_t gid;

	if (stat(store_path, &folder) == -1)
		return refuse(store_path, errno != ENOENT ? strerror(errno) :
		    "the folder does not exist; syncd creates it when it starts");
	find_user(store_path, &folder, &uid, &gid);
	if (geteuid() != 0)
		return !changes || geteuid() == uid ||
		    refuse(store_path, "the store is another user's: run this as that user, or as root");
	if (!link_trusted(store_path, &folder))
		return refuse(store_path, "a link of another user leads there");
	if (others_write(&folder, uid))
		return refuse(store_path, "the folder is root's, but others may write to it, so root "
		    "does not trust the files there: give the folder to syncd's user");
	return uid == 0 || become(uid, gid);
}

bool
user_self(void)
{
	if (geteuid() == getuid())
		return true;
	if (seteuid(getuid()) == 0 && setegid(getgid()) == 0)
		return true;
	(void)fprintf(stderr, "syncctl: change of user: %s\n", strerror(errno));
	return false;
}
