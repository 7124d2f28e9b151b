#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/store/keys.h"
#include "syncd/backup/backup.h"
#include "syncd/ctl/ctl.h"
#include "tests/lib/closed_store.h"
#include "tests/lib/store_check.h"
#include "tests/lib/store_full.h"
#include "tests/lib/support.h"

/*
 * What syncctl does to a store's files: who owns them afterwards, what is left
 * of the old ones, and what happens when it is refused, misled, out of room or
 * killed.
 */
#define USER	54321
#define GROUP	54322

static struct config config;
static const char *dir;
static char backup[128], settings[128];

static char *
in(const char *folder, const char *name)
{
	static char paths[8][CONFIG_TEXT_MAX + 64];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static char *
of_store(const char *name)
{
	return in(config.store.path, name);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	ck_assert_int_ge(n = read(fd, text, size - 1), 0);
	text[n] = '\0';
	ck_assert_int_eq(close(fd), 0);
}

static struct stat
stat_of(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s: %s", path, strerror(errno));
	return st;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
setup(void)
{
	char text[CONFIG_TEXT_MAX + 32];

	dir = tmpdir_new();
	full_store(&config, dir, instant_now());
	ck_assert_int_eq(chmod(dir, 0711), 0);	/* its user gets to it */
	(void)snprintf(backup, sizeof(backup), "%s/backup.mdb", dir);
	(void)snprintf(settings, sizeof(settings), "%s/orders.conf", dir);
	(void)snprintf(text, sizeof(text), "[store]\npath = %s\n", config.store.path);
	write_file(settings, text);
}

/* What syncctl prints, and its exit status, -1: killed. */
struct said {
	int	status;
	char	text[4000];
};

static struct said
ctl(enum ctl_exit (*command)(struct ctl *), const char *argument, bool drop_outbox)
{
	char *out = in(dir, "said");
	struct said s = { .status = -1 };
	pid_t pid;
	int status;

	(void)fflush(NULL);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		struct ctl c = { .source = { .file = settings }, .argument = argument,
		    .drop_outbox = drop_outbox };

		if (freopen(out, "w", stdout) == NULL || dup2(STDOUT_FILENO, STDERR_FILENO) == -1)
			_exit(99);
		status = (int)command(&c);
		(void)fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		s.status = WEXITSTATUS(status);
	read_file(out, s.text, sizeof(s.text));
	return s;
}

static void
done(struct said s, const char *part)
{
	ck_assert_msg(s.status == CTL_DONE && strstr(s.text, part) != NULL, "%d: %s", s.status, s.text);
}

static void
refused(struct said s, const char *part)
{
	ck_assert_msg(s.status == CTL_FAILED && strstr(s.text, part) != NULL, "%d: %s", s.status, s.text);
}

static uint64_t
generation_of(const char *file)
{
	struct buf why = { 0 };
	struct backup_facts f;

	ck_assert_msg(backup_facts(file, &tables_builtin, &f, &why) == ERR_OK, "%s", buf_cstr(&why));
	buf_free(&why);
	return f.generation;
}

/* Give the folder and all that is in it to ${uid}. */
static void
give(uid_t uid, gid_t gid)
{
	static const char *const names[] = { "", "data.mdb", "lock.mdb", "syncd.lock" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(chown(of_store(names[i]), uid, gid), 0);
}

static void
check_rights(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st = stat_of(of_store(name));

	ck_assert_msg(st.st_uid == uid && st.st_gid == gid && (st.st_mode & 07777) == mode,
	    "%s: %u:%u %o", name, st.st_uid, st.st_gid, st.st_mode);
}

/* syncd's user, with no rights but its own, opens the store for writing and finds it sound. */
static void
check_usable(uid_t uid, gid_t gid)
{
	pid_t pid;
	int status;

	(void)fflush(NULL);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		struct apply *a;

		if (uid != 0 && (setgid(gid) != 0 || setuid(uid) != 0))
			_exit(1);
		if (apply_open(&config, &tables_builtin, &a) != ERR_OK ||
		    store_begin(apply_store(a)) != ERR_OK)
			_exit(2);
		store_check(apply_store(a));
		store_end(apply_store(a));
		apply_close(a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void
nothing_left(void)
{
	ck_assert(!is_there(of_store("new")));
	ck_assert(!is_there(of_store("data.mdb.next")));
	ck_assert(!is_there(in(dir, "backup.mdb.partial")));
}

static bool
not_root(const char *what)
{
	if (geteuid() == 0)
		return false;
	(void)printf("# skipped: %s: only root can\n", what);
	return true;
}

/* ---- what is set aside -------------------------------------------------------- */

START_TEST(nothing_that_was_set_aside_is_ever_overwritten)
{
	uint64_t first = generation_of(of_store("data.mdb")), second;

	done(ctl(ctl_backup, backup, false), "orders");
	write_file(of_store("data.mdb.replaced"), "of an older version");
	done(ctl(ctl_restore, backup, true), "data.mdb.replaced.1; to go back");
	second = generation_of(of_store("data.mdb"));
	done(ctl(ctl_restore, backup, true), "data.mdb.replaced.2; to go back");
	done(ctl(ctl_rebuild, NULL, false), "data.mdb.replaced.3; to go back");
	ck_assert_uint_eq(generation_of(of_store("data.mdb.replaced.1")), first);
	ck_assert_uint_eq(generation_of(of_store("data.mdb.replaced.2")), second);
	ck_assert_int_eq(stat_of(of_store("data.mdb.replaced")).st_size, 19);
	/* the newest has the highest number, whatever was removed */
	ck_assert_int_eq(unlink(of_store("data.mdb.replaced.1")), 0);
	done(ctl(ctl_restore, backup, true), "data.mdb.replaced.4; to go back");
	done(ctl(ctl_restore, backup, true), "5 such files take");
	check_usable(0, 0);
	nothing_left();
}
END_TEST

START_TEST(a_store_that_was_set_aside_can_be_restored_with_its_outbox)
{
	struct said s;

	done(ctl(ctl_backup, backup, false), "2 changes in the outbox");
	s = ctl(ctl_restore, backup, true);
	done(s, "it holds 2 changes that Airtable had not confirmed");
	ck_assert_ptr_null(strstr(s.text, "such files"));
	refused(ctl(ctl_restore, of_store("data.mdb.replaced.1"), false), "--keep-outbox");
	done(ctl(ctl_restore, of_store("data.mdb.replaced.1"), true), "data.mdb.replaced.2");
	check_usable(0, 0);
}
END_TEST

START_TEST(a_first_restore_on_a_new_machine_has_nothing_to_set_aside)
{
	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_eq(unlink(of_store("data.mdb")), 0);
	ck_assert_int_eq(unlink(of_store("lock.mdb")), 0);
	done(ctl(ctl_restore, backup, true), "no store was there before");
	check_usable(0, 0);
	ck_assert_int_eq(rename(config.store.path, in(dir, "away")), 0);
	refused(ctl(ctl_restore, backup, true), "syncd creates it when it starts");
}
END_TEST

/* ---- what is no store of ours --------------------------------------------------- */

START_TEST(a_store_or_backup_of_another_format_is_refused_by_its_number)
{
	static const uint32_t formats[] = { STORE_MIGRATED - 1, STORE_FORMAT + 1 };
	struct said s;
	struct stat before;
	char found[40];

	for (size_t i = 0; i < 2; i++) {
		closed_store_set_format(config.store.path, formats[i]);
		(void)snprintf(found, sizeof(found), "format %u found", formats[i]);
		before = stat_of(of_store("data.mdb"));
		s = ctl(ctl_rebuild, NULL, false);
		refused(s, found);
		ck_assert_ptr_nonnull(strstr(s.text, "another format version"));
		refused(ctl(ctl_verify, NULL, false), found);
		ck_assert_int_eq(rename(of_store("data.mdb"), backup), 0);
		refused(ctl(ctl_verify, backup, false), found);
		refused(ctl(ctl_restore, backup, true), found);
		nothing_left();
		ck_assert_int_eq(rename(backup, of_store("data.mdb")), 0);
		ck_assert_uint_eq(stat_of(of_store("data.mdb")).st_ino, before.st_ino);
	}
	closed_store_set_format(config.store.path, STORE_FORMAT);
	check_usable(0, 0);
}
END_TEST

START_TEST(files_cut_short_garbage_and_non_files_are_refused_and_the_store_stays)
{
	uint64_t before = generation_of(of_store("data.mdb"));
	off_t size;

	done(ctl(ctl_backup, backup, false), "orders");
	size = stat_of(backup).st_size;
	for (off_t cut = size - 40960; cut > 0; cut -= size / 5) {
		ck_assert_int_eq(truncate(backup, cut), 0);
		refused(ctl(ctl_restore, backup, true), "");
	}
	write_file(backup, "this is no store at all");
	refused(ctl(ctl_restore, backup, true), "MDB_INVALID");
	ck_assert_int_eq(truncate(backup, 0), 0);
	refused(ctl(ctl_restore, backup, true), "");
	ck_assert_int_eq(unlink(backup), 0);
	refused(ctl(ctl_restore, backup, true), "No such file");
	ck_assert_int_eq(mkfifo(backup, 0600), 0);
	refused(ctl(ctl_restore, backup, true), "not a regular file");
	refused(ctl(ctl_restore, dir, true), "not a regular file");
	nothing_left();
	ck_assert_uint_eq(generation_of(of_store("data.mdb")), before);
	ck_assert(!is_there(of_store("data.mdb.replaced.1")));
	check_usable(0, 0);
}
END_TEST

START_TEST(a_store_in_use_is_left_alone)
{
	int fd;

	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_ge(fd = open(of_store("syncd.lock"), O_RDWR | O_CLOEXEC), 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	refused(ctl(ctl_restore, backup, true), "stop it first");
	refused(ctl(ctl_rebuild, NULL, false), "stop it first");
	done(ctl(ctl_backup, backup, false), "orders");
	done(ctl(ctl_verify, NULL, false), "sound");
	ck_assert_int_eq(close(fd), 0);
	nothing_left();
}
END_TEST

/* ---- root on another user's store ----------------------------------------------- */

START_TEST(a_store_that_root_restores_or_rebuilds_stays_its_users)
{
	if (not_root("root on another user's store"))
		return;
	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_eq(chown(backup, 0, 0), 0);
	ck_assert_int_eq(chmod(backup, 0600), 0);	/* root's alone */
	give(USER, GROUP);
	for (int i = 0; i < 4; i++) {
		done(i % 2 == 0 ? ctl(ctl_restore, backup, true) : ctl(ctl_rebuild, NULL, false), "orders");
		check_rights("", USER, GROUP, 0750);
		check_rights("data.mdb", USER, GROUP, 0640);
		check_rights("lock.mdb", USER, GROUP, 0660);
		check_rights("syncd.lock", USER, GROUP, 0640);
		check_usable(USER, GROUP);
		done(ctl(ctl_verify, NULL, false), "sound");
		check_rights("lock.mdb", USER, GROUP, 0660);
	}
	check_rights("data.mdb.replaced.4", USER, GROUP, 0640);
}
END_TEST

START_TEST(a_lock_that_root_has_to_create_is_the_users_too)
{
	if (not_root("root on another user's store"))
		return;
	done(ctl(ctl_backup, backup, false), "orders");
	give(USER, GROUP);
	ck_assert_int_eq(unlink(of_store("syncd.lock")), 0);
	ck_assert_int_eq(unlink(of_store("lock.mdb")), 0);
	ck_assert_int_eq(unlink(of_store("data.mdb")), 0);
	(void)umask(077);
	done(ctl(ctl_restore, backup, true), "orders");
	check_rights("data.mdb", USER, GROUP, 0640);
	check_rights("lock.mdb", USER, GROUP, 0660);
	check_usable(USER, GROUP);
}
END_TEST

START_TEST(group_and_mode_are_those_of_the_replaced_file)
{
	if (not_root("root on another user's store"))
		return;
	done(ctl(ctl_backup, backup, false), "orders");
	give(USER, GROUP);
	ck_assert_int_eq(chown(of_store("data.mdb"), USER, GROUP + 1), 0);
	ck_assert_int_eq(chown(of_store("lock.mdb"), USER, GROUP + 1), 0);
	ck_assert_int_eq(chmod(of_store("data.mdb"), 0600), 0);
	done(ctl(ctl_restore, backup, true), "orders");
	check_rights("data.mdb", USER, GROUP + 1, 0600);
	check_rights("lock.mdb", USER, GROUP + 1, 0660);
}
END_TEST

/* A folder of root's into which syncd's group may write, and one into which anyone may. */
START_TEST(in_a_folder_of_roots_the_data_file_decides_the_user)
{
	if (not_root("root on another user's store"))
		return;
	done(ctl(ctl_backup, backup, false), "orders");
	give(USER, GROUP);
	ck_assert_int_eq(chown(config.store.path, 0, GROUP), 0);
	ck_assert_int_eq(chmod(config.store.path, 0770), 0);
	done(ctl(ctl_restore, backup, true), "orders");
	check_rights("data.mdb", USER, GROUP, 0640);
	check_usable(USER, GROUP);
	ck_assert_int_eq(chmod(config.store.path, 0777), 0);
	refused(ctl(ctl_restore, backup, true), "others may write");
	ck_assert_int_eq(chmod(config.store.path, 0770), 0);
	give(0, 0);
	ck_assert_int_eq(chown(config.store.path, 0, GROUP), 0);
	refused(ctl(ctl_rebuild, NULL, false), "others may write");
}
END_TEST

/* Run ${command} as a user who is not the store's. */
static struct said
as_stranger(enum ctl_exit (*command)(struct ctl *), const char *argument)
{
	struct said s;

	ck_assert_int_eq(chmod(settings, 0644), 0);
	write_file(in(dir, "said"), "");
	ck_assert_int_eq(chmod(in(dir, "said"), 0666), 0);
	ck_assert_int_eq(seteuid(USER + 1), 0);
	s = ctl(command, argument, true);
	ck_assert_int_eq(seteuid(0), 0);
	return s;
}

START_TEST(another_user_may_neither_change_nor_read_the_store)
{
	if (not_root("to be another user"))
		return;
	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_eq(chmod(backup, 0644), 0);
	ck_assert_int_eq(chmod(config.store.path, 0777), 0);	/* not that alone */
	give(USER, GROUP);
	refused(as_stranger(ctl_restore, backup), "another user's");
	refused(as_stranger(ctl_rebuild, NULL), "another user's");
	refused(as_stranger(ctl_verify, NULL), "");
	done(as_stranger(ctl_verify, backup), "sound");
	ck_assert_int_eq(mkdir(in(dir, "theirs"), 0777), 0);
	ck_assert_int_eq(chmod(in(dir, "theirs"), 0777), 0);
	refused(as_stranger(ctl_backup, in(dir, "theirs/copy.mdb")), "Permission denied");
	ck_assert_int_eq(rmdir(in(dir, "theirs")), 0);	/* nothing is left there */
	nothing_left();
}
END_TEST

/* ---- links that lead elsewhere ---------------------------------------------------- */

/* Files of root's that no other user may touch. */
static void
make_victim(void)
{
	ck_assert_int_eq(mkdir(in(dir, "victim"), 0700), 0);
	write_file(in(dir, "victim/data.mdb"), "of root's");
	write_file(in(dir, "victim/lock.mdb"), "of root's");
	write_file(in(dir, "victim/syncd.lock"), "of root's");
}

static void
check_victim(void)
{
	static const char *const names[] = { "victim/data.mdb", "victim/lock.mdb", "victim/syncd.lock" };
	char text[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_file(in(dir, names[i]), text, sizeof(text));
		ck_assert_str_eq(text, "of root's");
		ck_assert_int_eq(stat_of(in(dir, names[i])).st_uid, geteuid());
		ck_assert_uint_eq(stat_of(in(dir, names[i])).st_nlink, 1);
	}
}

START_TEST(links_in_the_stores_folder_lead_nowhere)
{
	static const char *const names[] = { "new", "syncd.lock", "data.mdb.next", "data.mdb.replaced.1" };
	static const char *const targets[] = { "victim", "victim/syncd.lock", "victim/data.mdb",
	    "victim/data.mdb" };
	struct said s;

	done(ctl(ctl_backup, backup, false), "orders");
	make_victim();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (geteuid() == 0)
			give(USER, GROUP);
		(void)unlink(of_store(names[i]));
		ck_assert_int_eq(symlink(in(dir, targets[i]), of_store(names[i])), 0);
		s = ctl(ctl_restore, backup, true);
		check_victim();
		(void)unlink(of_store(names[i]));
		if (s.status == CTL_DONE)
			continue;
		ck_assert_int_eq(s.status, CTL_FAILED);
		ck_assert_msg(strstr(s.text, names[i]) != NULL, "%s", s.text);
		write_file(of_store("syncd.lock"), "");
	}
	if (geteuid() == 0)
		give(USER, GROUP);
	ck_assert_int_eq(unlink(of_store("data.mdb")), 0);
	ck_assert_int_eq(symlink(in(dir, "victim/data.mdb"), of_store("data.mdb")), 0);
	refused(ctl(ctl_restore, backup, true), "not a regular file");
	refused(ctl(ctl_rebuild, NULL, false), "not a regular file");
	check_victim();
}
END_TEST

START_TEST(store_path_may_be_a_link_of_roots_or_of_its_users)
{
	char link[256], text[300];

	(void)snprintf(link, sizeof(link), "%s/link", dir);
	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_eq(symlink(config.store.path, link), 0);
	(void)snprintf(text, sizeof(text), "[store]\npath = %s\n", link);
	write_file(settings, text);
	done(ctl(ctl_restore, backup, true), "link/data.mdb.replaced.1");
	ck_assert(is_there(of_store("data.mdb.replaced.1")));
	if (not_root("a link of another user"))
		return;
	give(USER, GROUP);
	done(ctl(ctl_restore, backup, true), "link/data.mdb.replaced.2");
	check_rights("data.mdb", USER, GROUP, 0640);
	ck_assert_int_eq(lchown(in(dir, "link"), USER, GROUP), 0);
	done(ctl(ctl_rebuild, NULL, false), "link/data.mdb.replaced.3");
	ck_assert_int_eq(lchown(in(dir, "link"), USER + 1, GROUP), 0);
	refused(ctl(ctl_restore, backup, true), "a link of another user");
}
END_TEST

START_TEST(a_backup_into_a_shared_folder_follows_no_link_and_replaces_only_files)
{
	char file[256], partial[272];

	(void)snprintf(file, sizeof(file), "%s/theirs/copy.mdb", dir);
	(void)snprintf(partial, sizeof(partial), "%s.partial", file);
	make_victim();
	ck_assert_int_eq(mkdir(in(dir, "theirs"), 0777), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(in(dir, "theirs"), USER + 1, GROUP + 1), 0);
		give(USER, GROUP);
	}
	ck_assert_int_eq(symlink(in(dir, "victim/data.mdb"), partial), 0);
	done(ctl(ctl_backup, file, false), "orders");
	check_victim();
	ck_assert(!is_there(partial));
	ck_assert_int_eq(stat_of(file).st_uid, geteuid());
	ck_assert_int_eq(stat_of(file).st_mode & 07777, 0600);
	ck_assert_int_eq(link(in(dir, "victim/data.mdb"), partial), 0);	/* or a hard link */
	done(ctl(ctl_backup, file, false), "orders");
	check_victim();
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink(in(dir, "victim/data.mdb"), file), 0);
	refused(ctl(ctl_backup, file, false), "not a regular file");
	check_victim();
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	refused(ctl(ctl_backup, file, false), "not a regular file");
	ck_assert(S_ISFIFO(stat_of(file).st_mode));
	refused(ctl(ctl_backup, dir, false), "not a regular file");
	refused(ctl(ctl_backup, in(dir, "theirs/"), false), "names a folder: add the name of a file in it");
	refused(ctl(ctl_backup, in(dir, "nowhere/copy.mdb"), false), "No such file");
	ck_assert(!is_there(partial));
}
END_TEST

START_TEST(two_backups_of_one_name_do_not_mix_and_a_killed_one_blocks_none)
{
	char partial[256];
	int fd;

	(void)snprintf(partial, sizeof(partial), "%s.partial", backup);
	write_file(backup, "the one before");
	write_file(partial, "half of one");
	ck_assert_int_ge(fd = open(partial, O_RDWR | O_CLOEXEC), 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	refused(ctl(ctl_backup, backup, false), "another process is writing ");
	ck_assert_int_eq(stat_of(partial).st_size, 11);
	ck_assert_int_eq(stat_of(backup).st_size, 14);
	ck_assert_int_eq(close(fd), 0);
	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert(!is_there(partial));
	done(ctl(ctl_verify, backup, false), "sound");
}
END_TEST

/* ---- no room, and the end in the middle --------------------------------------------- */

/* Run it with files that can't grow beyond ${limit} bytes, as on a full disk. */
static enum err
within(rlim_t limit, bool rebuild)
{
	struct rlimit all, few;
	struct buf why = { 0 };
	struct backup_facts f;
	enum err e;
	int fd = open(backup, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
	few = all;
	few.rlim_cur = limit;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	e = rebuild ? backup_rebuild(&config, &tables_builtin, &f, &why) :
	    backup_restore(&config, &tables_builtin, fd, BACKUP_OUTBOX_DROP, NULL, NULL, &f, &why);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	ck_assert(e == ERR_OK || why.len > 0);
	buf_free(&why);
	ck_assert_int_eq(close(fd), 0);
	return e;
}

START_TEST(wherever_writing_fails_the_store_stays_and_nothing_is_left)
{
	uint64_t before = generation_of(of_store("data.mdb"));
	off_t size;

	done(ctl(ctl_backup, backup, false), "orders");
	size = stat_of(backup).st_size;
	for (int rebuild = 0; rebuild < 2; rebuild++) {
		for (off_t limit = 4096; limit < size; limit += size / 6) {
			ck_assert_int_ne(within((rlim_t)limit, rebuild), ERR_OK);
			nothing_left();
		}
		ck_assert_uint_eq(generation_of(of_store("data.mdb")), before);
	}
	check_usable(0, 0);
}
END_TEST

/* A disk of its own below the store. */
START_TEST(a_disk_without_room_is_reported_before_anything_is_written)
{
	struct said s;

	done(ctl(ctl_backup, backup, false), "orders");
	/* the mount ends with this process */
	if (geteuid() != 0 || unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("small", config.store.path, "tmpfs", 0, "size=2m,mode=0750") == -1) {
		(void)printf("# skipped: a small disk: only root can\n");
		return;
	}
	ck_assert_int_eq(chown(config.store.path, USER, GROUP), 0);
	ck_assert_int_gt(stat_of(backup).st_size, 1 << 20);
	s = ctl(ctl_restore, backup, true);
	refused(s, "MiB are needed");
	ck_assert_ptr_null(strstr(s.text, "sound"));
	nothing_left();
	refused(ctl(ctl_backup, in(dir, "copy.mdb"), false), "No such file");
	ck_assert_int_eq(umount2(config.store.path, MNT_DETACH), 0);
	check_usable(0, 0);
}
END_TEST

/* The files that a restore leaves when it is killed after each of its steps. */
static void
killed_after(unsigned step)
{
	ck_assert_int_eq(mkdir(of_store("new"), 0750), 0);
	ck_assert_int_eq(link(backup, of_store(step == 0 ? "new/data.mdb" : "data.mdb.next")), 0);
	write_file(of_store(step < 3 ? "new/lock.mdb" : "lock.mdb"), "");
	if (step >= 2)
		ck_assert_int_eq(rename(of_store("data.mdb"), of_store("data.mdb.replaced.1")), 0);
	if (step == 3)
		ck_assert_int_eq(rmdir(of_store("new")), 0);
}

START_TEST(a_restore_killed_at_any_step_has_happened_or_not_and_nothing_is_lost)
{
	uint64_t before = generation_of(of_store("data.mdb")), saved;
	bool by_syncd = _i / 4 == 0;
	unsigned step = (unsigned)_i % 4;

	done(ctl(ctl_backup, backup, false), "orders");
	saved = generation_of(backup);
	ck_assert_uint_eq(saved, before);
	killed_after(step);
	ck_assert_int_eq(is_there(of_store("data.mdb")), step < 2);
	if (by_syncd)
		check_usable(0, 0);
	else
		done(ctl(ctl_rebuild, NULL, false), "orders");
	nothing_left();
	ck_assert_int_eq(is_there(of_store("data.mdb.replaced.1")), step >= 2 || !by_syncd);
	if (step >= 2)
		ck_assert_uint_eq(generation_of(of_store("data.mdb.replaced.1")), before);
	check_usable(0, 0);
}
END_TEST

#ifdef ORDERDECK_FAULT_POINTS
/* The same with a real SIGKILL at each point of the exchange. */
START_TEST(after_a_kill_at_any_point_of_the_exchange_a_restart_goes_on)
{
	static const char *const points[] = { "exchange-begin:1", "exchange-next:1", "exchange-aside:1",
	    "exchange-readers:1", "exchange-end:1" };
	uint64_t before = generation_of(of_store("data.mdb")), now;
	bool replaced = _i >= 2;

	done(ctl(ctl_backup, backup, false), "orders");
	ck_assert_int_eq(setenv("ORDERDECK_FAULT", points[_i], 1), 0);
	ck_assert_int_eq(ctl(ctl_restore, backup, true).status, -1);
	ck_assert_int_eq(unsetenv("ORDERDECK_FAULT"), 0);
	check_usable(0, 0);
	nothing_left();
	now = generation_of(of_store("data.mdb"));
	ck_assert(replaced ? now > before : now == before);
	ck_assert_int_eq(is_there(of_store("data.mdb.replaced.1")), replaced);
	if (replaced)
		ck_assert_uint_eq(generation_of(of_store("data.mdb.replaced.1")), before);
	done(ctl(ctl_restore, backup, true), replaced ? "replaced.2" : "replaced.1");
}
END_TEST
#endif

/* This makes many stores, which is slow under valgrind; the first case covers the same code. */
static TCase *
add_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	if (strcmp(name, "set aside") != 0)
		tcase_set_tags(t, "long");
	tcase_add_checked_fixture(t, setup, NULL);
	suite_add_tcase(s, t);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("restore");
	TCase *t = add_case(s, "set aside");

	tcase_add_test(t, nothing_that_was_set_aside_is_ever_overwritten);
	tcase_add_test(t, a_store_that_was_set_aside_can_be_restored_with_its_outbox);
	tcase_add_test(t, a_first_restore_on_a_new_machine_has_nothing_to_set_aside);
	tcase_add_test(t, a_store_or_backup_of_another_format_is_refused_by_its_number);
	tcase_add_test(t, files_cut_short_garbage_and_non_files_are_refused_and_the_store_stays);
	tcase_add_test(t, a_store_in_use_is_left_alone);
	t = add_case(s, "users");
	tcase_add_test(t, a_store_that_root_restores_or_rebuilds_stays_its_users);
	tcase_add_test(t, a_lock_that_root_has_to_create_is_the_users_too);
	tcase_add_test(t, group_and_mode_are_those_of_the_replaced_file);
	tcase_add_test(t, in_a_folder_of_roots_the_data_file_decides_the_user);
	tcase_add_test(t, another_user_may_neither_change_nor_read_the_store);
	t = add_case(s, "links");
	tcase_add_test(t, links_in_the_stores_folder_lead_nowhere);
	tcase_add_test(t, store_path_may_be_a_link_of_roots_or_of_its_users);
	tcase_add_test(t, a_backup_into_a_shared_folder_follows_no_link_and_replaces_only_files);
	tcase_add_test(t, two_backups_of_one_name_do_not_mix_and_a_killed_one_blocks_none);
	t = add_case(s, "in the middle");
	tcase_add_test(t, wherever_writing_fails_the_store_stays_and_nothing_is_left);
	tcase_add_test(t, a_disk_without_room_is_reported_before_anything_is_written);
	tcase_add_loop_test(t, a_restore_killed_at_any_step_has_happened_or_not_and_nothing_is_lost, 0, 8);
#ifdef ORDERDECK_FAULT_POINTS
	tcase_add_loop_test(t, after_a_kill_at_any_point_of_the_exchange_a_restart_goes_on, 0, 5);
#endif
	return run_suite(s);
}
