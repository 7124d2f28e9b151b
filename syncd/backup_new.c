#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/instant.h"
#include "common/store_keys.h"
#include "common/summary.h"
#include "common/zone.h"
#include "syncd/backup_parts.h"
#include "syncd/budget.h"
#include "syncd/feed_state.h"

#define PATH_ROOM	(CONFIG_TEXT_MAX + 32)
#define SETTLE_US	100000

static const char *const new_files[] = { "data.mdb", "lock.mdb", "syncd.lock" };

static const char *
below(const char *dir, const char *name, char path[static PATH_ROOM])
{
	(void)snprintf(path, PATH_ROOM, "%s/%s", dir, name);
	return path;
}

static void
remove_new(const struct new_store *n)
{
	char path[PATH_ROOM];

	for (size_t i = 0; i < sizeof(new_files) / sizeof(new_files[0]); i++)
		(void)unlink(below(n->config.store.path, new_files[i], path));
	(void)rmdir(n->config.store.path);	/* may not be there */
}

enum err
new_store_begin(struct new_store *n, const struct config *config, struct buf *why)
{
	char path[PATH_ROOM];

	n->config = *config;
	n->path = config->store.path;
	n->lock_fd = open(below(n->path, "syncd.lock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (n->lock_fd == -1)
		return backup_system_failed(why, path);
	if (flock(n->lock_fd, LOCK_EX | LOCK_NB) == -1) {
		buf_printf(why, "%s is in use by syncd: stop it first", n->path);
		new_store_end(n);
		return ERR_STORE_LOCKED;
	}
	if ((size_t)snprintf(n->config.store.path, sizeof(n->config.store.path), "%s/" STORE_NEW,
	    n->path) >= sizeof(n->config.store.path)) {
		buf_printf(why, "store.path is too long");
		n->config.store.path[0] = '\0';
		new_store_end(n);
		return ERR_INVALID_PARAMETER;
	}
	remove_new(n);	/* of one that was interrupted */
	if (mkdir(n->config.store.path, 0750) == -1) {
		enum err e = backup_system_failed(why, n->config.store.path);

		new_store_end(n);
		return e;
	}
	return ERR_OK;
}

void
new_store_end(struct new_store *n)
{
	if (n->config.store.path[0] != '\0' && strcmp(n->config.store.path, n->path) != 0)
		remove_new(n);
	(void)close(n->lock_fd);
}

/* What the new store takes over from the one in use, if that can be read. */
struct in_use {
	uint64_t	generation;
	struct buf	calls, feed;	/* META_CALLS, META_FEED */
};

static void
in_use_read(struct in_use *u, const char *store_path)
{
	struct buf ignored = { 0 };
	char path[PATH_ROOM];
	struct store *st;
	struct str value;
	MDB_env *env;

	*u = (struct in_use){ .generation = 0 };
	if (access(below(store_path, "data.mdb", path), F_OK) == 0 &&
	    backup_open(path, &env, &st, &ignored) == ERR_OK) {
		if (store_begin(st) == ERR_OK) {
			MDB_dbi meta = store_databases(st)->meta;

			u->generation = store_generation(st);
			if (meta_get(store_txn(st), meta, META_CALLS, &value) == 0 &&
			    budget_sound(value))
				buf_add_str(&u->calls, value);
			if (meta_get(store_txn(st), meta, META_FEED, &value) == 0)
				buf_add_str(&u->feed, value);
		}
		store_close(st);
		mdb_env_close(env);
	}
	buf_free(&ignored);
}

static void
in_use_free(struct in_use *u)
{
	buf_free(&u->calls);
	buf_free(&u->feed);
}

static int
put(MDB_txn *txn, MDB_dbi dbi, MDB_val key, const void *bytes, size_t len)
{
	MDB_val data = { len, (void *)(uintptr_t)bytes };

	return mdb_put(txn, dbi, &key, &data, 0);
}

/*
 * The feed goes on where the store in use was, or else this one; either way
 * that is not where the orders are: a full sync has to make up for it.
 */
static int
take_over(MDB_txn *txn, struct store_dbs *d, const struct config *config, const struct in_use *u)
{
	struct str own = { NULL, 0 };
	struct buf text = { 0 };
	struct feed_state s;
	int rc = 0;

	if (u->calls.len > 0 && (rc = put(txn, d->meta, key_str(STR(META_CALLS)), u->calls.data,
	    u->calls.len)) != 0)
		return rc;
	if (u->feed.len == 0 && meta_get(txn, d->meta, META_FEED, &own) != 0)
		return 0;
	if (feed_state_init(&s) != ERR_OK)
		return ENOMEM;
	feed_state_read(&s, config, u->feed.len > 0 ? buf_str(&u->feed) : own);
	s.gap = true;
	feed_state_add(&s, config, &text);
	rc = buf_status(&text) != ERR_OK ? ENOMEM :
	    put(txn, d->meta, key_str(STR(META_FEED)), text.data, text.len);
	feed_state_free(&s);
	buf_free(&text);
	return rc;
}

static int
renew(MDB_txn *txn, struct store_dbs *d, uint64_t after, int64_t synced_ms, bool birth)
{
	uint64_t k = total_key(TOTAL_BODY, 0, 0);
	int64_t now_ms = instant_now();
	struct buf body = { 0 };
	struct store_head head;
	struct str zone;
	int rc;

	if ((rc = store_keys_open(txn, 1, d)) != 0 || (rc = meta_head(txn, d->meta, &head)) != 0)
		return rc;
	head.generation = head.generation > after ? head.generation + 1 : after + 1;
	if (now_ms > STORE_EPOCH_MS && head.generation < (uint64_t)(now_ms - STORE_EPOCH_MS))
		head.generation = (uint64_t)(now_ms - STORE_EPOCH_MS);
	if (synced_ms >= 0)
		head.synced_ms = synced_ms;
	if ((rc = put(txn, d->meta, key_str(STR(META_HEAD)), &head, sizeof(head))) != 0 ||
	    (birth && (rc = put(txn, d->meta, key_str(STR(META_BIRTH)), &head.generation,
	    sizeof(head.generation))) != 0))
		return rc;
	if (meta_get(txn, d->meta, META_ZONE, &zone) == 0)
		(void)zone_use(zone);
	rc = summary_compose(&body, txn, d, &orders_schema, &head, now_ms) != ERR_OK ? MDB_CORRUPTED :
	    put(txn, d->orders.totals, key_u64(&k), body.data, body.len);
	buf_free(&body);
	return rc;
}

/* A generation of its own, and on the disk. */
static int
finish(const struct config *config, const struct in_use *u, int64_t synced_ms, bool birth)
{
	struct store_dbs dbs;
	MDB_env *env;
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_env_create(&env)) != 0)
		return rc;
	if ((rc = mdb_env_set_maxdbs(env, STORE_MAX_DBS)) != 0 ||
	    (rc = mdb_env_open(env, config->store.path, MDB_NOTLS, 0660)) != 0 ||
	    (rc = mdb_txn_begin(env, NULL, 0, &txn)) != 0)
		goto done;
	if ((rc = renew(txn, &dbs, u->generation, synced_ms, birth)) != 0 ||
	    (rc = take_over(txn, &dbs, config, u)) != 0) {
		mdb_txn_abort(txn);
		goto done;
	}
	if ((rc = mdb_txn_commit(txn)) == 0)
		rc = mdb_env_sync(env, 1);
done:
	mdb_env_close(env);
	return rc;
}

