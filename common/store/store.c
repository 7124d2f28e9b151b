#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/store/block_cache.h"
#include "common/store/keys.h"
#include "common/store/row.h"
#include "common/store/store.h"

#define CACHE_LINE	64

/*
 * One environment of the process and the handles of its databases.  The
 * lock is held for reading by every snapshot: LMDB lets the map follow the
 * writer's growth only while no transaction of the process is open.
 */
struct environment {
	MDB_env			*env;
	struct store_dbs	 dbs;
	pthread_rwlock_t	 snapshots;
	atomic_int		 users;
	bool			 owned;		/* close env with the last user */
};

struct store {
	struct environment	*environment;
	MDB_txn			*txn;		/* kept and renewed */
	bool			 active;
	bool			 head_known;
	size_t			 head_txn;	/* of which transaction the head is */
	struct store_head	 head;
	struct block_cache	*blocks;
};

enum err
store_error(const char *what, int code)
{
	enum err e;

	switch (code) {
	case 0:
		return ERR_OK;
	case MDB_MAP_FULL:
		e = ERR_STORE_MAP_FULL;
		break;
	case MDB_READERS_FULL:
		e = ERR_STORE_READERS;
		break;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_BAD_TXN:
	case MDB_INVALID:
	case MDB_NOTFOUND:
		e = ERR_STORE_CORRUPT;
		break;
	case MDB_VERSION_MISMATCH:
		e = ERR_STORE_VERSION;
		break;
	default:
		e = code > 0 ? err_from_errno(code) : ERR_INTERNAL;
	}
	log_error("store: %s: %s", what, mdb_strerror(code));
	return e;
}

/* Another format may lack databases: look at it before they are opened. */
static int
check_format(MDB_txn *txn)
{
	struct store_head head;
	MDB_dbi meta;
	int rc;

	if ((rc = mdb_dbi_open(txn, "meta", 0, &meta)) != 0 ||
	    (rc = meta_head(txn, meta, &head)) != 0)
		return rc;
	if (head.format == STORE_FORMAT)
		return 0;
	log_error("store: format %u found, this program reads %u; rebuild the store from Airtable",
	    head.format, STORE_FORMAT);
	return MDB_VERSION_MISMATCH;
}

static int
open_databases(struct environment *e)
{
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_txn_begin(e->env, NULL, MDB_RDONLY, &txn)) != 0)
		return rc;
	if ((rc = check_format(txn)) != 0 || (rc = store_keys_open(txn, 0, &e->dbs)) != 0) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);	/* keeps the handles */
}

static void
environment_release(struct environment *e)
{
	if (atomic_fetch_sub(&e->users, 1) != 1)
		return;
	if (e->owned && e->env != NULL)
		mdb_env_close(e->env);
	(void)pthread_rwlock_destroy(&e->snapshots);
	free(e);
}

