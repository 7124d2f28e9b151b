#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "syncd/backup.h"
#include "syncd/ctl.h"
#include "syncd/verify.h"

#define PATH_ROOM	4096

static enum ctl_exit
fault(const char *what, const struct buf *why)
{
	(void)fprintf(stderr, "syncctl: %s: %.*s\n", what, (int)why->len,
	    why->len > 0 ? why->data : "");
	return CTL_FAILED;
}

static enum ctl_exit
system_fault(const char *what)
{
	(void)fprintf(stderr, "syncctl: %s: %s\n", what, strerror(errno));
	return CTL_FAILED;
}

static bool
load_config(const struct ctl *ctl, struct config *config)
{
	struct buf errors = { 0 };
	bool good = config_load(config, &ctl->source, &errors) == ERR_OK;

	if (!good)
		(void)fputs(buf_cstr(&errors), stderr);
	buf_free(&errors);
	/* what the store's modules log goes to the operator, as bare as may be */
	return good && log_open("syncctl", NULL, LOG_ERROR, LOG_LOGFMT) == 0;
}

/*
 * root works on the store as the one whose it is, so that syncd can use what
 * is made there.
 */
static bool
become_owner(const char *store_path)
{
	struct stat st;

	if (geteuid() != 0 || stat(store_path, &st) == -1 || st.st_uid == 0)
		return true;
	if (setgroups(0, NULL) == 0 && setegid(st.st_gid) == 0 && seteuid(st.st_uid) == 0)
		return true;
	(void)system_fault("change of user");
	return false;
}

static bool
become_self(void)
{
	if (geteuid() == getuid())
		return true;
	if (seteuid(getuid()) == 0 && setegid(getgid()) == 0)
		return true;
	(void)system_fault("change of user");
	return false;
}