/* Names must not come to the disk before, nor later than what they name. */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

/*
 * The data file first goes away, then its lock file, whose readers know the
 * old data alone; nobody can open the one without the other.  One who had
 * opened the data a moment before may have made a new lock file: that one
 * goes too.  The new lock file comes along: readers may write to it, and
 * could not make one.
 */
static enum err
exchange(const struct new_store *n, struct buf *why)
{
	char data[PATH_ROOM], lock[PATH_ROOM], replaced[PATH_ROOM], new[PATH_ROOM];
	char new_lock[PATH_ROOM];

	(void)below(n->path, "data.mdb", data);
	(void)below(n->path, "lock.mdb", lock);
	(void)below(n->path, STORE_REPLACED, replaced);
	(void)below(n->config.store.path, "data.mdb", new);
	(void)below(n->config.store.path, "lock.mdb", new_lock);
	if (chmod(new, 0640) == -1 || chmod(new_lock, 0660) == -1)
		return backup_system_failed(why, new);
	if (rename(data, replaced) == -1 && errno != ENOENT)
		return backup_system_failed(why, data);
	if (unlink(lock) == -1 && errno != ENOENT)
		return backup_system_failed(why, lock);
	(void)usleep(SETTLE_US);
	if (rename(new_lock, lock) == -1)
		return backup_system_failed(why, lock);
	if (rename(new, data) == -1 || sync_dir(n->path) == -1)
		return backup_system_failed(why, data);
	return ERR_OK;
}

enum err
new_store_commit(struct new_store *n, int64_t synced_ms, bool birth, struct backup_facts *f,
    struct buf *why)
{
	char path[PATH_ROOM];
	struct in_use u;
	enum err e;
	int rc;

	in_use_read(&u, n->path);
	rc = finish(&n->config, &u, synced_ms, birth);
	in_use_free(&u);
	if (rc != 0)
		return backup_failed(why, n->config.store.path, rc);
	if ((e = backup_facts(below(n->config.store.path, "data.mdb", path), f, why)) != ERR_OK)
		return e;
	return exchange(n, why);
}
