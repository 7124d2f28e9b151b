#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/instant.h"
#include "common/store_keys.h"
#include "syncd/backup_parts.h"

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
				return backup_system_failed(why, "store");
	if (n == -1)
		return backup_system_failed(why, "backup");
	return fsync(to) == 0 ? ERR_OK : backup_system_failed(why, "store");
}

/* The backup as the new store's data file. */
static enum err
copy_in(const struct new_store *n, int from, struct buf *why)
{
	char path[CONFIG_TEXT_MAX + 16], *bytes = malloc(COPY_BYTES);
	enum err e = ERR_NOMEM;
	int to;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", n->config.store.path);
	if (bytes == NULL)
		return e;
	if ((to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)) == -1) {
		e = backup_system_failed(why, path);
	} else {
		e = copy_bytes(from, to, bytes, why);
		if (close(to) == -1 && e == ERR_OK)
			e = backup_system_failed(why, path);
	}
	free(bytes);
	return e;
}

enum err
outbox_list_read(struct outbox_list *l, struct store *st, int verb)
{
	size_t room = 0;
	struct outbox_entry e;
	uint64_t sequence;
	MDB_cursor *cursor;
	MDB_val key, data;
	MDB_stat s;

	*l = (struct outbox_list){ .count = 0 };
	if (mdb_stat(store_txn(st), store_databases(st)->outbox, &s) == 0)
		room = s.ms_entries;
	if ((l->entries = calloc(room + 1, sizeof(*l->entries))) == NULL ||
	    (l->steps = calloc(room + 1, sizeof(*l->steps))) == NULL) {
		outbox_list_free(l);
		return ERR_NOMEM;
	}
	if (mdb_cursor_open(store_txn(st), store_databases(st)->outbox, &cursor) != 0)
		return ERR_OK;
	while (l->count < room && mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
		memcpy(&sequence, key.mv_data, sizeof(sequence));
		if (outbox_decode(sequence, (struct str){ data.mv_data, data.mv_size }, &orders_schema,
		    &e) != ERR_OK)
			continue;
		l->entries[l->count] = e;
		l->steps[l->count] = (struct outbox_step){ .verb = (unsigned)verb, .entry = &l->entries[l->count] };
		l->count++;
	}
	mdb_cursor_close(cursor);
	return ERR_OK;
}

void
outbox_list_free(struct outbox_list *l)
{
	free(l->entries);
	free(l->steps);
	*l = (struct outbox_list){ .count = 0 };
}

/* Answers that wait for an entry of the outbox: forget their keys. */
static enum err
unsettled(struct store *st, struct answer_step **steps, size_t *count)
{
	MDB_cursor *cursor;
	MDB_val key, data;
	MDB_stat s;

	*count = 0;
	if (mdb_stat(store_txn(st), store_databases(st)->answers, &s) != 0 ||
	    (*steps = calloc(s.ms_entries + 1, sizeof(**steps))) == NULL)
		return ERR_NOMEM;
	if (mdb_cursor_open(store_txn(st), store_databases(st)->answers, &cursor) != 0)
		return ERR_OK;
	while (*count < s.ms_entries && mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0)
		if (data.mv_size == sizeof(struct answer_head))
			(*steps)[(*count)++].key = (struct str){ key.mv_data, key.mv_size };
	mdb_cursor_close(cursor);
	return ERR_OK;
}

/* One commit that empties the outbox; lists are read from a backup's own file, not from the new one. */
static enum err
drop_outbox(struct new_store *n, struct store *from)
{
	struct outbox_list l = { .count = 0 };
	struct answer_step *answers = NULL;
	struct apply_meta meta = { .synced_ms = 0 };
	struct apply_result r;
	struct apply *a;
	size_t answer_count = 0;
	enum err e;

	if ((e = outbox_list_read(&l, from, OUTBOX_DROP)) != ERR_OK ||
	    (e = unsettled(from, &answers, &answer_count)) != ERR_OK ||
	    (e = apply_open(&n->config, &orders_schema, &a)) != ERR_OK)
		goto done;
	meta = (struct apply_meta){ .outbox = l.steps, .outbox_count = l.count,
	    .answers = answers, .answer_count = answer_count };
	e = apply_changes(a, NULL, 0, SOURCE_JOB, &meta, instant_now(), &r);
	apply_close(a);
done:
	free(answers);
	outbox_list_free(&l);
	return e;
}

static enum err
settle_outbox(struct new_store *n, int fd, enum backup_outbox outbox, struct buf *why)
{
	struct backup_facts f;
	struct store *from;
	char path[40];
	MDB_env *env;
	enum err e;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((e = backup_facts(path, &f, why)) != ERR_OK || f.outbox == 0 || outbox == BACKUP_OUTBOX_KEEP)
		return e;
	if (outbox == BACKUP_OUTBOX_REFUSE) {
		buf_printf(why, "the backup holds %llu changes that Airtable had not confirmed when it was made",
		    (unsigned long long)f.outbox);
		return ERR_CONFLICT;
	}
	if ((e = backup_open(path, &env, &from, why)) != ERR_OK)
		return e;
	if ((e = store_begin(from)) == ERR_OK)
		e = drop_outbox(n, from);
	if (e != ERR_OK)
		buf_printf(why, "outbox: %s", err_text(e));
	store_close(from);
	mdb_env_close(env);
	return e;
}

enum err
backup_restore(const struct config *config, int fd, enum backup_outbox outbox,
    struct backup_facts *f, struct buf *why)
{
	struct new_store n;
	enum err e = new_store_begin(&n, config, why);

	if (e != ERR_OK)
		return e;
	if ((e = copy_in(&n, fd, why)) == ERR_OK && (e = settle_outbox(&n, fd, outbox, why)) == ERR_OK)
		e = new_store_commit(&n, -1, true, f, why);
	new_store_end(&n);
	return e;
}
