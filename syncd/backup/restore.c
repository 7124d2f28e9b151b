#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/store/keys.h"
#include "syncd/backup/parts.h"

#define COPY_BYTES	(1024 * 1024)

static enum err
copy_bytes(int from, int to, char *bytes, struct buf *why)
{
	ssize_t n, written;

	if (lseek(from, 0, SEEK_SET) == -1)
		return backup_system_failed(why, "backup");
	while ((n = read(from, bytes, COPY_BYTES)) > 0)
		for (ssize_t at = 0; at < n; at += written)
			if ((written = write(to, bytes + at, (size_t)(n - at))) == -1)
				return backup_system_failed(why, "the new store");
	if (n == -1)
		return backup_system_failed(why, "backup");
	return fsync(to) == 0 ? ERR_OK : backup_system_failed(why, "the new store");
}

/* Copy the backup to the new store's data file. */
static enum err
copy_in(const char *file, int from, struct buf *why)
{
	char *bytes = malloc(COPY_BYTES);
	enum err e = ERR_NOMEM;
	int to;

	if (bytes == NULL)
		return e;
	if ((to = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)) == -1) {
		e = backup_system_failed(why, file);
	} else {
		e = copy_bytes(from, to, bytes, why);
		if (close(to) == -1 && e == ERR_OK)
			e = backup_system_failed(why, file);
	}
	free(bytes);
	return e;
}

/* Bytes of all keys, or all values, of a database. */
static size_t
size_of(struct store *st, db_id dbi, bool keys)
{
	struct db_cursor c;
	size_t bytes = 0;

	for (db_walk(&c, store_txn(st), dbi); c.found; db_next(&c))
		bytes += keys ? c.key.len : c.value.len;
	db_walk_end(&c);
	return bytes;
}

/* Copy the text into ${bytes}, which has room for it. */
static struct str
keep(struct buf *bytes, struct str v)
{
	struct str kept = { bytes->data + bytes->len, v.len };

	buf_add_str(bytes, v);
	return kept;
}

static enum err
outbox_list_fill(struct outbox_list *l, struct store *st, size_t room, int verb)
{
	db_id outbox = store_databases(st)->outbox;
	struct db_cursor c;

	if (buf_reserve(&l->bytes, size_of(st, outbox, false) + 1) == NULL)
		return ERR_NOMEM;
	for (db_walk(&c, store_txn(st), outbox); c.found && l->count < room; db_next(&c)) {
		struct outbox_entry *e = &l->entries[l->count];
		uint64_t sequence;

		memcpy(&sequence, c.key.ptr, sizeof(sequence));
		if (outbox_decode(sequence, keep(&l->bytes, c.value), store_tables(st), e) == ERR_OK)
			l->steps[l->count++] = (struct outbox_step){ .verb = (unsigned)verb, .entry = e };
	}
	db_walk_end(&c);
	return buf_status(&l->bytes);
}

enum err
outbox_list_read(struct outbox_list *l, struct store *st, int verb)
{
	size_t room;

	*l = (struct outbox_list){ .count = 0 };
	db_forgive(store_txn(st));
	room = db_count(store_txn(st), store_databases(st)->outbox);
	if (store_txn(st)->fault.error != ERR_OK)
		return ERR_STORE_CORRUPT;
	if ((l->entries = calloc(room + 1, sizeof(*l->entries))) == NULL ||
	    (l->steps = calloc(room + 1, sizeof(*l->steps))) == NULL)
		return ERR_NOMEM;
	return outbox_list_fill(l, st, room, verb);
}

void
outbox_list_free(struct outbox_list *l)
{
	free(l->entries);
	free(l->steps);
	buf_free(&l->bytes);
	*l = (struct outbox_list){ .count = 0 };
}

/* Keys of answers that wait for an entry of the outbox, and are to be forgotten. */
struct unsettled {
	struct answer_step	*steps;
	size_t			 count;
	struct buf		 keys;
};

static enum err
unsettled_read(struct unsettled *u, struct store *st)
{
	db_id answers = store_databases(st)->answers;
	size_t room = db_count(store_txn(st), answers);
	struct db_cursor c;

	if (store_txn(st)->fault.error != ERR_OK)
		return ERR_STORE_CORRUPT;
	if ((u->steps = calloc(room + 1, sizeof(*u->steps))) == NULL ||
	    buf_reserve(&u->keys, size_of(st, answers, true) + 1) == NULL)
		return ERR_NOMEM;
	for (db_walk(&c, store_txn(st), answers); c.found && u->count < room; db_next(&c))
		if (c.value.len == sizeof(struct answer_head))
			u->steps[u->count++].key = keep(&u->keys, c.key);
	db_walk_end(&c);
	return buf_status(&u->keys);
}