/* To the disk, under its own name. */
static bool
name_file(const char *partial, const char *file)
{
	char dir[PATH_ROOM];
	int fd, rc;

	(void)snprintf(dir, sizeof(dir), "%s", file);
	if (rename(partial, file) == -1 ||
	    (fd = open(dirname(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return false;
	rc = fsync(fd);
	(void)close(fd);
	return rc == 0;
}

static enum ctl_exit
copy_to(const struct config *config, const char *partial, const char *file)
{
	struct backup_facts f = { .generation = 0 };
	struct buf why = { 0 };
	enum ctl_exit status;
	int fd = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	if (fd == -1)
		return system_fault(partial);
	good = become_owner(config->store.path) &&
	    backup_copy(config->store.path, fd, &why) == ERR_OK;
	good = become_self() && good;
	if (close(fd) == -1 && good)
		buf_add_cstr(&why, strerror(errno));
	good = good && why.len == 0 &&
	    backup_facts(partial, &f, &why) == ERR_OK;
	status = !good ? fault("backup", &why) :
	    name_file(partial, file) ? CTL_DONE : system_fault(file);
	buf_free(&why);
	if (status != CTL_DONE) {
		(void)unlink(partial);
		return status;
	}
	buf_printf(&why, "%s: generation %" PRIu64 ", %" PRIu32 " orders, %" PRIu64
	    " changes in the outbox, %" PRIu64 " bytes\n", file, f.generation, f.orders, f.outbox,
	    f.bytes);
	return ctl_print(&why);
}

enum ctl_exit
ctl_backup(struct ctl *ctl)
{
	static struct config config;
	char partial[PATH_ROOM];

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	if ((size_t)snprintf(partial, sizeof(partial), "%s.partial", ctl->argument) >= sizeof(partial)) {
		errno = ENAMETOOLONG;
		return system_fault(ctl->argument);
	}
	return copy_to(&config, partial, ctl->argument);
}

static void
tell(void *cookie, const char *where, const char *what)
{
	struct buf *out = cookie;

	buf_printf(out, "%s: %s\n", where, what);
	(void)fwrite(out->data, 1, out->len, stdout);	/* at once: reading on may be the end */
	(void)fflush(stdout);
	buf_clear(out);
}

static enum ctl_exit
verify_open(struct store *st, const char *name)
{
	struct verify_result r = { .faults = 0 };
	struct buf out = { 0 };
	enum err e;

	if ((e = store_begin(st)) != ERR_OK || (e = verify_store(st, tell, &out, &r)) != ERR_OK) {
		buf_add_cstr(&out, err_text(e));
		(void)fault(name, &out);
		buf_free(&out);
		return CTL_FAILED;
	}
	buf_printf(&out, "%s: generation %" PRIu64 ", %" PRIu32 " orders, %" PRIu64
	    " entries of history, %" PRIu64 " in the outbox: ", name, r.generation, r.rows, r.history,
	    r.outbox);
	if (r.faults == 0)
		buf_add_cstr(&out, "sound\n");
	else
		buf_printf(&out, "%zu faults\n", r.faults);
	return ctl_print(&out) == CTL_DONE && r.faults == 0 ? CTL_DONE : CTL_FAILED;
}

/* ${file}: a backup; NULL: the store itself, beside all who use it. */
static enum ctl_exit
verify_one(const struct config *config, const char *file)
{
	struct buf why = { 0 };
	enum ctl_exit status;
	struct store *st;
	MDB_env *env;
	enum err e;

	if (file == NULL) {
		if (!become_owner(config->store.path))
			return CTL_FAILED;
		if ((e = store_open(config->store.path, &st)) != ERR_OK) {
			buf_add_cstr(&why, err_text(e));
			return fault(config->store.path, &why);
		}
		status = verify_open(st, config->store.path);
		store_close(st);
		return status;
	}
	if (backup_open(file, &env, &st, &why) != ERR_OK)
		return fault("verify", &why);
	status = verify_open(st, file);
	store_close(st);
	mdb_env_close(env);
	return status;
}

/* Reading damaged pages may end the process: it is a child's then. */
static enum ctl_exit
verify_apart(const struct config *config, const char *file)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit((int)verify_one(config, file));
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return system_fault("verify");
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == CTL_DONE ? CTL_DONE : CTL_FAILED;
	(void)fprintf(stderr, "syncctl: %s: damaged so that it can't be read (signal %d)\n",
	    file != NULL ? file : config->store.path, WTERMSIG(status));
	return CTL_FAILED;
}

enum ctl_exit
ctl_verify(struct ctl *ctl)
{
	static struct config config;

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	return verify_apart(&config, ctl->argument);
}

enum ctl_exit
ctl_restore(struct ctl *ctl)
{
	static struct config config;
	struct backup_facts f = { .generation = 0 };
	struct buf why = { 0 };
	enum err e;
	int fd;

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	if (verify_apart(&config, ctl->argument) != CTL_DONE)
		return CTL_FAILED;
	if ((fd = open(ctl->argument, O_RDONLY | O_CLOEXEC)) == -1)
		return system_fault(ctl->argument);
	if (!become_owner(config.store.path))
		return CTL_FAILED;
	e = backup_restore(&config, fd, ctl->keep_outbox ? BACKUP_OUTBOX_KEEP :
	    ctl->drop_outbox ? BACKUP_OUTBOX_DROP : BACKUP_OUTBOX_REFUSE, &f, &why);
	(void)close(fd);
	if (e == ERR_CONFLICT)
		buf_add_cstr(&why, "; --keep-outbox delivers them, --drop-outbox forgets them");
	if (e != ERR_OK)
		return fault("restore", &why);
	buf_printf(&why, "%s holds %" PRIu32 " orders as generation %" PRIu64 "; what was there is in "
	    STORE_REPLACED "\n", config.store.path, f.orders, f.generation);
	return ctl_print(&why);
}

static enum ctl_exit
rebuild(const struct config *config)
{
	struct backup_facts f;
	struct buf out = { 0 };

	if (!become_owner(config->store.path))
		return CTL_FAILED;
	if (backup_rebuild(config, &f, &out) != ERR_OK)
		return fault("rebuild", &out);
	buf_printf(&out, "%s holds %" PRIu32 " orders, %" PRIu64 " entries of history and %" PRIu64
	    " of the outbox as generation %" PRIu64 "; what was there is in " STORE_REPLACED "\n",
	    config->store.path, f.orders, f.history, f.outbox, f.generation);
	if (f.in_doubt > 0)
		buf_printf(&out, "%" PRIu32 " orders were in doubt and come with the next full sync\n",
		    f.in_doubt);
	return ctl_print(&out);
}

enum ctl_exit
ctl_rebuild(struct ctl *ctl)
{
	static struct config config;
	pid_t pid;
	int status;

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	if ((pid = fork()) == 0)
		_exit((int)rebuild(&config));
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return system_fault("rebuild");
	if (WIFEXITED(status))
		return (enum ctl_exit)WEXITSTATUS(status);
	(void)fprintf(stderr, "syncctl: %s: damaged so that it can't be read (signal %d); "
	    "restore a backup, or move data.mdb away and let syncd make a new one\n",
	    config.store.path, WTERMSIG(status));
	return CTL_FAILED;
}
