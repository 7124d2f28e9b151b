#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/instant.h"
#include "common/base/zone.h"
#include "common/store/keys.h"
#include "common/store/summary.h"
#include "syncd/backup/parts.h"
#include "syncd/calls/budget.h"
#include "syncd/feed/state.h"

#define PATH_ROOM	(CONFIG_TEXT_MAX + 32)
#define MAP_ROOM	(16u << 20)	/* for what a commit adds */
static const char *
below(const char *dir, const char *name, char path[static PATH_ROOM])
{
	(void)snprintf(path, PATH_ROOM, "%s/%s", dir, name);
	return path;
}

static enum err
hold(struct new_store *n, struct buf *why)
{
	char path[PATH_ROOM];
	struct stat st;

	if ((n->dir = store_files_open(n->path)) == -1)
		return backup_system_failed(why, n->path);
	if ((n->lock_fd = store_files_lock(n->dir)) == -1) {
		if (errno != EWOULDBLOCK)
			return backup_system_failed(why, below(n->path, STORE_LOCK, path));
		buf_printf(why, "%s is in use by syncd: stop it first", n->path);
		return ERR_STORE_LOCKED;
	}
	if (store_settle(n->dir) == -1)
		return backup_system_failed(why, n->path);
	if (fstatat(n->dir, STORE_DATA, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode)) {
		buf_printf(why, "%s is not a regular file: store.path must name the folder it is in",
		    below(n->path, STORE_DATA, path));
		return ERR_IO;
	}
	return ERR_OK;
}

enum err
new_store_begin(struct new_store *n, const struct config *config, const struct tables *tables,
    struct buf *why)
{
	enum err e;

	n->config = *config;
	n->tables = tables;
	n->path = config->store.path;
	n->lock_fd = -1;
	if ((e = hold(n, why)) != ERR_OK)
		goto fail;
	if ((size_t)snprintf(n->config.store.path, sizeof(n->config.store.path), "%s/" STORE_NEW,
	    n->path) >= sizeof(n->config.store.path)) {
		buf_add_cstr(why, "store.path is too long");
		e = ERR_INVALID_PARAMETER;
		goto fail;
	}
	if (mkdirat(n->dir, STORE_NEW, 0750) == 0)
		return ERR_OK;
	e = backup_system_failed(why, n->config.store.path);
fail:
	new_store_end(n);
	return e;
}

enum err
new_store_room(const struct new_store *n, uint64_t bytes, struct buf *why)
{
	uint64_t left;

	if (store_files_room(n->dir, bytes, &left))
		return ERR_OK;
	buf_printf(why, "%s: %llu MiB are needed beside the present store, and %llu are free",
	    n->path, (unsigned long long)(bytes >> 20) + 1, (unsigned long long)left >> 20);
	return ERR_DISK_FULL;
}

void
new_store_end(struct new_store *n)
{
	if (n->lock_fd != -1) {
		store_remove_new(n->dir);
		(void)close(n->lock_fd);
	}
	if (n->dir != -1)
		(void)close(n->dir);
}

/* What the new store takes over from the one in use, if that can be read. */
struct in_use {
	uint64_t	generation;
	uint64_t	outbox;		/* entries */
	struct buf	calls, feed;	/* META_CALLS, META_FEED */
};

static void
in_use_read(struct in_use *u, const struct tables *tables, const char *store_path)
{
	struct buf ignored = { 0 };
	char path[PATH_ROOM];
	struct store *st;
	struct str value;
	struct db db;

	*u = (struct in_use){ .generation = 0 };
	if (access(below(store_path, STORE_DATA, path), F_OK) == 0 &&
	    backup_open(path, tables, &db, &st, &ignored) == ERR_OK) {
		if (store_begin(st) == ERR_OK) {
			db_id meta = store_databases(st)->meta;

			u->generation = store_generation(st);
			u->outbox = db_count(store_txn(st), store_databases(st)->outbox);
			if (meta_get(store_txn(st), meta, META_CALLS, &value) &&
			    budget_sound(value))
				buf_add_str(&u->calls, value);
			if (meta_get(store_txn(st), meta, META_FEED, &value))
				buf_add_str(&u->feed, value);
		}
		store_close(st);
		db_close(&db);
	}
	buf_free(&ignored);
}

static void
in_use_free(struct in_use *u)
{
	buf_free(&u->calls);
	buf_free(&u->feed);
}

/*
 * The feed continues where the store in use was, or else where this one was.
 * Either way that position does not match the orders, so a full sync has to
 * make up for it.
 */
static enum err
take_over(struct db_txn *txn, struct store_dbs *d, const struct config *config, const struct in_use *u)
{
	struct str own = { NULL, 0 };
	struct buf text = { 0 };
	struct feed_state s;
	enum err e = ERR_OK;

	if (u->calls.len > 0 && (e = db_put(txn, d->meta, STR(META_CALLS), buf_str(&u->calls))) != ERR_OK)
		return e;
	if (u->feed.len == 0 && !meta_get(txn, d->meta, META_FEED, &own))
		return txn->fault.error;
	if (feed_state_init(&s) != ERR_OK)
		return ERR_NOMEM;
	feed_state_read(&s, config, u->feed.len > 0 ? buf_str(&u->feed) : own);
	s.gap = true;
	feed_state_add(&s, config, &text);
	e = buf_status(&text) != ERR_OK ? ERR_NOMEM :
	    db_put(txn, d->meta, STR(META_FEED), buf_str(&text));
	feed_state_free(&s);
	buf_free(&text);
	return e;
}

