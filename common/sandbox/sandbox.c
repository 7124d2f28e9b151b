#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/sandbox/calls.h"
#include "common/sandbox/sandbox.h"

/*
 * Debian 12's headers have only Landlock's first rights.  These are the later
 * ones, with the version that brought each (include/uapi/linux/landlock.h).
 */
#define FS_VERSION_1	((UINT64_C(1) << 13) - 1)
#define FS_REFER	(UINT64_C(1) << 13)	/* 2 */
#define FS_TRUNCATE	(UINT64_C(1) << 14)	/* 3 */
#define FS_IOCTL_DEV	(UINT64_C(1) << 15)	/* 5 */
#define NET_BIND_TCP	(UINT64_C(1) << 0)	/* 4 */
#define NET_CONNECT_TCP	(UINT64_C(1) << 1)	/* 4 */
#define SCOPE_ABSTRACT	(UINT64_C(1) << 0)	/* 6 */
#define SCOPE_SIGNAL	(UINT64_C(1) << 1)	/* 6 */

#define READING		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define UPDATING	(READING | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define WRITING		(UPDATING | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define OF_FILES	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* The kernel's struct landlock_ruleset_attr; an older kernel takes only the first members. */
struct ruleset {
	uint64_t	fs, net, scoped;
};

#define FOLDER_MAX	1024

/* The permitted paths, and which file each was when the sandbox was entered. */
static struct seen {
	char	path[FOLDER_MAX];
	dev_t	dev;
	ino_t	ino;
} seen[SANDBOX_FOLDERS];
static size_t seen_count;

void
sandbox_permit(struct sandbox *s, const char *path, enum sandbox_may may)
{
	if (path[0] == '\0' || s->count == SANDBOX_FOLDERS)
		return;
	s->folders[s->count++] = (struct sandbox_folder){ path, may };
}

static size_t
folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

void
sandbox_permit_folder_of(struct sandbox *s, const char *path, enum sandbox_may may)
{
	static char folders[SANDBOX_FOLDERS][FOLDER_MAX];
	char *folder = folders[s->count % SANDBOX_FOLDERS];
	size_t len = folder_length(path);

	if (path[0] == '\0' || len >= FOLDER_MAX)
		return;
	if (len == 0)
		(void)strcpy(folder, ".");
	else
		(void)snprintf(folder, FOLDER_MAX, "%.*s", (int)len, path);
	sandbox_permit(s, folder, may);
}

/* The kernel's version of Landlock; 0: it does not have it. */
static int
landlock_version(void)
{
	long n = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return n > 0 ? (int)n : 0;
}

static struct ruleset
handled(int version, bool network)
{
	struct ruleset r = { .fs = FS_VERSION_1 };

	if (version >= 2)
		r.fs |= FS_REFER;
	if (version >= 3)
		r.fs |= FS_TRUNCATE;
	if (version >= 4)
		r.net = network ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return r;
}

static size_t
ruleset_size(int version)
{
	if (version >= 6)
		return sizeof(struct ruleset);
	return version >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

static void
note_seen(const char *path, const struct stat *st)
{
	if (strlen(path) >= FOLDER_MAX)
		return;
	(void)strcpy(seen[seen_count].path, path);
	seen[seen_count].dev = st->st_dev;
	seen[seen_count++].ino = st->st_ino;
}

static const uint64_t rights[] = {
	[SANDBOX_READ] = READING, [SANDBOX_UPDATE] = UPDATING, [SANDBOX_WRITE] = WRITING
};

static bool
permit_one(int rules, const struct sandbox_folder *f, uint64_t known)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = open(f->path, O_PATH | O_CLOEXEC)
	};
	struct stat st = { .st_dev = 0, .st_ino = 0 };
	bool good = true;

	if (rule.parent_fd != -1 && fstat(rule.parent_fd, &st) == 0) {
		rule.allowed_access = rights[f->may] & known;
		if (!S_ISDIR(st.st_mode))
			rule.allowed_access &= OF_FILES;
		good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	}
	if (rule.parent_fd != -1)
		(void)close(rule.parent_fd);
	note_seen(f->path, &st);
	return good;
}

static enum err
limit_files(const struct sandbox *s)
{
	int version = landlock_version(), rules;
	struct ruleset r = handled(version, s->network);
	bool good = true;

	if (version == 0) {
		log_info("sandbox: this kernel has no Landlock; only their modes protect files");
		return ERR_OK;
	}
	if ((rules = (int)syscall(SYS_landlock_create_ruleset, &r, ruleset_size(version), 0)) == -1) {
		log_warn("sandbox: Landlock: %s", strerror(errno));
		return ERR_INTERNAL;
	}
	seen_count = 0;
#ifdef SANDBOX_SANITIZED
	good = permit_one(rules, &(struct sandbox_folder){ "/proc", SANDBOX_READ }, r.fs);
	seen_count = 0;
#endif
	for (size_t i = 0; i < s->count && good; i++)
		good = permit_one(rules, &s->folders[i], r.fs);
	if (!good || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) == -1) {
		log_warn("sandbox: Landlock: %s", strerror(errno));
		good = false;
	}
	(void)close(rules);
	return good ? ERR_OK : ERR_INTERNAL;
}

enum err
sandbox_enter(const struct sandbox *s)
{
	enum err files = limit_files(s), calls = sandbox_limit_calls(s->network);

	return files != ERR_OK ? files : calls;
}

bool
sandbox_outdated(void)
{
	struct stat st;

	for (size_t i = 0; i < seen_count; i++)
		if (stat(seen[i].path, &st) == 0 &&
		    (st.st_dev != seen[i].dev || st.st_ino != seen[i].ino))
			return true;
	return false;
}

void
sandbox_hide_memory(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_warn("sandbox: core dumps can't be switched off: %s", strerror(errno));
}
