#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/whole_file.h"
#include "common/config/config.h"
#include "syncd/backup/backup.h"
#include "syncd/ctl/ctl.h"
#include "syncd/ctl/user.h"
#include "syncd/verify/verify.h"

#define PATH_ROOM	4096

/* Print the cause; an empty one has been printed already.  Frees ${why}. */
static enum ctl_exit
fault(const char *what, struct buf *why)
{
	if (why->len > 0)
		(void)fprintf(stderr, "syncctl: %s: %s\n", what, buf_cstr(why));
	buf_free(why);
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
	/* what the store's modules log goes to the operator, without decoration */
	return good && log_open("syncctl", NULL, LOG_ERROR, LOG_LOGFMT) == 0;
}

/* A backup must not replace a file of the store: that would destroy the store. */
static bool
beside_store(const struct whole_file *out, const char *store_path, struct buf *why)
{
	struct stat folder, store;

	if (fstat(out->dir, &folder) == -1 || stat(store_path, &store) == -1 ||
	    folder.st_dev != store.st_dev || folder.st_ino != store.st_ino)
		return true;
	buf_printf(why, "%s is the store's own folder: choose another", store_path);
	return false;
}

static enum ctl_exit
copy_to(const struct config *config, const char *file)
{
	struct backup_facts f = { .generation = 0 };
	struct buf why = { 0 };
	char partial[PATH_ROOM];
	struct whole_file out;
	bool good;

	if (whole_file_begin(&out, file, &why) != ERR_OK)
		return fault("backup", &why);
	(void)snprintf(partial, sizeof(partial), "%s.partial", file);
	good = beside_store(&out, config->store.path, &why) &&
	    user_of_store(config->store.path, false) &&
	    backup_copy(config->store.path, out.fd, &why) == ERR_OK;
	good = user_self() && good && backup_facts(partial, &tables_builtin, &f, &why) == ERR_OK;
	if (!good)
		whole_file_drop(&out);
	if (!good || whole_file_end(&out, &why) != ERR_OK)
		return fault("backup", &why);
	buf_printf(&why, "%s: generation %" PRIu64 ", %" PRIu32 " orders, %" PRIu64
	    " changes in the outbox, %" PRIu64 " bytes\n", file, f.generation, f.rows, f.outbox,
	    f.bytes);
	return ctl_print(&why);
}

enum ctl_exit
ctl_backup(struct ctl *ctl)
{
	static struct config config;

	return load_config(ctl, &config) ? copy_to(&config, ctl->argument) : CTL_USAGE;
}

static void
tell(void *cookie, const char *where, const char *what)
{
	struct buf *out = cookie;

	buf_printf(out, "%s: %s\n", where, what);
	(void)fwrite(out->data, 1, out->len, stdout);	/* at once: reading on may end the process */
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
		return fault(name, &out);
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

/* What is to be verified. */
struct target {
	const char	*store_path;	/* the store itself, while others use it; NULL: a file */
	const char	*file;
	const char	*name;		/* for people */
};

static enum ctl_exit
verify_store_at(const char *path)
{
	struct buf why = { 0 };
	enum ctl_exit status;
	struct store *st;
	enum err e;

	if (!user_of_store(path, false))
		return CTL_FAILED;
	if ((e = store_open(path, &tables_builtin, &st)) != ERR_OK) {
		buf_add_cstr(&why, err_text(e));
		return fault(path, &why);
	}
	status = verify_open(st, path);
	store_close(st);
	return status;
}

static enum ctl_exit
verify_one(const struct target *t)
{
	struct buf why = { 0 };
	enum ctl_exit status;
	struct store *st;
	struct db db;

	if (t->store_path != NULL)
		return verify_store_at(t->store_path);
	if (backup_open(t->file, &tables_builtin, &db, &st, &why) != ERR_OK)
		return fault("verify", &why);
	status = verify_open(st, t->name);
	store_close(st);
	db_close(&db);
	return status;
}

/* Reading damaged pages may end the process, so a child does it. */
static enum ctl_exit
verify_apart(const struct target *t)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit((int)verify_one(t));
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return system_fault("verify");
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == CTL_DONE ? CTL_DONE : CTL_FAILED;
	(void)fprintf(stderr, "syncctl: %s: too damaged to be read (signal %d)\n", t->name,
	    WTERMSIG(status));
	return CTL_FAILED;
}

