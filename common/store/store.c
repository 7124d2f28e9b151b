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
	struct db		*db;		/* its own, or the writer's */
	struct db		 own;		/* closed with the last user */
	const struct tables	*tables;
	struct store_dbs	 dbs;
	pthread_rwlock_t	 snapshots;
	atomic_int		 users;
};

struct store {
	struct environment	*environment;
	struct db_txn		 txn;		/* kept while it rests */
	bool			 active;
	bool			 head_known;
	uint64_t		 head_txn;	/* the transaction that the head was read in */
	struct store_head	 head;
	struct block_cache	*blocks[TABLES_MAX];	/* by table; NULL until one of its rows is read */
};

static const struct table_dbs *
dbs_of(const struct store *st, const struct schema *s)
{
	return store_table(&st->environment->dbs, s);
}

/* Another format may lack databases: check it before they are opened. */
static enum err
check_format(struct db_txn *txn)
{
	struct store_head head;
	enum err e;
	db_id meta;

	if (!db_handle(txn, "meta", DB_BYTES, false, &meta))
		return db_absent(txn);
	if ((e = meta_head(txn, meta, &head)) != ERR_OK || head.format == STORE_FORMAT)
		return e;
	log_error("store: format %u found, this program reads %u; %s", head.format, STORE_FORMAT,
	    head.format < STORE_FORMAT ? "start syncd of the same version, which updates it" :
	    "install the version that made it again");
	return ERR_STORE_VERSION;
}

/* ERR_NOT_FOUND: the environment exists, but has no first commit yet. */
static enum err
open_databases(struct environment *e, const char *what)
{
	struct db_txn txn = { .txn = NULL };
	enum err error;

	if ((error = db_begin(e->db, &txn, false)) == ERR_OK &&
	    (error = check_format(&txn)) == ERR_OK)
		error = store_keys_open(&txn, e->tables, false, &e->dbs);
	if (error == ERR_OK)
		return db_commit(&txn);	/* keeps the handles */
	db_abort(&txn);
	return error == ERR_NOT_FOUND ? error : db_tell(&txn, what, error);
}

static void
environment_release(struct environment *e)
{
	if (atomic_fetch_sub(&e->users, 1) != 1)
		return;
	if (e->db == &e->own)
		db_close(e->db);
	(void)pthread_rwlock_destroy(&e->snapshots);
	free(e);
}

