#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store/keys.h"
#include "common/store/outbox.h"
#include "syncd/backup/parts.h"

enum err
backup_failed(struct buf *why, const char *what, const struct db_fault *f, enum err e)
{
	buf_printf(why, "%s: %s", what, db_fault_text(f, e));
	return e;
}

enum err
backup_system_failed(struct buf *why, const char *what)
{
	int cause = errno;

	buf_printf(why, "%s: %s", what, strerror(cause));
	return err_from_errno(cause);
}

enum err
backup_copy(const char *store_path, int fd, struct buf *why)
{
	static const struct db_options options = { .read_only = true };
	struct db db;
	enum err e;

	if ((e = db_open(&db, store_path, &options)) != ERR_OK)
		return backup_failed(why, store_path, &db.fault, e);
	e = db_copy(&db, fd);
	db_close(&db);
	if (e != ERR_OK)
		return backup_failed(why, "copy", &db.fault, e);
	return fsync(fd) == 0 ? ERR_OK : backup_system_failed(why, "copy");
}

enum err
backup_open(const char *file, const struct tables *tables, struct db *db, struct store **store,
    struct buf *why)
{
	const struct db_options options = {
		.read_only = true, .file = true, .max_dbs = store_max_dbs(tables)
	};
	enum err e;

	*store = NULL;
	if ((e = db_open(db, file, &options)) != ERR_OK)
		return backup_failed(why, file, &db->fault, e);
	if ((e = store_attach(db, tables, store)) == ERR_OK)
		return ERR_OK;
	buf_printf(why, "%s: %s", file, err_text(e));
	db_close(db);
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
backup_facts(const char *file, const struct tables *tables, struct backup_facts *f, struct buf *why)
{
	struct store *store;
	struct stat st;
	struct db db;
	enum err e = backup_open(file, tables, &db, &store, why);

	if (e != ERR_OK)
		return e;
	if ((e = store_begin(store)) == ERR_OK) {
		f->generation = store_generation(store);
		f->rows = 0;
		for (size_t i = 0; i < tables->count; i++)
			f->rows += store_row_count(store, tables->list[i]);
		f->outbox = 0;
		f->bytes = stat(file, &st) == 0 ? (uint64_t)st.st_size : 0;
		e = outbox_each(store, count, f);
	}
	if (e != ERR_OK)
		buf_printf(why, "%s: %s", file, err_text(e));
	store_close(store);
	db_close(&db);
	return e;
}