enum ctl_exit
ctl_verify(struct ctl *ctl)
{
	static struct config config;

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	return verify_apart(&(struct target){ .file = ctl->argument,
	    .store_path = ctl->argument == NULL ? config.store.path : NULL,
	    .name = ctl->argument == NULL ? config.store.path : ctl->argument });
}

/* Say where the old store is kept, and how to go back to it or remove it. */
static void
tell_aside(const struct config *config, const struct backup_facts *f, struct buf *out)
{
	const char *path = config->store.path;
	int dir = store_files_open(path);
	unsigned count = 0;
	uint64_t bytes = 0;

	if (f->aside[0] == '\0') {
		buf_add_cstr(out, "no store was there before\n");
	} else {
		buf_printf(out, "the old store is kept as %s/%s; to go back, restore that file\n", path, f->aside);
		if (f->aside_outbox > 0)
			buf_printf(out, "it holds %" PRIu64 " changes that Airtable had not confirmed\n",
			    f->aside_outbox);
	}
	if (dir != -1) {
		store_asides(dir, STORE_REPLACED, &count, &bytes);
		(void)close(dir);
	}
	if (count > 1)
		buf_printf(out, "%u such files take %" PRIu64 " MiB: remove those you don't want to go back to "
		    "(rm %s/" STORE_REPLACED ".N)\n", count, bytes >> 20, path);
}

static bool
copy_is_sound(void *cookie, const char *file)
{
	return verify_apart(&(struct target){ .file = file, .name = cookie }) == CTL_DONE;
}

static enum ctl_exit
restore(struct ctl *ctl, const struct config *config, int fd)
{
	struct backup_facts f = { .generation = 0 };
	struct buf why = { 0 };
	enum err e;

	if (!user_of_store(config->store.path, true))
		return CTL_FAILED;
	e = backup_restore(config, &tables_builtin, fd, ctl->keep_outbox ? BACKUP_OUTBOX_KEEP :
	    ctl->drop_outbox ? BACKUP_OUTBOX_DROP : BACKUP_OUTBOX_REFUSE, copy_is_sound,
	    (char *)(uintptr_t)ctl->argument, &f, &why);
	if (e == ERR_CONFLICT)
		buf_add_cstr(&why, "; --keep-outbox delivers them, --drop-outbox forgets them");
	if (e != ERR_OK)
		return fault("restore", &why);
	buf_printf(&why, "%s holds %" PRIu32 " orders as generation %" PRIu64 "\n", config->store.path,
	    f.rows, f.generation);
	tell_aside(config, &f, &why);
	return ctl_print(&why);
}

enum ctl_exit
ctl_restore(struct ctl *ctl)
{
	static struct config config;
	enum ctl_exit status;
	int fd;

	if (!load_config(ctl, &config))
		return CTL_USAGE;
	/* non-blocking, so as not to wait for the writer of a pipe */
	if ((fd = open(ctl->argument, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1)
		return system_fault(ctl->argument);
	status = restore(ctl, &config, fd);
	(void)close(fd);
	return status;
}

static enum ctl_exit
rebuild(const struct config *config)
{
	struct backup_facts f;
	struct buf out = { 0 };

	if (!user_of_store(config->store.path, true))
		return CTL_FAILED;
	if (backup_rebuild(config, &tables_builtin, &f, &out) != ERR_OK)
		return fault("rebuild", &out);
	buf_printf(&out, "%s holds %" PRIu32 " orders, %" PRIu64 " entries of history and %" PRIu64
	    " of the outbox as generation %" PRIu64 "\n", config->store.path, f.rows, f.history, f.outbox,
	    f.generation);
	if (f.in_doubt > 0)
		buf_printf(&out, "%" PRIu32 " orders were in doubt and come with the next full sync\n",
		    f.in_doubt);
	tell_aside(config, &f, &out);
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
	(void)fprintf(stderr, "syncctl: %s: too damaged to be read (signal %d); "
	    "restore a backup, or move data.mdb away and let syncd make a new one\n",
	    config.store.path, WTERMSIG(status));
	return CTL_FAILED;
}