static struct environment *
environment_new(MDB_env *env)
{
	struct environment *e = calloc(1, sizeof(*e));
	pthread_rwlockattr_t attr;

	if (e == NULL)
		return NULL;
	if (pthread_rwlockattr_init(&attr) != 0)
		goto err0;
	/* a map that must grow waits for the snapshots of now, not of ever */
	(void)pthread_rwlockattr_setkind_np(&attr,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (pthread_rwlock_init(&e->snapshots, &attr) != 0)
		goto err1;
	(void)pthread_rwlockattr_destroy(&attr);
	e->env = env;
	atomic_init(&e->users, 1);
	return e;
err1:
	(void)pthread_rwlockattr_destroy(&attr);
err0:
	free(e);
	return NULL;
}

static enum err
store_new(struct environment *e, struct store **out)
{
	struct store *st = calloc(1, sizeof(*st));

	if (st == NULL || (st->blocks = block_cache_new()) == NULL) {
		free(st);
		environment_release(e);
		return ERR_NOMEM;
	}
	st->environment = e;
	*out = st;
	return ERR_OK;
}

static int
env_open_readonly(const char *path, MDB_env **env)
{
	int rc;

	if ((rc = mdb_env_create(env)) != 0)
		return rc;
	if ((rc = mdb_env_set_maxdbs(*env, STORE_MAX_DBS)) == 0 &&
	    (rc = mdb_env_set_maxreaders(*env, STORE_MAX_READERS)) == 0 &&
	    /* NOTLS: a reader slot belongs to the struct store, not to a thread */
	    (rc = mdb_env_open(*env, path, MDB_RDONLY | MDB_NOTLS, 0640)) == 0)
		return 0;
	mdb_env_close(*env);
	*env = NULL;
	return rc;
}

enum err
store_open(const char *path, struct store **out)
{
	struct environment *e;
	MDB_env *env;
	int rc;

	if ((rc = env_open_readonly(path, &env)) != 0) {
		if (rc == ENOENT || rc == EACCES || rc == EAGAIN) {
			log_debug("store: %s: %s", path, mdb_strerror(rc));
			return ERR_STORE_UNAVAILABLE;
		}
		return store_error(path, rc);
	}
	if ((e = environment_new(env)) == NULL) {
		mdb_env_close(env);
		return ERR_NOMEM;
	}
	e->owned = true;
	if ((rc = open_databases(e)) != 0) {
		environment_release(e);
		/* made, but syncd's first commit is still to come */
		return rc == MDB_NOTFOUND ? ERR_STORE_UNAVAILABLE : store_error(path, rc);
	}
	return store_new(e, out);
}

enum err
store_share(struct store *st, struct store **out)
{
	(void)atomic_fetch_add(&st->environment->users, 1);
	return store_new(st->environment, out);
}

enum err
store_attach(MDB_env *env, struct store **out)
{
	struct environment *e = environment_new(env);
	int rc;

	if (e == NULL)
		return ERR_NOMEM;
	if ((rc = open_databases(e)) != 0) {
		environment_release(e);
		return store_error("attach", rc);
	}
	return store_new(e, out);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	store_end(st);
	if (st->txn != NULL)
		mdb_txn_abort(st->txn);
	environment_release(st->environment);
	block_cache_free(st->blocks);
	free(st);
}

static int
begin_or_renew(struct store *st)
{
	int rc;

	if (st->txn != NULL)
		return mdb_txn_renew(st->txn);
	rc = mdb_txn_begin(st->environment->env, NULL, MDB_RDONLY, &st->txn);
	if (rc != 0)
		st->txn = NULL;
	return rc;
}

/* Follow the map that the writer has grown. */
static int
adopt_map(struct environment *e)
{
	int rc;

	(void)pthread_rwlock_unlock(&e->snapshots);
	(void)pthread_rwlock_wrlock(&e->snapshots);
	rc = mdb_env_set_mapsize(e->env, 0);
	(void)pthread_rwlock_unlock(&e->snapshots);
	(void)pthread_rwlock_rdlock(&e->snapshots);
	return rc;
}

/* The head changes with a commit only, and each has another number. */
static int
head_of_snapshot(struct store *st)
{
	size_t txn = mdb_txn_id(st->txn);
	int rc;

	if (st->head_known && txn == st->head_txn)
		return 0;
	rc = meta_head(st->txn, st->environment->dbs.meta, &st->head);
	st->head_known = rc == 0;
	st->head_txn = txn;
	return rc;
}

enum err
store_begin(struct store *st)
{
	struct environment *e = st->environment;
	int rc, dead;

	store_end(st);
	(void)pthread_rwlock_rdlock(&e->snapshots);
	rc = begin_or_renew(st);
	if (rc == MDB_MAP_RESIZED && (rc = adopt_map(e)) == 0)
		rc = begin_or_renew(st);
	/* slots of processes that were killed are only found by looking */
	if (rc == MDB_READERS_FULL && (rc = mdb_reader_check(e->env, &dead)) == 0)
		rc = begin_or_renew(st);
	if (rc != 0) {
		(void)pthread_rwlock_unlock(&e->snapshots);
		return store_error("snapshot", rc);
	}
	st->active = true;
	if ((rc = head_of_snapshot(st)) != 0) {
		store_end(st);
		return store_error("head", rc);
	}
	block_cache_begin(st->blocks, mdb_txn_id(st->txn), st->head.rows_end / ROW_BLOCK + 1);
	return ERR_OK;
}

bool
store_unmoved(const struct store *st)
{
	MDB_envinfo info;

	return st->head_known && mdb_env_info(st->environment->env, &info) == 0 &&
	    info.me_last_txnid == st->head_txn;
}

void
store_end(struct store *st)
{
	if (!st->active)
		return;
	mdb_txn_reset(st->txn);
	st->active = false;
	(void)pthread_rwlock_unlock(&st->environment->snapshots);
}

uint64_t
store_generation(const struct store *st)
{
	return st->head.generation;
}

int64_t
store_synced_ms(const struct store *st)
{
	return st->head.synced_ms;
}

int64_t
store_fresh_ms(const struct store *st)
{
	return st->head.fresh_ms;
}

uint32_t
store_row_count(const struct store *st)
{
	return st->head.rows_live;
}

uint32_t
store_rows_end(const struct store *st)
{
	return st->head.rows_end;
}

struct str
store_last_sync(struct store *st)
{
	struct str v;

	(void)meta_get(st->txn, st->environment->dbs.meta, META_LAST_SYNC, &v);
	return v;
}

void
store_space(struct store *st, uint64_t *used_bytes, uint64_t *map_bytes)
{
	MDB_envinfo info;
	MDB_stat stat;

	*used_bytes = *map_bytes = 0;
	if (mdb_env_info(st->environment->env, &info) != 0 ||
	    mdb_env_stat(st->environment->env, &stat) != 0)
		return;
	*used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
	*map_bytes = info.me_mapsize;
}

/* ERR_NOT_FOUND: no row in it is in use. */
static enum err
find_block(struct store *st, uint32_t number, struct str *block)
{
	MDB_val key = key_u32(&number), data;
	int rc;

	if (block_cache_get(st->blocks, number, block))
		return ERR_OK;
	rc = mdb_get(st->txn, st->environment->dbs.orders.rows, &key, &data);
	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (rc != 0)
		return store_error("rows", rc);
	*block = (struct str){ data.mv_data, data.mv_size };
	block_cache_put(st->blocks, number, *block);
	return ERR_OK;
}

enum err
store_row(struct store *st, uint32_t row, struct row_view *view)
{
	struct str bytes;
	enum err e;

	if ((e = find_block(st, row / ROW_BLOCK, &bytes)) != ERR_OK ||
	    (e = row_block_find(bytes, row, &bytes)) != ERR_OK)
		return e;
	return bytes.len > 0 ? row_decode(bytes, view) : ERR_NOT_FOUND;
}

enum err
store_rows(struct store *st, const uint32_t *rows, size_t n, struct row_view *views)
{
	enum err e;

	for (size_t i = 0; i < n; i++) {
		if ((e = find_block(st, rows[i] / ROW_BLOCK, &views[i].json)) != ERR_OK)
			return e == ERR_NOT_FOUND ? ERR_STORE_CORRUPT : e;
		__builtin_prefetch(row_block_place(views[i].json, rows[i]));
	}
	for (size_t i = 0; i < n; i++) {
		struct str *bytes = &views[i].json;

		if ((e = row_block_find(*bytes, rows[i], bytes)) != ERR_OK)
			return e;
		for (size_t at = 0; at < bytes->len; at += CACHE_LINE)
			__builtin_prefetch(bytes->ptr + at);
	}
	for (size_t i = 0; i < n; i++)
		if ((e = row_decode(views[i].json, &views[i])) != ERR_OK)
			return e;
	return ERR_OK;
}

enum err
store_find_record(struct store *st, struct str id, uint32_t *row)
{
	MDB_val key = key_str(id), data;
	int rc;

	if (id.len == 0 || id.len > KEY_TEXT_MAX)
		return ERR_NOT_FOUND;
	rc = mdb_get(st->txn, st->environment->dbs.orders.ids, &key, &data);
	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (rc != 0)
		return store_error("record id", rc);
	*row = load_u32(data.mv_data, 0);
	return ERR_OK;
}

static int
key_field(const struct schema *s)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (s->fields[i].flags & FIELD_KEY)
			return (int)i;
	return -1;
}