static enum err
waiting_read(const struct tables *tables, const char *file, struct outbox_list *l, struct unsettled *u, struct buf *why)
{
	struct store *st;
	struct db db;
	enum err e = backup_open(file, tables, &db, &st, why);

	if (e != ERR_OK)
		return e;
	if ((e = store_begin(st)) != ERR_OK || (e = outbox_list_read(l, st, OUTBOX_DROP)) != ERR_OK ||
	    (e = unsettled_read(u, st)) != ERR_OK)
		buf_printf(why, "outbox: %s", err_text(e));
	store_close(st);
	db_close(&db);
	return e;
}

/* One commit that empties the outbox of the new store. */
static enum err
drop_outbox(struct new_store *n, const char *file, struct buf *why)
{
	struct outbox_list l = { .count = 0 };
	struct unsettled u = { .count = 0 };
	struct apply_result r;
	struct apply *a;
	enum err e;

	if ((e = waiting_read(n->tables, file, &l, &u, why)) != ERR_OK)
		goto done;
	if ((e = apply_open(&n->config, n->tables, &a)) == ERR_OK) {
		const struct apply_meta meta = { .outbox = l.steps, .outbox_count = l.count,
		    .answers = u.steps, .answer_count = u.count };

		e = apply_changes(a, NULL, 0, SOURCE_JOB, &meta, instant_now(), &r);
		apply_close(a);
	}
	if (e != ERR_OK)
		buf_printf(why, "outbox: %s", err_text(e));
done:
	free(u.steps);
	buf_free(&u.keys);
	outbox_list_free(&l);
	return e;
}

static enum err
settle_outbox(struct new_store *n, const char *file, enum backup_outbox outbox, struct buf *why)
{
	struct backup_facts f;
	enum err e;

	if ((e = backup_facts(file, n->tables, &f, why)) != ERR_OK || f.outbox == 0 || outbox == BACKUP_OUTBOX_KEEP)
		return e;
	if (outbox == BACKUP_OUTBOX_DROP)
		return drop_outbox(n, file, why);
	buf_printf(why, "the backup holds %llu changes that Airtable had not confirmed when it was made",
	    (unsigned long long)f.outbox);
	return ERR_CONFLICT;
}

/*
 * A backup of the format before is updated as syncd would do it.  Reading damaged
 * pages may end the process, so it is one of its own; if it ends so, the check
 * that follows finds out and says it.
 */
static enum err
update(const struct new_store *n, struct buf *why)
{
	struct apply *a;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (apply_store_format(n->config.store.path) != STORE_MIGRATED)
			_exit(0);
		if (apply_open(&n->config, n->tables, &a) != ERR_OK)
			_exit(1);
		apply_close(a);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return backup_system_failed(why, "update");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0)
		return ERR_OK;
	buf_printf(why, "the backup is of format %u and could not be updated", STORE_MIGRATED);
	return ERR_STORE_CORRUPT;
}

/* All that follows works on the copy, as the store's user may be unable to open the backup. */
static enum err
restore(struct new_store *n, int fd, enum backup_outbox outbox, backup_check *check, void *cookie,
    struct backup_facts *f, struct buf *why)
{
	char file[CONFIG_TEXT_MAX + 16];
	struct stat st;
	enum err e;

	(void)snprintf(file, sizeof(file), "%s/" STORE_DATA, n->config.store.path);
	if (fstat(fd, &st) == -1)
		return backup_system_failed(why, "backup");
	if (!S_ISREG(st.st_mode)) {
		buf_add_cstr(why, "the backup is not a regular file");
		return ERR_IO;
	}
	if ((e = new_store_room(n, (uint64_t)st.st_size, why)) != ERR_OK ||
	    (e = copy_in(file, fd, why)) != ERR_OK)
		return e;
	if ((e = update(n, why)) != ERR_OK)
		return e;
	if (check != NULL && !check(cookie, file))
		return ERR_STORE_CORRUPT;
	if ((e = settle_outbox(n, file, outbox, why)) != ERR_OK)
		return e;
	return new_store_commit(n, NULL, true, f, why);
}

enum err
backup_restore(const struct config *config, const struct tables *tables, int fd,
    enum backup_outbox outbox, backup_check *check, void *cookie, struct backup_facts *f, struct buf *why)
{
	struct new_store n;
	enum err e = new_store_begin(&n, config, tables, why);

	if (e != ERR_OK)
		return e;
	e = restore(&n, fd, outbox, check, cookie, f, why);
	new_store_end(&n);
	return e;
}