static struct environment *
environment_new(const struct tables *tables, struct db *db)
{
	struct environment *e = calloc(1, sizeof(*e));
	pthread_rwlockattr_t attr;

	if (e == NULL)
		return NULL;
	if (pthread_rwlockattr_init(&attr) != 0)
		goto err0;
	/* growing the map waits for the current snapshots only, not for new ones */
	(void)pthread_rwlockattr_setkind_np(&attr,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (pthread_rwlock_init(&e->snapshots, &attr) != 0)
		goto err1;
	(void)pthread_rwlockattr_destroy(&attr);
	e->tables = tables;
	e->db = db != NULL ? db : &e->own;
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

	if (st == NULL) {
		environment_release(e);
		return ERR_NOMEM;
	}
	st->environment = e;
	*out = st;
	return ERR_OK;
}

enum err
store_open(const char *path, const struct tables *tables, struct store **out)
{
	const struct db_options options = {
		.read_only = true, .max_dbs = store_max_dbs(tables), .max_readers = STORE_MAX_READERS,
		.mode = 0640
	};
	struct environment *env = environment_new(tables, NULL);
	enum err e;

	if (env == NULL)
		return ERR_NOMEM;
	if ((e = db_open(env->db, path, &options)) != ERR_OK) {
		int cause = env->db->fault.cause;
		bool none = cause == ENOENT || cause == EACCES || cause == EAGAIN;

		if (none)
			log_debug("store: %s: %s", path, db_fault_text(&env->db->fault, e));
		else
			log_error("store: %s: %s", path, db_fault_text(&env->db->fault, e));
		environment_release(env);
		return none ? ERR_STORE_UNAVAILABLE : e;
	}
	if ((e = open_databases(env, path)) != ERR_OK) {
		environment_release(env);
		return e == ERR_NOT_FOUND ? ERR_STORE_UNAVAILABLE : e;
	}
	return store_new(env, out);
}

enum err
store_share(struct store *st, struct store **out)
{
	(void)atomic_fetch_add(&st->environment->users, 1);
	return store_new(st->environment, out);
}

enum err
store_attach(struct db *db, const struct tables *tables, struct store **out)
{
	struct environment *env = environment_new(tables, db);
	enum err e;

	if (env == NULL)
		return ERR_NOMEM;
	if ((e = open_databases(env, "attach")) != ERR_OK) {
		environment_release(env);
		if (e != ERR_NOT_FOUND)
			return e;
		log_error("store: attach: a database is missing");
		return ERR_STORE_CORRUPT;
	}
	return store_new(env, out);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	store_end(st);
	db_abort(&st->txn);
	environment_release(st->environment);
	for (size_t i = 0; i < TABLES_MAX; i++)
		block_cache_free(st->blocks[i]);
	free(st);
}

/* Follow the map that the writer has grown. */
static enum err
follow_map(struct environment *e)
{
	enum err error;

	(void)pthread_rwlock_unlock(&e->snapshots);
	(void)pthread_rwlock_wrlock(&e->snapshots);
	error = db_follow_map(e->db);
	(void)pthread_rwlock_unlock(&e->snapshots);
	(void)pthread_rwlock_rdlock(&e->snapshots);
	return error;
}

/* Read the head, unless it is known: it changes only with a commit, and each has its own id. */
static enum err
head_of_snapshot(struct store *st)
{
	uint64_t txn = db_txn_id(&st->txn);
	enum err e;

	if (st->head_known && txn == st->head_txn)
		return ERR_OK;
	e = meta_head(&st->txn, st->environment->dbs.meta, &st->head);
	st->head_known = e == ERR_OK;
	st->head_txn = txn;
	return e;
}

enum err
store_begin(struct store *st)
{
	struct environment *env = st->environment;
	enum err e;

	store_end(st);
	(void)pthread_rwlock_rdlock(&env->snapshots);
	e = db_begin(env->db, &st->txn, false);
	if (e != ERR_OK && db_map_moved(&st->txn) && (e = follow_map(env)) == ERR_OK)
		e = db_begin(env->db, &st->txn, false);
	if (e != ERR_OK) {
		(void)pthread_rwlock_unlock(&env->snapshots);
		return db_tell(&st->txn, "snapshot", e);
	}
	st->active = true;
	if ((e = head_of_snapshot(st)) != ERR_OK) {
		store_end(st);
		return db_tell(&st->txn, "head", e);
	}
	return ERR_OK;
}

bool
store_unmoved(const struct store *st)
{
	return st->head_known && db_newest(st->environment->db) == st->head_txn;
}

void
store_end(struct store *st)
{
	if (!st->active)
		return;
	db_rest(&st->txn);
	st->active = false;
	(void)pthread_rwlock_unlock(&st->environment->snapshots);
}

uint64_t
store_generation(const struct store *st)
{
	return st->head.generation;
}

int64_t
store_synced_ms(const struct store *st, const struct schema *s)
{
	return st->head.table[s->number].synced_ms;
}

int64_t
store_fresh_ms(const struct store *st, const struct schema *s)
{
	return st->head.table[s->number].fresh_ms;
}

uint32_t
store_row_count(const struct store *st, const struct schema *s)
{
	return st->head.table[s->number].rows_live;
}

uint32_t
store_rows_end(const struct store *st, const struct schema *s)
{
	return st->head.table[s->number].rows_end;
}

struct str
store_last_sync(struct store *st)
{
	struct str v;

	(void)meta_get(&st->txn, st->environment->dbs.meta, META_LAST_SYNC, &v);
	return v;
}

void
store_space(struct store *st, uint64_t *used_bytes, uint64_t *map_bytes)
{
	struct db_space space;

	db_space(st->environment->db, &space);
	*used_bytes = space.pages * space.page_bytes;
	*map_bytes = space.map_bytes;
}

/* Where the table's blocks lie in this snapshot, as far as it is noted; NULL: out of memory. */
static struct block_cache *
blocks_of(struct store *st, const struct schema *s)
{
	struct block_cache **c = &st->blocks[s->number];

	if (*c == NULL && (*c = block_cache_new()) == NULL)
		return NULL;
	block_cache_begin(*c, st->head_txn, store_rows_end(st, s) / ROW_BLOCK + 1);
	return *c;
}

/* ERR_NOT_FOUND: no row in it is in use. */
static enum err
find_block(struct store *st, const struct schema *s, struct block_cache *blocks, uint32_t number,
    struct str *block)
{
	if (blocks != NULL && block_cache_get(blocks, number, block))
		return ERR_OK;
	if (!db_get(&st->txn, dbs_of(st, s)->rows, key_u32(&number), block))
		return db_tell_absent(&st->txn, "rows");
	if (blocks != NULL)
		block_cache_put(blocks, number, *block);
	return ERR_OK;
}

enum err
store_row(struct store *st, const struct schema *s, uint32_t row, struct row_view *view)
{
	struct str bytes;
	enum err e;

	if ((e = find_block(st, s, blocks_of(st, s), row / ROW_BLOCK, &bytes)) != ERR_OK ||
	    (e = row_block_find(bytes, row, &bytes)) != ERR_OK)
		return e;
	return bytes.len > 0 ? row_decode(bytes, view) : ERR_NOT_FOUND;
}

enum err
store_rows(struct store *st, const struct schema *s, const uint32_t *rows, size_t n,
    struct row_view *views)
{
	struct block_cache *blocks = blocks_of(st, s);
	enum err e;

	for (size_t i = 0; i < n; i++) {
		if ((e = find_block(st, s, blocks, rows[i] / ROW_BLOCK, &views[i].json)) != ERR_OK)
			return db_needed(e);
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
store_find_record(struct store *st, const struct schema *s, struct str id, uint32_t *row)
{
	struct str value;

	if (id.len == 0 || id.len > KEY_TEXT_MAX)
		return ERR_NOT_FOUND;
	if (!db_get(&st->txn, dbs_of(st, s)->ids, id, &value))
		return db_tell_absent(&st->txn, "record id");
	*row = load_u32(value.ptr, 0);
	return ERR_OK;
}

/* Keys are cut: does this row really have the whole one? */
static enum err
row_has_key(struct store *st, const struct schema *s, uint32_t row, struct str key, bool *has)
{
	struct row_view view;
	struct record r;
	enum err e;

	if ((e = store_row(st, s, row, &view)) != ERR_OK ||
	    (e = row_values(&view, s, &r)) != ERR_OK)
		return db_needed(e);
	*has = str_eq(r.values[schema_key(s)].text, key);
	return ERR_OK;
}

enum err
store_find_key(struct store *st, const struct schema *s, struct str text, uint32_t *rows,
    size_t max, size_t *matches)
{
	struct db_cursor c;
	enum err e = ERR_OK;
	bool has;

	*matches = 0;
	if (text.len == 0 || schema_key(s) == SCHEMA_NO_FIELD)
		return ERR_NOT_FOUND;
	for (db_walk_pairs(&c, &st->txn, dbs_of(st, s)->keys, key_business(text));
	    c.found; db_next(&c)) {
		uint32_t row = load_u32(c.value.ptr, 0);

		if ((e = row_has_key(st, s, row, text, &has)) != ERR_OK)
			break;
		if (!has)
			continue;
		if (*matches < max)
			rows[*matches] = row;
		(*matches)++;
	}
	db_walk_end(&c);
	if (e != ERR_OK || *matches > 0)
		return e != ERR_OK ? e : db_tell(&st->txn, "business id", st->txn.fault.error);
	return db_tell_absent(&st->txn, "business id");
}

struct db_txn *
store_txn(struct store *st)
{
	return &st->txn;
}

const struct store_dbs *
store_databases(const struct store *st)
{
	return &st->environment->dbs;
}

const struct tables *
store_tables(const struct store *st)
{
	return st->environment->tables;
}

const struct store_head *
store_head(const struct store *st)
{
	return &st->head;
}