/* Keys are cut: does this row really carry the whole one? */
static enum err
row_has_key(struct store *st, uint32_t row, struct str key, bool *has)
{
	struct row_view view;
	struct record r;
	enum err e;

	if ((e = store_row(st, row, &view)) != ERR_OK ||
	    (e = row_values(&view, &orders_schema, &r)) != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_STORE_CORRUPT : e;
	*has = str_eq(r.values[key_field(&orders_schema)].text, key);
	return ERR_OK;
}

enum err
store_find_key(struct store *st, struct str text, uint32_t *rows, size_t max,
    size_t *matches)
{
	MDB_val key = key_business(text), data;
	MDB_cursor *cursor;
	enum err e = ERR_OK;
	bool has;
	int rc;

	*matches = 0;
	if (text.len == 0)
		return ERR_NOT_FOUND;
	if ((rc = mdb_cursor_open(st->txn, st->environment->dbs.orders.keys, &cursor)) != 0)
		return store_error("business id", rc);
	for (rc = mdb_cursor_get(cursor, &key, &data, MDB_SET); rc == 0;
	    rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT_DUP)) {
		uint32_t row = load_u32(data.mv_data, 0);

		if ((e = row_has_key(st, row, text, &has)) != ERR_OK)
			break;
		if (!has)
			continue;
		if (*matches < max)
			rows[*matches] = row;
		(*matches)++;
	}
	mdb_cursor_close(cursor);
	if (e != ERR_OK)
		return e;
	if (rc != MDB_NOTFOUND)
		return store_error("business id", rc);
	return *matches > 0 ? ERR_OK : ERR_NOT_FOUND;
}

MDB_txn *
store_txn(struct store *st)
{
	return st->txn;
}

const struct store_dbs *
store_databases(const struct store *st)
{
	return &st->environment->dbs;
}

const struct store_head *
store_head(const struct store *st)
{
	return &st->head;
}