/* Is all derived data right?  Otherwise syncd computes it again when it starts. */
static bool
is_derived(struct db_txn *txn, const struct store_dbs *d, const struct store_head *head)
{
	struct str v;

	return meta_get(txn, d->meta, META_DERIVED, &v) &&
	    v.len == sizeof(head->generation) && memcmp(v.ptr, &head->generation, v.len) == 0;
}

static enum err
put_bodies(struct db_txn *txn, const struct tables *tables, const struct store_dbs *d,
    const struct store_head *head, int64_t now_ms)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	struct buf body = { 0 };
	enum err e = ERR_OK;

	for (size_t i = 0; i < tables->count && e == ERR_OK; i++) {
		const struct schema *s = tables->list[i];

		buf_clear(&body);
		e = summary_compose(&body, txn, d, s, head, now_ms) != ERR_OK ? ERR_STORE_CORRUPT :
		    db_put(txn, store_table(d, s)->totals, key_u64(&k), buf_str(&body));
	}
	buf_free(&body);
	return e;
}

static enum err
renew(struct db_txn *txn, const struct tables *tables, struct store_dbs *d, uint64_t after,
    const struct store_head *synced, bool birth)
{
	int64_t now_ms = instant_now();
	struct store_head head;
	struct str zone;
	bool right;
	enum err e;

	if ((e = store_keys_open(txn, tables, true, d)) != ERR_OK ||
	    (e = meta_head(txn, d->meta, &head)) != ERR_OK)
		return e;
	right = is_derived(txn, d, &head);
	head.generation = head.generation > after ? head.generation + 1 : after + 1;
	if (now_ms > STORE_EPOCH_MS && head.generation < (uint64_t)(now_ms - STORE_EPOCH_MS))
		head.generation = (uint64_t)(now_ms - STORE_EPOCH_MS);
	for (size_t i = 0; synced != NULL && i < TABLES_MAX; i++)
		head.table[i].synced_ms = synced->table[i].synced_ms;
	(void)db_put(txn, d->meta, STR(META_HEAD), meta_head_bytes(&head));
	if (right)
		(void)db_put(txn, d->meta, STR(META_DERIVED), key_u64(&head.generation));
	if (birth)
		(void)db_put(txn, d->meta, STR(META_BIRTH), key_u64(&head.generation));
	if (meta_get(txn, d->meta, META_ZONE, &zone))
		(void)zone_use(zone);
	return put_bodies(txn, tables, d, &head, now_ms);
}

/* Give the new store a generation of its own, and sync it to the disk. */
static enum err
finish(const struct new_store *n, size_t map_bytes, const struct in_use *u,
    const struct store_head *synced, bool birth, struct db_fault *fault)
{
	/* its own map may be all but full */
	const struct db_options options = {
		.max_dbs = store_max_dbs(n->tables), .map_bytes = map_bytes, .mode = 0660
	};
	struct db_txn txn = { .txn = NULL };
	struct store_dbs dbs;
	struct db db;
	enum err e;

	if ((e = db_open(&db, n->config.store.path, &options)) != ERR_OK) {
		*fault = db.fault;
		return e;
	}
	if ((e = db_begin(&db, &txn, true)) == ERR_OK &&
	    (e = renew(&txn, n->tables, &dbs, u->generation, synced, birth)) == ERR_OK &&
	    (e = take_over(&txn, &dbs, &n->config, u)) == ERR_OK)
		e = db_commit(&txn);
	*fault = txn.fault;
	db_abort(&txn);
	if (e == ERR_OK && (e = db_sync(&db)) != ERR_OK)
		*fault = db.fault;
	db_close(&db);
	return e;
}

/*
 * Give the file the rights of the one it replaces, or those that syncd would
 * give it.  The file may have a group of its own, which admits workers that
 * are not in the user's group.
 */
static int
inherit_rights(const struct new_store *n, const char *name, mode_t mode)
{
	int new = openat(n->dir, STORE_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd = new == -1 ? -1 : openat(new, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat old;
	bool there;
	int cause = 0;

	there = fstatat(n->dir, name, &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(old.st_mode);
	if (fd == -1 || (there && fchown(fd, (uid_t)-1, old.st_gid) == -1) ||
	    fchmod(fd, there ? (old.st_mode & 0777) | 0600 : mode) == -1)
		cause = errno;
	if (fd != -1)
		(void)close(fd);
	if (new != -1)
		(void)close(new);
	errno = cause;
	return cause == 0 ? 0 : -1;
}

static enum err
exchange(const struct new_store *n, char aside[static STORE_ASIDE_MAX], struct buf *why)
{
	if (inherit_rights(n, STORE_DATA, 0640) == -1 || inherit_rights(n, STORE_READERS, 0660) == -1)
		return backup_system_failed(why, "taking over group and mode of the present files");
	return store_exchange(n->dir, aside) == 0 ? ERR_OK : backup_system_failed(why, n->path);
}

enum err
new_store_commit(struct new_store *n, const struct store_head *synced, bool birth,
    struct backup_facts *f, struct buf *why)
{
	char path[PATH_ROOM];
	struct db_fault fault;
	struct in_use u;
	struct stat st;
	enum err e;

	(void)below(n->config.store.path, STORE_DATA, path);
	if (stat(path, &st) == -1)
		return backup_system_failed(why, path);
	in_use_read(&u, n->tables, n->path);
	e = finish(n, 2 * (size_t)st.st_size + MAP_ROOM, &u, synced, birth, &fault);
	in_use_free(&u);
	if (e != ERR_OK)
		return backup_failed(why, n->config.store.path, &fault, store_files_cause(n->path, e));
	if ((e = backup_facts(path, n->tables, f, why)) != ERR_OK)
		return e;
	f->aside_outbox = u.outbox;
	return exchange(n, f->aside, why);
}
